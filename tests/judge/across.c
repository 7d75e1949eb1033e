#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "normal.h"
#include "shape.h"

/* Two versions or flavours print the same object differently, so SHOW CREATE proves nothing between
 * them. Compared here is what information_schema says of it, column by column, after the
 * normalisation of normal.h. What this leaves out:
 *
 *   - the text of views, CHECK constraints, generation expressions and functional key parts:
 * servers reprint them in their own words. That a column is generated, and how, is compared, and so
 * is every value it has;
 *   - row formats and other CREATE_OPTIONS, index comments and visibility, histogram and statistics
 * options;
 *   - charset and collation of a routine's or trigger's creating session, beyond the utf8/utf8mb3
 * name. */

static void
add_cell(struct judge_object *object, const char *subject, const char *name, const char *aspect,
         const char *value, size_t len) {
    struct judge_text label = {0};
    judge_text_puts(&label, subject);
    judge_text_puts(&label, " ");
    judge_text_add_name(&label, name);
    if (aspect[0] != '\0') {
        judge_text_puts(&label, " ");
        judge_text_puts(&label, aspect);
    }
    judge_object_add(object, label.data, JUDGE_EQUAL, value, len);
    judge_text_fini(&label);
}

/* "SELECT ... WHERE <schema> AND <table> ..." for this object; tail follows the conditions. */
static bool
query_object(const struct judge_describer *by, const struct judge_object *object, const char *head,
             const char *schema_column, const char *name_column, const char *tail,
             struct judge_result *result, struct judge_error *err) {
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

static void
add_column(const struct judge_describer *by, struct judge_object *object,
           const struct judge_result *result) {
    static const struct {
        const char *aspect;
        void (*normalise)(struct judge_text *value, const struct judge_server *server);
    } ASPECTS[] = {
        {"position", NULL},
        {"type", judge_normal_type},
        {"nullable", NULL},
        {"default", judge_normal_default},
        {"extra", judge_normal_extra},
        {"charset", judge_normal_charset},
        {"collation", judge_normal_charset},
        {"comment", NULL},
    };
    const char *name = judge_result_cell(result, 0).data;
    bool is_json = judge_cell_is(judge_result_cell(result, 2), "json");
    for (unsigned i = 0; i < sizeof ASPECTS / sizeof *ASPECTS; i++) {
        struct judge_cell cell = judge_result_cell(result, i + 1);
        struct judge_text value = {0};
        bool is_null = cell.data == NULL;
        judge_text_add(&value, cell.data, cell.len);
        if (!is_null && ASPECTS[i].normalise != NULL) {
            ASPECTS[i].normalise(&value, by->server);
            is_null = value.len == 4 && memcmp(value.data, "NULL", 4) == 0 && i == 3;
        }
        if (is_json && (i == 5 || i == 6)) { /* MariaDB's JSON is LONGTEXT in utf8mb4_bin */
            judge_text_clear(&value);
            judge_text_puts(&value, i == 5 ? "utf8mb4" : "utf8mb4_bin");
            is_null = false;
        }
        add_cell(object, "column", name, ASPECTS[i].aspect, is_null ? NULL : value.data, value.len);
        judge_text_fini(&value);
    }
}

static bool
add_columns(const struct judge_describer *by, struct judge_object *object,
            struct judge_error *err) {
    struct judge_result result;
    if (!query_object(by, object,
                      "SELECT COLUMN_NAME, ORDINAL_POSITION, COLUMN_TYPE, IS_NULLABLE,"
                      " COLUMN_DEFAULT, EXTRA, CHARACTER_SET_NAME, COLLATION_NAME, COLUMN_COMMENT"
                      " FROM information_schema.COLUMNS",
                      "TABLE_SCHEMA", "TABLE_NAME", " ORDER BY ORDINAL_POSITION", &result, err)) {
        return false;
    }
    while (judge_result_next(&result)) {
        add_column(by, object, &result);
    }
    judge_result_close(&result);
    return true;
}

static void
add_key_part(struct judge_text *value, const struct judge_result *result) {
    struct judge_cell type = judge_result_cell(result, 5);
    struct judge_cell column = judge_result_cell(result, 2);
    struct judge_cell prefix = judge_result_cell(result, 3);
    if (value->len == 0) {
        judge_text_puts(value, judge_cell_is(judge_result_cell(result, 1), "0") ? "UNIQUE " : "");
        judge_text_add(value, type.data, type.len);
    }
    judge_text_puts(value, " ");
    if (column.data != NULL) {
        judge_text_add_name(value, column.data);
    } else {
        judge_text_puts(value, "(expression)");
    }
    if (prefix.data != NULL && !judge_cell_is(type, "SPATIAL")) {
        judge_text_printf(value, "(%s)", prefix.data);
    }
    if (judge_cell_is(judge_result_cell(result, 4), "D")) {
        judge_text_puts(value, " DESC");
    }
}

/* Rows grouped by their first column: one facet a group, made by add_part from each row. */
static void
add_groups(struct judge_object *object, const char *subject, struct judge_result *result,
           void (*add_part)(struct judge_text *value, const struct judge_result *result)) {
    struct judge_text value = {0};
    char *group = NULL;
    while (judge_result_next(result)) {
        struct judge_cell name = judge_result_cell(result, 0);
        if (group != NULL && !judge_cell_is(name, group)) {
            add_cell(object, subject, group, "", value.data, value.len);
            judge_text_clear(&value);
            free(group);
            group = NULL;
        }
        group = group != NULL ? group : judge_cell_copy(name);
        add_part(&value, result);
    }
    if (group != NULL) {
        add_cell(object, subject, group, "", value.data, value.len);
    }
    free(group);
    judge_text_fini(&value);
}

static bool
add_keys(const struct judge_describer *by, struct judge_object *object, struct judge_error *err) {
    struct judge_result result;
    if (!query_object(by, object,
                      "SELECT INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART, COLLATION, INDEX_TYPE"
                      " FROM information_schema.STATISTICS",
                      "TABLE_SCHEMA", "TABLE_NAME", " ORDER BY INDEX_NAME, SEQ_IN_INDEX", &result,
                      err)) {
        return false;
    }
    add_groups(object, "key", &result, add_key_part);
    judge_result_close(&result);
    return true;
}

static void
add_reference_part(struct judge_text *value, const struct judge_result *result) {
    judge_text_puts(value, value->len > 0 ? ", " : "");
    judge_text_add_name(value, judge_result_cell(result, 1).data);
    judge_text_puts(value, " -> ");
    judge_text_add_path(value, judge_result_cell(result, 2).data,
                        judge_result_cell(result, 3).data);
    judge_text_puts(value, ".");
    judge_text_add_name(value, judge_result_cell(result, 4).data);
}

/* RESTRICT and NO ACTION are one thing in these servers, and some versions report the one for the
 * other. */
static void
add_rules(struct judge_text *value, const struct judge_result *result) {
    for (unsigned i = 1; i <= 2; i++) {
        struct judge_cell rule = judge_result_cell(result, i);
        judge_text_puts(value, i == 1 ? "ON UPDATE " : " ON DELETE ");
        judge_text_puts(value, judge_cell_is(rule, "RESTRICT") ? "NO ACTION" : rule.data);
    }
}

static bool
add_foreign_keys(const struct judge_describer *by, struct judge_object *object,
                 struct judge_error *err) {
    struct judge_result result;
    if (!query_object(by, object,
                      "SELECT CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA,"
                      " REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME"
                      " FROM information_schema.KEY_COLUMN_USAGE",
                      "TABLE_SCHEMA", "TABLE_NAME",
                      " AND REFERENCED_TABLE_NAME IS NOT NULL"
                      " ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION",
                      &result, err)) {
        return false;
    }
    add_groups(object, "foreign key", &result, add_reference_part);
    judge_result_close(&result);
    if (!query_object(by, object,
                      "SELECT CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE"
                      " FROM information_schema.REFERENTIAL_CONSTRAINTS",
                      "CONSTRAINT_SCHEMA", "TABLE_NAME", " ORDER BY CONSTRAINT_NAME", &result,
                      err)) {
        return false;
    }
    add_groups(object, "rules of foreign key", &result, add_rules);
    judge_result_close(&result);
    return true;
}

static void
add_partition_part(struct judge_text *value, const struct judge_result *result) {
    for (unsigned i = 1; i < result->column_count; i++) {
        struct judge_text part = {0};
        struct judge_cell cell = judge_result_cell(result, i);
        judge_text_add(&part, cell.data, cell.len);
        judge_normal_expression(&part);
        judge_text_puts(value, " ");
        judge_text_add(value, part.data, part.len);
        judge_text_fini(&part);
    }
}

static bool
add_partitions(const struct judge_describer *by, struct judge_object *object,
               struct judge_error *err) {
    struct judge_result result;
    if (!query_object(by, object,
                      "SELECT PARTITION_NAME, PARTITION_ORDINAL_POSITION, PARTITION_METHOD,"
                      " PARTITION_EXPRESSION, PARTITION_DESCRIPTION, SUBPARTITION_METHOD,"
                      " SUBPARTITION_EXPRESSION, SUBPARTITION_NAME"
                      " FROM information_schema.PARTITIONS",
                      "TABLE_SCHEMA", "TABLE_NAME",
                      " AND PARTITION_NAME IS NOT NULL"
                      " ORDER BY PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION",
                      &result, err)) {
        return false;
    }
    add_groups(object, "partition", &result, add_partition_part);
    judge_result_close(&result);
    return true;
}

static bool
describe_view(const struct judge_describer *by, struct judge_object *object,
              struct judge_error *err) {
    struct judge_result result;
    judge_object_add_outcome(by->server, object);
    if (!query_object(by, object,
                      "SELECT CHECK_OPTION, IS_UPDATABLE, DEFINER, SECURITY_TYPE"
                      " FROM information_schema.VIEWS",
                      "TABLE_SCHEMA", "TABLE_NAME", "", &result, err)) {
        return false;
    }
    while (judge_result_next(&result)) {
        for (unsigned i = 0; i < result.column_count; i++) {
            struct judge_cell cell = judge_result_cell(&result, i);
            judge_object_add(object, judge_result_name(&result, i), JUDGE_EQUAL, cell.data,
                             cell.len);
        }
    }
    judge_result_close(&result);
    return add_columns(by, object, err);
}

static bool
add_table_options(const struct judge_describer *by, struct judge_object *object,
                  struct judge_error *err) {
    struct judge_result result;
    if (!query_object(by, object,
                      "SELECT ENGINE, TABLE_COLLATION, TABLE_COMMENT, AUTO_INCREMENT"
                      " FROM information_schema.TABLES",
                      "TABLE_SCHEMA", "TABLE_NAME", "", &result, err)) {
        return false;
    }
    while (judge_result_next(&result)) {
        struct judge_cell engine = judge_result_cell(&result, 0);
        struct judge_cell comment = judge_result_cell(&result, 2);
        struct judge_cell counter = judge_result_cell(&result, 3);
        struct judge_text collation = {0};
        judge_text_puts(&collation, judge_result_cell(&result, 1).data);
        judge_normal_charset(&collation, by->server);
        if (!by->options->ignore_engines) {
            judge_object_add(object, "engine", JUDGE_EQUAL, engine.data, engine.len);
        }
        judge_object_add(object, "collation", JUDGE_EQUAL, collation.data, collation.len);
        judge_object_add(object, "comment", JUDGE_EQUAL, comment.data, comment.len);
        if (!by->options->ignore_auto_increment) {
            judge_object_add(object, "AUTO_INCREMENT", JUDGE_NOT_LESS, counter.data, counter.len);
        }
        judge_text_fini(&collation);
    }
    judge_result_close(&result);
    return true;
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
    return add_table_options(by, object, err) && add_columns(by, object, err) &&
           add_keys(by, object, err) && add_foreign_keys(by, object, err) &&
           add_partitions(by, object, err);
}

/* Everything was listed already: only the columns whose wording differs between servers are left to
 * normalise. */
static bool
describe_listed(const struct judge_describer *by, struct judge_object *object,
                struct judge_error *err) {
    (void)err;
    for (size_t i = 0; i < object->count; i++) {
        struct judge_facet *facet = &object->facets[i];
        struct judge_text value = {0};
        if (facet->value == NULL) {
            continue;
        }
        judge_text_add(&value, facet->value, facet->len);
        if (strcmp(facet->label, "SQL_MODE") == 0) {
            judge_normal_sql_mode(&value);
        } else if (strcmp(facet->label, "returns") == 0) {
            judge_normal_type(&value, by->server);
        } else if (strstr(facet->label, "CHARACTER_SET") || strstr(facet->label, "COLLATION")) {
            judge_normal_charset(&value, by->server);
        }
        judge_facet_set(facet, value.data, value.len);
        judge_text_fini(&value);
    }
    struct judge_facet *status = judge_object_find(object, "STATUS");
    if (status != NULL && by->options->ignore_event_status) {
        judge_facet_set(status, NULL, 0);
    }
    return true;
}

static void
add_parameter(struct judge_text *value, const struct judge_result *result) {
    struct judge_text type = {0};
    struct judge_cell name = judge_result_cell(result, 1);
    judge_text_puts(value, value->len > 0 ? ", " : "");
    judge_text_add(value, judge_result_cell(result, 2).data, judge_result_cell(result, 2).len);
    judge_text_puts(value, " ");
    judge_text_add_name(value, name.data != NULL ? name.data : "");
    judge_text_add(&type, judge_result_cell(result, 3).data, judge_result_cell(result, 3).len);
    judge_normal_type(&type, NULL);
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
        if (!query_object(by, object,
                          "SELECT ROUTINE_TYPE, PARAMETER_NAME, PARAMETER_MODE, DTD_IDENTIFIER"
                          " FROM information_schema.PARAMETERS",
                          "SPECIFIC_SCHEMA", "SPECIFIC_NAME",
                          " AND ORDINAL_POSITION > 0 ORDER BY ROUTINE_TYPE, ORDINAL_POSITION",
                          &result, err)) {
            return false;
        }
        add_groups(object, "parameters of", &result, add_parameter);
        judge_result_close(&result);
    }
    return describe_listed(by, object, err);
}

