#include "snapshot/views.h"

#include "base/log.h"
#include "snapshot/pair.h"
#include "sql/text.h"

enum {
    PIN_BATCH_BYTES = 20000,
    PIN_WAIT_S = 1,
    NO_SUCH_TABLE = 1146,
};

void
bs_views_table_key(struct bs_buf *out, struct bs_str db, struct bs_str name) {
    bs_buf_clear(out);
    bs_buf_put_lenenc_str(out, db);
    bs_buf_put_lenenc_str(out, name);
}

void
bs_views_map_tables(struct bs_map *map, const struct bs_schema *schema) {
    struct bs_buf key = {0};
    for (size_t i = 0; i < schema->table_count; i++) {
        bs_views_table_key(&key, bs_str(schema->tables[i]->db), bs_str(schema->tables[i]->name));
        bs_map_put(map, bs_buf_str(&key), schema->tables[i]);
    }
    bs_buf_fini(&key);
}

enum bs_status
bs_views_check_names(const struct bs_point_config *config, const struct bs_schema *schema,
                     bool *same, struct bs_error *err) {
    struct bs_map known = {0};
    struct bs_buf key = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    size_t found = 0;
    *same = true;
    bs_views_map_tables(&known, schema);
    enum bs_status status =
        bs_sql_query(config->control, &result, err,
                     "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES "
                     "WHERE TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW')");
    while (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
        if (status != BS_OK || fields == NULL) {
            break;
        }
        if (bs_selection_has_table(config->selection, fields[0], fields[1])) {
            bs_views_table_key(&key, fields[0], fields[1]);
            *same = *same && bs_map_get(&known, bs_buf_str(&key)) != NULL;
            found++;
        }
    }
    *same = *same && found == known.count;
    bs_sql_result_free(result);
    bs_map_fini(&known);
    bs_buf_fini(&key);
    return status;
}

static enum bs_status
leave_binlog(const struct bs_point_config *config, struct bs_sql *view, bool *may,
             struct bs_error *err) {
    if (config->server->flavour != BS_MARIADB || !*may) {
        return BS_OK;
    }
    enum bs_status status = bs_sql_exec(view, err, "SET SESSION sql_log_bin=0");
    if (status != BS_SERVER) {
        return status;
    }
    *may = false;
    bs_log(BS_LOG_WARNING,
           "DDL on the source's tables waits until the copy is over, and who writes to the table "
           "then waits behind it (%s); to avoid it: GRANT BINLOG ADMIN ON *.* TO the account",
           err->message);
    return BS_OK;
}

/* A table whose lock we hold, and DDL waits for, cannot be pinned by another session: it would wait
 * behind the DDL, for ever, with all writers behind the lock. */
enum bs_status
bs_views_limit_pins(const struct bs_point_config *config, bool on, struct bs_error *err) {
    enum bs_status status =
        bs_sql_limit_table_waits(config->views[0], on ? PIN_WAIT_S : BS_VIEW_WAIT_S, err);
    return status == BS_OK ? bs_sql_limit_table_waits(config->control, on ? PIN_WAIT_S : 0, err)
                           : status;
}

enum bs_status
bs_views_end(const struct bs_point_config *config, struct bs_error *err) {
    enum bs_status status = bs_sql_exec(config->control, err, "ROLLBACK");
    for (size_t i = 0; i < config->view_count && status == BS_OK; i++) {
        status = bs_sql_exec(config->views[i], err, "ROLLBACK");
    }
    return status;
}

bool
bs_views_is_kept_out(const struct bs_error *err) {
    return err->status == BS_SERVER &&
           (err->sql_errno == BS_LOCK_WAIT_TIMEOUT || err->sql_errno == BS_LOCK_DEADLOCK);
}

