#include "check/grants.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sql/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Upper case, commas around each name, column lists dropped: "SELECT (a, b), Lock Tables" becomes
 * ",LOCK TABLES,": what is granted on columns is not granted on the table. */
static char *
normalize(struct bs_str list) {
    struct bs_buf out = {0};
    size_t start = 0;
    int depth = 0;
    bool has_columns = false;
    bs_buf_puts(&out, ",");
    for (size_t i = 0; i <= list.len; i++) {
        char c = i < list.len ? list.data[i] : ',';
        depth += (c == '(') - (c == ')');
        has_columns |= c == '(';
        if (c != ',' || depth > 0) {
            continue;
        }
        size_t from = start;
        size_t to = i;
        while (from < to && list.data[from] == ' ') {
            from++;
        }
        while (to > from && list.data[to - 1] == ' ') {
            to--;
        }
        for (size_t k = from; k < to && !has_columns; k++) {
            bs_buf_put_u8(&out, (uint8_t)toupper((unsigned char)list.data[k]));
        }
        bs_buf_puts(&out, has_columns ? "" : ",");
        has_columns = false;
        start = i + 1;
    }
    return bs_buf_take_cstr(&out);
}

/* The name between backquotes at text, heap-owned; *used is how long it is with them. NULL: none.
 */
static char *
read_quoted(struct bs_str text, size_t *used) {
    struct bs_buf out = {0};
    if (text.len == 0 || (text.data[0] != '`' && text.data[0] != '"')) {
        return NULL;
    }
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] == text.data[0]) {
            if (i + 1 >= text.len || text.data[i + 1] != text.data[0]) {
                *used = i + 1;
                return bs_buf_take_cstr(&out);
            }
            i++;
        }
        bs_buf_put_u8(&out, (uint8_t)text.data[i]);
    }
    bs_buf_fini(&out);
    return NULL;
}

/* *.* gives true with db NULL; `db`.* with db; anything else false. */
static bool
read_object(struct bs_str text, char **db) {
    size_t used = 0;
    *db = NULL;
    if (text.len >= 4 && memcmp(text.data, "*.* ", 4) == 0) {
        return true;
    }
    *db = read_quoted(text, &used);
    if (*db != NULL && text.len >= used + 3 && memcmp(text.data + used, ".* ", 3) == 0) {
        return true;
    }
    free(*db);
    *db = NULL;
    return false;
}

static const char *
find_on(struct bs_str line) {
    for (size_t i = 0; i + 4 <= line.len; i++) {
        if (line.data[i] == '`') {
            return NULL; /* a role */
        }
        if (memcmp(line.data + i, " ON ", 4) == 0) {
            return line.data + i;
        }
    }
    return NULL;
}

static bool
ends_with_option(struct bs_str text) {
    static const char OPTION[] = " WITH GRANT OPTION";
    size_t len = sizeof OPTION - 1;
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.data + i, OPTION, len) == 0) {
            return true;
        }
    }
    return false;
}

void
bs_grants_add_line(struct bs_grants *grants, struct bs_str line) {
    bool is_revoke = bs_str_starts_nocase(line, "REVOKE ");
    size_t verb = is_revoke ? 7 : 6;
    if (!is_revoke && !bs_str_starts_nocase(line, "GRANT ")) {
        return;
    }
    const char *on = find_on(line);
    char *db = NULL;
    if (on == NULL) {
        return;
    }
    struct bs_str object = {on + 4, line.len - (size_t)(on + 4 - line.data)};
    if (!read_object(object, &db)) {
        return;
    }
    struct bs_str list = {line.data + verb, (size_t)(on - line.data) - verb};
    void *items = grants->items;
    bs_array_grow(&items, &grants->cap, grants->count, sizeof *grants->items);
    grants->items = items;
    grants->items[grants->count++] =
        (struct bs_grant){normalize(list), db, is_revoke, ends_with_option(object)};
}

void
bs_grants_fini(struct bs_grants *grants) {
    for (size_t i = 0; i < grants->count; i++) {
        free(grants->items[i].privileges);
        free(grants->items[i].db);
    }
    free(grants->items);
    free(grants->account);
    *grants = (struct bs_grants){0};
}

static bool
lists(const struct bs_grant *grant, const char *privilege) {
    char wanted[80];
    (void)snprintf(wanted, sizeof wanted, ",%s,", privilege);
    return strstr(grant->privileges, wanted) != NULL ||
           strstr(grant->privileges, ",ALL PRIVILEGES,") != NULL ||
           strstr(grant->privileges, ",ALL,") != NULL;
}

