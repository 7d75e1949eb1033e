/* The inside of a follow. Internal to src/follow.
 *
 *   follow.c    the run: start, the loop, how it ends, the callbacks for the cutover
 *   connect.c   opening source, target and stream, and opening them again after a loss
 *   feed.c      stream messages -> decoder -> applier
 *   progress.c  lag, what the display and `status` are told
 *
 * Everything here runs on the caller's thread, which is the lane's; only the stream has its own. */
#ifndef BS_FOLLOW_FOLLOW_PRIVATE_H
#define BS_FOLLOW_FOLLOW_PRIVATE_H

#include "apply/applier.h"
#include "base/queue.h"
#include "binlog/decoder.h"
#include "follow/follow.h"
#include "net/stream.h"

enum {
    BS_FOLLOW_TICK_MS = 200,        /* how long the loop waits for a message */
    BS_FOLLOW_CONTROL_MS = 500,     /* between two looks at the requests */
    BS_FOLLOW_BEAT_MS = 2000,       /* between two progress records in the state */
    BS_FOLLOW_TAKEOVER_MS = 120000, /* how long old sessions may need to go away */
    BS_FOLLOW_RETRIES_MAX = 10,     /* failures in a row without a commit between them */
};

struct bs_follow {
    const struct bs_follow_config *config;
    struct bs_endpoint target_endpoint_view; /* shallow copy of config->target */

    /* Both. */
    struct bs_translation translation;

    /* The source. */
    struct bs_server source;
    struct bs_stream_config stream_config;
    struct bs_stream *stream;
    struct bs_queue *queue;
    bool connected;
    struct bs_position end; /* where UNTIL_CAUGHT_UP ends; file NULL: not asked for */

    /* The target. */
    struct bs_sql *control;
    struct bs_task task;
    struct bs_selection selection;
    struct bs_server target;
    uint64_t epoch;
    bool taken_over;
    struct bs_applier applier;
    struct bs_applier_stats stats_before; /* of appliers that were closed */

    struct bs_decoder *decoder;
    /* The cutover. */
    bool in_cutover;        /* its callback runs: nothing is opened again */
    bool is_broken;         /* meanwhile something failed: back to the last commit afterwards */
    struct bs_error broken; /* what */
    bool hold;              /* nothing more is applied */
    bool unfinished;        /* an earlier one waits to be completed */
    bool is_done;           /* the phase says that it is over */

    uint32_t event_timestamp; /* of the newest event seen, seconds since 1970 */
    int64_t caught_up_us;     /* wall clock when the queue was last found empty and all applied */

    unsigned int retries; /* since the last commit */
    uint64_t retry_transactions;
    uint64_t reconnects;
    int64_t started_ms, control_ms, beat_ms;
};

/* follow.c: with the task in hand, at first and after each recovery. */
enum bs_status bs_follow_begin_work(struct bs_follow *follow, struct bs_error *err) BS_MUST_CHECK;

/* connect.c */
enum bs_status bs_follow_open_source(struct bs_follow *follow, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_follow_open_target(struct bs_follow *follow, struct bs_error *err) BS_MUST_CHECK;
void bs_follow_close_target(struct bs_follow *follow);
enum bs_status bs_follow_start_stream(struct bs_follow *follow, struct bs_error *err) BS_MUST_CHECK;
void bs_follow_stop_stream(struct bs_follow *follow);
enum bs_status bs_follow_resume_stream(struct bs_follow *follow,
                                       struct bs_error *err) BS_MUST_CHECK;
/* The target was lost or refused a transaction that may be tried again: opens it again, with
 * growing pauses, and starts the stream at the checkpoint. */
enum bs_status bs_follow_recover(struct bs_follow *follow, const struct bs_error *cause,
                                 struct bs_error *err) BS_MUST_CHECK;

/* feed.c: takes one message, if one comes in time, and applies it. */
enum bs_status bs_follow_feed(struct bs_follow *follow, int timeout_ms,
                              struct bs_error *err) BS_MUST_CHECK;
/* Has everything up to position been applied and committed? */
enum bs_status bs_follow_has_reached(struct bs_follow *follow, const struct bs_position *position,
                                     bool *reached, struct bs_error *err) BS_MUST_CHECK;

/* progress.c */
bool bs_follow_is_caught_up(const struct bs_follow *follow);
double bs_follow_lag_s(const struct bs_follow *follow);
void bs_follow_stats(const struct bs_follow *follow, struct bs_applier_stats *stats);
enum bs_status bs_follow_beat(struct bs_follow *follow, struct bs_error *err) BS_MUST_CHECK;

#endif
