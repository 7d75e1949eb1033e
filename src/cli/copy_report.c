/* What a copy says: its progress, and its report. Shared by `snapshot`, `load` and `migrate`. */
#include "cli/cli.h"

#include "base/json.h"
#include "cli/report.h"
#include "snapshot/snapshot.h"

#include <inttypes.h>
#include <string.h>

static double
per_second(uint64_t amount, int64_t ms) {
    return ms > 0 ? (double)amount * 1000 / (double)ms : 0;
}

static void
put_left(struct bs_buf *out, int64_t left_ms) {
    if (left_ms >= 0) {
        bs_buf_puts(out, ", about ");
        bs_report_put_ms(out, left_ms);
        bs_buf_puts(out, " left");
    }
}

/* "12 %, " of an estimate, which may be too small. */
static void
put_percent(struct bs_buf *out, uint64_t done, uint64_t estimate) {
    double percent = estimate > 0 ? 100 * (double)done / (double)estimate : 0;
    bs_buf_printf(out, "%.0f %%, ", percent > 100 ? 100 : percent);
}

static void
put_amounts(struct bs_buf *out, uint64_t rows, uint64_t bytes, double bytes_per_s) {
    bs_report_put_count(out, rows);
    bs_buf_puts(out, " rows, ");
    bs_report_put_bytes(out, bytes);
    bs_buf_puts(out, ", ");
    bs_report_put_bytes(out, (uint64_t)bytes_per_s);
    bs_buf_puts(out, "/s");
}

void
bs_cli_put_table_progress(struct bs_buf *out, const struct bs_table_progress *t) {
    bs_buf_printf(out, "%s.%s: ", t->db, t->name);
    if (t->builds_keys) {
        bs_report_put_count(out, t->rows_done);
        bs_buf_puts(out, " rows, building its keys");
        return;
    }
    put_percent(out, t->bytes_done, t->bytes_estimate);
    put_amounts(out, t->rows_done, t->bytes_done,
                bs_progress_per_s(t->bytes_done, t->bytes_kept, t->elapsed_ms));
    put_left(out,
             bs_progress_left_ms(t->bytes_done, t->bytes_kept, t->bytes_estimate, t->elapsed_ms));
}

void
bs_cli_put_copy_progress(struct bs_buf *out, const struct bs_snapshot_progress *p) {
    put_percent(out, p->bytes_done, p->bytes_estimate);
    bs_buf_printf(out, "%" PRIu64 " of %" PRIu64 " tables, ", p->tables_done, p->tables_total);
    put_amounts(out, p->rows_done, p->bytes_done,
                bs_progress_per_s(p->bytes_done, p->bytes_kept, p->elapsed_ms));
    if (p->load > 0) {
        bs_buf_printf(out, ", paused: %" PRIu64 " statements run on the source", p->load);
    } else {
        put_left(out, bs_progress_left_ms(p->bytes_done, p->bytes_kept, p->bytes_estimate,
                                          p->elapsed_ms));
    }
}

/* A line for each table in work, and one for all. */
void
bs_cli_show_copy(void *arg, const struct bs_snapshot_progress *p) {
    struct bs_run *run = arg;
    struct bs_buf text = {0};
    for (size_t i = 0; i < p->table_count; i++) {
        bs_buf_puts(&text, "  ");
        bs_cli_put_table_progress(&text, &p->tables[i]);
        bs_buf_puts(&text, "\n");
    }
    bs_buf_puts(&text, "copying: ");
    bs_cli_put_copy_progress(&text, p);
    bs_progress_show(&run->progress, bs_buf_cstr(&text));
    bs_buf_fini(&text);
}

static void
put_json(struct bs_buf *out, const char *command, const struct bs_snapshot_report *r) {
    bs_json_open(out);
    bs_json_put_text(out, "command", command);
    bs_json_put_text(out, "result", "done");
    bs_json_put_u64(out, "databases", r->databases);
    bs_json_put_u64(out, "tables", r->tables);
    bs_json_put_u64(out, "views", r->views);
    bs_json_put_u64(out, "routines", r->routines);
    bs_json_put_u64(out, "accounts", r->accounts);
    bs_json_put_u64(out, "accounts_left", r->accounts_left);
    bs_json_put_u64(out, "rows", r->rows);
    bs_json_put_u64(out, "bytes", r->bytes);
    bs_json_put_u64(out, "chunks", r->chunks);
    bs_json_put_u64(out, "chunks_retried", r->chunks_retried);
    bs_json_put_u64(out, "tables_kept", r->tables_kept);
    bs_json_put_u64(out, "tables_continued", r->tables_continued);
    bs_json_put_u64(out, "chunks_kept", r->chunks_kept);
    bs_json_put_u64(out, "chunks_dropped", r->chunks_dropped);
    bs_json_put_i64(out, "elapsed_ms", r->elapsed_ms);
    bs_json_put_i64(out, "paused_ms", r->paused_ms);
    bs_json_put_double(out, "rows_per_s", per_second(r->rows, r->elapsed_ms));
    bs_json_put_double(out, "bytes_per_s", per_second(r->bytes, r->elapsed_ms));
    bs_json_put_i64(out, "locked_ms", r->locked_ms);
    bs_json_put_text(out, "consistency", r->consistency);
    bs_json_put_text(out, "consistency_reason",
                     r->consistency_reason[0] != '\0' ? r->consistency_reason : NULL);
    bs_json_put_u64(out, "locked_tables", r->locked_tables);
    bs_json_put_i64(out, "locked_tables_ms", r->long_locked_ms);
    bs_json_put_text(out, "file", r->point.file);
    bs_json_put_u64(out, "pos", r->point.pos);
    bs_json_put_text(out, "gtid", r->point.gtid);
    bs_json_close(out);
}

