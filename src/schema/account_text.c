/* Statements that make accounts. ALTER says all of an account's settings, the default ones too: it
 * must take back what the account had before. */
#include "schema/account.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    HAS_ALTER = 50706,           /* MySQL: ALTER USER with all of CREATE USER; ACCOUNT LOCK */
    HAS_HISTORY = 80003,         /* PASSWORD HISTORY, PASSWORD REUSE INTERVAL */
    HAS_REQUIRE_CURRENT = 80013, /* PASSWORD REQUIRE CURRENT */
    HAS_HEX = 80017,             /* IDENTIFIED WITH ... AS 0x... */
    HAS_LOCKING = 80019,         /* FAILED_LOGIN_ATTEMPTS */
    HAS_ATTRIBUTE = 80021,       /* ATTRIBUTE */
};

static bool
is_mysql(const struct bs_server *server, uint32_t since) {
    return server->flavour == BS_MYSQL && server->version >= since;
}

static void
add(struct bs_account_statements *out, struct bs_buf *text) {
    void *items = out->items;
    bs_array_grow(&items, &out->cap, out->count, sizeof *out->items);
    out->items = items;
    out->items[out->count++] = bs_buf_take_cstr(text);
}

static void
put_ident(struct bs_buf *out, const char *text) {
    bs_buf_puts(out, "`");
    for (; *text != '\0'; text++) {
        bs_buf_puts(out, *text == '`' ? "`" : "");
        bs_buf_put_u8(out, (uint8_t)*text);
    }
    bs_buf_puts(out, "`");
}

/* For sessions without NO_BACKSLASH_ESCAPES whose names are binary. */
static void
put_string(struct bs_buf *out, const char *bytes, size_t len) {
    bs_buf_puts(out, "'");
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\0') {
            bs_buf_puts(out, "\\0");
            continue;
        }
        bs_buf_puts(out, bytes[i] == '\'' || bytes[i] == '\\' ? "\\" : "");
        bs_buf_put_u8(out, (uint8_t)bytes[i]);
    }
    bs_buf_puts(out, "'");
}

void
bs_account_put_name(struct bs_buf *out, const struct bs_account_name *name) {
    if (bs_account_is_public(name)) {
        bs_buf_puts(out, "PUBLIC");
        return;
    }
    put_ident(out, name->user);
    if (!name->is_role) {
        bs_buf_puts(out, "@");
        put_ident(out, name->host);
    }
}

void
bs_account_put_shown(struct bs_buf *out, const struct bs_account_name *name) {
    if (name->is_role) {
        bs_buf_printf(out, "role %s", name->user);
    } else {
        bs_buf_printf(out, "'%s'@'%s'", name->user, name->host);
    }
}

/* Identity. */

static bool
is_native(const struct bs_account_way *way) {
    return strcmp(way->plugin, "mysql_native_password") == 0;
}

static void
put_hash(struct bs_buf *out, const struct bs_account_way *way, bool as_hex) {
    if (!as_hex) {
        put_string(out, way->hash, way->hash_len);
        return;
    }
    bs_buf_puts(out, "0x");
    for (size_t i = 0; i < way->hash_len; i++) {
        bs_buf_printf(out, "%02X", (unsigned int)(unsigned char)way->hash[i]);
    }
}

/* Without a password: an ALTER that only names the plugin would make the account expire. */
static void
put_way_mysql(struct bs_buf *out, const struct bs_account_way *way, bool alter,
              const struct bs_server *server) {
    bs_buf_puts(out, " IDENTIFIED WITH ");
    put_string(out, way->plugin, strlen(way->plugin));
    if (way->hash_len > 0) {
        bs_buf_puts(out, " AS ");
        put_hash(out, way, is_mysql(server, HAS_HEX));
    } else if (alter && bs_account_way_is_open(way)) {
        bs_buf_puts(out, " BY ''");
    }
}

