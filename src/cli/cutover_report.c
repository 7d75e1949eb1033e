#include "cli/cutover_report.h"

#include "cli/report.h"

#include <stdlib.h>

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
    char *triggers = bs_json_get(json, "triggers");
    char *events = bs_json_get(json, "events");
    char *counters = bs_json_get(json, "auto_increment");
    if (triggers != NULL && events != NULL && counters != NULL) {
        bs_report_put_line(out, "made at last",
                           "%s triggers, %s events, %s AUTO_INCREMENT counters", triggers, events,
                           counters);
    }
    free(triggers);
    free(events);
    free(counters);
}

void
bs_cutover_report_put(struct bs_buf *out, const char *json) {
    char *freeze = bs_json_get(json, "freeze");
    char *file = bs_json_get(json, "final_file");
    char *pos = bs_json_get(json, "final_pos");
    put_member(out, json, "freeze_ms", "writes stopped", " ms until the target was ready");
    if (file != NULL && pos != NULL) {
        bs_report_put_line(out, "final position", "%s:%s", file, pos);
    }
    put_member(out, json, "final_gtid", "final GTID", "");
    put_member(out, json, "transactions", "transactions", " replayed by this follow");
    put_member(out, json, "rows", "rows", " replayed by this follow");
    put_finished(out, json);
    bs_buf_puts(out,
                "The target has all that the source had. Next: point the applications to it.\n");
    if (freeze != NULL && strcmp(freeze, "read-only") == 0) {
        bs_buf_puts(out, "The source stays read-only, so that no write goes astray.\n");
    }
    free(freeze);
    free(file);
    free(pos);
}
