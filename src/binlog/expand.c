#include "binlog/expand.h"

#include "base/cursor.h"
#include "binlog/inflate.h"
#include "binlog/table_map.h"

enum { POST_HEADER_LEN = 8, EXTRA_LEN_LEN = 2 };

uint8_t
bs_event_plain_type(uint8_t type) {
    switch (type) {
    case BS_EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1:
        return BS_EVENT_WRITE_ROWS_V1;
    case BS_EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1:
        return BS_EVENT_UPDATE_ROWS_V1;
    case BS_EVENT_MARIADB_DELETE_ROWS_COMPRESSED_V1:
        return BS_EVENT_DELETE_ROWS_V1;
    case BS_EVENT_MARIADB_WRITE_ROWS_COMPRESSED:
        return BS_EVENT_WRITE_ROWS_V2;
    case BS_EVENT_MARIADB_UPDATE_ROWS_COMPRESSED:
        return BS_EVENT_UPDATE_ROWS_V2;
    case BS_EVENT_MARIADB_DELETE_ROWS_COMPRESSED:
        return BS_EVENT_DELETE_ROWS_V2;
    default:
        return type;
    }
}

/* What is compressed begins behind the column bitmaps. */
static struct bs_cursor
skip_head(const struct bs_event *event, uint8_t plain_type) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    bs_cursor_skip(&c, POST_HEADER_LEN);
    if (plain_type >= BS_EVENT_WRITE_ROWS_V2) {
        size_t extra_len = bs_cursor_read_u16(&c);
        c.failed = c.failed || extra_len < EXTRA_LEN_LEN;
        bs_cursor_skip(&c, extra_len - EXTRA_LEN_LEN);
    }
    uint64_t width = bs_cursor_read_lenenc(&c);
    size_t bitmap_len = width > BS_TABLE_COLUMNS_MAX ? SIZE_MAX : (width + 7) / 8;
    bs_cursor_skip(&c, bitmap_len);
    if (plain_type == BS_EVENT_UPDATE_ROWS_V1 || plain_type == BS_EVENT_UPDATE_ROWS_V2) {
        bs_cursor_skip(&c, bitmap_len);
    }
    return c;
}

enum bs_status
bs_event_expand(struct bs_event *event, struct bs_buf *inflated, struct bs_error *err) {
    uint8_t plain_type = bs_event_plain_type(event->type);
    if (plain_type == event->type) {
        return BS_OK;
    }
    struct bs_cursor c = skip_head(event, plain_type);
    if (c.failed) {
        return bs_error_set(err, BS_PROTOCOL, "malformed %s event of %zu bytes",
                            bs_event_type_name(event->type), event->body.len);
    }
    bs_buf_clear(inflated);
    bs_buf_put(inflated, event->body.data, event->body.len - bs_cursor_left(&c));
    enum bs_status status = bs_inflate_event(inflated, bs_cursor_read_rest(&c), err);
    event->type = plain_type;
    event->body = bs_buf_str(inflated);
    return status;
}
