/* A session in which the definitions that servers print mean what they say. */
#include "catalog/catalog.h"

#include <string.h>

/* Of a TIMESTAMP without a word about its default SHOW CREATE TABLE says nothing where it has none;
 * where explicit_defaults_for_timestamp is OFF it would be given one, and ON UPDATE. With ON the
 * texts of sources that have it OFF are the same, too, since they say all. Where sessions cannot
 * choose (MySQL before 8.0, MariaDB before 10.5.17) sources cannot either, and `check` has compared
 * the servers. */
static enum bs_status
set_explicit_defaults(struct bs_sql *sql, struct bs_error *err) {
    enum { ER_INCORRECT_GLOBAL_LOCAL_VAR_NO = 1238 };
    struct bs_buf value = {0};
    struct bs_error failure;
    bool found = false;
    bs_error_clear(&failure);
    enum bs_status status =
        bs_sql_variable(sql, "explicit_defaults_for_timestamp", false, &value, &found, err);
    bool is_off = found && bs_str_is_nocase(bs_buf_str(&value), "OFF");
    bs_buf_fini(&value);
    if (status != BS_OK || !is_off) {
        return status;
    }
    status = bs_sql_exec(sql, &failure, "SET explicit_defaults_for_timestamp=ON");
    if (status == BS_SERVER && failure.sql_errno == ER_INCORRECT_GLOBAL_LOCAL_VAR_NO) {
        return BS_OK;
    }
    if (status == BS_SERVER) {
        bs_error_hint(&failure, "GRANT SESSION_VARIABLES_ADMIN ON *.* to the account, or SET "
                                "GLOBAL explicit_defaults_for_timestamp=ON there");
    }
    if (status != BS_OK && err != NULL) {
        *err = failure;
    }
    return status;
}

/* Servers that can mean utf8mb4 by utf8 say utf8mb3 where they mean that; all others mean utf8mb3
 * by utf8. MariaDB before 10.6.1 is one of these, and knows no such mode. */
static enum bs_status
set_utf8(struct bs_sql *sql, struct bs_error *err) {
    enum { ER_WRONG_VALUE_FOR_VAR_NO = 1231 };
    struct bs_buf value = {0};
    struct bs_error failure;
    bool found = false;
    bs_error_clear(&failure);
    enum bs_status status = bs_sql_variable(sql, "old_mode", false, &value, &found, err);
    bool is_utf8mb4 = found && strstr(bs_buf_cstr(&value), BS_OLD_MODE_UTF8) == NULL;
    bs_buf_fini(&value);
    if (status != BS_OK || !is_utf8mb4) {
        return status;
    }
    status = bs_sql_exec(sql, &failure, "SET old_mode=" BS_OLD_MODE_WITH_UTF8);
    if (status == BS_SERVER && failure.sql_errno == ER_WRONG_VALUE_FOR_VAR_NO) {
        return BS_OK;
    }
    if (status != BS_OK && err != NULL) {
        *err = failure;
    }
    return status;
}

enum bs_status
bs_catalog_expect_definitions(struct bs_sql *sql, struct bs_error *err) {
    enum bs_status status = set_explicit_defaults(sql, err);
    if (status == BS_OK) {
        status = set_utf8(sql, err);
    }
    return status == BS_OK
               ? BS_OK
               : bs_error_context(err, "setting a session up for definitions of another server");
}
