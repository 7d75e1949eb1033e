#include "apply/applier.h"

#include "apply/change.h"
#include "apply/ddl.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "schema/ddl.h"
#include "schema/lexer.h"
#include "schema/period.h"
#include "sql/json_check.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_KEY_MAX = 2 * BS_NAME_BYTES_MAX };

/* "db\0table": no byte of a name can be NUL. */
static struct bs_str
table_key(char out[TABLE_KEY_MAX], struct bs_str db, struct bs_str name) {
    size_t db_len = db.len < BS_NAME_BYTES_MAX - 1 ? db.len : BS_NAME_BYTES_MAX - 1;
    size_t name_len = name.len < BS_NAME_BYTES_MAX - 1 ? name.len : BS_NAME_BYTES_MAX - 1;
    memcpy(out, db.data, db_len);
    out[db_len] = '\0';
    memcpy(out + db_len + 1, name.data, name_len);
    return (struct bs_str){out, db_len + 1 + name_len};
}

static void
put_table(struct bs_applier *applier, struct bs_table *model) {
    char key[TABLE_KEY_MAX];
    struct bs_target_table *table =
        bs_target_table_new(model, bs_period_takes_history(&applier->translation->target));
    bs_target_table_free(bs_map_put(&applier->tables,
                                    table_key(key, bs_str(model->db), bs_str(model->name)), table));
}

static enum bs_status
load_models(struct bs_applier *applier, struct bs_error *err) {
    struct bs_table **models = NULL;
    size_t count = 0;
    enum bs_status status =
        bs_state_load_models(applier->lane.sql, &applier->lane.state, &models, &count, err);
    for (size_t i = 0; status == BS_OK && i < count; i++) {
        put_table(applier, models[i]);
    }
    free(models);
    return status;
}

static enum bs_status
load_intent(struct bs_applier *applier, struct bs_error *err) {
    enum bs_status status =
        bs_state_load_intent(applier->lane.sql, &applier->lane.state, applier->lane.number,
                             &applier->intent, &applier->has_intent, err);
    if (status == BS_OK && applier->has_intent) {
        bs_log(BS_LOG_INFO, "the last run ended inside a DDL statement");
    }
    return status;
}

static enum bs_status
load_default_engine(struct bs_applier *applier, struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_variable(applier->lane.sql, "default_storage_engine", true, &value, &found, err);
    applier->default_engine = found ? bs_buf_take_cstr(&value) : bs_strdup("InnoDB");
    bs_buf_fini(&value);
    return status;
}

enum bs_status
bs_applier_open(struct bs_applier *applier, const struct bs_applier_config *config,
                struct bs_error *err) {
    memset(applier, 0, sizeof *applier);
    applier->target_endpoint = config->target;
    applier->no_target_binlog = config->no_target_binlog;
    applier->keep_engines = config->keep_engines;
    applier->selection = config->selection;
    applier->translation = config->translation;
    enum bs_status status = bs_lane_open(&applier->lane, config->target, &config->state, 0,
                                         config->epoch, config->no_target_binlog, err);
    if (status == BS_OK) {
        status = load_default_engine(applier, err);
    }
    if (status == BS_OK) {
        status = load_models(applier, err);
    }
    if (status == BS_OK) {
        status = load_intent(applier, err);
    }
    if (status != BS_OK) {
        bs_applier_close(applier);
    }
    return status;
}

void
bs_applier_close(struct bs_applier *applier) {
    size_t at = 0;
    struct bs_str key;
    void *table;
    bs_lane_close(&applier->lane);
    bs_sql_close(applier->ddl_sql);
    while (bs_map_next(&applier->tables, &at, &key, &table)) {
        bs_target_table_free(table);
    }
    bs_map_fini(&applier->tables);
    bs_map_fini(&applier->unselected);
    bs_arena_fini(&applier->rows_arena);
    bs_intent_fini(&applier->intent);
    bs_batch_fini(&applier->kept);
    free(applier->default_engine);
    memset(applier, 0, sizeof *applier);
}

enum bs_status
bs_applier_commit(struct bs_applier *applier, struct bs_error *err) {
    struct bs_position position = {0};
    if (!applier->lane.open) {
        return BS_OK;
    }
    enum bs_status status = bs_decoder_position(applier->decoder, &position, err);
    if (status == BS_OK) {
        /* By GTID the position's file may be an older one than the stream is in. */
        bool same_file = strcmp(position.file, bs_decoder_file(applier->decoder)) == 0;
        uint32_t created = same_file ? bs_decoder_file_created(applier->decoder) : 0;
        status = bs_lane_commit(&applier->lane, &position, created, applier->source_us, err);
    }
    bs_position_fini(&position);
    return status;
}

