#include "snapshot/bound.h"

#include <criterion/criterion.h>

Test(bound, comes_back_as_it_was_whatever_is_in_it) {
    struct bs_str values[] = {{"", 0}, {"a\0'\xff", 4}, {"-17", 3}};
    struct bs_bound bound = {0};
    struct bs_bound again = {0};
    struct bs_buf bytes = {0};
    bs_bound_set(&bound, values, 3);
    bs_bound_encode(&bound, &bytes);
    cr_assert_eq(bs_bound_decode(&again, bs_buf_str(&bytes), NULL), BS_OK);
    cr_assert(bs_bound_equal(&bound, &again));
    again.values[2].len--;
    cr_assert_not(bs_bound_equal(&bound, &again));
    again.values[2].len++;
    again.count--;
    cr_assert_not(bs_bound_equal(&bound, &again));
    again.count++;
    bs_bound_fini(&bound);
    bs_bound_fini(&again);
    bs_buf_fini(&bytes);
}

Test(bound, no_bound_is_no_bytes) {
    struct bs_bound none = {0};
    struct bs_bound again = {0};
    struct bs_buf bytes = {0};
    bs_bound_encode(&none, &bytes);
    cr_assert_eq(bytes.len, 0);
    cr_assert_eq(bs_bound_decode(&again, bs_str(""), NULL), BS_OK);
    cr_assert(bs_bound_equal(&none, &again));
}

Test(bound, bytes_that_are_cut_short_are_refused) {
    struct bs_bound bound = {0};
    struct bs_error err = {0};
    cr_assert_eq(bs_bound_decode(&bound,
                                 (struct bs_str){"\x03"
                                                 "ab",
                                                 3},
                                 &err),
                 BS_SCHEMA);
    cr_assert_eq(bound.count, 0);
}
