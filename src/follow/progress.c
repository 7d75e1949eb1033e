#include "follow/follow_private.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* How long after the queue was last empty a follow still counts as caught up: the loop's tick. */
enum { CAUGHT_UP_US = 2 * BS_FOLLOW_TICK_MS * 1000 };

bool
bs_follow_is_caught_up(const struct bs_follow *follow) {
    return follow->connected && bs_clock_wall_us() - follow->caught_up_us < CAUGHT_UP_US;
}

double
bs_follow_lag_s(const struct bs_follow *follow) {
    if (bs_follow_is_caught_up(follow) || follow->event_timestamp == 0) {
        return 0;
    }
    double lag = (double)bs_clock_wall_us() / 1e6 - (double)follow->event_timestamp;
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

enum bs_status
bs_follow_beat(struct bs_follow *follow, struct bs_error *err) {
    const char *file = follow->decoder != NULL ? bs_decoder_file(follow->decoder) : "";
    char escaped[512];
    bs_json_escape(escaped, sizeof escaped, file, strlen(file));
    char *json = bs_asprintf(
        "{\"lag_s\":%.3f,\"caught_up\":%s,\"connected\":%s,\"read_file\":\"%s\",\"read_pos\":"
        "%" PRIu64 ",\"at_us\":%" PRId64 "}",
        bs_follow_lag_s(follow), bs_follow_is_caught_up(follow) ? "true" : "false",
        follow->connected ? "true" : "false", escaped,
        follow->decoder != NULL ? bs_decoder_pos(follow->decoder) : 0, bs_clock_wall_us());
    enum bs_status status =
        bs_state_save_report(follow->control, &follow->config->state, "beat", json, err);
    free(json);
    return status;
}
