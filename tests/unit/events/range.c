/* --start and --stop: how they are read, and what they let through. */
#include "events/range.h"

#include <criterion/criterion.h>

static char FILE_a[] = "a";
static char FILE_b[] = "b";
static char FILE_c[] = "c";
static char FILE_nowhere[] = "nowhere";

static struct bs_events_bound bound;
static struct bs_error err;

static enum bs_events_bound_kind
kind_of(const char *text) {
    bs_events_bound_fini(&bound);
    bs_error_clear(&err);
    cr_assert_eq(bs_events_bound_parse(&bound, "start", text, &err), BS_OK, "%s: %s", text,
                 err.message);
    return bound.kind;
}

Test(range, bounds_are_told_apart_by_their_form) {
    cr_assert_eq(kind_of("binlog.000012:4711"), BS_EVENTS_AT_POSITION);
    cr_assert_str_eq(bound.file, "binlog.000012");
    cr_assert_eq(bound.pos, 4711);
    cr_assert_eq(kind_of("a:b.000001:5000000000"), BS_EVENTS_AT_POSITION);
    cr_assert_str_eq(bound.file, "a:b.000001");
    cr_assert_eq(bound.pos, 5000000000);
    cr_assert_eq(kind_of("0-1-77"), BS_EVENTS_AT_GTID);
    cr_assert_eq(bound.gtid.number, 77);
    cr_assert_eq(kind_of("2026-11-28"), BS_EVENTS_AT_GTID); /* a domain may be called 2026 */
    cr_assert_eq(kind_of("5059852b-e6c4-11f1-ab28-02fc00000001:5"), BS_EVENTS_AT_GTID);
    cr_assert_eq(bound.gtid.number, 5);
    cr_assert_eq(kind_of("5059852b-e6c4-11f1-ab28-02fc00000001:tag:5"), BS_EVENTS_AT_GTID);
    cr_assert_str_eq(bound.gtid.tag, "tag");
    cr_assert_eq(kind_of("2026-11-28 15:21:00"), BS_EVENTS_AT_TIME);
    cr_assert_eq(bound.time, 1795879260);
    cr_assert_eq(kind_of("2026-11-28T15:21:00Z"), BS_EVENTS_AT_TIME);
    bs_events_bound_fini(&bound);
}

Test(range, what_is_no_bound_is_refused) {
    static const char *const texts[] = {"",
                                        "binlog.000001",
                                        "binlog.000001:",
                                        "binlog.000001:x",
                                        ":4",
                                        "0-1",
                                        "5059852b-e6c4-11f1-ab28-02fc00000001:1-5",
                                        "2026-13-28 15:21:00",
                                        "2026-02-29 15:21:00",
                                        "4294967296-1-77",
                                        "0-4294967296-77",
                                        "2026-11-28 15:21:00 CET",
                                        "1960-01-01 00:00:00"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        enum bs_status status = bs_events_bound_parse(&bound, "stop", texts[i], &err);
        cr_assert_eq(status, BS_CONFIG, "%s", texts[i]);
        cr_assert(strstr(err.message, "--stop") != NULL);
    }
}

static struct bs_walked
event_at(const char *file, uint64_t pos, uint32_t time) {
    return (struct bs_walked){
        .event = {.type = BS_EVENT_XID, .timestamp = time}, .file = file, .pos = pos};
}

Test(range, a_position_begins_and_ends_at_the_first_event_that_is_not_before_it) {
    struct bs_events_range range = {
        .start = {.kind = BS_EVENTS_AT_POSITION, .file = FILE_b, .pos = 100},
        .stop = {.kind = BS_EVENTS_AT_POSITION, .file = FILE_c, .pos = 50}};
    static const struct {
        const char *file;
        uint64_t pos;
        enum bs_events_turn turn;
    } steps[] = {
        {"a", 500, BS_EVENTS_SKIP}, {"b", 4, BS_EVENTS_SKIP},  {"b", 120, BS_EVENTS_GIVE},
        {"c", 4, BS_EVENTS_GIVE},   {"c", 49, BS_EVENTS_GIVE}, {"c", 60, BS_EVENTS_STOP},
        {"c", 70, BS_EVENTS_STOP},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct bs_walked walked = event_at(steps[i].file, steps[i].pos, 0);
        cr_assert_eq(bs_events_range_turn(&range, &walked), steps[i].turn, "step %zu", i);
    }
    cr_assert_eq(bs_events_range_check(&range, &err), BS_OK);
}

