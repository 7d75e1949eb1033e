/* What a rows event must be before any of it is applied. */
#include "apply/applier_private.h"

#include "sql/json_check.h"

/* The table of a rows event: *table NULL when it is not selected. */
enum bs_status
bs_applier_table_of(struct bs_applier *applier, const struct bs_table_map *map,
                    struct bs_target_table **table, struct bs_error *err) {
    char buf[BS_TABLE_KEY_MAX];
    struct bs_str key = bs_applier_table_key(buf, map->db, map->table);
    *table = bs_map_get(&applier->tables, key);
    if (*table != NULL || bs_map_get(&applier->unselected, key) != NULL) {
        return BS_OK;
    }
    if (!bs_selection_has_table(applier->selection, map->db, map->table)) {
        (void)bs_map_put(&applier->unselected, key, applier);
        return BS_OK;
    }
    if (applier->window.is_open && applier->window.is_inside) {
        return BS_OK; /* it was gone before the window's end */
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

enum bs_status
bs_applier_require_full_image(const struct bs_rows *rows, const struct bs_target_table *table,
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
bool
bs_applier_wants_fk_checks(const struct bs_applier *applier, const struct bs_rows *rows) {
    bool cascades_logged = applier->translation->source.flavour == BS_MYSQL &&
                           (rows->flags & BS_ROWS_SQL_FOREIGN_KEY) != 0;
    return !cascades_logged && (rows->flags & BS_ROWS_NO_FOREIGN_KEY_CHECKS) == 0;
}

/* Documents that the source keeps as text must be such as MySQL's JSON can hold. */
enum bs_status
bs_applier_check_documents(const struct bs_target_table *table, const struct bs_rows *rows,
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
