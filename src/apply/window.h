/* The window: up to the newest point of the copy, not all of the target's rows are as of one
 * position. What was copied by an earlier attempt is as of an older point, and follow starts at the
 * oldest (src/snapshot/resume.h). Until its end, in the order of the log, on lane 0:
 *
 *              P1 (start)                     P2 (end)
 *   a: kept         |··exact, by their counts····|··exact··>   all its rows are as of P1
 *   b: continued    |··converge··················|··exact··>   some are as of P1, some of P2
 *   c: fresh        |··left out··················|··exact··>   all are as of P2
 *
 * To converge is to put each changed row in place of whatever has its key, and to delete it where
 * it is there. The last change of a key decides, and all changes since P1 come by; so at P2 each
 * row is as it was there. It needs that nothing but the key can make two rows meet: such a table
 * gets its other unique keys at the end. Foreign keys are not checked for rows within the window,
 * since parent and child may be as of different positions; families whose foreign keys act are as
 * of one point (resume.h), so for those they are.
 *
 * DDL in the window is left out: it is in the definitions as of P2. A table that was altered
 * between P1 and P2 is fresh, so DDL on another one is of a kind that leaves no trace, and stops
 * the run.
 *
 * At the end the keys that are missing are built, and the points forgotten; from then on there is
 * no window. Used by the applier's thread. */
#ifndef BS_APPLY_WINDOW_H
#define BS_APPLY_WINDOW_H

#include "base/error.h"
#include "base/map.h"
#include "base/position.h"
#include "binlog/decoder.h"
#include "binlog/gtid.h"
#include "schema/ddl.h"
#include "state/state.h"

#include <stdbool.h>
#include <stddef.h>

struct bs_applier;
struct bs_target_table;
struct bs_window_point; /* of window.c */

/* Zero-initialised: there is none. */
struct bs_window {
    bool is_open;
    struct bs_log_place end;
    struct bs_log_place at; /* of the group that is being read */
    struct bs_gtid gtid;    /* of it */
    bool is_inside;         /* it is not behind the end */
    struct bs_window_point *points;
    size_t point_count;
    struct bs_unit *units;
    size_t unit_count;
    struct bs_map spans;    /* "db\0table" -> struct bs_span */
    struct bs_map families; /* of tables whose foreign keys act: number -> the window, as a mark */
    bool families_known;
};

enum bs_window_way { BS_WINDOW_LEFT_OUT, BS_WINDOW_CONVERGES, BS_WINDOW_EXACT };

/* Reads from the state whether there is one. */
enum bs_status bs_window_open(struct bs_applier *applier, struct bs_error *err) BS_MUST_CHECK;
void bs_window_fini(struct bs_window *window);

/* A group begins; if it is the first behind the end, the window is closed before it. */
enum bs_status bs_window_begin_group(struct bs_applier *applier, const struct bs_log_place *place,
                                     const struct bs_gtid *gtid,
                                     struct bs_error *err) BS_MUST_CHECK;

/* Between groups, with everything that was read committed: closes the window if its end is reached.
 */
enum bs_status bs_window_heed(struct bs_applier *applier, struct bs_error *err) BS_MUST_CHECK;

/* How rows of the group that is being read are applied. */
enum bs_window_way bs_window_way(const struct bs_applier *applier,
                                 const struct bs_target_table *table);

/* Must foreign keys be left alone for them, whatever the event says? */
bool bs_window_is_without_checks(struct bs_applier *applier, const struct bs_target_table *table);

/* *leaves_out: the statement is left out, because the window's end shows what it did. */
enum bs_status bs_window_statement(struct bs_applier *applier, const struct bs_statement *statement,
                                   const struct bs_ddl *ddl, bool *leaves_out,
                                   struct bs_error *err) BS_MUST_CHECK;

#endif
