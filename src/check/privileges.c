/* Checks of what the two accounts may do. */
#include "base/mem.h"
#include "check/check_private.h"
#include "check/grants.h"
#include "schema/period.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A privilege by the names under which servers show it; granted under the first. */
struct need {
    const char *name;
    const char *others[3]; /* any of these will do as well */
};

static const struct need SOURCE_GLOBAL[] = {
    {"REPLICATION SLAVE", {0}},
    {"REPLICATION CLIENT", {"BINLOG MONITOR", "SUPER"}},
};

static const struct need SOURCE_LOCAL[] = {
    {"SELECT", {0}},
    {"SHOW VIEW", {0}},
    {"TRIGGER", {0}},
    {"EVENT", {0}},
};

/* RELOAD allows FLUSH TABLES WITH READ LOCK, LOCK TABLES the gentler way. */
static const struct need SOURCE_LOCK[] = {{"LOCK TABLES", {"RELOAD"}}};

/* Of these, what the cutover sees by. */
static const struct need SOURCE_SEEN[] = {{"SELECT", {0}}, {"TRIGGER", {0}}, {"EVENT", {0}}};

/* EXECUTE: a view that calls a function is made only by who may call it. */
static const struct need TARGET_LOCAL[] = {
    {"SELECT", {0}},        {"INSERT", {0}},      {"UPDATE", {0}},    {"DELETE", {0}},
    {"CREATE", {0}},        {"DROP", {0}},        {"ALTER", {0}},     {"INDEX", {0}},
    {"REFERENCES", {0}},    {"CREATE VIEW", {0}}, {"SHOW VIEW", {0}}, {"CREATE ROUTINE", {0}},
    {"ALTER ROUTINE", {0}}, {"EXECUTE", {0}},     {"TRIGGER", {0}},   {"EVENT", {0}},
};

/* For rows of history that are deleted on the source. */
static const struct need TARGET_HISTORY[] = {{"DELETE HISTORY", {"DELETE VERSIONING ROWS"}}};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool
has_need(const struct bs_grants *grants, const struct need *need, const char *db) {
    bool has = bs_grants_has(grants, need->name, db);
    for (size_t i = 0; i < COUNT_OF(need->others) && need->others[i] != NULL; i++) {
        has = has || bs_grants_has(grants, need->others[i], db);
    }
    return has;
}

/* What is missing, as text, and the statements that mend it. */
struct missing {
    struct bs_buf found;
    struct bs_buf fix;
};

static void
missing_fini(struct missing *missing) {
    bs_buf_fini(&missing->found);
    bs_buf_fini(&missing->fix);
}

/* db NULL: everywhere. *lacks gets the names that are missing, "" if none. */
static void
put_lacks(const struct bs_grants *grants, const struct need *needs, size_t count, const char *db,
          struct bs_buf *lacks) {
    for (size_t i = 0; i < count; i++) {
        if (!has_need(grants, &needs[i], db)) {
            bs_buf_printf(lacks, "%s%s", lacks->len > 0 ? ", " : "", needs[i].name);
        }
    }
}

/* In a GRANT the database is a pattern. */
static void
put_pattern(struct bs_buf *out, const char *db) {
    struct bs_buf escaped = {0};
    for (; *db != '\0'; db++) {
        if (*db == '_' || *db == '%' || *db == '\\') {
            bs_buf_puts(&escaped, "\\");
        }
        bs_buf_put_u8(&escaped, (uint8_t)*db);
    }
    bs_sql_put_ident(out, bs_buf_str(&escaped));
    bs_buf_puts(out, ".*");
    bs_buf_fini(&escaped);
}

static void
add_missing(struct missing *missing, const struct bs_grants *grants, const struct need *needs,
            size_t count, const char *db) {
    struct bs_buf lacks = {0};
    put_lacks(grants, needs, count, db, &lacks);
    if (lacks.len > 0) {
        const char *names = bs_buf_cstr(&lacks);
        bs_buf_printf(&missing->found, "%s%s on ", missing->found.len > 0 ? "; " : "", names);
        bs_buf_printf(&missing->fix, "%sGRANT %s ON ", missing->fix.len > 0 ? "; " : "", names);
        if (db == NULL) {
            bs_buf_puts(&missing->found, "*.*");
            bs_buf_puts(&missing->fix, "*.*");
        } else {
            bs_sql_put_ident(&missing->found, bs_str(db));
            put_pattern(&missing->fix, db);
        }
        bs_buf_printf(&missing->fix, " TO %s", grants->account);
    }
    bs_buf_fini(&lacks);
}

