#include "tables.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "rows.h"
#include "sample.h"
#include "scan.h"

/* The order in which two servers return rows proves nothing (collations, missing keys), so tables
 * are compared as multisets of row hashes, in fixed memory and without sorting:
 *
 *   1. Every row adds its 128-bit hash to one of 65536 buckets, chosen by its key's hash (its own,
 * when there is no key). Sums are kept modulo 2^64 in each half, with a count. Equal buckets
 * everywhere: equal tables, and that is all.
 *   2. Otherwise both sides are read again, and the rows of differing buckets tallied by hash. What
 * one side has more often than the other is a difference; two of them under one key are a changed
 * row. Buckets are taken until TALLY_ROWS is reached: beyond that the counts are "at least".
 *   3. The first few differing rows are read a third time, to name their keys and columns
 * (sample.c).
 *
 * The rejected alternative is sorting all hashes: exact counts in one reading, but 24 bytes a row
 * on disk or in memory for tables that are nearly always equal. */

enum { BUCKETS = 65536 };
static const uint64_t TALLY_ROWS = 2000000;

struct bucket {
    struct judge_hash sum;
    uint64_t count;
};

/* One table under comparison; index 0 is A, 1 is B. */
struct comparison {
    const struct judge_options *options;
    struct judge_report *report;
    const struct judge_table *table;
    struct judge_scan scans[2];
    struct bucket *buckets[2];
    unsigned char *is_chosen; /* per bucket: tallied in the second reading */
    struct judge_tally tallies[2];
    bool is_partial;
};

static size_t
bucket_of(uint64_t key) {
    return (size_t)(key >> 48);
}

static void
add_to_bucket(void *context, const struct judge_reader *reader, struct judge_hash row,
              uint64_t key) {
    (void)reader;
    struct bucket *bucket = (struct bucket *)context + bucket_of(key);
    bucket->sum.lo += row.lo;
    bucket->sum.hi += row.hi;
    bucket->count++;
}

struct tally_context {
    const unsigned char *is_chosen;
    struct judge_tally *tally;
};

static void
add_to_tally(void *context, const struct judge_reader *reader, struct judge_hash row,
             uint64_t key) {
    (void)reader;
    struct tally_context *tally = context;
    if (tally->is_chosen[bucket_of(key)]) {
        judge_tally_add(tally->tally, row, key);
    }
}

static bool
is_same_bucket(const struct bucket *a, const struct bucket *b) {
    return a->sum.lo == b->sum.lo && a->sum.hi == b->sum.hi && a->count == b->count;
}

/* Marks the differing buckets to be tallied: at least one, then as many as memory allows. True if
 * any differs. */
static bool
choose_buckets(struct comparison *cmp) {
    uint64_t rows = 0;
    bool has_any = false;
    for (size_t i = 0; i < BUCKETS; i++) {
        const struct bucket *a = &cmp->buckets[0][i];
        const struct bucket *b = &cmp->buckets[1][i];
        if (is_same_bucket(a, b)) {
            continue;
        }
        rows += a->count + b->count;
        if (has_any && rows > TALLY_ROWS) {
            cmp->is_partial = true;
            break;
        }
        cmp->is_chosen[i] = 1;
        has_any = true;
    }
    return has_any;
}

static void
report_rows(struct comparison *cmp, const struct judge_surplus *surplus) {
    struct judge_text path = {0};
    struct judge_text detail = {0};
    judge_text_add_path(&path, cmp->table->db, cmp->table->name);
    judge_text_printf(&detail,
                      "%s%" PRIu64 " rows changed, %" PRIu64 " only in A, %" PRIu64
                      " only in B; A has %" PRIu64 " rows, B has %" PRIu64,
                      cmp->is_partial ? "at least " : "", surplus->changed, surplus->only_a,
                      surplus->only_b, cmp->scans[0].row_count, cmp->scans[1].row_count);
    judge_report_add(cmp->report, "rows", path.data, JUDGE_DIFFERS, detail.data);
    judge_text_fini(&path);
    judge_text_fini(&detail);
}

static bool
find_differences(struct comparison *cmp, struct judge_error *err) {
    struct tally_context contexts[2];
    struct judge_surplus surplus = {0};
    for (int side = 0; side < 2; side++) {
        judge_tally_init(&cmp->tallies[side]);
        contexts[side].is_chosen = cmp->is_chosen;
        contexts[side].tally = &cmp->tallies[side];
        cmp->scans[side].visit = add_to_tally;
        cmp->scans[side].context = &contexts[side];
    }
    bool ok = judge_scan_both(cmp->scans, err);
    if (ok) {
        judge_surplus_find(&surplus, &cmp->tallies[0], &cmp->tallies[1]);
        report_rows(cmp, &surplus);
    }
    for (int side = 0; side < 2; side++) {
        judge_tally_fini(&cmp->tallies[side]);
    }
    if (ok && surplus.changed + surplus.only_a + surplus.only_b == 0) {
        ok = judge_fail(err, "`%s`.`%s` changed while it was read", cmp->table->db,
                        cmp->table->name);
    } else if (ok) {
        ok = judge_sample_report(cmp->scans, &surplus, cmp->options->max_report, cmp->table,
                                 cmp->report, err);
    }
    judge_surplus_fini(&surplus);
    return ok;
}