enum bs_status
bs_views_prepare(const struct bs_point_config *config, bool *keeps, struct bs_error *err) {
    bool may_leave = true;
    enum bs_status status = bs_views_end(config, err);
    for (size_t i = 0; i < config->view_count && status == BS_OK; i++) {
        status = leave_binlog(config, config->views[i], &may_leave, err);
        if (status == BS_OK) {
            status = bs_sql_exec(config->views[i], err,
                                 "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        }
        if (status == BS_OK) {
            status = bs_sql_limit_table_waits(config->views[i], BS_VIEW_WAIT_S, err);
        }
    }
    *keeps = !may_leave;
    return status == BS_OK ? bs_views_limit_pins(config, true, err) : status;
}

static enum bs_status
take_answers(struct bs_sql *sql, struct bs_error *err) {
    bool more = true;
    uint64_t affected;
    unsigned int warnings;
    enum bs_status status = BS_OK;
    while (status == BS_OK && more) {
        status = bs_sql_multi_next(sql, &more, &affected, &warnings, err);
    }
    return status;
}

/* All are asked before the first answer is waited for: writers may be held up meanwhile, for no
 * longer with many views than with one, however far the source is. */
enum bs_status
bs_views_open(const struct bs_point_config *config, size_t from, size_t to, struct bs_error *err) {
    static const char OPEN[] = "START TRANSACTION WITH CONSISTENT SNAPSHOT; "
                               "SAVEPOINT " BS_VIEW_SAVEPOINT;
    enum bs_status status = BS_OK;
    size_t asked = from;
    while (asked < to && status == BS_OK) {
        status = bs_sql_multi_send(config->views[asked], bs_str(OPEN), err);
        asked += status == BS_OK;
    }
    for (size_t i = from; i < asked; i++) { /* also where another has failed */
        enum bs_status answered = take_answers(config->views[i], status == BS_OK ? err : NULL);
        status = status == BS_OK ? answered : status;
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "opening the views on the source");
}

void
bs_views_put_pin(struct bs_buf *text, const struct bs_table *table) {
    bs_buf_puts(text, text->len > 0 ? "; SELECT 1 FROM " : "SELECT 1 FROM ");
    bs_sql_put_table(text, bs_str(table->db), bs_str(table->name));
    bs_buf_puts(text, " LIMIT 0");
}

enum bs_status
bs_views_run_pins(struct bs_sql *sql, struct bs_buf *text, struct bs_error *err) {
    enum bs_status status = bs_sql_multi_send(sql, bs_buf_str(text), err);
    status = status == BS_OK ? take_answers(sql, err) : status;
    bs_buf_clear(text);
    return status;
}

/* Locked tables need no pin, and would not let this session in. */
enum bs_status
bs_views_pin(struct bs_sql *sql, const struct bs_schema *schema, const uint64_t *ids,
             struct bs_error *err) {
    struct bs_buf text = {0};
    enum bs_status status = BS_OK;
    for (size_t i = 0; i <= schema->table_count && status == BS_OK; i++) {
        if (i < schema->table_count && (ids == NULL || ids[i] == 0) &&
            !bs_lock_is_long(schema->tables[i])) {
            bs_views_put_pin(&text, schema->tables[i]);
        }
        if (text.len > PIN_BATCH_BYTES || (i == schema->table_count && text.len > 0)) {
            status = bs_views_run_pins(sql, &text, err);
        }
    }
    bs_buf_fini(&text);
    if (status == BS_SERVER && err != NULL && err->sql_errno == NO_SUCH_TABLE) {
        bs_error_hint(err, "it was dropped or renamed as the snapshot began: run the same command "
                           "again");
    }
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "holding off DDL on the source's tables");
}

enum bs_status
bs_views_hold(const struct bs_point_config *config, const struct bs_schema *schema,
              const uint64_t *ids, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < config->view_count && status == BS_OK; i++) {
        struct bs_sql *view = config->views[i];
        status = bs_sql_limit_table_waits(view, PIN_WAIT_S, err);
        if (status == BS_OK) {
            status = bs_sql_exec(view, err, "ROLLBACK TO SAVEPOINT " BS_VIEW_SAVEPOINT);
        }
        if (status == BS_OK) {
            status = bs_views_pin(view, schema, ids, err);
        }
        if (status == BS_OK) {
            status = bs_sql_exec(view, err, "SAVEPOINT " BS_VIEW_SAVEPOINT);
        }
        if (status == BS_OK) {
            status = bs_sql_limit_table_waits(view, BS_VIEW_WAIT_S, err);
        }
    }
    return status;
}
