/* Rows as statements of a batch: multi-row INSERT, DELETE by lists of keys, UPDATE
 * row by row in the event's order. Strict: every statement says how many rows it must touch.
 * Keyless tables are changed one row at a time by all columns, with LIMIT 1. Runs on the lane's
 * thread. */
#ifndef BS_APPLY_CHANGE_H
#define BS_APPLY_CHANGE_H

#include "apply/batch.h"
#include "apply/target_table.h"
#include "binlog/rows.h"

enum { BS_STATEMENT_ROWS_MAX = 200 };

/* Collects rows into statements. One is in use per rows event: init, add each row, finish. */
struct bs_change {
    struct bs_batch *batch;
    const struct bs_target_table *table;
    struct bs_origin origin;
    size_t rows_max;        /* of a statement; bs_change_init says BS_STATEMENT_ROWS_MAX */
    struct bs_expect *open; /* a multi-row statement that can take another row; NULL: none */
    bool converges;         /* see bs_change_converge */
    char moment[32];        /* what the session's timestamp is set to, "": nothing */
    char history_end[32];   /* the newest of the rows of history to be deleted, "": none */
};

void bs_change_init(struct bs_change *change, struct bs_batch *batch,
                    const struct bs_target_table *table, struct bs_origin origin);

/* From now on rows are brought to what the event says, whatever they are: deleted if they are
 * there, or put in place of what is there. Only for tables that have, on the target, no unique key
 * but that by which rows are found, and whose rows have no effect on others. */
void bs_change_converge(struct bs_change *change);

/* One row of the open event. The caller sends the batch when it is full, after bs_change_finish. */
void bs_change_add(struct bs_change *change, const struct bs_rows *rows);
void bs_change_finish(struct bs_change *change);

/* The same for a row that is at hand by itself, of a table without a period. */
void bs_change_insert(struct bs_change *change, const struct bs_value *values);
void bs_change_delete(struct bs_change *change, const struct bs_value *values);
void bs_change_update(struct bs_change *change, const struct bs_value *before,
                      const struct bs_value *after);

/* Nothing with the key of these values may be there: the source has inserted such a row, and
 * deleted it again. Only of a table with a row key. */
void bs_change_absent(struct bs_change *change, const struct bs_value *values);

/* An update of many rows at once, by INSERT ... ON DUPLICATE KEY UPDATE: for rows that do change,
 * and keep the values of all their unique keys. A row that is not there would be inserted, which
 * its count tells; or another one found by a second unique key, which the statement itself refuses
 * (target_table.c). */
bool bs_change_can_upsert(const struct bs_target_table *table, const struct bs_value *after);
void bs_change_upsert(struct bs_change *change, const struct bs_value *after);

#endif
