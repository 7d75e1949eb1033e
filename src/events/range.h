/* --start and --stop: a place, a transaction or a time. */
#ifndef BS_EVENTS_RANGE_H
#define BS_EVENTS_RANGE_H

#include "base/error.h"
#include "binlog/gtid.h"
#include "events/group.h"

#include <stdbool.h>

enum bs_events_bound_kind {
    BS_EVENTS_UNBOUND,
    BS_EVENTS_AT_POSITION, /* file:pos */
    BS_EVENTS_AT_GTID,
    BS_EVENTS_AT_TIME, /* seconds since 1970 */
};

struct bs_events_bound {
    enum bs_events_bound_kind kind;
    char *file; /* heap-owned */
    uint64_t pos;
    struct bs_gtid gtid;
    uint64_t time;
};

/* "binlog.000012:4711", "0-1-77", "UUID:5", "UUID:tag:5", "2026-11-28 15:21:00" (UTC). NULL:
 * unbound. BS_CONFIG names the option. */
enum bs_status bs_events_bound_parse(struct bs_events_bound *bound, const char *option,
                                     const char *text, struct bs_error *err) BS_MUST_CHECK;
void bs_events_bound_fini(struct bs_events_bound *bound);

/* Follows the walk.
 *
 *   start  a position: the first event at or behind it; a transaction: its GTID event; a time: the
 *          first event that is not older
 *   stop   a position: the event at or behind it, and a time: the first event that is not older,
 *          are not given any more; a transaction: it is the last one that is */
struct bs_events_range {
    struct bs_events_bound start, stop;
    bool started, stopped;
    bool start_seen_file; /* the file of start was there */
    bool stop_seen_file;
    bool in_stop; /* inside the transaction that is the last, or behind it */
    struct bs_events_group stop_group;
};

enum bs_events_turn {
    BS_EVENTS_SKIP,
    BS_EVENTS_GIVE,
    BS_EVENTS_STOP, /* this event, and all behind it, are out of the range */
};

/* What to do with an event of the log (those inside of another go with it). Made up ones are
 * skipped. */
enum bs_events_turn bs_events_range_turn(struct bs_events_range *range,
                                         const struct bs_walked *walked);

/* True where nothing is wanted any more, at the place where the next event is: so that nobody waits
 * for that one. */
bool bs_events_range_is_over(struct bs_events_range *range, const char *file, uint64_t pos);

/* At the end: BS_CONFIG if what --start or --stop names was not there. */
enum bs_status bs_events_range_check(const struct bs_events_range *range,
                                     struct bs_error *err) BS_MUST_CHECK;

#endif
