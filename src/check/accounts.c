/* Check of --accounts: can each account of the source be made on the target exactly, and may ours
 * do that? */
#include "accounts/plan.h"
#include "base/mem.h"
#include "check/check_private.h"
#include "check/grants.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What our account lacks in one place; db NULL: on *.*. */
struct lack {
    char *db;
    struct bs_buf names;
};

struct looking {
    struct bs_checking *c;
    struct bs_accounts_plan plan;
    struct bs_grants source, target; /* our own accounts' */
    struct bs_account *own;          /* on the target; NULL: it hides itself */
    struct bs_buf found, fix;
    struct lack *lacks;
    size_t lack_count, lack_cap;
    uint64_t brought, left, left_out;
    struct bs_buf left_names;
};

static void
looking_fini(struct looking *l) {
    for (size_t i = 0; i < l->lack_count; i++) {
        free(l->lacks[i].db);
        bs_buf_fini(&l->lacks[i].names);
    }
    free(l->lacks);
    bs_accounts_plan_fini(&l->plan);
    bs_grants_fini(&l->source);
    bs_grants_fini(&l->target);
    bs_buf_fini(&l->found);
    bs_buf_fini(&l->fix);
    bs_buf_fini(&l->left_names);
}

static void
say(struct looking *l, const char *found, const char *fix) {
    bs_buf_printf(&l->found, "%s%s", l->found.len > 0 ? "; " : "", found);
    bs_buf_printf(&l->fix, "%s%s", l->fix.len > 0 ? "; " : "", fix);
}

/* Takes both. */
static void
say_once(struct looking *l, char *found, char *fix) {
    if (strstr(bs_buf_cstr(&l->found), found) == NULL) {
        say(l, found, fix);
    }
    free(found);
    free(fix);
}

/* Reading. */

static void
need(struct looking *l, const struct bs_grants *grants, const char *which, const char *privilege,
     const char *object, const char *db) {
    if (bs_grants_has(grants, privilege, db)) {
        return;
    }
    char *found =
        bs_asprintf("%s lacks on the %s: %s on %s", grants->account, which, privilege, object);
    char *fix =
        bs_asprintf("on the %s: GRANT %s ON %s TO %s", which, privilege, object, grants->account);
    say(l, found, fix);
    free(found);
    free(fix);
}

static enum bs_status
check_reading(struct looking *l, struct bs_error *err) {
    struct bs_checking *c = l->c;
    enum bs_status status = bs_grants_load(c->config->source, &c->source, &l->source, err);
    if (status == BS_OK) {
        status = bs_grants_load(c->config->target, &c->target, &l->target, err);
    }
    if (status == BS_OK) {
        need(l, &l->source, "source", "SELECT", "mysql.*", "mysql");
        need(l, &l->target, "target", "SELECT", "mysql.*", "mysql");
        need(l, &l->target, "target", "CREATE USER", "*.*", NULL);
    }
    return status;
}

static enum bs_status
find_own(struct looking *l, struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_value(l->c->config->target, &value, &found, err, "SELECT CURRENT_USER()");
    char *text = bs_buf_take_cstr(&value);
    char *at = strrchr(text, '@');
    if (status == BS_OK && at != NULL) {
        *at = '\0';
        struct bs_account_name name = {text, at + 1, false};
        l->own = bs_account_list_find(&l->plan.there, &name);
    }
    free(text);
    return status;
}

/* What ours must be able to give. */

