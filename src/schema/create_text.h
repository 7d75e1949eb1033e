/* A table's CREATE text as the target shall run it. Pure. */
#ifndef BS_SCHEMA_CREATE_TEXT_H
#define BS_SCHEMA_CREATE_TEXT_H

#include "base/buf.h"
#include "base/str.h"

#include <stddef.h>

/* Behind the word in quotes, of any kind, that begins at `at`; the text's end if it has none. */
size_t bs_create_skip_quoted(struct bs_str text, size_t at);

/* Puts SHOW CREATE TABLE's text without the COLLATE of columns that have no CHARACTER SET. MySQL 8
 * and later print it where a column simply has the table's collation, and take it, when it is run,
 * for a choice of the column's own: SHOW CREATE on the target would then say more than on the
 * source. Without it the column takes the table's collation, which is the same one. */
void bs_create_text_put(struct bs_buf *out, struct bs_str create);

/* Puts SHOW CREATE TABLE's text without the counter of AUTO_INCREMENT, which rows move: two such
 * texts of a table are equal as long as nobody has altered it. */
void bs_create_put_definition(struct bs_buf *out, struct bs_str create);

#endif
