#include "wire/packet.h"

#include <criterion/criterion.h>
#include <string.h>

/* Writes a message of len bytes with a pattern that a misjoined packet would break. */
static struct bs_buf
message_of(size_t len) {
    struct bs_buf out = {0};
    uint8_t *p = bs_buf_reserve(&out, len + 1);
    for (size_t i = 0; i < len; i++) {
        p[i] = (uint8_t)(i * 7 % 251);
    }
    out.len = len;
    return out;
}

/* Feeds bytes in pieces; returns how many messages were complete. The last one is in out. */
static int
feed(struct bs_packet_reader *reader, const struct bs_buf *bytes, size_t piece, struct bs_buf *out,
     struct bs_error *err) {
    int count = 0;
    for (size_t at = 0; at < bytes->len;) {
        size_t n = bytes->len - at < piece ? bytes->len - at : piece;
        struct bs_cursor in = bs_cursor(bytes->data + at, n);
        while (bs_cursor_left(&in) > 0) {
            bool complete = false;
            if (bs_packet_reader_idle(reader)) {
                bs_buf_clear(out);
            }
            if (bs_packet_read(reader, &in, out, &complete, err) != BS_OK) {
                return -1;
            }
            count += complete;
        }
        at += n;
    }
    return count;
}

static void
round_trip(size_t len, size_t piece, size_t packets) {
    struct bs_buf message = message_of(len);
    struct bs_buf bytes = {0};
    struct bs_buf out = {0};
    struct bs_packet_reader reader;
    struct bs_error err;
    uint8_t seq = 0;
    bs_packet_reader_init(&reader, 0);
    bs_packet_write(&bytes, &seq, message.data, message.len);
    cr_assert_eq(seq, packets);
    cr_assert_eq(bytes.len, len + packets * BS_PACKET_HEADER_LEN);
    cr_assert_eq(feed(&reader, &bytes, piece, &out, &err), 1);
    cr_assert_eq(reader.len, len);
    cr_assert(bs_str_equal(bs_buf_str(&out), bs_buf_str(&message)));
    bs_buf_fini(&message);
    bs_buf_fini(&bytes);
    bs_buf_fini(&out);
}

Test(packet, a_message_comes_out_as_it_went_in_whatever_the_pieces) {
    for (size_t piece = 1; piece < 12; piece++) {
        round_trip(0, piece, 1);
        round_trip(1, piece, 1);
        round_trip(300, piece, 1);
    }
}

Test(packet, a_message_of_2_to_the_24_less_2_is_one_packet) {
    round_trip(0xFFFFFE, 100000, 1);
}

Test(packet, a_message_of_2_to_the_24_less_1_is_ended_by_an_empty_packet) {
    round_trip(0xFFFFFF, 100000, 2);
    round_trip(0xFFFFFF, 0xFFFFFF + 4, 2); /* the empty packet alone in the last piece */
}

Test(packet, a_longer_message_is_split_and_joined) {
    round_trip(0x1000000, 99991, 2);
    round_trip(2 * 0xFFFFFF, 0x100000, 3);
}

Test(packet, sequence_numbers_wrap_at_256) {
    struct bs_buf bytes = {0};
    struct bs_buf out = {0};
    struct bs_packet_reader reader;
    struct bs_error err;
    uint8_t seq = 0;
    bs_packet_reader_init(&reader, 0);
    for (int i = 0; i < 1000; i++) {
        bs_packet_write(&bytes, &seq, "x", 1);
    }
    cr_assert_eq(feed(&reader, &bytes, 7, &out, &err), 1000);
    bs_buf_fini(&bytes);
    bs_buf_fini(&out);
}

