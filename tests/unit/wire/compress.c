#include "wire/compress.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const enum bs_compress METHODS[] = {BS_COMPRESS_ZLIB, BS_COMPRESS_ZSTD};

static struct bs_buf
content_of(size_t len) {
    struct bs_buf out = {0};
    uint8_t *p = bs_buf_reserve(&out, len + 1);
    uint32_t random = 1;
    for (size_t i = 0; i < len; i++) {
        random = random * 1103515245 + 12345;
        p[i] = i / 4096 % 2 == 0 ? (uint8_t)(random >> 16) : 'a';
    }
    out.len = len;
    return out;
}

/* Reads bytes in pieces, at most step out at once. */
static enum bs_status
read_all(struct bs_compress_reader *reader, const struct bs_buf *bytes, size_t piece, size_t step,
         struct bs_buf *out, struct bs_error *err) {
    for (size_t at = 0; at < bytes->len; at += piece) {
        size_t n = bytes->len - at < piece ? bytes->len - at : piece;
        struct bs_cursor in = bs_cursor(bytes->data + at, n);
        bool more = true;
        while (more) {
            size_t before = out->len;
            enum bs_status status = bs_compress_read(reader, &in, out, step, &more, err);
            if (status != BS_OK) {
                return status;
            }
            cr_assert_leq(out->len - before, step);
        }
    }
    return BS_OK;
}

static void
round_trip(enum bs_compress method, size_t len, size_t piece, size_t step) {
    struct bs_buf content = content_of(len);
    struct bs_buf bytes = {0};
    struct bs_buf out = {0};
    struct bs_error err = {0};
    struct bs_compress_reader reader;
    uint8_t seq = 0;
    bs_compress_reader_init(&reader, method);
    bs_compress_write(&bytes, method, &seq, content.data, content.len);
    cr_assert_eq(read_all(&reader, &bytes, piece, step, &out, &err), BS_OK, "%s", err.message);
    cr_assert(bs_str_equal(bs_buf_str(&out), bs_buf_str(&content)));
    cr_assert_eq(reader.seq, seq);
    bs_compress_reader_fini(&reader);
    bs_buf_fini(&content);
    bs_buf_fini(&bytes);
    bs_buf_fini(&out);
}

Test(compress, what_goes_in_comes_out_whatever_the_pieces) {
    for (size_t m = 0; m < 2; m++) {
        for (size_t piece = 1; piece < 20; piece += 3) {
            round_trip(METHODS[m], 10, piece, 100000);
            round_trip(METHODS[m], 49, piece, 7);
            round_trip(METHODS[m], 50, piece, 100);
            round_trip(METHODS[m], 20000, piece, 64);
        }
        round_trip(METHODS[m], 20000, 1 << 20, 1);
        round_trip(METHODS[m], 3000000, 1000, 65536);
    }
}

Test(compress, content_over_a_frame_makes_several_frames) {
    round_trip(BS_COMPRESS_ZLIB, 0xFFFFFF + 1000, 1 << 18, 1 << 16);
    round_trip(BS_COMPRESS_ZSTD, 2 * 0xFFFFFF, 1 << 18, 1 << 16);
}

Test(compress, short_content_is_stored_raw_and_long_content_is_not) {
    struct bs_buf out = {0};
    uint8_t seq = 0;
    bs_compress_write(&out, BS_COMPRESS_ZLIB, &seq, "abc", 3);
    cr_assert_eq(out.len, 10);
    cr_assert_arr_eq(out.data,
                     "\x03\x00\x00\x00\x00\x00\x00"
                     "abc",
                     10);
    bs_buf_clear(&out);
    char long_text[500] = {0};
    bs_compress_write(&out, BS_COMPRESS_ZLIB, &seq, long_text, sizeof long_text);
    cr_assert_lt(out.len, 60);
    cr_assert_eq(out.data[4] | out.data[5] << 8, 500);
    bs_buf_fini(&out);
}

