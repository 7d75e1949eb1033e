/* From a column's bytes in a row image to a value. Internal to src/binlog.
 *
 * bs_rows_open turns each column of the table map, with what the schema model adds, into a plan: a
 * function and a few numbers. Reading a row then is one call per column, without a look at types.
 */
#ifndef BS_BINLOG_READER_H
#define BS_BINLOG_READER_H

#include "base/error.h"
#include "binlog/rows.h"
#include "binlog/value.h"

struct bs_column_plan;

/* Reads one value at rows->cursor. A short read sets cursor.failed; a value that cannot be sets
 * rows->bad to what is wrong with it. */
typedef void bs_value_reader(struct bs_rows *rows, const struct bs_column_plan *plan,
                             struct bs_value *value);

struct bs_column_plan {
    bs_value_reader *read;
    uint32_t len;   /* strings: length in bytes (0: no limit); BIT, ENUM, SET: bytes */
    uint8_t prefix; /* strings and blobs: bytes of the length before them */
    uint8_t fsp;
    uint8_t precision;
    uint8_t scale;
    uint8_t bits; /* BIT */
};

/* column_map.c: the same by what the map alone tells; BS_SCHEMA if that is not enough. */
enum bs_status bs_plan_from_map(struct bs_column_plan *plan, const struct bs_table_map *map,
                                struct bs_error *err) BS_MUST_CHECK;

/* What both need: the reader of an integer or *2 temporal of this wire type, and a DECIMAL's plan
 * from its metadata (false: no such DECIMAL). */
bs_value_reader *bs_int_reader(uint8_t type, bool is_unsigned);
bs_value_reader *bs_temporal2_reader(uint8_t type);
bool bs_plan_decimal(struct bs_column_plan *plan, uint16_t meta);

/* column.c: plans the columns; BS_SCHEMA if map and model do not fit each other. */
enum bs_status bs_plan_columns(struct bs_column_plan *plan, const struct bs_table_map *map,
                               const struct bs_table *table, struct bs_error *err) BS_MUST_CHECK;

/* value_plain.c: numbers, strings, blobs */
bs_value_reader bs_read_i8, bs_read_u8, bs_read_i16, bs_read_u16, bs_read_i24, bs_read_u24,
    bs_read_i32, bs_read_u32, bs_read_i64, bs_read_u64, bs_read_float, bs_read_double, bs_read_year,
    bs_read_bit, bs_read_number, bs_read_string, bs_read_padded, bs_read_compressed,
    bs_read_nothing;

/* value_decimal.c; size in bytes of a stored DECIMAL */
bs_value_reader bs_read_decimal;
size_t bs_decimal_size(unsigned precision, unsigned scale);
enum {
    BS_DECIMAL_PRECISION_MAX = 65,
    BS_DECIMAL_SCALE_MAX = 38,
    /* Inside JSON whole digits are counted in groups of nine, of which a server calculates with
     * nine: 65 nines are of precision 72, and 1.0 times them of 73 (seen on 9.7.4). */
    BS_DECIMAL_JSON_PRECISION_MAX = 81,
    BS_DECIMAL_TEXT_MAX = BS_DECIMAL_JSON_PRECISION_MAX + 3, /* with "-0." */
};

/* Writes the decimal at p as text without a NUL and returns its length; 0 if it cannot be one. */
size_t bs_decimal_text(char *out, const uint8_t *p, unsigned precision, unsigned scale);

/* value_temporal.c */
bs_value_reader bs_read_date, bs_read_time2, bs_read_datetime2, bs_read_timestamp2,
    bs_read_old_time, bs_read_old_datetime, bs_read_old_timestamp, bs_read_hires_time,
    bs_read_hires_datetime, bs_read_hires_timestamp;

struct bs_clock_time {
    bool negative;
    unsigned year, month, day, hour, minute, second, micros;
};
enum { BS_TEMPORAL_TEXT_MAX = 40 };

/* These write text without a NUL and return its length. */
size_t bs_date_text(char *out, const struct bs_clock_time *t);
size_t bs_time_text(char *out, const struct bs_clock_time *t, unsigned fsp);
size_t bs_datetime_text(char *out, const struct bs_clock_time *t, unsigned fsp);

/* value_translated.c: UUID and INET as text, for a target that keeps them so */
bs_value_reader bs_read_uuid_text, bs_read_inet4_text, bs_read_inet6_text;

/* value_json.c */
bs_value_reader bs_read_json;

#endif
