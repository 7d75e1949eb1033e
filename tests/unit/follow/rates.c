/* Rates, forecasts and verdicts from made-up samples, two seconds apart. */
#include "follow/rates.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MB = 1000000, S = 1000000 };

static struct bs_rates rates;
static struct bs_rate_sample at; /* the next one */
static struct bs_pace pace;

static void
begin(void) {
    bs_rates_reset(&rates);
    at = (struct bs_rate_sample){.at_us = 1000 * (int64_t)S,
                                 .connected = true,
                                 .is_placed = true,
                                 .end_known = true,
                                 .end = 100 * MB,
                                 .end_us = 999 * (int64_t)S,
                                 .answer_us = 300,
                                 .quickest_us = 250,
                                 .lag_s = 50};
}

TestSuite(rates, .init = begin);

/* So many seconds in which so much is written and applied a second. */
static void
pass(int seconds, uint64_t written, uint64_t applied) {
    bs_rates_add(&rates, &at);
    for (int i = 0; i < seconds; i += 2) {
        at.at_us += 2 * S;
        at.end_us += 2 * S;
        at.end += 2 * written;
        at.applied += 2 * applied;
        at.read += 2 * applied;
        at.transactions += 200;
        at.rows += 2000;
        bs_rates_add(&rates, &at);
    }
    bs_rates_pace(&rates, &pace);
}

/* The same, with the applier's and the lanes' time spent so. */
static void
spend(enum bs_spent_state applier, enum bs_spent_state lanes) {
    for (int i = 0; i < 10; i++) {
        bs_rates_add(&rates, &at);
        at.at_us += 2 * S;
        at.end_us += 2 * S;
        at.end += 2 * MB;
        at.applied += MB;
        at.read += MB;
        at.applier_us[applier] += 1200000;
        at.applier_us[BS_SPENT_WORK] += 400000;
        at.applier_us[BS_SPENT_IDLE] += 400000;
        at.lanes_us[lanes] += 5 * S;
        at.lanes_us[BS_SPENT_WORK] += S / 2;
        at.lanes_us[BS_SPENT_COMMIT] += S / 2;
        at.lanes_us[BS_SPENT_STATEMENTS] += S / 2;
    }
    bs_rates_add(&rates, &at);
    bs_rates_pace(&rates, &pace);
}

Test(rates, without_samples_nothing_is_known) {
    bs_rates_pace(&rates, &pace);
    cr_expect_eq(pace.held_by, BS_HELD_UNKNOWN);
    pass(0, 0, 0);
    cr_expect_not(pace.rates_known);
    cr_expect_not(pace.written_known);
    cr_expect_not(pace.eta_known);
    cr_expect(pace.lag_bytes_known);
    cr_expect_eq(pace.lag_bytes, 100 * MB);
    cr_expect_eq(pace.held_by, BS_HELD_UNKNOWN);
}

Test(rates, rates_are_those_of_the_last_thirty_seconds) {
    pass(60, 9 * MB, 7 * MB);
    pass(30, MB, 3 * MB);
    cr_expect_float_eq(pace.written_per_s, MB, 1);
    cr_expect_float_eq(pace.applied_per_s, 3 * MB, 1);
    cr_expect_float_eq(pace.transactions_per_s, 100, 0.01);
    cr_expect_float_eq(pace.rows_per_s, 1000, 0.01);
}

Test(rates, what_gains_will_have_caught_up) {
    pass(10, MB, 3 * MB); /* 80 MB to go, 2 MB/s less of them */
    cr_expect_eq(pace.lag_bytes, 80 * MB);
    cr_expect(pace.eta_known);
    cr_expect_float_eq(pace.eta_s, 40, 0.001);
    cr_expect_not(pace.falls_behind);
}

Test(rates, what_loses_falls_behind_by_bytes_and_by_seconds) {
    bs_rates_add(&rates, &at);
    at.lag_s += 5;
    pass(10, 3 * MB, 2 * MB);
    cr_expect(pace.falls_behind);
    cr_expect_not(pace.eta_known);
    cr_expect_float_eq(pace.behind_bytes_per_min, 60 * MB, 1);
    cr_expect_float_eq(pace.behind_s_per_min, 30, 0.001);
}

