#include "snapshot/work.h"

#include <criterion/criterion.h>

static struct bs_table tables[] = {
    {.db = (char[]){"d"}, .name = (char[]){"large"}, .row_estimate = 1000, .data_bytes = 1000000},
    {.db = (char[]){"d"}, .name = (char[]){"small"}},
};
static struct bs_copy large = {.table = &tables[0]};
static struct bs_copy small = {.table = &tables[1]};
static struct bs_copy *copies[] = {&large, &small};

Test(work, a_chunk_has_as_many_rows_as_fill_it) {
    cr_assert_eq(bs_work_chunk_rows(1 << 20, 1000, 1000 * 1024, 0), 1024);
    cr_assert_eq(bs_work_chunk_rows(1 << 20, 0, 0, 8000), (1 << 20) / 128);
}

Test(work, a_chunk_never_grows_more_than_fourfold_and_has_bounds) {
    cr_assert_eq(bs_work_chunk_rows(1 << 20, 1000, 1000 * 10, 200), 800);
    cr_assert_eq(bs_work_chunk_rows(1 << 20, 10, (uint64_t)10 << 30, 0), 1);
    cr_assert_eq(bs_work_chunk_rows(UINT64_MAX, 10, 20, 5000000), 10000000);
    cr_assert_eq(bs_work_chunk_rows(UINT64_MAX, 10, 20, 0), 10000);
}

static struct bs_chunk *
cut(struct bs_work *work, struct bs_work_item *item, bool is_last) {
    struct bs_chunk *chunk = bs_chunk_new(item->copy, item->table, item->number);
    struct bs_str end = {"7", 1};
    if (!is_last) {
        bs_bound_set(&chunk->upper, &end, 1);
    }
    bs_work_cut(work, item, chunk, is_last);
    bs_bound_fini(&item->after);
    return chunk;
}

Test(work, a_table_goes_to_one_cutter_at_a_time_and_goes_on_behind_the_last_chunk) {
    struct bs_work *work = bs_work_new(copies, 2, 1 << 20);
    struct bs_work_item first;
    struct bs_work_item second;
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, &first));
    cr_assert_eq(first.copy, &large);
    cr_assert_eq(first.after.count, 0);
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, &second));
    cr_assert_eq(second.copy, &small);
    cut(work, &first, false);
    cut(work, &second, true);
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, &first));
    cr_assert_eq(first.copy, &large);
    cr_assert_eq(first.number, 1);
    cr_assert(bs_str_is(first.after.values[0], "7"));
    cut(work, &first, true);
    bs_work_free(work);
}

Test(work, the_end_is_when_every_chunk_is_loaded) {
    struct bs_work *work = bs_work_new(copies, 1, 1 << 20);
    struct bs_work_item item;
    struct bs_work_totals totals;
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, &item));
    struct bs_chunk *chunk = cut(work, &item, true);
    cr_assert_not(bs_work_wait(work, 1));
    bs_work_add(work, chunk, 10, 100);
    bs_work_again(work, chunk);
    bs_work_totals(work, &totals);
    cr_assert_eq(totals.rows, 0);
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, &item));
    cr_assert_eq(item.chunk, chunk);
    cr_assert(chunk->must_empty);
    bs_work_add(work, chunk, 10, 100);
    bs_work_done(work, chunk);
    cr_assert(bs_work_wait(work, 1));
    cr_assert_not(bs_work_take(work, BS_TAKER_FIRST, &item));
    bs_work_totals(work, &totals);
    cr_assert_eq(totals.rows, 10);
    cr_assert_eq(totals.retried, 1);
    bs_work_free(work);
}

Test(work, the_first_error_stays_and_closes_the_queues) {
    struct bs_work *work = bs_work_new(copies, 2, 1 << 20);
    struct bs_queue *queue = bs_queue_new(100);
    struct bs_error first = {.status = BS_SCHEMA};
    struct bs_error second = {.status = BS_CANCELLED};
    struct bs_error err;
    struct bs_work_item item;
    bs_work_add_queue(work, queue);
    bs_work_fail(work, &first);
    bs_work_fail(work, &second);
    cr_assert_eq(bs_work_error(work, &err), BS_SCHEMA);
    cr_assert(bs_queue_is_closed(queue));
    cr_assert_not(bs_work_take(work, BS_TAKER_FIRST, &item));
    bs_queue_free(queue);
    bs_work_free(work);
}
