#include <string.h>

#include "across_table.h"
#include "expression.h"
#include "flavour.h"
#include "normal.h"

/* Columns, of views too. */

static bool
has_prefix(struct judge_cell cell, const char *prefix) {
    return cell.data != NULL && strncmp(cell.data, prefix, strlen(prefix)) == 0;
}

/* The columns of the query in add_columns. */
enum {
    COL_NAME,
    COL_DATA_TYPE,
    COL_TYPE,
    COL_NULLABLE,
    COL_DEFAULT,
    COL_EXTRA,
    COL_CHARSET,
    COL_COLLATION,
    COL_COMMENT,
    COL_GENERATION,
};

static bool
is_json_column(const struct judge_table_facts *facts, const struct judge_result *result) {
    struct judge_cell data_type = judge_result_cell(result, COL_DATA_TYPE);
    return judge_cell_is(data_type, "json") ||
           (judge_cell_is(data_type, "longtext") &&
            judge_names_has(&facts->json, judge_result_cell(result, COL_NAME).data));
}

/* Of any other type, a check of JSON is a check. */
static void
keep_json_check(struct judge_table_facts *facts, const struct judge_result *result) {
    struct judge_cell data_type = judge_result_cell(result, COL_DATA_TYPE);
    const char *name = judge_result_cell(result, COL_NAME).data;
    if (!judge_cell_is(data_type, "longtext") && judge_names_has(&facts->json, name)) {
        struct judge_text line = {0};
        judge_text_printf(&line, "json_valid `%s`", name);
        judge_names_add(&facts->checks, line.data, line.len);
        judge_text_fini(&line);
    }
}

static void
get_type(const struct judge_describer *by, const struct judge_table_facts *facts,
         const struct judge_result *result, struct judge_text *value) {
    struct judge_cell type = judge_result_cell(result, COL_TYPE);
    const char *text = judge_flavour_text_type(by, judge_result_cell(result, COL_DATA_TYPE).data);
    if (is_json_column(facts, result)) {
        judge_text_puts(value, "json");
    } else if (text != NULL) {
        judge_text_puts(value, text);
    } else {
        judge_text_add(value, type.data, type.len);
        judge_normal_type(value, by->server);
    }
}

/* MariaDB has no NOT NULL for generated columns: a CHECK says it. */
static void
check_not_null(const struct judge_describer *by, struct judge_table_facts *facts,
               const struct judge_result *result) {
    bool is_generated = judge_result_cell(result, COL_GENERATION).len > 0;
    struct judge_text line = {0};
    if (is_generated && judge_is_translated_from(by, true) &&
        judge_cell_is(judge_result_cell(result, COL_NULLABLE), "NO")) {
        judge_text_printf(&line, "`%s` is not null", judge_result_cell(result, COL_NAME).data);
        judge_names_add(&facts->checks, line.data, line.len);
    }
    judge_text_fini(&line);
}

static void
get_nullable(const struct judge_describer *by, const struct judge_result *result,
             struct judge_text *value) {
    bool is_generated = judge_result_cell(result, COL_GENERATION).len > 0;
    bool is_lost = is_generated && judge_is_translated_from(by, true);
    judge_text_puts(value, is_lost ? "YES" : judge_result_cell(result, COL_NULLABLE).data);
}

static bool
is_plain_number(const struct judge_cell cell) {
    const char *at = cell.data + (cell.len > 0 && cell.data[0] == '-' ? 1 : 0);
    return *at != '\0' && at[strspn(at, "0123456789.eE+-")] == '\0' && strchr("eE", *at) == NULL;
}

/* Servers garble defaults of BINARY in information_schema: cut at the first NUL, '?' for what is no
 * text. What is before that is compared. */
static void
get_binary_default(struct judge_cell cell, struct judge_text *value) {
    const char *at = cell.data;
    struct judge_token token = judge_token_next(&at, cell.data + cell.len);
    struct judge_text content = {0};
    bool is_whole = token.len == cell.len &&
                    (token.kind == JUDGE_TOKEN_STRING || token.kind == JUDGE_TOKEN_BITS);
    if (is_whole) {
        judge_token_content(&token, &content);
    } else {
        judge_text_add(&content, cell.data, cell.len);
    }
    judge_text_puts(value, "literal ");
    for (size_t i = 0; i < content.len; i++) {
        unsigned char c = (unsigned char)content.data[i];
        if (c < ' ' || c > '~' || c == '?') {
            break;
        }
        judge_text_add(value, &content.data[i], 1);
    }
    judge_text_fini(&content);
}

