/* Databases, views, routines, triggers and events: listed by information_schema, their texts by
 * SHOW CREATE. Names are asked for with every name qualified, which the servers do when the
 * session's current database is another one. */
#include "catalog/catalog_private.h"

#include "base/mem.h"
#include "sql/text.h"

#include <stdlib.h>

enum { VIEW_RECURSIVE = 1462 };

/* Where a kind is listed, and what its SHOW CREATE calls the text. */
static const struct kind {
    enum bs_object_kind kind;
    const char *from;
    const char *schema_column;
    const char *name_column;
    const char *more; /* of the WHERE clause */
    const char *text_column;
    const char *privileges;
} kinds[] = {
    {BS_OBJECT_VIEW, "VIEWS", "TABLE_SCHEMA", "TABLE_NAME", "", "Create View", "SELECT, SHOW VIEW"},
    {BS_OBJECT_PROCEDURE, "ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_NAME",
     " AND ROUTINE_TYPE='PROCEDURE'", "Create Procedure", "SELECT, EXECUTE"},
    {BS_OBJECT_FUNCTION, "ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_NAME",
     " AND ROUTINE_TYPE='FUNCTION'", "Create Function", "SELECT, EXECUTE"},
    {BS_OBJECT_PACKAGE, "ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_NAME", " AND ROUTINE_TYPE='PACKAGE'",
     "Create Package", "SELECT, EXECUTE"},
    {BS_OBJECT_PACKAGE_BODY, "ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_NAME",
     " AND ROUTINE_TYPE='PACKAGE BODY'", "Create Package Body", "SELECT, EXECUTE"},
    {BS_OBJECT_TRIGGER, "TRIGGERS", "TRIGGER_SCHEMA", "TRIGGER_NAME", "", "SQL Original Statement",
     "TRIGGER"},
    {BS_OBJECT_EVENT, "EVENTS", "EVENT_SCHEMA", "EVENT_NAME", "", "Create Event", "EVENT"},
    {BS_OBJECT_TABLE, "TABLES", "TABLE_SCHEMA", "TABLE_NAME", "", "Create Table", "SELECT"},
    {BS_OBJECT_SEQUENCE, "TABLES", "TABLE_SCHEMA", "TABLE_NAME", "", "Create Table", "SELECT"},
};

static const struct kind *
find_kind(enum bs_object_kind kind) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].kind == kind) {
            return &kinds[i];
        }
    }
    BS_ASSERT(kind == BS_OBJECT_DATABASE);
    return NULL;
}

/* Databases. */

static void
take_database(const struct bs_answer *answer, struct bs_object *object) {
    struct bs_str name = bs_answer_text(answer, "SCHEMA_NAME");
    struct bs_str comment = bs_answer_text(answer, "SCHEMA_COMMENT");
    struct bs_str encryption = bs_answer_text(answer, "DEFAULT_ENCRYPTION");
    struct bs_str charset = bs_answer_text(answer, "DEFAULT_CHARACTER_SET_NAME");
    struct bs_str collation = bs_answer_text(answer, "DEFAULT_COLLATION_NAME");
    struct bs_buf text = {0};
    object->kind = BS_OBJECT_DATABASE;
    object->db = bs_strndup(name.data, name.len);
    object->name = bs_strdup("");
    object->collation_database = bs_answer_copy(answer, "DEFAULT_COLLATION_NAME");
    bs_buf_puts(&text, "CREATE DATABASE ");
    bs_sql_put_ident(&text, name);
    /* The collation is always said: what a charset's default is depends on the version. */
    bs_buf_printf(&text, " CHARACTER SET %.*s COLLATE %.*s", (int)charset.len, charset.data,
                  (int)collation.len, collation.data);
    if (comment.data != NULL && comment.len > 0) {
        bs_buf_puts(&text, " COMMENT ");
        bs_sql_put_string(&text, comment);
    }
    if (encryption.data != NULL && bs_str_is_nocase(encryption, "YES")) {
        bs_buf_puts(&text, " ENCRYPTION 'Y'");
    }
    object->create = bs_buf_take_cstr(&text);
}

