/* What is looked at once for many small tables is looked at by one pair, which then reads them one
 * after the other (held.h). */
#include "snapshot/work_private.h"

enum {
    SMALL_BYTES = 256 << 10, /* by the catalogue's guess */
    PART_KEPT = 4,           /* of the small tables that are left: one in so many, at most */
};

bool
bs_work_is_kept_from(const struct bs_work_table *table, unsigned int pair) {
    return table->kept_for != 0 && table->kept_for != pair + 1;
}

/* Under the lock. Nothing of it was given out, and nothing is in. One without a key is read in one
 * stream, however much it is in truth. */
static bool
is_fresh_and_small(const struct bs_work_table *table, enum bs_taker taker) {
    const struct bs_copy *copy = table->copy;
    return table->chunk_count == 0 && !table->is_cut && table->open_chunks == 0 &&
           table->kept_for == 0 && copy->table_id != 0 && !copy->is_locked && copy->key != NULL &&
           copy->table->data_bytes < SMALL_BYTES && bs_work_large_share(table) == 0 &&
           bs_work_is_for(copy, taker);
}

static size_t
count_small(const struct bs_work *work, enum bs_taker taker) {
    size_t count = 0;
    for (size_t i = 0; i < work->table_count; i++) {
        count += is_fresh_and_small(&work->tables[i], taker);
    }
    return count;
}

size_t
bs_work_keep(struct bs_work *work, enum bs_taker taker, unsigned int pair,
             const struct bs_work_item *item, const struct bs_copy **copies, size_t cap) {
    size_t count = 0;
    pthread_mutex_lock(&work->lock);
    bool is_small = is_fresh_and_small(&work->tables[item->table], taker);
    size_t most = is_small ? count_small(work, taker) / PART_KEPT : 0;
    most = most < cap ? most : cap;
    if (most > 1) {
        work->tables[item->table].kept_for = pair + 1;
        copies[count++] = item->copy;
    }
    for (size_t i = 0; i < work->table_count && count > 0 && count < most; i++) {
        struct bs_work_table *table = &work->tables[i];
        if (!table->is_being_cut && is_fresh_and_small(table, taker)) {
            table->kept_for = pair + 1;
            copies[count++] = table->copy;
        }
    }
    pthread_mutex_unlock(&work->lock);
    return count;
}

void
bs_work_release(struct bs_work *work, unsigned int pair) {
    pthread_mutex_lock(&work->lock);
    for (size_t i = 0; i < work->table_count; i++) {
        struct bs_work_table *table = &work->tables[i];
        table->kept_for = table->kept_for == pair + 1 ? 0 : table->kept_for;
    }
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}
