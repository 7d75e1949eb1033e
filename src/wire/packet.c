#include "wire/packet.h"

#include <string.h>

void
bs_packet_reader_init(struct bs_packet_reader *reader, size_t len_max) {
    memset(reader, 0, sizeof *reader);
    reader->len_max = len_max != 0 ? len_max : BS_PACKET_MESSAGE_MAX;
}

void
bs_packet_reader_expect(struct bs_packet_reader *reader, uint8_t seq) {
    reader->seq = seq;
}

bool
bs_packet_reader_idle(const struct bs_packet_reader *reader) {
    return reader->done || (reader->len == 0 && reader->header_len == 0);
}

static enum bs_status
take_header(struct bs_packet_reader *reader, struct bs_cursor *in, struct bs_error *err) {
    while (reader->header_len < BS_PACKET_HEADER_LEN && bs_cursor_left(in) > 0) {
        reader->header[reader->header_len++] = bs_cursor_read_u8(in);
    }
    if (reader->header_len < BS_PACKET_HEADER_LEN) {
        return BS_OK;
    }
    struct bs_cursor header = bs_cursor(reader->header, BS_PACKET_HEADER_LEN);
    reader->left = bs_cursor_read_u24(&header);
    uint8_t seq = bs_cursor_read_u8(&header);
    if (!reader->any_seq && seq != reader->seq) {
        return bs_error_set(err, BS_PROTOCOL, "the server sent packet number %u where %u was due",
                            seq, reader->seq);
    }
    reader->seq = (uint8_t)(seq + 1);
    if (reader->len + reader->left > reader->len_max) {
        return bs_error_set(err, BS_LIMIT, "the server sends a message of more than %zu bytes",
                            reader->len_max);
    }
    return BS_OK;
}

static void
take_payload(struct bs_packet_reader *reader, struct bs_cursor *in, struct bs_buf *out) {
    if (reader->len == 0 && reader->left > 0 && bs_cursor_left(in) > 0) {
        reader->first = in->at[0];
        if (reader->apart) {
            bs_cursor_skip(in, 1);
            reader->left--;
            reader->len++;
        }
    }
    size_t n = bs_cursor_left(in);
    n = n < reader->left ? n : reader->left;
    if (n > 0) {
        bs_buf_put(out, bs_cursor_take(in, n), n);
        reader->left -= (uint32_t)n;
        reader->len += n;
    }
}

enum bs_status
bs_packet_read(struct bs_packet_reader *reader, struct bs_cursor *in, struct bs_buf *out,
               bool *complete, struct bs_error *err) {
    *complete = false;
    if (bs_cursor_left(in) > 0 && reader->done) {
        reader->done = false;
        reader->len = 0;
        reader->header_len = 0;
    }
    while (bs_cursor_left(in) > 0 && !reader->done) {
        if (reader->header_len < BS_PACKET_HEADER_LEN) {
            enum bs_status status = take_header(reader, in, err);
            if (status != BS_OK || reader->header_len < BS_PACKET_HEADER_LEN) {
                return status;
            }
        }
        take_payload(reader, in, out);
        if (reader->left > 0) {
            return BS_OK;
        }
        bool split =
            reader->header[0] == 0xFF && reader->header[1] == 0xFF && reader->header[2] == 0xFF;
        reader->done = !split;
        reader->header_len = split ? 0 : reader->header_len;
    }
    *complete = reader->done;
    return BS_OK;
}

void
bs_packet_write(struct bs_buf *out, uint8_t *seq, const void *message, size_t len) {
    const uint8_t *at =
        len > 0 ? message : (const uint8_t *)""; /* NULL is no place to count from */
    size_t n;
    do {
        n = len < BS_PACKET_SPLIT_LEN ? len : BS_PACKET_SPLIT_LEN;
        bs_buf_put_le(out, n, 3);
        bs_buf_put_u8(out, (*seq)++);
        bs_buf_put(out, at, n);
        at += n;
        len -= n;
    } while (n == BS_PACKET_SPLIT_LEN);
}
