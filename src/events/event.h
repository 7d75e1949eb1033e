/* The line of one event. */
#ifndef BS_EVENTS_EVENT_H
#define BS_EVENTS_EVENT_H

#include "binlog/walker.h"
#include "events/table.h"

/* Appends the line, its end included. table: of TABLE_MAP and rows events, else NULL. inflated is
 * scratch memory. BS_PROTOCOL where the event's own bytes are malformed; then nothing is appended.
 */
enum bs_status bs_events_put_event(struct bs_buf *out, const struct bs_walked *walked,
                                   const struct bs_events_table *table, struct bs_buf *inflated,
                                   struct bs_error *err) BS_MUST_CHECK;

#endif