Test(range, a_position_beyond_the_end_of_its_file_is_the_next_file) {
    struct bs_events_range range = {
        .start = {.kind = BS_EVENTS_AT_POSITION, .file = FILE_a, .pos = 1000},
        .stop = {.kind = BS_EVENTS_AT_POSITION, .file = FILE_b, .pos = 1000}};
    struct bs_walked walked = event_at("a", 900, 0);
    cr_assert_eq(bs_events_range_turn(&range, &walked), BS_EVENTS_SKIP);
    walked = event_at("b", 4, 0);
    cr_assert_eq(bs_events_range_turn(&range, &walked), BS_EVENTS_GIVE);
    walked = event_at("c", 4, 0);
    cr_assert_eq(bs_events_range_turn(&range, &walked), BS_EVENTS_STOP);
}

Test(range, a_time_begins_and_ends_at_the_first_event_that_is_not_older) {
    struct bs_events_range range = {.start = {.kind = BS_EVENTS_AT_TIME, .time = 100},
                                    .stop = {.kind = BS_EVENTS_AT_TIME, .time = 200}};
    static const struct {
        uint32_t time;
        enum bs_events_turn turn;
    } steps[] = {{99, BS_EVENTS_SKIP}, {0, BS_EVENTS_SKIP},   {100, BS_EVENTS_GIVE},
                 {50, BS_EVENTS_GIVE}, {199, BS_EVENTS_GIVE}, {200, BS_EVENTS_STOP},
                 {100, BS_EVENTS_STOP}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct bs_walked walked = event_at("a", 4, steps[i].time);
        cr_assert_eq(bs_events_range_turn(&range, &walked), steps[i].turn, "step %zu", i);
    }
}

Test(range, the_time_of_a_file_is_not_that_of_its_events) {
    struct bs_events_range range = {.stop = {.kind = BS_EVENTS_AT_TIME, .time = 200}};
    struct bs_walked walked = event_at("relay", 4, 900);
    static const uint8_t OF_LOG[] = {BS_EVENT_FORMAT_DESCRIPTION, BS_EVENT_PREVIOUS_GTIDS,
                                     BS_EVENT_MARIADB_GTID_LIST, BS_EVENT_MARIADB_BINLOG_CHECKPOINT,
                                     BS_EVENT_ROTATE};
    for (size_t i = 0; i < sizeof OF_LOG; i++) {
        walked.event.type = OF_LOG[i];
        cr_assert_eq(bs_events_range_turn(&range, &walked), BS_EVENTS_GIVE);
    }
    walked = event_at("relay", 100, 199);
    cr_assert_eq(bs_events_range_turn(&range, &walked), BS_EVENTS_GIVE);
    walked = event_at("relay", 200, 200);
    cr_assert_neq(bs_events_range_turn(&range, &walked), BS_EVENTS_GIVE);
}

Test(range, what_was_not_met_is_told) {
    struct bs_events_range range = {
        .start = {.kind = BS_EVENTS_AT_POSITION, .file = FILE_nowhere, .pos = 4}};
    struct bs_walked walked = event_at("a", 4, 0);
    cr_assert_eq(bs_events_range_turn(&range, &walked), BS_EVENTS_SKIP);
    cr_assert_eq(bs_events_range_check(&range, &err), BS_CONFIG);
    cr_assert(strstr(err.message, "nowhere") != NULL);
}

