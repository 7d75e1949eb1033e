#include "apply/applied.h"

#include <criterion/criterion.h>

static struct bs_log_place
at(const char *file, uint64_t pos) {
    struct bs_log_place place;
    bs_log_place_set(&place, file, pos);
    return place;
}

static void
add(struct bs_applied *applied, const char *from, uint64_t from_pos, const char *to,
    uint64_t to_pos) {
    struct bs_log_place a = at(from, from_pos);
    struct bs_log_place b = at(to, to_pos);
    bs_applied_add(applied, &a, &b);
}

static bool
has(const struct bs_applied *applied, const char *file, uint64_t pos) {
    struct bs_log_place place = at(file, pos);
    return bs_applied_has(applied, &place);
}

static void
expect_text(const struct bs_applied *applied, const char *text) {
    struct bs_buf out = {0};
    bs_applied_text(applied, &out);
    cr_assert_str_eq(bs_buf_cstr(&out), text);
    bs_buf_fini(&out);
}

Test(applied, a_run_holds_what_is_behind_its_begin_up_to_its_end) {
    struct bs_applied applied = {0};
    add(&applied, "b.000001", 100, "b.000001", 200);
    cr_assert_not(has(&applied, "b.000001", 100));
    cr_assert(has(&applied, "b.000001", 101));
    cr_assert(has(&applied, "b.000001", 200));
    cr_assert_not(has(&applied, "b.000001", 201));
    bs_applied_fini(&applied);
}

Test(applied, a_run_goes_over_the_end_of_a_file) {
    struct bs_applied applied = {0};
    add(&applied, "b.999999", 900, "b.1000000", 50);
    cr_assert(has(&applied, "b.999999", 5000));
    cr_assert(has(&applied, "b.1000000", 4));
    cr_assert_not(has(&applied, "b.1000000", 51));
    bs_applied_fini(&applied);
}

Test(applied, runs_that_touch_are_one_in_whatever_order_they_come) {
    struct bs_applied applied = {0};
    add(&applied, "b.1", 30, "b.1", 40);
    add(&applied, "b.1", 10, "b.1", 20);
    expect_text(&applied, "b.1:10-b.1:20 b.1:30-b.1:40");
    add(&applied, "b.1", 20, "b.1", 30);
    expect_text(&applied, "b.1:10-b.1:40");
    add(&applied, "b.1", 50, "b.1", 60);
    add(&applied, "b.1", 40, "b.1", 45);
    expect_text(&applied, "b.1:10-b.1:45 b.1:50-b.1:60");
    bs_applied_fini(&applied);
}

Test(applied, the_mark_covers_whole_runs_only) {
    struct bs_applied applied = {0};
    add(&applied, "b.1", 10, "b.1", 20);
    add(&applied, "b.1", 30, "b.1", 40);
    struct bs_log_place low = at("b.1", 20);
    bs_applied_forget(&applied, &low);
    expect_text(&applied, "b.1:30-b.1:40");
    low = at("b.2", 4);
    bs_applied_forget(&applied, &low);
    expect_text(&applied, "");
    bs_applied_fini(&applied);
}

Test(applied, text_is_read_back_whatever_the_files_are_called) {
    static const char TEXT[] = "a-b:c-1.000001:4-a-b:c-1.000002:77 x-9.000003:5-x-9.000003:6";
    struct bs_applied applied = {0};
    struct bs_error err;
    cr_assert_eq(bs_applied_parse(&applied, bs_str(TEXT), &err), BS_OK);
    cr_assert_eq(applied.count, 2);
    cr_assert_str_eq(applied.runs[0].to.file, "a-b:c-1.000002");
    expect_text(&applied, TEXT);
    bs_applied_fini(&applied);
    cr_assert_eq(bs_applied_parse(&applied, bs_str(""), &err), BS_OK);
    cr_assert_eq(applied.count, 0);
}

Test(applied, other_text_is_refused) {
    static const char *const BAD[] = {"b.1:4",        "b.1:9-b.1:4",
                                      "b.1-b.2",      "b.1:4-b.1:9 x",
                                      "b.1:4-b.1:-9", "b.1:4-b.1:99999999999999999999"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct bs_applied applied = {0};
        struct bs_error err;
        cr_assert_eq(bs_applied_parse(&applied, bs_str(BAD[i]), &err), BS_SCHEMA, "%s", BAD[i]);
        cr_assert_eq(applied.count, 0);
    }
}
