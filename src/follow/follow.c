/* A run: open the target (take-over, checkpoint), look at the source, start the stream, feed until
 * the end that the caller wants.
 *
 *   open target ─> open source ─> start stream ─> feed, feed ... ─> commit what is whole ─> close
 *                                      ^             │ target lost, deadlock: recover
 *                                      └─────────────┘
 *
 * Every second or so the loop looks at requests (cutover, abort), the stop flag and the display. */
#include "follow/follow_private.h"

#include "apply/ddl_run.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "sql/error_class.h"
#include "state/fence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum bs_status
check_phase(const struct bs_follow *follow, struct bs_error *err) {
    const char *task = follow->config->state.task;
    switch (follow->task.phase) {
    case BS_PHASE_COPIED:
    case BS_PHASE_FOLLOWING:
    case BS_PHASE_FINISHING:
        return BS_OK;
    case BS_PHASE_COPYING:
        bs_error_set(err, BS_CONFIG, "the snapshot of task '%s' is not finished", task);
        return bs_error_hint(err, "run `binstream snapshot` again, then follow");
    case BS_PHASE_DONE:
        bs_error_set(err, BS_CONFIG, "task '%s' is done: the cutover has been made", task);
        return bs_error_hint(err, "`binstream reset --state-only` removes its state");
    case BS_PHASE_ABORTED:
        bs_error_set(err, BS_CANCELLED, "task '%s' was aborted", task);
        return bs_error_hint(err, "`binstream reset` removes what it copied");
    }
    return BS_OK;
}

static const char *
until_name(enum bs_follow_until until) {
    switch (until) {
    case BS_FOLLOW_UNTIL_STOPPED:
        return "stopped";
    case BS_FOLLOW_UNTIL_CAUGHT_UP:
        return "caught-up";
    case BS_FOLLOW_UNTIL_CUTOVER:
        return "cutover";
    }
    return "";
}

/* The task says which source is expected, so it is read first; the applier needs the source. */
static enum bs_status
read_task(struct bs_follow *follow, struct bs_error *err) {
    const struct bs_follow_config *config = follow->config;
    struct bs_sql_options options = {.program = "binstream control"};
    enum bs_status status = bs_sql_connect(&follow->control, config->target, &options, err);
    bool found = false;
    if (status == BS_OK) {
        status = bs_state_load_task(follow->control, &config->state, &follow->task, &found, err);
    }
    if (status == BS_OK && !found) {
        bs_error_set(err, BS_CONFIG, "there is no task '%s' on the target", config->state.task);
        status = bs_error_hint(err, "run `binstream snapshot` first");
    }
    if (status == BS_OK) {
        status = check_phase(follow, err);
    }
    if (status == BS_OK) {
        status = bs_state_read_selection(&follow->task, &config->state, &follow->selection, err);
    }
    if (status == BS_OK && follow->task.definer != NULL && *follow->task.definer != '\0') {
        follow->translation.definer = bs_strdup(follow->task.definer);
    }
    bs_sql_close(follow->control);
    follow->control = NULL;
    return status;
}

static enum bs_status
refuse_unfinished(const struct bs_follow *follow, struct bs_error *err) {
    bs_error_set(err, BS_CONFIG,
                 "the cutover of task '%s' was cut short while its hook ran: it must be completed",
                 follow->config->state.task);
    return bs_error_hint(err, "run `binstream follow --until-cutover`");
}

/* What an interrupted cutover left is put back, and the phase is ours. */
enum bs_status
bs_follow_begin_work(struct bs_follow *follow, struct bs_error *err) {
    const struct bs_follow_config *config = follow->config;
    enum bs_status status = BS_OK;
    follow->unfinished = false;
    follow->is_done = follow->task.phase == BS_PHASE_DONE;
    if (follow->is_done) {
        return BS_OK; /* the answer to its COMMIT was lost */
    }
    status = check_phase(follow, err);
    if (status == BS_OK && config->opened != NULL) {
        status =
            config->opened(config->cutover_arg, follow, &follow->task, &follow->unfinished, err);
    }
    follow->hold = follow->applier.hold = follow->unfinished;
    if (status == BS_OK && follow->unfinished && config->until != BS_FOLLOW_UNTIL_CUTOVER) {
        return refuse_unfinished(follow, err);
    }
    if (status == BS_OK && !follow->unfinished) {
        status = bs_state_set_phase(follow->control, &config->state, follow->epoch,
                                    BS_PHASE_FOLLOWING, err);
    }
    if (status == BS_OK) {
        status = bs_state_set_until(follow->control, &config->state, follow->epoch,
                                    until_name(config->until), err);
    }
    return status;
}

