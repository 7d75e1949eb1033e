/* Which columns of a model a table map can be about, and how their values are read.
 *
 * The model says what the map does not: signedness, BINARY or CHAR, old formats. So the two are
 * held against each other first, as far as the map tells anything: a model that lags behind the
 * source's DDL must stop the run, not shift columns. */
#include "binlog/reader.h"

#include "binlog/wire_type.h"

enum { CHAR_BYTES_MAX = 4, COMPRESSED_SLACK = 1 };

struct column_pair {
    const struct bs_map_column *wire;
    const struct bs_column *model;
};

/* Fits the plan to the column; false if they do not match. */
typedef bool column_fit(struct bs_column_plan *plan, const struct column_pair *p);

bs_value_reader *
bs_int_reader(uint8_t type, bool is_unsigned) {
    static bs_value_reader *const readers[][2] = {
        [BS_WIRE_TINY] = {bs_read_i8, bs_read_u8},
        [BS_WIRE_SHORT] = {bs_read_i16, bs_read_u16},
        [BS_WIRE_LONG] = {bs_read_i32, bs_read_u32},
        [BS_WIRE_LONGLONG] = {bs_read_i64, bs_read_u64},
        [BS_WIRE_INT24] = {bs_read_i24, bs_read_u24},
    };
    return readers[type][is_unsigned];
}

/* Integers: by width, and signed or not by the model; the map's own bit must agree. */
static bool
fit_int(struct bs_column_plan *plan, const struct column_pair *p) {
    plan->read = bs_int_reader(p->wire->type, p->model->is_unsigned);
    return true;
}

static bool
fit_float(struct bs_column_plan *plan, const struct column_pair *p) {
    plan->read = bs_read_float;
    return p->wire->meta == sizeof(float);
}

static bool
fit_double(struct bs_column_plan *plan, const struct column_pair *p) {
    plan->read = bs_read_double;
    return p->wire->meta == sizeof(double);
}

bool
bs_plan_decimal(struct bs_column_plan *plan, uint16_t meta) {
    plan->read = bs_read_decimal;
    plan->precision = (uint8_t)meta;
    plan->scale = (uint8_t)(meta >> 8);
    if (plan->precision == 0 || plan->precision > BS_DECIMAL_PRECISION_MAX ||
        plan->scale > plan->precision || plan->scale > BS_DECIMAL_SCALE_MAX) {
        return false;
    }
    plan->len = (uint32_t)bs_decimal_size(plan->precision, plan->scale);
    return true;
}

static bool
fit_decimal(struct bs_column_plan *plan, const struct column_pair *p) {
    return bs_plan_decimal(plan, p->wire->meta) && plan->precision == p->model->precision &&
           plan->scale == p->model->scale;
}

static bool
fit_year(struct bs_column_plan *plan, const struct column_pair *p) {
    (void)p;
    plan->read = bs_read_year;
    return true;
}

static bool
fit_date(struct bs_column_plan *plan, const struct column_pair *p) {
    (void)p;
    plan->read = bs_read_date;
    return true;
}

bs_value_reader *
bs_temporal2_reader(uint8_t type) {
    static bs_value_reader *const readers[] = {
        [BS_WIRE_TIMESTAMP2] = bs_read_timestamp2,
        [BS_WIRE_DATETIME2] = bs_read_datetime2,
        [BS_WIRE_TIME2] = bs_read_time2,
    };
    return readers[type];
}

static bool
fit_temporal2(struct bs_column_plan *plan, const struct column_pair *p) {
    plan->read = bs_temporal2_reader(p->wire->type);
    plan->fsp = (uint8_t)p->wire->meta;
    return p->wire->meta <= 6 && p->wire->meta == p->model->fsp;
}

/* Types 7, 11 and 12 have no metadata: with a fraction they are MariaDB's, and the width is the
 * model's word. */
static bool
fit_old_temporal(struct bs_column_plan *plan, const struct column_pair *p) {
    static bs_value_reader *const readers[][2] = {
        [BS_WIRE_TIMESTAMP] = {bs_read_old_timestamp, bs_read_hires_timestamp},
        [BS_WIRE_TIME] = {bs_read_old_time, bs_read_hires_time},
        [BS_WIRE_DATETIME] = {bs_read_old_datetime, bs_read_hires_datetime},
    };
    plan->fsp = p->model->fsp;
    plan->read = readers[p->wire->type][plan->fsp > 0];
    return plan->fsp <= 6;
}

