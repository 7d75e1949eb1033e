#include "binlog/inflate.h"

#include "base/cursor.h"
#include "binlog/event.h"

#include <libdeflate.h>

/* Deflate cannot shrink data by more than this, so a length that claims it is not believed and
 * nothing is allocated for it. */
enum { DEFLATE_RATIO_MAX = 1032, DEFLATE_SLACK = 64 };

static bool
is_plausible(uint64_t len, size_t packed_len) {
    return len <= BS_EVENT_LEN_MAX &&
           len <= (uint64_t)packed_len * DEFLATE_RATIO_MAX + DEFLATE_SLACK;
}

enum bs_status
bs_inflate_event(struct bs_buf *out, struct bs_str packed, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(packed.data, packed.len);
    uint8_t header = bs_cursor_read_u8(&c);
    uint64_t len = (header & 7) != 0 ? bs_cursor_read_be(&c, header & 7) : 0;
    size_t left = bs_cursor_left(&c);
    if (c.failed || (header & 0xF8) != 0x80 || !is_plausible(len, left)) {
        return bs_error_set(err, BS_PROTOCOL, "malformed compressed binlog event");
    }
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    BS_ASSERT(inflater != NULL);
    uint8_t *to = bs_buf_reserve(out, len);
    enum libdeflate_result result = libdeflate_zlib_decompress(inflater, c.at, left, to, len, NULL);
    libdeflate_free_decompressor(inflater);
    if (result != LIBDEFLATE_SUCCESS) {
        return bs_error_set(err, BS_PROTOCOL, "compressed binlog event cannot be decompressed");
    }
    out->len += len;
    return BS_OK;
}

bool
bs_inflate_value(struct libdeflate_decompressor *inflater, struct bs_arena *arena,
                 struct bs_str packed, struct bs_str *value) {
    if (packed.len == 0) {
        *value = packed;
        return true;
    }
    struct bs_cursor c = bs_cursor(packed.data, packed.len);
    uint8_t header = bs_cursor_read_u8(&c);
    if (header == 0) {
        *value = bs_cursor_read_rest(&c);
        return true;
    }
    uint64_t len = (header & 7) != 0 ? bs_cursor_read_be(&c, header & 7) : 0;
    size_t left = bs_cursor_left(&c);
    if (c.failed || (header & 0xF0) != 0x80 || !is_plausible(len, left)) {
        return false;
    }
    char *to = bs_arena_alloc(arena, len);
    enum libdeflate_result result =
        (header & 8) != 0 ? libdeflate_deflate_decompress(inflater, c.at, left, to, len, NULL)
                          : libdeflate_zlib_decompress(inflater, c.at, left, to, len, NULL);
    *value = (struct bs_str){to, len};
    return result == LIBDEFLATE_SUCCESS;
}
