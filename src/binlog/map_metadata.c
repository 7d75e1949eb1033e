/* TLVs of TABLE_MAP: field guide 4.4. Each kind speaks of some of the columns, in their order, and
 * the log does not say which: the one that reads must count the same columns as the one that wrote.
 *
 *   SIGNEDNESS                 numeric ones, YEAR and DECIMAL among them
 *   *CHARSET                   strings and blobs; MariaDB counts geometry and compressed ones too
 *   ENUM_AND_SET_*CHARSET      ENUM and SET
 *   SET, ENUM labels; GEOMETRY_TYPE; VECTOR_DIMENSION      those of the type
 *   COLUMN_NAME, VISIBILITY    all
 */
#include "binlog/map_metadata.h"

#include "binlog/wire_type.h"

enum { SET_LABELS_MAX = 64, ENUM_LABELS_MAX = 65535 };

typedef bool column_filter(const struct bs_map_column *column, bool is_mariadb);

static bool
any(const struct bs_map_column *column, bool is_mariadb) {
    (void)column;
    (void)is_mariadb;
    return true;
}

static bool
has_sign(const struct bs_map_column *column, bool is_mariadb) {
    (void)is_mariadb;
    switch (column->type) {
    case BS_WIRE_TINY:
    case BS_WIRE_SHORT:
    case BS_WIRE_INT24:
    case BS_WIRE_LONG:
    case BS_WIRE_LONGLONG:
    case BS_WIRE_FLOAT:
    case BS_WIRE_DOUBLE:
    case BS_WIRE_NEWDECIMAL:
    case BS_WIRE_YEAR:
        return true;
    default:
        return false;
    }
}

static bool
is_string(const struct bs_map_column *column, bool is_mariadb) {
    switch (column->type) {
    case BS_WIRE_STRING:
    case BS_WIRE_VAR_STRING:
    case BS_WIRE_VARCHAR:
    case BS_WIRE_BLOB:
        return true;
    case BS_WIRE_GEOMETRY:
    case BS_WIRE_BLOB_COMPRESSED:
    case BS_WIRE_VARCHAR_COMPRESSED:
        return is_mariadb;
    default:
        return false;
    }
}

static bool
is_enum_or_set(const struct bs_map_column *column, bool is_mariadb) {
    (void)is_mariadb;
    return column->type == BS_WIRE_ENUM || column->type == BS_WIRE_SET;
}

static bool
is_enum(const struct bs_map_column *column, bool is_mariadb) {
    (void)is_mariadb;
    return column->type == BS_WIRE_ENUM;
}

static bool
is_set(const struct bs_map_column *column, bool is_mariadb) {
    (void)is_mariadb;
    return column->type == BS_WIRE_SET;
}

static bool
is_geometry(const struct bs_map_column *column, bool is_mariadb) {
    (void)is_mariadb;
    return column->type == BS_WIRE_GEOMETRY;
}

static bool
is_vector(const struct bs_map_column *column, bool is_mariadb) {
    (void)is_mariadb;
    return column->type == BS_WIRE_VECTOR;
}

struct metadata {
    struct bs_table_map *map;
    column_filter *filter;
    bool is_mariadb;
    size_t at; /* the next column to look at */
};

static struct bs_map_column *
next_column(struct metadata *m) {
    while (m->at < m->map->column_count) {
        struct bs_map_column *column = &m->map->columns[m->at++];
        if (m->filter(column, m->is_mariadb)) {
            return column;
        }
    }
    return NULL;
}

/* One bit per column, the most significant one first, unlike every other bitmap. */
static bool
next_bit(struct bs_cursor *c, size_t *seen, uint8_t *byte) {
    if (*seen % 8 == 0) {
        *byte = bs_cursor_read_u8(c);
    }
    return (*byte >> (7 - (*seen)++ % 8) & 1) != 0;
}

static void
read_signedness(struct metadata *m, struct bs_cursor *c) {
    size_t seen = 0;
    uint8_t byte = 0;
    for (struct bs_map_column *column; (column = next_column(m)) != NULL;) {
        column->is_unsigned = next_bit(c, &seen, &byte);
    }
}

static void
read_visibility(struct metadata *m, struct bs_cursor *c) {
    size_t seen = 0;
    uint8_t byte = 0;
    for (struct bs_map_column *column; (column = next_column(m)) != NULL;) {
        column->visible = next_bit(c, &seen, &byte);
    }
}

/* One collation for all, then pairs of (which of them, collation). */
static void
read_default_charset(struct metadata *m, struct bs_cursor *c) {
    uint64_t common = bs_cursor_read_lenenc(c);
    bool more = bs_cursor_left(c) > 0;
    uint64_t which = more ? bs_cursor_read_lenenc(c) : 0;
    uint64_t other = more ? bs_cursor_read_lenenc(c) : 0;
    uint64_t i = 0;
    for (struct bs_map_column *column; (column = next_column(m)) != NULL; i++) {
        bool is_other = more && which == i;
        column->collation = (uint32_t)(is_other ? other : common);
        if (is_other) {
            more = bs_cursor_left(c) > 0;
            which = more ? bs_cursor_read_lenenc(c) : 0;
            other = more ? bs_cursor_read_lenenc(c) : 0;
        }
    }
    c->failed = c->failed || more; /* pairs out of order, or of columns that are not there */
}

