/* Tables rather than SHOW CREATE USER: before MySQL 8.0 and MariaDB 10.11 that prints certificates'
 * names without escaping what is in them, MySQL 5.6 has none, and hashes may be any bytes. */
#include "catalog/accounts.h"

#include "base/mem.h"
#include "catalog/catalog_private.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HAS_PROXIES = 50507,    /* MySQL */
    HAS_ROLES = 80000,      /* MySQL */
    HAS_ATTRIBUTES = 80014, /* MySQL: mysql.user.User_attributes */
    GRANT_BIT = 1024,       /* of MariaDB's access */
};

static bool
is_mysql(const struct bs_server *server, uint32_t since) {
    return server->flavour == BS_MYSQL && server->version >= since;
}

/* The list. */

static void
put_key(struct bs_buf *key, struct bs_str user, struct bs_str host, bool is_role) {
    bs_buf_put_u8(key, is_role ? 'r' : 'u');
    bs_buf_put_str(key, user);
    bs_buf_put_u8(key, 0);
    bs_buf_put_str(key, host);
}

static size_t
find_place(const struct bs_account_list *list, struct bs_str user, struct bs_str host,
           bool is_role) {
    struct bs_buf key = {0};
    put_key(&key, user, host, is_role);
    size_t place = (size_t)(uintptr_t)bs_map_get(&list->places, bs_buf_str(&key));
    bs_buf_fini(&key);
    return place;
}

/* Tables say (user, host); a role of MariaDB has the host "". */
static struct bs_account *
find_row(const struct bs_account_list *list, struct bs_str user, struct bs_str host) {
    size_t place = host.len == 0 ? find_place(list, user, host, true) : 0;
    place = place > 0 ? place : find_place(list, user, host, false);
    return place > 0 ? &list->items[place - 1] : NULL;
}

struct bs_account *
bs_account_list_find(const struct bs_account_list *list, const struct bs_account_name *name) {
    size_t place = find_place(list, bs_str(name->user), bs_str(name->host), name->is_role);
    return place > 0 ? &list->items[place - 1] : NULL;
}

void
bs_account_list_fini(struct bs_account_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        bs_account_fini(&list->items[i]);
    }
    free(list->items);
    free(list->sums);
    bs_map_fini(&list->places);
    *list = (struct bs_account_list){0};
}

static struct bs_account *
add_account(struct bs_account_list *list, struct bs_str user, struct bs_str host, bool is_role) {
    struct bs_buf key = {0};
    void *items = list->items;
    bs_array_grow(&items, &list->cap, list->count, sizeof *list->items);
    list->items = items;
    items = list->sums;
    bs_array_grow(&items, &list->sum_cap, list->count, sizeof *list->sums);
    list->sums = items;
    list->sums[list->count] = (struct bs_account_sum){{0, 0}};
    struct bs_account *account = &list->items[list->count++];
    *account = (struct bs_account){
        .name = {bs_strndup(user.data, user.len), bs_strndup(host.data, host.len), is_role}};
    put_key(&key, user, host, is_role);
    (void)bs_map_put(&list->places, bs_buf_str(&key), (void *)(uintptr_t)list->count);
    bs_buf_fini(&key);
    return account;
}

/* What a row says, whatever its columns mean. The order of rows says nothing. */
static void
add_sum(struct bs_account_list *list, const struct bs_account *account,
        const struct bs_answer *answer, uint8_t table) {
    struct bs_buf bytes = {0};
    struct bs_account_sum *sum = &list->sums[account - list->items];
    for (uint8_t seed = 0; seed < 2; seed++) {
        bs_buf_clear(&bytes);
        bs_buf_put_u8(&bytes, seed);
        bs_buf_put_u8(&bytes, table);
        for (unsigned int i = 0; i < bs_sql_column_count(answer->result); i++) {
            bs_buf_put_lenenc_str(&bytes,
                                  answer->row[i].data != NULL ? answer->row[i] : bs_str("NULL"));
        }
        sum->sums[seed] += bs_hash(bytes.data, bytes.len);
    }
    bs_buf_fini(&bytes);
}

/* Columns. */

