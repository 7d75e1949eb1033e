/* What the target gets besides rows: databases and tables before the copy, routines and views after
 * it. Each is noted in the state before it is made, so that a rerun can drop it. Triggers and
 * events are left to the cutover. Runs on the target's control session and the main thread. */
#ifndef BS_SNAPSHOT_BUILD_H
#define BS_SNAPSHOT_BUILD_H

#include "base/error.h"
#include "schema/model.h"
#include "schema/translation.h"
#include "snapshot/late_keys.h"
#include "snapshot/point.h"
#include "snapshot/resume.h"
#include "snapshot/snapshot.h"
#include "sql/session.h"

/* Translates the schema's objects (not its tables) in place, and looks for tables that have no
 * equal on the target: BS_PRECHECK, naming the first one. */
enum bs_status bs_build_translate(const struct bs_translation *translation,
                                  struct bs_schema *schema, struct bs_error *err) BS_MUST_CHECK;

/* late: one per table of the schema, filled here with the statements that make the table, before
 * and after its rows; the caller's to free. Pure. */
void bs_build_texts(const struct bs_translation *translation, const struct bs_schema *schema,
                    const struct bs_point *point, const struct bs_resume *resume,
                    struct bs_late_keys *late);

/* Makes the tables that are fresh. Fails with BS_PRECHECK, before anything is made, if a table or
 * view of the same name is there. */
enum bs_status bs_build_tables(struct bs_sql *control, const struct bs_state *state,
                               const struct bs_schema *schema, const struct bs_resume *resume,
                               const struct bs_late_keys *late, struct bs_snapshot_report *report,
                               struct bs_error *err) BS_MUST_CHECK;

/* The late keys of tables that were in before this attempt, and the late foreign keys, once all
 * tables have their rows. Those of tables that were continued are left to follow: the end of the
 * window. Nothing is checked again: the rows are the source's. */
enum bs_status bs_build_kept_keys(struct bs_sql *control, const struct bs_schema *schema,
                                  const struct bs_resume *resume, const struct bs_late_keys *late,
                                  struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_build_foreign_keys(struct bs_sql *control, const struct bs_schema *schema,
                                     const struct bs_resume *resume,
                                     const struct bs_late_keys *late,
                                     struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_build_objects(struct bs_sql *control, const struct bs_state *state,
                                const struct bs_schema *schema, struct bs_snapshot_report *report,
                                struct bs_error *err) BS_MUST_CHECK;

#endif
