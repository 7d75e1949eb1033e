/* `snapshot`: check, copy, report. */
#include "cli/cli.h"

#include "cli/report.h"
#include "snapshot/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct bs_option OPTIONS[] = {
    BS_OPTION_SOURCE, BS_OPTION_TARGET,           BS_OPTIONS_SELECTION,   BS_OPTIONS_COPY,
    BS_OPTION_MEMORY, BS_OPTION_NO_TARGET_BINLOG, BS_OPTION_KEEP_ENGINES, BS_OPTIONS_COMMON,
};

static double
per_second(uint64_t amount, int64_t ms) {
    return ms > 0 ? (double)amount * 1000 / (double)ms : 0;
}

static void
put_left(struct bs_buf *out, const struct bs_snapshot_progress *p) {
    if (p->bytes_done > 0 && p->bytes_estimate > p->bytes_done) {
        double part = (double)(p->bytes_estimate - p->bytes_done) / (double)p->bytes_done;
        bs_buf_puts(out, ", about ");
        bs_report_put_ms(out, (int64_t)((double)p->elapsed_ms * part));
        bs_buf_puts(out, " left");
    }
}

static void
show_progress(void *arg, const struct bs_snapshot_progress *p) {
    struct bs_run *run = arg;
    struct bs_buf text = {0};
    double percent =
        p->bytes_estimate > 0 ? 100 * (double)p->bytes_done / (double)p->bytes_estimate : 0;
    bs_buf_printf(&text, "copying: %.0f %%, %" PRIu64 " of %" PRIu64 " tables, ",
                  percent > 100 ? 100 : percent, p->tables_done, p->tables_total);
    bs_report_put_count(&text, p->rows_done);
    bs_buf_puts(&text, " rows, ");
    bs_report_put_bytes(&text, p->bytes_done);
    bs_buf_puts(&text, ", ");
    bs_report_put_count(&text, (uint64_t)per_second(p->rows_done, p->elapsed_ms));
    bs_buf_puts(&text, " rows/s");
    put_left(&text, p);
    bs_progress_show(&run->progress, bs_buf_cstr(&text));
    bs_buf_fini(&text);
}

static void
put_json(struct bs_buf *out, const struct bs_snapshot_report *r) {
    bs_json_open(out);
    bs_json_put_text(out, "command", "snapshot");
    bs_json_put_text(out, "result", "done");
    bs_json_put_u64(out, "databases", r->databases);
    bs_json_put_u64(out, "tables", r->tables);
    bs_json_put_u64(out, "views", r->views);
    bs_json_put_u64(out, "routines", r->routines);
    bs_json_put_u64(out, "rows", r->rows);
    bs_json_put_u64(out, "bytes", r->bytes);
    bs_json_put_u64(out, "chunks", r->chunks);
    bs_json_put_u64(out, "chunks_retried", r->chunks_retried);
    bs_json_put_i64(out, "elapsed_ms", r->elapsed_ms);
    bs_json_put_double(out, "rows_per_s", per_second(r->rows, r->elapsed_ms));
    bs_json_put_double(out, "bytes_per_s", per_second(r->bytes, r->elapsed_ms));
    bs_json_put_i64(out, "locked_ms", r->locked_ms);
    bs_json_put_text(out, "consistency", r->consistency);
    bs_json_put_u64(out, "locked_tables", r->locked_tables);
    bs_json_put_i64(out, "locked_tables_ms", r->long_locked_ms);
    bs_json_put_text(out, "file", r->point.file);
    bs_json_put_u64(out, "pos", r->point.pos);
    bs_json_put_text(out, "gtid", r->point.gtid);
    bs_json_close(out);
}

