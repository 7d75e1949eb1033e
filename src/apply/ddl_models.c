#include "apply/ddl_models.h"

#include "apply/ddl_run.h"
#include "apply/parents.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* What a parent's cascades do to its child is not in every source's log; here is no parent. */
static enum bs_status
check_parents(const struct bs_applier *applier, const struct bs_statement *statement,
              const struct bs_ddl_object *object, struct bs_error *err) {
    const struct bs_target_table *table =
        bs_applier_find_table(applier, bs_str(object->db), bs_str(object->name));
    for (size_t i = 0; table != NULL && i < table->model->fk_count; i++) {
        const struct bs_foreign_key *fk = &table->model->fks[i];
        bool has_parent = bs_selection_has_object(applier->selection, BS_OBJECT_TABLE,
                                                  bs_str(fk->parent_db), bs_str(fk->parent_table));
        if (bs_foreign_key_acts(fk) && !has_parent) {
            return bs_ddl_refuse(statement,
                                 "a foreign key that acts goes to a table that is not selected: "
                                 "what it does to rows would be missing on the target",
                                 "select the parent table too, or neither, and take a new snapshot",
                                 err);
        }
    }
    return BS_OK;
}

/* The tables that the statement names. */
static enum bs_status
refresh_named(struct bs_applier *applier, const struct bs_statement *statement,
              const struct bs_ddl *ddl, const struct bs_engine_notes *notes, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; status == BS_OK && i < ddl->count; i++) {
        const struct bs_ddl_object *object = &ddl->objects[i];
        if (object->kind == BS_OBJECT_DATABASE && ddl->verb == BS_DDL_DROP) {
            bs_applier_forget_database(applier, bs_str(object->db));
        } else if (object->kind == BS_OBJECT_TABLE || object->kind == BS_OBJECT_SEQUENCE) {
            status = bs_applier_refresh_table(applier, bs_str(object->db), bs_str(object->name),
                                              i < notes->count ? notes->engines[i] : NULL, err);
            status = status == BS_OK ? check_parents(applier, statement, object, err) : status;
            status = status == BS_OK
                         ? bs_parents_check(applier, statement, object->db, object->name, err)
                         : status;
        }
    }
    return status;
}

static bool
names_table(const struct bs_ddl *ddl, const char *db, const char *name) {
    for (size_t i = 0; i < ddl->count; i++) {
        if (ddl->objects[i].kind == BS_OBJECT_TABLE && strcmp(ddl->objects[i].db, db) == 0 &&
            strcmp(ddl->objects[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_child_of(const struct bs_table *model, const struct bs_ddl *ddl) {
    for (size_t i = 0; i < model->fk_count; i++) {
        if (names_table(ddl, model->fks[i].parent_db, model->fks[i].parent_table)) {
            return true;
        }
    }
    return false;
}

static enum bs_status
refresh_again(struct bs_applier *applier, const struct bs_table *model, struct bs_error *err) {
    char *db = bs_strdup(model->db); /* the model goes */
    char *name = bs_strdup(model->name);
    char *engine = bs_strdup(model->engine);
    enum bs_status status =
        bs_applier_refresh_table(applier, bs_str(db), bs_str(name), engine, err);
    free(db);
    free(name);
    free(engine);
    return status;
}

/* A parent that is renamed, dropped or altered is another one in its children's foreign keys. What
 * is not known as a parent is folded, and its cascades are left to nobody. */
static enum bs_status
refresh_children(struct bs_applier *applier, const struct bs_ddl *ddl, struct bs_error *err) {
    const struct bs_table **children = bs_alloc((applier->tables.count + 1) * sizeof *children);
    size_t count = 0;
    size_t at = 0;
    struct bs_str key;
    void *value;
    while (bs_map_next(&applier->tables, &at, &key, &value)) {
        const struct bs_table *model = ((const struct bs_target_table *)value)->model;
        if (is_child_of(model, ddl) && !names_table(ddl, model->db, model->name)) {
            children[count++] = model;
        }
    }
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < count && status == BS_OK; i++) {
        status = refresh_again(applier, children[i], err);
    }
    free(children);
    return status;
}

enum bs_status
bs_ddl_refresh_models(struct bs_applier *applier, const struct bs_statement *statement,
                      const struct bs_ddl *ddl, const struct bs_engine_notes *notes,
                      struct bs_error *err) {
    enum bs_status status = refresh_named(applier, statement, ddl, notes, err);
    return status == BS_OK ? refresh_children(applier, ddl, err) : status;
}
