/* Room for large rows: see bs_work_bound_large. */
#include "snapshot/work_private.h"

enum { LARGE_ROW_BYTES = 512 << 10 }; /* on average: several of them are much of what is allowed */

void
bs_work_bound_large(struct bs_work *work, uint64_t bytes) {
    pthread_mutex_lock(&work->lock);
    work->large_bytes = bytes;
    pthread_mutex_unlock(&work->lock);
}

static uint64_t
row_bytes(const struct bs_work_table *table) {
    return table->recent_rows > 0 ? table->recent_bytes / table->recent_rows : 0;
}

uint64_t
bs_work_large_share(const struct bs_work_table *table) {
    uint64_t average = row_bytes(table) > LARGE_ROW_BYTES ? row_bytes(table) : 0;
    return average > table->large_row ? average : table->large_row;
}

bool
bs_work_large_fits(const struct bs_work *work, uint64_t share) {
    return share == 0 || work->large_in_work == 0 ||
           work->large_in_work + share <= work->large_bytes;
}

uint64_t
bs_work_large_share_again(const struct bs_work *work, const struct bs_chunk *chunk) {
    uint64_t share = bs_work_large_share(&work->tables[chunk->table]);
    return share > chunk->wants_room ? share : chunk->wants_room;
}

bool
bs_work_large_is_awaited(const struct bs_work *work, enum bs_taker taker) {
    const struct bs_chunk *chunk = work->again;
    while (chunk != NULL && !(chunk->wants_room > 0 && bs_work_is_for(chunk->copy, taker))) {
        chunk = chunk->next;
    }
    return chunk != NULL;
}

bool
bs_work_admit_large(struct bs_work *work, struct bs_chunk *chunk, uint64_t bytes) {
    pthread_mutex_lock(&work->lock);
    uint64_t own = chunk->large_share;
    uint64_t others = work->large_in_work - own;
    bool may_wait = chunk->copy->key != NULL && chunk->copy->removal != BS_REMOVAL_NONE;
    bool fits = bytes <= own || others == 0 || others + bytes <= work->large_bytes || !may_wait;
    chunk->largest = bytes > chunk->largest ? bytes : chunk->largest;
    if (!fits) { /* a second time all there is, so that there is no third one */
        bool had_some = own > 0 && bytes < work->large_bytes;
        chunk->wants_room = had_some ? work->large_bytes : bytes;
    } else if (bytes > own) {
        chunk->large_share = bytes;
        work->large_in_work += bytes - own;
    }
    pthread_mutex_unlock(&work->lock);
    return fits;
}
