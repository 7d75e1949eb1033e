/* Happy path: each message goes to its state's handler, which sends the next thing and moves on;
 * from DUMPING on messages are events and go straight into the block, without a copy. Failures:
 * whatever a handler returns closes the client and is told with what it was doing. */
#include "net/client.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tls_trouble.h"
#include "net/link.h"
#include "wire/answer.h"
#include "wire/auth.h"
#include "wire/capability.h"
#include "wire/command.h"
#include "wire/compress.h"
#include "wire/login.h"
#include "wire/packet.h"
#include "wire/result.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOGIN_MESSAGE_MAX = 1 << 20, /* nothing before the dump is nearly as long */
    PIECE_LEN = 64 * 1024,       /* decompressed at once, and how far a pause is overshot */
    KEY_FILE_MAX = 64 * 1024,
};

enum { LOGIN_OK = 0x00, LOGIN_ERROR = 0xFF, AUTH_NEXT_FACTOR = 0x02, AUTH_SWITCH = 0xFE };

static const bool EDGES[BS_CLIENT_STATES][BS_CLIENT_STATES] = {
    [BS_CLIENT_CLOSED] = {[BS_CLIENT_CONNECTING] = true},
    [BS_CLIENT_CONNECTING] = {[BS_CLIENT_GREETING] = true, [BS_CLIENT_CLOSED] = true},
    [BS_CLIENT_GREETING] =
        {[BS_CLIENT_SECURING] = true, [BS_CLIENT_LOGIN] = true, [BS_CLIENT_CLOSED] = true},
    [BS_CLIENT_SECURING] = {[BS_CLIENT_LOGIN] = true, [BS_CLIENT_CLOSED] = true},
    [BS_CLIENT_LOGIN] = {[BS_CLIENT_PREPARING] = true, [BS_CLIENT_CLOSED] = true},
    [BS_CLIENT_PREPARING] = {[BS_CLIENT_REGISTERING] = true, [BS_CLIENT_CLOSED] = true},
    [BS_CLIENT_REGISTERING] = {[BS_CLIENT_DUMPING] = true, [BS_CLIENT_CLOSED] = true},
    [BS_CLIENT_DUMPING] = {[BS_CLIENT_CLOSED] = true},
};

struct bs_client {
    enum bs_client_state state;
    const struct bs_stream_config *config;
    const struct bs_endpoint *source;
    const struct bs_client_hooks *hooks;
    void *arg;
    struct bs_tls_context *tls;
    struct bs_link *link;
    struct bs_buf key_pem; /* content of server_public_key */
    struct bs_event_block *block;
    /* of the current connection */
    struct bs_greeting greeting;
    enum bs_compress compress; /* agreed on; in force after the login */
    struct bs_auth auth;
    struct bs_packet_reader packets;
    struct bs_compress_reader frames;
    bool framed;
    uint8_t seq; /* of the next packet that is sent */
    struct bs_buf message;
    struct bs_buf unpacked;
    struct bs_setup setup;
    size_t step;
    struct bs_result result;
    bool flowing;
    bool paused;
};

static const struct bs_link_hooks LINK_HOOKS;

static void
move(struct bs_client *client, enum bs_client_state to) {
    BS_ASSERT(EDGES[client->state][to]);
    client->state = to;
}

/* -- life -------------------------------------------------------------------------------------- */

static enum bs_status
read_key_file(struct bs_client *client, struct bs_error *err) {
    const char *path = client->source->server_public_key;
    if (path == NULL) {
        return BS_OK;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        bs_error_sys(err, errno, "cannot read server_public_key '%s'", path);
        err->status = BS_CONFIG;
        return BS_CONFIG;
    }
    size_t n = fread(bs_buf_reserve(&client->key_pem, KEY_FILE_MAX), 1, KEY_FILE_MAX, file);
    client->key_pem.len = n;
    (void)fclose(file);
    return n > 0 ? BS_OK : bs_error_set(err, BS_CONFIG, "server_public_key '%s' is empty", path);
}

