#include "apply/scheduler.h"

#include <criterion/criterion.h>

static struct bs_scheduler *scheduler;

static void
set_up(void) {
    scheduler = bs_scheduler_new();
}

static void
tear_down(void) {
    bs_scheduler_free(scheduler);
}

TestSuite(scheduler, .init = set_up, .fini = tear_down);

static uint64_t
bundle(uint64_t key, enum bs_touch how) {
    bs_scheduler_touch(scheduler, key, how);
    return bs_scheduler_close(scheduler);
}

static void
expect_next(uint64_t number) {
    uint64_t found = 0;
    cr_assert(bs_scheduler_next(scheduler, &found));
    cr_assert_eq(found, number);
}

static void
expect_none(void) {
    uint64_t found = 0;
    cr_assert_not(bs_scheduler_next(scheduler, &found));
}

Test(scheduler, bundles_that_meet_nowhere_run_side_by_side) {
    bundle(1, BS_TOUCH_WRITE);
    bundle(2, BS_TOUCH_WRITE);
    bundle(3, BS_TOUCH_READ);
    expect_next(1);
    expect_next(2);
    expect_next(3);
    expect_none();
}

Test(scheduler, a_write_waits_for_the_write_before_it) {
    bundle(1, BS_TOUCH_WRITE);
    bundle(1, BS_TOUCH_WRITE);
    expect_next(1);
    expect_none();
    bs_scheduler_committed(scheduler, 1);
    expect_next(2);
}

Test(scheduler, reads_run_side_by_side_and_a_write_waits_for_the_last_of_them) {
    bundle(1, BS_TOUCH_READ);
    bundle(1, BS_TOUCH_READ);
    bundle(1, BS_TOUCH_WRITE);
    expect_next(1);
    expect_next(2);
    expect_none();
    bs_scheduler_committed(scheduler, 2);
    expect_none();
    bs_scheduler_committed(scheduler, 1);
    expect_next(3);
}

Test(scheduler, a_write_waits_for_earlier_reads_though_its_own_bundle_reads_the_key_too) {
    bundle(1, BS_TOUCH_READ);
    bs_scheduler_touch(scheduler, 1, BS_TOUCH_READ);
    bs_scheduler_touch(scheduler, 1, BS_TOUCH_WRITE);
    bs_scheduler_close(scheduler);
    expect_next(1);
    expect_none();
}

Test(scheduler, a_read_waits_for_the_write_before_it) {
    bundle(1, BS_TOUCH_WRITE);
    bundle(1, BS_TOUCH_READ);
    expect_next(1);
    expect_none();
}

Test(scheduler, the_open_bundle_knows_that_it_would_wait) {
    bundle(1, BS_TOUCH_WRITE);
    cr_assert_not(bs_scheduler_open_waits(scheduler));
    bs_scheduler_touch(scheduler, 1, BS_TOUCH_WRITE);
    cr_assert(bs_scheduler_open_waits(scheduler));
    expect_next(1);
    bs_scheduler_committed(scheduler, 1);
    cr_assert_not(bs_scheduler_open_waits(scheduler));
}

Test(scheduler, the_mark_moves_over_what_is_committed_without_a_gap) {
    for (uint64_t key = 1; key <= 3; key++) {
        bundle(key, BS_TOUCH_WRITE);
        expect_next(key);
    }
    bs_scheduler_committed(scheduler, 2);
    bs_scheduler_committed(scheduler, 3);
    cr_assert_eq(bs_scheduler_low(scheduler), 0);
    cr_assert_eq(bs_scheduler_pending(scheduler), 1);
    bs_scheduler_committed(scheduler, 1);
    cr_assert_eq(bs_scheduler_low(scheduler), 3);
    cr_assert_eq(bs_scheduler_pending(scheduler), 0);
}

Test(scheduler, what_failed_runs_again_when_all_before_it_is_committed) {
    bundle(1, BS_TOUCH_WRITE);
    bundle(2, BS_TOUCH_WRITE);
    expect_next(1);
    expect_next(2);
    cr_assert(bs_scheduler_failed(scheduler, 2));
    expect_none();
    bs_scheduler_committed(scheduler, 1);
    expect_next(2);
    cr_assert_not(bs_scheduler_failed(scheduler, 2), "it was alone: order is not what is wrong");
    expect_next(2);
}

