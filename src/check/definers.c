/* Checks of what it takes to make the source's views, routines, triggers and events on the target:
 * other accounts' names as definers, functions beside a binary log, and the privileges that servers
 * give to whoever creates a routine. */
#include "base/mem.h"
#include "check/check_private.h"
#include "check/grants.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* All kinds of one server in one list of (database, definer). MySQL 5.6 and MariaDB have the same
 * columns. */
static const char DEFINERS[] =
    "SELECT TABLE_SCHEMA, DEFINER FROM information_schema.VIEWS "
    "UNION SELECT ROUTINE_SCHEMA, DEFINER FROM information_schema.ROUTINES "
    "UNION SELECT TRIGGER_SCHEMA, DEFINER FROM information_schema.TRIGGERS "
    "UNION SELECT EVENT_SCHEMA, DEFINER FROM information_schema.EVENTS";

struct definers {
    char **names;
    size_t count, cap;
};

static void
definers_fini(struct definers *definers) {
    for (size_t i = 0; i < definers->count; i++) {
        free(definers->names[i]);
    }
    free(definers->names);
}

static void
definers_add(struct definers *definers, struct bs_str name) {
    for (size_t i = 0; i < definers->count; i++) {
        if (bs_str_is(name, definers->names[i])) {
            return;
        }
    }
    void *items = definers->names;
    bs_array_grow(&items, &definers->cap, definers->count, sizeof *definers->names);
    definers->names = items;
    definers->names[definers->count++] = bs_strndup(name.data, name.len);
}

/* Those of selected databases that are not the target's own account; with --definer that one alone,
 * which what is made while following may need even if nothing does now. */
static enum bs_status
load_definers(struct bs_checking *c, struct definers *definers, struct bs_error *err) {
    const char *chosen = c->config->definer;
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    struct bs_buf self = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_value(c->config->target, &self, &found, err, "SELECT CURRENT_USER()");
    if (status == BS_OK && chosen != NULL) {
        if (!bs_str_is(bs_buf_str(&self), chosen)) {
            definers_add(definers, bs_str(chosen));
        }
    } else if (status == BS_OK) {
        status = bs_sql_query(c->config->source, &result, err, "%s", DEFINERS);
    }
    while (status == BS_OK && chosen == NULL &&
           (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        bool is_ours = bs_selection_has_database(c->config->selection, row[0]);
        if (is_ours && row[1].len > 0 && !bs_str_equal(row[1], bs_buf_str(&self))) {
            definers_add(definers, row[1]);
        }
    }
    bs_sql_result_free(result);
    bs_buf_fini(&self);
    return status;
}

/* What lets an account make objects in another's name. */
static const char *
definer_privilege(const struct bs_server *server) {
    if (server->flavour == BS_MARIADB) {
        return "SET USER";
    }
    return server->version >= 80200   ? "SET_ANY_DEFINER"
           : server->version >= 80000 ? "SET_USER_ID"
                                      : "SUPER";
}

static void
fail_definers(struct bs_checking *c, const struct definers *definers,
              const struct bs_grants *grants) {
    bool chosen = c->config->definer != NULL;
    bool needs_second = !chosen && c->target.flavour == BS_MYSQL && c->target.version >= 80200;
    bs_check_add(c, BS_CHECK_FAIL,
                 bs_asprintf("objects %s other definers (%s%s), and %s may not make such",
                             chosen ? "are to be made for" : "belong to", definers->names[0],
                             definers->count > 1 ? ", ..." : "", grants->account),
                 bs_asprintf("on the target: GRANT %s%s ON *.* TO %s",
                             definer_privilege(&c->target),
                             needs_second ? ", ALLOW_NONEXISTENT_DEFINER" : "", grants->account));
}

/* *there: has the server such an account? *known is false if ours may not look. */
static enum bs_status
find_account(struct bs_sql *sql, const char *account, bool *there, bool *known,
             struct bs_error *err) {
    struct bs_buf text = {0}, value = {0};
    bs_buf_puts(&text, "SELECT 1 FROM mysql.user WHERE CONCAT(User, '@', Host)=");
    bs_sql_put_string(&text, bs_str(account));
    *there = false;
    enum bs_status status = bs_sql_value(sql, &value, there, err, "%s", bs_buf_cstr(&text));
    *known = status != BS_SERVER;
    bs_buf_fini(&text);
    bs_buf_fini(&value);
    if (status == BS_SERVER) {
        bs_error_clear(err);
        status = BS_OK;
    }
    return status;
}

/* Definers that have no account on the target, if the account may look, and will get none by
 * --accounts. */
static enum bs_status
check_existence(struct bs_checking *c, const struct definers *definers, struct bs_error *err) {
    struct bs_buf list = {0};
    bool known = true;
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < definers->count && known && status == BS_OK; i++) {
        bool there = false;
        status = find_account(c->config->target, definers->names[i], &there, &known, err);
        if (status == BS_OK && known && !there && c->config->accounts) {
            status = find_account(c->config->source, definers->names[i], &there, &known, err);
        }
        if (known && !there) {
            bs_buf_printf(&list, "%s%s", list.len > 0 ? ", " : "", definers->names[i]);
        }
    }
    if (status == BS_OK && list.len > 0) {
        bs_check_add(
            c, BS_CHECK_WARNING,
            bs_asprintf("definers without an account on the target: %s", bs_buf_cstr(&list)),
            bs_strdup("create these accounts on the target before the cutover: what runs in "
                      "their name fails without them; or let another own the objects: "
                      "--definer"));
    } else if (status == BS_OK) {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("definers are fine"), NULL);
    }
    bs_buf_fini(&list);
    return status;
}

