/* A server's variables by name, one by one or, for who asks for dozens of them, all at once. */
#include "sql/session_private.h"

#include "base/mem.h"

#include <stdlib.h>

struct variable {
    char *name, *value;
};

struct bs_sql_variables {
    struct variable *items;
    size_t count, cap;
};

static void
add(struct bs_sql_variables *all, struct bs_str name, struct bs_str value) {
    void *items = all->items;
    bs_array_grow(&items, &all->cap, all->count, sizeof *all->items);
    all->items = items;
    all->items[all->count++] =
        (struct variable){bs_strndup(name.data, name.len), bs_strndup(value.data, value.len)};
}

enum bs_status
bs_sql_remember_variables(struct bs_sql *sql, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    bs_sql_forget_variables(sql);
    enum bs_status status = bs_sql_query(sql, &result, err, "SHOW GLOBAL VARIABLES");
    sql->variables = status == BS_OK ? bs_zalloc(sizeof *sql->variables) : NULL;
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        if (row[1].data != NULL) {
            add(sql->variables, row[0], row[1]);
        }
    }
    bs_sql_result_free(result);
    if (status != BS_OK) {
        bs_sql_forget_variables(sql);
    }
    return status;
}

void
bs_sql_forget_variables(struct bs_sql *sql) {
    struct bs_sql_variables *all = sql->variables;
    for (size_t i = 0; all != NULL && i < all->count; i++) {
        free(all->items[i].name);
        free(all->items[i].value);
    }
    free(all != NULL ? all->items : NULL);
    free(all);
    sql->variables = NULL;
}

static void
recall(const struct bs_sql_variables *all, const char *name, struct bs_buf *value, bool *found) {
    for (size_t i = 0; i < all->count && !*found; i++) {
        if (bs_str_is_nocase(bs_str(all->items[i].name), name)) {
            bs_buf_puts(value, all->items[i].value);
            *found = true;
        }
    }
}

static enum bs_status
ask(struct bs_sql *sql, const char *name, bool global, struct bs_buf *value, bool *found,
    struct bs_error *err) {
    struct bs_buf pattern = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    for (; *name != '\0'; name++) {
        bs_buf_puts(&pattern, *name == '_' ? "\\" : "");
        bs_buf_put_u8(&pattern, (uint8_t)*name);
    }
    enum bs_status status = bs_sql_query(sql, &result, err, "SHOW %s VARIABLES LIKE '%s'",
                                         global ? "GLOBAL" : "SESSION", bs_buf_cstr(&pattern));
    if (status == BS_OK) {
        status = bs_sql_next(result, &row, err);
    }
    if (status == BS_OK && row != NULL && row[1].data != NULL) {
        bs_buf_put_str(value, row[1]);
        *found = true;
    }
    bs_sql_result_free(result);
    bs_buf_fini(&pattern);
    return status;
}

enum bs_status
bs_sql_variable(struct bs_sql *sql, const char *name, bool global, struct bs_buf *value,
                bool *found, struct bs_error *err) {
    *found = false;
    bs_buf_clear(value);
    if (global && sql->variables != NULL) {
        recall(sql->variables, name, value, found);
        return BS_OK;
    }
    return ask(sql, name, global, value, found, err);
}