static bool
is_set(const struct bs_answer *answer, const char *column) {
    struct bs_str text = bs_answer_text(answer, column);
    return text.data != NULL &&
           (bs_str_is_nocase(text, "Y") || bs_str_is(text, "1") || bs_str_is_nocase(text, "true"));
}

static int64_t
number_or_default(const struct bs_answer *answer, const char *column) {
    struct bs_str text = bs_answer_text(answer, column);
    return text.data != NULL && text.len > 0 ? strtoll(text.data, NULL, 10) : BS_ACCOUNT_DEFAULT;
}

static char *
copy_or_empty(const struct bs_answer *answer, const char *column) {
    char *text = bs_answer_copy(answer, column);
    return text != NULL ? text : bs_strdup("");
}

static enum bs_account_tls
read_tls(struct bs_str type) {
    static const char *const WORDS[] = {"NONE", "ANY", "X509", "SPECIFIED"};
    static const char *const NUMBERS[] = {"0", "1", "2", "3"};
    for (unsigned int i = 0; type.data != NULL && i < 4; i++) {
        if (bs_str_is_nocase(type, WORDS[i]) || bs_str_is(type, NUMBERS[i])) {
            return (enum bs_account_tls)i;
        }
    }
    return BS_TLS_NONE;
}

/* What all servers have under the same names. */
static void
read_common(struct bs_account *account, const struct bs_answer *answer) {
    static const char *const LIMITS[BS_ACCOUNT_LIMITS] = {
        "max_questions", "max_updates", "max_connections", "max_user_connections"};
    account->tls = read_tls(bs_answer_text(answer, "ssl_type"));
    account->cipher = copy_or_empty(answer, "ssl_cipher");
    account->issuer = copy_or_empty(answer, "x509_issuer");
    account->subject = copy_or_empty(answer, "x509_subject");
    for (size_t i = 0; i < BS_ACCOUNT_LIMITS; i++) {
        account->limits[i] = bs_answer_number(answer, LIMITS[i]);
    }
    account->locked = is_set(answer, "account_locked");
    account->lifetime_days = number_or_default(answer, "password_lifetime");
    account->reuse_count = number_or_default(answer, "Password_reuse_history");
    account->reuse_days = number_or_default(answer, "Password_reuse_time");
    struct bs_str asks = bs_answer_text(answer, "Password_require_current");
    account->asks_current = asks.data == NULL ? BS_ACCOUNT_DEFAULT : bs_str_is_nocase(asks, "Y");
}

/* MySQL. */

static void
read_mysql_way(struct bs_account *account, const struct bs_answer *answer) {
    enum { OLD_LEN = 16 };
    struct bs_str none = {"", 0};
    struct bs_str plugin = bs_answer_text(answer, "plugin");
    struct bs_str hash = bs_answer_text(answer, "authentication_string");
    struct bs_str password = bs_answer_text(answer, "Password"); /* before 5.7 */
    if (plugin.data == NULL || plugin.len == 0) {
        plugin = bs_str(password.data != NULL && password.len == OLD_LEN ? "mysql_old_password"
                                                                         : "mysql_native_password");
    }
    if (password.data != NULL && password.len > 0) {
        hash = password;
    }
    bs_account_add_way(account, plugin, hash.data != NULL ? hash : none);
}

static void
read_mysql(struct bs_account *account, const struct bs_answer *answer) {
    read_common(account, answer);
    read_mysql_way(account, answer);
    account->expired = is_set(answer, "password_expired");
    account->may_grant = is_set(answer, "Grant_priv");
    account->attribute = bs_answer_copy(answer, "bs_metadata");
    account->failed_attempts = bs_answer_number(answer, "bs_attempts");
    int64_t lock_days = number_or_default(answer, "bs_lock_days");
    account->lock_days = account->failed_attempts > 0 || lock_days > 0 ? lock_days : 0;
    account->has_second_password = is_set(answer, "bs_second");
    account->has_factors = is_set(answer, "bs_factors");
}