static enum bs_status
list_databases(struct bs_sql *sql, const struct bs_selection *selection, struct bs_str only,
               struct bs_object_list *list, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "SELECT * FROM information_schema.SCHEMATA");
    if (only.data != NULL) {
        bs_catalog_put_where(&text, "SCHEMA_NAME", only, NULL, (struct bs_str){NULL, 0});
    }
    bs_buf_puts(&text, " ORDER BY SCHEMA_NAME");
    struct bs_answer answer;
    enum bs_status status = bs_answer_ask(&answer, sql, &text, err);
    bs_buf_fini(&text);
    while (status == BS_OK && (status = bs_answer_next(&answer, err)) == BS_OK &&
           answer.row != NULL) {
        struct bs_str name = bs_answer_text(&answer, "SCHEMA_NAME");
        if (selection == NULL || bs_selection_has_database(selection, name)) {
            take_database(&answer, bs_object_list_add(list));
        }
    }
    bs_answer_fini(&answer);
    return status;
}

/* Everything else. */

static bool
is_gone(const struct bs_error *err) {
    enum {
        ER_BAD_DB_NO = 1049,
        ER_NO_SUCH_TABLE_NO = 1146,
        ER_SP_DOES_NOT_EXIST_NO = 1305,
        ER_WRONG_OBJECT_NO = 1347, /* a table where a view was asked for */
        ER_TRG_DOES_NOT_EXIST_NO = 1360,
        ER_EVENT_DOES_NOT_EXIST_NO = 1539,
    };
    unsigned int n = err->sql_errno;
    return err->status == BS_SERVER &&
           (n == ER_BAD_DB_NO || n == ER_NO_SUCH_TABLE_NO || n == ER_SP_DOES_NOT_EXIST_NO ||
            n == ER_WRONG_OBJECT_NO || n == ER_TRG_DOES_NOT_EXIST_NO ||
            n == ER_EVENT_DOES_NOT_EXIST_NO);
}

/* A routine whose text the server keeps to itself. */
static enum bs_status
fail_hidden(const struct bs_server *server, const struct kind *kind, struct bs_str db,
            struct bs_str name, struct bs_error *err) {
    const char *grant = "SELECT ON mysql.proc";
    if (server->flavour == BS_MYSQL && server->version >= 80020) {
        grant = "SHOW_ROUTINE ON *.*";
    } else if (server->flavour == BS_MYSQL && server->version >= 80000) {
        grant = "SELECT ON *.*";
    } else if (server->flavour == BS_MARIADB && server->version >= 110300) {
        grant = "SHOW CREATE ROUTINE ON *.*";
    }
    bs_error_set(err, BS_PRECHECK, "the text of %s %.*s.%.*s is hidden from this user",
                 bs_object_kind_name(kind->kind), (int)db.len, db.data, (int)name.len, name.data);
    return bs_error_hint(err, "GRANT %s TO the user that binstream logs in as", grant);
}

/* Made by renaming; no server can make such a one from its text. */
static enum bs_status
fail_recursive(struct bs_str db, struct bs_str name, struct bs_error *err) {
    bs_error_set(err, BS_PRECHECK, "view %.*s.%.*s reads itself, by way of others", (int)db.len,
                 db.data, (int)name.len, name.data);
    return bs_error_hint(err, "drop it on the source, or leave it out with --exclude-tables");
}

static void
take_text(const struct bs_answer *answer, const struct kind *kind, struct bs_object *object) {
    object->create = bs_answer_copy(answer, kind->text_column);
    object->sql_mode = bs_answer_copy(answer, "sql_mode");
    object->charset_client = bs_answer_copy(answer, "character_set_client");
    object->collation_connection = bs_answer_copy(answer, "collation_connection");
    object->collation_database = bs_answer_copy(answer, "Database Collation");
    object->time_zone = bs_answer_copy(answer, "time_zone");
}

