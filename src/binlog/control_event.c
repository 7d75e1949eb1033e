#include "binlog/control_event.h"

static enum bs_status
finish(const struct bs_cursor *c, const struct bs_event *event, struct bs_error *err) {
    return c->failed ? bs_error_set(err, BS_PROTOCOL, "malformed %s event of %zu bytes",
                                    bs_event_type_name(event->type), event->body.len)
                     : BS_OK;
}

static bool
is_file_name(struct bs_str name) {
    enum { NAME_LEN_MAX = 512 };
    return name.len > 0 && name.len <= NAME_LEN_MAX && memchr(name.data, '\0', name.len) == NULL;
}

enum bs_status
bs_rotate_parse(struct bs_place *place, const struct bs_event *event, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    place->pos = bs_cursor_read_u64(&c);
    place->file = bs_cursor_read_rest(&c);
    c.failed = c.failed || !is_file_name(place->file);
    return finish(&c, event, err);
}

/* Version 2: type, length, value, each length-encoded, the value inside its length. */
static void
read_heartbeat_v2(struct bs_place *place, struct bs_cursor *c) {
    enum { FIELD_END = 0, FIELD_FILE = 1, FIELD_POS = 2 };
    for (uint64_t field; !c->failed && (field = bs_cursor_read_lenenc(c)) != FIELD_END;) {
        struct bs_str value = bs_cursor_read_lenenc_str(c);
        struct bs_cursor v = bs_cursor(value.data, value.len);
        if (field == FIELD_FILE) {
            place->file = value;
        } else if (field == FIELD_POS) {
            place->pos = bs_cursor_read_lenenc(&v);
        }
        c->failed = c->failed || v.failed;
    }
}

/* Version 1: the file's name; MariaDB puts the position in front where log_pos cannot hold it. */
enum bs_status
bs_heartbeat_parse(struct bs_place *place, const struct bs_event *event, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    *place = (struct bs_place){{"", 0}, event->log_pos};
    if (event->type == BS_EVENT_HEARTBEAT_V2) {
        read_heartbeat_v2(place, &c);
        return finish(&c, event, err);
    }
    if (event->log_pos == 0 && event->body.len > 8 && memchr(event->body.data, '\0', 8) != NULL) {
        place->pos = bs_cursor_read_u64(&c);
    }
    place->file = bs_cursor_read_rest(&c);
    return finish(&c, event, err);
}

enum bs_status
bs_incident_parse(struct bs_incident *incident, const struct bs_event *event,
                  struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    incident->code = bs_cursor_read_u16(&c);
    size_t len = bs_cursor_left(&c) > 0 ? bs_cursor_read_u8(&c) : 0;
    incident->message = bs_cursor_read_str(&c, len);
    return finish(&c, event, err);
}

enum bs_status
bs_xa_prepare_parse(struct bs_xa_prepare *xa, const struct bs_event *event, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    xa->one_phase = bs_cursor_read_u8(&c) != 0;
    xa->name.format_id = bs_cursor_read_u32(&c);
    size_t gtrid_len = bs_cursor_read_u32(&c);
    size_t bqual_len = bs_cursor_read_u32(&c);
    xa->name.gtrid = bs_cursor_read_str(&c, gtrid_len);
    xa->name.bqual = bs_cursor_read_str(&c, bqual_len);
    return finish(&c, event, err);
}

enum bs_status
bs_xid_parse(uint64_t *xid, const struct bs_event *event, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    *xid = bs_cursor_read_u64(&c);
    return finish(&c, event, err);
}

enum bs_status
bs_gtid_list_parse(struct bs_gtid_list *list, const struct bs_event *event, struct bs_error *err) {
    enum { COUNT_BITS = 28, ENTRY_LEN = 16 };
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    uint32_t head = bs_cursor_read_u32(&c);
    list->flags = (uint8_t)(head >> COUNT_BITS);
    list->count = head & ((1u << COUNT_BITS) - 1);
    c.failed = c.failed || bs_cursor_left(&c) / ENTRY_LEN < list->count;
    list->entries = c;
    return finish(&c, event, err);
}

void
bs_gtid_list_next(struct bs_gtid_list *list, uint32_t *domain, uint32_t *server_id,
                  uint64_t *number) {
    *domain = bs_cursor_read_u32(&list->entries);
    *server_id = bs_cursor_read_u32(&list->entries);
    *number = bs_cursor_read_u64(&list->entries);
}

enum bs_status
bs_checkpoint_parse(struct bs_str *file, const struct bs_event *event, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    size_t len = bs_cursor_read_u32(&c);
    *file = bs_cursor_read_str(&c, len);
    c.failed = c.failed || !is_file_name(*file);
    return finish(&c, event, err);
}

enum bs_status
bs_start_encryption_parse(struct bs_start_encryption *start, const struct bs_event *event,
                          struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    start->scheme = bs_cursor_read_u8(&c);
    start->key_version = bs_cursor_read_u32(&c);
    return finish(&c, event, err);
}

enum bs_status
bs_annotation_parse(struct bs_str *sql, const struct bs_event *event, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    if (event->type == BS_EVENT_ROWS_QUERY) {
        bs_cursor_skip(&c, 1);
    }
    *sql = bs_cursor_read_rest(&c);
    return finish(&c, event, err);
}

enum bs_status
bs_fragment_parse(struct bs_fragment *fragment, const struct bs_event *event,
                  struct bs_error *err) {
    enum { HAS_SIZE = 1 };
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    *fragment = (struct bs_fragment){.count = bs_cursor_read_u32(&c)};
    fragment->number = bs_cursor_read_u32(&c);
    fragment->has_size = (bs_cursor_read_u8(&c) & HAS_SIZE) != 0;
    fragment->size = fragment->has_size ? bs_cursor_read_u64(&c) : 0;
    fragment->chunk = bs_cursor_read_rest(&c);
    c.failed = c.failed || fragment->number == 0 || fragment->number > fragment->count;
    return finish(&c, event, err);
}
