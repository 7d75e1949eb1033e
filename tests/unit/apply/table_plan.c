#include "apply/table_plan.h"

#include "apply/scheduler.h"
#include "make_table.h"

#include <criterion/criterion.h>

static struct bs_map tables;
static struct bs_scheduler *scheduler;

static void
set_up(void) {
    scheduler = bs_scheduler_new();
}

static void
tear_down(void) {
    size_t at = 0;
    struct bs_str key;
    void *table;
    while (bs_map_next(&tables, &at, &key, &table)) {
        bs_target_table_free(table);
    }
    bs_map_fini(&tables);
    bs_scheduler_free(scheduler);
}

TestSuite(table_plan, .init = set_up, .fini = tear_down);

static struct bs_target_table *
add(struct bs_target_table *table) {
    struct bs_buf key = {0};
    bs_buf_puts(&key, table->model->db);
    bs_buf_put_u8(&key, 0);
    bs_buf_puts(&key, table->model->name);
    bs_map_put(&tables, bs_buf_str(&key), table);
    bs_buf_fini(&key);
    return table;
}

/* One foreign key: child's column to the parent's. */
static void
refer(struct bs_target_table *child, const char *column, const char *parent,
      const char *parent_column) {
    struct bs_table *model = child->model;
    model->fks = bs_zalloc(sizeof *model->fks);
    model->fk_count = 1;
    struct bs_foreign_key *fk = model->fks;
    fk->name = bs_strdup("fk");
    fk->parent_db = bs_strdup("d");
    fk->parent_table = bs_strdup(parent);
    fk->columns = bs_zalloc(sizeof *fk->columns);
    fk->columns[0] = bs_strdup(column);
    fk->parent_columns = bs_zalloc(sizeof *fk->parent_columns);
    fk->parent_columns[0] = bs_strdup(parent_column);
    fk->column_count = 1;
}

/* Do two bundles, each with one change, meet? */
static bool
meet(const struct bs_target_table *a, const struct bs_value *a_before,
     const struct bs_value *a_after, const struct bs_target_table *b,
     const struct bs_value *b_before, const struct bs_value *b_after) {
    struct bs_scheduler *s = bs_scheduler_new();
    bs_table_plan_touch(&a->plan, a_before, a_after, false, s);
    (void)bs_scheduler_close(s);
    bs_table_plan_touch(&b->plan, b_before, b_after, false, s);
    bool waits = bs_scheduler_open_waits(s);
    bs_scheduler_free(s);
    return waits;
}

Test(table_plan, rows_meet_by_any_unique_key_in_either_image) {
    struct bs_target_table *t = add(make_table("t", "abc", "a bc", ""));
    bs_table_plans_make(&tables);
    struct bs_value one[] = {int_value(1), int_value(5), int_value(6)};
    struct bs_value same_key[] = {int_value(1), int_value(7), int_value(8)};
    struct bs_value same_second[] = {int_value(2), int_value(5), int_value(6)};
    struct bs_value half[] = {int_value(3), int_value(5), int_value(9)};
    cr_assert(meet(t, NULL, one, t, same_key, NULL));
    cr_assert(meet(t, NULL, one, t, NULL, same_second));
    cr_assert_not(meet(t, NULL, one, t, NULL, half));
    cr_assert(meet(t, one, half, t, NULL, same_second), "the value before gives way");
    cr_assert(meet(t, half, one, t, same_second, NULL));
}

Test(table_plan, nulls_meet_nobody) {
    struct bs_target_table *t = add(make_table("t", "ab", "a b", ""));
    bs_table_plans_make(&tables);
    struct bs_value one[] = {int_value(1), null_value()};
    struct bs_value two[] = {int_value(2), null_value()};
    cr_assert_not(meet(t, NULL, one, t, NULL, two));
}

Test(table_plan, text_meets_as_its_collation_equates_it) {
    struct bs_target_table *t = add(make_table("t", "A", "A", "utf8mb4_general_ci"));
    bs_table_plans_make(&tables);
    struct bs_value small[] = {text_value("abc")};
    struct bs_value large[] = {text_value("ABC  ")};
    struct bs_value other[] = {text_value("abd")};
    struct bs_value accent[] = {text_value("\xC3\xA4")};
    cr_assert(meet(t, NULL, small, t, NULL, large));
    cr_assert_not(meet(t, NULL, small, t, NULL, other));
    cr_assert(meet(t, NULL, accent, t, NULL, other), "nobody knows what it equals");
    cr_assert(meet(t, NULL, other, t, NULL, accent));
}

