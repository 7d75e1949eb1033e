#include "snapshot/copy.h"

#include <criterion/criterion.h>
#include <string.h>

static struct bs_column columns[] = {
    {.name = (char[]){"v"}, .type = BS_TYPE_INT, .generated = BS_GENERATED_VIRTUAL},
    {.name = (char[]){"f"}, .type = BS_TYPE_FLOAT},
    {.name = (char[]){"e"}, .type = BS_TYPE_ENUM},
    {.name = (char[]){"u"}, .type = BS_TYPE_UUID},
    {.name = (char[]){"j"}, .type = BS_TYPE_JSON},
    {.name = (char[]){"i`d"}, .type = BS_TYPE_INT},
};
static struct bs_key_part part = {.column = 5};
static struct bs_key key = {
    .name = (char[]){"PRIMARY"}, .unique = true, .parts = &part, .part_count = 1};
static struct bs_table table = {.db = (char[]){"d"},
                                .name = (char[]){"t"},
                                .engine = (char[]){"InnoDB"},
                                .columns = columns,
                                .column_count = 6,
                                .keys = &key,
                                .key_count = 1};

Test(copy, the_key_comes_first_and_generated_columns_do_not_travel) {
    struct bs_copy *copy = bs_copy_new(&table, &table, NULL);
    cr_assert_str_eq(copy->select,
                     "SELECT `i``d`, `f`*1e0, CAST(`e` AS UNSIGNED), `u`, `j` FROM `d`.`t` "
                     "FORCE INDEX (`PRIMARY`)");
    cr_assert_str_eq(copy->insert, "INSERT INTO `d`.`t` (`i``d`, `f`, `e`, `u`, `j`) VALUES ");
    cr_assert_not_null(strstr(copy->load,
                              "(`i``d`, `f`, @bs2, @bs3, @bs4) SET `e`=CAST(@bs2 AS UNSIGNED), "
                              "`u`=CONVERT(@bs3 USING latin1), `j`=CONVERT(@bs4 USING utf8mb4)"));
    cr_assert_str_eq(copy->bulk, "INSERT INTO `d`.`t` (`i``d`, `f`, `e`, `u`, `j`) VALUES (?, ?, "
                                 "CAST(? AS UNSIGNED), CONVERT(? USING latin1), "
                                 "CONVERT(? USING utf8mb4))");
    cr_assert_eq(copy->naming_count, 1);
    cr_assert(copy->has_json);
    bs_copy_free(copy);
}

Test(copy, a_key_that_cannot_be_cut_is_read_whole_but_still_names_rows) {
    columns[5].type = BS_TYPE_DOUBLE;
    struct bs_copy *copy = bs_copy_new(&table, &table, NULL);
    cr_assert_null(copy->key);
    cr_assert_eq(copy->naming_count, 1);
    cr_assert_null(strstr(copy->select, "FORCE INDEX"));
    bs_copy_free(copy);
}