/* The table of a rows event: *table NULL when it is not selected. */
static enum bs_status
find_table(struct bs_applier *applier, const struct bs_table_map *map,
           struct bs_target_table **table, struct bs_error *err) {
    char buf[TABLE_KEY_MAX];
    struct bs_str key = table_key(buf, map->db, map->table);
    *table = bs_map_get(&applier->tables, key);
    if (*table != NULL || bs_map_get(&applier->unselected, key) != NULL) {
        return BS_OK;
    }
    if (!bs_selection_has_table(applier->selection, map->db, map->table)) {
        (void)bs_map_put(&applier->unselected, key, applier);
        return BS_OK;
    }
    bs_error_set(err, BS_SCHEMA, "rows came for table %.*s.%.*s, which the task does not know",
                 (int)map->db.len, map->db.data, (int)map->table.len, map->table.data);
    return bs_error_hint(err,
                         "its CREATE TABLE was not in the binlog (sql_log_bin=0, or a filter on "
                         "the source): create it on the target and take a new snapshot, or "
                         "exclude it with --exclude-tables");
}

static bool
is_present(const struct bs_rows *rows, size_t column) {
    unsigned int both = rows->present_before[column / 8] & rows->present_after[column / 8];
    return (both >> column % 8 & 1) != 0;
}

static enum bs_status
require_full_image(const struct bs_rows *rows, const struct bs_target_table *table,
                   struct bs_error *err) {
    bool has_period = !table->has_period || (is_present(rows, table->period_start) &&
                                             is_present(rows, table->period_end));
    if (rows->full_image && has_period) {
        return BS_OK;
    }
    bs_error_set(err, BS_PRECHECK, "the source logged a row of %s.%s without all its columns",
                 rows->table->db, rows->table->name);
    return bs_error_hint(err,
                         "on the source: SET GLOBAL binlog_row_image = FULL, let every session "
                         "reconnect, then take a new snapshot");
}

/* Flag 0x10 on a MySQL source says that cascades are in the log: then the target must not run them.
 * Elsewhere the target runs them, unless the source's own session had them off. */
static bool
wants_fk_checks(const struct bs_applier *applier, const struct bs_rows *rows) {
    bool cascades_logged = applier->translation->source.flavour == BS_MYSQL &&
                           (rows->flags & BS_ROWS_SQL_FOREIGN_KEY) != 0;
    return !cascades_logged && (rows->flags & BS_ROWS_NO_FOREIGN_KEY_CHECKS) == 0;
}

static void
open_transaction(struct bs_applier *applier) {
    if (!applier->lane.open) {
        applier->open_since_ms = bs_clock_mono_ms();
    }
    bs_lane_begin(&applier->lane);
}

static enum bs_status
keep_origin_file(struct bs_applier *applier, struct bs_error *err) {
    struct bs_batch *batch = &applier->lane.batch;
    const char *file = bs_decoder_file(applier->decoder);
    if (strcmp(batch->file, file) == 0) {
        return BS_OK;
    }
    enum bs_status status = bs_lane_flush(&applier->lane, err);
    (void)snprintf(batch->file, sizeof batch->file, "%s", file);
    return status;
}

/* Some groups are logged whole and end in ROLLBACK, or hold a ROLLBACK TO, because a temporary
 * table was made or dropped in them. Their rows must be taken back without taking back the groups
 * before them. Nothing at their start tells them apart: MariaDB sets FL_TRANSACTIONAL on some of
 * them (seen on 10.11 and 11.8). MySQL 8.0 and newer log no temporary tables. */
static bool
may_roll_back(const struct bs_applier *applier) {
    enum { MYSQL_LOGS_NO_TEMPORARY_TABLES = 80000 };
    return applier->translation->source.flavour == BS_MARIADB ||
           applier->translation->source.version < MYSQL_LOGS_NO_TEMPORARY_TABLES;
}

static void
put_group_savepoint(struct bs_applier *applier) {
    if (!applier->group_may_roll_back || applier->group_has_savepoint || applier->group_has_ddl) {
        return;
    }
    bs_batch_put(&applier->lane.batch, BS_EXPECT_ANY, "SAVEPOINT bs_group");
    applier->group_has_savepoint = true;
}

