/* The stream's side of the decoder: framing, files and positions, and what is handed out.
 *
 * Positions. The place of an event's end is kept as a sum of sizes and held against log_pos, which
 * has 32 bits, is 0 inside MariaDB's transactions from 11.4 on, and is missing in artificial
 * events. By file and position every byte comes, so a difference is an error. By GTID the server
 * leaves out what was asked not to come, so log_pos leads. Rejected: trusting log_pos alone (wraps
 * at 4 GiB), and the sum alone (drifts where events are left out). Field guide 3.1, 2.5. */
#include "binlog/decoder_state.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "binlog/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Where a file's first event is, behind the four bytes that make it a binlog. */
enum { FILE_HEAD = 4 };

/* A new decoder, and each restart. */
static enum bs_status
start_at(struct bs_decoder *d, const struct bs_position *start, bool stream_checksums,
         struct bs_error *err) {
    d->stream_checksums = stream_checksums;
    d->has_format = false;
    d->file_created = 0;
    free(d->file);
    d->file = bs_strdup(start->file != NULL ? start->file : "");
    d->pos = start->pos;
    d->event_pos = start->pos;
    d->file_is_ours = d->mode == BS_POSITION_FILE;
    d->is_file_ended = false;
    d->has_left_open = false;
    d->phase = BS_GROUP_BETWEEN;
    d->begin_given = false;
    d->group = (struct bs_gtid_event){0};
    d->item_count = 0;
    d->item_at = 0;
    d->payload.open = false;
    bs_maps_end_statement(&d->maps);
    bs_maps_forget(&d->maps);
    bs_position_copy(&d->end, start);
    bs_gtid_set_free(d->executed);
    d->executed = bs_gtid_set_new(d->flavour);
    return bs_gtid_set_parse(d->executed, bs_str(start->gtid != NULL ? start->gtid : ""), err);
}

enum bs_status
bs_decoder_new(struct bs_decoder **decoder, enum bs_flavour flavour,
               const struct bs_position *start, enum bs_position_mode mode, bool stream_checksums,
               struct bs_error *err) {
    struct bs_decoder *d = bs_zalloc(sizeof *d);
    d->flavour = flavour;
    d->mode = mode;
    enum bs_status status = start_at(d, start, stream_checksums, err);
    if (status != BS_OK) {
        bs_decoder_free(d);
        d = NULL;
    }
    *decoder = d;
    return status;
}

void
bs_decoder_free(struct bs_decoder *d) {
    if (d == NULL) {
        return;
    }
    bs_maps_forget(&d->maps);
    bs_payload_fini(&d->payload);
    bs_buf_fini(&d->inflated);
    bs_gtid_set_free(d->executed);
    bs_position_fini(&d->end);
    free(d->file);
    free(d);
}

enum bs_status
bs_decoder_restart(struct bs_decoder *d, const struct bs_position *start, bool stream_checksums,
                   struct bs_error *err) {
    return start_at(d, start, stream_checksums, err);
}

/* Between groups, what was passed need not be read again: the end moves with the stream. By GTID
 * the stream may begin before the end, with events of no group; those do not move it back. */
static void
move_end(struct bs_decoder *d) {
    bool same_file = strcmp(d->end.file, d->file) == 0;
    if (d->phase != BS_GROUP_BETWEEN || !d->file_is_ours || (same_file && d->pos <= d->end.pos)) {
        return;
    }
    if (!same_file) {
        free(d->end.file);
        d->end.file = bs_strdup(d->file);
    }
    d->end.pos = d->pos;
}

