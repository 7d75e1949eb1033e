/* The changes of one table in a bundle, folded: however often a row was changed, what is left of it
 * is how it was before the bundle and how it is after it. Pure.
 *
 *            insert                update            delete
 *   absent ─────────> (none, a)   before: b, after: a    (b, none)
 *
 *   insert, delete: nothing is left, nor may anything be there
 *   delete, insert: (b, a)
 *   update that moves the key: the old key's row is deleted, the new key's inserted
 *
 * Then all that go are deleted, and all that come are inserted. This is sound with any number of
 * unique keys: the source's rows at the end of a transaction break none, and whatever a row that
 * comes could collide with has gone before. A row is known by the exact bytes of its key, so text
 * that a collation equates ('a' and 'A') is two rows here, of which one goes and one comes.
 *
 * The values must outlive the fold: they are in the bundle's arena. Used by one thread at a time.
 */
#ifndef BS_APPLY_FOLD_H
#define BS_APPLY_FOLD_H

#include "apply/batch.h"
#include "apply/target_table.h"
#include "base/error.h"
#include "binlog/value.h"

#include <stddef.h>
#include <stdint.h>

struct bs_folded_row {
    const struct bs_value *key;     /* a row with this row's key */
    const struct bs_value *before;  /* as the target has it, NULL: not there */
    const struct bs_value *after;   /* as it will be, NULL: gone. Both NULL: nothing is left */
    const struct bs_origin *origin; /* of its last change */
};

struct bs_fold {
    const struct bs_target_table *table;
    struct bs_folded_row *rows; /* in the order of their first changes */
    size_t count, cap;
    uint32_t *slots; /* by identity: index + 1, 0: free */
    size_t slot_cap;
};

void bs_fold_init(struct bs_fold *fold, const struct bs_target_table *table);
void bs_fold_fini(struct bs_fold *fold);

/* One change: before NULL for an insert, after NULL for a delete. BS_CONFLICT for one that
 * contradicts those before it: then the log was not what the source did. */
enum bs_status bs_fold_add(struct bs_fold *fold, const struct bs_value *before,
                           const struct bs_value *after, const struct bs_origin *origin,
                           struct bs_error *err) BS_MUST_CHECK;

#endif
