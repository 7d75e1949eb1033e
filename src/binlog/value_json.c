/* MySQL's binary JSON as text, letter for letter as the server prints it: field guide 5.11.
 *
 *   container   type(1) | count size  key entries  value entries  keys  values
 *                        ^ offsets count from here; entries and offsets are 2 bytes wide in small
 *                          containers and 4 in large ones
 *
 * Every offset comes from the source and is checked against the container that it is in, so damaged
 * bytes cannot overrun. Nor can they send the reader round and round: a document deeper than the
 * server itself allows is refused, and so is one whose parts overlap, i.e. that has more bytes of
 * entries, keys and strings than it has bytes. */
#include "binlog/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum json_type {
    JSON_SMALL_OBJECT = 0x00,
    JSON_LARGE_OBJECT = 0x01,
    JSON_SMALL_ARRAY = 0x02,
    JSON_LARGE_ARRAY = 0x03,
    JSON_LITERAL = 0x04,
    JSON_INT16 = 0x05,
    JSON_UINT16 = 0x06,
    JSON_INT32 = 0x07,
    JSON_UINT32 = 0x08,
    JSON_INT64 = 0x09,
    JSON_UINT64 = 0x0A,
    JSON_DOUBLE = 0x0B,
    JSON_STRING = 0x0C,
    JSON_OPAQUE = 0x0F,
};

enum { JSON_DEPTH_MAX = 100, JSON_NULL = 0, JSON_TRUE = 1, JSON_FALSE = 2 };

/* Text that grows in the row's arena. unread: bytes of the document that no part has claimed yet.
 */
struct json_out {
    struct bs_arena *arena;
    char *data;
    size_t len;
    size_t cap;
    size_t unread;
    bool failed;
};

static char *
reserve(struct json_out *out, size_t len) {
    if (out->cap - out->len < len) {
        size_t cap = out->cap * 2 + len;
        char *data = bs_arena_alloc(out->arena, cap);
        memcpy(data, out->data, out->len);
        out->data = data;
        out->cap = cap;
    }
    return out->data + out->len;
}

static void
put(struct json_out *out, const char *text, size_t len) {
    memcpy(reserve(out, len), text, len);
    out->len += len;
}

/* A part of the document is about to be read; false if its parts would overlap. */
static bool
claim(struct json_out *out, size_t len) {
    if (len > out->unread) {
        out->failed = true;
        return false;
    }
    out->unread -= len;
    return true;
}

static void
put_cstr(struct json_out *out, const char *text) {
    put(out, text, strlen(text));
}

static void
put_char(struct json_out *out, char c) {
    *reserve(out, 1) = c;
    out->len++;
}

static void
put_escaped(struct json_out *out, unsigned char c) {
    static const char short_form[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (c >= 0x20) {
        put_char(out, '\\');
        put_char(out, (char)c);
    } else if (short_form[c] != 0) {
        put_char(out, '\\');
        put_char(out, short_form[c]);
    } else {
        static const char hex[] = "0123456789abcdef";
        char text[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        put(out, text, sizeof text);
    }
}

static void
put_quoted(struct json_out *out, struct bs_str text) {
    put_char(out, '"');
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c == '"' || c == '\\') {
            put(out, text.data + from, i - from);
            put_escaped(out, c);
            from = i + 1;
        }
    }
    put(out, text.data + from, text.len - from);
    put_char(out, '"');
}

/* The shortest digits that read back as the same number, without the point: "15" and exponent 1
 * for 1.5e1. Returns their count. */
static int
shortest_digits(double v, char digits[20], int *exponent) {
    char text[40];
    for (int precision = 15; precision <= 17; precision++) {
        (void)snprintf(text, sizeof text, "%.*e", precision - 1, v);
        if (strtod(text, NULL) == v) {
            break;
        }
    }
    int count = 0;
    const char *p = text;
    for (; *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9') {
            digits[count++] = *p;
        }
    }
    *exponent = atoi(p + 1);
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    return count;
}

