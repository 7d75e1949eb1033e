/* Changes to parts of JSON documents, made by hand: paths, places, and what does not fit. */
#include "base/buf.h"
#include "binlog/json_diff.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* {"a": 1, "b": [true, {"c": "x"}]} as MySQL 9.7 stores it. */
#define DOCUMENT                                                                                   \
    "\x00\x02\x00\x2c\x00"                                                                         \
    "\x12\x00\x01\x00\x13\x00\x01\x00"                                                             \
    "\x05\x01\x00\x02\x14\x00"                                                                     \
    "ab"                                                                                           \
    "\x02\x00\x18\x00\x04\x01\x00\x00\x0a\x00"                                                     \
    "\x01\x00\x0e\x00\x0b\x00\x01\x00\x0c\x0c\x00"                                                 \
    "c\x01x"

static struct bs_buf diffs;

static void
add(enum bs_json_op op, const char *path, const void *value, size_t len) {
    bs_buf_put_u8(&diffs, (uint8_t)op);
    bs_buf_put_lenenc_str(&diffs, bs_str(path));
    if (op != BS_JSON_REMOVE) {
        bs_buf_put_lenenc_str(&diffs, (struct bs_str){value, len});
    }
}

#define INT16(n) "\x05" n, 3

/* The changes made on the document: its text, or what is wrong. */
static const char *
result(void) {
    static char text[1024];
    struct bs_arena arena = {0};
    struct bs_str out = {"", 0};
    struct bs_str document = {DOCUMENT, sizeof DOCUMENT - 1};
    const char *wrong = bs_json_diff_apply(document, bs_buf_str(&diffs), &arena, &out);
    (void)snprintf(text, sizeof text, "%.*s", wrong != NULL ? (int)strlen(wrong) : (int)out.len,
                   wrong != NULL ? wrong : out.data);
    bs_arena_fini(&arena);
    bs_buf_fini(&diffs);
    diffs = (struct bs_buf){0};
    return text;
}

Test(json_diff, no_change_leaves_the_document_as_it_is) {
    cr_assert_str_eq(result(), "{\"a\": 1, \"b\": [true, {\"c\": \"x\"}]}");
}

Test(json_diff, changes_apply_in_order_each_to_what_the_one_before_left) {
    add(BS_JSON_INSERT, "$.b[1]", INT16("\x07\x00"));
    add(BS_JSON_REPLACE, "$.b[2].c", INT16("\xff\xff"));
    add(BS_JSON_REMOVE, "$.b[0]", NULL, 0);
    cr_assert_str_eq(result(), "{\"a\": 1, \"b\": [7, {\"c\": -1}]}");
}

Test(json_diff, keys_are_kept_by_length_then_by_bytes) {
    add(BS_JSON_INSERT, "$.aa", INT16("\x01\x00"));
    add(BS_JSON_INSERT, "$.Z", INT16("\x02\x00"));
    cr_assert_str_eq(result(), "{\"Z\": 2, \"a\": 1, \"b\": [true, {\"c\": \"x\"}], \"aa\": 1}");
}

Test(json_diff, quoted_keys_are_unescaped) {
    add(BS_JSON_INSERT, "$.\"a \\\"\\\\\\u0001\"", INT16("\x01\x00"));
    add(BS_JSON_REPLACE, "$.\"a \\\"\\\\\\u0001\"", INT16("\x02\x00"));
    cr_assert_str_eq(result(),
                     "{\"a\": 1, \"b\": [true, {\"c\": \"x\"}], \"a \\\"\\\\\\u0001\": 2}");
}

Test(json_diff, the_whole_document_can_be_replaced) {
    add(BS_JSON_REPLACE, "$", INT16("\x05\x00"));
    add(BS_JSON_REPLACE, "$[0]", INT16("\x06\x00"));
    cr_assert_str_eq(result(), "6");
}

Test(json_diff, an_insertion_behind_the_end_of_an_array_is_at_its_end) {
    add(BS_JSON_INSERT, "$.b[99]", INT16("\x05\x00"));
    cr_assert_str_eq(result(), "{\"a\": 1, \"b\": [true, {\"c\": \"x\"}, 5]}");
}

