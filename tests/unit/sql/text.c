#include "sql/text.h"

#include <criterion/criterion.h>

Test(text, identifiers_double_their_quotes) {
    struct bs_buf b = {0};
    bs_sql_put_table(&b, bs_str("a`b"), bs_str("\xC3\xA4 `"));
    cr_assert_str_eq(bs_buf_cstr(&b), "`a``b`.`\xC3\xA4 ```");
    bs_buf_fini(&b);
}

Test(text, strings_escape_what_would_end_or_change_them) {
    struct bs_buf b = {0};
    bs_sql_put_string(&b, (struct bs_str){"a\0b'c\"d\\e\nf\rg\x1Ah%_\t", 18});
    cr_assert_str_eq(bs_buf_cstr(&b), "'a\\0b\\'c\\\"d\\\\e\\nf\\rg\\Zh%_\t'");
    bs_buf_clear(&b);
    bs_sql_put_string(&b, (struct bs_str){"", 0});
    cr_assert_str_eq(bs_buf_cstr(&b), "''");
    bs_buf_fini(&b);
}

Test(text, every_byte_takes_at_most_two) {
    struct bs_buf b = {0};
    char bytes[256];
    for (int i = 0; i < 256; i++) {
        bytes[i] = (char)i;
    }
    bs_sql_put_string(&b, (struct bs_str){bytes, sizeof bytes});
    cr_assert_eq(b.len, 256 + 7 + 2);
    bs_buf_fini(&b);
}

Test(text, an_introducer_is_put_for_charsets_but_binary) {
    struct bs_buf b = {0};
    bs_sql_put_text(&b, "gbk", bs_str("x"));
    bs_sql_put_text(&b, "binary", bs_str("y"));
    bs_sql_put_text(&b, NULL, bs_str("z"));
    cr_assert_str_eq(bs_buf_cstr(&b), "_gbk'x''y''z'");
    bs_buf_fini(&b);
}
