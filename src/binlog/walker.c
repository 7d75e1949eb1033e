#include "binlog/walker.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "binlog/control_event.h"
#include "binlog/expand.h"
#include "binlog/frame.h"
#include "binlog/maps.h"
#include "binlog/payload.h"
#include "binlog/rows.h"

#include <inttypes.h>
#include <stdlib.h>

/* So many maps are kept beyond their statements. */
enum { MAPS_MAX = 65536 };

/* Where a file's first event is, behind the four bytes that make it a binlog. */
enum { FILE_HEAD = 4 };

struct bs_walker {
    bool checksums_only;
    bool is_stream;
    bool sums; /* stream: events before the format are summed */
    bool has_format;
    struct bs_format format;
    char *file;
    uint64_t pos; /* of the next event */

    /* The pushed event. */
    struct bs_str raw;
    struct bs_event event;
    uint64_t event_pos, event_end;
    bool is_made_up;
    bool is_given;
    struct bs_payload payload;
    uint64_t inner;

    struct bs_maps maps;
    bool in_statement; /* table maps were read whose rows are not all through */
    bool lacks_map;
    struct bs_buf inflated;

    /* A rows event in fragments. */
    struct bs_buf fragments;
    uint32_t fragment_count, fragment_seen;
    uint64_t fragments_size;
    bool fragments_done;
};

struct bs_walker *
bs_walker_new(bool checksums_only) {
    struct bs_walker *w = bs_zalloc(sizeof *w);
    w->checksums_only = checksums_only;
    w->file = bs_strdup("");
    return w;
}

void
bs_walker_free(struct bs_walker *w) {
    if (w == NULL) {
        return;
    }
    bs_maps_forget(&w->maps);
    bs_payload_fini(&w->payload);
    bs_buf_fini(&w->inflated);
    bs_buf_fini(&w->fragments);
    free(w->file);
    free(w);
}

static enum bs_status
fail(const struct bs_walker *w, enum bs_status status, struct bs_error *err) {
    (void)bs_error_at(err, "%s:%" PRIu64, w->file[0] != '\0' ? w->file : "binlog", w->event_pos);
    return status;
}

static enum bs_status
bad_fragment(struct bs_error *err) {
    bs_error_set(err, BS_PROTOCOL, "PARTIAL_ROW_DATA events that do not fit together");
    return bs_error_hint(err, "a part of a rows event is missing or damaged: take the file again "
                              "from its server");
}

static bool
has_open_fragments(const struct bs_walker *w) {
    return w->fragment_seen < w->fragment_count;
}

void
bs_walker_enter(struct bs_walker *w, const char *file, uint64_t pos) {
    free(w->file);
    w->file = bs_strdup(file);
    w->pos = pos;
    w->has_format = false;
    w->fragment_count = 0;
    w->fragment_seen = 0;
    w->in_statement = false;
    bs_maps_end_statement(&w->maps);
}

enum bs_status
bs_walker_leave(struct bs_walker *w, struct bs_error *err) {
    w->event_pos = w->pos;
    if (!w->has_format) {
        bs_error_set(err, BS_PROTOCOL, "the binlog file has no event in it");
        (void)bs_error_hint(err, "it was cut at its beginning: take it again from its server");
        return fail(w, BS_PROTOCOL, err);
    }
    return has_open_fragments(w) ? fail(w, bad_fragment(err), err) : BS_OK;
}

void
bs_walker_is_stream(struct bs_walker *w, bool sums) {
    w->is_stream = true;
    w->sums = sums;
}

const struct bs_format *
bs_walker_format(const struct bs_walker *w) {
    return w->has_format ? &w->format : NULL;
}

bool
bs_walker_lacks_map(const struct bs_walker *w) {
    return w->lacks_map;
}

const char *
bs_walker_file(const struct bs_walker *w) {
    return w->file;
}

uint64_t
bs_walker_pos(const struct bs_walker *w) {
    return w->pos;
}

