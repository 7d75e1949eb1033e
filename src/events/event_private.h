/* What an event's line has of its own, by kinds of event. Internal to src/events. */
#ifndef BS_EVENTS_EVENT_PRIVATE_H
#define BS_EVENTS_EVENT_PRIVATE_H

#include "events/event.h"

struct bs_events_line {
    struct bs_buf *out;
    const struct bs_walked *walked;
    const struct bs_events_table *table;
    struct bs_buf *inflated;
};

/* Adds the members of its type. */
typedef enum bs_status bs_events_members(const struct bs_events_line *line, struct bs_error *err);

/* event_statement.c */
bs_events_members bs_events_query, bs_events_intvar, bs_events_rand, bs_events_user_var,
    bs_events_load_block, bs_events_delete_file, bs_events_load_query, bs_events_annotation;

/* event_gtid.c */
bs_events_members bs_events_gtid, bs_events_previous_gtids, bs_events_gtid_list, bs_events_xid,
    bs_events_xa_prepare;

/* event_rows.c */
bs_events_members bs_events_table_map, bs_events_rows;

#endif
