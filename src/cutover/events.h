/* Events of the target sleep until the point of no return: an event that fires there before would
 * change what an undone cutover has to go on from. */
#ifndef BS_CUTOVER_EVENTS_H
#define BS_CUTOVER_EVENTS_H

#include "base/error.h"
#include "schema/model.h"

#include <stdbool.h>

bool bs_event_is_enabled(const struct bs_object *event);

/* Makes an event that its text enables a disabled one. */
enum bs_status bs_event_put_to_sleep(struct bs_object *event, struct bs_error *err) BS_MUST_CHECK;

#endif
