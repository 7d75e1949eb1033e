/* The inside of a cutover. Internal to src/cutover.
 *
 *   cutover.c   the callbacks: in which order, undo, what a crash left behind
 *   steps.c     freeze, drain, finish objects, look for late writes
 *   ahead.c     what would undo it, looked for before the freeze
 *   late.c      the look behind the hook, when nothing can be undone any more
 *   record.c    what is stored: the source's settings, the mark of the hook, the report
 *   freeze.c    the source; freeze_values.c its settings, as they are stored
 *   finish.c    what is made on the target at last: in which order, triggers, accounts, undo
 *   finish_events.c   its events
 *   counters.c  its AUTO_INCREMENT counters and sequences
 *   hook.c      the operator's command
 */
#ifndef BS_CUTOVER_CUTOVER_PRIVATE_H
#define BS_CUTOVER_CUTOVER_PRIVATE_H

#include "cutover/cutover.h"
#include "cutover/finish.h"
#include "cutover/freeze.h"

/* One cutover in work. */
struct bs_attempt {
    struct bs_cutover_config *config;
    struct bs_follow *follow;
    enum bs_freeze mode;
    uint32_t max_freeze_ms;
    char *hook; /* heap-owned; NULL: none */
    struct bs_frozen frozen;
    int64_t frozen_us;     /* wall clock: it may be another process that ends the freeze */
    int64_t deadline_ms;   /* by bs_clock_mono_ms */
    struct bs_watch watch; /* over the sessions with the target */
    struct bs_position final;
    struct bs_position target; /* the target's own, before applications write there; may be "" */
    struct bs_finish_counts counts;
    uint64_t hook_attempt; /* 0: none was begun */
    bool hook_taken_as_done;
    enum bs_late late;
    char late_why[BS_ERROR_TEXT_MAX]; /* UNKNOWN: why */
    bool stays_read_only;             /* the freeze was found to hold when it was looked at last */
};

/* Opens the source for a freeze that an earlier attempt has made: the settings that are stored are
 * those from before the first one. */
enum bs_status bs_attempt_open_source_again(struct bs_attempt *attempt,
                                            struct bs_error *err) BS_MUST_CHECK;

/* How long behind the deadline a target that does not answer is left alone: a KILL of the guard
 * must have had its time. */
enum { BS_CUT_AFTER_MS = 3000 };

/* steps.c. Each fails with BS_CANCELLED when it is not over at the deadline. */
/* Must be asked before each freeze. */
enum bs_status bs_attempt_refuse_replication(struct bs_attempt *attempt,
                                             struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_attempt_freeze(struct bs_attempt *attempt, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_attempt_drain(struct bs_attempt *attempt, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_attempt_finish(struct bs_attempt *attempt, struct bs_error *err) BS_MUST_CHECK;
/* Nothing of ours may be in the binlog behind the final position, up to where it ends now. Applies
 * nothing. */
enum bs_status bs_attempt_read_on(struct bs_attempt *attempt, int64_t deadline_ms,
                                  struct bs_error *err) BS_MUST_CHECK;
/* The same, and the freeze must hold. */
enum bs_status bs_attempt_look(struct bs_attempt *attempt, int64_t deadline_ms,
                               struct bs_error *err) BS_MUST_CHECK;

/* late.c. For behind a hook that has ended with 0: fills late, late_why and stays_read_only.
 * BS_IO: a server was lost meanwhile, nothing is known yet. */
enum bs_status bs_late_look(struct bs_attempt *attempt, struct bs_error *err) BS_MUST_CHECK;
/* For another attempt, whose sessions may be gone with a server: waits for the source a while. What
 * cannot be told now is UNKNOWN for good. */
void bs_late_look_again(struct bs_attempt *attempt);

/* What a step failed with, said as it was meant where the watch has cut the connection. */
enum bs_status bs_attempt_explain_cut(struct bs_attempt *attempt, enum bs_status status,
                                      struct bs_error *err) BS_MUST_CHECK;

/* What finish.c and counters.c are given. */
struct bs_finish bs_attempt_finish_of(const struct bs_attempt *attempt);

/* ahead.c. Nothing is changed on either server. */
/* Is the source a node of a cluster, so that no freeze of ours is one? */
enum bs_status bs_attempt_refuse_cluster(const struct bs_attempt *attempt,
                                         struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_attempt_look_ahead(const struct bs_attempt *attempt,
                                     struct bs_error *err) BS_MUST_CHECK;

/* finish.c, finish_events.c, counters.c */
enum bs_status bs_finish_refuse_taken(const struct bs_object *object, struct bs_error *err);
/* BS_CONFLICT: the target has one of that name which is not ours. */
enum bs_status bs_finish_create(const struct bs_finish *finish, struct bs_object *object,
                                struct bs_error *err) BS_MUST_CHECK;
/* Asleep, or awake where there is no deadline. */
enum bs_status bs_finish_events(const struct bs_finish *finish, struct bs_finish_counts *counts,
                                struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_finish_check_deadline(const struct bs_finish *finish,
                                        struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_finish_counters(const struct bs_finish *finish, uint64_t *raised,
                                  struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_finish_sequences(const struct bs_finish *finish, uint64_t *carried,
                                   struct bs_error *err) BS_MUST_CHECK;

/* record.c. Settings and mark: *found false when there is none. */
enum bs_status bs_record_settings(struct bs_attempt *attempt, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_record_load_settings(struct bs_attempt *attempt, bool *found,
                                       struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_record_forget_settings(struct bs_attempt *attempt,
                                         struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_record_mark(struct bs_attempt *attempt, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_record_load_mark(struct bs_attempt *attempt, bool *found,
                                   struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_record_forget_mark(struct bs_attempt *attempt,
                                     struct bs_error *err) BS_MUST_CHECK;
/* Report, phase and answers in one transaction: whoever sees one of them finds the others. */
enum bs_status bs_record_done(struct bs_attempt *attempt, struct bs_error *err) BS_MUST_CHECK;

#endif
