#include "follow/rates.h"

#include <string.h>

enum {
    KEPT_US = 30000000,
    SPAN_MIN_US = 1500000,   /* before that nothing is said */
    ANSWER_SLOW_US = 200000, /* for a question that takes well under a millisecond */
    ANSWER_SLOW_TIMES = 10,  /* and against the quickest answer, which knows the way's length */
    STUCK_S = 5,             /* of a lag although all has been read: lanes that are still at it */
    US_PER_S = 1000000,
    S_PER_MIN = 60,
};

/* Rates that differ by less than this part are the same: it neither catches up nor falls behind. */
static const double SAME_PART = 0.02;

static const char *const NAMES[BS_HELD_CAUSES] = {
    [BS_HELD_UNKNOWN] = "unknown",
    [BS_HELD_NONE] = "none",
    [BS_HELD_SOURCE] = "source",
    [BS_HELD_NETWORK] = "network",
    [BS_HELD_SOURCE_OR_NETWORK] = "source or network",
    [BS_HELD_DECODING] = "decoding",
    [BS_HELD_HOT_ROW] = "hot row",
    [BS_HELD_TARGET_COMMITS] = "target commits",
    [BS_HELD_TARGET] = "target",
};

const char *
bs_held_by_name(enum bs_held_by held_by) {
    return NAMES[held_by];
}

void
bs_rates_add(struct bs_rates *rates, const struct bs_rate_sample *sample) {
    rates->samples[rates->next] = *sample;
    rates->next = (rates->next + 1) % BS_RATE_SAMPLES;
    rates->count += rates->count < BS_RATE_SAMPLES;
}

void
bs_rates_reset(struct bs_rates *rates) {
    *rates = (struct bs_rates){0};
}

/* The sample so many before the newest one. */
static const struct bs_rate_sample *
sample_at(const struct bs_rates *rates, size_t age) {
    return &rates->samples[(rates->next + BS_RATE_SAMPLES - 1 - age) % BS_RATE_SAMPLES];
}

static double
per_s(uint64_t from, uint64_t to, int64_t us) {
    return to > from && us > 0 ? (double)(to - from) * US_PER_S / (double)us : 0;
}

/* How many of the samples are young enough. */
static size_t
count_kept(const struct bs_rates *rates) {
    const struct bs_rate_sample *newest = sample_at(rates, 0);
    size_t kept = 1;
    while (kept < rates->count && newest->at_us - sample_at(rates, kept)->at_us <= KEPT_US) {
        kept++;
    }
    return kept;
}

/* Rates. */

static void
take_rates(struct bs_pace *pace, const struct bs_rate_sample *from,
           const struct bs_rate_sample *to) {
    int64_t us = to->at_us - from->at_us;
    pace->rates_known = true;
    pace->transactions_per_s = per_s(from->transactions, to->transactions, us);
    pace->rows_per_s = per_s(from->rows, to->rows, us);
    pace->applied_known = from->is_placed && to->is_placed;
    if (pace->applied_known) {
        pace->applied_per_s = per_s(from->applied, to->applied, us);
    }
}

/* Between the oldest and the newest answer of the source. */
static void
take_write_rate(struct bs_pace *pace, const struct bs_rates *rates, size_t kept) {
    const struct bs_rate_sample *to = sample_at(rates, 0);
    const struct bs_rate_sample *from = to;
    for (size_t i = 1; i < kept && sample_at(rates, i)->end_known; i++) {
        from = sample_at(rates, i);
    }
    pace->written_known = to->end_known && to->end_us - from->end_us >= SPAN_MIN_US;
    if (pace->written_known) {
        pace->written_per_s = per_s(from->end, to->end, to->end_us - from->end_us);
    }
}

/* When it will have caught up, by bytes. false: they do not tell. */
static bool
foretell_by_bytes(struct bs_pace *pace) {
    if (!pace->lag_bytes_known || !pace->written_known || !pace->applied_known) {
        return false;
    }
    double gain = pace->applied_per_s - pace->written_per_s;
    double larger =
        pace->applied_per_s > pace->written_per_s ? pace->applied_per_s : pace->written_per_s;
    if (gain > SAME_PART * larger) {
        pace->eta_known = true;
        pace->eta_s = (double)pace->lag_bytes / gain;
    } else if (gain < -SAME_PART * larger) {
        pace->falls_behind = true;
        pace->behind_bytes_per_min = -gain * S_PER_MIN;
    }
    return true;
}

/* growth: seconds of lag in a second. Nothing applied makes it 1. */
static void
foretell_by_seconds(struct bs_pace *pace, double growth) {
    if (growth < -SAME_PART) {
        pace->eta_known = true;
        pace->eta_s = pace->lag_s / -growth;
    } else if (growth > SAME_PART) {
        pace->falls_behind = true;
    }
}

static void
foretell(struct bs_pace *pace, const struct bs_rate_sample *from, const struct bs_rate_sample *to) {
    double growth = (to->lag_s - from->lag_s) * US_PER_S / (double)(to->at_us - from->at_us);
    if (to->caught_up) {
        pace->eta_known = true;
        return;
    }
    if (!foretell_by_bytes(pace)) {
        foretell_by_seconds(pace, growth);
    }
    if (pace->falls_behind && growth > 0) {
        pace->behind_s_per_min = growth * S_PER_MIN;
    }
}

/* What holds it. */

