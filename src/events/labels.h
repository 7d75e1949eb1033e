/* The labels of an ENUM or SET of --schema, for logs that do not have them. Pure. */
#ifndef BS_EVENTS_LABELS_H
#define BS_EVENTS_LABELS_H

#include "base/arena.h"
#include "schema/model.h"

#include <stddef.h>

/* From its COLUMN_TYPE, in the arena, as UTF-8. 0: it does not tell them for sure. */
size_t bs_events_labels(const struct bs_column *column, struct bs_arena *arena,
                        const struct bs_str **labels);

#endif
