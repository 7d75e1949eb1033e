#include "sql/json_text.h"

#include <criterion/criterion.h>

/* As MySQL 9.7.4 prints these doubles inside JSON. */
Test(json_text, a_double_is_not_taken_for_a_decimal) {
    cr_expect_not(bs_json_has_decimal(bs_str("[0.00000005960464477539063, 0.0, 1.0, -0.1]")));
    cr_expect_not(bs_json_has_decimal(bs_str("[2.2250738585072014e-308, 5e-324]")));
}

Test(json_text, what_no_double_prints_is_a_decimal) {
    cr_expect(bs_json_has_decimal(bs_str("[1.10]")));
    cr_expect(bs_json_has_decimal(bs_str("[0.0000000596046447753906250]")));
    cr_expect(bs_json_has_decimal(bs_str("[18446744073709551616]")));
}
