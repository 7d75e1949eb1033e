#include "apply/lane.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "sql/bulk.h"
#include "sql/error_class.h"
#include "state/fence.h"
#include "state/node.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_KEPT = 128 << 10 }; /* what was larger does not keep its memory */

static enum bs_status
read_max_packet(struct bs_lane *lane, struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_variable(lane->sql, "max_allowed_packet", false, &value, &found, err);
    if (status == BS_OK && found) {
        lane->batch.max_packet = strtoull(bs_buf_cstr(&value), NULL, 10);
    }
    bs_buf_fini(&value);
    return status;
}

static enum bs_status
read_node(struct bs_lane *lane, struct bs_error *err) {
    struct bs_node node;
    enum bs_status status = bs_node_read(lane->sql, &node, err);
    lane->is_alone = status == BS_OK && node.cluster == BS_CLUSTER_NONE;
    return status;
}

/* Does the statement stop the packet? Not every server, nor what may be in front of one, makes an
 * error of it. */
static enum bs_status
try_one_guard(struct bs_lane *lane, const char *sql, bool *stops, struct bs_error *err) {
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status status = bs_sql_exec(lane->sql, &failure, "%s; SET @bs_guard=1", sql);
    *stops = status == BS_SERVER && failure.sql_errno == BS_GUARD_ERROR;
    if (status == BS_IO && err != NULL) {
        *err = failure;
    }
    return status == BS_IO ? BS_IO : BS_OK;
}

/* Both kinds that batch.c puts. */
static enum bs_status
try_guards(struct bs_lane *lane, struct bs_error *err) {
    struct bs_buf checkpoint = {0};
    bool stops = false;
    bs_state_put_guard_trial(&checkpoint, &lane->state, lane->number, lane->epoch);
    enum bs_status status =
        try_one_guard(lane, "SET @bs_guard=IF(ROW_COUNT()=-9,0,EXP(9999))", &stops, err);
    if (status == BS_OK && stops) {
        status = try_one_guard(lane, bs_buf_cstr(&checkpoint), &stops, err);
    }
    lane->is_guarded = status == BS_OK && stops;
    bs_buf_fini(&checkpoint);
    return status;
}

static enum bs_status
load_checkpoint(struct bs_lane *lane, struct bs_error *err) {
    bool found = false;
    enum bs_status status = bs_state_load_checkpoint(lane->sql, &lane->state, lane->number,
                                                     &lane->checkpoint, &found, err);
    if (status == BS_OK && !found) { /* another run may have fewer lanes */
        status = bs_fence_check(lane->sql, &lane->state, lane->epoch, err);
    }
    if (status == BS_OK && !found) {
        bs_error_set(err, BS_SCHEMA, "task '%s' has no checkpoint for lane %u", lane->state.task,
                     lane->number);
        return bs_error_hint(err, "run `binstream snapshot` first");
    }
    return status;
}

enum bs_status
bs_lane_open(struct bs_lane *lane, const struct bs_endpoint *target, const struct bs_state *state,
             unsigned int number, uint64_t epoch, bool no_target_binlog, struct bs_error *err) {
    memset(lane, 0, sizeof *lane);
    lane->state = *state;
    lane->number = number;
    lane->epoch = epoch;
    lane->fk_checks = true;
    struct bs_sql_options options = {.program = "binstream lane",
                                     .no_binlog = no_target_binlog,
                                     .reads_late = true,
                                     .stores_rows = true};
    enum bs_status status = bs_sql_connect(&lane->sql, target, &options, err);
    if (status == BS_OK) {
        status = bs_fence_hold_slot(lane->sql, state, number, epoch, err);
    }
    if (status == BS_OK) {
        status = read_node(lane, err);
    }
    /* Not on a Galera node: the end of a prepared statement has no answer, and would swallow that
     * the transaction was rolled back for another node's. */
    lane->has_bulk = status == BS_OK && lane->is_alone && bs_sql_can_bulk(lane->sql);
    if (status == BS_OK) {
        status = read_max_packet(lane, err);
    }
    if (status == BS_OK) {
        status = load_checkpoint(lane, err);
    }
    if (status == BS_OK && lane->is_alone) { /* the row is there */
        status = try_guards(lane, err);
    }
    if (status != BS_OK) {
        bs_lane_close(lane);
        return bs_error_context(err, "opening lane %u on the target", number);
    }
    return BS_OK;
}

