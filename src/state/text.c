#include "state/text.h"

#include "base/mem.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ER_BAD_DB_ERROR and ER_NO_SUCH_TABLE. */
enum { UNKNOWN_DATABASE = 1049, UNKNOWN_TABLE = 1146 };

void
bs_state_put_name(struct bs_buf *sql, const struct bs_state *state, const char *table) {
    bs_sql_put_table(sql, bs_str(state->schema), bs_str(table));
}

void
bs_state_put_text(struct bs_buf *sql, const char *text) {
    bs_sql_put_string(sql, bs_str(text != NULL ? text : ""));
}

void
bs_state_put_where(struct bs_buf *sql, const struct bs_state *state) {
    bs_buf_puts(sql, " WHERE task=");
    bs_state_put_text(sql, state->task);
}

void
bs_state_put_object(struct bs_buf *sql, struct bs_str db, struct bs_str name) {
    bs_buf_puts(sql, " AND db=");
    bs_sql_put_string(sql, db);
    bs_buf_puts(sql, " AND name=");
    bs_sql_put_string(sql, name);
}

void
bs_state_put_position(struct bs_buf *sql, const char *prefix, const struct bs_position *position) {
    bs_buf_printf(sql, "%sfile=", prefix);
    bs_state_put_text(sql, position->file);
    bs_buf_printf(sql, ", %spos=%" PRIu64 ", %sgtid=", prefix, position->pos, prefix);
    bs_state_put_text(sql, position->gtid);
}

uint64_t
bs_state_field_u64(struct bs_str field) {
    return field.data != NULL ? strtoull(field.data, NULL, 10) : 0;
}

int64_t
bs_state_field_i64(struct bs_str field) {
    return field.data != NULL ? strtoll(field.data, NULL, 10) : 0;
}

char *
bs_state_field_dup(struct bs_str field) {
    return field.data != NULL ? bs_strndup(field.data, field.len) : NULL;
}

void
bs_state_field_copy(char *out, size_t cap, struct bs_str field) {
    (void)snprintf(out, cap, "%.*s", (int)field.len, field.data != NULL ? field.data : "");
}

void
bs_state_field_position(struct bs_position *position, const struct bs_str *fields) {
    bs_position_set(position, fields[0].data, bs_state_field_u64(fields[1]), fields[2].data);
}

enum bs_status
bs_state_run(struct bs_sql *sql, struct bs_buf *text, struct bs_error *err) {
    enum bs_status status = bs_sql_run(sql, bs_buf_str(text), err);
    bs_buf_fini(text);
    return status;
}

enum bs_status
bs_state_query(struct bs_sql *sql, struct bs_buf *text, struct bs_sql_result **result,
               struct bs_error *err) {
    *result = NULL;
    enum bs_status status = bs_sql_query(sql, result, err, "%s", bs_buf_cstr(text));
    bs_buf_fini(text);
    return status;
}

enum bs_status
bs_state_row(struct bs_sql *sql, struct bs_buf *text, struct bs_sql_result **result,
             const struct bs_str **fields, struct bs_error *err) {
    *fields = NULL;
    enum bs_status status = bs_state_query(sql, text, result, err);
    if (status == BS_OK) {
        status = bs_sql_next(*result, fields, err);
    }
    return status;
}

bool
bs_state_is_absent(struct bs_error *err) {
    if (err->sql_errno != UNKNOWN_DATABASE && err->sql_errno != UNKNOWN_TABLE) {
        return false;
    }
    bs_error_clear(err);
    return true;
}

enum bs_status
bs_state_fenced(const struct bs_state *state, struct bs_error *err) {
    bs_error_set(err, BS_FENCED, "another binstream has taken task '%s' over", state->task);
    return bs_error_hint(err, "let that one work, or stop it and run this command again");
}
