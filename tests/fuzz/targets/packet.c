/* The connection's bytes as the client reads them: compression frames, packets, and the messages of
 * a login and of a query's answer. flags(1) pieces(4) bytes.
 *
 *   flags & 3    0  bytes are packets as they come
 *                1  zlib frames, 2  zstd frames: what is in them are packets
 *                3  bytes are packets, compressed here (zstd if flags & 16) and read again
 *   flags & 4    numbers of packets and frames are put right
 *   flags & 8    keep the first byte of each message apart
 *   flags & 32   bytes are one message each way: written as packets and frames and read again
 *
 * pieces: lengths of the pieces that the bytes arrive in, in turn. */
#include "base/cursor.h"
#include "base/mem.h"
#include "consume.h"
#include "wire/answer.h"
#include "wire/auth.h"
#include "wire/compress.h"
#include "wire/greeting.h"
#include "wire/login.h"
#include "wire/packet.h"
#include "wire/result.h"

#include <stdlib.h>

enum { FRAMES_NONE, FRAMES_ZLIB, FRAMES_ZSTD, FRAMES_HERE };
enum { FLAG_SEQ = 4, FLAG_APART = 8, FLAG_ZSTD = 16, FLAG_ROUND_TRIP = 32 };
enum { PIECES = 4, MESSAGE_MAX = 1 << 20, UNPACKED_MAX = 1 << 22, STEP = 4096 };

/* The client's side of the conversation, as far as messages are concerned. */
struct client {
    enum { EXPECT_GREETING, EXPECT_AUTH, EXPECT_RESULT, EXPECT_NOTHING } state;
    struct bs_auth auth;
    struct bs_result result;
    bool secure;
};

struct connection {
    unsigned flags;
    const uint8_t *pieces;
    struct bs_packet_reader packets;
    struct bs_compress_reader frames;
    struct client client;
    struct bs_buf message;
    struct bs_buf unpacked;
    size_t unpacked_total;
    const struct bs_buf *expected; /* the round trip's one message */
};

static void
consume_values(void *arg, const struct bs_str *values, size_t count) {
    (void)arg;
    for (size_t i = 0; i < count; i++) {
        consume_str(values[i]);
    }
}

static void
answer_greeting(struct client *client, const struct bs_greeting *greeting) {
    struct bs_buf answer = {0};
    struct bs_buf response = {0};
    struct bs_error err;
    enum bs_compress compress = BS_COMPRESS_ZSTD;
    struct bs_str scramble = {(const char *)greeting->scramble, greeting->scramble_len};
    bs_auth_init(&client->auth, bs_str("secret"), client->secure, (struct bs_str){"", 0});
    enum bs_status status =
        bs_auth_begin(&client->auth, greeting->auth_plugin, scramble, &answer, &err);
    struct bs_login login = {.user = "user", .auth_plugin = greeting->auth_plugin};
    login.answer = bs_buf_str(&answer);
    login.capabilities = bs_login_capabilities(greeting, client->secure, &compress);
    login.collation = bs_login_collation(greeting);
    bs_login_write_ssl_request(&response, login.capabilities, login.collation);
    bs_login_write_response(&response, &login);
    consume_str(bs_buf_str(&response));
    client->state = status == BS_OK ? EXPECT_AUTH : EXPECT_NOTHING;
    bs_buf_fini(&answer);
    bs_buf_fini(&response);
}

static enum bs_status
take_auth(struct client *client, struct bs_str message, struct bs_error *err) {
    struct bs_buf answer = {0};
    bool reply = false;
    enum bs_status status = BS_OK;
    enum bs_answer_kind kind = bs_answer_kind(message);
    if (kind == BS_ANSWER_OK) {
        client->state = EXPECT_RESULT;
        bs_result_init(&client->result, consume_values, NULL);
    } else if (kind == BS_ANSWER_ERR) {
        status = bs_answer_error(message, err);
    } else if (message.len > 0 && (uint8_t)message.data[0] == 0xFE) {
        status = bs_auth_switch(&client->auth, message, &answer, err);
    } else {
        status = bs_auth_more(&client->auth, message, &answer, &reply, err);
    }
    consume_str(bs_buf_str(&answer));
    bs_buf_fini(&answer);
    return status;
}

static enum bs_status
take_message(struct client *client, struct bs_str message, struct bs_error *err) {
    struct bs_greeting greeting;
    enum bs_status status = BS_OK;
    bool complete = false;
    switch (client->state) {
    case EXPECT_GREETING:
        status = bs_greeting_parse(message, &greeting, err);
        if (status == BS_OK) {
            answer_greeting(client, &greeting);
        }
        break;
    case EXPECT_AUTH:
        status = take_auth(client, message, err);
        break;
    case EXPECT_RESULT:
        status = bs_result_take(&client->result, message, &complete, err);
        if (complete) {
            bs_result_init(&client->result, consume_values, NULL);
        }
        break;
    case EXPECT_NOTHING:
        status = bs_answer_expect_ok(message, err);
        break;
    }
    return status;
}

static void
whole_message(struct connection *conn) {
    struct bs_error err;
    struct bs_str message = bs_buf_str(&conn->message);
    BS_ASSERT(conn->packets.len == message.len + (conn->packets.apart && conn->packets.len > 0));
    if (conn->expected != NULL) {
        BS_ASSERT(bs_str_equal(message, bs_buf_str(conn->expected)));
        conn->expected = NULL;
        return;
    }
    char *copy = copy_exactly(message);
    if (take_message(&conn->client, (struct bs_str){copy, message.len}, &err) != BS_OK) {
        conn->client.state = EXPECT_NOTHING;
    }
    free(copy);
}

