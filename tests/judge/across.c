#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "across.h"
#include "expression.h"
#include "flavour.h"
#include "normal.h"
#include "shape.h"

/* Two versions or flavours print the same object differently, so SHOW CREATE proves nothing between
 * them. Compared here is what information_schema says of it, column by column, after the
 * normalisation of normal.h and, between flavours, the translation of flavour.h. Tables are in
 * across_table.c. What this leaves out is the text of views, which servers reprint in their own
 * words: compared are their columns (between flavours by name and order only, for the types of
 * expressions are each server's own), options, and whether they can be read. */

void
judge_across_add_cell(struct judge_object *object, const char *subject, const char *name,
                      const char *aspect, const struct judge_text *value) {
    struct judge_text label = {0};
    judge_text_puts(&label, subject);
    judge_text_puts(&label, " ");
    judge_text_add_name(&label, name);
    if (aspect[0] != '\0') {
        judge_text_puts(&label, " ");
        judge_text_puts(&label, aspect);
    }
    const char *data = value == NULL ? NULL : value->data != NULL ? value->data : "";
    judge_object_add(object, label.data, JUDGE_EQUAL, data, value != NULL ? value->len : 0);
    judge_text_fini(&label);
}

bool
judge_across_query(const struct judge_describer *by, const struct judge_object *object,
                   const char *head, const char *schema_column, const char *name_column,
                   const char *tail, struct judge_result *result, struct judge_error *err) {
    struct judge_text sql = {0};
    judge_text_puts(&sql, head);
    judge_text_puts(&sql, " WHERE");
    judge_text_add_match(&sql, schema_column, object->db);
    judge_text_puts(&sql, " AND");
    judge_text_add_match(&sql, name_column, object->name);
    judge_text_puts(&sql, tail);
    bool ok = judge_query(by->server, sql.data, result, err);
    judge_text_fini(&sql);
    return ok;
}

void
judge_across_add_groups(const struct judge_describer *by, struct judge_object *object,
                        const char *subject, struct judge_result *result,
                        void (*add_part)(const struct judge_describer *by, struct judge_text *value,
                                         const struct judge_result *result)) {
    struct judge_text value = {0};
    char *group = NULL;
    while (judge_result_next(result)) {
        struct judge_cell name = judge_result_cell(result, 0);
        if (group != NULL && !judge_cell_is(name, group)) {
            judge_across_add_cell(object, subject, group, "", &value);
            judge_text_clear(&value);
            free(group);
            group = NULL;
        }
        group = group != NULL ? group : judge_cell_copy(name);
        add_part(by, &value, result);
    }
    if (group != NULL) {
        judge_across_add_cell(object, subject, group, "", &value);
    }
    free(group);
    judge_text_fini(&value);
}

static bool
ends_with(const char *label, const char *tail) {
    size_t len = strlen(label);
    size_t tail_len = strlen(tail);
    return len >= tail_len && strcmp(label + len - tail_len, tail) == 0;
}

/* MariaDB's JSON is a name for LONGTEXT. */
static void
normalise_parameter_type(struct judge_text *value, const struct judge_describer *by) {
    judge_normal_type(value, by->server);
    if (judge_is_translated(by) && value->data != NULL && strcmp(value->data, "json") == 0) {
        judge_text_clear(value);
        judge_text_puts(value, "longtext");
    }
}

static void
normalise_listed(const struct judge_describer *by, struct judge_facet *facet) {
    struct judge_text value = {0};
    judge_text_add(&value, facet->value, facet->len);
    if (strcmp(facet->label, "SQL_MODE") == 0) {
        judge_flavour_sql_mode(&value, by);
    } else if (strcmp(facet->label, "returns") == 0) {
        normalise_parameter_type(&value, by);
    } else if (strstr(facet->label, "COLLATION") != NULL ||
               strstr(facet->label, "CHARACTER_SET") != NULL) {
        judge_flavour_collation(&value, by);
    } else if (ends_with(facet->label, "_DEFINITION") || ends_with(facet->label, "_STATEMENT")) {
        facet->rule = JUDGE_BODY;
        judge_body_map_collations(&value, by);
    }
    judge_facet_set(facet, value.data, value.len);
    judge_text_fini(&value);
}

static bool
describe_view(const struct judge_describer *by, struct judge_object *object,
              struct judge_error *err) {
    struct judge_result result;
    judge_object_add_outcome(by->server, object);
    if (!judge_across_query(by, object,
                            "SELECT CHECK_OPTION, IS_UPDATABLE, DEFINER, SECURITY_TYPE,"
                            " CHARACTER_SET_CLIENT, COLLATION_CONNECTION"
                            " FROM information_schema.VIEWS",
                            "TABLE_SCHEMA", "TABLE_NAME", "", &result, err)) {
        return false;
    }
    while (judge_result_next(&result)) {
        for (unsigned i = 0; i < result.column_count; i++) {
            struct judge_cell cell = judge_result_cell(&result, i);
            judge_object_add(object, judge_result_name(&result, i), JUDGE_EQUAL, cell.data,
                             cell.len);
            normalise_listed(by, &object->facets[object->count - 1]);
        }
    }
    judge_result_close(&result);
    return judge_across_add_view_columns(by, object, err);
}

static bool
describe_sequence(const struct judge_describer *by, struct judge_object *object,
                  struct judge_error *err) {
    struct judge_text sql = {0};
    judge_text_puts(&sql, "SELECT minimum_value, maximum_value, start_value, increment, cache_size,"
                          " cycle_option FROM ");
    judge_text_add_path(&sql, object->db, object->name);
    bool ok = judge_object_add_row(by->server, object, sql.data, NULL, err);
    judge_text_fini(&sql);
    return ok && judge_object_add_sequence_value(by, object, err);
}

