/* The steps, each durable before the next:
 *
 *   store the source's settings ─> freeze ─> final position ─> drain ─> finish objects
 *   ─> look for late writes ─> store the mark of the hook ─> hook ─> look once more
 *   ─> enable events ─> report, phase done, answer: one transaction
 *
 * Anything that fails or takes too long before the hook has ended with 0, the hook itself too, is
 * undone in reverse: the mark goes, the source's settings are put back, triggers and events that
 * were made are dropped, the phase is following again, and the request is answered with exit 6 (or
 * 1) and the reason. A crash in between is undone in the same way by whoever opens the task next,
 * before it applies anything (bs_cutover_opened): the stored settings tell that it must.
 *
 * Not so when the mark is there: the hook was begun and nobody knows how it ended, so the traffic
 * may go to either side. Then nothing is undone and nothing applied. The source is frozen again,
 * nothing of ours may have been written to it since, and the hook is run again; if one of these
 * fails, the run stops and the operator says what is the case (--hook-lost). Without a hook the
 * point of no return is the last transaction.
 *
 * From the final position on the follow holds: what a write that slipped past the freeze changed
 * shows in the stream, and is refused instead of applied, since the target has triggers by then. It
 * undoes the cutover, and is applied after that. */
#include "cutover/cutover_private.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "cutover/hook.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum bs_status
bs_cutover_check_hook(const char *command, struct bs_error *err) {
    struct bs_buf json = {0};
    if (command == NULL) {
        return BS_OK;
    }
    bs_json_open(&json);
    bs_json_put_text(&json, "hook", command);
    bs_json_close(&json);
    char *back = bs_json_get(bs_buf_cstr(&json), "hook");
    bool same = back != NULL && strcmp(back, command) == 0;
    bs_buf_fini(&json);
    free(back);
    return same ? BS_OK : bs_error_set(err, BS_CONFIG, "option --hook: the command is not UTF-8");
}

static void
read_arguments(struct bs_attempt *attempt, const struct bs_request *request) {
    const struct bs_cutover_config *config = attempt->config;
    const char *json = request->arguments != NULL ? request->arguments : "{}";
    char *freeze = bs_json_get(json, "freeze");
    char *hook = bs_json_get(json, "hook");
    uint64_t max_freeze_ms = bs_json_get_u64(json, "max_freeze_ms");
    attempt->mode = config->freeze;
    if (freeze != NULL) {
        (void)bs_freeze_parse(freeze, &attempt->mode);
    }
    attempt->max_freeze_ms = max_freeze_ms > 0 ? (uint32_t)max_freeze_ms : config->max_freeze_ms;
    if (hook == NULL && config->hook != NULL) {
        hook = bs_strdup(config->hook);
    }
    if (hook != NULL && *hook != '\0') {
        attempt->hook = hook;
        hook = NULL;
    }
    free(hook);
    free(freeze);
}

/* What a target that does not answer holds up is the frozen source, or whoever asks for a stop. */
static enum bs_status
begin_watch(struct bs_attempt *attempt, struct bs_error *err) {
    enum bs_status status = bs_follow_watch(attempt->follow, &attempt->watch, err);
    if (status == BS_OK) {
        bs_watch_arm(&attempt->watch, BS_WATCH_NEVER);
    }
    return status;
}

static void
fini(struct bs_attempt *attempt) {
    bs_watch_end(&attempt->watch);
    bs_freeze_close(&attempt->frozen);
    bs_position_fini(&attempt->final);
    bs_position_fini(&attempt->target);
    bs_finish_counts_fini(&attempt->counts);
    free(attempt->hook);
}

static enum bs_status
open_source(struct bs_attempt *attempt, struct bs_error *err) {
    return bs_freeze_open(&attempt->frozen, attempt->config->source, &attempt->config->state,
                          bs_follow_task(attempt->follow), attempt->mode, err);
}

