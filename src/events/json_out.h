/* JSON as `events` writes it: fast appends to a byte builder. Strings are exactly the bytes that
 * were logged, read as UTF-8; what is no UTF-8 becomes {"hex":"..."}. See docs/reference/
 * events-format.md. */
#ifndef BS_EVENTS_JSON_OUT_H
#define BS_EVENTS_JSON_OUT_H

#include "base/buf.h"

#include <stdbool.h>
#include <string.h>

/* What is known of the bytes of a text. */
enum bs_events_text {
    BS_EVENTS_UTF8,  /* or unknown: a string if it is valid UTF-8 */
    BS_EVENTS_ASCII, /* another character set: a string if all of it is ASCII */
    BS_EVENTS_HEX,   /* binary, or of wide characters: never a string */
};

static inline void
bs_events_put(struct bs_buf *out, const char *text, size_t len) {
    memcpy(bs_buf_room(out, len), text, len);
    out->len += len;
}

#define BS_EVENTS_PUT(out, literal) bs_events_put((out), "" literal, sizeof(literal) - 1)

void bs_events_put_u64(struct bs_buf *out, uint64_t v);
void bs_events_put_i64(struct bs_buf *out, int64_t v);

/* The shortest number that reads back as the same value; always with a point or an exponent. */
void bs_events_put_double(struct bs_buf *out, double v);
void bs_events_put_float(struct bs_buf *out, float v);

/* "text", escaped; the bytes must be UTF-8. */
void bs_events_put_string(struct bs_buf *out, struct bs_str text);
void bs_events_put_hex(struct bs_buf *out, struct bs_str bytes); /* {"hex":"..."} */

/* A string where it can be one, else {"hex":"..."}. */
void bs_events_put_text(struct bs_buf *out, struct bs_str text, enum bs_events_text kind);

bool bs_events_is_utf8(struct bs_str text);

/* Members of an object that has one already: ,"key":value */
void bs_events_member_u64(struct bs_buf *out, const char *key, uint64_t v);
void bs_events_member_i64(struct bs_buf *out, const char *key, int64_t v);
void bs_events_member_bool(struct bs_buf *out, const char *key, bool v);
void bs_events_member_text(struct bs_buf *out, const char *key, struct bs_str text);
void bs_events_member_hex(struct bs_buf *out, const char *key, struct bs_str bytes);
void bs_events_member(struct bs_buf *out, const char *key); /* ,"key": */

/* ,"key":["A","B","0x0040"]: the names of the bits that are set. */
struct bs_events_flag {
    uint32_t bit;
    const char *name;
};
void bs_events_member_flags(struct bs_buf *out, const char *key, uint32_t flags,
                            const struct bs_events_flag *names, size_t count);

/* The same; nothing if none is. */
void bs_events_member_flags_if_any(struct bs_buf *out, const char *key, uint32_t flags,
                                   const struct bs_events_flag *names, size_t count);

#endif
