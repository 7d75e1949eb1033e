/* Happy path: resolve, connect, hand bytes up as they come. Failures all end in lose(): closed
 * first, told after. Rejected: SSL_* on the socket itself, which mixes two kinds of readiness (TLS
 * may need to read in order to write); over memory, the socket is read when it is readable and that
 * is all. */
#include "net/link.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/resolve.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    RECEIVE_LEN = 256 * 1024,
    PLAIN_LEN = 16 * 1024, /* a TLS record holds no more */
    KEEPALIVE_IDLE_S = 60,
    KEEPALIVE_EVERY_S = 15,
    KEEPALIVE_COUNT = 4,
};

static const bool EDGES[BS_LINK_STATES][BS_LINK_STATES] = {
    [BS_LINK_CLOSED] = {[BS_LINK_RESOLVING] = true, [BS_LINK_CONNECTING] = true},
    [BS_LINK_RESOLVING] = {[BS_LINK_CONNECTING] = true, [BS_LINK_CLOSED] = true},
    [BS_LINK_CONNECTING] = {[BS_LINK_PLAIN] = true, [BS_LINK_CLOSED] = true},
    [BS_LINK_PLAIN] = {[BS_LINK_HANDSHAKE] = true, [BS_LINK_CLOSED] = true},
    [BS_LINK_HANDSHAKE] = {[BS_LINK_SECURE] = true, [BS_LINK_CLOSED] = true},
    [BS_LINK_SECURE] = {[BS_LINK_CLOSED] = true},
};

struct bs_link {
    struct bs_loop *loop;
    const struct bs_endpoint *endpoint;
    struct bs_tls_context *context;
    const struct bs_link_hooks *hooks;
    void *arg;
    enum bs_link_state state;
    uint64_t opens; /* tells callbacks of an earlier connection from this one's */
    struct bs_resolve *resolve;
    struct addrinfo *addresses;
    struct addrinfo *next_address;
    struct bs_error connect_error; /* of the last address tried */
    int fd;
    struct bs_loop_io *io;
    struct bs_loop_timer *connect_timer;
    struct bs_tls *tls;
    struct bs_buf out; /* bytes for the socket */
    uint8_t *received; /* RECEIVE_LEN */
    uint8_t *plain;    /* PLAIN_LEN, made with the first TLS session */
    const uint8_t *in; /* what input has not taken yet: in received or in plain */
    size_t in_len;
    bool paused;
    bool resumed; /* input wants to be called although nothing is new */
    int64_t heard_ms;
};

static void connect_next(struct bs_link *link);
static void on_ready(void *arg, bool readable, bool writable);
static void on_connect_timeout(void *arg);

static void
move(struct bs_link *link, enum bs_link_state to) {
    BS_ASSERT(EDGES[link->state][to]);
    link->state = to;
}

bool
bs_link_is_local(const struct bs_endpoint *endpoint) {
    return endpoint->socket != NULL && endpoint->socket[0] != '\0';
}

struct bs_link *
bs_link_new(struct bs_loop *loop, const struct bs_endpoint *endpoint,
            struct bs_tls_context *context, const struct bs_link_hooks *hooks, void *arg) {
    struct bs_link *link = bs_zalloc(sizeof *link);
    link->loop = loop;
    link->endpoint = endpoint;
    link->context = context;
    link->hooks = hooks;
    link->arg = arg;
    link->fd = -1;
    link->received = bs_alloc(RECEIVE_LEN);
    link->connect_timer = bs_loop_timer_new(loop, on_connect_timeout, link);
    return link;
}

void
bs_link_free(struct bs_link *link) {
    if (link == NULL) {
        return;
    }
    bs_link_close(link);
    bs_loop_timer_free(link->connect_timer);
    bs_buf_fini(&link->out);
    free(link->received);
    free(link->plain);
    free(link);
}

static void
close_socket(struct bs_link *link) {
    bs_loop_io_free(link->io);
    link->io = NULL;
    if (link->fd >= 0) {
        (void)close(link->fd);
        link->fd = -1;
    }
}

void
bs_link_close(struct bs_link *link) {
    if (link->state == BS_LINK_CLOSED) {
        return;
    }
    move(link, BS_LINK_CLOSED);
    if (link->resolve != NULL) {
        bs_resolve_give_up(link->resolve);
        link->resolve = NULL;
    }
    if (link->addresses != NULL) {
        freeaddrinfo(link->addresses);
        link->addresses = NULL;
    }
    link->next_address = NULL;
    bs_loop_timer_stop(link->connect_timer);
    close_socket(link);
    bs_tls_free(link->tls);
    link->tls = NULL;
    bs_buf_clear(&link->out);
    link->in_len = 0;
    link->paused = false;
    link->resumed = false;
}

/* Closes, then tells. err may be the link's own. */
static void
lose(struct bs_link *link, const struct bs_error *err) {
    struct bs_error copy = *err;
    bs_link_close(link);
    link->hooks->lost(link->arg, &copy);
}

static void
watch(struct bs_link *link) {
    bs_loop_io_want(link->io, !link->paused, link->out.len > 0);
}

/* -- connecting -------------------------------------------------------------------------------- */

