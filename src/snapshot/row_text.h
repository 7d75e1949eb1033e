/* One row as text: a line for LOAD DATA, a list of values for INSERT, or bare values. Called by the
 * dumper for every row, so it allocates nothing but room in the block. Pure. */
#ifndef BS_SNAPSHOT_ROW_TEXT_H
#define BS_SNAPSHOT_ROW_TEXT_H

#include "base/buf.h"
#include "base/str.h"
#include "snapshot/copy.h"

#include <stdint.h>

/* fields: one view per column of copy, data NULL for NULL. They return how many ENUM values are
 * the error value 0: storing such a one makes exactly one warning on every server. */
uint32_t bs_row_put_load(struct bs_buf *out, const struct bs_copy *copy,
                         const struct bs_str *fields);
uint32_t bs_row_put_insert(struct bs_buf *out, const struct bs_copy *copy,
                           const struct bs_str *fields);

/* The values one after the other, and the length of each behind lengths: see sql/bulk.h. The same
 * return. */
uint32_t bs_row_put_bulk(struct bs_buf *out, struct bs_buf *lengths, const struct bs_copy *copy,
                         const struct bs_str *fields);

/* The part of an INSERT row "(a,b,...)" that holds its first count values: how long it is, and
 * where it starts is after the parenthesis. */
size_t bs_row_key_len(struct bs_str row, size_t count);

/* LOAD DATA's escapes: backslash, tab, newline, NUL. */
void bs_row_put_escaped(struct bs_buf *out, struct bs_str bytes);

#endif
