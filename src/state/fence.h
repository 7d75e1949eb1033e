/* The fence: at any time one binstream writes for a task, and none that is dead can still land a
 * commit.
 *
 * Every session that writes for a task holds GET_LOCK of its own slot (lane k and loader k use slot
 * k; the control session holds "main"). Taking over:
 *
 *   claim the next epoch ──> kill whoever holds a slot ──> wait until all are free, hold "main" ──>
 *   raise the epoch ──> only then read the checkpoint
 *
 * A transaction that an old session left behind waits, at the latest, on its lane's row, which the
 * raising of the epoch must lock: so when the epoch is up, that transaction has either committed,
 * and the checkpoint that is read next includes it, or it never will. Rejected: trusting that the
 * server notices a dead client; it does not while a statement waits for a lock (seen on MySQL 9.7
 * and MariaDB 10.11).
 *
 * In a cluster where several nodes take writes (node.h), locks and KILL end at the node. There the
 * rows do it: each transaction writes its lane's row, or the task's (bs_fence_seal), which the
 * raising of the epoch writes too, so one of the two fails when it is certified: a late COMMIT of
 * an old run on another node either is in before the epoch rises, or never (tried: 1213 on Galera,
 * 3101 on Group Replication). A row that is only locked is not certified; a COMMIT that had locked
 * its row in share mode came through. DDL is not certified against rows either: so the state holds
 * the node that a run is on, and a take-over from another one is refused while that node is a
 * member, unless the run has left in order.
 *
 * MySQL 5.6 has one lock per session, so a session holds one slot only. Lock names are
 * server-wide: "bs.<hash of schema and task>.<slot>", under the 64 characters that MySQL 5.7
 * allows. */
#ifndef BS_STATE_FENCE_H
#define BS_STATE_FENCE_H

#include "base/error.h"
#include "sql/session.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

/* On the control session: takes "main", kills and outwaits everybody else, raises the epoch of the
 * task and of its lanes. The task row must exist. timeout_ms bounds the waiting: BS_LIMIT names the
 * connections that would not go; one that is seen to roll a transaction back is waited for however
 * long that takes. Ends with BS_CANCELLED when a stop is asked for. *epoch is the claimed one as
 * soon as it is claimed, also when what follows fails: a caller whose session was lost half way
 * goes on with bs_fence_retake. */
enum bs_status bs_fence_take_over(struct bs_sql *control, const struct bs_state *state,
                                  int timeout_ms, uint64_t *epoch,
                                  struct bs_error *err) BS_MUST_CHECK;

/* The same for a session that replaces a lost one of the same run: BS_FENCED, and nobody killed, if
 * the epoch is no longer *epoch. Without this two runs that kill each other's sessions would take
 * the task from each other for ever. *epoch becomes the new one. */
enum bs_status bs_fence_retake(struct bs_sql *control, const struct bs_state *state, int timeout_ms,
                               uint64_t *epoch, struct bs_error *err) BS_MUST_CHECK;

/* On a writing session: takes its slot. BS_FENCED if the epoch is no longer epoch, or if somebody
 * else has the slot and keeps it: a session of an older epoch, which opened its slots while ours
 * was raised, gives it up once it sees that. */
enum bs_status bs_fence_hold_slot(struct bs_sql *sql, const struct bs_state *state,
                                  unsigned int slot, uint64_t epoch,
                                  struct bs_error *err) BS_MUST_CHECK;

/* BS_FENCED if the task's epoch is no longer epoch: a look, which promises nothing for later. */
enum bs_status bs_fence_check(struct bs_sql *sql, const struct bs_state *state, uint64_t epoch,
                              struct bs_error *err) BS_MUST_CHECK;

/* The last statement before COMMIT in a transaction that writes no lane's row: writes the task's
 * row, so that the epoch cannot be raised beside it. BS_FENCED if the epoch is no longer epoch. */
enum bs_status bs_fence_seal(struct bs_sql *sql, const struct bs_state *state, uint64_t epoch,
                             struct bs_error *err) BS_MUST_CHECK;

/* At the end of a run, once every answer of every other session has been read: the next run may be
 * on any node of the cluster. */
enum bs_status bs_fence_leave(struct bs_sql *sql, const struct bs_state *state, uint64_t epoch,
                              struct bs_error *err) BS_MUST_CHECK;

/* Is some binstream at work on the task now? (somebody holds "main") A server takes a moment to
 * notice that a session has gone: settled waits for that, some seconds at most. */
enum bs_status bs_fence_is_held(struct bs_sql *sql, const struct bs_state *state, bool *held,
                                struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_fence_is_held_settled(struct bs_sql *sql, const struct bs_state *state,
                                        bool *held, struct bs_error *err) BS_MUST_CHECK;

#endif
