/* The shortest decimal digits that read back as one double, as MySQL, MariaDB and Python print it
 * (David Gay's dtoa, mode 0). Pure; any thread.
 *
 *   2^-24   5.960464477539063e-8   not ...0625e-8, its exact value and the nearest of 17 digits
 *   2^-1074 5e-324                 not 4.94...e-324
 */
#ifndef BS_BASE_REAL_TEXT_H
#define BS_BASE_REAL_TEXT_H

enum { BS_REAL_DIGITS_MAX = 17 };

/* Writes the digits of value (finite, not negative) without a point and without zeros at the end,
 * but at least one. Their count; *exponent is that of the first digit: "15" and 1 for 15.0. */
int bs_real_shortest_digits(double value, char digits[BS_REAL_DIGITS_MAX + 1], int *exponent);

#endif
