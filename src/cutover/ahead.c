/* What would keep the drain from ending in time, or the objects from being made, looked for while
 * the source still takes writes: found later it would be undone, but the writers would have waited
 * for nothing. */
#include "cutover/cutover_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "check/check.h"
#include "sql/guard.h"

#include <inttypes.h>
#include <stdlib.h>

/* With none the operator says that nothing writes, on all nodes: what they wrote last must be in
 * this one's log. */
static enum bs_status
take_word(const struct bs_attempt *attempt, const struct bs_peers *peers, struct bs_error *err) {
    bs_log(BS_LOG_WARNING,
           "cutover: the source is one of %" PRIu64 " nodes of its cluster that take writes; by "
           "--freeze=none nothing writes through any of them now",
           peers->writers + 1);
    int64_t deadline_ms = bs_clock_mono_ms() + attempt->max_freeze_ms;
    struct bs_guard guard;
    enum bs_status status =
        bs_guard_begin(&guard, attempt->frozen.sql, attempt->frozen.reader, NULL, deadline_ms, err);
    if (status == BS_OK) {
        status = bs_catalog_await_peers(attempt->frozen.reader, peers, err);
        (void)bs_guard_end(&guard);
    }
    return status;
}

enum bs_status
bs_attempt_refuse_cluster(const struct bs_attempt *attempt, struct bs_error *err) {
    struct bs_peers peers;
    enum bs_status status =
        bs_catalog_peers(attempt->frozen.reader, &attempt->frozen.server, &peers, err);
    if (status == BS_OK && !peers.is_known) {
        bs_log(BS_LOG_WARNING, "cutover: the account may not see whether other members of the "
                               "source's group take writes, which go on while it is frozen");
    }
    if (status != BS_OK || peers.writers == 0) {
        return status;
    }
    if (attempt->mode == BS_FREEZE_NONE) {
        return take_word(attempt, &peers, err);
    }
    bs_error_set(err, BS_PRECHECK,
                 "the source is one of %" PRIu64 " nodes of its cluster that take writes, and "
                 "--freeze=%s would hold back this one only",
                 peers.writers + 1, bs_freeze_name(attempt->mode));
    return bs_error_hint(err, "stop what writes through any of them, then ask for the cutover "
                              "with --freeze=none");
}

static enum bs_status
refuse_taken(const struct bs_finish *finish, enum bs_object_kind kind, struct bs_error *err) {
    struct bs_object *taken = NULL;
    size_t count = 0;
    enum bs_status status = bs_catalog_taken(finish->source, finish->target, finish->selection,
                                             kind, &taken, &count, err);
    if (status == BS_OK && count > 0) {
        status = bs_finish_refuse_taken(&taken[0], err);
    }
    bs_objects_free(taken, count);
    return status;
}

static enum bs_status
refuse_without_events(const struct bs_finish *finish, struct bs_error *err) {
    struct bs_object *events = NULL;
    size_t count = 0;
    bool takes = true;
    enum bs_status status = bs_catalog_takes_events(finish->target, &takes, err);
    if (status != BS_OK || takes) {
        return status;
    }
    status = bs_catalog_objects(finish->source, finish->server, finish->selection, BS_OBJECT_EVENT,
                                &events, &count, err);
    if (status == BS_OK && count > 0) {
        bs_error_set(err, BS_PRECHECK,
                     "the target was started with event_scheduler=DISABLED, and takes no events");
        status = bs_error_hint(err, "restart it with event_scheduler=ON, or OFF, then ask for the "
                                    "cutover again");
    }
    bs_objects_free(events, count);
    return status;
}

/* A freeze that could not be long enough costs the applications on the source all the same. */
static enum bs_status
refuse_far_behind(const struct bs_attempt *attempt, struct bs_error *err) {
    enum { MIB = 1048576 };
    uint64_t bytes = 0;
    double drain_s = bs_follow_drain_s(attempt->follow, &bytes);
    if (drain_s * 1000 <= attempt->max_freeze_ms) {
        return BS_OK;
    }
    bs_error_set(err, BS_CANCELLED,
                 "the target is %.1f MiB of the source's log behind, which take about %.0f s at "
                 "the rate so far, and --max-freeze is %.1f s; the source was not frozen",
                 (double)bytes / MIB, drain_s, attempt->max_freeze_ms / 1000.0);
    return bs_error_hint(err, "ask again when `binstream status` shows a small lag, or allow more "
                              "with --max-freeze");
}

enum bs_status
bs_attempt_look_ahead(const struct bs_attempt *attempt, struct bs_error *err) {
    struct bs_finish finish = bs_attempt_finish_of(attempt);
    enum bs_status status = refuse_far_behind(attempt, err);
    if (status == BS_OK) {
        status = bs_check_sees_objects(finish.source, finish.server, finish.selection, err);
    }
    if (status == BS_OK) {
        status = refuse_without_events(&finish, err);
    }
    if (status == BS_OK) {
        status = refuse_taken(&finish, BS_OBJECT_TRIGGER, err);
    }
    return status == BS_OK ? refuse_taken(&finish, BS_OBJECT_EVENT, err) : status;
}
