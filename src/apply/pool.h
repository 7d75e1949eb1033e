/* The lanes that apply bundles side by side: one thread and one session on the target each.
 *
 *   applier's thread                       lane's thread
 *   give(bundle) ──> [ready] ──────────>   rows, checkpoint under the epoch ── COMMIT
 *   take(result) <── [done] <───────────   or ROLLBACK, with the reason
 *
 * A lane goes from one bundle to the next without the applier: what is given beyond the idle lanes
 * waits for the first that is done. Of small ones a lane takes several, for one packet; and those
 * of one chain (src/apply/scheduler.h) run on the same lane, each behind the one before it, as many
 * in a packet as fit. None runs behind one that failed: they come back together.
 *
 * Which bundle may run is not known here: that is src/apply/scheduler.h. Everything is called from
 * the applier's thread. A lane that lost its session, or the task, is of no more use: the pool is
 * closed then, and opened anew after the task was taken over. */
#ifndef BS_APPLY_POOL_H
#define BS_APPLY_POOL_H

#include "apply/bundle.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/spent.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

struct bs_pool;

enum { BS_POOL_LANES_MAX = 32 };

struct bs_pool_config {
    const struct bs_endpoint *target;
    struct bs_state state;
    uint64_t epoch;
    unsigned int lanes;
    bool no_target_binlog;
    bool keep_commit_order; /* bundles are committed in the order of their numbers */
    uint64_t first_number;  /* of the first bundle that will be given */
    size_t packet_bytes;    /* that transactions of one chain may fill at most */
};

/* Connects all lanes: numbers 1 to config->lanes. */
enum bs_status bs_pool_open(struct bs_pool **pool, const struct bs_pool_config *config,
                            struct bs_error *err) BS_MUST_CHECK;
/* Ends at once, also when a lane waits for the target: what is open is lost, as it must be. */
void bs_pool_close(struct bs_pool *pool);

/* Is a lane idle, for which nothing is ready? Can a bundle be given, be it to wait? */
bool bs_pool_has_idle(struct bs_pool *pool);
bool bs_pool_has_room(struct bs_pool *pool);

/* Adds to us where the time of all lanes together has gone since they were opened. */
void bs_pool_spent(struct bs_pool *pool, int64_t us[BS_SPENT_STATES]);

/* There must be room, or others of this chain that have not been taken, behind which it runs. The
 * bundle stays the caller's, who must not touch it until it comes back. */
void bs_pool_give(struct bs_pool *pool, struct bs_bundle *bundle, uint64_t chain, bool one_by_one);

struct bs_pool_result {
    struct bs_bundle *bundle;
    enum bs_status status; /* BS_OK: committed. Else rolled back, or lost: see is_lost */
    bool is_lost;          /* what became of it is not known: the lane's session is gone */
    bool is_not_run;       /* one before it failed, and this one was not run */
    struct bs_error err;
};

/* A bundle that has come back; false: none right now. */
bool bs_pool_take(struct bs_pool *pool, struct bs_pool_result *result);
/* Waits until there is one, or the time has passed. */
void bs_pool_wait(struct bs_pool *pool, int timeout_ms);

/* Called, from a lane's thread and without locks, when a bundle has come back. NULL: nobody. Once
 * this returns, the one that was set before is not called any more. */
void bs_pool_on_done(struct bs_pool *pool, void (*on_done)(void *arg), void *arg);

#endif
