/* Rows of history that ended in the moment in which they began. A server makes such (of a row that
 * is replaced by the statement that made it), and lets none be inserted with its period. So they
 * are made again on the target as they came to be, one by one, while their table is empty there:
 * each is inserted and deleted in its moment.
 *
 * Those that ended before they began, which servers before MariaDB 10.11 also make, are taken by no
 * target and shown by no moment: they are left out and logged.
 *
 * An archive has them in a file of their own for each table, so that load finds them first.
 *
 * Called on the main thread before the pairs run. */
#ifndef BS_SNAPSHOT_EARLY_H
#define BS_SNAPSHOT_EARLY_H

#include "base/error.h"
#include "snapshot/archive.h"
#include "snapshot/copy.h"
#include "sql/session.h"

/* " WHERE" or " AND" the row is none of those: for the chunks' own reading. */
void bs_early_put_others(struct bs_buf *out, const struct bs_copy *copy, bool has_where);

/* copy: of a table whose history is copied. view: on the source, in its view. target: inside a
 * transaction; its timestamp is the default one again afterwards. */
enum bs_status bs_early_copy(struct bs_sql *view, struct bs_sql *target, const struct bs_copy *copy,
                             struct bs_error *err) BS_MUST_CHECK;
/* Into the table's file in the archive, which is on the disk then, and noted; and from there. */
enum bs_status bs_early_save(struct bs_sql *view, struct bs_archive *archive,
                             const struct bs_copy *copy, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_early_load(const struct bs_archive *archive, struct bs_sql *target,
                             const struct bs_copy *copy, struct bs_error *err) BS_MUST_CHECK;

#endif
