#include "cli/cutover_report.h"

#include "cli/cli.h"
#include "cli/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void
put_member(struct bs_buf *out, const char *json, const char *key, const char *name,
           const char *unit) {
    char *value = bs_json_get(json, key);
    if (value != NULL && *value != '\0') {
        bs_report_put_line(out, name, "%s%s", value, unit);
    }
    free(value);
}

static void
put_finished(struct bs_buf *out, const char *json) {
    struct bs_buf line = {0};
    bs_report_put_things(&line, bs_json_get_u64(json, "triggers"), "trigger");
    bs_buf_puts(&line, ", ");
    bs_report_put_things(&line, bs_json_get_u64(json, "events"), "event");
    bs_buf_puts(&line, ", ");
    bs_report_put_things(&line, bs_json_get_u64(json, "auto_increment"), "AUTO_INCREMENT counter");
    uint64_t sequences = bs_json_get_u64(json, "sequences");
    if (sequences > 0) {
        bs_buf_puts(&line, ", ");
        bs_report_put_things(&line, sequences, "sequence");
    }
    bs_report_put_line(out, "made at last", "%s", bs_buf_cstr(&line));
    bs_buf_fini(&line);
}

static bool
has_missed(const char *json) {
    char *missed = bs_json_get(json, "events_missed");
    bool has = missed != NULL;
    free(missed);
    return has;
}

/* One event a line. */
static void
put_missed(struct bs_buf *out, const char *json) {
    char *missed = bs_json_get(json, "events_missed");
    const char *name = "see to";
    for (char *at = missed; at != NULL;) {
        char *end = strstr(at, "; event ");
        if (end != NULL) {
            *end = '\0';
        }
        bs_report_put_line(out, name, "%s", at);
        name = "";
        at = end != NULL ? end + strlen("; ") : NULL;
    }
    free(missed);
}

static void
put_accounts(struct bs_buf *out, const char *json) {
    char *made = bs_json_get(json, "accounts_made");
    struct bs_buf line = {0};
    if (made != NULL) {
        bs_report_put_things(&line, bs_json_get_u64(json, "accounts_made"), "account");
        bs_report_put_line(out, "accounts", "%s made, %" PRIu64 " changed, %" PRIu64 " dropped",
                           bs_buf_cstr(&line), bs_json_get_u64(json, "accounts_changed"),
                           bs_json_get_u64(json, "accounts_dropped"));
    }
    bs_buf_fini(&line);
    free(made);
}

static void
put_place(struct bs_buf *out, const char *json, const char *file_key, const char *pos_key,
          const char *name) {
    char *file = bs_json_get(json, file_key);
    char *pos = bs_json_get(json, pos_key);
    if (file != NULL && *file != '\0' && pos != NULL) {
        bs_report_put_line(out, name, "%s:%s", file, pos);
    }
    free(file);
    free(pos);
}

static void
put_hook(struct bs_buf *out, const char *json) {
    char *hook = bs_json_get(json, "hook");
    char *attempts = bs_json_get(json, "hook_attempts");
    if (hook != NULL && attempts != NULL && strcmp(hook, "done") == 0) {
        bs_report_put_line(
            out, "hook", "exit 0%s%s%s", strcmp(attempts, "1") != 0 ? ", begun " : "",
            strcmp(attempts, "1") != 0 ? attempts : "", strcmp(attempts, "1") != 0 ? " times" : "");
    } else if (hook != NULL) {
        bs_report_put_line(out, "hook", "%s", hook);
    }
    free(hook);
    free(attempts);
}

/* What came meanwhile is told by the source's own log. */
static void
put_unknown(struct bs_buf *out, const char *json, const char *why) {
    char *file = bs_json_get(json, "final_file");
    char *pos = bs_json_get(json, "final_pos");
    bs_buf_printf(out,
                  "Whether the source was written to while the hook ran is NOT known: %s.\nWhat "
                  "was written there since is told by `binstream events --source URI --start "
                  "%s:%s`:\ncarry over by hand what the target lacks.\n",
                  why, file != NULL ? file : "FILE", pos != NULL ? pos : "POSITION");
    free(file);
    free(pos);
}

static bool
is_true(const char *json, const char *key) {
    char *value = bs_json_get(json, key);
    bool is = value != NULL && strcmp(value, "true") == 0;
    free(value);
    return is;
}

static void
put_scheduler(struct bs_buf *out, const char *json) {
    char *scheduler = bs_json_get(json, "events_wait");
    if (scheduler != NULL) {
        bool is_disabled = strcmp(scheduler, "DISABLED") == 0;
        bs_buf_printf(out, "event_scheduler is %s on the target: its events do not run until %s.\n",
                      scheduler,
                      is_disabled ? "it is\nstarted with event_scheduler=ON in its option file"
                                  : "you\nSET GLOBAL event_scheduler=ON there, and the same in its "
                                    "option file");
    }
    free(scheduler);
}

static void
put_end(struct bs_buf *out, const char *json) {
    char *hook = bs_json_get(json, "hook");
    char *unknown = bs_json_get(json, "late_unknown");
    if (unknown != NULL) {
        put_unknown(out, json, unknown);
    } else if (is_true(json, "written_late")) {
        bs_buf_puts(out,
                    "The source was written to while the hook ran, and the target does NOT have "
                    "that: see the log\nof the follow, and carry it over by hand.\n");
    } else if (hook == NULL) {
        bs_buf_puts(out, "The target has all that the source had. Next: point the applications to "
                         "it.\n");
    } else {
        bs_buf_puts(out, "The target has all that the source had.\n");
    }
    if (has_missed(json)) {
        bs_buf_puts(out,
                    "But for the events under \"see to\": do on the target what they were to "
                    "do, or make them anew with\nanother time (SHOW CREATE EVENT on the source "
                    "has the text).\n");
    }
    if (is_true(json, "stays_read_only")) {
        bs_buf_puts(out, "The source stays read-only, so that no write goes astray.\n");
    }
    free(hook);
    free(unknown);
}

void
bs_cutover_report_put(struct bs_buf *out, const char *json) {
    put_member(out, json, "freeze", "freeze", "");
    put_member(out, json, "freeze_ms", "writes stopped", " ms");
    put_place(out, json, "final_file", "final_pos", "final position");
    put_member(out, json, "final_gtid", "final GTID", "");
    put_place(out, json, "target_file", "target_pos", "target's own");
    put_member(out, json, "target_gtid", "target's GTID", "");
    put_member(out, json, "transactions", "transactions", " replayed by this follow");
    put_member(out, json, "rows", "rows", " replayed by this follow");
    put_finished(out, json);
    put_missed(out, json);
    put_accounts(out, json);
    put_hook(out, json);
    put_member(out, json, "compared", "compared", "");
    put_end(out, json);
    put_scheduler(out, json);
}

int
bs_cutover_report_exit(const char *json) {
    char *unknown = json != NULL ? bs_json_get(json, "late_unknown") : NULL;
    bool is_whole = unknown == NULL && (json == NULL || !is_true(json, "written_late"));
    free(unknown);
    return is_whole ? 0 : bs_exit_code(BS_DIFFERENT);
}