static bool
compare_rows(struct comparison *cmp, struct judge_error *err) {
    cmp->is_chosen = judge_alloc(BUCKETS);
    for (int side = 0; side < 2; side++) {
        cmp->buckets[side] = judge_alloc(BUCKETS * sizeof **cmp->buckets);
        cmp->scans[side].visit = add_to_bucket;
        cmp->scans[side].context = cmp->buckets[side];
    }
    bool ok = judge_scan_both(cmp->scans, err);
    if (ok) {
        judge_report_count_table(cmp->report, cmp->scans[0].row_count);
    }
    if (ok && choose_buckets(cmp)) {
        ok = find_differences(cmp, err);
    }
    free(cmp->buckets[0]);
    free(cmp->buckets[1]);
    free(cmp->is_chosen);
    return ok;
}

/* Columns that only one side has are the objects' affair; here it is only said that they were left
 * out. */
static void
report_skipped(struct comparison *cmp, size_t skipped) {
    struct judge_text path = {0};
    judge_text_add_path(&path, cmp->table->db, cmp->table->name);
    if (skipped > 0) {
        judge_report_add(cmp->report, "rows", path.data, JUDGE_DIFFERS,
                         "columns differ, only the common ones were compared");
    }
    judge_text_fini(&path);
}

static bool
compare_table(struct comparison *cmp, struct judge_server servers[2], struct judge_error *err) {
    struct judge_shape shapes[2];
    struct judge_plan plans[2];
    const char *db = cmp->table->db;
    const char *name = cmp->table->name;
    if (!judge_shape_load(&shapes[0], &servers[0], db, name, err)) {
        return false;
    }
    if (!judge_shape_load(&shapes[1], &servers[1], db, name, err)) {
        judge_shape_fini(&shapes[0]);
        return false;
    }
    for (int side = 0; side < 2; side++) {
        judge_plan_init(&plans[side], &shapes[side], &shapes[1 - side], &shapes[0], db, name,
                        cmp->options->history);
        plans[side].signless_zero = !servers[0].keeps_minus_zero || !servers[1].keeps_minus_zero;
        cmp->scans[side].server = &servers[side];
        cmp->scans[side].plan = &plans[side];
    }
    report_skipped(cmp, plans[0].skipped + (shapes[1].count > shapes[0].count ? 1 : 0));
    bool ok = compare_rows(cmp, err);
    for (int side = 0; side < 2; side++) {
        judge_plan_fini(&plans[side]);
        judge_shape_fini(&shapes[side]);
    }
    return ok;
}

/* What the workers share; lock guards next, failed and err. */
struct work {
    const struct judge_options *options;
    const struct judge_table *tables;
    size_t count;
    struct judge_report *report;
    pthread_mutex_t lock;
    size_t next;
    bool failed;
    struct judge_error err;
};

static const struct judge_table *
take_table(struct work *work) {
    pthread_mutex_lock(&work->lock);
    const struct judge_table *table = NULL;
    if (!work->failed && work->next < work->count) {
        table = &work->tables[work->next++];
    }
    pthread_mutex_unlock(&work->lock);
    return table;
}

static void
keep_error(struct work *work, const struct judge_error *err) {
    pthread_mutex_lock(&work->lock);
    if (!work->failed) {
        work->failed = true;
        work->err = *err;
    }
    pthread_mutex_unlock(&work->lock);
}

static void *
run_worker(void *argument) {
    struct work *work = argument;
    struct judge_server servers[2];
    struct judge_error err;
    mysql_thread_init();
    memset(servers, 0, sizeof servers);
    bool ok = judge_server_open(&servers[0], &work->options->a, &err) &&
              judge_server_open(&servers[1], &work->options->b, &err);
    while (ok) {
        struct comparison cmp = {.options = work->options, .report = work->report};
        cmp.table = take_table(work);
        if (cmp.table == NULL) {
            break;
        }
        ok = compare_table(&cmp, servers, &err);
    }
    if (!ok) {
        keep_error(work, &err);
    }
    judge_server_close(&servers[0]);
    judge_server_close(&servers[1]);
    mysql_thread_end();
    return NULL;
}

bool
judge_tables_compare(const struct judge_options *options, const struct judge_table *tables,
                     size_t count, struct judge_report *report, struct judge_error *err) {
    struct work work = {.options = options, .tables = tables, .count = count, .report = report};
    size_t thread_count = count < options->thread_count ? count : options->thread_count;
    pthread_t *threads = judge_alloc(options->thread_count * sizeof *threads);
    size_t started = 0;
    pthread_mutex_init(&work.lock, NULL);
    while (started < thread_count &&
           pthread_create(&threads[started], NULL, run_worker, &work) == 0) {
        started++;
    }
    for (size_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
    pthread_mutex_destroy(&work.lock);
    if (work.failed) {
        *err = work.err;
        return false;
    }
    return work.next == count || judge_fail(err, "cannot start a thread");
}
