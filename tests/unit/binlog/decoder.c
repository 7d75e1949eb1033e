/* The decoder over streams made by hand, event by event; and over the golden binlogs, damaged at
 * every byte: whatever comes, it must end in an error or in items, never in a read outside the
 * event. */
#include "binlog/decoder.h"

#include "base/mem.h"
#include "binlog/gtid_event.h"
#include "guess.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

/* ---- a stream by hand -------------------------------------------------------------------------
 */

struct stream {
    struct bs_decoder *decoder;
    struct bs_buf event;
    struct bs_error err;
    uint64_t pos;    /* where the next event starts */
    char items[256]; /* a letter per item: B R S E K */
    struct bs_item last;
    struct bs_statement statement;
    bool crc;
};

static void
open_stream(struct stream *s, enum bs_flavour flavour, enum bs_position_mode mode, const char *gtid,
            uint64_t pos, bool crc) {
    struct bs_position start = {0};
    *s = (struct stream){.pos = pos, .crc = crc};
    bs_position_set(&start, "b.000001", pos, gtid);
    cr_assert_eq(bs_decoder_new(&s->decoder, flavour, &start, mode, crc, &s->err), BS_OK);
    bs_position_fini(&start);
}

static void
close_stream(struct stream *s) {
    bs_decoder_free(s->decoder);
    bs_buf_fini(&s->event);
}

static enum bs_status
push_raw(struct stream *s, const void *bytes, size_t len) {
    char *copy = bs_alloc(len + 1);
    memcpy(copy, bytes, len);
    struct bs_item item;
    enum bs_status status = bs_decoder_push(s->decoder, (struct bs_str){copy, len}, &s->err);
    while (status == BS_OK && (status = bs_decoder_next(s->decoder, &item, &s->err)) == BS_OK &&
           item.kind != BS_ITEM_NONE) {
        size_t n = strlen(s->items);
        s->items[n] = " BRSVEK"[item.kind];
        s->last = item;
    }
    free(copy);
    return status;
}

enum { REAL = 0, ARTIFICIAL = 1, NO_LOG_POS = 2 };

static enum bs_status
push(struct stream *s, uint8_t type, uint16_t flags, int how, const void *body, size_t len) {
    size_t size = BS_EVENT_HEADER_LEN + len + (s->crc ? 4 : 0);
    uint64_t end = how == ARTIFICIAL ? 0 : s->pos + size;
    bs_buf_clear(&s->event);
    bs_buf_put_le(&s->event, how == ARTIFICIAL ? 0 : 1700000000, 4);
    bs_buf_put_u8(&s->event, type);
    bs_buf_put_le(&s->event, 7, 4);
    bs_buf_put_le(&s->event, size, 4);
    bs_buf_put_le(&s->event, how == REAL ? end & UINT32_MAX : 0, 4);
    bs_buf_put_le(&s->event, flags | (how == ARTIFICIAL ? BS_EVENT_FLAG_ARTIFICIAL : 0), 2);
    bs_buf_put(&s->event, body, len);
    if (s->crc) {
        bs_buf_put_le(&s->event, crc32(0, s->event.data, (uInt)s->event.len), 4);
    }
    if (how != ARTIFICIAL) {
        s->pos = end;
    }
    return push_raw(s, s->event.data, s->event.len);
}

static enum bs_status
rotate(struct stream *s, const char *file, uint64_t pos, int how) {
    struct bs_buf body = {0};
    bs_buf_put_le(&body, pos, 8);
    bs_buf_puts(&body, file);
    enum bs_status status = push(s, BS_EVENT_ROTATE, 0, how, body.data, body.len);
    bs_buf_fini(&body);
    if (status == BS_OK) {
        s->pos = pos;
    }
    return status;
}

/* A FORMAT_DESCRIPTION; its last four bytes are the CRC, there whether used or not. */
static enum bs_status
format(struct stream *s, const char *version, int how) {
    uint8_t body[2 + 50 + 4 + 1 + 40 + 1] = {4, 0};
    bool crc = s->crc;
    memcpy(body + 2, version, strlen(version));
    body[56] = 19;
    body[57 + 1] = 13;
    body[57 + 39] = 40; /* the trap of TRANSACTION_PAYLOAD */
    body[97] = crc;
    s->crc = true;
    enum bs_status status = push(s, BS_EVENT_FORMAT_DESCRIPTION, 0, how, body, sizeof body);
    s->crc = crc;
    return status;
}

