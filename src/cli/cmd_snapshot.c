/* `snapshot`: check, copy, report. */
#include "cli/cli.h"

#include "base/json.h"
#include "cli/report.h"
#include "snapshot/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct bs_option OPTIONS[] = {
    BS_OPTION_SOURCE,
    BS_OPTION_TARGET,
    BS_OPTIONS_SELECTION,
    BS_OPTIONS_COPY,
    BS_OPTION_MEMORY,
    BS_OPTION_NO_TARGET_BINLOG,
    BS_OPTION_KEEP_ENGINES,
    BS_OPTION_DEFINER,
    BS_OPTION_ACCOUNTS,
    BS_OPTION_ARCHIVE("copy into this directory instead of onto a target: 'load' puts it there"),
    BS_OPTIONS_COMMON,
};

static enum bs_status
say_complete(struct bs_run *run, struct bs_error *err) {
    struct bs_buf text = {0};
    if (run->values->json) {
        bs_json_open(&text);
        bs_json_put_text(&text, "command", "archive");
        bs_json_put_text(&text, "result", "complete before");
        bs_json_close(&text);
        bs_buf_puts(&text, "\n");
    } else {
        bs_buf_printf(&text,
                      "The archive %s was complete before; nothing was done.\n"
                      "Next: 'binstream load --archive DIR --target URI'.\n",
                      run->values->archive);
    }
    enum bs_status status = bs_report_print(&text, err);
    bs_buf_fini(&text);
    return status;
}

enum bs_status
bs_cli_snapshot(struct bs_run *run, struct bs_buf *json, struct bs_error *err) {
    const struct bs_values *v = run->values;
    struct bs_snapshot_report report = {0};
    struct bs_snapshot_config config = {
        .source = &run->source,
        .target = &run->target,
        .selection = &run->selection,
        .state = run->state,
        .threads = (unsigned int)v->threads,
        .chunk_bytes = v->chunk_bytes,
        .memory_bytes = v->memory,
        .max_bytes_per_s = v->max_rate,
        .max_load = v->max_load,
        .max_history = v->max_history,
        .lock_timeout_ms = (uint32_t)v->lock_timeout_ms,
        .consistency = (enum bs_consistency)v->consistency,
        .position = (enum bs_position_choice)v->position,
        .no_target_binlog = run->no_target_binlog,
        .keep_engines = run->keep_engines,
        .archive_dir = v->archive,
        .definer = run->definer,
        .accounts = run->accounts,
        .progress = bs_cli_show_copy,
        .progress_arg = run,
    };
    enum bs_status status = v->archive != NULL ? bs_archive_run(&config, &report, err)
                                               : bs_snapshot_run(&config, &report, err);
    bs_progress_end(&run->progress);
    if (status == BS_OK && report.was_complete) {
        status = say_complete(run, err);
    } else if (status == BS_OK) {
        status = bs_cli_report_copy(run, &report, v->archive != NULL ? "archive" : "snapshot", json,
                                    err);
    }
    bs_snapshot_report_fini(&report);
    return status;
}

/* A copy that is complete stays complete: a rerun after a crash between the last commit and the
 * report says so, and is as good as the run that it repeats. */
static enum bs_status
find_copied(struct bs_run *run, bool *copied, struct bs_error *err) {
    struct bs_task task;
    bool found = false;
    enum bs_status status = bs_cli_peek_task(run, &task, &found, err);
    char *now = bs_selection_describe(&run->selection);
    if (status == BS_OK && found &&
        (task.phase == BS_PHASE_COPYING || task.phase == BS_PHASE_COPIED)) {
        status = bs_cli_take_definer(run, &task, err);
        status = status == BS_OK ? bs_cli_take_flags(run, &task, err) : status;
    }
    *copied = status == BS_OK && found && task.phase == BS_PHASE_COPIED &&
              strcmp(now, task.selection) == 0;
    if (*copied) {
        status = bs_cli_check_source(run, &task, err);
    }
    free(now);
    bs_task_fini(&task);
    return status;
}

static enum bs_status
snapshot(struct bs_run *run, struct bs_error *err) {
    struct bs_buf json = {0};
    bool copied = false;
    bool has_target = run->values->archive == NULL;
    if (!has_target && run->definer != NULL) {
        bs_error_set(err, BS_CONFIG, "options --archive and --definer exclude each other");
        return bs_error_hint(err, "give --definer to load: it is about a target");
    }
    if (!has_target && run->accounts) {
        bs_error_set(err, BS_CONFIG, "options --archive and --accounts exclude each other");
        return bs_error_hint(err, "an archive holds no accounts: move with --target and "
                                  "--accounts, or make the accounts on the target by hand");
    }
    enum bs_status status = has_target ? find_copied(run, &copied, err) : BS_OK;
    if (status == BS_OK && copied) {
        return bs_cli_report_complete(run, "snapshot", err);
    }
    if (status == BS_OK) {
        status = bs_cli_check(run, has_target ? BS_CHECK_FOR_SNAPSHOT : BS_CHECK_FOR_ARCHIVE, err);
    }
    if (status == BS_OK) {
        status = bs_cli_snapshot(run, &json, err);
    }
    if (status == BS_OK && json.len > 0) {
        bs_buf_puts(&json, "\n");
        status = bs_report_print(&json, err);
    }
    bs_buf_fini(&json);
    return status;
}

const struct bs_command bs_command_snapshot = {
    .name = "snapshot",
    .synopsis = "--source URI --target URI | --archive DIR [selection] [options]",
    .summary = "copy a consistent snapshot; run it again to resume",
    .about =
        "Copies the selected databases as they were at one moment of the source, while "
        "applications\n"
        "keep writing to it. The source is locked only for the instant in which that moment is\n"
        "fixed; the report says for how long. Triggers and events are left out: they come at\n"
        "cutover. What is in is recorded on the target, so after a crash the same command copies\n"
        "only what is missing, and whole tables again where that would not do. Into an archive "
        "the\n"
        "prechecks that concern the source are made now.",
    .table = BS_OPTION_TABLE(OPTIONS),
    .needs_source = true,
    .takes_archive = true,
    .has_selection = true,
    .run = snapshot,
};
