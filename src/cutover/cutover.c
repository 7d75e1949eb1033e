/* The steps, each durable before the next, and what undoes them:
 *
 *   store the source's settings ─> freeze ─> final position ─> drain
 *   ─> finish objects ─> look for late writes ─> phase done ─> answer
 *
 * Anything that fails or takes too long before "phase done" is undone in reverse: triggers and
 * events that were made are dropped, the settings are put back, the phase is following again, and
 * the request is answered with exit 6 (or 1) and the reason. A crash in between is undone in the
 * same way by the next follow, before it applies anything (bs_cutover_opened): the stored settings
 * tell that it must.
 *
 * A write that slips past the freeze (an account with SUPER, where read_only lets it) shows as rows
 * behind the final position while the stream is still open: the cutover is undone. */
#include "cutover/cutover.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "cutover/finish.h"
#include "cutover/freeze.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char FREEZE_REPORT[] = "freeze";
static const char NOT_FROZEN[] = "none stored";

/* One cutover in work. */
struct attempt {
    struct bs_cutover_config *config;
    struct bs_follow *follow;
    struct bs_frozen frozen;
    int64_t frozen_at_ms, deadline_ms;
    uint32_t max_freeze_ms;
    enum bs_freeze mode;
    struct bs_position final;
    uint64_t groups_at_final;
    struct bs_finish_counts counts;
};

/* The value of "key" in the flat JSON object that `cutover` wrote: a string or a number. */
static bool
argument(const char *json, const char *key, char *out, size_t cap) {
    char quoted[64];
    (void)snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = json != NULL ? strstr(json, quoted) : NULL;
    if (at == NULL) {
        return false;
    }
    at += strlen(quoted);
    at += strspn(at, " \"");
    size_t len = strcspn(at, "\",} ");
    (void)snprintf(out, cap, "%.*s", (int)len, at);
    return len > 0;
}

static void
read_arguments(struct attempt *attempt, const struct bs_request *request) {
    char value[64];
    attempt->mode = attempt->config->freeze;
    attempt->max_freeze_ms = attempt->config->max_freeze_ms;
    if (argument(request->arguments, "freeze", value, sizeof value)) {
        (void)bs_freeze_parse(value, &attempt->mode);
    }
    if (argument(request->arguments, "max_freeze_ms", value, sizeof value)) {
        attempt->max_freeze_ms = (uint32_t)strtoul(value, NULL, 10);
    }
}