/* With the mark stored before it starts, and the outcome kept here should the target be away. */
static enum bs_status
run_hook(struct bs_attempt *attempt, struct bs_error *err) {
    struct bs_cutover_config *config = attempt->config;
    if (bs_stop_check(err) != BS_OK) { /* the last moment at which it costs nothing */
        return BS_CANCELLED;
    }
    if (attempt->hook == NULL) {
        return BS_OK;
    }
    if (bs_clock_mono_ms() >= attempt->deadline_ms) {
        return bs_error_set(err, BS_CANCELLED, "--max-freeze left no time for the hook");
    }
    attempt->hook_attempt++;
    config->hook_end = BS_HOOK_FAILED; /* whether the mark was stored or not: it has not begun */
    enum bs_status status = bs_record_mark(attempt, err);
    if (status != BS_OK) {
        return status;
    }
    config->hook_end = BS_HOOK_NOT_ENDED;
    bs_fault_point("hook-marked");
    bs_log(BS_LOG_INFO, "cutover: running the hook: %s", attempt->hook);
    struct bs_hook hook = {.command = attempt->hook,
                           .source = config->source,
                           .target = config->target,
                           .task = config->state.task,
                           .final = &attempt->final,
                           .attempt = attempt->hook_attempt,
                           .deadline_ms = attempt->deadline_ms};
    bs_watch_rest(&attempt->watch); /* the hook has a time of its own, and its word must be kept */
    status = bs_hook_run(&hook, err);
    config->hook_end = status == BS_OK         ? BS_HOOK_SUCCEEDED
                       : status == BS_CONFLICT ? BS_HOOK_NOT_ENDED
                                               : BS_HOOK_FAILED;
    int64_t now = bs_clock_mono_ms();
    int64_t over = now > attempt->deadline_ms ? now : attempt->deadline_ms;
    bs_watch_arm(&attempt->watch, status == BS_OK ? BS_WATCH_NEVER : over + BS_CUT_AFTER_MS);
    bs_fault_point("hook-ended");
    return status;
}

/* The settings that are stored are those from before the first freeze. */
enum bs_status
bs_attempt_open_source_again(struct bs_attempt *attempt, struct bs_error *err) {
    struct bs_freeze_values before = attempt->frozen.before;
    enum bs_status status = open_source(attempt, err);
    attempt->frozen.before = before;
    if (status == BS_OK) {
        bs_freeze_set_applied(&attempt->frozen);
    }
    return status;
}

static enum bs_status
wake_events(struct bs_attempt *attempt, struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (attempt->counts.events == 0) {
        return BS_OK;
    }
    if (attempt->frozen.reader == NULL) {
        status = bs_attempt_open_source_again(attempt, err);
    }
    bool is_worth_waiting = !attempt->hook_taken_as_done && attempt->late != BS_LATE_UNKNOWN;
    if (status != BS_OK && !is_worth_waiting) {
        bs_log(BS_LOG_WARNING,
               "the source cannot be asked which events were enabled: those of the target stay "
               "disabled until you enable them (ALTER EVENT ... ENABLE): %s",
               err != NULL ? err->message : "");
        bs_error_clear(err);
        return BS_OK;
    }
    if (status == BS_OK) {
        struct bs_finish finish = bs_attempt_finish_of(attempt);
        status = bs_finish_wake_events(&finish, &attempt->counts, err);
    }
    bs_fault_point("events-awake");
    return status;
}

static enum bs_status
complete(struct bs_attempt *attempt, bool *finished, struct bs_error *err) {
    bs_watch_arm(&attempt->watch, BS_WATCH_NEVER);
    enum bs_status status = wake_events(attempt, err);
    if (status == BS_OK) {
        status = bs_record_done(attempt, err);
    }
    *finished = status == BS_OK;
    if (status == BS_OK) {
        bs_stop_leaves(NULL); /* that it stays read-only is meant, and said */
        bs_log(BS_LOG_INFO, "cutover: done, the source was frozen for %" PRId64 " ms",
               (bs_clock_wall_us() - attempt->frozen_us) / 1000);
        bs_fault_point("cutover-done");
    }
    return status;
}

/* The mark first: what is known to have failed must not be taken for begun and lost. Then the
 * source: writers wait. *err gets the first failure. */
static enum bs_status
undo_in_order(struct bs_attempt *attempt, struct bs_error *err) {
    const struct bs_state *state = &attempt->config->state;
    struct bs_sql *target = bs_follow_target(attempt->follow);
    struct bs_error later;
    enum bs_status status = BS_OK;
    if (attempt->hook_attempt > 0) {
        status = bs_record_forget_mark(attempt, err);
    }
    if (attempt->frozen.applied) {
        enum bs_status source = bs_freeze_undo(&attempt->frozen, status == BS_OK ? err : &later);
        status = status == BS_OK ? source : status;
        bs_fault_point("undo-source-free");
    }
    bs_watch_arm(&attempt->watch, BS_WATCH_NEVER); /* it holds up nobody but us any more */
    if (status == BS_OK) {
        bs_follow_give_up_open(attempt->follow);
        status = bs_finish_undo(target, state, err);
    }
    if (status == BS_OK) {
        status = bs_state_set_phase(target, state, bs_follow_epoch(attempt->follow),
                                    BS_PHASE_FOLLOWING, err);
    }
    if (status == BS_OK) {
        bs_fault_point("undo-phase-back");
        status = bs_record_forget_settings(attempt, err);
    }
    return status;
}

