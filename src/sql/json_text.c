#include "sql/json_text.h"

#include "base/cursor.h"
#include "base/real_text.h"
#include "sql/text.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 400 };

/* The significant digits of a number's text, without sign, point, exponent and outer zeros. */
static void
significant_digits(const char *number, char *out, size_t cap) {
    size_t len = 0;
    for (; *number != '\0' && *number != 'e' && *number != 'E'; number++) {
        bool is_digit = *number >= '0' && *number <= '9';
        if (is_digit && (len > 0 || *number != '0') && len + 1 < cap) {
            out[len++] = *number;
        }
    }
    while (len > 0 && out[len - 1] == '0') {
        len--;
    }
    out[len] = '\0';
}

/* True if number is what a server prints for the double that it parses to. */
static bool
is_shortest_double(const char *number) {
    char own[NUMBER_MAX];
    char shortest[BS_REAL_DIGITS_MAX + 1];
    int exponent = 0;
    double value = fabs(strtod(number, NULL));
    if (value > DBL_MAX) {
        return false;
    }
    (void)bs_real_shortest_digits(value, shortest, &exponent);
    significant_digits(number, own, sizeof own);
    return strcmp(own, value == 0 ? "" : shortest) == 0;
}

static bool
is_beyond_64_bits(const char *integer) {
    const char *most = *integer == '-' ? "-9223372036854775808" : "18446744073709551615";
    size_t len = strlen(integer), most_len = strlen(most);
    return len > most_len || (len == most_len && strcmp(integer, most) > 0);
}

static bool
is_decimal(struct bs_str number) {
    char text[NUMBER_MAX];
    if (number.len >= sizeof text) {
        return true;
    }
    memcpy(text, number.data, number.len);
    text[number.len] = '\0';
    if (strpbrk(text, "eE") != NULL) {
        return false;
    }
    const char *point = strchr(text, '.');
    if (point == NULL) {
        return is_beyond_64_bits(text);
    }
    bool has_trailing_zero = text[number.len - 1] == '0' && strcmp(point, ".0") != 0;
    return has_trailing_zero || !is_shortest_double(text);
}

static bool
starts_number(char c) {
    return c == '-' || (c >= '0' && c <= '9');
}

static struct bs_str
number_at(struct bs_str json, size_t at) {
    size_t end = at;
    while (end < json.len && strchr("+-.eE0123456789", json.data[end]) != NULL &&
           json.data[end] != '\0') {
        end++;
    }
    return (struct bs_str){json.data + at, end - at};
}

/* The index behind a string that starts at at (its opening quote). */
static size_t
skip_string(struct bs_str json, size_t at) {
    for (at++; at < json.len && json.data[at] != '"'; at++) {
        at += json.data[at] == '\\' ? 1 : 0;
    }
    return at + 1;
}

bool
bs_json_has_decimal(struct bs_str json) {
    for (size_t i = 0; i < json.len;) {
        if (json.data[i] == '"') {
            i = skip_string(json, i);
        } else if (starts_number(json.data[i])) {
            struct bs_str number = number_at(json, i);
            if (is_decimal(number)) {
                return true;
            }
            i += number.len;
        } else {
            i++;
        }
    }
    return false;
}

static unsigned int
hex_value(const char *digits) {
    char text[5];
    memcpy(text, digits, 4);
    text[4] = '\0';
    return (unsigned int)strtoul(text, NULL, 16);
}

static void
put_utf8(struct bs_buf *out, unsigned int point) {
    if (point < 0x80) {
        bs_buf_put_u8(out, (uint8_t)point);
    } else if (point < 0x800) {
        bs_buf_put_u8(out, (uint8_t)(0xC0 | point >> 6));
        bs_buf_put_u8(out, (uint8_t)(0x80 | (point & 0x3F)));
    } else if (point < 0x10000) {
        bs_buf_put_u8(out, (uint8_t)(0xE0 | point >> 12));
        bs_buf_put_u8(out, (uint8_t)(0x80 | (point >> 6 & 0x3F)));
        bs_buf_put_u8(out, (uint8_t)(0x80 | (point & 0x3F)));
    } else {
        bs_buf_put_u8(out, (uint8_t)(0xF0 | point >> 18));
        bs_buf_put_u8(out, (uint8_t)(0x80 | (point >> 12 & 0x3F)));
        bs_buf_put_u8(out, (uint8_t)(0x80 | (point >> 6 & 0x3F)));
        bs_buf_put_u8(out, (uint8_t)(0x80 | (point & 0x3F)));
    }
}

