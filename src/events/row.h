/* The lines of a rows event's rows. */
#ifndef BS_EVENTS_ROW_H
#define BS_EVENTS_ROW_H

#include "events/table.h"

/* One image as an object; what is absent is left out. */
void bs_events_put_image(struct bs_buf *out, const struct bs_events_table *table,
                         const struct bs_value *values, struct bs_arena *arena);

#endif
