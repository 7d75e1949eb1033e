/* A table that was altered on the source while it was copied: the attempt ends, and the next one
 * copies the table anew. */
#ifndef BS_SNAPSHOT_ALTERED_H
#define BS_SNAPSHOT_ALTERED_H

#include "base/error.h"
#include "snapshot/copy.h"

/* BS_SCHEMA, with the table's name. */
enum bs_status bs_altered_refuse(const struct bs_copy *copy, struct bs_error *err);

/* err came of reading the table: that, if it says so; else with the table's name. */
enum bs_status bs_altered_explain(const struct bs_copy *copy, struct bs_error *err);

#endif
