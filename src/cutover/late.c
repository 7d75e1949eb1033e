/* Behind a hook that has ended with 0 the applications are at the target, and nothing is undone any
 * more. What is left is to say whether the source was written to meanwhile: an administrator, or
 * what watches over the servers, may have set read_only=0, the source may have started anew.
 *
 *   read the log on to where it ends now ─> does the freeze hold?
 *
 * The log first, and whatever the freeze: a write that is in it is known. A freeze that does not
 * hold behind a log without such a write leaves open what comes next: that is not known, and the
 * operator is told where to look. With locks the log says enough: they go when the cutover is over,
 * and writers that waited for them go on.
 *
 * A server that was lost on the way is looked at again when all is open again: by BS_IO the follow
 * goes back to its last commit, and then the hook's end is known (config->hook_end). */
#include "cutover/cutover_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    /* For what was written meanwhile to tables that are not selected, too, and for a source that
     * starts anew. Nobody waits for it: the applications are at the target. */
    LOOK_MS = 60000,
    PAUSE_MS = 200,
};

static void
note_unknown(struct bs_attempt *attempt, const char *why) {
    attempt->late = BS_LATE_UNKNOWN;
    (void)snprintf(attempt->late_why, sizeof attempt->late_why, "%s", why);
    bs_log(BS_LOG_ERROR,
           "whether the source was written to while the hook ran is not known: %s; its log behind "
           "%s:%" PRIu64 " tells (`binstream events`)",
           why, attempt->final.file, attempt->final.pos);
}

static void
note_written(struct bs_attempt *attempt, const struct bs_error *late) {
    attempt->late = BS_LATE_YES;
    attempt->config->late = BS_LATE_YES; /* for another attempt of this process */
    bs_log(BS_LOG_ERROR, "while the hook ran, %s: the target does not have this", late->message);
}

/* After a clean log, or one with a late write: how does the source stand now? */
static enum bs_status
judge_freeze(struct bs_attempt *attempt, struct bs_error *err) {
    attempt->stays_read_only = false;
    if (attempt->mode != BS_FREEZE_READ_ONLY) {
        return BS_OK;
    }
    enum bs_status status = bs_freeze_check(&attempt->frozen, err);
    attempt->stays_read_only = status == BS_OK;
    if (status == BS_CANCELLED && attempt->late == BS_LATE_NO) {
        char why[BS_ERROR_TEXT_MAX];
        (void)snprintf(why, sizeof why, "%.1000s, and may be written to", err->message);
        note_unknown(attempt, why);
    }
    return status == BS_CANCELLED ? BS_OK : status;
}

static enum bs_status
look_until(struct bs_attempt *attempt, int64_t deadline_ms, struct bs_error *err) {
    struct bs_error found;
    bs_error_clear(&found);
    bs_watch_arm(&attempt->watch, BS_WATCH_NEVER);
    enum bs_status status = bs_attempt_read_on(attempt, deadline_ms, &found);
    if (status != BS_OK && bs_follow_met_held(attempt->follow)) {
        note_written(attempt, &found);
    } else if (status == BS_CANCELLED) {
        note_unknown(attempt, found.message);
    } else if (status != BS_OK) {
        *err = found;
        return status;
    }
    status = judge_freeze(attempt, &found);
    if (status != BS_OK && attempt->late == BS_LATE_NO) {
        *err = found;
        return status;
    }
    return BS_OK;
}

enum bs_status
bs_late_look(struct bs_attempt *attempt, struct bs_error *err) {
    struct bs_error failure;
    bs_error_clear(&failure);
    if (look_until(attempt, bs_clock_mono_ms() + LOOK_MS, &failure) == BS_OK) {
        return BS_OK;
    }
    return bs_error_set(err, BS_IO, "looking at the source's log behind the hook: %s",
                        failure.message);
}

/* The sessions may be those of a server that is gone. The target has nothing to answer meanwhile.
 */
static enum bs_status
await_source(struct bs_attempt *attempt, int64_t deadline_ms, struct bs_error *err) {
    bs_watch_rest(&attempt->watch);
    for (;;) {
        bs_freeze_close(&attempt->frozen);
        enum bs_status status = bs_attempt_open_source_again(attempt, err);
        if (status != BS_IO || bs_clock_mono_ms() >= deadline_ms || bs_stop_requested()) {
            return status;
        }
        bs_clock_pause_ms(PAUSE_MS);
    }
}

static enum bs_status
open_and_look(struct bs_attempt *attempt, int64_t deadline_ms, struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (attempt->frozen.reader == NULL) {
        status = await_source(attempt, deadline_ms, err);
    }
    if (status != BS_OK) {
        return status;
    }
    return attempt->late == BS_LATE_YES ? judge_freeze(attempt, err)
                                        : look_until(attempt, deadline_ms, err);
}

void
bs_late_look_again(struct bs_attempt *attempt) {
    int64_t deadline_ms = bs_clock_mono_ms() + LOOK_MS;
    struct bs_error err;
    bs_error_clear(&err);
    attempt->late = attempt->config->late;
    enum bs_status status = open_and_look(attempt, deadline_ms, &err);
    if (status == BS_IO) { /* its sessions may have been lost while the hook ran */
        bs_freeze_close(&attempt->frozen);
        status = open_and_look(attempt, deadline_ms, &err);
    }
    if (status != BS_OK) {
        bs_freeze_close(&attempt->frozen); /* what is still asked is asked anew */
    }
    if (status != BS_OK && attempt->late == BS_LATE_NO) {
        note_unknown(attempt, err.message);
    }
}
