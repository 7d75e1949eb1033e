#include "apply/change.h"

#include "base/mem.h"

#include <criterion/criterion.h>

/* CREATE TABLE d.t (id INT PRIMARY KEY, s VARCHAR(10) CHARACTER SET gbk, e ENUM(...)) */
static const char *charset = "gbk"; /* of the texts */

static struct bs_target_table *
make_table(bool with_key) {
    struct bs_table *model = bs_zalloc(sizeof *model);
    model->db = bs_strdup("d");
    model->name = bs_strdup("t");
    model->engine = bs_strdup("InnoDB");
    model->create = bs_strdup("");
    model->column_count = 3;
    model->columns = bs_zalloc(3 * sizeof *model->columns);
    static const char *const NAMES[] = {"id", "s", "e"};
    static const enum bs_type TYPES[] = {BS_TYPE_INT, BS_TYPE_VARCHAR, BS_TYPE_ENUM};
    for (size_t i = 0; i < 3; i++) {
        model->columns[i].name = bs_strdup(NAMES[i]);
        model->columns[i].type = TYPES[i];
        model->columns[i].type_text = bs_strdup("");
        model->columns[i].charset = i > 0 ? bs_strdup(charset) : NULL;
        model->columns[i].collation = i > 0 ? bs_strdup("gbk_chinese_ci") : NULL;
    }
    if (with_key) {
        model->key_count = 1;
        model->keys = bs_zalloc(sizeof *model->keys);
        model->keys[0].name = bs_strdup("PRIMARY");
        model->keys[0].unique = true;
        model->keys[0].part_count = 1;
        model->keys[0].parts = bs_zalloc(sizeof *model->keys[0].parts);
    }
    return bs_target_table_new(model, (struct bs_target_facts){.keeps_history = true});
}

static struct bs_value values[3], others[3];

static struct bs_value *
row(struct bs_value *out, int64_t id, const char *s, uint64_t e) {
    out[0] = (struct bs_value){.kind = BS_VALUE_INT, .i64 = id};
    out[1] = (struct bs_value){.kind = BS_VALUE_BYTES, .text = bs_str(s)};
    out[2] = (struct bs_value){.kind = BS_VALUE_UINT, .u64 = e};
    return out;
}

static const char *
run(struct bs_batch *batch, bool with_key, const struct bs_rows *rows, size_t count) {
    struct bs_target_table *table = make_table(with_key);
    struct bs_change change;
    bs_change_init(&change, batch, table, (struct bs_origin){0});
    for (size_t i = 0; i < count; i++) {
        bs_change_add(&change, &rows[i]);
    }
    bs_change_finish(&change);
    const char *sql = bs_buf_cstr(&batch->sql);
    bs_target_table_free(table);
    return sql;
}

Test(change, inserts_of_one_event_become_one_statement_that_expects_all_rows) {
    struct bs_batch batch = {0};
    struct bs_rows rows[2] = {
        {.change = BS_ROW_INSERT, .after = row(values, 1, "a'b", 1)},
        {.change = BS_ROW_INSERT, .after = row(others, 2, "\x81\\", 2)},
    };
    cr_expect_str_eq(
        run(&batch, true, rows, 2),
        "INSERT INTO `d`.`t` (`id`,`s`,`e`) VALUES (1,_gbk'a\\'b',1),(2,_gbk'\x81\\\\',2)");
    cr_expect_eq(batch.count, 1);
    cr_expect_eq(batch.expects[0].rows, 2);
    bs_batch_fini(&batch);
}

Test(change, deletes_by_key_are_gathered_and_counted) {
    struct bs_batch batch = {0};
    struct bs_rows rows[2] = {
        {.change = BS_ROW_DELETE, .before = row(values, 1, "a", 1)},
        {.change = BS_ROW_DELETE, .before = row(others, -5, "b", 2)},
    };
    cr_expect_str_eq(run(&batch, true, rows, 2), "DELETE FROM `d`.`t` WHERE `id` IN (1,-5)");
    cr_expect_eq(batch.expects[0].rows, 2);
    bs_batch_fini(&batch);
}