enum bs_status
bs_client_new(struct bs_client **client, struct bs_loop *loop,
              const struct bs_stream_config *config, struct bs_event_block *block,
              const struct bs_client_hooks *hooks, void *arg, struct bs_error *err) {
    struct bs_error ignored;
    err = err != NULL ? err : &ignored;
    struct bs_client *made = bs_zalloc(sizeof *made);
    made->config = config;
    made->source = config->source;
    made->hooks = hooks;
    made->arg = arg;
    made->block = block;
    enum bs_status status = bs_tls_context_new(&made->tls, made->source, err);
    status = status == BS_OK ? read_key_file(made, err) : status;
    if (status != BS_OK) {
        bs_client_free(made);
        return status;
    }
    made->link = bs_link_new(loop, made->source, made->tls, &LINK_HOOKS, made);
    *client = made;
    return BS_OK;
}

void
bs_client_free(struct bs_client *client) {
    if (client == NULL) {
        return;
    }
    bs_client_close(client);
    bs_link_free(client->link);
    bs_tls_context_free(client->tls);
    bs_buf_fini(&client->key_pem);
    bs_buf_fini(&client->message);
    bs_buf_fini(&client->unpacked);
    free(client);
}

void
bs_client_open(struct bs_client *client, const struct bs_stream_request *request) {
    move(client, BS_CLIENT_CONNECTING);
    bs_packet_reader_init(&client->packets, LOGIN_MESSAGE_MAX);
    bs_buf_clear(&client->message);
    bs_buf_clear(&client->unpacked);
    bs_event_block_clear(client->block);
    client->setup.request = request;
    client->step = 0;
    client->flowing = false;
    client->paused = false;
    bs_link_open(client->link);
}

void
bs_client_close(struct bs_client *client) {
    if (client->state == BS_CLIENT_CLOSED) {
        return;
    }
    move(client, BS_CLIENT_CLOSED);
    bs_link_close(client->link);
    if (client->framed) {
        bs_compress_reader_fini(&client->frames);
        client->framed = false;
    }
    bs_event_block_rollback(client->block); /* whole events stay for the stream to take */
}

static void
lose(struct bs_client *client, const struct bs_error *err) {
    struct bs_error copy = *err;
    bs_client_close(client);
    client->hooks->lost(client->arg, &copy);
}

enum bs_client_state
bs_client_state(const struct bs_client *client) {
    return client->state;
}

const struct bs_setup *
bs_client_setup(const struct bs_client *client) {
    return &client->setup;
}

int64_t
bs_client_silent_ms(const struct bs_client *client) {
    return client->paused ? 0 : bs_clock_mono_ms() - bs_link_heard_ms(client->link);
}

bool
bs_client_is_flowing(const struct bs_client *client) {
    return client->flowing;
}

void
bs_client_pause(struct bs_client *client, bool paused) {
    if (client->state == BS_CLIENT_DUMPING && client->paused != paused) {
        client->paused = paused;
        bs_link_pause(client->link, paused);
    }
}

/* -- sending ----------------------------------------------------------------------------------- */

/* Sends one message; a lost link is told through lost(). */
static void
send_message(struct bs_client *client, struct bs_buf *message) {
    struct bs_buf packets = {0};
    struct bs_buf frames = {0};
    uint8_t frame_seq = client->seq;
    bs_packet_write(&packets, &client->seq, message->data, message->len);
    if (client->framed) {
        bs_compress_write(&frames, client->compress, &frame_seq, packets.data, packets.len);
        bs_compress_reader_expect(&client->frames, frame_seq);
        bs_link_send(client->link, frames.data, frames.len);
    } else {
        bs_packet_reader_expect(&client->packets, client->seq);
        bs_link_send(client->link, packets.data, packets.len);
    }
    /* Answers of a login may hold the password. */
    OPENSSL_cleanse(packets.data, packets.len);
    OPENSSL_cleanse(message->data, message->len);
    bs_buf_fini(&packets);
    bs_buf_fini(&frames);
    bs_buf_fini(message);
}