Test(rates, what_is_as_fast_as_the_source_does_neither) {
    pass(10, 100 * MB, 101 * MB);
    cr_expect_not(pace.eta_known);
    cr_expect_not(pace.falls_behind);
}

Test(rates, without_the_sources_end_the_seconds_tell) {
    at.end_known = false;
    bs_rates_add(&rates, &at);
    at.lag_s = 40;
    pass(10, 0, MB);
    cr_expect_not(pace.lag_bytes_known);
    cr_expect_not(pace.written_known);
    cr_expect(pace.eta_known);
    cr_expect_float_eq(pace.eta_s, 40, 0.001);
    begin();
    at.end_known = false;
    bs_rates_add(&rates, &at);
    at.lag_s = 60;
    pass(10, 0, 0);
    cr_expect(pace.falls_behind);
    cr_expect_float_eq(pace.behind_s_per_min, 60, 0.001);
    cr_expect_eq(pace.behind_bytes_per_min, 0);
}

Test(rates, the_write_rate_is_that_between_answers) {
    pass(10, MB, MB);
    for (int i = 0; i < 3; i++) { /* the source is silent: what it writes is not known to be less */
        at.at_us += 2 * S;
        bs_rates_add(&rates, &at);
    }
    bs_rates_pace(&rates, &pace);
    cr_expect_float_eq(pace.written_per_s, MB, 1);
}

Test(rates, who_has_caught_up_is_held_by_nothing) {
    at.caught_up = true;
    at.applied = at.read = at.end;
    spend(BS_SPENT_LANES, BS_SPENT_COMMIT);
    cr_expect_eq(pace.held_by, BS_HELD_NONE);
    cr_expect(pace.eta_known);
    cr_expect_eq(pace.eta_s, 0);
}

Test(rates, an_applier_at_work_is_decoding) {
    spend(BS_SPENT_WORK, BS_SPENT_IDLE);
    cr_expect_eq(pace.held_by, BS_HELD_DECODING);
}

Test(rates, lanes_that_are_idle_while_bundles_wait_mean_a_hot_row) {
    spend(BS_SPENT_CONFLICT, BS_SPENT_IDLE);
    cr_expect_eq(pace.held_by, BS_HELD_HOT_ROW);
}

Test(rates, lanes_that_are_all_busy_say_what_with) {
    spend(BS_SPENT_LANES, BS_SPENT_COMMIT);
    cr_expect_eq(pace.held_by, BS_HELD_TARGET_COMMITS);
    begin();
    spend(BS_SPENT_LANES, BS_SPENT_STATEMENTS);
    cr_expect_eq(pace.held_by, BS_HELD_TARGET);
    begin();
    spend(BS_SPENT_LANES, BS_SPENT_WORK);
    cr_expect_eq(pace.held_by, BS_HELD_DECODING);
}

Test(rates, lane_zero_counts_as_the_others_do) {
    spend(BS_SPENT_STATEMENTS, BS_SPENT_IDLE);
    cr_expect_eq(pace.held_by, BS_HELD_TARGET);
    begin();
    spend(BS_SPENT_COMMIT, BS_SPENT_IDLE);
    cr_expect_eq(pace.held_by, BS_HELD_TARGET_COMMITS);
}

Test(rates, a_source_that_answers_at_once_and_sends_slowly_is_a_slow_network) {
    spend(BS_SPENT_IDLE, BS_SPENT_IDLE);
    cr_expect_eq(pace.held_by, BS_HELD_NETWORK);
    begin();
    at.answer_us = 400000; /* far away, and always so */
    at.quickest_us = 390000;
    spend(BS_SPENT_IDLE, BS_SPENT_IDLE);
    cr_expect_eq(pace.held_by, BS_HELD_NETWORK);
}

