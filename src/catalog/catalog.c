/* The whole of what is selected, in the order in which it can be created: databases, tables,
 * functions, procedures, packages, views, triggers, events. */
#include "catalog/catalog_private.h"

#include "base/mem.h"

#include <stdlib.h>

static enum bs_status
load_objects(struct bs_sql *sql, const struct bs_server *server,
             const struct bs_selection *selection, struct bs_schema *schema, struct bs_error *err) {
    static const enum bs_object_kind everywhere[] = {
        BS_OBJECT_DATABASE, BS_OBJECT_FUNCTION, BS_OBJECT_PROCEDURE,
        BS_OBJECT_VIEW,     BS_OBJECT_TRIGGER,  BS_OBJECT_EVENT,
    };
    static const enum bs_object_kind on_mariadb[] = {
        BS_OBJECT_DATABASE,     BS_OBJECT_FUNCTION, BS_OBJECT_PROCEDURE, BS_OBJECT_PACKAGE,
        BS_OBJECT_PACKAGE_BODY, BS_OBJECT_VIEW,     BS_OBJECT_TRIGGER,   BS_OBJECT_EVENT,
    };
    bool is_mariadb = server->flavour == BS_MARIADB;
    struct bs_object_list list;
    enum bs_status status =
        bs_catalog_load_objects(sql, server, selection, is_mariadb ? on_mariadb : everywhere,
                                is_mariadb ? sizeof on_mariadb / sizeof *on_mariadb
                                           : sizeof everywhere / sizeof *everywhere,
                                &list, err);
    schema->objects = list.objects;
    schema->object_count = list.count;
    return status;
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
