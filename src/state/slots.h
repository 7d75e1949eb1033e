/* The slots of a task, each a lock of the target that a session of binstream holds by GET_LOCK: who
 * has them, how they are taken from whom, and how long that is waited for. The fence's inside; why
 * it is done so stands in fence.h. On the session and thread of the caller. */
#ifndef BS_STATE_SLOTS_H
#define BS_STATE_SLOTS_H

#include "base/error.h"
#include "sql/session.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    BS_SLOT_MAIN = BS_SLOT_COUNT, /* the control session's, behind the numbered ones */
    BS_SLOTS_ALL = BS_SLOT_COUNT + 1,
};

/* Connection ids of who holds each slot, 0: free. */
struct bs_slots {
    uint64_t id[BS_SLOTS_ALL];
};

enum bs_status bs_slots_look(struct bs_sql *sql, const struct bs_state *state,
                             struct bs_slots *slots, struct bs_error *err) BS_MUST_CHECK;

/* *got false: somebody else has held it for all of wait_s seconds. */
enum bs_status bs_slots_lock(struct bs_sql *sql, const struct bs_state *state, unsigned int slot,
                             int wait_s, bool *got, struct bs_error *err) BS_MUST_CHECK;

/* The same, and at once given back. */
enum bs_status bs_slots_try(struct bs_sql *sql, const struct bs_state *state, unsigned int slot,
                            int wait_s, bool *got, struct bs_error *err) BS_MUST_CHECK;

/* Kills each holder that is not this session and was not killed before (NULL: none was): a second
 * KILL would not hurry it. Where that is denied, the error says whose it is and what to grant. */
enum bs_status bs_slots_kill(struct bs_sql *sql, const struct bs_slots *now,
                             const struct bs_slots *before, struct bs_error *err) BS_MUST_CHECK;

/* Is every slot free, or held by the connection own? */
bool bs_slots_are_own(const struct bs_slots *slots, uint64_t own);

/* How long the holders that were killed are waited for. */
struct bs_patience {
    int timeout_ms;
    int64_t deadline; /* by the clock since start; moved on while somebody rolls back */
    int64_t tell_ms;  /* when the log says next who is waited for */
};

struct bs_patience bs_patience(int timeout_ms);

/* To be asked again and again while slots are held: true once it is too late and none of the
 * holders is seen to roll a transaction back. */
bool bs_patience_has_ended(struct bs_patience *patience, struct bs_sql *sql,
                           const struct bs_state *state, const struct bs_slots *slots);

/* BS_LIMIT, which names the connections that would not go in timeout_ms. */
enum bs_status bs_slots_fail_late(struct bs_sql *sql, const struct bs_state *state,
                                  const struct bs_slots *slots, int timeout_ms,
                                  struct bs_error *err);

#endif
