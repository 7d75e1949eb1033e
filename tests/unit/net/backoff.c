#include "net/backoff.h"

#include <criterion/criterion.h>

Test(backoff, waits_double_up_to_ten_seconds_less_at_most_a_half) {
    struct bs_backoff backoff = {.random = 42};
    uint32_t whole = BS_BACKOFF_FIRST_MS;
    for (int i = 0; i < 20; i++) {
        uint32_t ms = bs_backoff_next_ms(&backoff);
        cr_assert(ms <= whole && ms >= whole / 2, "%u of %u", ms, whole);
        whole = whole * 2 < BS_BACKOFF_LONGEST_MS ? whole * 2 : BS_BACKOFF_LONGEST_MS;
    }
    bs_backoff_reset(&backoff);
    cr_assert_leq(bs_backoff_next_ms(&backoff), BS_BACKOFF_FIRST_MS);
}

Test(backoff, two_clients_do_not_wait_in_step) {
    struct bs_backoff one = {.random = 1};
    struct bs_backoff two = {.random = 2};
    int same = 0;
    for (int i = 0; i < 20; i++) {
        same += bs_backoff_next_ms(&one) == bs_backoff_next_ms(&two);
    }
    cr_assert_lt(same, 5);
}