Test(change, an_update_assigns_what_changed_and_finds_the_old_key) {
    struct bs_batch batch = {0};
    struct bs_rows rows = {
        .change = BS_ROW_UPDATE, .before = row(values, 1, "a", 1), .after = row(others, 7, "a", 1)};
    cr_expect_str_eq(run(&batch, true, &rows, 1), "UPDATE `d`.`t` SET `id`=7 WHERE `id`=1");
    cr_expect_eq(batch.expects[0].rows, 1);
    bs_batch_fini(&batch);
}

Test(change, a_keyless_row_is_found_by_all_columns_byte_for_byte) {
    struct bs_batch batch = {0};
    struct bs_rows rows = {.change = BS_ROW_DELETE, .before = row(values, 1, "A", 3)};
    cr_expect_str_eq(
        run(&batch, false, &rows, 1),
        "DELETE FROM `d`.`t` WHERE `id` <=> 1 AND CAST(`s` AS BINARY) <=> _binary'A' AND "
        "CAST(`e` AS UNSIGNED) <=> 3 LIMIT 1");
    bs_batch_fini(&batch);
}

Test(change, a_keyless_row_with_a_zero_is_found_by_its_sign) {
    struct bs_batch batch = {0};
    struct bs_rows rows = {.change = BS_ROW_DELETE, .before = row(values, 1, "A", 3)};
    values[0] = (struct bs_value){.kind = BS_VALUE_DOUBLE, .f64 = -0.0};
    cr_expect_str_eq(run(&batch, false, &rows, 1),
                     "DELETE FROM `d`.`t` WHERE `id` <=> 0 AND "
                     "ATAN2(`id`,-1) <=> ATAN2(CONCAT(-0.0000000000000000e+00),-1) AND "
                     "CAST(`s` AS BINARY) <=> _binary'A' AND CAST(`e` AS UNSIGNED) <=> 3 LIMIT 1");
    bs_batch_fini(&batch);
}

Test(change, enum_index_zero_runs_without_strict_mode_and_may_warn_once) {
    struct bs_batch batch = {0};
    struct bs_rows rows = {.change = BS_ROW_INSERT, .after = row(values, 1, "a", 0)};
    (void)run(&batch, true, &rows, 1);
    cr_assert_eq(batch.count, 3);
    cr_expect_eq(batch.expects[1].max_warnings, 1);
    cr_expect(batch.expects[1].counts_warnings);
    cr_expect_eq(batch.expects[0].kind, BS_EXPECT_ANY);
    cr_expect_eq(batch.expects[2].kind, BS_EXPECT_ANY);
    bs_batch_fini(&batch);
}

Test(change, beside_enum_index_zero_no_literal_warns_by_its_charset) {
    struct bs_batch batch = {0};
    struct bs_rows rows = {.change = BS_ROW_INSERT, .after = row(values, 1, "a", 0)};
    charset = "utf8mb3";
    cr_expect_not_null(strstr(run(&batch, true, &rows, 1), "(1,_utf8mb4'a',0)"));
    bs_batch_clear(&batch);
    charset = "ucs2";
    rows = (struct bs_rows){.change = BS_ROW_UPDATE,
                            .before = row(others, 1, "aa", 2),
                            .after = row(values, 1, "bb", 0)};
    cr_expect_not_null(strstr(run(&batch, true, &rows, 1), "`s`=_utf16'bb',`e`=0 WHERE `id`=1"));
    bs_batch_clear(&batch);
    row(values, 1, "bb", 1);
    cr_expect_not_null(strstr(run(&batch, true, &rows, 1), "`s`=_ucs2'bb',`e`=1 WHERE `id`=1"));
    bs_batch_fini(&batch);
}
