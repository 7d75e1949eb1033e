/* A lane: one session on the target that applies whole source transactions, exactly once.
 *
 *          bs_lane_begin                     bs_lane_commit
 *   [idle] ─────────────> [open] ──changes──> [open] ──────────> [idle]
 *                            │ bs_lane_close: connection lost, conflict, stream broken
 *                            v
 *                         gone; the target is as it was at the last commit
 *
 * A transaction runs under autocommit=0, not behind BEGIN: a Galera node may roll it back in the
 * middle of a packet, for another node's, and MariaDB then runs the rest of the packet as if
 * nothing had been open. Behind BEGIN that was committed, statement by statement (seen on 10.11:
 * about one in 20 of those that were rolled back); under autocommit=0 the next statement fails
 * (seen 900 times, decision 14).
 *
 * One target transaction carries one or more whole source transactions, and with them the
 * checkpoint: its last statement before COMMIT moves the position in the lane's row, under the
 * epoch (the fence). Lane 0, whose transactions may be long, and which changes tables without
 * transactions, touches its row in its first statement too. What a COMMIT without an answer did is
 * learnt by reading the checkpoint again after a take-over, never guessed. Lane 0 is the applier's
 * own, and applies one transaction after the other; the others belong to src/apply/pool.h. Used by
 * one thread. */
#ifndef BS_APPLY_LANE_H
#define BS_APPLY_LANE_H

#include "apply/batch.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/spent.h"
#include "sql/session.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

enum { BS_LANE_STAGED_MAX = 4 };

/* A transaction in a packet: its statements, and what the lane's row holds once it is committed. */
struct bs_staged {
    struct bs_batch batch;
    struct bs_checkpoint next;
};

struct bs_packet {
    struct bs_staged staged[BS_LANE_STAGED_MAX];
    size_t count, read; /* of them, those whose answers are in */
    struct bs_buf text; /* until it is sent */
};

struct bs_lane {
    struct bs_sql *sql;
    struct bs_state state;
    unsigned int number;
    uint64_t epoch;
    struct bs_batch batch;
    struct bs_checkpoint checkpoint; /* what the target holds */
    struct bs_checkpoint next;       /* what it will hold, once prepared */
    bool open;       /* a target transaction is open, or its first statement is in the batch */
    bool has_failed; /* since it was rolled back last: nothing more can be committed */
    bool is_manual;  /* autocommit=0, batch included */
    bool is_alone;   /* no other node of a cluster takes writes */
    bool has_bulk;   /* the target takes rows as values in binary */
    bool is_guarded; /* the target ends a packet at a wrong count: see batch.h */
    bool fk_checks;  /* the session's setting, batch included */
    uint64_t open_groups, open_rows; /* of the open transaction */
    struct bs_packet filling, sent;
    struct bs_spent *spent; /* of the thread that uses the lane; not owned, may be NULL */
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

/* Writes the checkpoint and commits; lane->checkpoint is then what was given: the low-water mark,
 * and what this lane has applied beyond it (src/apply/applied.h; NULL: nothing). Nothing happens
 * when no transaction is open. What the transaction counts for is filled in here. */
struct bs_lane_mark {
    const struct bs_position *position;
    uint32_t file_created;
    int64_t source_us;
    const char *ahead;
};
enum bs_status bs_lane_commit(struct bs_lane *lane, const struct bs_lane_mark *mark,
                              struct bs_error *err) BS_MUST_CHECK;

/* The same with everything that the transaction is made of in one packet, and other transactions
 * behind it in the same packet: so the target goes from one to the next without waiting for us. One
 * packet may be filled while another is on its way.
 *
 *   begin, changes, stage ─> begin, changes, stage ─> send ─> read ─────────────> read ─> send ...
 *                                                           begin, changes, stage
 *
 * Only if all of the transaction is still in the batch, or what was sent of it has been answered,
 * and the target can check it: bs_batch_can_commit; and not in a cluster: a Galera node was seen to
 * answer such a packet with an error and to keep its transaction. While anything is staged or on
 * its way nothing else goes to the session: bs_lane_flush then fails with BS_LIMIT, and
 * bs_lane_unwrite takes back what the batch holds of a transaction that does not fit.
 *
 * has_room: for about so many bytes more, in a packet of at most so many. send: only if nothing is
 * on its way. read: of the next one. What fails is told for it, with the meaning of
 * bs_batch_read_commit; none behind it is staged or on its way any more. */
bool bs_lane_can_stage(const struct bs_lane *lane);
bool bs_lane_has_room(const struct bs_lane *lane, size_t bytes, size_t most);
void bs_lane_stage(struct bs_lane *lane, const struct bs_lane_mark *mark);
void bs_lane_unwrite(struct bs_lane *lane, bool fk_checks_before);
enum bs_status bs_lane_send_staged(struct bs_lane *lane, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_lane_read_staged(struct bs_lane *lane, struct bs_error *err) BS_MUST_CHECK;

/* The same in two steps, for what must happen in between: until commit is called, the transaction
 * can still be rolled back. */
enum bs_status bs_lane_prepare(struct bs_lane *lane, const struct bs_lane_mark *mark,
                               struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_lane_commit_prepared(struct bs_lane *lane, struct bs_error *err) BS_MUST_CHECK;

/* What the lane's row holds when the transaction that is being written is run: after the last one
 * that is staged, or was committed. */
const struct bs_checkpoint *bs_lane_checkpoint_before(const struct bs_lane *lane);

/* Sends COMMIT for what the caller has put into the open transaction; the checkpoint stays. */
enum bs_status bs_lane_commit_aside(struct bs_lane *lane, struct bs_error *err) BS_MUST_CHECK;

/* Takes back the open transaction after a failure; the session stays. */
enum bs_status bs_lane_roll_back(struct bs_lane *lane, struct bs_error *err) BS_MUST_CHECK;

#endif