Test(range, a_position_is_over_as_soon_as_all_before_it_was_read) {
    struct bs_events_range range = {
        .stop = {.kind = BS_EVENTS_AT_POSITION, .file = FILE_b, .pos = 100}};
    struct bs_walked walked = event_at("b", 4, 0);
    cr_assert_eq(bs_events_range_turn(&range, &walked), BS_EVENTS_GIVE);
    cr_assert(!bs_events_range_is_over(&range, "b", 99));
    cr_assert(!bs_events_range_is_over(&range, "a", 100));
    cr_assert(bs_events_range_is_over(&range, "b", 100));
    cr_assert_eq(bs_events_range_check(&range, &err), BS_OK);
}

/* ---- groups --------------------------------------------------------------------------------- */

/* Follows an event; is a group open behind it? */
static bool
is_open_behind(struct bs_events_group *group, uint8_t type, const void *body, size_t len) {
    struct bs_walked walked = {
        .event = {.type = type, .body = {.data = body, .len = len}, .event_size = 19}};
    bs_events_group_follow(group, &walked);
    return group->open;
}

static bool
is_open_behind_sql(struct bs_events_group *group, const char *sql) {
    char body[100] = {0}; /* no status variables; an empty database */
    memcpy(body + 14, sql, strlen(sql));
    return is_open_behind(group, BS_EVENT_QUERY, body, 14 + strlen(sql));
}

/* MariaDB: sequence number, domain, flags. */
static bool
is_open_behind_gtid(struct bs_events_group *group, uint8_t flags) {
    char body[19] = {5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    body[12] = (char)flags;
    return is_open_behind(group, BS_EVENT_MARIADB_GTID, body, sizeof body);
}

Test(group, without_a_name_a_statement_is_one_unless_it_begins_one) {
    struct bs_events_group group = {0};
    cr_assert(!is_open_behind(&group, BS_EVENT_FORMAT_DESCRIPTION, "", 0));
    cr_assert(!is_open_behind_sql(&group, "CREATE TABLE t (id INT)"));
    cr_assert(is_open_behind(&group, BS_EVENT_INTVAR, "", 0));
    cr_assert(!is_open_behind_sql(&group, "INSERT INTO t VALUES (NULL)"));
    cr_assert(is_open_behind_sql(&group, "BEGIN"));
    cr_assert(is_open_behind_sql(&group, "INSERT INTO t VALUES (1)"));
    cr_assert(is_open_behind_sql(&group, "SAVEPOINT `s`"));
    cr_assert(is_open_behind_sql(&group, "ROLLBACK TO `s`"));
    cr_assert(!is_open_behind_sql(&group, "COMMIT"));
    cr_assert(is_open_behind_sql(&group, "BEGIN"));
    cr_assert(!is_open_behind(&group, BS_EVENT_XID, "", 0));
}

Test(group, of_xa_prepare_and_commit_are_two) {
    struct bs_events_group group = {0};
    cr_assert(is_open_behind(&group, BS_EVENT_GTID, "", 0));
    cr_assert(is_open_behind_sql(&group, "XA START X'61',X'',1"));
    cr_assert(is_open_behind_sql(&group, "XA END X'61',X'',1"));
    cr_assert(!is_open_behind(&group, BS_EVENT_XA_PREPARE, "", 0));
    cr_assert(is_open_behind(&group, BS_EVENT_GTID, "", 0));
    cr_assert(!is_open_behind_sql(&group, "XA COMMIT X'61',X'',1"));
    cr_assert(is_open_behind_gtid(&group, 0));
    cr_assert(!is_open_behind_sql(&group, "XA ROLLBACK X'61',X'',1"));
}

Test(group, mariadbs_name_says_whether_it_is_one_statement) {
    struct bs_events_group group = {0};
    cr_assert(is_open_behind_gtid(&group, 0));
    cr_assert(is_open_behind_sql(&group, "CREATE TABLE t (id INT)"));
    cr_assert(!is_open_behind(&group, BS_EVENT_XID, "", 0));
    cr_assert(is_open_behind_gtid(&group, BS_MARIADB_STANDALONE));
    cr_assert(!is_open_behind_sql(&group, "CREATE TABLE t (id INT)"));
    cr_assert(is_open_behind_gtid(&group, 0));
    cr_assert(!is_open_behind(&group, BS_EVENT_ROTATE, "", 0));
}
