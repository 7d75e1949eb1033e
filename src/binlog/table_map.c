/* TABLE_MAP events: field guide 4.1 to 4.4. */
#include "binlog/table_map.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "binlog/format.h"
#include "binlog/map_metadata.h"
#include "binlog/wire_type.h"

#include <stdlib.h>

enum { POST_HEADER_LEN = 8, FIRST_HIRES = 50300, ARENA_LEN = 512 };

/* How many metadata bytes a type has; -1: a type that is never in a row, or that we do not know. */
static int
meta_len(uint8_t type) {
    switch (type) {
    case BS_WIRE_TINY:
    case BS_WIRE_SHORT:
    case BS_WIRE_LONG:
    case BS_WIRE_LONGLONG:
    case BS_WIRE_INT24:
    case BS_WIRE_NULL:
    case BS_WIRE_TIMESTAMP:
    case BS_WIRE_DATE:
    case BS_WIRE_TIME:
    case BS_WIRE_DATETIME:
    case BS_WIRE_YEAR:
    case BS_WIRE_NEWDATE:
        return 0;
    case BS_WIRE_FLOAT:
    case BS_WIRE_DOUBLE:
    case BS_WIRE_TIMESTAMP2:
    case BS_WIRE_DATETIME2:
    case BS_WIRE_TIME2:
    case BS_WIRE_BLOB_COMPRESSED:
    case BS_WIRE_VECTOR:
    case BS_WIRE_JSON:
    case BS_WIRE_BLOB:
    case BS_WIRE_GEOMETRY:
        return 1;
    case BS_WIRE_VARCHAR:
    case BS_WIRE_BIT:
    case BS_WIRE_VARCHAR_COMPRESSED:
    case BS_WIRE_NEWDECIMAL:
    case BS_WIRE_VAR_STRING:
    case BS_WIRE_STRING:
        return 2;
    default:
        return -1;
    }
}

/* The multi-valued index's hidden column: an element type with its own metadata. Only the width of
 * the value matters, which is that of a blob. */
static void
read_array_meta(struct bs_map_column *column, struct bs_cursor *meta) {
    column->element = bs_cursor_read_u8(meta);
    int len = meta_len(column->element);
    if (len < 0) {
        meta->failed = true;
        return;
    }
    bs_cursor_skip(meta, (size_t)len);
    column->meta = 4;
}

/* Field guide 4.3: two bits of the length and the real type hide in the first metadata byte. */
static void
read_string_meta(struct bs_map_column *column, struct bs_cursor *meta) {
    uint8_t b0 = bs_cursor_read_u8(meta);
    uint8_t b1 = bs_cursor_read_u8(meta);
    if ((b0 & 0x30) != 0x30) {
        column->type = b0 | 0x30;
        column->meta = (uint16_t)(b1 | ((b0 & 0x30) ^ 0x30) << 4);
    } else {
        column->type = b0;
        column->meta = b1;
    }
    if (column->type != BS_WIRE_STRING && column->type != BS_WIRE_ENUM &&
        column->type != BS_WIRE_SET) {
        meta->failed = true;
    }
}

static void
read_meta(struct bs_map_column *column, struct bs_cursor *meta) {
    if (column->type == BS_WIRE_STRING) {
        read_string_meta(column, meta);
        return;
    }
    if (column->type == BS_WIRE_TYPED_ARRAY) {
        read_array_meta(column, meta);
        return;
    }
    int len = meta_len(column->type);
    if (len > 0) {
        column->meta = (uint16_t)bs_cursor_read_le(meta, (size_t)len);
    }
    meta->failed = meta->failed || len < 0;
}

static struct bs_str
read_name(struct bs_cursor *c) {
    size_t len = bs_cursor_read_u8(c);
    struct bs_str name = bs_cursor_read_str(c, len);
    c->failed = c->failed || bs_cursor_read_u8(c) != 0;
    return name;
}

