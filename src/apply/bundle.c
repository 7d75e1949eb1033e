#include "apply/bundle.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct bs_bundle *
bs_bundle_new(const struct bs_log_place *from) {
    struct bs_bundle *bundle = bs_zalloc(sizeof *bundle);
    bundle->from = *from;
    bundle->to = *from;
    bundle->opened_ms = bs_clock_mono_ms();
    return bundle;
}

void
bs_bundle_shed(struct bs_bundle *bundle) {
    for (size_t i = 0; i < bundle->fold_count; i++) {
        bs_fold_fini(&bundle->folds[i]);
    }
    free(bundle->folds);
    free(bundle->ordered);
    free(bundle->ordered_tables);
    bundle->folds = NULL;
    bundle->ordered = NULL;
    bundle->ordered_tables = NULL;
    bundle->fold_count = bundle->ordered_count = bundle->ordered_table_count = 0;
    bs_arena_fini(&bundle->arena);
}

void
bs_bundle_free(struct bs_bundle *bundle) {
    if (bundle == NULL) {
        return;
    }
    bs_bundle_shed(bundle);
    bs_position_fini(&bundle->end);
    bs_position_fini(&bundle->low);
    free(bundle);
}

size_t
bs_bundle_bytes(const struct bs_bundle *bundle) {
    size_t bytes = bundle->arena.used + bundle->ordered_cap * sizeof *bundle->ordered;
    for (size_t i = 0; i < bundle->fold_count; i++) {
        const struct bs_fold *fold = &bundle->folds[i];
        bytes += fold->cap * sizeof *fold->rows + fold->slot_cap * sizeof *fold->slots;
    }
    return bytes;
}

bool
bs_bundle_is_empty(const struct bs_bundle *bundle) {
    return bundle->all_groups == 0;
}

static struct bs_fold *
find_fold(const struct bs_bundle *bundle, const struct bs_target_table *table) {
    for (size_t i = bundle->fold_count; i > 0; i--) {
        if (bundle->folds[i - 1].table == table) {
            return &bundle->folds[i - 1];
        }
    }
    return NULL;
}

static bool
is_ordered(const struct bs_bundle *bundle, const struct bs_target_table *table) {
    for (size_t i = 0; i < bundle->ordered_table_count; i++) {
        if (bundle->ordered_tables[i] == table) {
            return true;
        }
    }
    return false;
}

static void
note_ordered(struct bs_bundle *bundle, const struct bs_target_table *table) {
    if (is_ordered(bundle, table)) {
        return;
    }
    void *tables = bundle->ordered_tables;
    bs_array_grow(&tables, &bundle->ordered_table_cap, bundle->ordered_table_count,
                  sizeof(struct bs_target_table *));
    bundle->ordered_tables = tables;
    bundle->ordered_tables[bundle->ordered_table_count++] = table;
}

static bool
folds_family(const struct bs_bundle *bundle, uint64_t family) {
    for (size_t i = 0; i < bundle->fold_count; i++) {
        if (bundle->folds[i].table->plan.family == family) {
            return true;
        }
    }
    return false;
}

static bool
orders_family(const struct bs_bundle *bundle, uint64_t family) {
    for (size_t i = 0; i < bundle->ordered_table_count; i++) {
        if (bundle->ordered_tables[i]->plan.family == family) {
            return true;
        }
    }
    return false;
}

bool
bs_bundle_can_take(const struct bs_bundle *bundle, const struct bs_target_table *table,
                   bool in_order) {
    uint64_t family = table->plan.family;
    /* Without foreign keys it is always the same way. */
    return !table->plan.has_foreign_keys ||
           (in_order ? !folds_family(bundle, family) : !orders_family(bundle, family));
}

static struct bs_fold *
fold_of(struct bs_bundle *bundle, const struct bs_target_table *table) {
    struct bs_fold *fold = find_fold(bundle, table);
    if (fold == NULL) {
        void *folds = bundle->folds;
        bs_array_grow(&folds, &bundle->fold_cap, bundle->fold_count, sizeof *bundle->folds);
        bundle->folds = folds;
        fold = &bundle->folds[bundle->fold_count++];
        bs_fold_init(fold, table);
    }
    return fold;
}

static const struct bs_value *
keep_values(struct bs_bundle *bundle, const struct bs_target_table *table,
            const struct bs_value *values) {
    if (values == NULL) {
        return NULL;
    }
    size_t len = table->model->column_count * sizeof *values;
    struct bs_value *copy = bs_arena_alloc(&bundle->arena, len);
    memcpy(copy, values, len);
    return copy;
}

enum bs_status
bs_bundle_fold(struct bs_bundle *bundle, const struct bs_target_table *table,
               const struct bs_rows *rows, const struct bs_origin *origin, struct bs_error *err) {
    bundle->rows++;
    return bs_fold_add(fold_of(bundle, table), keep_values(bundle, table, rows->before),
                       keep_values(bundle, table, rows->after), origin, err);
}

void
bs_bundle_keep(struct bs_bundle *bundle, const struct bs_target_table *table,
               const struct bs_rows *rows, bool fk_checks, const struct bs_origin *origin) {
    void *changes = bundle->ordered;
    bs_array_grow(&changes, &bundle->ordered_cap, bundle->ordered_count, sizeof *bundle->ordered);
    bundle->ordered = changes;
    bundle->rows++;
    note_ordered(bundle, table);
    bundle->ordered[bundle->ordered_count++] = (struct bs_ordered_change){
        .table = table,
        .change = rows->change,
        .before = keep_values(bundle, table, rows->before),
        .after = keep_values(bundle, table, rows->after),
        .fk_checks = fk_checks,
        .origin = origin,
    };
}