/* As the server's my_gcvt: plain while the point is within 15 places, else d.ddde±x. A number that
 * looks like an integer gets ".0", so that it stays a double. */
static void
put_double(struct json_out *out, double v) {
    enum { PLAIN_PLACES = 15 };
    char digits[20];
    int exponent = 0;
    if (v != v || v - v != 0) {
        out->failed = true; /* no JSON number, and never stored by a server */
        return;
    }
    if (v < 0 || (v == 0 && 1 / v < 0)) {
        put_char(out, '-');
        v = -v;
    }
    int count = shortest_digits(v, digits, &exponent);
    int point = exponent + 1;
    if (point < -PLAIN_PLACES + 1 || (point > PLAIN_PLACES && count <= point)) {
        char tail[16];
        put_char(out, digits[0]);
        if (count > 1) {
            put_char(out, '.');
            put(out, digits + 1, (size_t)count - 1);
        }
        (void)snprintf(tail, sizeof tail, "e%d", exponent);
        put_cstr(out, tail);
        return;
    }
    if (point <= 0) {
        put_cstr(out, "0.");
        for (int i = point; i < 0; i++) {
            put_char(out, '0');
        }
        put(out, digits, (size_t)count);
        return;
    }
    for (int i = 0; i < (count > point ? count : point); i++) {
        if (i == point) {
            put_char(out, '.');
        }
        put_char(out, i < count ? digits[i] : '0');
    }
    if (count <= point) {
        put_cstr(out, ".0");
    }
}

/* The server's encoder breaks lines after 76 characters, and its JSON printer escapes the break. */
static void
put_base64(struct json_out *out, struct bs_str bytes) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { LINE_BYTES = 57 };
    const uint8_t *p = (const uint8_t *)bytes.data;
    for (size_t i = 0; i < bytes.len; i += 3) {
        if (i > 0 && i % LINE_BYTES == 0) {
            put_cstr(out, "\\n");
        }
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t v =
            (uint32_t)p[i] << 16 | (n > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0);
        char four[] = {letters[v >> 18], letters[v >> 12 & 63], n > 1 ? letters[v >> 6 & 63] : '=',
                       n > 2 ? letters[v & 63] : '='};
        put(out, four, sizeof four);
    }
}

static void
put_opaque_decimal(struct json_out *out, struct bs_str data) {
    struct bs_cursor c = bs_cursor(data.data, data.len);
    unsigned precision = bs_cursor_read_u8(&c);
    unsigned scale = bs_cursor_read_u8(&c);
    if (precision == 0 || precision > BS_DECIMAL_PRECISION_MAX || scale > precision ||
        scale > BS_DECIMAL_SCALE_MAX || c.failed ||
        bs_cursor_left(&c) != bs_decimal_size(precision, scale)) {
        out->failed = true;
        return;
    }
    char text[BS_DECIMAL_TEXT_MAX];
    put(out, text, bs_decimal_text(text, c.at, precision, scale));
}

/* DATE, DATETIME, TIMESTAMP, TIME: one number, field guide 5.11; always with six digits. */
static void
put_opaque_temporal(struct json_out *out, uint8_t type, struct bs_str data) {
    struct bs_cursor c = bs_cursor(data.data, data.len);
    int64_t v = (int64_t)bs_cursor_read_u64(&c);
    if (c.failed || bs_cursor_left(&c) > 0 || v == INT64_MIN) {
        out->failed = true;
        return;
    }
    uint64_t packed = (uint64_t)(v < 0 ? -v : v);
    uint32_t clock = (uint32_t)(packed >> 24 & 0x1FFFF);
    uint32_t date = (uint32_t)(packed >> 41);
    struct bs_clock_time t = {.negative = v < 0,
                              .year = (date >> 5) / 13,
                              .month = (date >> 5) % 13,
                              .day = date & 31,
                              .hour = clock >> 12,
                              .minute = clock >> 6 & 63,
                              .second = clock & 63,
                              .micros = (uint32_t)(packed & 0xFFFFFF) % 1000000};
    char text[BS_TEMPORAL_TEXT_MAX];
    size_t len = 0;
    if (type == 11) {
        t.hour = (uint32_t)(packed >> 36 & 0x3FF);
        len = bs_time_text(text, &t, 6);
    } else if (type == 10) {
        len = bs_date_text(text, &t);
    } else {
        len = bs_datetime_text(text, &t, 6);
    }
    put_char(out, '"');
    put(out, text, len);
    put_char(out, '"');
}