static void
read_column_charset(struct metadata *m, struct bs_cursor *c) {
    for (struct bs_map_column *column; (column = next_column(m)) != NULL;) {
        column->collation = (uint32_t)bs_cursor_read_lenenc(c);
    }
}

static void
read_names(struct metadata *m, struct bs_cursor *c) {
    for (struct bs_map_column *column; (column = next_column(m)) != NULL;) {
        column->name = bs_cursor_read_lenenc_str(c);
    }
}

static void
read_labels(struct metadata *m, struct bs_cursor *c) {
    for (struct bs_map_column *column; (column = next_column(m)) != NULL;) {
        uint64_t count = bs_cursor_read_lenenc(c);
        uint64_t most = column->type == BS_WIRE_SET ? SET_LABELS_MAX : ENUM_LABELS_MAX;
        if (c->failed || count > bs_cursor_left(c) || count > most) {
            c->failed = true; /* each label takes a byte at least */
            return;
        }
        struct bs_str *labels = bs_arena_alloc(&m->map->arena, (count + 1) * sizeof *labels);
        for (uint64_t i = 0; i < count; i++) {
            labels[i] = bs_cursor_read_lenenc_str(c);
        }
        column->labels = labels;
        column->label_count = count;
    }
}

static void
read_geometry_types(struct metadata *m, struct bs_cursor *c) {
    for (struct bs_map_column *column; (column = next_column(m)) != NULL;) {
        column->geometry_type = (uint32_t)bs_cursor_read_lenenc(c);
    }
}

static void
read_dimensions(struct metadata *m, struct bs_cursor *c) {
    for (struct bs_map_column *column; (column = next_column(m)) != NULL;) {
        column->dimension = (uint32_t)bs_cursor_read_lenenc(c);
    }
}

static void
read_key(struct bs_table_map *map, struct bs_cursor *c, bool with_prefix) {
    size_t cap = bs_cursor_left(c) < map->column_count ? bs_cursor_left(c) : map->column_count;
    map->primary_key = bs_arena_alloc(&map->arena, (cap + 1) * sizeof *map->primary_key);
    map->primary_key_count = 0;
    while (!c->failed && bs_cursor_left(c) > 0) {
        uint64_t column = bs_cursor_read_lenenc(c);
        uint64_t prefix = with_prefix ? bs_cursor_read_lenenc(c) : 0;
        c->failed = c->failed || column >= map->column_count || map->primary_key_count == cap;
        if (c->failed) {
            return;
        }
        map->primary_key[map->primary_key_count++] =
            (struct bs_map_key_part){(uint32_t)column, prefix};
    }
}

static void
read_primary_key(struct metadata *m, struct bs_cursor *c) {
    read_key(m->map, c, false);
}

static void
read_primary_key_prefix(struct metadata *m, struct bs_cursor *c) {
    read_key(m->map, c, true);
}

static const struct {
    void (*read)(struct metadata *m, struct bs_cursor *c);
    column_filter *filter;
} KINDS[] = {
    [BS_MAP_SIGNEDNESS] = {read_signedness, has_sign},
    [BS_MAP_DEFAULT_CHARSET] = {read_default_charset, is_string},
    [BS_MAP_COLUMN_CHARSET] = {read_column_charset, is_string},
    [BS_MAP_COLUMN_NAME] = {read_names, any},
    [BS_MAP_SET_LABELS] = {read_labels, is_set},
    [BS_MAP_ENUM_LABELS] = {read_labels, is_enum},
    [BS_MAP_GEOMETRY_TYPE] = {read_geometry_types, is_geometry},
    [BS_MAP_PRIMARY_KEY] = {read_primary_key, any},
    [BS_MAP_PRIMARY_KEY_PREFIX] = {read_primary_key_prefix, any},
    [BS_MAP_ENUM_AND_SET_DEFAULT_CHARSET] = {read_default_charset, is_enum_or_set},
    [BS_MAP_ENUM_AND_SET_COLUMN_CHARSET] = {read_column_charset, is_enum_or_set},
    [BS_MAP_VISIBILITY] = {read_visibility, any},
    [BS_MAP_VECTOR_DIMENSION] = {read_dimensions, is_vector},
};

void
bs_map_read_metadata(struct bs_table_map *map, bool is_mariadb, struct bs_cursor *c) {
    struct bs_str all = bs_cursor_read_rest(c);
    struct bs_cursor own = bs_cursor(bs_arena_copy(&map->arena, all.data, all.len), all.len);
    while (!own.failed && bs_cursor_left(&own) > 0) {
        uint8_t kind = bs_cursor_read_u8(&own);
        struct bs_str value = bs_cursor_read_lenenc_str(&own);
        if (own.failed || kind >= sizeof KINDS / sizeof *KINDS || KINDS[kind].read == NULL) {
            continue;
        }
        if (bs_table_map_has(map, (enum bs_map_metadata)kind)) {
            own.failed = true; /* twice */
            break;
        }
        struct metadata m = {map, KINDS[kind].filter, is_mariadb, 0};
        struct bs_cursor v = bs_cursor(value.data, value.len);
        KINDS[kind].read(&m, &v);
        own.failed = own.failed || v.failed;
        map->metadata |= 1u << kind;
    }
    c->failed = c->failed || own.failed;
}
