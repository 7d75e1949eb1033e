/* The whole of what is selected, in the order in which it can be created: databases, tables,
 * functions, procedures, packages, views, triggers, events. */
#include "catalog/catalog_private.h"

#include "base/mem.h"

#include <stdlib.h>

static void
append_objects(struct bs_schema *schema, struct bs_object *objects, size_t count) {
    schema->objects =
        bs_realloc(schema->objects, (schema->object_count + count) * sizeof *schema->objects);
    if (count > 0) {
        memcpy(schema->objects + schema->object_count, objects, count * sizeof *objects);
    }
    schema->object_count += count;
    free(objects);
}

static enum bs_status
load_objects(struct bs_sql *sql, const struct bs_server *server,
             const struct bs_selection *selection, struct bs_schema *schema, struct bs_error *err) {
    static const enum bs_object_kind order[] = {
        BS_OBJECT_DATABASE,     BS_OBJECT_FUNCTION, BS_OBJECT_PROCEDURE, BS_OBJECT_PACKAGE,
        BS_OBJECT_PACKAGE_BODY, BS_OBJECT_VIEW,     BS_OBJECT_TRIGGER,   BS_OBJECT_EVENT,
    };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        bool is_package = order[i] == BS_OBJECT_PACKAGE || order[i] == BS_OBJECT_PACKAGE_BODY;
        if (is_package && server->flavour != BS_MARIADB) {
            continue;
        }
        struct bs_object *objects = NULL;
        size_t count = 0;
        enum bs_status status =
            bs_catalog_objects(sql, server, selection, order[i], &objects, &count, err);
        if (status != BS_OK) {
            return status;
        }
        append_objects(schema, objects, count);
    }
    return BS_OK;
}

static enum bs_status
load_tables(struct bs_sql *sql, const struct bs_server *server,
            const struct bs_selection *selection, struct bs_schema *schema, struct bs_error *err) {
    struct bs_table_list list = {0};
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < schema->object_count && status == BS_OK; i++) {
        if (schema->objects[i].kind == BS_OBJECT_DATABASE) {
            status = bs_catalog_load_tables(sql, server, selection, bs_str(schema->objects[i].db),
                                            (struct bs_str){NULL, 0}, &list, err);
        }
    }
    schema->tables = list.tables;
    schema->table_count = list.count;
    return status;
}

enum bs_status
bs_catalog_schema(struct bs_sql *sql, const struct bs_server *server,
                  const struct bs_selection *selection, struct bs_schema **schema,
                  struct bs_error *err) {
    *schema = NULL;
    struct bs_schema *read = bs_zalloc(sizeof *read);
    enum bs_status status = load_objects(sql, server, selection, read, err);
    if (status == BS_OK) {
        status = load_tables(sql, server, selection, read, err);
    }
    if (status != BS_OK) {
        bs_schema_free(read);
        return bs_error_context(err, "reading the schema");
    }
    *schema = read;
    return BS_OK;
}
