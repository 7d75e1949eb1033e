/* Follow: the source's binlog replayed into the target from the recorded position, until the
 * caller's end is reached. Wires the stream (src/net), the decoder (src/binlog) and the lane
 * (src/apply) together. Called by src/cli from the main thread, which becomes the lane's thread;
 * the stream has its own. */
#ifndef BS_FOLLOW_FOLLOW_H
#define BS_FOLLOW_FOLLOW_H

#include "base/endpoint.h"
#include "base/error.h"
#include "base/position.h"
#include "follow/rates.h"
#include "schema/translation.h"
#include "sql/guard.h"
#include "sql/watch.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

struct bs_follow;

enum bs_follow_until {
    BS_FOLLOW_UNTIL_STOPPED,   /* by a signal or `abort` */
    BS_FOLLOW_UNTIL_CAUGHT_UP, /* the source's end as read at start */
    BS_FOLLOW_UNTIL_CUTOVER,   /* as the former; a cutover request ends it */
};

/* What is known at any moment; given to the progress display about once a second. */
struct bs_follow_progress {
    uint64_t transactions, rows; /* since start */
    double lag_s; /* how old the oldest transaction not applied is; 0 when caught up */
    bool caught_up;
    const struct bs_pace *pace; /* as of the last two seconds or so */
    const char *file;
    uint64_t pos;
    uint64_t ignored_events;
};

struct bs_follow_config {
    const struct bs_endpoint *source;
    const struct bs_endpoint *target;
    struct bs_state state;
    enum bs_follow_until until;
    uint64_t memory_bytes;
    unsigned int lanes;      /* that apply side by side */
    size_t max_transactions; /* of the source in one of the target */
    bool keep_commit_order;
    bool no_target_binlog;
    bool keep_engines;
    uint32_t give_up_ms; /* how long a lost source or target is tried again */
    /* Called on the lane's thread whenever the task was taken over, before anything is applied:
     * what an interrupted cutover left behind is put back here. *unfinished true: that one may not
     * be put back; then nothing more is applied, and cutover is called with request NULL as soon as
     * the stream runs. May be NULL. */
    enum bs_status (*opened)(void *arg, struct bs_follow *follow, const struct bs_task *task,
                             bool *unfinished, struct bs_error *err);
    /* Called on the lane's thread when a cutover was asked for; returns when it is over. until
     * CUTOVER only. See src/cutover. Nothing is opened again meanwhile: a server that is lost ends
     * the cutover, and what is left then is told to opened. */
    enum bs_status (*cutover)(void *arg, struct bs_follow *follow, const struct bs_request *request,
                              bool *finished, struct bs_error *err);
    void *cutover_arg;                                                      /* of both */
    void (*progress)(void *arg, const struct bs_follow_progress *progress); /* may be NULL */
    void *progress_arg;
};

struct bs_follow_report {
    uint64_t transactions, rows, ddl_statements, skipped_statements, ignored_events, reconnects;
    int64_t elapsed_ms;
    double lag_s;
    bool is_aborted; /* for good */
    struct bs_position position;
};

enum bs_status bs_follow_run(const struct bs_follow_config *config, struct bs_follow_report *report,
                             struct bs_error *err) BS_MUST_CHECK;
void bs_follow_report_fini(struct bs_follow_report *report);

/* Is the source's log the one that was read up to the checkpoint? See source_log.h. Asked at each
 * connection, and by the cutover before it freezes. */
enum bs_status bs_follow_check_log(struct bs_follow *follow, struct bs_error *err) BS_MUST_CHECK;

/* For the cutover, before it freezes: how long it would take to apply what is behind. Seconds, and
 * bytes of the source's log; below 0: nobody can tell. */
double bs_follow_drain_s(const struct bs_follow *follow, uint64_t *bytes);

/* For the cutover, inside its callback: apply until the checkpoint has reached position, or
 * deadline (bs_clock_mono_ms) has passed: *reached false. */
enum bs_status bs_follow_drain(struct bs_follow *follow, const struct bs_position *position,
                               int64_t deadline_ms, bool *reached,
                               struct bs_error *err) BS_MUST_CHECK;

/* The same: from now on nothing that concerns the selection is applied. A drain that comes upon it
 * fails with BS_CANCELLED. */
void bs_follow_hold(struct bs_follow *follow);
bool bs_follow_met_held(const struct bs_follow *follow); /* it came upon such */

/* The same: gives up what a failed drain has left open on the target. DROP would wait for it. */
void bs_follow_give_up_open(struct bs_follow *follow);

/* The same: statements on bs_follow_target are killed after the deadline. For when nothing is being
 * applied; lifted by bs_guard_end. */
enum bs_status bs_follow_guard(struct bs_follow *follow, struct bs_guard *guard,
                               int64_t deadline_ms, struct bs_error *err) BS_MUST_CHECK;

/* The same: watches all sessions with the target that the callback uses. To be ended inside of it.
 */
enum bs_status bs_follow_watch(struct bs_follow *follow, struct bs_watch *watch,
                               struct bs_error *err) BS_MUST_CHECK;

/* The lane's session on the target, for the finishing of objects while nothing is being applied. */
struct bs_sql *bs_follow_target(struct bs_follow *follow);
const struct bs_translation *bs_follow_translation(const struct bs_follow *follow);
const struct bs_task *bs_follow_task(const struct bs_follow *follow);
uint64_t bs_follow_epoch(const struct bs_follow *follow);
/* Groups applied since the follow was started (to notice writes after the final position). */
uint64_t bs_follow_groups(const struct bs_follow *follow);
uint64_t bs_follow_rows(const struct bs_follow *follow); /* the same for rows */

#endif
