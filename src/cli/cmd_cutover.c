/* `cutover` files a request with the follow that runs, and waits for its answer; `abort` does the
 * same, or ends the task itself when nothing runs. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/stop.h"
#include "cli/cutover_report.h"
#include "cli/report.h"
#include "cutover/cutover.h"
#include "state/fence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    POLL_MS = 100,
    KEEP_ASKING_MS = 1000,
    GONE_AFTER_MS = 3000, /* a follow that makes its control session again is gone for a moment */
    TAKE_OVER_MS = 60000,
};

static const struct bs_option CUTOVER_OPTIONS[] = {
    BS_OPTION_TARGET,
    BS_OPTIONS_FREEZE(NULL, NULL),
    BS_OPTIONS_COMMON,
};

static const struct bs_option ABORT_OPTIONS[] = {
    BS_OPTION_TARGET,
    BS_OPTIONS_COMMON,
};

static char *
make_arguments(const struct bs_values *v) {
    struct bs_buf json = {0};
    bs_json_open(&json);
    if (v->freeze >= 0) {
        bs_json_put_text(&json, "freeze", BS_FREEZE_CHOICES[v->freeze]);
    }
    if (v->max_freeze_ms > 0) {
        bs_json_put_u64(&json, "max_freeze_ms", v->max_freeze_ms);
    }
    if (v->hook != NULL) {
        bs_json_put_text(&json, "hook", v->hook);
    }
    bs_json_close(&json);
    return bs_buf_take_cstr(&json);
}

static enum bs_status
follow_is_gone(struct bs_sql *sql, const struct bs_run *run, uint64_t id, struct bs_error *err) {
    struct bs_error ignored;
    (void)(bs_state_withdraw(sql, &run->state, id, true, &ignored) == BS_OK);
    bs_error_set(err, BS_IO, "the follow of task '%s' ended before it answered", run->state.task);
    return bs_error_hint(err,
                         "see why in its log; start it again with --until-cutover (it puts back "
                         "what a cutover had begun), then ask again");
}

/* The user lost patience: the request goes, unless the follow is at it already. */
static enum bs_status
withdraw(struct bs_sql *sql, const struct bs_run *run, uint64_t id, struct bs_error *err) {
    struct bs_error failure = {0};
    enum bs_status status = bs_state_withdraw(sql, &run->state, id, false, &failure);
    bool taken_back = status == BS_OK && bs_sql_affected(sql) == 1;
    bs_error_set(err, BS_CANCELLED,
                 taken_back ? "stopped by request; the request was taken back"
                            : "stopped by request; the follow may go on with it");
    return bs_error_hint(err, "'binstream status' tells where the task is");
}

/* The answer cannot be seen any more. */
static enum bs_status
lose_sight(struct bs_error *err) {
    return bs_error_hint(err, "it may have been taken up, and may still take place: 'binstream "
                              "status' tells. If not, it is dropped some seconds from now");
}

/* One look. *answered is set when request holds the answer. */
static enum bs_status
look(struct bs_sql *sql, const struct bs_run *run, uint64_t id, struct bs_request *request,
     bool *answered, bool *held, struct bs_error *err) {
    bool found = false;
    *answered = false;
    /* The lock first: a follow that answers and ends between the two looks is not missed. */
    enum bs_status status = bs_fence_is_held(sql, &run->state, held, err);
    if (status == BS_OK) {
        status = bs_state_load_request(sql, &run->state, id, request, &found, err);
    }
    if (status == BS_OK && !found) {
        return bs_error_set(err, BS_SCHEMA, "the request is gone from the target's state");
    }
    *answered = status == BS_OK && request->state == BS_REQUEST_ANSWERED;
    if (!*answered) {
        bs_request_fini(request);
    }
    return status;
}

static enum bs_status
await(struct bs_sql *sql, struct bs_run *run, uint64_t id, struct bs_request *request,
      struct bs_error *err) {
    int64_t last_kept = bs_clock_mono_ms();
    int64_t gone_since = 0; /* by looks that were answered: a target may have hung meanwhile */
    for (;;) {
        bool answered = false;
        bool held = false;
        enum bs_status status = look(sql, run, id, request, &answered, &held, err);
        if (status == BS_OK && answered) {
            return BS_OK;
        }
        int64_t now = bs_clock_mono_ms();
        if (status == BS_OK && now - last_kept >= KEEP_ASKING_MS) {
            last_kept = now;
            status = bs_state_keep_asking(sql, &run->state, id, err);
        }
        if (status != BS_OK) {
            return lose_sight(err);
        }
        gone_since = held ? 0 : gone_since > 0 ? gone_since : now;
        if (gone_since > 0 && now - gone_since > GONE_AFTER_MS) {
            return follow_is_gone(sql, run, id, err);
        }
        if (bs_stop_requested()) {
            return withdraw(sql, run, id, err);
        }
        bs_progress_show(&run->progress, "waiting for the follow to answer");
        bs_clock_pause_ms(POLL_MS);
    }
}

