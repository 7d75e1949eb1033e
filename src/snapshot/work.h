/* The list of what is still to be copied, shared by all dumpers and loaders.
 *
 *   table ──plan (one dumper at a time)──> chunk ──dump──> blocks ──load──> done
 *                                            ^                       │
 *                                            └─────── again ─────────┘
 *
 * Again: a deadlock, or LOAD DATA has refused it.
 *
 * A table whose keys are late (late_keys.h) is done once they are built, by whoever was told that
 * it was loaded.
 *
 * Chunks are cut on demand, by whichever dumper is free, within the table that the fewest are busy
 * with. Any dumper may dump any chunk again, because all views show one position. The end is when
 * every table is cut to its end and every chunk is loaded.
 *
 * A copy that must give its views up for a while is drained: what is in work comes to its end, and
 * the rest is for another attempt.
 *
 * Tables that are locked (see bs_copy) are for the dumper alone whose session holds the lock; the
 * others are not for it. Of those some may be for the first view alone.
 *
 * One mutex guards all that is mutable here. The first error stops everybody: it closes the queues
 * that were given to the work. All functions may be called from any thread. */
#ifndef BS_SNAPSHOT_WORK_H
#define BS_SNAPSHOT_WORK_H

#include "base/error.h"
#include "base/queue.h"
#include "snapshot/bound.h"
#include "snapshot/copy.h"
#include "snapshot/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BS_CHUNK_ATTEMPTS_MAX = 8 };

/* Rows with lower < key <= upper. Owned by the work from bs_work_cut on; used by one thread at a
 * time, handed on through queues and the work's lock. */
struct bs_chunk {
    const struct bs_copy *copy;
    size_t table; /* index in the work */
    uint64_t number;
    struct bs_bound lower;
    struct bs_bound upper;
    enum bs_form form;
    bool was_given_out;    /* before: it goes again */
    unsigned int attempts; /* that failed as a later one may not */
    uint64_t rows, bytes; /* committed by this attempt: a table that is read whole goes in pieces */
    bool must_empty;      /* an earlier attempt left rows: delete what is in its range first */
    bool wants_other;     /* the dumper saw a value that this form does not carry ... */
    enum bs_form other;   /* ... and this one does */
    uint64_t largest;     /* of the rows that bs_work_admit_large was asked for; 0: none */
    uint64_t large_share; /* of what large rows may take, what this chunk has while in work */
    uint64_t wants_room;  /* the dumper saw a large row for which there was no room: so much */
    bool is_given_up;     /* the dumper did not read it to its end: it shall go again ... */
    unsigned int times_given_up; /* ... so often */
    bool is_last;                /* no row of the table is behind it */
    struct bs_chunk *next;       /* in the list of those to be dumped again */
    struct bs_chunk *next_open;  /* in the list of those that are not loaded yet */
};

struct bs_chunk *bs_chunk_new(const struct bs_copy *copy, size_t table, uint64_t number);

struct bs_work;

/* copies: in the order in which they are best begun. Not owned. */
struct bs_work *bs_work_new(struct bs_copy **copies, size_t count, uint64_t chunk_bytes);

/* Chunks with large rows are in work at once only as far as a row of each goes into so many bytes;
 * one always is. A table whose rows are large, on average, has its chunks begun accordingly; where
 * a large row comes unexpectedly, see bs_work_admit_large. Nobody waits where a row is read: a
 * dumper that did, in the middle of a chunk, would keep its loader in the middle of a statement,
 * whose locks others may wait for. */
void bs_work_bound_large(struct bs_work *work, uint64_t bytes);
void bs_work_free(struct bs_work *work);

/* What a dumper shall do next: dump a chunk again, or cut the next one off a table. */
struct bs_work_item {
    struct bs_chunk *chunk; /* to be dumped; NULL: cut */
    size_t table;
    const struct bs_copy *copy;
    struct bs_bound after; /* cut behind this; owned by the item */
    uint64_t rows;         /* about so many rows */
    unsigned int sharers;  /* so many pairs share what is left of the table, as no other one is left
                              to be cut; 0: another is */
    uint64_t large_share;  /* what the chunk will have of what large rows may take */
    uint64_t number;
};

/* Who asks for work: the tables that are locked are for the locker, some of the others for the
 * first of the others only. */
