/* What the parts of the work share. Internal to src/snapshot; everything under the work's lock.
 *
 *   work.c         what is given out, and what comes back
 *   work_large.c   room for large rows
 *   work_kept.c    small tables that are kept for one pair
 */
#ifndef BS_SNAPSHOT_WORK_PRIVATE_H
#define BS_SNAPSHOT_WORK_PRIVATE_H

#include "snapshot/work.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BS_WORK_QUEUE_MAX = 128 };

struct bs_work_table {
    struct bs_copy *copy;
    bool is_being_cut;
    bool is_cut; /* to its end */
    unsigned int open_chunks;
    unsigned int in_work;  /* chunks that a pair has in hand, or cuts */
    unsigned int kept_for; /* a pair's index + 1; 0: for anybody */
    uint64_t large_row;    /* a chunk had to go again for want of room for a row so large */
    struct bs_bound after;
    uint64_t chunk_count;
    uint64_t chunk_rows;            /* of the chunk before */
    uint64_t rows, bytes;           /* loaded so far */
    uint64_t kept_rows, kept_bytes; /* that were in before */
    uint64_t recent_rows,
        recent_bytes; /* of the last chunks loaded; before, the catalogue's guess */
    bool is_measured;
    bool builds_keys;
    bool has_other; /* a chunk of it had values that wanted this form; so may the next ones */
    enum bs_form other;
    int64_t began_ms; /* 0: not yet */
};

struct bs_work {
    pthread_mutex_t lock; /* guards everything below but stopped */
    pthread_cond_t changed;
    struct bs_work_table *tables;
    size_t table_count;
    uint64_t chunk_bytes;
    uint64_t large_bytes;   /* see bs_work_bound_large */
    uint64_t large_in_work; /* what chunks in work have of it */
    struct bs_chunk *again; /* to be dumped again; a part of open */
    struct bs_chunk *open;
    struct bs_work_totals totals;
    struct bs_queue *queues[BS_WORK_QUEUE_MAX];
    size_t queue_count;
    enum bs_form form;
    bool load_forbidden;
    bool drains;
    struct bs_error error; /* status BS_OK: none */
    atomic_bool stopped;   /* read without the lock, for every block */
};

bool bs_work_is_for(const struct bs_copy *copy, enum bs_taker taker);

/* Is the table kept for another pair than this one? */
bool bs_work_is_kept_from(const struct bs_work_table *table, unsigned int pair);

/* work_large.c: of what large rows may take, what a chunk more of the table takes; and what one
 * takes that has to be dumped again. 0: its rows are small. */
uint64_t bs_work_large_share(const struct bs_work_table *table);
uint64_t bs_work_large_share_again(const struct bs_work *work, const struct bs_chunk *chunk);
/* Is so much left? */
bool bs_work_large_fits(const struct bs_work *work, uint64_t share);
/* Does a chunk wait for room that the taker could go on with? */
bool bs_work_large_is_awaited(const struct bs_work *work, enum bs_taker taker);

#endif
