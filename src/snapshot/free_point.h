/* The point without a lock: the views open one after the other while writers go on, so each shows
 * the source a little later than the one before it.
 *
 *   first view ── pins all tables (DDL waits) ── the other views ── are these still all tables?
 *   │                                                            │
 *   point->position                                              point->newest
 *
 * MariaDB knows of each view exactly at which position it was opened. The first view's tables are
 * as of point->position then; those that several views read are as of both and what is between, so
 * their rows must be brought together (src/apply/window.h).
 *
 * MySQL does not, so every table is as of somewhere in between. With GTIDs gtid_executed, read
 * before the first view opens, holds nothing that a view does not show (of 5.7 and newer; 5.6 adds
 * a transaction before its engine has committed it, and is refused): it is what follow starts
 * from. The position of the binlog's end is no such thing: it runs ahead of what is visible (seen
 * in 98 of 100 tries). As a place point->position is the beginning of the file that was being
 * written then, before which everything is committed, since a file is ended only then. The end of
 * the binlog, read after the last view has opened, is behind all that any view shows.
 *
 * Called by point.c on the main thread. */
#ifndef BS_SNAPSHOT_FREE_POINT_H
#define BS_SNAPSHOT_FREE_POINT_H

#include "snapshot/views.h"

/* Why it cannot be, as a sentence; NULL: it can. */
const char *bs_free_point_obstacle(const struct bs_point_config *config,
                                   const struct bs_schema *schema);

/* Opens the views, with the first one's pins on all tables. */
enum bs_status bs_free_point_take(const struct bs_point_config *config,
                                  const struct bs_schema *schema, struct bs_point *point,
                                  enum bs_point_outcome *outcome,
                                  struct bs_error *err) BS_MUST_CHECK;

#endif
