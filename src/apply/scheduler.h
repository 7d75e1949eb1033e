/* Which runs of source transactions may be applied side by side, and in what order they are known
 * to be in. Pure: no threads, no servers; what drives it is src/apply/pool.c, and a simulation in
 * the tests.
 *
 * A bundle is a contiguous run of whole source transactions, numbered 1, 2, 3 ... in the source's
 * order; it becomes one target transaction. While it is open, what it touches is told by hashed
 * keys:
 *
 *   touch, touch ... ─> close ─> [waiting] ──next──> [running] ──committed──> counts for `low`
 *                                    ^                   │
 *                                    └───── failed ──────┘   once all before it are committed
 *
 * A bundle that writes a key waits for those before it that wrote or read it; one that only reads
 * it, for those that wrote it. It waits until everything up to the newest of them is committed (the
 * low-water mark), not for that one alone: a bundle then depends on one number, and waits point
 * backwards only, so they cannot form a circle. Two keys that hash alike only make a bundle wait
 * without need.
 *
 * What a bundle waits for may be running one behind the other on one lane: a chain, named by its
 * first bundle. It may then join the chain, to run behind them on that lane, only if they are
 * committed; so a chain of bundles that meet needs no word from here between one and the next. Used
 * by one thread. */
#ifndef BS_APPLY_SCHEDULER_H
#define BS_APPLY_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many bundles at most may be closed and not yet part of the low-water mark; and be in one chain
 * and not be known to be committed. */
enum { BS_SCHEDULER_WINDOW = 64, BS_SCHEDULER_CHAIN_MAX = 8 };

enum bs_touch { BS_TOUCH_READ, BS_TOUCH_WRITE };

struct bs_scheduler;

struct bs_scheduler *bs_scheduler_new(void);
void bs_scheduler_free(struct bs_scheduler *scheduler);

/* Of the open bundle, which is always there. */
void bs_scheduler_touch(struct bs_scheduler *scheduler, uint64_t key, enum bs_touch how);

/* Ends the open bundle; returns its number. There must be room in the window. */
uint64_t bs_scheduler_close(struct bs_scheduler *scheduler);
bool bs_scheduler_has_room(const struct bs_scheduler *scheduler);

/* Would the open bundle, closed now, have to wait? */
bool bs_scheduler_open_waits(const struct bs_scheduler *scheduler);

/* The newest bundle that the open one has to wait for so far; 0: none. */
uint64_t bs_scheduler_open_after(const struct bs_scheduler *scheduler);

/* The oldest waiting bundle that may run; it is running from now on, and the first of a chain.
 * false: there is none. */
bool bs_scheduler_next(struct bs_scheduler *scheduler, uint64_t *number);

/* The oldest that may run behind the others of this chain; it is running from now on. */
bool bs_scheduler_next_behind(struct bs_scheduler *scheduler, uint64_t *number, uint64_t *chain);

/* Running bundles that were run end in one of two ways. failed: rolled back; runs again when
 * everything before it is committed, and no other joins its chain. false: everything before it was
 * committed already, so what went wrong is no matter of order. */
void bs_scheduler_committed(struct bs_scheduler *scheduler, uint64_t number);
bool bs_scheduler_failed(struct bs_scheduler *scheduler, uint64_t number);

/* The third way: one before it failed, and it was not run. It waits for what it waited for before.
 */
void bs_scheduler_not_run(struct bs_scheduler *scheduler, uint64_t number);

/* Every bundle up to this one is committed. */
uint64_t bs_scheduler_low(const struct bs_scheduler *scheduler);

/* Closed bundles that are not committed. */
size_t bs_scheduler_pending(const struct bs_scheduler *scheduler);

#endif