enum bs_taker { BS_TAKER_LOCKER, BS_TAKER_FIRST, BS_TAKER_OTHER };

/* Waits for work that is for the taker; false: all of it is loaded, or the work was stopped. pair:
 * its index; of tables that are to be cut those that are kept for it come first, those of others
 * never. */
bool bs_work_take(struct bs_work *work, enum bs_taker taker, unsigned int pair,
                  struct bs_work_item *item);
/* The same without waiting; false: or there is none now. */
bool bs_work_try_take(struct bs_work *work, enum bs_taker taker, unsigned int pair,
                      struct bs_work_item *item);

/* Keeps small tables that nobody has begun for a pair, the one that it is to cut among them: so
 * many at most that the others have something left. Returns how many were put into copies, at most
 * cap; 0 if that table is not small, or was begun before. */
size_t bs_work_keep(struct bs_work *work, enum bs_taker taker, unsigned int pair,
                    const struct bs_work_item *item, const struct bs_copy **copies, size_t cap);
/* Whatever is kept for the pair is anybody's again. */
void bs_work_release(struct bs_work *work, unsigned int pair);

/* The answer to an item that was to be cut: the chunk to be dumped by the caller, NULL if there was
 * no row left; is_last: the table is cut to its end. true: it is loaded, and the caller must see to
 * its keys. */
bool bs_work_cut(struct bs_work *work, const struct bs_work_item *item, struct bs_chunk *chunk,
                 bool is_last);

/* A dumper has read a row of so many bytes: may it go on with the chunk? false: there is no room
 * now for another large row, which the chunk notes (wants_room); it shall go again, and is given
 * out when there is. A table without a key, which would begin anew, is always let on, and so is a
 * chunk that may not go again. */
bool bs_work_admit_large(struct bs_work *work, struct bs_chunk *chunk, uint64_t bytes);

/* add: rows of the chunk are committed. done: all of them; frees it; true: with it its table is
 * loaded, and the caller must see to its keys. again: puts it back. */
void bs_work_add(struct bs_work *work, struct bs_chunk *chunk, uint64_t rows, uint64_t bytes);
bool bs_work_done(struct bs_work *work, struct bs_chunk *chunk);
void bs_work_again(struct bs_work *work, struct bs_chunk *chunk);

/* The keys of such a table are built. */
void bs_work_keys_built(struct bs_work *work, const struct bs_copy *copy);

/* From now on nothing may be loaded by LOAD DATA, or in binary. Returns true for the first caller.
 */
bool bs_work_forbid_load(struct bs_work *work);
void bs_work_forbid_bulk(struct bs_work *work);
/* The form, or the one that stands in for it where it is forbidden. */
enum bs_form bs_work_allowed(struct bs_work *work, enum bs_form form);
/* How chunks are stored that nobody has tried yet: LOAD, unless it was set. */
enum bs_form bs_work_form(struct bs_work *work, size_t table);
void bs_work_set_form(struct bs_work *work, enum bs_form form);

/* Stops everybody. The first error stays. */
void bs_work_fail(struct bs_work *work, const struct bs_error *err);
bool bs_work_is_stopped(struct bs_work *work);
enum bs_status bs_work_error(struct bs_work *work, struct bs_error *err) BS_MUST_CHECK;

/* To be closed when the work stops. */
void bs_work_add_queue(struct bs_work *work, struct bs_queue *queue);

struct bs_work_totals {
    uint64_t tables_done, rows, bytes, chunks, retried;
    bool finished; /* all loaded, or stopped */
};
void bs_work_totals(struct bs_work *work, struct bs_work_totals *totals);

/* Nothing more is begun, and what is in work is brought to its end; then the wait is over. */
void bs_work_drain(struct bs_work *work);
/* It was drained before all was loaded. */
bool bs_work_is_drained(struct bs_work *work);

/* The tables in work, at most cap of them; returns how many were put. */
size_t bs_work_busy(struct bs_work *work, struct bs_table_progress *tables, size_t cap);

/* Waits at most timeout_ms for the end; true when it is reached. */
bool bs_work_wait(struct bs_work *work, int timeout_ms);

/* How many rows the next chunk should have: chunk_bytes by the size of the rows before, never more
 * than four times the one before. Pure. */
uint64_t bs_work_chunk_rows(uint64_t chunk_bytes, uint64_t rows, uint64_t bytes, uint64_t before);

#endif
