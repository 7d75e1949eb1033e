/* Opening and opening again. After any loss the rule is the same: the lane's open transaction is
 * given up, the task is taken over anew under the fence, the checkpoint is read from the target,
 * and the stream starts there. What a lost COMMIT did is thus read, not guessed. */
#include "follow/follow_private.h"
#include "follow/source_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "catalog/catalog.h"
#include "sql/error_class.h"
#include "state/fence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAUSE_FIRST_MS = 100, PAUSE_MAX_MS = 5000 };

static enum bs_status
read_source(struct bs_follow *follow, struct bs_sql *sql, struct bs_error *err) {
    enum bs_status status = bs_catalog_server(sql, &follow->source, err);
    if (status == BS_OK) {
        status = bs_task_check_source(&follow->task, &follow->source, err);
    }
    if (status == BS_OK) {
        status = bs_catalog_system_zone(sql, &follow->source, err);
    }
    if (status == BS_OK) {
        follow->translation.source = follow->source;
        status = bs_catalog_collations(sql, &follow->translation.source_collations, err);
    }
    if (status == BS_OK && follow->config->until == BS_FOLLOW_UNTIL_CAUGHT_UP) {
        status = bs_catalog_position(sql, &follow->source, &follow->end, err);
    }
    return status;
}

enum bs_status
bs_follow_open_source(struct bs_follow *follow, struct bs_error *err) {
    struct bs_sql *sql = NULL;
    struct bs_sql_options options = {.program = "binstream follow"};
    enum bs_status status = bs_sql_connect(&sql, follow->config->source, &options, err);
    if (status == BS_OK) {
        status = read_source(follow, sql, err);
    }
    bs_sql_close(sql);
    if (status == BS_OK) {
        struct bs_stream_config *stream = &follow->stream_config;
        stream->source = follow->config->source;
        stream->give_up_ms = follow->config->give_up_ms;
        stream->expect.server_id = follow->source.server_id;
        memcpy(stream->expect.server_uuid, follow->source.server_uuid,
               sizeof stream->expect.server_uuid);
        status = bs_stream_name(stream, err);
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "looking at the source");
}

static enum bs_status
load_task(struct bs_follow *follow, struct bs_error *err) {
    bool found = false;
    bs_task_fini(&follow->task);
    memset(&follow->task, 0, sizeof follow->task);
    enum bs_status status =
        bs_state_load_task(follow->control, &follow->config->state, &follow->task, &found, err);
    if (status != BS_OK) {
        return status;
    }
    if (!found) {
        bs_error_set(err, BS_CONFIG, "there is no task '%s' on the target",
                     follow->config->state.task);
        return bs_error_hint(err, "run `binstream snapshot` first");
    }
    return BS_OK;
}

static enum bs_status
take_over(struct bs_follow *follow, struct bs_error *err) {
    const struct bs_state *state = &follow->config->state;
    int timeout_ms = (int)follow->config->give_up_ms;
    enum bs_status status =
        follow->taken_over
            ? bs_fence_retake(follow->control, state, timeout_ms, &follow->epoch, err)
            : bs_fence_take_over(follow->control, state, timeout_ms, &follow->epoch, err);
    follow->taken_over = follow->epoch != 0;
    return status;
}

static enum bs_status
open_applier(struct bs_follow *follow, struct bs_error *err) {
    follow->target_endpoint_view = *follow->config->target;
    struct bs_applier_config config = {
        .control = follow->control,
        .target = &follow->target_endpoint_view,
        .state = follow->config->state,
        .epoch = follow->epoch,
        .no_target_binlog = follow->config->no_target_binlog,
        .lanes = follow->config->lanes,
        .max_transactions = follow->config->max_transactions,
        .keep_commit_order = follow->config->keep_commit_order,
        .memory_bytes = follow->config->memory_bytes,
        .spent = &follow->spent,
        .while_waiting = bs_follow_while_waiting,
        .while_waiting_arg = follow,
        .keep_engines = follow->config->keep_engines,
        .selection = &follow->selection,
        .translation = &follow->translation,
    };
    enum bs_status status = bs_applier_open(&follow->applier, &config, err);
    follow->applier.hold = follow->hold;
    return status;
}

