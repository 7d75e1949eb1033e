#include "schema/create_text.h"

#include <criterion/criterion.h>

static bool
becomes(const char *create, const char *expected) {
    struct bs_buf out = {0};
    bs_create_text_put(&out, bs_str(create));
    bool same = bs_str_is(bs_buf_str(&out), expected);
    if (!same) {
        cr_log_error("%s", bs_buf_cstr(&out));
    }
    bs_buf_fini(&out);
    return same;
}

Test(create_text, an_inherited_collation_goes_and_one_of_its_own_stays) {
    cr_assert(becomes("CREATE TABLE `t` (\n  `a``x` varchar(40) COLLATE utf8mb4_bin NOT NULL,\n"
                      "  `b` longtext COLLATE utf8mb4_bin,\n"
                      "  `c` enum('x) COLLATE y','it''s') COLLATE utf8mb4_bin DEFAULT NULL,\n"
                      "  `d` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,\n"
                      "  `e` int DEFAULT '0' COMMENT 'varchar(1) COLLATE z',\n"
                      "  PRIMARY KEY (`b`)\n) COLLATE=utf8mb4_bin",
                      "CREATE TABLE `t` (\n  `a``x` varchar(40) NOT NULL,\n"
                      "  `b` longtext,\n"
                      "  `c` enum('x) COLLATE y','it''s') DEFAULT NULL,\n"
                      "  `d` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,\n"
                      "  `e` int DEFAULT '0' COMMENT 'varchar(1) COLLATE z',\n"
                      "  PRIMARY KEY (`b`)\n) COLLATE=utf8mb4_bin"));
}

Test(create_text, a_line_that_looks_like_a_column_inside_a_comment_is_left_alone) {
    cr_assert(becomes("CREATE TABLE `t` (\n  `a` int COMMENT 'x\n  `b` text COLLATE y'\n)",
                      "CREATE TABLE `t` (\n  `a` int COMMENT 'x\n  `b` text COLLATE y'\n)"));
    cr_assert(becomes("", ""));
}

Test(create_text, a_definition_is_the_same_whatever_was_inserted) {
    struct bs_buf out = {0};
    bs_create_put_definition(
        &out, bs_str("CREATE TABLE `t` (\n  `id` int COMMENT ' AUTO_INCREMENT=5'\n) ENGINE=InnoDB "
                     "AUTO_INCREMENT=4711 DEFAULT CHARSET=utf8mb4 COMMENT=' AUTO_INCREMENT=6'"));
    cr_assert_str_eq(bs_buf_cstr(&out),
                     "CREATE TABLE `t` (\n  `id` int COMMENT ' AUTO_INCREMENT=5'\n) ENGINE=InnoDB "
                     "DEFAULT CHARSET=utf8mb4 COMMENT=' AUTO_INCREMENT=6'");
    bs_buf_fini(&out);
}
