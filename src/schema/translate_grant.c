/* Privileges, by name. What the target has under the same name is granted as it is; the rules below
 * say what has another name there, or is part of another privilege. The rest is refused.
 *
 * From the servers' documentation: "Privileges Provided by MySQL" (8.0, 8.4, 9.x) and "GRANT" of
 * MariaDB with the tables of what moved out of SUPER in 10.5, 10.11 and 11.0. A rule never gives
 * more than was there but for one thing: MySQL shows under REPLICATION CLIENT what MariaDB has
 * under BINLOG MONITOR and SLAVE MONITOR, and BINLOG MONITOR is MariaDB's new name of it. */
#include "schema/account.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum direction { TO_MYSQL, TO_MARIADB, MYSQL_TO_NEWER };

/* All of `from` become all of `to`, where the target has these. "" is nothing: what it allowed is
 * not there, or is allowed to everybody. */
static const struct rule {
    enum direction direction;
    const char *from, *to;
} RULES[] = {
    {TO_MYSQL, "BINLOG MONITOR,SLAVE MONITOR", "REPLICATION CLIENT"},
    {TO_MYSQL, "BINLOG MONITOR", "REPLICATION CLIENT"},
    {TO_MYSQL, "SET USER", "SET_ANY_DEFINER,ALLOW_NONEXISTENT_DEFINER"},
    {TO_MYSQL, "SET USER", "SET_USER_ID"},
    {TO_MYSQL, "CONNECTION ADMIN,READ_ONLY ADMIN", "CONNECTION_ADMIN"},
    {TO_MYSQL, "BINLOG ADMIN,BINLOG REPLAY", "BINLOG_ADMIN"},
    {TO_MYSQL, "BINLOG REPLAY", "REPLICATION_APPLIER"},
    {TO_MYSQL, "REPLICATION SLAVE ADMIN", "REPLICATION_SLAVE_ADMIN"},
    {TO_MYSQL, "SHOW CREATE ROUTINE", "SHOW_ROUTINE"},
    {TO_MYSQL, "DELETE HISTORY", ""},
    {TO_MARIADB, "REPLICATION CLIENT", "BINLOG MONITOR,SLAVE MONITOR"},
    {TO_MARIADB, "REPLICATION CLIENT", "BINLOG MONITOR"},
    {TO_MARIADB, "SET_ANY_DEFINER,ALLOW_NONEXISTENT_DEFINER", "SET USER"},
    {TO_MARIADB, "SET_USER_ID", "SET USER"},
    {TO_MARIADB, "CONNECTION_ADMIN", "CONNECTION ADMIN,READ_ONLY ADMIN"},
    {TO_MARIADB, "BINLOG_ADMIN", "BINLOG ADMIN,BINLOG REPLAY"},
    {TO_MARIADB, "REPLICATION_APPLIER", "BINLOG REPLAY"},
    {TO_MARIADB, "REPLICATION_SLAVE_ADMIN", "REPLICATION SLAVE ADMIN"},
    {TO_MARIADB, "SHOW_ROUTINE", "SHOW CREATE ROUTINE"},
    {TO_MARIADB, "CREATE USER,CREATE ROLE", "CREATE USER"},
    {TO_MARIADB, "CREATE USER,DROP ROLE", "CREATE USER"},
    {TO_MARIADB, "RELOAD,BACKUP_ADMIN", "RELOAD"},
    {TO_MARIADB, "RELOAD,FLUSH_TABLES", "RELOAD"},
    {TO_MARIADB, "RELOAD,FLUSH_STATUS", "RELOAD"},
    {TO_MARIADB, "RELOAD,FLUSH_PRIVILEGES", "RELOAD"},
    {TO_MARIADB, "RELOAD,FLUSH_USER_RESOURCES", "RELOAD"},
    {TO_MARIADB, "RELOAD,FLUSH_OPTIMIZER_COSTS", "RELOAD"},
    {TO_MARIADB, "SUPER,SYSTEM_VARIABLES_ADMIN", "SUPER"},
    {TO_MARIADB, "SUPER,SESSION_VARIABLES_ADMIN", "SUPER"},
    {MYSQL_TO_NEWER, "SET_USER_ID", "SET_ANY_DEFINER,ALLOW_NONEXISTENT_DEFINER"},
    {MYSQL_TO_NEWER, "VERSION_TOKEN_ADMIN", ""}, /* gone with the version tokens */
};

enum { RULE_COUNT = sizeof RULES / sizeof RULES[0] };

