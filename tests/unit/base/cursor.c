#include "base/buf.h"
#include "base/cursor.h"

#include <criterion/criterion.h>

Test(cursor, integers_are_little_endian_unless_said) {
    const uint8_t bytes[] = {1, 2, 1, 3, 2, 1, 4, 3, 2, 1, 6, 5,
                             4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1};
    struct bs_cursor c = bs_cursor(bytes, sizeof bytes);
    cr_assert_eq(bs_cursor_read_u8(&c), 1);
    cr_assert_eq(bs_cursor_read_u16(&c), 0x0102);
    cr_assert_eq(bs_cursor_read_u24(&c), 0x010203);
    cr_assert_eq(bs_cursor_read_u32(&c), 0x01020304);
    cr_assert_eq(bs_cursor_read_u48(&c), 0x010203040506);
    cr_assert_eq(bs_cursor_read_u64(&c), 0x0102030405060708);
    cr_assert_eq(bs_cursor_left(&c), 0);
    cr_assert_not(c.failed);
    c = bs_cursor(bytes, 3);
    cr_assert_eq(bs_cursor_read_be(&c, 3), 0x010201);
}

Test(cursor, a_short_read_fails_for_good_and_yields_nothing) {
    const uint8_t bytes[] = {1, 2, 3, 4};
    struct bs_cursor c = bs_cursor(bytes, 3);
    cr_assert_eq(bs_cursor_read_u32(&c), 0);
    cr_assert(c.failed);
    cr_assert_eq(bs_cursor_read_u8(&c), 0);
    cr_assert_eq(bs_cursor_read_str(&c, 1).len, 0);
    cr_assert_null(bs_cursor_take(&c, 0));
    cr_assert_eq(bs_cursor_left(&c), 3);
}

Test(cursor, a_huge_length_does_not_wrap) {
    struct bs_cursor c = bs_cursor("abc", 3);
    bs_cursor_skip(&c, SIZE_MAX);
    cr_assert(c.failed);
}

Test(cursor, nothing_can_be_read_from_nothing) {
    struct bs_cursor c = bs_cursor(NULL, 0);
    cr_assert_eq(bs_cursor_read_rest(&c).len, 0);
    cr_assert_not(c.failed);
    cr_assert_eq(bs_cursor_read_u8(&c), 0);
    cr_assert(c.failed);
}

Test(cursor, length_encoded_integers_come_back_as_written) {
    const uint64_t values[] = {0, 250, 251, 65535, 65536, 0xFFFFFF, 0x1000000, UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct bs_buf buf = {0};
        bs_buf_put_lenenc(&buf, values[i]);
        struct bs_cursor c = bs_cursor(buf.data, buf.len);
        cr_assert_eq(bs_cursor_read_lenenc(&c), values[i]);
        cr_assert(!c.failed && bs_cursor_left(&c) == 0);
        for (size_t len = 0; len < buf.len; len++) {
            c = bs_cursor(buf.data, len);
            cr_assert_eq(bs_cursor_read_lenenc(&c), 0);
            cr_assert(c.failed);
        }
        bs_buf_fini(&buf);
    }
}

Test(cursor, null_and_error_marks_are_no_length) {
    const uint8_t marks[] = {0xFB, 0xFF};
    for (size_t i = 0; i < 2; i++) {
        struct bs_cursor c = bs_cursor(marks + i, 1);
        (void)bs_cursor_read_lenenc(&c);
        cr_assert(c.failed);
    }
}

Test(cursor, a_length_beyond_the_end_fails) {
    const uint8_t bytes[] = {0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 'a'};
    struct bs_cursor c = bs_cursor(bytes, sizeof bytes);
    cr_assert_eq(bs_cursor_read_lenenc_str(&c).len, 0);
    cr_assert(c.failed);
}

Test(cursor, c_strings_end_with_their_nul) {
    struct bs_cursor c = bs_cursor("ab\0\0c", 5);
    cr_assert(bs_str_is(bs_cursor_read_cstr(&c), "ab"));
    cr_assert(bs_str_is(bs_cursor_read_cstr(&c), ""));
    cr_assert_not(c.failed);
    (void)bs_cursor_read_cstr(&c);
    cr_assert(c.failed, "there is no NUL behind c");
}