/* The databases that the selection names, one by one; NULL when it says "all" or uses patterns, and
 * privileges are then needed everywhere. Heap-owned, NULL-terminated, names too. */
static char **
named_databases(const struct bs_selection *selection) {
    char *const *lists[] = {selection->databases, selection->tables};
    size_t count = 0;
    size_t cap = 0;
    char **names = NULL;
    if (lists[0] == NULL && lists[1] == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        for (char *const *entry = lists[i]; entry != NULL && *entry != NULL; entry++) {
            bool quoted = **entry == '`';
            const char *start = *entry + quoted;
            size_t len = strcspn(start, quoted ? "`" : ".");
            void *items = names;
            bs_array_grow(&items, &cap, count, sizeof *names);
            names = items;
            names[count++] = bs_strndup(start, len);
        }
    }
    void *items = names;
    bs_array_grow(&items, &cap, count, sizeof *names);
    names = items;
    names[count] = NULL;
    return names;
}

static bool
has_pattern(char *const *names) {
    for (; *names != NULL; names++) {
        if (strpbrk(*names, "%\\") != NULL) {
            return true;
        }
    }
    return false;
}

static void
free_names(char **names) {
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        free(names[i]);
    }
    free(names);
}

/* Needs that a database's own grants can meet. also: one more database, or NULL. */
static void
add_local(struct missing *missing, const struct bs_grants *grants,
          const struct bs_selection *selection, const struct need *needs, size_t count,
          const char *also) {
    char **names = named_databases(selection);
    if (names == NULL || has_pattern(names)) {
        add_missing(missing, grants, needs, count, NULL);
        free_names(names);
        return;
    }
    for (size_t i = 0; names[i] != NULL; i++) {
        add_missing(missing, grants, needs, count, names[i]);
    }
    if (also != NULL) {
        add_missing(missing, grants, needs, count, also);
    }
    free_names(names);
}

static void
add_result(struct bs_checking *c, struct missing *missing, const struct bs_grants *grants,
           const char *which) {
    if (missing->found.len == 0) {
        bs_check_add(c, BS_CHECK_PASS,
                     bs_asprintf("%s may do on the %s what is needed", grants->account, which),
                     NULL);
        return;
    }
    bs_check_add(
        c, BS_CHECK_FAIL,
        bs_asprintf("%s lacks on the %s: %s", grants->account, which, bs_buf_cstr(&missing->found)),
        bs_asprintf("on the %s: %s", which, bs_buf_cstr(&missing->fix)));
}

enum bs_status
bs_check_source_privileges(struct bs_checking *c, struct bs_error *err) {
    struct bs_grants grants;
    struct missing missing = {0};
    struct missing lock = {0};
    enum bs_status status = bs_grants_load(c->config->source, &c->source, &grants, err);
    if (status != BS_OK) {
        return status;
    }
    add_missing(&missing, &grants, SOURCE_GLOBAL, COUNT_OF(SOURCE_GLOBAL), NULL);
    size_t global_len = missing.found.len;
    add_local(&missing, &grants, c->config->selection, SOURCE_LOCAL, COUNT_OF(SOURCE_LOCAL), NULL);
    c->source_hides = strstr(bs_buf_cstr(&missing.found) + global_len, "SELECT") != NULL;
    add_local(&lock, &grants, c->config->selection, SOURCE_LOCK, COUNT_OF(SOURCE_LOCK), NULL);
    /* Without a lock it goes where the server tells its views apart. */
    if (missing.found.len > 0 || bs_server_hides_views(&c->source, c->source.has_gtid) != NULL) {
        add_local(&missing, &grants, c->config->selection, SOURCE_LOCK, COUNT_OF(SOURCE_LOCK),
                  NULL);
    }
    if (missing.found.len == 0 && lock.found.len > 0) {
        bs_check_add(c, BS_CHECK_WARNING,
                     bs_asprintf("%s may take neither LOCK TABLES nor FLUSH TABLES WITH READ LOCK "
                                 "on the source: each connection of the snapshot gets a position "
                                 "of its own (lock-free)",
                                 grants.account),
                     bs_asprintf("for one position of all: %s", bs_buf_cstr(&lock.fix)));
    } else {
        add_result(c, &missing, &grants, "source");
    }
    missing_fini(&lock);
    missing_fini(&missing);
    bs_grants_fini(&grants);
    return BS_OK;
}

