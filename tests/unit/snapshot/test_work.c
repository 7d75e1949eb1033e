#include "snapshot/resume.h"
#include "snapshot/work.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>

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
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &first));
    cr_assert_eq(first.copy, &large);
    cr_assert_eq(first.after.count, 0);
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &second));
    cr_assert_eq(second.copy, &small);
    cut(work, &first, false);
    cut(work, &second, true);
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &first));
    cr_assert_eq(first.copy, &large);
    cr_assert_eq(first.number, 1);
    cr_assert(bs_str_is(first.after.values[0], "7"));
    cut(work, &first, true);
    bs_work_free(work);
}

/* Of an archive all chunks are known beforehand. */
Test(work, chunks_that_are_known_come_in_the_order_of_their_tables) {
    struct bs_work *work;
    struct bs_work_item item;
    struct bs_gap gaps[2][2] = {{{.number = 0}, {.number = 1}}, {{.number = 0}, {.number = 1}}};
    struct bs_resumed resumed[2];
    struct bs_copy known[2] = {large, small};
    struct bs_copy *list[] = {&known[0], &known[1]};
    for (size_t i = 0; i < 2; i++) {
        resumed[i] = (struct bs_resumed){
            .fate = BS_FATE_CONTINUED, .gaps = gaps[i], .gap_count = 2, .is_cut = true};
        known[i].resumed = &resumed[i];
    }
    work = bs_work_new(list, 2, 1 << 20);
    for (uint64_t i = 0; i < 4; i++) {
        cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &item));
        cr_assert_eq(item.copy, list[i / 2]);
        cr_assert_eq(item.chunk->number, i % 2);
    }
    bs_work_free(work);
}

/* What is kept for one pair is given to nobody else, and to it before all else. */
Test(work, small_tables_are_kept_for_a_pair) {
    static struct bs_table many[12];
    static struct bs_copy many_copies[12];
    struct bs_copy *list[12];
    const struct bs_copy *kept[8];
    static const struct bs_key key;
    struct bs_work_item first, second, third;
    for (size_t i = 0; i < 12; i++) {
        many[i] = (struct bs_table){.db = tables[1].db, .name = tables[1].name};
        many[i].data_bytes = i == 0 ? 8 << 20 : 16384;
        many_copies[i] = (struct bs_copy){.table = &many[i], .table_id = i + 1, .key = &key};
        list[i] = &many_copies[i];
    }
    struct bs_work *work = bs_work_new(list, 12, 1 << 20);
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &first));
    cr_assert_eq(bs_work_keep(work, BS_TAKER_FIRST, 0, &first, kept, 8), 0); /* it is large */
    cr_assert(bs_work_take(work, BS_TAKER_OTHER, 1, &second));
    cr_assert_eq(second.copy, list[1]);
    cr_assert_eq(bs_work_keep(work, BS_TAKER_OTHER, 1, &second, kept, 8), 2); /* of eleven */
    cr_assert_eq(kept[0], list[1]);
    cr_assert_eq(kept[1], list[2]);
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &third));
    cr_assert_eq(third.copy, list[3]);
    bs_work_cut(work, &second, NULL, true);
    cr_assert(bs_work_take(work, BS_TAKER_OTHER, 1, &second));
    cr_assert_eq(second.copy, list[2]);
    bs_work_cut(work, &second, NULL, true);
    bs_work_cut(work, &third, NULL, true);
    cr_assert(bs_work_take(work, BS_TAKER_OTHER, 1, &second));
    cr_assert_eq(bs_work_keep(work, BS_TAKER_OTHER, 1, &second, kept, 8), 2);
    bs_work_release(work, 1);
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &third));
    cr_assert_eq(third.copy, kept[1]);
    bs_work_cut(work, &first, NULL, true);
    bs_work_cut(work, &second, NULL, true);
    bs_work_cut(work, &third, NULL, true);
    bs_work_free(work);
}

Test(work, the_end_is_when_every_chunk_is_loaded) {
    struct bs_work *work = bs_work_new(copies, 1, 1 << 20);
    struct bs_work_item item;
    struct bs_work_totals totals;
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &item));
    struct bs_chunk *chunk = cut(work, &item, true);
    cr_assert_not(bs_work_wait(work, 1));
    bs_work_add(work, chunk, 10, 100);
    bs_work_again(work, chunk);
    bs_work_totals(work, &totals);
    cr_assert_eq(totals.rows, 0);
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &item));
    cr_assert_eq(item.chunk, chunk);
    cr_assert(chunk->must_empty);
    bs_work_add(work, chunk, 10, 100);
    bs_work_done(work, chunk);
    cr_assert(bs_work_wait(work, 1));
    cr_assert_not(bs_work_take(work, BS_TAKER_FIRST, 0, &item));
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
    cr_assert_not(bs_work_take(work, BS_TAKER_FIRST, 0, &item));
    bs_queue_free(queue);
    bs_work_free(work);
}

