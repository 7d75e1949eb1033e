#include <string.h>

#include "across_table.h"
#include "expression.h"
#include "flavour.h"

/* A table between two versions or flavours. What is not compared: row formats and other
 * CREATE_OPTIONS, index comments, histogram and statistics options; names of CHECK constraints and
 * SRIDs but where the servers can say them; expressions beyond their tokens (expression.h), and of
 * functional key parts that there is one. */

void
judge_table_facts_fini(struct judge_table_facts *facts) {
    judge_names_fini(&facts->json);
    judge_names_fini(&facts->columns);
    judge_names_fini(&facts->checks);
}

void
judge_across_note(struct judge_object *object, const char *what, const char *name,
                  const char *why) {
    struct judge_text text = {0};
    judge_text_printf(&text, "%s ", what);
    judge_text_add_name(&text, name);
    judge_text_printf(&text, " (%s)", why);
    judge_object_note(object, text.data);
    judge_text_fini(&text);
}

/* MySQL's SRID becomes REF_SYSTEM_ID, which MariaDB tells in a table of its own. The other way
 * nothing is promised. */
static bool
add_srids(const struct judge_describer *by, struct judge_object *object, struct judge_error *err) {
    bool is_wanted =
        judge_is_translated(by) && by->server->is_mariadb == (by->server->endpoint->side == 'B');
    struct judge_result result;
    if (!is_wanted) {
        return true;
    }
    bool ok = by->server->is_mariadb
                  ? judge_across_query(by, object,
                                       "SELECT G_GEOMETRY_COLUMN, SRID"
                                       " FROM information_schema.GEOMETRY_COLUMNS",
                                       "G_TABLE_SCHEMA", "G_TABLE_NAME", "", &result, err)
                  : judge_across_query(by, object,
                                       by->server->version >= 80003
                                           ? "SELECT COLUMN_NAME, IFNULL(SRS_ID, 0)"
                                             " FROM information_schema.COLUMNS"
                                           : "SELECT COLUMN_NAME, 0"
                                             " FROM information_schema.COLUMNS",
                                       "TABLE_SCHEMA", "TABLE_NAME",
                                       " AND DATA_TYPE IN ('geometry', 'point', 'linestring',"
                                       " 'polygon', 'multipoint', 'multilinestring',"
                                       " 'multipolygon', 'geomcollection', 'geometrycollection')",
                                       &result, err);
    while (ok && judge_result_next(&result)) {
        struct judge_text value = {0};
        judge_text_puts(&value, judge_result_cell(&result, 1).data);
        judge_across_add_cell(object, "column", judge_result_cell(&result, 0).data, "SRID", &value);
        judge_text_fini(&value);
    }
    if (ok) {
        judge_result_close(&result);
    }
    return ok;
}

/* A table that was made under ANSI_QUOTES has its columns in double quotes in MySQL. In KEY (...)
 * they are nothing but names. */
static void
add_without_quotes(struct judge_text *part, struct judge_cell cell, bool are_names) {
    for (size_t i = 0; i < cell.len; i++) {
        if (!are_names || cell.data[i] != '"') {
            judge_text_add(part, cell.data + i, 1);
        }
    }
}

static void
add_partition_part(const struct judge_describer *by, struct judge_text *value,
                   const struct judge_result *result) {
    for (unsigned i = 1; i < result->column_count; i++) {
        struct judge_text part = {0};
        struct judge_cell cell = judge_result_cell(result, i);
        struct judge_cell before = judge_result_cell(result, i - 1);
        bool is_of_key = before.len >= 3 && memcmp(before.data + before.len - 3, "KEY", 3) == 0;
        add_without_quotes(&part, cell, is_of_key);
        judge_expression_bare_skeleton(&part, by);
        judge_text_puts(value, " | ");
        judge_text_add(value, part.data, part.len);
        judge_text_fini(&part);
    }
}

/* Partitions by system time hold the history, which MySQL has not. */
static bool
add_partitions(const struct judge_describer *by, struct judge_object *object,
               struct judge_error *err) {
    struct judge_result result;
    const char *tail = judge_is_translated_from(by, false)
                           ? " AND PARTITION_NAME IS NOT NULL AND PARTITION_METHOD <> 'SYSTEM_TIME'"
                             " ORDER BY PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION"
                           : " AND PARTITION_NAME IS NOT NULL"
                             " ORDER BY PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION";
    if (!judge_across_query(by, object,
                            "SELECT PARTITION_NAME, PARTITION_ORDINAL_POSITION, PARTITION_METHOD,"
                            " PARTITION_EXPRESSION, PARTITION_DESCRIPTION, SUBPARTITION_METHOD,"
                            " SUBPARTITION_EXPRESSION, SUBPARTITION_NAME"
                            " FROM information_schema.PARTITIONS",
                            "TABLE_SCHEMA", "TABLE_NAME", tail, &result, err)) {
        return false;
    }
    judge_across_add_groups(by, object, "partition", &result, add_partition_part);
    judge_result_close(&result);
    return true;
}

static void
add_options(const struct judge_describer *by, struct judge_object *object,
            struct judge_table_facts *facts, const struct judge_result *result) {
    struct judge_cell engine = judge_result_cell(result, 0);
    struct judge_cell comment = judge_result_cell(result, 2);
    struct judge_cell counter = judge_result_cell(result, 3);
    struct judge_text collation = {0};
    judge_text_puts(&collation, judge_result_cell(result, 1).data);
    judge_flavour_collation(&collation, by);
    if (!by->options->ignore_engines) {
        judge_object_add(object, "engine", JUDGE_EQUAL, engine.data, engine.len);
    }
    facts->is_memory = by->options->ignore_engines && judge_cell_is(engine, "MEMORY");
    judge_object_add(object, "collation", JUDGE_EQUAL, collation.data, collation.len);
    judge_object_add(object, "comment", JUDGE_EQUAL, comment.data, comment.len);
    if (!by->options->ignore_auto_increment) {
        judge_object_add(object, "AUTO_INCREMENT", JUDGE_NOT_LESS, counter.data, counter.len);
    }
    if (judge_is_translated_from(by, false) &&
        judge_cell_is(judge_result_cell(result, 4), "SYSTEM VERSIONED")) {
        judge_object_note(object, "the history of a system-versioned table");
    }
    judge_text_fini(&collation);
}

static bool
add_table_options(const struct judge_describer *by, struct judge_object *object,
                  struct judge_table_facts *facts, struct judge_error *err) {
    struct judge_result result;
    if (!judge_across_query(by, object,
                            "SELECT ENGINE, TABLE_COLLATION, TABLE_COMMENT, AUTO_INCREMENT,"
                            " TABLE_TYPE FROM information_schema.TABLES",
                            "TABLE_SCHEMA", "TABLE_NAME", "", &result, err)) {
        return false;
    }
    while (judge_result_next(&result)) {
        add_options(by, object, facts, &result);
    }
    judge_result_close(&result);
    return true;
}

bool
judge_across_describe_table(const struct judge_describer *by, struct judge_object *object,
                            struct judge_error *err) {
    struct judge_table_facts facts = {0};
    bool ok = add_table_options(by, object, &facts, err) &&
              judge_across_load_checks(by, object, &facts, err) &&
              judge_across_add_columns(by, object, &facts, err) && add_srids(by, object, err) &&
              judge_across_add_keys(by, object, &facts, err) &&
              judge_across_add_foreign_keys(by, object, err) && add_partitions(by, object, err);
    if (ok && judge_across_has_checks(judge_across_target_of(by))) {
        judge_across_add_checks(object, &facts);
    }
    judge_table_facts_fini(&facts);
    return ok;
}
