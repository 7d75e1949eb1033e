#include "snapshot/guess.h"

#include <criterion/criterion.h>

static bool
is_same_again(const char *text, bool is_unsigned, uint64_t expected) {
    uint64_t place = 0;
    struct bs_buf out = {0};
    bool is_read = bs_guess_place(bs_str(text), is_unsigned, &place);
    bs_guess_put(&out, place, is_unsigned);
    bool same = is_read && place == expected && bs_str_is(bs_buf_str(&out), text);
    bs_buf_fini(&out);
    return same;
}

Test(guess, places_are_in_the_order_of_the_integers) {
    cr_assert(is_same_again("-9223372036854775808", false, 0));
    cr_assert(is_same_again("-1", false, ((uint64_t)1 << 63) - 1));
    cr_assert(is_same_again("0", false, (uint64_t)1 << 63));
    cr_assert(is_same_again("9223372036854775807", false, UINT64_MAX));
    cr_assert(is_same_again("0", true, 0));
    cr_assert(is_same_again("18446744073709551615", true, UINT64_MAX));
}

Test(guess, what_is_no_integer_is_refused) {
    uint64_t place;
    cr_assert_not(bs_guess_place(bs_str("1.5"), false, &place));
    cr_assert_not(bs_guess_place(bs_str(""), false, &place));
    cr_assert_not(bs_guess_place((struct bs_str){NULL, 0}, true, &place));
}

/* Keys that are spread in this way, as the optimizer would count them. */
typedef uint64_t rows_up_to(uint64_t place);

static uint64_t
even(uint64_t place) {
    return place / 10;
}

/* A thousand keys with large gaps, and then a million without. */
static uint64_t
cluster_at_the_end(uint64_t place) {
    return place < 1000000000000 ? place / 1000000000 : 1000 + (place - 1000000000000);
}

/* A million keys without gaps, and then one at the end of all integers. */
static uint64_t
lonely_last(uint64_t place) {
    return place < 1000000 ? place : 1000000 + (place == UINT64_MAX);
}

static uint64_t
first_key_alone(uint64_t place) {
    return 1 + (place > UINT64_MAX - 1000000 ? place - (UINT64_MAX - 1000000) : 0);
}

static bool
finds(rows_up_to *spread, uint64_t last, uint64_t wanted, unsigned int tries) {
    struct bs_search search = {.first = 0, .last = last, .wanted = wanted, .all = spread(last)};
    bool given_up = false;
    bs_search_begin(&search);
    while (!bs_search_told(&search, spread(search.place), &given_up)) {
        if (given_up) {
            return false;
        }
    }
    uint64_t found = spread(search.place);
    cr_assert(found >= wanted / 2 && found <= wanted * 2, "%lu rows", (unsigned long)found);
    return search.tries <= tries;
}

Test(guess, keys_that_are_spread_evenly_are_found_at_once) {
    cr_assert(finds(even, 10000000000, 80000, 0));
    cr_assert(finds(even, 10000000000, 1000000000, 0));
}

Test(guess, the_last_chunks_are_small_where_all_pairs_share_them) {
    cr_assert_eq(bs_guess_share(80000, 1000000, 2), 80000);
    cr_assert_eq(bs_guess_share(80000, 400000, 2), 50000);
    cr_assert_eq(bs_guess_share(80000, 4000, 2), 10001);
    cr_assert_eq(bs_guess_share(80000, 4000, 0), 80000, "another table is left");
    cr_assert_eq(bs_guess_share(80000, 4000, 1), 80000, "nobody stands by");
    cr_assert_eq(bs_guess_share(1, 1, 8), 1);
}

/* InnoDB doubles what it estimates, and then is wrong by a little. */
Test(guess, the_first_place_may_seem_to_have_more_and_later_ones_may_not) {
    struct bs_search search = {.first = 0, .last = 1000000, .wanted = 87000, .all = 1000000};
    bool given_up = false;
    bs_search_begin(&search);
    cr_assert_eq(search.place, 87000);
    cr_assert(bs_search_told(&search, 200000, &given_up));
    cr_assert_not(bs_search_told(&search, 4 * 87000, &given_up));
    cr_assert_eq(search.place, 43500);
    cr_assert_not(bs_search_told(&search, 200000, &given_up));
    cr_assert_not(given_up);
}

Test(guess, gaps_and_clusters_take_some_tries_or_are_given_up) {
    cr_assert(finds(cluster_at_the_end, 1000001000000, 500, 12));
    cr_assert_not(finds(lonely_last, UINT64_MAX, 1000, 12), "walked instead");
    cr_assert_not(finds(first_key_alone, UINT64_MAX, 1000, 12), "walked instead");
}

Test(guess, a_search_ends_where_there_is_no_place_left) {
    struct bs_search search = {.first = 5, .last = 7, .wanted = 1000, .all = 6000};
    bool given_up = false;
    bs_search_begin(&search);
    cr_assert_eq(search.place, 5);
    cr_assert_not(bs_search_told(&search, 5000, &given_up));
    cr_assert(given_up);
}
