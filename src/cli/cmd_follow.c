/* `follow`: check, replay, report. Cutover happens inside of it, when `cutover` asks. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "cli/cutover_report.h"
#include "cli/pace.h"
#include "cli/report.h"
#include "cutover/cutover.h"
#include "follow/follow.h"
#include "state/fence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct bs_option OPTIONS[] = {
    BS_OPTION_SOURCE,
    BS_OPTION_TARGET,
    {.name = "until-cutover",
     .kind = BS_OPTION_FLAG,
     .offset = BS_FIELD(until_cutover),
     .help = "wait for 'binstream cutover', perform it, and end"},
    {.name = "until-caught-up",
     .kind = BS_OPTION_FLAG,
     .offset = BS_FIELD(until_caught_up),
     .help = "end at the place where the source's log ended when this was started"},
    BS_OPTIONS_FREEZE("read-only", "30"),
    BS_OPTION_HOOK_LOST,
    BS_OPTION_GIVE_UP,
    BS_OPTION_LANES,
    BS_OPTIONS_APPLY,
    BS_OPTION_MEMORY,
    BS_OPTION_NO_TARGET_BINLOG,
    BS_OPTION_KEEP_ENGINES,
    BS_OPTION_DEFINER,
    BS_OPTIONS_SELECTION,
    BS_OPTIONS_COMMON,
};

enum { LOG_EVERY_MS = 10000 };

static void
show_progress(void *arg, const struct bs_follow_progress *p) {
    struct bs_run *run = arg;
    struct bs_buf text = {0};
    int64_t now = bs_clock_mono_ms();
    if (p->caught_up) {
        bs_buf_puts(&text, "following: caught up, ");
    } else {
        bs_buf_printf(&text, "following: %.1f s behind, ", p->lag_s);
    }
    bs_report_put_count(&text, p->transactions);
    bs_buf_puts(&text, " transactions, ");
    bs_report_put_count(&text, p->rows);
    bs_buf_printf(&text, " rows, at %s:%" PRIu64, p->file != NULL ? p->file : "", p->pos);
    if (!p->caught_up) {
        bs_buf_puts(&text, "; ");
        bs_pace_put_line(&text, p->pace);
    }
    bs_progress_show(&run->progress, bs_buf_cstr(&text));
    /* A bar leaves nothing behind. */
    if (!p->caught_up && run->progress.mode != BS_PROGRESS_PLAIN && now >= run->progress.next_ms) {
        run->progress.next_ms = now + LOG_EVERY_MS;
        bs_log(BS_LOG_INFO, "%s", bs_buf_cstr(&text));
    }
    bs_buf_fini(&text);
}

static void
put_json(struct bs_buf *out, const char *result, const struct bs_follow_report *r,
         const char *cutover) {
    bs_json_open(out);
    bs_json_put_text(out, "command", "follow");
    bs_json_put_text(out, "result", result);
    bs_json_put_u64(out, "transactions", r->transactions);
    bs_json_put_u64(out, "rows", r->rows);
    bs_json_put_u64(out, "ddl_statements", r->ddl_statements);
    bs_json_put_u64(out, "skipped_statements", r->skipped_statements);
    bs_json_put_u64(out, "ignored_events", r->ignored_events);
    bs_json_put_u64(out, "reconnects", r->reconnects);
    bs_json_put_i64(out, "elapsed_ms", r->elapsed_ms);
    bs_json_put_double(out, "lag_s", r->lag_s);
    bs_json_put_text(out, "file", r->position.file);
    bs_json_put_u64(out, "pos", r->position.pos);
    bs_json_put_text(out, "gtid", r->position.gtid);
    if (cutover != NULL) {
        bs_json_put_raw(out, "cutover", cutover);
    }
    bs_json_close(out);
}

static void
put_text(struct bs_buf *out, const char *heading, const struct bs_follow_report *r) {
    struct bs_buf line = {0};
    bs_buf_printf(out, "%s\n", heading);
    bs_report_put_things(&line, r->transactions, "transaction");
    bs_buf_puts(&line, ", ");
    bs_report_put_things(&line, r->rows, "row");
    bs_buf_puts(&line, ", ");
    bs_report_put_things(&line, r->ddl_statements, "schema change");
    bs_buf_puts(&line, " in ");
    bs_report_put_ms(&line, r->elapsed_ms);
    bs_report_put_line(out, "replayed", "%s", bs_buf_cstr(&line));
    if (r->skipped_statements > 0 || r->ignored_events > 0) {
        bs_report_put_line(out, "left out",
                           "%" PRIu64 " statements that concern nothing selected, %" PRIu64
                           " events that the source marks as ignorable",
                           r->skipped_statements, r->ignored_events);
    }
    if (r->reconnects > 0) {
        bs_report_put_line(out, "connections", "lost and made again %" PRIu64 " times",
                           r->reconnects);
    }
    bs_report_put_line(out, "lag at the end", "%.1f s", r->lag_s);
    bs_report_put_position(out, &r->position);
    bs_buf_fini(&line);
}