enum bs_status
bs_check_sees_objects(struct bs_sql *source, const struct bs_server *server,
                      const struct bs_selection *selection, struct bs_error *err) {
    struct bs_grants grants;
    struct missing missing = {0};
    enum bs_status status = bs_grants_load(source, server, &grants, err);
    if (status != BS_OK) {
        return status;
    }
    add_local(&missing, &grants, selection, SOURCE_SEEN, COUNT_OF(SOURCE_SEEN), NULL);
    if (missing.found.len > 0) {
        bs_error_set(err, BS_PRECHECK,
                     "%s lacks on the source what it needs to see all triggers, events and "
                     "counters: %s",
                     grants.account, bs_buf_cstr(&missing.found));
        status = bs_error_hint(err, "on the source: %s; then ask for the cutover again",
                               bs_buf_cstr(&missing.fix));
    }
    missing_fini(&missing);
    bs_grants_fini(&grants);
    return status;
}

static bool
moves_history(const struct bs_checking *c) {
    bool has_history = c->config->has_history;
    for (size_t i = 0; i < c->table_count; i++) {
        has_history = has_history || strcmp(c->tables[i].type, "SYSTEM VERSIONED") == 0;
    }
    return has_history && bs_period_takes_history(&c->target);
}

enum bs_status
bs_check_target_privileges(struct bs_checking *c, struct bs_error *err) {
    struct bs_grants grants;
    struct missing missing = {0};
    enum bs_status status = bs_grants_load(c->config->target, &c->target, &grants, err);
    if (status != BS_OK) {
        return status;
    }
    add_local(&missing, &grants, c->config->selection, TARGET_LOCAL, COUNT_OF(TARGET_LOCAL),
              c->config->state.schema);
    if (moves_history(c)) {
        add_local(&missing, &grants, c->config->selection, TARGET_HISTORY, COUNT_OF(TARGET_HISTORY),
                  NULL);
    }
    add_result(c, &missing, &grants, "target");
    missing_fini(&missing);
    bs_grants_fini(&grants);
    return BS_OK;
}

/* What can be done without, but is missed. */
enum bs_status
bs_check_process(struct bs_checking *c, struct bs_error *err) {
    struct bs_grants grants;
    enum bs_status status = bs_grants_load(c->config->source, &c->source, &grants, err);
    if (status != BS_OK) {
        return status;
    }
    if (bs_grants_has(&grants, "PROCESS", NULL)) {
        bs_check_add(c, BS_CHECK_PASS,
                     bs_asprintf("%s sees what runs on the source", grants.account), NULL);
    } else {
        bs_check_add(c, BS_CHECK_WARNING,
                     bs_asprintf("%s does not see what runs on the source, so a lock may be asked "
                                 "for behind a long statement, where it makes writers wait; and "
                                 "DDL on a table waits until the copy is over, with the writers of "
                                 "that table behind it",
                                 grants.account),
                     bs_asprintf("on the source: GRANT PROCESS ON *.* TO %s", grants.account));
    }
    bs_grants_fini(&grants);
    return BS_OK;
}

/* What --freeze=read-only, the default, will set at the cutover. Long before it is the time to
 * know. */
enum bs_status
bs_check_freeze(struct bs_checking *c, struct bs_error *err) {
    struct bs_grants grants;
    enum bs_status status = bs_grants_load(c->config->source, &c->source, &grants, err);
    if (status != BS_OK) {
        return status;
    }
    bool new_mysql = c->source.flavour == BS_MYSQL && c->source.version >= 80000;
    /* SUPER of MariaDB has lost it in 10.11, and still is what stops the event scheduler. */
    bool is_apart = c->source.flavour == BS_MARIADB && c->source.version >= 101100;
    const char *needed = new_mysql  ? "SYSTEM_VARIABLES_ADMIN"
                         : is_apart ? "SUPER, READ_ONLY ADMIN"
                                    : "SUPER";
    bool has_super = bs_grants_has(&grants, "SUPER", NULL);
    bool may = is_apart ? has_super && bs_grants_has(&grants, "READ_ONLY ADMIN", NULL)
                        : has_super || (new_mysql && bs_grants_has(&grants, needed, NULL));
    if (may) {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("the account may make the source read-only"),
                     NULL);
    } else {
        bs_check_add(
            c, BS_CHECK_WARNING,
            bs_asprintf("%s may not make the source read-only at the cutover", grants.account),
            bs_asprintf("on the source: GRANT %s ON *.* TO %s; or cut over with "
                        "--freeze=lock-tables (LOCK TABLES) or --freeze=ftwrl (RELOAD)",
                        needed, grants.account));
    }
    bs_grants_fini(&grants);
    return BS_OK;
}