/* Undone, answered, and following goes on; unless the undoing itself failed. Who was fenced leaves
 * it to the successor, which ends the connection that could still freeze. */
static enum bs_status
give_up(struct bs_attempt *attempt, const struct bs_request *request, const struct bs_error *cause,
        struct bs_error *err) {
    bs_log(BS_LOG_WARNING, "cutover: undone: %s", cause->message);
    if (cause->status == BS_FENCED) {
        *err = *cause;
        return BS_FENCED;
    }
    enum bs_status status = undo_in_order(attempt, err);
    if (status != BS_OK) {
        return status;
    }
    char *text = bs_asprintf("the cutover was undone: %s%s%s", cause->message,
                             cause->hint[0] != '\0' ? "\nwhat to do: " : "", cause->hint);
    int exit_code = cause->status == BS_CANCELLED ? 6 : 1;
    status = bs_state_answer(bs_follow_target(attempt->follow), &attempt->config->state,
                             request->id, text, exit_code, err);
    free(text);
    return status;
}

static enum bs_status
attempt_all(struct bs_attempt *attempt, struct bs_error *err) {
    enum bs_status status = open_source(attempt, err);
    if (status == BS_OK) {
        status = bs_attempt_freeze(attempt, err);
    }
    if (status == BS_OK) {
        status = bs_attempt_drain(attempt, err);
    }
    if (status == BS_OK) {
        status = bs_attempt_finish(attempt, err);
    }
    if (status == BS_OK) {
        status = bs_attempt_look(attempt, attempt->deadline_ms, err);
    }
    if (status == BS_OK) {
        status = run_hook(attempt, err);
    }
    return bs_attempt_explain_cut(attempt, status, err);
}

/* The hook was begun and its end is not known, and now something is in the way. */
static enum bs_status
stop_undecided(const struct bs_attempt *attempt, struct bs_error *err) {
    struct bs_error cause = *err;
    if (bs_stop_requested()) {
        return cause.status;
    }
    bs_error_set(err, BS_CONFLICT,
                 "the cutover was cut short while its hook ran, and cannot be completed by itself: "
                 "%s",
                 cause.message);
    return bs_error_hint(
        err,
        "look where the traffic goes. To the target: run this again with --hook-lost=done. To the "
        "source, and nothing wrote to the target: with --hook-lost=undo. Without either the hook "
        "is tried again (%s)%s",
        attempt->hook,
        attempt->mode == BS_FREEZE_READ_ONLY ? "; the source stays read-only until then" : "");
}

static enum bs_status
perform(struct bs_cutover_config *config, struct bs_follow *follow,
        const struct bs_request *request, bool *finished, struct bs_error *err) {
    struct bs_attempt attempt = {.config = config, .follow = follow};
    struct bs_error cause;
    bs_error_clear(&cause);
    bool taken = false;
    config->hook_end = BS_HOOK_NOT_ENDED;
    read_arguments(&attempt, request);
    enum bs_status status = begin_watch(&attempt, err);
    if (status == BS_OK) {
        status =
            bs_state_take_up(bs_follow_target(follow), &config->state, request->id, &taken, err);
    }
    if (status == BS_OK && !taken) {
        bs_log(BS_LOG_WARNING, "the cutover does not take place: the request was taken back");
    } else if (status == BS_OK && attempt_all(&attempt, &cause) == BS_OK) {
        attempt.stays_read_only = attempt.mode == BS_FREEZE_READ_ONLY;
        status = attempt.hook != NULL ? bs_late_look(&attempt, err) : BS_OK;
        status = status == BS_OK ? complete(&attempt, finished, err) : status;
    } else if (status == BS_OK && attempt.hook_attempt > 0 &&
               config->hook_end == BS_HOOK_NOT_ENDED) {
        *err = cause;
        status = stop_undecided(&attempt, err);
    } else if (status == BS_OK) {
        status = give_up(&attempt, request, &cause, err);
    }
    fini(&attempt);
    return status;
}

static enum bs_status
freeze_and_hook_again(struct bs_attempt *attempt, struct bs_error *err) {
    attempt->deadline_ms = bs_clock_mono_ms() + attempt->max_freeze_ms;
    bs_watch_arm(&attempt->watch, attempt->deadline_ms + BS_CUT_AFTER_MS);
    enum bs_status status = bs_attempt_open_source_again(attempt, err);
    if (status == BS_OK) {
        status = bs_attempt_refuse_replication(attempt, err);
    }
    if (status == BS_OK) {
        status = bs_freeze_apply(&attempt->frozen, attempt->config->selection, attempt->deadline_ms,
                                 err);
    }
    if (status == BS_OK) {
        status = bs_attempt_look(attempt, attempt->deadline_ms, err);
    }
    if (status == BS_OK) {
        status = run_hook(attempt, err);
    }
    status = bs_attempt_explain_cut(attempt, status, err);
    if (status != BS_OK) {
        return stop_undecided(attempt, err);
    }
    bs_late_look_again(attempt);
    return BS_OK;
}

