/* `status`: where a task is, from the target's state alone. */
#include "cli/cli.h"

#include "apply/applied.h"
#include "apply/ddl_run.h"
#include "base/clock.h"
#include "base/stop.h"
#include "cli/pace.h"
#include "cli/report.h"
#include "cutover/cutover.h"
#include "snapshot/progress.h"
#include "state/fence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WATCH_MS = 1000, STEP_MS = 100, BEAT_STALE_US = 10000000 };

static const struct bs_option OPTIONS[] = {
    BS_OPTION_TARGET,
    {.name = "watch",
     .kind = BS_OPTION_FLAG,
     .offset = BS_FIELD(watch),
     .help = "show it again every second until the task is done"},
    BS_OPTIONS_COMMON,
};

struct look {
    struct bs_task task;
    struct bs_checkpoint checkpoint;
    bool has_checkpoint;
    bool running;
    uint64_t chunks, rows_copied, bytes_copied;
    struct bs_copy_point *points; /* of the copy, while not all rows are as of one; by number */
    size_t point_count;
    char *copy;              /* what the copy last said of itself: JSON, NULL: nothing yet */
    char *beat;              /* what the follow last said of itself: flat JSON, NULL: nothing yet */
    struct bs_intent intent; /* the statement of the log that is being run */
    bool has_intent;
    char *cutover;
    bool is_left;          /* a cutover has begun, and has neither ended nor been undone */
    struct bs_buf by_hand; /* what would free the source then */
};

static void
look_fini(struct look *look) {
    bs_task_fini(&look->task);
    bs_checkpoint_fini(&look->checkpoint);
    bs_copy_points_free(look->points, look->point_count);
    free(look->copy);
    free(look->beat);
    free(look->cutover);
    bs_intent_fini(&look->intent);
    bs_buf_fini(&look->by_hand);
}

/* What all lanes have done; everything up to the highest of their marks is applied. */
static enum bs_status
load_checkpoint(struct bs_sql *sql, const struct bs_state *state, struct look *look,
                struct bs_error *err) {
    struct bs_checkpoint *lanes = NULL;
    struct bs_checkpoint *all = &look->checkpoint;
    struct bs_log_place mark, at;
    size_t count = 0;
    enum bs_status status = bs_state_load_lanes(sql, state, &lanes, &count, err);
    for (size_t i = 0; i < count; i++) {
        bs_log_place_set(&at, lanes[i].position.file, lanes[i].position.pos);
        if (i == 0 || bs_log_place_compare(&mark, &at) < 0) {
            bs_position_copy(&all->position, &lanes[i].position);
            mark = at;
        }
        all->transactions += lanes[i].transactions;
        all->rows += lanes[i].rows;
        bs_checkpoint_fini(&lanes[i]);
    }
    free(lanes);
    look->has_checkpoint = count > 0;
    return status;
}

static enum bs_status
take_look(struct bs_sql *sql, const struct bs_run *run, struct look *look, struct bs_error *err) {
    const struct bs_state *state = &run->state;
    *look = (struct look){.running = false};
    enum bs_status status = bs_cli_load_task(sql, run, &look->task, err);
    if (status == BS_OK) {
        status = bs_fence_is_held(sql, state, &look->running, err);
    }
    if (status == BS_OK) {
        status = load_checkpoint(sql, state, look, err);
    }
    if (status == BS_OK) {
        status = bs_state_chunk_totals(sql, state, &look->chunks, &look->rows_copied,
                                       &look->bytes_copied, err);
    }
    if (status == BS_OK) {
        status = bs_state_load_copy_points(sql, state, &look->points, &look->point_count, err);
    }
    if (status == BS_OK) {
        status = bs_state_load_report(sql, state, "copy", &look->copy, err);
    }
    if (status == BS_OK) {
        status = bs_state_load_report(sql, state, "beat", &look->beat, err);
    }
    if (status == BS_OK) {
        status = bs_state_load_intent(sql, state, 0, &look->intent, &look->has_intent, err);
    }
    if (status == BS_OK) {
        status = bs_state_load_report(sql, state, "cutover", &look->cutover, err);
    }
    if (status == BS_OK) {
        status = bs_cutover_is_left(sql, state, &look->is_left, &look->by_hand, err);
    }
    return status;
}

static double
beat_number(const struct look *look, const char *key) {
    char *text = look->beat != NULL ? bs_json_get(look->beat, key) : NULL;
    double number = text != NULL ? strtod(text, NULL) : 0;
    free(text);
    return number;
}

static bool
beat_flag(const struct look *look, const char *key) {
    char *text = look->beat != NULL ? bs_json_get(look->beat, key) : NULL;
    bool flag = text != NULL && strcmp(text, "true") == 0;
    free(text);
    return flag;
}

