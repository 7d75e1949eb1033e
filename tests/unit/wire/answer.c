#include "wire/answer.h"

#include <criterion/criterion.h>

static struct bs_error
error_of(const char *message, size_t len) {
    struct bs_error err;
    cr_assert_eq(bs_answer_error((struct bs_str){message, len}, &err), BS_SERVER);
    return err;
}

Test(answer, an_error_has_number_state_and_text) {
    const char message[] = "\xff\x15\x04#28000Access denied";
    struct bs_error err = error_of(message, sizeof message - 1);
    cr_assert_eq(err.sql_errno, 1045);
    cr_assert_str_eq(err.sql_state, "28000");
    cr_assert_str_eq(err.message, "the server says: Access denied (error 1045)");
}

Test(answer, an_error_before_the_login_has_no_state) {
    struct bs_error err = error_of("\xff\x10\x04Too many", 11);
    cr_assert_eq(err.sql_errno, 1040);
    cr_assert_str_eq(err.sql_state, "HY000");
}

Test(answer, an_error_that_is_cut_short_still_is_one) {
    for (size_t len = 1; len < 11; len++) {
        struct bs_error err = error_of("\xff\x15\x04#28000A", len);
        cr_assert_eq(err.status, BS_SERVER);
    }
}

Test(answer, kinds_are_told_apart_by_first_byte_and_length) {
    cr_assert_eq(bs_answer_kind((struct bs_str){"\0\0\0", 3}), BS_ANSWER_OK);
    cr_assert_eq(bs_answer_kind((struct bs_str){"\xfe\0\0\2\0", 5}), BS_ANSWER_EOF);
    cr_assert_eq(bs_answer_kind((struct bs_str){"\xfe\0\0\0\1\0\0\0\0abc", 12}), BS_ANSWER_OTHER);
    cr_assert_eq(bs_answer_kind((struct bs_str){"\x02", 1}), BS_ANSWER_OTHER);
    cr_assert_eq(bs_answer_kind((struct bs_str){"", 0}), BS_ANSWER_OTHER);
}

Test(answer, anything_but_ok_where_ok_is_due_is_an_error) {
    struct bs_error err;
    cr_assert_eq(bs_answer_expect_ok((struct bs_str){"\0\0\0\2\0\0\0", 7}, &err), BS_OK);
    cr_assert_eq(bs_answer_expect_ok((struct bs_str){"\xfe\0\0\2\0", 5}, &err), BS_PROTOCOL);
    cr_assert_eq(bs_answer_expect_ok((struct bs_str){"", 0}, &err), BS_PROTOCOL);
    cr_assert_eq(bs_answer_expect_ok((struct bs_str){"\xff\x15\x04x", 4}, &err), BS_SERVER);
}
