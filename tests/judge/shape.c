#include "shape.h"

#include <stdlib.h>
#include <string.h>

void
judge_text_add_match(struct judge_text *sql, const char *column, const char *value) {
    judge_text_printf(sql, " %s = ", column);
    judge_text_add_literal(sql, value);
    judge_text_printf(sql, " AND CAST(%s AS BINARY) = ", column);
    judge_text_add_literal(sql, value);
}

struct type_row {
    const char *name;
    enum judge_class class;
};

/* DATA_TYPE of information_schema; what is not here travels as bytes. */
static const struct type_row TYPES[] = {
    {"tinyint", JUDGE_INT}, {"smallint", JUDGE_INT},      {"mediumint", JUDGE_INT},
    {"int", JUDGE_INT},     {"bigint", JUDGE_INT},        {"year", JUDGE_INT},
    {"float", JUDGE_FLOAT}, {"double", JUDGE_DOUBLE},     {"date", JUDGE_DATE},
    {"time", JUDGE_TIME},   {"datetime", JUDGE_DATETIME}, {"timestamp", JUDGE_DATETIME},
};

static enum judge_class
class_of(struct judge_cell data_type) {
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (judge_cell_is(data_type, TYPES[i].name)) {
            return TYPES[i].class;
        }
    }
    return JUDGE_BYTES;
}

static bool
is_text_type(struct judge_cell data_type) {
    static const char *const TEXTS[] = {"char", "varchar",    "tinytext",
                                        "text", "mediumtext", "longtext"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        if (judge_cell_is(data_type, TEXTS[i])) {
            return true;
        }
    }
    return false;
}

static bool
is_ascii_or_utf8(struct judge_cell charset) {
    return charset.data == NULL || judge_cell_is(charset, "ascii") ||
           strncmp(charset.data, "utf8", 4) == 0;
}

static void
add_column(struct judge_shape *shape, const struct judge_result *result) {
    struct judge_cell data_type = judge_result_cell(result, 1);
    struct judge_cell column_type = judge_result_cell(result, 2);
    shape->columns = judge_grow(shape->columns, shape->count, &shape->cap, sizeof *shape->columns);
    shape->columns[shape->count++] = (struct judge_column){
        .name = judge_cell_copy(judge_result_cell(result, 0)),
        .class = class_of(data_type),
        .is_unsigned = strstr(column_type.data, "unsigned") != NULL ||
                       strstr(column_type.data, "zerofill") != NULL,
        .is_label = judge_cell_is(data_type, "enum") || judge_cell_is(data_type, "set"),
        .is_vector = judge_cell_is(data_type, "vector"),
        .is_json = judge_cell_is(data_type, "json"),
        .is_text = is_text_type(data_type),
        .is_ascii_or_utf8 = is_ascii_or_utf8(judge_result_cell(result, 4)),
    };
}

/* The period columns of a MariaDB system-versioned table are not content: they say when a row was
 * written. */
static bool
take_period(struct judge_shape *shape, struct judge_result *result) {
    struct judge_cell expression = judge_result_cell(result, 3);
    bool is_start = judge_cell_is(expression, "ROW START");
    bool is_end = judge_cell_is(expression, "ROW END");
    char **name = is_start ? &shape->row_start : &shape->row_end;
    if (is_start || is_end) {
        free(*name);
        *name = judge_cell_copy(judge_result_cell(result, 0));
    }
    return is_start || is_end;
}

/* Where the period was not named, its columns are hidden from the catalogue, but can be read. */
static bool
load_hidden_period(struct judge_shape *shape, struct judge_server *server, const char *db,
                   const char *table, struct judge_error *err) {
    struct judge_text sql = {0};
    struct judge_result result;
    if (!server->is_mariadb || shape->row_start != NULL) {
        return true;
    }
    judge_text_puts(&sql, "SELECT 'row_start', 'row_end' FROM information_schema.TABLES"
                          " WHERE TABLE_TYPE = 'SYSTEM VERSIONED' AND");
    judge_text_add_match(&sql, "TABLE_SCHEMA", db);
    judge_text_puts(&sql, " AND");
    judge_text_add_match(&sql, "TABLE_NAME", table);
    bool ok = judge_query(server, sql.data, &result, err);
    judge_text_fini(&sql);
    if (ok && judge_result_next(&result)) {
        shape->row_start = judge_cell_copy(judge_result_cell(&result, 0));
        shape->row_end = judge_cell_copy(judge_result_cell(&result, 1));
    }
    if (ok) {
        judge_result_close(&result);
    }
    return ok;
}

