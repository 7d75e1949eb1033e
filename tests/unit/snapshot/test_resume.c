#include "snapshot/resume.h"

#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct bs_resumed resumed;
static struct bs_chunk_note notes[8];
static size_t note_count;
static struct bs_buf bytes[16];
static size_t byte_count;

static void
set_up(void) {
    resumed = (struct bs_resumed){0};
    note_count = byte_count = 0;
    memset(bytes, 0, sizeof bytes);
}

static void
tear_down(void) {
    for (size_t i = 0; i < resumed.gap_count; i++) {
        bs_bound_fini(&resumed.gaps[i].lower);
        bs_bound_fini(&resumed.gaps[i].upper);
    }
    free(resumed.gaps);
    bs_bound_fini(&resumed.after);
    for (size_t i = 0; i < byte_count; i++) {
        bs_buf_fini(&bytes[i]);
    }
}

TestSuite(resume, .init = set_up, .fini = tear_down);

static struct bs_str
encoded(const char *value) {
    struct bs_str field = bs_str(value);
    struct bs_bound bound = {0};
    struct bs_buf *out = &bytes[byte_count++];
    if (field.len > 0) {
        bs_bound_set(&bound, &field, 1);
    }
    bs_bound_encode(&bound, out);
    bs_bound_fini(&bound);
    return bs_buf_str(out);
}

static void
note(uint64_t number, const char *lower, const char *upper, bool is_last) {
    struct bs_str from = encoded(lower);
    notes[note_count++] = (struct bs_chunk_note){.number = number,
                                                 .rows = 10,
                                                 .bytes = 100,
                                                 .lower = from,
                                                 .upper = encoded(upper),
                                                 .is_last = is_last};
}

static enum bs_status
read_notes(void) {
    return bs_resume_read_chunks(&resumed, notes, note_count, NULL);
}

static bool
is_gap(size_t i, uint64_t number, const char *lower, const char *upper) {
    const struct bs_gap *gap = &resumed.gaps[i];
    bool is_open = gap->lower.count == 0;
    return gap->number == number && is_open == (*lower == '\0') &&
           (is_open || bs_str_is(gap->lower.values[0], lower)) &&
           bs_str_is(gap->upper.values[0], upper);
}

Test(resume, chunks_that_join_leave_no_gap) {
    note(0, "", "b", false);
    note(1, "b", "f", false);
    note(2, "f", "", true);
    cr_assert_eq(read_notes(), BS_OK);
    cr_assert_eq(resumed.gap_count, 0);
    cr_assert(resumed.is_cut);
    cr_assert_eq(resumed.rows, 30);
    cr_assert_eq(resumed.bytes, 300);
}

Test(resume, what_is_missing_is_a_gap_with_a_number_that_is_free) {
    note(1, "b", "f", false);
    note(4, "m", "q", false);
    note(5, "q", "s", false);
    cr_assert_eq(read_notes(), BS_OK);
    cr_assert_eq(resumed.gap_count, 2);
    cr_assert(is_gap(0, 0, "", "b"));
    cr_assert(is_gap(1, 2, "f", "m"));
    cr_assert_not(resumed.is_cut);
    cr_assert_eq(resumed.next_number, 6);
    cr_assert(bs_str_is(resumed.after.values[0], "s"));
}

Test(resume, a_gap_that_was_filled_by_one_chunk_is_none_the_next_time) {
    note(0, "", "b", false);
    note(1, "b", "m", false);
    note(4, "m", "", true);
    cr_assert_eq(read_notes(), BS_OK);
    cr_assert_eq(resumed.gap_count, 0);
    cr_assert(resumed.is_cut);
}

Test(resume, a_ledger_that_contradicts_itself_is_refused) {
    note(0, "", "b", false);
    note(1, "c", "m", false);
    cr_assert_eq(read_notes(), BS_SCHEMA);
}

/* a <- b <- c by foreign keys, d alone. */
static char names[][4] = {"s", "a", "b", "c", "d"};
static char words_gone[] = "gone";
static struct bs_foreign_key to_a = {.parent_db = names[0], .parent_table = names[1]};
static struct bs_foreign_key to_b = {.parent_db = names[0], .parent_table = names[2]};
static struct bs_table tables[] = {
    {.db = names[0], .name = names[1]},
    {.db = names[0], .name = names[2], .fks = &to_a, .fk_count = 1},
    {.db = names[0], .name = names[3], .fks = &to_b, .fk_count = 1},
    {.db = names[0], .name = names[4]},
};
static struct bs_table *table_list[] = {&tables[0], &tables[1], &tables[2], &tables[3]};
static struct bs_schema schema = {.tables = table_list, .table_count = 4};

