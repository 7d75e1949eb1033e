/* Which triggers and events of one server could not be made on another, whose own have their names.
 */
#include "catalog/catalog_private.h"

#include "base/mem.h"

#include <stdlib.h>

static const char *
list_of(enum bs_object_kind kind) {
    return kind == BS_OBJECT_TRIGGER
               ? "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE FROM "
                 "information_schema.TRIGGERS"
               : "SELECT EVENT_SCHEMA, EVENT_NAME, NULL FROM information_schema.EVENTS";
}

static bool
is_selected(const struct bs_selection *selection, enum bs_object_kind kind,
            const struct bs_str *row) {
    return kind == BS_OBJECT_TRIGGER ? bs_selection_has_table(selection, row[0], row[2])
                                     : bs_selection_has_whole_database(selection, row[0]);
}

/* Letters of the names of events are alike everywhere, those of triggers on some servers only:
 * there it is the server that refuses. */
static bool
is_same(const struct bs_object *object, const struct bs_str *row) {
    return bs_str_is(row[0], object->db) &&
           (object->kind == BS_OBJECT_EVENT ? bs_str_is_nocase(row[1], object->name)
                                            : bs_str_is(row[1], object->name));
}

static bool
has_same(const struct bs_object_list *list, const struct bs_str *row) {
    for (size_t i = 0; i < list->count; i++) {
        if (is_same(&list->objects[i], row)) {
            return true;
        }
    }
    return false;
}

/* Adds what one server has: of the others' names alone, or all where others is NULL. */
static enum bs_status
list_names(struct bs_sql *sql, const struct bs_selection *selection, enum bs_object_kind kind,
           const struct bs_object_list *others, struct bs_object_list *list, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status = bs_sql_query(sql, &result, err, "%s", list_of(kind));
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        if (others == NULL || (is_selected(selection, kind, row) && has_same(others, row))) {
            *bs_object_list_add(list) = (struct bs_object){
                .kind = kind,
                .db = bs_strndup(row[0].data, row[0].len),
                .name = bs_strndup(row[1].data, row[1].len),
            };
        }
    }
    bs_sql_result_free(result);
    return status;
}

static void
fini(struct bs_object_list *list) {
    bs_objects_free(list->objects, list->count);
    *list = (struct bs_object_list){0};
}

enum bs_status
bs_catalog_takes_events(struct bs_sql *sql, bool *takes, struct bs_error *err) {
    struct bs_buf count = {0};
    bool found = false;
    enum { ER_EVENTS_DB_ERROR_NO = 1577 };
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status status = bs_sql_value(sql, &count, &found, &failure,
                                         "SELECT COUNT(*) FROM information_schema.EVENTS");
    bs_buf_fini(&count);
    *takes = failure.sql_errno != ER_EVENTS_DB_ERROR_NO;
    if (status != BS_OK && *takes) {
        *err = failure;
        return status;
    }
    return BS_OK;
}

enum bs_status
bs_catalog_taken(struct bs_sql *source, struct bs_sql *target, const struct bs_selection *selection,
                 enum bs_object_kind kind, struct bs_object **objects, size_t *count,
                 struct bs_error *err) {
    struct bs_object_list there = {0}, taken = {0};
    BS_ASSERT(kind == BS_OBJECT_TRIGGER || kind == BS_OBJECT_EVENT);
    bool takes = true;
    enum bs_status status =
        kind == BS_OBJECT_EVENT ? bs_catalog_takes_events(target, &takes, err) : BS_OK;
    if (status == BS_OK && takes) {
        status = list_names(target, NULL, kind, NULL, &there, err);
    }
    if (status == BS_OK && there.count > 0) {
        status = list_names(source, selection, kind, &there, &taken, err);
    }
    fini(&there);
    if (status != BS_OK) {
        fini(&taken);
    }
    *objects = taken.objects;
    *count = taken.count;
    return status;
}