static void
put_ways_mariadb(struct bs_buf *out, const struct bs_account *account) {
    for (size_t i = 0; i < account->way_count; i++) {
        const struct bs_account_way *way = &account->ways[i];
        bs_buf_puts(out, i == 0 ? " IDENTIFIED VIA " : " OR ");
        put_ident(out, way->plugin);
        if (way->hash_len > 0 || is_native(way)) {
            bs_buf_puts(out, " USING ");
            put_string(out, way->hash, way->hash_len);
        }
    }
}

static void
put_specified(struct bs_buf *out, const char *word, const char *text) {
    if (text != NULL && *text != '\0') {
        bs_buf_printf(out, " %s ", word);
        put_string(out, text, strlen(text));
    }
}

static void
put_tls(struct bs_buf *out, const struct bs_account *account) {
    static const char *const WORDS[] = {[BS_TLS_NONE] = " NONE",
                                        [BS_TLS_ANY] = " SSL",
                                        [BS_TLS_X509] = " X509",
                                        [BS_TLS_SPECIFIED] = ""};
    bs_buf_printf(out, " REQUIRE%s", WORDS[account->tls]);
    if (account->tls == BS_TLS_SPECIFIED) {
        put_specified(out, "CIPHER", account->cipher);
        put_specified(out, "ISSUER", account->issuer);
        put_specified(out, "SUBJECT", account->subject);
    }
}

/* Those that are set; with `all` also that the others are not. */
static void
put_limits(struct bs_buf *out, const struct bs_account *account, bool all,
           const struct bs_server *server) {
    static const char *const WORDS[BS_ACCOUNT_LIMITS] = {
        "MAX_QUERIES_PER_HOUR", "MAX_UPDATES_PER_HOUR", "MAX_CONNECTIONS_PER_HOUR",
        "MAX_USER_CONNECTIONS"};
    const char *with = " WITH";
    for (size_t i = 0; i < BS_ACCOUNT_LIMITS; i++) {
        if (all || account->limits[i] > 0) {
            bs_buf_printf(out, "%s %s %" PRIu64, with, WORDS[i], account->limits[i]);
            with = "";
        }
    }
    bool is_timed = account->statement_time != NULL;
    if (server->flavour == BS_MARIADB && (all || is_timed)) {
        bs_buf_printf(out, "%s MAX_STATEMENT_TIME %s", with,
                      is_timed ? account->statement_time : "0");
    }
}

static void
put_lock(struct bs_buf *out, const struct bs_account *account) {
    bs_buf_puts(out, account->locked ? " ACCOUNT LOCK" : " ACCOUNT UNLOCK");
}

static void
put_lifetime(struct bs_buf *out, const struct bs_account *account) {
    if (account->lifetime_days == BS_ACCOUNT_DEFAULT) {
        bs_buf_puts(out, " PASSWORD EXPIRE DEFAULT");
    } else if (account->lifetime_days == 0) {
        bs_buf_puts(out, " PASSWORD EXPIRE NEVER");
    } else {
        bs_buf_printf(out, " PASSWORD EXPIRE INTERVAL %" PRId64 " DAY", account->lifetime_days);
    }
}

static void
put_number(struct bs_buf *out, const char *words, int64_t value, const char *unit) {
    if (value == BS_ACCOUNT_DEFAULT) {
        bs_buf_printf(out, " %s DEFAULT", words);
    } else {
        bs_buf_printf(out, " %s %" PRId64 "%s", words, value, unit);
    }
}