/* The report of a run that ended well or was stopped. */
static enum bs_status
report(struct bs_run *run, const char *result, const char *heading,
       const struct bs_follow_report *r, const char *cutover, struct bs_buf *json,
       struct bs_error *err) {
    struct bs_buf text = {0};
    if (run->values->json) {
        put_json(json, result, r, cutover);
        return BS_OK;
    }
    put_text(&text, heading, r);
    if (cutover != NULL) {
        bs_cutover_report_put(&text, cutover);
    }
    enum bs_status status = bs_report_print(&text, err);
    bs_buf_fini(&text);
    return status;
}

/* What is selected was said to the snapshot. Said again and otherwise, it is a mistake. */
static enum bs_status
take_selection(struct bs_run *run, const struct bs_task *task, struct bs_error *err) {
    struct bs_selection recorded;
    enum bs_status status = bs_state_read_selection(task, &run->state, &recorded, err);
    if (status != BS_OK) {
        return status;
    }
    char *now = bs_selection_describe(&run->selection);
    if (run->selection_given && strcmp(now, task->selection) != 0) {
        bs_error_set(err, BS_CONFIG,
                     "task '%s' was made with the selection \"%s\"; this command says \"%s\"",
                     run->state.task, task->selection, now);
        status = bs_error_hint(err, "leave the selection options out, or give the same ones");
        bs_selection_fini(&recorded);
    } else {
        bs_selection_fini(&run->selection);
        run->selection = recorded;
    }
    free(now);
    return status;
}

/* The task is done: a follow until cutover that is run again has nothing left to do, and says what
 * came of it; any other was not meant for this task. */
static enum bs_status
say_done(struct bs_run *run, struct bs_sql *target, const struct bs_task *task, struct bs_buf *json,
         struct bs_error *err) {
    char *cutover = NULL;
    struct bs_buf text = {0};
    enum bs_status status = bs_cli_check_source(run, task, err);
    if (status != BS_OK) {
        return status;
    }
    if (!run->values->until_cutover) {
        bs_error_set(err, BS_PRECHECK, "task '%s' is done: its cutover has taken place",
                     run->state.task);
        return bs_error_hint(err, "the target serves the applications now; 'binstream reset "
                                  "--state-only' forgets the task and keeps the data");
    }
    status = bs_state_load_report(target, &run->state, "cutover", &cutover, err);
    run->exit_code = bs_cutover_report_exit(cutover);
    if (status == BS_OK && run->values->json) {
        bs_json_open(json);
        bs_json_put_text(json, "command", "follow");
        bs_json_put_text(json, "result", "done before");
        bs_json_put_raw(json, "cutover", cutover);
        bs_json_close(json);
    } else if (status == BS_OK) {
        bs_buf_puts(&text, "The cutover has taken place before.\n");
        bs_cutover_report_put(&text, cutover != NULL ? cutover : "{}");
        status = bs_report_print(&text, err);
    }
    bs_buf_fini(&text);
    free(cutover);
    return status;
}

static enum bs_status
check_phase(struct bs_run *run, struct bs_sql *target, const struct bs_task *task,
            struct bs_error *err) {
    bool held = false;
    if (task->phase == BS_PHASE_COPYING) {
        enum bs_status status = bs_fence_is_held(target, &run->state, &held, err);
        if (status != BS_OK) {
            return status;
        }
    }
    if (task->phase == BS_PHASE_COPYING && held) {
        bs_error_set(err, BS_PRECHECK, "the snapshot of task '%s' is still running",
                     run->state.task);
        return bs_error_hint(err, "wait for it ('binstream status' tells how far it is), then run "
                                  "this again; starting it a second time would end the first");
    }
    if (task->phase == BS_PHASE_COPYING) {
        bs_error_set(err, BS_PRECHECK, "the snapshot of task '%s' is not complete",
                     run->state.task);
        return bs_error_hint(err, "run 'binstream snapshot' again, with the same options");
    }
    if (task->phase == BS_PHASE_ABORTED) {
        bs_error_set(err, BS_PRECHECK, "task '%s' was aborted", run->state.task);
        return bs_error_hint(err, "'binstream reset' removes what it copied; then start anew");
    }
    return BS_OK;
}