/* The account of --definer must be there: what is made in its name would not run. *known is false
 * if that cannot be seen. */
static enum bs_status
check_chosen(struct bs_checking *c, const struct definers *definers, bool *there, bool *known,
             struct bs_error *err) {
    const char *chosen = c->config->definer;
    *there = *known = true;
    if (chosen == NULL || definers->count == 0) {
        return BS_OK;
    }
    enum bs_status status = find_account(c->config->target, chosen, there, known, err);
    *there = *there || !*known;
    if (status == BS_OK && !*there) {
        bs_check_add(c, BS_CHECK_FAIL,
                     bs_asprintf("the target has no account %s, which is to be the definer of all "
                                 "that is made",
                                 chosen),
                     bs_strdup("create it there, or give another --definer: what runs in its name "
                               "fails without it"));
    }
    return status;
}

static void
pass_chosen(struct bs_checking *c, bool known) {
    const char *chosen = c->config->definer;
    if (known) {
        bs_check_add(c, BS_CHECK_PASS, bs_asprintf("all that is made gets the definer %s", chosen),
                     NULL);
        return;
    }
    bs_check_add(c, BS_CHECK_WARNING,
                 bs_asprintf("whether the target has an account %s, which is to be the definer of "
                             "all that is made, cannot be seen",
                             chosen),
                 bs_strdup("see that it has: what runs in its name fails without it; or GRANT "
                           "SELECT ON mysql.user TO the account of the target's URI"));
}

/* MySQL 8.0.16+: only a system user may make objects for a system user. *found is the first definer
 * that is one on the target, "" if there is none or the account may not look. */
static enum bs_status
find_system_definer(struct bs_checking *c, const struct definers *definers, struct bs_buf *found,
                    struct bs_error *err) {
    struct bs_buf text = {0};
    bool any = false;
    bs_buf_puts(&text, "SELECT CONCAT(USER, '@', HOST) FROM mysql.global_grants WHERE "
                       "PRIV='SYSTEM_USER' AND CONCAT(USER, '@', HOST) IN (");
    for (size_t i = 0; i < definers->count; i++) {
        bs_buf_puts(&text, i > 0 ? "," : "");
        bs_sql_put_string(&text, bs_str(definers->names[i]));
    }
    bs_buf_puts(&text, ")");
    enum bs_status status =
        bs_sql_value(c->config->target, found, &any, err, "%s", bs_buf_cstr(&text));
    bs_buf_fini(&text);
    if (status == BS_SERVER) {
        bs_error_clear(err);
        status = BS_OK;
    }
    return status;
}

static enum bs_status
check_system_definers(struct bs_checking *c, const struct definers *definers,
                      const struct bs_grants *grants, bool *fine, struct bs_error *err) {
    enum { HAS_SYSTEM_USERS = 80016 };
    struct bs_buf definer = {0};
    *fine = true;
    if (definers->count == 0 || c->target.flavour != BS_MYSQL ||
        c->target.version < HAS_SYSTEM_USERS || bs_grants_has(grants, "SYSTEM_USER", NULL)) {
        return BS_OK;
    }
    enum bs_status status = find_system_definer(c, definers, &definer, err);
    if (status == BS_OK && definer.len > 0) {
        *fine = false;
        bs_check_add(c, BS_CHECK_FAIL,
                     bs_asprintf("objects %s %s, a system user, and %s is none",
                                 c->config->definer != NULL ? "are to be made for" : "belong to",
                                 bs_buf_cstr(&definer), grants->account),
                     bs_asprintf("on the target: GRANT SYSTEM_USER ON *.* TO %s", grants->account));
    }
    bs_buf_fini(&definer);
    return status;
}

static enum bs_status
check_allowed(struct bs_checking *c, const struct definers *definers,
              const struct bs_grants *grants, bool *fine, struct bs_error *err) {
    bool allowed = definers->count == 0 || bs_grants_has(grants, "SUPER", NULL) ||
                   bs_grants_has(grants, definer_privilege(&c->target), NULL);
    if (allowed) {
        return check_system_definers(c, definers, grants, fine, err);
    }
    *fine = false;
    fail_definers(c, definers, grants);
    return BS_OK;
}