/* Is the beat one of a follow that runs now? */
static bool
is_beating(const struct look *look) {
    double age_us = (double)bs_clock_wall_us() - beat_number(look, "at_us");
    return look->running && look->beat != NULL && age_us < BEAT_STALE_US &&
           (look->task.phase == BS_PHASE_FOLLOWING || look->task.phase == BS_PHASE_FINISHING);
}

/* Where the copy that the target holds ends: the checkpoint, or the snapshot's point before one. */
static const struct bs_position *
position_of(const struct look *look) {
    return look->has_checkpoint ? &look->checkpoint.position : &look->task.point;
}

/* Where the copy's rows will be as of one position; NULL: they are. */
static const struct bs_position *
window_end(const struct look *look) {
    bool is_copied = look->task.phase != BS_PHASE_COPYING;
    return is_copied && look->point_count > 0 ? &look->points[look->point_count - 1].position
                                              : NULL;
}

static bool
has_definer(const struct bs_task *task) {
    return task->definer != NULL && *task->definer != '\0';
}

static void
put_task_json(struct bs_buf *out, const struct bs_run *run, const struct look *look) {
    const struct bs_task *task = &look->task;
    bs_json_put_text(out, "task", run->state.task);
    bs_json_put_text(out, "phase", bs_phase_name(task->phase));
    bs_json_put_bool(out, "running", look->running);
    bs_json_put_text(out, "until", task->until);
    bs_json_put_text(out, "selection", task->selection);
    bs_json_put_text(out, "definer", has_definer(task) ? task->definer : NULL);
    bs_json_put_bool(out, "accounts", task->accounts);
    bs_json_put_bool(out, "keep_engines", task->keep_engines);
    bs_json_put_bool(out, "no_target_binlog", task->no_target_binlog);
    bs_json_put_text(out, "source_flavour", bs_flavour_name(task->source_flavour));
    bs_json_put_u64(out, "source_version", task->source_version);
    bs_json_put_u64(out, "tables_total", task->tables_total);
    bs_json_put_u64(out, "rows_estimate", task->rows_estimate);
    bs_json_put_u64(out, "bytes_estimate", task->bytes_estimate);
    bs_json_put_u64(out, "chunks", look->chunks);
    bs_json_put_u64(out, "rows_copied", look->rows_copied);
    bs_json_put_u64(out, "bytes_copied", look->bytes_copied);
    bs_json_put_text(out, "snapshot_file", task->point.file);
    bs_json_put_u64(out, "snapshot_pos", task->point.pos);
    bs_json_put_text(out, "snapshot_gtid", task->point.gtid);
    const struct bs_position *end = window_end(look);
    bs_json_put_text(out, "window_file", end != NULL ? end->file : NULL);
    if (end != NULL) {
        bs_json_put_u64(out, "window_pos", end->pos);
    } else {
        bs_json_put_raw(out, "window_pos", NULL);
    }
}

/* What the beat says, null while no follow runs. */
static void
put_pace_json(struct bs_buf *out, const struct look *look) {
    struct bs_pace pace;
    bs_pace_read(&pace, is_beating(look) ? look->beat : "{}");
    bs_pace_put_rates(out, &pace);
}

/* Without what may be a secret. */
static const char *
show_statement(const struct look *look, char out[BS_DDL_SHOWN_MAX]) {
    struct bs_statement statement = {.sql = bs_str(look->intent.statement)};
    return bs_ddl_show(&statement, out);
}

static void
put_json(struct bs_buf *out, const struct bs_run *run, const struct look *look) {
    const struct bs_position *at = position_of(look);
    char lag[32] = "null";
    if (is_beating(look)) {
        (void)snprintf(lag, sizeof lag, "%.3f", beat_number(look, "lag_s"));
    }
    bs_json_open(out);
    bs_json_put_text(out, "command", "status");
    put_task_json(out, run, look);
    bs_json_put_text(out, "file", at->file);
    bs_json_put_u64(out, "pos", at->pos);
    bs_json_put_text(out, "gtid", at->gtid);
    bs_json_put_u64(out, "transactions", look->checkpoint.transactions);
    bs_json_put_u64(out, "rows", look->checkpoint.rows);
    bs_json_put_raw(out, "lag_s", lag);
    bs_json_put_bool(out, "caught_up", is_beating(look) && beat_flag(look, "caught_up"));
    bs_json_put_bool(out, "cutover_cut_short", look->is_left && !look->running);
    put_pace_json(out, look);
    bool is_run = look->running && look->has_intent;
    char shown[BS_DDL_SHOWN_MAX] = "";
    bs_json_put_text(out, "statement", is_run ? show_statement(look, shown) : "");
    bs_json_put_raw(out, "copy", look->copy);
    bs_json_put_raw(out, "follow", look->beat);
    bs_json_put_raw(out, "cutover", look->cutover);
    bs_json_close(out);
    bs_buf_puts(out, "\n");
}