Test(scheduler, there_is_room_for_a_window_and_no_more) {
    uint64_t count = 0;
    while (bs_scheduler_has_room(scheduler)) {
        bundle(++count, BS_TOUCH_WRITE);
    }
    cr_assert_geq(count, BS_SCHEDULER_WINDOW - 1);
    for (uint64_t n = 1; n <= count; n++) {
        expect_next(n);
    }
    bs_scheduler_committed(scheduler, 1);
    cr_assert(bs_scheduler_has_room(scheduler));
}

Test(scheduler, keys_are_still_known_after_many_others) {
    bundle(1, BS_TOUCH_WRITE);
    for (uint64_t key = 2; key < 100000; key++) {
        bs_scheduler_touch(scheduler, key * 7919, BS_TOUCH_WRITE);
    }
    cr_assert_not(bs_scheduler_open_waits(scheduler));
    bs_scheduler_touch(scheduler, 1, BS_TOUCH_READ);
    cr_assert(bs_scheduler_open_waits(scheduler));
}

static void
expect_next_behind(uint64_t number, uint64_t chain) {
    uint64_t found = 0, found_chain = 0;
    cr_assert(bs_scheduler_next_behind(scheduler, &found, &found_chain));
    cr_assert_eq(found, number);
    cr_assert_eq(found_chain, chain);
}

static void
expect_none_behind(void) {
    uint64_t found = 0, chain = 0;
    cr_assert_not(bs_scheduler_next_behind(scheduler, &found, &chain));
}

Test(scheduler, bundles_that_meet_form_a_chain) {
    bundle(1, BS_TOUCH_WRITE);
    bundle(1, BS_TOUCH_WRITE);
    bundle(1, BS_TOUCH_WRITE);
    expect_none_behind();
    expect_next(1);
    expect_next_behind(2, 1);
    expect_next_behind(3, 1);
    bs_scheduler_committed(scheduler, 1);
    bundle(1, BS_TOUCH_WRITE);
    expect_next_behind(4, 1);
    expect_none_behind();
}

Test(scheduler, what_waits_for_two_chains_joins_neither) {
    bundle(1, BS_TOUCH_WRITE);
    bundle(2, BS_TOUCH_WRITE);
    bs_scheduler_touch(scheduler, 1, BS_TOUCH_WRITE);
    bundle(2, BS_TOUCH_WRITE);
    expect_next(1);
    expect_next(2);
    expect_none_behind();
    bs_scheduler_committed(scheduler, 1);
    expect_next_behind(3, 2);
}

Test(scheduler, what_waits_for_one_that_does_not_run_joins_no_chain) {
    bundle(1, BS_TOUCH_WRITE);
    bundle(1, BS_TOUCH_WRITE);
    expect_none_behind();
}

Test(scheduler, nothing_joins_a_chain_of_which_one_failed) {
    for (int i = 0; i < 4; i++) {
        bundle(1, BS_TOUCH_WRITE);
    }
    expect_next(1);
    expect_next_behind(2, 1);
    expect_next_behind(3, 1);
    cr_assert(bs_scheduler_failed(scheduler, 1) == false);
    expect_none_behind();
    expect_next(1);
    expect_none_behind(); /* 3 is still to come back */
    (void)bs_scheduler_failed(scheduler, 2);
    (void)bs_scheduler_failed(scheduler, 3);
    expect_none_behind();
    bs_scheduler_committed(scheduler, 1);
    expect_next(2);
}

Test(scheduler, a_chain_has_an_end) {
    for (int i = 0; i <= BS_SCHEDULER_CHAIN_MAX; i++) {
        bundle(1, BS_TOUCH_WRITE);
    }
    expect_next(1);
    for (uint64_t n = 2; n <= BS_SCHEDULER_CHAIN_MAX; n++) {
        expect_next_behind(n, 1);
    }
    expect_none_behind();
    bs_scheduler_committed(scheduler, 1);
    expect_next_behind(BS_SCHEDULER_CHAIN_MAX + 1, 1);
}

Test(scheduler, what_was_not_run_may_follow_the_one_that_failed) {
    for (int i = 0; i < 3; i++) {
        bundle(1, BS_TOUCH_WRITE);
    }
    expect_next(1);
    expect_next_behind(2, 1);
    expect_next_behind(3, 1);
    (void)bs_scheduler_failed(scheduler, 2);
    bs_scheduler_not_run(scheduler, 3);
    expect_none();
    expect_none_behind();
    bs_scheduler_committed(scheduler, 1);
    expect_next(2);
    expect_next_behind(3, 2);
}
