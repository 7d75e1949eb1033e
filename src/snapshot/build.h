/* What the target gets besides rows: databases and tables before the copy, routines and views after
 * it. Each is noted in the state before it is made, so that a rerun can drop it. Triggers and
 * events are left to the cutover. Runs on the target's control session and the main thread. */
#ifndef BS_SNAPSHOT_BUILD_H
#define BS_SNAPSHOT_BUILD_H

#include "base/error.h"
#include "schema/model.h"
#include "snapshot/snapshot.h"
#include "sql/session.h"

/* Fails with BS_PRECHECK, before anything is made, if a table or view of the same name is there. */
enum bs_status bs_build_tables(struct bs_sql *control, const struct bs_state *state,
                               const struct bs_schema *schema, bool keep_engines,
                               struct bs_snapshot_report *report,
                               struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_build_objects(struct bs_sql *control, const struct bs_state *state,
                                const struct bs_schema *schema, struct bs_snapshot_report *report,
                                struct bs_error *err) BS_MUST_CHECK;

#endif
