/* A write of many pages to a pipe waits inside of the kernel until the last of them has room. A
 * signal ends that wait, and from then on pieces are so small that none has to wait where poll saw
 * room. (A signal in the instant between poll and write is heeded when the reader goes on, or by a
 * second one. To write small pieces always would close that gap, and make pipes half as fast; to
 * make the pipe non-blocking would make it so for all programs that share it.) */
#include "cli/events_output.h"

#include "base/stop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

enum { WAIT_MS = 100, PATIENCE_MS = 500 };

/* False: a stop was asked for, and nobody reads. */
static bool
wait_for_room(void) {
    int waited_ms = 0;
    while (!bs_stop_requested() || waited_ms < PATIENCE_MS) {
        struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
        if (poll(&out, 1, WAIT_MS) > 0) {
            return true; /* also where it was closed: write tells */
        }
        waited_ms = bs_stop_requested() ? waited_ms + WAIT_MS : 0;
    }
    return false;
}

static enum bs_status
give_up(struct bs_events_output *output, struct bs_error *err) {
    output->stalled = true;
    bs_error_set(err, BS_IO,
                 "stopped by request while nobody reads standard output: what it did not take is "
                 "lost");
    return bs_error_hint(err, "its last line may be cut: go on with --start at the place (\"file\" "
                              "and \"pos\") of the last event that is there whole, which comes "
                              "again");
}

enum bs_status
bs_events_write(void *arg, struct bs_str text, struct bs_error *err) {
    struct bs_events_output *output = arg;
    while (text.len > 0) {
        if (output->stalled || !wait_for_room()) {
            return give_up(output, err);
        }
        bool in_pieces = bs_stop_requested() && text.len > PIPE_BUF;
        ssize_t n = write(STDOUT_FILENO, text.data, in_pieces ? PIPE_BUF : text.len);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (n < 0 && errno == EPIPE) {
            output->closed = true;
            return bs_error_set(err, BS_CANCELLED, "standard output was closed");
        }
        if (n < 0) {
            return bs_error_sys(err, errno, "cannot write to standard output");
        }
        text = (struct bs_str){text.data + n, text.len - (size_t)n};
    }
    return BS_OK;
}