Test(compress, a_raw_frame_does_not_run_into_the_next_header) {
    struct bs_compress_reader reader;
    struct bs_buf bytes = {0};
    struct bs_buf out = {0};
    struct bs_error err;
    uint8_t seq = 0;
    for (int i = 0; i < 300; i++) {
        bs_compress_write(&bytes, BS_COMPRESS_ZLIB, &seq, "packet", 6);
    }
    bs_compress_reader_init(&reader, BS_COMPRESS_ZLIB);
    cr_assert_eq(read_all(&reader, &bytes, 11, 1000, &out, &err), BS_OK);
    cr_assert_eq(out.len, 1800);
    bs_compress_reader_fini(&reader);
    bs_buf_fini(&bytes);
    bs_buf_fini(&out);
}

static void
refuse(struct bs_buf *bytes) {
    struct bs_compress_reader reader;
    struct bs_buf out = {0};
    struct bs_error err;
    bs_compress_reader_init(&reader, BS_COMPRESS_ZLIB);
    cr_assert_eq(read_all(&reader, bytes, 1 << 20, 1 << 16, &out, &err), BS_PROTOCOL);
    bs_compress_reader_fini(&reader);
    bs_buf_fini(&out);
    bs_buf_fini(bytes);
}

static struct bs_buf
frame_of_zeros(size_t len) {
    struct bs_buf out = {0};
    uint8_t seq = 0;
    char *zeros = calloc(1, len);
    bs_compress_write(&out, BS_COMPRESS_ZLIB, &seq, zeros, len);
    free(zeros);
    return out;
}

Test(compress, a_frame_that_holds_more_than_it_says_is_refused) {
    struct bs_buf bytes = frame_of_zeros(1000);
    bytes.data[4]--;
    refuse(&bytes);
}

Test(compress, a_frame_that_holds_less_than_it_says_is_refused) {
    struct bs_buf bytes = frame_of_zeros(1000);
    bytes.data[4]++;
    refuse(&bytes);
}

Test(compress, a_flipped_bit_is_refused_or_was_padding_but_never_changes_content) {
    static const char zeros[1000];
    struct bs_buf bytes = frame_of_zeros(sizeof zeros);
    size_t accepted = 0;
    for (size_t bit = 8 * BS_COMPRESS_HEADER_LEN; bit < 8 * bytes.len; bit++) {
        struct bs_compress_reader reader;
        struct bs_buf out = {0};
        struct bs_error err;
        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bs_compress_reader_init(&reader, BS_COMPRESS_ZLIB);
        if (read_all(&reader, &bytes, 1 << 20, 1 << 16, &out, &err) == BS_OK) {
            accepted++;
            cr_assert(bs_str_equal(bs_buf_str(&out), (struct bs_str){zeros, sizeof zeros}));
        }
        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bs_compress_reader_fini(&reader);
        bs_buf_fini(&out);
    }
    cr_assert_lt(accepted, 2 * bytes.len); /* of eight times as many */
    bs_buf_fini(&bytes);
}

Test(compress, a_frame_out_of_order_is_refused) {
    struct bs_buf bytes = frame_of_zeros(1000);
    bytes.data[3] = 9;
    refuse(&bytes);
}

Test(compress, a_bomb_comes_out_in_bounded_steps) {
    struct bs_compress_reader reader;
    struct bs_buf bytes = frame_of_zeros(16000000);
    struct bs_buf out = {0};
    struct bs_error err;
    bool more = false;
    struct bs_cursor in = bs_cursor(bytes.data, bytes.len);
    bs_compress_reader_init(&reader, BS_COMPRESS_ZLIB);
    cr_assert_eq(bs_compress_read(&reader, &in, &out, 65536, &more, &err), BS_OK);
    cr_assert_eq(out.len, 65536);
    cr_assert(more);
    cr_assert_leq(out.cap, 131072);
    bs_compress_reader_fini(&reader);
    bs_buf_fini(&bytes);
    bs_buf_fini(&out);
}