static const struct judge_source SOURCES[] = {
    {"SELECT CASE TABLE_TYPE WHEN 'VIEW' THEN 'view' WHEN 'SEQUENCE' THEN 'sequence' ELSE 'table'"
     " END, TABLE_NAME FROM information_schema.TABLES WHERE%s AND TABLE_TYPE <> 'TEMPORARY'",
     "TABLE_SCHEMA", 0, false, describe_table},
    {"SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME, ROUTINE_DEFINITION, DTD_IDENTIFIER AS 'returns',"
     " IS_DETERMINISTIC, SQL_DATA_ACCESS, SECURITY_TYPE, SQL_MODE, ROUTINE_COMMENT, DEFINER"
     " FROM information_schema.ROUTINES WHERE%s AND ROUTINE_TYPE IN ('PROCEDURE', 'FUNCTION')",
     "ROUTINE_SCHEMA", 0, false, describe_routine},
    {"SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME, ROUTINE_DEFINITION, SQL_MODE, DEFINER"
     " FROM information_schema.ROUTINES WHERE%s AND ROUTINE_TYPE IN ('PACKAGE', 'PACKAGE BODY')",
     "ROUTINE_SCHEMA", 100300, true, describe_listed},
    {"SELECT 'trigger', TRIGGER_NAME, EVENT_OBJECT_TABLE AS 'table', ACTION_TIMING AS timing,"
     " EVENT_MANIPULATION AS event, GREATEST(ACTION_ORDER, 1) AS 'order', ACTION_STATEMENT,"
     " SQL_MODE, DEFINER FROM information_schema.TRIGGERS WHERE%s",
     "TRIGGER_SCHEMA", 0, false, describe_listed},
    {"SELECT 'event', EVENT_NAME, STATUS, EVENT_DEFINITION, TIME_ZONE, EVENT_TYPE, EXECUTE_AT,"
     " INTERVAL_VALUE, INTERVAL_FIELD, STARTS, ENDS, ON_COMPLETION, EVENT_COMMENT, SQL_MODE,"
     " DEFINER FROM information_schema.EVENTS WHERE%s",
     "EVENT_SCHEMA", 0, false, describe_listed},
};

const struct judge_sources JUDGE_ACROSS = {SOURCES, sizeof SOURCES / sizeof *SOURCES};
