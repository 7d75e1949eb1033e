#include "follow/follow_private.h"
#include "follow/source_log.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "sql/error_class.h"
#include "state/fence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum bs_status
reset_decoder(struct bs_follow *follow, const struct bs_stream_msg *msg, struct bs_error *err) {
    bs_decoder_free(follow->decoder);
    follow->decoder = NULL;
    enum bs_status status = bs_decoder_new(&follow->decoder, follow->source.flavour,
                                           &follow->applier.lane.checkpoint.position,
                                           bs_follow_stream_mode(follow), msg->checksums, err);
    follow->applier.decoder = follow->decoder;
    follow->connected = status == BS_OK;
    follow->stream_config.was_connected = true;
    return status == BS_OK ? bs_follow_check_log(follow, err) : status;
}

/* A source that went down leaves such a file; one that was reset under the stream does as well.
 * Asked as soon as the stream is in the next one: later the file may be purged. */
static enum bs_status
check_left_open(struct bs_follow *follow, struct bs_error *err) {
    struct bs_source_place left;
    if (!bs_decoder_take_left_open(follow->decoder, &left.place, &left.file_created)) {
        return BS_OK;
    }
    enum bs_status status =
        bs_source_log_check(follow->config->source, &follow->source, &left, 1, true, err);
    if (status == BS_OK) {
        bs_follow_warn_unflushed(follow, left.place.file);
    }
    return status;
}

/* Another file of the same name. */
static bool
is_other_log(const struct bs_follow *follow) {
    const struct bs_checkpoint *checkpoint = &follow->applier.lane.checkpoint;
    uint32_t created = bs_decoder_file_created(follow->decoder);
    return strcmp(checkpoint->position.file, bs_decoder_file(follow->decoder)) == 0 &&
           created != 0 && checkpoint->file_created != 0 && created != checkpoint->file_created;
}

enum bs_status
bs_follow_check_name(const struct bs_follow *follow, struct bs_error *err) {
    const char *marked = follow->applier.lane.checkpoint.position.file;
    const char *file = bs_decoder_file(follow->decoder);
    return *file == '\0' || bs_log_place_same_base(marked, file)
               ? BS_OK
               : bs_source_log_renamed(marked, file, err);
}

/* The file that we resume in must be the file that we left: a source that was set back (RESET
 * MASTER, restored) writes files of the same names, and so does another server of the same
 * server_id. */
static enum bs_status
check_file(struct bs_follow *follow, struct bs_error *err) {
    const struct bs_checkpoint *checkpoint = &follow->applier.lane.checkpoint;
    enum bs_status status = bs_follow_check_name(follow, err);
    if (status != BS_OK || !is_other_log(follow)) {
        return status;
    }
    bs_error_set(err, BS_PURGED, "the source's binlog file %s is not the one that was read before",
                 checkpoint->position.file);
    return bs_error_hint(err, "the source's binlogs were reset or it was restored: take a new "
                              "snapshot");
}

static enum bs_status
apply_event(struct bs_follow *follow, struct bs_str raw, struct bs_error *err) {
    enum bs_status status = bs_decoder_push(follow->decoder, raw, err);
    if (status == BS_OK) {
        status = check_left_open(follow, err);
    }
    while (status == BS_OK) {
        struct bs_item item;
        status = bs_decoder_next(follow->decoder, &item, err);
        if (status != BS_OK || item.kind == BS_ITEM_NONE) {
            break;
        }
        if (item.kind == BS_ITEM_GROUP_BEGIN) {
            status = check_file(follow, err);
        }
        if (item.timestamp != 0) {
            follow->event_timestamp = item.timestamp;
        }
        if (status == BS_OK) {
            status = bs_applier_item(&follow->applier, &item, err);
        }
    }
    if (status == BS_PROTOCOL) {
        char where[BS_ERROR_POSITION_MAX];
        bs_decoder_where(follow->decoder, where, sizeof where);
        bs_error_at(err, "%s", where);
    }
    return status;
}

static enum bs_status
apply_block(struct bs_follow *follow, const struct bs_stream_msg *msg, struct bs_error *err) {
    struct bs_cursor block = bs_cursor(msg->data, msg->len);
    while (bs_cursor_left(&block) > 0) {
        struct bs_str raw;
        enum bs_status status = bs_event_split(&block, &raw, err);
        if (status == BS_OK) {
            status = apply_event(follow, raw, err);
        }
        if (status != BS_OK) {
            return status;
        }
    }
    return BS_OK;
}