/* LIKE, with \ as escape. */
static bool
matches(const char *pattern, const char *db) {
    for (; *pattern != '\0'; pattern++, db++) {
        if (*pattern == '%') {
            do {
                if (matches(pattern + 1, db)) {
                    return true;
                }
            } while (*db++ != '\0');
            return false;
        }
        bool any = *pattern == '_';
        pattern += *pattern == '\\' && pattern[1] != '\0';
        if (*db == '\0' || (!any && *pattern != *db)) {
            return false;
        }
    }
    return *db == '\0';
}

bool
bs_grants_has(const struct bs_grants *grants, const char *privilege, const char *db) {
    bool has = false;
    for (size_t i = 0; i < grants->count; i++) {
        const struct bs_grant *grant = &grants->items[i];
        bool applies = grant->db == NULL || (db != NULL && matches(grant->db, db));
        if (applies && !grant->is_revoke && lists(grant, privilege)) {
            has = true;
        }
    }
    /* A revoke names a database exactly, and takes away what *.* gave; without a database in the
     * question, it makes "everywhere" untrue. */
    for (size_t i = 0; i < grants->count && has; i++) {
        const struct bs_grant *grant = &grants->items[i];
        bool applies = grant->db != NULL && (db == NULL || strcmp(grant->db, db) == 0);
        if (grant->is_revoke && applies && lists(grant, privilege)) {
            bool is_system = bs_str_is(bs_str(grant->db), "mysql") && db == NULL;
            has = is_system;
        }
    }
    return has;
}

bool
bs_grants_may_give(const struct bs_grants *grants, const char *privilege, const char *pattern) {
    for (size_t i = 0; i < grants->count; i++) {
        const struct bs_grant *grant = &grants->items[i];
        bool applies =
            grant->db == NULL ||
            (pattern != NULL && (strcmp(grant->db, pattern) == 0 || matches(grant->db, pattern)));
        if (applies && !grant->is_revoke && grant->may_give && lists(grant, privilege)) {
            return true;
        }
    }
    return false;
}

/* 'user'@'host'. The host has no @, the user may. */
static enum bs_status
load_account(struct bs_sql *sql, struct bs_grants *grants, struct bs_error *err) {
    struct bs_buf value = {0}, out = {0};
    bool found = false;
    enum bs_status status = bs_sql_value(sql, &value, &found, err, "SELECT CURRENT_USER()");
    const char *text = bs_buf_cstr(&value);
    const char *at = strrchr(text, '@');
    if (at != NULL) {
        bs_sql_put_string(&out, (struct bs_str){text, (size_t)(at - text)});
        bs_buf_puts(&out, "@");
        bs_sql_put_string(&out, bs_str(at + 1));
    }
    grants->account = bs_buf_take_cstr(&out);
    bs_buf_fini(&value);
    return status;
}

/* MySQL shows what active roles give only when they are named; MariaDB shows it as it is. */
static enum bs_status
put_statement(struct bs_sql *sql, const struct bs_server *server, struct bs_buf *text,
              struct bs_error *err) {
    struct bs_buf roles = {0};
    bool found = false;
    enum bs_status status = BS_OK;
    bool has_roles = server->flavour == BS_MYSQL && server->version >= 80000;
    if (has_roles) {
        status = bs_sql_value(sql, &roles, &found, err, "SELECT CURRENT_ROLE()");
    }
    if (found && !bs_str_is(bs_buf_str(&roles), "NONE")) {
        bs_buf_printf(text, "SHOW GRANTS FOR CURRENT_USER() USING %s", bs_buf_cstr(&roles));
    } else {
        bs_buf_puts(text, "SHOW GRANTS");
    }
    bs_buf_fini(&roles);
    return status;
}

enum bs_status
bs_grants_load(struct bs_sql *sql, const struct bs_server *server, struct bs_grants *grants,
               struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    *grants = (struct bs_grants){0};
    enum bs_status status = load_account(sql, grants, err);
    if (status == BS_OK) {
        status = put_statement(sql, server, &text, err);
    }
    if (status == BS_OK) {
        status = bs_sql_query(sql, &result, err, "%s", bs_buf_cstr(&text));
    }
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        bs_grants_add_line(grants, row[0]);
    }
    bs_sql_result_free(result);
    bs_buf_fini(&text);
    if (status != BS_OK) {
        bs_grants_fini(grants);
    }
    return status;
}
