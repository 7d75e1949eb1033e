#include "apply/table_plan.h"

#include "apply/scheduler.h"
#include "apply/target_table.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void
free_keys(struct bs_hashed_key *keys, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(keys[i].columns);
    }
    free(keys);
}

void
bs_table_plan_fini(struct bs_table_plan *plan) {
    free_keys(plan->keys, plan->key_count);
    free_keys(plan->parents, plan->parent_count);
    *plan = (struct bs_table_plan){0};
}

static struct bs_hashed_key
hashed_key(const struct bs_table *table, const struct bs_key *key) {
    struct bs_hashed_key hashed = {
        .seed = bs_key_seed(bs_str(table->db), bs_str(table->name), bs_str(key->name)),
        .columns = bs_alloc(key->part_count * sizeof *hashed.columns),
        .column_count = key->part_count,
    };
    for (size_t i = 0; i < key->part_count; i++) {
        const struct bs_key_part *part = &key->parts[i];
        hashed.columns[i] = (struct bs_key_column){part->column, part->prefix,
                                                   bs_key_class_of(&table->columns[part->column])};
    }
    return hashed;
}

/* Rows are told apart by the key's values, so all of them must be in the images. */
static bool
is_logged(const struct bs_table *table, const struct bs_key *key) {
    for (size_t i = 0; i < key->part_count; i++) {
        if (table->columns[key->parts[i].column].generated != BS_GENERATED_NOT) {
            return false;
        }
    }
    return true;
}

static void
plan_keys(struct bs_target_table *table) {
    struct bs_table_plan *plan = &table->plan;
    const struct bs_table *model = table->model;
    plan->family = bs_key_seed(bs_str(model->db), bs_str(model->name), bs_str(""));
    /* Periods that must not overlap: what is free depends on more than on equal values. */
    bool has_overlaps = model->create != NULL && strstr(model->create, "WITHOUT OVERLAPS") != NULL;
    plan->folds = table->key != NULL && is_logged(model, table->key) && !has_overlaps;
    plan->whole = !plan->folds;
    plan->keys = bs_zalloc((model->key_count + 1) * sizeof *plan->keys);
    plan->parents = bs_zalloc((model->fk_count + 1) * sizeof *plan->parents);
    for (size_t i = 0; i < model->key_count; i++) {
        const struct bs_key *key = &model->keys[i];
        if (!key->unique) {
            continue;
        }
        plan->whole = plan->whole || key->functional;
        if (!key->functional) {
            plan->keys[plan->key_count++] = hashed_key(model, key);
        }
    }
}

