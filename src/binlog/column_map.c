/* How values are read where there is no model: by the table map alone.
 *
 * What the map does not say is not made up. An integer without SIGNEDNESS is given as signed; a
 * string is given as it was logged, and padded only where its collation says that it is BINARY(n).
 * One thing cannot be done without a model: MariaDB's old temporal types have one of seven widths,
 * and the map does not tell which. */
#include "binlog/reader.h"

#include "binlog/wire_type.h"

enum { COLLATION_BINARY = 63 };

typedef bool map_fit(struct bs_column_plan *plan, const struct bs_table_map *map,
                     const struct bs_map_column *column);

static bool
fit_int(struct bs_column_plan *plan, const struct bs_table_map *map,
        const struct bs_map_column *column) {
    plan->read = bs_int_reader(column->type,
                               bs_table_map_has(map, BS_MAP_SIGNEDNESS) && column->is_unsigned);
    return true;
}

static bool
fit_float(struct bs_column_plan *plan, const struct bs_table_map *map,
          const struct bs_map_column *column) {
    (void)map;
    plan->read = column->type == BS_WIRE_FLOAT ? bs_read_float : bs_read_double;
    return column->meta == (column->type == BS_WIRE_FLOAT ? sizeof(float) : sizeof(double));
}

static bool
fit_decimal(struct bs_column_plan *plan, const struct bs_table_map *map,
            const struct bs_map_column *column) {
    (void)map;
    return bs_plan_decimal(plan, column->meta);
}

static bool
fit_plain(struct bs_column_plan *plan, const struct bs_table_map *map,
          const struct bs_map_column *column) {
    (void)map;
    plan->read = column->type == BS_WIRE_YEAR   ? bs_read_year
                 : column->type == BS_WIRE_NULL ? bs_read_nothing
                                                : bs_read_date;
    return true;
}

static bool
fit_temporal2(struct bs_column_plan *plan, const struct bs_table_map *map,
              const struct bs_map_column *column) {
    (void)map;
    plan->read = bs_temporal2_reader(column->type);
    plan->fsp = (uint8_t)column->meta;
    return column->meta <= 6;
}

static bool
fit_old_temporal(struct bs_column_plan *plan, const struct bs_table_map *map,
                 const struct bs_map_column *column) {
    plan->read = column->type == BS_WIRE_TIME       ? bs_read_old_time
                 : column->type == BS_WIRE_DATETIME ? bs_read_old_datetime
                                                    : bs_read_old_timestamp;
    return !map->has_hires_temporals;
}

static bool
fit_bit(struct bs_column_plan *plan, const struct bs_table_map *map,
        const struct bs_map_column *column) {
    (void)map;
    unsigned bits = (column->meta & 0xFF) + 8u * (column->meta >> 8);
    plan->read = bs_read_bit;
    plan->len = (bits + 7) / 8;
    plan->bits = (uint8_t)bits;
    return bits >= 1 && bits <= 64 && (column->meta & 0xFF) < 8;
}

static bool
fit_string(struct bs_column_plan *plan, const struct bs_table_map *map,
           const struct bs_map_column *column) {
    (void)map;
    plan->len = column->meta;
    plan->prefix = plan->len > 255 ? 2 : 1;
    plan->read = bs_read_string;
    if (column->type == BS_WIRE_VARCHAR_COMPRESSED) {
        plan->read = bs_read_compressed;
    } else if (column->type == BS_WIRE_STRING && column->collation == COLLATION_BINARY) {
        plan->read = bs_read_padded;
    }
    return true;
}

static bool
fit_number(struct bs_column_plan *plan, const struct bs_table_map *map,
           const struct bs_map_column *column) {
    (void)map;
    plan->read = bs_read_number;
    plan->len = column->meta;
    return plan->len >= 1 && plan->len <= (column->type == BS_WIRE_ENUM ? 2 : 8);
}

