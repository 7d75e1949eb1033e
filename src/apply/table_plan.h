/* How the rows of a table may be applied beside and across each other; worked out once for all
 * tables whenever one of them changes. Pure.
 *
 * Every row writes its table's unique keys, old and new values, and reads the keys of the parents
 * that it refers to. Besides there is one number for the table as a whole, or for the whole family
 * of tables that foreign keys join: rows read it, and write it where their keys say too little:
 * tables without a key to find rows by, keys over expressions, text whose equality is not known.
 * So such a row meets every other row of the family, and the others meet only each other. */
#ifndef BS_APPLY_TABLE_PLAN_H
#define BS_APPLY_TABLE_PLAN_H

#include "apply/row_key.h"
#include "base/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_target_table;
struct bs_scheduler;

struct bs_table_plan {
    uint64_t family;
    bool whole; /* each row writes the whole family */
    bool folds; /* rows can be told apart by their key: several changes of one become one */
    bool has_foreign_keys; /* it is a child or a parent */
    bool is_parent;
    struct bs_hashed_key *keys; /* owned: the unique keys that have hashes */
    size_t key_count;
    struct bs_hashed_key *parents; /* owned: the columns of a child, with the parent's seed */
    size_t parent_count;
};

/* Fills the plans of all tables in the map ("db\0table" -> struct bs_target_table). */
void bs_table_plans_make(const struct bs_map *tables);
void bs_table_plan_fini(struct bs_table_plan *plan);

/* What a row touches, either image NULL where there is none. in_order: rows of the family are
 * applied in the log's order, because the target runs cascades: they touch the whole of it. */
void bs_table_plan_touch(const struct bs_table_plan *plan, const struct bs_value *before,
                         const struct bs_value *after, bool in_order,
                         struct bs_scheduler *scheduler);

#endif
