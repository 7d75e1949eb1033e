#include <stdlib.h>
#include <string.h>

#include "across_table.h"
#include "expression.h"
#include "flavour.h"

/* CHECK constraints. */

static bool
is_json_check(const struct judge_text *skeleton) {
    static const char WORD[] = "json_valid `";
    return strncmp(skeleton->data, WORD, strlen(WORD)) == 0;
}

/* A LONGTEXT of which json_valid(`col`) holds is MariaDB's JSON, so between flavours such a check
 * is part of the type: of A's, where MySQL's becomes MariaDB's JSON too, and of MariaDB's as B. */
static bool
may_make_json(const struct judge_describer *by) {
    return judge_is_translated(by) && (by->server->is_mariadb || by->server->endpoint->side == 'A');
}

static void
take_check(const struct judge_describer *by, struct judge_object *object,
           struct judge_table_facts *facts, const struct judge_result *result) {
    struct judge_cell name = judge_result_cell(result, 0);
    struct judge_cell clause = judge_result_cell(result, 1);
    bool is_enforced = !judge_cell_is(judge_result_cell(result, 2), "NO");
    if (!is_enforced && judge_is_translated_from(by, true)) {
        judge_across_note(object, "check", name.data, "not enforced");
        return;
    }
    struct judge_text skeleton = {0};
    judge_text_add(&skeleton, clause.data, clause.len);
    if (!by->server->is_mariadb) {
        judge_expression_unescape(&skeleton);
    }
    size_t count = judge_expression_skeleton(&skeleton, by);
    if (count == 2 && is_enforced && may_make_json(by) && is_json_check(&skeleton)) {
        const char *column = strchr(skeleton.data, '`') + 1;
        judge_names_add(&facts->json, column, strlen(column) - 1);
    } else {
        struct judge_text line = {0};
        bool is_named = !judge_is_translated(by);
        judge_text_printf(&line, "%s%s%s%s", is_named ? name.data : "", is_named ? ": " : "",
                          skeleton.data, is_enforced ? "" : " NOT ENFORCED");
        judge_names_add(&facts->checks, line.data, line.len);
        judge_text_fini(&line);
    }
    judge_text_fini(&skeleton);
}

static bool
query_checks(const struct judge_describer *by, const struct judge_object *object,
             struct judge_result *result, struct judge_error *err) {
    if (by->server->is_mariadb) {
        return judge_across_query(by, object,
                                  "SELECT CONSTRAINT_NAME, CHECK_CLAUSE, 'YES'"
                                  " FROM information_schema.CHECK_CONSTRAINTS",
                                  "CONSTRAINT_SCHEMA", "TABLE_NAME", "", result, err);
    }
    return judge_across_query(by, object,
                              "SELECT t.CONSTRAINT_NAME, c.CHECK_CLAUSE, t.ENFORCED"
                              " FROM information_schema.TABLE_CONSTRAINTS t"
                              " JOIN information_schema.CHECK_CONSTRAINTS c"
                              " ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA"
                              " AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME",
                              "t.TABLE_SCHEMA", "t.TABLE_NAME", " AND t.CONSTRAINT_TYPE = 'CHECK'",
                              result, err);
}

/* From these versions on servers keep CHECK constraints and can list them. */
bool
judge_across_has_checks(const struct judge_server *server) {
    return server->version >= (server->is_mariadb ? 100222u : 80016u);
}

bool
judge_across_load_checks(const struct judge_describer *by, struct judge_object *object,
                         struct judge_table_facts *facts, struct judge_error *err) {
    struct judge_result result;
    if (!judge_across_has_checks(by->server)) {
        return true;
    }
    if (!query_checks(by, object, &result, err)) {
        return false;
    }
    while (judge_result_next(&result)) {
        take_check(by, object, facts, &result);
    }
    judge_result_close(&result);
    return true;
}

static int
compare_names(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

void
judge_across_add_checks(struct judge_object *object, struct judge_table_facts *facts) {
    struct judge_text lines = {0};
    judge_text_puts(&lines, "");
    if (facts->checks.count > 0) {
        qsort(facts->checks.items, facts->checks.count, sizeof *facts->checks.items, compare_names);
    }
    for (size_t i = 0; i < facts->checks.count; i++) {
        judge_text_printf(&lines, "%s\n", facts->checks.items[i]);
    }
    judge_object_add(object, "checks", JUDGE_LINES, lines.data, lines.len);
    judge_text_fini(&lines);
}
