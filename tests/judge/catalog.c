#include "catalog.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shape.h"

void
judge_object_add(struct judge_object *object, const char *label, enum judge_rule rule,
                 const char *value, size_t len) {
    object->facets =
        judge_grow(object->facets, object->count, &object->cap, sizeof *object->facets);
    object->facets[object->count++] = (struct judge_facet){
        .label = judge_copy(label, strlen(label)),
        .value = value != NULL ? judge_copy(value, len) : NULL,
        .len = value != NULL ? len : 0,
        .rule = rule,
    };
}

void
judge_object_note(struct judge_object *object, const char *text) {
    judge_object_add(object, "left out", JUDGE_NOTE, text, strlen(text));
}

struct judge_facet *
judge_object_find(const struct judge_object *object, const char *label) {
    for (size_t i = 0; i < object->count; i++) {
        if (strcmp(object->facets[i].label, label) == 0) {
            return &object->facets[i];
        }
    }
    return NULL;
}

void
judge_facet_set(struct judge_facet *facet, const char *value, size_t len) {
    char *copy = value != NULL ? judge_copy(value, len) : NULL;
    free(facet->value);
    facet->value = copy;
    facet->len = value != NULL ? len : 0;
}

static void
object_fini(struct judge_object *object) {
    for (size_t i = 0; i < object->count; i++) {
        free(object->facets[i].label);
        free(object->facets[i].value);
    }
    free(object->facets);
    free(object->kind);
    free(object->db);
    free(object->name);
}

void
judge_catalog_fini(struct judge_catalog *catalog) {
    for (size_t i = 0; i < catalog->count; i++) {
        object_fini(&catalog->objects[i]);
    }
    free(catalog->objects);
    memset(catalog, 0, sizeof *catalog);
}

static int
kind_rank(const char *kind) {
    return strcmp(kind, "database") == 0 ? 0 : strcmp(kind, "table") == 0 ? 1 : 2;
}

int
judge_object_compare(const struct judge_object *a, const struct judge_object *b) {
    int order = strcmp(a->db, b->db);
    if (order == 0) {
        order = kind_rank(a->kind) - kind_rank(b->kind);
    }
    if (order == 0) {
        order = strcmp(a->kind, b->kind);
    }
    if (order == 0 && a->name != NULL && b->name != NULL) {
        order = strcmp(a->name, b->name);
    }
    return order;
}

static int
compare_for_sort(const void *left, const void *right) {
    return judge_object_compare(left, right);
}

