#include "snapshot/courtesy.h"

#include "base/clock.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <unistd.h>

static void *
take_one(void *arg) {
    int64_t left_us = INT64_C(60000000);
    return bs_courtesy_take(arg, 1, &left_us) ? arg : NULL;
}

static bool
take(struct bs_courtesy *courtesy, uint64_t bytes) {
    int64_t left_us = 0;
    return bs_courtesy_take(courtesy, bytes, &left_us);
}

static void *
await(void *arg) {
    bs_courtesy_await(arg, -1);
    return arg;
}

Test(courtesy, without_a_bound_nobody_waits) {
    struct bs_courtesy *courtesy = bs_courtesy_new(0);
    for (int i = 0; i < 1000; i++) {
        cr_assert(take(courtesy, UINT64_C(1) << 40));
    }
    bs_courtesy_free(courtesy);
}

Test(courtesy, bytes_pass_no_faster_than_they_may) {
    struct bs_courtesy *courtesy = bs_courtesy_new(1000000);
    int64_t began = bs_clock_mono_us();
    for (int i = 0; i < 5; i++) {
        cr_assert(take(courtesy, 100000));
    }
    /* Four times 0.1 s stand in front of the last; 0.1 s of them may be caught up on. */
    cr_assert_geq(bs_clock_mono_us() - began, 300000);
    bs_courtesy_free(courtesy);
}

static void
hold_until_the_pause_is_over(void *(*wait)(void *)) {
    struct bs_courtesy *courtesy = bs_courtesy_new(0);
    pthread_t thread;
    void *result = NULL;
    bs_courtesy_pause(courtesy, true);
    cr_assert_eq(pthread_create(&thread, NULL, wait, courtesy), 0);
    usleep(50000);
    cr_assert_neq(pthread_tryjoin_np(thread, &result), 0);
    cr_assert_eq(bs_courtesy_awaiting(courtesy), wait == await);
    bs_courtesy_pause(courtesy, false);
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_eq(result, courtesy);
    cr_assert_geq(bs_courtesy_paused_ms(courtesy), 50);
    bs_courtesy_free(courtesy);
}

Test(courtesy, a_pause_holds_until_it_is_over) {
    hold_until_the_pause_is_over(take_one);
}

Test(courtesy, between_chunks_a_pause_holds_however_long_it_is) {
    hold_until_the_pause_is_over(await);
}

Test(courtesy, who_holds_a_table_goes_on_after_a_while) {
    struct bs_courtesy *courtesy = bs_courtesy_new(0);
    int64_t left_us = 50000;
    bs_courtesy_pause(courtesy, true);
    int64_t began = bs_clock_mono_us();
    cr_assert(bs_courtesy_take(courtesy, 1, &left_us));
    cr_assert_geq(bs_clock_mono_us() - began, 50000);
    cr_assert_eq(left_us, 0);
    cr_assert(bs_courtesy_take(courtesy, 1, &left_us), "nothing is left of it");
    bs_courtesy_await(courtesy, 50);
    cr_assert_geq(bs_clock_mono_us() - began, 100000);
    bs_courtesy_free(courtesy);
}

Test(courtesy, who_waits_is_let_go_by_a_stop) {
    struct bs_courtesy *courtesy = bs_courtesy_new(1);
    pthread_t thread;
    void *result = courtesy;
    cr_assert(take(courtesy, 1000000));
    cr_assert_eq(pthread_create(&thread, NULL, take_one, courtesy), 0);
    bs_courtesy_stop(courtesy);
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_null(result);
    bs_courtesy_free(courtesy);
}
