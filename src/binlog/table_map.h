/* TABLE_MAP events: which table, and of what types, the rows events behind them are. Pure.
 *
 *   table_id(6) flags(2) | db NUL table NUL  n types[n]  metadata  null bits  { TLV }...
 *
 * The metadata behind the types says how wide values are; the optional TLVs say what they mean:
 * signedness, character sets, and with binlog_row_metadata=FULL names, labels, keys. What was not
 * logged is told apart from what is (bs_table_map_has), and never made up here. Field guide 4. */
#ifndef BS_BINLOG_TABLE_MAP_H
#define BS_BINLOG_TABLE_MAP_H

#include "base/arena.h"
#include "base/error.h"
#include "binlog/event.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct bs_format;

enum { BS_TABLE_COLUMNS_MAX = 4096 };

/* The optional metadata by its number in the log; field guide 4.4. */
enum bs_map_metadata {
    BS_MAP_SIGNEDNESS = 1,
    BS_MAP_DEFAULT_CHARSET = 2,
    BS_MAP_COLUMN_CHARSET = 3,
    BS_MAP_COLUMN_NAME = 4,
    BS_MAP_SET_LABELS = 5,
    BS_MAP_ENUM_LABELS = 6,
    BS_MAP_GEOMETRY_TYPE = 7,
    BS_MAP_PRIMARY_KEY = 8,
    BS_MAP_PRIMARY_KEY_PREFIX = 9,
    BS_MAP_ENUM_AND_SET_DEFAULT_CHARSET = 10,
    BS_MAP_ENUM_AND_SET_COLUMN_CHARSET = 11,
    BS_MAP_VISIBILITY = 12,
    BS_MAP_VECTOR_DIMENSION = 13,
};

struct bs_map_column {
    uint8_t type;     /* the real type: 254 is resolved to ENUM, SET or STRING */
    uint8_t element;  /* TYPED_ARRAY: the type of its elements */
    uint16_t meta;    /* as in field guide 4.2, resolved for 254 to the length in bytes */
    bool is_unsigned; /* with BS_MAP_SIGNEDNESS */
    bool nullable;
    bool visible;           /* with BS_MAP_VISIBILITY */
    uint32_t collation;     /* the source's number; 0: not logged, or not a text */
    uint32_t geometry_type; /* with BS_MAP_GEOMETRY_TYPE: 0 GEOMETRY ... 7 GEOMETRYCOLLECTION */
    uint32_t dimension;     /* with BS_MAP_VECTOR_DIMENSION */
    struct bs_str name;     /* with BS_MAP_COLUMN_NAME; else "" */
    const struct bs_str *labels; /* ENUM with BS_MAP_ENUM_LABELS, SET with BS_MAP_SET_LABELS */
    size_t label_count;
};

struct bs_map_key_part {
    uint32_t column;
    uint64_t prefix; /* 0: the whole column */
};

struct bs_table_map {
    uint64_t table_id;
    uint16_t flags;
    bool is_mariadb;
    bool has_hires_temporals; /* the server may have types 7, 11, 12 wider than the map tells */
    struct bs_str db; /* NUL-terminated, in memory that the map owns, as is all that follows */
    struct bs_str table;
    size_t column_count;
    struct bs_map_column *columns;
    uint32_t metadata;                   /* see bs_table_map_has */
    struct bs_map_key_part *primary_key; /* with BS_MAP_PRIMARY_KEY or ..._PREFIX */
    size_t primary_key_count;
    struct bs_arena arena; /* behind the views of the optional metadata */
    atomic_uint refs;      /* holders: see bs_table_map_share */
};

/* Was this kind of optional metadata logged? */
static inline bool
bs_table_map_has(const struct bs_table_map *map, enum bs_map_metadata kind) {
    return (map->metadata >> kind & 1) != 0;
}

/* Parses a TABLE_MAP event of a file with this format into heap memory. */
enum bs_status bs_table_map_parse(const struct bs_event *event, const struct bs_format *format,
                                  struct bs_table_map **map, struct bs_error *err) BS_MUST_CHECK;

/* Another holder of the same map, which never changes once parsed: whoever keeps rows events beyond
 * the decoder's next call, also on another thread, shares the map. Each holder frees it once. */
struct bs_table_map *bs_table_map_share(const struct bs_table_map *map);
void bs_table_map_free(struct bs_table_map *map); /* the last holder's call frees it */

#endif