static const char CUT_SHORT[] =
    "a cutover was cut short, and the source may be FROZEN: run 'binstream follow "
    "--until-cutover'\nnow, which puts it back or completes the cutover";

static const char *
meaning_of(const struct look *look) {
    switch (look->task.phase) {
    case BS_PHASE_COPYING:
        return look->running ? "the snapshot is being copied"
                             : "the snapshot is not complete and nothing runs: run it again";
    case BS_PHASE_COPIED:
        return look->running ? "the snapshot is complete"
                             : "the snapshot is complete; next: 'binstream follow'";
    case BS_PHASE_FOLLOWING:
        return look->running   ? "changes of the source are being replayed"
               : look->is_left ? CUT_SHORT
                               : "nothing runs: run 'binstream follow' again";
    case BS_PHASE_FINISHING:
        return look->running ? "the cutover is taking place" : CUT_SHORT;
    case BS_PHASE_DONE:
        return "the target has taken over";
    case BS_PHASE_ABORTED:
        return "aborted; 'binstream reset' removes what was copied";
    }
    return "";
}

static void
put_copy(struct bs_buf *out, const struct look *look) {
    struct bs_buf line = {0};
    bs_report_put_count(&line, look->rows_copied);
    if (look->task.phase == BS_PHASE_COPYING) {
        bs_buf_puts(&line, " of about ");
        bs_report_put_count(&line, look->task.rows_estimate);
    }
    bs_buf_puts(&line, " rows, ");
    bs_report_put_bytes(&line, look->bytes_copied);
    bs_buf_puts(&line, ", ");
    bs_report_put_things(&line, look->chunks, "chunk");
    bs_buf_puts(&line, " of ");
    bs_report_put_things(&line, look->task.tables_total, "table");
    bs_report_put_line(out, "copied", "%s", bs_buf_cstr(&line));
    bs_buf_fini(&line);
}

/* Of a copy that runs now: each table in work, and all together. */
static void
put_copy_progress(struct bs_buf *out, const struct look *look) {
    struct bs_told_progress told;
    struct bs_buf line = {0};
    if (look->task.phase != BS_PHASE_COPYING || !look->running || look->copy == NULL ||
        !bs_progress_read(&told, look->copy)) {
        return;
    }
    bool is_fresh = bs_clock_wall_us() - told.at_us < BEAT_STALE_US;
    for (size_t i = 0; i < told.progress.table_count && is_fresh; i++) {
        bs_buf_clear(&line);
        bs_cli_put_table_progress(&line, &told.progress.tables[i]);
        bs_report_put_line(out, "in work", "%s", bs_buf_cstr(&line));
    }
    if (is_fresh) {
        bs_buf_clear(&line);
        bs_cli_put_copy_progress(&line, &told.progress);
        bs_report_put_line(out, "progress", "%s", bs_buf_cstr(&line));
    }
    bs_told_progress_fini(&told);
    bs_buf_fini(&line);
}

static void
put_pace(struct bs_buf *out, const struct look *look) {
    struct bs_pace pace;
    bs_pace_read(&pace, look->beat);
    bs_pace_put_report(out, &pace, beat_flag(look, "caught_up"));
}

/* Of a follow that runs and has said nothing for a while. */
static void
put_silence(struct bs_buf *out, const struct look *look) {
    double silent_s = ((double)bs_clock_wall_us() - beat_number(look, "at_us")) / 1e6;
    bs_report_put_line(out, "lag", "not known: what follow last said is %.0f s old", silent_s);
    if (look->has_intent) {
        char shown[BS_DDL_SHOWN_MAX];
        bs_report_put_line(out, "runs", "%s", show_statement(look, shown));
    }
}

static void
put_follow(struct bs_buf *out, const struct look *look) {
    struct bs_buf line = {0};
    if (!look->has_checkpoint) {
        return;
    }
    bs_report_put_things(&line, look->checkpoint.transactions, "transaction");
    bs_buf_puts(&line, ", ");
    bs_report_put_things(&line, look->checkpoint.rows, "row");
    bs_report_put_line(out, "replayed", "%s", bs_buf_cstr(&line));
    if (is_beating(look) && beat_flag(look, "caught_up")) {
        bs_report_put_line(out, "lag", "none: caught up");
        put_pace(out, look);
    } else if (is_beating(look)) {
        put_pace(out, look);
    } else if (look->running && look->beat != NULL && look->task.phase == BS_PHASE_FOLLOWING) {
        put_silence(out, look);
    } else {
        bs_report_put_line(out, "lag", "not known while no follow runs");
    }
    bs_buf_fini(&line);
}

