#include "snapshot/early.h"

#include "base/log.h"
#include "snapshot/row_text.h"
#include "sql/text.h"

#define LAX_SQL_MODE "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION"

/* The period's columns are the last two. */
static const char *
start_name(const struct bs_copy *copy) {
    return copy->columns[copy->column_count - 2].column->name;
}

static const char *
end_name(const struct bs_copy *copy) {
    return copy->columns[copy->column_count - 1].column->name;
}

static void
put_period(struct bs_buf *out, const struct bs_copy *copy, const char *op) {
    bs_sql_put_ident(out, bs_str(start_name(copy)));
    bs_buf_puts(out, op);
    bs_sql_put_ident(out, bs_str(end_name(copy)));
}

void
bs_early_put_others(struct bs_buf *out, const struct bs_copy *copy, bool has_where) {
    if (copy->for_ever != NULL) {
        bs_buf_puts(out, has_where ? " AND " : " WHERE ");
        put_period(out, copy, "<");
    }
}

static enum bs_status
store(struct bs_sql *target, const struct bs_copy *plain, const struct bs_str *fields,
      struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, plain->insert);
    uint32_t zeros = bs_row_put_insert(&text, plain, fields);
    enum bs_status status = bs_sql_run(target, bs_buf_str(&text), err);
    if (status == BS_OK && bs_sql_warning_count(target) != zeros) {
        status = bs_error_set(err, BS_CONFLICT, "the target would change a value");
    }
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
empty(struct bs_sql *target, const struct bs_copy *plain, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "DELETE FROM ");
    bs_sql_put_table(&text, bs_str(plain->table->db), bs_str(plain->table->name));
    enum bs_status status = bs_sql_run(target, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
make_row(struct bs_sql *target, const struct bs_copy *plain, const struct bs_str *fields,
         struct bs_error *err) {
    enum bs_status status = bs_sql_exec(target, err, "SET timestamp=UNIX_TIMESTAMP('%s')",
                                        fields[plain->column_count].data);
    if (status == BS_OK) {
        status = store(target, plain, fields, err);
    }
    return status == BS_OK ? empty(target, plain, err) : status;
}

static enum bs_status
make_rows(struct bs_sql_result *rows, struct bs_sql *target, const struct bs_copy *plain,
          struct bs_error *err) {
    const struct bs_str *fields = NULL;
    enum bs_status status;
    while ((status = bs_sql_next(rows, &fields, err)) == BS_OK && fields != NULL) {
        status = make_row(target, plain, fields, err);
        if (status != BS_OK) {
            return status;
        }
    }
    return status;
}

/* Counts what is left out. */
static enum bs_status
look_for_earlier(struct bs_sql *view, const struct bs_copy *copy, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_buf count = {0};
    bool found = false;
    bs_sql_put_table(&text, bs_str(copy->table->db), bs_str(copy->table->name));
    bs_buf_puts(&text, " FOR SYSTEM_TIME ALL WHERE ");
    put_period(&text, copy, ">");
    enum bs_status status =
        bs_sql_value(view, &count, &found, err, "SELECT COUNT(*) FROM %s", bs_buf_cstr(&text));
    if (status == BS_OK && found && !bs_str_is(bs_buf_str(&count), "0")) {
        bs_log(BS_LOG_WARNING,
               "%s rows of history of %s.%s that end before they begin are left out: no moment "
               "shows them, and the target does not take them",
               bs_buf_cstr(&count), copy->table->db, copy->table->name);
    }
    bs_buf_fini(&text);
    bs_buf_fini(&count);
    return status;
}

enum bs_status
bs_early_copy(struct bs_sql *view, struct bs_sql *target, const struct bs_copy *copy,
              struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *rows = NULL;
    struct bs_copy *plain = bs_copy_new(copy->table, copy->table, NULL);
    bs_buf_puts(&text, copy->select);
    bs_buf_puts(&text, " WHERE ");
    put_period(&text, copy, "=");
    enum bs_status status = look_for_earlier(view, copy, err);
    if (status == BS_OK) {
        status = bs_sql_exec(target, err, "SET sql_mode='" LAX_SQL_MODE "'");
    }
    if (status == BS_OK) {
        status = bs_sql_stream(view, bs_buf_str(&text), &rows, err);
    }
    if (status == BS_OK) {
        status = make_rows(rows, target, plain, err);
    }
    bs_sql_result_free(rows);
    if (status == BS_OK) {
        status = bs_sql_exec(target, err, "SET timestamp=DEFAULT, sql_mode='" BS_SQL_MODE "'");
    }
    bs_buf_fini(&text);
    bs_copy_free(plain);
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "copying history of table %s.%s",
                                              copy->table->db, copy->table->name);
}
