/* What gives out numbers, at cutover: AUTO_INCREMENT counters and sequences. */
#include "cutover/cutover_private.h"

#include "base/map.h"
#include "base/mem.h"
#include "sql/text.h"

#include <stdlib.h>
#include <string.h>

/* Counters by "db\0table" as decimal text, heap-owned. */
static enum bs_status
read_counters(struct bs_sql *sql, const struct bs_selection *selection, struct bs_map *counters,
              struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    struct bs_buf key = {0};
    enum { ER_UNKNOWN_SYSTEM_VARIABLE = 1193 };
    struct bs_error absent;
    /* MySQL 8+ answers from a cache of statistics unless told not to. */
    bs_error_clear(&absent);
    enum bs_status status = bs_sql_exec(sql, &absent, "SET information_schema_stats_expiry=0");
    if (status != BS_OK && absent.sql_errno != ER_UNKNOWN_SYSTEM_VARIABLE) {
        *err = absent;
        return status;
    }
    status = bs_sql_query(sql, &result, err,
                          "SELECT TABLE_SCHEMA, TABLE_NAME, AUTO_INCREMENT FROM "
                          "information_schema.TABLES WHERE AUTO_INCREMENT IS NOT NULL");
    while (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
        if (status != BS_OK || fields == NULL) {
            break;
        }
        if (!bs_selection_has_table(selection, fields[0], fields[1])) {
            continue;
        }
        bs_buf_clear(&key);
        bs_buf_put_str(&key, fields[0]);
        bs_buf_put_u8(&key, 0);
        bs_buf_put_str(&key, fields[1]);
        free(bs_map_put(counters, bs_buf_str(&key), bs_strndup(fields[2].data, fields[2].len)));
    }
    bs_sql_result_free(result);
    bs_buf_fini(&key);
    return status;
}

static enum bs_status
raise_counter(struct bs_sql *target, struct bs_str key, const char *value, struct bs_error *err) {
    struct bs_str db = bs_str(key.data); /* up to the NUL between the names */
    struct bs_str name = {key.data + db.len + 1, key.len - db.len - 1};
    struct bs_buf text = {0};
    bs_buf_puts(&text, "ALTER TABLE ");
    bs_sql_put_table(&text, db, name);
    bs_buf_printf(&text, " AUTO_INCREMENT=%s", value);
    enum bs_status status = bs_sql_run(target, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    return status;
}

static void
free_counters(struct bs_map *counters) {
    size_t at = 0;
    struct bs_str key;
    void *value;
    while (bs_map_next(counters, &at, &key, &value)) {
        free(value);
    }
    bs_map_fini(counters);
}

enum bs_status
bs_finish_counters(const struct bs_finish *finish, uint64_t *raised, struct bs_error *err) {
    struct bs_map wanted = {0};
    struct bs_map there = {0};
    size_t at = 0;
    struct bs_str key;
    void *value;
    enum bs_status status = read_counters(finish->source, finish->selection, &wanted, err);
    if (status == BS_OK) {
        status = read_counters(finish->target, finish->selection, &there, err);
    }
    while (status == BS_OK && bs_map_next(&wanted, &at, &key, &value)) {
        const char *now = bs_map_get(&there, key);
        if (now != NULL && strtoull(now, NULL, 10) >= strtoull(value, NULL, 10)) {
            continue;
        }
        status = bs_finish_check_deadline(finish, err);
        if (status == BS_OK) {
            status = raise_counter(finish->target, key, value, err);
        }
        *raised += status == BS_OK;
    }
    free_counters(&wanted);
    free_counters(&there);
    return status == BS_OK ? BS_OK : bs_error_context(err, "carrying AUTO_INCREMENT over");
}

/* A sequence's whole state is the one row that it shows, as the values of an INSERT; *found false
 * if there is no such sequence. */
static enum bs_status
read_sequence(struct bs_sql *sql, struct bs_str db, struct bs_str name, struct bs_buf *values,
              bool *found, struct bs_error *err) {
    enum { ER_NO_SUCH_TABLE_NO = 1146 };
    struct bs_buf table = {0};
    struct bs_error failure;
    bs_error_clear(&failure);
    bs_sql_put_table(&table, db, name);
    enum bs_status status =
        bs_sql_value(sql, values, found, &failure,
                     "SELECT CONCAT_WS(',', next_not_cached_value, minimum_value, maximum_value, "
                     "start_value, increment, cache_size, cycle_option, cycle_count) FROM %s",
                     bs_buf_cstr(&table));
    bs_buf_fini(&table);
    if (status == BS_SERVER && failure.sql_errno == ER_NO_SUCH_TABLE_NO) {
        *found = false;
        return BS_OK;
    }
    if (status != BS_OK) {
        *err = failure;
    }
    return status;
}

/* An INSERT into a sequence puts its row in the place of the one that is there. */
static enum bs_status
carry_sequence(const struct bs_finish *finish, struct bs_str db, struct bs_str name,
               uint64_t *carried, struct bs_error *err) {
    struct bs_buf wanted = {0}, there = {0}, text = {0};
    bool on_source = false, on_target = false;
    enum bs_status status = read_sequence(finish->source, db, name, &wanted, &on_source, err);
    if (status == BS_OK && on_source) {
        status = read_sequence(finish->target, db, name, &there, &on_target, err);
    }
    if (status == BS_OK && on_source && !on_target) {
        bs_error_set(err, BS_CONFLICT, "sequence %.*s.%.*s is not on the target", (int)db.len,
                     db.data, (int)name.len, name.data);
        status = bs_error_hint(err, "create it on the target as SHOW CREATE SEQUENCE has it on the "
                                    "source, then ask again");
    }
    if (status == BS_OK && on_source && !bs_str_equal(bs_buf_str(&wanted), bs_buf_str(&there))) {
        bs_buf_puts(&text, "INSERT INTO ");
        bs_sql_put_table(&text, db, name);
        bs_buf_printf(&text,
                      " (next_not_cached_value, minimum_value, maximum_value, start_value, "
                      "increment, cache_size, cycle_option, cycle_count) VALUES (%s)",
                      bs_buf_cstr(&wanted));
        status = bs_sql_run(finish->target, bs_buf_str(&text), err);
        *carried += status == BS_OK;
    }
    bs_buf_fini(&wanted);
    bs_buf_fini(&there);
    bs_buf_fini(&text);
    return status;
}

/* The stream carries every reservation of values that is logged. Behind one that was not, the
 * target would give out values that the source has given out already. */
enum bs_status
bs_finish_sequences(const struct bs_finish *finish, uint64_t *carried, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    enum bs_status status = bs_sql_query(finish->source, &result, err,
                                         "SELECT TABLE_SCHEMA, TABLE_NAME FROM "
                                         "information_schema.TABLES WHERE TABLE_TYPE='SEQUENCE'");
    while (status == BS_OK && (status = bs_sql_next(result, &fields, err)) == BS_OK &&
           fields != NULL) {
        if (!bs_selection_has_table(finish->selection, fields[0], fields[1])) {
            continue;
        }
        status = bs_finish_check_deadline(finish, err);
        if (status == BS_OK) {
            status = carry_sequence(finish, fields[0], fields[1], carried, err);
        }
    }
    bs_sql_result_free(result);
    return status == BS_OK ? BS_OK : bs_error_context(err, "carrying sequences over");
}
