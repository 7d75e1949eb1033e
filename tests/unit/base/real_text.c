#include "base/real_text.h"

#include <criterion/criterion.h>
#include <float.h>

static void
expect_digits(double value, const char *wanted, int wanted_exponent) {
    char digits[BS_REAL_DIGITS_MAX + 1];
    int exponent = 0;
    int count = bs_real_shortest_digits(value, digits, &exponent);
    cr_expect_str_eq(digits, wanted);
    cr_expect_eq(count, (int)strlen(wanted));
    cr_expect_eq(exponent, wanted_exponent, "%s: exponent %d", wanted, exponent);
}

/* Each as MySQL 9.7.4 prints it inside JSON. */
Test(real_text, numbers_have_no_more_digits_than_they_need) {
    expect_digits(0.0, "0", 0);
    expect_digits(1.0, "1", 0);
    expect_digits(15.0, "15", 1);
    expect_digits(0.1, "1", -1);
    expect_digits(1e22, "1", 22);
    expect_digits(0.1 + 0.2, "30000000000000004", -1);
    expect_digits(DBL_MAX, "17976931348623157", 308);
    expect_digits(DBL_MIN, "22250738585072014", -308);
}

Test(real_text, subnormal_numbers_need_fewer_than_15_digits) {
    expect_digits(0x1p-1074, "5", -324);
    expect_digits(0x3p-1074, "15", -323);
    expect_digits(0x1p-1060, "8095", -320);
    expect_digits(0x1.ffffffffffffep-1023, "2225073858507201", -308);
}

Test(real_text, of_a_power_of_two_a_farther_number_above_may_be_shorter) {
    expect_digits(0x1p-24, "5960464477539063", -8);
    expect_digits(0x1p-44, "5684341886080802", -14);
    expect_digits(0x1p89, "6189700196426902", 26);
    expect_digits(0x1p976, "6386688990511104", 293);
    expect_digits(0x1p-1017, "7120236347223045", -307);
}
