/* Keys of rows as numbers. Two uses, with opposite demands:
 *
 *   conflicts   two rows that the target could take for the same key must hash alike
 *   identity    one stored row and no other: exact values, and a comparison behind the hash
 *
 * For conflicts text is folded as far as its collation is known to equate it, and what is not known
 * to be safe has no hash at all: its table is then one key. Alike without need is harmless. Pure.
 */
#ifndef BS_APPLY_ROW_KEY_H
#define BS_APPLY_ROW_KEY_H

#include "binlog/value.h"
#include "schema/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What equality of a column's values in a key means. */
enum bs_key_class {
    BS_KEY_EXACT,  /* numbers, dates, bytes; text that is compared byte by byte */
    BS_KEY_FOLDED, /* text: of printable ASCII, equal but for case and spaces at the end */
    BS_KEY_OPAQUE, /* text under a collation that is not known well enough */
};

struct bs_key_column {
    size_t column;   /* index in the row */
    uint32_t prefix; /* so many characters count, 0: all */
    enum bs_key_class class;
};

/* A key whose values are hashed, by which numbers start apart for different keys. */
struct bs_hashed_key {
    uint64_t seed;
    struct bs_key_column *columns; /* owned */
    size_t column_count;
};

enum bs_key_class bs_key_class_of(const struct bs_column *column);
uint64_t bs_key_seed(struct bs_str db, struct bs_str table, struct bs_str key);

enum bs_key_hash_result {
    BS_KEY_HASHED,
    BS_KEY_NULL,   /* some part is NULL: equal to no other */
    BS_KEY_UNSAFE, /* cannot be said */
};
enum bs_key_hash_result bs_key_hash(const struct bs_hashed_key *key, const struct bs_value *values,
                                    uint64_t *hash);

/* Identity, by the columns of a row key. */
uint64_t bs_row_identity(const struct bs_key *key, const struct bs_value *values);
bool bs_row_is_same(const struct bs_key *key, const struct bs_value *a, const struct bs_value *b);

#endif