static enum bs_status
print_answer(struct bs_run *run, const char *command, const struct bs_request *request,
             struct bs_error *err) {
    struct bs_buf text = {0};
    const char *answer = request->answer != NULL ? request->answer : "";
    bool is_report = answer[0] == '{';
    if (run->values->json && is_report) {
        bs_buf_printf(&text, "%s\n", answer);
    } else if (run->values->json) {
        bs_json_open(&text);
        bs_json_put_text(&text, "command", command);
        bs_json_put_text(&text, "result", request->exit_code == 0 ? "done" : "refused");
        bs_json_put_text(&text, "message", answer);
        bs_json_close(&text);
        bs_buf_puts(&text, "\n");
    } else if (is_report) {
        bs_buf_puts(&text, "The cutover is done.\n");
        bs_cutover_report_put(&text, answer);
    } else {
        bs_buf_printf(&text, "%s\n", answer);
    }
    enum bs_status status = bs_report_print(&text, err);
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
ask(struct bs_sql *sql, struct bs_run *run, enum bs_request_verb verb, const char *command,
    struct bs_error *err) {
    struct bs_request request = {0};
    uint64_t id = 0;
    char *arguments = make_arguments(run->values);
    enum bs_status status = bs_state_ask(sql, &run->state, verb, arguments, &id, err);
    free(arguments);
    if (status == BS_OK) {
        status = await(sql, run, id, &request, err);
    }
    bs_progress_end(&run->progress);
    if (status == BS_OK) {
        run->exit_code = request.exit_code;
        status = print_answer(run, command, &request, err);
    }
    bs_request_fini(&request);
    return status;
}

static enum bs_status
say_done_before(struct bs_sql *sql, struct bs_run *run, struct bs_error *err) {
    struct bs_request request = {.state = BS_REQUEST_ANSWERED};
    enum bs_status status = bs_state_load_report(sql, &run->state, "cutover", &request.answer, err);
    request.exit_code = run->exit_code = bs_cutover_report_exit(request.answer);
    if (status == BS_OK) {
        status = print_answer(run, "cutover", &request, err);
    }
    bs_request_fini(&request);
    return status;
}

static enum bs_status
refuse_cutover(const struct bs_run *run, const struct bs_task *task, bool held,
               struct bs_error *err) {
    if (!held) {
        bs_error_set(err, BS_IO, "no follow of task '%s' is running (phase %s)", run->state.task,
                     bs_phase_name(task->phase));
        return bs_error_hint(err,
                             "start 'binstream follow --until-cutover', wait until it has caught "
                             "up ('binstream status'), then ask again");
    }
    if (task->phase == BS_PHASE_COPYING || task->phase == BS_PHASE_COPIED) {
        bs_error_set(err, BS_IO, "task '%s' is not being followed yet (phase %s)", run->state.task,
                     bs_phase_name(task->phase));
        return bs_error_hint(err, "wait for the snapshot, then for the follow to catch up");
    }
    bs_error_set(err, BS_IO, "the follow of task '%s' was not started with --until-cutover",
                 run->state.task);
    return bs_error_hint(err,
                         "stop it and start it again with --until-cutover; it goes on where it "
                         "stopped");
}

/* A task that was followed last may be followed again in a moment. */
static enum bs_status
await_follow(struct bs_sql *sql, const struct bs_run *run, const struct bs_task *task, bool *held,
             struct bs_error *err) {
    bool may_come = task->phase == BS_PHASE_FOLLOWING || task->phase == BS_PHASE_FINISHING;
    int64_t until_ms = bs_clock_mono_ms() + GONE_AFTER_MS;
    enum bs_status status = bs_fence_is_held(sql, &run->state, held, err);
    while (status == BS_OK && !*held && may_come && bs_clock_mono_ms() < until_ms) {
        bs_clock_pause_ms(POLL_MS);
        status = bs_stop_check(err);
        if (status == BS_OK) {
            status = bs_fence_is_held(sql, &run->state, held, err);
        }
    }
    return status;
}

static enum bs_status
cutover_on(struct bs_sql *sql, struct bs_run *run, struct bs_error *err) {
    struct bs_task task = {0};
    bool held = false;
    enum bs_status status = bs_cli_load_task(sql, run, &task, err);
    if (status == BS_OK) {
        status = await_follow(sql, run, &task, &held, err);
    }
    bool waits = held && strcmp(task.until, "cutover") == 0 &&
                 (task.phase == BS_PHASE_FOLLOWING || task.phase == BS_PHASE_FINISHING);
    if (status == BS_OK && task.phase == BS_PHASE_DONE) {
        status = say_done_before(sql, run, err);
    } else if (status == BS_OK && !waits) {
        status = refuse_cutover(run, &task, held, err);
    } else if (status == BS_OK) {
        status = ask(sql, run, BS_REQUEST_CUTOVER, "cutover", err);
    }
    bs_task_fini(&task);
    return status;
}

static enum bs_status
cutover(struct bs_run *run, struct bs_error *err) {
    struct bs_sql *sql = NULL;
    enum bs_status status = bs_cutover_check_hook(run->values->hook, err);
    if (status == BS_OK) {
        status = bs_cli_connect(&run->target, &sql, err);
    }
    if (status == BS_OK) {
        status = cutover_on(sql, run, err);
    }
    bs_sql_close(sql);
    return status;
}

/* Nothing runs: the phase is ours to set, under the fence. A source that a cutover left frozen is
 * only known to a follow. */
static enum bs_status
abort_idle(struct bs_sql *sql, struct bs_run *run, struct bs_error *err) {
    uint64_t epoch = 0;
    bool left = false;
    struct bs_request done = {.answer = NULL};
    enum bs_status status = bs_cutover_is_left(sql, &run->state, &left, NULL, err);
    if (status == BS_OK && left) {
        bs_error_set(err, BS_IO, "a cutover of task '%s' was cut short: the source may be frozen",
                     run->state.task);
        return bs_error_hint(err, "run 'binstream follow --until-cutover', which puts the source "
                                  "back or completes the cutover; then abort");
    }
    if (status == BS_OK) {
        status = bs_fence_take_over(sql, &run->state, TAKE_OVER_MS, &epoch, err);
    }
    if (status == BS_OK) {
        status = bs_state_set_phase(sql, &run->state, epoch, BS_PHASE_ABORTED, err);
    }
    if (status == BS_OK) {
        status = bs_fence_leave(sql, &run->state, epoch, err);
    }
    if (status == BS_OK) {
        char answer[] = "aborted; 'binstream reset' removes what was copied";
        done.answer = answer;
        status = print_answer(run, "abort", &done, err);
    }
    return status;
}

static enum bs_status
abort_on(struct bs_sql *sql, struct bs_run *run, struct bs_error *err) {
    struct bs_task task = {0};
    bool held = false;
    enum bs_status status = bs_cli_load_task(sql, run, &task, err);
    if (status == BS_OK) {
        status = bs_fence_is_held(sql, &run->state, &held, err);
    }
    bool copying = task.phase == BS_PHASE_COPYING || task.phase == BS_PHASE_COPIED;
    if (status == BS_OK && held && copying) {
        bs_error_set(err, BS_IO, "a snapshot of task '%s' is running", run->state.task);
        status = bs_error_hint(err, "stop it with Ctrl-C, then abort the task. If its machine is "
                                    "gone, the target still holds its sessions: run the snapshot "
                                    "again, which ends them");
    } else if (status == BS_OK && held) {
        status = ask(sql, run, BS_REQUEST_ABORT, "abort", err);
    } else if (status == BS_OK) {
        status = abort_idle(sql, run, err);
    }
    bs_task_fini(&task);
    return status;
}

static enum bs_status
abort_task(struct bs_run *run, struct bs_error *err) {
    struct bs_sql *sql = NULL;
    enum bs_status status = bs_cli_connect(&run->target, &sql, err);
    if (status == BS_OK) {
        status = abort_on(sql, run, err);
    }
    bs_sql_close(sql);
    return status;
}

const struct bs_command bs_command_cutover = {
    .name = "cutover",
    .synopsis = "--target URI [options]",
    .summary = "ask the running follow to cut over, and wait for its answer",
    .about =
        "The follow, which must have been started with --until-cutover, stops writes on the "
        "source,\n"
        "replays the rest of its log, makes triggers, events and AUTO_INCREMENT counters on the\n"
        "target, runs the hook, and reports. If that would take longer than --max-freeze, or "
        "anything\n"
        "fails, all is put back, following goes on, and this command says why and exits with 6 or "
        "1.\n"
        "Options that are not given are those of the follow.",
    .table = BS_OPTION_TABLE(CUTOVER_OPTIONS),
    .run = cutover,
};

const struct bs_command bs_command_abort = {
    .name = "abort",
    .synopsis = "--target URI [options]",
    .summary = "end the task for good, before its cutover",
    .about =
        "Ends the follow that runs, if one does, and marks the task as aborted: neither snapshot "
        "nor\n"
        "follow will go on with it. What was copied stays on the target until 'binstream reset'\n"
        "removes it. The source is not touched.",
    .table = BS_OPTION_TABLE(ABORT_OPTIONS),
    .run = abort_task,
};
