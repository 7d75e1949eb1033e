/* Every file's head names all transactions of the files before it (src/events/head.h), and files
 * are numbered. So the file is found as in a sorted list, by the heads of a few: from the oldest on
 * in steps that double, until a head has the transaction or there is no such file, and then by
 * halves.
 *
 * A connection for each head. The list of all files would save some, but SHOW BINARY LOGS takes
 * more than the right to read them; COM_BINLOG_DUMP_GTID and @slave_connect_state find a file as
 * well, but not with gtid_mode=OFF, not for a transaction whose predecessor is another server's,
 * and not where what lies before the transaction is not known. */
#include "cli/events_find.h"

#include "base/mem.h"
#include "cli/events_stream.h"
#include "events/head.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The queue is small: behind the head, a server sends the whole file for as long as it may. */
enum { QUEUE_BYTES = 64 << 10, FILE_HEAD = 4 };

enum where {
    IS_IN_FRONT, /* the head has the transaction */
    IS_NOT_YET,  /* it does not */
    IS_NOT_TOLD, /* the head has no list */
    IS_NO_FILE,
};

struct probe {
    struct bs_events_head head;
    const struct bs_gtid *gtid;
    const char *file;
};

static void
on_connected(void *arg, bool sums) {
    struct probe *probe = arg;
    bs_events_head_fini(&probe->head);
    bs_events_head_init(&probe->head, probe->gtid, probe->file, sums);
}

static enum bs_status
on_event(void *arg, struct bs_str raw, bool *done, struct bs_error *err) {
    struct probe *probe = arg;
    enum bs_status status = bs_events_head_feed(&probe->head, raw, err);
    *done = probe->head.is_read;
    return status;
}

/* file "": the oldest, whose name is then given in *name (heap-owned; may be NULL). */
static enum bs_status
ask_head(const struct bs_stream_config *config, const struct bs_gtid *gtid, const char *file,
         enum where *where, char **name, struct bs_error *err) {
    struct bs_stream_config once = *config;
    struct probe probe = {.gtid = gtid, .file = file};
    const struct bs_stream_request request = {
        .mode = BS_POSITION_FILE, .file = file, .pos = FILE_HEAD, .gtid_text = ""};
    const struct bs_events_reader reader = {&probe, QUEUE_BYTES, on_connected, on_event, NULL};
    enum bs_events_stream_end end;
    once.non_block = true;
    enum bs_status status = bs_events_stream(&once, &request, &reader, &end, err);
    *where = status == BS_PURGED    ? IS_NO_FILE
             : !probe.head.is_told  ? IS_NOT_TOLD
             : probe.head.is_behind ? IS_IN_FRONT
                                    : IS_NOT_YET;
    if (name != NULL && status == BS_OK && probe.head.walker != NULL) {
        *name = bs_strdup(bs_walker_file(probe.head.walker));
    }
    bs_events_head_fini(&probe.head);
    bool is_missing = status == BS_PURGED && file[0] != '\0';
    return is_missing ? BS_OK : status;
}

/* "binlog.000012" is "binlog." and 12, of six digits. */
struct numbered {
    char *stem;
    int width;
    uint64_t number;
};

static bool
read_number(const char *name, struct numbered *numbered) {
    const char *dot = strrchr(name, '.');
    size_t digits = dot != NULL ? strspn(dot + 1, "0123456789") : 0;
    if (digits == 0 || digits > 18 || dot[1 + digits] != '\0') {
        return false;
    }
    numbered->stem = bs_strndup(name, (size_t)(dot - name) + 1);
    numbered->width = (int)digits;
    numbered->number = strtoull(dot + 1, NULL, 10);
    return true;
}

static enum bs_status
ask_number(const struct bs_stream_config *config, const struct bs_gtid *gtid,
           const struct numbered *oldest, uint64_t number, enum where *where,
           struct bs_error *err) {
    char *name = bs_asprintf("%s%0*" PRIu64, oldest->stem, oldest->width, number);
    enum bs_status status = ask_head(config, gtid, name, where, NULL, err);
    free(name);
    return status;
}

/* before: a file whose head does not have the transaction; behind: one whose head does, or that is
 * not there. *before + 1 is *behind at the end, unless a head tells nothing. */
static enum bs_status
search(const struct bs_stream_config *config, const struct bs_gtid *gtid,
       const struct numbered *oldest, uint64_t *before, enum where *where, struct bs_error *err) {
    uint64_t behind = 0; /* not known yet */
    enum bs_status status = BS_OK;
    *before = oldest->number;
    *where = IS_NOT_YET;
    for (uint64_t step = 1; status == BS_OK && *where != IS_NOT_TOLD && behind != *before + 1;) {
        uint64_t next = behind == 0 ? *before + step : *before + (behind - *before) / 2;
        status = ask_number(config, gtid, oldest, next, where, err);
        *before = status == BS_OK && *where == IS_NOT_YET ? next : *before;
        behind = *where == IS_NOT_YET ? behind : next;
        step *= 2;
    }
    return status;
}

static enum bs_status
purged(const struct bs_gtid *gtid, const char *oldest, struct bs_error *err) {
    char text[BS_GTID_TEXT_MAX];
    bs_gtid_text(gtid, text);
    bs_error_set(err, BS_PURGED,
                 "the transaction of --start is gone from the server's log, whose oldest file is "
                 "%s: %s was in a file before that",
                 oldest, text);
    return bs_error_hint(err, "its files were purged: read copies of them, or begin later; without "
                              "--start, reading begins with the oldest that is there");
}

enum bs_status
bs_events_find_file(const struct bs_stream_config *config, const struct bs_gtid *gtid, char **file,
                    struct bs_error *err) {
    enum where where = IS_NOT_TOLD;
    struct numbered oldest = {0};
    uint64_t number = 0;
    *file = NULL;
    enum bs_status status = ask_head(config, gtid, "", &where, file, err);
    if (status != BS_OK) {
        return status;
    }
    if (*file == NULL) {
        *file = bs_strdup("");
    }
    if (where == IS_IN_FRONT) {
        return purged(gtid, *file, err);
    }
    if (where == IS_NOT_TOLD || !read_number(*file, &oldest)) {
        return BS_OK;
    }
    status = search(config, gtid, &oldest, &number, &where, err);
    if (status == BS_OK && where != IS_NOT_TOLD) {
        free(*file);
        *file = bs_asprintf("%s%0*" PRIu64, oldest.stem, oldest.width, number);
    }
    free(oldest.stem);
    return status;
}