/* What a stream begins with. Inside a file the description is a copy, which takes no place in it.
 */
static void
head(struct stream *s) {
    uint64_t pos = s->pos;
    cr_assert_eq(rotate(s, "b.000001", pos, ARTIFICIAL), BS_OK, "%s", s->err.message);
    cr_assert_eq(format(s, "8.0.40", pos == 4 ? REAL : NO_LOG_POS), BS_OK, "%s", s->err.message);
    s->pos = pos == 4 ? s->pos : pos;
}

static enum bs_status
query(struct stream *s, const char *sql, int how) {
    uint8_t body[300] = {0};
    size_t len = 13 + 1 + strlen(sql);
    memcpy(body + 14, sql, strlen(sql));
    return push(s, BS_EVENT_QUERY, 0, how, body, len);
}

static enum bs_status
xid(struct stream *s) {
    return push(s, BS_EVENT_XID, 0, REAL, "\1\0\0\0\0\0\0\0", 8);
}

static enum bs_status
gtid_mysql(struct stream *s, uint8_t number) {
    uint8_t body[25] = {0, [1] = 0xAA, [17] = number};
    return push(s, BS_EVENT_GTID, 0, REAL, body, sizeof body);
}

static enum bs_status
gtid_mariadb(struct stream *s, uint8_t number, uint8_t flags) {
    uint8_t body[19] = {number, [12] = flags};
    return push(s, BS_EVENT_MARIADB_GTID, 0, REAL, body, sizeof body);
}

/* Table 5, d.t, one INT column. */
static enum bs_status
map(struct stream *s, int how) {
    static const char body[] = "\5\0\0\0\0\0\1\0\1d\0\1t\0\1\3\0\1";
    return push(s, BS_EVENT_TABLE_MAP, 0, how, body, sizeof body - 1);
}

static enum bs_status
rows(struct stream *s, int how, bool statement_end) {
    char body[] = "\5\0\0\0\0\0\0\0\1\1\0\52\0\0\0";
    body[6] = statement_end;
    return push(s, BS_EVENT_WRITE_ROWS_V1, 0, how, body, sizeof body - 1);
}

#define OK(call) cr_assert_eq((call), BS_OK, "%s", s.err.message)

static void
expect_at(struct stream *s, const char *items, const char *file, uint64_t pos, const char *gtid) {
    struct bs_position position = {0};
    cr_assert_str_eq(s->items, items);
    cr_assert_eq(bs_decoder_position(s->decoder, &position, &s->err), BS_OK);
    cr_assert_str_eq(position.file, file);
    cr_assert_eq(position.pos, pos, "%llu, not %llu", (unsigned long long)position.pos,
                 (unsigned long long)pos);
    cr_assert_str_eq(position.gtid, gtid);
    bs_position_fini(&position);
}

Test(decoder, without_gtids_begin_opens_and_xid_closes_a_group) {
    struct stream s;
    open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", 4, true);
    head(&s);
    uint64_t before = s.pos;
    OK(query(&s, "BEGIN", REAL));
    OK(map(&s, REAL));
    OK(rows(&s, REAL, true));
    cr_assert(bs_decoder_in_group(s.decoder));
    expect_at(&s, "BR", "b.000001", before, "");
    OK(xid(&s));
    cr_assert(!bs_decoder_in_group(s.decoder));
    expect_at(&s, "BRE", "b.000001", s.pos, "");
    OK(query(&s, "CREATE TABLE x (a INT)", REAL));
    expect_at(&s, "BREBSE", "b.000001", s.pos, "");
    close_stream(&s);
}

Test(decoder, a_lone_statement_is_a_group_in_three_steps) {
    struct stream s;
    open_stream(&s, BS_MYSQL, BS_POSITION_GTID_MYSQL, "", 4, true);
    head(&s);
    OK(gtid_mysql(&s, 1));
    cr_assert_str_eq(s.items, "");
    OK(query(&s, "DROP TABLE x", REAL));
    expect_at(&s, "BSE", "b.000001", s.pos, "aa000000-0000-0000-0000-000000000000:1");
    OK(gtid_mysql(&s, 2));
    OK(query(&s, "BEGIN", REAL));
    OK(query(&s, "SAVEPOINT a", REAL));
    OK(query(&s, "CREATE TABLE y (a INT) START TRANSACTION", REAL));
    OK(query(&s, "ROLLBACK", REAL));
    expect_at(&s, "BSEBVSK", "b.000001", s.pos, "aa000000-0000-0000-0000-000000000000:1-2");
    close_stream(&s);
}