static bool
holds_name(struct bs_buf *list, const char *name) {
    size_t len = strlen(name);
    for (const char *at = bs_buf_cstr(list); (at = strstr(at, name)) != NULL; at += len) {
        bool begins = at == bs_buf_cstr(list) || at[-1] == ' ';
        if (begins && (at[len] == ',' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}

static struct lack *
find_lack(struct looking *l, const char *db) {
    for (size_t i = 0; i < l->lack_count; i++) {
        const char *other = l->lacks[i].db;
        if (other == db || (other != NULL && db != NULL && strcmp(other, db) == 0)) {
            return &l->lacks[i];
        }
    }
    void *items = l->lacks;
    bs_array_grow(&items, &l->lack_cap, l->lack_count, sizeof *l->lacks);
    l->lacks = items;
    struct lack *lack = &l->lacks[l->lack_count++];
    *lack = (struct lack){.db = db != NULL ? bs_strdup(db) : NULL};
    return lack;
}

static void
need_to_give(struct looking *l, const char *privilege, const char *db) {
    if (bs_grants_may_give(&l->target, privilege, db)) {
        return;
    }
    struct lack *lack = find_lack(l, db);
    if (!holds_name(&lack->names, privilege)) {
        bs_buf_printf(&lack->names, "%s%s", lack->names.len > 0 ? ", " : "", privilege);
    }
}

/* ALL PRIVILEGES is all that the target has; in a database, all that there is in one. */
static void
need_to_give_all(struct looking *l, const char *db) {
    static const char *const LOCAL[] = {
        "SELECT",        "INSERT",     "UPDATE",      "DELETE",    "CREATE",
        "DROP",          "REFERENCES", "INDEX",       "ALTER",     "CREATE TEMPORARY TABLES",
        "LOCK TABLES",   "EXECUTE",    "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE",
        "ALTER ROUTINE", "EVENT",      "TRIGGER"};
    for (size_t i = 0; db != NULL && i < sizeof LOCAL / sizeof LOCAL[0]; i++) {
        need_to_give(l, LOCAL[i], db);
    }
    for (char *const *at = l->plan.target_can.privileges; db == NULL && *at != NULL; at++) {
        size_t len = strlen(*at);
        bool is_exemption = len > 7 && strcmp(*at + len - 7, "_EXEMPT") == 0;
        if (!is_exemption && strcmp(*at, "USAGE") != 0 && strcmp(*at, "PROXY") != 0 &&
            strcmp(*at, "GRANT OPTION") != 0) {
            need_to_give(l, *at, db);
        }
    }
}

/* Each is said once. */
static void
need_once(struct looking *l, const char *privilege, const char *object, const char *db) {
    char *end = bs_asprintf("%s on %s", privilege, object);
    if (strstr(bs_buf_cstr(&l->found), end) == NULL) {
        need(l, &l->target, "target", privilege, object, db);
    }
    free(end);
}

/* GRANT OPTION on *.*, whatever else. */
static void
need_option(struct looking *l) {
    for (size_t i = 0; i < l->target.count; i++) {
        if (l->target.items[i].db == NULL && l->target.items[i].may_give) {
            return;
        }
    }
    char *found = bs_asprintf("%s lacks on the target: GRANT OPTION on *.*", l->target.account);
    char *fix =
        bs_asprintf("on the target: GRANT USAGE ON *.* TO %s WITH GRANT OPTION", l->target.account);
    say_once(l, found, fix);
}

static void
check_giving(struct looking *l, const struct bs_account *account) {
    if (bs_account_is_remade(&l->c->target) && bs_account_has_settings(account)) {
        need_option(l);
    }
    for (size_t i = 0; i < account->grant_count; i++) {
        const struct bs_account_grant *grant = &account->grants[i];
        const char *db = grant->level == BS_GRANT_GLOBAL ? NULL : grant->db;
        if (db == NULL && grant->count == 0) {
            need_option(l);
        }
        for (size_t k = 0; k < grant->count && !grant->is_revoke; k++) {
            if (strcmp(grant->privileges[k].name, "ALL PRIVILEGES") == 0) {
                need_to_give_all(l, db);
            } else {
                need_to_give(l, grant->privileges[k].name, db);
            }
            if (strcmp(grant->privileges[k].name, "SYSTEM_USER") == 0) {
                need_once(l, "SYSTEM_USER", "*.*", NULL);
            }
        }
    }
}

static void
need_proxy(struct looking *l) {
    for (size_t i = 0; l->own != NULL && i < l->own->proxies.count; i++) {
        const struct bs_account_tie *tie = &l->own->proxies.items[i];
        if (tie->with_option && *tie->to.user == '\0') {
            return;
        }
    }
    char *found = bs_asprintf("%s may not give PROXY on the target", l->target.account);
    char *fix = bs_asprintf("on the target: GRANT PROXY ON ''@'%%' TO %s WITH GRANT OPTION",
                            l->target.account);
    say_once(l, found, fix);
}

/* On MariaDB who makes a role may give it; of one that was there that must be said. */
static void
need_role(struct looking *l, const struct bs_account_name *role) {
    for (size_t i = 0; i < l->plan.count; i++) {
        const struct bs_account_plan *item = &l->plan.items[i];
        if (bs_account_name_equal(&item->account->name, role) && item->fate != BS_FATE_LEFT) {
            return;
        }
    }
    for (size_t i = 0; l->own != NULL && i < l->own->roles.count; i++) {
        const struct bs_account_tie *tie = &l->own->roles.items[i];
        if (tie->with_option && bs_account_name_equal(&tie->to, role)) {
            return;
        }
    }
    char *found =
        bs_asprintf("%s may not give role %s on the target", l->target.account, role->user);
    char *fix = bs_asprintf("on the target: GRANT `%s` TO %s WITH ADMIN OPTION", role->user,
                            l->target.account);
    say_once(l, found, fix);
}

/* SET DEFAULT ROLE for others: on MariaDB, who may write to its tables. */
static void
check_ties(struct looking *l, const struct bs_account *account) {
    if (account->proxies.count > 0) {
        need_proxy(l);
    }
    if (l->c->target.flavour == BS_MYSQL) {
        if (account->roles.count > 0 && !bs_grants_has(&l->target, "SUPER", NULL)) {
            need_once(l, "ROLE_ADMIN", "*.*", NULL);
        }
        return;
    }
    if (account->defaults.count > 0) {
        need_once(l, "UPDATE", "mysql.*", "mysql");
    }
    for (size_t i = 0; i < account->roles.count; i++) {
        need_role(l, &account->roles.items[i].to);
    }
}

static void
say_lacks(struct looking *l) {
    for (size_t i = 0; i < l->lack_count; i++) {
        struct bs_buf object = {0};
        struct bs_account_grant grant = {.level = BS_GRANT_DATABASE, .db = l->lacks[i].db};
        if (grant.db == NULL) {
            bs_buf_puts(&object, "*.*");
        } else {
            bs_account_put_object(&object, &grant, &l->plan.target_can);
        }
        const char *names = bs_buf_cstr(&l->lacks[i].names);
        char *found = bs_asprintf("%s may not give %s on %s to others", l->target.account, names,
                                  bs_buf_cstr(&object));
        char *fix = bs_asprintf("on the target: GRANT %s ON %s TO %s WITH GRANT OPTION", names,
                                bs_buf_cstr(&object), l->target.account);
        say(l, found, fix);
        free(found);
        free(fix);
        bs_buf_fini(&object);
    }
}

/* What cannot be carried. */

static void
put_refusals(struct bs_buf *list, const struct bs_account_plan *item) {
    const char *separator = ": ";
    bs_buf_printf(list, "%s%s", list->len > 0 ? "; " : "", item->shown);
    for (size_t i = 0; i < item->notes.count; i++) {
        if (item->notes.items[i].kind == BS_NOTE_REFUSED) {
            bs_buf_printf(list, "%s%s", separator, item->notes.items[i].text);
            separator = ", and ";
        }
    }
}

static void
say_refused(struct looking *l) {
    struct bs_buf list = {0};
    for (size_t i = 0; i < l->plan.count; i++) {
        if (bs_account_plan_refused(&l->plan.items[i]) != NULL) {
            put_refusals(&list, &l->plan.items[i]);
        }
    }
    if (list.len > 0) {
        char *found =
            bs_asprintf("accounts that cannot be carried exactly: %s", bs_buf_cstr(&list));
        say(l, found,
            "change or drop each of these on the source, or make it on the target by hand: what "
            "is there is left alone; or move without --accounts");
        free(found);
    }
    bs_buf_fini(&list);
}

static void
count(struct looking *l, const struct bs_account_plan *item) {
    enum { SHOWN_MAX = 20 };
    l->brought += item->fate == BS_FATE_DUE || item->fate == BS_FATE_SAME;
    for (size_t i = 0; i < item->notes.count; i++) {
        l->left_out += item->fate != BS_FATE_LEFT && item->notes.items[i].kind == BS_NOTE_LEFT_OUT;
    }
    if (item->fate == BS_FATE_LEFT && l->left++ < SHOWN_MAX) {
        bs_buf_printf(&l->left_names, "%s%s", l->left_names.len > 0 ? ", " : "", item->shown);
    }
}

static void
look_at_all(struct looking *l) {
    for (size_t i = 0; i < l->plan.count; i++) {
        const struct bs_account_plan *item = &l->plan.items[i];
        count(l, item);
        bool is_brought = item->fate == BS_FATE_DUE || item->fate == BS_FATE_SAME;
        if (is_brought && bs_account_plan_refused(item) == NULL) {
            check_giving(l, item->account);
            check_ties(l, item->account);
        }
    }
    say_lacks(l);
    say_refused(l);
}

static void
pass(struct looking *l) {
    struct bs_buf text = {0};
    bs_buf_printf(&text, "%" PRIu64 " accounts can be brought", l->brought);
    if (l->left > 0) {
        bs_buf_printf(&text, "; %" PRIu64 " are on the target and are left as they are (%s%s)",
                      l->left, bs_buf_cstr(&l->left_names), l->left > 20 ? ", ..." : "");
    }
    if (l->left_out > 0) {
        bs_buf_printf(&text,
                      "; %" PRIu64 " rights and settings stay behind, about what is not selected "
                      "or not known there",
                      l->left_out);
    }
    bs_check_add(l->c, BS_CHECK_PASS, bs_buf_take_cstr(&text), NULL);
}

static enum bs_status
look(struct looking *l, struct bs_error *err) {
    struct bs_checking *c = l->c;
    struct bs_accounts_job job = {.source = c->config->source,
                                  .target = c->config->target,
                                  .source_server = &c->source,
                                  .target_server = &c->target,
                                  .selection = c->config->selection,
                                  .state = &c->config->state,
                                  .deadline_ms = INT64_MAX};
    enum bs_status status = check_reading(l, err);
    if (status == BS_OK && l->found.len == 0) {
        status = bs_accounts_plan(&job, true, &l->plan, err);
        if (status == BS_OK) {
            status = find_own(l, err);
        }
        if (status == BS_OK) {
            look_at_all(l);
        }
    }
    return status;
}

enum bs_status
bs_check_accounts(struct bs_checking *c, struct bs_error *err) {
    struct looking looking = {.c = c};
    if (!c->config->accounts) {
        return BS_OK;
    }
    enum bs_status status = look(&looking, err);
    if (status == BS_OK && looking.found.len == 0) {
        pass(&looking);
    } else if (status == BS_OK) {
        bs_check_add(c, BS_CHECK_FAIL, bs_buf_take_cstr(&looking.found),
                     bs_buf_take_cstr(&looking.fix));
    }
    looking_fini(&looking);
    return status;
}