/* Once: which collations a server has does not change under a follow. */
static enum bs_status
read_target_collations(struct bs_follow *follow, struct bs_error *err) {
    follow->translation.target = follow->target;
    follow->translation.keep_engines = follow->config->keep_engines;
    return follow->translation.target_collations.count > 0
               ? BS_OK
               : bs_catalog_collations(follow->control, &follow->translation.target_collations,
                                       err);
}

enum bs_status
bs_follow_open_target(struct bs_follow *follow, struct bs_error *err) {
    struct bs_sql_options options = {.program = "binstream control",
                                     .no_binlog = follow->config->no_target_binlog,
                                     .stores_rows = true};
    enum bs_status status = bs_sql_connect(&follow->control, follow->config->target, &options, err);
    if (status == BS_OK) {
        status = bs_catalog_server(follow->control, &follow->target, err);
    }
    if (status == BS_OK) {
        status = bs_catalog_system_zone(follow->control, &follow->target, err);
    }
    if (status == BS_OK) {
        status = read_target_collations(follow, err);
    }
    if (status == BS_OK) {
        status = take_over(follow, err);
    }
    if (status == BS_OK) {
        status = load_task(follow, err);
    }
    if (status == BS_OK) {
        status = open_applier(follow, err);
    }
    if (status != BS_OK) {
        bs_follow_close_target(follow);
    }
    return status;
}

void
bs_follow_close_target(struct bs_follow *follow) {
    follow->stats_before.transactions += follow->applier.stats.transactions;
    follow->stats_before.rows += follow->applier.stats.rows;
    follow->stats_before.ddl_statements += follow->applier.stats.ddl_statements;
    follow->stats_before.skipped_statements += follow->applier.stats.skipped_statements;
    follow->commits_before += bs_applier_commits(&follow->applier);
    follow->done_transactions_before += follow->applier.done.transactions;
    follow->done_rows_before += follow->applier.done.rows;
    bs_rates_reset(&follow->rates); /* the lanes' times begin anew */
    bs_applier_close(&follow->applier);
    bs_sql_close(follow->control);
    follow->control = NULL;
}

enum bs_status
bs_follow_check_log(struct bs_follow *follow, struct bs_error *err) {
    const struct bs_checkpoint *mark = &follow->applier.lane.checkpoint;
    const struct bs_applied *ahead = &follow->applier.ahead;
    struct bs_source_place places[2] = {{.file_created = mark->file_created}};
    size_t count = 1;
    bs_log_place_set(&places[0].place, mark->position.file, mark->position.pos);
    if (ahead->count > 0) {
        places[count++].place = ahead->runs[ahead->count - 1].to;
    }
    return bs_source_log_check(follow->config->source, &follow->source, places, count, false, err);
}

/* MariaDB's GTIDs are numbers of a domain, which a log may have twice, or out of order
 * (gtid_seq_no, mariadb-binlog piped into the server, two primaries in one domain): where a server
 * begins for one of them need not be where we were. Its files and positions always tell, and a task
 * is bound to its server. MySQL's are sets, which name each transaction once. */
enum bs_position_mode
bs_follow_stream_mode(const struct bs_follow *follow) {
    return follow->task.mode == BS_POSITION_GTID_MYSQL ? BS_POSITION_GTID_MYSQL : BS_POSITION_FILE;
}

/* The request for the stream, from the checkpoint. encoded holds the GTID set's bytes. */
static enum bs_status
make_request(struct bs_follow *follow, struct bs_stream_request *request, struct bs_buf *encoded,
             struct bs_error *err) {
    const struct bs_position *at = &follow->applier.lane.checkpoint.position;
    *request = (struct bs_stream_request){
        .mode = bs_follow_stream_mode(follow), .file = at->file, .pos = at->pos, .gtid_text = ""};
    if (request->mode != BS_POSITION_GTID_MYSQL) {
        return BS_OK;
    }
    struct bs_gtid_set *set = bs_gtid_set_new(BS_MYSQL);
    enum bs_status status = bs_gtid_set_parse(set, bs_str(at->gtid), err);
    if (status == BS_OK) {
        bs_gtid_set_encode(set, encoded);
        request->gtid_binary = bs_buf_str(encoded);
    }
    bs_gtid_set_free(set);
    return status;
}