Test(decoder, a_group_of_nothing_still_has_its_name) {
    struct stream s;
    open_stream(&s, BS_MYSQL, BS_POSITION_GTID_MYSQL, "", 4, false);
    head(&s);
    OK(gtid_mysql(&s, 9));
    OK(query(&s, "BEGIN", REAL));
    OK(query(&s, "COMMIT", REAL));
    expect_at(&s, "BE", "b.000001", s.pos, "aa000000-0000-0000-0000-000000000000:9");
    OK(gtid_mysql(&s, 10));
    OK(push(&s, BS_EVENT_VIEW_CHANGE, 0, REAL, "x", 1));
    expect_at(&s, "BEBE", "b.000001", s.pos, "aa000000-0000-0000-0000-000000000000:9-10");
    cr_assert_eq(gtid_mysql(&s, 10), BS_PROTOCOL); /* a second time */
    close_stream(&s);
}

Test(decoder, mariadbs_gtid_is_its_begin_and_standalone_ends_itself) {
    struct stream s;
    open_stream(&s, BS_MARIADB, BS_POSITION_GTID_MARIADB, "0-1-3", 4, true);
    head(&s);
    OK(gtid_mariadb(&s, 4, 0));
    cr_assert_str_eq(s.items, "B");
    /* From 11.4 on nothing inside has a position. */
    OK(map(&s, NO_LOG_POS));
    OK(rows(&s, NO_LOG_POS, true));
    OK(xid(&s));
    expect_at(&s, "BRE", "b.000001", s.pos, "0-7-4");
    OK(gtid_mariadb(&s, 5, BS_MARIADB_STANDALONE));
    OK(query(&s, "CREATE TABLE x (a INT)", NO_LOG_POS));
    expect_at(&s, "BREBSE", "b.000001", s.pos, "0-7-5");
    cr_assert(s.last.kind == BS_ITEM_GROUP_END);
    close_stream(&s);
}

Test(decoder, positions_go_on_beyond_four_gigabytes) {
    struct stream s;
    uint64_t start = ((uint64_t)1 << 32) - 60;
    open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", start, true);
    head(&s);
    expect_at(&s, "", "b.000001", start, "");
    OK(query(&s, "BEGIN", REAL));
    OK(xid(&s));
    cr_assert_gt(s.pos, UINT32_MAX);
    expect_at(&s, "BE", "b.000001", s.pos, "");
    close_stream(&s);
}

Test(decoder, a_jump_is_an_error_by_file_and_a_skip_by_gtid) {
    struct stream s;
    open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", 4, true);
    head(&s);
    s.pos += 100;
    cr_assert_eq(query(&s, "BEGIN", REAL), BS_PROTOCOL);
    cr_assert(strstr(s.err.message, "position jumped") != NULL);
    cr_assert(strstr(s.err.position, "b.000001:") != NULL);
    close_stream(&s);

    open_stream(&s, BS_MYSQL, BS_POSITION_GTID_MYSQL, "", 4, true);
    head(&s);
    s.pos += 100;
    OK(gtid_mysql(&s, 3));
    OK(query(&s, "DROP TABLE x", REAL));
    expect_at(&s, "BSE", "b.000001", s.pos, "aa000000-0000-0000-0000-000000000000:3");
    close_stream(&s);
}

Test(decoder, artificial_events_and_heartbeats_move_nothing) {
    struct stream s;
    open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", 4, true);
    head(&s);
    uint64_t pos = s.pos;
    OK(push(&s, BS_EVENT_HEARTBEAT, 0, ARTIFICIAL, "b.000001", 8));
    OK(push(&s, BS_EVENT_HEARTBEAT_V2, 0, ARTIFICIAL, "\1\10b.000001\2\1\4\0", 14));
    OK(rotate(&s, "b.000001", pos, ARTIFICIAL));
    expect_at(&s, "", "b.000001", pos, "");
    OK(rotate(&s, "b.000002", 4, REAL));
    OK(rotate(&s, "b.000002", 4, ARTIFICIAL));
    expect_at(&s, "", "b.000002", 4, "");
    cr_assert_eq(bs_decoder_file_created(s.decoder), 0);
    OK(format(&s, "8.0.40", REAL));
    cr_assert_eq(bs_decoder_file_created(s.decoder), 1700000000);
    close_stream(&s);
}

