/* Many rows inserted into one table as values in binary, which MariaDB takes at less than the cost
 * of a multi-row INSERT's text (decision 18). Beside the lane's batch and within its transaction:
 * what is in the batch is sent first.
 *
 *   open ─> add, add, ... ─> end      each may send rows, and checks that all were inserted
 *
 * Strict as change.h is. On the lane's thread. */
#ifndef BS_APPLY_BULK_INSERT_H
#define BS_APPLY_BULK_INSERT_H

#include "apply/lane.h"
#include "apply/target_table.h"
#include "binlog/value.h"
#include "sql/bulk.h"

/* Below so many, preparing the statement costs more than it spares. The simulation, whose bundles
 * are small, has a number of its own. */
#ifndef BS_BULK_INSERT_ROWS_MIN
#define BS_BULK_INSERT_ROWS_MIN 100
#endif

struct bs_bulk_insert {
    struct bs_lane *lane;
    const struct bs_target_table *table;
    struct bs_sql_bulk *bulk;
    struct bs_buf bytes;   /* the rows' values, and their lengths as uint32_t */
    struct bs_buf lengths; /* BS_SQL_BULK_NULL: NULL */
    size_t rows;
    struct bs_origin origin; /* of the first of them */
};

/* Does the lane's target take rows of the table so? No more once it has refused a statement. */
bool bs_bulk_insert_suits_table(const struct bs_lane *lane, const struct bs_target_table *table);
/* And this row? If not, it goes by a statement, after the others. */
bool bs_bulk_insert_suits(const struct bs_lane *lane, const struct bs_target_table *table,
                          const struct bs_value *values);

/* *opened: false with BS_OK if the target refuses to prepare the statement. Nothing is lost by
 * that, and nothing open: the rows go by statements. */
enum bs_status bs_bulk_insert_open(struct bs_bulk_insert *insert, struct bs_lane *lane,
                                   const struct bs_target_table *table, bool *opened,
                                   struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_bulk_insert_add(struct bs_bulk_insert *insert, const struct bs_value *values,
                                  const struct bs_origin *origin,
                                  struct bs_error *err) BS_MUST_CHECK;
/* Sends what is left. */
enum bs_status bs_bulk_insert_end(struct bs_bulk_insert *insert,
                                  struct bs_error *err) BS_MUST_CHECK;
void bs_bulk_insert_close(struct bs_bulk_insert *insert);

#endif
