#include <stdlib.h>
#include <string.h>

#include "across_table.h"
#include "flavour.h"

/* Keys, and foreign keys. */

enum { KEY_NAME, KEY_NON_UNIQUE, KEY_COLUMN, KEY_SUB_PART, KEY_ORDER, KEY_TYPE, KEY_VISIBLE };

struct key_text {
    char *name;
    struct judge_text value;
    bool is_unique;
    bool has_expression;
    bool is_vector;
};

const struct judge_server *
judge_across_target_of(const struct judge_describer *by) {
    return by->server->endpoint->side == 'B' ? by->server : by->peer;
}

static bool
keeps_descending(const struct judge_server *server) {
    return server->version >= (server->is_mariadb ? 100800u : 80000u);
}

static bool
keeps_hidden_keys(const struct judge_server *server) {
    return server->version >= (server->is_mariadb ? 100600u : 80000u);
}

static void
add_key_part(const struct judge_describer *by, const struct judge_table_facts *facts,
             struct key_text *key, const struct judge_result *result) {
    struct judge_cell type = judge_result_cell(result, KEY_TYPE);
    struct judge_cell column = judge_result_cell(result, KEY_COLUMN);
    struct judge_cell prefix = judge_result_cell(result, KEY_SUB_PART);
    if (judge_is_translated_from(by, false) && column.data != NULL &&
        !judge_names_has(&facts->columns, column.data)) {
        return; /* the period's end in the primary key of a versioned table */
    }
    if (key->value.len == 0) {
        bool is_hash = judge_cell_is(type, "HASH") && facts->is_memory;
        bool is_hidden = judge_cell_is(judge_result_cell(result, KEY_VISIBLE), "NO") &&
                         keeps_hidden_keys(judge_across_target_of(by));
        key->is_unique = judge_cell_is(judge_result_cell(result, KEY_NON_UNIQUE), "0");
        key->is_vector = judge_cell_is(type, "VECTOR");
        judge_text_puts(&key->value, key->is_unique ? "UNIQUE " : "");
        judge_text_puts(&key->value, is_hidden ? "INVISIBLE " : "");
        judge_text_puts(&key->value, is_hash ? "BTREE" : type.data);
    }
    judge_text_puts(&key->value, " ");
    if (column.data != NULL) {
        judge_text_add_name(&key->value, column.data);
    } else {
        key->has_expression = true;
        judge_text_puts(&key->value, "(expression)");
    }
    if (prefix.data != NULL && !judge_cell_is(type, "SPATIAL")) {
        judge_text_printf(&key->value, "(%s)", prefix.data);
    }
    if (judge_cell_is(judge_result_cell(result, KEY_ORDER), "D") &&
        keeps_descending(judge_across_target_of(by))) {
        judge_text_puts(&key->value, " DESC");
    }
}

static void
add_key(const struct judge_describer *by, struct judge_object *object, struct key_text *key) {
    if (key->name != NULL && key->has_expression && !key->is_unique &&
        judge_is_translated_from(by, true)) {
        judge_across_note(object, "key", key->name, "functional");
    } else if (key->name != NULL && key->is_vector && judge_is_translated_from(by, false)) {
        judge_across_note(object, "key", key->name, "vector");
    } else if (key->name != NULL) {
        judge_across_add_cell(object, "key", key->name, "", &key->value);
    }
    free(key->name);
    judge_text_fini(&key->value);
    memset(key, 0, sizeof *key);
}

bool
judge_across_add_keys(const struct judge_describer *by, struct judge_object *object,
                      const struct judge_table_facts *facts, struct judge_error *err) {
    struct judge_result result;
    struct judge_text head = {0};
    judge_text_printf(&head,
                      "SELECT INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART, COLLATION,"
                      " INDEX_TYPE, %s FROM information_schema.STATISTICS",
                      !keeps_hidden_keys(by->server) ? "'YES'"
                      : by->server->is_mariadb       ? "IF(IGNORED = 'YES', 'NO', 'YES')"
                                                     : "IS_VISIBLE");
    bool ok = judge_across_query(by, object, head.data, "TABLE_SCHEMA", "TABLE_NAME",
                                 " ORDER BY INDEX_NAME, SEQ_IN_INDEX", &result, err);
    judge_text_fini(&head);
    if (!ok) {
        return false;
    }
    struct key_text key = {0};
    while (judge_result_next(&result)) {
        struct judge_cell name = judge_result_cell(&result, KEY_NAME);
        if (key.name == NULL || !judge_cell_is(name, key.name)) {
            add_key(by, object, &key);
            key.name = judge_cell_copy(name);
        }
        add_key_part(by, facts, &key, &result);
    }
    add_key(by, object, &key);
    judge_result_close(&result);
    return true;
}

static void
add_reference_part(const struct judge_describer *by, struct judge_text *value,
                   const struct judge_result *result) {
    (void)by;
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
add_rules(const struct judge_describer *by, struct judge_text *value,
          const struct judge_result *result) {
    (void)by;
    for (unsigned i = 1; i <= 2; i++) {
        struct judge_cell rule = judge_result_cell(result, i);
        judge_text_puts(value, i == 1 ? "ON UPDATE " : " ON DELETE ");
        judge_text_puts(value, judge_cell_is(rule, "RESTRICT") ? "NO ACTION" : rule.data);
    }
}

bool
judge_across_add_foreign_keys(const struct judge_describer *by, struct judge_object *object,
                              struct judge_error *err) {
    struct judge_result result;
    if (!judge_across_query(by, object,
                            "SELECT CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA,"
                            " REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME"
                            " FROM information_schema.KEY_COLUMN_USAGE",
                            "TABLE_SCHEMA", "TABLE_NAME",
                            " AND REFERENCED_TABLE_NAME IS NOT NULL"
                            " ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION",
                            &result, err)) {
        return false;
    }
    judge_across_add_groups(by, object, "foreign key", &result, add_reference_part);
    judge_result_close(&result);
    if (!judge_across_query(by, object,
                            "SELECT CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE"
                            " FROM information_schema.REFERENTIAL_CONSTRAINTS",
                            "CONSTRAINT_SCHEMA", "TABLE_NAME", " ORDER BY CONSTRAINT_NAME", &result,
                            err)) {
        return false;
    }
    judge_across_add_groups(by, object, "rules of foreign key", &result, add_rules);
    judge_result_close(&result);
    return true;
}