/* A session that is lost here was most likely killed by a successor: taking the task again tells.
 */
static enum bs_status
open_and_begin(struct bs_follow *follow, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (int tries = 0; tries < BS_FOLLOW_RETRIES_MAX; tries++) {
        status = bs_follow_open_target(follow, err);
        if (status == BS_OK) {
            status = bs_follow_begin_work(follow, err);
        }
        if (status != BS_IO || !follow->taken_over) {
            return status;
        }
        bs_follow_close_target(follow);
    }
    return status;
}

static enum bs_status
open_all(struct bs_follow *follow, struct bs_error *err) {
    enum bs_status status = read_task(follow, err);
    if (status == BS_OK) {
        status = bs_follow_open_source(follow, err);
    }
    if (status == BS_OK) {
        status = open_and_begin(follow, err);
    }
    if (status == BS_OK) {
        follow->source_end = bs_source_end_open(follow->config->source, &follow->source);
    }
    return status == BS_OK ? bs_follow_start_stream(follow, err) : status;
}

static void
close_all(struct bs_follow *follow) {
    bs_follow_stop_stream(follow);
    bs_source_end_close(follow->source_end);
    bs_position_fini(&follow->end_answer.position);
    bs_log_files_fini(&follow->log);
    bs_follow_close_target(follow);
    bs_spent_fini(&follow->spent);
    bs_decoder_free(follow->decoder);
    bs_translation_fini(&follow->translation);
    bs_task_fini(&follow->task);
    bs_selection_fini(&follow->selection);
    bs_position_fini(&follow->end);
}

static void
show_progress(const struct bs_follow *follow) {
    if (follow->config->progress == NULL) {
        return;
    }
    struct bs_applier_stats stats;
    bs_follow_stats(follow, &stats);
    struct bs_follow_progress progress = {
        .transactions = stats.transactions,
        .rows = stats.rows,
        .lag_s = bs_follow_lag_s(follow),
        .caught_up = bs_follow_is_caught_up(follow),
        .pace = &follow->pace,
        .file = follow->decoder != NULL ? bs_decoder_file(follow->decoder) : "",
        .pos = follow->decoder != NULL ? bs_decoder_pos(follow->decoder) : 0,
        .ignored_events = follow->decoder != NULL ? bs_decoder_ignored_events(follow->decoder) : 0,
    };
    follow->config->progress(follow->config->progress_arg, &progress);
}

/* Within a message: requests are not looked at here, and what fails is noticed after it. */
void
bs_follow_while_waiting(void *arg) {
    struct bs_follow *follow = arg;
    int64_t now = bs_clock_mono_ms();
    struct bs_error ignored;
    enum bs_spent_state before = bs_spent_move(&follow->spent, BS_SPENT_OTHER);
    if (now - follow->shown_ms >= BS_FOLLOW_CONTROL_MS) {
        follow->shown_ms = now;
        show_progress(follow);
    }
    if (now - follow->beat_ms >= BS_FOLLOW_BEAT_MS && !follow->control_is_lent) {
        follow->beat_ms = now;
        if (bs_follow_beat(follow, &ignored) != BS_OK) {
            bs_log(BS_LOG_DEBUG, "telling how it goes: %s", ignored.message);
        }
    }
    (void)bs_spent_move(&follow->spent, before);
}