static bool
is_key_of(const struct bs_table *parent, const struct bs_key *key,
          const struct bs_foreign_key *fk) {
    if (!key->unique || key->functional || key->part_count != fk->column_count) {
        return false;
    }
    for (size_t i = 0; i < key->part_count; i++) {
        const char *name = parent->columns[key->parts[i].column].name;
        if (key->parts[i].prefix > 0 || strcasecmp(name, fk->parent_columns[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* The same value must be the same bytes in both, or at least the same text. */
static bool
is_alike(const struct bs_column *a, const struct bs_column *b) {
    if (a->type == BS_TYPE_DECIMAL || a->type == BS_TYPE_TIMESTAMP || a->type == BS_TYPE_DATETIME ||
        a->type == BS_TYPE_TIME || a->type == BS_TYPE_ENUM || a->type == BS_TYPE_SET) {
        return strcmp(a->type_text, b->type_text) == 0;
    }
    return bs_key_class_of(a) == bs_key_class_of(b);
}

/* The child's columns, hashed as the parent's key is. false: it refers to no key with a hash. */
static bool
plan_parent(struct bs_target_table *child, const struct bs_foreign_key *fk,
            const struct bs_table *parent) {
    const struct bs_key *key = NULL;
    for (size_t i = 0; key == NULL && i < parent->key_count; i++) {
        key = is_key_of(parent, &parent->keys[i], fk) ? &parent->keys[i] : NULL;
    }
    if (key == NULL) {
        return false;
    }
    struct bs_hashed_key hashed = hashed_key(parent, key);
    bool is_safe = true;
    for (size_t i = 0; i < fk->column_count; i++) {
        const struct bs_column *column = bs_table_column(child->model, bs_str(fk->columns[i]));
        is_safe =
            is_safe && column != NULL && is_alike(column, &parent->columns[key->parts[i].column]);
        hashed.columns[i].column = column != NULL ? (size_t)(column - child->model->columns) : 0;
    }
    child->plan.parents[child->plan.parent_count++] = hashed;
    return is_safe;
}

static struct bs_target_table *
find_table(const struct bs_map *tables, const char *db, const char *name) {
    struct bs_buf key = {0};
    bs_buf_puts(&key, db);
    bs_buf_put_u8(&key, 0);
    bs_buf_puts(&key, name);
    struct bs_target_table *table = bs_map_get(tables, bs_buf_str(&key));
    bs_buf_fini(&key);
    return table;
}

/* Both of a foreign key get the smaller number, until nothing moves any more. */
static bool
join_families(struct bs_target_table *a, struct bs_target_table *b) {
    uint64_t family = a->plan.family < b->plan.family ? a->plan.family : b->plan.family;
    bool moves = a->plan.family != b->plan.family;
    a->plan.family = family;
    b->plan.family = family;
    return moves;
}

static void
plan_foreign_keys(const struct bs_map *tables, struct bs_target_table *child) {
    const struct bs_table *model = child->model;
    for (size_t i = 0; i < model->fk_count; i++) {
        const struct bs_foreign_key *fk = &model->fks[i];
        struct bs_target_table *parent = find_table(tables, fk->parent_db, fk->parent_table);
        child->plan.has_foreign_keys = true;
        if (parent == NULL) { /* not selected: then it does not change, or nobody knows how */
            child->plan.whole = true;
            continue;
        }
        parent->plan.has_foreign_keys = true;
        parent->plan.is_parent = true;
        if (!plan_parent(child, fk, parent->model)) {
            child->plan.whole = true;
        }
    }
}

static bool
join_all(const struct bs_map *tables) {
    size_t at = 0;
    struct bs_str key;
    void *value;
    bool moves = false;
    while (bs_map_next(tables, &at, &key, &value)) {
        struct bs_target_table *child = value;
        for (size_t i = 0; i < child->model->fk_count; i++) {
            const struct bs_foreign_key *fk = &child->model->fks[i];
            struct bs_target_table *parent = find_table(tables, fk->parent_db, fk->parent_table);
            moves = (parent != NULL && join_families(child, parent)) || moves;
        }
    }
    return moves;
}

void
bs_table_plans_make(const struct bs_map *tables) {
    size_t at = 0;
    struct bs_str key;
    void *value;
    while (bs_map_next(tables, &at, &key, &value)) {
        struct bs_target_table *table = value;
        bs_table_plan_fini(&table->plan);
        plan_keys(table);
    }
    at = 0;
    while (bs_map_next(tables, &at, &key, &value)) {
        plan_foreign_keys(tables, value);
    }
    while (join_all(tables)) {
    }
}

/* false: the values have no hash. */
static bool
touch_keys(const struct bs_hashed_key *keys, size_t count, const struct bs_value *values,
           enum bs_touch how, struct bs_scheduler *scheduler) {
    bool safe = true;
    for (size_t i = 0; i < count; i++) {
        uint64_t hash;
        switch (bs_key_hash(&keys[i], values, &hash)) {
        case BS_KEY_HASHED:
            bs_scheduler_touch(scheduler, hash, how);
            break;
        case BS_KEY_NULL:
            break;
        case BS_KEY_UNSAFE:
            safe = false;
            break;
        }
    }
    return safe;
}

void
bs_table_plan_touch(const struct bs_table_plan *plan, const struct bs_value *before,
                    const struct bs_value *after, bool in_order, struct bs_scheduler *scheduler) {
    bool safe = !plan->whole && !in_order;
    const struct bs_value *images[] = {before, after};
    for (size_t i = 0; i < 2 && safe; i++) {
        if (images[i] != NULL) {
            safe =
                touch_keys(plan->keys, plan->key_count, images[i], BS_TOUCH_WRITE, scheduler) &&
                touch_keys(plan->parents, plan->parent_count, images[i], BS_TOUCH_READ, scheduler);
        }
    }
    bs_scheduler_touch(scheduler, plan->family, safe ? BS_TOUCH_READ : BS_TOUCH_WRITE);
}
