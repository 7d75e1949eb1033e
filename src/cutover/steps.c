#include "cutover/cutover_private.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/stop.h"
#include "catalog/catalog.h"
#include "sql/guard.h"

#include <inttypes.h>

/* What replication writes, read_only does not hold back. */
enum bs_status
bs_attempt_refuse_replication(struct bs_attempt *attempt, struct bs_error *err) {
    struct bs_replication found;
    enum bs_status status =
        bs_catalog_replication(attempt->frozen.reader, &attempt->frozen.server, &found, err);
    if (status == BS_OK && !found.is_known) {
        bs_log(BS_LOG_WARNING, "cutover: the account may not see whether the source is a replica "
                               "itself, which goes on writing while it is frozen");
    }
    if (status != BS_OK || !found.is_applying) {
        return status == BS_OK ? bs_attempt_refuse_cluster(attempt, err) : status;
    }
    bs_error_set(err, BS_PRECHECK,
                 "the source is a replica itself, and goes on to apply what it "
                 "gets: that cannot be frozen");
    return bs_error_hint(err,
                         "on the source: %s, once nothing writes to its own source any more; "
                         "then ask for the cutover again",
                         attempt->frozen.server.flavour == BS_MARIADB
                             ? "STOP ALL SLAVES"
                             : "STOP REPLICA (or STOP SLAVE)");
}

enum bs_status
bs_attempt_freeze(struct bs_attempt *attempt, struct bs_error *err) {
    enum bs_status status = bs_follow_check_log(attempt->follow, err);
    if (status == BS_OK) {
        status = bs_attempt_refuse_replication(attempt, err);
    }
    if (status == BS_OK) {
        status = bs_attempt_look_ahead(attempt, err);
    }
    if (status == BS_OK) {
        status = bs_record_settings(attempt, err);
    }
    if (status != BS_OK) {
        return status;
    }
    bs_fault_point("cutover-stored");
    bs_log(BS_LOG_INFO, "cutover: freezing the source (%s%s)", bs_freeze_name(attempt->mode),
           attempt->mode == BS_FREEZE_READ_ONLY ? ": all of its databases" : "");
    attempt->frozen_us = bs_clock_wall_us();
    attempt->deadline_ms = bs_clock_mono_ms() + attempt->max_freeze_ms;
    bs_watch_arm(&attempt->watch, attempt->deadline_ms + BS_CUT_AFTER_MS);
    status =
        bs_freeze_apply(&attempt->frozen, attempt->config->selection, attempt->deadline_ms, err);
    if (status == BS_OK) {
        bs_fault_point("cutover-frozen");
        status = bs_catalog_position(attempt->frozen.reader, &attempt->frozen.server,
                                     &attempt->final, err);
    }
    return status;
}

static enum bs_status
say_out_of_time(const struct bs_attempt *attempt, const char *what, struct bs_error *err) {
    bs_error_set(err, BS_CANCELLED, "%s within --max-freeze (%.1f s)", what,
                 attempt->max_freeze_ms / 1000.0);
    return bs_error_hint(err, "ask again when `binstream status` shows a small lag, or allow more "
                              "with --max-freeze");
}

/* A statement that the guard has killed failed for want of time, or because a stop was asked for,
 * not for what it says. */
static enum bs_status
explain_interrupted(const struct bs_attempt *attempt, enum bs_status status, const char *what,
                    struct bs_error *err) {
    if (status == BS_OK || !bs_sql_is_interrupted(err)) {
        return status;
    }
    if (bs_stop_requested()) {
        return bs_stop_check(err);
    }
    return bs_clock_mono_ms() >= attempt->deadline_ms ? say_out_of_time(attempt, what, err)
                                                      : status;
}

/* The same for a connection that the watch has cut. */
enum bs_status
bs_attempt_explain_cut(struct bs_attempt *attempt, enum bs_status status, struct bs_error *err) {
    if (status != BS_IO || !bs_watch_has_cut(&attempt->watch)) {
        return status;
    }
    if (bs_stop_requested()) {
        return bs_stop_check(err);
    }
    bs_error_set(err, BS_CANCELLED, "the target did not answer within --max-freeze (%.1f s)",
                 attempt->max_freeze_ms / 1000.0);
    return bs_error_hint(err, "see what holds it up: its disk, its machine; then ask again");
}

