#include "snapshot/progress.h"

#include <criterion/criterion.h>
#include <string.h>

Test(progress, rates_are_of_what_this_attempt_has_copied) {
    cr_assert_eq(bs_progress_per_s(3000, 1000, 500), 4000);
    cr_assert_eq(bs_progress_per_s(1000, 1000, 500), 0);
    cr_assert_eq(bs_progress_per_s(3000, 1000, 0), 0);
    cr_assert_eq(bs_progress_left_ms(3000, 1000, 5000, 500), 500);
    cr_assert_lt(bs_progress_left_ms(1000, 1000, 5000, 500), 0);
    cr_assert_lt(bs_progress_left_ms(6000, 1000, 5000, 500), 0, "an estimate that was too small");
}

Test(progress, what_is_put_is_read_again) {
    struct bs_snapshot_progress put = {.tables_done = 1,
                                       .tables_total = 3,
                                       .rows_done = UINT64_C(1) << 40,
                                       .bytes_done = UINT64_C(1) << 50,
                                       .bytes_estimate = UINT64_C(1) << 51,
                                       .bytes_kept = 7,
                                       .elapsed_ms = 1500,
                                       .load = 12,
                                       .table_count = 2,
                                       .tables = {{.db = "d\"\\", .name = "t\xc3\xa9"},
                                                  {.db = "d", .name = "u", .builds_keys = true}}};
    struct bs_buf json = {0};
    struct bs_told_progress told;
    bs_progress_put(&json, &put, 1700000000000000);
    cr_assert(bs_progress_read(&told, bs_buf_cstr(&json)), "%s", bs_buf_cstr(&json));
    const struct bs_snapshot_progress *read = &told.progress;
    cr_assert_eq(told.at_us, 1700000000000000);
    cr_assert_eq(read->tables_total, 3);
    cr_assert_eq(read->rows_done, put.rows_done);
    cr_assert_eq(read->bytes_done, put.bytes_done);
    cr_assert_eq(read->bytes_estimate, put.bytes_estimate);
    cr_assert_eq(read->bytes_kept, 7);
    cr_assert_eq(read->load, 12);
    cr_assert_eq(read->table_count, 2);
    cr_assert_str_eq(read->tables[0].db, "d\"\\");
    cr_assert_str_eq(read->tables[0].name, "t\xc3\xa9");
    cr_assert(read->tables[1].builds_keys && !read->tables[0].builds_keys);
    bs_told_progress_fini(&told);
    bs_buf_fini(&json);
}

Test(progress, what_is_no_progress_is_none) {
    struct bs_told_progress told;
    cr_assert_not(bs_progress_read(&told, "[1]"));
    cr_assert_not(bs_progress_read(&told, "{\"tables_done\":"));
    cr_assert(bs_progress_read(&told, "{}"));
    cr_assert_eq(told.progress.table_count, 0);
    bs_told_progress_fini(&told);
}
