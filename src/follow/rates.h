/* Will it catch up, and what holds it: arithmetic over samples. Pure; one thread.
 *
 *   follow, each beat ──> sample ──> [ the last 30 s ] ──> pace: rates, lag, when, what holds it
 *
 * Rates are differences between the oldest and the newest sample that are kept. What is known of
 * the source's end is as old as its last answer: the write rate is taken between the times of the
 * answers, and the lag in bytes lacks what was written since.
 *
 * What holds it is where most of the applier thread's time went (base/spent.h):
 *
 *   the thread was            it is held by
 *   at work                   decoding: binstream's own work with the log, and its processor
 *   waiting, lanes idle       hot row: everything waits for rows of an earlier transaction
 *   waiting, lanes busy       what most of the lanes' time went to: target commits when it was
 *                             COMMIT, target when it was statements, decoding when it was the
 *                             making of statements. The same on lane 0 for what is applied
 *                             one by one, and DDL
 *   waiting for the stream    none, if all that the source had when asked had come (but what the
 *                             lanes do, if the lag is of some seconds all the same); else source,
 *                             if it took long to say where its log ends (against the quickest of
 *                             its answers), else network
 *
 * It cannot tell: a thread at work from one that wants a processor and has none; the target's
 * processor from its disk, from its locks that others hold, and from the network to it (each is a
 * statement that takes long); a source that answers at once but reads its log slowly from its disk
 * (it looks like a network); a network that delays as it fills up (it looks like a source). Without
 * the source's end it says "source or network". With one lane there is no hot row: the lane that
 * works is all there is. Where a cause changes, the old one is named until it is less than half of
 * what is kept. */
#ifndef BS_FOLLOW_RATES_H
#define BS_FOLLOW_RATES_H

#include "base/buf.h"
#include "base/spent.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bs_held_by {
    BS_HELD_UNKNOWN, /* too little was seen */
    BS_HELD_NONE,
    BS_HELD_SOURCE,
    BS_HELD_NETWORK,
    BS_HELD_SOURCE_OR_NETWORK,
    BS_HELD_DECODING,
    BS_HELD_HOT_ROW,
    BS_HELD_TARGET_COMMITS,
    BS_HELD_TARGET,
    BS_HELD_CAUSES
};

const char *bs_held_by_name(enum bs_held_by held_by);

struct bs_rate_sample {
    int64_t at_us; /* monotonic, as all times here */
    bool caught_up, connected;
    double lag_s;                        /* age of the oldest transaction not applied */
    uint64_t transactions, rows;         /* applied */
    bool is_placed;                      /* applied and read are known */
    uint64_t applied, read;              /* places in the source's log: see log_files.h */
    bool end_known;                      /* needs is_placed */
    uint64_t end;                        /* of the source's log, at end_us */
    int64_t end_us;                      /* when the source was asked for it */
    int64_t answer_us, quickest_us;      /* what it took to answer, and at best */
    int64_t applier_us[BS_SPENT_STATES]; /* where the applier's thread spent its time */
    int64_t lanes_us[BS_SPENT_STATES];   /* and all lanes together */
};

enum { BS_RATE_SAMPLES = 64 }; /* samples may come more often than the beat */

/* Zero-initialised: none. */
struct bs_rates {
    struct bs_rate_sample samples[BS_RATE_SAMPLES]; /* a ring */
    size_t count, next;
};

struct bs_pace {
    bool rates_known;
    double transactions_per_s, rows_per_s; /* applied */
    bool applied_known;
    double applied_per_s; /* bytes of the source's log */
    bool written_known;
    double written_per_s; /* by the source */
    double lag_s;
    bool lag_bytes_known;
    uint64_t lag_bytes;
    bool eta_known; /* else it is not catching up, or nobody can tell */
    double eta_s;
    bool falls_behind;
    double behind_s_per_min;     /* 0: the lag in seconds does not grow */
    double behind_bytes_per_min; /* 0: not known */
    enum bs_held_by held_by;
    char table[600]; /* held by a hot row: the table, "" if not known. Filled in by the caller */
};

void bs_rates_add(struct bs_rates *rates, const struct bs_rate_sample *sample);
/* Sums that were counted up to now begin again. */
void bs_rates_reset(struct bs_rates *rates);
void bs_rates_pace(const struct bs_rates *rates, struct bs_pace *pace);

/* Seconds in which what is behind would be applied if nothing were written any more, at the rate at
 * which it was applied since it fell behind. *bytes: how much that is. Below 0: nobody can tell. */
double bs_rates_drain_s(const struct bs_rates *rates, uint64_t *bytes);

/* rates_json.c: as members of the open JSON object, and back. put_rates: all but lag_s. */
void bs_pace_put(struct bs_buf *out, const struct bs_pace *pace);
void bs_pace_put_rates(struct bs_buf *out, const struct bs_pace *pace);
void bs_pace_read(struct bs_pace *pace, const char *json);

#endif