Test(json_diff, cells_may_be_counted_from_the_end) {
    add(BS_JSON_REPLACE, "$.b[last-1]", INT16("\x07\x00"));
    add(BS_JSON_REMOVE, "$.b[last]", NULL, 0);
    add(BS_JSON_REPLACE, "$.a[last]", INT16("\x02\x00"));
    cr_assert_str_eq(result(), "{\"a\": 2, \"b\": [7]}");
}

Test(json_diff, an_insertion_in_front_of_the_first_cell_is_at_the_front) {
    add(BS_JSON_INSERT, "$.b[last-9]", INT16("\x05\x00"));
    add(BS_JSON_INSERT, "$.b[last]", INT16("\x06\x00"));
    cr_assert_str_eq(result(), "{\"a\": 1, \"b\": [5, true, 6, {\"c\": \"x\"}]}");
}

Test(json_diff, what_does_not_fit_is_told) {
    static const struct {
        enum bs_json_op op;
        const char *path, *message;
    } cases[] = {
        {BS_JSON_REPLACE, "$.c", "a change to a part of a JSON document that is not there"},
        {BS_JSON_REPLACE, "$.b[2]", "a change to a part of a JSON document that is not there"},
        {BS_JSON_REMOVE, "$.b.c", "a removal of a part of a JSON document that is not there"},
        {BS_JSON_REMOVE, "$", "a removal of a part of a JSON document that is not there"},
        {BS_JSON_INSERT, "$.a", "an insertion of a part of a JSON document that is there already"},
        {BS_JSON_INSERT, "$.a[1]", "an insertion into a part of a JSON document that is not there"},
        {BS_JSON_INSERT, "$.x.y", "an insertion into a part of a JSON document that is not there"},
        {BS_JSON_REPLACE, "a", "a malformed path into a JSON document"},
        {BS_JSON_REPLACE, "$.", "a malformed path into a JSON document"},
        {BS_JSON_REPLACE, "$.b[last-2]", "a change to a part of a JSON document that is not there"},
        {BS_JSON_REPLACE, "$[last-]", "a malformed path into a JSON document"},
        {BS_JSON_REPLACE, "$[las]", "a malformed path into a JSON document"},
        {BS_JSON_REPLACE, "$[", "a malformed path into a JSON document"},
        {BS_JSON_REPLACE, "$[x]", "a malformed path into a JSON document"},
        {BS_JSON_REPLACE, "$[99999999999]", "a malformed path into a JSON document"},
        {BS_JSON_REPLACE, "$.\"a", "a malformed path into a JSON document"},
        {BS_JSON_REPLACE, "$**.a", "a malformed path into a JSON document"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        add(cases[i].op, cases[i].path, INT16("\x01\x00"));
        const char *got = result();
        cr_assert_str_eq(got, cases[i].message, "%s: %s", cases[i].path, got);
    }
}

Test(json_diff, malformed_changes_are_told) {
    bs_buf_put(&diffs, "\x03\x01$\x01\x04", 5);
    cr_assert_str_eq(result(), "malformed changes to parts of a JSON document");
    bs_buf_put(&diffs, "\x00\x01$\x09\x04", 5);
    cr_assert_str_eq(result(), "malformed changes to parts of a JSON document");
    bs_buf_put(&diffs, "\x00", 1);
    cr_assert_str_eq(result(), "malformed changes to parts of a JSON document");
}

/* Two entries that lead to the same bytes: no server writes it, and with many of them a small
 * document could become a huge text. */
Test(json_diff, values_that_share_their_bytes_are_no_document) {
    static const char shared[] = "\x02\x02\x00\x0d\x00\x0c\x0a\x00\x0c\x0a\x00\x02xy";
    struct bs_arena arena = {0};
    struct bs_str out;
    const char *wrong = bs_json_diff_apply((struct bs_str){shared, sizeof shared - 1},
                                           (struct bs_str){"", 0}, &arena, &out);
    cr_assert_null(wrong, "two bytes twice are within the budget");
    static const char many[] =
        "\x02\x04\x00\x16\x00\x0c\x10\x00\x0c\x10\x00\x0c\x10\x00\x0c\x10\x00"
        "\x05vwxyz";
    wrong = bs_json_diff_apply((struct bs_str){many, sizeof many - 1}, (struct bs_str){"", 0},
                               &arena, &out);
    cr_assert_str_eq(wrong, "a malformed JSON document");
    bs_arena_fini(&arena);
}
