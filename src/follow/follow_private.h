/* The inside of a follow. Internal to src/follow.
 *
 *   follow.c    the run: start, the loop, how it ends, the callbacks for the cutover
 *   connect.c   opening source, target and stream, and opening them again after a loss
 *   source_log.c  is the source's log the one that was read?
 *   unflushed.c  a source that went down, and may have lost what its log has
 *   feed.c      stream messages -> decoder -> applier
 *   progress.c  lag, what the display and `status` are told
 *   rates.c     how fast it goes, when it will have caught up, and what holds it
 *   log_files.c places in the source's files as one number
 *   source_end.c  where the source's log ends, asked by a thread of its own
 *
 * Everything here runs on the caller's thread, which is the lane's; only the stream and the
 * questions to the source have their own. */
#ifndef BS_FOLLOW_FOLLOW_PRIVATE_H
#define BS_FOLLOW_FOLLOW_PRIVATE_H

#include "apply/applier.h"
#include "base/queue.h"
#include "base/spent.h"
#include "binlog/decoder.h"
#include "follow/follow.h"
#include "follow/log_files.h"
#include "follow/rates.h"
#include "follow/source_end.h"
#include "net/stream.h"

enum {
    BS_FOLLOW_TICK_MS = 200,    /* how long the loop waits for a message */
    BS_FOLLOW_CONTROL_MS = 500, /* between two looks at the requests */
    BS_FOLLOW_BEAT_MS = 2000,   /* between two progress records in the state */
    BS_FOLLOW_LOOK_MS = 100,    /* between two looks at what the source said of its end */
    BS_FOLLOW_RETRIES_MAX = 10, /* failures in a row without a commit between them */
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
    bool control_is_lent;   /* to a guard: its thread alone speaks on it */
    bool unfinished;        /* an earlier one waits to be completed */
    bool is_done;           /* the phase says that it is over */
    bool is_aborted;        /* by a request */

    uint32_t event_timestamp; /* of the newest event seen, seconds since 1970 */
    bool beat_caught_up;      /* what the last beat said */
    int64_t caught_up_us;     /* wall clock when all that the source had was last found applied */
    int64_t caught_up_ms;     /* the same since the machine's start */

    /* How fast it goes. */
    struct bs_spent spent; /* by this thread */
    struct bs_source_end *source_end;
    struct bs_source_end_answer end_answer;
    bool end_known;
    uint64_t
        streamed; /* as far as rows of a transaction that streams have gone; a place's number */
    int64_t look_ms;
    bool log_went_back; /* the source's log ends before where it ended: is it another one? */
    struct bs_log_files log;
    bool log_is_listed; /* it holds all files that the source has */
    struct bs_rates rates;
    struct bs_pace pace;
    uint64_t done_transactions_before, done_rows_before; /* of appliers that were closed */

    unsigned int retries;    /* since the last commit */
    uint64_t retry_commits;  /* how many there were at the last failure */
    unsigned int breaks;     /* by errors of reading the log, in a row without a commit between */
    uint64_t break_commits;  /* how many there were at the last one */
    unsigned int refusals;   /* COMMITs that a replication group did not take (3100), in all */
    uint64_t commits_before; /* of appliers that were closed */
    uint64_t reconnects;
    int64_t started_ms, control_ms, beat_ms, shown_ms;
};

/* follow.c: lanes are slow; those who look on are told how it goes all the same. arg: the follow.
 */
void bs_follow_while_waiting(void *arg);

/* follow.c: with the task in hand, at first and after each recovery. */
enum bs_status bs_follow_begin_work(struct bs_follow *follow, struct bs_error *err) BS_MUST_CHECK;

/* connect.c */
enum bs_status bs_follow_open_source(struct bs_follow *follow, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_follow_open_target(struct bs_follow *follow, struct bs_error *err) BS_MUST_CHECK;
void bs_follow_close_target(struct bs_follow *follow);
enum bs_status bs_follow_start_stream(struct bs_follow *follow, struct bs_error *err) BS_MUST_CHECK;
void bs_follow_stop_stream(struct bs_follow *follow);
enum bs_position_mode bs_follow_stream_mode(const struct bs_follow *follow);
enum bs_status bs_follow_resume_stream(struct bs_follow *follow,
                                       struct bs_error *err) BS_MUST_CHECK;
/* The target was lost or refused a transaction that may be tried again: opens it again, with
 * growing pauses, and starts the stream at the checkpoint. */
enum bs_status bs_follow_recover(struct bs_follow *follow, const struct bs_error *cause,
                                 struct bs_error *err) BS_MUST_CHECK;

/* unflushed.c: asks the source, which went down while it wrote the file, and says what may be so.
 */
void bs_follow_warn_unflushed(const struct bs_follow *follow, const char *file);

/* feed.c: what an error of the target was, where another run has taken the task over. Asks on
 * control. */
enum bs_status bs_follow_name_loss(struct bs_follow *follow, struct bs_error *failure);

/* feed.c: takes one message, if one comes in time, and applies it. */
/* BS_PURGED: the source's files have another name than the one where the mark is. */
enum bs_status bs_follow_check_name(const struct bs_follow *follow,
                                    struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_follow_feed(struct bs_follow *follow, int timeout_ms,
                              struct bs_error *err) BS_MUST_CHECK;
/* Has everything up to position been applied and committed? */
enum bs_status bs_follow_has_reached(struct bs_follow *follow, const struct bs_position *position,
                                     bool *reached, struct bs_error *err) BS_MUST_CHECK;

/* feed.c: has all come that the source had when it was asked last? is_quiet: the stream has brought
 * nothing for a tick. Then also when only the GTIDs tell, or when the source does not say. */
bool bs_follow_has_come_to_end(struct bs_follow *follow, bool is_quiet);

/* progress.c */
void bs_follow_look_at_end(struct bs_follow *follow);
void bs_follow_note_caught_up(struct bs_follow *follow);
bool bs_follow_is_caught_up(const struct bs_follow *follow);
double bs_follow_lag_s(const struct bs_follow *follow);
void bs_follow_stats(const struct bs_follow *follow, struct bs_applier_stats *stats);
enum bs_status bs_follow_beat(struct bs_follow *follow, struct bs_error *err) BS_MUST_CHECK;

#endif