static void
send_command(struct bs_client *client, struct bs_buf *command) {
    client->seq = 0;
    send_message(client, command);
}

/* -- greeting and TLS -------------------------------------------------------------------------- */

static void
on_opened(void *arg) {
    move(arg, BS_CLIENT_GREETING);
}

static uint32_t
capabilities(const struct bs_client *client, bool use_tls, enum bs_compress *compress) {
    *compress = client->source->compress;
    return bs_login_capabilities(&client->greeting, use_tls, compress);
}

static enum bs_status
send_login(struct bs_client *client, bool use_tls, struct bs_error *err) {
    const char *password = client->source->password != NULL ? client->source->password : "";
    struct bs_buf answer = {0};
    struct bs_buf message = {0};
    struct bs_str scramble = {(const char *)client->greeting.scramble,
                              client->greeting.scramble_len};
    bs_auth_init(&client->auth, bs_str(password), use_tls || bs_link_is_local(client->source),
                 bs_buf_str(&client->key_pem));
    enum bs_status status =
        bs_auth_begin(&client->auth, client->greeting.auth_plugin, scramble, &answer, err);
    if (status == BS_OK) {
        struct bs_login login = {
            .user = client->source->user != NULL ? client->source->user : "",
            .auth_plugin = client->auth.plugin->name,
            .answer = bs_buf_str(&answer),
            .capabilities = capabilities(client, use_tls, &client->compress),
            .collation = bs_login_collation(&client->greeting),
        };
        bs_login_write_response(&message, &login);
        move(client, BS_CLIENT_LOGIN);
        send_message(client, &message);
    }
    bs_buf_fini(&answer);
    return status;
}

/* Over a unix socket PREFERRED stays plain: nobody is in between. */
static bool
wants_tls(const struct bs_client *client) {
    switch (client->source->ssl_mode) {
    case BS_SSL_DISABLED:
        return false;
    case BS_SSL_PREFERRED:
        return (client->greeting.capabilities & BS_CAP_SSL) != 0 &&
               !bs_link_is_local(client->source);
    case BS_SSL_REQUIRED:
    case BS_SSL_VERIFY_CA:
    case BS_SSL_VERIFY_IDENTITY:
        break;
    }
    return true;
}

static enum bs_status
request_tls(struct bs_client *client, struct bs_error *err) {
    struct bs_buf message = {0};
    enum bs_compress compress;
    if ((client->greeting.capabilities & BS_CAP_SSL) == 0) {
        bs_error_set(err, BS_SERVER, "the server offers no TLS, which ssl-mode asks for");
        return bs_error_hint(
            err, "give the server a certificate (ssl_cert, ssl_key), or use ssl-mode=PREFERRED");
    }
    bs_login_write_ssl_request(&message, capabilities(client, true, &compress),
                               bs_login_collation(&client->greeting));
    move(client, BS_CLIENT_SECURING);
    send_message(client, &message);
    if (client->state == BS_CLIENT_SECURING) {
        bs_link_secure(client->link);
    }
    return BS_OK;
}

static enum bs_status
take_greeting(struct bs_client *client, struct bs_str message, struct bs_error *err) {
    enum bs_status status = bs_greeting_parse(message, &client->greeting, err);
    if (status != BS_OK) {
        return status;
    }
    client->seq = client->packets.seq;
    bs_setup_init(&client->setup, client->config, client->setup.request, &client->greeting);
    return wants_tls(client) ? request_tls(client, err) : send_login(client, false, err);
}

static void
on_secured(void *arg) {
    struct bs_client *client = arg;
    struct bs_error err;
    if (send_login(client, true, &err) != BS_OK) {
        bs_error_context(&err, "logging in");
        lose(client, &err);
    }
}