static void
hint_unreachable(const struct bs_link *link, struct bs_error *err) {
    if (bs_link_is_local(link->endpoint)) {
        bs_error_hint(
            err, "check that the server runs on this machine and that this is its socket file");
    } else {
        bs_error_hint(err, "check that the server runs, that it listens on this address and port "
                           "(bind-address, skip-networking), and that no firewall is between");
    }
}

static void
describe_target(const struct bs_link *link, char *out, size_t cap) {
    if (bs_link_is_local(link->endpoint)) {
        (void)snprintf(out, cap, "socket '%s'", link->endpoint->socket);
    } else {
        (void)snprintf(out, cap, "host '%s' port %u", link->endpoint->host, link->endpoint->port);
    }
}

static void
connect_failed(struct bs_link *link, int code) {
    char target[512];
    describe_target(link, target, sizeof target);
    bs_error_sys(&link->connect_error, code, "cannot connect to %s", target);
    hint_unreachable(link, &link->connect_error);
    close_socket(link);
    connect_next(link);
}

static void
on_connect_timeout(void *arg) {
    connect_failed(arg, ETIMEDOUT);
}

static void
set_options(int fd) {
    int on = 1;
    int idle = KEEPALIVE_IDLE_S;
    int every = KEEPALIVE_EVERY_S;
    int count = KEEPALIVE_COUNT;
    /* Best effort, and not all of it exists on a unix socket. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

static void
begin_connect(struct bs_link *link, int family, const struct sockaddr *address, socklen_t len) {
    link->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->fd < 0) {
        connect_failed(link, errno);
        return;
    }
    set_options(link->fd);
    /* EAGAIN is a unix socket's word for a full backlog. */
    if (connect(link->fd, address, len) != 0 && errno != EINPROGRESS) {
        connect_failed(link, errno);
        return;
    }
    link->io = bs_loop_io_new(link->loop, link->fd, on_ready, link);
    bs_loop_io_want(link->io, false, true);
    bs_loop_timer_start(link->connect_timer, link->endpoint->connect_timeout_ms != 0
                                                 ? link->endpoint->connect_timeout_ms
                                                 : BS_CONNECT_TIMEOUT_DEFAULT_MS);
}

/* The next address of the list, or the error of the last one. */
static void
connect_next(struct bs_link *link) {
    struct addrinfo *address = link->next_address;
    if (address == NULL) {
        lose(link, &link->connect_error);
        return;
    }
    link->next_address = address->ai_next;
    begin_connect(link, address->ai_family, address->ai_addr, address->ai_addrlen);
}

static void
on_resolved(void *arg, struct addrinfo *addresses, const struct bs_error *err) {
    struct bs_link *link = arg;
    link->resolve = NULL;
    if (err != NULL) {
        lose(link, err);
        return;
    }
    link->addresses = addresses;
    link->next_address = addresses;
    move(link, BS_LINK_CONNECTING);
    connect_next(link);
}

static void
connect_local(struct bs_link *link) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(link->endpoint->socket);
    if (len >= sizeof address.sun_path) {
        bs_error_set(&link->connect_error, BS_CONFIG,
                     "the path of socket '%s' is longer than %zu bytes", link->endpoint->socket,
                     sizeof address.sun_path - 1);
        lose(link, &link->connect_error);
        return;
    }
    memcpy(address.sun_path, link->endpoint->socket, len);
    begin_connect(link, AF_UNIX, (const struct sockaddr *)&address, sizeof address);
}

void
bs_link_open(struct bs_link *link) {
    BS_ASSERT(link->state == BS_LINK_CLOSED);
    link->opens++;
    link->heard_ms = bs_clock_mono_ms();
    if (bs_link_is_local(link->endpoint)) {
        move(link, BS_LINK_CONNECTING);
        connect_local(link);
        return;
    }
    move(link, BS_LINK_RESOLVING);
    link->resolve =
        bs_resolve_start(link->loop, link->endpoint->host, link->endpoint->port, on_resolved, link);
}

static void
finish_connect(struct bs_link *link) {
    int code = 0;
    socklen_t len = sizeof code;
    bs_loop_timer_stop(link->connect_timer);
    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0) {
        code = errno;
    }
    if (code != 0) {
        connect_failed(link, code);
        return;
    }
    move(link, BS_LINK_PLAIN);
    link->heard_ms = bs_clock_mono_ms();
    watch(link);
    link->hooks->opened(link->arg);
}

/* -- sending ----------------------------------------------------------------------------------- */

/* False: the link was lost. */
static bool
flush(struct bs_link *link) {
    while (link->out.len > 0) {
        ssize_t n = send(link->fd, link->out.data, link->out.len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            break;
        }
        if (n < 0) {
            struct bs_error err;
            bs_error_sys(&err, errno, "the connection to the server broke");
            lose(link, &err);
            return false;
        }
        bs_buf_consume(&link->out, (size_t)n);
    }
    watch(link);
    return true;
}