static bool
is_in(const char *const *names, const char *name) {
    for (; names != NULL && *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

bool
judge_object_add_row(struct judge_server *server, struct judge_object *object, const char *sql,
                     const char *const *skip, struct judge_error *err) {
    struct judge_result result;
    if (!judge_query(server, sql, &result, err)) {
        return false;
    }
    bool has_row = judge_result_next(&result);
    for (unsigned i = 0; has_row && i < result.column_count; i++) {
        const char *label = judge_result_name(&result, i);
        struct judge_cell cell = judge_result_cell(&result, i);
        bool is_text = strncmp(label, "Create ", 7) == 0 || strstr(label, "Statement") != NULL;
        if (!is_in(skip, label)) {
            judge_object_add(object, label, is_text ? JUDGE_LINES : JUDGE_EQUAL, cell.data,
                             cell.len);
        }
        if (is_text && cell.data == NULL) {
            has_row = false; /* the text of a routine that this account may not see */
        }
    }
    judge_result_close(&result);
    return has_row || judge_fail(err, "server %c: nothing, or not allowed, for: %s",
                                 server->endpoint->side, sql);
}

bool
judge_object_add_show(struct judge_server *server, struct judge_object *object,
                      const char *const *skip, struct judge_error *err) {
    struct judge_text sql = {0};
    judge_text_puts(&sql, "SHOW CREATE ");
    judge_text_puts(&sql, object->kind);
    judge_text_puts(&sql, " ");
    judge_text_add_path(&sql, object->db, object->name);
    bool ok = judge_object_add_row(server, object, sql.data, skip, err);
    judge_text_fini(&sql);
    return ok;
}

void
judge_object_add_outcome(struct judge_server *server, struct judge_object *object) {
    struct judge_text sql = {0};
    struct judge_text outcome = {0};
    judge_text_puts(&sql, "SELECT * FROM ");
    judge_text_add_path(&sql, object->db, object->name);
    judge_text_puts(&sql, " LIMIT 1");
    judge_text_printf(&outcome, "%u", judge_query_errno(server, sql.data));
    judge_object_add(object, "error of reading it", JUDGE_EQUAL, outcome.data, outcome.len);
    judge_text_fini(&sql);
    judge_text_fini(&outcome);
}

bool
judge_object_add_sequence_value(const struct judge_describer *by, struct judge_object *object,
                                struct judge_error *err) {
    if (by->options->ignore_auto_increment) {
        return true;
    }
    struct judge_text sql = {0};
    struct judge_result result;
    judge_text_puts(&sql, "SELECT next_not_cached_value, cycle_count, increment FROM ");
    judge_text_add_path(&sql, object->db, object->name);
    bool ok = judge_query(by->server, sql.data, &result, err);
    judge_text_fini(&sql);
    if (!ok) {
        return false;
    }
    judge_result_next(&result);
    struct judge_cell next = judge_result_cell(&result, 0);
    struct judge_cell cycles = judge_result_cell(&result, 1);
    struct judge_cell step = judge_result_cell(&result, 2);
    bool is_rising = step.data != NULL && step.data[0] != '-' && judge_cell_is(cycles, "0");
    judge_object_add(object, "next value", is_rising ? JUDGE_NOT_LESS : JUDGE_EQUAL, next.data,
                     next.len);
    judge_object_add(object, "cycle count", JUDGE_EQUAL, cycles.data, cycles.len);
    judge_result_close(&result);
    return true;
}

static struct judge_object *
add_object(struct judge_catalog *catalog, const char *kind, const char *db, const char *name) {
    catalog->objects =
        judge_grow(catalog->objects, catalog->count, &catalog->cap, sizeof *catalog->objects);
    struct judge_object *object = &catalog->objects[catalog->count++];
    *object = (struct judge_object){
        .kind = judge_copy(kind, strlen(kind)),
        .db = judge_copy(db, strlen(db)),
        .name = name != NULL ? judge_copy(name, strlen(name)) : NULL,
    };
    return object;
}

/* The DEFINER clause of a CREATE text stands before its object's kind: DEFINER=`user`@`host` or
 * DEFINER=`role`. */
static size_t
skip_quoted(const char *text, size_t len, size_t pos) {
    if (pos >= len || strchr("`'\"", text[pos]) == NULL || text[pos] == '\0') {
        return pos;
    }
    char quote = text[pos++];
    while (pos < len && (text[pos] != quote || (pos + 1 < len && text[pos + 1] == quote))) {
        pos += text[pos] == quote ? 2 : 1;
    }
    return pos < len ? pos + 1 : len;
}

static void
strip_definer(struct judge_facet *facet) {
    static const char CLAUSE[] = " DEFINER=";
    enum { CLAUSE_LEN = sizeof CLAUSE - 1, WITHIN = 80 };
    char *found = facet->value != NULL ? strstr(facet->value, CLAUSE) : NULL;
    if (found == NULL || found - facet->value > WITHIN) {
        return;
    }
    size_t from = (size_t)(found - facet->value);
    size_t to = skip_quoted(facet->value, facet->len, from + CLAUSE_LEN);
    if (to < facet->len && facet->value[to] == '@') {
        to = skip_quoted(facet->value, facet->len, to + 1);
    }
    memmove(facet->value + from, facet->value + to, facet->len - to + 1);
    facet->len -= to - from;
}

static void
apply_options(const struct judge_options *options, struct judge_object *object) {
    if (!options->ignore_definers) {
        return;
    }
    for (size_t i = 0; i < object->count; i++) {
        if (strcmp(object->facets[i].label, "DEFINER") == 0) {
            judge_facet_set(&object->facets[i], NULL, 0);
        } else if (object->facets[i].rule == JUDGE_LINES) {
            strip_definer(&object->facets[i]);
        }
    }
}

static bool
is_relation(const char *kind) {
    static const char *const RELATIONS[] = {"table", "view", "sequence", NULL};
    return is_in(RELATIONS, kind);
}

static bool
list_source(struct judge_catalog *catalog, const struct judge_describer *by, const char *db,
            const struct judge_source *source, struct judge_error *err) {
    struct judge_text sql = {0};
    const char *hole = strstr(source->sql, "%s");
    judge_text_add(&sql, source->sql, (size_t)(hole - source->sql));
    judge_text_add_match(&sql, source->schema_column, db);
    judge_text_puts(&sql, hole + 2);
    struct judge_result result;
    bool ok = judge_query(by->server, sql.data, &result, err);
    judge_text_fini(&sql);
    while (ok && judge_result_next(&result)) {
        const char *kind = judge_result_cell(&result, 0).data;
        const char *name = judge_result_cell(&result, 1).data;
        if (is_relation(kind) && !judge_options_has_table(by->options, db, name)) {
            continue;
        }
        struct judge_object *object = add_object(catalog, kind, db, name);
        for (unsigned i = 2; i < result.column_count; i++) {
            struct judge_cell cell = judge_result_cell(&result, i);
            judge_object_add(object, judge_result_name(&result, i), JUDGE_EQUAL, cell.data,
                             cell.len);
        }
        ok = source->describe(by, object, err);
        apply_options(by->options, object);
    }
    judge_result_close(&result);
    return ok;
}

static bool
is_for_server(const struct judge_source *source, const struct judge_server *server) {
    return server->version >= source->min_version && (!source->only_mariadb || server->is_mariadb);
}

static bool
load_database(struct judge_catalog *catalog, const struct judge_describer *by, const char *db,
              const struct judge_sources *sources, struct judge_error *err) {
    for (size_t i = 0; i < sources->count; i++) {
        const struct judge_source *source = &sources->items[i];
        if (is_for_server(source, by->server) && !list_source(catalog, by, db, source, err)) {
            return false;
        }
    }
    return true;
}

bool
judge_catalog_load(struct judge_catalog *catalog, const struct judge_describer *by,
                   const struct judge_sources *sources, struct judge_error *err) {
    struct judge_result result;
    memset(catalog, 0, sizeof *catalog);
    bool ok = judge_query(by->server,
                          "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME"
                          " FROM information_schema.SCHEMATA",
                          &result, err);
    while (ok && judge_result_next(&result)) {
        struct judge_cell charset = judge_result_cell(&result, 1);
        struct judge_cell collation = judge_result_cell(&result, 2);
        const char *db = judge_result_cell(&result, 0).data;
        if (judge_options_has_database(by->options, db)) {
            struct judge_object *object = add_object(catalog, "database", db, NULL);
            judge_object_add(object, "charset", JUDGE_EQUAL, charset.data, charset.len);
            judge_object_add(object, "collation", JUDGE_EQUAL, collation.data, collation.len);
            if (sources->describe_database != NULL) {
                sources->describe_database(by, object);
            }
            ok = load_database(catalog, by, db, sources, err);
        }
    }
    judge_result_close(&result);
    if (!ok) {
        judge_catalog_fini(catalog);
    } else if (catalog->count > 0) {
        qsort(catalog->objects, catalog->count, sizeof *catalog->objects, compare_for_sort);
    }
    return ok;
}
