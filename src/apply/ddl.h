/* A statement of the stream: run in its place, left out, or refused by name. Called by the applier
 * only. */
#ifndef BS_APPLY_DDL_H
#define BS_APPLY_DDL_H

#include "apply/applier.h"

enum bs_status bs_ddl_apply(struct bs_applier *applier, const struct bs_item *item,
                            struct bs_error *err) BS_MUST_CHECK;

#endif
