#include "base/real_text.h"

#include "base/error.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* d.ddde±xxx; 17 digits need 24 bytes. */
enum { TEXT_MAX = 32, EXACT_DIGITS = 15 };

static bool
reads_back(const char *text, double value) {
    return strtod(text, NULL) == value;
}

/* The neighbour below a power of two is half as far away as the one above. So the nearest number of
 * so many digits may lie beyond the middle below, where a farther one above would read back. */
static bool
is_power_of_two(double value) {
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return (bits & (UINT64_MAX >> 12)) == 0;
}

/* The next larger number of as many digits; false where that is one more of them. */
static bool
step_up(char *text) {
    char *last = strchr(text, 'e') - 1;
    for (; last >= text; last--) {
        if (*last == '.') {
            continue;
        }
        if (*last != '9') {
            (*last)++;
            return true;
        }
        *last = '0';
    }
    return false;
}

static bool
print(char text[TEXT_MAX], double value, int digits) {
    (void)snprintf(text, TEXT_MAX, "%.*e", digits - 1, value);
    return reads_back(text, value) ||
           (is_power_of_two(value) && step_up(text) && reads_back(text, value));
}

int
bs_real_shortest_digits(double value, char digits[BS_REAL_DIGITS_MAX + 1], int *exponent) {
    BS_ASSERT(value >= 0 && value <= DBL_MAX);
    char text[TEXT_MAX];
    /* Any 15 digits name a double of their own, but for the subnormal ones. */
    int count = value < DBL_MIN ? 1 : EXACT_DIGITS;
    while (!print(text, value, count) && count < BS_REAL_DIGITS_MAX) {
        count++;
    }
    int len = 0;
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at != '.') {
            digits[len++] = *at;
        }
    }
    *exponent = atoi(at + 1);
    while (len > 1 && digits[len - 1] == '0') {
        len--;
    }
    digits[len] = '\0';
    return len;
}
