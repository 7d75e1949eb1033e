#include "schema/account.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void
bs_account_name_fini(struct bs_account_name *name) {
    free(name->user);
    free(name->host);
    *name = (struct bs_account_name){0};
}

void
bs_account_name_copy(struct bs_account_name *to, const struct bs_account_name *from) {
    *to = (struct bs_account_name){bs_strdup(from->user), bs_strdup(from->host), from->is_role};
}

bool
bs_account_name_equal(const struct bs_account_name *a, const struct bs_account_name *b) {
    return a->is_role == b->is_role && strcmp(a->user, b->user) == 0 &&
           strcmp(a->host, b->host) == 0;
}

bool
bs_account_is_public(const struct bs_account_name *name) {
    return name->is_role && strcmp(name->user, "PUBLIC") == 0;
}

/* MariaDB's installation makes it for the system's account mysql: no password fits it. */
static bool
is_installed(const struct bs_account *account) {
    return strcmp(account->name.user, "mysql") == 0 && account->way_count == 2 &&
           strcmp(account->ways[0].plugin, "mysql_native_password") == 0 &&
           account->ways[0].hash_len == 7 && memcmp(account->ways[0].hash, "invalid", 7) == 0 &&
           strcmp(account->ways[1].plugin, "unix_socket") == 0;
}

bool
bs_account_is_servers_own(const struct bs_account *account) {
    static const char *const OWN[] = {"mysql.sys", "mysql.session", "mysql.infoschema",
                                      "mariadb.sys"};
    if (strcmp(account->name.host, "localhost") != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof OWN / sizeof OWN[0]; i++) {
        if (strcmp(account->name.user, OWN[i]) == 0) {
            return true;
        }
    }
    return is_installed(account);
}

static void
ties_fini(struct bs_account_ties *ties) {
    for (size_t i = 0; i < ties->count; i++) {
        bs_account_name_fini(&ties->items[i].to);
    }
    free(ties->items);
    *ties = (struct bs_account_ties){0};
}

static void
privilege_fini(struct bs_privilege *privilege) {
    free(privilege->name);
    free(privilege->columns);
}

static void
grant_fini(struct bs_account_grant *grant) {
    for (size_t i = 0; i < grant->count; i++) {
        privilege_fini(&grant->privileges[i]);
    }
    free(grant->privileges);
    free(grant->db);
    free(grant->name);
}

void
bs_account_fini(struct bs_account *account) {
    bs_account_name_fini(&account->name);
    for (size_t i = 0; i < account->way_count; i++) {
        free(account->ways[i].plugin);
        free(account->ways[i].hash);
    }
    free(account->cipher);
    free(account->issuer);
    free(account->subject);
    free(account->statement_time);
    free(account->attribute);
    ties_fini(&account->roles);
    ties_fini(&account->defaults);
    ties_fini(&account->proxies);
    for (size_t i = 0; i < account->grant_count; i++) {
        grant_fini(&account->grants[i]);
    }
    free(account->grants);
    *account = (struct bs_account){0};
}

void
bs_account_ties_add(struct bs_account_ties *ties, const struct bs_account_name *to,
                    bool with_option) {
    void *items = ties->items;
    bs_array_grow(&items, &ties->cap, ties->count, sizeof *ties->items);
    ties->items = items;
    struct bs_account_tie *tie = &ties->items[ties->count++];
    bs_account_name_copy(&tie->to, to);
    tie->with_option = with_option;
}

void
bs_account_ties_remove(struct bs_account_ties *ties, size_t index) {
    BS_ASSERT(index < ties->count);
    bs_account_name_fini(&ties->items[index].to);
    ties->count--;
    memmove(&ties->items[index], &ties->items[index + 1],
            (ties->count - index) * sizeof *ties->items);
}

void
bs_account_add_way(struct bs_account *account, struct bs_str plugin, struct bs_str hash) {
    BS_ASSERT(account->way_count < BS_ACCOUNT_WAYS_MAX);
    account->ways[account->way_count++] = (struct bs_account_way){
        bs_strndup(plugin.data, plugin.len), bs_strndup(hash.data, hash.len), hash.len};
}

bool
bs_account_way_is_open(const struct bs_account_way *way) {
    static const char *const PLUGINS[] = {"mysql_native_password", "caching_sha2_password",
                                          "sha256_password"};
    for (size_t i = 0; i < sizeof PLUGINS / sizeof PLUGINS[0]; i++) {
        if (strcmp(way->plugin, PLUGINS[i]) == 0) {
            return way->hash_len == 0;
        }
    }
    return false;
}

bool
bs_account_looks_like_role(const struct bs_account *account) {
    return account->name.is_role ||
           (account->locked && account->expired && account->way_count == 1 &&
            bs_account_way_is_open(&account->ways[0]));
}

struct bs_account_grant *
bs_account_add_grant(struct bs_account *account) {
    void *items = account->grants;
    bs_array_grow(&items, &account->grant_cap, account->grant_count, sizeof *account->grants);
    account->grants = items;
    struct bs_account_grant *grant = &account->grants[account->grant_count++];
    *grant = (struct bs_account_grant){0};
    return grant;
}

void
bs_account_remove_grant(struct bs_account *account, size_t index) {
    BS_ASSERT(index < account->grant_count);
    grant_fini(&account->grants[index]);
    account->grant_count--;
    memmove(&account->grants[index], &account->grants[index + 1],
            (account->grant_count - index) * sizeof *account->grants);
}

void
bs_grant_add_privilege(struct bs_account_grant *grant, struct bs_str name, struct bs_str columns) {
    void *items = grant->privileges;
    bs_array_grow(&items, &grant->cap, grant->count, sizeof *grant->privileges);
    grant->privileges = items;
    grant->privileges[grant->count++] =
        (struct bs_privilege){bs_strndup(name.data, name.len),
                              columns.len > 0 ? bs_strndup(columns.data, columns.len) : NULL};
}

void
bs_grant_remove_privilege(struct bs_account_grant *grant, size_t index) {
    BS_ASSERT(index < grant->count);
    privilege_fini(&grant->privileges[index]);
    grant->count--;
    memmove(&grant->privileges[index], &grant->privileges[index + 1],
            (grant->count - index) * sizeof *grant->privileges);
}

const struct bs_privilege *
bs_grant_find_privilege(const struct bs_account_grant *grant, struct bs_str name) {
    for (size_t i = 0; i < grant->count; i++) {
        if (bs_str_is(name, grant->privileges[i].name)) {
            return &grant->privileges[i];
        }
    }
    return NULL;
}

static void
names_free(char **names) {
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        free(names[i]);
    }
    free(names);
}

void
bs_account_abilities_fini(struct bs_account_abilities *abilities) {
    names_free(abilities->privileges);
    names_free(abilities->plugins);
    *abilities = (struct bs_account_abilities){0};
}

bool
bs_account_can(char *const *names, struct bs_str name) {
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        if (bs_str_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

void
bs_account_statements_fini(struct bs_account_statements *statements) {
    for (size_t i = 0; i < statements->count; i++) {
        free(statements->items[i]);
    }
    free(statements->items);
    *statements = (struct bs_account_statements){0};
}