static enum bs_status
follow(struct bs_run *run, enum bs_follow_until until, struct bs_buf *json, struct bs_error *err) {
    const struct bs_values *v = run->values;
    struct bs_follow_report result = {0};
    struct bs_cutover_config cutover = {
        .source = &run->source,
        .target = &run->target,
        .selection = &run->selection,
        .accounts = run->accounts,
        .state = run->state,
        .freeze = (enum bs_freeze)v->freeze,
        .max_freeze_ms = (uint32_t)v->max_freeze_ms,
        .hook = v->hook,
        .hook_lost = (enum bs_hook_lost)v->hook_lost,
    };
    struct bs_follow_config config = {
        .source = &run->source,
        .target = &run->target,
        .state = run->state,
        .until = until,
        .memory_bytes = v->memory,
        .lanes = (unsigned int)v->threads,
        .max_transactions = (size_t)v->max_batch,
        .keep_commit_order = v->keep_commit_order,
        .no_target_binlog = run->no_target_binlog,
        .keep_engines = run->keep_engines,
        .give_up_ms = (uint32_t)v->give_up_ms,
        .opened = bs_cutover_opened,
        .cutover = until == BS_FOLLOW_UNTIL_CUTOVER ? bs_cutover_perform : NULL,
        .cutover_arg = &cutover,
        .progress = show_progress,
        .progress_arg = run,
    };
    enum bs_status status = bs_follow_run(&config, &result, err);
    bs_progress_end(&run->progress);
    if (status == BS_OK && until == BS_FOLLOW_UNTIL_CUTOVER) {
        run->exit_code = cutover.late != BS_LATE_NO ? bs_exit_code(BS_DIFFERENT) : 0;
        status =
            report(run, "cutover", "The cutover is done.", &result, cutover.report_json, json, err);
    } else if (status == BS_OK) {
        status = report(run, "caught-up", "Caught up with the source.", &result, NULL, json, err);
    } else if (status == BS_CANCELLED && result.position.file != NULL) {
        struct bs_error ignored;
        const char *what = result.is_aborted ? "aborted" : "stopped";
        const char *heading = result.is_aborted
                                  ? "Aborted for good; 'binstream reset' removes what was copied."
                                  : "Stopped; the same command goes on from here.";
        (void)(report(run, what, heading, &result, NULL, json, &ignored) == BS_OK);
    }
    free(cutover.report_json);
    bs_follow_report_fini(&result);
    return status;
}

enum bs_status
bs_cli_follow(struct bs_run *run, struct bs_buf *json, struct bs_error *err) {
    const struct bs_values *v = run->values;
    struct bs_sql *target = NULL;
    struct bs_task task = {0};
    enum bs_follow_until until = v->until_cutover     ? BS_FOLLOW_UNTIL_CUTOVER
                                 : v->until_caught_up ? BS_FOLLOW_UNTIL_CAUGHT_UP
                                                      : BS_FOLLOW_UNTIL_STOPPED;
    enum bs_status status = bs_cutover_check_hook(v->hook, err);
    if (status == BS_OK) {
        status = bs_cli_connect(&run->target, &target, err);
    }
    if (status == BS_OK) {
        status = bs_cli_load_task(target, run, &task, err);
    }
    bool done = status == BS_OK && task.phase == BS_PHASE_DONE;
    if (status == BS_OK) {
        status = take_selection(run, &task, err);
    }
    if (status == BS_OK) {
        status = bs_cli_take_definer(run, &task, err);
    }
    if (status == BS_OK) {
        status = bs_cli_take_flags(run, &task, err);
    }
    if (status == BS_OK) {
        status =
            done ? say_done(run, target, &task, json, err) : check_phase(run, target, &task, err);
    }
    bs_task_fini(&task);
    bs_sql_close(target);
    if (status != BS_OK || done) {
        return status;
    }
    status = bs_cli_check(run, BS_CHECK_FOR_FOLLOW, err);
    return status == BS_OK ? follow(run, until, json, err) : status;
}

static enum bs_status
run_follow(struct bs_run *run, struct bs_error *err) {
    struct bs_buf json = {0};
    if (run->values->until_cutover && run->values->until_caught_up) {
        return bs_error_set(err, BS_CONFIG,
                            "options --until-cutover and --until-caught-up exclude each other");
    }
    enum bs_status status = bs_cli_follow(run, &json, err);
    if (json.len > 0) {
        struct bs_error failure = {0};
        bs_buf_puts(&json, "\n");
        enum bs_status printed = bs_report_print(&json, &failure);
        if (status == BS_OK && printed != BS_OK) {
            *err = failure;
            status = printed;
        }
    }
    bs_buf_fini(&json);
    return status;
}

const struct bs_command bs_command_follow = {
    .name = "follow",
    .synopsis = "--source URI --target URI [--until-cutover | --until-caught-up] [options]",
    .summary = "replay what is written to the source since the snapshot",
    .about =
        "Reads the source's binary log from the snapshot's position and applies every transaction "
        "to\n"
        "the target, whole and exactly once: several as one, and side by side where they have "
        "nothing\n"
        "in common. It can be stopped, or killed, at any moment and started again. Without\n"
        "--until-cutover or --until-caught-up it goes on until it is stopped. What is selected "
        "was\n"
        "said to the snapshot and need not be said again; so it is with --keep-engines and\n"
        "--no-target-binlog, which are refused if the snapshot was made without them.\n"
        "While it is behind, it says every 10 seconds how fast the source writes and how fast that "
        "is\n"
        "applied, when it will have caught up, and what holds it; 'binstream status' tells the "
        "same\n"
        "and what it means. For that it asks the source every two seconds where its log ends.",
    .table = BS_OPTION_TABLE(OPTIONS),
    .needs_source = true,
    .has_selection = true,
    .run = run_follow,
};
