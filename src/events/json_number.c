/* Numbers of JSON, exact and as short as they can be. */
#include "events/json_out.h"

#include "base/digits.h"
#include "base/real_text.h"

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