/* FAILED, or ENDED without having been asked for. */
static enum bs_status
handle_end(struct bs_follow *follow, const struct bs_stream_msg *msg, struct bs_error *err) {
    if (msg->error == NULL) {
        return bs_error_set(err, BS_IO, "the source ended its binlog stream");
    }
    /* What a server says of a position that was another's tells less than the file's head, which it
     * sends before. */
    enum bs_status status = follow->decoder != NULL ? check_file(follow, err) : BS_OK;
    if (status != BS_OK) {
        return status;
    }
    if (err != NULL) {
        *err = *msg->error;
    }
    /* Every event before it went through the decoder, whose position it thus is at. */
    if (msg->error->status == BS_PROTOCOL && follow->decoder != NULL) {
        bs_error_at(err, "%s:%" PRIu64, bs_decoder_file(follow->decoder),
                    bs_decoder_pos(follow->decoder));
    }
    return msg->error->status;
}

/* What the source says of its log may pass, such as a file that is not there yet; not if it says so
 * again and again, and nothing of what comes before it is new. */
static bool
may_be_read_on(struct bs_follow *follow, const struct bs_error *said) {
    enum { ER_MASTER_FATAL_ERROR_READING_BINLOG = 1236 };
    uint64_t commits = follow->commits_before + bs_applier_commits(&follow->applier);
    if (said->status != BS_SERVER || said->sql_errno != ER_MASTER_FATAL_ERROR_READING_BINLOG) {
        follow->breaks = 0;
        return true;
    }
    follow->breaks = commits == follow->break_commits ? follow->breaks + 1 : 1;
    follow->break_commits = commits;
    return follow->breaks <= BS_FOLLOW_RETRIES_MAX;
}

/* The connection to the source broke: what is open on the target goes back to the last commit. */
static enum bs_status
handle_broken(struct bs_follow *follow, const struct bs_stream_msg *msg, struct bs_error *err) {
    if (follow->in_cutover) {
        return handle_end(follow, msg, err);
    }
    if (!may_be_read_on(follow, msg->error)) {
        (void)!handle_end(follow, msg, err);
        return bs_error_hint(err, "the source's log cannot be read beyond that place, so often as "
                                  "it was tried: a crash or a full disk has cut the file short. "
                                  "What is missing may be in its tables: take a new snapshot");
    }
    bs_log(BS_LOG_WARNING, "the connection to the source broke: %s", msg->error->message);
    follow->connected = false;
    follow->reconnects++;
    bs_follow_close_target(follow);
    enum bs_status status = bs_follow_open_target(follow, err);
    return status == BS_OK ? bs_follow_resume_stream(follow, err) : status;
}

static enum bs_status
handle(struct bs_follow *follow, const struct bs_stream_msg *msg, struct bs_error *err) {
    switch (msg->kind) {
    case BS_STREAM_CONNECTED:
        return reset_decoder(follow, msg, err);
    case BS_STREAM_EVENTS:
        return apply_block(follow, msg, err);
    case BS_STREAM_BROKEN:
        return handle_broken(follow, msg, err);
    case BS_STREAM_FAILED:
    case BS_STREAM_ENDED:
        break;
    }
    return handle_end(follow, msg, err);
}

static bool
can_recover(const struct bs_stream_msg *msg, enum bs_status status, const struct bs_error *err) {
    bool from_stream =
        msg != NULL && (msg->kind == BS_STREAM_FAILED || msg->kind == BS_STREAM_ENDED);
    return !from_stream && status != BS_OK && bs_sql_may_pass(err);
}

/* Counts failures without progress: a transaction that always fails must not be tried for ever. One
 * that is too large for a replication group fails while other lanes go on committing, so those are
 * counted in all. */
static bool
may_retry(struct bs_follow *follow, const struct bs_error *failure) {
    enum { ER_RUN_HOOK_ERROR = 3100 };
    follow->refusals += failure->sql_errno == ER_RUN_HOOK_ERROR;
    if (follow->refusals > BS_FOLLOW_RETRIES_MAX) {
        return false;
    }
    uint64_t commits = follow->commits_before + bs_applier_commits(&follow->applier);
    follow->retries = commits == follow->retry_commits ? follow->retries + 1 : 1;
    follow->retry_commits = commits;
    return follow->retries <= BS_FOLLOW_RETRIES_MAX;
}

/* A row that is not as it must be may be one that the run has changed which has taken the task
 * over: in a cluster its rows come by before this run's own sessions are ended. */
enum bs_status
bs_follow_name_loss(struct bs_follow *follow, struct bs_error *failure) {
    struct bs_error fenced;
    bs_error_clear(&fenced);
    bool is_of_rows = failure->status == BS_SERVER || failure->status == BS_CONFLICT;
    if (is_of_rows && bs_fence_check(follow->control, &follow->config->state, follow->epoch,
                                     &fenced) == BS_FENCED) {
        bs_log(BS_LOG_DEBUG, "what was met: %s", failure->message);
        *failure = fenced;
    }
    return failure->status;
}