/* What the stream has left open, if anything, as "file:pos created". */
static const char *
left_open(struct stream *s) {
    static char text[400];
    struct bs_log_place place;
    uint32_t created = 0;
    bool has = bs_decoder_take_left_open(s->decoder, &place, &created);
    (void)snprintf(text, sizeof text, "%s:%d %u", place.file, (int)place.pos, created);
    return has ? text : "";
}

Test(decoder, a_file_that_is_left_without_its_end_is_told_once) {
    struct stream s;
    char expected[64];
    open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", 4, true);
    head(&s);
    (void)snprintf(expected, sizeof expected, "b.000001:%d 1700000000", (int)s.pos);
    cr_expect_str_eq(left_open(&s), "");
    OK(rotate(&s, "b.000002", 4, ARTIFICIAL));
    cr_expect_str_eq(left_open(&s), expected);
    cr_expect_str_eq(left_open(&s), "");
    OK(format(&s, "8.0.40", REAL));
    OK(rotate(&s, "b.000003", 4, REAL));
    OK(rotate(&s, "b.000003", 4, ARTIFICIAL));
    cr_expect_str_eq(left_open(&s), "", "ROTATE is an end");
    OK(format(&s, "8.0.40", REAL));
    OK(push(&s, BS_EVENT_STOP, 0, REAL, "", 0));
    OK(rotate(&s, "b.000004", 4, ARTIFICIAL));
    cr_expect_str_eq(left_open(&s), "", "and so is STOP");
    OK(format(&s, "8.0.40", REAL));
    OK(rotate(&s, "b.000005", 4, ARTIFICIAL));
    cr_expect_str_neq(left_open(&s), "", "of its own file alone");
    close_stream(&s);
}

Test(decoder, a_heartbeat_by_gtid_says_how_far_the_log_was_read) {
    struct stream s;
    open_stream(&s, BS_MYSQL, BS_POSITION_GTID_MYSQL, "", 4, true);
    head(&s);
    uint64_t end = s.pos;
    s.pos += 1000;
    OK(push(&s, BS_EVENT_HEARTBEAT, 0, REAL, "b.000001", 8));
    uint64_t told = bs_decoder_pos(s.decoder);
    cr_assert_gt(told, end + 1000);
    expect_at(&s, "", "b.000001", 4, "");
    OK(push(&s, BS_EVENT_HEARTBEAT_V2, 0, ARTIFICIAL, "\1\10b.000001\2\1\4\0", 14));
    OK(push(&s, BS_EVENT_HEARTBEAT_V2, 0, ARTIFICIAL, "\1\10b.000007\2\3\xfc\xff\xff\0", 16));
    cr_assert_eq(bs_decoder_pos(s.decoder), told);
    close_stream(&s);
}

Test(decoder, a_file_that_ends_inside_a_group_stops) {
    struct stream s;
    open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", 4, true);
    head(&s);
    OK(query(&s, "BEGIN", REAL));
    cr_assert_eq(rotate(&s, "b.000002", 4, ARTIFICIAL), BS_PROTOCOL);
    close_stream(&s);
}

Test(decoder, the_end_by_gtid_does_not_move_back_to_the_head_of_the_file) {
    struct stream s;
    open_stream(&s, BS_MYSQL, BS_POSITION_GTID_MYSQL, "", 5000, true);
    OK(rotate(&s, "b.000001", 4, ARTIFICIAL));
    OK(format(&s, "8.0.40", REAL));
    OK(push(&s, BS_EVENT_PREVIOUS_GTIDS, 0x80, REAL, "\0\0\0\0\0\0\0\0", 8));
    expect_at(&s, "", "b.000001", 5000, "");
    close_stream(&s);
}

Test(decoder, a_restart_forgets_the_open_group_and_the_maps) {
    struct stream s;
    open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", 4, true);
    head(&s);
    uint64_t pos = s.pos;
    OK(query(&s, "BEGIN", REAL));
    OK(map(&s, REAL));
    struct bs_position position = {0};
    OK(bs_decoder_position(s.decoder, &position, &s.err));
    OK(bs_decoder_restart(s.decoder, &position, true, &s.err));
    bs_position_fini(&position);
    cr_assert(!bs_decoder_in_group(s.decoder));
    s.pos = pos;
    head(&s);
    OK(query(&s, "BEGIN", REAL));
    cr_assert_eq(rows(&s, REAL, true), BS_PROTOCOL);
    cr_assert(strstr(s.err.message, "without its TABLE_MAP") != NULL);
    close_stream(&s);
}

