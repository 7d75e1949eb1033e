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

static void
read_logical_clock(struct bs_gtid_event *out, struct bs_cursor *c) {
    bs_cursor_skip(c, 1);
    out->last_committed = (int64_t)bs_cursor_read_u64(c);
    out->sequence_number = (int64_t)bs_cursor_read_u64(c);
    out->has |= BS_GTID_LOGICAL_CLOCK;
}

/* The top bit of the seven bytes says that seven more follow. */
static void
read_timestamps(struct bs_gtid_event *out, struct bs_cursor *c) {
    enum { LEN = 7 };
    const uint64_t more = (uint64_t)1 << 55;
    uint64_t committed = bs_cursor_read_le(c, LEN);
    out->commit_us = committed & ~more;
    out->has |= BS_GTID_COMMIT;
    if ((committed & more) != 0) {
        out->original_commit_us = bs_cursor_read_le(c, LEN);
        out->has |= BS_GTID_ORIGINAL_COMMIT;
    }
}

static void
read_versions(struct bs_gtid_event *out, struct bs_cursor *c) {
    const uint32_t more = (uint32_t)1 << 31;
    uint32_t version = bs_cursor_read_u32(c);
    out->version = version & ~more;
    out->has |= BS_GTID_VERSION;
    if ((version & more) != 0) {
        out->original_version = bs_cursor_read_u32(c);
        out->has |= BS_GTID_ORIGINAL_VERSION;
    }
}

