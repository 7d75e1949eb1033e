#include "base/cursor.h"

uint64_t
bs_cursor_read_lenenc(struct bs_cursor *c) {
    uint8_t first = bs_cursor_read_u8(c);
    switch (first) {
    case 0xFC:
        return bs_cursor_read_le(c, 2);
    case 0xFD:
        return bs_cursor_read_le(c, 3);
    case 0xFE:
        return bs_cursor_read_le(c, 8);
    case 0xFB:
    case 0xFF:
        c->failed = true;
        return 0;
    default:
        return first;
    }
}

struct bs_str
bs_cursor_read_lenenc_str(struct bs_cursor *c) {
    uint64_t len = bs_cursor_read_lenenc(c);
    return bs_cursor_read_str(c, len);
}

struct bs_str
bs_cursor_read_cstr(struct bs_cursor *c) {
    size_t left = c->failed ? 0 : bs_cursor_left(c);
    const uint8_t *nul = left > 0 ? memchr(c->at, 0, left) : NULL;
    if (nul == NULL) {
        c->failed = true;
        return (struct bs_str){"", 0};
    }
    struct bs_str text = bs_cursor_read_str(c, (size_t)(nul - c->at));
    bs_cursor_skip(c, 1);
    return text;
}
