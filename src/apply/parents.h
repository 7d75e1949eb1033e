/* Foreign keys from or to a table that on the source is of an engine without them, and InnoDB on
 * the target: the source lets them be made while foreign_key_checks is off, and runs none of them;
 * the target would. On the lane's thread. */
#ifndef BS_APPLY_PARENTS_H
#define BS_APPLY_PARENTS_H

#include "apply/applier.h"

/* After a statement about this table has run, whose model is new: refuses it by name. */
enum bs_status bs_parents_check(const struct bs_applier *applier,
                                const struct bs_statement *statement, const char *db,
                                const char *name, struct bs_error *err) BS_MUST_CHECK;

#endif
