#include "snapshot/build.h"

#include "base/fault.h"
#include "base/log.h"
#include "base/map.h"
#include "base/stop.h"
#include "catalog/catalog.h"
#include "schema/create_text.h"
#include "schema/engine.h"
#include "schema/period.h"
#include "sql/text.h"

#include <stdlib.h>
#include <string.h>

enum { TABLE_EXISTS = 1050, ROUTINE_EXISTS = 1304 };

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
is_there(const struct bs_resume *resume, size_t table) {
    return resume->tables[table].fate != BS_FATE_FRESH;
}

static bool
is_routine(enum bs_object_kind kind) {
    return kind == BS_OBJECT_PROCEDURE || kind == BS_OBJECT_FUNCTION || kind == BS_OBJECT_PACKAGE ||
           kind == BS_OBJECT_PACKAGE_BODY;
}

static enum bs_status
check_free(struct bs_sql *control, const struct bs_schema *schema, const struct bs_resume *resume,
           struct bs_error *err) {
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
        bool is_on_target = has_name(&tables, table->db, table->name);
        if (!is_there(resume, i) && is_on_target) {
            status = refuse("table", table->db, table->name, err);
        } else if (is_there(resume, i) && !is_on_target) {
            bs_error_set(err, BS_SCHEMA,
                         "table %s.%s, which was copied before, is gone from the target", table->db,
                         table->name);
            status =
                bs_error_hint(err, "somebody has dropped it there: run reset and the copy again");
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

/* Building keys afterwards is a statement of its own, which small tables are not worth. */
static bool
has_late_keys(const struct bs_table *table) {
    enum { WORTH_BYTES = 1 << 20 };
    size_t period[2];
    return !table->is_sequence && table->data_bytes >= WORTH_BYTES &&
           bs_engine_kind(table->engine) == BS_ENGINE_INNODB &&
           !bs_table_period(table, &period[0], &period[1]);
}

static const struct bs_table *
find_table(const struct bs_schema *schema, const char *db, const char *name) {
    size_t i = bs_schema_find_table(schema, db, name);
    return i < schema->table_count ? schema->tables[i] : NULL;
}

/* A foreign key needs keys in both its tables. */
static bool
has_late_foreign_keys(const struct bs_schema *schema, const struct bs_table *table) {
    bool is_late = table->fk_count > 0 && has_late_keys(table);
    for (size_t i = 0; i < table->fk_count && !is_late; i++) {
        const struct bs_foreign_key *fk = &table->fks[i];
        const struct bs_table *parent = find_table(schema, fk->parent_db, fk->parent_table);
        is_late = parent != NULL && has_late_keys(parent);
    }
    return is_late;
}

/* SHOW CREATE TABLE's text as the target shall run it. What was late when an earlier attempt made
 * the table is late now, whatever its size is said to be, and a new table may refer to such a one;
 * where views are apart no unique key but the one that rows are found by may be there early. */
static void
make_create(struct bs_late_keys *late, const struct bs_translation *translation,
            const struct bs_schema *schema, const struct bs_table *table,
            const struct bs_unit *unit, bool all_foreign, bool all_keys) {
    struct bs_buf text = {0};
    bool keys = unit != NULL ? *unit->late_keys != '\0' : all_keys || has_late_keys(table);
    bool foreign_keys = unit != NULL  ? *unit->late_foreign_keys != '\0'
                        : all_foreign ? table->fk_count > 0
                                      : has_late_foreign_keys(schema, table);
    struct bs_translated translated;
    bs_create_text_put(&text, bs_str(table->create));
    bs_translate_create(translation, table->engine, bs_buf_str(&text), &translated);
    bs_late_keys_split(late, bs_buf_str(&translated.sql), table, keys, foreign_keys);
    bs_translated_fini(&translated);
    bs_buf_fini(&text);
}

/* Somebody has made one of that name since it was looked for: it was noted as ours, and must not be
 * dropped as such. */
static enum bs_status
disown(struct bs_sql *control, const struct bs_state *state, enum bs_object_kind kind,
       const char *db, const char *name, struct bs_error *err) {
    enum bs_status status = bs_state_forget_made(control, state, kind, db, name, err);
    return status == BS_OK ? refuse(bs_object_kind_name(kind), db, name, err) : status;
}

static enum bs_status
create_table(struct bs_sql *control, const struct bs_state *state, const struct bs_table *table,
             const struct bs_late_keys *late, struct bs_error *err) {
    enum bs_object_kind kind = table->is_sequence ? BS_OBJECT_SEQUENCE : BS_OBJECT_TABLE;
    enum bs_status status = bs_state_note_made(control, state, kind, table->db, table->name, err);
    if (status == BS_OK) {
        status = bs_sql_use(control, table->db, err);
    }
    if (status == BS_OK) {
        status = bs_sql_run(control, bs_buf_str(&late->create), err);
    }
    if (status == BS_SERVER && err->sql_errno == TABLE_EXISTS) {
        return disown(control, state, kind, table->db, table->name, err);
    }
    if (status == BS_SERVER) {
        bs_error_hint(err, "the target does not take this definition: change it on the source, or "
                           "leave the table out (--exclude-tables); then run reset and the copy "
                           "again");
    }
    if (status != BS_OK) {
        return bs_error_context(err, "creating table %s.%s on the target", table->db, table->name);
    }
    bs_fault_point("snapshot-table-created");
    return bs_stop_check(err);
}

/* A table may have NEXT VALUE FOR a sequence as a default, so sequences come first. */
static enum bs_status
create_tables(struct bs_sql *control, const struct bs_state *state, const struct bs_schema *schema,
              const struct bs_resume *resume, const struct bs_late_keys *late,
              struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < schema->table_count && status == BS_OK; i++) {
            if (!is_there(resume, i) && schema->tables[i]->is_sequence == (pass == 0)) {
                status = create_table(control, state, schema->tables[i], &late[i], err);
            }
        }
    }
    return status;
}