static bool
fit_blob(struct bs_column_plan *plan, const struct bs_table_map *map,
         const struct bs_map_column *column) {
    (void)map;
    plan->prefix = (uint8_t)column->meta;
    plan->read = column->type == BS_WIRE_BLOB_COMPRESSED ? bs_read_compressed
                 : column->type == BS_WIRE_JSON          ? bs_read_json
                                                         : bs_read_string;
    return column->meta >= 1 && column->meta <= 4;
}

static map_fit *const FITS[256] = {
    [BS_WIRE_TINY] = fit_int,
    [BS_WIRE_SHORT] = fit_int,
    [BS_WIRE_INT24] = fit_int,
    [BS_WIRE_LONG] = fit_int,
    [BS_WIRE_LONGLONG] = fit_int,
    [BS_WIRE_FLOAT] = fit_float,
    [BS_WIRE_DOUBLE] = fit_float,
    [BS_WIRE_NULL] = fit_plain,
    [BS_WIRE_NEWDECIMAL] = fit_decimal,
    [BS_WIRE_YEAR] = fit_plain,
    [BS_WIRE_DATE] = fit_plain,
    [BS_WIRE_NEWDATE] = fit_plain,
    [BS_WIRE_TIMESTAMP] = fit_old_temporal,
    [BS_WIRE_TIME] = fit_old_temporal,
    [BS_WIRE_DATETIME] = fit_old_temporal,
    [BS_WIRE_TIMESTAMP2] = fit_temporal2,
    [BS_WIRE_TIME2] = fit_temporal2,
    [BS_WIRE_DATETIME2] = fit_temporal2,
    [BS_WIRE_TYPED_ARRAY] = fit_blob,
    [BS_WIRE_BIT] = fit_bit,
    [BS_WIRE_VARCHAR] = fit_string,
    [BS_WIRE_VAR_STRING] = fit_string,
    [BS_WIRE_VARCHAR_COMPRESSED] = fit_string,
    [BS_WIRE_STRING] = fit_string,
    [BS_WIRE_ENUM] = fit_number,
    [BS_WIRE_SET] = fit_number,
    [BS_WIRE_BLOB] = fit_blob,
    [BS_WIRE_BLOB_COMPRESSED] = fit_blob,
    [BS_WIRE_JSON] = fit_blob,
    [BS_WIRE_VECTOR] = fit_blob,
    [BS_WIRE_GEOMETRY] = fit_blob,
};

static bool
is_old_temporal(uint8_t type) {
    return type == BS_WIRE_TIME || type == BS_WIRE_DATETIME || type == BS_WIRE_TIMESTAMP;
}

static enum bs_status
refuse(const struct bs_table_map *map, size_t i, struct bs_error *err) {
    const struct bs_map_column *column = &map->columns[i];
    if (map->has_hires_temporals && is_old_temporal(column->type)) {
        bs_error_set(err, BS_SCHEMA,
                     "column %zu of %s.%s is of one of MariaDB's old temporal types, and how wide "
                     "its values are is not in the log",
                     i + 1, map->db.data, map->table.data);
        return bs_error_hint(err,
                             "name a server that has the table as it was: --schema URI; where one "
                             "is given, its table does not fit");
    }
    return bs_error_set(err, BS_PROTOCOL,
                        "column %zu of %s.%s has type %u with metadata %u, which no server writes",
                        i + 1, map->db.data, map->table.data, column->type, column->meta);
}

enum bs_status
bs_plan_from_map(struct bs_column_plan *plan, const struct bs_table_map *map,
                 struct bs_error *err) {
    for (size_t i = 0; i < map->column_count; i++) {
        const struct bs_map_column *column = &map->columns[i];
        plan[i] = (struct bs_column_plan){0};
        if (FITS[column->type] == NULL || !FITS[column->type](&plan[i], map, column)) {
            return refuse(map, i, err);
        }
    }
    return BS_OK;
}