/* The \u at i - 1, and the one behind it if the two are a surrogate pair, as users write them.
 * Where it ends. */
static size_t
put_code_point(struct bs_buf *out, struct bs_str text, size_t i) {
    unsigned int point = hex_value(text.data + i + 1);
    bool is_pair = point >= 0xD800 && point < 0xDC00 && i + 10 < text.len &&
                   text.data[i + 5] == '\\' && text.data[i + 6] == 'u';
    if (is_pair) {
        point = 0x10000 + ((point - 0xD800) << 10) + (hex_value(text.data + i + 7) - 0xDC00);
    }
    put_utf8(out, point);
    return i + (is_pair ? 10 : 4);
}

static size_t
put_unescaped(struct bs_buf *out, struct bs_str text, size_t i) {
    static const char LETTERS[] = "bfnrt";
    static const char BYTES[] = "\b\f\n\r\t";
    char c = text.data[i];
    if (c == 'u' && i + 4 < text.len) {
        return put_code_point(out, text, i);
    }
    const char *letter = c != '\0' ? strchr(LETTERS, c) : NULL;
    bs_buf_put_u8(out, (uint8_t)(letter != NULL ? BYTES[letter - LETTERS] : c));
    return i;
}

void
bs_json_put_plain(struct bs_buf *out, struct bs_str quoted) {
    for (size_t i = 1; i + 1 < quoted.len; i++) {
        if (quoted.data[i] == '\\' && i + 2 < quoted.len) {
            i = put_unescaped(out, quoted, i + 1);
        } else {
            bs_buf_put_u8(out, (uint8_t)quoted.data[i]);
        }
    }
}

static void
put_string(struct bs_buf *out, struct bs_str quoted) {
    struct bs_buf plain = {0};
    bs_json_put_plain(&plain, quoted);
    bs_sql_put_text(out, "utf8mb4", bs_buf_str(&plain));
    bs_buf_fini(&plain);
}

static void
put_number(struct bs_buf *out, struct bs_str number) {
    bool is_double = memchr(number.data, '.', number.len) != NULL && !is_decimal(number) &&
                     memchr(number.data, 'e', number.len) == NULL &&
                     memchr(number.data, 'E', number.len) == NULL;
    bs_buf_put_str(out, number);
    bs_buf_puts(out, is_double ? "e0" : "");
}

/* Token by token: the brackets become calls, and the rest stays in its place. */
static void
put_expression(struct bs_buf *out, struct bs_str json) {
    for (size_t i = 0; i < json.len;) {
        char c = json.data[i];
        if (c == '"') {
            size_t end = skip_string(json, i);
            end = end > json.len ? json.len : end;
            put_string(out, (struct bs_str){json.data + i, end - i});
            i = end;
            continue;
        }
        if (starts_number(c)) {
            struct bs_str number = number_at(json, i);
            put_number(out, number);
            i += number.len;
            continue;
        }
        if (c == '{' || c == '[') {
            bs_buf_puts(out, c == '{' ? "JSON_OBJECT(" : "JSON_ARRAY(");
        } else if (c == '}' || c == ']') {
            bs_buf_put_u8(out, ')');
        } else if (c == ':') {
            bs_buf_put_u8(out, ',');
        } else {
            bs_buf_put_u8(out, (uint8_t)c); /* commas, blanks, true, false, null */
        }
        i++;
    }
}

void
bs_json_put_sql(struct bs_buf *out, struct bs_str json) {
    while (json.len > 0 && strchr(" \t\r\n", json.data[0]) != NULL && json.data[0] != '\0') {
        json.data++;
        json.len--;
    }
    bool is_container = json.len > 0 && (json.data[0] == '{' || json.data[0] == '[');
    if (!bs_json_has_decimal(json)) {
        bs_sql_put_text(out, "utf8mb4", json);
    } else if (is_container) {
        put_expression(out, json);
    } else {
        bs_buf_puts(out, "CAST("); /* a bare decimal */
        bs_buf_put_str(out, json);
        bs_buf_puts(out, " AS JSON)");
    }
}