/* -- login ------------------------------------------------------------------------------------- */

static enum bs_status next_step(struct bs_client *client, struct bs_error *err);

static enum bs_status
logged_in(struct bs_client *client, struct bs_error *err) {
    char where[512];
    bs_endpoint_describe(client->source, where, sizeof where);
    bs_log(BS_LOG_DEBUG, "logged in to %s, server %s, %s", where, client->greeting.version_text,
           bs_link_state(client->link) == BS_LINK_SECURE ? bs_link_tls_version(client->link)
                                                         : "no TLS");
    if (client->compress != BS_COMPRESS_NONE) {
        bs_compress_reader_init(&client->frames, client->compress);
        client->framed = true;
        client->packets.any_seq = true;
    } else if (client->source->compress != BS_COMPRESS_NONE) {
        bs_log(BS_LOG_WARNING, "%s does not offer the compression asked for: going on without",
               where);
    }
    move(client, BS_CLIENT_PREPARING);
    return next_step(client, err);
}

static enum bs_status
answer_login(struct bs_client *client, struct bs_str message, struct bs_error *err) {
    struct bs_buf answer = {0};
    bool reply = true;
    enum bs_status status;
    client->seq = client->packets.seq;
    if ((uint8_t)message.data[0] == AUTH_SWITCH) {
        status = bs_auth_switch(&client->auth, message, &answer, err);
    } else {
        status = bs_auth_more(&client->auth, message, &answer, &reply, err);
    }
    if (status == BS_OK && reply) {
        send_message(client, &answer);
    }
    bs_buf_fini(&answer);
    return status;
}

static enum bs_status
take_login(struct bs_client *client, struct bs_str message, struct bs_error *err) {
    uint8_t first = message.len > 0 ? (uint8_t)message.data[0] : 0;
    if (message.len > 0 && first == AUTH_NEXT_FACTOR) {
        return bs_error_set(err, BS_PRECHECK,
                            "the account needs more than one factor to log in: use one "
                            "that needs a password alone");
    }
    if (message.len > 0 && first != LOGIN_OK && first != LOGIN_ERROR) {
        return answer_login(client, message, err);
    }
    enum bs_status status = bs_answer_expect_ok(message, err);
    return status == BS_OK ? logged_in(client, err) : status;
}

/* -- session set-up ---------------------------------------------------------------------------- */

static enum bs_status
register_replica(struct bs_client *client) {
    struct bs_buf command = {0};
    bs_command_register(&command, client->setup.server_id, "binstream");
    move(client, BS_CLIENT_REGISTERING);
    send_command(client, &command);
    return BS_OK;
}

/* Sends the next statement that this server needs, or goes on to registering. */
static enum bs_status
next_step(struct bs_client *client, struct bs_error *err) {
    (void)err;
    const struct bs_setup_step *step;
    for (; (step = bs_setup_step(client->step)) != NULL; client->step++) {
        struct bs_buf sql = {0};
        if (step->statement(&client->setup, &sql)) {
            struct bs_buf command = {0};
            bs_command_query(&command, bs_buf_str(&sql));
            bs_buf_fini(&sql);
            bs_result_init(&client->result, step->row, &client->setup);
            send_command(client, &command);
            return BS_OK;
        }
        bs_buf_fini(&sql);
    }
    return register_replica(client);
}

static enum bs_status
take_answer(struct bs_client *client, struct bs_str message, struct bs_error *err) {
    const struct bs_setup_step *step = bs_setup_step(client->step);
    bool complete = false;
    enum bs_status status = bs_result_take(&client->result, message, &complete, err);
    if (status == BS_OK && complete && step->check != NULL) {
        status = step->check(&client->setup, err);
    }
    if (status != BS_OK) {
        return bs_error_context(err, "%s", step->what);
    }
    if (!complete) {
        return BS_OK;
    }
    client->step++;
    return next_step(client, err);
}

