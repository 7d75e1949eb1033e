/* What is known of the way so far. Each beat takes a sample, works out the pace (rates.h), and puts
 * both into the state, where `status` finds them. */
#include "follow/follow_private.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* How long after it was last found to be so a follow still counts as caught up: the loop's
     * tick. */
    CAUGHT_UP_MS = 2 * BS_FOLLOW_TICK_MS,
    /* What the source said of its end longer ago says nothing of now: longer than the slowest
     * answer and the pause before it. */
    END_OLD_US = 30000000,
};

void
bs_follow_note_caught_up(struct bs_follow *follow) {
    follow->caught_up_us = bs_clock_wall_us();
    follow->caught_up_ms = bs_clock_mono_ms();
}

bool
bs_follow_is_caught_up(const struct bs_follow *follow) {
    return follow->connected && follow->caught_up_us != 0 &&
           bs_clock_mono_ms() - follow->caught_up_ms < CAUGHT_UP_MS;
}

static int64_t
later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* When the oldest transaction that is not applied was committed on the source. Of one that has not
 * come yet it is only known that it was after the last one applied, and after the source was last
 * found to have nothing more. */
static int64_t
oldest_us(const struct bs_follow *follow) {
    int64_t in_hand = bs_applier_oldest_us(&follow->applier);
    int64_t applied = follow->applier.lane.checkpoint.source_us;
    applied = applied != 0 ? applied : (int64_t)follow->event_timestamp * 1000000;
    if (in_hand != 0 || applied != 0 || follow->caught_up_us != 0) {
        return in_hand != 0 ? in_hand : later(applied, follow->caught_up_us);
    }
    /* Nothing was read yet: what the snapshot lacks is at least as old as this run. */
    return bs_clock_wall_us() - (bs_clock_mono_ms() - follow->started_ms) * 1000;
}

double
bs_follow_lag_s(const struct bs_follow *follow) {
    int64_t oldest = oldest_us(follow);
    if (bs_follow_is_caught_up(follow)) {
        return 0;
    }
    double lag = (double)(bs_clock_wall_us() - oldest) / 1e6;
    return lag > 0 ? lag : 0;
}

void
bs_follow_stats(const struct bs_follow *follow, struct bs_applier_stats *stats) {
    const struct bs_applier_stats *now = &follow->applier.stats;
    *stats = follow->stats_before;
    stats->transactions += now->transactions;
    stats->rows += now->rows;
    stats->ddl_statements += now->ddl_statements;
    stats->skipped_statements += now->skipped_statements;
}

void
bs_follow_look_at_end(struct bs_follow *follow) {
    int64_t now = bs_clock_mono_ms();
    if (follow->source_end == NULL || now - follow->look_ms < BS_FOLLOW_LOOK_MS) {
        return;
    }
    follow->look_ms = now;
    /* The first file that is noted is where numbers begin. */
    const struct bs_position *applied = &follow->applier.lane.checkpoint.position;
    bs_log_files_note(&follow->log, applied->file, applied->pos);
    struct bs_log_place before, now_ends;
    bs_log_place_set(&before, follow->end_answer.position.file, follow->end_answer.position.pos);
    follow->end_known = bs_source_end_look(follow->source_end, &follow->end_answer, &follow->log) &&
                        bs_clock_mono_us() - follow->end_answer.asked_us < END_OLD_US;
    bs_log_place_set(&now_ends, follow->end_answer.position.file, follow->end_answer.position.pos);
    follow->log_went_back = follow->log_went_back || bs_log_place_compare(&now_ends, &before) < 0;
    if (follow->end_known && !follow->log_is_listed) {
        follow->log_is_listed = true;
        follow->streamed = 0;
        bs_rates_reset(&follow->rates); /* files between those that were noted may be new */
    }
}

/* The places of what is applied and what was read as numbers. What is read into a transaction that
 * streams through counts as applied: a huge one would look stuck until its COMMIT. */
static void
take_places(struct bs_follow *follow, struct bs_rate_sample *sample) {
    const struct bs_position *applied = &follow->applier.lane.checkpoint.position;
    const struct bs_position *end = &follow->end_answer.position;
    const char *file = follow->decoder != NULL ? bs_decoder_file(follow->decoder) : "";
    uint64_t pos = follow->decoder != NULL ? bs_decoder_pos(follow->decoder) : 0;
    bs_log_files_note(&follow->log, applied->file, applied->pos);
    if (file[0] != '\0') {
        bs_log_files_note(&follow->log, file, pos);
    }
    bs_log_files_forget_before(&follow->log, applied->file);
    sample->is_placed =
        bs_log_files_number(&follow->log, applied->file, applied->pos, &sample->applied);
    if (!bs_log_files_number(&follow->log, file, pos, &sample->read)) {
        sample->read = sample->applied;
    }
    if (bs_applier_streams(&follow->applier)) {
        follow->streamed = sample->read;
    }
    sample->applied = sample->applied > follow->streamed ? sample->applied : follow->streamed;
    sample->end_known = sample->is_placed && follow->end_known &&
                        bs_log_files_number(&follow->log, end->file, end->pos, &sample->end);
    sample->end_us = follow->end_answer.asked_us;
    sample->answer_us = follow->end_answer.answer_us;
    sample->quickest_us = follow->end_answer.quickest_us;
}

static void
take_sample(struct bs_follow *follow) {
    const struct bs_applier *applier = &follow->applier;
    struct bs_rate_sample sample = {
        .at_us = bs_clock_mono_us(),
        .caught_up = bs_follow_is_caught_up(follow),
        .connected = follow->connected,
        .lag_s = bs_follow_lag_s(follow),
        .transactions = follow->done_transactions_before + applier->done.transactions,
        .rows = follow->done_rows_before + applier->done.rows,
    };
    bs_follow_look_at_end(follow);
    take_places(follow, &sample);
    bs_spent_read(&follow->spent, sample.applier_us);
    bs_applier_lanes_spent(applier, sample.lanes_us);
    bs_rates_add(&follow->rates, &sample);
    bs_rates_pace(&follow->rates, &follow->pace);
    (void)snprintf(follow->pace.table, sizeof follow->pace.table, "%s",
                   applier->dispatch.hot_table);
}

enum bs_status
bs_follow_beat(struct bs_follow *follow, struct bs_error *err) {
    struct bs_buf json = {0};
    take_sample(follow);
    bs_json_open(&json);
    bs_pace_put(&json, &follow->pace);
    follow->beat_caught_up = bs_follow_is_caught_up(follow);
    bs_json_put_bool(&json, "caught_up", follow->beat_caught_up);
    bs_json_put_bool(&json, "connected", follow->connected);
    bs_json_put_text(&json, "read_file",
                     follow->decoder != NULL ? bs_decoder_file(follow->decoder) : "");
    bs_json_put_u64(&json, "read_pos",
                    follow->decoder != NULL ? bs_decoder_pos(follow->decoder) : 0);
    bs_json_put_i64(&json, "at_us", bs_clock_wall_us());
    bs_json_close(&json);
    enum bs_status status = bs_state_save_report(follow->control, &follow->config->state, "beat",
                                                 bs_buf_cstr(&json), err);
    bs_buf_fini(&json);
    return status;
}