static enum bs_status
undo_by_word(struct bs_attempt *attempt, struct bs_error *err) {
    bs_log(BS_LOG_WARNING, "the cutover is undone by the operator's word (--hook-lost=undo)");
    enum bs_status status = bs_attempt_open_source_again(attempt, err);
    return status == BS_OK ? undo_in_order(attempt, err) : status;
}

static enum bs_status
resolve(struct bs_attempt *attempt, bool *finished, struct bs_error *err) {
    struct bs_cutover_config *config = attempt->config;
    enum bs_status status = BS_OK;
    if (config->hook_end == BS_HOOK_SUCCEEDED) {
        bs_late_look_again(attempt);
        return complete(attempt, finished, err);
    }
    switch (config->hook_lost) {
    case BS_HOOK_AGAIN:
        status = freeze_and_hook_again(attempt, err);
        break;
    case BS_HOOK_DONE:
        attempt->hook_taken_as_done = true;
        bs_late_look_again(attempt);
        break;
    case BS_HOOK_UNDO:
        return undo_by_word(attempt, err);
    }
    return status == BS_OK ? complete(attempt, finished, err) : status;
}

/* An earlier cutover whose hook had been begun. */
static enum bs_status
complete_interrupted(struct bs_cutover_config *config, struct bs_follow *follow, bool *finished,
                     struct bs_error *err) {
    struct bs_attempt attempt = {.config = config, .follow = follow};
    bool marked = false;
    bool stored = false;
    enum bs_status status = begin_watch(&attempt, err);
    if (status == BS_OK) {
        status = bs_record_load_settings(&attempt, &stored, err);
    }
    if (status == BS_OK) {
        status = bs_record_load_mark(&attempt, &marked, err);
    }
    if (status == BS_OK && (!marked || !stored)) {
        bs_error_set(err, BS_SCHEMA, "the state of the interrupted cutover is incomplete");
        status = bs_error_hint(err, "look where the traffic goes, put the source's read_only as it "
                                    "has to be, then `binstream reset --state-only`, which keeps "
                                    "the data");
    }
    if (status == BS_OK) {
        bs_log(BS_LOG_WARNING, config->hook_end == BS_HOOK_SUCCEEDED
                                   ? "the hook has ended, and its cutover is not completed yet"
                                   : "an earlier cutover was cut short while its hook ran");
        status = resolve(&attempt, finished, err);
    }
    fini(&attempt);
    return status;
}

enum bs_status
bs_cutover_perform(void *arg, struct bs_follow *follow, const struct bs_request *request,
                   bool *finished, struct bs_error *err) {
    *finished = false;
    return request != NULL ? perform(arg, follow, request, finished, err)
                           : complete_interrupted(arg, follow, finished, err);
}

static enum bs_status
undo_left_over(struct bs_attempt *attempt, struct bs_error *err) {
    bs_log(BS_LOG_WARNING, "an earlier cutover did not finish: putting the source's settings back");
    enum bs_status status = bs_attempt_open_source_again(attempt, err);
    return status == BS_OK ? undo_in_order(attempt, err) : status;
}

enum bs_status
bs_cutover_opened(void *arg, struct bs_follow *follow, const struct bs_task *task, bool *unfinished,
                  struct bs_error *err) {
    struct bs_cutover_config *config = arg;
    struct bs_attempt attempt = {.config = config, .follow = follow};
    bool marked = false;
    bool stored = false;
    (void)task;
    enum bs_status status = bs_record_load_settings(&attempt, &stored, err);
    if (status == BS_OK) {
        status = bs_record_load_mark(&attempt, &marked, err);
    }
    *unfinished = status == BS_OK && marked && config->hook_end != BS_HOOK_FAILED;
    if (status == BS_OK && !*unfinished) {
        status = stored ? undo_left_over(&attempt, err) : BS_OK;
    }
    if (status == BS_OK && !*unfinished) {
        status = bs_state_answer_cutovers(
            bs_follow_target(follow), &config->state, true,
            "the cutover was undone: binstream or the target was lost while it was made\nwhat to "
            "do: see the log of the follow, then ask again",
            6, err);
    }
    fini(&attempt);
    return status;
}