static enum bs_status
take_registered(struct bs_client *client, struct bs_str message, struct bs_error *err) {
    struct bs_buf command = {0};
    enum bs_status status = bs_answer_expect_ok(message, err);
    if (status != BS_OK) {
        /* Servers call a missing privilege "access denied", as they do a wrong password. */
        bs_error_hint(err,
                      "if the account lacks the right to read the binlog: GRANT REPLICATION SLAVE, "
                      "REPLICATION CLIENT ON *.* TO the account");
        return bs_error_context(err, "registering as a replica");
    }
    status = bs_setup_dump_command(&client->setup, &command, err);
    if (status != BS_OK) {
        bs_buf_fini(&command);
        return status;
    }
    move(client, BS_CLIENT_DUMPING);
    client->packets.len_max = BS_PACKET_MESSAGE_MAX;
    client->packets.apart = true;
    send_command(client, &command);
    return BS_OK;
}

/* -- the dump ---------------------------------------------------------------------------------- */

/* An EOF is asked for with non_block; otherwise it is how a server that shuts down, or that kills
 * the session, takes its leave (MariaDB 10.11). */
static enum bs_status
take_end(struct bs_client *client, struct bs_error *err) {
    if (!client->config->non_block) {
        return bs_error_set(err, BS_IO,
                            "the source ended the dump: it shuts down, or the session was killed");
    }
    bs_client_close(client);
    client->hooks->ended(client->arg);
    return BS_OK;
}

static enum bs_status
take_event(struct bs_client *client, struct bs_error *err) {
    enum bs_status status = bs_event_block_commit(client->block, err);
    if (status != BS_OK) {
        return status;
    }
    if (!client->flowing) {
        client->flowing = true;
        client->hooks->dumping(client->arg);
    }
    client->hooks->events(client->arg);
    return BS_OK;
}

/* The status byte was kept apart; the rest is behind the whole events of the block. */
static enum bs_status
take_dump_message(struct bs_client *client, struct bs_error *err) {
    struct bs_buf *bytes = &client->block->bytes;
    size_t len = bytes->len - client->block->whole;
    if (client->packets.len > 0 && client->packets.first == 0x00) {
        return take_event(client, err);
    }
    if (client->packets.len > 0 && client->packets.first == 0xFE && len < BS_ANSWER_EOF_LEN_MAX) {
        return take_end(client, err);
    }
    if (client->packets.len == 0 || client->packets.first != 0xFF) {
        return bs_error_set(err, BS_PROTOCOL, "the server sent something that is no binlog event");
    }
    struct bs_buf whole = {0};
    bs_buf_put_u8(&whole, 0xFF);
    bs_buf_put(&whole, bytes->data + client->block->whole, len);
    bs_event_block_rollback(client->block);
    enum bs_status status = bs_answer_error(bs_buf_str(&whole), err);
    bs_buf_fini(&whole);
    return status;
}

/* -- receiving --------------------------------------------------------------------------------- */

typedef enum bs_status (*message_handler)(struct bs_client *client, struct bs_str message,
                                          struct bs_error *err);

static const struct {
    message_handler take;
    const char *what;
} HANDLERS[BS_CLIENT_STATES] = {
    [BS_CLIENT_GREETING] = {take_greeting, "reading the server's greeting"},
    [BS_CLIENT_LOGIN] = {take_login, "logging in"},
    [BS_CLIENT_PREPARING] = {take_answer, "preparing the session"},
    [BS_CLIENT_REGISTERING] = {take_registered, "starting the dump"},
};