static void
empty_buf(struct bs_buf *buf) {
    if (buf->cap > BYTES_KEPT) {
        bs_buf_fini(buf);
    }
    bs_buf_clear(buf);
}

static void
empty_packet(struct bs_packet *packet) {
    for (size_t i = 0; i < packet->count; i++) {
        bs_batch_clear(&packet->staged[i].batch);
        empty_buf(&packet->staged[i].batch.sql);
        bs_checkpoint_fini(&packet->staged[i].next);
    }
    packet->count = 0;
    packet->read = 0;
    empty_buf(&packet->text);
}

static void
free_packet(struct bs_packet *packet) {
    empty_packet(packet);
    for (size_t i = 0; i < BS_LANE_STAGED_MAX; i++) {
        bs_batch_fini(&packet->staged[i].batch);
    }
    bs_buf_fini(&packet->text);
}

static bool
is_in_packets(const struct bs_lane *lane) {
    return lane->filling.count > 0 || lane->sent.count > 0;
}

void
bs_lane_close(struct bs_lane *lane) {
    bs_sql_close(lane->sql);
    free_packet(&lane->filling);
    free_packet(&lane->sent);
    bs_batch_fini(&lane->batch);
    bs_checkpoint_fini(&lane->checkpoint);
    bs_checkpoint_fini(&lane->next);
    memset(lane, 0, sizeof *lane);
}

void
bs_lane_begin(struct bs_lane *lane) {
    if (lane->open) {
        return;
    }
    lane->open = true;
    lane->open_groups = 0;
    lane->open_rows = 0;
    if (!lane->is_manual) {
        lane->is_manual = true;
        bs_batch_put(&lane->batch, BS_EXPECT_ANY, "SET autocommit=0");
    }
    if (lane->number == 0) {
        (void)bs_batch_open(&lane->batch, BS_EXPECT_FENCE);
        bs_state_put_touch(&lane->batch.sql, &lane->state, lane->number, lane->epoch);
        bs_batch_close(&lane->batch);
    }
}

void
bs_lane_set_fk_checks(struct bs_lane *lane, bool on) {
    if (lane->fk_checks == on) {
        return;
    }
    lane->fk_checks = on;
    bs_batch_put(&lane->batch, BS_EXPECT_ANY,
                 on ? "SET foreign_key_checks=1" : "SET foreign_key_checks=0");
}

enum bs_status
bs_lane_flush(struct bs_lane *lane, struct bs_error *err) {
    if (is_in_packets(lane)) {
        return bs_error_set(err, BS_LIMIT, "the transaction does not fit behind others");
    }
    if (lane->batch.count == 0) {
        return BS_OK;
    }
    enum bs_spent_state before = bs_spent_move(lane->spent, BS_SPENT_STATEMENTS);
    enum bs_status status = bs_batch_send(&lane->batch, lane->sql, err);
    (void)bs_spent_move(lane->spent, before);
    lane->has_failed = lane->has_failed || status != BS_OK;
    if (status == BS_OK && lane->open) {
        bs_fault_point("txn-open");
    }
    return status;
}

enum bs_status
bs_lane_flush_full(struct bs_lane *lane, struct bs_error *err) {
    return bs_batch_is_full(&lane->batch) ? bs_lane_flush(lane, err) : BS_OK;
}

/* Apart from all else: the answers of everything before it have been checked. */
static enum bs_status
send_commit(struct bs_lane *lane, struct bs_error *err) {
    bool more = false;
    uint64_t affected = 0;
    unsigned int warnings = 0;
    enum bs_status status = bs_sql_multi_send(lane->sql, bs_str("COMMIT"), err);
    if (status != BS_OK) {
        return status;
    }
    bs_fault_point("commit-sent");
    status = bs_sql_multi_next(lane->sql, &more, &affected, &warnings, err);
    if (status != BS_OK) {
        return bs_sql_commit_outcome(status, err);
    }
    bs_fault_point("commit-answered");
    status = bs_sql_multi_next(lane->sql, &more, &affected, &warnings, err);
    return status == BS_OK ? BS_OK : bs_sql_commit_lost(err); /* it is committed */
}