Test(decoder, a_table_map_counts_until_its_statement_ends) {
    struct stream s;
    open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", 4, true);
    head(&s);
    OK(query(&s, "BEGIN", REAL));
    OK(map(&s, REAL));
    OK(rows(&s, REAL, false));
    OK(rows(&s, REAL, true));
    OK(map(&s, REAL));
    OK(rows(&s, REAL, true));
    cr_assert_str_eq(s.items, "BRRR");
    cr_assert_eq(rows(&s, REAL, true), BS_PROTOCOL);
    close_stream(&s);
}

Test(decoder, unknown_events_stop_by_name_unless_the_source_calls_them_ignorable) {
    struct stream s;
    open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", 4, true);
    head(&s);
    OK(push(&s, 99, BS_EVENT_FLAG_IGNORABLE, REAL, "x", 1));
    OK(push(&s, BS_EVENT_IGNORABLE, BS_EVENT_FLAG_IGNORABLE, REAL, "x", 1));
    cr_assert_eq(bs_decoder_ignored_events(s.decoder), 2);
    cr_assert_eq(push(&s, 99, 0, REAL, "x", 1), BS_PROTOCOL);
    cr_assert(strstr(s.err.message, "type 99") != NULL);
    close_stream(&s);
}

Test(decoder, what_cannot_be_followed_stops_by_name_with_a_hint) {
    static const struct {
        uint8_t type;
        const char *body;
        size_t len;
        const char *message;
    } cases[] = {
        {BS_EVENT_INCIDENT, "\1\0\4gone", 7, "gone"},
        {BS_EVENT_INTVAR, "\2\1\0\0\0\0\0\0\0", 9, "INTVAR"},
        {BS_EVENT_XA_PREPARE, "\0", 1, "XA_PREPARE"},
        {BS_EVENT_EXECUTE_LOAD_QUERY, "", 0, "EXECUTE_LOAD_QUERY"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stream s;
        open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", 4, true);
        head(&s);
        cr_assert_eq(push(&s, cases[i].type, 0, REAL, cases[i].body, cases[i].len), BS_PROTOCOL);
        cr_assert(strstr(s.err.message, cases[i].message) != NULL, "%s", s.err.message);
        cr_assert(s.err.hint[0] != '\0' && s.err.position[0] != '\0');
        close_stream(&s);
    }
}

Test(decoder, the_first_rotate_may_be_summed_or_not) {
    for (int summed = 0; summed < 2; summed++) {
        struct stream s;
        open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", 4, false);
        s.crc = summed;
        OK(rotate(&s, "b.000001", 4, ARTIFICIAL));
        cr_assert_str_eq(bs_decoder_file(s.decoder), "b.000001");
        close_stream(&s);
    }
}

Test(decoder, a_stream_that_starts_elsewhere_is_refused) {
    struct stream s;
    open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", 4, true);
    cr_assert_eq(rotate(&s, "b.000007", 4, ARTIFICIAL), BS_PROTOCOL);
    close_stream(&s);
}

Test(decoder, old_and_unreleased_formats_are_refused_by_name) {
    static const char *const versions[] = {"5.0.91-log", "5.1.23-rc", "5.1.29-rc-log"};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct stream s;
        open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", 4, false);
        cr_assert_eq(format(&s, versions[i], REAL), BS_PROTOCOL);
        cr_assert(strstr(s.err.message, versions[i]) != NULL);
        close_stream(&s);
    }
    struct stream s;
    open_stream(&s, BS_MYSQL, BS_POSITION_FILE, "", 4, false);
    cr_assert_eq(push(&s, BS_EVENT_START_V3, 0, REAL, "\3\0", 2), BS_PROTOCOL);
    cr_assert(strstr(s.err.message, "version 3") != NULL);
    close_stream(&s);
}

/* ---- golden binlogs, damaged ------------------------------------------------------------------
 */

static struct bs_buf
golden(const char *name) {
    const char *dir = getenv("BINSTREAM_SOURCE_DIR");
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/binlog/%s.binlog", dir != NULL ? dir : ".", name);
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f, "%s", path);
    struct bs_buf buf = {0};
    for (size_t n = 1; n > 0; buf.len += n) {
        n = fread(bs_buf_reserve(&buf, 1 << 16), 1, 1 << 16, f);
    }
    fclose(f);
    return buf;
}

