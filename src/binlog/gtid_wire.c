/* MySQL GTID sets as COM_BINLOG_DUMP_GTID and PREVIOUS_GTIDS write them: field guide 2.4.
 *
 *   plain    count(8)                       { uuid(16)           n(8) { start(8) end(8) }* }*
 *   tagged   01 count(6) 01                 { uuid(16) len tag   n(8) { start(8) end(8) }* }*
 *
 * end is exclusive; the tag's length is a serialization-library integer (len << 1). */
#include "binlog/gtid_set.h"

#include "base/cursor.h"
#include "binlog/gtid_event.h"

static bool
has_tag(const struct bs_gtid_set *set) {
    for (size_t i = 0; i < set->source_count; i++) {
        if (set->sources[i].tag[0] != '\0') {
            return true;
        }
    }
    return false;
}

static void
put_header(struct bs_buf *out, uint64_t count, bool tagged) {
    if (!tagged) {
        bs_buf_put_le(out, count, 8);
        return;
    }
    bs_buf_put_u8(out, 1);
    bs_buf_put_le(out, count, 6);
    bs_buf_put_u8(out, 1);
}

void
bs_gtid_set_encode(const struct bs_gtid_set *set, struct bs_buf *out) {
    BS_ASSERT(set->flavour == BS_MYSQL);
    bool tagged = has_tag(set);
    put_header(out, set->source_count, tagged);
    for (size_t i = 0; i < set->source_count; i++) {
        const struct bs_gtid_source *source = &set->sources[i];
        bs_buf_put(out, source->uuid, BS_UUID_LEN);
        if (tagged) {
            size_t len = strlen(source->tag);
            bs_buf_put_u8(out, (uint8_t)(len << 1));
            bs_buf_put(out, source->tag, len);
        }
        bs_buf_put_le(out, source->count, 8);
        for (size_t k = 0; k < source->count; k++) {
            bs_buf_put_le(out, source->intervals[k].start, 8);
            bs_buf_put_le(out, source->intervals[k].end, 8);
        }
    }
}

static bool
read_source(struct bs_cursor *c, bool tagged, struct bs_gtid_set *set) {
    struct bs_str uuid = bs_cursor_read_str(c, BS_UUID_LEN);
    char tag[BS_TAG_LEN_MAX + 1] = "";
    if (tagged) {
        uint64_t len = bs_cursor_read_svli(c);
        struct bs_str text = bs_cursor_read_str(c, len);
        if (c->failed || !bs_tag_is_valid(text)) {
            return false;
        }
        memcpy(tag, text.data, text.len);
    }
    uint64_t count = bs_cursor_read_u64(c);
    if (c->failed) {
        return false;
    }
    /* The source is made with its first interval: one without any is none. */
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        uint64_t start = bs_cursor_read_u64(c);
        uint64_t end = bs_cursor_read_u64(c);
        if (c->failed || start == 0 || start >= end || end > INT64_MAX) {
            return false;
        }
        bs_gtid_source_add(bs_gtid_set_source(set, (const uint8_t *)uuid.data, tag), start, end);
    }
    return !c->failed;
}

enum bs_status
bs_gtid_set_decode(struct bs_gtid_set *set, struct bs_str bytes, struct bs_error *err) {
    BS_ASSERT(set->flavour == BS_MYSQL);
    struct bs_cursor c = bs_cursor(bytes.data, bytes.len);
    uint64_t header = bs_cursor_read_u64(&c);
    bool tagged = header >> 56 == 1;
    uint64_t count = tagged ? header >> 8 & 0xFFFFFFFFFFFFu : header;
    for (uint64_t i = 0; i < count && !c.failed; i++) {
        c.failed = !read_source(&c, tagged, set);
    }
    if (c.failed || bs_cursor_left(&c) > 0) {
        return bs_error_set(err, BS_PROTOCOL, "malformed GTID set of %zu bytes", bytes.len);
    }
    return BS_OK;
}