static enum bs_status
handle_abort(struct bs_follow *follow, const struct bs_request *request, struct bs_error *err) {
    const struct bs_state *state = &follow->config->state;
    bool taken = false;
    enum bs_status status = bs_state_take_up(follow->control, state, request->id, &taken, err);
    if (status != BS_OK || !taken) {
        return status;
    }
    status = bs_state_set_phase(follow->control, state, follow->epoch, BS_PHASE_ABORTED, err);
    if (status == BS_OK) {
        status = bs_state_answer(follow->control, state, request->id, "aborted", 0, err);
    }
    follow->is_aborted = status == BS_OK;
    return status == BS_OK ? bs_error_set(err, BS_CANCELLED, "aborted by request") : status;
}

/* Its session for DDL is there: bs_ddl_open. */
static enum bs_status
run_cutover(struct bs_follow *follow, const struct bs_request *request, bool *finished,
            struct bs_error *err) {
    const struct bs_follow_config *config = follow->config;
    /* The drain of a frozen source is one session's work. */
    enum bs_status status = bs_applier_serialize(&follow->applier, true, err);
    if (status != BS_OK) {
        return status;
    }
    follow->in_cutover = true;
    follow->is_broken = false;
    status = config->cutover(config->cutover_arg, follow, request, finished, err);
    follow->in_cutover = false;
    bs_rates_reset(&follow->rates); /* held back, it says nothing of how fast it could have been */
    (void)!bs_applier_serialize(&follow->applier, false, NULL);
    follow->unfinished = false;
    follow->hold = follow->applier.hold = false;
    follow->is_broken = follow->is_broken && status == BS_OK && !*finished;
    return status;
}

/* A target that is lost has its own way back. Where only this session is not to be had, such as
 * where no connection is free (which reads as a loss, where TLS is tried), it is for who asked. */
static bool
is_for_who_asked(const struct bs_follow *follow, enum bs_status status) {
    struct bs_error ignored;
    return status != BS_FENCED && follow->applier.ddl_sql == NULL &&
           bs_sql_ping(follow->control, &ignored) == BS_OK;
}

static enum bs_status
answer_without_session(struct bs_follow *follow, const struct bs_request *request,
                       const struct bs_error *cause, struct bs_error *err) {
    char *text = bs_asprintf("the cutover was not begun, nothing was changed: %s\nwhat to do: see "
                             "to it that the target has a connection free for binstream, then ask "
                             "again",
                             cause->message);
    bs_log(BS_LOG_WARNING, "the cutover is not begun: %s", cause->message);
    enum bs_status status =
        bs_state_answer(follow->control, &follow->config->state, request->id, text, 6, err);
    free(text);
    return status;
}

static enum bs_status
handle_cutover(struct bs_follow *follow, const struct bs_request *request, bool *finished,
               struct bs_error *err) {
    const struct bs_follow_config *config = follow->config;
    if (config->until != BS_FOLLOW_UNTIL_CUTOVER || config->cutover == NULL) {
        return bs_state_answer(follow->control, &config->state, request->id,
                               "this follow was not started with --until-cutover", 1, err);
    }
    if (follow->applier.window.is_open) {
        return bs_state_answer(follow->control, &config->state, request->id,
                               "not yet: rows that were copied at different times are still being "
                               "brought together; nothing was changed, ask again later",
                               6, err);
    }
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status status = bs_ddl_open(&follow->applier, &failure);
    if (status != BS_OK && is_for_who_asked(follow, status)) {
        return answer_without_session(follow, request, &failure, err);
    }
    if (status != BS_OK) {
        if (err != NULL) {
            *err = failure;
        }
        return status;
    }
    status = run_cutover(follow, request, finished, err);
    /* After a failure inside of it the way back is the one of any loss: BS_IO leads there. */
    return follow->is_broken ? bs_error_set(err, BS_IO, "%s", follow->broken.message) : status;
}

