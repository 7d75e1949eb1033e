#include "snapshot/late_keys.h"

#include <criterion/criterion.h>

static char words[][8] = {"PRIMARY", "id", "a`b", "d", "t", "u,1"};
static struct bs_key keys_of_model[] = {{.name = words[5], .unique = true},
                                        {.name = words[0], .unique = true}};
static struct bs_column columns[] = {{.name = words[1], .auto_increment = true},
                                     {.name = words[2]}};
static struct bs_table model = {.db = words[3],
                                .name = words[4],
                                .columns = columns,
                                .column_count = 2,
                                .keys = keys_of_model,
                                .key_count = 2};
static struct bs_late_keys late;

static void
split(const char *create, bool keys, bool foreign_keys) {
    bs_late_keys_split(&late, bs_str(create), &model, keys, foreign_keys);
}

static void
set_up(void) {
    model.key_count = 2;
}

static void
tear_down(void) {
    bs_late_keys_fini(&late);
}

TestSuite(late_keys, .init = set_up, .fini = tear_down);

static const char WHOLE[] =
    "CREATE TABLE `t` (\n"
    "  `id` int NOT NULL AUTO_INCREMENT,\n"
    "  `a``b` varchar(9) COMMENT 'it''s, a\n  KEY `no` (`x`),',\n"
    "  PRIMARY KEY (`id`),\n"
    "  UNIQUE KEY `u,1` (`a``b`) USING BTREE,\n"
    "  KEY `by id` (`id`,`a``b`),\n"
    "  KEY `k` (`a``b`(3)) COMMENT 'x, y',\n"
    "  FULLTEXT KEY `f` (`a``b`),\n"
    "  CONSTRAINT `c` CHECK (`id` > 0),\n"
    "  CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `p` (`id`) ON DELETE CASCADE\n"
    ") ENGINE=InnoDB COMMENT='last\n  KEY `z` (`z`)'";

Test(late_keys, secondary_keys_and_foreign_keys_are_taken_out) {
    split(WHOLE, true, true);
    cr_assert_str_eq(bs_buf_cstr(&late.create),
                     "CREATE TABLE `t` (\n"
                     "  `id` int NOT NULL AUTO_INCREMENT,\n"
                     "  `a``b` varchar(9) COMMENT 'it''s, a\n  KEY `no` (`x`),',\n"
                     "  PRIMARY KEY (`id`),\n"
                     "  KEY `by id` (`id`,`a``b`),\n"
                     "  FULLTEXT KEY `f` (`a``b`),\n"
                     "  CONSTRAINT `c` CHECK (`id` > 0)\n"
                     ") ENGINE=InnoDB COMMENT='last\n  KEY `z` (`z`)'");
    cr_assert_str_eq(bs_buf_cstr(&late.keys),
                     "ALTER TABLE `d`.`t` ADD UNIQUE KEY `u,1` (`a``b`) USING BTREE,"
                     "ADD KEY `k` (`a``b`(3)) COMMENT 'x, y'");
    cr_assert_str_eq(bs_buf_cstr(&late.foreign_keys),
                     "ALTER TABLE `d`.`t` ADD CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `p` "
                     "(`id`) ON DELETE CASCADE");
    cr_assert_eq(late.unique_kept, 0);
}

Test(late_keys, a_translated_text_has_lines_without_indent) {
    split("CREATE TABLE `t` (\n`id` int AUTO_INCREMENT,\nPRIMARY KEY (`id`),\n"
          "UNIQUE KEY `u,1` (`a``b`),\nKEY `k` (`a``b`(3))\n) ENGINE=InnoDB\n/* x */",
          true, true);
    cr_assert_str_eq(bs_buf_cstr(&late.create),
                     "CREATE TABLE `t` (\n  `id` int AUTO_INCREMENT,\n  PRIMARY KEY (`id`)\n"
                     ") ENGINE=InnoDB\n/* x */");
    cr_assert_str_eq(bs_buf_cstr(&late.keys),
                     "ALTER TABLE `d`.`t` ADD UNIQUE KEY `u,1` (`a``b`),ADD KEY `k` (`a``b`(3))");
    cr_assert_eq(late.unique_kept, 0);
}

Test(late_keys, each_kind_stays_unless_it_may_be_late) {
    split(WHOLE, false, false);
    cr_assert_str_eq(bs_buf_cstr(&late.create), WHOLE);
    cr_assert_eq(late.unique_kept, 1);
    cr_assert_eq(late.keys.len, 0);
    cr_assert_eq(late.foreign_keys.len, 0);
    bs_late_keys_fini(&late);
    split(WHOLE, false, true);
    cr_assert_eq(late.keys.len, 0);
    cr_assert_gt(late.foreign_keys.len, 0);
}

Test(late_keys, without_a_primary_key_unique_ones_stay) {
    model.key_count = 1;
    split(WHOLE, true, true);
    cr_assert_eq(late.unique_kept, 1);
    cr_assert_str_eq(bs_buf_cstr(&late.keys),
                     "ALTER TABLE `d`.`t` ADD KEY `k` (`a``b`(3)) COMMENT 'x, y'");
    cr_assert_not_null(strstr(bs_buf_cstr(&late.create), "UNIQUE KEY `u,1`"));
}

Test(late_keys, a_sequence_or_what_is_not_a_list_is_left_alone) {
    split("CREATE SEQUENCE `s` start with 1 minvalue 1", true, true);
    cr_assert_str_eq(bs_buf_cstr(&late.create), "CREATE SEQUENCE `s` start with 1 minvalue 1");
    cr_assert_eq(late.keys.len, 0);
}