/* SHOW CREATE. *found is false if there is no such object, or it is of another kind. */
static enum bs_status
show_create(struct bs_sql *sql, const struct kind *kind, struct bs_str db, struct bs_str name,
            struct bs_object *object, bool *found, bool *hidden, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_printf(&text, "SHOW CREATE %s ",
                  kind->kind == BS_OBJECT_SEQUENCE ? "TABLE" : bs_object_kind_name(kind->kind));
    bs_sql_put_table(&text, db, name);
    struct bs_answer answer;
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status status = bs_answer_ask(&answer, sql, &text, &failure);
    if (status == BS_OK) {
        status = bs_answer_next(&answer, &failure);
    }
    if (status == BS_OK && answer.row != NULL) {
        bool is_kind = bs_sql_column_count(answer.result) > 1;
        if (kind->kind == BS_OBJECT_TABLE || kind->kind == BS_OBJECT_SEQUENCE) {
            is_kind = bs_str_is_nocase(bs_str(bs_sql_column_name(answer.result, 0)), "Table");
        }
        take_text(&answer, kind, object);
        *found = is_kind;
        *hidden = is_kind && object->create == NULL;
    }
    bs_answer_fini(&answer);
    bs_buf_fini(&text);
    if (status == BS_SERVER && is_gone(&failure)) {
        return BS_OK;
    }
    if (status == BS_SERVER && failure.sql_errno == VIEW_RECURSIVE) {
        return fail_recursive(db, name, err);
    }
    if (status != BS_OK) {
        status = bs_catalog_need(&failure, kind->privileges, db);
        if (err != NULL) {
            *err = failure;
        }
    }
    return status;
}

static enum bs_status
read_object(struct bs_sql *sql, const struct bs_server *server, const struct kind *kind,
            struct bs_str db, struct bs_str name, struct bs_object *object, bool *found,
            struct bs_error *err) {
    bool hidden = false;
    *found = false;
    object->kind = kind->kind;
    object->db = bs_strndup(db.data, db.len);
    object->name = bs_strndup(name.data, name.len);
    enum bs_status status = show_create(sql, kind, db, name, object, found, &hidden, err);
    if (status == BS_OK && hidden) {
        status = fail_hidden(server, kind, db, name, err);
    }
    if (status == BS_OK && *found) {
        status = bs_catalog_unify_text(sql, server, object, err);
    }
    if (status != BS_OK) {
        bs_error_context(err, "reading %s %s.%s", bs_object_kind_name(kind->kind), object->db,
                         object->name);
    }
    if (status != BS_OK || !*found) {
        bs_object_fini(object);
        *found = false;
    }
    return status;
}

/* Names of one kind in one database, with the table of a trigger and the definition of a view. */
struct name_row {
    char *name;
    char *table;
    char *definition;
};

struct name_list {
    struct name_row *rows;
    size_t count;
    size_t cap;
};

static void
name_list_fini(struct name_list *names) {
    for (size_t i = 0; i < names->count; i++) {
        free(names->rows[i].name);
        free(names->rows[i].table);
        free(names->rows[i].definition);
    }
    free(names->rows);
}

static const char *
order_of(enum bs_object_kind kind) {
    if (kind == BS_OBJECT_TRIGGER) {
        /* Triggers of one event and time fire in the order in which they were created. */
        return " ORDER BY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER, "
               "TRIGGER_NAME";
    }
    return "";
}

static bool
is_selected(const struct bs_selection *selection, const struct kind *kind, struct bs_str db,
            const struct name_row *row) {
    if (selection == NULL) {
        return true;
    }
    switch (kind->kind) {
    case BS_OBJECT_VIEW:
        return bs_selection_has_table(selection, db, bs_str(row->name));
    case BS_OBJECT_TRIGGER:
        return row->table != NULL && bs_selection_has_table(selection, db, bs_str(row->table));
    case BS_OBJECT_DATABASE:
    case BS_OBJECT_TABLE:
    case BS_OBJECT_SEQUENCE:
    case BS_OBJECT_PROCEDURE:
    case BS_OBJECT_FUNCTION:
    case BS_OBJECT_PACKAGE:
    case BS_OBJECT_PACKAGE_BODY:
    case BS_OBJECT_EVENT:
        break;
    }
    return bs_selection_has_whole_database(selection, db);
}

