/* A lane: one session on the target that applies whole source transactions in order, exactly once.
 *
 *          bs_lane_begin                     bs_lane_commit
 *   [idle] ─────────────> [open] ──changes──> [open] ──────────> [idle]
 *                            │ bs_lane_close: connection lost, conflict, stream broken
 *                            v
 *                         gone; the target is as it was at the last commit
 *
 * One target transaction carries one or more whole source transactions, and with them the
 * checkpoint: its first statement touches the lane's row under the epoch (the fence), its last one
 * before COMMIT moves the position. What a COMMIT without an answer did is learnt by reading the
 * checkpoint again after a take-over, never guessed. Used by one thread. */
#ifndef BS_APPLY_LANE_H
#define BS_APPLY_LANE_H

#include "apply/batch.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "sql/session.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

struct bs_lane {
    struct bs_sql *sql;
    struct bs_state state;
    unsigned int number;
    uint64_t epoch;
    struct bs_batch batch;
    struct bs_checkpoint checkpoint; /* what the target holds */
    bool open;      /* a target transaction is open, or its BEGIN is in the batch */
    bool fk_checks; /* the session's setting, batch included */
    uint64_t open_groups, open_rows; /* of the open transaction */
};

/* Connects, takes the lane's slot, reads its checkpoint. The epoch is the caller's, after
 * take-over. */
enum bs_status bs_lane_open(struct bs_lane *lane, const struct bs_endpoint *target,
                            const struct bs_state *state, unsigned int number, uint64_t epoch,
                            bool no_target_binlog, struct bs_error *err) BS_MUST_CHECK;
void bs_lane_close(struct bs_lane *lane); /* an open transaction is lost, as it must be */

/* Makes sure that a target transaction is open. */
void bs_lane_begin(struct bs_lane *lane);

/* Foreign key checks for the changes that follow: the target then runs cascades, or does not. */
void bs_lane_set_fk_checks(struct bs_lane *lane, bool on);

/* Sends the batch if it is full / in any case. */
enum bs_status bs_lane_flush_full(struct bs_lane *lane, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_lane_flush(struct bs_lane *lane, struct bs_error *err) BS_MUST_CHECK;

/* Writes the checkpoint and commits; lane->checkpoint is then what was given. Nothing happens when
 * no transaction is open. next->transactions and rows are filled in here. */
enum bs_status bs_lane_commit(struct bs_lane *lane, const struct bs_position *position,
                              uint32_t file_created, int64_t source_us,
                              struct bs_error *err) BS_MUST_CHECK;

#endif
