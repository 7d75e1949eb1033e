#include "events/json_out.h"

#include "base/digits.h"
#include "base/real_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void
bs_events_put_u64(struct bs_buf *out, uint64_t v) {
    enum { DIGITS_MAX = 20 };
    char digits[DIGITS_MAX];
    char *at = digits + DIGITS_MAX;
    while (v >= 100) {
        at -= 2;
        bs_digits_put2(at, (uint32_t)(v % 100));
        v /= 100;
    }
    if (v >= 10) {
        at -= 2;
        bs_digits_put2(at, (uint32_t)v);
    } else {
        *--at = (char)('0' + v);
    }
    bs_events_put(out, at, (size_t)(digits + DIGITS_MAX - at));
}

void
bs_events_put_i64(struct bs_buf *out, int64_t v) {
    if (v < 0) {
        BS_EVENTS_PUT(out, "-");
    }
    bs_events_put_u64(out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/* ---- numbers with a fraction ----------------------------------------------------------------
 *
 * Most are short decimals: a whole number m below 2^53 over a power of ten that a double holds. The
 * quotient of the two is rounded once, as reading the text is, so comparing it with the value tells
 * whether that text reads back. The first power that does gives the fewest digits. All others go
 * the long way. */

enum { POWERS = 16 };
static const double TENS[POWERS] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* m / 10^places, m without zeros at its end unless places is 0. */
static void
put_decimal(struct bs_buf *out, uint64_t m, unsigned places) {
    enum { DIGITS_MAX = 40 };
    char text[DIGITS_MAX];
    char *at = text + DIGITS_MAX;
    unsigned fraction = places == 0 ? 1 : places;
    for (unsigned i = 0; i < fraction; i++) {
        *--at = (char)('0' + (places == 0 ? 0 : m % 10));
        m /= places == 0 ? 1 : 10;
    }
    *--at = '.';
    bs_events_put_u64(out, m);
    bs_events_put(out, at, (size_t)(text + DIGITS_MAX - at));
}

/* Finds m and places for a value that is not negative; limit is above the largest m that has fewer
 * digits than the type tells apart. */
static bool
find_decimal(double v, double limit, bool (*reads_back)(double quotient, double v), uint64_t *m,
             unsigned *places) {
    for (unsigned k = 0; k < POWERS; k++) {
        double scaled = v * TENS[k];
        if (scaled >= limit) {
            return false;
        }
        uint64_t nearest = (uint64_t)(scaled + 0.5);
        if (reads_back((double)nearest / TENS[k], v)) {
            *m = nearest;
            *places = k;
            return true;
        }
    }
    return false;
}

static bool
is_double(double quotient, double v) {
    return quotient == v;
}

/* As a float, the text would be rounded once; the quotient is rounded twice. That can differ only
 * where the quotient lies in the middle between two floats, or next to it: then it is not taken. */
static bool
is_float(double quotient, double v) {
    const uint64_t cut_mask = ((uint64_t)1 << 29) - 1;
    const uint64_t middle = (uint64_t)1 << 28;
    uint64_t bits;
    memcpy(&bits, &quotient, sizeof bits);
    uint64_t cut = bits & cut_mask;
    return (double)(float)quotient == v && (cut < middle - 1 || cut > middle + 1);
}

/* 1 is written 1.0, so that it stays what it is. */
static void
put_number(struct bs_buf *out, const char *text) {
    bs_buf_puts(out, text);
    if (text[strcspn(text, ".e")] == '\0') {
        BS_EVENTS_PUT(out, ".0");
    }
}

static void
put_sign(struct bs_buf *out, double v) {
    if (signbit(v)) {
        BS_EVENTS_PUT(out, "-");
    }
}

/* d.ddde-7: what is no short decimal. */
static void
put_long_double(struct bs_buf *out, double v) {
    char digits[BS_REAL_DIGITS_MAX + 1];
    int exponent = 0;
    int count = bs_real_shortest_digits(v, digits, &exponent);
    bs_events_put(out, digits, 1);
    BS_EVENTS_PUT(out, ".");
    bs_events_put(out, count > 1 ? digits + 1 : "0", count > 1 ? (size_t)count - 1 : 1);
    if (exponent != 0) {
        BS_EVENTS_PUT(out, "e");
        bs_events_put_i64(out, exponent);
    }
}

void
bs_events_put_double(struct bs_buf *out, double v) {
    const double limit = 1e15;
    uint64_t m = 0;
    unsigned places = 0;
    if (!isfinite(v)) {
        bs_events_put_hex(out, (struct bs_str){(const char *)&v, sizeof v});
        return;
    }
    put_sign(out, v);
    v = fabs(v);
    if (find_decimal(v, limit, is_double, &m, &places)) {
        put_decimal(out, m, places);
    } else {
        put_long_double(out, v);
    }
}

void
bs_events_put_float(struct bs_buf *out, float f) {
    const double limit = 1e9;
    char text[40];
    uint64_t m = 0;
    unsigned places = 0;
    if (!isfinite(f)) {
        bs_events_put_hex(out, (struct bs_str){(const char *)&f, sizeof f});
        return;
    }
    put_sign(out, (double)f);
    f = fabsf(f);
    if (find_decimal((double)f, limit, is_float, &m, &places)) {
        put_decimal(out, m, places);
        return;
    }
    for (int precision = 6; precision <= 9; precision++) {
        (void)snprintf(text, sizeof text, "%.*g", precision, (double)f);
        if (precision == 9 || strtof(text, NULL) == f) {
            break;
        }
    }
    put_number(out, text);
}

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