/* One block: the struct, the columns, then the two names. */
static struct bs_table_map *
map_new(struct bs_str db, struct bs_str table, size_t column_count) {
    size_t columns_len = column_count * sizeof(struct bs_map_column);
    struct bs_table_map *map = bs_zalloc(sizeof *map + columns_len + db.len + table.len + 2);
    map->columns = (struct bs_map_column *)(map + 1);
    map->column_count = column_count;
    char *names = (char *)map->columns + columns_len;
    memcpy(names, db.data, db.len);
    memcpy(names + db.len + 1, table.data, table.len);
    map->db = (struct bs_str){names, db.len};
    map->table = (struct bs_str){names + db.len + 1, table.len};
    map->arena.block_len = ARENA_LEN; /* many maps are kept */
    atomic_init(&map->refs, 1);
    return map;
}

static enum bs_status
refuse(const struct bs_table_map *map, size_t column, struct bs_error *err) {
    bs_error_set(err, BS_PROTOCOL, "column %zu of %s.%s has wire type %u, which cannot be decoded",
                 column + 1, map->db.data, map->table.data, map->columns[column].type);
    return bs_error_hint(err, "exclude the table, or change the column's type on the source");
}

static enum bs_status
read_columns(struct bs_table_map *map, struct bs_cursor *c, struct bs_error *err) {
    struct bs_str types = bs_cursor_read_str(c, map->column_count);
    struct bs_str meta_bytes = bs_cursor_read_lenenc_str(c);
    const uint8_t *nullable = bs_cursor_take(c, (map->column_count + 7) / 8);
    if (c->failed) {
        return BS_OK;
    }
    struct bs_cursor meta = bs_cursor(meta_bytes.data, meta_bytes.len);
    for (size_t i = 0; i < map->column_count; i++) {
        map->columns[i].type = (uint8_t)types.data[i];
        map->columns[i].nullable = (nullable[i / 8] >> (i % 8) & 1) != 0;
        map->columns[i].name = (struct bs_str){"", 0};
        read_meta(&map->columns[i], &meta);
        if (meta.failed) {
            return refuse(map, i, err);
        }
    }
    c->failed = bs_cursor_left(&meta) > 0;
    return BS_OK;
}

enum bs_status
bs_table_map_parse(const struct bs_event *event, const struct bs_format *format,
                   struct bs_table_map **out, struct bs_error *err) {
    *out = NULL;
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    unsigned post_header_len = format->post_header_len[BS_EVENT_TABLE_MAP];
    if (post_header_len != POST_HEADER_LEN) {
        return bs_error_set(
            err, BS_PROTOCOL,
            "TABLE_MAP events with a post-header of %u bytes (development versions of MySQL 5.1) "
            "are not supported",
            post_header_len);
    }
    uint64_t table_id = bs_cursor_read_u48(&c);
    uint16_t flags = bs_cursor_read_u16(&c);
    struct bs_str db = read_name(&c);
    struct bs_str table = read_name(&c);
    uint64_t column_count = bs_cursor_read_lenenc(&c);
    if (c.failed || column_count > BS_TABLE_COLUMNS_MAX || column_count == 0) {
        return bs_error_set(err, BS_PROTOCOL, "malformed TABLE_MAP event of %zu bytes",
                            event->body.len);
    }
    struct bs_table_map *map = map_new(db, table, column_count);
    map->table_id = table_id;
    map->flags = flags;
    map->is_mariadb = format->is_mariadb;
    map->has_hires_temporals = format->is_mariadb && format->version >= FIRST_HIRES;
    enum bs_status status = read_columns(map, &c, err);
    if (status == BS_OK) {
        bs_map_read_metadata(map, format->is_mariadb, &c);
    }
    if (status == BS_OK && c.failed) {
        status = bs_error_set(err, BS_PROTOCOL, "malformed TABLE_MAP event of %s.%s", map->db.data,
                              map->table.data);
    }
    if (status != BS_OK) {
        bs_table_map_free(map);
        return status;
    }
    *out = map;
    return BS_OK;
}

struct bs_table_map *
bs_table_map_share(const struct bs_table_map *map) {
    struct bs_table_map *shared = (struct bs_table_map *)(uintptr_t)map;
    atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
    return shared;
}

void
bs_table_map_free(struct bs_table_map *map) {
    if (map != NULL && atomic_fetch_sub_explicit(&map->refs, 1, memory_order_acq_rel) == 1) {
        bs_arena_fini(&map->arena);
        free(map);
    }
}