/* ---- what each event does to the walk ------------------------------------------------------ */

/* True if the event was made up by the server that streams, and is not in its file. */
static bool
is_artificial(const struct bs_walker *w, const struct bs_event *event) {
    bool is_copy = event->type == BS_EVENT_FORMAT_DESCRIPTION && w->pos > FILE_HEAD;
    return w->is_stream && (is_copy || bs_event_is_artificial(event));
}

/* Keeps the place: a sum of sizes. A stream is asked for by position and gives every byte from
 * there, so where log_pos tells another place, events are missing. (Files may have been put
 * together: their positions are what they are.) */
static enum bs_status
advance(struct bs_walker *w, struct bs_error *err) {
    const struct bs_event *event = &w->event;
    w->event_pos = w->pos;
    w->event_end = w->pos;
    w->is_made_up = is_artificial(w, event);
    if (w->is_made_up) {
        return BS_OK;
    }
    w->event_end = w->pos + event->event_size;
    if (w->is_stream && event->log_pos != 0 && (uint32_t)w->event_end != event->log_pos) {
        bs_error_set(err, BS_PROTOCOL,
                     "binlog position jumped: event %s ends at %" PRIu32
                     " by its header, at %" PRIu64 " by the sizes before it",
                     bs_event_type_name(event->type), event->log_pos, w->event_end);
        return bs_error_hint(err, "events are missing or were inserted on the way from the source: "
                                  "run again");
    }
    w->pos = w->event_end;
    return BS_OK;
}

static enum bs_status
check_sum(struct bs_walker *w, struct bs_error *err) {
    if (w->event.type == BS_EVENT_FORMAT_DESCRIPTION) {
        return BS_OK; /* bs_format_parse does it: the event itself says whether it is summed */
    }
    bool expected = w->has_format ? w->format.checksum == BS_CHECKSUM_CRC32 : w->sums;
    if (w->event.type == BS_EVENT_ROTATE && is_artificial(w, &w->event) && !expected) {
        expected = bs_event_checksum_is_right(w->raw);
    }
    return expected ? bs_event_strip_checksum(&w->event, w->raw, err) : BS_OK;
}

static enum bs_status
on_format(struct bs_walker *w, struct bs_error *err) {
    struct bs_format format;
    enum bs_status status = bs_format_parse(&format, &w->event, w->raw, err);
    if (status == BS_OK) {
        w->format = format;
        w->has_format = true;
        bs_maps_forget(&w->maps);
    }
    return status;
}

/* At the end of a file of a stream, an artificial one comes behind the real one. */
static enum bs_status
on_rotate(struct bs_walker *w, struct bs_error *err) {
    struct bs_place next;
    enum bs_status status = bs_rotate_parse(&next, &w->event, err);
    if (status == BS_OK && is_artificial(w, &w->event)) {
        free(w->file);
        w->file = bs_strndup(next.file.data, next.file.len);
        w->pos = w->event_pos = w->event_end = next.pos;
    }
    return status;
}

/* In a file, what follows is encrypted; a server decrypts what it streams. */
static enum bs_status
on_start_encryption(struct bs_walker *w, struct bs_error *err) {
    if (w->is_stream) {
        return BS_OK;
    }
    bs_error_set(err, BS_PROTOCOL, "the binlog file is encrypted at rest (START_ENCRYPTION)");
    return bs_error_hint(err, "read it from its server, which decrypts it: --source URI");
}

static enum bs_status
on_table_map(struct bs_walker *w, struct bs_walked *walked, struct bs_error *err) {
    if (w->maps.by_id.count > MAPS_MAX && !w->in_statement) {
        bs_maps_forget(&w->maps);
    }
    w->in_statement = true;
    return bs_maps_learn(&w->maps, &walked->event, &w->format, &walked->map, err);
}