static void
heed(enum bs_fk_action action, const struct bs_resumed given[4], const enum bs_fate expected[4]) {
    struct bs_resumed result[4];
    memcpy(result, given, sizeof result);
    to_b.on_delete = action;
    bs_resume_heed_families(result, &schema, 3, NULL);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(result[i].fate, expected[i], "table %zu", i);
        cr_assert(result[i].fate != BS_FATE_FRESH || (result[i].first == 3 && result[i].last == 3));
    }
}

Test(resume, a_family_that_acts_is_kept_whole_or_not_at_all) {
    const struct bs_resumed one_point[] = {{.fate = BS_FATE_KEPT, .first = 1, .last = 1},
                                           {.fate = BS_FATE_KEPT, .first = 1, .last = 1},
                                           {.fate = BS_FATE_KEPT, .first = 1, .last = 1},
                                           {.fate = BS_FATE_CONTINUED, .first = 1, .last = 3}};
    const struct bs_resumed part[] = {{.fate = BS_FATE_KEPT, .first = 1, .last = 1},
                                      {.fate = BS_FATE_CONTINUED, .first = 1, .last = 3},
                                      {.fate = BS_FATE_KEPT, .first = 1, .last = 1},
                                      {.fate = BS_FATE_KEPT, .first = 2, .last = 2}};
    const struct bs_resumed two_points[] = {{.fate = BS_FATE_KEPT, .first = 1, .last = 1},
                                            {.fate = BS_FATE_KEPT, .first = 1, .last = 1},
                                            {.fate = BS_FATE_KEPT, .first = 2, .last = 2},
                                            {.fate = BS_FATE_KEPT, .first = 2, .last = 2}};
    const struct bs_resumed converged[] = {{.fate = BS_FATE_KEPT, .first = 1, .last = 2},
                                           {.fate = BS_FATE_KEPT, .first = 1, .last = 2},
                                           {.fate = BS_FATE_KEPT, .first = 1, .last = 2},
                                           {.fate = BS_FATE_KEPT, .first = 1, .last = 2}};
    const enum bs_fate all_kept[] = {BS_FATE_KEPT, BS_FATE_KEPT, BS_FATE_KEPT, BS_FATE_CONTINUED};
    const enum bs_fate none_kept[] = {BS_FATE_FRESH, BS_FATE_FRESH, BS_FATE_FRESH, BS_FATE_KEPT};
    heed(BS_FK_CASCADE, one_point, all_kept);
    heed(BS_FK_CASCADE, part, none_kept);
    heed(BS_FK_SET_NULL, two_points, none_kept);
    heed(BS_FK_CASCADE, converged, none_kept);
}

Test(resume, tables_that_only_forbid_each_other_go_their_own_ways) {
    const struct bs_resumed given[] = {{.fate = BS_FATE_KEPT, .first = 1, .last = 1},
                                       {.fate = BS_FATE_CONTINUED, .first = 1, .last = 3},
                                       {.fate = BS_FATE_FRESH, .first = 3, .last = 3},
                                       {.fate = BS_FATE_KEPT, .first = 1, .last = 2}};
    const enum bs_fate same[] = {BS_FATE_KEPT, BS_FATE_CONTINUED, BS_FATE_FRESH, BS_FATE_KEPT};
    heed(BS_FK_RESTRICT, given, same);
    heed(BS_FK_NO_ACTION, given, same);
}

Test(resume, a_child_whose_parent_is_gone_is_fresh_if_the_parent_acted) {
    const struct bs_resumed given[] = {
        {.fate = BS_FATE_KEPT, .first = 1, .last = 1},
        {.fate = BS_FATE_KEPT, .first = 1, .last = 1},
        {.fate = BS_FATE_KEPT, .first = 1, .last = 1},
        {.fate = BS_FATE_KEPT, .first = 1, .last = 1},
    };
    const enum bs_fate fresh[] = {BS_FATE_KEPT, BS_FATE_KEPT, BS_FATE_FRESH, BS_FATE_KEPT};
    const enum bs_fate kept[] = {BS_FATE_KEPT, BS_FATE_KEPT, BS_FATE_KEPT, BS_FATE_KEPT};
    to_b.parent_table = words_gone;
    heed(BS_FK_CASCADE, given, fresh);
    heed(BS_FK_RESTRICT, given, kept);
    to_b.parent_table = names[2];
}
