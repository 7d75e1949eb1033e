/* Numbers for people and JSON for programs. */
#include "cli/report.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct bs_buf out;

static void
clear(void) {
    bs_buf_fini(&out);
}

TestSuite(report, .fini = clear);

static const char *
count(uint64_t number) {
    bs_buf_clear(&out);
    bs_report_put_count(&out, number);
    return bs_buf_cstr(&out);
}

static const char *
bytes(uint64_t number) {
    bs_buf_clear(&out);
    bs_report_put_bytes(&out, number);
    return bs_buf_cstr(&out);
}

static const char *
ms(int64_t number) {
    bs_buf_clear(&out);
    bs_report_put_ms(&out, number);
    return bs_buf_cstr(&out);
}

Test(report, numbers_are_written_for_people) {
    cr_assert_str_eq(count(0), "0");
    cr_assert_str_eq(count(999), "999");
    cr_assert_str_eq(count(1000), "1,000");
    cr_assert_str_eq(count(1234567), "1,234,567");
    cr_assert_str_eq(count(UINT64_MAX), "18,446,744,073,709,551,615");
    cr_assert_str_eq(bytes(999), "999 bytes");
    cr_assert_str_eq(bytes(1500), "1.5 kB");
    cr_assert_str_eq(bytes(999999), "1.0 MB");
    cr_assert_str_eq(ms(12), "12 ms");
    cr_assert_str_eq(ms(8400), "8.4 s");
    cr_assert_str_eq(ms(125000), "2 min 5 s");
    cr_assert_str_eq(ms(3720000), "1 h 02 min");
}

Test(report, json_is_read_back_as_it_was_written) {
    bs_json_open(&out);
    bs_json_put_text(&out, "text", "a \"quote\", a \\ and a \n");
    bs_json_put_raw(&out, "inner", "{\"number\":1,\"list\":[1,\"}\"]}");
    bs_json_put_u64(&out, "number", 42);
    bs_json_put_text(&out, "nothing", NULL);
    bs_json_put_bool(&out, "flag", true);
    bs_json_put_double(&out, "share", 0.25);
    bs_json_close(&out);
    const struct {
        const char *key, *value;
    } members[] = {{"text", "a \"quote\", a \\ and a \n"},
                   {"number", "42"},
                   {"flag", "true"},
                   {"share", "0.250"}};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        char *value = bs_json_get(bs_buf_cstr(&out), members[i].key);
        cr_assert_not_null(value, "%s", members[i].key);
        cr_assert_str_eq(value, members[i].value);
        free(value);
    }
    cr_assert_null(bs_json_get(bs_buf_cstr(&out), "nothing"));
    cr_assert_null(bs_json_get(bs_buf_cstr(&out), "inner"));
    cr_assert_null(bs_json_get(bs_buf_cstr(&out), "list"));
}

Test(report, json_that_is_cut_short_is_read_without_harm) {
    const char whole[] = "{\"a\":\"x\\u0041\\\"\",\"b\":{\"c\":[1,2]},\"d\":7}";
    for (size_t len = 0; len < sizeof whole; len++) {
        char *text = strndup(whole, len);
        char *value = bs_json_get(text, "d");
        free(value);
        free(text);
    }
    char *value = bs_json_get(whole, "a");
    cr_assert_str_eq(value, "xA\"");
    free(value);
}
