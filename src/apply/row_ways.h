/* How each row of a fold is written. Pure.
 *
 *   in place   UPDATE of its own: the larger part of the row is left where it is
 *   upsert     with many others in INSERT ... ON DUPLICATE KEY UPDATE
 *   replace    deleted with many others, then inserted with many others; or one of the two
 *   absent     it came and went: only looked for, as nothing may be there that the source had not
 *
 * A row may stay where it is if it meets no other row's unique value on the way: none of its own
 * changes, or the new ones are no other row's of the fold before. They are nobody else's on the
 * target either then: at the end of the bundle they are this row's alone, as on the source. */
#ifndef BS_APPLY_ROW_WAYS_H
#define BS_APPLY_ROW_WAYS_H

#include "apply/fold.h"

#include <stdbool.h>

enum bs_row_way { BS_WAY_NONE, BS_WAY_IN_PLACE, BS_WAY_UPSERT, BS_WAY_REPLACE, BS_WAY_ABSENT };

/* ways: one per row of the fold. one_by_one: each row is to be in a statement of its own, so that
 * an error names it. */
void bs_row_ways(const struct bs_fold *fold, bool one_by_one, enum bs_row_way *ways);

#endif
