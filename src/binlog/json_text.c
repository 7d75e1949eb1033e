/* Binary JSON as text: numbers, strings, temporals and base64 as the server's own printer writes
 * them. Field guide 5.11. */
#include "binlog/json_text.h"

#include "base/real_text.h"
#include "binlog/reader.h"
#include "binlog/wire_type.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct bs_doc_text
bs_doc_text(struct bs_arena *arena, size_t expected) {
    return (struct bs_doc_text){arena, bs_arena_alloc(arena, expected), 0, expected, false};
}

static char *
reserve(struct bs_doc_text *out, size_t len) {
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
put(struct bs_doc_text *out, const char *text, size_t len) {
    memcpy(reserve(out, len), text, len);
    out->len += len;
}

void
bs_doc_put(struct bs_doc_text *out, const char *text) {
    put(out, text, strlen(text));
}

static void
put_char(struct bs_doc_text *out, char c) {
    *reserve(out, 1) = c;
    out->len++;
}

static void
put_escaped(struct bs_doc_text *out, unsigned char c) {
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

void
bs_doc_put_quoted(struct bs_doc_text *out, struct bs_str text) {
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

/* As the server's my_gcvt: plain while the point is within 15 places, else d.ddde±x. A number that
 * looks like an integer gets ".0", so that it stays a double. */
static void
put_double(struct bs_doc_text *out, double v) {
    enum { PLAIN_PLACES = 15 };
    char digits[BS_REAL_DIGITS_MAX + 1];
    int exponent = 0;
    if (v != v || v - v != 0) {
        out->failed = true; /* no JSON number, and never stored by a server */
        return;
    }
    if (v < 0 || (v == 0 && 1 / v < 0)) {
        put_char(out, '-');
        v = -v;
    }
    int count = bs_real_shortest_digits(v, digits, &exponent);
    int point = exponent + 1;
    if (point < -PLAIN_PLACES + 1 || (point > PLAIN_PLACES && count <= point)) {
        char tail[16];
        put_char(out, digits[0]);
        if (count > 1) {
            put_char(out, '.');
            put(out, digits + 1, (size_t)count - 1);
        }
        (void)snprintf(tail, sizeof tail, "e%d", exponent);
        bs_doc_put(out, tail);
        return;
    }
    if (point <= 0) {
        bs_doc_put(out, "0.");
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
        bs_doc_put(out, ".0");
    }
}

/* The server's encoder breaks lines after 76 characters, and its JSON printer escapes the break. */
static void
put_base64(struct bs_doc_text *out, struct bs_str bytes) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { LINE_BYTES = 57 };
    const uint8_t *p = (const uint8_t *)bytes.data;
    for (size_t i = 0; i < bytes.len; i += 3) {
        if (i > 0 && i % LINE_BYTES == 0) {
            bs_doc_put(out, "\\n");
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
put_opaque_decimal(struct bs_doc_text *out, struct bs_str data) {
    struct bs_cursor c = bs_cursor(data.data, data.len);
    unsigned precision = bs_cursor_read_u8(&c);
    unsigned scale = bs_cursor_read_u8(&c);
    if (precision == 0 || precision > BS_DECIMAL_JSON_PRECISION_MAX || scale > precision ||
        scale > BS_DECIMAL_SCALE_MAX || c.failed ||
        bs_cursor_left(&c) != bs_decimal_size(precision, scale)) {
        out->failed = true;
        return;
    }
    char text[BS_DECIMAL_TEXT_MAX];
    size_t len = bs_decimal_text(text, c.at, precision, scale);
    out->failed = out->failed || len == 0;
    put(out, text, len);
}

/* DATE, DATETIME, TIMESTAMP, TIME: one number, field guide 5.11; always with six digits. */
static void
put_opaque_temporal(struct bs_doc_text *out, uint8_t type, struct bs_str data) {
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
                              .micros = (uint32_t)(packed & 0xFFFFFF)};
    if (t.year > 9999 || t.minute > 59 || t.second > 59 || t.micros > 999999) {
        out->failed = true; /* what no server stores */
        return;
    }
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

static void
put_opaque(struct bs_doc_text *out, const struct bs_doc *doc, struct bs_doc_budget *budget) {
    uint8_t type = 0;
    struct bs_str data;
    if (!bs_doc_opaque(doc, budget, &type, &data)) {
        out->failed = true;
    } else if (type == BS_WIRE_NEWDECIMAL) {
        put_opaque_decimal(out, data);
    } else if (type == BS_WIRE_TIMESTAMP || type == BS_WIRE_DATE || type == BS_WIRE_TIME ||
               type == BS_WIRE_DATETIME) {
        put_opaque_temporal(out, type, data);
    } else {
        char head[32];
        (void)snprintf(head, sizeof head, "\"base64:type%u:", type);
        bs_doc_put(out, head);
        put_base64(out, data);
        put_char(out, '"');
    }
}

static void
put_literal(struct bs_doc_text *out, uint64_t literal) {
    switch (literal) {
    case BS_DOC_NULL:
        bs_doc_put(out, "null");
        break;
    case BS_DOC_TRUE:
        bs_doc_put(out, "true");
        break;
    case BS_DOC_FALSE:
        bs_doc_put(out, "false");
        break;
    default:
        out->failed = true;
    }
}

static void
put_int(struct bs_doc_text *out, int64_t v) {
    char text[24];
    put(out, text, (size_t)snprintf(text, sizeof text, "%" PRId64, v));
}

static void
put_uint(struct bs_doc_text *out, uint64_t v) {
    char text[24];
    put(out, text, (size_t)snprintf(text, sizeof text, "%" PRIu64, v));
}

static void
put_container(struct bs_doc_text *out, const struct bs_doc *doc, struct bs_doc_budget *budget,
              unsigned depth) {
    struct bs_doc_container container;
    if (depth >= BS_DOC_DEPTH_MAX || !bs_doc_enter(doc, &container)) {
        out->failed = true;
        return;
    }
    put_char(out, container.object ? '{' : '[');
    for (size_t i = 0; i < container.count && !out->failed; i++) {
        struct bs_str key;
        struct bs_doc value;
        if (!bs_doc_member(&container, i, budget, &key, &value)) {
            out->failed = true;
            return;
        }
        if (i > 0) {
            bs_doc_put(out, ", ");
        }
        if (container.object) {
            bs_doc_put_quoted(out, key);
            bs_doc_put(out, ": ");
        }
        bs_doc_put_value(out, &value, budget, depth + 1);
    }
    put_char(out, container.object ? '}' : ']');
}

void
bs_doc_put_value(struct bs_doc_text *out, const struct bs_doc *doc, struct bs_doc_budget *budget,
                 unsigned depth) {
    struct bs_cursor c = doc->body;
    switch (doc->type) {
    case BS_DOC_SMALL_OBJECT:
    case BS_DOC_LARGE_OBJECT:
    case BS_DOC_SMALL_ARRAY:
    case BS_DOC_LARGE_ARRAY:
        put_container(out, doc, budget, depth);
        return;
    case BS_DOC_LITERAL:
        put_literal(out, bs_cursor_read_u8(&c));
        break;
    case BS_DOC_INT16:
        put_int(out, (int16_t)bs_cursor_read_u16(&c));
        break;
    case BS_DOC_UINT16:
        put_uint(out, bs_cursor_read_u16(&c));
        break;
    case BS_DOC_INT32:
        put_int(out, (int32_t)bs_cursor_read_u32(&c));
        break;
    case BS_DOC_UINT32:
        put_uint(out, bs_cursor_read_u32(&c));
        break;
    case BS_DOC_INT64:
        put_int(out, (int64_t)bs_cursor_read_u64(&c));
        break;
    case BS_DOC_UINT64:
        put_uint(out, bs_cursor_read_u64(&c));
        break;
    case BS_DOC_DOUBLE: {
        uint64_t bits = bs_cursor_read_u64(&c);
        double v = 0;
        memcpy(&v, &bits, sizeof v);
        put_double(out, v);
        break;
    }
    case BS_DOC_STRING: {
        struct bs_str text = {"", 0};
        out->failed = out->failed || !bs_doc_string(doc, budget, &text);
        bs_doc_put_quoted(out, text);
        break;
    }
    case BS_DOC_OPAQUE:
        put_opaque(out, doc, budget);
        break;
    default:
        out->failed = true;
    }
    out->failed = out->failed || c.failed;
}

bool
bs_doc_print(struct bs_str bytes, struct bs_arena *arena, struct bs_str *text) {
    struct bs_doc_budget budget;
    struct bs_doc doc = bs_doc_open(bytes, &budget);
    struct bs_doc_text out = bs_doc_text(arena, bytes.len * 2 + 16);
    bs_doc_put_value(&out, &doc, &budget, 0);
    *text = (struct bs_str){out.data, out.len};
    return !out.failed;
}
