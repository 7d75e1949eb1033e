#include "cli/pace.h"

#include "cli/report.h"

/* What each of them means to the operator. */
static const char *const MEANINGS[BS_HELD_CAUSES] = {
    [BS_HELD_SOURCE] = "it takes long to answer",
    [BS_HELD_NETWORK] = "the source has more, which is slow to arrive",
    [BS_HELD_SOURCE_OR_NETWORK] = "nothing more arrives",
    [BS_HELD_DECODING] = "the processor that binstream runs on",
    [BS_HELD_HOT_ROW] = "transactions wait for each other's rows",
    [BS_HELD_TARGET_COMMITS] = "most of the time goes to COMMIT",
    [BS_HELD_TARGET] = "most of the time goes to its statements",
};

/* Past this nobody believes a forecast. */
enum { ETA_MAX_S = 30 * 86400 };

static void
put_rate(struct bs_buf *out, double bytes_per_s) {
    bs_report_put_bytes(out, (uint64_t)bytes_per_s);
    bs_buf_puts(out, "/s");
}

static void
put_rates(struct bs_buf *out, const struct bs_pace *pace) {
    const char *and = "";
    if (pace->written_known) {
        bs_buf_puts(out, "the source writes ");
        put_rate(out, pace->written_per_s);
        and = ", ";
    }
    if (pace->applied_known) {
        bs_buf_printf(out, "%sapplied ", and);
        put_rate(out, pace->applied_per_s);
        and = ", ";
    }
    if (pace->rates_known) {
        bs_buf_printf(out, "%s%.0f transactions/s, %.0f rows/s", and, pace->transactions_per_s,
                      pace->rows_per_s);
    }
}

static void
put_falling_behind(struct bs_buf *out, const struct bs_pace *pace) {
    bs_buf_puts(out, "falling behind");
    if (pace->behind_s_per_min > 0) {
        bs_buf_printf(out, " by %.1f s", pace->behind_s_per_min);
    }
    if (pace->behind_bytes_per_min > 0) {
        bs_buf_puts(out, pace->behind_s_per_min > 0 ? " and " : " by ");
        bs_report_put_bytes(out, (uint64_t)pace->behind_bytes_per_min);
    }
    bool how_much = pace->behind_s_per_min > 0 || pace->behind_bytes_per_min > 0;
    bs_buf_puts(out, how_much ? " per minute" : "");
}

/* false: nothing was put. */
static bool
put_outlook(struct bs_buf *out, const struct bs_pace *pace) {
    if (pace->falls_behind) {
        put_falling_behind(out, pace);
    } else if (pace->eta_known && pace->eta_s < ETA_MAX_S) {
        bs_buf_puts(out, "caught up in about ");
        bs_report_put_ms(out, (int64_t)(pace->eta_s * 1000));
    } else if (pace->rates_known) {
        bs_buf_puts(out, "neither catching up nor falling behind");
    }
    return pace->falls_behind || pace->eta_known || pace->rates_known;
}

static void
put_held_by(struct bs_buf *out, const struct bs_pace *pace) {
    bs_buf_puts(out, bs_held_by_name(pace->held_by));
    if (pace->held_by == BS_HELD_HOT_ROW && pace->table[0] != '\0') {
        bs_buf_printf(out, " in %s", pace->table);
    }
}

void
bs_pace_put_line(struct bs_buf *out, const struct bs_pace *pace) {
    if (pace->lag_bytes_known) {
        bs_report_put_bytes(out, pace->lag_bytes);
        bs_buf_puts(out, " to go, ");
    }
    if (pace->rates_known) {
        put_rates(out, pace);
        bs_buf_puts(out, ", ");
    }
    if (!put_outlook(out, pace)) {
        bs_buf_puts(out, "how fast it goes is not known yet");
    }
    if (pace->held_by > BS_HELD_NONE) {
        bs_buf_puts(out, ", held by ");
        put_held_by(out, pace);
    }
}

static void
put_lag(struct bs_buf *out, const struct bs_pace *pace) {
    struct bs_buf line = {0};
    bs_buf_printf(&line, "%.1f s", pace->lag_s);
    if (pace->lag_bytes_known) {
        bs_buf_puts(&line, ", ");
        bs_report_put_bytes(&line, pace->lag_bytes);
    }
    bs_report_put_line(out, "lag", "%s", bs_buf_cstr(&line));
    bs_buf_fini(&line);
}

void
bs_pace_put_report(struct bs_buf *out, const struct bs_pace *pace, bool caught_up) {
    struct bs_buf line = {0};
    if (!caught_up) {
        put_lag(out, pace);
    }
    if (pace->rates_known) {
        put_rates(&line, pace);
        bs_report_put_line(out, "rates", "%s", bs_buf_cstr(&line));
        bs_buf_clear(&line);
    }
    if (!caught_up && put_outlook(&line, pace)) {
        bs_report_put_line(out, "outlook", "%s", bs_buf_cstr(&line));
        bs_buf_clear(&line);
    }
    if (!caught_up && pace->held_by > BS_HELD_NONE) {
        put_held_by(&line, pace);
        bs_report_put_line(out, "held by", "%s: %s", bs_buf_cstr(&line), MEANINGS[pace->held_by]);
    }
    bs_buf_fini(&line);
}
