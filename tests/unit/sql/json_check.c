#include "sql/json_check.h"

#include <criterion/criterion.h>

static void
expect_fit(const char *json) {
    const char *misfit = bs_json_misfit(bs_str(json));
    cr_expect_null(misfit, "%s: %s", json, misfit);
}

static void
expect_misfit(const char *json, const char *words) {
    const char *misfit = bs_json_misfit(bs_str(json));
    cr_assert_not_null(misfit, "%s", json);
    cr_expect_not_null(strstr(misfit, words), "%s: %s", json, misfit);
}

Test(json_check, plain_documents_fit) {
    expect_fit(" { \"a\" : [ 1 , -2.5e3 , true , null , \"x\\\"y\\u00e9\" ] , \"b\" : { } } ");
    expect_fit("\"\"");
    expect_fit("123456789012345678901234567890.5");
}

Test(json_check, a_key_that_stands_twice_does_not) {
    expect_misfit("{\"a\":1,\"b\":{\"a\":2},\"a\":3}", "key twice");
    expect_misfit("{\"a\":1,\"\\u0061\":3}", "key twice");
    expect_fit("{\"a\":1,\"b\":{\"a\":2},\"A\":3}");
}

Test(json_check, a_number_that_would_lose_digits_does_not) {
    expect_misfit("1e999", "digits");
    expect_misfit("1.23456789012345678901e5", "digits");
    expect_misfit("[0.1234567890123456789012345678901]", "digits");
    expect_misfit("1000000000000000000000000000000000000000000000000000000000000000000", "digits");
}

Test(json_check, what_is_no_json_is_told) {
    static const char *const texts[] = {"",      "{",      "[1",  "[1,]",       "{\"a\" 1}",
                                        "nulll", "\"open", "1 2", "{\"a\":1,}", "{a:1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        expect_misfit(texts[i], "not valid JSON");
    }
}

Test(json_check, nesting_has_an_end) {
    char deep[400];
    memset(deep, '[', 200);
    memset(deep + 200, ']', 199);
    deep[399] = '\0';
    expect_misfit(deep, "nested");
}