/* An expression that is one literal is a literal: MySQL's TEXT columns can have no other, and
 * MariaDB prints (5), -(5) and (NULL) as 5, -5 and NULL. False: no default. */
static bool
get_default_expression(const struct judge_describer *by, struct judge_cell cell,
                       struct judge_text *value) {
    struct judge_text text = {0};
    judge_text_add(&text, cell.data, cell.len);
    if (!by->server->is_mariadb && by->server->version >= 80000) {
        judge_expression_unescape(&text);
    }
    struct judge_text literal = {0};
    judge_expression_literal(&text, &literal);
    size_t count = judge_expression_skeleton(&text, by);
    bool is_string = count == 1 && text.data[0] == '\'';
    bool is_number = count == 1 && text.data[0] >= '0' && text.data[0] <= '9';
    bool is_negative =
        count == 2 && text.data[0] == '-' && text.data[2] >= '0' && text.data[2] <= '9';
    bool is_null = count == 1 && strcmp(text.data, "null") == 0;
    judge_text_puts(value, is_string || is_number || is_negative ? "literal " : "expression ");
    if (is_negative) {
        judge_text_printf(value, "-%s", text.data + 2);
    } else {
        const struct judge_text *shown = is_string ? &literal : &text;
        judge_text_add(value, shown->data, shown->len);
    }
    judge_text_fini(&text);
    judge_text_fini(&literal);
    return !is_null;
}

/* MySQL gives literals bare and says of the rest DEFAULT_GENERATED; MariaDB from 10.2.7 on gives
 * SQL. False: no default. */
static bool
get_default(const struct judge_describer *by, const struct judge_result *result,
            struct judge_text *value) {
    struct judge_cell cell = judge_result_cell(result, COL_DEFAULT);
    struct judge_cell type = judge_result_cell(result, COL_DATA_TYPE);
    bool is_sql = by->server->is_mariadb && by->server->version >= 100207;
    if (cell.data == NULL || (is_sql && judge_cell_is(cell, "NULL"))) {
        return false;
    }
    const char *extra = judge_result_cell(result, COL_EXTRA).data;
    bool is_time = judge_cell_is(type, "timestamp") || judge_cell_is(type, "datetime");
    bool is_expression = is_sql ? !is_plain_number(cell) && !has_prefix(cell, "b'")
                                : strstr(extra, "DEFAULT_GENERATED") != NULL ||
                                      (is_time && strncasecmp(cell.data, "current_time", 12) == 0);
    bool is_binary = judge_cell_is(type, "binary") || judge_cell_is(type, "varbinary");
    bool is_string = cell.len > 0 && cell.data[0] == '\'';
    if (is_binary && (!is_expression || is_string || has_prefix(cell, "x'"))) {
        get_binary_default(cell, value);
    } else if (is_expression) {
        return get_default_expression(by, cell, value);
    } else {
        judge_text_puts(value, "literal ");
        judge_text_add(value, cell.data, cell.len);
    }
    return true;
}

static void
get_extra(const struct judge_describer *by, const struct judge_result *result,
          struct judge_text *value) {
    judge_text_puts(value, judge_result_cell(result, COL_EXTRA).data);
    judge_normal_extra(value, judge_is_translated(by));
}

/* False: NULL. A type that becomes a text on MySQL becomes one in ascii. */
static bool
get_charset(const struct judge_describer *by, const struct judge_table_facts *facts,
            const struct judge_result *result, struct judge_text *value, unsigned column) {
    struct judge_cell cell = judge_result_cell(result, column);
    const char *type = judge_result_cell(result, COL_DATA_TYPE).data;
    bool is_charset = column == COL_CHARSET;
    bool is_json = is_json_column(facts, result);
    bool is_moved_json = is_json && judge_is_translated_from(by, false);
    if (strcmp(type, "json") == 0 || is_moved_json) {
        judge_text_puts(value, is_charset ? "utf8mb4" : "utf8mb4_bin");
    } else if (judge_flavour_text_type(by, type) != NULL) {
        judge_text_puts(value, is_charset ? "ascii" : "ascii_general_ci");
    } else if (cell.data != NULL) {
        judge_text_add(value, cell.data, cell.len);
        judge_flavour_collation(value, by);
    } else {
        return false;
    }
    return true;
}

