/* Decimal digits, two at a time: what decoding and printing spend their time on. */
#ifndef BS_BASE_DIGITS_H
#define BS_BASE_DIGITS_H

#include <stdint.h>
#include <string.h>

/* "00" to "99" behind each other. */
extern const char BS_DIGIT_PAIRS[201];

/* Writes v < 100 as two digits. */
static inline void
bs_digits_put2(char *out, uint32_t v) {
    memcpy(out, BS_DIGIT_PAIRS + v * 2, 2);
}

/* Writes the last `digits` (at least 1) digits of v, zeros in front. Returns the end. */
static inline char *
bs_digits_put(char *out, uint32_t v, unsigned digits) {
    unsigned at = digits;
    while (at >= 2) {
        at -= 2;
        bs_digits_put2(out + at, v % 100);
        v /= 100;
    }
    if (at == 1) {
        *out = (char)('0' + v % 10);
    }
    return out + digits;
}

#endif