static enum bs_status
handle_requests(struct bs_follow *follow, bool *finished, struct bs_error *err) {
    struct bs_request request = {0};
    bool found = false;
    enum bs_status status =
        bs_state_next_request(follow->control, &follow->config->state, &request, &found, err);
    if (status == BS_OK && found && request.is_stale) {
        bs_log(BS_LOG_WARNING, "a request of %s is dropped: nobody waits for its answer any more",
               request.verb == BS_REQUEST_CUTOVER ? "cutover" : "abort");
        status = bs_state_answer(follow->control, &follow->config->state, request.id,
                                 "dropped: nobody waited for it any more", 6, err);
    } else if (status == BS_OK && found) {
        switch (request.verb) {
        case BS_REQUEST_CUTOVER:
            status = handle_cutover(follow, &request, finished, err);
            break;
        case BS_REQUEST_ABORT:
            status = handle_abort(follow, &request, err);
            break;
        }
    }
    bs_request_fini(&request);
    return status;
}

/* That it has caught up is told soon: who looks on may wait for it. */
static bool
is_beat_due(const struct bs_follow *follow, int64_t now) {
    int64_t age_ms = now - follow->beat_ms;
    bool is_news = !follow->beat_caught_up && bs_follow_is_caught_up(follow);
    return age_ms >= (is_news ? BS_FOLLOW_CONTROL_MS : BS_FOLLOW_BEAT_MS);
}

static enum bs_status
settle(struct bs_follow *follow, struct bs_error *err) {
    bool may = follow->decoder != NULL && follow->connected && bs_queue_weight(follow->queue) == 0;
    if (!may) {
        return BS_OK;
    }
    enum bs_status status = bs_follow_check_name(follow, err);
    return status == BS_OK ? bs_applier_settle(&follow->applier, err) : status;
}

/* What is due by the clock. A lost control session is a lost target, and so is one that takes no
 * writes for a while, or of a node whose cluster has left it. */
static enum bs_status
housekeeping(struct bs_follow *follow, bool *finished, struct bs_error *err) {
    int64_t now = bs_clock_mono_ms();
    struct bs_error failure;
    enum bs_status status = BS_OK;
    bs_error_clear(&failure);
    if (now - follow->control_ms >= BS_FOLLOW_CONTROL_MS) {
        follow->control_ms = follow->shown_ms = now;
        show_progress(follow);
        status = handle_requests(follow, finished, &failure);
    }
    if (status == BS_OK && !*finished && is_beat_due(follow, now)) {
        follow->beat_ms = now;
        status = settle(follow, &failure);
        if (status == BS_OK) {
            status = bs_follow_beat(follow, &failure);
        }
    }
    if (status != BS_OK && bs_sql_may_pass(&failure)) {
        status = bs_follow_recover(follow, &failure, err);
        *finished = status == BS_OK && follow->is_done;
        return status;
    }
    if (status != BS_OK && err != NULL) {
        *err = failure;
    }
    return status;
}

/* A cutover that may not be put back is completed before anything else. What fails there, a lost
 * server too, ends the run: only a cutover that was undone goes on from the last commit. */
static enum bs_status
complete_unfinished(struct bs_follow *follow, bool *finished, struct bs_error *err) {
    enum bs_status status = bs_ddl_open(&follow->applier, err);
    if (status == BS_OK) {
        status = run_cutover(follow, NULL, finished, err);
    }
    if (status == BS_OK && follow->is_broken) {
        status = bs_follow_recover(follow, &follow->broken, err);
    }
    return status;
}

/* The source's log ends before where it ended. A source that cannot be asked now is asked at the
 * next turn; the stream will notice that it is away. */
static enum bs_status
check_log_again(struct bs_follow *follow, struct bs_error *err) {
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status status = bs_follow_check_log(follow, &failure);
    follow->log_went_back = status == BS_IO;
    if (status != BS_OK && status != BS_IO && err != NULL) {
        *err = failure;
    }
    return status == BS_IO ? BS_OK : status;
}

