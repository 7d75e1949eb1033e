/* DECIMAL: every precision and scale, any bytes. precision(1) scale(1) bytes.
 *
 * Bytes that could not have come from a server give nothing. Of others, the text must have the
 * shape that its type says, and give the same bytes when it is packed again. */
#include "base/cursor.h"
#include "base/mem.h"
#include "binlog/reader.h"
#include "consume.h"

#include <stdlib.h>

enum { GROUP_DIGITS = 9, PACKED_MAX = 40 };

static const uint8_t part_len[GROUP_DIGITS + 1] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};

struct number {
    unsigned precision;
    unsigned scale;
    size_t len;
    const uint8_t *bytes;
};

static bool
is_digits(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    return true;
}

static void
check_shape(const struct number *n, struct bs_str text) {
    const char *at = text.data;
    size_t len = text.len;
    if (len > 0 && at[0] == '-') {
        at++;
        len--;
    }
    size_t point = n->scale > 0 ? n->scale + 1u : 0;
    BS_ASSERT(len > point);
    size_t whole = len - point;
    size_t whole_max = n->precision > n->scale ? n->precision - n->scale : 1;
    BS_ASSERT(whole <= whole_max && is_digits(at, whole) && (whole == 1 || at[0] != '0'));
    BS_ASSERT(point == 0 || (at[whole] == '.' && is_digits(at + whole + 1, n->scale)));
}

/* Packs `digits` digits; returns what is behind them. */
static uint8_t *
pack_group(uint8_t *out, const char *digits, unsigned count) {
    uint32_t v = 0;
    for (unsigned i = 0; i < count; i++) {
        v = v * 10 + (uint32_t)(digits[i] - '0');
    }
    for (unsigned i = part_len[count]; i-- > 0;) {
        out[i] = (uint8_t)v;
        v >>= 8;
    }
    return out + part_len[count];
}

static uint8_t *
pack_digits(uint8_t *out, const char *digits, unsigned count, bool short_first) {
    unsigned odd = count % GROUP_DIGITS;
    if (short_first && odd > 0) {
        out = pack_group(out, digits, odd);
        digits += odd;
    }
    for (unsigned i = 0; i < count / GROUP_DIGITS; i++) {
        out = pack_group(out, digits, GROUP_DIGITS);
        digits += GROUP_DIGITS;
    }
    return short_first || odd == 0 ? out : pack_group(out, digits, odd);
}

static void
pack(uint8_t *out, const struct number *n, struct bs_str text) {
    char digits[BS_DECIMAL_PRECISION_MAX] = {0};
    bool negative = text.data[0] == '-';
    unsigned whole = n->precision - n->scale;
    size_t point = n->scale > 0 ? n->scale + 1u : 0;
    size_t written = text.len - negative - point; /* "0" stands for no digits at all */
    written = written < whole ? written : whole;
    memset(digits, '0', sizeof digits);
    const char *whole_end = text.data + text.len - point;
    memcpy(digits + whole - written, whole_end - written, written);
    memcpy(digits + whole, text.data + text.len - n->scale, n->scale);
    uint8_t *end = pack_digits(out, digits, whole, true);
    end = pack_digits(end, digits + whole, n->scale, false);
    BS_ASSERT((size_t)(end - out) == n->len);
    out[0] ^= 0x80;
    for (size_t i = 0; negative && i < n->len; i++) {
        out[i] ^= 0xFF;
    }
}

/* A group of bytes can hold more than its digits can say; a server never writes that. */
static bool
is_from_server(const struct number *n) {
    unsigned whole = n->precision - n->scale;
    unsigned counts[] = {whole % GROUP_DIGITS, whole / GROUP_DIGITS, n->scale / GROUP_DIGITS,
                         n->scale % GROUP_DIGITS};
    uint8_t mask = (n->bytes[0] & 0x80) != 0 ? 0 : 0xFF;
    size_t at = 0;
    for (size_t part = 0; part < 4; part++) {
        bool full = part == 1 || part == 2;
        unsigned digits = full ? GROUP_DIGITS : counts[part];
        for (unsigned k = full ? counts[part] : (counts[part] > 0); k > 0; k--) {
            uint64_t v = 0;
            uint64_t limit = 1;
            for (unsigned i = 0; i < part_len[digits]; i++, at++) {
                v = v << 8 | (uint8_t)(n->bytes[at] ^ mask ^ (at == 0 ? 0x80 : 0));
            }
            for (unsigned i = 0; i < digits; i++) {
                limit *= 10;
            }
            if (v >= limit) {
                return false;
            }
        }
    }
    return true;
}

static void
check(const struct number *n) {
    char *text = bs_alloc(BS_DECIMAL_TEXT_MAX);
    size_t len = bs_decimal_text(text, n->bytes, n->precision, n->scale);
    struct bs_str said = {text, len};
    BS_ASSERT(len <= BS_DECIMAL_TEXT_MAX && (len > 0) == is_from_server(n));
    if (len > 0) {
        check_shape(n, said);
        uint8_t packed[PACKED_MAX];
        pack(packed, n, said);
        BS_ASSERT(memcmp(packed, n->bytes, n->len) == 0);
    }
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bs_cursor c = bs_cursor(data, size);
    unsigned precision = bs_cursor_read_u8(&c) % BS_DECIMAL_PRECISION_MAX + 1;
    unsigned scale_max = precision < BS_DECIMAL_SCALE_MAX ? precision : BS_DECIMAL_SCALE_MAX;
    unsigned scale = bs_cursor_read_u8(&c) % (scale_max + 1);
    size_t len = bs_decimal_size(precision, scale);
    uint8_t *bytes = bs_zalloc(len);
    struct bs_str given = bs_cursor_read_rest(&c);
    memcpy(bytes, given.data, given.len < len ? given.len : len);
    check(&(struct number){precision, scale, len, bytes});
    free(bytes);
    return 0;
}
