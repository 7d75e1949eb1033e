/* DECIMAL: field guide 5.3.
 *
 *   [leftover digits][9 digits]...[9 digits] . [9 digits]...[9 digits][leftover digits]
 *
 * each group big-endian, 4 bytes for nine digits; the top bit of all is the sign, turned over, and
 * negative values have every bit turned over. */
#include "base/digits.h"
#include "binlog/reader.h"

enum { GROUP_DIGITS = 9, GROUP_LEN = 4 };

static const uint8_t leftover_len[GROUP_DIGITS] = {0, 1, 1, 2, 2, 3, 3, 4, 4};

size_t
bs_decimal_size(unsigned precision, unsigned scale) {
    unsigned whole = precision - scale;
    return (size_t)(whole / GROUP_DIGITS + scale / GROUP_DIGITS) * GROUP_LEN +
           leftover_len[whole % GROUP_DIGITS] + leftover_len[scale % GROUP_DIGITS];
}

struct group_reader {
    const uint8_t *at;
    uint8_t mask;
    bool first;
    bool wrong; /* a group holds more than its digits */
};

static const uint32_t powers[GROUP_DIGITS + 1] = {1,      10,      100,      1000,      10000,
                                                  100000, 1000000, 10000000, 100000000, 1000000000};

static char *
put_group(char *out, struct group_reader *r, unsigned digits) {
    unsigned len = digits == GROUP_DIGITS ? GROUP_LEN : leftover_len[digits];
    uint32_t v = 0;
    for (unsigned i = 0; i < len; i++) {
        uint8_t byte = r->at[i] ^ r->mask;
        if (r->first) {
            byte ^= 0x80;
            r->first = false;
        }
        v = v << 8 | byte;
    }
    r->at += len;
    r->wrong = r->wrong || v >= powers[digits];
    return bs_digits_put(out, v, digits);
}

size_t
bs_decimal_text(char *out, const uint8_t *p, unsigned precision, unsigned scale) {
    unsigned whole = precision - scale;
    bool negative = (p[0] & 0x80) == 0;
    struct group_reader r = {p, negative ? 0xFF : 0, true, false};
    char digits[BS_DECIMAL_TEXT_MAX];
    char *end = digits;
    if (whole % GROUP_DIGITS != 0) {
        end = put_group(end, &r, whole % GROUP_DIGITS);
    }
    for (unsigned i = 0; i < whole / GROUP_DIGITS; i++) {
        end = put_group(end, &r, GROUP_DIGITS);
    }
    char *start = digits;
    while (start < end && *start == '0') {
        start++;
    }
    char *at = out;
    if (negative) {
        *at++ = '-';
    }
    if (start == end) {
        *at++ = '0';
    }
    memcpy(at, start, (size_t)(end - start));
    at += end - start;
    if (scale == 0) {
        return r.wrong ? 0 : (size_t)(at - out);
    }
    *at++ = '.';
    for (unsigned i = 0; i < scale / GROUP_DIGITS; i++) {
        at = put_group(at, &r, GROUP_DIGITS);
    }
    if (scale % GROUP_DIGITS != 0) {
        at = put_group(at, &r, scale % GROUP_DIGITS);
    }
    return r.wrong ? 0 : (size_t)(at - out);
}

void
bs_read_decimal(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    const uint8_t *p = bs_cursor_take(&rows->cursor, plan->len);
    value->kind = BS_VALUE_DECIMAL;
    if (p == NULL) {
        return;
    }
    char *text = bs_arena_alloc(rows->arena, BS_DECIMAL_TEXT_MAX);
    value->text = (struct bs_str){text, bs_decimal_text(text, p, plan->precision, plan->scale)};
    if (value->text.len == 0) {
        rows->bad = "a decimal that cannot be";
    }
}
