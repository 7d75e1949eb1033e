/* The check of settings that change what a schema change means: the statements of the source's
 * binlog are run on the target, and must make the same there. */
#include "base/mem.h"
#include "catalog/catalog.h"
#include "check/check_private.h"
#include "schema/zone.h"

#include <stdlib.h>
#include <string.h>

#define EXPLICIT_DEFAULTS "explicit_defaults_for_timestamp"

/* if_absent: what a source without the variable behaves like; NULL: it is not compared then. A
 * target without the variable is never compared. */
static const struct setting {
    const char *name;
    const char *if_absent;
} SETTINGS[] = {
    {EXPLICIT_DEFAULTS, NULL},           /* what TIMESTAMP alone means */
    {"innodb_default_row_format", NULL}, /* MySQL 5.7.9, MariaDB 10.2 */
    {"innodb_strict_mode", NULL},        /* whether an impossible ROW_FORMAT is an error */
    {"default_storage_engine", NULL},    {"sql_require_primary_key", "OFF"}, /* MySQL 8.0.13 */
    {"character_set_collations", NULL}, /* MariaDB 11: what CHARACTER SET alone means; statements of
                                         * sources without it are made to say their collation */
};

struct differences {
    struct bs_buf found, fix;
    bool is_fail;
};

/* Where the variable cannot be set while the server runs, and no session can have its own, DDL that
 * leans on it would be made into something else. */
static bool
is_fixed(const struct bs_server *target, const char *name) {
    enum { MYSQL_SETTABLE = 50700, MARIADB_SETTABLE = 100804 };
    return strcmp(name, EXPLICIT_DEFAULTS) == 0 &&
           target->version < (target->flavour == BS_MYSQL ? (uint32_t)MYSQL_SETTABLE
                                                          : (uint32_t)MARIADB_SETTABLE);
}

static void
add_difference(struct differences *all, const struct bs_server *target, const char *name,
               const char *source_value, const char *target_value) {
    bs_buf_printf(&all->found, "%s%s is '%s' on the source and '%s' on the target",
                  all->found.len > 0 ? "; " : "", name, source_value, target_value);
    bs_buf_puts(&all->fix, all->fix.len > 0 ? "; " : "on the target: ");
    if (is_fixed(target, name)) {
        all->is_fail = true;
        bs_buf_printf(&all->fix,
                      "put %s=%s into the [mysqld] section of its option file and "
                      "restart it",
                      name, source_value);
    } else {
        bs_buf_printf(&all->fix, "SET GLOBAL %s='%s'", name, source_value);
    }
}

static enum bs_status
compare(struct bs_checking *c, const struct setting *setting, struct differences *all,
        struct bs_error *err) {
    struct bs_buf source = {0}, target = {0};
    bool source_has = false, target_has = false;
    enum bs_status status =
        bs_sql_variable(c->config->source, setting->name, true, &source, &source_has, err);
    if (status == BS_OK) {
        status = bs_sql_variable(c->config->target, setting->name, true, &target, &target_has, err);
    }
    /* Where sessions have a choice, those that make tables and run schema changes make the source's
     * (try_to_choose). */
    bool is_chosen = strcmp(setting->name, EXPLICIT_DEFAULTS) == 0 &&
                     bs_server_has_explicit_defaults(&c->target);
    bool compared = target_has && (source_has || setting->if_absent != NULL) && !is_chosen;
    if (status == BS_OK && compared) {
        const char *is = source_has ? bs_buf_cstr(&source) : setting->if_absent;
        if (strcmp(is, bs_buf_cstr(&target)) != 0) {
            add_difference(all, &c->target, setting->name, is, bs_buf_cstr(&target));
        }
    }
    bs_buf_fini(&source);
    bs_buf_fini(&target);
    return status;
}

/* May a session of ours have what definitions need? If not, that is told. */
static enum bs_status
try_to_choose(struct bs_checking *c, bool *may, struct bs_error *err) {
    struct bs_error refused;
    bs_error_clear(&refused);
    enum bs_status status = bs_catalog_expect_definitions(c->config->target, &refused);
    *may = status == BS_OK;
    if (status == BS_SERVER) {
        bs_check_add(
            c, BS_CHECK_FAIL,
            bs_asprintf("tables cannot be made as they are on the source: %s", refused.message),
            bs_asprintf("on the target: %s", refused.hint));
        return BS_OK;
    }
    if (status != BS_OK && err != NULL) {
        *err = refused;
    }
    return status;
}

/* Statements of sessions whose time_zone is SYSTEM: each server takes that for its own zone, unless
 * the source's has one distance to UTC at all times, which can be said. */