static void
get_generation(const struct judge_describer *by, const struct judge_result *result,
               struct judge_text *value) {
    struct judge_cell cell = judge_result_cell(result, COL_GENERATION);
    judge_text_add(value, cell.data, cell.len);
    if (!by->server->is_mariadb && by->server->version >= 80000) {
        judge_expression_unescape(value);
    }
    if (value->len > 0) {
        judge_expression_skeleton(value, by);
    }
}

static bool
get_position(const struct judge_table_facts *facts, struct judge_text *value) {
    judge_text_printf(value, "%zu", facts->columns.count);
    return true;
}

static void
add_aspect(struct judge_object *object, const char *name, const char *aspect,
           struct judge_text *value, bool is_there) {
    judge_across_add_cell(object, "column", name, aspect, is_there ? value : NULL);
    judge_text_clear(value);
}

static void
add_column(const struct judge_describer *by, struct judge_object *object,
           struct judge_table_facts *facts, const struct judge_result *result) {
    const char *name = judge_result_cell(result, COL_NAME).data;
    struct judge_cell comment = judge_result_cell(result, COL_COMMENT);
    struct judge_text value = {0};
    judge_names_add(&facts->columns, name, strlen(name));
    keep_json_check(facts, result);
    check_not_null(by, facts, result);
    add_aspect(object, name, "position", &value, get_position(facts, &value));
    get_type(by, facts, result, &value);
    add_aspect(object, name, "type", &value, true);
    get_nullable(by, result, &value);
    add_aspect(object, name, "nullable", &value, true);
    add_aspect(object, name, "default", &value, get_default(by, result, &value));
    get_extra(by, result, &value);
    add_aspect(object, name, "extra", &value, true);
    add_aspect(object, name, "charset", &value,
               get_charset(by, facts, result, &value, COL_CHARSET));
    add_aspect(object, name, "collation", &value,
               get_charset(by, facts, result, &value, COL_COLLATION));
    judge_text_add(&value, comment.data, comment.len);
    add_aspect(object, name, "comment", &value, true);
    get_generation(by, result, &value);
    add_aspect(object, name, "expression", &value, true);
    judge_text_fini(&value);
}

/* MySQL has no period columns: its table is the current rows without them. */
static bool
is_left_out(const struct judge_describer *by, const struct judge_result *result) {
    return judge_is_translated_from(by, false) &&
           has_prefix(judge_result_cell(result, COL_GENERATION), "ROW ");
}

static bool
query_columns(const struct judge_describer *by, const struct judge_object *object,
              struct judge_result *result, struct judge_error *err) {
    bool has_expressions = by->server->version >= (by->server->is_mariadb ? 100205u : 50706u);
    struct judge_text head = {0};
    judge_text_printf(&head,
                      "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT,"
                      " EXTRA, CHARACTER_SET_NAME, COLLATION_NAME, COLUMN_COMMENT, %s"
                      " FROM information_schema.COLUMNS",
                      has_expressions ? "GENERATION_EXPRESSION" : "''");
    bool ok = judge_across_query(by, object, head.data, "TABLE_SCHEMA", "TABLE_NAME",
                                 " ORDER BY ORDINAL_POSITION", result, err);
    judge_text_fini(&head);
    return ok;
}

bool
judge_across_add_columns(const struct judge_describer *by, struct judge_object *object,
                         struct judge_table_facts *facts, struct judge_error *err) {
    struct judge_result result;
    if (!query_columns(by, object, &result, err)) {
        return false;
    }
    while (judge_result_next(&result)) {
        if (is_left_out(by, &result)) {
            judge_across_note(object, "column", judge_result_cell(&result, COL_NAME).data,
                              "period of system versioning");
        } else {
            add_column(by, object, facts, &result);
        }
    }
    judge_result_close(&result);
    return true;
}

bool
judge_across_add_view_columns(const struct judge_describer *by, struct judge_object *object,
                              struct judge_error *err) {
    struct judge_table_facts facts = {0};
    struct judge_text value = {0};
    struct judge_result result;
    bool ok = query_columns(by, object, &result, err);
    while (ok && judge_result_next(&result)) {
        if (judge_is_translated(by)) {
            const char *name = judge_result_cell(&result, COL_NAME).data;
            judge_names_add(&facts.columns, name, strlen(name));
            add_aspect(object, name, "position", &value, get_position(&facts, &value));
        } else {
            add_column(by, object, &facts, &result);
        }
    }
    if (ok) {
        judge_result_close(&result);
    }
    judge_text_fini(&value);
    judge_table_facts_fini(&facts);
    return ok;
}
