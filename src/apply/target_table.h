/* A table as the lane writes it: the source's model, plus what can be worked out once instead of
 * per row. Owned by the applier, on the lane's thread. */
#ifndef BS_APPLY_TARGET_TABLE_H
#define BS_APPLY_TARGET_TABLE_H

#include "apply/table_plan.h"
#include "base/buf.h"
#include "schema/model.h"
#include "schema/server.h"

#include <stdbool.h>
#include <stddef.h>

/* History that the target makes by itself, and the source's log names next. */
struct bs_history_due {
    size_t due;   /* so many rows */
    char end[32]; /* of this row end */
    bool is_told; /* that some of the source's is left out */
};

struct bs_target_table {
    struct bs_table *model;   /* owned */
    const struct bs_key *key; /* by which rows are found, NULL: keyless */
    size_t *writable;         /* indexes of the columns that are assigned: all but generated ones */
    size_t writable_count;
    struct bs_column *lenient; /* the model's columns, with charsets whose names raise no warning as
                                  introducers; owned, but for what they point to. NULL: as they
                                  are */
    struct bs_buf insert_head; /* INSERT INTO `db`.`t` (`a`,`b`) VALUES */
    struct bs_buf upsert_tail; /* ON DUPLICATE KEY UPDATE `b`=...; empty: all columns are keys */
    bool is_transactional;     /* on the source: what is rolled back there is undone */
    bool has_period;           /* system-versioned: see src/apply/versioned.h */
    bool keeps_history;        /* and with the source's periods on the target */
    size_t period_start;       /* columns */
    size_t period_end;
    struct bs_history_due *history; /* owned, NULL without a period */
    bool references_itself;    /* a foreign key to the same table: rows go one by one, in order */
    struct bs_table_plan plan; /* see bs_table_plans_make */
    bool is_cascaded; /* deleting a parent deletes its rows: so may deleting its own, in a cycle */
};

/* What the target's server makes of a table. */
struct bs_target_facts {
    bool keeps_history; /* it takes rows of history */
    bool names_new_row; /* INSERT ... AS new ON DUPLICATE KEY UPDATE: else VALUES(column) */
};
struct bs_target_facts bs_target_facts(const struct bs_server *target);

struct bs_target_table *bs_target_table_new(struct bs_table *model, struct bs_target_facts facts);
void bs_target_table_free(struct bs_target_table *table);

#endif
