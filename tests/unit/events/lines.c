/* Whole runs over events made by hand: what no server at hand writes. */
#include "events/events.h"

#include "base/buf.h"
#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

static struct bs_buf text;
static struct bs_error err;
static size_t written;

static enum bs_status
keep(void *arg, struct bs_str piece, struct bs_error *unused) {
    (void)unused;
    written += piece.len;
    if (arg == NULL) {
        bs_buf_put_str(&text, piece);
    }
    return BS_OK;
}

/* An event without a checksum. */
static void
put_event(struct bs_buf *out, uint8_t type, uint16_t flags, const void *body, size_t len) {
    bs_buf_put_le(out, 1000, 4);
    bs_buf_put_u8(out, type);
    bs_buf_put_le(out, 7, 4);
    bs_buf_put_le(out, 19 + len, 4);
    bs_buf_put_le(out, 0, 4);
    bs_buf_put_le(out, flags, 2);
    bs_buf_put(out, body, len);
}

static void
put_format(struct bs_buf *out, const char *version) {
    struct bs_buf body = {0};
    char name[50] = "";
    (void)snprintf(name, sizeof name, "%s", version);
    bs_buf_put_le(&body, 4, 2);
    bs_buf_put(&body, name, sizeof name);
    bs_buf_put_le(&body, 1000, 4);
    bs_buf_put_u8(&body, 19);
    bs_buf_put_fill(&body, 0, 172);
    bs_buf_put_fill(&body, 0, 5); /* no checksums, and the four bytes that are there all the same */
    put_event(out, BS_EVENT_FORMAT_DESCRIPTION, 0, body.data, body.len);
    bs_buf_fini(&body);
}

static const char TABLE_MAP[] = "\x05\0\0\0\0\0\x01\0\x01"
                                "d\0\x01"
                                "t\0\x01\x03\0\0";
static const char ROW[] = "\x05\0\0\0\0\0\x01\0\x01\x01\0\x2a\0\0\0";

/* Feeds all events; the status of the last. */
static enum bs_status
run(const struct bs_buf *log, bool count_only) {
    struct bs_events_config config = {.mode = count_only ? BS_EVENTS_COUNT : BS_EVENTS_PRINT,
                                      .sink = keep};
    struct bs_events *events = bs_events_new(&config);
    enum bs_status status = BS_OK;
    bool done = false;
    bs_buf_clear(&text);
    bs_error_clear(&err);
    bs_events_enter(events, "binlog.000001", 4);
    for (size_t at = 0; at < log->len && status == BS_OK;) {
        uint32_t len = 0;
        memcpy(&len, log->data + at + 9, sizeof len);
        char *copy = bs_alloc(len);
        memcpy(copy, log->data + at, len);
        status = bs_events_feed(events, (struct bs_str){copy, len}, &done, &err);
        free(copy);
        at += len;
    }
    if (status == BS_OK) {
        status = bs_events_leave(events, &err);
    }
    cr_assert_eq(bs_events_flush(events, NULL), BS_OK);
    bs_events_free(events);
    return status;
}

static bool
has(const char *part) {
    return strstr(bs_buf_cstr(&text), part) != NULL;
}

/* MariaDB 12.3 cuts rows events that are too large for a replica. */
static void
put_fragment(struct bs_buf *out, uint32_t count, uint32_t number, uint64_t size, const void *chunk,
             size_t len) {
    struct bs_buf body = {0};
    bs_buf_put_le(&body, count, 4);
    bs_buf_put_le(&body, number, 4);
    bs_buf_put_u8(&body, number == 1);
    if (number == 1) {
        bs_buf_put_le(&body, size, 8);
    }
    bs_buf_put(&body, chunk, len);
    put_event(out, BS_EVENT_MARIADB_PARTIAL_ROW_DATA, 0, body.data, body.len);
    bs_buf_fini(&body);
}

