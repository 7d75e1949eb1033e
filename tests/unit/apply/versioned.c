#include "apply/change.h"

#include "base/mem.h"

#include <criterion/criterion.h>

#define T1 "2024-01-01 00:00:01.000001"
#define T2 "2024-01-01 00:00:02.999999"
#define FOR_EVER "2038-01-19 03:14:07.999999"
#define FOR_EVER_11_5 "2106-02-07 06:28:15.999999"

/* CREATE TABLE d.t (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING */
static struct bs_target_table *
make_table(bool with_key, bool keeps_history) {
    static const char *const NAMES[] = {"id", "a", "row_start", "row_end"};
    struct bs_table *model = bs_zalloc(sizeof *model);
    model->db = bs_strdup("d");
    model->name = bs_strdup("t");
    model->engine = bs_strdup("InnoDB");
    model->create = bs_strdup("");
    model->is_versioned = true;
    model->column_count = 4;
    model->columns = bs_zalloc(4 * sizeof *model->columns);
    for (size_t i = 0; i < 4; i++) {
        model->columns[i].name = bs_strdup(NAMES[i]);
        model->columns[i].type = i < 2 ? BS_TYPE_INT : BS_TYPE_TIMESTAMP;
        model->columns[i].type_text = bs_strdup("");
        model->columns[i].generated = i < 2 ? BS_GENERATED_NOT : BS_GENERATED_STORED;
    }
    if (with_key) {
        model->key_count = 1;
        model->keys = bs_zalloc(sizeof *model->keys);
        model->keys[0].name = bs_strdup("PRIMARY");
        model->keys[0].unique = true;
        model->keys[0].part_count = 1;
        model->keys[0].parts = bs_zalloc(sizeof *model->keys[0].parts);
    }
    return bs_target_table_new(model, (struct bs_target_facts){.keeps_history = keeps_history});
}

static struct bs_value values[4][4];

static struct bs_value *
row(size_t slot, int64_t id, int64_t a, const char *start, const char *end) {
    struct bs_value *out = values[slot];
    out[0] = (struct bs_value){.kind = BS_VALUE_INT, .i64 = id};
    out[1] = (struct bs_value){.kind = BS_VALUE_INT, .i64 = a};
    out[2] = (struct bs_value){.kind = BS_VALUE_TEMPORAL, .text = bs_str(start)};
    out[3] = (struct bs_value){.kind = BS_VALUE_TEMPORAL, .text = bs_str(end)};
    return out;
}

static void
expect_sql(bool with_key, bool keeps_history, const struct bs_rows *rows, size_t count,
           const char *wanted) {
    struct bs_batch batch = {0};
    struct bs_target_table *table = make_table(with_key, keeps_history);
    struct bs_change change;
    for (size_t i = 0; i < count; i++) { /* each row is an event of its own, as in the log */
        bs_change_init(&change, &batch, table, (struct bs_origin){0});
        bs_change_add(&change, &rows[i]);
        bs_change_finish(&change);
    }
    cr_expect_str_eq(bs_buf_cstr(&batch.sql), wanted);
    bs_target_table_free(table);
    bs_batch_fini(&batch);
}

Test(versioned, a_row_is_inserted_at_its_start) {
    struct bs_rows rows = {.change = BS_ROW_INSERT, .after = row(0, 1, 2, T1, FOR_EVER_11_5)};
    expect_sql(true, true, &rows, 1,
               "SET timestamp=UNIX_TIMESTAMP('" T1 "');"
               "INSERT INTO `d`.`t` (`id`,`a`) VALUES (1,2);SET timestamp=DEFAULT");
}

Test(versioned, an_update_makes_the_history_that_the_log_names_next) {
    struct bs_rows rows[2] = {
        {.change = BS_ROW_UPDATE,
         .before = row(0, 1, 2, T1, FOR_EVER),
         .after = row(1, 1, 3, T2, FOR_EVER)},
        {.change = BS_ROW_INSERT, .after = row(2, 1, 2, T1, T2)},
    };
    expect_sql(true, true, rows, 2,
               "SET timestamp=UNIX_TIMESTAMP('" T2 "');"
               "UPDATE `d`.`t` SET `id`=1,`a`=3 WHERE `id`=1;SET timestamp=DEFAULT");
}