enum bs_status
bs_decoder_enter_file(struct bs_decoder *d, struct bs_str file, uint64_t pos, bool artificial,
                      struct bs_error *err) {
    bool same = bs_str_is(file, d->file);
    if (d->phase != BS_GROUP_BETWEEN) {
        bs_error_set(err, BS_PROTOCOL, "binlog file ends inside a transaction, the next is %.*s",
                     (int)file.len, file.data);
        return bs_error_hint(err, "the source crashed while it wrote its binlog, and what is "
                                  "missing may be in its tables: make a new snapshot");
    }
    bool first_of_stream = !d->has_format;
    if (artificial && first_of_stream && d->mode == BS_POSITION_FILE && d->file[0] != '\0' &&
        (!same || pos != d->pos)) {
        return bs_error_set(err, BS_PROTOCOL,
                            "the source starts its binlog at %.*s:%" PRIu64
                            " instead of %s:%" PRIu64,
                            (int)file.len, file.data, pos, d->file, d->pos);
    }
    /* By GTID the names may be those of another server: they count once a file was seen from its
     * head because the one before it ended. */
    if (!first_of_stream && !same) {
        d->file_is_ours = true;
    }
    if (!same && artificial && !first_of_stream && !d->is_file_ended) {
        bs_log_place_set(&d->left_open, d->file, d->pos);
        d->left_open_created = d->file_created;
        d->has_left_open = true;
    }
    if (!same) {
        free(d->file);
        d->file = bs_strndup(file.data, file.len);
        d->file_created = 0;
        d->is_file_ended = false;
    }
    d->pos = pos;
    d->event_pos = pos;
    return BS_OK;
}

/* The 64-bit position whose low half is log_pos, at or after least. */
static uint64_t
widen(uint32_t log_pos, uint64_t least) {
    uint64_t pos = (least & ~(uint64_t)UINT32_MAX) | log_pos;
    return pos >= least ? pos : pos + ((uint64_t)1 << 32);
}

static enum bs_status
advance(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    d->event_pos = d->pos;
    bool is_copy = event->type == BS_EVENT_FORMAT_DESCRIPTION && d->mode == BS_POSITION_FILE &&
                   !d->has_format && d->pos > FILE_HEAD;
    if (bs_event_is_artificial(event) || is_copy) {
        return BS_OK;
    }
    uint64_t sum = d->pos + event->event_size;
    if (event->log_pos == 0 || (uint32_t)sum == event->log_pos) {
        d->pos = sum;
        return BS_OK;
    }
    if (d->mode == BS_POSITION_FILE) {
        bs_error_set(err, BS_PROTOCOL,
                     "binlog position jumped: event %s ends at %u by its header, at %" PRIu64
                     " by the sizes before it",
                     bs_event_type_name(event->type), event->log_pos, sum);
        return bs_error_hint(err, "events are missing or were inserted on the way from the source: "
                                  "run again; if it fails again, make a new snapshot");
    }
    d->pos = widen(event->log_pos, sum);
    d->event_pos = d->pos > event->event_size ? d->pos - event->event_size : 0;
    return BS_OK;
}

/* The artificial ROTATE comes before the FORMAT_DESCRIPTION that would tell whether it is summed.
 */
static enum bs_status
check_sum(struct bs_decoder *d, struct bs_event *event, struct bs_error *err) {
    if (event->type == BS_EVENT_FORMAT_DESCRIPTION) {
        return BS_OK; /* bs_format_parse does it: the event itself says whether it is summed */
    }
    bool expected = d->has_format ? d->format.checksum == BS_CHECKSUM_CRC32 : d->stream_checksums;
    if (event->type == BS_EVENT_ROTATE && bs_event_is_artificial(event) && !expected) {
        expected = bs_event_checksum_is_right(d->raw);
    }
    return expected ? bs_event_strip_checksum(event, d->raw, err) : BS_OK;
}

static enum bs_status
fail(const struct bs_decoder *d, enum bs_status status, struct bs_error *err) {
    char where[BS_ERROR_POSITION_MAX];
    bs_decoder_where(d, where, sizeof where);
    (void)bs_error_at(err, "%s", where);
    return status;
}

enum bs_status
bs_decoder_push(struct bs_decoder *d, struct bs_str raw, struct bs_error *err) {
    BS_ASSERT(d->item_at == d->item_count && !d->payload.open);
    d->item_at = 0;
    d->item_count = 0;
    d->raw = raw;
    if (d->phase == BS_GROUP_BETWEEN && d->maps.by_id.count > BS_DECODER_MAPS_MAX) {
        bs_maps_forget(&d->maps);
    }
    enum bs_status status = bs_event_parse(&d->event, raw, err);
    if (status == BS_OK) {
        status = check_sum(d, &d->event, err);
    }
    if (status == BS_OK) {
        status = advance(d, &d->event, err);
    }
    if (status == BS_OK) {
        status = bs_decoder_handle(d, &d->event, err);
    }
    if (status != BS_OK) {
        return fail(d, status, err);
    }
    if (d->item_count == 0 && d->event.type != BS_EVENT_HEARTBEAT &&
        d->event.type != BS_EVENT_HEARTBEAT_V2) {
        move_end(d);
    }
    return BS_OK;
}

