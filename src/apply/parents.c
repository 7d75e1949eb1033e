#include "apply/parents.h"

#include "apply/ddl_run.h"

#include <string.h>

static enum bs_status
refuse(const struct bs_statement *statement, struct bs_error *err) {
    return bs_ddl_refuse(
        statement,
        "a foreign key from or to a table that is not InnoDB on the source, where it does nothing: "
        "on the target it would delete, change or refuse rows",
        "on the source, drop the foreign key or make both tables InnoDB, and take a new snapshot; "
        "or leave these tables out with --exclude-tables",
        err);
}

/* Does a table that is known have a foreign key to this one? */
static bool
is_parent(const struct bs_applier *applier, const char *db, const char *name) {
    size_t at = 0;
    struct bs_str key;
    void *value;
    while (bs_map_next(&applier->tables, &at, &key, &value)) {
        const struct bs_table *child = ((const struct bs_target_table *)value)->model;
        for (size_t i = 0; i < child->fk_count; i++) {
            if (strcmp(child->fks[i].parent_db, db) == 0 &&
                strcmp(child->fks[i].parent_table, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

enum bs_status
bs_parents_check(const struct bs_applier *applier, const struct bs_statement *statement,
                 const char *db, const char *name, struct bs_error *err) {
    const struct bs_target_table *table = bs_applier_find_table(applier, bs_str(db), bs_str(name));
    if (table == NULL || applier->keep_engines) {
        return BS_OK;
    }
    if (!table->is_transactional && (table->model->fk_count > 0 || is_parent(applier, db, name))) {
        return refuse(statement, err);
    }
    for (size_t i = 0; i < table->model->fk_count; i++) {
        const struct bs_foreign_key *fk = &table->model->fks[i];
        const struct bs_target_table *parent =
            bs_applier_find_table(applier, bs_str(fk->parent_db), bs_str(fk->parent_table));
        if (parent != NULL && !parent->is_transactional) {
            return refuse(statement, err);
        }
    }
    return BS_OK;
}
