#include "binlog/gtid_event.h"

#include "binlog/gtid_set.h"

enum { UUID_LEN = 16, LOGICAL_CLOCK = 2 };

uint64_t
bs_cursor_read_svli(struct bs_cursor *c) {
    uint8_t first = bs_cursor_read_u8(c);
    unsigned ones = 0;
    while (ones < 8 && (first >> ones & 1) != 0) {
        ones++;
    }
    if (ones == 0) {
        return first >> 1;
    }
    uint64_t rest = bs_cursor_read_le(c, ones);
    if (ones >= 7) {
        return rest; /* no bit of the first byte is left for the value */
    }
    return rest << (7 - ones) | (uint64_t)(first >> (ones + 1));
}

int64_t
bs_cursor_read_svli_signed(struct bs_cursor *c) {
    uint64_t v = bs_cursor_read_svli(c);
    int64_t magnitude = (int64_t)(v >> 1);
    return (v & 1) != 0 ? -magnitude - 1 : magnitude;
}

/* Field guide 3.8: every field after the GNO is there only if bytes remain. */
static void
parse_mysql(struct bs_gtid_event *out, struct bs_cursor *c, bool anonymous) {
    bs_cursor_skip(c, 1);
    struct bs_str uuid = bs_cursor_read_str(c, UUID_LEN);
    out->gtid.number = bs_cursor_read_u64(c);
    out->gtid.known = !anonymous;
    out->gtid.flavour = BS_MYSQL;
    if (c->failed) {
        return;
    }
    memcpy(out->gtid.uuid, uuid.data, UUID_LEN);
    enum { CLOCK_LEN = 17, TIMESTAMP_LEN = 7 };
    if (bs_cursor_left(c) < CLOCK_LEN + TIMESTAMP_LEN || c->at[0] != LOGICAL_CLOCK) {
        return;
    }
    bs_cursor_skip(c, CLOCK_LEN);
    uint64_t committed = bs_cursor_read_le(c, TIMESTAMP_LEN);
    out->commit_us = committed & ~((uint64_t)1 << 55); /* that bit: an original timestamp follows */
}

static void
parse_tagged_uuid(struct bs_gtid *gtid, struct bs_cursor *c) {
    for (size_t i = 0; i < UUID_LEN; i++) {
        uint64_t byte = bs_cursor_read_svli(c);
        c->failed = c->failed || byte > UINT8_MAX;
        gtid->uuid[i] = (uint8_t)byte;
    }
}

static void
parse_tag(struct bs_gtid *gtid, struct bs_cursor *c) {
    uint64_t len = bs_cursor_read_svli(c);
    struct bs_str tag = bs_cursor_read_str(c, len);
    if (c->failed || !bs_tag_is_valid(tag)) {
        c->failed = true;
        return;
    }
    memcpy(gtid->tag, tag.data, tag.len);
    gtid->tag[tag.len] = '\0';
}

/* Field guide 3.9: fields by number; absent ones are simply missing; the first unknown one ends
 * what can be read, and is an error if the message says that it must not be ignored. */
static void
parse_tagged(struct bs_gtid_event *out, struct bs_cursor *c) {
    enum {
        FIELD_FLAGS,
        FIELD_UUID,
        FIELD_GNO,
        FIELD_TAG,
        FIELD_LAST_COMMITTED,
        FIELD_SEQUENCE,
        FIELD_COMMITTED,
        FIELD_LAST_KNOWN = 11
    };
    enum { HAS_NAME = 1 << FIELD_UUID | 1 << FIELD_GNO };
    const uint8_t *start = c->at;
    uint64_t version = bs_cursor_read_svli(c);
    uint64_t size = bs_cursor_read_svli(c);
    uint64_t must_know = bs_cursor_read_svli(c);
    if (c->failed || version != 1 || size > (uint64_t)(c->end - start) ||
        must_know > FIELD_LAST_KNOWN + 1) {
        c->failed = true;
        return;
    }
    c->end = start + size;
    c->failed = c->at > c->end;
    unsigned seen = 0;
    while (!c->failed && c->at < c->end) {
        uint64_t field = bs_cursor_read_svli(c);
        if (field > FIELD_LAST_KNOWN) {
            break;
        }
        seen |= 1u << field;
        switch (field) {
        case FIELD_UUID:
            parse_tagged_uuid(&out->gtid, c);
            break;
        case FIELD_GNO:
            out->gtid.number = (uint64_t)bs_cursor_read_svli_signed(c);
            break;
        case FIELD_TAG:
            parse_tag(&out->gtid, c);
            break;
        case FIELD_COMMITTED:
            out->commit_us = bs_cursor_read_svli(c);
            break;
        default:
            (void)bs_cursor_read_svli(c);
            break;
        }
    }
    c->failed = c->failed || (seen & HAS_NAME) != HAS_NAME;
    out->gtid.known = true;
    out->gtid.flavour = BS_MYSQL;
}

/* Field guide 3.10. Commit id and XA data can both be there; zero bytes may follow. */
static void
parse_mariadb(struct bs_gtid_event *out, struct bs_cursor *c, uint32_t server_id) {
    out->gtid.known = true;
    out->gtid.flavour = BS_MARIADB;
    out->gtid.server_id = server_id;
    out->gtid.number = bs_cursor_read_u64(c);
    out->gtid.domain = bs_cursor_read_u32(c);
    out->flags = bs_cursor_read_u8(c);
    if ((out->flags & BS_MARIADB_GROUP_COMMIT_ID) != 0) {
        bs_cursor_skip(c, 8);
    }
    if ((out->flags & (BS_MARIADB_PREPARED_XA | BS_MARIADB_COMPLETED_XA)) != 0) {
        bs_cursor_skip(c, 4);
        size_t gtrid_len = bs_cursor_read_u8(c);
        size_t bqual_len = bs_cursor_read_u8(c);
        bs_cursor_skip(c, gtrid_len + bqual_len);
    }
    if (!c->failed && bs_cursor_left(c) > 0) {
        out->extra = bs_cursor_read_u8(c);
    }
}

enum bs_status
bs_gtid_event_parse(struct bs_gtid_event *out, const struct bs_event *event, struct bs_error *err) {
    *out = (struct bs_gtid_event){0};
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    if (event->type == BS_EVENT_MARIADB_GTID) {
        parse_mariadb(out, &c, event->server_id);
    } else if (event->type == BS_EVENT_GTID_TAGGED) {
        parse_tagged(out, &c);
    } else {
        parse_mysql(out, &c, event->type == BS_EVENT_ANONYMOUS_GTID);
    }
    bool bad_number = out->gtid.known && out->gtid.flavour == BS_MYSQL &&
                      (out->gtid.number == 0 || out->gtid.number >= INT64_MAX);
    if (c.failed || bad_number) {
        return bs_error_set(err, BS_PROTOCOL, "malformed %s event of %zu bytes",
                            bs_event_type_name(event->type), event->body.len);
    }
    return BS_OK;
}