static bool
describe_table(const struct judge_describer *by, struct judge_object *object,
               struct judge_error *err) {
    if (strcmp(object->kind, "view") == 0) {
        return describe_view(by, object, err);
    }
    if (strcmp(object->kind, "sequence") == 0) {
        return describe_sequence(by, object, err);
    }
    return judge_across_describe_table(by, object, err);
}

/* Everything was listed already: only the columns whose wording differs between servers are left to
 * normalise. */
static bool
describe_listed(const struct judge_describer *by, struct judge_object *object,
                struct judge_error *err) {
    (void)err;
    for (size_t i = 0; i < object->count; i++) {
        if (object->facets[i].value != NULL) {
            normalise_listed(by, &object->facets[i]);
        }
    }
    struct judge_facet *status = judge_object_find(object, "STATUS");
    if (status != NULL && by->options->ignore_event_status) {
        judge_facet_set(status, NULL, 0);
    }
    return true;
}

static void
describe_database(const struct judge_describer *by, struct judge_object *object) {
    for (size_t i = 0; i < object->count; i++) {
        struct judge_text value = {0};
        judge_text_add(&value, object->facets[i].value, object->facets[i].len);
        judge_flavour_collation(&value, by);
        judge_facet_set(&object->facets[i], value.data, value.len);
        judge_text_fini(&value);
    }
}

static void
add_parameter(const struct judge_describer *by, struct judge_text *value,
              const struct judge_result *result) {
    struct judge_text type = {0};
    struct judge_cell name = judge_result_cell(result, 1);
    judge_text_puts(value, value->len > 0 ? ", " : "");
    judge_text_add(value, judge_result_cell(result, 2).data, judge_result_cell(result, 2).len);
    judge_text_puts(value, " ");
    judge_text_add_name(value, name.data != NULL ? name.data : "");
    judge_text_add(&type, judge_result_cell(result, 3).data, judge_result_cell(result, 3).len);
    normalise_parameter_type(&type, by);
    judge_text_printf(value, " %s", type.data);
    judge_text_fini(&type);
}

/* PARAMETERS came with 5.5; before it the body alone is compared. */
static bool
describe_routine(const struct judge_describer *by, struct judge_object *object,
                 struct judge_error *err) {
    struct judge_result result;
    bool has_parameters = by->server->version >= 50503;
    if (has_parameters) {
        if (!judge_across_query(
                by, object,
                "SELECT ROUTINE_TYPE, PARAMETER_NAME, PARAMETER_MODE, DTD_IDENTIFIER"
                " FROM information_schema.PARAMETERS",
                "SPECIFIC_SCHEMA", "SPECIFIC_NAME",
                " AND ORDINAL_POSITION > 0 ORDER BY ROUTINE_TYPE, ORDINAL_POSITION", &result,
                err)) {
            return false;
        }
        judge_across_add_groups(by, object, "parameters of", &result, add_parameter);
        judge_result_close(&result);
    }
    return describe_listed(by, object, err);
}

/* What the creating session had: it decides what a body means. */
#define SESSION_CHARSETS " CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION"

static const struct judge_source SOURCES[] = {
    {"SELECT CASE TABLE_TYPE WHEN 'VIEW' THEN 'view' WHEN 'SEQUENCE' THEN 'sequence' ELSE 'table'"
     " END, TABLE_NAME FROM information_schema.TABLES WHERE%s AND TABLE_TYPE <> 'TEMPORARY'",
     "TABLE_SCHEMA", 0, false, describe_table},
    {"SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME, ROUTINE_DEFINITION, DTD_IDENTIFIER AS 'returns',"
     " IS_DETERMINISTIC, SQL_DATA_ACCESS, SECURITY_TYPE, SQL_MODE, ROUTINE_COMMENT, "
     "DEFINER," SESSION_CHARSETS
     " FROM information_schema.ROUTINES WHERE%s AND ROUTINE_TYPE IN ('PROCEDURE', 'FUNCTION')",
     "ROUTINE_SCHEMA", 0, false, describe_routine},
    {"SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME, ROUTINE_DEFINITION, SQL_MODE, "
     "DEFINER," SESSION_CHARSETS
     " FROM information_schema.ROUTINES WHERE%s AND ROUTINE_TYPE IN ('PACKAGE', 'PACKAGE BODY')",
     "ROUTINE_SCHEMA", 100300, true, describe_listed},
    {"SELECT 'trigger', TRIGGER_NAME, EVENT_OBJECT_TABLE AS 'table', ACTION_TIMING AS timing,"
     " EVENT_MANIPULATION AS event, GREATEST(ACTION_ORDER, 1) AS 'order', ACTION_STATEMENT,"
     " SQL_MODE, DEFINER," SESSION_CHARSETS " FROM information_schema.TRIGGERS WHERE%s",
     "TRIGGER_SCHEMA", 0, false, describe_listed},
    {"SELECT 'event', EVENT_NAME, STATUS, EVENT_DEFINITION, TIME_ZONE, EVENT_TYPE, EXECUTE_AT,"
     " INTERVAL_VALUE, INTERVAL_FIELD, STARTS, ENDS, ON_COMPLETION, EVENT_COMMENT, SQL_MODE,"
     " DEFINER," SESSION_CHARSETS " FROM information_schema.EVENTS WHERE%s",
     "EVENT_SCHEMA", 0, false, describe_listed},
};

const struct judge_sources JUDGE_ACROSS = {describe_database, SOURCES,
                                           sizeof SOURCES / sizeof *SOURCES};