static enum bs_status
take_message(struct bs_client *client, struct bs_error *err) {
    if (client->state == BS_CLIENT_DUMPING) {
        return take_dump_message(client, err);
    }
    enum bs_client_state state = client->state;
    if (HANDLERS[state].take == NULL) {
        return bs_error_set(err, BS_PROTOCOL, "the server spoke out of turn");
    }
    /* The handler may send, and sending may lose the link: message must not be the client's. */
    struct bs_buf message = client->message;
    client->message = (struct bs_buf){0};
    enum bs_status status = HANDLERS[state].take(client, bs_buf_str(&message), err);
    bs_buf_fini(&message);
    return status == BS_OK ? BS_OK : bs_error_context(err, "%s", HANDLERS[state].what);
}

/* Packets out of plain bytes, until in is empty or the client was closed or waits for TLS. */
static enum bs_status
take_packets(struct bs_client *client, struct bs_cursor *in, struct bs_error *err) {
    while (bs_cursor_left(in) > 0 && client->state != BS_CLIENT_CLOSED &&
           client->state != BS_CLIENT_SECURING) {
        bool complete = false;
        struct bs_buf *out =
            client->state == BS_CLIENT_DUMPING ? &client->block->bytes : &client->message;
        enum bs_status status = bs_packet_read(&client->packets, in, out, &complete, err);
        if (status == BS_OK && complete) {
            status = take_message(client, err);
        }
        if (status != BS_OK) {
            return status;
        }
    }
    return BS_OK;
}

static enum bs_status
take_frames(struct bs_client *client, struct bs_cursor *in, struct bs_error *err) {
    bool more = true;
    while (more && !client->paused && client->state != BS_CLIENT_CLOSED) {
        bs_buf_clear(&client->unpacked);
        enum bs_status status =
            bs_compress_read(&client->frames, in, &client->unpacked, PIECE_LEN, &more, err);
        struct bs_cursor plain = bs_cursor(client->unpacked.data, client->unpacked.len);
        status = status == BS_OK ? take_packets(client, &plain, err) : status;
        if (status != BS_OK) {
            return status;
        }
    }
    return BS_OK;
}

static enum bs_status
take_bytes(struct bs_client *client, struct bs_cursor *in, struct bs_error *err) {
    while (bs_cursor_left(in) > 0 && !client->framed && !client->paused &&
           client->state != BS_CLIENT_CLOSED && client->state != BS_CLIENT_SECURING) {
        size_t n = bs_cursor_left(in) < PIECE_LEN ? bs_cursor_left(in) : PIECE_LEN;
        struct bs_cursor piece = bs_cursor(in->at, n);
        enum bs_status status = take_packets(client, &piece, err);
        if (status != BS_OK) {
            return status;
        }
        bs_cursor_skip(in, n - bs_cursor_left(&piece));
    }
    return client->framed ? take_frames(client, in, err) : BS_OK;
}

static size_t
on_input(void *arg, const uint8_t *data, size_t len) {
    struct bs_client *client = arg;
    struct bs_error err;
    struct bs_cursor in = bs_cursor(data, len);
    if (take_bytes(client, &in, &err) != BS_OK && client->state != BS_CLIENT_CLOSED) {
        lose(client, &err);
    }
    return len - bs_cursor_left(&in);
}

static void
on_drained(void *arg) {
    struct bs_client *client = arg;
    if (client->state == BS_CLIENT_DUMPING) {
        client->hooks->drained(client->arg);
    }
}

static void
on_lost(void *arg, const struct bs_error *err) {
    struct bs_client *client = arg;
    struct bs_error copy = *err;
    if (client->state == BS_CLIENT_GREETING && copy.status == BS_IO) {
        bs_error_context(&copy, "waiting for the server's greeting");
    } else if (client->state == BS_CLIENT_LOGIN) {
        if (copy.status == BS_IO) {
            bs_tls_trouble_hint_login(client->source, &copy);
        }
        bs_error_context(&copy, "logging in");
    }
    lose(client, &copy);
}

static const struct bs_link_hooks LINK_HOOKS = {on_opened, on_secured, on_input, on_drained,
                                                on_lost};
