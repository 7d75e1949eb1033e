#include "snapshot/build.h"

#include "base/fault.h"
#include "base/log.h"
#include "base/map.h"
#include "base/stop.h"
#include "catalog/catalog.h"
#include "schema/engine.h"
#include "snapshot/create_text.h"
#include "sql/text.h"

#include <stdlib.h>
#include <string.h>

static void
put_key(struct bs_buf *key, struct bs_str db, struct bs_str name) {
    bs_buf_clear(key);
    bs_buf_put_lenenc_str(key, db);
    bs_buf_put_lenenc_str(key, name);
}

/* Fills map with whatever the query names: (db) or (db, name). */
static enum bs_status
read_names(struct bs_sql *control, const char *query, struct bs_map *map, struct bs_error *err) {
    static char there;
    struct bs_buf key = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    enum bs_status status = bs_sql_query(control, &result, err, "%s", query);
    while (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
        if (status != BS_OK || fields == NULL) {
            break;
        }
        put_key(&key, fields[0], fields[1]);
        bs_map_put(map, bs_buf_str(&key), &there);
    }
    bs_sql_result_free(result);
    bs_buf_fini(&key);
    return status;
}

static bool
has_name(const struct bs_map *map, const char *db, const char *name) {
    struct bs_buf key = {0};
    put_key(&key, bs_str(db), bs_str(name));
    bool has = bs_map_get(map, bs_buf_str(&key)) != NULL;
    bs_buf_fini(&key);
    return has;
}

static enum bs_status
refuse(const char *kind, const char *db, const char *name, struct bs_error *err) {
    bs_error_set(err, BS_PRECHECK,
                 "the target already has a %s of the name %s.%s, which binstream "
                 "did not make",
                 kind, db, name);
    return bs_error_hint(err, "drop or rename it there, or leave it out of the selection");
}

static bool
is_routine(enum bs_object_kind kind) {
    return kind == BS_OBJECT_PROCEDURE || kind == BS_OBJECT_FUNCTION;
}

static enum bs_status
check_free(struct bs_sql *control, const struct bs_schema *schema, struct bs_error *err) {
    struct bs_map tables = {0};
    struct bs_map routines = {0};
    enum bs_status status = read_names(
        control, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES", &tables, err);
    if (status == BS_OK) {
        status = read_names(control,
                            "SELECT ROUTINE_SCHEMA, CONCAT(ROUTINE_TYPE, ' ', ROUTINE_NAME) "
                            "FROM information_schema.ROUTINES",
                            &routines, err);
    }
    for (size_t i = 0; i < schema->table_count && status == BS_OK; i++) {
        const struct bs_table *table = schema->tables[i];
        if (has_name(&tables, table->db, table->name)) {
            status = refuse("table", table->db, table->name, err);
        }
    }
    for (size_t i = 0; i < schema->object_count && status == BS_OK; i++) {
        const struct bs_object *object = &schema->objects[i];
        struct bs_buf name = {0};
        bs_buf_printf(&name, "%s %s", bs_object_kind_name(object->kind), object->name);
        if (object->kind == BS_OBJECT_VIEW && has_name(&tables, object->db, object->name)) {
            status = refuse("view or table", object->db, object->name, err);
        } else if (is_routine(object->kind) &&
                   has_name(&routines, object->db, bs_buf_cstr(&name))) {
            status = refuse("routine", object->db, object->name, err);
        }
        bs_buf_fini(&name);
    }
    bs_map_fini(&tables);
    bs_map_fini(&routines);
    return status;
}

/* utf8_bin and utf8mb3_bin are two versions' names for one collation. */
static bool
collations_equal(const char *a, const char *b) {
    a += strncmp(a, "utf8mb3_", 8) == 0 ? 7 : strncmp(a, "utf8_", 5) == 0 ? 4 : 0;
    b += strncmp(b, "utf8mb3_", 8) == 0 ? 7 : strncmp(b, "utf8_", 5) == 0 ? 4 : 0;
    return strcmp(a, b) == 0;
}

/* A CREATE TABLE that follow will replay takes its charset from the database. */
static enum bs_status
check_database(struct bs_sql *control, const struct bs_object *object, struct bs_error *err) {
    struct bs_buf name = {0};
    struct bs_buf value = {0};
    bool found = false;
    const char *wanted = object->collation_database;
    bs_sql_put_string(&name, bs_str(object->db));
    enum bs_status status = bs_sql_value(control, &value, &found, err,
                                         "SELECT DEFAULT_COLLATION_NAME FROM "
                                         "information_schema.SCHEMATA WHERE SCHEMA_NAME=%s",
                                         bs_buf_cstr(&name));
    if (status == BS_OK && found && wanted != NULL &&
        !collations_equal(bs_buf_cstr(&value), wanted)) {
        status =
            bs_error_set(err, BS_PRECHECK,
                         "database %s is on the target already, with default collation %s; the "
                         "source's is %s",
                         object->db, bs_buf_cstr(&value), wanted);
        bs_error_hint(err,
                      "drop it there, and it will be created as it is on the source; or ALTER "
                      "DATABASE ... DEFAULT COLLATE %s",
                      wanted);
    }
    bs_buf_fini(&name);
    bs_buf_fini(&value);
    return status;
}

static enum bs_status
check_databases(struct bs_sql *control, const struct bs_map *there, const struct bs_schema *schema,
                struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < schema->object_count && status == BS_OK; i++) {
        const struct bs_object *object = &schema->objects[i];
        if (object->kind == BS_OBJECT_DATABASE && has_name(there, object->db, "")) {
            status = check_database(control, object, err);
        }
    }
    return status;
}

