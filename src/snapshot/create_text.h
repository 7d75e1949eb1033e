/* A table's CREATE text as the target shall run it. Pure. */
#ifndef BS_SNAPSHOT_CREATE_TEXT_H
#define BS_SNAPSHOT_CREATE_TEXT_H

#include "base/buf.h"
#include "base/str.h"

/* Puts SHOW CREATE TABLE's text without the COLLATE of columns that have no CHARACTER SET. MySQL 8
 * and later print it where a column simply has the table's collation, and take it, when it is run,
 * for a choice of the column's own: SHOW CREATE on the target would then say more than on the
 * source. Without it the column takes the table's collation, which is the same one. */
void bs_create_text_put(struct bs_buf *out, struct bs_str create);

#endif