Test(lines, fragments_of_a_rows_event_make_it_whole) {
    struct bs_buf log = {0};
    struct bs_buf rows = {0};
    put_format(&log, "12.3.1-MariaDB");
    put_event(&log, BS_EVENT_TABLE_MAP, 0, TABLE_MAP, sizeof TABLE_MAP - 1);
    put_event(&rows, BS_EVENT_WRITE_ROWS_V1, 0, ROW, sizeof ROW - 1);
    put_fragment(&log, 2, 1, rows.len, rows.data, 10);
    put_fragment(&log, 2, 2, 0, rows.data + 10, rows.len - 10);
    cr_assert_eq(run(&log, false), BS_OK, "%s", err.message);
    cr_assert(has("\"event\":\"PARTIAL_ROW_DATA\"") && has("\"fragment\":2,\"fragments\":2"));
    cr_assert(has("\"after\":{\"@1\":42}"), "%s", bs_buf_cstr(&text));
    bs_buf_fini(&log);
    bs_buf_fini(&rows);
}

Test(lines, fragments_that_do_not_fit_together_are_refused) {
    struct bs_buf log = {0};
    put_format(&log, "12.3.1-MariaDB");
    put_fragment(&log, 3, 1, 100, "abc", 3);
    put_fragment(&log, 3, 3, 0, "abc", 3);
    cr_assert_eq(run(&log, false), BS_PROTOCOL);
    cr_assert(strstr(err.message, "do not fit") != NULL);
    bs_buf_fini(&log);
}

Test(lines, unknown_events_stop_by_name_and_place_unless_they_are_ignorable) {
    struct bs_buf log = {0};
    put_format(&log, "9.7.4");
    put_event(&log, 99, BS_EVENT_FLAG_IGNORABLE, "x", 1);
    put_event(&log, 99, 0, "x", 1);
    cr_assert_eq(run(&log, false), BS_PROTOCOL);
    cr_assert(has("{\"event\":\"type 99\",\"file\":\"binlog.000001\""));
    cr_assert(strstr(err.message, "type 99 is not known") != NULL);
    cr_assert(strncmp(err.position, "binlog.000001:", 14) == 0, "%s", err.position);
    bs_buf_fini(&log);
}

Test(lines, fragments_are_whole_and_of_rows_or_nothing_is_given) {
    struct bs_buf log = {0};
    put_format(&log, "12.3.1-MariaDB");
    size_t head = log.len;
    put_fragment(&log, 2, 1, 0, "abc", 3);
    put_event(&log, BS_EVENT_STOP, 0, "", 0); /* the second one is missing */
    cr_assert_eq(run(&log, false), BS_PROTOCOL);
    log.len = head;
    put_fragment(&log, 2, 1, 0, "abc", 3);
    put_fragment(&log, 2, 1, 0, "abc", 3);
    cr_assert_eq(run(&log, false), BS_PROTOCOL);
    log.len = head;
    struct bs_buf inner = {0};
    put_fragment(&inner, 1, 1, 0, "abc", 3);
    put_fragment(&log, 1, 1, inner.len, inner.data, inner.len); /* fragments of fragments */
    cr_assert_eq(run(&log, false), BS_PROTOCOL);
    log.len = head;
    put_fragment(&log, 2, 1, 0, "abc", 3);
    cr_assert_eq(run(&log, false), BS_PROTOCOL, "the file ends between fragments");
    bs_buf_fini(&inner);
    bs_buf_fini(&log);
}

/* Once a server has opened 16 million tables, one has the number that elsewhere means none. */
Test(lines, a_table_may_have_the_number_of_the_dummy) {
    struct bs_buf log = {0};
    char map[sizeof TABLE_MAP];
    char row[sizeof ROW];
    memcpy(map, TABLE_MAP, sizeof map);
    memcpy(row, ROW, sizeof row);
    memcpy(map, "\xff\xff\xff\0\0", 6);
    memcpy(row, "\xff\xff\xff\0\0", 6);
    put_format(&log, "9.7.4");
    put_event(&log, BS_EVENT_TABLE_MAP, 0, map, sizeof map - 1);
    put_event(&log, BS_EVENT_WRITE_ROWS_V1, 0, row, sizeof row - 1);
    put_event(&log, BS_EVENT_WRITE_ROWS_V1, 0, "\xff\xff\xff\0\0\0\1\0\0", 9); /* and none */
    cr_assert_eq(run(&log, false), BS_OK, "%s", err.message);
    cr_assert(has("\"after\":{\"@1\":42}"), "%s", bs_buf_cstr(&text));
    bs_buf_fini(&log);
}