/* What was spent on each state between two samples. */
static void
differences(const int64_t from[BS_SPENT_STATES], const int64_t to[BS_SPENT_STATES],
            int64_t us[BS_SPENT_STATES]) {
    for (int i = 0; i < BS_SPENT_STATES; i++) {
        us[i] = to[i] > from[i] ? to[i] - from[i] : 0;
    }
}

/* The lanes' time, and lane 0's while it waited for the target. */
static enum bs_held_by
blame_lanes(const int64_t applier[BS_SPENT_STATES], const int64_t lanes[BS_SPENT_STATES]) {
    int64_t commits = lanes[BS_SPENT_COMMIT] + applier[BS_SPENT_COMMIT];
    int64_t statements = lanes[BS_SPENT_STATEMENTS] + applier[BS_SPENT_STATEMENTS];
    if (lanes[BS_SPENT_WORK] > commits && lanes[BS_SPENT_WORK] > statements) {
        return BS_HELD_DECODING;
    }
    return commits > statements ? BS_HELD_TARGET_COMMITS : BS_HELD_TARGET;
}

/* Nothing came although the applier was waiting. */
static enum bs_held_by
blame_stream(const struct bs_rates *rates, size_t kept) {
    const struct bs_rate_sample *newest = sample_at(rates, 0);
    size_t asked = 0, behind = 0;
    int64_t answers_us = 0;
    for (size_t i = 0; i < kept; i++) {
        const struct bs_rate_sample *sample = sample_at(rates, i);
        if (sample->end_known) {
            asked++;
            behind += sample->read < sample->end;
            answers_us += sample->answer_us;
        }
    }
    if (!newest->end_known || !newest->connected) {
        return BS_HELD_SOURCE_OR_NETWORK;
    }
    if (behind * 2 <= asked) {
        return BS_HELD_NONE;
    }
    int64_t mean_us = answers_us / (int64_t)asked;
    bool is_slow = mean_us > ANSWER_SLOW_US && mean_us > newest->quickest_us * ANSWER_SLOW_TIMES;
    return is_slow ? BS_HELD_SOURCE : BS_HELD_NETWORK;
}

static enum bs_held_by
blame(const struct bs_rates *rates, size_t kept) {
    const struct bs_rate_sample *to = sample_at(rates, 0);
    const struct bs_rate_sample *from = sample_at(rates, kept - 1);
    int64_t applier[BS_SPENT_STATES], lanes[BS_SPENT_STATES];
    if (to->caught_up) {
        return BS_HELD_NONE;
    }
    differences(from->applier_us, to->applier_us, applier);
    differences(from->lanes_us, to->lanes_us, lanes);
    int64_t stream = applier[BS_SPENT_IDLE];
    int64_t work = applier[BS_SPENT_WORK];
    int64_t conflict = applier[BS_SPENT_CONFLICT];
    int64_t target =
        applier[BS_SPENT_LANES] + applier[BS_SPENT_STATEMENTS] + applier[BS_SPENT_COMMIT];
    if (stream >= work && stream >= conflict && stream >= target) {
        enum bs_held_by held_by = blame_stream(rates, kept);
        bool is_stuck = held_by == BS_HELD_NONE && to->lag_s >= STUCK_S;
        return is_stuck ? blame_lanes(applier, lanes) : held_by;
    }
    if (conflict >= work && conflict >= target) {
        return BS_HELD_HOT_ROW;
    }
    return work >= target ? BS_HELD_DECODING : blame_lanes(applier, lanes);
}

void
bs_rates_pace(const struct bs_rates *rates, struct bs_pace *pace) {
    memset(pace, 0, sizeof *pace);
    if (rates->count == 0) {
        return;
    }
    size_t kept = count_kept(rates);
    const struct bs_rate_sample *to = sample_at(rates, 0);
    const struct bs_rate_sample *from = sample_at(rates, kept - 1);
    pace->lag_s = to->lag_s;
    pace->lag_bytes_known = to->end_known;
    /* Events of no transaction may stand behind the last one. */
    pace->lag_bytes =
        to->end_known && !to->caught_up && to->end > to->applied ? to->end - to->applied : 0;
    if (to->at_us - from->at_us < SPAN_MIN_US) {
        pace->held_by = to->caught_up ? BS_HELD_NONE : BS_HELD_UNKNOWN;
        return;
    }
    take_rates(pace, from, to);
    take_write_rate(pace, rates, kept);
    foretell(pace, from, to);
    pace->held_by = blame(rates, kept);
}

/* How long a drain takes. */

/* The newest sample at which all was applied, or the oldest one. */
static const struct bs_rate_sample *
fell_behind_at(const struct bs_rates *rates) {
    size_t age = 0;
    while (age + 1 < rates->count && !sample_at(rates, age)->caught_up &&
           sample_at(rates, age + 1)->is_placed) {
        age++;
    }
    return sample_at(rates, age);
}

double
bs_rates_drain_s(const struct bs_rates *rates, uint64_t *bytes) {
    *bytes = 0;
    if (rates->count == 0) {
        return -1;
    }
    const struct bs_rate_sample *to = sample_at(rates, 0), *from = fell_behind_at(rates);
    int64_t us = to->at_us - from->at_us;
    double applied_per_s = per_s(from->applied, to->applied, us);
    if (to->caught_up) {
        return 0;
    }
    *bytes = to->end_known && to->end > to->applied ? to->end - to->applied : 0;
    return *bytes > 0 && us >= SPAN_MIN_US && applied_per_s > 0 ? (double)*bytes / applied_per_s
                                                                : -1;
}
