/* A dumper and a loader, joined by a bounded queue of blocks. Either may have an archive at its
 * other end instead of a server.
 *
 *   dumper ──rows──rows──piece end──rows──chunk end──> queue ──> loader
 *          <──────────────── empty blocks ────────────────────
 *
 * The dumper's thread owns the source session and writes blocks; the loader's thread owns the
 * target session and reads them. A chunk that fails goes back to the work and may be dumped by
 * another pair; its blocks that are still in the queue are thrown away up to its chunk end, which
 * always comes unless the work was stopped. */
#ifndef BS_SNAPSHOT_PAIR_H
#define BS_SNAPSHOT_PAIR_H

#include "base/buf.h"
#include "base/queue.h"
#include "schema/server.h"
#include "snapshot/archive.h"
#include "snapshot/courtesy.h"
#include "snapshot/held.h"
#include "snapshot/work.h"
#include "sql/session.h"
#include "state/state.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    BS_BLOCK_BYTES = 1 << 20,      /* a block is sent when it is so full */
    BS_BLOCK_KEEP_BYTES = 4 << 20, /* larger ones are not kept for reuse */
    BS_LARGE_ROW_BYTES = 1 << 20,  /* a row of more gets a block of its own */
    BS_BULK_VALUES_MAX = 1 << 16,  /* in a block: each takes some bytes more while it is sent */
};

enum bs_block_kind {
    BS_BLOCK_ROWS,
    BS_BLOCK_PIECE_END, /* of a table that is read whole: commit, then go on */
    BS_BLOCK_CHUNK_END,
    BS_BLOCK_KEYS, /* of no chunk, but between two: build the late keys of the table */
};

struct bs_block {
    enum bs_block_kind kind;
    struct bs_chunk *chunk;
    const struct bs_copy *copy; /* KEYS: whose */
    struct bs_buf text;         /* lines for LOAD DATA, one whole INSERT, or bare values */
    struct bs_buf ends;         /* INSERT: where each row ends in text, as uint32_t; BULK: the
                                   values' lengths (bs_row_put_bulk) */
    size_t head_len;            /* INSERT: where the first row starts */
    uint64_t rows;
    uint64_t zero_enums; /* how many warnings storing the rows must make */
    bool is_large;       /* see bs_block_enlarge */
};

/* What every pair shares. Read-only while they run. */
struct bs_pair_config {
    struct bs_work *work;
    struct bs_courtesy *courtesy;
    struct bs_archive *archive; /* that is read from, or written to; NULL */
    const struct bs_server *source;
    struct bs_state state;
    uint64_t epoch;
    bool may_hold;         /* nothing slows the dumpers down: see held.h */
    bool keeps_tables;     /* a view gives back none, or not all, of what it has opened ... */
    bool keeps_all;        /* ... none: see bs_point */
    uint64_t piece_bytes;  /* --chunk-bytes */
    uint64_t packet_bytes; /* the target's max_allowed_packet */
};

struct bs_pair {
    const struct bs_pair_config *config;
    unsigned int index; /* the fence's slot too */
    struct bs_sql
        *source;         /* NULL: the archive; its view is open, with savepoint BS_VIEW_SAVEPOINT */
    bool is_locker;      /* instead of a view, source holds the lock of the locked tables */
    int64_t unlocked_us; /* and gave it up then, as bs_clock_mono_us; 0: not yet */
    struct bs_held held; /* the dumper's */
    struct bs_sql *target; /* NULL: the archive */
    struct bs_queue *queue;
    struct bs_queue *spare;
    atomic_uint moves;          /* counts on while the loader gets ahead, if only within a row */
    pthread_mutex_t large_lock; /* guards has_large */
    pthread_cond_t large_given;
    bool has_large; /* there is a large block, anywhere between the dumper and the loader's end */
    pthread_t dumper;
    pthread_t loader;
};

#define BS_VIEW_SAVEPOINT "binstream_view"

void bs_pair_init(struct bs_pair *pair, const struct bs_pair_config *config, unsigned int index,
                  uint64_t queue_bytes);
/* Closes the sessions and drops what is left in the queues. The threads must have ended. */
void bs_pair_fini(struct bs_pair *pair);

/* An empty block for the chunk, new or used before; and back. */
struct bs_block *bs_block_take(struct bs_pair *pair, struct bs_chunk *chunk,
                               enum bs_block_kind kind);
void bs_block_give(struct bs_pair *pair, struct bs_block *block);

/* The dumper makes the block ready for a row larger than BS_LARGE_ROW_BYTES, of so many bytes as
 * text. Waits until the loader has given back the one before: several of them at once would be
 * more than --memory allows for. bound_ms: no longer than while the loader gets ahead at all, and
 * so long more, if not negative; then the block stays what it was, and *in_time is false. false:
 * the work was stopped. */
bool bs_block_enlarge(struct bs_pair *pair, struct bs_block *block, size_t bytes, int bound_ms,
                      bool *in_time);

/* The same bound for a block that is put into the queue. false: it was not. */
bool bs_block_push(struct bs_pair *pair, struct bs_block *block, int bound_ms);

/* The bodies of the threads; arg is the pair. */
void *bs_dumper_main(void *arg);
void *bs_loader_main(void *arg);
void *bs_archiver_main(void *arg); /* in a loader's place, where the copy goes to an archive */

#endif
