#include "apply/lane.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "state/fence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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
load_checkpoint(struct bs_lane *lane, struct bs_error *err) {
    bool found = false;
    enum bs_status status = bs_state_load_checkpoint(lane->sql, &lane->state, lane->number,
                                                     &lane->checkpoint, &found, err);
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
    struct bs_sql_options options = {.program = "binstream lane", .no_binlog = no_target_binlog};
    enum bs_status status = bs_sql_connect(&lane->sql, target, &options, err);
    if (status == BS_OK) {
        status = bs_fence_hold_slot(lane->sql, state, number, err);
    }
    if (status == BS_OK) {
        status = read_max_packet(lane, err);
    }
    if (status == BS_OK) {
        status = load_checkpoint(lane, err);
    }
    if (status != BS_OK) {
        bs_lane_close(lane);
        return bs_error_context(err, "opening lane %u on the target", number);
    }
    return BS_OK;
}

void
bs_lane_close(struct bs_lane *lane) {
    bs_sql_close(lane->sql);
    bs_batch_fini(&lane->batch);
    bs_checkpoint_fini(&lane->checkpoint);
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
    bs_batch_put(&lane->batch, BS_EXPECT_ANY, "BEGIN");
    (void)bs_batch_open(&lane->batch, BS_EXPECT_FENCE);
    bs_state_put_touch(&lane->batch.sql, &lane->state, lane->number, lane->epoch);
    bs_batch_close(&lane->batch);
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
    if (lane->batch.count == 0) {
        return BS_OK;
    }
    enum bs_status status = bs_batch_send(&lane->batch, lane->sql, err);
    if (status == BS_OK && lane->open) {
        bs_fault_point("txn-open");
    }
    return status;
}

enum bs_status
bs_lane_flush_full(struct bs_lane *lane, struct bs_error *err) {
    return bs_batch_is_full(&lane->batch) ? bs_lane_flush(lane, err) : BS_OK;
}

/* COMMIT is apart from all else: the answers of everything before it have been checked. */
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
        return status;
    }
    bs_fault_point("commit-answered");
    return bs_sql_multi_next(lane->sql, &more, &affected, &warnings, err);
}

static void
put_checkpoint(struct bs_lane *lane, const struct bs_checkpoint *next) {
    (void)bs_batch_open(&lane->batch, BS_EXPECT_CHECKPOINT);
    bs_state_put_checkpoint(&lane->batch.sql, &lane->state, lane->number, lane->epoch, next);
    bs_batch_close(&lane->batch);
}

enum bs_status
bs_lane_commit(struct bs_lane *lane, const struct bs_position *position, uint32_t file_created,
               int64_t source_us, struct bs_error *err) {
    if (!lane->open) {
        return BS_OK;
    }
    struct bs_checkpoint next = {
        .file_created = file_created,
        .transactions = lane->checkpoint.transactions + lane->open_groups,
        .rows = lane->checkpoint.rows + lane->open_rows,
        .source_us = source_us,
        .applied_us = bs_clock_wall_us(),
    };
    bs_position_copy(&next.position, position);
    put_checkpoint(lane, &next);
    enum bs_status status = bs_lane_flush(lane, err);
    if (status == BS_OK) {
        status = send_commit(lane, err);
    }
    if (status != BS_OK) {
        bs_checkpoint_fini(&next);
        return bs_error_context(err, "committing on the target");
    }
    bs_checkpoint_fini(&lane->checkpoint);
    lane->checkpoint = next;
    lane->open = false;
    return BS_OK;
}