static void
put_text(struct bs_buf *out, const struct bs_run *run, const struct look *look) {
    bs_buf_printf(out, "Task '%s': %s\n", run->state.task, meaning_of(look));
    bs_report_put_line(out, "phase", "%s", bs_phase_name(look->task.phase));
    bs_report_put_line(out, "running", "%s%s%s", look->running ? "yes" : "no",
                       look->running && look->task.until[0] != '\0' ? ", until " : "",
                       look->running ? look->task.until : "");
    bs_report_put_line(out, "selection", "%s", look->task.selection);
    if (has_definer(&look->task)) {
        bs_report_put_line(out, "definer", "%s", look->task.definer);
    }
    if (look->task.keep_engines) {
        bs_report_put_line(out, "engines", "kept, also those without transactions");
    }
    if (look->task.no_target_binlog) {
        bs_report_put_line(out, "target's binlog", "not written: its replicas lack the copy");
    }
    if (look->task.accounts) {
        bs_report_put_line(out, "accounts", "are brought as well");
    }
    if (look->is_left && !look->running && look->by_hand.len > 0) {
        bs_report_put_line(out, "by hand", "%.*s", (int)look->by_hand.len,
                           (const char *)look->by_hand.data);
    }
    put_copy(out, look);
    put_copy_progress(out, look);
    const struct bs_position *end = window_end(look);
    if (end != NULL) {
        bs_report_put_line(out, "window",
                           "the copy's rows are as of one position from %s:%" PRIu64
                           " on; until then no cutover",
                           end->file, end->pos);
    }
    put_follow(out, look);
    bs_report_put_position(out, position_of(look));
}

/* In a terminal each look takes the place of the one before. */
static enum bs_status
show(const struct bs_run *run, const struct look *look, struct bs_error *err) {
    struct bs_buf text = {0};
    bool redraws = run->values->watch && !run->values->json && isatty(STDOUT_FILENO);
    bs_buf_puts(&text, redraws ? "\033[H\033[2J" : "");
    if (run->values->json) {
        put_json(&text, run, look);
    } else {
        put_text(&text, run, look);
    }
    enum bs_status status = bs_report_print(&text, err);
    bs_buf_fini(&text);
    return status;
}

/* Until the next look, or a signal. */
static bool
pause_until_next(void) {
    for (int passed = 0; passed < WATCH_MS && !bs_stop_requested(); passed += STEP_MS) {
        bs_clock_pause_ms(STEP_MS);
    }
    return !bs_stop_requested();
}

static enum bs_status
status_on(struct bs_sql *sql, struct bs_run *run, struct bs_error *err) {
    for (;;) {
        struct look look;
        enum bs_status status = take_look(sql, run, &look, err);
        if (status == BS_OK) {
            status = show(run, &look, err);
        }
        bool ended = look.task.phase == BS_PHASE_DONE || look.task.phase == BS_PHASE_ABORTED;
        look_fini(&look);
        if (status != BS_OK || ended || !run->values->watch || !pause_until_next()) {
            return status;
        }
    }
}

static enum bs_status
status(struct bs_run *run, struct bs_error *err) {
    struct bs_sql *sql = NULL;
    enum bs_status result = bs_cli_connect(&run->target, &sql, err);
    if (result == BS_OK) {
        result = status_on(sql, run, err);
    }
    bs_sql_close(sql);
    return result;
}

const struct bs_command bs_command_status = {
    .name = "status",
    .synopsis = "--target URI [--watch] [options]",
    .summary = "show phase, position, rows and lag of the task",
    .about =
        "Tells where the task is, from what is recorded on the target: its phase, whether a "
        "binstream\n"
        "is at work on it, how much was copied and replayed, up to which position of the "
        "source, and\n"
        "how far the follow is behind: in seconds (the age of the oldest transaction that is not\n"
        "applied) and in bytes of the source's log. While it follows, it also tells how fast the\n"
        "source writes and how fast that is applied, over the last 30 seconds; when it will have\n"
        "caught up at this pace, or by how much it falls behind; and what holds it:\n\n"
        "    source            it takes long to answer, and sends little\n"
        "    network           it answers and has more, which is slow to arrive\n"
        "    decoding          binstream itself: it wants a faster processor, or more of it\n"
        "    hot row           transactions wait for each other's rows; the table is named\n"
        "    target commits    COMMIT takes most of the target's time: its disk, or its settings\n"
        "    target            statements do: its processor, its disk, its locks, the way to it\n\n"
        "\"source or network\" stands where the source cannot be reached or does not say where "
        "its\n"
        "log ends. The source is not asked by this command; the follow asks it every two "
        "seconds.\n\n"
        "While it copies, each table in work is told with its rows, its rate and the time that is\n"
        "left, and all of them together. A copy that was resumed, or taken without a lock, is as "
        "of\n"
        "several positions: \"window\" says up to where follow brings its rows together.",
    .table = BS_OPTION_TABLE(OPTIONS),
    .run = status,
};
