#include "binlog/gtid_event.h"

#include <criterion/criterion.h>

static struct bs_event
event_of(uint8_t type, const void *body, size_t len) {
    return (struct bs_event){.type = type, .server_id = 9, .body = {body, len}};
}

static uint64_t
svli(const char *bytes, size_t len) {
    struct bs_cursor c = bs_cursor(bytes, len);
    uint64_t v = bs_cursor_read_svli(&c);
    cr_assert(!c.failed && bs_cursor_left(&c) == 0);
    return v;
}

Test(gtid_event, serialized_integers_of_every_length) {
    cr_assert_eq(svli("\x00", 1), 0);
    cr_assert_eq(svli("\xfe", 1), 127);
    cr_assert_eq(svli("\xfb\xff\x07", 3), 65535);
    cr_assert_eq(svli("\x01\x02", 2), 128);
    cr_assert_eq(svli("\x7f\x01\x02\x03\x04\x05\x06\x07", 8), 0x07060504030201u);
    cr_assert_eq(svli("\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9), UINT64_MAX);
    struct bs_cursor c = bs_cursor("\xeb\xff\x0f", 3);
    cr_assert_eq(bs_cursor_read_svli_signed(&c), -65535);
    c = bs_cursor("\xff\x01", 2);
    (void)bs_cursor_read_svli(&c);
    cr_assert(c.failed);
}

Test(gtid_event, fields_of_later_versions_are_read_only_if_they_are_there) {
    uint8_t body[60] = {1, 0xAA, [17] = 5, [25] = 2, [42] = 0x10, 0x27, 0, 0, 0, 0, 0x80, [49] = 7};
    struct bs_gtid_event out;
    for (size_t len = 25; len <= sizeof body; len++) {
        struct bs_event event = event_of(BS_EVENT_GTID, body, len);
        bool promised = len >= 49 && len < 56; /* the original timestamp is, and is not there */
        cr_assert_eq(bs_gtid_event_parse(&out, &event, NULL), promised ? BS_PROTOCOL : BS_OK);
        if (promised) {
            continue;
        }
        cr_assert_eq(out.gtid.number, 5);
        cr_assert_eq(out.gtid.uuid[0], 0xAA);
        cr_assert_eq(out.commit_us, len >= 49 ? 10000 : 0);
    }
    struct bs_event event = event_of(BS_EVENT_GTID, body, 24);
    cr_assert_eq(bs_gtid_event_parse(&out, &event, NULL), BS_PROTOCOL);
}

Test(gtid_event, an_anonymous_one_has_no_name) {
    uint8_t body[42] = {0};
    struct bs_gtid_event out;
    struct bs_event event = event_of(BS_EVENT_ANONYMOUS_GTID, body, sizeof body);
    cr_assert_eq(bs_gtid_event_parse(&out, &event, NULL), BS_OK);
    cr_assert(!out.gtid.known);
    event.type = BS_EVENT_GTID; /* with a name, it needs a number */
    cr_assert_eq(bs_gtid_event_parse(&out, &event, NULL), BS_PROTOCOL);
}

/* A message as MySQL 8.3 and later write it: UUID ff 00 .. 00, number 3, tag "ab". */
static const uint8_t tagged[] = {
    0x02, 0x44, 0x00,                     /* version 1, 34 bytes, nothing that must be known */
    0x00, 0x02,                           /* flags */
    0x02, 0xFD, 0x03, 0,   0,    0,    0, /* uuid, a byte over 0x7F takes two */
    0,    0,    0,    0,   0,    0,    0,
    0,    0,    0,    0,   0x04, 0x0C, /* number: 0x0C >> 1 is 6, and that signed is 3 */
    0x06, 0x04, 'a',  'b',             /* tag */
    0x0C, 0xC1, 0x9C,                  /* field 6: commit time */
    0x10, 0x00,                        /* field 8 */
};

Test(gtid_event, a_tagged_one_is_read_field_by_field) {
    struct bs_gtid_event out;
    struct bs_error err = {0};
    uint8_t message[sizeof tagged];
    memcpy(message, tagged, sizeof tagged);
    message[1] = (uint8_t)(sizeof tagged << 1);
    struct bs_event event = event_of(BS_EVENT_GTID_TAGGED, message, sizeof message);
    cr_assert_eq(bs_gtid_event_parse(&out, &event, &err), BS_OK, "%s", err.message);
    cr_assert_eq(out.gtid.uuid[0], 0xFF);
    cr_assert_eq(out.gtid.uuid[1], 0);
    cr_assert_eq(out.gtid.number, 3);
    cr_assert_str_eq(out.gtid.tag, "ab");
    for (size_t len = 0; len < sizeof message; len++) {
        event.body.len = len;
        cr_assert_eq(bs_gtid_event_parse(&out, &event, NULL), BS_PROTOCOL);
    }
}

Test(gtid_event, a_tagged_one_with_a_field_that_must_be_known_is_refused) {
    struct bs_gtid_event out;
    uint8_t message[sizeof tagged];
    memcpy(message, tagged, sizeof tagged);
    message[1] = (uint8_t)(sizeof tagged << 1);
    message[2] = 13 << 1;
    struct bs_event event = event_of(BS_EVENT_GTID_TAGGED, message, sizeof message);
    cr_assert_eq(bs_gtid_event_parse(&out, &event, NULL), BS_PROTOCOL);
}

Test(gtid_event, mariadb_has_commit_id_and_xa_data_and_padding) {
    uint8_t body[44] = {
        7,        [8] = 2, [12] = BS_MARIADB_GROUP_COMMIT_ID | BS_MARIADB_PREPARED_XA,
        [25] = 3, 2,       [32] = BS_MARIADB_COMMIT_ALTER,
        77};
    struct bs_gtid_event out;
    struct bs_event event = event_of(BS_EVENT_MARIADB_GTID, body, sizeof body);
    cr_assert_eq(bs_gtid_event_parse(&out, &event, NULL), BS_OK);
    cr_assert_eq(out.gtid.number, 7);
    cr_assert_eq(out.gtid.domain, 2);
    cr_assert_eq(out.gtid.server_id, 9);
    cr_assert_eq(out.extra, BS_MARIADB_COMMIT_ALTER);
    cr_assert_eq(out.sa_seq_no, 77);
    cr_assert_eq(out.xa.gtrid.len, 3);
    cr_assert_eq(out.xa.bqual.len, 2);
    event.body.len = 31;
    cr_assert_eq(bs_gtid_event_parse(&out, &event, NULL), BS_PROTOCOL);
}