/* Field guide 3.8: every field after the GNO is there only if bytes remain. */
static void
parse_mysql(struct bs_gtid_event *out, struct bs_cursor *c, bool anonymous) {
    enum { CLOCK_LEN = 17, TIMESTAMP_LEN = 7, VERSION_LEN = 4, TICKET_LEN = 8 };
    out->flags = bs_cursor_read_u8(c);
    struct bs_str uuid = bs_cursor_read_str(c, UUID_LEN);
    out->gtid.number = bs_cursor_read_u64(c);
    out->gtid.known = !anonymous;
    out->gtid.flavour = BS_MYSQL;
    if (c->failed) {
        return;
    }
    memcpy(out->gtid.uuid, uuid.data, UUID_LEN);
    if (bs_cursor_left(c) < CLOCK_LEN || c->at[0] != LOGICAL_CLOCK) {
        return;
    }
    read_logical_clock(out, c);
    if (bs_cursor_left(c) >= TIMESTAMP_LEN) {
        read_timestamps(out, c);
    }
    if (bs_cursor_left(c) > 0) {
        out->length = bs_cursor_read_lenenc(c);
        out->has |= BS_GTID_LENGTH;
    }
    if (bs_cursor_left(c) >= VERSION_LEN) {
        read_versions(out, c);
    }
    if (bs_cursor_left(c) >= TICKET_LEN) {
        out->ticket = bs_cursor_read_u64(c);
        out->has |= BS_GTID_TICKET;
    }
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

enum tagged_field {
    FIELD_FLAGS,
    FIELD_UUID,
    FIELD_GNO,
    FIELD_TAG,
    FIELD_LAST_COMMITTED,
    FIELD_SEQUENCE,
    FIELD_COMMIT,
    FIELD_ORIGINAL_COMMIT,
    FIELD_LENGTH,
    FIELD_VERSION,
    FIELD_ORIGINAL_VERSION,
    FIELD_TICKET,
    FIELD_COUNT
};

static void
read_tagged_field(struct bs_gtid_event *out, enum tagged_field field, struct bs_cursor *c) {
    static const uint32_t bits[FIELD_COUNT] = {
        [FIELD_LAST_COMMITTED] = BS_GTID_LOGICAL_CLOCK,
        [FIELD_SEQUENCE] = BS_GTID_LOGICAL_CLOCK,
        [FIELD_COMMIT] = BS_GTID_COMMIT,
        [FIELD_ORIGINAL_COMMIT] = BS_GTID_ORIGINAL_COMMIT,
        [FIELD_LENGTH] = BS_GTID_LENGTH,
        [FIELD_VERSION] = BS_GTID_VERSION,
        [FIELD_ORIGINAL_VERSION] = BS_GTID_ORIGINAL_VERSION,
        [FIELD_TICKET] = BS_GTID_TICKET,
    };
    out->has |= bits[field];
    switch (field) {
    case FIELD_FLAGS:
        out->flags = (uint8_t)bs_cursor_read_svli(c);
        break;
    case FIELD_UUID:
        parse_tagged_uuid(&out->gtid, c);
        break;
    case FIELD_GNO:
        out->gtid.number = (uint64_t)bs_cursor_read_svli_signed(c);
        break;
    case FIELD_TAG:
        parse_tag(&out->gtid, c);
        break;
    case FIELD_LAST_COMMITTED:
        out->last_committed = bs_cursor_read_svli_signed(c);
        break;
    case FIELD_SEQUENCE:
        out->sequence_number = bs_cursor_read_svli_signed(c);
        break;
    case FIELD_COMMIT:
        out->commit_us = bs_cursor_read_svli(c);
        break;
    case FIELD_ORIGINAL_COMMIT:
        out->original_commit_us = bs_cursor_read_svli(c);
        break;
    case FIELD_LENGTH:
        out->length = bs_cursor_read_svli(c);
        break;
    case FIELD_VERSION:
        out->version = (uint32_t)bs_cursor_read_svli(c);
        break;
    case FIELD_ORIGINAL_VERSION:
        out->original_version = (uint32_t)bs_cursor_read_svli(c);
        break;
    case FIELD_TICKET:
        out->ticket = bs_cursor_read_svli(c);
        break;
    case FIELD_COUNT:
        break;
    }
}

/* Field guide 3.9: fields by number; absent ones are simply missing; the first unknown one ends
 * what can be read, and is an error if the message says that it must not be ignored. */
static void
parse_tagged(struct bs_gtid_event *out, struct bs_cursor *c) {
    enum { HAS_NAME = 1 << FIELD_UUID | 1 << FIELD_GNO };
    const uint8_t *start = c->at;
    uint64_t version = bs_cursor_read_svli(c);
    uint64_t size = bs_cursor_read_svli(c);
    uint64_t must_know = bs_cursor_read_svli(c);
    if (c->failed || version != 1 || size > (uint64_t)(c->end - start) || must_know > FIELD_COUNT) {
        c->failed = true;
        return;
    }
    c->end = start + size;
    c->failed = c->at > c->end;
    unsigned seen = 0;
    while (!c->failed && c->at < c->end) {
        uint64_t field = bs_cursor_read_svli(c);
        if (field >= FIELD_COUNT) {
            break;
        }
        seen |= 1u << field;
        read_tagged_field(out, (enum tagged_field)field, c);
    }
    c->failed = c->failed || (seen & HAS_NAME) != HAS_NAME;
    out->gtid.known = true;
    out->gtid.flavour = BS_MYSQL;
}

static void
read_mariadb_xa(struct bs_gtid_event *out, struct bs_cursor *c) {
    out->xa.format_id = bs_cursor_read_u32(c);
    size_t gtrid_len = bs_cursor_read_u8(c);
    size_t bqual_len = bs_cursor_read_u8(c);
    out->xa.gtrid = bs_cursor_read_str(c, gtrid_len);
    out->xa.bqual = bs_cursor_read_str(c, bqual_len);
}

static void
read_mariadb_extra(struct bs_gtid_event *out, struct bs_cursor *c) {
    out->extra = bs_cursor_read_u8(c);
    if ((out->extra & BS_MARIADB_MULTI_ENGINE) != 0) {
        out->extra_engines = bs_cursor_read_u8(c);
    }
    if ((out->extra & (BS_MARIADB_COMMIT_ALTER | BS_MARIADB_ROLLBACK_ALTER)) != 0) {
        out->sa_seq_no = bs_cursor_read_u64(c);
    }
    if ((out->extra & BS_MARIADB_THREAD_ID) != 0) {
        out->thread_id = bs_cursor_read_u32(c);
    }
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
        out->commit_id = bs_cursor_read_u64(c);
    }
    if ((out->flags & (BS_MARIADB_PREPARED_XA | BS_MARIADB_COMPLETED_XA)) != 0) {
        read_mariadb_xa(out, c);
    }
    if (!c->failed && bs_cursor_left(c) > 0) {
        read_mariadb_extra(out, c);
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
