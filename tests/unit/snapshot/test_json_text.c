#include "sql/json_text.h"

#include <criterion/criterion.h>

static bool
has_decimal(const char *json) {
    return bs_json_has_decimal(bs_str(json));
}

static bool
is_sql(const char *json, const char *expected) {
    struct bs_buf out = {0};
    bs_json_put_sql(&out, bs_str(json));
    bool same = bs_str_is(bs_buf_str(&out), expected);
    if (!same) {
        cr_log_error("%s gave %s", json, bs_buf_cstr(&out));
    }
    bs_buf_fini(&out);
    return same;
}

Test(json_text, numbers_as_servers_print_doubles_and_integers_are_no_decimals) {
    const char *plain[] = {"[1.0, -0.0, 1e100, 0.1, 1.5, 0.3333333333333333]",
                           "[0.30000000000000004, 100000000000000.0, 1.2345678901234568e17]",
                           "[18446744073709551615, -9223372036854775808, 0]",
                           "{\"1.10\": \"2.20 \\\" 3.30\"}",
                           "null",
                           "\"1.10\"",
                           "[]"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        cr_assert_not(has_decimal(plain[i]), "%s", plain[i]);
    }
}

Test(json_text, numbers_that_no_double_prints_as_are_decimals) {
    const char *decimals[] = {"1.10", "[1, 0.00]", "{\"a\": -99999999999999999999.5}",
                              "[99999999999999999999]", "[0.333333333333333333333]"};
    for (size_t i = 0; i < sizeof decimals / sizeof decimals[0]; i++) {
        cr_assert(has_decimal(decimals[i]), "%s", decimals[i]);
    }
}

Test(json_text, a_document_without_decimals_is_one_literal) {
    cr_assert(is_sql("{\"a\": [1, \"x'\"]}", "_utf8mb4'{\\\"a\\\": [1, \\\"x\\'\\\"]}'"));
}

Test(json_text, a_document_with_decimals_is_the_expression_that_builds_it) {
    cr_assert(is_sql("{\"a\": [1.10, 1.5, -2, 1e100, true, null], \"b\\nc\\u0001\": \"\\\"x\\\\\"}",
                     "JSON_OBJECT(_utf8mb4'a', JSON_ARRAY(1.10, 1.5e0, -2, 1e100, true, null), "
                     "_utf8mb4'b\\nc\x01', _utf8mb4'\\\"x\\\\')"));
    cr_assert(is_sql("1.10", "CAST(1.10 AS JSON)"));
}
