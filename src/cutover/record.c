/* Everything is text in the state's table of reports: "freeze" holds the source's settings as long
 * as they are to be put back, "hook" is there from before the hook's start until it is known how it
 * ended, "cutover" is the report. */
#include "cutover/cutover_private.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SETTINGS[] = "freeze";
static const char MARK[] = "hook";
static const char REPORT[] = "cutover";
static const char NONE[] = "none stored";

static enum bs_status
save(struct bs_attempt *attempt, const char *kind, const char *text, struct bs_error *err) {
    return bs_state_save_report(bs_follow_target(attempt->follow), &attempt->config->state, kind,
                                text, err);
}

/* *text NULL when nothing is stored. */
static enum bs_status
load_from(struct bs_sql *target, const struct bs_state *state, const char *kind, char **text,
          struct bs_error *err) {
    enum bs_status status = bs_state_load_report(target, state, kind, text, err);
    if (status == BS_OK && *text != NULL && strcmp(*text, NONE) == 0) {
        free(*text);
        *text = NULL;
    }
    return status;
}

static enum bs_status
load(struct bs_attempt *attempt, const char *kind, char **text, struct bs_error *err) {
    return load_from(bs_follow_target(attempt->follow), &attempt->config->state, kind, text, err);
}

enum bs_status
bs_cutover_is_left(struct bs_sql *target, const struct bs_state *state, bool *left,
                   struct bs_buf *by_hand, struct bs_error *err) {
    char *text = NULL;
    enum bs_freeze mode;
    struct bs_freeze_values values;
    enum bs_status status = load_from(target, state, SETTINGS, &text, err);
    *left = text != NULL;
    if (*left && by_hand != NULL && bs_freeze_values_parse(text, &mode, &values)) {
        bs_freeze_values_put_thaw(by_hand, mode, &values);
    }
    free(text);
    return status;
}

enum bs_status
bs_record_settings(struct bs_attempt *attempt, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_freeze_values_put(&text, &attempt->frozen);
    enum bs_status status = save(attempt, SETTINGS, bs_buf_cstr(&text), err);
    bs_buf_fini(&text);
    return status;
}

enum bs_status
bs_record_load_settings(struct bs_attempt *attempt, bool *found, struct bs_error *err) {
    char *text = NULL;
    enum bs_status status = load(attempt, SETTINGS, &text, err);
    *found = status == BS_OK && text != NULL;
    if (*found && !bs_freeze_values_parse(text, &attempt->mode, &attempt->frozen.before)) {
        status = bs_error_set(err, BS_SCHEMA,
                              "the stored settings of the source cannot be read: %s", text);
    }
    free(text);
    return status;
}

enum bs_status
bs_record_forget_settings(struct bs_attempt *attempt, struct bs_error *err) {
    return save(attempt, SETTINGS, NONE, err);
}

static void
put_position(struct bs_buf *out, const char *prefix, const struct bs_position *position) {
    char key[32];
    (void)snprintf(key, sizeof key, "%s_file", prefix);
    bs_json_put_text(out, key, position->file != NULL ? position->file : "");
    (void)snprintf(key, sizeof key, "%s_pos", prefix);
    bs_json_put_u64(out, key, position->pos);
    (void)snprintf(key, sizeof key, "%s_gtid", prefix);
    bs_json_put_text(out, key, position->gtid != NULL ? position->gtid : "");
}

static void
read_position(const char *json, const char *prefix, struct bs_position *position) {
    char key[32];
    (void)snprintf(key, sizeof key, "%s_file", prefix);
    char *file = bs_json_get(json, key);
    (void)snprintf(key, sizeof key, "%s_gtid", prefix);
    char *gtid = bs_json_get(json, key);
    (void)snprintf(key, sizeof key, "%s_pos", prefix);
    bs_position_set(position, file, bs_json_get_u64(json, key), gtid);
    free(file);
    free(gtid);
}

