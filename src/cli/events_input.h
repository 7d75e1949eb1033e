/* Where `events` reads from: files, or a server's stream. Internal to src/cli. */
#ifndef BS_CLI_EVENTS_INPUT_H
#define BS_CLI_EVENTS_INPUT_H

#include "base/endpoint.h"
#include "cli/values.h"
#include "events/events.h"

/* Reads the files in order, up to the end of the range. --verify: all of them, whatever is wrong
 * with one; a line, or with json an object, for each is appended to report. */
enum bs_status bs_events_read_files(struct bs_events *events, const struct bs_values *values,
                                    struct bs_buf *report, struct bs_error *err) BS_MUST_CHECK;

/* Reads a server's log up to its end as it is now, to the end of the range, or with --follow until
 * a signal comes. */
enum bs_status bs_events_read_source(struct bs_events *events, const struct bs_endpoint *source,
                                     const struct bs_values *values,
                                     const struct bs_events_bound *start,
                                     struct bs_error *err) BS_MUST_CHECK;

#endif