static void
put_history(struct bs_buf *out, const struct bs_account *account, const struct bs_server *server) {
    if (is_mysql(server, HAS_HISTORY)) {
        put_number(out, "PASSWORD HISTORY", account->reuse_count, "");
        put_number(out, "PASSWORD REUSE INTERVAL", account->reuse_days, " DAY");
    }
    if (is_mysql(server, HAS_REQUIRE_CURRENT)) {
        bs_buf_printf(out, " PASSWORD REQUIRE CURRENT%s",
                      account->asks_current == BS_ACCOUNT_DEFAULT ? " DEFAULT"
                      : account->asks_current == 0                ? " OPTIONAL"
                                                                  : "");
    }
    if (is_mysql(server, HAS_LOCKING)) {
        bs_buf_printf(out, " FAILED_LOGIN_ATTEMPTS %" PRIu64 " PASSWORD_LOCK_TIME ",
                      account->failed_attempts);
        bs_buf_printf(out, account->lock_days < 0 ? "UNBOUNDED" : "%" PRId64, account->lock_days);
    }
}

static void
put_settings(struct bs_buf *out, const struct bs_account *account, bool alter,
             const struct bs_server *server) {
    put_tls(out, account);
    put_limits(out, account, alter, server);
    if (server->flavour == BS_MARIADB) {
        put_lock(out, account);
        put_lifetime(out, account);
        return;
    }
    put_lifetime(out, account);
    put_lock(out, account);
    put_history(out, account, server);
    if (is_mysql(server, HAS_ATTRIBUTE) && account->attribute != NULL) {
        bs_buf_puts(out, " ATTRIBUTE ");
        put_string(out, account->attribute, strlen(account->attribute));
    }
}

static void
add_account(struct bs_account_statements *out, bool alter, const struct bs_account *account,
            const struct bs_server *server) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, alter ? "ALTER USER " : "CREATE USER ");
    bs_account_put_name(&text, &account->name);
    if (server->flavour == BS_MARIADB) {
        put_ways_mariadb(&text, account);
    } else if (account->way_count > 0) {
        put_way_mysql(&text, &account->ways[0], alter, server);
    }
    put_settings(&text, account, alter, server);
    add(out, &text);
}

/* Besides how often a password is to be changed; when it was last, no statement can say. */
static void
add_expiry(struct bs_account_statements *out, const struct bs_account *account) {
    struct bs_buf text = {0};
    if (account->expired) {
        bs_buf_puts(&text, "ALTER USER ");
        bs_account_put_name(&text, &account->name);
        bs_buf_puts(&text, " PASSWORD EXPIRE");
        add(out, &text);
    }
}

bool
bs_account_has_settings(const struct bs_account *account) {
    bool has = account->tls != BS_TLS_NONE;
    for (size_t i = 0; i < BS_ACCOUNT_LIMITS; i++) {
        has = has || account->limits[i] > 0;
    }
    return has;
}

/* MySQL before 5.7. */
static void
add_old(struct bs_account_statements *out, const struct bs_account *account,
        const struct bs_server *server) {
    struct bs_buf text = {0};
    BS_ASSERT(account->way_count > 0);
    const struct bs_account_way *way = &account->ways[0];
    bs_buf_puts(&text, "CREATE USER ");
    bs_account_put_name(&text, &account->name);
    bool is_first = is_native(way) || strcmp(way->plugin, "mysql_old_password") == 0;
    if (is_first && way->hash_len > 0) {
        bs_buf_puts(&text, " IDENTIFIED BY PASSWORD ");
        put_hash(&text, way, false);
    } else if (!is_first) {
        put_way_mysql(&text, way, false, server);
    }
    add(out, &text);
    if (!bs_account_has_settings(account)) {
        return;
    }
    bs_buf_puts(&text, "GRANT USAGE ON *.* TO ");
    bs_account_put_name(&text, &account->name);
    put_tls(&text, account);
    put_limits(&text, account, false, server);
    add(out, &text);
}

bool
bs_account_is_remade(const struct bs_server *server) {
    return server->flavour == BS_MYSQL && server->version < HAS_ALTER;
}

static void
add_role(struct bs_account_statements *out, const struct bs_account_name *name) {
    struct bs_buf text = {0};
    if (!bs_account_is_public(name)) {
        bs_buf_puts(&text, "CREATE ROLE ");
        bs_account_put_name(&text, name);
        add(out, &text);
    }
}