/* What mark and report have in common. */
static void
put_common(struct bs_buf *out, struct bs_attempt *attempt) {
    bs_json_put_text(out, "freeze", bs_freeze_name(attempt->mode));
    put_position(out, "final", &attempt->final);
    put_position(out, "target", &attempt->target);
    bs_json_put_u64(out, "triggers", attempt->counts.triggers);
    bs_json_put_u64(out, "events", attempt->counts.events);
    bs_json_put_text(out, "events_missed",
                     attempt->counts.missed.len > 0 ? bs_buf_cstr(&attempt->counts.missed) : NULL);
    bs_json_put_u64(out, "auto_increment", attempt->counts.auto_increments);
    bs_json_put_u64(out, "sequences", attempt->counts.sequences);
    if (attempt->config->accounts) {
        bs_json_put_u64(out, "accounts_made", attempt->counts.accounts_made);
        bs_json_put_u64(out, "accounts_changed", attempt->counts.accounts_changed);
        bs_json_put_u64(out, "accounts_dropped", attempt->counts.accounts_dropped);
    }
    bs_json_put_u64(out, "hook_attempts", attempt->hook_attempt);
}

enum bs_status
bs_record_mark(struct bs_attempt *attempt, struct bs_error *err) {
    struct bs_buf json = {0};
    bs_json_open(&json);
    put_common(&json, attempt);
    bs_json_put_text(&json, "hook", attempt->hook);
    bs_json_put_u64(&json, "max_freeze_ms", attempt->max_freeze_ms);
    bs_json_put_i64(&json, "frozen_us", attempt->frozen_us);
    bs_json_close(&json);
    enum bs_status status = save(attempt, MARK, bs_buf_cstr(&json), err);
    bs_buf_fini(&json);
    return status;
}

static void
read_missed(struct bs_buf *missed, const char *json) {
    char *text = bs_json_get(json, "events_missed");
    bs_buf_clear(missed);
    bs_buf_puts(missed, text != NULL ? text : "");
    free(text);
}

static void
read_mark(struct bs_attempt *attempt, const char *json) {
    free(attempt->hook);
    attempt->hook = bs_json_get(json, "hook");
    attempt->hook_attempt = bs_json_get_u64(json, "hook_attempts");
    attempt->max_freeze_ms = (uint32_t)bs_json_get_u64(json, "max_freeze_ms");
    attempt->frozen_us = (int64_t)bs_json_get_u64(json, "frozen_us");
    attempt->counts.triggers = bs_json_get_u64(json, "triggers");
    attempt->counts.events = bs_json_get_u64(json, "events");
    read_missed(&attempt->counts.missed, json);
    attempt->counts.auto_increments = bs_json_get_u64(json, "auto_increment");
    attempt->counts.sequences = bs_json_get_u64(json, "sequences");
    attempt->counts.accounts_made = bs_json_get_u64(json, "accounts_made");
    attempt->counts.accounts_changed = bs_json_get_u64(json, "accounts_changed");
    attempt->counts.accounts_dropped = bs_json_get_u64(json, "accounts_dropped");
    read_position(json, "final", &attempt->final);
    read_position(json, "target", &attempt->target);
}

enum bs_status
bs_record_load_mark(struct bs_attempt *attempt, bool *found, struct bs_error *err) {
    char *json = NULL;
    enum bs_status status = load(attempt, MARK, &json, err);
    *found = status == BS_OK && json != NULL;
    if (*found) {
        read_mark(attempt, json);
        if (attempt->hook == NULL || attempt->hook_attempt == 0) {
            status = bs_error_set(err, BS_SCHEMA, "the mark of the hook cannot be read: %s", json);
        }
    }
    free(json);
    return status;
}

enum bs_status
bs_record_forget_mark(struct bs_attempt *attempt, struct bs_error *err) {
    return save(attempt, MARK, NONE, err);
}

/* written_late is null where it cannot be told. */
static void
put_late(struct bs_buf *json, const struct bs_attempt *attempt) {
    bool is_known = attempt->late != BS_LATE_UNKNOWN;
    if (is_known) {
        bs_json_put_bool(json, "written_late", attempt->late == BS_LATE_YES);
    } else {
        bs_json_put_raw(json, "written_late", NULL);
    }
    bs_json_put_text(json, "late_unknown", is_known ? NULL : attempt->late_why);
    bs_json_put_bool(json, "stays_read_only", attempt->stays_read_only);
}