static enum bs_status
create_databases(struct bs_sql *control, const struct bs_state *state,
                 const struct bs_schema *schema, struct bs_snapshot_report *report,
                 struct bs_error *err) {
    struct bs_map there = {0};
    enum bs_status status =
        read_names(control, "SELECT SCHEMA_NAME, '' FROM information_schema.SCHEMATA", &there, err);
    if (status == BS_OK) {
        status = check_databases(control, &there, schema, err);
    }
    for (size_t i = 0; i < schema->object_count && status == BS_OK; i++) {
        const struct bs_object *object = &schema->objects[i];
        if (object->kind != BS_OBJECT_DATABASE) {
            continue;
        }
        report->databases++;
        if (has_name(&there, object->db, "")) {
            continue;
        }
        status = bs_state_note_made(control, state, BS_OBJECT_DATABASE, object->db, "", err);
        if (status == BS_OK) {
            status = bs_sql_run(control, bs_str(object->create), err);
        }
        if (status != BS_OK) {
            bs_error_context(err, "creating database %s", object->db);
        }
    }
    bs_map_fini(&there);
    return status;
}

static enum bs_status
use_database(struct bs_sql *control, const char *db, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "USE ");
    bs_sql_put_ident(&text, bs_str(db));
    enum bs_status status = bs_sql_run(control, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    return status;
}

/* What is refused stops here; what is left out is said. */
static enum bs_status
heed_notes(const struct bs_notes *notes, const char *kind, const char *db, const char *name,
           struct bs_error *err) {
    const char *dot = *name != '\0' ? "." : "";
    for (size_t i = 0; i < notes->count; i++) {
        const struct bs_note *note = &notes->items[i];
        if (note->kind == BS_NOTE_REFUSED) {
            bs_error_set(err, BS_PRECHECK, "%s %s%s%s: %s", kind, db, dot, name, note->text);
            return bs_error_hint(err, "change it on the source, or leave it out of the selection; "
                                      "`binstream check` lists all such");
        }
        if (note->kind == BS_NOTE_LEFT_OUT) {
            bs_log(BS_LOG_WARNING, "%s %s%s%s: %s", kind, db, dot, name, note->text);
        }
    }
    return BS_OK;
}

enum bs_status
bs_build_translate(const struct bs_translation *translation, struct bs_schema *schema,
                   struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < schema->object_count && status == BS_OK; i++) {
        struct bs_object *object = &schema->objects[i];
        struct bs_notes notes = {0};
        bs_translate_object(translation, object, &notes);
        status =
            heed_notes(&notes, bs_object_kind_name(object->kind), object->db, object->name, err);
        bs_notes_fini(&notes);
    }
    for (size_t i = 0; i < schema->table_count && status == BS_OK; i++) {
        const struct bs_table *table = schema->tables[i];
        struct bs_translated translated;
        bs_translate_create(translation, table->engine, bs_str(table->create), &translated);
        status = heed_notes(&translated.notes, "table", table->db, table->name, err);
        bs_translated_fini(&translated);
    }
    return status;
}