static bool
fit_bit(struct bs_column_plan *plan, const struct column_pair *p) {
    unsigned bits = (p->wire->meta & 0xFF) + 8u * (p->wire->meta >> 8);
    plan->read = bs_read_bit;
    plan->len = (bits + 7) / 8;
    plan->bits = (uint8_t)bits;
    return bits == p->model->length && bits >= 1 && bits <= 64 && (p->wire->meta & 0xFF) < 8;
}

/* Length in bytes against length in characters of 1 to 4 bytes. */
static bool
is_char_length(uint32_t bytes, uint32_t chars) {
    return bytes >= chars && bytes <= chars * CHAR_BYTES_MAX + COMPRESSED_SLACK;
}

static bool
fit_varchar(struct bs_column_plan *plan, const struct column_pair *p) {
    plan->len = p->wire->meta;
    plan->prefix = plan->len > 255 ? 2 : 1;
    plan->read = bs_read_string;
    if (p->wire->type == BS_WIRE_VARCHAR_COMPRESSED) {
        plan->read = bs_read_compressed;
    }
    switch (p->model->type) {
    case BS_TYPE_VARCHAR:
        return is_char_length(plan->len, p->model->length);
    case BS_TYPE_VECTOR: /* MariaDB's: 4 bytes a dimension */
        return p->wire->type == BS_WIRE_VARCHAR && plan->len % 4 == 0;
    default:
        return plan->len >= p->model->length && plan->len <= p->model->length + COMPRESSED_SLACK;
    }
}

static bool
fit_char(struct bs_column_plan *plan, const struct column_pair *p) {
    plan->len = p->wire->meta;
    plan->prefix = plan->len > 255 ? 2 : 1;
    plan->read = p->model->type == BS_TYPE_CHAR ? bs_read_string : bs_read_padded;
    switch (p->model->type) {
    case BS_TYPE_CHAR:
        return is_char_length(plan->len, p->model->length);
    case BS_TYPE_UUID:
    case BS_TYPE_INET6:
        return plan->len == 16;
    case BS_TYPE_INET4:
        return plan->len == 4;
    default:
        return plan->len == p->model->length;
    }
}

/* How many labels "enum('a','b''c')" has; 0 if it cannot be told. */
static size_t
count_labels(const char *type_text) {
    size_t count = 0;
    bool inside = false;
    for (const char *p = type_text != NULL ? type_text : ""; *p != '\0'; p++) {
        if (*p != '\'') {
            continue;
        }
        if (inside && p[1] == '\'') {
            p++;
            continue;
        }
        count += !inside;
        inside = !inside;
    }
    return count;
}

static bool
fit_enum(struct bs_column_plan *plan, const struct column_pair *p) {
    size_t labels = count_labels(p->model->type_text);
    plan->len = p->wire->meta;
    plan->read = bs_read_number;
    return (plan->len == 1 || plan->len == 2) &&
           (labels == 0 || (plan->len == 1) == (labels < 256));
}

static bool
fit_set(struct bs_column_plan *plan, const struct column_pair *p) {
    size_t labels = count_labels(p->model->type_text);
    size_t bytes = (labels + 7) / 8;
    plan->len = p->wire->meta;
    plan->read = bs_read_number;
    return plan->len >= 1 && plan->len <= 8 &&
           (labels == 0 || plan->len == (bytes > 4 ? 8 : bytes));
}

static bool
fit_blob(struct bs_column_plan *plan, const struct column_pair *p) {
    plan->prefix = (uint8_t)p->wire->meta;
    plan->read = bs_read_string;
    if (p->wire->type == BS_WIRE_BLOB_COMPRESSED) {
        plan->read = bs_read_compressed;
    } else if (p->wire->type == BS_WIRE_JSON) {
        plan->read = bs_read_json;
    }
    return p->wire->meta >= 1 && p->wire->meta <= 4;
}

#define ANY(type) (1u << (type))