static enum bs_status
loop(struct bs_follow *follow, struct bs_error *err) {
    bool finished = false;
    while (!finished) {
        if (follow->unfinished) {
            enum bs_status completed = complete_unfinished(follow, &finished, err);
            if (completed != BS_OK || finished) {
                return completed;
            }
        }
        enum bs_status status = bs_follow_feed(follow, BS_FOLLOW_TICK_MS, err);
        if (status == BS_OK && follow->log_went_back) {
            status = check_log_again(follow, err);
        }
        if (status == BS_OK) {
            status = bs_stop_check(err);
        }
        if (status == BS_OK && follow->end.file != NULL) {
            status = bs_follow_has_reached(follow, &follow->end, &finished, err);
            if (finished) {
                bs_follow_note_caught_up(follow);
            }
        }
        if (status == BS_OK && !finished) {
            status = housekeeping(follow, &finished, err);
        }
        if (status != BS_OK) {
            return status;
        }
    }
    return BS_OK;
}

static void
fill_report(const struct bs_follow *follow, struct bs_follow_report *report) {
    struct bs_applier_stats stats;
    bs_follow_stats(follow, &stats);
    *report = (struct bs_follow_report){
        .transactions = stats.transactions,
        .rows = stats.rows,
        .ddl_statements = stats.ddl_statements,
        .skipped_statements = stats.skipped_statements,
        .ignored_events = follow->decoder != NULL ? bs_decoder_ignored_events(follow->decoder) : 0,
        .reconnects = follow->reconnects,
        .elapsed_ms = bs_clock_mono_ms() - follow->started_ms,
        .lag_s = bs_follow_lag_s(follow),
        .is_aborted = follow->is_aborted,
    };
    const struct bs_position *at = &follow->applier.lane.checkpoint.position;
    bs_position_set(&report->position, at->file, at->pos, at->gtid);
}

/* Every answer has been read: whoever comes next may come from another node. */
static void
leave(struct bs_follow *follow) {
    struct bs_error ignored;
    bs_error_clear(&ignored);
    if (follow->control != NULL &&
        bs_fence_leave(follow->control, &follow->config->state, follow->epoch, &ignored) != BS_OK) {
        bs_log(BS_LOG_DEBUG, "leaving the task: %s", ignored.message);
    }
}

enum bs_status
bs_follow_run(const struct bs_follow_config *config, struct bs_follow_report *report,
              struct bs_error *err) {
    struct bs_follow *follow = bs_zalloc(sizeof *follow);
    follow->config = config;
    follow->started_ms = bs_clock_mono_ms();
    bs_spent_init(&follow->spent, BS_SPENT_OTHER);
    enum bs_status status = open_all(follow, err);
    if (status == BS_OK) {
        status = loop(follow, err);
    }
    /* Stopped by request between two groups: what is whole is kept. */
    bool is_settled = status == BS_OK;
    bool goes_on =
        status == BS_CANCELLED || (status == BS_OK && config->until == BS_FOLLOW_UNTIL_CAUGHT_UP);
    if (goes_on && follow->decoder != NULL && follow->connected) {
        struct bs_error ignored;
        is_settled = bs_applier_finish(&follow->applier, &ignored) == BS_OK &&
                     bs_follow_check_name(follow, &ignored) == BS_OK &&
                     bs_applier_settle(&follow->applier, &ignored) == BS_OK;
        if (!is_settled) {
            bs_log(BS_LOG_DEBUG, "last commit: %s", ignored.message);
        }
    }
    if (is_settled) {
        leave(follow);
    }
    fill_report(follow, report);
    close_all(follow);
    free(follow);
    return status;
}

void
bs_follow_report_fini(struct bs_follow_report *report) {
    bs_position_fini(&report->position);
}

double
bs_follow_drain_s(const struct bs_follow *follow, uint64_t *bytes) {
    if (bs_follow_is_caught_up(follow)) { /* since the last sample, it may be */
        *bytes = 0;
        return 0;
    }
    return bs_rates_drain_s(&follow->rates, bytes);
}

/* A row lock on the target must not hold the frozen source for longer than the operator allowed. */
static enum bs_status
limit_lock_waits(struct bs_follow *follow, int64_t left_ms, struct bs_error *err) {
    int64_t seconds = left_ms < 1000 ? 1 : left_ms / 1000;
    return bs_sql_limit_row_waits(follow->applier.lane.sql, seconds, err);
}

