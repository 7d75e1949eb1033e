#include "cli/events_input.h"

#include "base/json.h"
#include "base/stop.h"
#include "cli/events_find.h"
#include "cli/events_stream.h"
#include "cli/report.h"
#include "logfile/logfile.h"

#include <inttypes.h>
#include <stdlib.h>

/* Where to go on: in a stream, rows can be read only behind their table's map, so that is where the
 * transaction begins; what of it was printed already will come again. */
static void
hint_resume(const struct bs_events *events, const struct bs_values *values, struct bs_error *err) {
    const char *file = bs_events_file(events);
    uint64_t pos = bs_events_pos(events);
    uint64_t resume = bs_events_resume_pos(events);
    if (!bs_events_has_begun(events) || values->stats || values->verify) {
        return;
    }
    err->hint[0] = '\0';
    if (resume == pos) {
        (void)bs_error_hint(
            err, "go on with --start %s:%" PRIu64 "; all events before it were printed", file, pos);
    } else {
        (void)bs_error_hint(err,
                            "go on with --start %s:%" PRIu64 ", where the transaction begins that "
                            "was cut; its events before %" PRIu64 " were printed, and come again",
                            file, resume, pos);
    }
}

/* ---- files --------------------------------------------------------------------------------- */

static void
report_whole(struct bs_buf *report, const struct bs_events *events, const char *name,
             uint64_t count, bool json) {
    const char *sums = bs_events_has_sums(events) ? "CRC32" : "NONE";
    if (json) {
        bs_json_open(report);
        bs_json_put_text(report, "file", name);
        bs_json_put_u64(report, "events", count);
        bs_json_put_u64(report, "bytes", bs_events_pos(events));
        bs_json_put_text(report, "checksum", sums);
        bs_json_put_bool(report, "closed", bs_events_is_closed(events));
        bs_json_close(report);
        bs_buf_puts(report, "\n");
        return;
    }
    bs_buf_printf(report, "%s: ", name);
    bs_report_put_things(report, count, "event");
    bs_buf_puts(report, ", ");
    bs_report_put_count(report, bs_events_pos(events));
    bs_buf_puts(report, bs_events_has_sums(events)
                            ? " bytes, every checksum is right"
                            : " bytes, framed right; its events have no checksums");
    bs_buf_puts(report,
                bs_events_is_closed(events)
                    ? "\n"
                    : "; no ROTATE or STOP ends it: still written, or cut between events\n");
}

/* pos: where the damage is; in front of it are count events that are whole. */
static void
report_damage(struct bs_buf *report, const char *name, uint64_t count, uint64_t pos, bool json,
              const struct bs_error *err) {
    if (json) {
        bs_json_open(report);
        bs_json_put_text(report, "file", name);
        bs_json_put_u64(report, "events", count);
        bs_json_put_u64(report, "bytes", pos);
        bs_json_put_text(report, "error", err->message);
        bs_json_close(report);
        bs_buf_puts(report, "\n");
        return;
    }
    bs_buf_printf(report, "%s: NOT WHOLE at %" PRIu64 ", behind ", name, pos);
    bs_report_put_things(report, count, "event");
    bs_buf_printf(report, ": %s\n", err->message);
}

static enum bs_status
read_file(struct bs_events *events, const struct bs_values *values, struct bs_logfile *file,
          bool *done, struct bs_error *err) {
    enum bs_status status = BS_OK;
    struct bs_str raw;
    *done = false;
    bs_events_enter(events, bs_logfile_name(file), bs_logfile_pos(file));
    while (status == BS_OK && !*done) {
        status = bs_logfile_next(file, &raw, err);
        if (status == BS_OK && raw.len == 0) {
            return bs_events_leave(events, err);
        }
        if (status != BS_OK) {
            break;
        }
        status = bs_events_feed(events, raw, done, err);
        if (status == BS_OK && !*done) {
            status = bs_stop_check(err);
        }
    }
    if (status == BS_CANCELLED) {
        hint_resume(events, values, err);
    }
    return status;
}

/* One file from its head to its end, and its line of the report. */
static enum bs_status
verify_file(struct bs_events *events, const struct bs_values *values, const char *path,
            struct bs_buf *report, struct bs_error *err) {
    bool done = false;
    struct bs_logfile *file = NULL;
    uint64_t before = bs_events_seen(events);
    enum bs_status status = bs_logfile_open(&file, path, err);
    const char *name = file != NULL ? bs_logfile_name(file) : path;
    if (status == BS_OK) {
        status = read_file(events, values, file, &done, err);
    }
    uint64_t count = bs_events_seen(events) - before;
    if (status == BS_OK) {
        report_whole(report, events, name, count, values->json);
    } else if (status != BS_CANCELLED) {
        report_damage(report, name, count, file != NULL ? bs_logfile_pos(file) : 0, values->json,
                      err);
    }
    bs_logfile_close(file);
    return status;
}

/* A file that is not whole says nothing about the next one: the report has a line for each, and the
 * error is that of the first. */