/* Wire type, the model types that it may be, how to fit them. */
static const struct column_rule {
    uint32_t types;
    column_fit *fit;
} rules[256] = {
    [BS_WIRE_TINY] = {ANY(BS_TYPE_TINYINT), fit_int},
    [BS_WIRE_SHORT] = {ANY(BS_TYPE_SMALLINT), fit_int},
    [BS_WIRE_INT24] = {ANY(BS_TYPE_MEDIUMINT), fit_int},
    [BS_WIRE_LONG] = {ANY(BS_TYPE_INT), fit_int},
    [BS_WIRE_LONGLONG] = {ANY(BS_TYPE_BIGINT), fit_int},
    [BS_WIRE_FLOAT] = {ANY(BS_TYPE_FLOAT), fit_float},
    [BS_WIRE_DOUBLE] = {ANY(BS_TYPE_DOUBLE), fit_double},
    [BS_WIRE_NEWDECIMAL] = {ANY(BS_TYPE_DECIMAL), fit_decimal},
    [BS_WIRE_YEAR] = {ANY(BS_TYPE_YEAR), fit_year},
    [BS_WIRE_DATE] = {ANY(BS_TYPE_DATE), fit_date},
    [BS_WIRE_TIMESTAMP] = {ANY(BS_TYPE_TIMESTAMP), fit_old_temporal},
    [BS_WIRE_TIME] = {ANY(BS_TYPE_TIME), fit_old_temporal},
    [BS_WIRE_DATETIME] = {ANY(BS_TYPE_DATETIME), fit_old_temporal},
    [BS_WIRE_TIMESTAMP2] = {ANY(BS_TYPE_TIMESTAMP), fit_temporal2},
    [BS_WIRE_TIME2] = {ANY(BS_TYPE_TIME), fit_temporal2},
    [BS_WIRE_DATETIME2] = {ANY(BS_TYPE_DATETIME), fit_temporal2},
    [BS_WIRE_BIT] = {ANY(BS_TYPE_BIT), fit_bit},
    [BS_WIRE_VARCHAR] = {ANY(BS_TYPE_VARCHAR) | ANY(BS_TYPE_VARBINARY) | ANY(BS_TYPE_VECTOR),
                         fit_varchar},
    [BS_WIRE_VAR_STRING] = {ANY(BS_TYPE_VARCHAR) | ANY(BS_TYPE_VARBINARY), fit_varchar},
    [BS_WIRE_VARCHAR_COMPRESSED] = {ANY(BS_TYPE_VARCHAR) | ANY(BS_TYPE_VARBINARY), fit_varchar},
    [BS_WIRE_STRING] = {ANY(BS_TYPE_CHAR) | ANY(BS_TYPE_BINARY) | ANY(BS_TYPE_UUID) |
                            ANY(BS_TYPE_INET4) | ANY(BS_TYPE_INET6),
                        fit_char},
    [BS_WIRE_ENUM] = {ANY(BS_TYPE_ENUM), fit_enum},
    [BS_WIRE_SET] = {ANY(BS_TYPE_SET), fit_set},
    [BS_WIRE_BLOB] = {ANY(BS_TYPE_TEXT) | ANY(BS_TYPE_BLOB), fit_blob},
    [BS_WIRE_BLOB_COMPRESSED] = {ANY(BS_TYPE_TEXT) | ANY(BS_TYPE_BLOB), fit_blob},
    [BS_WIRE_JSON] = {ANY(BS_TYPE_JSON), fit_blob},
    [BS_WIRE_VECTOR] = {ANY(BS_TYPE_VECTOR), fit_blob},
    [BS_WIRE_GEOMETRY] = {ANY(BS_TYPE_GEOMETRY), fit_blob},
};

/* The model and the source's table differ: which column, and what each side says. */
static enum bs_status
refuse_column(const struct bs_table_map *map, const struct column_pair *p, size_t i,
              struct bs_error *err) {
    bs_error_set(
        err, BS_SCHEMA,
        "column %zu of %s.%s, `%s` %s in the schema model, is of another type in the "
        "binlog (type %u, metadata %u%s)",
        i + 1, map->db.data, map->table.data, p->model->name != NULL ? p->model->name : "",
        p->model->type_text != NULL ? p->model->type_text : "", p->wire->type, p->wire->meta,
        bs_table_map_has(map, BS_MAP_SIGNEDNESS) && p->wire->is_unsigned ? ", unsigned" : "");
    return bs_error_hint(err,
                         "the table's definition at this position is not the one that is known: "
                         "make a new snapshot of it");
}

/* Where the log has names, they must be the model's: two columns of one type that have changed
 * places, or names, fit each other all the same. */