static enum bs_status
list_names(struct bs_sql *sql, const struct bs_server *server, const struct kind *kind,
           const struct bs_selection *selection, struct bs_str db, struct bs_str only,
           struct name_list *names, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_printf(&text, "SELECT * FROM information_schema.%s", kind->from);
    bs_catalog_put_where(&text, kind->schema_column, db, kind->name_column, only);
    bs_buf_printf(&text, "%s%s", kind->more, order_of(kind->kind));
    struct bs_answer answer;
    enum bs_status status = bs_answer_ask(&answer, sql, &text, err);
    bs_buf_fini(&text);
    if (status == BS_SERVER && kind->kind == BS_OBJECT_EVENT) {
        bs_error_hint(err, "see the server's event_scheduler: MariaDB shows no events where it was "
                           "started with DISABLED; restart it with OFF");
    }
    while (status == BS_OK && (status = bs_answer_next(&answer, err)) == BS_OK &&
           answer.row != NULL) {
        struct bs_str row_db = bs_answer_text(&answer, kind->schema_column);
        if (!bs_catalog_same_name(server, row_db, db)) {
            continue;
        }
        bs_array_grow((void **)&names->rows, &names->cap, names->count, sizeof *names->rows);
        struct name_row *row = &names->rows[names->count];
        row->name = bs_answer_copy(&answer, kind->name_column);
        row->table = bs_answer_copy(&answer, "EVENT_OBJECT_TABLE");
        row->definition = bs_answer_copy(&answer, "VIEW_DEFINITION");
        names->count++;
        if (!is_selected(selection, kind, db, row)) {
            free(row->name);
            free(row->table);
            free(row->definition);
            names->count--;
        }
    }
    bs_answer_fini(&answer);
    return status;
}

/* The definitions of the views in a list, each at its view's index. */
struct text_list {
    char **texts;
    size_t count;
    size_t cap;
};

static void
add_definition(struct text_list *definitions, const struct name_row *row,
               const struct bs_object *view) {
    bool has_one = row->definition != NULL && *row->definition != '\0';
    bs_array_grow((void **)&definitions->texts, &definitions->cap, definitions->count,
                  sizeof *definitions->texts);
    definitions->texts[definitions->count++] = bs_strdup(has_one ? row->definition : view->create);
}

/* Adds the objects of one kind in one database. */
static enum bs_status
load_kind(struct bs_sql *sql, const struct bs_server *server, const struct kind *kind,
          const struct bs_selection *selection, struct bs_str db, struct bs_object_list *list,
          struct text_list *definitions, struct bs_error *err) {
    struct name_list names = {0};
    enum bs_status status =
        list_names(sql, server, kind, selection, db, (struct bs_str){NULL, 0}, &names, err);
    for (size_t i = 0; status == BS_OK && i < names.count; i++) {
        struct name_row *row = &names.rows[i];
        struct bs_object object = {0};
        bool found = false;
        status = read_object(sql, server, kind, db, bs_str(row->name), &object, &found, err);
        if (!found) {
            continue; /* dropped meanwhile, or failed */
        }
        if (kind->kind == BS_OBJECT_TRIGGER) {
            object.table = row->table;
            row->table = NULL;
        }
        if (kind->kind == BS_OBJECT_VIEW) {
            add_definition(definitions, row, &object);
        }
        *bs_object_list_add(list) = object;
    }
    name_list_fini(&names);
    return status;
}

/* Of the databases that the list begins with, behind what it holds. */
static enum bs_status
load_in_databases(struct bs_sql *sql, const struct bs_server *server,
                  const struct bs_selection *selection, size_t database_count,
                  enum bs_object_kind kind, struct bs_object_list *list, struct bs_error *err) {
    struct text_list definitions = {0};
    enum bs_status status = BS_OK;
    size_t first = list->count;
    for (size_t i = 0; status == BS_OK && i < database_count; i++) {
        status = load_kind(sql, server, find_kind(kind), selection, bs_str(list->objects[i].db),
                           list, &definitions, err);
    }
    if (status == BS_OK && kind == BS_OBJECT_VIEW) {
        BS_ASSERT(definitions.count == list->count - first);
        bs_catalog_sort_views(list->objects + first, definitions.texts, definitions.count);
    }
    for (size_t i = 0; i < definitions.count; i++) {
        free(definitions.texts[i]);
    }
    free(definitions.texts);
    return status;
}