/* Both sessions that apply may wait for what others hold on the target. */
static enum bs_status
guard_drain(struct bs_follow *follow, struct bs_guard *guard, int64_t deadline_ms,
            struct bs_error *err) {
    return bs_guard_begin(guard, follow->control, follow->applier.lane.sql, follow->applier.ddl_sql,
                          deadline_ms, err);
}

static enum bs_status
drain(struct bs_follow *follow, const struct bs_position *position, int64_t deadline_ms,
      bool *reached, struct bs_error *err) {
    for (;;) {
        enum bs_status status = bs_follow_has_reached(follow, position, reached, err);
        int64_t left = deadline_ms - bs_clock_mono_ms();
        if (status != BS_OK || *reached || left <= 0) {
            return status;
        }
        status = bs_follow_feed(follow, left < 20 ? (int)left : 20, err);
        if (status == BS_OK) {
            status = bs_stop_check(err);
        }
        if (status != BS_OK) {
            return status;
        }
    }
}

enum bs_status
bs_follow_drain(struct bs_follow *follow, const struct bs_position *position, int64_t deadline_ms,
                bool *reached, struct bs_error *err) {
    struct bs_guard guard;
    struct bs_error failure;
    bs_error_clear(&failure);
    *reached = false;
    enum bs_status status = limit_lock_waits(follow, deadline_ms - bs_clock_mono_ms(), err);
    if (status == BS_OK) {
        status = guard_drain(follow, &guard, deadline_ms, err);
    }
    if (status == BS_OK) {
        follow->control_is_lent = true;
        status = drain(follow, position, deadline_ms, reached, &failure);
        (void)bs_guard_end(&guard);
        follow->control_is_lent = false;
        status = status != BS_OK ? bs_follow_name_loss(follow, &failure) : BS_OK;
        if (status != BS_OK && err != NULL) {
            *err = failure;
        }
    }
    if (status == BS_OK) {
        status = bs_sql_limit_row_waits(follow->applier.lane.sql, 0, err);
    }
    return status;
}

void
bs_follow_hold(struct bs_follow *follow) {
    follow->hold = true;
    follow->applier.hold = true;
}

/* Nothing else is needed: what is broken is opened anew after the cutover. */
void
bs_follow_give_up_open(struct bs_follow *follow) {
    struct bs_error ignored;
    if (follow->is_broken && bs_sql_exec(follow->applier.lane.sql, &ignored, "ROLLBACK") != BS_OK) {
        bs_log(BS_LOG_DEBUG, "giving up what is open: %s", ignored.message);
    }
}

bool
bs_follow_met_held(const struct bs_follow *follow) {
    return follow->hold && follow->is_broken && follow->broken.status == BS_CANCELLED;
}

enum bs_status
bs_follow_guard(struct bs_follow *follow, struct bs_guard *guard, int64_t deadline_ms,
                struct bs_error *err) {
    return bs_guard_begin(guard, follow->applier.lane.sql, follow->control, NULL, deadline_ms, err);
}

enum bs_status
bs_follow_watch(struct bs_follow *follow, struct bs_watch *watch, struct bs_error *err) {
    struct bs_sql *const sessions[] = {follow->control, follow->applier.lane.sql,
                                       follow->applier.ddl_sql};
    return bs_watch_begin(watch, sessions, sizeof sessions / sizeof *sessions, err);
}

struct bs_sql *
bs_follow_target(struct bs_follow *follow) {
    return follow->control;
}

const struct bs_translation *
bs_follow_translation(const struct bs_follow *follow) {
    return &follow->translation;
}

const struct bs_task *
bs_follow_task(const struct bs_follow *follow) {
    return &follow->task;
}

uint64_t
bs_follow_epoch(const struct bs_follow *follow) {
    return follow->epoch;
}

uint64_t
bs_follow_groups(const struct bs_follow *follow) {
    struct bs_applier_stats stats;
    bs_follow_stats(follow, &stats);
    return stats.transactions;
}

uint64_t
bs_follow_rows(const struct bs_follow *follow) {
    struct bs_applier_stats stats;
    bs_follow_stats(follow, &stats);
    return stats.rows;
}
