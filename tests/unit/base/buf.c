#include "base/buf.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(buf, what_is_put_is_there) {
    struct bs_buf b = {0};
    bs_buf_puts(&b, "ab");
    bs_buf_put_u8(&b, 'c');
    bs_buf_put_le(&b, 0x6564, 2);
    bs_buf_put_fill(&b, 'f', 3);
    bs_buf_put_fill(&b, 'x', 0);
    bs_buf_put(&b, NULL, 0);
    bs_buf_put_str(&b, bs_str("g"));
    bs_buf_put_lenenc_str(&b, bs_str("hi"));
    bs_buf_printf(&b, "%d-%s", 7, "z");
    cr_assert_str_eq(bs_buf_cstr(&b), "abcdefffg\002hi7-z");
    cr_assert_eq(b.len, strlen("abcdefffg\002hi7-z"), "the NUL does not count");
    bs_buf_fini(&b);
}

Test(buf, it_grows_and_keeps_its_content) {
    struct bs_buf b = {0};
    for (unsigned int i = 0; i < 100000; i++) {
        bs_buf_put_le(&b, i, 4);
    }
    cr_assert_eq(b.len, 400000);
    for (unsigned int i = 0; i < 100000; i += 777) {
        uint32_t value = 0;
        memcpy(&value, b.data + 4 * i, 4);
        cr_assert_eq(value, i);
    }
    size_t cap = b.cap;
    bs_buf_clear(&b);
    cr_assert(b.len == 0 && b.cap == cap);
    bs_buf_fini(&b);
    cr_assert_null(b.data);
}

Test(buf, consuming_drops_from_the_front) {
    struct bs_buf b = {0};
    bs_buf_puts(&b, "abcdef");
    bs_buf_consume(&b, 2);
    cr_assert_str_eq(bs_buf_cstr(&b), "cdef");
    bs_buf_consume(&b, 0);
    bs_buf_consume(&b, 4);
    cr_assert_str_eq(bs_buf_cstr(&b), "");
    bs_buf_fini(&b);
}

Test(buf, taking_hands_the_memory_over) {
    struct bs_buf b = {0};
    char *empty = bs_buf_take_cstr(&b);
    cr_assert_str_eq(empty, "");
    free(empty);
    bs_buf_puts(&b, "text");
    char *text = bs_buf_take_cstr(&b);
    cr_assert_str_eq(text, "text");
    cr_assert(b.data == NULL && b.len == 0 && b.cap == 0);
    free(text);
}

Test(buf, an_empty_one_is_an_empty_view_not_null) {
    struct bs_buf b = {0};
    cr_assert_not_null(bs_buf_str(&b).data);
    cr_assert_eq(bs_buf_str(&b).len, 0);
}

Test(buf, even_room_for_nothing_is_a_place) {
    struct bs_buf b = {0};
    cr_assert_not_null(bs_buf_reserve(&b, 0));
    bs_buf_fini(&b);
}