enum bs_status
bs_check_definers(struct bs_checking *c, struct bs_error *err) {
    struct definers definers = {0};
    struct bs_grants grants;
    enum bs_status status = bs_grants_load(c->config->target, &c->target, &grants, err);
    if (status != BS_OK) {
        return status;
    }
    bool there = true, known = true, fine = false;
    status = load_definers(c, &definers, err);
    if (status == BS_OK) {
        status = check_chosen(c, &definers, &there, &known, err);
    }
    if (status == BS_OK && there) {
        status = check_allowed(c, &definers, &grants, &fine, err);
    }
    if (status == BS_OK && fine && c->config->definer != NULL) {
        pass_chosen(c, known);
    } else if (status == BS_OK && fine) {
        status = check_existence(c, &definers, err);
    }
    definers_fini(&definers);
    bs_grants_fini(&grants);
    return status;
}

/* Routines and triggers on a target with a binary log (errors 1418 and 1419). */
static enum bs_status
count_makings(struct bs_checking *c, uint64_t *triggers, uint64_t *functions, uint64_t *unsafe,
              struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    *triggers = *functions = *unsafe = 0;
    enum bs_status status = bs_sql_query(
        c->config->source, &result, err,
        "SELECT TRIGGER_SCHEMA, 'trigger', '' FROM information_schema.TRIGGERS UNION ALL "
        "SELECT ROUTINE_SCHEMA, 'function', IF(IS_DETERMINISTIC='YES' OR SQL_DATA_ACCESS IN "
        "('NO SQL', 'READS SQL DATA'), '', 'unsafe') FROM information_schema.ROUTINES "
        "WHERE ROUTINE_TYPE='FUNCTION'");
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        if (bs_selection_has_database(c->config->selection, row[0])) {
            *triggers += bs_str_is(row[1], "trigger");
            *functions += bs_str_is(row[1], "function");
            *unsafe += row[2].len > 0;
        }
    }
    bs_sql_result_free(result);
    return status;
}

enum bs_status
bs_check_function_creators(struct bs_checking *c, struct bs_error *err) {
    char *log_bin = NULL;
    char *trusts = NULL;
    uint64_t triggers = 0, functions = 0, unsafe = 0;
    struct bs_grants grants = {0};
    enum bs_status status = bs_check_variable(c->config->target, "log_bin", &log_bin, err);
    if (status == BS_OK) {
        status =
            bs_check_variable(c->config->target, "log_bin_trust_function_creators", &trusts, err);
    }
    if (status == BS_OK) {
        status = bs_grants_load(c->config->target, &c->target, &grants, err);
    }
    if (status == BS_OK) {
        status = count_makings(c, &triggers, &functions, &unsafe, err);
    }
    if (status == BS_OK) {
        bool strict = strcmp(log_bin, "ON") == 0 && strcmp(trusts, "OFF") == 0;
        bool super = bs_grants_has(&grants, "SUPER", NULL);
        if (strict && (unsafe > 0 || (!super && triggers + functions > 0))) {
            bs_check_add(c, BS_CHECK_FAIL,
                         bs_asprintf("the target would refuse triggers or functions (%" PRIu64
                                     " and %" PRIu64 " are to be made): it has a binary log and "
                                     "log_bin_trust_function_creators=OFF",
                                     triggers, functions),
                         bs_strdup("on the target: SET GLOBAL log_bin_trust_function_creators=1"));
        } else {
            bs_check_add(c, BS_CHECK_PASS, bs_strdup("the target takes triggers and functions"),
                         NULL);
        }
    }
    free(log_bin);
    free(trusts);
    bs_grants_fini(&grants);
    return status;
}

/* MySQL before 5.7 grants the creator of a routine the rights to it under the name of the login
 * (user@host), and where the account is user@%, makes an account of that name, without a password:
 * the next login of the same user then meets that one. Seen on 5.6.24. */
enum bs_status
bs_check_routine_privileges(struct bs_checking *c, struct bs_error *err) {
    enum { MENDED = 50700 };
    char *automatic = NULL;
    struct bs_buf logins = {0};
    bool differ = false;
    if (c->target.flavour != BS_MYSQL || c->target.version >= MENDED) {
        return BS_OK;
    }
    enum bs_status status =
        bs_check_variable(c->config->target, "automatic_sp_privileges", &automatic, err);
    if (status == BS_OK) {
        status = bs_sql_value(c->config->target, &logins, &differ, err,
                              "SELECT USER() FROM DUAL WHERE USER()<>CURRENT_USER()");
    }
    if (status == BS_OK && differ && strcmp(automatic, "ON") == 0) {
        bs_check_add(
            c, BS_CHECK_FAIL,
            bs_asprintf("creating a routine would make this server add an account %s "
                        "without a password, because yours has another host part",
                        bs_buf_cstr(&logins)),
            bs_strdup("on the target: SET GLOBAL automatic_sp_privileges=0 for the time of "
                      "the move; or use an account with the exact host"));
    } else if (status == BS_OK) {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("creating routines adds no account"), NULL);
    }
    free(automatic);
    bs_buf_fini(&logins);
    return status;
}
