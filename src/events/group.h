/* Which events of a log belong together: a transaction, or a statement on its own. With GTIDs of
 * either flavour and without; it decides nothing, so it asks for no order. One thread. */
#ifndef BS_EVENTS_GROUP_H
#define BS_EVENTS_GROUP_H

#include "binlog/gtid_event.h"
#include "binlog/walker.h"

#include <stdbool.h>

struct bs_events_group {
    bool open;       /* more of it is to come */
    bool standalone; /* it is one statement (MariaDB says so) */
    bool begun;      /* BEGIN was seen in it */
};

/* True for the events that name a group, and begin it. */
bool bs_events_is_gtid(uint8_t type);
/* True for the events of the log itself, which stand between groups. */
bool bs_events_is_of_log(uint8_t type);

/* Goes on behind one event of the log: not one from inside of another, and not a made up one. */
void bs_events_group_follow(struct bs_events_group *group, const struct bs_walked *walked);

#endif
