/* The head of a binlog file: whether a transaction is in front of the file. Every file of a log
 * with GTIDs begins with the names of all that is in the files before it: PREVIOUS_GTIDS of MySQL,
 * GTID_LIST of MariaDB. So few heads tell in which file a transaction is. Fed with a server's
 * stream from the file's first event on. Pure; one thread. */
#ifndef BS_EVENTS_HEAD_H
#define BS_EVENTS_HEAD_H

#include "binlog/gtid.h"
#include "binlog/walker.h"

struct bs_events_head {
    struct bs_walker *walker;
    struct bs_gtid gtid;
    bool is_read;   /* no more events are wanted */
    bool is_told;   /* there was a list */
    bool is_behind; /* by which the transaction is in front of this file */
};

void bs_events_head_init(struct bs_events_head *head, const struct bs_gtid *gtid, const char *file,
                         bool sums);
void bs_events_head_fini(struct bs_events_head *head);
enum bs_status bs_events_head_feed(struct bs_events_head *head, struct bs_str raw,
                                   struct bs_error *err) BS_MUST_CHECK;

#endif