static void
put_text(struct bs_buf *out, const struct bs_snapshot_report *r, const char *what,
         const char *next) {
    struct bs_buf line = {0};
    bs_buf_printf(out, "The %s is complete.\n", what);
    bs_report_put_things(&line, r->databases, "database");
    bs_buf_puts(&line, ", ");
    bs_report_put_things(&line, r->tables, "table");
    bs_buf_puts(&line, ", ");
    bs_report_put_things(&line, r->views, "view");
    bs_buf_puts(&line, ", ");
    bs_report_put_things(&line, r->routines, "routine");
    bs_report_put_line(out, "objects", "%s", bs_buf_cstr(&line));
    bs_buf_clear(&line);
    if (r->accounts + r->accounts_left > 0) {
        bs_report_put_things(&line, r->accounts, "account");
        bs_report_put_line(out, "accounts",
                           "%s of the source; %" PRIu64 " were on the target and are left as "
                           "they are",
                           bs_buf_cstr(&line), r->accounts_left);
        bs_buf_clear(&line);
    }
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
    if (r->chunks_kept > 0 || r->chunks_dropped > 0) {
        bs_report_put_things(&line, r->tables_kept, "table");
        bs_buf_puts(&line, " and parts of ");
        bs_report_put_count(&line, r->tables_continued);
        bs_buf_puts(&line, " were in; ");
        bs_report_put_things(&line, r->chunks_kept, "chunk");
        bs_buf_puts(&line, " stayed, ");
        bs_report_put_things(&line, r->chunks_dropped, "chunk");
        bs_report_put_line(out, "went on", "%s were copied again", bs_buf_cstr(&line));
        bs_buf_clear(&line);
    }
    if (r->paused_ms > 0) {
        bs_report_put_ms(&line, r->paused_ms);
        bs_report_put_line(out, "paused", "%s, for the source's load", bs_buf_cstr(&line));
        bs_buf_clear(&line);
    }
    if (r->consistency != NULL && strcmp(r->consistency, "archive") == 0) {
        bs_report_put_position(out, &r->point);
        bs_buf_printf(out, "Next: %s.\n", next);
        bs_buf_fini(&line);
        return;
    }
    bs_report_put_line(out, "source locked", "%" PRId64 " ms (%s)", r->locked_ms,
                       r->consistency != NULL ? r->consistency : "no lock");
    if (r->consistency_reason[0] != '\0') {
        bs_report_put_line(out, "why so", "%s", r->consistency_reason);
    }
    if (r->locked_tables > 0) {
        bs_report_put_things(&line, r->locked_tables, "table");
        bs_report_put_line(out, "locked for longer", "%s without transactions, %" PRId64 " ms",
                           bs_buf_cstr(&line), r->long_locked_ms);
    }
    bs_report_put_position(out, &r->point);
    bs_buf_printf(out, "Next: %s.\n", next);
    bs_buf_fini(&line);
}

static const struct {
    const char *command, *what, *next;
} COMMANDS[] = {
    {"snapshot", "snapshot",
     "'binstream follow --until-cutover' replays what has been written since"},
    {"archive", "archive",
     "'binstream load --archive DIR --target URI' puts it on a target, then 'binstream follow' "
     "replays what has been written since"},
    {"load", "load", "'binstream follow --until-cutover' replays what has been written since"},
};

enum bs_status
bs_cli_report_copy(struct bs_run *run, const struct bs_snapshot_report *report, const char *command,
                   struct bs_buf *json, struct bs_error *err) {
    struct bs_buf text = {0};
    size_t i = 0;
    while (strcmp(COMMANDS[i].command, command) != 0) {
        i++;
    }
    if (run->values->json) {
        put_json(json, command, report);
        return BS_OK;
    }
    put_text(&text, report, COMMANDS[i].what, COMMANDS[i].next);
    enum bs_status status = bs_report_print(&text, err);
    bs_buf_fini(&text);
    return status;
}

enum bs_status
bs_cli_report_complete(const struct bs_run *run, const char *command, struct bs_error *err) {
    struct bs_buf text = {0};
    if (run->values->json) {
        bs_json_open(&text);
        bs_json_put_text(&text, "command", command);
        bs_json_put_text(&text, "result", "complete before");
        bs_json_close(&text);
        bs_buf_puts(&text, "\n");
    } else {
        bs_buf_printf(&text,
                      "The %s of task '%s' was complete before; nothing was done.\n"
                      "Next: 'binstream follow --until-cutover', or 'binstream reset' to start "
                      "anew.\n",
                      command, run->state.task);
    }
    enum bs_status status = bs_report_print(&text, err);
    bs_buf_fini(&text);
    return status;
}
