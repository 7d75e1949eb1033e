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
    struct bs_copy *copy = bs_copy_new(&table, BS_MYSQL, &table, NULL);
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

/* See is_set in copy.c. */
Test(copy, beside_an_expression_the_number_of_a_row_is_set_too) {
    columns[part.column].auto_increment = true;
    struct bs_copy *copy = bs_copy_new(&table, BS_MYSQL, &table, NULL);
    cr_expect_not_null(strstr(copy->load, "(@bs0, `f`, @bs2, @bs3, @bs4) SET `i``d`=@bs0, `e`="),
                       "%s", copy->load);
    bs_copy_free(copy);
}

Test(copy, a_key_that_cannot_be_cut_is_read_whole_but_still_names_rows) {
    columns[5].type = BS_TYPE_DOUBLE;
    struct bs_copy *copy = bs_copy_new(&table, BS_MYSQL, &table, NULL);
    cr_assert_null(copy->key);
    cr_assert_eq(copy->naming_count, 1);
    cr_assert_null(strstr(copy->select, "FORCE INDEX"));
    bs_copy_free(copy);
}

static bool
is_cut(enum bs_flavour source, const char *engine, enum bs_type type, const char *collation) {
    struct bs_column column = {
        .name = (char[]){"c"}, .type = type, .collation = (char *)(uintptr_t)collation};
    struct bs_key_part first = {.column = 0};
    struct bs_key primary = {
        .name = (char[]){"PRIMARY"}, .unique = true, .parts = &first, .part_count = 1};
    struct bs_table one = {.engine = (char *)(uintptr_t)engine,
                           .columns = &column,
                           .column_count = 1,
                           .keys = &primary,
                           .key_count = 1};
    return bs_copy_cutting_key(&one, source) != NULL;
}

Test(copy, a_char_that_its_key_pads_and_a_condition_does_not_is_not_cut_by) {
    static const char *const NOPAD[] = {"utf8mb4_0900_ai_ci", "utf8mb4_da_0900_as_cs",
                                        "latin1_swedish_nopad_ci", "utf8mb4_uca1400_nopad_as_ci"};
    for (size_t i = 0; i < sizeof NOPAD / sizeof *NOPAD; i++) {
        cr_assert(!is_cut(BS_MARIADB, "InnoDB", BS_TYPE_CHAR, NOPAD[i]));
        cr_assert(!is_cut(BS_MYSQL, "MyISAM", BS_TYPE_CHAR, NOPAD[i]));
        cr_assert(is_cut(BS_MYSQL, "InnoDB", BS_TYPE_CHAR, NOPAD[i]));
        cr_assert(is_cut(BS_MARIADB, "InnoDB", BS_TYPE_VARCHAR, NOPAD[i]));
    }
    cr_assert(is_cut(BS_MARIADB, "InnoDB", BS_TYPE_CHAR, "utf8mb4_unicode_ci"));
    cr_assert(is_cut(BS_MARIADB, "Aria", BS_TYPE_CHAR, "latin1_swedish_ci"));
}
