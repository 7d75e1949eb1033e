#include "snapshot/row_text.h"

#include <criterion/criterion.h>

static struct bs_column columns[] = {
    {.name = (char[]){"n"}, .type = BS_TYPE_INT},
    {.name = (char[]){"t"}, .type = BS_TYPE_VARCHAR},
    {.name = (char[]){"e"}, .type = BS_TYPE_ENUM},
};
static struct bs_table table = {
    .db = (char[]){"d"}, .name = (char[]){"t"}, .columns = columns, .column_count = 3};

static struct bs_str
text(const struct bs_buf *buf) {
    return bs_buf_str(buf);
}

Test(row_text, a_line_for_load_data_escapes_what_load_data_reads_and_nothing_else) {
    struct bs_copy *copy = bs_copy_new(&table, BS_MYSQL, &table, NULL);
    struct bs_buf out = {0};
    struct bs_str fields[] = {{"-1", 2}, {"a\tb\nc\\d\0e\r'\"\x1a", 13}, {"2", 1}};
    uint32_t zeros = bs_row_put_load(&out, copy, fields);
    const char expected[] = "-1\ta\\tb\\nc\\\\d\\0e\r'\"\x1a\t2\n";
    cr_assert(bs_str_equal(text(&out), (struct bs_str){expected, sizeof expected - 1}));
    cr_assert_eq(zeros, 0);
    bs_buf_fini(&out);
    bs_copy_free(copy);
}

Test(row_text, null_and_the_text_backslash_n_stay_apart) {
    struct bs_copy *copy = bs_copy_new(&table, BS_MYSQL, &table, NULL);
    struct bs_buf out = {0};
    struct bs_str fields[] = {{NULL, 0}, {"\\N", 2}, {NULL, 0}};
    bs_row_put_load(&out, copy, fields);
    cr_assert(bs_str_is(text(&out), "\\N\t\\\\N\t\\N\n"));
    bs_buf_fini(&out);
    bs_copy_free(copy);
}

Test(row_text, the_error_value_of_an_enum_is_counted_and_a_member_is_not) {
    struct bs_copy *copy = bs_copy_new(&table, BS_MYSQL, &table, NULL);
    struct bs_buf out = {0};
    struct bs_str zero[] = {{"0", 1}, {"0", 1}, {"0", 1}};
    struct bs_str ten[] = {{"0", 1}, {"0", 1}, {"10", 2}};
    cr_assert_eq(bs_row_put_load(&out, copy, zero), 1);
    cr_assert_eq(bs_row_put_load(&out, copy, ten), 0);
    cr_assert_eq(bs_row_put_insert(&out, copy, zero), 1);
    cr_assert_eq(bs_row_put_insert(&out, copy, ten), 0);
    bs_buf_fini(&out);
    bs_copy_free(copy);
}

Test(row_text, an_insert_row_quotes_all_but_numbers_of_members) {
    struct bs_copy *copy = bs_copy_new(&table, BS_MYSQL, &table, NULL);
    struct bs_buf out = {0};
    struct bs_str fields[] = {{"-0", 2}, {"it's \\", 6}, {"3", 1}};
    bs_row_put_insert(&out, copy, fields);
    cr_assert(bs_str_is(text(&out), "('-0','it\\'s \\\\',3)"));
    bs_buf_fini(&out);
    bs_copy_free(copy);
}

Test(row_text, the_key_of_an_insert_row_ends_behind_its_values) {
    struct bs_str row = bs_str("('a,\\'b)','2',NULL)");
    cr_assert_eq(bs_row_key_len(row, 1), strlen("'a,\\'b)'"));
    cr_assert_eq(bs_row_key_len(row, 2), strlen("'a,\\'b)','2'"));
    cr_assert_eq(bs_row_key_len(row, 3), strlen("'a,\\'b)','2',NULL"));
}

Test(row_text, a_large_value_is_escaped_whole) {
    struct bs_buf value = {0};
    struct bs_buf out = {0};
    bs_buf_put_fill(&value, '\\', 100000);
    bs_row_put_escaped(&out, bs_buf_str(&value));
    cr_assert_eq(out.len, 200000);
    bs_buf_fini(&value);
    bs_buf_fini(&out);
}

static const char *
expected_escape(int byte) {
    static char alone[2];
    alone[0] = (char)byte;
    return byte == 0      ? "\\0"
           : byte == '\t' ? "\\t"
           : byte == '\n' ? "\\n"
           : byte == '\\' ? "\\\\"
                          : alone;
}

/* Bytes go eight at a time where none of them has an escape. */
Test(row_text, a_byte_has_the_same_escape_wherever_it_stands) {
    for (int byte = 0; byte < 256; byte++) {
        for (size_t place = 0; place < 20; place++) {
            struct bs_buf out = {0};
            char value[20];
            char expected[32] = "";
            memset(value, 0xdc, sizeof value); /* a backslash but for its highest bit */
            memset(expected, 0xdc, place);
            value[place] = (char)byte;
            size_t len = strlen(expected_escape(byte));
            memcpy(expected + place, expected_escape(byte), len);
            memset(expected + place + len, 0xdc, sizeof value - place - 1);
            bs_row_put_escaped(&out, (struct bs_str){value, sizeof value});
            cr_assert_eq(out.len, sizeof value - 1 + len, "byte %d at %zu", byte, place);
            cr_assert_eq(memcmp(out.data, expected, out.len), 0, "byte %d at %zu", byte, place);
            bs_buf_fini(&out);
        }
    }
}

Test(row_text, bare_values_follow_each_other_and_their_lengths_stand_beside_them) {
    struct bs_copy *copy = bs_copy_new(&table, BS_MYSQL, &table, NULL);
    struct bs_buf out = {0};
    struct bs_buf lengths = {0};
    struct bs_str fields[] = {{"-0", 2}, {NULL, 0}, {"0", 1}};
    struct bs_str others[] = {{"7", 1}, {"", 0}, {"3", 1}};
    uint32_t expected[] = {2, UINT32_MAX, 1, 1, 0, 1};
    cr_assert_eq(bs_row_put_bulk(&out, &lengths, copy, fields), 1, "an ENUM's error value");
    cr_assert_eq(bs_row_put_bulk(&out, &lengths, copy, others), 0);
    cr_assert(bs_str_is(text(&out), "-0073"));
    cr_assert_eq(lengths.len, sizeof expected);
    cr_assert_arr_eq(lengths.data, expected, sizeof expected);
    bs_buf_fini(&lengths);
    bs_buf_fini(&out);
    bs_copy_free(copy);
}