/* Maps that are kept make room for others, but never those of the statement that is read. */
Test(lines, the_maps_of_a_statement_stay_until_its_end) {
    struct bs_buf log = {0};
    char map[sizeof TABLE_MAP];
    char row[sizeof ROW];
    memcpy(map, TABLE_MAP, sizeof map);
    memcpy(row, ROW, sizeof row);
    put_format(&log, "9.7.4");
    for (uint32_t id = 1; id < 65600; id++) {
        memcpy(map, &id, sizeof id);
        memcpy(row, &id, sizeof id);
        put_event(&log, BS_EVENT_TABLE_MAP, 0, map, sizeof map - 1);
        if (id % 2 == 0) {
            put_event(&log, BS_EVENT_WRITE_ROWS_V1, 0, row, sizeof row - 1);
        }
    }
    cr_assert_eq(run(&log, true), BS_OK, "%s at %s", err.message, err.position);
    bs_buf_fini(&log);
}

/* In a stream, START_ENCRYPTION is sent again without being in the file at that place. */
Test(lines, a_stream_that_starts_inside_a_file_keeps_its_places) {
    struct bs_events_config config = {.mode = BS_EVENTS_PRINT, .sink = keep};
    struct bs_events *events = bs_events_new(&config);
    struct bs_buf log = {0};
    bool done = false;
    put_format(&log, "10.11.6-MariaDB");
    bs_buf_clear(&text);
    bs_events_enter(events, "binlog.000001", 1000);
    bs_events_is_stream(events, false);
    cr_assert_eq(bs_events_feed(events, bs_buf_str(&log), &done, &err), BS_OK, "%s", err.message);
    bs_buf_clear(&log);
    put_event(&log, BS_EVENT_MARIADB_START_ENCRYPTION, 0, "\1\1\0\0\0abcdefghijkl", 17);
    cr_assert_eq(bs_events_feed(events, bs_buf_str(&log), &done, &err), BS_OK, "%s", err.message);
    bs_buf_clear(&log);
    put_event(&log, BS_EVENT_STOP, 0, "", 0);
    memcpy(log.data + 13, "\xfb\x03\0", 4); /* ends at 1019 */
    cr_assert_eq(bs_events_feed(events, bs_buf_str(&log), &done, &err), BS_OK, "%s", err.message);
    cr_assert_eq(bs_events_pos(events), 1019);
    memcpy(log.data + 13, "\xff\x07\0", 4); /* 1000 bytes are missing */
    cr_assert_eq(bs_events_feed(events, bs_buf_str(&log), &done, &err), BS_PROTOCOL);
    cr_assert(strstr(err.message, "jumped") != NULL);
    bs_events_free(events);
    bs_buf_fini(&log);
}

