/* A table that was altered on the source while it was copied: the attempt ends, and the next one
 * copies the table anew. */
#ifndef BS_SNAPSHOT_ALTERED_H
#define BS_SNAPSHOT_ALTERED_H

#include "base/error.h"
#include "snapshot/copy.h"
#include "sql/session.h"

/* BS_SCHEMA, with the table's name. */
enum bs_status bs_altered_refuse(const struct bs_copy *copy, struct bs_error *err);

/* While the metadata lock of the reading is held: are the columns of the point there, in front of
 * all others and in their order? An ALTER in place keeps the table's id, and may give a column the
 * name of another. */
enum bs_status bs_altered_check_columns(struct bs_sql *source, const struct bs_copy *copy,
                                        struct bs_error *err) BS_MUST_CHECK;

/* err came of reading the table: that, if it says so; else with the table's name. */
enum bs_status bs_altered_explain(const struct bs_copy *copy, struct bs_error *err);

#endif
