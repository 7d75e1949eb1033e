/* What `load` refuses of an archive's tables before anything is made of them. The checks of the
 * source's catalogue that depend on what is selected, or on the target, could not be made, or not
 * in full, when the archive was: it knew neither. Internal to src/snapshot. */
#ifndef BS_SNAPSHOT_LOAD_CHECK_H
#define BS_SNAPSHOT_LOAD_CHECK_H

#include "snapshot/copying.h"

/* Foreign keys of the tables that run->point.schema has taken: to a parent that is not among them,
 * to one that runs none on the source and would on the target, and such as change rows of a table
 * whose history is kept. BS_PRECHECK, with all tables' names. */
enum bs_status bs_load_check_foreign_keys(const struct bs_copying *run,
                                          struct bs_error *err) BS_MUST_CHECK;

#endif
