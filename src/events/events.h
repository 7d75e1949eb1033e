/* `events`: a log's events and rows as lines of JSON, as counts, or just verified. Fed with raw
 * events by whoever reads them, from files or from a server; pure but for the sink. One thread.
 *
 *   raw event ──> walker ──> range, selection ──> lines ──> sink
 *                                             └─> counts
 *
 * docs/reference/events-format.md is the contract of the lines. */
#ifndef BS_EVENTS_EVENTS_H
#define BS_EVENTS_EVENTS_H

#include "events/range.h"
#include "events/stats.h"
#include "events/table.h"
#include "schema/selection.h"

enum { BS_EVENTS_FORMAT_VERSION = 1 };

enum bs_events_mode {
    BS_EVENTS_PRINT,
    BS_EVENTS_COUNT,  /* every row is decoded, and only counted */
    BS_EVENTS_VERIFY, /* framing and checksums */
};

/* Takes text that is to be written; an error ends the run. */
typedef enum bs_status bs_events_sink(void *arg, struct bs_str text, struct bs_error *err);

struct bs_events_config {
    enum bs_events_mode mode;
    struct bs_events_bound start, stop;   /* the caller's */
    bs_events_find_model *find_model;     /* NULL: no schema */
    bs_events_tell_misfit *tell_misfit;   /* NULL: nobody wants to know */
    void *find_model_arg;                 /* of both */
    const struct bs_selection *selection; /* of the rows; NULL: all tables */
    bs_events_sink *sink;
    void *sink_arg;
};

struct bs_events;

struct bs_events *bs_events_new(const struct bs_events_config *config);
void bs_events_free(struct bs_events *events);

/* The next file, read from its head; or what comes is a server's stream that begins there: what the
 * server made up for it is not given. */
void bs_events_enter(struct bs_events *events, const char *file, uint64_t pos);
/* The file was read to its end: BS_PROTOCOL where it may not end so. */
enum bs_status bs_events_leave(struct bs_events *events, struct bs_error *err) BS_MUST_CHECK;

void bs_events_is_stream(struct bs_events *events, bool sums);

/* One whole raw event. *done: the end of the range is reached, no more is wanted. What was printed
 * of it, and before it, is in the sink's hands or kept until flush. */
enum bs_status bs_events_feed(struct bs_events *events, struct bs_str raw, bool *done,
                              struct bs_error *err) BS_MUST_CHECK;

/* Gives the sink all that is kept; after each block of a stream, before an error is told, and at
 * the end. */
enum bs_status bs_events_flush(struct bs_events *events, struct bs_error *err) BS_MUST_CHECK;

/* Where reading has ended, by an error too: the report of BS_EVENTS_COUNT, and all that is kept. */
enum bs_status bs_events_put_rest(struct bs_events *events, bool json,
                                  struct bs_error *err) BS_MUST_CHECK;
/* The same at the end; then BS_CONFIG if a bound was not met. */
enum bs_status bs_events_finish(struct bs_events *events, bool json,
                                struct bs_error *err) BS_MUST_CHECK;

/* The last feed failed for a rows event whose TABLE_MAP is in front of where --start has it begin.
 * If it is fed again from the head of that file, it goes on with that event, and gives nothing
 * twice. */
bool bs_events_needs_earlier(struct bs_events *events);

/* The event with which the range begins was there. */
bool bs_events_has_begun(const struct bs_events *events);

/* Where the next event is. Of a stream, resume_pos is the same or, inside of a transaction that has
 * not ended, where that begins. */
const char *bs_events_file(const struct bs_events *events);
uint64_t bs_events_pos(const struct bs_events *events);
uint64_t bs_events_resume_pos(const struct bs_events *events);
uint64_t bs_events_seen(const struct bs_events *events);  /* events of the log so far */
bool bs_events_is_closed(const struct bs_events *events); /* its last one is a ROTATE or a STOP */
bool bs_events_has_sums(const struct bs_events *events);  /* those of the last file */

#endif