/* Paths as UTF-8: names are binary. */
static void
put_mysql_query(struct bs_buf *text, const struct bs_server *server) {
    bs_buf_puts(text, "SELECT u.*");
    if (is_mysql(server, HAS_ATTRIBUTES)) {
        bs_buf_puts(text, ", JSON_EXTRACT(u.User_attributes, _utf8mb4'$.metadata') AS bs_metadata"
                          ", JSON_EXTRACT(u.User_attributes, "
                          "_utf8mb4'$.Password_locking.failed_login_attempts') AS bs_attempts"
                          ", JSON_EXTRACT(u.User_attributes, "
                          "_utf8mb4'$.Password_locking.password_lock_time_days') AS bs_lock_days"
                          ", JSON_CONTAINS_PATH(u.User_attributes, _utf8mb4'one', "
                          "_utf8mb4'$.additional_password') AS bs_second"
                          ", JSON_CONTAINS_PATH(u.User_attributes, _utf8mb4'one', "
                          "_utf8mb4'$.multi_factor_authentication') AS bs_factors");
    }
    bs_buf_puts(text, " FROM mysql.user u");
}

/* MariaDB. */

static void
put_json_column(struct bs_buf *text, const char *path, const char *column) {
    bs_buf_printf(text, ", JSON_VALUE(Priv, '$.%s') AS %s", path, column);
}

static void
put_mariadb_query(struct bs_buf *text) {
    static const char *const COLUMNS[] = {"is_role",
                                          "plugin",
                                          "authentication_string",
                                          "ssl_type",
                                          "ssl_cipher",
                                          "x509_issuer",
                                          "x509_subject",
                                          "max_questions",
                                          "max_updates",
                                          "max_connections",
                                          "max_user_connections",
                                          "max_statement_time",
                                          "account_locked",
                                          "password_lifetime",
                                          "password_last_changed",
                                          "default_role"};
    bs_buf_puts(text, "SELECT User, Host, Priv, JSON_LENGTH(Priv, '$.auth_or') AS bs_ways");
    for (size_t i = 0; i < sizeof COLUMNS / sizeof COLUMNS[0]; i++) {
        put_json_column(text, COLUMNS[i], COLUMNS[i]);
    }
    for (int i = 0; i < BS_ACCOUNT_WAYS_MAX; i++) {
        bs_buf_printf(text, ", JSON_VALUE(Priv, '$.auth_or[%d].plugin') AS bs_plugin_%d", i, i);
        bs_buf_printf(
            text, ", JSON_VALUE(Priv, '$.auth_or[%d].authentication_string') AS bs_hash_%d", i, i);
    }
    bs_buf_printf(text,
                  ", CAST(JSON_VALUE(Priv, '$.access') AS UNSIGNED) & %d AS bs_grants "
                  "FROM mysql.global_priv",
                  GRANT_BIT);
}

static void
add_mariadb_way(struct bs_account *account, const struct bs_answer *answer, const char *plugin,
                const char *hash) {
    struct bs_str name = bs_answer_text(answer, plugin);
    struct bs_str bytes = bs_answer_text(answer, hash);
    bs_account_add_way(account,
                       name.data != NULL && name.len > 0 ? name : bs_str("mysql_native_password"),
                       bytes.data != NULL ? bytes : (struct bs_str){"", 0});
}

/* In the list of ways {} stands for the one that is told beside it. */
static bool
read_mariadb_ways(struct bs_account *account, const struct bs_answer *answer) {
    uint64_t count = bs_answer_number(answer, "bs_ways");
    if (count > BS_ACCOUNT_WAYS_MAX) {
        return false;
    }
    if (count == 0) {
        add_mariadb_way(account, answer, "plugin", "authentication_string");
    }
    for (unsigned int i = 0; i < (unsigned int)count; i++) {
        char plugin[32], hash[32];
        (void)snprintf(plugin, sizeof plugin, "bs_plugin_%u", i);
        (void)snprintf(hash, sizeof hash, "bs_hash_%u", i);
        bool is_first = bs_answer_text(answer, plugin).data == NULL;
        add_mariadb_way(account, answer, is_first ? "plugin" : plugin,
                        is_first ? "authentication_string" : hash);
    }
    return true;
}

