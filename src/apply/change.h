/* The rows of one event as statements of a batch: multi-row INSERT, DELETE by lists of keys, UPDATE
 * row by row in the event's order. Strict: every statement says how many rows it must touch.
 * Keyless tables are changed one row at a time by all columns, with LIMIT 1. Runs on the lane's
 * thread. */
#ifndef BS_APPLY_CHANGE_H
#define BS_APPLY_CHANGE_H

#include "apply/batch.h"
#include "apply/target_table.h"
#include "binlog/rows.h"

enum { BS_STATEMENT_ROWS_MAX = 1000 };

/* Collects rows into statements. One is in use per rows event: init, add each row, finish. */
struct bs_change {
    struct bs_batch *batch;
    const struct bs_target_table *table;
    struct bs_origin origin;
    struct bs_expect *open; /* a multi-row statement that can take another row; NULL: none */
    char moment[32];        /* what the session's timestamp is set to, "": nothing */
    char history_end[32];   /* the newest of the rows of history to be deleted, "": none */
};

void bs_change_init(struct bs_change *change, struct bs_batch *batch,
                    const struct bs_target_table *table, struct bs_origin origin);

/* One row of the open event. The caller sends the batch when it is full, after bs_change_finish. */
void bs_change_add(struct bs_change *change, const struct bs_rows *rows);
void bs_change_finish(struct bs_change *change);

#endif
