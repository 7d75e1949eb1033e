/* Which tables' rows may share a bundle. */
#include "apply/bundle.h"

#include "base/mem.h"

#include <criterion/criterion.h>

static struct bs_target_table parent = {.plan = {.family = 1, .has_foreign_keys = true}};
static struct bs_target_table child = {.plan = {.family = 1, .has_foreign_keys = true}};
static struct bs_target_table stranger = {.plan = {.family = 2, .has_foreign_keys = true}};
static struct bs_target_table lone = {.plan = {.family = 3}};
static struct bs_table model;
static struct bs_key key;
static struct bs_value values[1];
static struct bs_bundle *bundle;

static void
begin(void) {
    struct bs_log_place from = {.pos = 4};
    struct bs_target_table *tables[] = {&parent, &child, &stranger, &lone};
    for (size_t i = 0; i < 4; i++) {
        tables[i]->model = &model;
        tables[i]->key = &key;
    }
    bundle = bs_bundle_new(&from);
}

static void
end(void) {
    bs_bundle_free(bundle);
}

static const struct bs_origin ORIGIN;

TestSuite(bundle, .init = begin, .fini = end);

Test(bundle, rows_in_order_do_not_join_folded_ones_of_their_family) {
    struct bs_rows rows = {.change = BS_ROW_INSERT, .after = values};
    cr_assert_eq(bs_bundle_fold(bundle, &parent, &rows, &ORIGIN, NULL), BS_OK);
    cr_assert(!bs_bundle_can_take(bundle, &parent, true));
    cr_assert(!bs_bundle_can_take(bundle, &child, true));
    cr_assert(bs_bundle_can_take(bundle, &child, false));
    cr_assert(bs_bundle_can_take(bundle, &stranger, true));
    cr_assert(bs_bundle_can_take(bundle, &lone, true));
}

Test(bundle, folded_rows_do_not_join_those_in_order_of_their_family) {
    struct bs_rows rows = {.change = BS_ROW_INSERT, .after = values};
    bs_bundle_keep(bundle, &child, &rows, true, &ORIGIN);
    cr_assert(!bs_bundle_can_take(bundle, &parent, false));
    cr_assert(!bs_bundle_can_take(bundle, &child, false));
    cr_assert(bs_bundle_can_take(bundle, &parent, true));
    cr_assert(bs_bundle_can_take(bundle, &stranger, false));
    cr_assert(bs_bundle_can_take(bundle, &lone, false));
}