static enum bs_status
verify_files(struct bs_events *events, const struct bs_values *values, struct bs_buf *report,
             struct bs_error *err) {
    struct bs_error failure;
    size_t bad = 0;
    for (size_t i = 0; i < values->file_count; i++) {
        bs_error_clear(&failure);
        enum bs_status status = verify_file(events, values, values->files[i], report, &failure);
        if (status != BS_OK && (bad == 0 || status == BS_CANCELLED)) {
            *err = failure;
        }
        if (status == BS_CANCELLED) {
            return status;
        }
        bad += status != BS_OK;
    }
    if (bad == 0 || values->file_count == 1) {
        return bad == 0 ? BS_OK : err->status;
    }
    return bs_error_context(err, "verifying %zu files; %zu not whole, of which this is the first",
                            values->file_count, bad);
}

enum bs_status
bs_events_read_files(struct bs_events *events, const struct bs_values *values,
                     struct bs_buf *report, struct bs_error *err) {
    bool done = false;
    enum bs_status status = BS_OK;
    if (values->verify) {
        return verify_files(events, values, report, err);
    }
    for (size_t i = 0; status == BS_OK && i < values->file_count && !done; i++) {
        struct bs_logfile *file = NULL;
        status = bs_logfile_open(&file, values->files[i], err);
        if (status == BS_OK) {
            status = read_file(events, values, file, &done, err);
        }
        bs_logfile_close(file);
    }
    return status;
}

/* ---- a server's stream --------------------------------------------------------------------- */

enum { QUEUE_BYTES = 16 << 20, FILE_HEAD = 4 };
enum { ER_BINLOG_DUMP = 1236 };

static void
on_connected(void *arg, bool sums) {
    bs_events_is_stream(arg, sums);
}

static enum bs_status
on_event(void *arg, struct bs_str raw, bool *done, struct bs_error *err) {
    return bs_events_feed(arg, raw, done, err);
}

static enum bs_status
on_block_read(void *arg, struct bs_error *err) {
    return bs_events_flush(arg, err);
}

/* What the stream itself failed with. To connect again is for the reader to do, who knows what
 * became of the events of the transaction that was cut. */
static void
hint_lost(const struct bs_events *events, const struct bs_values *values, bool is_broken,
          struct bs_error *err) {
    if (err->status == BS_PURGED) {
        err->hint[0] = '\0';
        (void)bs_error_hint(err, "the server has no such place in its log: SHOW BINARY LOGS there "
                                 "tells its files and their sizes; without --start, reading begins "
                                 "with the oldest");
    } else if (is_broken || err->hint[0] == '\0') {
        hint_resume(events, values, err);
    }
}

static enum bs_status
run_stream(struct bs_events *events, const struct bs_values *values,
           const struct bs_stream_config *config, const struct bs_stream_request *request,
           struct bs_error *err) {
    const struct bs_events_reader reader = {events, QUEUE_BYTES, on_connected, on_event,
                                            on_block_read};
    enum bs_events_stream_end end;
    bs_events_enter(events, request->file, request->pos);
    enum bs_status status = bs_events_stream(config, request, &reader, &end, err);
    switch (end) {
    case BS_EVENTS_STREAM_BROKEN:
    case BS_EVENTS_STREAM_FAILED:
        hint_lost(events, values, end == BS_EVENTS_STREAM_BROKEN, err);
        break;
    case BS_EVENTS_STREAM_STOPPED:
        hint_resume(events, values, err);
        break;
    case BS_EVENTS_STREAM_DONE:
    case BS_EVENTS_STREAM_REFUSED:
        break;
    }
    return status;
}

/* A place that the caller has named, and that is none. */
static void
hint_place(enum bs_status status, struct bs_error *err) {
    if (status == BS_PROTOCOL || (status == BS_SERVER && err->sql_errno == ER_BINLOG_DUMP)) {
        err->hint[0] = '\0';
        (void)bs_error_hint(err, "the position of --start is not that of an event, or the server's "
                                 "file is damaged there");
    }
}

/* From where to read: the place that --start names, the file that has its transaction, or the
 * oldest. *found: the file's name, heap-owned. */
static enum bs_status
find_start(const struct bs_stream_config *config, const struct bs_events_bound *start,
           struct bs_stream_request *request, char **found, struct bs_error *err) {
    *request = (struct bs_stream_request){
        .mode = BS_POSITION_FILE, .file = "", .pos = FILE_HEAD, .gtid_text = ""};
    if (start->kind == BS_EVENTS_AT_POSITION) {
        request->file = start->file;
        request->pos = start->pos;
    } else if (start->kind == BS_EVENTS_AT_GTID) {
        enum bs_status status = bs_events_find_file(config, &start->gtid, found, err);
        request->file = status == BS_OK ? *found : "";
        return status;
    }
    return BS_OK;
}

enum bs_status
bs_events_read_source(struct bs_events *events, const struct bs_endpoint *source,
                      const struct bs_values *values, const struct bs_events_bound *start,
                      struct bs_error *err) {
    struct bs_stream_request request;
    struct bs_stream_config config = {.source = source, .non_block = !values->follow};
    char *found = NULL;
    enum bs_status status = bs_stream_name(&config, err);
    if (status == BS_OK) {
        status = find_start(&config, start, &request, &found, err);
    }
    if (status == BS_OK) {
        status = run_stream(events, values, &config, &request, err);
        if (status != BS_OK && request.pos > FILE_HEAD && bs_events_needs_earlier(events)) {
            request.pos = FILE_HEAD;
            status = run_stream(events, values, &config, &request, err);
        }
    }
    if (status != BS_OK && start->kind == BS_EVENTS_AT_POSITION && bs_events_seen(events) == 0) {
        hint_place(status, err);
    }
    free(found);
    return status;
}