static bool
load_columns(struct judge_shape *shape, struct judge_server *server, const char *db,
             const char *table, struct judge_error *err) {
    struct judge_text sql = {0};
    judge_text_printf(&sql,
                      "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, %s, CHARACTER_SET_NAME"
                      " FROM information_schema.COLUMNS WHERE",
                      server->is_mariadb ? "GENERATION_EXPRESSION" : "NULL");
    judge_text_add_match(&sql, "TABLE_SCHEMA", db);
    judge_text_puts(&sql, " AND");
    judge_text_add_match(&sql, "TABLE_NAME", table);
    judge_text_puts(&sql, " ORDER BY ORDINAL_POSITION");
    struct judge_result result;
    bool ok = judge_query(server, sql.data, &result, err);
    judge_text_fini(&sql);
    if (!ok) {
        return false;
    }
    while (judge_result_next(&result)) {
        if (!take_period(shape, &result)) {
            add_column(shape, &result);
        }
    }
    judge_result_close(&result);
    return load_hidden_period(shape, server, db, table, err);
}

/* Rows: index, column, nullable; ordered by index, the primary key first. Takes the first index
 * without a NULL in it. */
static void
choose_key(struct judge_names *key, struct judge_result *result) {
    char *index = NULL;
    bool is_usable = false;
    while (judge_result_next(result)) {
        struct judge_cell name = judge_result_cell(result, 0);
        struct judge_cell column = judge_result_cell(result, 1);
        if (index == NULL || !judge_cell_is(name, index)) {
            if (is_usable) {
                break;
            }
            judge_names_fini(key);
            free(index);
            index = judge_cell_copy(name);
            is_usable = true;
        }
        is_usable =
            is_usable && column.data != NULL && !judge_cell_is(judge_result_cell(result, 2), "YES");
        if (column.data != NULL) {
            judge_names_add(key, column.data, column.len);
        }
    }
    if (!is_usable) {
        judge_names_fini(key);
    }
    free(index);
}

static const struct judge_column *
find_column(const struct judge_shape *shape, const char *name) {
    for (size_t i = 0; i < shape->count; i++) {
        if (strcmp(shape->columns[i].name, name) == 0) {
            return &shape->columns[i];
        }
    }
    return NULL;
}

/* A MariaDB primary key ends in the period's end, which is no column here and the same for all
 * current rows. */
static void
drop_period_from_key(struct judge_shape *shape) {
    struct judge_names kept = {0};
    for (size_t i = 0; i < shape->key.count; i++) {
        if (find_column(shape, shape->key.items[i]) != NULL) {
            judge_names_add(&kept, shape->key.items[i], strlen(shape->key.items[i]));
        }
    }
    judge_names_fini(&shape->key);
    shape->key = kept;
}

static bool
load_key(struct judge_shape *shape, struct judge_server *server, const char *db, const char *table,
         struct judge_error *err) {
    struct judge_text sql = {0};
    judge_text_puts(&sql, "SELECT INDEX_NAME, COLUMN_NAME, NULLABLE"
                          " FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND");
    judge_text_add_match(&sql, "TABLE_SCHEMA", db);
    judge_text_puts(&sql, " AND");
    judge_text_add_match(&sql, "TABLE_NAME", table);
    judge_text_puts(&sql, " ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX");
    struct judge_result result;
    bool ok = judge_query(server, sql.data, &result, err);
    judge_text_fini(&sql);
    if (!ok) {
        return false;
    }
    choose_key(&shape->key, &result);
    judge_result_close(&result);
    drop_period_from_key(shape);
    return true;
}

bool
judge_shape_load(struct judge_shape *shape, struct judge_server *server, const char *db,
                 const char *table, struct judge_error *err) {
    memset(shape, 0, sizeof *shape);
    if (!load_columns(shape, server, db, table, err) || !load_key(shape, server, db, table, err)) {
        judge_shape_fini(shape);
        return false;
    }
    return true;
}

void
judge_shape_fini(struct judge_shape *shape) {
    for (size_t i = 0; i < shape->count; i++) {
        free(shape->columns[i].name);
    }
    free(shape->columns);
    judge_names_fini(&shape->key);
    free(shape->row_start);
    free(shape->row_end);
    memset(shape, 0, sizeof *shape);
}

struct plan_maker {
    struct judge_plan *plan;
    const struct judge_shape *own;
    const struct judge_shape *other;
    size_t cap;
    struct judge_text sql;
};