/* Takes the next event out of a payload until one yields something, or none is left. */
static enum bs_status
read_payload(struct bs_decoder *d, struct bs_error *err) {
    while (d->payload.open && d->item_at == d->item_count) {
        d->item_at = 0;
        d->item_count = 0;
        struct bs_str raw;
        struct bs_event inner;
        enum bs_status status = bs_payload_next(&d->payload, &raw, err);
        if (status == BS_OK && raw.len == 0) {
            return d->payload_done ? BS_OK
                                   : bs_error_set(err, BS_PROTOCOL,
                                                  "TRANSACTION_PAYLOAD without the end of its "
                                                  "transaction");
        }
        if (status == BS_OK) {
            status = bs_event_parse(&inner, raw, err);
        }
        if (status == BS_OK && d->payload_done) {
            status = bs_error_set(err, BS_PROTOCOL,
                                  "binlog event %s after the end of the transaction in a "
                                  "TRANSACTION_PAYLOAD",
                                  bs_event_type_name(inner.type));
        }
        if (status == BS_OK) {
            status = bs_decoder_handle(d, &inner, err);
        }
        if (status != BS_OK) {
            return status;
        }
    }
    return BS_OK;
}

/* The group is whole: what the decoder calls its end moves behind it. */
static void
commit(struct bs_decoder *d, const struct bs_item *item) {
    if (item->gtid.known) {
        bs_gtid_set_add(d->executed, &item->gtid);
    }
    if (strcmp(d->end.file, d->file) != 0) {
        free(d->end.file);
        d->end.file = bs_strdup(d->file);
    }
    d->end.pos = item->pos;
    d->file_is_ours = true;
}

enum bs_status
bs_decoder_next(struct bs_decoder *d, struct bs_item *item, struct bs_error *err) {
    if (d->item_at == d->item_count && d->payload.open) {
        enum bs_status status = read_payload(d, err);
        if (status != BS_OK) {
            return fail(d, status, err);
        }
    }
    if (d->item_at == d->item_count) {
        item->kind = BS_ITEM_NONE;
        return BS_OK;
    }
    *item = d->items[d->item_at++];
    item->pos = item->ended_before ? d->event_pos : d->pos;
    if (item->kind == BS_ITEM_GROUP_END || item->kind == BS_ITEM_GROUP_ROLLBACK) {
        commit(d, item);
    }
    return BS_OK;
}

bool
bs_decoder_in_group(const struct bs_decoder *d) {
    return d->phase != BS_GROUP_BETWEEN || d->item_at < d->item_count;
}

enum bs_status
bs_decoder_position(const struct bs_decoder *d, struct bs_position *position,
                    struct bs_error *err) {
    (void)err;
    struct bs_buf gtid = {0};
    bs_gtid_set_text(d->executed, &gtid);
    bs_position_set(position, d->end.file, d->end.pos, bs_buf_cstr(&gtid));
    bs_buf_fini(&gtid);
    return BS_OK;
}

void
bs_decoder_where(const struct bs_decoder *d, char *out, size_t cap) {
    char gtid[BS_GTID_TEXT_MAX] = "";
    if (bs_decoder_in_group(d)) {
        bs_gtid_text(&d->group.gtid, gtid);
    }
    (void)snprintf(out, cap, "%s:%" PRIu64 "%s%s%s", d->file[0] != '\0' ? d->file : "binlog",
                   d->event_pos, gtid[0] != '\0' ? " (GTID " : "", gtid,
                   gtid[0] != '\0' ? ")" : "");
}

const char *
bs_decoder_file(const struct bs_decoder *d) {
    return d->file;
}

uint64_t
bs_decoder_pos(const struct bs_decoder *d) {
    return d->pos;
}

uint32_t
bs_decoder_file_created(const struct bs_decoder *d) {
    return d->file_created;
}

bool
bs_decoder_take_left_open(struct bs_decoder *d, struct bs_log_place *place, uint32_t *created) {
    bool has = d->has_left_open;
    *place = d->left_open;
    *created = d->left_open_created;
    d->has_left_open = false;
    return has;
}

uint64_t
bs_decoder_ignored_events(const struct bs_decoder *d) {
    return d->ignored_events;
}
