/* ROWS events, opened row by row. Pure.
 *
 * A rows event can only be read with its table map, and its values only be understood in full with
 * the schema model of the table at that position: signedness, BINARY padding and old temporal
 * formats are in neither event on servers that log no metadata. bs_rows_open checks the model
 * against the table map (column count, types, sizes as far as the map tells them) and refuses what
 * does not match: BS_SCHEMA, naming the table and the first column that differs.
 *
 * Without a model, values are what the map tells: integers whose sign is not logged are given as
 * signed, strings that are not known to be BINARY(n) without their trailing zero bytes; a table
 * whose values cannot even be told apart (MariaDB's old temporal types) is refused: BS_SCHEMA. */
#ifndef BS_BINLOG_ROWS_H
#define BS_BINLOG_ROWS_H

#include "base/arena.h"
#include "base/cursor.h"
#include "base/error.h"
#include "binlog/event.h"
#include "binlog/table_map.h"
#include "binlog/value.h"
#include "schema/model.h"

#include <stdbool.h>
#include <stdint.h>

enum bs_row_change { BS_ROW_INSERT, BS_ROW_UPDATE, BS_ROW_DELETE };

enum bs_rows_flag {
    BS_ROWS_STMT_END = 0x0001,
    BS_ROWS_NO_FOREIGN_KEY_CHECKS = 0x0002,
    BS_ROWS_NO_UNIQUE_CHECKS = 0x0004,
    BS_ROWS_COMPLETE = 0x0008,
    BS_ROWS_SQL_FOREIGN_KEY = 0x0010,      /* MySQL 9.6+: cascades are in the log */
    BS_ROWS_NO_CHECK_CONSTRAINTS = 0x0080, /* MariaDB: as its servers write it, 10.5 to 11.8 */
};

/* What stands in front of the column bitmaps. */
struct bs_rows_head {
    uint64_t table_id;
    uint16_t flags;
    bool has_partition, has_source_partition; /* v2, partitioned tables */
    uint16_t partition, source_partition;
};
enum bs_status bs_rows_head_parse(struct bs_rows_head *head, const struct bs_event *event,
                                  struct bs_error *err) BS_MUST_CHECK;

/* Could rows of this map be of a table with this model? */
bool bs_rows_model_fits(const struct bs_table_map *map, const struct bs_table *model);

struct bs_column_plan;
struct libdeflate_decompressor;

/* One open rows event. */
struct bs_rows {
    enum bs_row_change change;
    uint16_t flags;
    const struct bs_table_map *map;
    const struct bs_table *table; /* the model; NULL: only what the map tells */
    const uint8_t *present_before;
    const uint8_t *present_after; /* UPDATE; else the same as present_before */
    bool full_image; /* every column but generated ones is present in every image; with a model */
    bool keep_diffs; /* set after bs_rows_open: see BS_VALUE_JSON_DIFF */
    bool keep_rows;  /* the same: the arena is not reset, so that values of all rows stay */
    struct bs_cursor cursor;
    struct bs_arena *arena;
    struct bs_value *before; /* column_count values; DELETE and UPDATE */
    struct bs_value *after;  /* INSERT and UPDATE */

    /* How it reads; for bs_rows_next alone. */
    struct bs_column_plan *plan;
    struct libdeflate_decompressor *inflater; /* MariaDB's compressed columns; made when needed */
    size_t before_count;                      /* columns present in each image */
    size_t after_count;
    bool partial;             /* PARTIAL_UPDATE_ROWS */
    struct bs_str *documents; /* partial: the JSON documents before, as they were logged */
    const char *bad;          /* a value that cannot be: what is wrong with it */
    size_t row_count;         /* read so far */
};

/* Opens a WRITE, UPDATE, DELETE or PARTIAL_UPDATE event, v1 or v2, not compressed. table may be
 * NULL. arena is reset by each bs_rows_next, unless keep_rows is set. */
enum bs_status bs_rows_open(struct bs_rows *rows, const struct bs_event *event,
                            const struct bs_table_map *map, const struct bs_table *table,
                            struct bs_arena *arena, struct bs_error *err) BS_MUST_CHECK;

/* Reads the next row into rows->before and rows->after; *more false at the end. A truncated or
 * overlong image is BS_PROTOCOL. */
enum bs_status bs_rows_next(struct bs_rows *rows, bool *more, struct bs_error *err) BS_MUST_CHECK;
void bs_rows_close(struct bs_rows *rows);

#endif