/* Lane 0's session is also used between transactions, and nothing must stay open there. */
static enum bs_status
end_transaction(struct bs_lane *lane, struct bs_error *err) {
    lane->open = false;
    if (lane->number > 0) {
        return BS_OK;
    }
    lane->is_manual = false;
    return bs_sql_exec(lane->sql, err, "SET autocommit=1");
}

static void
put_checkpoint(struct bs_lane *lane, const struct bs_checkpoint *next) {
    struct bs_expect *expect = bs_batch_open(&lane->batch, BS_EXPECT_CHECKPOINT);
    bs_state_put_checkpoint(&lane->batch.sql, &lane->state, lane->number, lane->epoch, next,
                            &expect->checkpoint);
    bs_batch_close(&lane->batch);
}

const struct bs_checkpoint *
bs_lane_checkpoint_before(const struct bs_lane *lane) {
    const struct bs_packet *packet = lane->filling.count > 0 ? &lane->filling : &lane->sent;
    return packet->count > 0 ? &packet->staged[packet->count - 1].next : &lane->checkpoint;
}

static void
prepare(struct bs_lane *lane, const struct bs_lane_mark *mark) {
    struct bs_checkpoint *next = &lane->next;
    const struct bs_checkpoint *last = bs_lane_checkpoint_before(lane);
    BS_ASSERT(lane->open);
    bs_checkpoint_fini(next);
    *next = (struct bs_checkpoint){
        .file_created = mark->file_created,
        .transactions = last->transactions + lane->open_groups,
        .rows = last->rows + lane->open_rows,
        .source_us = mark->source_us,
        .applied_us = bs_clock_wall_us(),
        .ahead = mark->ahead != NULL ? bs_strdup(mark->ahead) : NULL,
    };
    bs_position_copy(&next->position, mark->position);
    put_checkpoint(lane, next);
}

static enum bs_status
committed(struct bs_lane *lane, struct bs_error *err) {
    bs_checkpoint_fini(&lane->checkpoint);
    lane->checkpoint = lane->next;
    lane->next = (struct bs_checkpoint){0};
    return end_transaction(lane, err);
}

bool
bs_lane_has_room(const struct bs_lane *lane, size_t bytes, size_t most) {
    uint64_t taken = lane->batch.max_packet > 0 ? lane->batch.max_packet / 2 : most;
    const struct bs_packet *packet = &lane->filling;
    return packet->count == 0 ||
           (packet->count < BS_LANE_STAGED_MAX &&
            packet->text.len + lane->batch.sql.len + bytes < (most < taken ? most : taken));
}

bool
bs_lane_can_stage(const struct bs_lane *lane) {
    /* What is asked for is a moment in which all is sent, and no COMMIT. */
    return lane->is_alone && lane->is_guarded && lane->open &&
           bs_lane_has_room(lane, 0, SIZE_MAX) && bs_batch_can_commit(&lane->batch) &&
           !bs_fault_is_asked("txn-open");
}

void
bs_lane_stage(struct bs_lane *lane, const struct bs_lane_mark *mark) {
    struct bs_packet *packet = &lane->filling;
    struct bs_staged *staged = &packet->staged[packet->count];
    BS_ASSERT(bs_lane_can_stage(lane));
    prepare(lane, mark);
    struct bs_batch empty = staged->batch;
    *staged = (struct bs_staged){.batch = lane->batch, .next = lane->next};
    packet->count++;
    lane->next = (struct bs_checkpoint){0};
    lane->batch = empty;
    lane->batch.max_packet = staged->batch.max_packet;
    lane->open = false;
    bs_batch_put_commit(&staged->batch, &packet->text);
    if (lane->number == 0) { /* see end_transaction */
        bs_batch_put_behind(&packet->text, "SET autocommit=1");
        lane->is_manual = false;
    }
}

void
bs_lane_unwrite(struct bs_lane *lane, bool fk_checks_before) {
    BS_ASSERT(is_in_packets(lane));
    bs_batch_clear(&lane->batch);
    lane->open = false;
    lane->fk_checks = fk_checks_before;
}

static enum bs_status
fail_packets(struct bs_lane *lane, struct bs_error *err) {
    empty_packet(&lane->sent);
    empty_packet(&lane->filling);
    lane->has_failed = true;
    return bs_error_context(err, "applying on the target");
}