void
bs_build_texts(const struct bs_translation *translation, const struct bs_schema *schema,
               const struct bs_point *point, const struct bs_resume *resume,
               struct bs_late_keys *late) {
    bool all = resume->unit_count > 0 || point->is_spread;
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct bs_table *table = schema->tables[i];
        make_create(&late[i], translation, schema, table,
                    bs_resume_unit(resume, table, point->table_ids[i]), all, point->is_spread);
    }
}

/* SHOW CREATE gives UTF-8 whatever the column's charset, so that is what the statements are in: as
 * binary, a default or an ENUM member of a latin1 column would be stored byte for byte. */
enum bs_status
bs_build_tables(struct bs_sql *control, const struct bs_state *state,
                const struct bs_schema *schema, const struct bs_resume *resume,
                const struct bs_late_keys *late, struct bs_snapshot_report *report,
                struct bs_error *err) {
    enum bs_status status = check_free(control, schema, resume, err);
    if (status == BS_OK) {
        status =
            bs_sql_exec(control, err, "SET NAMES %s, foreign_key_checks=0", bs_sql_utf8(control));
    }
    if (status == BS_OK) {
        status = bs_catalog_expect_definitions(control, err);
    }
    if (status == BS_OK) {
        status = create_databases(control, state, schema, report, err);
    }
    if (status == BS_OK) {
        status = create_tables(control, state, schema, resume, late, err);
    }
    if (status == BS_OK) {
        status = bs_sql_exec(control, err, "SET NAMES binary, foreign_key_checks=1");
    }
    return status;
}

static bool
is_continued(const struct bs_resumed *resumed) {
    return resumed->first != resumed->last;
}

/* What the loaders have not built: the keys of tables that were in before this attempt. */
enum bs_status
bs_build_kept_keys(struct bs_sql *control, const struct bs_schema *schema,
                   const struct bs_resume *resume, const struct bs_late_keys *late,
                   struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < schema->table_count && status == BS_OK; i++) {
        const struct bs_table *table = schema->tables[i];
        const struct bs_resumed *resumed = &resume->tables[i];
        if (resumed->fate == BS_FATE_KEPT && !is_continued(resumed) && late[i].keys.len > 0) {
            status = bs_catalog_add_keys(control, table->db, table->name, bs_buf_str(&late[i].keys),
                                         err);
            status = status == BS_OK ? bs_stop_check(err) : status;
        }
    }
    return status;
}

/* A foreign key needs keys in both its tables, and those of a table that was continued come later.
 */
static bool
is_for_window(const struct bs_schema *schema, const struct bs_resume *resume, size_t i) {
    const struct bs_table *table = schema->tables[i];
    bool waits = is_continued(&resume->tables[i]);
    for (size_t k = 0; k < table->fk_count && !waits; k++) {
        size_t parent =
            bs_schema_find_table(schema, table->fks[k].parent_db, table->fks[k].parent_table);
        waits = parent < schema->table_count && is_continued(&resume->tables[parent]);
    }
    return waits;
}

enum bs_status
bs_build_foreign_keys(struct bs_sql *control, const struct bs_schema *schema,
                      const struct bs_resume *resume, const struct bs_late_keys *late,
                      struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < schema->table_count && status == BS_OK; i++) {
        const struct bs_table *table = schema->tables[i];
        if (late[i].foreign_keys.len > 0 && !is_for_window(schema, resume, i)) {
            status = bs_catalog_add_foreign_keys(control, table->db, table->name,
                                                 bs_buf_str(&late[i].foreign_keys), err);
            status = status == BS_OK ? bs_stop_check(err) : status;
        }
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
        if (status == BS_SERVER &&
            (err->sql_errno == TABLE_EXISTS || err->sql_errno == ROUTINE_EXISTS)) {
            return disown(control, state, kind, object->db, object->name, err);
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
    /* A body is not looked into when it is created; but that of a package is held against its
     * specification, and a view is looked into. So views come last. */
    static const enum bs_object_kind ROUTINES[] = {BS_OBJECT_FUNCTION, BS_OBJECT_PROCEDURE,
                                                   BS_OBJECT_PACKAGE, BS_OBJECT_PACKAGE_BODY};
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < sizeof ROUTINES / sizeof *ROUTINES && status == BS_OK; i++) {
        status = create_kind(control, state, schema, ROUTINES[i], &report->routines, err);
    }
    return status == BS_OK
               ? create_kind(control, state, schema, BS_OBJECT_VIEW, &report->views, err)
               : status;
}
