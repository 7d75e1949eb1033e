/* A place in a table's key order: one value per key part, as bytes. Plain data, owned by whoever
 * holds it; pure. */
#ifndef BS_SNAPSHOT_BOUND_H
#define BS_SNAPSHOT_BOUND_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* count 0: no bound. */
struct bs_bound {
    struct bs_str *values; /* one heap block with their bytes */
    size_t count;
};

void bs_bound_set(struct bs_bound *bound, const struct bs_str *fields, size_t count); /* copies */
void bs_bound_fini(struct bs_bound *bound);
bool bs_bound_equal(const struct bs_bound *a, const struct bs_bound *b); /* to the byte */

/* As bytes for the ledger, none for no bound; and back, BS_SCHEMA for any other bytes. */
void bs_bound_encode(const struct bs_bound *bound, struct bs_buf *out);
enum bs_status bs_bound_decode(struct bs_bound *bound, struct bs_str bytes,
                               struct bs_error *err) BS_MUST_CHECK;

#endif
