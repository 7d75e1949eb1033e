/* What a server knows about accounts, beside them. */
#include "catalog/accounts.h"

#include "base/mem.h"
#include "sql/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    HAS_PLUGINS = 50507,      /* MySQL */
    SHOWS_ATTRIBUTES = 80021, /* MySQL: information_schema.USER_ATTRIBUTES */
};

static bool
is_mysql(const struct bs_server *server, uint32_t since) {
    return server->flavour == BS_MYSQL && server->version >= since;
}

/* The first column of all rows, in upper case if asked for. */
static enum bs_status
read_names(struct bs_sql *sql, const char *query, bool upper, char ***names, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    size_t count = 0;
    *names = NULL;
    enum bs_status status = bs_sql_query(sql, &result, err, "%s", query);
    if (status != BS_OK) {
        return status;
    }
    *names = bs_zalloc((size_t)(bs_sql_row_count(result) + 1) * sizeof **names);
    while ((status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        char *name = bs_strndup(row[0].data, row[0].len);
        for (char *at = name; upper && *at != '\0'; at++) {
            *at = (char)toupper((unsigned char)*at);
        }
        (*names)[count++] = name;
    }
    bs_sql_result_free(result);
    return status;
}

/* Before there were plugins a password was a hash of 41 characters, or of 16. */
static char **
first_plugins(void) {
    char **names = bs_zalloc(3 * sizeof *names);
    names[0] = bs_strdup("mysql_native_password");
    names[1] = bs_strdup("mysql_old_password");
    return names;
}

static enum bs_status
read_width(struct bs_sql *sql, const char *column, size_t *width, struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_value(sql, &value, &found, err,
                     "SELECT CHARACTER_MAXIMUM_LENGTH FROM information_schema.COLUMNS WHERE "
                     "TABLE_SCHEMA='mysql' AND TABLE_NAME='user' AND COLUMN_NAME='%s'",
                     column);
    *width = found ? (size_t)strtoull(bs_buf_cstr(&value), NULL, 10) : 0;
    bs_buf_fini(&value);
    return status;
}

enum bs_status
bs_catalog_account_abilities(struct bs_sql *sql, const struct bs_server *server,
                             struct bs_account_abilities *abilities, struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    *abilities = (struct bs_account_abilities){0};
    enum bs_status status = read_names(sql, "SHOW PRIVILEGES", true, &abilities->privileges, err);
    if (status == BS_OK && (server->flavour == BS_MARIADB || is_mysql(server, HAS_PLUGINS))) {
        status = read_names(sql,
                            "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE "
                            "PLUGIN_TYPE='AUTHENTICATION' AND PLUGIN_STATUS='ACTIVE'",
                            false, &abilities->plugins, err);
    } else if (status == BS_OK) {
        abilities->plugins = first_plugins();
    }
    if (status == BS_OK) {
        status = read_width(sql, "User", &abilities->user_max, err);
    }
    if (status == BS_OK) {
        status = read_width(sql, "Host", &abilities->host_max, err);
    }
    if (status == BS_OK) {
        status = bs_sql_variable(sql, "partial_revokes", true, &value, &found, err);
    }
    abilities->partial_revokes = found && bs_str_is_nocase(bs_buf_str(&value), "ON");
    bs_buf_fini(&value);
    if (status != BS_OK) {
        bs_account_abilities_fini(abilities);
    }
    return status;
}

enum bs_status
bs_catalog_databases(struct bs_sql *sql, char ***names, struct bs_error *err) {
    return read_names(sql, "SHOW DATABASES", false, names, err);
}

/* ["a", "b"] as {"a": null, "b": null}. */
static void
put_nulls(struct bs_buf *out, struct bs_str keys) {
    bool inside = false;
    for (size_t i = 0; i < keys.len; i++) {
        char c = keys.data[i];
        bool brackets = !inside && (c == '[' || c == ']');
        bs_buf_put_u8(out, (uint8_t)(brackets ? (c == '[' ? '{' : '}') : c));
        if (inside && c == '\\' && i + 1 < keys.len) {
            bs_buf_put_u8(out, (uint8_t)keys.data[++i]);
        } else if (c == '"') {
            inside = !inside;
            bs_buf_puts(out, inside ? "" : ": null");
        }
    }
}

enum bs_status
bs_catalog_forget_attribute(struct bs_sql *sql, const struct bs_server *server,
                            const struct bs_account_name *name, struct bs_buf *attribute,
                            struct bs_error *err) {
    struct bs_buf text = {0}, keys = {0};
    bool found = false;
    bs_buf_clear(attribute);
    if (!is_mysql(server, SHOWS_ATTRIBUTES)) {
        return BS_OK;
    }
    bs_buf_puts(&text, "SELECT JSON_KEYS(ATTRIBUTE) FROM information_schema.USER_ATTRIBUTES "
                       "WHERE USER=");
    bs_sql_put_text(&text, "utf8mb4", bs_str(name->user));
    bs_buf_puts(&text, " AND HOST=");
    bs_sql_put_text(&text, "utf8mb4", bs_str(name->host));
    enum bs_status status = bs_sql_value(sql, &keys, &found, err, "%s", bs_buf_cstr(&text));
    if (status == BS_OK && found && !bs_str_is(bs_buf_str(&keys), "[]")) {
        put_nulls(attribute, bs_buf_str(&keys));
    }
    bs_buf_fini(&text);
    bs_buf_fini(&keys);
    return status;
}
