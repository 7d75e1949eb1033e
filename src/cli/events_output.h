/* Where `events` writes to: standard output, which may be a pipe that nobody reads. Internal to
 * src/cli. One thread. */
#ifndef BS_CLI_EVENTS_OUTPUT_H
#define BS_CLI_EVENTS_OUTPUT_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

struct bs_events_output {
    bool closed;  /* nobody reads it any more: the run ends quietly */
    bool stalled; /* a stop was asked for, and it took nothing more: its last line may be cut */
};

/* A bs_events_sink. It waits for a reader for as long as that takes; but once a stop was asked for,
 * only a moment: BS_IO, with what to do. Closed: BS_CANCELLED. Nothing is written after either. */
enum bs_status bs_events_write(void *output, struct bs_str text,
                               struct bs_error *err) BS_MUST_CHECK;

#endif