/* Inner events of three GiB in all, packed into less than a MiB: memory stays at one of them. */
Test(lines, a_payload_of_gigabytes_is_read_as_a_stream) {
    enum { INNER_LEN = 16 << 20, COUNT = 192 };
    struct bs_buf inner = {0};
    struct bs_buf packed = {0};
    struct bs_buf log = {0};
    struct bs_buf body = {0};
    char *zeros = bs_zalloc(INNER_LEN);
    put_event(&inner, BS_EVENT_ROWS_QUERY, 0, zeros, INNER_LEN);
    free(zeros);
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    bs_buf_reserve(&packed, 8 << 20);
    ZSTD_outBuffer out = {packed.data, packed.cap, 0};
    for (int i = 0; i < COUNT; i++) {
        ZSTD_inBuffer in = {inner.data, inner.len, 0};
        size_t left =
            ZSTD_compressStream2(zstd, &out, &in, i + 1 < COUNT ? ZSTD_e_continue : ZSTD_e_end);
        cr_assert(!ZSTD_isError(left) && in.pos == in.size);
    }
    ZSTD_freeCCtx(zstd);
    bs_buf_put(&body, "\x02\x01\x00\x01\x04\xfd", 6); /* zstd; size in a lenenc of three bytes */
    bs_buf_put_le(&body, out.pos, 3);
    bs_buf_put_u8(&body, 0);
    bs_buf_put(&body, packed.data, out.pos);
    put_format(&log, "9.7.4");
    put_event(&log, BS_EVENT_TRANSACTION_PAYLOAD, 0, body.data, body.len);
    cr_assert_eq(run(&log, true), BS_OK, "%s", err.message);
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    unsigned long peak_kb = 0;
    while (fgets(line, sizeof line, status) != NULL) {
        (void)sscanf(line, "VmHWM: %lu", &peak_kb);
    }
    fclose(status);
    cr_assert(peak_kb > 0 && peak_kb < 256 * 1024, "%lu KiB", peak_kb);
    bs_buf_fini(&inner);
    bs_buf_fini(&packed);
    bs_buf_fini(&log);
    bs_buf_fini(&body);
}

/* ---- a stream ------------------------------------------------------------------------------- */

/* A server's stream: the events of `log`, in files of its own. Positions are told by the ROTATE. */
static enum bs_status
run_stream(struct bs_events *events, const struct bs_buf *log) {
    enum bs_status status = BS_OK;
    bool done = false;
    bs_buf_clear(&text);
    bs_error_clear(&err);
    for (size_t at = 0; at < log->len && status == BS_OK && !done;) {
        uint32_t len = 0;
        memcpy(&len, log->data + at + 9, sizeof len);
        status =
            bs_events_feed(events, (struct bs_str){(const char *)log->data + at, len}, &done, &err);
        at += len;
    }
    cr_assert_eq(bs_events_flush(events, NULL), BS_OK);
    return status;
}

static void
put_rotate(struct bs_buf *out, const char *file, uint64_t pos) {
    struct bs_buf body = {0};
    bs_buf_put_le(&body, pos, 8);
    bs_buf_puts(&body, file);
    put_event(out, BS_EVENT_ROTATE, BS_EVENT_FLAG_ARTIFICIAL, body.data, body.len);
    bs_buf_fini(&body);
}

static void
put_query(struct bs_buf *out, const char *sql) {
    struct bs_buf body = {0};
    bs_buf_put_fill(&body, 0, 14); /* no status variables; an empty database */
    bs_buf_puts(&body, sql);
    put_event(out, BS_EVENT_QUERY, 0, body.data, body.len);
    bs_buf_fini(&body);
}

/* From inside of a file, whose head is sent again; its START_ENCRYPTION as well. */
static void
put_head_of_stream(struct bs_buf *out, const char *file, uint64_t pos) {
    put_rotate(out, file, pos);
    put_format(out, "11.8.2-MariaDB");
    put_event(out, BS_EVENT_MARIADB_START_ENCRYPTION, BS_EVENT_FLAG_IGNORABLE,
              "\x01\x01\0\0\0abcdefghijkl", 17);
}

Test(lines, what_a_server_made_up_is_not_given_and_takes_no_place) {
    struct bs_events_config config = {.mode = BS_EVENTS_PRINT, .sink = keep};
    struct bs_events *events = bs_events_new(&config);
    struct bs_buf log = {0};
    bs_events_is_stream(events, false);
    put_head_of_stream(&log, "b.000007", 1000);
    put_event(&log, BS_EVENT_HEARTBEAT, 0, "b.000007", 8);
    cr_assert_eq(run_stream(events, &log), BS_OK, "%s", err.message);
    cr_assert_str_eq(bs_buf_cstr(&text), "{\"format\":\"binstream-events\",\"version\":1}\n");
    cr_assert(bs_events_pos(events) == 1000 && bs_events_seen(events) == 0);
    bs_buf_clear(&log);
    put_query(&log, "BEGIN");
    cr_assert_eq(run_stream(events, &log), BS_OK, "%s", err.message);
    cr_assert(has("{\"event\":\"QUERY\",\"file\":\"b.000007\",\"pos\":1000,"), "%s",
              bs_buf_cstr(&text));
    bs_buf_fini(&log);
    bs_events_free(events);
}