static enum bs_status
on_rows(struct bs_walker *w, struct bs_walked *walked, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(walked->event.body.data, walked->event.body.len);
    uint64_t table_id = bs_cursor_read_u48(&c);
    bool statement_end = (bs_cursor_read_u16(&c) & BS_ROWS_STMT_END) != 0;
    if (c.failed) {
        return bs_error_set(err, BS_PROTOCOL, "malformed rows event");
    }
    walked->map = bs_maps_find(&w->maps, table_id);
    w->lacks_map = walked->map == NULL && !(table_id == BS_TABLE_ID_DUMMY && statement_end);
    if (w->lacks_map) {
        bs_error_set(err, BS_PROTOCOL,
                     "rows event of table number %" PRIu64 " without its TABLE_MAP event",
                     table_id);
        return bs_error_hint(err, "begin further in front, where its transaction does; of relay "
                                  "logs, that may be in the file before");
    }
    if (statement_end) {
        bs_maps_end_statement(&w->maps);
        w->in_statement = false;
    }
    return bs_event_expand(&walked->event, &w->inflated, err);
}

/* The last one makes the event whole. */
static enum bs_status
on_fragment(struct bs_walker *w, const struct bs_event *event, struct bs_error *err) {
    struct bs_fragment fragment;
    enum bs_status status = bs_fragment_parse(&fragment, event, err);
    if (status != BS_OK) {
        return status;
    }
    if (fragment.number == 1 && !has_open_fragments(w)) {
        bs_buf_clear(&w->fragments);
        w->fragment_count = fragment.count;
        w->fragment_seen = 0;
        w->fragments_size = fragment.size;
    }
    if (fragment.count != w->fragment_count || fragment.number != w->fragment_seen + 1 ||
        w->fragments.len + fragment.chunk.len > BS_EVENT_LEN_MAX) {
        return bad_fragment(err);
    }
    bs_buf_put_str(&w->fragments, fragment.chunk);
    w->fragment_seen++;
    w->fragments_done = w->fragment_seen == w->fragment_count;
    if (w->fragments_done && w->fragments_size != 0 && w->fragments.len != w->fragments_size) {
        return bad_fragment(err);
    }
    return BS_OK;
}

static enum bs_status
refuse(const struct bs_event *event, struct bs_error *err) {
    if ((event->flags & BS_EVENT_FLAG_IGNORABLE) != 0) {
        return BS_OK;
    }
    bs_error_set(err, BS_PROTOCOL, "binlog event %s is not known", bs_event_type_name(event->type));
    return bs_error_hint(err, "it cannot be skipped safely: a newer binstream may know it");
}

/* Opens one event, from the log or from inside of another. */
static enum bs_status
open_event(struct bs_walker *w, struct bs_walked *walked, struct bs_error *err) {
    if (!w->has_format && !(w->is_stream && is_artificial(w, &walked->event))) {
        return bs_format_refuse_old(&walked->event, err);
    }
    if (w->checksums_only && walked->event.type != BS_EVENT_ROTATE &&
        walked->event.type != BS_EVENT_MARIADB_START_ENCRYPTION) {
        return BS_OK;
    }
    if (has_open_fragments(w) && walked->event.type != BS_EVENT_MARIADB_PARTIAL_ROW_DATA) {
        return bad_fragment(err);
    }
    switch (bs_event_plain_type(walked->event.type)) {
    case BS_EVENT_TABLE_MAP:
        return on_table_map(w, walked, err);
    case BS_EVENT_WRITE_ROWS_V1:
    case BS_EVENT_UPDATE_ROWS_V1:
    case BS_EVENT_DELETE_ROWS_V1:
    case BS_EVENT_WRITE_ROWS_V2:
    case BS_EVENT_UPDATE_ROWS_V2:
    case BS_EVENT_DELETE_ROWS_V2:
    case BS_EVENT_PARTIAL_UPDATE_ROWS:
        return on_rows(w, walked, err);
    case BS_EVENT_MARIADB_PARTIAL_ROW_DATA:
        return walked->inner > 0 || walked->is_whole ? bad_fragment(err)
                                                     : on_fragment(w, &walked->event, err);
    case BS_EVENT_TRANSACTION_PAYLOAD:
        if (walked->inner > 0) {
            return bs_error_set(err, BS_PROTOCOL, "TRANSACTION_PAYLOAD inside TRANSACTION_PAYLOAD");
        }
        w->inner = 0;
        return bs_payload_open(&w->payload, walked->event.body, err);
    case BS_EVENT_ROTATE:
        return on_rotate(w, err);
    case BS_EVENT_MARIADB_START_ENCRYPTION:
        return on_start_encryption(w, err);
    default:
        return bs_event_is_known(walked->event.type) ? BS_OK : refuse(&walked->event, err);
    }
}