/* Documents that the source keeps as text must be such as MySQL's JSON can hold. */
static enum bs_status
check_documents(const struct bs_target_table *table, const struct bs_rows *rows,
                struct bs_error *err) {
    const struct bs_table *model = table->model;
    if (!model->is_translated || rows->after == NULL) {
        return BS_OK;
    }
    for (size_t i = 0; i < model->column_count; i++) {
        bool is_text =
            model->columns[i].type == BS_TYPE_JSON && rows->after[i].kind == BS_VALUE_BYTES;
        const char *misfit = is_text ? bs_json_misfit(rows->after[i].text) : NULL;
        if (misfit != NULL) {
            bs_error_set(err, BS_CONFLICT,
                         "table %s.%s: a document for column %s has no equal in MySQL's JSON: %s",
                         model->db, model->name, model->columns[i].name, misfit);
            return bs_error_hint(err,
                                 "turn the column into plain LONGTEXT on the source (drop its "
                                 "CHECK), or mend the document there; then take a new snapshot");
        }
    }
    return BS_OK;
}

static bool
keeps_too_much(struct bs_applier *applier) {
    enum { KEPT_BYTES_MAX = 16 << 20 };
    uint64_t packet = applier->lane.batch.max_packet;
    uint64_t max = packet > 0 && packet / 2 < KEPT_BYTES_MAX ? packet / 2 : KEPT_BYTES_MAX;
    applier->kept_is_lost = applier->kept_is_lost || applier->kept.sql.len >= max;
    return applier->kept_is_lost;
}

static enum bs_status
apply_open_rows(struct bs_applier *applier, struct bs_rows *rows, struct bs_target_table *table,
                const struct bs_item *item, struct bs_error *err) {
    struct bs_change change;
    struct bs_origin origin = {bs_decoder_pos(applier->decoder), item->gtid};
    struct bs_change again;
    bool keeps = !table->is_transactional && applier->group_has_savepoint;
    open_transaction(applier);
    if (table->is_transactional) {
        put_group_savepoint(applier);
        applier->group_has_undone = true;
    }
    enum bs_status status = keep_origin_file(applier, err);
    bs_lane_set_fk_checks(&applier->lane, wants_fk_checks(applier, rows));
    bs_change_init(&change, &applier->lane.batch, table, origin);
    bs_change_init(&again, &applier->kept, table, origin);
    while (status == BS_OK) {
        bool more = false;
        status = bs_rows_next(rows, &more, err);
        if (status == BS_OK && more) {
            status = check_documents(table, rows, err);
        }
        if (status != BS_OK || !more) {
            break;
        }
        bs_change_add(&change, rows);
        applier->lane.open_rows++;
        applier->stats.rows++;
        if (keeps && !keeps_too_much(applier)) {
            bs_change_add(&again, rows);
        }
        if (bs_batch_is_full(&applier->lane.batch)) {
            bs_change_finish(&change);
            status = bs_lane_flush(&applier->lane, err);
        }
    }
    bs_change_finish(&change);
    bs_change_finish(&again);
    return status;
}

enum bs_status
bs_applier_refuse_held(const char *what, struct bs_str db, struct bs_str name,
                       struct bs_error *err) {
    bs_error_set(err, BS_CANCELLED,
                 "the source was written to after it had been frozen: %s %.*s%s%.*s", what,
                 (int)db.len, db.data, name.len > 0 ? "." : "", (int)name.len, name.data);
    return bs_error_hint(err,
                         "stop the writers that --freeze does not hold back (on MariaDB and MySQL "
                         "5.6 accounts with SUPER and their events obey no read_only, and "
                         "replication into the source nowhere does), then ask again");
}

static enum bs_status
apply_rows(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    struct bs_target_table *table = NULL;
    struct bs_rows rows;
    enum bs_status status = find_table(applier, item->map, &table, err);
    if (status != BS_OK || table == NULL) {
        return status;
    }
    if (applier->hold) {
        return bs_applier_refuse_held("rows of", item->map->db, item->map->table, err);
    }
    status = bs_rows_open(&rows, &item->event, item->map, table->model, &applier->rows_arena, err);
    if (status != BS_OK) {
        return status;
    }
    status = require_full_image(&rows, table, err);
    if (status == BS_OK) {
        status = apply_open_rows(applier, &rows, table, item, err);
    }
    bs_rows_close(&rows);
    applier->group_has_rows = true;
    applier->group_counts = true;
    return status == BS_OK ? bs_lane_flush_full(&applier->lane, err) : status;
}

