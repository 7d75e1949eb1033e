#include "events/range.h"

#include "base/mem.h"
#include "binlog/gtid_event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- reading the options ------------------------------------------------------------------- */

static bool
parse_time(struct bs_events_bound *bound, const char *text) {
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    if (end == NULL || (*end != ' ' && *end != 'T')) {
        return false; /* a date alone could as well be a GTID of MariaDB */
    }
    end = strptime(end + 1, "%H:%M:%S", &tm);
    if (end == NULL || (*end != '\0' && strcmp(end, "Z") != 0)) {
        return false;
    }
    int day = tm.tm_mday;
    time_t seconds = timegm(&tm); /* makes March of February 30 */
    bound->kind = BS_EVENTS_AT_TIME;
    bound->time = (uint64_t)seconds;
    return seconds > 0 && tm.tm_mday == day;
}

static bool
parse_mariadb_gtid(struct bs_events_bound *bound, const char *text) {
    unsigned long long number = 0;
    unsigned long long domain = 0;
    unsigned long long server_id = 0;
    int used = 0;
    if (sscanf(text, "%10llu-%10llu-%19llu%n", &domain, &server_id, &number, &used) != 3 ||
        text[used] != '\0' || domain > UINT32_MAX || server_id > UINT32_MAX) {
        return false;
    }
    bound->kind = BS_EVENTS_AT_GTID;
    bound->gtid = (struct bs_gtid){.known = true,
                                   .flavour = BS_MARIADB,
                                   .domain = (uint32_t)domain,
                                   .server_id = (uint32_t)server_id,
                                   .number = number};
    return true;
}

/* One transaction of MySQL: a set of one. */
static bool
parse_mysql_gtid(struct bs_events_bound *bound, const char *text) {
    struct bs_gtid_set *set = bs_gtid_set_new(BS_MYSQL);
    bool one = bs_gtid_set_parse(set, bs_str(text), NULL) == BS_OK &&
               bs_gtid_set_single(set, &bound->gtid);
    bound->kind = BS_EVENTS_AT_GTID;
    bs_gtid_set_free(set);
    return one;
}

static bool
parse_position(struct bs_events_bound *bound, const char *text) {
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    if (colon == NULL || colon == text || colon[1] < '0' || colon[1] > '9' ||
        strchr(text, ' ') != NULL) {
        return false; /* with a blank, it was to be a time */
    }
    bound->pos = strtoull(colon + 1, &end, 10);
    bound->kind = BS_EVENTS_AT_POSITION;
    bound->file = bs_strndup(text, (size_t)(colon - text));
    return *end == '\0';
}

enum bs_status
bs_events_bound_parse(struct bs_events_bound *bound, const char *option, const char *text,
                      struct bs_error *err) {
    *bound = (struct bs_events_bound){.kind = BS_EVENTS_UNBOUND};
    if (text == NULL || parse_time(bound, text) || parse_mariadb_gtid(bound, text) ||
        parse_mysql_gtid(bound, text) || parse_position(bound, text)) {
        return BS_OK;
    }
    bs_events_bound_fini(bound);
    bs_error_set(err, BS_CONFIG, "option --%s cannot be read: %s", option, text);
    return bs_error_hint(err, "give FILE:POSITION, one GTID (0-1-77, UUID:5), or a time in UTC "
                              "(2026-11-28 15:21:00)");
}

void
bs_events_bound_fini(struct bs_events_bound *bound) {
    free(bound->file);
    *bound = (struct bs_events_bound){.kind = BS_EVENTS_UNBOUND};
}

/* ---- following the walk -------------------------------------------------------------------- */

static enum bs_status
missing_file(const char *option, const char *file, struct bs_error *err) {
    bs_error_set(err, BS_CONFIG, "the file of --%s was not read: %s", option, file);
    return bs_error_hint(err, "read that file too, or give the name that a file has which is read: "
                              "its own, without .gz or .zst and the folder");
}

static enum bs_status
missing_transaction(const char *option, const struct bs_gtid *gtid, struct bs_error *err) {
    enum { DAYS_MAX = 31 };
    char text[BS_GTID_TEXT_MAX];
    bs_gtid_text(gtid, text);
    bs_error_set(err, BS_CONFIG, "the transaction of --%s is not in what was read: %s", option,
                 text);
    return gtid->flavour == BS_MARIADB && gtid->number <= DAYS_MAX
               ? bs_error_hint(err, "if it was to be a time, give the hour, too")
               : bs_error_hint(err, "give the files that have it, or another transaction; without "
                                    "--start and --stop, events prints which there are");
}