void
bs_link_send(struct bs_link *link, const void *data, size_t len) {
    struct bs_error err;
    BS_ASSERT(link->state == BS_LINK_PLAIN || link->state == BS_LINK_SECURE);
    if (link->state == BS_LINK_PLAIN) {
        bs_buf_put(&link->out, data, len);
    } else if (bs_tls_write(link->tls, data, len, &err) == BS_OK) {
        bs_tls_take(link->tls, &link->out);
    } else {
        lose(link, &err);
        return;
    }
    (void)flush(link);
}

/* -- receiving --------------------------------------------------------------------------------- */

/* Gives what is at hand to input; false: nothing more may be given now. */
static bool
offer(struct bs_link *link) {
    uint64_t opens = link->opens;
    size_t used = link->hooks->input(link->arg, link->in, link->in_len);
    if (link->opens != opens || link->state == BS_LINK_CLOSED) {
        return false;
    }
    BS_ASSERT(used <= link->in_len);
    link->in += used;
    link->in_len -= used;
    if (link->state == BS_LINK_HANDSHAKE && link->in_len > 0) {
        struct bs_error err;
        bs_error_set(&err, BS_PROTOCOL, "the server sent data in the clear where TLS was due");
        lose(link, &err);
        return false;
    }
    BS_ASSERT(link->in_len == 0 || link->paused);
    return !link->paused;
}

/* The next plaintext of the TLS session; false: none for now, or the link was lost. */
static bool
decrypt(struct bs_link *link) {
    struct bs_error err;
    size_t len = 0;
    if (link->state != BS_LINK_SECURE) {
        return false;
    }
    if (bs_tls_read(link->tls, link->plain, PLAIN_LEN, &len, &err) != BS_OK) {
        lose(link, &err);
        return false;
    }
    bs_tls_take(link->tls, &link->out);
    link->in = link->plain;
    link->in_len = len;
    return len > 0;
}

static void
drain(struct bs_link *link) {
    uint64_t opens = link->opens;
    while (link->in_len > 0 || link->resumed || decrypt(link)) {
        link->resumed = false;
        if (!offer(link)) {
            break;
        }
    }
    if (link->opens != opens || link->state == BS_LINK_CLOSED || link->paused) {
        return;
    }
    if (flush(link)) {
        link->hooks->drained(link->arg);
    }
}

static void
handshake(struct bs_link *link) {
    struct bs_error err;
    bool done = false;
    enum bs_status status = bs_tls_handshake(link->tls, &done, &err);
    bs_tls_take(link->tls, &link->out); /* an alert too is worth sending */
    if (status != BS_OK) {
        (void)send(link->fd, link->out.data, link->out.len, MSG_NOSIGNAL);
        lose(link, &err);
        return;
    }
    if (!flush(link) || !done) {
        return;
    }
    move(link, BS_LINK_SECURE);
    link->hooks->secured(link->arg);
    if (link->state == BS_LINK_SECURE) {
        drain(link);
    }
}

void
bs_link_secure(struct bs_link *link) {
    struct bs_error err;
    BS_ASSERT(link->state == BS_LINK_PLAIN && link->context != NULL);
    if (link->plain == NULL) {
        link->plain = bs_alloc(PLAIN_LEN);
    }
    move(link, BS_LINK_HANDSHAKE);
    if (bs_tls_new(&link->tls, link->context, &err) != BS_OK) {
        lose(link, &err);
        return;
    }
    handshake(link);
}

static void
receive_failed(struct bs_link *link, ssize_t n, int code) {
    struct bs_error err;
    if (n == 0) {
        bs_error_set(&err, BS_IO, "the server closed the connection");
    } else {
        bs_error_sys(&err, code, "the connection to the server broke");
    }
    lose(link, &err);
}

static void
receive(struct bs_link *link) {
    ssize_t n = recv(link->fd, link->received, RECEIVE_LEN, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        receive_failed(link, n, errno);
        return;
    }
    link->heard_ms = bs_clock_mono_ms();
    if (link->tls == NULL) {
        link->in = link->received;
        link->in_len = (size_t)n;
        drain(link);
        return;
    }
    bs_tls_feed(link->tls, link->received, (size_t)n);
    if (link->state == BS_LINK_HANDSHAKE) {
        handshake(link);
    } else {
        drain(link);
    }
}

static void
on_ready(void *arg, bool readable, bool writable) {
    struct bs_link *link = arg;
    if (link->state == BS_LINK_CONNECTING) {
        finish_connect(link);
        return;
    }
    if (writable && !flush(link)) {
        return;
    }
    if (readable && !link->paused) {
        receive(link);
    }
}

void
bs_link_pause(struct bs_link *link, bool paused) {
    if (link->paused == paused || link->state == BS_LINK_CLOSED) {
        return;
    }
    link->paused = paused;
    watch(link);
    if (!paused) {
        link->heard_ms = bs_clock_mono_ms();
        link->resumed = true;
        drain(link);
    }
}

enum bs_link_state
bs_link_state(const struct bs_link *link) {
    return link->state;
}

int64_t
bs_link_heard_ms(const struct bs_link *link) {
    return link->heard_ms;
}

const char *
bs_link_tls_version(const struct bs_link *link) {
    return link->state == BS_LINK_SECURE ? bs_tls_version(link->tls) : "";
}
