/* The source's collation ids and names: QUERY events name charsets by id, SET wants names, and the
 * ids are the source's own (field guide 5.12). Read once from the source; immutable afterwards. */
#ifndef BS_APPLY_COLLATIONS_H
#define BS_APPLY_COLLATIONS_H

#include "base/error.h"
#include "sql/session.h"

struct bs_collations;

enum bs_status bs_collations_load(struct bs_collations **collations, struct bs_sql *source,
                                  struct bs_error *err) BS_MUST_CHECK;
void bs_collations_free(struct bs_collations *collations);

/* NULL for an id that the source does not know. */
const char *bs_collations_name(const struct bs_collations *collations, unsigned int id);
const char *bs_collations_charset(const struct bs_collations *collations, unsigned int id);

#endif