/* The plan of a table of 100 GB, on statistics: a thousand million rows that grow from 20 bytes to
 * 187, with eight dumpers at work on it. */
enum { DUMPERS = 8, CHUNK_BYTES = 16 << 20, HEAP_MAX = 1 << 20 };

struct huge {
    uint64_t rows, bytes, chunks, smallest, largest;
    size_t heap;
};

static const uint64_t HUGE_ROWS = 1000000000;

/* The rows of the chunk as they would be, and what they weigh. */
static uint64_t
huge_bytes(uint64_t first, uint64_t rows) {
    return rows * (20 + (first + rows / 2) / 6000000);
}

/* Cuts the next chunk; NULL: there was no row left. */
static struct bs_chunk *
cut_huge(struct bs_work *work, uint64_t *at) {
    struct bs_work_item item;
    char end[32];
    if (!bs_work_take(work, BS_TAKER_FIRST, 0, &item)) {
        return NULL;
    }
    uint64_t left = HUGE_ROWS - *at;
    uint64_t rows = item.rows < left ? item.rows : left;
    struct bs_chunk *chunk = bs_chunk_new(item.copy, item.table, item.number);
    struct bs_str key = {end, (size_t)snprintf(end, sizeof end, "%" PRIu64, *at + rows)};
    if (rows < left) {
        bs_bound_set(&chunk->upper, &key, 1);
    }
    bs_work_cut(work, &item, chunk, rows == left);
    bs_bound_fini(&item.after);
    chunk->attempts = (unsigned int)rows; /* to be known when it is loaded */
    return chunk;
}

static void
load_huge(struct bs_work *work, struct bs_chunk *chunk, struct huge *huge) {
    uint64_t rows = chunk->attempts;
    uint64_t bytes = huge_bytes(huge->rows, rows);
    bs_work_add(work, chunk, rows, bytes);
    bs_work_done(work, chunk);
    huge->rows += rows;
    huge->bytes += bytes;
    huge->chunks++;
    huge->smallest = bytes < huge->smallest ? bytes : huge->smallest;
    huge->largest = bytes > huge->largest ? bytes : huge->largest;
    size_t heap = mallinfo2().uordblks;
    huge->heap = heap > huge->heap ? heap : huge->heap;
}

Test(work, a_hundred_gigabytes_are_planned_in_flat_memory) {
    struct bs_table table = {.db = (char[]){"d"},
                             .name = (char[]){"huge"},
                             .row_estimate = 900000000, /* statistics are not exact */
                             .data_bytes = (uint64_t)120 << 30};
    struct bs_copy copy = {.table = &table};
    struct bs_copy *alone[] = {&copy};
    struct huge huge = {.smallest = UINT64_MAX};
    struct bs_chunk *open[DUMPERS] = {NULL};
    size_t before = mallinfo2().uordblks;
    struct bs_work *work = bs_work_new(alone, 1, CHUNK_BYTES);
    uint64_t at = 0;
    for (size_t i = 0; i < DUMPERS; i++) {
        open[i] = cut_huge(work, &at);
        at += open[i]->attempts;
    }
    for (size_t i = 0; open[i] != NULL; i = (i + 1) % DUMPERS) { /* in the order of the key */
        load_huge(work, open[i], &huge);
        open[i] = at < HUGE_ROWS ? cut_huge(work, &at) : NULL;
        at += open[i] != NULL ? open[i]->attempts : 0;
    }
    cr_assert(bs_work_wait(work, 1));
    bs_work_free(work);
    cr_log_info("%" PRIu64 " chunks of %" PRIu64 " to %" PRIu64 " bytes, %" PRIu64
                " bytes, heap %zu",
                huge.chunks, huge.smallest, huge.largest, huge.bytes, huge.heap - before);
    cr_assert_eq(huge.rows, HUGE_ROWS);
    cr_assert_gt(huge.bytes, (uint64_t)100 * 1000 * 1000 * 1000);
    cr_assert_lt(huge.largest, (uint64_t)CHUNK_BYTES * 5 / 4);
    cr_assert(huge.chunks > 5000 && huge.chunks < 8000, "%" PRIu64 " chunks", huge.chunks);
    cr_assert_lt(huge.heap - before, HEAP_MAX);
}