/* The report says what was compared, and no more: every statement of the replay has changed as many
 * rows as it had to, or the run would have stopped. */
static char *
make_report(struct bs_attempt *attempt) {
    struct bs_buf json = {0};
    int64_t freeze_ms = (bs_clock_wall_us() - attempt->frozen_us) / 1000;
    bs_json_open(&json);
    bs_json_put_text(&json, "result", "done");
    put_common(&json, attempt);
    bs_json_put_i64(&json, "freeze_ms", freeze_ms > 0 ? freeze_ms : 0);
    if (attempt->hook_taken_as_done) {
        bs_json_put_text(&json, "hook", "taken as done by the operator's word");
    } else {
        bs_json_put_text(&json, "hook", attempt->hook_attempt > 0 ? "done" : NULL);
    }
    bs_json_put_raw(&json, "hook_exit",
                    attempt->hook_attempt > 0 && !attempt->hook_taken_as_done ? "0" : NULL);
    const char *scheduler = attempt->counts.scheduler;
    bs_json_put_text(&json, "events_wait", *scheduler != '\0' ? scheduler : NULL);
    put_late(&json, attempt);
    bs_json_put_u64(&json, "transactions", bs_follow_groups(attempt->follow));
    bs_json_put_u64(&json, "rows", bs_follow_rows(attempt->follow));
    bs_json_put_text(&json, "compared", "the count of rows that each replayed statement changed");
    bs_json_put_u64(&json, "lag_s", 0);
    bs_json_close(&json);
    return bs_buf_take_cstr(&json);
}

static enum bs_status
save_done(struct bs_attempt *attempt, const char *report, struct bs_error *err) {
    const struct bs_state *state = &attempt->config->state;
    struct bs_sql *target = bs_follow_target(attempt->follow);
    enum bs_status status = save(attempt, REPORT, report, err);
    if (status == BS_OK) {
        status =
            bs_state_set_phase(target, state, bs_follow_epoch(attempt->follow), BS_PHASE_DONE, err);
    }
    if (status == BS_OK) {
        status = bs_record_forget_mark(attempt, err);
    }
    if (status == BS_OK) {
        status = bs_record_forget_settings(attempt, err);
    }
    if (status == BS_OK) {
        enum { DONE = 0, DIFFERENT = 4 }; /* as src/cli has them */
        int exit_code = attempt->late != BS_LATE_NO ? DIFFERENT : DONE;
        status = bs_state_answer_cutovers(target, state, false, report, exit_code, err);
    }
    if (status == BS_OK) {
        bs_fault_point("cutover-reported");
        status = bs_sql_exec(target, err, "COMMIT");
    }
    return status;
}

enum bs_status
bs_record_done(struct bs_attempt *attempt, struct bs_error *err) {
    struct bs_sql *target = bs_follow_target(attempt->follow);
    if (attempt->counts.missed.len > 0) {
        bs_log(BS_LOG_WARNING, "cutover: %s", bs_buf_cstr(&attempt->counts.missed));
    }
    if (attempt->counts.scheduler[0] != '\0') {
        bs_log(BS_LOG_WARNING,
               "cutover: event_scheduler is %s on the target: its events do not run",
               attempt->counts.scheduler);
    }
    free(attempt->config->report_json);
    attempt->config->report_json = make_report(attempt);
    attempt->config->late = attempt->late;
    enum bs_status status = bs_sql_exec(target, err, "START TRANSACTION");
    if (status == BS_OK) {
        status = save_done(attempt, attempt->config->report_json, err);
    }
    if (status != BS_OK && bs_sql_exec(target, NULL, "ROLLBACK") != BS_OK) {
        bs_log(BS_LOG_DEBUG, "the report's transaction ended with its connection");
    }
    return status;
}
