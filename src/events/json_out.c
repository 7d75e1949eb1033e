#include "events/json_out.h"

#include <inttypes.h>

/* ---- strings ------------------------------------------------------------------------------- */

#define EACH_BYTE(b) ((b)*UINT64_C(0x0101010101010101))
#define HIGH_BITS EACH_BYTE(0x80)

/* Non-zero in each byte (below 0x80) that is equal to b; may also mark bytes behind such a one. */
static uint64_t
bytes_equal(uint64_t word, uint64_t b) {
    uint64_t x = word ^ EACH_BYTE(b);
    return (x - EACH_BYTE(1)) & ~x & HIGH_BITS;
}

/* Non-zero if one of the eight bytes may not stand for itself in JSON; may be so in vain. */
static uint64_t
odd_bytes(const char *data) {
    uint64_t word;
    memcpy(&word, data, sizeof word);
    uint64_t control = (word - EACH_BYTE(0x20)) & ~word;
    return (control | word | bytes_equal(word, '"') | bytes_equal(word, '\\')) & HIGH_BITS;
}

/* How many bytes from the start are ASCII that stands for itself in JSON. */
static size_t
plain_len(const char *data, size_t len) {
    size_t i = 0;
    while (i + 32 <= len && (odd_bytes(data + i) | odd_bytes(data + i + 8) |
                             odd_bytes(data + i + 16) | odd_bytes(data + i + 24)) == 0) {
        i += 32;
    }
    while (i + 8 <= len && odd_bytes(data + i) == 0) {
        i += 8;
    }
    for (; i < len; i++) {
        unsigned char c = (unsigned char)data[i];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') {
            break;
        }
    }
    return i;
}

/* The length of the UTF-8 character at data, 0 if there is none: shortest form, no surrogates, up
 * to U+10FFFF. */
static size_t
character_len(const unsigned char *p, size_t len) {
    if (p[0] < 0x80) {
        return 1;
    }
    if (p[0] < 0xC2 || p[0] > 0xF4) {
        return 0;
    }
    size_t want = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (len < want) {
        return 0;
    }
    unsigned low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < want; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return want;
}

bool
bs_events_is_utf8(struct bs_str text) {
    for (size_t i = 0; i < text.len;) {
        size_t len = character_len((const unsigned char *)text.data + i, text.len - i);
        if (len == 0) {
            return false;
        }
        i += len;
    }
    return true;
}

static bool
is_ascii(struct bs_str text) {
    unsigned char all = 0;
    for (size_t i = 0; i < text.len; i++) {
        all |= (unsigned char)text.data[i];
    }
    return all < 0x80;
}

static void
put_escape(struct bs_buf *out, unsigned char c) {
    static const char short_form[128] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\t'] = 't',
                                         ['\n'] = 'n', ['\f'] = 'f',  ['\r'] = 'r'};
    if (short_form[c] != 0) {
        char text[] = {'\\', short_form[c]};
        bs_events_put(out, text, sizeof text);
    } else {
        bs_buf_printf(out, "\\u%04x", c);
    }
}

void
bs_events_put_string(struct bs_buf *out, struct bs_str text) {
    BS_EVENTS_PUT(out, "\"");
    while (text.len > 0) {
        size_t len = plain_len(text.data, text.len);
        while (len < text.len && (unsigned char)text.data[len] >= 0x80) {
            len++;
        }
        bs_events_put(out, text.data, len);
        text = (struct bs_str){text.data + len, text.len - len};
        if (text.len > 0 && plain_len(text.data, 1) == 0) {
            put_escape(out, (unsigned char)text.data[0]);
            text = (struct bs_str){text.data + 1, text.len - 1};
        }
    }
    BS_EVENTS_PUT(out, "\"");
}

void
bs_events_put_hex(struct bs_buf *out, struct bs_str bytes) {
    static const char digits[] = "0123456789abcdef";
    BS_EVENTS_PUT(out, "{\"hex\":\"");
    uint8_t *to = bs_buf_room(out, bytes.len * 2);
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        to[2 * i] = (uint8_t)digits[c >> 4];
        to[2 * i + 1] = (uint8_t)digits[c & 15];
    }
    out->len += bytes.len * 2;
    BS_EVENTS_PUT(out, "\"}");
}

void
bs_events_put_text(struct bs_buf *out, struct bs_str text, enum bs_events_text kind) {
    if (kind != BS_EVENTS_HEX && plain_len(text.data, text.len) == text.len) {
        uint8_t *to = bs_buf_room(out, text.len + 2);
        to[0] = '"';
        memcpy(to + 1, text.data, text.len);
        to[text.len + 1] = '"';
        out->len += text.len + 2;
        return;
    }
    bool is_string = kind == BS_EVENTS_UTF8    ? bs_events_is_utf8(text)
                     : kind == BS_EVENTS_ASCII ? is_ascii(text)
                                               : false;
    if (is_string) {
        bs_events_put_string(out, text);
    } else {
        bs_events_put_hex(out, text);
    }
}

/* ---- members ------------------------------------------------------------------------------- */

void
bs_events_member(struct bs_buf *out, const char *key) {
    BS_EVENTS_PUT(out, ",\"");
    bs_buf_puts(out, key);
    BS_EVENTS_PUT(out, "\":");
}

void
bs_events_member_u64(struct bs_buf *out, const char *key, uint64_t v) {
    bs_events_member(out, key);
    bs_events_put_u64(out, v);
}

void
bs_events_member_i64(struct bs_buf *out, const char *key, int64_t v) {
    bs_events_member(out, key);
    bs_events_put_i64(out, v);
}

void
bs_events_member_bool(struct bs_buf *out, const char *key, bool v) {
    bs_events_member(out, key);
    bs_buf_puts(out, v ? "true" : "false");
}

void
bs_events_member_text(struct bs_buf *out, const char *key, struct bs_str text) {
    bs_events_member(out, key);
    bs_events_put_text(out, text, BS_EVENTS_UTF8);
}

void
bs_events_member_hex(struct bs_buf *out, const char *key, struct bs_str bytes) {
    bs_events_member(out, key);
    bs_events_put_hex(out, bytes);
}

void
bs_events_member_flags(struct bs_buf *out, const char *key, uint32_t flags,
                       const struct bs_events_flag *names, size_t count) {
    bs_events_member(out, key);
    BS_EVENTS_PUT(out, "[");
    const char *comma = "";
    for (unsigned i = 0; i < 32; i++) {
        uint32_t bit = (uint32_t)1 << i;
        if ((flags & bit) == 0) {
            continue;
        }
        size_t k = 0;
        while (k < count && names[k].bit != bit) {
            k++;
        }
        if (k < count) {
            bs_buf_printf(out, "%s\"%s\"", comma, names[k].name);
        } else {
            bs_buf_printf(out, "%s\"0x%04" PRIx32 "\"", comma, bit);
        }
        comma = ",";
    }
    BS_EVENTS_PUT(out, "]");
}

void
bs_events_member_flags_if_any(struct bs_buf *out, const char *key, uint32_t flags,
                              const struct bs_events_flag *names, size_t count) {
    if (flags != 0) {
        bs_events_member_flags(out, key, flags, names, count);
    }
}
