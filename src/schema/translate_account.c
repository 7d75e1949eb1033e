/* An account of one server as it is on another. What says the same there is said so; what has no
 * equal is refused, with what to do: nothing is made weaker or stronger than it was. */
#include "schema/account.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { HAS_ROLES = 80000 };

static bool
is_across(const struct bs_account_route *route) {
    return route->source->flavour != route->target->flavour;
}

static bool
to_mariadb(const struct bs_account_route *route) {
    return is_across(route) && route->target->flavour == BS_MARIADB;
}

/* Names. */

void
bs_translate_account_name(const struct bs_account_route *route, struct bs_account_name *name,
                          bool is_role) {
    if (!is_role || !is_across(route)) {
        return;
    }
    if (route->target->flavour == BS_MYSQL && name->is_role) {
        free(name->host);
        name->host = bs_strdup("%");
        name->is_role = false;
    } else if (route->target->flavour == BS_MARIADB && strcmp(name->host, "%") == 0) {
        name->host[0] = '\0';
        name->is_role = true;
    }
}

static size_t
char_count(const char *text) {
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

/* 10.0.0.0/8, which MySQL takes from 8.0.23 on; 10.0.0.0/255.0.0.0 all take. */
static bool
is_cidr(const char *host) {
    const char *slash = strchr(host, '/');
    return slash != NULL && strchr(slash, '.') == NULL;
}

static void
check_name(const struct bs_account_route *route, const struct bs_account *account,
           struct bs_notes *notes) {
    enum { HAS_CIDR = 80023 };
    const struct bs_account_abilities *can = route->target_can;
    bool takes_cidr = route->target->flavour == BS_MYSQL && route->target->version >= HAS_CIDR;
    if (can->user_max > 0 && char_count(account->name.user) > can->user_max) {
        bs_notes_add(notes, BS_NOTE_REFUSED,
                     "its name has more than the %zu characters that the "
                     "target takes",
                     can->user_max);
    }
    if (can->host_max > 0 && char_count(account->name.host) > can->host_max) {
        bs_notes_add(notes, BS_NOTE_REFUSED,
                     "its host has more than the %zu characters that the "
                     "target takes",
                     can->host_max);
    }
    if (!takes_cidr && is_cidr(account->name.host)) {
        bs_notes_add(notes, BS_NOTE_REFUSED,
                     "the target does not know hosts like %s; with a "
                     "netmask instead (10.0.0.0/255.0.0.0) it does",
                     account->name.host);
    }
}

/* Roles. */

static void
drop_ways(struct bs_account *account) {
    for (size_t i = 0; i < account->way_count; i++) {
        free(account->ways[i].plugin);
        free(account->ways[i].hash);
    }
    account->way_count = 0;
}

/* As CREATE ROLE makes it there. */
static void
make_mysql_role(const struct bs_account_route *route, struct bs_account *account,
                struct bs_notes *notes) {
    if (bs_account_is_public(&account->name)) {
        bs_notes_add(notes, BS_NOTE_REFUSED, "MySQL has no role that everybody is in");
        return;
    }
    if (route->target->version < HAS_ROLES) {
        bs_notes_add(notes, BS_NOTE_REFUSED, "this version of MySQL has no roles");
        return;
    }
    bs_account_add_way(account, bs_str("caching_sha2_password"), bs_str(""));
    account->locked = account->expired = true;
    account->lifetime_days = BS_ACCOUNT_DEFAULT;
}

static void
make_mariadb_role(struct bs_account *account, struct bs_notes *notes) {
    if (!bs_account_looks_like_role(account)) {
        bs_notes_add(notes, BS_NOTE_REFUSED,
                     "it is granted like a role and can log in as well; "
                     "MariaDB's roles cannot");
    } else if (strcmp(account->name.host, "%") != 0) {
        bs_notes_add(notes, BS_NOTE_REFUSED, "it is a role with a host, and MariaDB's have none");
    } else {
        drop_ways(account);
    }
}

static void
translate_role(const struct bs_account_route *route, struct bs_account *account,
               struct bs_notes *notes) {
    if (account->name.is_role && !to_mariadb(route)) {
        make_mysql_role(route, account, notes);
    } else {
        make_mariadb_role(account, notes);
    }
    bs_translate_account_name(route, &account->name, true);
}

/* Log in. */

static void
refuse_plugin(const struct bs_account_way *way, struct bs_notes *notes) {
    bs_notes_add(notes, BS_NOTE_REFUSED, "it logs in with %s, which the target does not have%s",
                 way->plugin,
                 strcmp(way->plugin, "mysql_native_password") == 0
                     ? " (MySQL 8.4 has it with --mysql-native-password=ON, MySQL 9 has not)"
                     : "");
}

/* No password is no password with any plugin that takes one. */
static bool
take_open(const struct bs_account_route *route, struct bs_account_way *way) {
    static const char *const PLUGINS[] = {"caching_sha2_password", "mysql_native_password"};
    for (size_t i = 0; i < 2 && bs_account_way_is_open(way); i++) {
        if (bs_account_can(route->target_can->plugins, bs_str(PLUGINS[i]))) {
            free(way->plugin);
            way->plugin = bs_strdup(PLUGINS[i]);
            return true;
        }
    }
    return false;
}

/* One hash format in both flavours: that of mysql_native_password, and the one before it. */
static bool
is_common(const struct bs_account_way *way) {
    enum { NATIVE_LEN = 41, OLD_LEN = 16 };
    return (strcmp(way->plugin, "mysql_native_password") == 0 && way->hash_len == NATIVE_LEN) ||
           (strcmp(way->plugin, "mysql_old_password") == 0 && way->hash_len == OLD_LEN);
}

static void
translate_way(const struct bs_account_route *route, struct bs_account_way *way,
              struct bs_notes *notes) {
    bool there = bs_account_can(route->target_can->plugins, bs_str(way->plugin));
    bool same = there && (!is_across(route) || bs_account_way_is_open(way) || is_common(way));
    if (same || take_open(route, way)) {
        return;
    }
    if (!there) {
        refuse_plugin(way, notes);
    } else {
        bs_notes_add(notes, BS_NOTE_REFUSED,
                     "what it logs in with (%s) means nothing to the other flavour", way->plugin);
    }
}

static void
translate_ways(const struct bs_account_route *route, struct bs_account *account,
               struct bs_notes *notes) {
    if (account->has_second_password) {
        bs_notes_add(notes, BS_NOTE_REFUSED,
                     "it has a second password, which no statement can "
                     "carry: ALTER USER ... DISCARD OLD PASSWORD on the source");
    }
    if (account->has_factors) {
        bs_notes_add(notes, BS_NOTE_REFUSED, "it logs in with more than one factor");
    }
    if (account->way_count > 1 && route->target->flavour == BS_MYSQL) {
        bs_notes_add(notes, BS_NOTE_REFUSED,
                     "it has more than one way to log in, and MySQL's accounts have one");
        return;
    }
    for (size_t i = 0; i < account->way_count; i++) {
        translate_way(route, &account->ways[i], notes);
    }
}

/* Settings. */

static void
refuse_setting(struct bs_notes *notes, const char *what) {
    bs_notes_add(notes, BS_NOTE_REFUSED, "the target does not know %s", what);
}

static void
check_settings(const struct bs_account_route *route, struct bs_account *account,
               struct bs_notes *notes) {
    if (route->target->flavour == BS_MYSQL && account->statement_time != NULL) {
        refuse_setting(notes, "MAX_STATEMENT_TIME");
    }
    if (!to_mariadb(route)) {
        return;
    }
    if (account->reuse_count > 0 || account->reuse_days > 0) {
        refuse_setting(notes, "PASSWORD HISTORY and PASSWORD REUSE INTERVAL of an account");
    }
    if (account->asks_current == 1) {
        refuse_setting(notes, "PASSWORD REQUIRE CURRENT");
    }
    if (account->failed_attempts > 0) {
        refuse_setting(notes, "FAILED_LOGIN_ATTEMPTS");
    }
    if (account->attribute != NULL) {
        bs_notes_add(notes, BS_NOTE_LEFT_OUT, "its comment or attribute, which MariaDB has not");
        free(account->attribute);
        account->attribute = NULL;
    }
}

/* Ties. */

static bool
is_tied(const struct bs_account_ties *ties, const struct bs_account_name *name) {
    for (size_t i = 0; i < ties->count; i++) {
        if (bs_account_name_equal(&ties->items[i].to, name)) {
            return true;
        }
    }
    return false;
}

/* MariaDB keeps the name of a default role that the account is not in any more; MySQL has those
 * that everybody is in. */
static void
drop_idle_defaults(struct bs_account *account, struct bs_notes *notes) {
    for (size_t i = account->defaults.count; i-- > 0;) {
        struct bs_account_name *name = &account->defaults.items[i].to;
        if (!is_tied(&account->roles, name)) {
            bs_notes_add(notes, BS_NOTE_LEFT_OUT, "its default role %s, which is not granted to it",
                         name->user);
            bs_account_ties_remove(&account->defaults, i);
        }
    }
}

static void
translate_ties(const struct bs_account_route *route, struct bs_account *account,
               struct bs_notes *notes) {
    drop_idle_defaults(account, notes);
    struct bs_account_ties *const TIES[] = {&account->roles, &account->defaults};
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 0; i < TIES[t]->count; i++) {
            bs_translate_account_name(route, &TIES[t]->items[i].to, true);
        }
    }
    if (to_mariadb(route) && account->defaults.count > 1) {
        bs_notes_add(notes, BS_NOTE_REFUSED,
                     "it has %zu default roles, and MariaDB's accounts have one at most",
                     account->defaults.count);
    }
    if (account->roles.count > 0 && route->target->flavour == BS_MYSQL &&
        route->target->version < HAS_ROLES) {
        bs_notes_add(notes, BS_NOTE_REFUSED, "this version of MySQL has no roles");
    }
}

void
bs_translate_identity(const struct bs_account_route *route, struct bs_account *account,
                      struct bs_notes *notes) {
    bool is_role =
        account->name.is_role || account->is_granted || bs_account_looks_like_role(account);
    check_name(route, account, notes);
    if (is_across(route) && is_role) {
        translate_role(route, account, notes);
    } else {
        translate_ways(route, account, notes);
    }
    check_settings(route, account, notes);
    translate_ties(route, account, notes);
}
