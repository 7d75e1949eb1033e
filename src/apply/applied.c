#include "apply/applied.h"

#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
bs_applied_fini(struct bs_applied *applied) {
    free(applied->runs);
    *applied = (struct bs_applied){0};
}

static void
insert_at(struct bs_applied *applied, size_t at, const struct bs_run_applied *run) {
    void *items = applied->runs;
    bs_array_grow(&items, &applied->cap, applied->count, sizeof *applied->runs);
    applied->runs = items;
    memmove(applied->runs + at + 1, applied->runs + at,
            (applied->count - at) * sizeof *applied->runs);
    applied->runs[at] = *run;
    applied->count++;
}

static void
remove_at(struct bs_applied *applied, size_t at) {
    applied->count--;
    memmove(applied->runs + at, applied->runs + at + 1,
            (applied->count - at) * sizeof *applied->runs);
}

/* Runs that touch or overlap become one. */
static void
join_at(struct bs_applied *applied, size_t at) {
    while (at + 1 < applied->count &&
           bs_log_place_compare(&applied->runs[at].to, &applied->runs[at + 1].from) >= 0) {
        if (bs_log_place_compare(&applied->runs[at].to, &applied->runs[at + 1].to) < 0) {
            applied->runs[at].to = applied->runs[at + 1].to;
        }
        remove_at(applied, at + 1);
    }
}

void
bs_applied_add(struct bs_applied *applied, const struct bs_log_place *from,
               const struct bs_log_place *to) {
    struct bs_run_applied run = {*from, *to};
    size_t at = 0;
    BS_ASSERT(bs_log_place_compare(from, to) <= 0);
    while (at < applied->count && bs_log_place_compare(&applied->runs[at].from, from) < 0) {
        at++;
    }
    insert_at(applied, at, &run);
    join_at(applied, at > 0 ? at - 1 : 0);
    join_at(applied, at < applied->count ? at : 0);
}

void
bs_applied_add_all(struct bs_applied *applied, const struct bs_applied *others) {
    for (size_t i = 0; i < others->count; i++) {
        bs_applied_add(applied, &others->runs[i].from, &others->runs[i].to);
    }
}

void
bs_applied_forget(struct bs_applied *applied, const struct bs_log_place *low) {
    while (applied->count > 0 && bs_log_place_compare(&applied->runs[0].to, low) <= 0) {
        remove_at(applied, 0);
    }
}

bool
bs_applied_has(const struct bs_applied *applied, const struct bs_log_place *place) {
    for (size_t i = 0; i < applied->count; i++) {
        if (bs_log_place_compare(&applied->runs[i].from, place) < 0 &&
            bs_log_place_compare(place, &applied->runs[i].to) <= 0) {
            return true;
        }
    }
    return false;
}

void
bs_applied_text(const struct bs_applied *applied, struct bs_buf *out) {
    for (size_t i = 0; i < applied->count; i++) {
        const struct bs_run_applied *run = &applied->runs[i];
        bs_buf_printf(out, "%s%s:%" PRIu64 "-%s:%" PRIu64, i > 0 ? " " : "", run->from.file,
                      run->from.pos, run->to.file, run->to.pos);
    }
}

/* "file:pos" up to end; a file's name may hold anything but a space. */
static bool
parse_place(struct bs_log_place *place, const char *begin, const char *end) {
    const char *colon = end;
    while (colon > begin && colon[-1] != ':') {
        colon--;
    }
    size_t file_len = colon > begin ? (size_t)(colon - 1 - begin) : 0;
    bool fits = file_len > 0 && file_len < sizeof place->file && colon < end;
    place->pos = 0;
    for (const char *p = colon; fits && p < end; p++) {
        fits = *p >= '0' && *p <= '9' && place->pos <= (UINT64_MAX - 9) / 10;
        place->pos = place->pos * 10 + (uint64_t)(*p - '0');
    }
    if (fits) {
        memcpy(place->file, begin, file_len);
        place->file[file_len] = '\0';
    }
    return fits;
}

/* The "-" between two places is the last one behind which a whole place stands, and in front of
 * which one does: file names may hold dashes. */
static bool
parse_run(struct bs_run_applied *run, const char *begin, const char *end) {
    for (const char *dash = begin; dash < end; dash++) {
        if (*dash == '-' && parse_place(&run->from, begin, dash) &&
            parse_place(&run->to, dash + 1, end)) {
            return bs_log_place_compare(&run->from, &run->to) <= 0;
        }
    }
    return false;
}

enum bs_status
bs_applied_parse(struct bs_applied *applied, struct bs_str text, struct bs_error *err) {
    const char *at = text.data;
    const char *end = text.data + text.len;
    while (at < end) {
        const char *space = memchr(at, ' ', (size_t)(end - at));
        const char *stop = space != NULL ? space : end;
        struct bs_run_applied run;
        if (!parse_run(&run, at, stop)) {
            bs_applied_fini(applied);
            bs_error_set(err, BS_SCHEMA, "what a lane has applied is recorded as '%.*s'",
                         (int)(stop - at), at);
            return bs_error_hint(err, "the state was changed by hand: take a new snapshot");
        }
        bs_applied_add(applied, &run.from, &run.to);
        at = space != NULL ? space + 1 : end;
    }
    return BS_OK;
}