static enum bs_status
read_packets(struct connection *conn, struct bs_cursor in) {
    struct bs_error err;
    while (bs_cursor_left(&in) > 0) {
        bool complete = false;
        if (bs_packet_reader_idle(&conn->packets)) {
            bs_buf_clear(&conn->message);
        }
        enum bs_status status =
            bs_packet_read(&conn->packets, &in, &conn->message, &complete, &err);
        if (status != BS_OK) {
            return status;
        }
        if (complete) {
            whole_message(conn);
        }
    }
    return BS_OK;
}

static enum bs_status
read_frames(struct connection *conn, struct bs_cursor in) {
    struct bs_error err;
    bool more = true;
    while (more) {
        bs_buf_clear(&conn->unpacked);
        enum bs_status status =
            bs_compress_read(&conn->frames, &in, &conn->unpacked, STEP, &more, &err);
        if (status != BS_OK) {
            return status;
        }
        BS_ASSERT(conn->unpacked.len <= STEP);
        conn->unpacked_total += conn->unpacked.len;
        char *copy = copy_exactly(bs_buf_str(&conn->unpacked));
        status = read_packets(conn, bs_cursor(copy, conn->unpacked.len));
        free(copy);
        if (status != BS_OK || conn->unpacked_total > UNPACKED_MAX) {
            return BS_LIMIT;
        }
    }
    BS_ASSERT(bs_cursor_left(&in) == 0);
    return BS_OK;
}

/* Gives the bytes in pieces, each in a block of its own size. */
static void
arrive(struct connection *conn, struct bs_str bytes) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; bytes.len > 0 && status == BS_OK; i++) {
        size_t n = conn->pieces[i % PIECES] + 1u;
        n = n < bytes.len ? n : bytes.len;
        char *copy = copy_exactly((struct bs_str){bytes.data, n});
        struct bs_cursor in = bs_cursor(copy, n);
        status = conn->frames.method != NULL ? read_frames(conn, in) : read_packets(conn, in);
        free(copy);
        bytes = (struct bs_str){bytes.data + n, bytes.len - n};
    }
}

/* Numbers the packets, or frames, that these bytes are. */
static void
repair_numbers(struct bs_buf *bytes, size_t header_len) {
    uint8_t seq = 0;
    for (size_t at = 0; at + header_len <= bytes->len;) {
        struct bs_cursor c = bs_cursor(bytes->data + at, header_len);
        size_t len = bs_cursor_read_u24(&c);
        bytes->data[at + 3] = seq++;
        at += header_len + len;
    }
}

static void
pack_here(struct bs_buf *bytes, enum bs_compress method) {
    struct bs_buf packed = {0};
    uint8_t seq = 0;
    bs_compress_write(&packed, method, &seq, bytes->data, bytes->len);
    bs_buf_fini(bytes);
    *bytes = packed;
}

/* Makes of the input what arrives, and readies the readers for it. */
static void
prepare(struct connection *conn, struct bs_buf *bytes) {
    unsigned kind = conn->flags & 3;
    bool here = kind == FRAMES_HERE;
    bool zstd = kind == FRAMES_ZSTD || (here && (conn->flags & FLAG_ZSTD) != 0);
    enum bs_compress method = zstd ? BS_COMPRESS_ZSTD : BS_COMPRESS_ZLIB;
    bool is_framed = kind == FRAMES_ZLIB || kind == FRAMES_ZSTD;
    bs_packet_reader_init(&conn->packets, MESSAGE_MAX);
    conn->packets.any_seq = is_framed;
    conn->packets.apart = (conn->flags & FLAG_APART) != 0 && conn->expected == NULL;
    if ((conn->flags & FLAG_SEQ) != 0 && conn->expected == NULL) {
        repair_numbers(bytes, is_framed ? BS_COMPRESS_HEADER_LEN : BS_PACKET_HEADER_LEN);
    }
    if (here) {
        pack_here(bytes, method);
    }
    if (kind != FRAMES_NONE) {
        bs_compress_reader_init(&conn->frames, method);
    }
}

/* Of packets alone, or of packets in frames that are made here. */
static void
make_round_trip(struct connection *conn, struct bs_str given, struct bs_buf *message,
                struct bs_buf *bytes) {
    uint8_t seq = 0;
    bs_buf_put_str(message, given);
    bs_packet_write(bytes, &seq, message->data, message->len);
    conn->expected = message;
    conn->flags = (conn->flags & ~3u) | ((conn->flags & 1) != 0 ? FRAMES_HERE : FRAMES_NONE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bs_cursor c = bs_cursor(data, size);
    struct connection conn = {.flags = bs_cursor_read_u8(&c)};
    conn.pieces = bs_cursor_take(&c, PIECES);
    struct bs_str given = bs_cursor_read_rest(&c);
    struct bs_buf bytes = {0};
    struct bs_buf message = {0};
    if (c.failed) {
        return 0;
    }
    conn.client.secure = (conn.flags & FLAG_APART) != 0;
    if ((conn.flags & FLAG_ROUND_TRIP) != 0) {
        make_round_trip(&conn, given, &message, &bytes);
    } else {
        bs_buf_put_str(&bytes, given);
    }
    bool round_trip = conn.expected != NULL;
    prepare(&conn, &bytes);
    arrive(&conn, bs_buf_str(&bytes));
    BS_ASSERT(!round_trip || conn.expected == NULL);
    bs_compress_reader_fini(&conn.frames);
    bs_buf_fini(&conn.message);
    bs_buf_fini(&conn.unpacked);
    bs_buf_fini(&message);
    bs_buf_fini(&bytes);
    return 0;
}
