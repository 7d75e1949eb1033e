/* Cuts a table into chunks. Where the key is one integer the end is guessed (guess.h). Else, and
 * where no guess is good, by walking the key: the last key of the next n rows is the chunk's end.
 * Exact whatever the distribution of the keys, at the price of one pass over the index; the rows
 * that it brings into the source's cache are read next. Rejected: ranges of equal width between MIN
 * and MAX, which are empty or huge where keys are not spread evenly.
 *
 * Runs on a dumper's session and thread, inside its view; the texts are pure. */
#ifndef BS_SNAPSHOT_PLAN_H
#define BS_SNAPSHOT_PLAN_H

#include "base/buf.h"
#include "base/error.h"
#include "schema/server.h"
#include "snapshot/work.h"
#include "sql/session.h"

/* " WHERE ..." for the rows behind lower, up to and with upper; nothing if both are open. */
void bs_plan_put_range(struct bs_buf *out, const struct bs_copy *copy, const struct bs_bound *lower,
                       const struct bs_bound *upper);

/* The statement that reads the rows behind lower, up to and with upper: all of them, also those
 * that lie in a partition where they do not belong. */
void bs_plan_put_read(struct bs_buf *out, const struct bs_copy *copy, const struct bs_bound *lower,
                      const struct bs_bound *upper);

/* The statement that finds the end of a chunk of so many rows. */
void bs_plan_put_cut(struct bs_buf *out, const struct bs_copy *copy, const struct bs_bound *after,
                     uint64_t rows);

/* The next chunk of the item's table; NULL if no row is left. *is_last: nothing comes behind it. */
enum bs_status bs_plan_cut(struct bs_sql *sql, const struct bs_server *server,
                           const struct bs_work_item *item, struct bs_chunk **chunk, bool *is_last,
                           struct bs_error *err) BS_MUST_CHECK;

/* " WHERE" the key by which the table is cut has the values of this row, in the copy's order of
 * columns; nothing if there is no such key. */
void bs_plan_put_row(struct bs_buf *out, const struct bs_copy *copy, const struct bs_str *fields);

#endif