/* Two tables with keys and one without; room for two rows of 10 at once. */
enum { LARGE_ROW = 10, LARGE_ROOM = 20 };

static struct bs_key key = {.name = (char[]){"PRIMARY"}};
static struct bs_copy keyed[] = {
    {.table = &tables[0], .key = &key}, {.table = &tables[1], .key = &key}, {.table = &tables[1]}};
static struct bs_copy *keyed_copies[] = {&keyed[0], &keyed[1], &keyed[2]};

/* Chunks in work, of the first so many tables; from the one on that is told, each is its table's
 * last. */
static struct bs_work *
work_with(struct bs_chunk **chunks, size_t count, size_t tables_wanted, size_t last_from) {
    struct bs_work *work = bs_work_new(keyed_copies, tables_wanted, 1 << 20);
    struct bs_work_item item;
    bs_work_bound_large(work, LARGE_ROOM);
    for (size_t i = 0; i < count; i++) {
        cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &item));
        chunks[i] = cut(work, &item, i >= last_from);
    }
    return work;
}

Test(work, a_chunk_whose_large_row_finds_no_room_goes_again_when_there_is_room) {
    struct bs_work_item item;
    struct bs_chunk *chunks[3];
    struct bs_work *work = work_with(chunks, 3, 2, 1);
    cr_assert(bs_work_admit_large(work, chunks[0], LARGE_ROW));
    cr_assert(bs_work_admit_large(work, chunks[1], LARGE_ROW));
    cr_assert(bs_work_admit_large(work, chunks[1], LARGE_ROW), "the next row takes its place");
    cr_assert_not(bs_work_admit_large(work, chunks[0], LARGE_ROW + 1), "a larger one does not");
    cr_assert_not(bs_work_admit_large(work, chunks[2], LARGE_ROW));
    bs_work_again(work, chunks[2]);
    bs_work_done(work, chunks[1]);
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &item));
    cr_assert_eq(item.chunk, chunks[2]);
    cr_assert(bs_work_admit_large(work, chunks[2], LARGE_ROW), "its room came with it");
    bs_work_again(work, chunks[0]);
    bs_work_done(work, chunks[2]);
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &item));
    cr_assert_eq(item.chunk, chunks[0]);
    cr_assert(bs_work_admit_large(work, chunks[0], 100), "alone, a row of any size has room");
    bs_work_done(work, chunks[0]);
    cr_assert(bs_work_wait(work, 0));
    bs_work_free(work);
}

Test(work, after_a_chunk_that_found_no_room_the_next_of_its_table_begin_with_room_for_a_while) {
    struct bs_work_item item;
    struct bs_chunk *chunks[2];
    struct bs_work *work = work_with(chunks, 2, 1, 2);
    cr_assert(bs_work_admit_large(work, chunks[0], LARGE_ROOM));
    cr_assert_not(bs_work_admit_large(work, chunks[1], LARGE_ROW));
    bs_work_again(work, chunks[1]);
    bs_work_done(work, chunks[0]);
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &item));
    cr_assert_eq(item.chunk, chunks[1]);
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &item));
    chunks[0] = cut(work, &item, false);
    cr_assert_eq(chunks[0]->large_share, LARGE_ROW);
    bs_work_done(work, chunks[0]); /* it had no large row after all */
    cr_assert(bs_work_take(work, BS_TAKER_FIRST, 0, &item));
    chunks[0] = cut(work, &item, true);
    cr_assert_eq(chunks[0]->large_share, 0);
    bs_work_done(work, chunks[0]);
    bs_work_done(work, chunks[1]);
    bs_work_free(work);
}

Test(work, a_table_without_a_key_need_not_begin_anew_for_want_of_room) {
    struct bs_chunk *chunks[3];
    struct bs_work *work = work_with(chunks, 3, 3, 0);
    cr_assert(bs_work_admit_large(work, chunks[0], LARGE_ROOM));
    cr_assert(bs_work_admit_large(work, chunks[2], LARGE_ROOM), "the keyless one");
    cr_assert_not(bs_work_admit_large(work, chunks[1], LARGE_ROW));
    for (size_t i = 0; i < 3; i++) {
        bs_work_done(work, chunks[i]);
    }
    bs_work_free(work);
}