static enum bs_status
compare_system_zones(struct bs_checking *c, struct differences *all, struct bs_error *err) {
    enum bs_status status = bs_catalog_system_zone(c->config->source, &c->source, err);
    status = status == BS_OK ? bs_catalog_system_zone(c->config->target, &c->target, err) : status;
    if (status != BS_OK || c->source.system_offset[0] != '\0' ||
        bs_zone_is_shared(&c->source, &c->target)) {
        return status;
    }
    bs_buf_printf(
        &all->found,
        "%sthe source's system has another time zone (%s) than the target's (%s), so that "
        "what a session with time_zone=SYSTEM alters by the clock would become other "
        "times: follow stops there",
        all->found.len > 0 ? "; " : "", c->source.system_zone_name, c->target.system_zone_name);
    bs_buf_printf(&all->fix,
                  "%sstart it with the time zone of the source's system (TZ in its "
                  "environment)",
                  all->fix.len > 0 ? "; " : "on the target: ");
    return BS_OK;
}

/* Tables are made, and schema changes run, as the source means them; but a stored program is read
 * anew in each session that calls it. */
static void
compare_utf8(const struct bs_checking *c, struct differences *all) {
    bool source = c->source.utf8_is_utf8mb4;
    if (source == c->target.utf8_is_utf8mb4) {
        return;
    }
    bs_buf_printf(&all->found,
                  "%sutf8 in stored programs means %s on the source and %s on the target",
                  all->found.len > 0 ? "; " : "", source ? "utf8mb4" : "utf8mb3",
                  source ? "utf8mb3" : "utf8mb4");
    bs_buf_puts(&all->fix, all->fix.len > 0 ? "; " : "");
    if (bs_server_has_utf8_choice(&c->target)) {
        bs_buf_printf(&all->fix, "on the target: SET GLOBAL old_mode=%s",
                      source ? BS_OLD_MODE_WITHOUT_UTF8 : BS_OLD_MODE_WITH_UTF8);
    } else {
        bs_buf_puts(&all->fix, "say utf8mb4 in the source's stored programs where it is meant");
    }
}

enum bs_status
bs_check_ddl_settings(struct bs_checking *c, struct bs_error *err) {
    struct differences all = {0};
    bool may = false;
    enum bs_status status = try_to_choose(c, &may, err);
    if (status != BS_OK || !may) {
        return status;
    }
    status = compare_system_zones(c, &all, err);
    for (size_t i = 0; i < sizeof SETTINGS / sizeof SETTINGS[0] && status == BS_OK; i++) {
        status = compare(c, &SETTINGS[i], &all, err);
    }
    compare_utf8(c, &all);
    if (status == BS_OK && all.found.len > 0) {
        bs_check_add(c, all.is_fail ? BS_CHECK_FAIL : BS_CHECK_WARNING,
                     bs_asprintf("schema changes may mean something else on the target: %s",
                                 bs_buf_cstr(&all.found)),
                     bs_strdup(bs_buf_cstr(&all.fix)));
    } else if (status == BS_OK) {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("schema changes mean the same on both"), NULL);
    }
    bs_buf_fini(&all.found);
    bs_buf_fini(&all.fix);
    return status;
}

/* A source that does not log what its cascades change leaves them to the target. MySQL 9.6 and
 * newer run them above InnoDB, and refuse some that InnoDB runs: a row whose parent's change
 * reaches several rows of a child with ON UPDATE SET NULL (error 1452, seen on 9.7.4). */
enum bs_status
bs_check_cascades(struct bs_checking *c, struct bs_error *err) {
    static const char NAME[] = "innodb_native_foreign_keys";
    char *source = NULL;
    char *target = NULL;
    struct bs_buf count = {0};
    bool found = false;
    enum bs_status status = bs_check_variable(c->config->source, NAME, &source, err);
    if (status == BS_OK) {
        status = bs_check_variable(c->config->target, NAME, &target, err);
    }
    if (status == BS_OK) {
        status = bs_sql_value(c->config->source, &count, &found, err,
                              "SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS "
                              "WHERE UPDATE_RULE IN ('CASCADE', 'SET NULL') OR DELETE_RULE IN "
                              "('CASCADE', 'SET NULL')");
    }
    bool logs_cascades = status == BS_OK && strcmp(source, "OFF") == 0;
    bool runs_apart = status == BS_OK && strcmp(target, "OFF") == 0;
    bool has_any = status == BS_OK && found && strcmp(bs_buf_cstr(&count), "0") != 0;
    if (has_any && runs_apart && !logs_cascades) {
        bs_check_add(
            c, BS_CHECK_WARNING,
            bs_strdup("the source leaves cascades of foreign keys to the target, which has "
                      "innodb_native_foreign_keys=OFF and refuses some of them: the follow "
                      "would stop there"),
            bs_strdup("put innodb_native_foreign_keys=ON into the [mysqld] section of the "
                      "target's option file for the time of the move, and restart it"));
    } else if (status == BS_OK) {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("cascades of foreign keys are run as they were"),
                     NULL);
    }
    free(source);
    free(target);
    bs_buf_fini(&count);
    return status;
}
