/* Rows events: a table map, a model of it, and the event's body.
 *
 *   kind(1) map_len(2) map  twist_count(1) twists  body
 *
 * kind picks the event's type, the flavour, and whether the model is a translated one; each twist
 * turns a column of the guessed model into another one that its wire type may stand for. */
#include "base/cursor.h"
#include "binlog/expand.h"
#include "binlog/format.h"
#include "binlog/rows.h"
#include "consume.h"
#include "guess.h"

#include <stdlib.h>

enum { KIND_TRANSLATED = 0x80, KIND_MARIADB = 0x40, KIND_TYPE = 0x3F };

static uint8_t
event_type(uint8_t kind) {
    static const uint8_t types[] = {
        BS_EVENT_WRITE_ROWS_V1,
        BS_EVENT_UPDATE_ROWS_V1,
        BS_EVENT_DELETE_ROWS_V1,
        BS_EVENT_WRITE_ROWS_V2,
        BS_EVENT_UPDATE_ROWS_V2,
        BS_EVENT_DELETE_ROWS_V2,
        BS_EVENT_QUERY,
        BS_EVENT_PARTIAL_UPDATE_ROWS,
        BS_EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1,
        BS_EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1,
        BS_EVENT_MARIADB_DELETE_ROWS_COMPRESSED,
        BS_EVENT_MARIADB_DELETE_ROWS_COMPRESSED_V1,
        BS_EVENT_MARIADB_WRITE_ROWS_COMPRESSED,
        BS_EVENT_MARIADB_UPDATE_ROWS_COMPRESSED,
    };
    return types[(kind & KIND_TYPE) % sizeof types];
}

static void
twist_column(struct bs_column *column, uint8_t twist) {
    static const struct {
        enum bs_type type;
        uint32_t length; /* 0: as it was */
    } kinds[] = {
        {BS_TYPE_BINARY, 0}, {BS_TYPE_VARBINARY, 0}, {BS_TYPE_TEXT, 0},     {BS_TYPE_JSON, 0},
        {BS_TYPE_UUID, 0},   {BS_TYPE_INET4, 0},     {BS_TYPE_INET6, 0},    {BS_TYPE_VECTOR, 0},
        {BS_TYPE_CHAR, 36},  {BS_TYPE_VARCHAR, 39},  {BS_TYPE_VARCHAR, 15},
    };
    enum { KIND_MASK = 0x0F, FSP_SHIFT = 4, FSP_MASK = 7, UNSIGNED = 0x80 };
    size_t kind = twist & KIND_MASK;
    if (kind < sizeof kinds / sizeof kinds[0]) {
        column->type = kinds[kind].type;
        column->length = kinds[kind].length != 0 ? kinds[kind].length : column->length;
    } else if (kind == KIND_MASK - 1) {
        column->fsp = twist >> FSP_SHIFT & FSP_MASK;
        column->is_unsigned = (twist & UNSIGNED) != 0;
    }
}

static struct bs_table *
twisted_model(const struct bs_table_map *map, struct bs_str twists, uint8_t kind) {
    struct bs_table *table = guess_table(map);
    table->is_translated = (kind & KIND_TRANSLATED) != 0;
    for (size_t i = 0; i < map->column_count && i < twists.len; i++) {
        twist_column(&table->columns[i], (uint8_t)twists.data[i]);
    }
    return table;
}

static void
read_body(uint8_t kind, const struct bs_table_map *map, struct bs_cursor *c) {
    size_t twist_count = bs_cursor_read_u8(c);
    struct bs_str twists = bs_cursor_read_str(c, twist_count);
    struct bs_str body = bs_cursor_read_rest(c);
    char *copy = copy_exactly(body);
    struct bs_event event = {.type = event_type(kind), .body = {copy, body.len}};
    struct bs_table *table = twisted_model(map, twists, kind);
    struct bs_buf inflated = {0};
    struct bs_error err;
    size_t count = 0;
    bool plain = bs_event_plain_type(event.type) == event.type;
    if (bs_event_expand(&event, &inflated, &err) == BS_OK &&
        consume_rows(&event, map, table, &count, &err) == BS_OK) {
        BS_ASSERT(!plain || count <= body.len);
    }
    bs_buf_fini(&inflated);
    guess_free(table);
    free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bs_cursor c = bs_cursor(data, size);
    uint8_t kind = bs_cursor_read_u8(&c);
    size_t map_len = bs_cursor_read_u16(&c);
    struct bs_str map_body = bs_cursor_read_str(&c, map_len);
    struct bs_event event = {.type = BS_EVENT_TABLE_MAP, .body = map_body};
    struct bs_format format = {.is_mariadb = (kind & KIND_MARIADB) != 0,
                               .version = 101100,
                               .post_header_len = {[BS_EVENT_TABLE_MAP] = 8}};
    struct bs_table_map *map = NULL;
    if (!c.failed && bs_table_map_parse(&event, &format, &map, NULL) == BS_OK) {
        read_body(kind, map, &c);
        bs_table_map_free(map);
    }
    return 0;
}
