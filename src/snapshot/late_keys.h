/* What of a table is made after its rows: secondary keys, which are built in a fraction of the time
 * that keeping them up row by row takes, and foreign keys, which need keys of both tables.
 *
 *   SHOW CREATE TABLE ──split──> CREATE TABLE (columns, primary key, CHECKs)
 *                                ALTER TABLE ADD KEY ..., ADD UNIQUE KEY ...    per table
 *                                ALTER TABLE ADD CONSTRAINT ... FOREIGN KEY ... once all are there
 *
 * A key stays in CREATE TABLE where the table needs it from the start: the one that AUTO_INCREMENT
 * goes by, and unique ones of a table without a primary key, one of which the server clusters the
 * rows by. FULLTEXT and SPATIAL keys stay too. Pure. */
#ifndef BS_SNAPSHOT_LATE_KEYS_H
#define BS_SNAPSHOT_LATE_KEYS_H

#include "base/buf.h"
#include "base/str.h"
#include "schema/model.h"

#include <stdbool.h>

struct bs_late_keys {
    struct bs_buf create;
    struct bs_buf keys; /* a whole statement, empty: nothing is late */
    struct bs_buf foreign_keys;
    size_t unique_kept; /* unique keys, but for the primary one, that CREATE makes */
};

/* create: as SHOW CREATE TABLE prints it, be it translated: an element a line. model: of the
 * source. Which of the two kinds may be late is the caller's to say. */
void bs_late_keys_split(struct bs_late_keys *late, struct bs_str create,
                        const struct bs_table *model, bool keys, bool foreign_keys);
void bs_late_keys_fini(struct bs_late_keys *late);

#endif