static bool
has_gtid(const struct bs_walked *walked, const struct bs_gtid *gtid, struct bs_gtid_event *event) {
    if (!bs_events_is_gtid(walked->event.type) ||
        bs_gtid_event_parse(event, &walked->event, NULL) != BS_OK) {
        return false;
    }
    char a[BS_GTID_TEXT_MAX];
    char b[BS_GTID_TEXT_MAX];
    bs_gtid_text(&event->gtid, a);
    bs_gtid_text(gtid, b);
    return strcmp(a, b) == 0;
}

static bool
is_file_of(const struct bs_events_bound *bound, const char *file) {
    return bound->kind == BS_EVENTS_AT_POSITION && strcmp(bound->file, file) == 0;
}

/* A position has come when its file has, and its place in it; or, once it has, another file. */
static bool
is_at_position(const struct bs_events_bound *bound, const struct bs_walked *walked,
               bool seen_file) {
    return is_file_of(bound, walked->file) ? walked->pos >= bound->pos : seen_file;
}

/* Events of the log itself have the time of whoever wrote the file. Of a replica's log and of relay
 * logs that is another than its transactions have. */
static bool
has_time(const struct bs_walked *walked) {
    return walked->event.timestamp != 0 && !bs_events_is_of_log(walked->event.type);
}

static bool
is_start(struct bs_events_range *range, const struct bs_walked *walked) {
    struct bs_gtid_event event;
    switch (range->start.kind) {
    case BS_EVENTS_UNBOUND:
        return true;
    case BS_EVENTS_AT_POSITION:
        return is_at_position(&range->start, walked, range->start_seen_file);
    case BS_EVENTS_AT_GTID:
        return has_gtid(walked, &range->start.gtid, &event);
    case BS_EVENTS_AT_TIME:
        return has_time(walked) && walked->event.timestamp >= range->start.time;
    }
    return true;
}

/* The group that is the last: opened by its name, closed by its end. What follows its end is out,
 * and so is the next group where the end was not seen. */
static void
follow_stop_group(struct bs_events_range *range, const struct bs_walked *walked) {
    struct bs_gtid_event event;
    if (range->in_stop || has_gtid(walked, &range->stop.gtid, &event)) {
        range->in_stop = true;
        bs_events_group_follow(&range->stop_group, walked);
        range->stopped = !range->stop_group.open;
    }
}

static bool
is_stop(struct bs_events_range *range, const struct bs_walked *walked) {
    switch (range->stop.kind) {
    case BS_EVENTS_AT_POSITION:
        return is_at_position(&range->stop, walked, range->stop_seen_file);
    case BS_EVENTS_AT_TIME:
        return has_time(walked) && walked->event.timestamp >= range->stop.time;
    case BS_EVENTS_AT_GTID:
        return range->in_stop && bs_events_is_gtid(walked->event.type);
    case BS_EVENTS_UNBOUND:
        break;
    }
    return false;
}

enum bs_events_turn
bs_events_range_turn(struct bs_events_range *range, const struct bs_walked *walked) {
    range->start_seen_file = range->start_seen_file || is_file_of(&range->start, walked->file);
    range->stop_seen_file = range->stop_seen_file || is_file_of(&range->stop, walked->file);
    if (walked->is_made_up) {
        return BS_EVENTS_SKIP;
    }
    if (range->stopped || is_stop(range, walked)) {
        range->stopped = true;
        return BS_EVENTS_STOP;
    }
    if (range->stop.kind == BS_EVENTS_AT_GTID) {
        follow_stop_group(range, walked);
    }
    range->started = range->started || is_start(range, walked);
    return range->started ? BS_EVENTS_GIVE : BS_EVENTS_SKIP;
}

bool
bs_events_range_is_over(struct bs_events_range *range, const char *file, uint64_t pos) {
    range->stopped = range->stopped || (is_file_of(&range->stop, file) && pos >= range->stop.pos);
    return range->stopped;
}

enum bs_status
bs_events_range_check(const struct bs_events_range *range, struct bs_error *err) {
    if (range->start.kind == BS_EVENTS_AT_POSITION && !range->start_seen_file) {
        return missing_file("start", range->start.file, err);
    }
    if (range->stop.kind == BS_EVENTS_AT_POSITION && !range->stop_seen_file && !range->stopped) {
        return missing_file("stop", range->stop.file, err);
    }
    if (range->start.kind == BS_EVENTS_AT_GTID && !range->started) {
        return missing_transaction("start", &range->start.gtid, err);
    }
    if (range->stop.kind == BS_EVENTS_AT_GTID && !range->in_stop) {
        return missing_transaction("stop", &range->stop.gtid, err);
    }
    return BS_OK;
}