Test(lines, a_stream_is_gone_on_with_where_its_open_transaction_begins) {
    struct bs_events_config config = {.mode = BS_EVENTS_PRINT, .sink = keep};
    struct bs_events *events = bs_events_new(&config);
    struct bs_buf log = {0};
    bs_events_is_stream(events, false);
    put_head_of_stream(&log, "b.000007", 1000);
    put_query(&log, "CREATE TABLE t (id INT)");
    cr_assert_eq(run_stream(events, &log), BS_OK, "%s", err.message);
    uint64_t begin = bs_events_pos(events);
    cr_assert_eq(bs_events_resume_pos(events), begin);
    bs_buf_clear(&log);
    put_query(&log, "BEGIN");
    put_event(&log, BS_EVENT_TABLE_MAP, 0, TABLE_MAP, sizeof TABLE_MAP - 1);
    put_event(&log, BS_EVENT_WRITE_ROWS_V1, 0, ROW, sizeof ROW - 1);
    cr_assert_eq(run_stream(events, &log), BS_OK, "%s", err.message);
    cr_assert(bs_events_pos(events) > begin && bs_events_resume_pos(events) == begin);
    bs_buf_clear(&log);
    put_query(&log, "COMMIT");
    cr_assert_eq(run_stream(events, &log), BS_OK, "%s", err.message);
    cr_assert_eq(bs_events_resume_pos(events), bs_events_pos(events));
    bs_buf_fini(&log);
    bs_events_free(events);
}

/* Fed again from the head of the file, it gives the rest, and nothing twice. */
Test(lines, a_start_behind_the_table_map_needs_what_is_earlier) {
    char file[] = "b.000007";
    struct bs_buf log = {0};
    put_rotate(&log, file, 4);
    put_format(&log, "11.8.2-MariaDB");
    size_t rotate_len = 19 + 8 + sizeof file - 1;
    size_t head = log.len - rotate_len;
    uint8_t *log_pos = log.data + rotate_len + 13;
    log_pos[0] = (uint8_t)(4 + head); /* with one, it is no copy */
    log_pos[1] = (uint8_t)((4 + head) >> 8);
    put_event(&log, BS_EVENT_TABLE_MAP, 0, TABLE_MAP, sizeof TABLE_MAP - 1);
    put_event(&log, BS_EVENT_WRITE_ROWS_V1, 0, ROW, sizeof ROW - 1);
    uint64_t pos = 4 + head + 19 + sizeof TABLE_MAP - 1;
    struct bs_events_config config = {
        .mode = BS_EVENTS_PRINT,
        .sink = keep,
        .start = {.kind = BS_EVENTS_AT_POSITION, .file = file, .pos = pos}};
    struct bs_events *events = bs_events_new(&config);
    struct bs_buf inside = {0};
    bs_events_is_stream(events, false);
    put_head_of_stream(&inside, file, pos);
    put_event(&inside, BS_EVENT_WRITE_ROWS_V1, 0, ROW, sizeof ROW - 1);
    cr_assert_eq(run_stream(events, &inside), BS_PROTOCOL);
    cr_assert(strstr(err.message, "TABLE_MAP") != NULL && bs_events_needs_earlier(events));
    bs_events_enter(events, file, 4);
    cr_assert_eq(run_stream(events, &log), BS_OK, "%s", err.message);
    cr_assert(!has("TABLE_MAP") && has("\"event\":\"WRITE_ROWS_V1\"") && has("{\"@1\":42}"), "%s",
              bs_buf_cstr(&text));
    bs_buf_fini(&log);
    bs_buf_fini(&inside);
    bs_events_free(events);
}
