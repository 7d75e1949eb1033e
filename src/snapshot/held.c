#include "snapshot/held.h"

#include "base/clock.h"
#include "catalog/catalog.h"
#include "snapshot/altered.h"
#include "snapshot/pair.h"
#include "snapshot/views.h"

enum {
    WAIT_S = 1,     /* for DDL on one of them: that long the others are held for nothing */
    HELD_MS = 1000, /* then they are given back, whatever is left */
    OVERDUE_MS = 5000,
    APART = 64, /* tables that are read one by one after a group that failed */
    QUEUE_BYTES =
        4 << 20, /* of blocks that the loader has not taken: more may hold the dumper up */
};

enum bs_status
bs_held_give_back(struct bs_pair *pair, struct bs_error *err) {
    pair->held.count = 0;
    bs_work_release(pair->config->work, pair->index);
    return bs_sql_exec(pair->source, err, "ROLLBACK TO SAVEPOINT " BS_VIEW_SAVEPOINT);
}

static enum bs_status
open_tables(const struct bs_pair *pair, struct bs_error *err) {
    struct bs_buf text = {0};
    for (size_t i = 0; i < pair->held.count; i++) {
        bs_views_put_pin(&text, pair->held.copies[i]->table);
    }
    enum bs_status status = bs_views_run_pins(pair->source, &text, err);
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
compare_ids(const struct bs_pair *pair, bool *same, struct bs_error *err) {
    struct bs_table_name names[BS_HELD_MAX];
    uint64_t ids[BS_HELD_MAX];
    const struct bs_held *held = &pair->held;
    for (size_t i = 0; i < held->count; i++) {
        const struct bs_table *table = held->copies[i]->table;
        names[i] = (struct bs_table_name){bs_str(table->db), bs_str(table->name)};
    }
    enum bs_status status =
        bs_catalog_table_ids(pair->source, pair->config->source, names, held->count, ids, err);
    *same = status == BS_OK;
    for (size_t i = 0; i < held->count && *same; i++) {
        *same = ids[i] == held->copies[i]->table_id;
    }
    return status;
}

/* *same: all are held, and what they were at the point. Else what went wrong with one of them is
 * for who reads it to tell; but a session that was chosen to end a deadlock has lost its view. */
static enum bs_status
hold(const struct bs_pair *pair, const struct bs_copy *copy, bool *same, struct bs_error *err) {
    struct bs_error failure;
    bs_error_clear(&failure);
    *same = false;
    enum bs_status status = bs_sql_limit_table_waits(pair->source, WAIT_S, err);
    if (status != BS_OK) {
        return status;
    }
    status = open_tables(pair, &failure);
    if (status == BS_OK) {
        status = compare_ids(pair, same, &failure);
    }
    if (status == BS_SERVER && bs_work_is_stopped(pair->config->work)) {
        return bs_error_set(err, BS_CANCELLED, "the copy was stopped");
    }
    if (status == BS_SERVER && failure.sql_errno == BS_LOCK_DEADLOCK) {
        return bs_altered_refuse(copy, err);
    }
    if (status == BS_OK || status == BS_SERVER) {
        return bs_sql_limit_table_waits(pair->source, BS_VIEW_WAIT_S, err);
    }
    if (err != NULL) {
        *err = failure;
    }
    return status;
}

static bool
may_hold(struct bs_pair *pair) {
    struct bs_held *held = &pair->held;
    if (held->apart > 0) {
        held->apart--;
        return false;
    }
    return pair->source != NULL && pair->config->may_hold && !pair->is_locker &&
           bs_queue_weight(pair->queue) < QUEUE_BYTES;
}

enum bs_status
bs_held_begin(struct bs_pair *pair, enum bs_taker taker, const struct bs_work_item *item,
              struct bs_error *err) {
    struct bs_held *held = &pair->held;
    bool same = false;
    if (held->count > 0) {
        return bs_held_has(pair, item->copy) ? BS_OK : bs_held_give_back(pair, err);
    }
    if (item->chunk != NULL || !may_hold(pair)) {
        return BS_OK;
    }
    held->count =
        bs_work_keep(pair->config->work, taker, pair->index, item, held->copies, BS_HELD_MAX);
    held->left = held->count;
    held->since_ms = bs_clock_mono_ms();
    if (held->count == 0) {
        return BS_OK;
    }
    enum bs_status status = hold(pair, item->copy, &same, err);
    if (status == BS_OK && !same) {
        held->apart = APART;
        status = bs_held_give_back(pair, err);
    }
    return status;
}

bool
bs_held_has(const struct bs_pair *pair, const struct bs_copy *copy) {
    for (size_t i = 0; i < pair->held.count; i++) {
        if (pair->held.copies[i] == copy) {
            return true;
        }
    }
    return false;
}

bool
bs_held_is_overdue(const struct bs_pair *pair) {
    return pair->held.count > 0 && bs_clock_mono_ms() - pair->held.since_ms > OVERDUE_MS;
}

enum bs_status
bs_held_end(struct bs_pair *pair, const struct bs_copy *copy, bool is_last, struct bs_error *err) {
    struct bs_held *held = &pair->held;
    if (!bs_held_has(pair, copy)) {
        return BS_OK;
    }
    held->left -= is_last;
    bool goes_on = is_last && held->left > 0 && bs_clock_mono_ms() - held->since_ms < HELD_MS;
    return goes_on ? BS_OK : bs_held_give_back(pair, err);
}