/* SHOW CREATE TABLE's text as the target shall run it. */
static void
put_create(struct bs_buf *out, const struct bs_translation *translation,
           const struct bs_table *table) {
    struct bs_buf text = {0};
    struct bs_translated translated;
    bs_create_text_put(&text, bs_str(table->create));
    bs_translate_create(translation, table->engine, bs_buf_str(&text), &translated);
    bs_buf_put_str(out, bs_buf_str(&translated.sql));
    bs_translated_fini(&translated);
    bs_buf_fini(&text);
}

static enum bs_status
create_table(struct bs_sql *control, const struct bs_state *state,
             const struct bs_translation *translation, const struct bs_table *table,
             struct bs_error *err) {
    enum bs_object_kind kind = table->is_sequence ? BS_OBJECT_SEQUENCE : BS_OBJECT_TABLE;
    enum bs_status status = bs_state_note_made(control, state, kind, table->db, table->name, err);
    if (status == BS_OK) {
        status = use_database(control, table->db, err);
    }
    if (status == BS_OK) {
        struct bs_buf text = {0};
        put_create(&text, translation, table);
        status = bs_sql_run(control, bs_buf_str(&text), err);
        bs_buf_fini(&text);
    }
    if (status != BS_OK) {
        return bs_error_context(err, "creating table %s.%s on the target", table->db, table->name);
    }
    bs_fault_point("snapshot-table-created");
    return bs_stop_check(err);
}

/* A table may have NEXT VALUE FOR a sequence as a default, so sequences come first. */
static enum bs_status
create_tables(struct bs_sql *control, const struct bs_state *state,
              const struct bs_translation *translation, const struct bs_schema *schema,
              struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < schema->table_count && status == BS_OK; i++) {
            if (schema->tables[i]->is_sequence == (pass == 0)) {
                status = create_table(control, state, translation, schema->tables[i], err);
            }
        }
    }
    return status;
}

/* SHOW CREATE gives UTF-8 whatever the column's charset, so that is what the statements are in: as
 * binary, a default or an ENUM member of a latin1 column would be stored byte for byte. */
enum bs_status
bs_build_tables(struct bs_sql *control, const struct bs_state *state,
                const struct bs_translation *translation, const struct bs_schema *schema,
                struct bs_snapshot_report *report, struct bs_error *err) {
    enum bs_status status = check_free(control, schema, err);
    if (status == BS_OK) {
        status =
            bs_sql_exec(control, err, "SET NAMES %s, foreign_key_checks=0", bs_sql_utf8(control));
    }
    if (status == BS_OK) {
        status = create_databases(control, state, schema, report, err);
    }
    if (status == BS_OK) {
        status = create_tables(control, state, translation, schema, err);
    }
    if (status == BS_OK) {
        status = bs_sql_exec(control, err, "SET NAMES binary, foreign_key_checks=1");
    }
    return status;
}

static enum bs_status
create_kind(struct bs_sql *control, const struct bs_state *state, const struct bs_schema *schema,
            enum bs_object_kind kind, uint64_t *count, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < schema->object_count && status == BS_OK; i++) {
        const struct bs_object *object = &schema->objects[i];
        if (object->kind != kind) {
            continue;
        }
        status = bs_state_note_made(control, state, kind, object->db, object->name, err);
        if (status == BS_OK) {
            status = bs_catalog_create(control, object, err);
        }
        if (status != BS_OK) {
            return bs_error_context(err, "creating %s %s.%s on the target",
                                    bs_object_kind_name(kind), object->db, object->name);
        }
        (*count)++;
        status = bs_stop_check(err);
    }
    return status;
}

enum bs_status
bs_build_objects(struct bs_sql *control, const struct bs_state *state,
                 const struct bs_schema *schema, struct bs_snapshot_report *report,
                 struct bs_error *err) {
    /* A body is not looked into when it is created; a view is. So views come last. */
    enum bs_status status =
        create_kind(control, state, schema, BS_OBJECT_FUNCTION, &report->routines, err);
    if (status == BS_OK) {
        status = create_kind(control, state, schema, BS_OBJECT_PROCEDURE, &report->routines, err);
    }
    return status == BS_OK
               ? create_kind(control, state, schema, BS_OBJECT_VIEW, &report->views, err)
               : status;
}