static bool
read_mariadb(struct bs_account *account, const struct bs_answer *answer) {
    struct bs_str changed = bs_answer_text(answer, "password_last_changed");
    struct bs_str role = bs_answer_text(answer, "default_role");
    read_common(account, answer);
    account->may_grant = bs_answer_number(answer, "bs_grants") != 0;
    account->expired = !account->name.is_role && changed.data != NULL && bs_str_is(changed, "0");
    account->statement_time = bs_answer_copy(answer, "max_statement_time");
    if (account->statement_time != NULL && strpbrk(account->statement_time, "123456789") == NULL) {
        free(account->statement_time);
        account->statement_time = NULL;
    }
    if (role.data != NULL && role.len > 0) {
        struct bs_account_name name = {bs_strndup(role.data, role.len), bs_strdup(""), true};
        bs_account_ties_add(&account->defaults, &name, false);
        bs_account_name_fini(&name);
    }
    return account->name.is_role || read_mariadb_ways(account, answer);
}

/* Both. */

static enum bs_status
read_account(struct bs_account_list *list, const struct bs_server *server,
             const struct bs_answer *answer, struct bs_error *err) {
    struct bs_str user = bs_answer_text(answer, "User"), host = bs_answer_text(answer, "Host");
    bool is_role = server->flavour == BS_MARIADB && is_set(answer, "is_role");
    struct bs_account *account = add_account(list, user, host, is_role);
    add_sum(list, account, answer, 0);
    if (server->flavour == BS_MYSQL) {
        read_mysql(account, answer);
        return BS_OK;
    }
    if (read_mariadb(account, answer)) {
        return BS_OK;
    }
    return bs_error_set(err, BS_LIMIT, "account %s@%s has more than %d ways to log in",
                        account->name.user, account->name.host, BS_ACCOUNT_WAYS_MAX);
}

static enum bs_status
read_accounts(struct bs_sql *sql, const struct bs_server *server, struct bs_account_list *list,
              struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_answer answer = {0};
    if (server->flavour == BS_MYSQL) {
        put_mysql_query(&text, server);
    } else {
        put_mariadb_query(&text);
    }
    enum bs_status status = bs_answer_ask(&answer, sql, &text, err);
    while (status == BS_OK && (status = bs_answer_next(&answer, err)) == BS_OK &&
           answer.row != NULL) {
        status = read_account(list, server, &answer, err);
    }
    bs_answer_fini(&answer);
    bs_buf_fini(&text);
    return status;
}

/* Other tables: each row is about one account. */

typedef void take_row(struct bs_account_list *list, struct bs_account *account,
                      const struct bs_answer *answer);

static void
take_proxy(struct bs_account_list *list, struct bs_account *account,
           const struct bs_answer *answer) {
    struct bs_account_name to = {copy_or_empty(answer, "Proxied_user"),
                                 copy_or_empty(answer, "Proxied_host"), false};
    (void)list;
    bs_account_ties_add(&account->proxies, &to, is_set(answer, "With_grant"));
    bs_account_name_fini(&to);
}

static void
mark_granted(struct bs_account_list *list, const struct bs_account_name *name) {
    struct bs_account *role = bs_account_list_find(list, name);
    if (role != NULL) {
        role->is_granted = true;
    }
}

static void
take_mysql_role(struct bs_account_list *list, struct bs_account *account,
                const struct bs_answer *answer) {
    struct bs_account_name to = {copy_or_empty(answer, "FROM_USER"),
                                 copy_or_empty(answer, "FROM_HOST"), false};
    bs_account_ties_add(&account->roles, &to, is_set(answer, "WITH_ADMIN_OPTION"));
    mark_granted(list, &to);
    bs_account_name_fini(&to);
}

static void
take_mysql_default(struct bs_account_list *list, struct bs_account *account,
                   const struct bs_answer *answer) {
    struct bs_account_name to = {copy_or_empty(answer, "DEFAULT_ROLE_USER"),
                                 copy_or_empty(answer, "DEFAULT_ROLE_HOST"), false};
    (void)list;
    bs_account_ties_add(&account->defaults, &to, false);
    bs_account_name_fini(&to);
}

