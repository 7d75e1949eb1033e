#include <stdlib.h>
#include <string.h>

#include "across.h"
#include "expression.h"
#include "flavour.h"
#include "normal.h"
#include "shape.h"

/* A table between two versions or flavours. What is not compared: row formats and other
 * CREATE_OPTIONS, index comments, histogram and statistics options; names of CHECK constraints and
 * SRIDs but where the servers can say them; expressions beyond their tokens (expression.h), and of
 * functional key parts that there is one. */

/* What the parts of a description tell one another. */
struct table_facts {
    bool is_memory;
    struct judge_names json;    /* columns with CHECK (json_valid()), which may make them JSON */
    struct judge_names columns; /* those that are compared, in order */
    struct judge_names checks;  /* "name: expression" */
};

static void
facts_fini(struct table_facts *facts) {
    judge_names_fini(&facts->json);
    judge_names_fini(&facts->columns);
    judge_names_fini(&facts->checks);
}

static void
note(struct judge_object *object, const char *what, const char *name, const char *why) {
    struct judge_text text = {0};
    judge_text_printf(&text, "%s ", what);
    judge_text_add_name(&text, name);
    judge_text_printf(&text, " (%s)", why);
    judge_object_note(object, text.data);
    judge_text_fini(&text);
}

static bool
has_prefix(struct judge_cell cell, const char *prefix) {
    return cell.data != NULL && strncmp(cell.data, prefix, strlen(prefix)) == 0;
}

/* ---- CHECK constraints ----------------------------------------------------------------------- */

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
take_check(const struct judge_describer *by, struct judge_object *object, struct table_facts *facts,
           const struct judge_result *result) {
    struct judge_cell name = judge_result_cell(result, 0);
    struct judge_cell clause = judge_result_cell(result, 1);
    bool is_enforced = !judge_cell_is(judge_result_cell(result, 2), "NO");
    if (!is_enforced && judge_is_translated_from(by, true)) {
        note(object, "check", name.data, "not enforced");
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
static bool
has_checks(const struct judge_server *server) {
    return server->version >= (server->is_mariadb ? 100222u : 80016u);
}

static bool
load_checks(const struct judge_describer *by, struct judge_object *object,
            struct table_facts *facts, struct judge_error *err) {
    struct judge_result result;
    if (!has_checks(by->server)) {
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

static void
add_checks(struct judge_object *object, struct table_facts *facts) {
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

/* ---- columns --------------------------------------------------------------------------------- */

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
is_json_column(const struct table_facts *facts, const struct judge_result *result) {
    struct judge_cell data_type = judge_result_cell(result, COL_DATA_TYPE);
    return judge_cell_is(data_type, "json") ||
           (judge_cell_is(data_type, "longtext") &&
            judge_names_has(&facts->json, judge_result_cell(result, COL_NAME).data));
}

/* Of any other type, a check of JSON is a check. */
static void
keep_json_check(struct table_facts *facts, const struct judge_result *result) {
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
get_type(const struct judge_describer *by, const struct table_facts *facts,
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
check_not_null(const struct judge_describer *by, struct table_facts *facts,
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
get_charset(const struct judge_describer *by, const struct table_facts *facts,
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
get_position(const struct table_facts *facts, struct judge_text *value) {
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
add_column(const struct judge_describer *by, struct judge_object *object, struct table_facts *facts,
           const struct judge_result *result) {
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

static bool
add_columns(const struct judge_describer *by, struct judge_object *object,
            struct table_facts *facts, struct judge_error *err) {
    struct judge_result result;
    if (!query_columns(by, object, &result, err)) {
        return false;
    }
    while (judge_result_next(&result)) {
        if (is_left_out(by, &result)) {
            note(object, "column", judge_result_cell(&result, COL_NAME).data,
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
    struct table_facts facts = {0};
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
    facts_fini(&facts);
    return ok;
}

/* ---- SRIDs ----------------------------------------------------------------------------------- */

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

/* ---- keys ------------------------------------------------------------------------------------ */

enum { KEY_NAME, KEY_NON_UNIQUE, KEY_COLUMN, KEY_SUB_PART, KEY_ORDER, KEY_TYPE, KEY_VISIBLE };

struct key_text {
    char *name;
    struct judge_text value;
    bool is_unique;
    bool has_expression;
    bool is_vector;
};

/* The server to which this must be known: B, whoever is described. */
static const struct judge_server *
target_of(const struct judge_describer *by) {
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
add_key_part(const struct judge_describer *by, const struct table_facts *facts,
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
                         keeps_hidden_keys(target_of(by));
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
        keeps_descending(target_of(by))) {
        judge_text_puts(&key->value, " DESC");
    }
}

static void
add_key(const struct judge_describer *by, struct judge_object *object, struct key_text *key) {
    if (key->name != NULL && key->has_expression && !key->is_unique &&
        judge_is_translated_from(by, true)) {
        note(object, "key", key->name, "functional");
    } else if (key->name != NULL && key->is_vector && judge_is_translated_from(by, false)) {
        note(object, "key", key->name, "vector");
    } else if (key->name != NULL) {
        judge_across_add_cell(object, "key", key->name, "", &key->value);
    }
    free(key->name);
    judge_text_fini(&key->value);
    memset(key, 0, sizeof *key);
}

static bool
add_keys(const struct judge_describer *by, struct judge_object *object,
         const struct table_facts *facts, struct judge_error *err) {
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

/* ---- foreign keys and partitions ------------------------------------------------------------- */

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

static bool
add_foreign_keys(const struct judge_describer *by, struct judge_object *object,
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

/* ---- the table ------------------------------------------------------------------------------- */

static void
add_options(const struct judge_describer *by, struct judge_object *object,
            struct table_facts *facts, const struct judge_result *result) {
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
                  struct table_facts *facts, struct judge_error *err) {
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
    struct table_facts facts = {0};
    bool ok = add_table_options(by, object, &facts, err) && load_checks(by, object, &facts, err) &&
              add_columns(by, object, &facts, err) && add_srids(by, object, err) &&
              add_keys(by, object, &facts, err) && add_foreign_keys(by, object, err) &&
              add_partitions(by, object, err);
    if (ok && has_checks(target_of(by))) {
        add_checks(object, &facts);
    }
    facts_fini(&facts);
    return ok;
}