static void
add_field(struct plan_maker *maker, const char *name, const char *suffix, enum judge_class class,
          bool is_unsigned) {
    struct judge_plan *plan = maker->plan;
    struct judge_text shown = {0};
    judge_text_add_name(&shown, name);
    judge_text_puts(&shown, suffix);
    plan->fields = judge_grow(plan->fields, plan->count, &maker->cap, sizeof *plan->fields);
    plan->fields[plan->count++] = (struct judge_field){
        .name = judge_text_take(&shown), .class = class, .is_unsigned = is_unsigned};
}

static void
add_expression(struct plan_maker *maker, const char *before, const char *name, const char *after) {
    judge_text_puts(&maker->sql, maker->plan->count > 0 ? ", " : "");
    judge_text_puts(&maker->sql, before);
    judge_text_add_name(&maker->sql, name);
    judge_text_puts(&maker->sql, after);
}

/* A label column gives two fields, unless the other side has made something else of it: then the
 * label alone is comparable. */
static void
plan_column(struct plan_maker *maker, const char *name) {
    const struct judge_column *own = find_column(maker->own, name);
    const struct judge_column *other = find_column(maker->other, name);
    if (own == NULL || other == NULL) {
        maker->plan->skipped++;
        return;
    }
    bool is_document = (own->is_json && other->is_text) || (own->is_text && other->is_json);
    if (own->is_vector) {
        add_expression(maker, "HEX(", name, ")");
    } else if (is_document && !own->is_ascii_or_utf8) {
        add_expression(maker, "CONVERT(", name, " USING utf8mb4)");
    } else {
        add_expression(maker, "", name, "");
    }
    add_field(maker, name, "", is_document ? JUDGE_JSON : own->class, own->is_unsigned);
    if (own->is_label && other->is_label) {
        add_expression(maker, "CAST(", name, " AS UNSIGNED)");
        add_field(maker, name, " (number)", JUDGE_INT, true);
    }
}

static bool
has_whole_key(const struct judge_shape *shape, const struct judge_names *key) {
    for (size_t i = 0; i < key->count; i++) {
        if (find_column(shape, key->items[i]) == NULL) {
            return false;
        }
    }
    return key->count > 0;
}

/* "For ever" is another value from MariaDB 11.5 on. */
static void
plan_period(struct plan_maker *maker) {
    add_expression(maker, "CONCAT(", maker->own->row_start, ")");
    add_field(maker, "row start", "", JUDGE_BYTES, false);
    add_expression(maker, "REPLACE(CONCAT(", maker->own->row_end,
                   "), '2106-02-07 06:28:15.999999', '2038-01-19 03:14:07.999999')");
    add_field(maker, "row end", "", JUDGE_BYTES, false);
}

static void
add_all_moments(struct plan_maker *maker) {
    judge_text_puts(&maker->sql, " FOR SYSTEM_TIME ALL WHERE ");
    judge_text_add_name(&maker->sql, maker->own->row_start);
    judge_text_puts(&maker->sql, " <= ");
    judge_text_add_name(&maker->sql, maker->own->row_end);
}

void
judge_plan_init(struct judge_plan *plan, const struct judge_shape *own,
                const struct judge_shape *other, const struct judge_shape *lead, const char *db,
                const char *table, bool with_history) {
    memset(plan, 0, sizeof *plan);
    struct plan_maker maker = {.plan = plan, .own = own, .other = other};
    bool has_history = with_history && own->row_start != NULL && other->row_start != NULL;
    bool is_keyed =
        !has_history && has_whole_key(own, &lead->key) && has_whole_key(other, &lead->key);
    judge_text_puts(&maker.sql, "SELECT ");
    for (size_t i = 0; is_keyed && i < lead->key.count; i++) {
        plan_column(&maker, lead->key.items[i]);
    }
    plan->key_count = plan->count;
    for (size_t i = 0; i < lead->count; i++) {
        if (!is_keyed || !judge_names_has(&lead->key, lead->columns[i].name)) {
            plan_column(&maker, lead->columns[i].name);
        }
    }
    if (has_history) {
        plan_period(&maker);
    }
    if (plan->count == 0) {
        judge_text_puts(&maker.sql, "1");
        add_field(&maker, "no common column", "", JUDGE_INT, false);
    }
    judge_text_puts(&maker.sql, " FROM ");
    judge_text_add_path(&maker.sql, db, table);
    if (has_history) {
        add_all_moments(&maker);
    }
    plan->sql = judge_text_take(&maker.sql);
}

void
judge_plan_fini(struct judge_plan *plan) {
    for (size_t i = 0; i < plan->count; i++) {
        free(plan->fields[i].name);
    }
    free(plan->fields);
    free(plan->sql);
    memset(plan, 0, sizeof *plan);
}