static size_t
read_varlen(struct bs_cursor *c) {
    size_t len = 0;
    for (unsigned i = 0; i < 5; i++) {
        uint8_t byte = bs_cursor_read_u8(c);
        len |= (size_t)(byte & 0x7F) << (7 * i);
        if ((byte & 0x80) == 0) {
            return len;
        }
    }
    c->failed = true;
    return 0;
}

static void
put_opaque(struct json_out *out, struct bs_cursor c) {
    uint8_t type = bs_cursor_read_u8(&c);
    size_t len = read_varlen(&c);
    struct bs_str data = bs_cursor_read_str(&c, len);
    if (c.failed || !claim(out, len)) {
        out->failed = true;
    } else if (type == 246) {
        put_opaque_decimal(out, data);
    } else if (type == 7 || (type >= 10 && type <= 12)) {
        put_opaque_temporal(out, type, data);
    } else {
        char head[32];
        (void)snprintf(head, sizeof head, "\"base64:type%u:", type);
        put_cstr(out, head);
        put_base64(out, data);
        put_char(out, '"');
    }
}

static void
put_literal(struct json_out *out, uint64_t literal) {
    switch (literal) {
    case JSON_NULL:
        put_cstr(out, "null");
        break;
    case JSON_TRUE:
        put_cstr(out, "true");
        break;
    case JSON_FALSE:
        put_cstr(out, "false");
        break;
    default:
        out->failed = true;
    }
}

static void
put_int(struct json_out *out, int64_t v) {
    char text[24];
    put(out, text, (size_t)snprintf(text, sizeof text, "%" PRId64, v));
}

static void
put_uint(struct json_out *out, uint64_t v) {
    char text[24];
    put(out, text, (size_t)snprintf(text, sizeof text, "%" PRIu64, v));
}

static void put_container(struct json_out *out, uint8_t type, struct bs_cursor c, unsigned depth);

/* A value whose bytes c holds, from the one after its type on. */
static void
put_value(struct json_out *out, uint8_t type, struct bs_cursor c, unsigned depth) {
    switch (type) {
    case JSON_SMALL_OBJECT:
    case JSON_LARGE_OBJECT:
    case JSON_SMALL_ARRAY:
    case JSON_LARGE_ARRAY:
        put_container(out, type, c, depth);
        return;
    case JSON_LITERAL:
        put_literal(out, bs_cursor_read_u8(&c));
        break;
    case JSON_INT16:
        put_int(out, (int16_t)bs_cursor_read_u16(&c));
        break;
    case JSON_UINT16:
        put_uint(out, bs_cursor_read_u16(&c));
        break;
    case JSON_INT32:
        put_int(out, (int32_t)bs_cursor_read_u32(&c));
        break;
    case JSON_UINT32:
        put_uint(out, bs_cursor_read_u32(&c));
        break;
    case JSON_INT64:
        put_int(out, (int64_t)bs_cursor_read_u64(&c));
        break;
    case JSON_UINT64:
        put_uint(out, bs_cursor_read_u64(&c));
        break;
    case JSON_DOUBLE: {
        uint64_t bits = bs_cursor_read_u64(&c);
        double v = 0;
        memcpy(&v, &bits, sizeof v);
        put_double(out, v);
        break;
    }
    case JSON_STRING: {
        size_t len = read_varlen(&c);
        struct bs_str text = bs_cursor_read_str(&c, len);
        if (claim(out, text.len)) {
            put_quoted(out, text);
        }
        break;
    }
    case JSON_OPAQUE:
        put_opaque(out, c);
        break;
    default:
        out->failed = true;
    }
    out->failed = out->failed || c.failed;
}

