#include "snapshot/plan.h"

#include <criterion/criterion.h>

static struct bs_column columns[] = {
    {.name = (char[]){"a"}, .type = BS_TYPE_INT},
    {.name = (char[]){"b"}, .type = BS_TYPE_VARCHAR, .charset = (char[]){"gbk"}},
    {.name = (char[]){"c"}, .type = BS_TYPE_DATE},
};
static struct bs_key_part parts[] = {{.column = 0}, {.column = 1}, {.column = 2}};
static struct bs_key key = {.name = (char[]){"PRIMARY"}, .unique = true, .parts = parts};
static struct bs_table table = {.db = (char[]){"d"},
                                .name = (char[]){"t"},
                                .engine = (char[]){"InnoDB"},
                                .columns = columns,
                                .column_count = 3,
                                .keys = &key,
                                .key_count = 1};
static struct bs_str low[] = {{"1", 1}, {"x'", 2}, {"2000-01-01", 10}};
static struct bs_str high[] = {{"5", 1}, {"y", 1}, {"0000-00-00", 10}};

static bool
range_is(size_t part_count, size_t low_count, size_t high_count, const char *expected) {
    key.part_count = part_count;
    struct bs_copy *copy = bs_copy_new(&table, BS_MYSQL, &table, NULL);
    struct bs_bound lower = {low, low_count};
    struct bs_bound upper = {high, high_count};
    struct bs_buf out = {0};
    bs_plan_put_range(&out, copy, &lower, &upper);
    bool same = bs_str_is(bs_buf_str(&out), expected);
    if (!same) {
        cr_log_error("%s", bs_buf_cstr(&out));
    }
    bs_buf_fini(&out);
    bs_copy_free(copy);
    return same;
}

Test(plan, no_partition_is_left_out_because_of_a_bound) {
    struct bs_bound lower = {low, 1};
    struct bs_bound open = {0};
    struct bs_buf out = {0};
    key.part_count = 1;
    table.create = (char[]){"CREATE TABLE `t` (...)\n/*!50100 PARTITION BY RANGE (`a`)\n(...) */"};
    struct bs_copy *copy = bs_copy_new(&table, BS_MYSQL, &table, NULL);
    bs_plan_put_read(&out, copy, &lower, &open);
    cr_assert_str_eq(bs_buf_cstr(&out),
                     "SELECT `a`, `b`, `c` FROM (SELECT 1 AS `binstream one` UNION SELECT 1) AS "
                     "`binstream bound` STRAIGHT_JOIN `d`.`t` FORCE INDEX (`PRIMARY`) WHERE "
                     "`a` > IF(`binstream one`, 1, NULL)");
    bs_buf_clear(&out);
    bs_plan_put_read(&out, copy, &open, &open);
    cr_assert_str_eq(bs_buf_cstr(&out),
                     "SELECT `a`, `b`, `c` FROM `d`.`t` FORCE INDEX (`PRIMARY`)");
    bs_buf_fini(&out);
    bs_copy_free(copy);
    table.create = NULL;
}

Test(plan, an_open_range_has_no_condition) {
    cr_assert(range_is(1, 0, 0, ""));
}

Test(plan, a_single_key_is_behind_the_lower_bound_up_to_and_with_the_upper) {
    cr_assert(range_is(1, 1, 1, " WHERE `a` > 1 AND `a` <= 5"));
    cr_assert(range_is(1, 0, 1, " WHERE `a` <= 5"));
    cr_assert(range_is(1, 1, 0, " WHERE `a` > 1"));
}

Test(plan, a_composite_key_is_compared_part_by_part_with_texts_in_their_charset) {
    cr_assert(range_is(3, 3, 0,
                       " WHERE `a` >= 1 AND (`a` > 1 OR (`a` = 1 AND (`b` > _gbk'x\\'' OR "
                       "(`b` = _gbk'x\\'' AND `c` > '2000-01-01'))))"));
    cr_assert(range_is(2, 0, 2, " WHERE `a` <= 5 AND (`a` < 5 OR (`a` = 5 AND `b` <= _gbk'y'))"));
}

Test(plan, a_descending_part_turns_its_comparison_round) {
    parts[1].descending = true;
    cr_assert(range_is(2, 2, 0, " WHERE `a` >= 1 AND (`a` > 1 OR (`a` = 1 AND `b` < _gbk'x\\''))"));
    struct bs_copy *copy = bs_copy_new(&table, BS_MYSQL, &table, NULL);
    struct bs_bound open = {0};
    struct bs_buf out = {0};
    bs_plan_put_cut(&out, copy, &open, 100);
    cr_assert(bs_str_is(bs_buf_str(&out), "SELECT `a`, `b` FROM `d`.`t` FORCE INDEX (`PRIMARY`) "
                                          "ORDER BY `a`, `b` DESC LIMIT 1 OFFSET 99"));
    bs_buf_fini(&out);
    bs_copy_free(copy);
}