enum bs_status
bs_walker_push(struct bs_walker *w, struct bs_str raw, struct bs_error *err) {
    BS_ASSERT(!w->payload.open && !w->fragments_done);
    w->raw = raw;
    w->event_pos = w->pos;
    w->lacks_map = false;
    enum bs_status status = bs_event_parse(&w->event, raw, err);
    if (status == BS_OK) {
        status = check_sum(w, err);
    }
    if (status == BS_OK && w->event.type == BS_EVENT_FORMAT_DESCRIPTION) {
        status = on_format(w, err);
    }
    if (status == BS_OK) {
        status = advance(w, err);
    }
    if (status != BS_OK) {
        return fail(w, status, err);
    }
    w->is_given = false;
    return BS_OK;
}

static struct bs_walked
walked_of(const struct bs_walker *w, const struct bs_event *event) {
    return (struct bs_walked){.event = *event,
                              .logged_type = event->type,
                              .file = w->file,
                              .pos = w->event_pos,
                              .is_made_up = w->is_made_up,
                              .end = w->event_end,
                              .is_mariadb = w->has_format && w->format.is_mariadb,
                              .sums = w->has_format && w->format.checksum == BS_CHECKSUM_CRC32};
}

static enum bs_status
next_inner(struct bs_walker *w, struct bs_walked *walked, bool *more, struct bs_error *err) {
    struct bs_str raw;
    struct bs_event event;
    enum bs_status status = bs_payload_next(&w->payload, &raw, err);
    if (status != BS_OK || raw.len == 0) {
        *more = false;
        return status;
    }
    status = bs_event_parse(&event, raw, err);
    if (status != BS_OK) {
        return status;
    }
    *walked = walked_of(w, &event);
    walked->inner = ++w->inner;
    return open_event(w, walked, err);
}

/* The event that the fragments made. Its own checksum went with them. */
static enum bs_status
next_whole(struct bs_walker *w, struct bs_walked *walked, struct bs_error *err) {
    struct bs_event event;
    w->fragments_done = false;
    w->fragment_count = 0;
    w->fragment_seen = 0;
    if (bs_event_parse(&event, bs_buf_str(&w->fragments), err) != BS_OK ||
        !bs_event_is_rows(event.type)) {
        return bad_fragment(err);
    }
    *walked = walked_of(w, &event);
    walked->is_whole = true;
    return open_event(w, walked, err);
}

enum bs_status
bs_walker_next(struct bs_walker *w, struct bs_walked *walked, bool *more, struct bs_error *err) {
    enum bs_status status = BS_OK;
    *more = true;
    if (!w->is_given) {
        w->is_given = true;
        *walked = walked_of(w, &w->event);
        status = open_event(w, walked, err);
        walked->pos = w->event_pos; /* a ROTATE of a stream has moved them */
        walked->end = w->event_end;
        walked->file = w->file;
    } else if (w->payload.open) {
        status = next_inner(w, walked, more, err);
    } else if (w->fragments_done) {
        status = next_whole(w, walked, err);
    } else {
        *more = false;
    }
    return status == BS_OK ? BS_OK : fail(w, status, err);
}