/* What was in SUPER before the version, and is by itself since. */
static const struct {
    uint32_t version;
    const char *names;
} OUT_OF_SUPER[] = {
    {101100, "READ_ONLY ADMIN"},
    {110000, "SET USER,FEDERATED ADMIN,CONNECTION ADMIN,REPLICATION SLAVE ADMIN,BINLOG ADMIN,"
             "BINLOG REPLAY,REPLICATION MASTER ADMIN,BINLOG MONITOR,SLAVE MONITOR"},
};

/* The next name of a list; false at its end. */
static bool
next_name(const char **list, struct bs_str *name) {
    if (**list == '\0') {
        return false;
    }
    name->data = *list;
    name->len = strcspn(*list, ",");
    *list += name->len;
    *list += **list == ',';
    return true;
}

static size_t
find(const struct bs_account_grant *grant, struct bs_str name) {
    const struct bs_privilege *found = bs_grant_find_privilege(grant, name);
    return found != NULL ? (size_t)(found - grant->privileges) : grant->count;
}

static bool
has_all(const struct bs_account_grant *grant, const char *list) {
    struct bs_str name;
    while (next_name(&list, &name)) {
        if (find(grant, name) == grant->count) {
            return false;
        }
    }
    return true;
}

static bool
can_all(const struct bs_account_abilities *can, const char *list) {
    struct bs_str name;
    while (next_name(&list, &name)) {
        if (!bs_account_can(can->privileges, name)) {
            return false;
        }
    }
    return true;
}

static void
add_missing(struct bs_account_grant *grant, const char *list) {
    struct bs_str name;
    while (next_name(&list, &name)) {
        if (find(grant, name) == grant->count) {
            bs_grant_add_privilege(grant, name, (struct bs_str){"", 0});
        }
    }
}

static void
remove_all(struct bs_account_grant *grant, const char *list) {
    struct bs_str name;
    while (next_name(&list, &name)) {
        size_t index = find(grant, name);
        if (index < grant->count) {
            bs_grant_remove_privilege(grant, index);
        }
    }
}

static bool
is_of(const struct bs_account_route *route, enum direction direction) {
    bool same = route->source->flavour == route->target->flavour;
    switch (direction) {
    case TO_MYSQL:
        return !same && route->target->flavour == BS_MYSQL;
    case TO_MARIADB:
        return !same && route->target->flavour == BS_MARIADB;
    case MYSQL_TO_NEWER:
        return same && route->target->flavour == BS_MYSQL;
    }
    return false;
}

static void
apply(const struct rule *rule, struct bs_account_grant *grant, struct bs_notes *notes) {
    struct bs_buf object = {0};
    bs_account_put_object(&object, grant, NULL);
    if (*rule->to == '\0') {
        bs_notes_add(notes, BS_NOTE_LEFT_OUT, "%s on %s, which the target has not", rule->from,
                     bs_buf_cstr(&object));
    } else {
        bs_notes_add(notes, BS_NOTE_CHANGED, "%s on %s is %s there", rule->from,
                     bs_buf_cstr(&object), rule->to);
    }
    bs_buf_fini(&object);
    remove_all(grant, rule->from);
    add_missing(grant, rule->to);
}

static void
apply_rules(const struct bs_account_route *route, struct bs_account_grant *grant,
            struct bs_notes *notes) {
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct rule *rule = &RULES[i];
        if (is_of(route, rule->direction) && has_all(grant, rule->from) &&
            can_all(route->target_can, rule->to) && !can_all(route->target_can, rule->from)) {
            apply(rule, grant, notes);
        }
    }
}

/* What SUPER meant on the source is more than it means on a newer MariaDB. */
static void
spread_super(const struct bs_account_route *route, struct bs_account_grant *grant) {
    if (route->target->flavour != BS_MARIADB || find(grant, bs_str("SUPER")) == grant->count) {
        return;
    }
    for (size_t i = 0; i < sizeof OUT_OF_SUPER / sizeof OUT_OF_SUPER[0]; i++) {
        bool before =
            route->source->flavour == BS_MYSQL || route->source->version < OUT_OF_SUPER[i].version;
        bool since = route->target->version >= OUT_OF_SUPER[i].version;
        if (before && since && can_all(route->target_can, OUT_OF_SUPER[i].names)) {
            add_missing(grant, OUT_OF_SUPER[i].names);
        }
    }
}

/* MySQL 8 names each of what GRANT ALL ON *.* gave. The exemptions are given to its own accounts
 * only. */
static bool
has_everything(const struct bs_account_route *route, const struct bs_account_grant *grant) {
    for (char *const *at = route->source_can->privileges; at != NULL && *at != NULL; at++) {
        size_t len = strlen(*at);
        bool is_exemption = len > 7 && strcmp(*at + len - 7, "_EXEMPT") == 0;
        bool is_none = strcmp(*at, "USAGE") == 0 || strcmp(*at, "PROXY") == 0 ||
                       strcmp(*at, "GRANT OPTION") == 0;
        if (!is_none && !is_exemption && find(grant, bs_str(*at)) == grant->count) {
            return false;
        }
    }
    return route->source_can->privileges != NULL;
}

