/* Table maps and rows events in the stream: which map a rows event belongs to. */
#include "binlog/decoder_state.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "binlog/inflate.h"

#include <stdlib.h>

/* "All maps are done with", without rows. */
#define TABLE_ID_DUMMY ((uint64_t)0xFFFFFF)

static struct bs_str
map_key(const uint64_t *table_id) {
    return (struct bs_str){(const char *)table_id, sizeof *table_id};
}

static void
known_free(struct bs_known_map *known) {
    bs_table_map_free(known->map);
    free((char *)(uintptr_t)known->bytes.data);
    free(known);
}

void
bs_decoder_forget_maps(struct bs_decoder *d) {
    size_t at = 0;
    struct bs_str key;
    void *known = NULL;
    while (bs_map_next(&d->maps, &at, &key, &known)) {
        known_free(known);
    }
    bs_map_fini(&d->maps);
}

/* A new map, or another table under a number that was used before. */
static enum bs_status
learn(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    struct bs_table_map *map = NULL;
    enum bs_status status = bs_table_map_parse(event, &d->format, &map, err);
    if (status != BS_OK) {
        return status;
    }
    struct bs_known_map *known = bs_alloc(sizeof *known);
    known->map = map;
    known->bytes = (struct bs_str){bs_strndup(event->body.data, event->body.len), event->body.len};
    known->announced = d->statement;
    struct bs_known_map *old = bs_map_put(&d->maps, map_key(&map->table_id), known);
    if (old != NULL) {
        known_free(old);
    }
    return BS_OK;
}

enum bs_status
bs_decoder_table_map(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    if (d->phase == BS_GROUP_BETWEEN || d->phase == BS_GROUP_NAMED) {
        return bs_error_set(err, BS_PROTOCOL, "binlog event TABLE_MAP outside a transaction");
    }
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    uint64_t table_id = bs_cursor_read_u48(&c);
    struct bs_known_map *known = bs_map_get(&d->maps, map_key(&table_id));
    if (known != NULL && bs_str_equal(known->bytes, event->body)) {
        known->announced = d->statement;
        return BS_OK;
    }
    return learn(d, event, err);
}

static uint8_t
plain_type(uint8_t type) {
    switch (type) {
    case BS_EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1:
        return BS_EVENT_WRITE_ROWS_V1;
    case BS_EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1:
        return BS_EVENT_UPDATE_ROWS_V1;
    case BS_EVENT_MARIADB_DELETE_ROWS_COMPRESSED_V1:
        return BS_EVENT_DELETE_ROWS_V1;
    default:
        return type;
    }
}

/* MariaDB compresses what follows the column bitmaps; the event is put together again as it was. */
static enum bs_status
expand(struct bs_decoder *d, struct bs_event *event, struct bs_error *err) {
    enum { POST_HEADER_LEN = 8 };
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    bs_cursor_skip(&c, POST_HEADER_LEN);
    uint64_t width = bs_cursor_read_lenenc(&c);
    size_t bitmap_len = width > BS_TABLE_COLUMNS_MAX ? SIZE_MAX : (width + 7) / 8;
    bs_cursor_skip(&c, bitmap_len);
    if (event->type == BS_EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1) {
        bs_cursor_skip(&c, bitmap_len);
    }
    if (c.failed) {
        return bs_error_set(err, BS_PROTOCOL, "malformed %s event of %zu bytes",
                            bs_event_type_name(event->type), event->body.len);
    }
    bs_buf_clear(&d->inflated);
    bs_buf_put(&d->inflated, event->body.data, event->body.len - bs_cursor_left(&c));
    struct bs_str packed = bs_cursor_read_rest(&c);
    enum bs_status status = bs_inflate_event(&d->inflated, packed, err);
    event->type = plain_type(event->type);
    event->body = bs_buf_str(&d->inflated);
    return status;
}

static enum bs_status
no_map(uint64_t table_id, struct bs_error *err) {
    return bs_error_set(err, BS_PROTOCOL,
                        "rows event of table number %llu without its TABLE_MAP event",
                        (unsigned long long)table_id);
}

enum bs_status
bs_decoder_rows(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    uint64_t table_id = bs_cursor_read_u48(&c);
    uint16_t flags = bs_cursor_read_u16(&c);
    if (c.failed) {
        return bs_error_set(err, BS_PROTOCOL, "malformed rows event");
    }
    bool statement_end = (flags & BS_ROWS_STMT_END) != 0;
    if (table_id == TABLE_ID_DUMMY && statement_end) {
        d->statement++;
        return BS_OK;
    }
    struct bs_known_map *known = bs_map_get(&d->maps, map_key(&table_id));
    if (known == NULL || known->announced != d->statement || d->phase == BS_GROUP_BETWEEN) {
        return no_map(table_id, err);
    }
    struct bs_event plain = *event;
    enum bs_status status = BS_OK;
    if (plain_type(event->type) != event->type) {
        status = expand(d, &plain, err);
    }
    if (status == BS_OK) {
        status = bs_decoder_group_open(d, &plain, err);
    }
    if (status != BS_OK) {
        return status;
    }
    bs_decoder_queue(d, BS_ITEM_ROWS, &plain)->map = known->map;
    d->statement += statement_end;
    bool ends_group = d->phase == BS_GROUP_STANDALONE || d->phase == BS_GROUP_EMPTIED;
    if (statement_end && ends_group) {
        return bs_decoder_group_close(d, event, BS_ITEM_GROUP_END, err);
    }
    return BS_OK;
}
