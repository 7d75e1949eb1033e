#include "schema/model.h"

#include "base/mem.h"

#include <stdlib.h>

static void
column_fini(struct bs_column *column) {
    free(column->name);
    free(column->type_text);
    free(column->charset);
    free(column->collation);
}

static void
key_fini(struct bs_key *key) {
    free(key->name);
    free(key->parts);
}

static void
foreign_key_fini(struct bs_foreign_key *fk) {
    for (size_t i = 0; i < fk->column_count; i++) {
        free(fk->columns[i]);
        free(fk->parent_columns[i]);
    }
    free(fk->columns);
    free(fk->parent_columns);
    free(fk->name);
    free(fk->parent_db);
    free(fk->parent_table);
}

void
bs_table_free(struct bs_table *table) {
    if (table == NULL) {
        return;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        column_fini(&table->columns[i]);
    }
    for (size_t i = 0; i < table->key_count; i++) {
        key_fini(&table->keys[i]);
    }
    for (size_t i = 0; i < table->fk_count; i++) {
        foreign_key_fini(&table->fks[i]);
    }
    free(table->columns);
    free(table->keys);
    free(table->fks);
    free(table->db);
    free(table->name);
    free(table->engine);
    free(table->create);
    free(table);
}

/* Column names are compared as bytes first. Servers take them in any case, which matters for ASCII
 * letters only where a statement spells a name in another way than the table does. */
struct bs_column *
bs_table_column(const struct bs_table *table, struct bs_str name) {
    for (size_t i = 0; i < table->column_count; i++) {
        if (bs_str_is(name, table->columns[i].name)) {
            return &table->columns[i];
        }
    }
    for (size_t i = 0; i < table->column_count; i++) {
        if (bs_str_is_nocase(name, table->columns[i].name)) {
            return &table->columns[i];
        }
    }
    return NULL;
}

static bool
key_finds_rows(const struct bs_key *key) {
    bool is_usable = key->unique && !key->nullable && !key->functional && !key->hidden;
    if (!is_usable || key->part_count == 0) {
        return false;
    }
    for (size_t i = 0; i < key->part_count; i++) {
        if (key->parts[i].prefix != 0) {
            return false;
        }
    }
    return true;
}

const struct bs_key *
bs_table_row_key(const struct bs_table *table) {
    for (size_t i = 0; i < table->key_count; i++) {
        if (key_finds_rows(&table->keys[i])) {
            return &table->keys[i];
        }
    }
    return NULL;
}

bool
bs_column_is_text(const struct bs_column *column) {
    return column->charset != NULL && !bs_str_is_nocase(bs_str(column->charset), "binary");
}

void
bs_object_fini(struct bs_object *object) {
    free(object->db);
    free(object->name);
    free(object->table);
    free(object->create);
    free(object->sql_mode);
    free(object->charset_client);
    free(object->collation_connection);
    free(object->collation_database);
    free(object->time_zone);
    *object = (struct bs_object){0};
}

void
bs_objects_free(struct bs_object *objects, size_t count) {
    for (size_t i = 0; i < count; i++) {
        bs_object_fini(&objects[i]);
    }
    free(objects);
}

const char *
bs_object_kind_name(enum bs_object_kind kind) {
    switch (kind) {
    case BS_OBJECT_DATABASE:
        return "DATABASE";
    case BS_OBJECT_TABLE:
        return "TABLE";
    case BS_OBJECT_VIEW:
        return "VIEW";
    case BS_OBJECT_PROCEDURE:
        return "PROCEDURE";
    case BS_OBJECT_FUNCTION:
        return "FUNCTION";
    case BS_OBJECT_PACKAGE:
        return "PACKAGE";
    case BS_OBJECT_PACKAGE_BODY:
        return "PACKAGE BODY";
    case BS_OBJECT_TRIGGER:
        return "TRIGGER";
    case BS_OBJECT_EVENT:
        return "EVENT";
    case BS_OBJECT_SEQUENCE:
        return "SEQUENCE";
    }
    return "OBJECT";
}

void
bs_schema_free(struct bs_schema *schema) {
    if (schema == NULL) {
        return;
    }
    for (size_t i = 0; i < schema->object_count; i++) {
        bs_object_fini(&schema->objects[i]);
    }
    for (size_t i = 0; i < schema->table_count; i++) {
        bs_table_free(schema->tables[i]);
    }
    free(schema->objects);
    free(schema->tables);
    free(schema);
}

size_t
bs_schema_find_table(const struct bs_schema *schema, const char *db, const char *name) {
    size_t found = schema->table_count;
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct bs_table *table = schema->tables[i];
        if (strcmp(table->db, db) == 0 && strcmp(table->name, name) == 0) {
            return i;
        }
        if (strcasecmp(table->db, db) == 0 && strcasecmp(table->name, name) == 0) {
            found = i;
        }
    }
    return found;
}

bool
bs_foreign_key_acts(const struct bs_foreign_key *fk) {
    enum bs_fk_action actions[] = {fk->on_delete, fk->on_update};
    for (size_t i = 0; i < 2; i++) {
        if (actions[i] != BS_FK_RESTRICT && actions[i] != BS_FK_NO_ACTION) {
            return true;
        }
    }
    return false;
}

bool
bs_table_has_primary_key(const struct bs_table *table) {
    for (size_t i = 0; i < table->key_count; i++) {
        if (strcmp(table->keys[i].name, "PRIMARY") == 0) {
            return true;
        }
    }
    return false;
}