static void
refuse_unknown(const struct bs_account_route *route, const struct bs_account_grant *grant,
               struct bs_notes *notes) {
    struct bs_buf list = {0}, object = {0};
    for (size_t i = 0; i < grant->count; i++) {
        const char *name = grant->privileges[i].name;
        bool known = strcmp(name, "ALL PRIVILEGES") == 0 ||
                     bs_account_can(route->target_can->privileges, bs_str(name));
        if (!known) {
            bs_buf_printf(&list, "%s%s", list.len > 0 ? ", " : "", name);
        }
    }
    if (list.len > 0) {
        bs_account_put_object(&object, grant, NULL);
        bs_notes_add(notes, BS_NOTE_REFUSED, "the target has no equal of %s on %s",
                     bs_buf_cstr(&list), bs_buf_cstr(&object));
    }
    bs_buf_fini(&list);
    bs_buf_fini(&object);
}

static void
check_revoke(const struct bs_account_route *route, const struct bs_account_grant *grant,
             struct bs_notes *notes) {
    if (!route->target_can->partial_revokes) {
        bs_notes_add(notes, BS_NOTE_REFUSED,
                     "database %s is taken out of what it may do on *.*: "
                     "the target must have partial_revokes=ON for that",
                     grant->db);
    }
}

static bool
has_wildcard(const char *pattern) {
    for (; *pattern != '\0'; pattern++) {
        if (*pattern == '%' || *pattern == '_') {
            return true;
        }
        pattern += *pattern == '\\' && pattern[1] != '\0';
    }
    return false;
}

static void
translate_one(const struct bs_account_route *route, struct bs_account_grant *grant,
              struct bs_notes *notes) {
    if (grant->is_revoke) {
        check_revoke(route, grant, notes);
        return;
    }
    if (grant->level == BS_GRANT_DATABASE && route->target_can->partial_revokes &&
        has_wildcard(grant->db)) {
        bs_notes_add(notes, BS_NOTE_REFUSED,
                     "its grant is on databases like %s, and with "
                     "partial_revokes=ON the target takes no patterns",
                     grant->db);
    }
    apply_rules(route, grant, notes);
    spread_super(route, grant);
    refuse_unknown(route, grant, notes);
}

/* MySQL shows what is granted on *.* in two lines, and rules may need names of both. Nothing is
 * lost by one statement where both may be passed on, or neither. */
static void
merge_globals(const struct bs_account_route *route, struct bs_account *account,
              struct bs_notes *notes) {
    struct bs_account_grant *first = NULL;
    bool across = route->source->flavour != route->target->flavour;
    for (size_t i = 0; i < account->grant_count; i++) {
        struct bs_account_grant *grant = &account->grants[i];
        if (grant->level != BS_GRANT_GLOBAL || grant->is_revoke) {
            continue;
        }
        if (first == NULL) {
            first = grant;
        } else if (first->with_option == grant->with_option) {
            for (size_t k = 0; k < grant->count; k++) {
                bs_grant_add_privilege(first, bs_str(grant->privileges[k].name),
                                       (struct bs_str){"", 0});
            }
            bs_account_remove_grant(account, i--);
        } else if (across) {
            bs_notes_add(notes, BS_NOTE_REFUSED,
                         "it may pass on some of its privileges on *.* "
                         "and others not, which MariaDB cannot tell apart");
        }
    }
}

static void
name_everything(const struct bs_account_route *route, struct bs_account *account) {
    for (size_t i = 0; i < account->grant_count; i++) {
        struct bs_account_grant *grant = &account->grants[i];
        bool is_global = grant->level == BS_GRANT_GLOBAL && !grant->is_revoke;
        if (is_global && has_everything(route, grant)) {
            while (grant->count > 0) {
                bs_grant_remove_privilege(grant, 0);
            }
            bs_grant_add_privilege(grant, bs_str("ALL PRIVILEGES"), (struct bs_str){"", 0});
        }
    }
}

void
bs_translate_grants(const struct bs_account_route *route, struct bs_account *account,
                    struct bs_notes *notes) {
    merge_globals(route, account, notes);
    if (route->source->flavour == BS_MYSQL && route->target->flavour == BS_MARIADB) {
        name_everything(route, account);
    }
    for (size_t i = account->grant_count; i-- > 0;) {
        struct bs_account_grant *grant = &account->grants[i];
        translate_one(route, grant, notes);
        if (grant->count == 0 && !grant->with_option) {
            bs_account_remove_grant(account, i);
        }
    }
}
