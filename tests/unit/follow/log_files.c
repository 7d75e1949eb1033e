/* Places in several files as one number. */
#include "follow/log_files.h"

#include <criterion/criterion.h>

static struct bs_log_files files;

static uint64_t
number(const char *name, uint64_t pos) {
    uint64_t at = 0;
    cr_expect(bs_log_files_number(&files, name, pos, &at), "%s is not known", name);
    return at;
}

static void
end(void) {
    bs_log_files_fini(&files);
}

TestSuite(log_files, .fini = end);

Test(log_files, places_are_as_far_apart_as_the_bytes_between_them) {
    bs_log_files_note(&files, "b.000007", 100);
    bs_log_files_note(&files, "b.000008", 50);
    bs_log_files_note(&files, "b.000009", 10);
    cr_expect_eq(number("b.000009", 4) - number("b.000007", 90), 10 + 50 + 4);
    cr_expect_eq(number("b.000007", 90) - number("b.000007", 30), 60);
}

Test(log_files, one_that_comes_late_takes_its_place) {
    bs_log_files_note(&files, "b.999999", 100);
    bs_log_files_note(&files, "b.1000001", 10);
    bs_log_files_note(&files, "b.1000000", 50);
    cr_expect_eq(number("b.1000001", 0) - number("b.999999", 100), 50);
}

Test(log_files, a_size_only_grows) {
    bs_log_files_note(&files, "b.000001", 100);
    bs_log_files_note(&files, "b.000001", 40);
    bs_log_files_note(&files, "b.000002", 1);
    cr_expect_eq(number("b.000002", 0), 100);
    bs_log_files_note(&files, "b.000001", 120);
    cr_expect_eq(number("b.000002", 0), 120);
}

Test(log_files, numbers_stay_when_old_files_are_forgotten) {
    uint64_t at;
    bs_log_files_note(&files, "b.000001", 100);
    bs_log_files_note(&files, "b.000002", 100);
    bs_log_files_note(&files, "b.000003", 100);
    uint64_t before = number("b.000003", 7);
    bs_log_files_forget_before(&files, "b.000003");
    cr_expect_eq(number("b.000003", 7), before);
    cr_expect_not(bs_log_files_number(&files, "b.000001", 4, &at));
    bs_log_files_note(&files, "b.000002", 100); /* would move all others */
    cr_expect_eq(number("b.000003", 7), before);
}
