/* The operator's command that switches the traffic: run by /bin/sh on the machine of the follow,
 * with the servers, the task and the final position in its environment, and no password.
 *
 * Its exit code is its word: 0, the traffic goes to the target; anything else, it goes to the
 * source as before. A hook that is not over when its time is gets SIGTERM, a little later SIGKILL,
 * all of its process group, and counts as failed unless it still ends with 0. What it prints goes
 * to the log, line by line. It inherits no file of ours: a daemon that it starts would otherwise
 * keep our connections, and the locks with them. Runs on the lane's thread, and blocks it. */
#ifndef BS_CUTOVER_HOOK_H
#define BS_CUTOVER_HOOK_H

#include "base/buf.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/position.h"

#include <stdint.h>

struct bs_hook {
    const char *command;
    const struct bs_endpoint *source, *target;
    const char *task;
    const struct bs_position *final;
    uint64_t attempt;    /* 1, and more when a crash fell into an earlier one */
    int64_t deadline_ms; /* by bs_clock_mono_ms */
};

/* BS_OK: it ended with 0. BS_CANCELLED: it did not, and err says how and what it printed last.
 * BS_CONFLICT: it has ended, and how cannot be told: somebody else in this process took its end.
 * Anything else: it was not started. */
enum bs_status bs_hook_run(const struct bs_hook *hook, struct bs_error *err) BS_MUST_CHECK;

#endif
