/* The source's settings as they are stored, and as they are put back by hand. */
#include "cutover/freeze.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool
bs_freeze_values_have_events(const struct bs_freeze_values *values) {
    return strcasecmp(values->event_scheduler, "ON") == 0;
}

void
bs_freeze_values_put(struct bs_buf *out, const struct bs_frozen *frozen) {
    const struct bs_freeze_values *b = &frozen->before;
    bs_buf_printf(out, "%s,%s,%s,%s", bs_freeze_name(frozen->mode),
                  b->read_only[0] != '\0' ? b->read_only : "-",
                  b->super_read_only[0] != '\0' ? b->super_read_only : "-",
                  b->event_scheduler[0] != '\0' ? b->event_scheduler : "-");
}

static void
put_set(struct bs_buf *out, const char *name, const char *value) {
    if (value[0] != '\0') {
        bs_buf_printf(out, "%sSET GLOBAL %s=%s", out->len > 0 ? "; " : "", name, value);
    }
}

void
bs_freeze_values_put_thaw(struct bs_buf *out, enum bs_freeze mode,
                          const struct bs_freeze_values *values) {
    if (mode == BS_FREEZE_READ_ONLY) { /* super_read_only switches read_only on, so it goes first */
        put_set(out, "super_read_only", values->super_read_only);
        put_set(out, "read_only", values->read_only);
    }
    if (mode != BS_FREEZE_NONE && bs_freeze_values_have_events(values)) {
        put_set(out, "event_scheduler", values->event_scheduler);
    }
}

static void
clear_dash(char *value) {
    if (strcmp(value, "-") == 0) {
        value[0] = '\0';
    }
}

bool
bs_freeze_values_parse(const char *text, enum bs_freeze *mode, struct bs_freeze_values *values) {
    char name[16];
    memset(values, 0, sizeof *values);
    if (sscanf(text, "%15[^,],%15[^,],%15[^,],%15[^,]", name, values->read_only,
               values->super_read_only, values->event_scheduler) != 4 ||
        !bs_freeze_parse(name, mode)) {
        return false;
    }
    clear_dash(values->read_only);
    clear_dash(values->super_read_only);
    clear_dash(values->event_scheduler);
    return true;
}

/* Only a scheduler that is on needs to be stopped; one that is DISABLED could not be set anyway. */
