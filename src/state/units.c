/* Which table's rows are as of which points, while not all are as of one. */
#include "state/state.h"

#include "base/mem.h"
#include "sql/text.h"
#include "state/text.h"

#include <inttypes.h>
#include <stdlib.h>

enum bs_status
bs_state_save_copy_point(struct bs_sql *sql, const struct bs_state *state,
                         const struct bs_copy_point *point, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "REPLACE INTO ");
    bs_state_put_name(&text, state, "point");
    bs_buf_puts(&text, " SET task=");
    bs_state_put_text(&text, state->task);
    bs_buf_printf(&text, ", number=%" PRIu32 ", file_created=%" PRIu32 ", ", point->number,
                  point->file_created);
    bs_state_put_position(&text, "", &point->position);
    return bs_state_run(sql, &text, err);
}

enum bs_status
bs_state_load_copy_points(struct bs_sql *sql, const struct bs_state *state,
                          struct bs_copy_point **points, size_t *count, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    *points = NULL;
    *count = 0;
    bs_buf_puts(&text, "SELECT number, file_created, file, pos, gtid FROM ");
    bs_state_put_name(&text, state, "point");
    bs_state_put_where(&text, state);
    bs_buf_puts(&text, " ORDER BY number");
    enum bs_status status = bs_state_query(sql, &text, &result, err);
    if (status != BS_OK) {
        return status;
    }
    *points = bs_zalloc((size_t)(bs_sql_row_count(result) + 1) * sizeof **points);
    while ((status = bs_sql_next(result, &fields, err)) == BS_OK && fields != NULL) {
        struct bs_copy_point *point = &(*points)[(*count)++];
        point->number = (uint32_t)bs_state_field_u64(fields[0]);
        point->file_created = (uint32_t)bs_state_field_u64(fields[1]);
        bs_state_field_position(&point->position, fields + 2);
    }
    bs_sql_result_free(result);
    return status;
}

void
bs_copy_points_free(struct bs_copy_point *points, size_t count) {
    for (size_t i = 0; i < count; i++) {
        bs_position_fini(&points[i].position);
    }
    free(points);
}

const struct bs_copy_point *
bs_copy_point_find(const struct bs_copy_point *points, size_t count, uint32_t number) {
    for (size_t i = 0; i < count; i++) {
        if (points[i].number == number) {
            return &points[i];
        }
    }
    return NULL;
}

enum bs_status
bs_state_save_unit(struct bs_sql *sql, const struct bs_state *state, const struct bs_unit *unit,
                   struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "REPLACE INTO ");
    bs_state_put_name(&text, state, "unit");
    bs_buf_puts(&text, " SET task=");
    bs_state_put_text(&text, state->task);
    bs_buf_puts(&text, ", db=");
    bs_state_put_text(&text, unit->db);
    bs_buf_puts(&text, ", name=");
    bs_state_put_text(&text, unit->name);
    bs_buf_printf(&text,
                  ", first_point=%" PRIu32 ", last_point=%" PRIu32 ", table_id=%" PRIu64
                  ", definition=",
                  unit->first, unit->last, unit->table_id);
    bs_state_put_text(&text, unit->definition);
    bs_buf_puts(&text, ", late_keys=");
    bs_state_put_text(&text, unit->late_keys);
    bs_buf_puts(&text, ", late_foreign_keys=");
    bs_state_put_text(&text, unit->late_foreign_keys);
    enum bs_status status = bs_state_run(sql, &text, err);
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "recording the point of table '%s.%s'", unit->db,
                                              unit->name);
}

static void
read_unit(struct bs_unit *unit, const struct bs_str *fields) {
    *unit = (struct bs_unit){
        .db = bs_state_field_dup(fields[0]),
        .name = bs_state_field_dup(fields[1]),
        .first = (uint32_t)bs_state_field_u64(fields[2]),
        .last = (uint32_t)bs_state_field_u64(fields[3]),
        .table_id = bs_state_field_u64(fields[4]),
        .definition = bs_state_field_dup(fields[5]),
        .late_keys = bs_state_field_dup(fields[6]),
        .late_foreign_keys = bs_state_field_dup(fields[7]),
    };
}

enum bs_status
bs_state_load_units(struct bs_sql *sql, const struct bs_state *state, struct bs_unit **units,
                    size_t *count, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    *units = NULL;
    *count = 0;
    bs_buf_puts(&text, "SELECT db, name, first_point, last_point, table_id, definition, late_keys, "
                       "late_foreign_keys FROM ");
    bs_state_put_name(&text, state, "unit");
    bs_state_put_where(&text, state);
    bs_buf_puts(&text, " ORDER BY db, name");
    enum bs_status status = bs_state_query(sql, &text, &result, err);
    if (status != BS_OK) {
        return status;
    }
    *units = bs_zalloc((size_t)(bs_sql_row_count(result) + 1) * sizeof **units);
    while ((status = bs_sql_next(result, &fields, err)) == BS_OK && fields != NULL) {
        read_unit(&(*units)[(*count)++], fields);
    }
    bs_sql_result_free(result);
    return status;
}

void
bs_units_free(struct bs_unit *units, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(units[i].db);
        free(units[i].name);
        free(units[i].definition);
        free(units[i].late_keys);
        free(units[i].late_foreign_keys);
    }
    free(units);
}

static void
put_clear(struct bs_buf *sql, const struct bs_state *state, const char *table) {
    bs_buf_puts(sql, "DELETE FROM ");
    bs_state_put_name(sql, state, table);
    bs_state_put_where(sql, state);
}

void
bs_state_put_units_clear(struct bs_buf *sql, const struct bs_state *state) {
    put_clear(sql, state, "unit");
}

void
bs_state_put_copy_points_clear(struct bs_buf *sql, const struct bs_state *state) {
    put_clear(sql, state, "point");
}

enum bs_status
bs_state_forget_table(struct bs_sql *sql, const struct bs_state *state, const char *db,
                      const char *name, struct bs_error *err) {
    static const char *const TABLES[] = {"unit", "chunk", "model"};
    enum bs_status status = bs_sql_exec(sql, err, "START TRANSACTION");
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0] && status == BS_OK; i++) {
        struct bs_buf text = {0};
        put_clear(&text, state, TABLES[i]);
        bs_state_put_object(&text, bs_str(db), bs_str(name));
        status = bs_state_run(sql, &text, err);
    }
    return status == BS_OK ? bs_sql_exec(sql, err, "COMMIT") : status;
}