static void
log_start(const struct bs_follow *follow) {
    const struct bs_position *at = &follow->applier.lane.checkpoint.position;
    bs_log(BS_LOG_INFO, "following from %s:%" PRIu64 "%s%s", at->file, at->pos,
           at->gtid[0] != '\0' ? ", GTID " : "", at->gtid);
}

/* A lane is idle again: the loop need not wait for the stream. */
static void
nudge(void *arg) {
    bs_queue_nudge(arg);
}

enum bs_status
bs_follow_start_stream(struct bs_follow *follow, struct bs_error *err) {
    struct bs_stream_request request;
    struct bs_buf encoded = {0};
    follow->queue = bs_queue_new((size_t)follow->config->memory_bytes / 4);
    enum bs_status status =
        bs_stream_new(&follow->stream, &follow->stream_config, follow->queue, err);
    if (status == BS_OK) {
        status = make_request(follow, &request, &encoded, err);
    }
    if (status == BS_OK) {
        log_start(follow);
        status = bs_stream_start(follow->stream, &request, err);
    }
    if (status == BS_OK) {
        bs_applier_on_done(&follow->applier, nudge, follow->queue);
    }
    bs_buf_fini(&encoded);
    return status;
}

enum bs_status
bs_follow_resume_stream(struct bs_follow *follow, struct bs_error *err) {
    struct bs_stream_request request;
    struct bs_buf encoded = {0};
    enum bs_status status = make_request(follow, &request, &encoded, err);
    if (status == BS_OK) {
        log_start(follow);
        bs_stream_resume(follow->stream, &request);
        bs_applier_on_done(&follow->applier, nudge, follow->queue);
    }
    bs_buf_fini(&encoded);
    return status;
}

void
bs_follow_stop_stream(struct bs_follow *follow) {
    bs_applier_on_done(&follow->applier, NULL, NULL);
    if (follow->stream != NULL) {
        bs_stream_stop(follow->stream);
        follow->stream = NULL;
    }
    if (follow->queue != NULL) {
        bs_queue_close(follow->queue);
        for (struct bs_stream_msg *msg = bs_queue_pop(follow->queue, 0); msg != NULL;
             msg = bs_queue_pop(follow->queue, 0)) {
            bs_stream_msg_free(msg);
        }
        bs_queue_free(follow->queue);
        follow->queue = NULL;
    }
    follow->connected = false;
}

enum bs_status
bs_follow_recover(struct bs_follow *follow, const struct bs_error *cause, struct bs_error *err) {
    int64_t give_up_ms = bs_clock_mono_ms() + follow->config->give_up_ms;
    int wait = PAUSE_FIRST_MS;
    bs_log(BS_LOG_WARNING, "going back to the last commit: %s", cause->message);
    bs_follow_stop_stream(follow);
    bs_follow_close_target(follow);
    follow->reconnects++;
    follow->streamed = 0;
    for (;;) {
        struct bs_error failure;
        bs_error_clear(&failure);
        enum bs_status status = bs_stop_check(err);
        if (status != BS_OK) {
            return status;
        }
        status = bs_follow_open_target(follow, &failure);
        if (status == BS_OK) {
            status = bs_follow_begin_work(follow, &failure);
        }
        if (status == BS_OK) {
            return follow->is_done ? BS_OK : bs_follow_start_stream(follow, err);
        }
        bs_follow_close_target(follow);
        if (!bs_sql_may_pass(&failure) || bs_clock_mono_ms() > give_up_ms) {
            if (err != NULL) {
                *err = failure;
            }
            return bs_error_context(err, "opening the target again");
        }
        bs_log(BS_LOG_WARNING, "the target is not back yet: %s", failure.message);
        bs_clock_pause_ms(wait);
        wait = wait * 2 < PAUSE_MAX_MS ? wait * 2 : PAUSE_MAX_MS;
    }
}