void
bs_account_put_create(struct bs_account_statements *out, const struct bs_account *account,
                      const struct bs_server *server) {
    if (account->name.is_role) {
        add_role(out, &account->name);
        return;
    }
    if (bs_account_is_remade(server)) {
        add_old(out, account, server);
    } else {
        add_account(out, false, account, server);
    }
    add_expiry(out, account);
}

void
bs_account_put_alter(struct bs_account_statements *out, const struct bs_account *account,
                     const struct bs_server *server) {
    if (account->name.is_role) {
        return;
    }
    if (bs_account_is_remade(server)) {
        bs_account_put_drop(out, &account->name);
        bs_account_put_create(out, account, server);
        return;
    }
    add_account(out, true, account, server);
    add_expiry(out, account);
}

void
bs_account_put_attribute(struct bs_account_statements *out, const struct bs_account_name *name,
                         const char *attribute) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "ALTER USER ");
    bs_account_put_name(&text, name);
    bs_buf_puts(&text, " ATTRIBUTE ");
    put_string(&text, attribute, strlen(attribute));
    add(out, &text);
}

void
bs_account_put_drop(struct bs_account_statements *out, const struct bs_account_name *name) {
    struct bs_buf text = {0};
    if (bs_account_is_public(name)) {
        bs_buf_puts(&text, "REVOKE ALL PRIVILEGES, GRANT OPTION FROM PUBLIC");
    } else {
        bs_buf_puts(&text, name->is_role ? "DROP ROLE " : "DROP USER ");
        bs_account_put_name(&text, name);
    }
    add(out, &text);
}

/* Rights. */

/* The pattern as the name that it stands for, where the server takes no patterns. */
static void
put_database(struct bs_buf *out, const struct bs_account_grant *grant,
             const struct bs_account_abilities *can) {
    struct bs_buf name = {0};
    bool is_name = can != NULL && can->partial_revokes && !grant->is_revoke;
    for (const char *at = grant->db; *at != '\0'; at++) {
        at += is_name && *at == '\\' && at[1] != '\0';
        bs_buf_put_u8(&name, (uint8_t)*at);
    }
    put_ident(out, bs_buf_cstr(&name));
    bs_buf_fini(&name);
}

void
bs_account_put_object(struct bs_buf *out, const struct bs_account_grant *grant,
                      const struct bs_account_abilities *can) {
    static const char *const KINDS[] = {[BS_GRANT_GLOBAL] = "",
                                        [BS_GRANT_DATABASE] = "",
                                        [BS_GRANT_TABLE] = "",
                                        [BS_GRANT_PROCEDURE] = "PROCEDURE ",
                                        [BS_GRANT_FUNCTION] = "FUNCTION ",
                                        [BS_GRANT_PACKAGE] = "PACKAGE ",
                                        [BS_GRANT_PACKAGE_BODY] = "PACKAGE BODY "};
    bs_buf_puts(out, KINDS[grant->level]);
    if (grant->level == BS_GRANT_GLOBAL) {
        bs_buf_puts(out, "*.*");
        return;
    }
    if (grant->level == BS_GRANT_DATABASE) {
        put_database(out, grant, can);
        bs_buf_puts(out, ".*");
        return;
    }
    put_ident(out, grant->db);
    bs_buf_puts(out, ".");
    put_ident(out, grant->name);
}

void
bs_account_put_grant(struct bs_buf *out, const struct bs_account_grant *grant,
                     const struct bs_account_name *name, const struct bs_account_abilities *can) {
    bs_buf_puts(out, grant->is_revoke ? "REVOKE " : "GRANT ");
    for (size_t i = 0; i < grant->count; i++) {
        const struct bs_privilege *privilege = &grant->privileges[i];
        bs_buf_printf(out, "%s%s", i > 0 ? ", " : "", privilege->name);
        if (privilege->columns != NULL) {
            bs_buf_printf(out, " (%s)", privilege->columns);
        }
    }
    bs_buf_puts(out, grant->count == 0 ? "USAGE ON " : " ON ");
    bs_account_put_object(out, grant, can);
    bs_buf_puts(out, grant->is_revoke ? " FROM " : " TO ");
    bs_account_put_name(out, name);
    bs_buf_puts(out, grant->with_option && !grant->is_revoke ? " WITH GRANT OPTION" : "");
}