enum bs_status
bs_attempt_drain(struct bs_attempt *attempt, struct bs_error *err) {
    static const char what[] = "the target did not reach the source's end";
    bool reached = false;
    bs_log(BS_LOG_INFO, "cutover: draining to %s:%" PRIu64, attempt->final.file,
           attempt->final.pos);
    enum bs_status status =
        bs_follow_drain(attempt->follow, &attempt->final, attempt->deadline_ms, &reached, err);
    if (status != BS_OK) {
        return explain_interrupted(attempt, status, what, err);
    }
    if (!reached) {
        return say_out_of_time(attempt, what, err);
    }
    bs_follow_hold(attempt->follow);
    bs_fault_point("cutover-drained");
    return BS_OK;
}

/* Where `reverse` could start. A target without a binlog has no such place. */
static void
read_target_position(struct bs_attempt *attempt) {
    struct bs_sql *target = bs_follow_target(attempt->follow);
    struct bs_server server;
    struct bs_error ignored;
    enum bs_status status = bs_catalog_server(target, &server, &ignored);
    if (status == BS_OK) {
        status = bs_catalog_position(target, &server, &attempt->target, &ignored);
    }
    if (status != BS_OK) {
        bs_log(BS_LOG_WARNING, "the target's own binlog position cannot be told: %s",
               ignored.message);
        bs_position_set(&attempt->target, "", 0, "");
    }
}

struct bs_finish
bs_attempt_finish_of(const struct bs_attempt *attempt) {
    return (struct bs_finish){
        .source = attempt->frozen.reader,
        .server = &attempt->frozen.server,
        .target = bs_follow_target(attempt->follow),
        .translation = bs_follow_translation(attempt->follow),
        .selection = attempt->config->selection,
        .accounts = attempt->config->accounts,
        .state = &attempt->config->state,
        .deadline_ms = attempt->deadline_ms,
    };
}

static enum bs_status
finish_guarded(struct bs_attempt *attempt, struct bs_error *err) {
    struct bs_guard guard;
    enum bs_status status = bs_follow_guard(attempt->follow, &guard, attempt->deadline_ms, err);
    if (status != BS_OK) {
        return status;
    }
    struct bs_finish finish = bs_attempt_finish_of(attempt);
    status = bs_finish_objects(&finish, &attempt->counts, err);
    (void)bs_guard_end(&guard);
    return explain_interrupted(attempt, status, "the target's objects could not be made", err);
}

enum bs_status
bs_attempt_finish(struct bs_attempt *attempt, struct bs_error *err) {
    enum bs_status status =
        bs_state_set_phase(bs_follow_target(attempt->follow), &attempt->config->state,
                           bs_follow_epoch(attempt->follow), BS_PHASE_FINISHING, err);
    if (status == BS_OK) {
        status = finish_guarded(attempt, err);
    }
    if (status == BS_OK) {
        read_target_position(attempt);
        bs_fault_point("cutover-finished");
    }
    return status;
}

enum bs_status
bs_attempt_read_on(struct bs_attempt *attempt, int64_t deadline_ms, struct bs_error *err) {
    struct bs_position now = {0};
    bool reached = false;
    enum bs_status status =
        bs_catalog_position(attempt->frozen.reader, &attempt->frozen.server, &now, err);
    if (status == BS_OK) {
        status = bs_follow_drain(attempt->follow, &now, deadline_ms, &reached, err);
    }
    bs_position_fini(&now);
    if (status == BS_OK && !reached) {
        return say_out_of_time(attempt, "the end of the source's log could not be read", err);
    }
    return explain_interrupted(attempt, status, "the end of the source's log could not be read",
                               err);
}

/* The freeze last: one that holds now has held when the position was read; and where it does not,
 * what has come of that says more than that it is gone. */
enum bs_status
bs_attempt_look(struct bs_attempt *attempt, int64_t deadline_ms, struct bs_error *err) {
    enum bs_status status = bs_attempt_read_on(attempt, deadline_ms, err);
    return status == BS_OK ? bs_freeze_check(&attempt->frozen, err) : status;
}