/* Small values sit in the entry itself; which ones depends on how wide the entry is. */
static bool
is_inline(uint8_t type, bool large) {
    return type == JSON_LITERAL || type == JSON_INT16 || type == JSON_UINT16 ||
           (large && (type == JSON_INT32 || type == JSON_UINT32));
}

static void
put_entry(struct json_out *out, struct bs_cursor base, size_t entry, bool large, unsigned depth) {
    struct bs_cursor c = base;
    bs_cursor_skip(&c, entry);
    uint8_t type = bs_cursor_read_u8(&c);
    if (c.failed || is_inline(type, large)) {
        put_value(out, type, c, depth);
        out->failed = out->failed || c.failed;
        return;
    }
    size_t offset = bs_cursor_read_le(&c, large ? 4 : 2);
    struct bs_cursor value = base;
    bs_cursor_skip(&value, offset);
    out->failed = out->failed || c.failed || value.failed;
    if (!out->failed) {
        put_value(out, type, value, depth);
    }
}

static void
put_key(struct json_out *out, struct bs_cursor base, size_t entry, bool large) {
    struct bs_cursor c = base;
    bs_cursor_skip(&c, entry);
    size_t offset = bs_cursor_read_le(&c, large ? 4 : 2);
    size_t len = bs_cursor_read_u16(&c);
    struct bs_cursor key = base;
    bs_cursor_skip(&key, offset);
    struct bs_str text = bs_cursor_read_str(&key, len);
    out->failed = out->failed || c.failed || key.failed || !claim(out, text.len);
    if (out->failed) {
        return;
    }
    put_quoted(out, text);
    put_cstr(out, ": ");
}

static void
put_container(struct json_out *out, uint8_t type, struct bs_cursor c, unsigned depth) {
    bool large = type == JSON_LARGE_OBJECT || type == JSON_LARGE_ARRAY;
    bool object = type == JSON_SMALL_OBJECT || type == JSON_LARGE_OBJECT;
    size_t wide = large ? 4 : 2;
    struct bs_cursor base = c;
    size_t count = bs_cursor_read_le(&c, wide);
    size_t size = bs_cursor_read_le(&c, wide);
    size_t keys = 2 * wide;
    size_t values = keys + (object ? count * (wide + 2) : 0);
    size_t entries_end = values + count * (wide + 1);
    if (c.failed || size > bs_cursor_left(&base) || entries_end > size || depth >= JSON_DEPTH_MAX ||
        !claim(out, entries_end)) {
        out->failed = true;
        return;
    }
    base.end = base.at + size;
    put_char(out, object ? '{' : '[');
    for (size_t i = 0; i < count && !out->failed; i++) {
        if (i > 0) {
            put_cstr(out, ", ");
        }
        if (object) {
            put_key(out, base, keys + i * (wide + 2), large);
        }
        put_entry(out, base, values + i * (wide + 1), large, depth + 1);
    }
    put_char(out, object ? '}' : ']');
}

void
bs_read_json(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    bs_read_string(rows, plan, value);
    struct bs_cursor c = bs_cursor(value->text.data, value->text.len);
    value->kind = BS_VALUE_JSON;
    if (rows->cursor.failed) {
        return;
    }
    if (value->text.len == 0) {
        value->text = bs_str("null"); /* the server's own rule for an empty document */
        return;
    }
    size_t cap = value->text.len * 2 + 16;
    struct json_out out = {.arena = rows->arena,
                           .data = bs_arena_alloc(rows->arena, cap),
                           .cap = cap,
                           .unread = value->text.len};
    uint8_t type = bs_cursor_read_u8(&c);
    put_value(&out, type, c, 0);
    if (out.failed) {
        rows->bad = "a malformed JSON document";
    }
    value->text = (struct bs_str){out.data, out.len};
}