static void
object_list_fini(struct bs_object_list *list) {
    bs_objects_free(list->objects, list->count);
    *list = (struct bs_object_list){0};
}

/* Views and triggers are printed with the names of the current database unqualified. */
static enum bs_status
leave_database(struct bs_sql *sql, struct bs_error *err) {
    return bs_sql_exec(sql, err, "USE information_schema");
}

/* The databases stay only where they are asked for: they are what the list begins with. */
static void
drop_databases(struct bs_object_list *list, size_t database_count) {
    for (size_t i = 0; i < database_count; i++) {
        bs_object_fini(&list->objects[i]);
    }
    list->count -= database_count;
    if (list->count > 0) {
        memmove(list->objects, list->objects + database_count, list->count * sizeof *list->objects);
    }
}

enum bs_status
bs_catalog_load_objects(struct bs_sql *sql, const struct bs_server *server,
                        const struct bs_selection *selection, const enum bs_object_kind *wanted,
                        size_t wanted_count, struct bs_object_list *list, struct bs_error *err) {
    bool has_databases = wanted[0] == BS_OBJECT_DATABASE;
    *list = (struct bs_object_list){0};
    enum bs_status status = leave_database(sql, err);
    if (status == BS_OK) {
        status = list_databases(sql, selection, (struct bs_str){NULL, 0}, list, err);
    }
    size_t database_count = list->count;
    for (size_t i = has_databases ? 1 : 0; status == BS_OK && i < wanted_count; i++) {
        status = load_in_databases(sql, server, selection, database_count, wanted[i], list, err);
    }
    if (status != BS_OK) {
        object_list_fini(list);
    } else if (!has_databases) {
        drop_databases(list, database_count);
    }
    return status;
}

enum bs_status
bs_catalog_objects(struct bs_sql *sql, const struct bs_server *server,
                   const struct bs_selection *selection, enum bs_object_kind kind,
                   struct bs_object **objects, size_t *count, struct bs_error *err) {
    BS_ASSERT(kind != BS_OBJECT_TABLE && kind != BS_OBJECT_SEQUENCE);
    struct bs_object_list list;
    enum bs_status status = bs_catalog_load_objects(sql, server, selection, &kind, 1, &list, err);
    *objects = list.objects;
    *count = list.count;
    return status;
}

static enum bs_status
read_database(struct bs_sql *sql, const struct bs_server *server, struct bs_str db,
              struct bs_object *object, bool *found, struct bs_error *err) {
    struct bs_object_list list = {0};
    enum bs_status status = list_databases(sql, NULL, db, &list, err);
    for (size_t i = 0; status == BS_OK && i < list.count && !*found; i++) {
        if (bs_catalog_same_name(server, bs_str(list.objects[i].db), db)) {
            *object = list.objects[i];
            list.objects[i] = (struct bs_object){0};
            *found = true;
        }
    }
    object_list_fini(&list);
    return status;
}

enum bs_status
bs_catalog_object(struct bs_sql *sql, const struct bs_server *server, enum bs_object_kind kind,
                  struct bs_str db, struct bs_str name, struct bs_object *object, bool *found,
                  struct bs_error *err) {
    *object = (struct bs_object){0};
    *found = false;
    if (kind == BS_OBJECT_DATABASE) {
        return read_database(sql, server, db, object, found, err);
    }
    const struct kind *row_kind = find_kind(kind);
    enum bs_status status = leave_database(sql, err);
    if (status == BS_OK) {
        status = read_object(sql, server, row_kind, db, name, object, found, err);
    }
    if (status == BS_OK && *found && kind == BS_OBJECT_TRIGGER) {
        struct name_list names = {0};
        status = list_names(sql, server, row_kind, NULL, db, name, &names, err);
        if (status == BS_OK && names.count > 0) {
            object->table = names.rows[0].table;
            names.rows[0].table = NULL;
        }
        name_list_fini(&names);
    }
    return status;
}
