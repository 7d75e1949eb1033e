#include "json.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A recursive descent that writes what it reads. Members of an object are written into texts of
 * their own, sorted, and then copied: a byte is copied once for each level that it is deep. */

enum { DEPTH_MAX = 500, DOUBLE_DIGITS = 17, EXACT_DIGITS = 800 };

struct json_cursor {
    const char *at;
    const char *end;
    unsigned depth;
};

static bool write_value(struct json_cursor *in, struct judge_text *out);

static void
skip_blanks(struct json_cursor *in) {
    while (in->at < in->end && strchr(" \t\r\n", *in->at) != NULL && *in->at != '\0') {
        in->at++;
    }
}

static bool
take(struct json_cursor *in, char wanted) {
    if (in->at < in->end && *in->at == wanted) {
        in->at++;
        return true;
    }
    return false;
}

static bool
take_word(struct json_cursor *in, struct judge_text *out, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0) {
        return false;
    }
    in->at += len;
    judge_text_puts(out, word);
    return true;
}

static void
add_utf8(struct judge_text *out, uint32_t code) {
    unsigned char bytes[4];
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char LEADS[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len; i-- > 1;) {
        bytes[i] = (unsigned char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    bytes[0] = (unsigned char)(LEADS[len] | code);
    judge_text_add(out, bytes, len);
}

static bool
take_hex(struct json_cursor *in, uint32_t *code) {
    *code = 0;
    for (int i = 0; i < 4; i++, in->at++) {
        if (in->at >= in->end || !isxdigit((unsigned char)*in->at)) {
            return false;
        }
        char digit = (char)tolower((unsigned char)*in->at);
        *code = *code * 16 + (uint32_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return true;
}

static bool
take_unicode(struct json_cursor *in, struct judge_text *out) {
    uint32_t code = 0;
    if (!take_hex(in, &code)) {
        return false;
    }
    struct json_cursor ahead = *in;
    uint32_t low = 0;
    if (code >= 0xd800 && code < 0xdc00 && take(&ahead, '\\') && take(&ahead, 'u') &&
        take_hex(&ahead, &low) && low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        *in = ahead;
    }
    add_utf8(out, code);
    return true;
}

static bool
take_escape(struct json_cursor *in, struct judge_text *out) {
    static const char LETTERS[] = "\"\\/bfnrt";
    static const char MEANINGS[] = "\"\\/\b\f\n\r\t";
    if (take(in, 'u')) {
        return take_unicode(in, out);
    }
    const char *letter = in->at < in->end ? strchr(LETTERS, *in->at) : NULL;
    if (letter == NULL || *letter == '\0') {
        return false;
    }
    in->at++;
    judge_text_add(out, &MEANINGS[letter - LETTERS], 1);
    return true;
}

/* The string at the cursor, unescaped. */
static bool
take_string(struct json_cursor *in, struct judge_text *out) {
    if (!take(in, '"')) {
        return false;
    }
    while (in->at < in->end && *in->at != '"') {
        if (take(in, '\\')) {
            if (!take_escape(in, out)) {
                return false;
            }
        } else {
            judge_text_add(out, in->at++, 1);
        }
    }
    return take(in, '"');
}

static void
add_string(struct judge_text *out, const struct judge_text *string) {
    judge_text_puts(out, "\"");
    for (size_t i = 0; i < string->len; i++) {
        unsigned char c = (unsigned char)string->data[i];
        if (c == '"' || c == '\\') {
            judge_text_printf(out, "\\%c", c);
        } else if (c < 0x20) {
            judge_text_printf(out, "\\u%04x", c);
        } else {
            judge_text_add(out, &string->data[i], 1);
        }
    }
    judge_text_puts(out, "\"");
}

static bool
write_string(struct json_cursor *in, struct judge_text *out) {
    struct judge_text string = {0};
    bool ok = take_string(in, &string);
    if (ok) {
        add_string(out, &string);
    }
    judge_text_fini(&string);
    return ok;
}

static size_t
count_digits(const char *at, const char *end) {
    size_t count = 0;
    while (at + count < end && at[count] >= '0' && at[count] <= '9') {
        count++;
    }
    return count;
}

/* Where the number at the cursor ends, or NULL when there is none; is_integer: neither point nor
 * exponent. */
static const char *
number_end(const struct json_cursor *in, bool *is_integer) {
    const char *at = in->at + (in->at < in->end && *in->at == '-' ? 1 : 0);
    size_t whole = count_digits(at, in->end);
    if (whole == 0 || (whole > 1 && *at == '0')) {
        return NULL;
    }
    at += whole;
    *is_integer = true;
    if (at < in->end && *at == '.') {
        size_t fraction = count_digits(at + 1, in->end);
        *is_integer = false;
        if (fraction == 0) {
            return NULL;
        }
        at += 1 + fraction;
    }
    if (at < in->end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < in->end && (*at == '+' || *at == '-') ? 1 : 0;
        size_t exponent = count_digits(at, in->end);
        *is_integer = false;
        return exponent > 0 ? at + exponent : NULL;
    }
    return at;
}

/* A decimal number as 0.DIGITS times ten to the exponent, without zeros at either end of its
 * digits; no digits: zero. */
struct decimal {
    struct judge_text digits;
    long exponent;
};

static void
read_decimal(struct decimal *to, const char *text) {
    bool is_fraction = false;
    memset(to, 0, sizeof *to);
    text += *text == '-' ? 1 : 0;
    for (; *text != '\0' && *text != 'e' && *text != 'E'; text++) {
        if (*text == '.') {
            is_fraction = true;
        } else if (*text != '0' || to->digits.len > 0) {
            judge_text_add(&to->digits, text, 1);
            to->exponent += is_fraction ? 0 : 1;
        } else {
            to->exponent -= is_fraction ? 1 : 0;
        }
    }
    to->exponent += *text != '\0' ? strtol(text + 1, NULL, 10) : 0;
    while (to->digits.len > 0 && to->digits.data[to->digits.len - 1] == '0') {
        to->digits.data[--to->digits.len] = '\0';
    }
}

static bool
is_same_decimal(const struct decimal *a, const struct decimal *b) {
    return a->digits.len == b->digits.len && a->exponent == b->exponent &&
           (a->digits.len == 0 || memcmp(a->digits.data, b->digits.data, a->digits.len) == 0);
}

/* 17 digits name one double; more of them do when they are that double to the last. */
static bool
is_double(const struct decimal *given, double real) {
    if (real > 1.7976931348623157e308 || real < -1.7976931348623157e308) {
        return false;
    }
    if (given->digits.len <= DOUBLE_DIGITS) {
        return true;
    }
    char exact[EXACT_DIGITS + 32];
    struct decimal held;
    snprintf(exact, sizeof exact, "%.*e", EXACT_DIGITS - 1, real);
    read_decimal(&held, exact);
    bool is_same = is_same_decimal(given, &held);
    judge_text_fini(&held.digits);
    return is_same;
}

static void
add_real(struct judge_text *out, const char *text) {
    struct decimal given;
    double real = strtod(text, NULL);
    read_decimal(&given, text);
    if (is_double(&given, real)) {
        char shown[64];
        snprintf(shown, sizeof shown, "%.*g", DOUBLE_DIGITS, real);
        judge_text_puts(out, shown);
        judge_text_puts(out, strpbrk(shown, ".e") == NULL ? ".0" : "");
    } else {
        judge_text_printf(out, "%s0.%sE%ld", *text == '-' ? "-" : "", given.digits.data,
                          given.exponent);
    }
    judge_text_fini(&given.digits);
}

static bool
write_number(struct json_cursor *in, struct judge_text *out) {
    bool is_integer = false;
    const char *end = number_end(in, &is_integer);
    if (end == NULL) {
        return false;
    }
    size_t len = (size_t)(end - in->at);
    char *text = judge_copy(in->at, len);
    in->at = end;
    if (is_integer) {
        judge_text_puts(out, strcmp(text, "-0") == 0 ? "0" : text);
    } else {
        add_real(out, text);
    }
    free(text);
    return true;
}

static bool
write_array(struct json_cursor *in, struct judge_text *out) {
    in->at++;
    judge_text_puts(out, "[");
    skip_blanks(in);
    if (!take(in, ']')) {
        do {
            judge_text_puts(out, out->data[out->len - 1] == '[' ? "" : ",");
            if (!write_value(in, out)) {
                return false;
            }
        } while (take(in, ','));
        if (!take(in, ']')) {
            return false;
        }
    }
    judge_text_puts(out, "]");
    return true;
}

struct member {
    struct judge_text name;
    struct judge_text value;
    size_t index;
};

struct members {
    struct member *items;
    size_t count;
    size_t cap;
};

static int
compare_members(const void *left, const void *right) {
    const struct member *a = left;
    const struct member *b = right;
    size_t shorter = a->name.len < b->name.len ? a->name.len : b->name.len;
    int order = shorter > 0 ? memcmp(a->name.data, b->name.data, shorter) : 0;
    if (order == 0 && a->name.len != b->name.len) {
        order = a->name.len < b->name.len ? -1 : 1;
    }
    return order != 0 ? order : a->index < b->index ? -1 : 1;
}

static bool
take_member(struct json_cursor *in, struct members *members) {
    members->items =
        judge_grow(members->items, members->count, &members->cap, sizeof *members->items);
    struct member *member = &members->items[members->count];
    memset(member, 0, sizeof *member);
    member->index = members->count++;
    skip_blanks(in);
    if (!take_string(in, &member->name)) {
        return false;
    }
    skip_blanks(in);
    return take(in, ':') && write_value(in, &member->value);
}

static bool
take_members(struct json_cursor *in, struct members *members) {
    in->at++;
    skip_blanks(in);
    if (take(in, '}')) {
        return true;
    }
    do {
        if (!take_member(in, members)) {
            return false;
        }
    } while (take(in, ','));
    return take(in, '}');
}

static void
add_members(struct judge_text *out, const struct members *members) {
    judge_text_puts(out, "{");
    for (size_t i = 0; i < members->count; i++) {
        judge_text_puts(out, i > 0 ? "," : "");
        add_string(out, &members->items[i].name);
        judge_text_puts(out, ":");
        judge_text_add(out, members->items[i].value.data, members->items[i].value.len);
    }
    judge_text_puts(out, "}");
}

static bool
write_object(struct json_cursor *in, struct judge_text *out) {
    struct members members = {0};
    bool ok = take_members(in, &members);
    if (ok && members.count > 0) {
        qsort(members.items, members.count, sizeof *members.items, compare_members);
    }
    if (ok) {
        add_members(out, &members);
    }
    for (size_t i = 0; i < members.count; i++) {
        judge_text_fini(&members.items[i].name);
        judge_text_fini(&members.items[i].value);
    }
    free(members.items);
    return ok;
}

static bool
write_any(struct json_cursor *in, struct judge_text *out) {
    switch (in->at < in->end ? *in->at : '\0') {
    case '{':
        return write_object(in, out);
    case '[':
        return write_array(in, out);
    case '"':
        return write_string(in, out);
    case 't':
        return take_word(in, out, "true");
    case 'f':
        return take_word(in, out, "false");
    case 'n':
        return take_word(in, out, "null");
    default:
        return write_number(in, out);
    }
}

static bool
write_value(struct json_cursor *in, struct judge_text *out) {
    if (++in->depth > DEPTH_MAX) {
        return false;
    }
    skip_blanks(in);
    bool ok = write_any(in, out);
    skip_blanks(in);
    in->depth--;
    return ok;
}

bool
judge_json_canonical(struct judge_text *out, const char *data, size_t len) {
    struct json_cursor in = {.at = data, .end = data + len};
    size_t start = out->len;
    if (write_value(&in, out) && in.at == in.end) {
        return true;
    }
    out->len = start;
    judge_text_reserve(out, 0)[0] = '\0';
    return false;
}
