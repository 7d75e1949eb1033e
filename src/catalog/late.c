/* Keys and foreign keys that are added to tables which have their rows. Both may have been added
 * before, by a run that died before it could say so. */
#include "catalog/catalog.h"

#include "sql/text.h"

/* Of one statement, so all of its keys are there or none is. */
static bool
are_there(const struct bs_error *err) {
    enum { DUPLICATE_KEY_NAME = 1061 };
    return err->sql_errno == DUPLICATE_KEY_NAME;
}

enum bs_status
bs_catalog_add_keys(struct bs_sql *sql, const char *db, const char *name, struct bs_str statement,
                    struct bs_error *err) {
    struct bs_error failure = {0};
    enum bs_status status = bs_sql_exec(sql, err, "SET NAMES %s", bs_sql_utf8(sql));
    if (status == BS_OK) {
        status = bs_sql_run(sql, statement, &failure);
    }
    if (failure.status != BS_OK && !are_there(&failure)) {
        *err = failure;
        return bs_error_context(err, "building the keys of table %s.%s on the target", db, name);
    }
    return failure.status != BS_OK || status == BS_OK ? bs_sql_exec(sql, err, "SET NAMES binary")
                                                      : status;
}

/* A table's late foreign keys come by one statement: one of them tells of all. */
static enum bs_status
has_foreign_keys(struct bs_sql *sql, const char *db, const char *name, bool *has,
                 struct bs_error *err) {
    struct bs_buf where = {0};
    struct bs_buf value = {0};
    bs_buf_puts(&where, "CONSTRAINT_SCHEMA=");
    bs_sql_put_string(&where, bs_str(db));
    bs_buf_puts(&where, " AND TABLE_NAME=");
    bs_sql_put_string(&where, bs_str(name));
    enum bs_status status = bs_sql_value(sql, &value, has, err,
                                         "SELECT 1 FROM information_schema.TABLE_CONSTRAINTS WHERE "
                                         "%s AND CONSTRAINT_TYPE='FOREIGN KEY' LIMIT 1",
                                         bs_buf_cstr(&where));
    bs_buf_fini(&where);
    bs_buf_fini(&value);
    return status;
}

static enum bs_status
add_foreign_keys(struct bs_sql *sql, const char *db, struct bs_str statement,
                 struct bs_error *err) {
    enum bs_status status =
        bs_sql_exec(sql, err, "SET NAMES %s, foreign_key_checks=0", bs_sql_utf8(sql));
    if (status == BS_OK) {
        status = bs_sql_use(sql, db, err);
    }
    if (status == BS_OK) {
        status = bs_sql_run(sql, statement, err);
    }
    return status == BS_OK ? bs_sql_exec(sql, err, "SET NAMES binary, foreign_key_checks=1")
                           : status;
}

enum bs_status
bs_catalog_add_foreign_keys(struct bs_sql *sql, const char *db, const char *name,
                            struct bs_str statement, struct bs_error *err) {
    bool has = false;
    enum bs_status status = has_foreign_keys(sql, db, name, &has, err);
    if (status == BS_OK && !has) {
        status = add_foreign_keys(sql, db, statement, err);
    }
    return status == BS_OK
               ? BS_OK
               : bs_error_context(err, "making the foreign keys of table %s.%s on the target", db,
                                  name);
}