static bool
is_due(const struct bs_applier *applier) {
    const struct bs_lane *lane = &applier->lane;
    return lane->open_groups >= BS_COMMIT_GROUPS_MAX || lane->open_rows >= BS_COMMIT_ROWS_MAX ||
           bs_clock_mono_ms() - applier->open_since_ms >= BS_COMMIT_AGE_MS;
}

static enum bs_status
end_group(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    enum bs_status status = BS_OK;
    bool was_ddl = applier->group_has_ddl;
    open_transaction(applier); /* a group outside the selection moves the checkpoint too */
    applier->lane.open_groups++;
    applier->stats.transactions += applier->group_counts;
    applier->source_us = (int64_t)item->timestamp * 1000000;
    applier->group_has_rows = false;
    applier->group_has_ddl = false;
    applier->group_has_savepoint = false;
    applier->group_has_undone = false;
    applier->group_counts = false;
    applier->kept_is_lost = false;
    bs_batch_clear(&applier->kept);
    if (was_ddl || is_due(applier)) {
        status = bs_applier_commit(applier, err);
        if (status == BS_OK && was_ddl) {
            bs_fault_point("ddl-checkpointed");
        }
    }
    return status;
}

static enum bs_status
refuse_rollback(const char *why, struct bs_error *err) {
    bs_error_set(err, BS_PRECHECK, "the source logged a transaction that it rolled back, %s", why);
    return bs_error_hint(err,
                         "convert its tables that are not InnoDB on the source, then take a new "
                         "snapshot");
}

/* Takes back what the source undid, and puts again what stayed there. */
static enum bs_status
undo_group(struct bs_applier *applier, struct bs_error *err) {
    struct bs_lane *lane = &applier->lane;
    if (applier->kept_is_lost) {
        return refuse_rollback("with more rows of tables without transactions than are kept", err);
    }
    bs_batch_put(&lane->batch, BS_EXPECT_ANY, "ROLLBACK TO SAVEPOINT bs_group");
    if (applier->kept.count == 0) {
        return BS_OK;
    }
    enum bs_status status = bs_lane_flush(lane, err);
    (void)snprintf(applier->kept.file, sizeof applier->kept.file, "%s", lane->batch.file);
    return status == BS_OK ? bs_batch_send(&applier->kept, lane->sql, err) : status;
}

/* A rolled back group is logged when it held something that cannot be rolled back: temporary
 * tables, which do not concern us, or rows of a table without transactions, which stayed. MySQL 5.1
 * has both kinds of rows in one group; the others log the rows that stay in groups of their own. */
static enum bs_status
end_rolled_back(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (applier->group_has_savepoint) {
        status = undo_group(applier, err);
    } else if (applier->group_has_undone || applier->group_has_ddl) {
        status = refuse_rollback("in a form that is not known of its version", err);
    }
    return status == BS_OK ? end_group(applier, item, err) : status;
}

static enum bs_status
refuse_partial_rollback(const struct bs_statement *statement, struct bs_error *err) {
    bs_error_set(err, BS_SCHEMA,
                 "the source logged a partial rollback where none is expected: %.*s",
                 (int)statement->sql.len, statement->sql.data);
    return bs_error_hint(err, "convert tables that are not InnoDB on the source, then take a new "
                              "snapshot");
}

/* SAVEPOINT and ROLLBACK TO run on the lane in groups that can hold what was rolled back; elsewhere
 * the log holds only what stayed. The name is replaced, so that its charset does not matter. */