Test(table_plan, text_of_bytes_meets_by_bytes_and_unknown_collations_always) {
    struct bs_target_table *bytes = add(make_table("bytes", "A", "A", "utf8mb4_bin"));
    struct bs_target_table *unknown = add(make_table("unknown", "A", "A", "utf8mb4_hungarian_ci"));
    bs_table_plans_make(&tables);
    struct bs_value small[] = {text_value("abc")};
    struct bs_value large[] = {text_value("ABC")};
    struct bs_value accent[] = {text_value("\xC3\xA4")};
    cr_assert_not(meet(bytes, NULL, small, bytes, NULL, large));
    cr_assert_not(meet(bytes, NULL, small, bytes, NULL, accent));
    cr_assert(meet(unknown, NULL, small, unknown, NULL, accent));
}

Test(table_plan, rows_without_a_key_meet_each_other_and_nobody_else) {
    struct bs_target_table *keyless = add(make_table("keyless", "ab", "", ""));
    struct bs_target_table *t = add(make_table("t", "a", "a", ""));
    bs_table_plans_make(&tables);
    struct bs_value one[] = {int_value(1), int_value(2)};
    struct bs_value two[] = {int_value(3), int_value(4)};
    cr_assert_not(keyless->plan.folds);
    cr_assert(meet(keyless, NULL, one, keyless, NULL, two));
    cr_assert_not(meet(keyless, NULL, one, t, NULL, one));
}

Test(table_plan, a_child_meets_its_own_parent) {
    struct bs_target_table *parent = add(make_table("parent", "a", "a", ""));
    struct bs_target_table *child = add(make_table("child", "pq", "p", ""));
    refer(child, "q", "parent", "a");
    bs_table_plans_make(&tables);
    struct bs_value p1[] = {int_value(1)}, p2[] = {int_value(2)};
    struct bs_value c1[] = {int_value(10), int_value(1)}, c2[] = {int_value(11), int_value(1)};
    cr_assert_eq(parent->plan.family, child->plan.family);
    cr_assert(parent->plan.is_parent && child->plan.has_foreign_keys);
    cr_assert(meet(parent, NULL, p1, child, NULL, c1));
    cr_assert_not(meet(parent, NULL, p2, child, NULL, c1));
    cr_assert_not(meet(child, NULL, c1, child, NULL, c2),
                  "two children of one parent only read it");
    cr_assert(meet(child, c1, NULL, parent, p1, NULL), "the child goes before its parent");
}

Test(table_plan, in_order_the_whole_family_meets) {
    struct bs_target_table *parent = add(make_table("parent", "a", "a", ""));
    struct bs_target_table *child = add(make_table("child", "pq", "p", ""));
    struct bs_target_table *other = add(make_table("other", "a", "a", ""));
    refer(child, "q", "parent", "a");
    bs_table_plans_make(&tables);
    struct bs_value p1[] = {int_value(1)}, c2[] = {int_value(10), int_value(2)};
    bs_table_plan_touch(&parent->plan, NULL, p1, true, scheduler);
    (void)bs_scheduler_close(scheduler);
    bs_table_plan_touch(&other->plan, NULL, p1, false, scheduler);
    cr_assert_not(bs_scheduler_open_waits(scheduler));
    bs_table_plan_touch(&child->plan, NULL, c2, true, scheduler);
    cr_assert(bs_scheduler_open_waits(scheduler));
}

Test(table_plan, a_parent_that_is_not_known_makes_rows_meet) {
    struct bs_target_table *child = add(make_table("child", "pq", "p", ""));
    refer(child, "q", "elsewhere", "a");
    bs_table_plans_make(&tables);
    struct bs_value c1[] = {int_value(10), int_value(1)}, c2[] = {int_value(11), int_value(2)};
    cr_assert(meet(child, NULL, c1, child, NULL, c2));
}

Test(table_plan, expressions_and_generated_columns_in_keys_make_rows_meet) {
    struct bs_target_table *functional = add(make_table("functional", "ab", "a b", ""));
    struct bs_target_table *generated = add(make_table("generated", "ab", "a b", ""));
    functional->model->keys[1].functional = true;
    bs_table_plans_make(&tables);
    struct bs_value one[] = {int_value(1), int_value(5)}, two[] = {int_value(2), int_value(6)};
    struct bs_value absent[] = {int_value(3), {.kind = BS_VALUE_ABSENT}};
    cr_assert(meet(functional, NULL, one, functional, NULL, two));
    cr_assert_not(meet(generated, NULL, one, generated, NULL, two));
    cr_assert(meet(generated, NULL, absent, generated, NULL, two));
}
