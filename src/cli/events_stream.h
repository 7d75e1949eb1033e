/* One connection to a source, read event by event until somebody has enough: by `events`, once for
 * what it prints, and before that for the heads of a few files. Internal to src/cli. */
#ifndef BS_CLI_EVENTS_STREAM_H
#define BS_CLI_EVENTS_STREAM_H

#include "base/error.h"
#include "base/str.h"
#include "net/stream.h"

#include <stdbool.h>

/* Called on the caller's thread. */
struct bs_events_reader {
    void *arg;
    size_t queue_bytes; /* so many wait for the reader; what is behind waits at the server */
    void (*connected)(void *arg, bool sums); /* whether events have checksums so far */
    enum bs_status (*event)(void *arg, struct bs_str raw, bool *done, struct bs_error *err);
    enum bs_status (*block_read)(void *arg, struct bs_error *err); /* NULL: nothing to do */
};

enum bs_events_stream_end {
    BS_EVENTS_STREAM_DONE,    /* the reader has enough, or the log is at its end */
    BS_EVENTS_STREAM_BROKEN,  /* the connection was lost: another one may go on */
    BS_EVENTS_STREAM_FAILED,  /* the server or the stream refused to go on */
    BS_EVENTS_STREAM_STOPPED, /* by a signal */
    BS_EVENTS_STREAM_REFUSED, /* the reader failed, or nothing was begun at all */
};

/* BS_OK with DONE alone. */
enum bs_status bs_events_stream(const struct bs_stream_config *config,
                                const struct bs_stream_request *request,
                                const struct bs_events_reader *reader,
                                enum bs_events_stream_end *end, struct bs_error *err) BS_MUST_CHECK;

#endif
