#include "apply/fold.h"

#include "make_table.h"

#include <criterion/criterion.h>

/* d.t (a INT PRIMARY KEY, b INT); rows live as long as the test. */
static struct bs_target_table *table;
static struct bs_fold fold;
static struct bs_origin origin = {.file = "b.000001", .pos = 77};

static void
set_up(void) {
    table = make_table("t", "ab", "a", "");
    bs_fold_init(&fold, table);
}

static void
tear_down(void) {
    bs_fold_fini(&fold);
    bs_target_table_free(table);
}

TestSuite(fold, .init = set_up, .fini = tear_down);

static const struct bs_value *
row(int64_t a, int64_t b) {
    struct bs_value *values = bs_alloc(2 * sizeof *values);
    values[0] = int_value(a);
    values[1] = int_value(b);
    return values;
}

static enum bs_status
add(const struct bs_value *before, const struct bs_value *after) {
    struct bs_error err;
    return bs_fold_add(&fold, before, after, &origin, &err);
}

/* The second column before and after, -1 for a row that is not there. */
static void
expect(size_t index, int64_t key, int64_t before, int64_t after) {
    cr_assert_lt(index, fold.count);
    const struct bs_folded_row *folded = &fold.rows[index];
    cr_assert_eq(folded->key[0].i64, key);
    cr_assert_eq(folded->before != NULL ? folded->before[1].i64 : -1, before);
    cr_assert_eq(folded->after != NULL ? folded->after[1].i64 : -1, after);
}

Test(fold, many_updates_are_one) {
    cr_assert_eq(add(row(1, 10), row(1, 11)), BS_OK);
    cr_assert_eq(add(row(1, 11), row(1, 12)), BS_OK);
    cr_assert_eq(add(row(1, 12), row(1, 13)), BS_OK);
    cr_assert_eq(fold.count, 1);
    expect(0, 1, 10, 13);
}

Test(fold, a_row_that_comes_and_goes_is_nothing) {
    cr_assert_eq(add(NULL, row(1, 10)), BS_OK);
    cr_assert_eq(add(row(1, 10), row(1, 11)), BS_OK);
    cr_assert_eq(add(row(1, 11), NULL), BS_OK);
    cr_assert_eq(fold.count, 1);
    expect(0, 1, -1, -1);
}

Test(fold, a_row_that_goes_and_comes_is_a_change) {
    cr_assert_eq(add(row(1, 10), NULL), BS_OK);
    cr_assert_eq(add(NULL, row(1, 12)), BS_OK);
    expect(0, 1, 10, 12);
}

Test(fold, a_key_that_moves_is_a_row_that_goes_and_one_that_comes) {
    cr_assert_eq(add(row(1, 10), row(2, 10)), BS_OK);
    cr_assert_eq(add(row(2, 10), row(3, 10)), BS_OK);
    cr_assert_eq(fold.count, 3);
    expect(0, 1, 10, -1);
    expect(1, 2, -1, -1);
    expect(2, 3, -1, 10);
}

Test(fold, keys_change_hands) {
    cr_assert_eq(add(row(1, 10), row(9, 10)), BS_OK);
    cr_assert_eq(add(row(2, 20), row(1, 20)), BS_OK);
    cr_assert_eq(add(row(9, 10), row(2, 10)), BS_OK);
    expect(0, 1, 10, 20);
    expect(1, 9, -1, -1);
    expect(2, 2, 20, 10);
}

Test(fold, contradictions_are_refused_with_their_place) {
    struct bs_error err;
    cr_assert_eq(add(row(1, 10), NULL), BS_OK);
    cr_assert_eq(bs_fold_add(&fold, row(1, 10), NULL, &origin, &err), BS_CONFLICT);
    cr_assert_str_eq(err.position, "b.000001:77");
    cr_assert_eq(add(NULL, row(2, 10)), BS_OK);
    cr_assert_eq(add(NULL, row(2, 11)), BS_CONFLICT);
}

Test(fold, thousands_of_rows_are_told_apart) {
    for (int64_t i = 0; i < 5000; i++) {
        cr_assert_eq(add(NULL, row(i, i)), BS_OK);
    }
    for (int64_t i = 0; i < 5000; i += 2) {
        cr_assert_eq(add(row(i, i), NULL), BS_OK);
    }
    cr_assert_eq(fold.count, 5000);
    for (size_t i = 0; i < 5000; i++) {
        expect(i, (int64_t)i, -1, i % 2 == 0 ? -1 : (int64_t)i);
    }
}
