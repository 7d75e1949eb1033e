/* Framing of events: field guide 3.1 and 3.2. */
#include "binlog/frame.h"

#include "base/cursor.h"

#include <libdeflate.h>

enum { TYPE_OFFSET = 4, FLAGS_OFFSET = 17 };

enum bs_status
bs_event_parse(struct bs_event *event, struct bs_str raw, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(raw.data, raw.len);
    event->timestamp = bs_cursor_read_u32(&c);
    event->type = bs_cursor_read_u8(&c);
    event->server_id = bs_cursor_read_u32(&c);
    event->event_size = bs_cursor_read_u32(&c);
    event->log_pos = bs_cursor_read_u32(&c);
    event->flags = bs_cursor_read_u16(&c);
    event->body = bs_cursor_read_rest(&c);
    if (c.failed) {
        return bs_error_set(err, BS_PROTOCOL,
                            "binlog event cut short: %zu bytes, its header has %d", raw.len,
                            BS_EVENT_HEADER_LEN);
    }
    if (event->event_size != raw.len) {
        return bs_error_set(
            err, BS_PROTOCOL,
            "binlog event %s cut short or overlong: its header says %u bytes, %zu came",
            bs_event_type_name(event->type), event->event_size, raw.len);
    }
    return BS_OK;
}

static uint32_t
crc_of(struct bs_str raw) {
    const uint8_t *p = (const uint8_t *)raw.data;
    size_t len = raw.len - BS_EVENT_CHECKSUM_LEN;
    if (p[TYPE_OFFSET] != BS_EVENT_FORMAT_DESCRIPTION ||
        (p[FLAGS_OFFSET] & BS_EVENT_FLAG_IN_USE) == 0) {
        return libdeflate_crc32(0, p, len);
    }
    uint8_t low_flags = p[FLAGS_OFFSET] & (uint8_t)~BS_EVENT_FLAG_IN_USE;
    uint32_t crc = libdeflate_crc32(0, p, FLAGS_OFFSET);
    crc = libdeflate_crc32(crc, &low_flags, 1);
    return libdeflate_crc32(crc, p + FLAGS_OFFSET + 1, len - FLAGS_OFFSET - 1);
}

bool
bs_event_checksum_is_right(struct bs_str raw) {
    if (raw.len < BS_EVENT_HEADER_LEN + BS_EVENT_CHECKSUM_LEN) {
        return false;
    }
    struct bs_cursor c =
        bs_cursor(raw.data + raw.len - BS_EVENT_CHECKSUM_LEN, BS_EVENT_CHECKSUM_LEN);
    return bs_cursor_read_u32(&c) == crc_of(raw);
}

enum bs_status
bs_event_strip_checksum(struct bs_event *event, struct bs_str raw, struct bs_error *err) {
    /* Servers write a STOP event without a checksum in some versions: it has nothing to protect. */
    if (event->type == BS_EVENT_STOP && raw.len == BS_EVENT_HEADER_LEN) {
        return BS_OK;
    }
    if (!bs_event_checksum_is_right(raw)) {
        bs_error_set(err, BS_PROTOCOL, "checksum of binlog event %s is wrong: it was damaged",
                     bs_event_type_name(event->type));
        return bs_error_hint(err,
                             "read it again; if the same event fails again, the binlog file is "
                             "damaged, and a task that follows it needs a new snapshot");
    }
    event->body.len -= BS_EVENT_CHECKSUM_LEN;
    return BS_OK;
}
