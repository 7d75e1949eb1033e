#include "apply/row_ways.h"

#include "apply/change.h"
#include "apply/literal.h"
#include "apply/row_key.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>

/* What the unchanged part of a row must be worth, to be left where it is: about what a statement of
 * its own costs the target. */
enum { UNCHANGED_BYTES_WORTH = 2048 };

/* Hashes of the unique values that rows of the fold had and have no more. */
struct released {
    uint64_t *slots; /* 0: free */
    size_t cap;
    bool has_unknown; /* one that cannot be hashed: nobody knows what it equals */
};

static uint64_t *
slot_of(const struct released *released, uint64_t hash) {
    size_t mask = released->cap - 1;
    size_t at = (size_t)hash & mask;
    while (released->slots[at] != 0 && released->slots[at] != hash) {
        at = (at + 1) & mask;
    }
    return &released->slots[at];
}

static bool
is_change(const struct bs_folded_row *row) {
    return row->before != NULL && row->after != NULL;
}

static bool
is_kept(const struct bs_value *before, const struct bs_value *after) {
    bool is_known = before->kind != BS_VALUE_ABSENT && after->kind != BS_VALUE_ABSENT;
    return is_known && bs_value_equal(before, after);
}

/* The same to the byte, in all unique keys. */
static bool
keeps_exactly(const struct bs_target_table *table, const struct bs_folded_row *row) {
    const struct bs_table *model = table->model;
    for (size_t k = 0; k < model->key_count; k++) {
        const struct bs_key *key = &model->keys[k];
        for (size_t i = 0; key->unique && i < key->part_count; i++) {
            size_t column = key->parts[i].column;
            if (!is_kept(&row->before[column], &row->after[column])) {
                return false;
            }
        }
        if (key->unique && key->functional) {
            return false;
        }
    }
    return true;
}

/* To the byte: a hash that is alike says only that two values may be equal. */
static bool
keeps_value(const struct bs_hashed_key *key, const struct bs_folded_row *row) {
    for (size_t i = 0; i < key->column_count; i++) {
        size_t column = key->columns[i].column;
        if (!is_kept(&row->before[column], &row->after[column])) {
            return false;
        }
    }
    return true;
}

static void
release(struct released *released, const struct bs_target_table *table,
        const struct bs_folded_row *row) {
    for (size_t k = 0; k < table->plan.key_count; k++) {
        uint64_t hash = 0;
        if (keeps_value(&table->plan.keys[k], row)) {
            continue;
        }
        enum bs_key_hash_result result = bs_key_hash(&table->plan.keys[k], row->before, &hash);
        released->has_unknown = released->has_unknown || result == BS_KEY_UNSAFE;
        if (result == BS_KEY_HASHED) {
            *slot_of(released, hash) = hash;
        }
    }
}

/* Rows that are only deleted are gone before all others are written. */
static void
collect_released(struct released *released, const struct bs_fold *fold) {
    released->cap = 16;
    while (released->cap < 2 * (fold->count * fold->table->plan.key_count + 1)) {
        released->cap *= 2;
    }
    released->slots = bs_zalloc(released->cap * sizeof *released->slots);
    for (size_t i = 0; i < fold->count; i++) {
        if (is_change(&fold->rows[i]) && !keeps_exactly(fold->table, &fold->rows[i])) {
            release(released, fold->table, &fold->rows[i]);
        }
    }
}

static bool
may_stay(const struct released *released, const struct bs_target_table *table,
         const struct bs_folded_row *row) {
    if (keeps_exactly(table, row)) {
        return true;
    }
    if (table->plan.whole || released->cap == 0 || released->has_unknown) {
        return false;
    }
    for (size_t k = 0; k < table->plan.key_count; k++) {
        uint64_t hash = 0;
        enum bs_key_hash_result result = bs_key_hash(&table->plan.keys[k], row->after, &hash);
        bool is_free = result == BS_KEY_NULL ||
                       (result == BS_KEY_HASHED &&
                        (keeps_value(&table->plan.keys[k], row) || *slot_of(released, hash) == 0));
        if (!is_free) {
            return false;
        }
    }
    return true;
}

static size_t
weight_of(const struct bs_value *value) {
    return value->kind == BS_VALUE_BYTES || value->kind == BS_VALUE_JSON ? value->text.len : 8;
}

/* Of the values that stay the same; *is_same: all do. */
static size_t
unchanged_bytes(const struct bs_target_table *table, const struct bs_folded_row *row,
                bool *is_same) {
    size_t bytes = 0;
    *is_same = true;
    for (size_t i = 0; i < table->writable_count; i++) {
        size_t c = table->writable[i];
        if (bs_value_equal(&row->before[c], &row->after[c])) {
            bytes += weight_of(&row->before[c]);
        } else {
            *is_same = false;
        }
    }
    return bytes;
}

/* Text may be equal to another row's that the source had. */
static bool
is_key_of_numbers(const struct bs_target_table *table, const struct bs_value *key) {
    for (size_t i = 0; i < table->key->part_count; i++) {
        enum bs_value_kind kind = key[table->key->parts[i].column].kind;
        if (kind != BS_VALUE_INT && kind != BS_VALUE_UINT) {
            return false;
        }
    }
    return true;
}

static enum bs_row_way
way_without_change(const struct bs_target_table *table, const struct bs_folded_row *row) {
    if (row->before != NULL || row->after != NULL) {
        return BS_WAY_REPLACE;
    }
    return is_key_of_numbers(table, row->key) ? BS_WAY_ABSENT : BS_WAY_NONE;
}

static enum bs_row_way
way_of(const struct bs_target_table *table, const struct bs_folded_row *row,
       const struct released *released, bool one_by_one) {
    bool is_same = false;
    if (!is_change(row)) {
        return way_without_change(table, row);
    }
    if (!may_stay(released, table, row)) {
        return BS_WAY_REPLACE;
    }
    bool is_worth = unchanged_bytes(table, row, &is_same) >= UNCHANGED_BYTES_WORTH;
    if (one_by_one || is_worth || is_same) {
        return BS_WAY_IN_PLACE;
    }
    return bs_change_can_upsert(table, row->after) ? BS_WAY_UPSERT : BS_WAY_REPLACE;
}

void
bs_row_ways(const struct bs_fold *fold, bool one_by_one, enum bs_row_way *ways) {
    struct released released = {0};
    bool moves = false;
    for (size_t i = 0; i < fold->count && !moves; i++) {
        moves = is_change(&fold->rows[i]) && !keeps_exactly(fold->table, &fold->rows[i]);
    }
    if (moves && !fold->table->plan.whole) {
        collect_released(&released, fold);
    }
    for (size_t i = 0; i < fold->count; i++) {
        ways[i] = way_of(fold->table, &fold->rows[i], &released, one_by_one);
    }
    free(released.slots);
}