enum bs_status
bs_lane_send_staged(struct bs_lane *lane, struct bs_error *err) {
    struct bs_packet empty = lane->sent;
    BS_ASSERT(lane->sent.count == 0 && lane->filling.count > 0);
    lane->sent = lane->filling;
    lane->filling = empty;
    enum bs_spent_state before = bs_spent_move(lane->spent, BS_SPENT_STATEMENTS);
    enum bs_status status = bs_batch_send_packet(&lane->sent.text, lane->sql, err);
    (void)bs_spent_move(lane->spent, before);
    empty_buf(&lane->sent.text);
    return status == BS_OK ? BS_OK : fail_packets(lane, err);
}

static enum bs_status
read_next(struct bs_lane *lane, struct bs_error *err) {
    const struct bs_packet *packet = &lane->sent;
    const struct bs_batch *batch = &packet->staged[packet->read].batch;
    bool has_behind = lane->number == 0;
    bool is_last = packet->read + 1 == packet->count && !has_behind;
    enum bs_status status = bs_batch_read_commit(batch, lane->sql, is_last, lane->spent, err);
    return status == BS_OK && has_behind ? bs_batch_read_behind(lane->sql, err) : status;
}

enum bs_status
bs_lane_read_staged(struct bs_lane *lane, struct bs_error *err) {
    struct bs_packet *packet = &lane->sent;
    struct bs_staged *staged = &packet->staged[packet->read];
    BS_ASSERT(packet->read < packet->count);
    enum bs_spent_state before = bs_spent_move(lane->spent, BS_SPENT_STATEMENTS);
    enum bs_status status = read_next(lane, err);
    (void)bs_spent_move(lane->spent, before);
    if (status != BS_OK) {
        return fail_packets(lane, err);
    }
    bs_checkpoint_fini(&lane->checkpoint);
    lane->checkpoint = staged->next;
    staged->next = (struct bs_checkpoint){0};
    if (++packet->read == packet->count) {
        empty_packet(packet);
    }
    return BS_OK;
}

enum bs_status
bs_lane_prepare(struct bs_lane *lane, const struct bs_lane_mark *mark, struct bs_error *err) {
    prepare(lane, mark);
    enum bs_status status = bs_lane_flush(lane, err);
    return status == BS_OK ? BS_OK : bs_error_context(err, "applying on the target");
}

enum bs_status
bs_lane_commit_prepared(struct bs_lane *lane, struct bs_error *err) {
    enum bs_spent_state before = bs_spent_move(lane->spent, BS_SPENT_COMMIT);
    enum bs_status status = send_commit(lane, err);
    (void)bs_spent_move(lane->spent, before);
    status =
        status == BS_OK ? committed(lane, err) : bs_error_context(err, "committing on the target");
    lane->has_failed = lane->has_failed || status != BS_OK;
    return status;
}

enum bs_status
bs_lane_commit(struct bs_lane *lane, const struct bs_lane_mark *mark, struct bs_error *err) {
    if (lane->has_failed) {
        bs_error_set(err, BS_CONFLICT, "lane %u has failed, and was not rolled back", lane->number);
        return bs_error_hint(err, "run the same command again: it goes on from the last commit");
    }
    if (!lane->open) {
        return BS_OK;
    }
    if (bs_lane_can_stage(lane)) {
        bs_lane_stage(lane, mark);
        enum bs_status sent = bs_lane_send_staged(lane, err);
        return sent == BS_OK ? bs_lane_read_staged(lane, err) : sent;
    }
    enum bs_status status = bs_lane_prepare(lane, mark, err);
    return status == BS_OK ? bs_lane_commit_prepared(lane, err) : status;
}

enum bs_status
bs_lane_commit_aside(struct bs_lane *lane, struct bs_error *err) {
    enum bs_status status = bs_sql_commit_outcome(bs_sql_exec(lane->sql, err, "COMMIT"), err);
    return status == BS_OK ? end_transaction(lane, err) : status;
}

enum bs_status
bs_lane_roll_back(struct bs_lane *lane, struct bs_error *err) {
    bs_batch_clear(&lane->batch);
    lane->open = false;
    lane->has_failed = false;
    lane->fk_checks = true;
    lane->is_manual = false;
    return bs_sql_exec(lane->sql, err,
                       "ROLLBACK; SET autocommit=1, foreign_key_checks=1, sql_mode='" BS_SQL_MODE
                       "', timestamp=DEFAULT");
}