Test(rates, a_source_that_takes_long_to_answer_is_slow) {
    at.answer_us = 400000;
    spend(BS_SPENT_IDLE, BS_SPENT_IDLE);
    cr_expect_eq(pace.held_by, BS_HELD_SOURCE);
}

Test(rates, of_a_source_that_says_nothing_it_is_not_known) {
    at.end_known = false;
    spend(BS_SPENT_IDLE, BS_SPENT_IDLE);
    cr_expect_eq(pace.held_by, BS_HELD_SOURCE_OR_NETWORK);
    begin();
    at.connected = false;
    spend(BS_SPENT_IDLE, BS_SPENT_IDLE);
    cr_expect_eq(pace.held_by, BS_HELD_SOURCE_OR_NETWORK);
    begin();
    at.read = 1000 * MB; /* and of one that said that all has come, but not any more */
    spend(BS_SPENT_IDLE, BS_SPENT_STATEMENTS);
    cr_expect_eq(pace.held_by, BS_HELD_TARGET);
    at.end_known = false;
    bs_rates_add(&rates, &at);
    bs_rates_pace(&rates, &pace);
    cr_expect_eq(pace.held_by, BS_HELD_SOURCE_OR_NETWORK);
}

Test(rates, a_stream_that_has_brought_all_there_was_holds_nothing) {
    at.read = 500 * (uint64_t)MB;
    at.lag_s = 0.4;
    spend(BS_SPENT_IDLE, BS_SPENT_IDLE);
    cr_expect_eq(pace.held_by, BS_HELD_NONE);
}

Test(rates, lanes_that_are_still_at_it_long_after_all_was_read_hold_it) {
    at.read = 500 * (uint64_t)MB;
    spend(BS_SPENT_IDLE, BS_SPENT_COMMIT);
    cr_expect_eq(pace.held_by, BS_HELD_TARGET_COMMITS);
}

Test(rates, a_pace_survives_its_json) {
    struct bs_buf json = {0};
    struct bs_pace again;
    pass(10, 3 * MB, 2 * MB);
    pace.held_by = BS_HELD_HOT_ROW;
    strcpy(pace.table, "shop.\"odd\"");
    bs_buf_puts(&json, "{");
    bs_pace_put(&json, &pace);
    bs_buf_puts(&json, "}");
    bs_pace_read(&again, bs_buf_cstr(&json));
    cr_expect_float_eq(again.written_per_s, pace.written_per_s, 0.01);
    cr_expect_eq(again.lag_bytes, pace.lag_bytes);
    cr_expect_eq(again.falls_behind, true);
    cr_expect_eq(again.eta_known, false);
    cr_expect_eq(again.held_by, BS_HELD_HOT_ROW);
    cr_expect_str_eq(again.table, "shop.\"odd\"");
    bs_pace_read(&again, "{}");
    cr_expect_not(again.rates_known);
    cr_expect_eq(again.held_by, BS_HELD_UNKNOWN);
    bs_buf_fini(&json);
}

static void
expect_drain(double wanted_s, uint64_t wanted_bytes) {
    uint64_t bytes = 1;
    double drain_s = bs_rates_drain_s(&rates, &bytes);
    cr_expect_float_eq(drain_s, wanted_s, 0.01, "%f", drain_s);
    cr_expect_eq(bytes, wanted_bytes);
}

Test(rates, a_drain_takes_as_long_as_the_rate_since_it_fell_behind_says) {
    expect_drain(-1, 0);
    at.caught_up = true;
    at.applied = at.end;
    pass(20, 0, 0); /* idle */
    expect_drain(0, 0);
    at.caught_up = false;
    pass(4, 3 * MB, MB);
    expect_drain(8, 8 * (uint64_t)MB);
    at.end_known = false;
    pass(2, 3 * MB, MB);
    expect_drain(-1, 0);
}

Test(rates, nobody_can_tell_how_long_a_drain_takes_while_nothing_is_applied) {
    pass(10, MB, 0);
    expect_drain(-1, 110 * (uint64_t)MB);
}