static enum bs_status
check_name(const struct bs_table_map *map, const struct column_pair *p, size_t i,
           struct bs_error *err) {
    struct bs_str name = p->wire->name;
    if (name.len == 0 || p->model->name == NULL || bs_str_is_nocase(name, p->model->name)) {
        return BS_OK;
    }
    bs_error_set(err, BS_SCHEMA,
                 "column %zu of %s.%s is called `%.*s` in the binlog, `%s` in the schema model",
                 i + 1, map->db.data, map->table.data, (int)name.len, name.data, p->model->name);
    return bs_error_hint(err,
                         "the table's definition at this position is not the one that is known: "
                         "make a new snapshot of it");
}

static bool
is_int(enum bs_type type) {
    return type <= BS_TYPE_BIGINT;
}

/* Where the model is that of a target of the other flavour, the wire type tells what the source
 * has:
 *
 *   wire                      model on the target       the source's type
 *   JSON                      TEXT                      MySQL's JSON, read as text
 *   BLOB                      JSON                      MariaDB's JSON, which is LONGTEXT
 *   STRING of 16 bytes        CHAR(36)                  UUID
 *   STRING of 16, 4 bytes     VARCHAR(39), (15)         INET6, INET4
 *
 * A CHAR(36) of the source would be a STRING of 36 bytes or more, and its VARCHARs are of another
 * wire type; so no two of them can be taken for each other. */
static bool
fit_translated(struct bs_column_plan *plan, const struct column_pair *p) {
    enum { UUID_LEN = 16, INET6_LEN = 16, INET4_LEN = 4 };
    enum { UUID_CHARS = 36, INET6_CHARS = 39, INET4_CHARS = 15 };
    const struct {
        uint8_t wire;
        uint16_t meta; /* 0: any */
        enum bs_type type;
        uint32_t length; /* 0: any */
        bs_value_reader *read;
    } kinds[] = {
        {BS_WIRE_JSON, 0, BS_TYPE_TEXT, 0, bs_read_json},
        {BS_WIRE_BLOB, 0, BS_TYPE_JSON, 0, bs_read_string},
        {BS_WIRE_STRING, UUID_LEN, BS_TYPE_CHAR, UUID_CHARS, bs_read_uuid_text},
        {BS_WIRE_STRING, INET6_LEN, BS_TYPE_VARCHAR, INET6_CHARS, bs_read_inet6_text},
        {BS_WIRE_STRING, INET4_LEN, BS_TYPE_VARCHAR, INET4_CHARS, bs_read_inet4_text},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (p->wire->type == kinds[i].wire && p->model->type == kinds[i].type &&
            (kinds[i].meta == 0 || p->wire->meta == kinds[i].meta) &&
            (kinds[i].length == 0 || p->model->length == kinds[i].length)) {
            plan->read = kinds[i].read;
            plan->len = p->wire->type == BS_WIRE_STRING ? p->wire->meta : 0;
            plan->prefix = p->wire->type == BS_WIRE_STRING ? 1 : (uint8_t)p->wire->meta;
            return true;
        }
    }
    return false;
}

static bool
fit(struct bs_column_plan *plan, const struct column_pair *p, bool has_signedness) {
    const struct column_rule *rule = &rules[p->wire->type];
    if (rule->fit == NULL || (rule->types & ANY(p->model->type)) == 0 ||
        (has_signedness && is_int(p->model->type) &&
         p->wire->is_unsigned != p->model->is_unsigned)) {
        return false;
    }
    return rule->fit(plan, p);
}

enum bs_status
bs_plan_columns(struct bs_column_plan *plan, const struct bs_table_map *map,
                const struct bs_table *table, struct bs_error *err) {
    if (map->column_count != table->column_count) {
        bs_error_set(err, BS_SCHEMA, "%s.%s has %zu columns in the binlog, %zu in the schema model",
                     map->db.data, map->table.data, map->column_count, table->column_count);
        return bs_error_hint(err, "the table's definition at this position is not the one that is "
                                  "known: make a new snapshot of it");
    }
    for (size_t i = 0; i < map->column_count; i++) {
        struct column_pair p = {&map->columns[i], &table->columns[i]};
        plan[i] = (struct bs_column_plan){0};
        bool fits = (table->is_translated && fit_translated(&plan[i], &p)) ||
                    fit(&plan[i], &p, bs_table_map_has(map, BS_MAP_SIGNEDNESS));
        if (!fits) {
            return refuse_column(map, &p, i, err);
        }
        enum bs_status status = check_name(map, &p, i, err);
        if (status != BS_OK) {
            return status;
        }
    }
    return BS_OK;
}
