/* Whether a table's definition from --schema is that of the table in the log. Definitions of today
 * may not be those of the log: nothing is taken from one that differs. Pure. */
#ifndef BS_EVENTS_MODEL_FIT_H
#define BS_EVENTS_MODEL_FIT_H

#include "base/error.h"
#include "binlog/table_map.h"
#include "schema/model.h"

/* BS_SCHEMA: another number of columns, or columns of other types or names, which the message
 * tells. */
enum bs_status bs_events_check_model(const struct bs_table_map *map, const struct bs_table *model,
                                     struct bs_error *err) BS_MUST_CHECK;

#endif