enum bs_status
bs_follow_feed(struct bs_follow *follow, int timeout_ms, struct bs_error *err) {
    struct bs_error failure;
    bs_error_clear(&failure);
    (void)bs_spent_move(&follow->spent, bs_applier_waits_for(&follow->applier));
    struct bs_stream_msg *msg = bs_queue_pop(follow->queue, timeout_ms);
    bool has_events = msg != NULL && msg->kind == BS_STREAM_EVENTS;
    (void)bs_spent_move(&follow->spent, has_events || msg == NULL ? BS_SPENT_WORK : BS_SPENT_OTHER);
    enum bs_status status = msg != NULL ? handle(follow, msg, &failure) : BS_OK;
    if (status == BS_OK && follow->decoder != NULL && follow->connected &&
        bs_queue_weight(follow->queue) == 0) {
        if (msg == NULL) {
            bs_fault_point("idle");
        }
        status = bs_applier_idle(&follow->applier, &failure);
        if (status == BS_OK && !bs_decoder_in_group(follow->decoder) &&
            bs_applier_is_clean(&follow->applier) &&
            bs_follow_has_come_to_end(follow, msg == NULL)) {
            bs_follow_note_caught_up(follow);
        }
    }
    (void)bs_spent_move(&follow->spent, BS_SPENT_OTHER);
    if (status != BS_OK && follow->in_cutover) {
        follow->is_broken = true;
        follow->broken = failure;
    }
    bool recover = status != BS_OK && !follow->in_cutover && can_recover(msg, status, &failure) &&
                   may_retry(follow, &failure);
    if (msg != NULL) {
        bs_stream_msg_free(msg);
    }
    if (recover) {
        return bs_follow_recover(follow, &failure, err);
    }
    if (status != BS_OK && !follow->control_is_lent) {
        status = bs_follow_name_loss(follow, &failure);
    }
    if (status != BS_OK && err != NULL) {
        *err = failure;
    }
    return status;
}

static enum bs_status
gtid_has_reached(const struct bs_follow *follow, const struct bs_position *position, bool *reached,
                 struct bs_error *err) {
    struct bs_gtid_set *wanted = bs_gtid_set_new(follow->source.flavour);
    struct bs_gtid_set *applied = bs_gtid_set_new(follow->source.flavour);
    enum bs_status status = bs_gtid_set_parse(wanted, bs_str(position->gtid), err);
    if (status == BS_OK) {
        status =
            bs_gtid_set_parse(applied, bs_str(follow->applier.lane.checkpoint.position.gtid), err);
    }
    *reached = status == BS_OK && bs_gtid_set_is_subset(wanted, applied);
    bs_gtid_set_free(wanted);
    bs_gtid_set_free(applied);
    return status;
}

static bool
is_at_or_after(const char *file, uint64_t pos, const struct bs_position *position) {
    int order = bs_log_place_compare_files(file, position->file);
    return bs_log_place_same_base(file, position->file) &&
           (order > 0 || (order == 0 && pos >= position->pos));
}

enum bs_status
bs_follow_has_reached(struct bs_follow *follow, const struct bs_position *position, bool *reached,
                      struct bs_error *err) {
    const struct bs_position *applied = &follow->applier.lane.checkpoint.position;
    *reached = false;
    if (follow->decoder == NULL || !follow->connected) {
        return BS_OK;
    }
    if (follow->applier.window
            .is_open) { /* nothing is reached before all rows are as of one place */
        enum bs_status status = bs_applier_idle(&follow->applier, err);
        if (status != BS_OK || follow->applier.window.is_open) {
            return status;
        }
    }
    /* Under constant load there is always an open transaction; the checkpoint tells what is in. */
    if (is_at_or_after(applied->file, applied->pos, position)) {
        *reached = true;
        return BS_OK;
    }
    if (!bs_applier_is_clean(&follow->applier) || bs_decoder_in_group(follow->decoder)) {
        return BS_OK;
    }
    *reached =
        is_at_or_after(bs_decoder_file(follow->decoder), bs_decoder_pos(follow->decoder), position);
    /* A source that was asked by GTID and has nothing to send says nothing of its position for a
     * while. */
    if (!*reached && bs_follow_stream_mode(follow) == BS_POSITION_GTID_MYSQL &&
        position->gtid[0] != '\0') {
        return gtid_has_reached(follow, position, reached, err);
    }
    return BS_OK;
}

bool
bs_follow_has_come_to_end(struct bs_follow *follow, bool is_quiet) {
    const struct bs_position *end = &follow->end_answer.position;
    bool reached = false;
    bs_follow_look_at_end(follow);
    if (!follow->end_known) { /* a stream that brings something has more, as far as is known */
        bool is_told = follow->source_end != NULL && !bs_source_end_has_failed(follow->source_end);
        return is_quiet && !is_told;
    }
    if (is_at_or_after(bs_decoder_file(follow->decoder), bs_decoder_pos(follow->decoder), end)) {
        return true;
    }
    return is_quiet && bs_follow_has_reached(follow, end, &reached, NULL) == BS_OK && reached;
}
