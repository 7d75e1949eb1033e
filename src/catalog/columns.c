/* information_schema.COLUMNS, row by row. */
#include "catalog/catalog_private.h"

#include "base/mem.h"

static const struct {
    const char *name;
    enum bs_type type;
} types[] = {
    {"tinyint", BS_TYPE_TINYINT},
    {"smallint", BS_TYPE_SMALLINT},
    {"mediumint", BS_TYPE_MEDIUMINT},
    {"int", BS_TYPE_INT},
    {"bigint", BS_TYPE_BIGINT},
    {"decimal", BS_TYPE_DECIMAL},
    {"float", BS_TYPE_FLOAT},
    {"double", BS_TYPE_DOUBLE},
    {"bit", BS_TYPE_BIT},
    {"year", BS_TYPE_YEAR},
    {"date", BS_TYPE_DATE},
    {"time", BS_TYPE_TIME},
    {"datetime", BS_TYPE_DATETIME},
    {"timestamp", BS_TYPE_TIMESTAMP},
    {"char", BS_TYPE_CHAR},
    {"varchar", BS_TYPE_VARCHAR},
    {"tinytext", BS_TYPE_TEXT},
    {"text", BS_TYPE_TEXT},
    {"mediumtext", BS_TYPE_TEXT},
    {"longtext", BS_TYPE_TEXT},
    {"binary", BS_TYPE_BINARY},
    {"varbinary", BS_TYPE_VARBINARY},
    {"tinyblob", BS_TYPE_BLOB},
    {"blob", BS_TYPE_BLOB},
    {"mediumblob", BS_TYPE_BLOB},
    {"longblob", BS_TYPE_BLOB},
    {"enum", BS_TYPE_ENUM},
    {"set", BS_TYPE_SET},
    {"json", BS_TYPE_JSON},
    {"geometry", BS_TYPE_GEOMETRY},
    {"point", BS_TYPE_GEOMETRY},
    {"linestring", BS_TYPE_GEOMETRY},
    {"polygon", BS_TYPE_GEOMETRY},
    {"multipoint", BS_TYPE_GEOMETRY},
    {"multilinestring", BS_TYPE_GEOMETRY},
    {"multipolygon", BS_TYPE_GEOMETRY},
    {"geometrycollection", BS_TYPE_GEOMETRY}, /* MariaDB, MySQL to 5.7 */
    {"geomcollection", BS_TYPE_GEOMETRY},     /* MySQL 8.0 */
    {"vector", BS_TYPE_VECTOR},
    {"uuid", BS_TYPE_UUID},
    {"inet4", BS_TYPE_INET4},
    {"inet6", BS_TYPE_INET6},
};

static bool
find_type(struct bs_str name, enum bs_type *type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (bs_str_is_nocase(name, types[i].name)) {
            *type = types[i].type;
            return true;
        }
    }
    return false;
}

static bool
contains(struct bs_str text, const char *word) {
    for (size_t i = 0; i < text.len; i++) {
        if (bs_str_starts_nocase((struct bs_str){text.data + i, text.len - i}, word)) {
            return true;
        }
    }
    return false;
}

/* EXTRA holds several words, separated by spaces or commas. MariaDB has said PERSISTENT and VIRTUAL
 * for what the others call STORED GENERATED and VIRTUAL GENERATED. */
static void
set_extra(struct bs_column *column, struct bs_str extra) {
    column->auto_increment = contains(extra, "auto_increment");
    column->invisible = contains(extra, "INVISIBLE");
    if (contains(extra, "STORED GENERATED") || contains(extra, "PERSISTENT")) {
        column->generated = BS_GENERATED_STORED;
    } else if (contains(extra, "VIRTUAL")) {
        column->generated = BS_GENERATED_VIRTUAL;
    }
}

static void
set_sizes(struct bs_column *column, const struct bs_answer *answer) {
    switch (column->type) {
    case BS_TYPE_TINYINT:
    case BS_TYPE_SMALLINT:
    case BS_TYPE_MEDIUMINT:
    case BS_TYPE_INT:
    case BS_TYPE_BIGINT:
    case BS_TYPE_FLOAT:
    case BS_TYPE_DOUBLE:
        column->is_unsigned = contains(bs_str(column->type_text), " unsigned");
        return;
    case BS_TYPE_DECIMAL:
        column->is_unsigned = contains(bs_str(column->type_text), " unsigned");
        column->precision = (uint8_t)bs_answer_number(answer, "NUMERIC_PRECISION");
        column->scale = (uint8_t)bs_answer_number(answer, "NUMERIC_SCALE");
        return;
    case BS_TYPE_BIT:
        column->length = (uint32_t)bs_answer_number(answer, "NUMERIC_PRECISION");
        return;
    case BS_TYPE_TIME:
    case BS_TYPE_DATETIME:
    case BS_TYPE_TIMESTAMP:
        column->fsp = (uint8_t)bs_answer_number(answer, "DATETIME_PRECISION");
        column->old_temporal = contains(bs_str(column->type_text), "mariadb-5.3");
        return;
    case BS_TYPE_CHAR:
    case BS_TYPE_VARCHAR:
    case BS_TYPE_BINARY:
    case BS_TYPE_VARBINARY:
        column->length = (uint32_t)bs_answer_number(answer, "CHARACTER_MAXIMUM_LENGTH");
        return;
    case BS_TYPE_YEAR:
    case BS_TYPE_DATE:
    case BS_TYPE_TEXT:
    case BS_TYPE_BLOB:
    case BS_TYPE_ENUM:
    case BS_TYPE_SET:
    case BS_TYPE_JSON:
    case BS_TYPE_GEOMETRY:
    case BS_TYPE_VECTOR:
    case BS_TYPE_UUID:
    case BS_TYPE_INET4:
    case BS_TYPE_INET6:
        return;
    }
}

enum bs_status
bs_catalog_column(const struct bs_answer *answer, struct bs_column *column, struct bs_error *err) {
    struct bs_str data_type = bs_answer_text(answer, "DATA_TYPE");
    struct bs_str name = bs_answer_text(answer, "COLUMN_NAME");
    *column = (struct bs_column){0};
    if (data_type.data == NULL || !find_type(data_type, &column->type)) {
        return bs_error_set(err, BS_SCHEMA,
                            "column '%.*s' has type '%.*s', which binstream does not know",
                            (int)name.len, name.data, (int)data_type.len,
                            data_type.data != NULL ? data_type.data : "");
    }
    column->name = bs_answer_copy(answer, "COLUMN_NAME");
    column->type_text = bs_answer_copy(answer, "COLUMN_TYPE");
    struct bs_str nullable = bs_answer_text(answer, "IS_NULLABLE");
    column->nullable = nullable.data != NULL && bs_str_is_nocase(nullable, "YES");
    struct bs_str extra = bs_answer_text(answer, "EXTRA");
    if (extra.data != NULL) {
        set_extra(column, extra);
    }
    set_sizes(column, answer);
    column->has_srid = bs_answer_text(answer, "SRS_ID").data != NULL;
    column->charset = bs_answer_copy(answer, "CHARACTER_SET_NAME");
    column->collation = bs_answer_copy(answer, "COLLATION_NAME");
    return BS_OK;
}