Test(packet, a_wrong_sequence_number_is_a_protocol_error_that_names_both) {
    struct bs_packet_reader reader;
    struct bs_buf out = {0};
    struct bs_error err;
    bool complete;
    struct bs_cursor in = bs_cursor("\x01\x00\x00\x05x", 5);
    bs_packet_reader_init(&reader, 0);
    bs_packet_reader_expect(&reader, 3);
    cr_assert_eq(bs_packet_read(&reader, &in, &out, &complete, &err), BS_PROTOCOL);
    cr_assert(strstr(err.message, "number 5 where 3") != NULL);
    bs_buf_fini(&out);
}

Test(packet, under_compression_sequence_numbers_are_not_looked_at) {
    struct bs_packet_reader reader;
    struct bs_buf out = {0};
    struct bs_error err;
    bool complete;
    struct bs_cursor in = bs_cursor("\x01\x00\x00\x05x", 5);
    bs_packet_reader_init(&reader, 0);
    reader.any_seq = true;
    cr_assert_eq(bs_packet_read(&reader, &in, &out, &complete, &err), BS_OK);
    cr_assert(complete);
    bs_buf_fini(&out);
}

Test(packet, a_message_over_the_limit_is_refused_by_its_header_alone) {
    struct bs_packet_reader reader;
    struct bs_buf out = {0};
    struct bs_error err;
    bool complete;
    struct bs_cursor in = bs_cursor("\xff\xff\xff\x00", 4);
    bs_packet_reader_init(&reader, 1000);
    cr_assert_eq(bs_packet_read(&reader, &in, &out, &complete, &err), BS_LIMIT);
    cr_assert_eq(out.cap, 0);
}

Test(packet, an_announced_length_costs_no_memory) {
    struct bs_packet_reader reader;
    struct bs_buf out = {0};
    struct bs_error err;
    bool complete;
    struct bs_cursor in = bs_cursor("\xff\xff\xff\x00 abc", 8);
    bs_packet_reader_init(&reader, 0);
    cr_assert_eq(bs_packet_read(&reader, &in, &out, &complete, &err), BS_OK);
    cr_assert(!complete);
    cr_assert_lt(out.cap, 1024);
    bs_buf_fini(&out);
}

Test(packet, the_first_byte_of_each_message_can_be_kept_apart) {
    struct bs_packet_reader reader;
    struct bs_buf bytes = {0};
    struct bs_buf out = {0};
    struct bs_error err;
    uint8_t seq = 0;
    bs_packet_reader_init(&reader, 0);
    reader.apart = true;
    bs_packet_write(&bytes, &seq, "\0event", 6);
    for (size_t piece = 1; piece < 12; piece++) {
        bs_packet_reader_expect(&reader, 0);
        cr_assert_eq(feed(&reader, &bytes, piece, &out, &err), 1);
        cr_assert_eq(reader.first, 0);
        cr_assert_eq(reader.len, 6);
        cr_assert(bs_str_is(bs_buf_str(&out), "event"));
    }
    bs_buf_fini(&bytes);
    bs_buf_fini(&out);
}

Test(packet, a_lone_status_byte_is_a_whole_message) {
    struct bs_packet_reader reader;
    struct bs_buf out = {0};
    struct bs_error err;
    struct bs_buf bytes = {0};
    uint8_t seq = 0;
    bs_packet_reader_init(&reader, 0);
    reader.apart = true;
    bs_packet_write(&bytes, &seq, "\xfe", 1);
    cr_assert_eq(feed(&reader, &bytes, 1, &out, &err), 1);
    cr_assert_eq(reader.first, 0xFE);
    cr_assert_eq(out.len, 0);
    bs_buf_fini(&bytes);
}

Test(packet, an_empty_message_may_be_no_bytes_at_all) {
    struct bs_buf bytes = {0};
    uint8_t seq = 3;
    bs_packet_write(&bytes, &seq, NULL, 0);
    cr_assert(bs_str_equal(bs_buf_str(&bytes), (struct bs_str){"\0\0\0\3", 4}));
    cr_assert_eq(seq, 4);
    bs_buf_fini(&bytes);
}
