/* FOREIGN KEY and REFERENCES in the text of a statement. Pure. */
#ifndef BS_SCHEMA_REFERENCES_H
#define BS_SCHEMA_REFERENCES_H

#include "base/buf.h"
#include "schema/model.h"
#include "schema/words.h"

#include <stdbool.h>
#include <stddef.h>

/* Behind REFERENCES table [(columns)] [MATCH x] [ON DELETE x] [ON UPDATE x], which begins at at. */
size_t bs_references_end(const struct bs_words *words, size_t at);

/* Puts the CREATE or ALTER TABLE as it is understood for an engine that has no foreign keys: each
 * of them is a key over its columns, unless another one begins with these. False: it has none, and
 * nothing is put. source: whose words these are; here: the table before an ALTER, or NULL. */
bool bs_references_cut(struct bs_buf *out, struct bs_str sql, bool ansi_quotes,
                       bool no_backslash_escapes, const struct bs_server *source,
                       const struct bs_table *here);

#endif