static enum bs_status
apply_savepoint(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    char name[BS_NAME_BYTES_MAX] = "";
    struct bs_lexer lexer = bs_lexer(item->statement.sql, false, false);
    struct bs_token verb = bs_lexer_next(&lexer);
    for (struct bs_token t = bs_lexer_next(&lexer); t.kind != BS_TOKEN_END;
         t = bs_lexer_next(&lexer)) {
        bs_token_name(t, name, sizeof name);
    }
    bool back = bs_token_is(verb, "ROLLBACK");
    if (back && applier->kept.count > 0) {
        return refuse_rollback("in part, after it had changed a table without transactions", err);
    }
    if (!applier->group_may_roll_back) {
        return back ? refuse_partial_rollback(&item->statement, err) : BS_OK;
    }
    if (bs_token_is(verb, "RELEASE")) {
        return BS_OK;
    }
    for (char *p = name; *p != '\0'; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    open_transaction(applier);
    put_group_savepoint(applier);
    (void)bs_batch_open(&applier->lane.batch, BS_EXPECT_ANY);
    bs_buf_printf(&applier->lane.batch.sql, "%s bs_%016" PRIx64,
                  back ? "ROLLBACK TO SAVEPOINT" : "SAVEPOINT", bs_hash(name, strlen(name)));
    bs_batch_close(&applier->lane.batch);
    return bs_lane_flush_full(&applier->lane, err);
}

static enum bs_status
dispatch(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    switch (item->kind) {
    case BS_ITEM_NONE:
        return BS_OK;
    case BS_ITEM_GROUP_BEGIN:
        applier->group_may_roll_back = may_roll_back(applier);
        return BS_OK;
    case BS_ITEM_ROWS:
        return apply_rows(applier, item, err);
    case BS_ITEM_STATEMENT:
        return bs_ddl_apply(applier, item, err);
    case BS_ITEM_SAVEPOINT:
        return apply_savepoint(applier, item, err);
    case BS_ITEM_GROUP_END:
        return end_group(applier, item, err);
    case BS_ITEM_GROUP_ROLLBACK:
        return end_rolled_back(applier, item, err);
    }
    return BS_OK;
}

enum bs_status
bs_applier_item(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    enum bs_status status = dispatch(applier, item, err);
    if (status != BS_OK && status != BS_FENCED) {
        char where[BS_ERROR_POSITION_MAX];
        bs_decoder_where(applier->decoder, where, sizeof where);
        bs_error_at(err, "%s", where);
    }
    return status;
}

enum bs_status
bs_applier_idle(struct bs_applier *applier, struct bs_error *err) {
    if (!applier->lane.open || bs_decoder_in_group(applier->decoder)) {
        return BS_OK;
    }
    return bs_applier_commit(applier, err);
}

const struct bs_target_table *
bs_applier_find_table(const struct bs_applier *applier, struct bs_str db, struct bs_str name) {
    char buf[TABLE_KEY_MAX];
    return bs_map_get(&applier->tables, table_key(buf, db, name));
}

enum bs_status
bs_applier_refresh_table(struct bs_applier *applier, struct bs_str db, struct bs_str name,
                         const char *engine, struct bs_error *err) {
    char buf[TABLE_KEY_MAX];
    struct bs_str key = table_key(buf, db, name);
    struct bs_table *model = NULL;
    enum bs_status status =
        bs_catalog_table(applier->lane.sql, &applier->translation->target, db, name, &model, err);
    if (status != BS_OK) {
        return bs_error_context(err, "reading the changed table %.*s.%.*s from the target",
                                (int)db.len, db.data, (int)name.len, name.data);
    }
    if (model != NULL && engine != NULL) {
        char *copy = bs_strdup(engine);
        free(model->engine);
        model->engine = copy;
    }
    struct bs_target_table *before = bs_map_remove(&applier->tables, key);
    if (model != NULL) {
        model->is_translated = bs_translation_is_across(applier->translation);
        if (model->is_translated && before != NULL) {
            bs_table_take_period(model, before->model);
        }
    }
    bs_target_table_free(before);
    bs_lane_begin(&applier->lane);
    (void)bs_batch_open(&applier->lane.batch, BS_EXPECT_ANY);
    if (model != NULL) {
        bs_state_put_model(&applier->lane.batch.sql, &applier->lane.state, model);
        put_table(applier, model);
    } else {
        bs_state_put_model_drop(&applier->lane.batch.sql, &applier->lane.state, db, name);
    }
    bs_batch_close(&applier->lane.batch);
    return BS_OK;
}

void
bs_applier_forget_database(struct bs_applier *applier, struct bs_str db) {
    size_t at = 0;
    struct bs_str key;
    void *value;
    while (bs_map_next(&applier->tables, &at, &key, &value)) {
        struct bs_target_table *table = value;
        if (!bs_str_is(db, table->model->db)) {
            continue;
        }
        bs_lane_begin(&applier->lane);
        (void)bs_batch_open(&applier->lane.batch, BS_EXPECT_ANY);
        bs_state_put_model_drop(&applier->lane.batch.sql, &applier->lane.state, db,
                                bs_str(table->model->name));
        bs_batch_close(&applier->lane.batch);
        (void)bs_map_remove(&applier->tables, key);
        bs_target_table_free(table);
        at = 0; /* the walk does not survive a removal */
    }
}
