#include "base/queue.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

static int items[8];

Test(queue, items_come_out_in_the_order_they_went_in) {
    struct bs_queue *q = bs_queue_new(100);
    for (size_t i = 0; i < 3; i++) {
        cr_assert(bs_queue_push(q, &items[i], 10));
    }
    cr_assert_eq(bs_queue_weight(q), 30);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(bs_queue_pop(q, -1), &items[i]);
    }
    cr_assert_eq(bs_queue_weight(q), 0);
    cr_assert_null(bs_queue_pop(q, 0));
    cr_assert_not(bs_queue_is_closed(q));
    bs_queue_free(q);
}

Test(queue, it_is_bounded_by_weight_but_lets_one_item_in) {
    struct bs_queue *q = bs_queue_new(10);
    cr_assert(bs_queue_try_push(q, &items[0], 1000), "one is always let in");
    cr_assert_not(bs_queue_try_push(q, &items[1], 1));
    cr_assert_eq(bs_queue_pop(q, 0), &items[0]);
    cr_assert(bs_queue_try_push(q, &items[1], 6));
    cr_assert_not(bs_queue_try_push(q, &items[2], 5));
    cr_assert(bs_queue_try_push(q, &items[2], 4));
    (void)bs_queue_pop(q, 0);
    (void)bs_queue_pop(q, 0);
    bs_queue_free(q);
}

Test(queue, closing_refuses_pushes_and_drains_what_is_left) {
    struct bs_queue *q = bs_queue_new(100);
    cr_assert(bs_queue_push(q, &items[0], 1));
    bs_queue_close(q);
    cr_assert(bs_queue_is_closed(q));
    cr_assert_not(bs_queue_push(q, &items[1], 1));
    cr_assert_not(bs_queue_try_push(q, &items[1], 1));
    cr_assert_eq(bs_queue_pop(q, -1), &items[0]);
    cr_assert_null(bs_queue_pop(q, -1));
    bs_queue_free(q);
}

static void *
close_it(void *arg) {
    bs_queue_close(arg);
    return NULL;
}

Test(queue, closing_wakes_a_waiting_consumer, .timeout = 30) {
    struct bs_queue *q = bs_queue_new(100);
    pthread_t thread;
    pthread_create(&thread, NULL, close_it, q);
    cr_assert_null(bs_queue_pop(q, -1));
    pthread_join(thread, NULL);
    bs_queue_free(q);
}

Test(queue, closing_wakes_a_waiting_producer, .timeout = 30) {
    struct bs_queue *q = bs_queue_new(1);
    cr_assert(bs_queue_push(q, &items[0], 1));
    pthread_t thread;
    pthread_create(&thread, NULL, close_it, q);
    cr_assert_not(bs_queue_push(q, &items[1], 1));
    pthread_join(thread, NULL);
    (void)bs_queue_pop(q, 0);
    bs_queue_free(q);
}

static void
count_up(void *arg) {
    atomic_fetch_add((atomic_int *)arg, 1);
}

Test(queue, a_refused_push_is_told_when_it_would_succeed) {
    struct bs_queue *q = bs_queue_new(10);
    atomic_int told = 0;
    bs_queue_on_space(q, count_up, &told);
    cr_assert(bs_queue_try_push(q, &items[0], 10));
    (void)bs_queue_pop(q, 0);
    cr_assert_eq(told, 0, "nobody was refused");
    cr_assert(bs_queue_try_push(q, &items[0], 10));
    cr_assert_not(bs_queue_try_push(q, &items[1], 10));
    (void)bs_queue_pop(q, 0);
    cr_assert_eq(told, 1);
    cr_assert(bs_queue_try_push(q, &items[1], 10));
    (void)bs_queue_pop(q, 0);
    cr_assert_eq(told, 1);
    bs_queue_free(q);
}