static enum bs_status
read_rows(const struct bs_item *item, struct bs_error *err) {
    struct bs_arena arena = {0};
    struct bs_table *table = guess_table(item->map);
    struct bs_rows r;
    bool more = true;
    enum bs_status status = bs_rows_open(&r, &item->event, item->map, table, &arena, err);
    while (status == BS_OK && more) {
        status = bs_rows_next(&r, &more, err);
    }
    bs_rows_close(&r);
    guess_free(table);
    bs_arena_fini(&arena);
    return status;
}

/* One event, without checksum, in memory of exactly its size. */
static enum bs_status
feed(struct bs_decoder *d, const uint8_t *bytes, size_t len) {
    struct bs_error err = {0};
    struct bs_item item;
    char *copy = malloc(len > 0 ? len : 1);
    memcpy(copy, bytes, len);
    enum bs_status status = bs_decoder_push(d, (struct bs_str){copy, len}, &err);
    while (status == BS_OK && (status = bs_decoder_next(d, &item, &err)) == BS_OK &&
           item.kind != BS_ITEM_NONE) {
        if (item.kind == BS_ITEM_ROWS) {
            status = read_rows(&item, &err);
        }
    }
    free(copy);
    return status;
}

/* The file's events with checksums off, so that damage gets as far as the parsers. */
struct plain_event {
    uint8_t *bytes;
    size_t len;
};

static size_t
split(struct bs_buf *file, struct plain_event *events, size_t max) {
    size_t count = 0;
    for (size_t at = 4; at < file->len && count < max; count++) {
        uint8_t *e = file->data + at;
        size_t size = e[9] | (size_t)e[10] << 8 | (size_t)e[11] << 16;
        at += size;
        if (e[4] == BS_EVENT_FORMAT_DESCRIPTION) {
            e[size - 5] = BS_CHECKSUM_OFF;
        } else {
            size -= 4;
            e[9] = (uint8_t)size;
            e[10] = (uint8_t)(size >> 8);
        }
        events[count] = (struct plain_event){e, size};
    }
    return count;
}

static struct bs_decoder *
decoder_until(enum bs_flavour flavour, const struct plain_event *events, size_t count) {
    struct bs_position start = {0};
    struct bs_decoder *d = NULL;
    bs_position_set(&start, "b", 4, "");
    cr_assert_eq(
        bs_decoder_new(&d, flavour, &start,
                       flavour == BS_MYSQL ? BS_POSITION_GTID_MYSQL : BS_POSITION_GTID_MARIADB,
                       false, NULL),
        BS_OK);
    bs_position_fini(&start);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(feed(d, events[i].bytes, events[i].len), BS_OK, "event %zu of type %u", i,
                     events[i].bytes[4]);
    }
    return d;
}

static void
damage(const char *name, enum bs_flavour flavour) {
    enum { EVENTS_MAX = 500 };
    struct bs_buf file = golden(name);
    struct plain_event events[EVENTS_MAX];
    size_t count = split(&file, events, EVENTS_MAX);
    cr_assert_gt(count, 20);
    for (size_t i = 0; i < count; i++) {
        uint8_t *copy = bs_alloc(events[i].len);
        /* Every seventh byte only in what repeats most: the first events of a file are all alike.
         */
        for (size_t len = 0; len<events[i].len; len += events[i].len> 400 ? 7 : 1) {
            struct bs_decoder *d = decoder_until(flavour, events, i);
            memcpy(copy, events[i].bytes, events[i].len);
            copy[9] = (uint8_t)len;
            copy[10] = (uint8_t)(len >> 8);
            (void)feed(d, copy, len);
            bs_decoder_free(d);
            d = decoder_until(flavour, events, i);
            copy[9] = events[i].bytes[9];
            copy[10] = events[i].bytes[10];
            copy[len] ^= (uint8_t)(1u << len % 8 | 0x80u);
            (void)feed(d, copy, events[i].len);
            bs_decoder_free(d);
        }
        free(copy);
    }
    bs_buf_fini(&file);
}

Test(decoder, damage_at_every_byte_of_mysql_is_survived, .timeout = 280) {
    damage("mysql-9.7-gtid", BS_MYSQL);
}

Test(decoder, damage_at_every_byte_of_mariadb_is_survived, .timeout = 280) {
    damage("mariadb-11.8", BS_MARIADB);
}

Test(decoder, damage_at_every_byte_of_an_old_server_is_survived, .timeout = 280) {
    damage("mysql-5.6", BS_MYSQL);
}
