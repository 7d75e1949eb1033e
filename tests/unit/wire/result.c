#include "wire/result.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct seen {
    int rows;
    char text[256];
};

static void
on_row(void *arg, const struct bs_str *values, size_t count) {
    struct seen *seen = arg;
    seen->rows++;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(seen->text);
        (void)snprintf(seen->text + len, sizeof seen->text - len, "[%.*s]",
                       values[i].data != NULL ? (int)values[i].len : 4,
                       values[i].data != NULL ? values[i].data : "NULL");
    }
}

static enum bs_status
take(struct bs_result *result, const char *message, size_t len, bool *complete) {
    struct bs_error err;
    return bs_result_take(result, (struct bs_str){message, len}, complete, &err);
}

#define TAKE(text) take(&result, text, sizeof text - 1, &complete)

Test(result, rows_and_nulls_are_handed_over) {
    struct seen seen = {0};
    struct bs_result result;
    bool complete = true;
    bs_result_init(&result, on_row, &seen);
    cr_assert_eq(TAKE("\x02"), BS_OK);
    cr_assert_eq(TAKE("\x03"
                      "def..."),
                 BS_OK);
    cr_assert_eq(TAKE("\x03"
                      "def..."),
                 BS_OK);
    cr_assert_eq(TAKE("\xfe\0\0\2\0"), BS_OK);
    cr_assert(!complete);
    cr_assert_eq(TAKE("\x01"
                      "a"
                      "\x02"
                      "bc"),
                 BS_OK);
    cr_assert_eq(TAKE("\x00"
                      "\xfb"),
                 BS_OK); /* an empty text first looks like an OK */
    cr_assert(!complete);
    cr_assert_eq(TAKE("\xfe\0\0\2\0"), BS_OK);
    cr_assert(complete);
    cr_assert_eq(seen.rows, 2);
    cr_assert_str_eq(seen.text, "[a][bc][][NULL]");
}

Test(result, a_statement_without_rows_is_over_at_once) {
    struct bs_result result;
    bool complete = false;
    bs_result_init(&result, NULL, NULL);
    cr_assert_eq(TAKE("\0\0\0\2\0\0\0"), BS_OK);
    cr_assert(complete);
}

Test(result, an_error_is_the_servers_at_any_place) {
    struct bs_result result;
    bool complete = false;
    bs_result_init(&result, NULL, NULL);
    cr_assert_eq(TAKE("\xff\xa9\x04#HY000Unknown system variable"), BS_SERVER);
    bs_result_init(&result, NULL, NULL);
    cr_assert_eq(TAKE("\x01"), BS_OK);
    cr_assert_eq(TAKE("\xff\xa9\x04#HY000x"), BS_SERVER);
}

Test(result, a_request_for_a_local_file_is_refused) {
    struct bs_result result;
    bool complete = false;
    bs_result_init(&result, NULL, NULL);
    cr_assert_eq(TAKE("\xfb/etc/passwd"), BS_PROTOCOL);
}

Test(result, rows_that_are_cut_or_too_long_are_refused) {
    struct bs_result result;
    bool complete = false;
    bs_result_init(&result, NULL, NULL);
    cr_assert_eq(TAKE("\x02"), BS_OK);
    cr_assert_eq(TAKE("def"), BS_OK);
    cr_assert_eq(TAKE("def"), BS_OK);
    cr_assert_eq(TAKE("more"), BS_PROTOCOL);
    cr_assert_eq(TAKE("\xfe\0\0\2\0"), BS_OK);
    cr_assert_eq(TAKE("\x01"
                      "a"
                      "\x05"
                      "bc"),
                 BS_PROTOCOL);
    cr_assert_eq(TAKE("\x01"
                      "a"),
                 BS_PROTOCOL);
    cr_assert_eq(TAKE("\x01"
                      "a"
                      "\x01"
                      "b"
                      "\x01"
                      "c"),
                 BS_PROTOCOL);
}