static void
take_mariadb_role(struct bs_account_list *list, struct bs_account *account,
                  const struct bs_answer *answer) {
    struct bs_account_name to = {copy_or_empty(answer, "Role"), bs_strdup(""), true};
    bs_account_ties_add(&account->roles, &to, is_set(answer, "Admin_option"));
    mark_granted(list, &to);
    bs_account_name_fini(&to);
}

static const struct {
    const char *name;        /* of the table */
    const char *user, *host; /* its columns that name the account */
    take_row *take;          /* NULL: it only counts that something changed */
    enum { BOTH, OF_MYSQL, OF_MARIADB } servers;
    uint32_t since; /* of MySQL */
} TABLES[] = {
    {"db", "User", "Host", NULL, BOTH, 0},
    {"tables_priv", "User", "Host", NULL, BOTH, 0},
    {"columns_priv", "User", "Host", NULL, BOTH, 0},
    {"procs_priv", "User", "Host", NULL, BOTH, 0},
    {"proxies_priv", "User", "Host", take_proxy, BOTH, HAS_PROXIES},
    {"global_grants", "USER", "HOST", NULL, OF_MYSQL, HAS_ROLES},
    {"role_edges", "TO_USER", "TO_HOST", take_mysql_role, OF_MYSQL, HAS_ROLES},
    {"default_roles", "USER", "HOST", take_mysql_default, OF_MYSQL, HAS_ROLES},
    {"roles_mapping", "User", "Host", take_mariadb_role, OF_MARIADB, 0},
};

enum { TABLE_COUNT = sizeof TABLES / sizeof TABLES[0] };

static enum bs_status
read_table(struct bs_sql *sql, struct bs_account_list *list, size_t index, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_answer answer = {0};
    bs_buf_printf(&text, "SELECT * FROM mysql.%s", TABLES[index].name);
    enum bs_status status = bs_answer_ask(&answer, sql, &text, err);
    while (status == BS_OK && (status = bs_answer_next(&answer, err)) == BS_OK &&
           answer.row != NULL) {
        struct bs_account *account = find_row(list, bs_answer_text(&answer, TABLES[index].user),
                                              bs_answer_text(&answer, TABLES[index].host));
        if (account != NULL) {
            add_sum(list, account, &answer, (uint8_t)(index + 1));
        }
        if (account != NULL && TABLES[index].take != NULL) {
            TABLES[index].take(list, account, &answer);
        }
    }
    bs_answer_fini(&answer);
    bs_buf_fini(&text);
    return status;
}

static bool
has_table(const struct bs_server *server, size_t index) {
    switch (TABLES[index].servers) {
    case BOTH:
        return server->flavour == BS_MARIADB || server->version >= TABLES[index].since;
    case OF_MYSQL:
        return is_mysql(server, TABLES[index].since);
    case OF_MARIADB:
        return server->flavour == BS_MARIADB;
    }
    return false;
}

enum bs_status
bs_catalog_accounts(struct bs_sql *sql, const struct bs_server *server,
                    struct bs_account_list *list, struct bs_error *err) {
    enum bs_status status = read_accounts(sql, server, list, err);
    for (size_t i = 0; i < TABLE_COUNT && status == BS_OK; i++) {
        if (has_table(server, i)) {
            status = read_table(sql, list, i, err);
        }
    }
    for (size_t i = 0; i < list->count; i++) {
        (void)snprintf(list->items[i].seen, sizeof list->items[i].seen, "%016" PRIx64 "%016" PRIx64,
                       list->sums[i].sums[0], list->sums[i].sums[1]);
    }
    if (status == BS_SERVER) {
        status = bs_catalog_need(err, "SELECT", bs_str("mysql"));
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "reading the server's accounts");
}

enum bs_status
bs_catalog_account_grants(struct bs_sql *sql, bool partial_revokes, struct bs_account *account,
                          struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    bs_buf_puts(&text, "SHOW GRANTS FOR ");
    bs_account_put_name(&text, &account->name);
    enum bs_status status = bs_sql_query(sql, &result, err, "%s", bs_buf_cstr(&text));
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        status = bs_account_read_grant(account, row[0], partial_revokes, err);
    }
    bs_sql_result_free(result);
    bs_buf_fini(&text);
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "reading what account %s@%s may do",
                                              account->name.user, account->name.host);
}