static enum bs_status
store_settings(struct attempt *attempt, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_freeze_values_put(&text, &attempt->frozen);
    enum bs_status status =
        bs_state_save_report(bs_follow_target(attempt->follow), &attempt->config->state,
                             FREEZE_REPORT, bs_buf_cstr(&text), err);
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
forget_settings(struct bs_sql *target, const struct bs_state *state, struct bs_error *err) {
    return bs_state_save_report(target, state, FREEZE_REPORT, NOT_FROZEN, err);
}

static enum bs_status
freeze(struct attempt *attempt, struct bs_error *err) {
    enum bs_status status = store_settings(attempt, err);
    if (status != BS_OK) {
        return status;
    }
    bs_log(BS_LOG_INFO, "cutover: freezing the source (%s)", bs_freeze_name(attempt->mode));
    attempt->frozen_at_ms = bs_clock_mono_ms();
    attempt->deadline_ms = attempt->frozen_at_ms + attempt->max_freeze_ms;
    status =
        bs_freeze_apply(&attempt->frozen, attempt->config->selection, attempt->max_freeze_ms, err);
    if (status == BS_OK) {
        bs_fault_point("cutover-frozen");
        status = bs_catalog_position(attempt->frozen.reader, &attempt->frozen.server,
                                     &attempt->final, err);
    }
    return status;
}

static enum bs_status
drain(struct attempt *attempt, struct bs_error *err) {
    bool reached = false;
    bs_log(BS_LOG_INFO, "cutover: draining to %s:%" PRIu64, attempt->final.file,
           attempt->final.pos);
    enum bs_status status =
        bs_follow_drain(attempt->follow, &attempt->final, attempt->deadline_ms, &reached, err);
    if (status == BS_OK && !reached) {
        bs_error_set(err, BS_CANCELLED,
                     "the target did not reach the source's end within --max-freeze (%" PRIu32
                     " s)",
                     attempt->max_freeze_ms / 1000);
        return bs_error_hint(err,
                             "ask again when `binstream status` shows a small lag, or allow more "
                             "with --max-freeze");
    }
    attempt->groups_at_final = bs_follow_groups(attempt->follow);
    bs_fault_point("cutover-drained");
    return status;
}

/* Reads on to where the source's binlog ends now: nothing of ours may have been written. */
static enum bs_status
look_for_late_writes(struct attempt *attempt, struct bs_error *err) {
    struct bs_position now = {0};
    bool reached = false;
    enum bs_status status =
        bs_catalog_position(attempt->frozen.reader, &attempt->frozen.server, &now, err);
    if (status == BS_OK) {
        status = bs_follow_drain(attempt->follow, &now, attempt->deadline_ms, &reached, err);
    }
    bs_position_fini(&now);
    if (status == BS_OK &&
        (!reached || bs_follow_groups(attempt->follow) != attempt->groups_at_final)) {
        bs_error_set(err, BS_CANCELLED, "the source was written to after it had been frozen");
        return bs_error_hint(err,
                             "stop writers that have SUPER (or their like) and obey no read_only, "
                             "then ask for the cutover again");
    }
    return status;
}

static enum bs_status
finish(struct attempt *attempt, struct bs_error *err) {
    const struct bs_state *state = &attempt->config->state;
    struct bs_sql *target = bs_follow_target(attempt->follow);
    enum bs_status status = bs_state_set_phase(target, state, bs_follow_epoch(attempt->follow),
                                               BS_PHASE_FINISHING, err);
    if (status == BS_OK) {
        status =
            bs_finish_objects(attempt->frozen.reader, &attempt->frozen.server, target,
                              bs_follow_translation(attempt->follow), attempt->config->selection,
                              state, attempt->deadline_ms, &attempt->counts, err);
    }
    if (status == BS_OK) {
        bs_fault_point("cutover-finished");
        status = look_for_late_writes(attempt, err);
    }
    return status;
}

static char *
write_report(const struct attempt *attempt, int64_t freeze_ms) {
    struct bs_buf json = {0};
    char gtid[2048];
    char file[512];
    bs_json_escape(gtid, sizeof gtid, attempt->final.gtid, strlen(attempt->final.gtid));
    bs_json_escape(file, sizeof file, attempt->final.file, strlen(attempt->final.file));
    bs_buf_printf(&json,
                  "{\"result\":\"done\",\"freeze\":\"%s\",\"freeze_ms\":%" PRId64
                  ",\"final_file\":\"%s\",\"final_pos\":%" PRIu64 ",\"final_gtid\":\"%s\"",
                  bs_freeze_name(attempt->mode), freeze_ms, file, attempt->final.pos, gtid);
    bs_buf_printf(&json,
                  ",\"triggers\":%" PRIu64 ",\"events\":%" PRIu64 ",\"auto_increment\":%" PRIu64
                  ",\"sequences\":%" PRIu64 ",\"transactions\":%" PRIu64 ",\"rows\":%" PRIu64
                  ",\"lag_s\":0}",
                  attempt->counts.triggers, attempt->counts.events, attempt->counts.auto_increments,
                  attempt->counts.sequences, bs_follow_groups(attempt->follow),
                  bs_follow_rows(attempt->follow));
    return bs_buf_take_cstr(&json);
}

static enum bs_status
complete(struct attempt *attempt, const struct bs_request *request, struct bs_error *err) {
    const struct bs_state *state = &attempt->config->state;
    struct bs_sql *target = bs_follow_target(attempt->follow);
    int64_t freeze_ms = bs_clock_mono_ms() - attempt->frozen_at_ms;
    free(attempt->config->report_json);
    attempt->config->report_json = write_report(attempt, freeze_ms);
    /* The report first: whoever sees the phase finds it. */
    enum bs_status status =
        bs_state_save_report(target, state, "cutover", attempt->config->report_json, err);
    if (status == BS_OK) {
        status =
            bs_state_set_phase(target, state, bs_follow_epoch(attempt->follow), BS_PHASE_DONE, err);
    }
    if (status == BS_OK) {
        bs_fault_point("cutover-done");
        status = bs_state_answer(target, state, request->id, BS_REQUEST_ANSWERED,
                                 attempt->config->report_json, 0, err);
    }
    bs_log(BS_LOG_INFO, "cutover: done, the source was frozen for %" PRId64 " ms", freeze_ms);
    return status;
}

static enum bs_status
undo(struct attempt *attempt, struct bs_error *err) {
    const struct bs_state *state = &attempt->config->state;
    struct bs_sql *target = bs_follow_target(attempt->follow);
    /* The source first: writers wait. */
    enum bs_status source_status = BS_OK;
    if (attempt->frozen.applied) {
        source_status = bs_freeze_undo(&attempt->frozen, err);
    }
    if (target == NULL) {
        return bs_error_set(err, BS_IO, "the target was lost while the cutover was undone");
    }
    enum bs_status status = bs_finish_undo(target, state, source_status == BS_OK ? err : NULL);
    if (status == BS_OK) {
        status = bs_state_set_phase(target, state, bs_follow_epoch(attempt->follow),
                                    BS_PHASE_FOLLOWING, source_status == BS_OK ? err : NULL);
    }
    if (status == BS_OK && source_status == BS_OK) {
        status = forget_settings(target, state, err);
    }
    return source_status != BS_OK ? source_status : status;
}

/* Undone, answered, and following goes on; unless the undoing itself failed. */
static enum bs_status
give_up(struct attempt *attempt, const struct bs_request *request, const struct bs_error *cause,
        struct bs_error *err) {
    bs_log(BS_LOG_WARNING, "cutover: undone: %s", cause->message);
    enum bs_status status = undo(attempt, err);
    struct bs_sql *target = bs_follow_target(attempt->follow);
    if (target == NULL) {
        return status;
    }
    char *text = bs_asprintf("the cutover was undone: %s%s%s", cause->message,
                             cause->hint[0] != '\0' ? "\nwhat to do: " : "", cause->hint);
    int exit_code = cause->status == BS_CANCELLED ? 6 : 1;
    enum bs_status answered =
        bs_state_answer(target, &attempt->config->state, request->id, BS_REQUEST_ANSWERED, text,
                        exit_code, status == BS_OK ? err : NULL);
    free(text);
    return status != BS_OK ? status : answered;
}

enum bs_status
bs_cutover_perform(void *arg, struct bs_follow *follow, const struct bs_request *request,
                   bool *finished, struct bs_error *err) {
    struct attempt attempt = {.config = arg, .follow = follow};
    struct bs_error cause;
    bs_error_clear(&cause);
    read_arguments(&attempt, request);
    enum bs_status status = bs_state_answer(bs_follow_target(follow), &attempt.config->state,
                                            request->id, BS_REQUEST_RUNNING, "", 0, err);
    if (status != BS_OK) {
        return status;
    }
    status = bs_freeze_open(&attempt.frozen, attempt.config->source, bs_follow_task(follow),
                            attempt.mode, &cause);
    if (status == BS_OK) {
        status = freeze(&attempt, &cause);
    }
    if (status == BS_OK) {
        status = drain(&attempt, &cause);
    }
    if (status == BS_OK) {
        status = finish(&attempt, &cause);
    }
    if (status == BS_OK) {
        status = complete(&attempt, request, err);
        *finished = status == BS_OK;
    } else {
        status = give_up(&attempt, request, &cause, err);
    }
    bs_freeze_close(&attempt.frozen);
    bs_position_fini(&attempt.final);
    return status;
}

/* Puts back what a cutover that died had changed. */
static enum bs_status
undo_left_over(struct bs_cutover_config *config, struct bs_follow *follow, const char *stored,
               struct bs_error *err) {
    struct attempt attempt = {.config = config, .follow = follow};
    struct bs_freeze_values before;
    if (!bs_freeze_values_parse(stored, &attempt.mode, &before)) {
        return bs_error_set(err, BS_SCHEMA, "the stored settings of the source cannot be read: %s",
                            stored);
    }
    bs_log(BS_LOG_WARNING, "an earlier cutover did not finish: putting the source's settings back");
    enum bs_status status =
        bs_freeze_open(&attempt.frozen, config->source, bs_follow_task(follow), attempt.mode, err);
    if (status == BS_OK) {
        attempt.frozen.before = before;
        attempt.frozen.applied = true;
        status = undo(&attempt, err);
    }
    bs_freeze_close(&attempt.frozen);
    return status;
}

enum bs_status
bs_cutover_opened(void *arg, struct bs_follow *follow, const struct bs_task *task,
                  struct bs_error *err) {
    struct bs_cutover_config *config = arg;
    char *stored = NULL;
    (void)task;
    enum bs_status status =
        bs_state_load_report(bs_follow_target(follow), &config->state, FREEZE_REPORT, &stored, err);
    if (status == BS_OK && stored != NULL && strcmp(stored, NOT_FROZEN) != 0) {
        status = undo_left_over(config, follow, stored, err);
    }
    free(stored);
    return status;
}
