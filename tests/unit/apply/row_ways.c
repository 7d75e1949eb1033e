/* d.t (a INT PRIMARY KEY, u INT UNIQUE, v INT): which rows may stay where they are. */
#include "apply/row_ways.h"

#include "make_table.h"

#include <criterion/criterion.h>

static struct bs_target_table *table;
static struct bs_fold fold;
static const struct bs_origin ORIGIN;

static void
begin(const char *columns, const char *keys, const char *collation) {
    struct bs_map tables = {0};
    table = make_table("t", columns, keys, collation);
    (void)bs_map_put(&tables, (struct bs_str){"d\0t", 3}, table);
    bs_table_plans_make(&tables);
    bs_map_fini(&tables);
    bs_fold_init(&fold, table);
}

static void
set_up(void) {
    begin("auv", "a u", "");
}

static void
tear_down(void) {
    bs_fold_fini(&fold);
    bs_target_table_free(table);
}

TestSuite(row_ways, .init = set_up, .fini = tear_down);

static const struct bs_value *
row(struct bs_value a, struct bs_value u, struct bs_value v) {
    struct bs_value *values = bs_alloc(3 * sizeof *values);
    values[0] = a;
    values[1] = u;
    values[2] = v;
    return values;
}

static const struct bs_value *
ints(int64_t a, int64_t u, int64_t v) {
    return row(int_value(a), int_value(u), int_value(v));
}

static void
add(const struct bs_value *before, const struct bs_value *after) {
    cr_assert_eq(bs_fold_add(&fold, before, after, &ORIGIN, NULL), BS_OK);
}

static enum bs_row_way
way(size_t i, bool one_by_one) {
    enum bs_row_way ways[8];
    cr_assert_leq(fold.count, 8);
    bs_row_ways(&fold, one_by_one, ways);
    return ways[i];
}

static void
expect(size_t i, enum bs_row_way expected) {
    cr_assert_eq(way(i, false), expected, "row %zu is written in way %d", i, way(i, false));
}

Test(row_ways, what_comes_or_goes_is_replaced_and_what_did_both_is_looked_for) {
    add(NULL, ints(1, 1, 0));
    add(ints(2, 2, 0), NULL);
    add(NULL, ints(3, 3, 0));
    add(ints(3, 3, 0), NULL);
    expect(0, BS_WAY_REPLACE);
    expect(1, BS_WAY_REPLACE);
    expect(2, BS_WAY_ABSENT);
}

Test(row_ways, by_text_no_row_is_looked_for_that_came_and_went) {
    const struct bs_value *text = row(
        (struct bs_value){.kind = BS_VALUE_BYTES, .text = bs_str("a")}, int_value(1), int_value(0));
    add(NULL, text);
    add(text, NULL);
    expect(0, BS_WAY_NONE); /* 'A', which is another row here, may be the same to the target */
}

Test(row_ways, a_row_that_keeps_its_unique_values_stays) {
    add(ints(1, 10, 0), ints(1, 10, 1));
    expect(0, BS_WAY_UPSERT);
    cr_assert_eq(way(0, true), BS_WAY_IN_PLACE);
}

Test(row_ways, a_row_that_ends_as_it_was_is_looked_at_by_itself) {
    add(ints(1, 10, 0), ints(1, 10, 1));
    add(ints(1, 10, 1), ints(1, 10, 0));
    expect(0, BS_WAY_IN_PLACE);
}

Test(row_ways, a_new_unique_value_that_nobody_had_is_no_obstacle) {
    add(ints(1, 10, 0), ints(1, 77, 0));
    add(ints(2, 20, 0), row(int_value(2), null_value(), int_value(0)));
    add(row(int_value(3), null_value(), int_value(0)), ints(3, 78, 0));
    for (size_t i = 0; i < 3; i++) {
        expect(i, BS_WAY_UPSERT);
        cr_assert_eq(way(i, true), BS_WAY_IN_PLACE);
    }
}

Test(row_ways, unique_values_that_change_hands_make_room_first) {
    add(ints(1, 10, 0), ints(1, 99, 0));
    add(ints(2, 20, 0), ints(2, 10, 0));
    add(ints(1, 99, 0), ints(1, 20, 0));
    expect(0, BS_WAY_REPLACE);
    expect(1, BS_WAY_REPLACE);
    cr_assert_eq(way(1, true), BS_WAY_REPLACE);
}

Test(row_ways, who_takes_a_released_value_waits_and_who_released_it_need_not) {
    add(ints(2, 20, 0), ints(2, 30, 0));
    add(ints(1, 10, 0), ints(1, 20, 0));
    expect(0, BS_WAY_UPSERT);
    expect(1, BS_WAY_REPLACE);
}

Test(row_ways, a_deleted_row_has_made_room_already) {
    add(ints(2, 20, 0), NULL);
    add(ints(1, 10, 0), ints(1, 20, 0));
    expect(1, BS_WAY_UPSERT);
}

Test(row_ways, where_equality_is_not_known_only_the_same_bytes_stay) {
    tear_down();
    begin("aUv", "a U", "utf8mb4_tolkien_ci");
    add(row(int_value(1), text_value("ä"), int_value(0)),
        row(int_value(1), text_value("ä"), int_value(1)));
    add(row(int_value(2), text_value("b"), int_value(0)),
        row(int_value(2), text_value("c"), int_value(0)));
    expect(0, BS_WAY_UPSERT);
    expect(1, BS_WAY_REPLACE);
}

Test(row_ways, text_that_its_collation_may_equate_is_another_value) {
    tear_down();
    begin("aUv", "a U", "utf8mb4_general_ci");
    add(row(int_value(1), text_value("b"), int_value(0)),
        row(int_value(1), text_value("B"), int_value(0)));
    add(row(int_value(2), text_value("x"), int_value(0)),
        row(int_value(2), text_value("y"), int_value(0)));
    add(row(int_value(3), text_value("z"), int_value(0)),
        row(int_value(3), text_value("X"), int_value(0)));
    expect(0, BS_WAY_REPLACE);
    expect(1, BS_WAY_UPSERT);
    expect(2, BS_WAY_REPLACE);
}

Test(row_ways, beside_a_released_value_that_could_equal_any_nothing_is_free) {
    tear_down();
    begin("aUv", "a U", "utf8mb4_general_ci");
    add(row(int_value(2), text_value("x"), int_value(0)),
        row(int_value(2), text_value("e"), int_value(0)));
    expect(0, BS_WAY_UPSERT);
    add(row(int_value(5), text_value("\xC3\xA9"), int_value(0)),
        row(int_value(5), null_value(), int_value(0)));
    expect(0, BS_WAY_REPLACE);
    expect(1, BS_WAY_REPLACE);
}

Test(row_ways, a_generated_value_that_is_not_logged_may_have_changed) {
    struct bs_value absent = {.kind = BS_VALUE_ABSENT};
    add(row(int_value(1), absent, int_value(0)), row(int_value(1), absent, int_value(1)));
    expect(0, BS_WAY_REPLACE);
}

Test(row_ways, of_a_table_whose_keys_say_too_little_only_exact_rows_stay) {
    table->plan.whole = true;
    add(ints(1, 10, 0), ints(1, 10, 1));
    add(ints(2, 20, 0), ints(2, 77, 0));
    expect(0, BS_WAY_UPSERT);
    expect(1, BS_WAY_REPLACE);
}