static void
add_grants(struct bs_account_statements *out, const struct bs_account *account, bool revokes,
           const struct bs_account_abilities *can) {
    for (size_t i = 0; i < account->grant_count; i++) {
        struct bs_buf text = {0};
        if (account->grants[i].is_revoke == revokes) {
            bs_account_put_grant(&text, &account->grants[i], &account->name, can);
            add(out, &text);
        }
    }
}

static void
add_ties(struct bs_account_statements *out, const struct bs_account_ties *ties,
         const struct bs_account_name *name, const char *before, const char *option) {
    for (size_t i = 0; i < ties->count; i++) {
        struct bs_buf text = {0};
        bs_buf_puts(&text, before);
        bs_account_put_name(&text, &ties->items[i].to);
        bs_buf_puts(&text, " TO ");
        bs_account_put_name(&text, name);
        bs_buf_puts(&text, ties->items[i].with_option ? option : "");
        add(out, &text);
    }
}

static void
add_defaults(struct bs_account_statements *out, const struct bs_account *account,
             const struct bs_server *server) {
    struct bs_buf text = {0};
    if (account->defaults.count == 0) {
        return;
    }
    bs_buf_puts(&text, "SET DEFAULT ROLE ");
    for (size_t i = 0; i < account->defaults.count; i++) {
        bs_buf_puts(&text, i > 0 ? ", " : "");
        bs_account_put_name(&text, &account->defaults.items[i].to);
    }
    bs_buf_puts(&text, server->flavour == BS_MARIADB ? " FOR " : " TO ");
    bs_account_put_name(&text, &account->name);
    add(out, &text);
}

void
bs_account_put_rights(struct bs_account_statements *out, const struct bs_account *account,
                      const struct bs_server *server, const struct bs_account_abilities *can) {
    add_grants(out, account, false, can);
    add_grants(out, account, true, can);
    add_ties(out, &account->roles, &account->name, "GRANT ", " WITH ADMIN OPTION");
    add_defaults(out, account, server);
    add_ties(out, &account->proxies, &account->name, "GRANT PROXY ON ", " WITH GRANT OPTION");
}

static void
add_untie(struct bs_account_statements *out, const struct bs_account_ties *ties,
          const struct bs_account_name *name, const char *before) {
    for (size_t i = 0; i < ties->count; i++) {
        struct bs_buf text = {0};
        bs_buf_puts(&text, before);
        bs_account_put_name(&text, &ties->items[i].to);
        bs_buf_puts(&text, " FROM ");
        bs_account_put_name(&text, name);
        add(out, &text);
    }
}

static void
add_no_default(struct bs_account_statements *out, const struct bs_account_name *name,
               const struct bs_server *server) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "SET DEFAULT ROLE NONE ");
    bs_buf_puts(&text, server->flavour == BS_MARIADB ? "FOR " : "TO ");
    bs_account_put_name(&text, name);
    add(out, &text);
}

void
bs_account_put_strip(struct bs_account_statements *out, const struct bs_account_name *name,
                     const struct bs_account *there, const struct bs_server *server) {
    if (there->defaults.count > 0) {
        add_no_default(out, name, server);
    }
    add_untie(out, &there->proxies, name, "REVOKE PROXY ON ");
    add_untie(out, &there->roles, name, "REVOKE ");
    struct bs_buf text = {0};
    bs_buf_puts(&text, "REVOKE ALL PRIVILEGES, GRANT OPTION FROM ");
    bs_account_put_name(&text, name);
    add(out, &text);
}