static void
put_text(struct bs_buf *out, const struct bs_snapshot_report *r) {
    struct bs_buf line = {0};
    bs_buf_puts(out, "The snapshot is complete.\n");
    bs_report_put_things(&line, r->databases, "database");
    bs_buf_puts(&line, ", ");
    bs_report_put_things(&line, r->tables, "table");
    bs_buf_puts(&line, ", ");
    bs_report_put_things(&line, r->views, "view");
    bs_buf_puts(&line, ", ");
    bs_report_put_things(&line, r->routines, "routine");
    bs_report_put_line(out, "objects", "%s", bs_buf_cstr(&line));
    bs_buf_clear(&line);
    bs_report_put_things(&line, r->rows, "row");
    bs_buf_puts(&line, ", ");
    bs_report_put_bytes(&line, r->bytes);
    bs_report_put_line(out, "copied", "%s", bs_buf_cstr(&line));
    bs_buf_clear(&line);
    bs_report_put_ms(&line, r->elapsed_ms);
    bs_buf_puts(&line, ": ");
    bs_report_put_count(&line, (uint64_t)per_second(r->rows, r->elapsed_ms));
    bs_buf_puts(&line, " rows/s, ");
    bs_report_put_bytes(&line, (uint64_t)per_second(r->bytes, r->elapsed_ms));
    bs_buf_puts(&line, "/s");
    bs_report_put_line(out, "time", "%s", bs_buf_cstr(&line));
    bs_buf_clear(&line);
    bs_report_put_line(out, "source locked", "%" PRId64 " ms (%s)", r->locked_ms,
                       r->consistency != NULL ? r->consistency : "no lock");
    if (r->locked_tables > 0) {
        bs_report_put_things(&line, r->locked_tables, "table");
        bs_report_put_line(out, "locked for longer", "%s without transactions, %" PRId64 " ms",
                           bs_buf_cstr(&line), r->long_locked_ms);
    }
    bs_report_put_position(out, &r->point);
    bs_buf_puts(out,
                "Next: 'binstream follow --until-cutover' replays what has been written since.\n");
    bs_buf_fini(&line);
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
        .lock_timeout_ms = (uint32_t)v->lock_timeout_ms,
        .consistency = (enum bs_consistency)v->consistency,
        .position = (enum bs_position_choice)v->position,
        .no_target_binlog = v->no_target_binlog,
        .keep_engines = v->keep_engines,
        .progress = show_progress,
        .progress_arg = run,
    };
    enum bs_status status = bs_snapshot_run(&config, &report, err);
    bs_progress_end(&run->progress);
    if (status == BS_OK && v->json) {
        put_json(json, &report);
    } else if (status == BS_OK) {
        struct bs_buf text = {0};
        put_text(&text, &report);
        status = bs_report_print(&text, err);
        bs_buf_fini(&text);
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
    *copied = status == BS_OK && found && task.phase == BS_PHASE_COPIED &&
              strcmp(now, task.selection) == 0;
    free(now);
    bs_task_fini(&task);
    return status;
}

static enum bs_status
say_copied(struct bs_run *run, struct bs_error *err) {
    struct bs_buf text = {0};
    if (run->values->json) {
        bs_json_open(&text);
        bs_json_put_text(&text, "command", "snapshot");
        bs_json_put_text(&text, "result", "complete before");
        bs_json_close(&text);
        bs_buf_puts(&text, "\n");
    } else {
        bs_buf_printf(&text,
                      "The snapshot of task '%s' was complete before; nothing was done.\n"
                      "Next: 'binstream follow --until-cutover', or 'binstream reset' to start "
                      "anew.\n",
                      run->state.task);
    }
    enum bs_status status = bs_report_print(&text, err);
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
snapshot(struct bs_run *run, struct bs_error *err) {
    struct bs_buf json = {0};
    bool copied = false;
    enum bs_status status = find_copied(run, &copied, err);
    if (status == BS_OK && copied) {
        return say_copied(run, err);
    }
    if (status == BS_OK) {
        status = bs_cli_check(run, false, err);
    }
    if (status == BS_OK) {
        status = bs_cli_snapshot(run, &json, err);
    }
    if (status == BS_OK && run->values->json) {
        bs_buf_puts(&json, "\n");
        status = bs_report_print(&json, err);
    }
    bs_buf_fini(&json);
    return status;
}

const struct bs_command bs_command_snapshot = {
    .name = "snapshot",
    .synopsis = "--source URI --target URI [selection] [options]",
    .summary = "copy a consistent snapshot; run it again to resume",
    .about =
        "Copies the selected databases as they were at one moment of the source, while "
        "applications\n"
        "keep writing to it. The source is locked only for the instant in which that moment is\n"
        "fixed; the report says for how long. Triggers and events are left out: they come at\n"
        "cutover. What the snapshot made is recorded on the target, so after a crash the same\n"
        "command drops just that and starts over.",
    .table = BS_OPTION_TABLE(OPTIONS),
    .needs_source = true,
    .has_selection = true,
    .run = snapshot,
};
