/* A reader that cannot overrun: a short read sets a sticky flag and yields 0 (or an empty view), so
 * that a parser is a straight line with one check at the end:
 *
 *     uint16_t a = bs_cursor_read_u16(&c);
 *     struct bs_str name = bs_cursor_read_lenenc_str(&c);
 *     if (c.failed) return ...;
 *
 * Integers are little-endian unless the name says be. The views point into the caller's bytes. */
#ifndef BS_BASE_CURSOR_H
#define BS_BASE_CURSOR_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static inline struct bs_cursor
bs_cursor(const void *data, size_t len) {
    const uint8_t *at = data;
    return (struct bs_cursor){at, len > 0 ? at + len : at, false};
}

static inline size_t
bs_cursor_left(const struct bs_cursor *c) {
    return (size_t)(c->end - c->at);
}

/* The next len bytes, or NULL (and failed set) if there are fewer. */
static inline const uint8_t *
bs_cursor_take(struct bs_cursor *c, size_t len) {
    if (c->failed || len > bs_cursor_left(c)) {
        c->failed = true;
        return NULL;
    }
    const uint8_t *p = c->at;
    c->at += len;
    return p;
}

static inline void
bs_cursor_skip(struct bs_cursor *c, size_t len) {
    (void)bs_cursor_take(c, len);
}

/* n bytes (1 to 8) little-endian. */
static inline uint64_t
bs_cursor_read_le(struct bs_cursor *c, size_t n) {
    const uint8_t *p = bs_cursor_take(c, n);
    uint64_t v = 0;
    if (p != NULL) {
        for (size_t i = n; i-- > 0;) {
            v = v << 8 | p[i];
        }
    }
    return v;
}

/* n bytes (1 to 8) big-endian. */
static inline uint64_t
bs_cursor_read_be(struct bs_cursor *c, size_t n) {
    const uint8_t *p = bs_cursor_take(c, n);
    uint64_t v = 0;
    if (p != NULL) {
        for (size_t i = 0; i < n; i++) {
            v = v << 8 | p[i];
        }
    }
    return v;
}

static inline uint8_t
bs_cursor_read_u8(struct bs_cursor *c) {
    const uint8_t *p = bs_cursor_take(c, 1);
    return p != NULL ? p[0] : 0;
}

static inline uint16_t
bs_cursor_read_u16(struct bs_cursor *c) {
    return (uint16_t)bs_cursor_read_le(c, 2);
}

static inline uint32_t
bs_cursor_read_u24(struct bs_cursor *c) {
    return (uint32_t)bs_cursor_read_le(c, 3);
}

static inline uint32_t
bs_cursor_read_u32(struct bs_cursor *c) {
    return (uint32_t)bs_cursor_read_le(c, 4);
}

static inline uint64_t
bs_cursor_read_u48(struct bs_cursor *c) {
    return bs_cursor_read_le(c, 6);
}

static inline uint64_t
bs_cursor_read_u64(struct bs_cursor *c) {
    return bs_cursor_read_le(c, 8);
}

static inline struct bs_str
bs_cursor_read_str(struct bs_cursor *c, size_t len) {
    const uint8_t *p = bs_cursor_take(c, len);
    return p != NULL ? (struct bs_str){(const char *)p, len} : (struct bs_str){"", 0};
}

/* All that is left. */
static inline struct bs_str
bs_cursor_read_rest(struct bs_cursor *c) {
    return bs_cursor_read_str(c, bs_cursor_left(c));
}

/* The classic length-encoded integer; 0xFB (NULL) and 0xFF fail. */
uint64_t bs_cursor_read_lenenc(struct bs_cursor *c);
struct bs_str bs_cursor_read_lenenc_str(struct bs_cursor *c);

/* Up to the next NUL, which is read too; fails if there is none. */
struct bs_str bs_cursor_read_cstr(struct bs_cursor *c);

#endif
