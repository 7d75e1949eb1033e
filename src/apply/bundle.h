/* A bundle: a contiguous run of whole source transactions that becomes one target transaction.
 *
 *   thread of the applier             thread of a lane
 *   add rows, end a transaction  ──>  write: SQL out of it, checked answer by answer  ──>  commit
 *
 * It owns all that its rows need: the events' bytes and their values, in one arena. Most tables are
 * folded (fold.h). Rows of tables without a key, and of families of tables whose cascades the
 * target runs, stay in the order of the log. The two kinds are of different families, with no
 * foreign key between them, so it does not matter which goes first. */
#ifndef BS_APPLY_BUNDLE_H
#define BS_APPLY_BUNDLE_H

#include "apply/applied.h"
#include "apply/batch.h"
#include "apply/fold.h"
#include "apply/lane.h"
#include "apply/target_table.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/position.h"
#include "binlog/rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A change that keeps its place. */
struct bs_ordered_change {
    const struct bs_target_table *table;
    enum bs_row_change change;
    const struct bs_value *before, *after;
    bool fk_checks;
    const struct bs_origin *origin;
};

struct bs_bundle {
    uint64_t number; /* the scheduler's, once closed */
    struct bs_arena arena;

    struct bs_fold *folds; /* in the order of their first rows */
    size_t fold_count, fold_cap;
    struct bs_ordered_change *ordered;
    size_t ordered_count, ordered_cap;
    const struct bs_target_table **ordered_tables; /* each once */
    size_t ordered_table_count, ordered_table_cap;
    bool is_literal; /* foreign keys are not checked for folded rows: the log has the cascades */

    size_t groups; /* source transactions that concern the selection */
    size_t all_groups;
    size_t rows; /* as logged, before they are folded */
    size_t raw_bytes;
    const struct bs_target_table *waits_for; /* whose rows made it wait last; NULL: it need not */

    /* Where it is in the source's log. */
    struct bs_log_place from, to;
    struct bs_position end; /* the same place as `to`, with its GTIDs */
    uint32_t file_created;  /* of end.file, 0: not known */
    int64_t source_us;      /* commit time of its last transaction */
    int64_t first_us;       /* and of its first one */
    int64_t opened_ms;

    /* The low-water mark when it was given to a lane: what that lane will write. */
    struct bs_position low;
    uint32_t low_file_created;
};

struct bs_bundle *bs_bundle_new(const struct bs_log_place *from);
void bs_bundle_free(struct bs_bundle *bundle);
/* Once it is committed: gives up its rows. Where it is in the log stays. */
void bs_bundle_shed(struct bs_bundle *bundle);
bool bs_bundle_is_empty(const struct bs_bundle *bundle);
size_t bs_bundle_bytes(const struct bs_bundle *bundle); /* of memory, about */

/* May rows of this table come in, now to be folded or now to keep their order? false: its family is
 * in it in the other way: a session of the source had its foreign key checks off, another had not.
 */
bool bs_bundle_can_take(const struct bs_bundle *bundle, const struct bs_target_table *table,
                        bool in_order);

/* The row that rows_next has just read; its values must be in the bundle's arena. */
enum bs_status bs_bundle_fold(struct bs_bundle *bundle, const struct bs_target_table *table,
                              const struct bs_rows *rows, const struct bs_origin *origin,
                              struct bs_error *err) BS_MUST_CHECK;
void bs_bundle_keep(struct bs_bundle *bundle, const struct bs_target_table *table,
                    const struct bs_rows *rows, bool fk_checks, const struct bs_origin *origin);

/* On a lane's thread: everything in it as SQL on the lane, each answer checked. one_by_one: each
 * row in a statement of its own, so that an error names the row. */
enum bs_status bs_bundle_write(const struct bs_bundle *bundle, struct bs_lane *lane,
                               bool one_by_one, struct bs_error *err) BS_MUST_CHECK;

#endif
