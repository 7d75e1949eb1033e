/* Drops what earlier attempts have made on the target and this one does not keep: what is noted as
 * made, and nothing else. Runs on the target's control session and the main thread. */
#ifndef BS_SNAPSHOT_UNDO_H
#define BS_SNAPSHOT_UNDO_H

#include "base/error.h"
#include "schema/model.h"
#include "snapshot/resume.h"
#include "sql/session.h"
#include "state/state.h"

/* Views and routines go in any case, and are made anew from the schema; tables that are fresh, and
 * all that the schema has no more. */
enum bs_status bs_undo_rest(struct bs_sql *control, const struct bs_state *state,
                            const struct bs_resume *resume, const struct bs_schema *schema,
                            struct bs_error *err) BS_MUST_CHECK;

#endif