Test(versioned, history_by_itself_comes_with_its_period_where_it_is_taken) {
    struct bs_rows rows = {.change = BS_ROW_INSERT, .after = row(0, 1, 2, T1, T2)};
    expect_sql(true, true, &rows, 1,
               "SET STATEMENT system_versioning_insert_history=1 FOR INSERT INTO `d`.`t` "
               "(`row_start`,`row_end`,`id`,`a`) VALUES ('" T1 "','" T2 "',1,2)");
    expect_sql(true, false, &rows, 1, "");
}

Test(versioned, an_update_of_the_row_end_is_a_delete_at_that_moment) {
    struct bs_rows rows = {.change = BS_ROW_UPDATE,
                           .before = row(0, 1, 2, T1, FOR_EVER),
                           .after = row(1, 1, 2, T1, T2)};
    expect_sql(true, true, &rows, 1,
               "SET timestamp=UNIX_TIMESTAMP('" T2 "');"
               "DELETE FROM `d`.`t` WHERE `id` IN (1);SET timestamp=DEFAULT");
    expect_sql(false, true, &rows, 1,
               "SET timestamp=UNIX_TIMESTAMP('" T2 "');"
               "DELETE FROM `d`.`t` WHERE `id` <=> 1 AND `a` <=> 2 AND "
               "CAST(`row_start` AS BINARY) <=> _binary'" T1 "' LIMIT 1;SET timestamp=DEFAULT");
}

Test(versioned, an_update_of_the_row_start_alone_deletes_and_inserts) {
    struct bs_rows rows = {.change = BS_ROW_UPDATE,
                           .before = row(0, 1, 2, T1, FOR_EVER),
                           .after = row(1, 1, 2, T2, FOR_EVER)};
    expect_sql(true, true, &rows, 1,
               "SET timestamp=UNIX_TIMESTAMP('" T2 "');"
               "SET STATEMENT foreign_key_checks=0 FOR DELETE FROM `d`.`t` WHERE `id`=1;"
               "SET STATEMENT foreign_key_checks=0 FOR INSERT INTO `d`.`t` (`id`,`a`) VALUES "
               "(1,2);SET timestamp=DEFAULT");
}

Test(versioned, a_row_that_goes_without_history_is_deleted_before_it_began) {
    struct bs_rows rows = {.change = BS_ROW_DELETE, .before = row(0, 1, 2, T1, FOR_EVER)};
    expect_sql(true, true, &rows, 1,
               "SET timestamp=UNIX_TIMESTAMP('" T1 "')-0.000001;"
               "DELETE FROM `d`.`t` WHERE `id` IN (1);SET timestamp=DEFAULT");
}

Test(versioned, deleted_history_goes_up_to_the_newest_of_it) {
    struct bs_batch batch = {0};
    struct bs_target_table *table = make_table(true, true);
    struct bs_change change;
    struct bs_rows rows[2] = {{.change = BS_ROW_DELETE, .before = row(0, 1, 2, T1, T2)},
                              {.change = BS_ROW_DELETE, .before = row(1, 1, 2, T1, T1)}};
    bs_change_init(&change, &batch, table, (struct bs_origin){0});
    bs_change_add(&change, &rows[0]);
    bs_change_add(&change, &rows[1]);
    bs_change_finish(&change);
    cr_expect_str_eq(bs_buf_cstr(&batch.sql), "DELETE HISTORY FROM `d`.`t` BEFORE SYSTEM_TIME "
                                              "TIMESTAMPADD(MICROSECOND,1,'" T2 "')");
    bs_target_table_free(table);
    bs_batch_fini(&batch);
}
