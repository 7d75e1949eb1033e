/* The stream's thread and its states.
 *
 *            start            due                    first event
 *   NEW ──────────> PAUSING ───────> CONNECTING ──────────────────> STREAMING
 *                      ^                 │                            │   │ end of the last file
 *      bs_stream_resume│   may pass      │ may not pass               │   └──────────> OVER (ENDED)
 *                      ├─────────────────┤                            │
 *                      │                 └──────────> OVER (FAILED) <─┤
 *                      └────── WAITING (BROKEN) <─────────────────────┘
 *
 * Edges: take_request, on_retry_due, on_dumping, on_ended, on_lost. PAUSING is the back-off; the
 * first one is 0 ms. Before the first CONNECTED every failure is final: a wrong address should be
 * told at once. After it, what may pass (net/verdict.h) is tried again until give_up_ms. Broken
 * events are never tried again.
 *
 * Backpressure: a message that the queue refuses stays in the outbox and the client is paused; the
 * queue's on_space wakes the loop, which flushes and reads on. While paused, silence is not
 * counted.
 *
 * Waiting for each other: the consumer waits in bs_queue_pop for a message; the loop never waits
 * for the consumer. bs_stream_stop waits for the thread, which needs nothing from anybody to end.
 */
#include "net/stream.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/thread.h"
#include "net/backoff.h"
#include "net/client.h"
#include "net/outbox.h"
#include "net/verdict.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum stream_state { NEW, PAUSING, CONNECTING, STREAMING, WAITING, OVER, STATES };

enum {
    GIVE_UP_DEFAULT_MS = 600000,
    LOGIN_SILENCE_MS = 30000,       /* between two messages of the login */
    FIRST_EVENT_SILENCE_MS = 60000, /* the server may look through many files for the position */
    HEARTBEATS_MISSED = 3,
    STEADY_MS = 30000, /* a connection that lasted this long was a good one */
    SUSPECTS_MAX = 3, /* broken bytes in so many connections in a row are not the network's fault */
};

static const bool EDGES[STATES][STATES] = {
    [NEW] = {[PAUSING] = true},
    [PAUSING] = {[CONNECTING] = true},
    [CONNECTING] = {[STREAMING] = true, [PAUSING] = true, [OVER] = true},
    [STREAMING] = {[WAITING] = true, [OVER] = true},
    [WAITING] = {[PAUSING] = true},
};

/* A request with its own memory. */
struct request {
    bool is_set;
    struct bs_stream_request view;
    char *file;
    char *gtid_text;
    char *gtid_binary;
};

struct bs_stream {
    struct bs_stream_config config;
    struct bs_queue *queue;
    pthread_t thread;
    bool started;
    struct bs_loop *loop;
    struct bs_loop_wake *wake;

    pthread_mutex_t lock; /* guards the next two */
    struct request mail;  /* from start or resume, not yet taken */
    bool stopping;

    /* the stream's thread only */
    enum stream_state state;
    struct request request;
    struct bs_client *client;
    struct bs_event_block block;
    struct bs_outbox outbox;
    struct bs_backoff backoff;
    struct bs_loop_timer *retry;
    struct bs_loop_timer *watchdog;
    bool was_connected;
    int64_t connected_ms;    /* start of the current connection's events */
    int64_t disconnected_ms; /* when the last one was lost */
    unsigned suspects;
};

static const struct bs_client_hooks CLIENT_HOOKS;

static void
move(struct bs_stream *stream, enum stream_state to) {
    BS_ASSERT(EDGES[stream->state][to]);
    stream->state = to;
}

/* -- requests ---------------------------------------------------------------------------------- */

static void
request_fini(struct request *request) {
    free(request->file);
    free(request->gtid_text);
    free(request->gtid_binary);
    memset(request, 0, sizeof *request);
}

static void
request_copy(struct request *to, const struct bs_stream_request *from) {
    request_fini(to);
    to->is_set = true;
    to->file = bs_strdup(from->file != NULL ? from->file : "");
    to->gtid_text = bs_strdup(from->gtid_text != NULL ? from->gtid_text : "");
    to->gtid_binary = bs_strndup(from->gtid_binary.data != NULL ? from->gtid_binary.data : "",
                                 from->gtid_binary.len);
    to->view = *from;
    to->view.file = to->file;
    to->view.gtid_text = to->gtid_text;
    to->view.gtid_binary = (struct bs_str){to->gtid_binary, from->gtid_binary.len};
}

static void
post(struct bs_stream *stream, const struct bs_stream_request *request) {
    pthread_mutex_lock(&stream->lock);
    request_copy(&stream->mail, request);
    pthread_mutex_unlock(&stream->lock);
    bs_loop_wake_send(stream->wake);
}

/* -- messages ---------------------------------------------------------------------------------- */

static struct bs_stream_msg *
message_new(enum bs_stream_msg_kind kind) {
    struct bs_stream_msg *msg = bs_zalloc(sizeof *msg);
    msg->kind = kind;
    msg->received_us = bs_clock_wall_us();
    return msg;
}

void
bs_stream_msg_free(struct bs_stream_msg *msg) {
    if (msg != NULL) {
        free(msg->error);
        free(msg->data);
        free(msg);
    }
}

static void
deliver(struct bs_stream *stream, struct bs_stream_msg *msg) {
    bs_outbox_put(&stream->outbox, msg);
    if (!bs_outbox_is_empty(&stream->outbox)) {
        bs_client_pause(stream->client, true);
    }
}

static void
deliver_events(struct bs_stream *stream) {
    size_t len = 0;
    uint8_t *data = bs_event_block_take(&stream->block, &len);
    if (data != NULL) {
        struct bs_stream_msg *msg = message_new(BS_STREAM_EVENTS);
        msg->data = data;
        msg->len = len;
        deliver(stream, msg);
    }
}

static void
deliver_error(struct bs_stream *stream, enum bs_stream_msg_kind kind, const struct bs_error *err) {
    struct bs_stream_msg *msg = message_new(kind);
    msg->error = bs_alloc(sizeof *msg->error);
    *msg->error = *err;
    deliver(stream, msg);
}

/* -- the connection's life --------------------------------------------------------------------- */

static void
retry_after(struct bs_stream *stream, uint32_t delay_ms) {
    move(stream, PAUSING);
    bs_loop_timer_start(stream->retry, delay_ms);
}

static void
watch_silence(struct bs_stream *stream) {
    bs_loop_timer_start(stream->watchdog, bs_setup_heartbeat_ms(&stream->config) / 2 + 1);
}

static void
on_retry_due(void *arg) {
    struct bs_stream *stream = arg;
    move(stream, CONNECTING);
    watch_silence(stream);
    bs_client_open(stream->client, &stream->request.view);
}

static void
on_dumping(void *arg) {
    struct bs_stream *stream = arg;
    const struct bs_setup *setup = bs_client_setup(stream->client);
    move(stream, STREAMING);
    stream->was_connected = true;
    stream->connected_ms = bs_clock_mono_ms();
    struct bs_stream_msg *msg = message_new(BS_STREAM_CONNECTED);
    msg->source_is_mariadb = setup->is_mariadb;
    msg->checksums = setup->checksums;
    msg->identity = setup->identity;
    deliver(stream, msg);
}

static void
on_events(void *arg) {
    struct bs_stream *stream = arg;
    if (stream->block.whole >= BS_BLOCK_LEN) {
        deliver_events(stream);
    }
}

static void
on_drained(void *arg) {
    deliver_events(arg);
}

static void
on_ended(void *arg) {
    struct bs_stream *stream = arg;
    if (stream->state == CONNECTING) {
        on_dumping(stream); /* an end without a single event */
    }
    bs_loop_timer_stop(stream->watchdog);
    deliver_events(stream);
    move(stream, OVER);
    deliver(stream, message_new(BS_STREAM_ENDED));
}

static void
finish_error(const struct bs_stream *stream, struct bs_error *err) {
    char where[512];
    char what[512];
    bs_endpoint_describe(stream->config.source, where, sizeof where);
    bs_setup_describe_request(&stream->request.view, what, sizeof what);
    bs_error_context(err, "reading the binlog of %s from %s", where, what);
}

/* The verdict, and what the stream's own history adds to it. */
static bool
may_pass(struct bs_stream *stream, struct bs_error *err) {
    enum bs_verdict verdict = bs_verdict_of(err);
    int64_t now = bs_clock_mono_ms();
    uint32_t give_up_ms =
        stream->config.give_up_ms != 0 ? stream->config.give_up_ms : GIVE_UP_DEFAULT_MS;
    if (verdict == BS_VERDICT_SUSPECT && stream->state == STREAMING) {
        return false; /* TCP does not break bytes: who does must be looked at */
    }
    stream->suspects = verdict == BS_VERDICT_SUSPECT ? stream->suspects + 1 : 0;
    if (!stream->was_connected || verdict == BS_VERDICT_FAIL || stream->suspects >= SUSPECTS_MAX) {
        return false;
    }
    if (stream->state == CONNECTING && now - stream->disconnected_ms >= (int64_t)give_up_ms) {
        bs_error_context(err, "connecting again for %u s", give_up_ms / 1000);
        return false;
    }
    return true;
}

static void
lost_while_connecting(struct bs_stream *stream, struct bs_error *err) {
    if (!may_pass(stream, err)) {
        move(stream, OVER);
        finish_error(stream, err);
        deliver_error(stream, BS_STREAM_FAILED, err);
        return;
    }
    uint32_t delay_ms = bs_backoff_next_ms(&stream->backoff);
    bs_log(BS_LOG_WARNING, "source not reached, next attempt in %u ms: %s", delay_ms, err->message);
    retry_after(stream, delay_ms);
}

static void
lost_while_streaming(struct bs_stream *stream, struct bs_error *err) {
    int64_t now = bs_clock_mono_ms();
    stream->disconnected_ms = now;
    deliver_events(stream);
    if (now - stream->connected_ms >= STEADY_MS) {
        bs_backoff_reset(&stream->backoff);
        stream->suspects = 0;
    }
    bool again = may_pass(stream, err);
    finish_error(stream, err);
    move(stream, again ? WAITING : OVER);
    deliver_error(stream, again ? BS_STREAM_BROKEN : BS_STREAM_FAILED, err);
}

static void
on_lost(void *arg, const struct bs_error *why) {
    struct bs_stream *stream = arg;
    struct bs_error err = *why;
    bs_loop_timer_stop(stream->watchdog);
    if (stream->state == STREAMING) {
        lost_while_streaming(stream, &err);
    } else {
        lost_while_connecting(stream, &err);
    }
}

static const struct bs_client_hooks CLIENT_HOOKS = {on_dumping, on_events, on_drained, on_ended,
                                                    on_lost};

/* How long the server may be silent now; 0: for ever. */
static int64_t
silence_max_ms(const struct bs_stream *stream) {
    int64_t beats = (int64_t)bs_setup_heartbeat_ms(&stream->config) * HEARTBEATS_MISSED;
    switch (bs_client_state(stream->client)) {
    case BS_CLIENT_CLOSED:
    case BS_CLIENT_CONNECTING: /* has its own timeout */
        return 0;
    case BS_CLIENT_GREETING:
    case BS_CLIENT_SECURING:
    case BS_CLIENT_LOGIN:
    case BS_CLIENT_PREPARING:
    case BS_CLIENT_REGISTERING:
        return LOGIN_SILENCE_MS;
    case BS_CLIENT_DUMPING:
    case BS_CLIENT_STATES:
        break;
    }
    if (!bs_setup_has_heartbeat(bs_client_setup(stream->client))) {
        return 0;
    }
    if (!bs_client_is_flowing(stream->client) && beats < FIRST_EVENT_SILENCE_MS) {
        return FIRST_EVENT_SILENCE_MS;
    }
    return beats;
}

static void
on_watchdog(void *arg) {
    struct bs_stream *stream = arg;
    int64_t max_ms = silence_max_ms(stream);
    int64_t silent_ms = bs_client_silent_ms(stream->client);
    if (max_ms == 0 || silent_ms <= max_ms) {
        watch_silence(stream);
        return;
    }
    struct bs_error err;
    bool flowing = bs_client_is_flowing(stream->client);
    bs_error_set(&err, BS_IO,
                 flowing ? "no heartbeat from the source for %lld ms"
                         : "the source does not answer since %lld ms",
                 (long long)silent_ms);
    bs_client_close(stream->client);
    on_lost(stream, &err);
}

/* -- the thread -------------------------------------------------------------------------------- */

/* A request is taken when one is due: at the start and after BROKEN. */
static void
take_request(struct bs_stream *stream) {
    bool first = stream->state == NEW;
    if (!first && stream->state != WAITING) {
        return;
    }
    pthread_mutex_lock(&stream->lock);
    bool due = stream->mail.is_set;
    if (due) {
        request_fini(&stream->request);
        stream->request = stream->mail;
        memset(&stream->mail, 0, sizeof stream->mail);
    }
    pthread_mutex_unlock(&stream->lock);
    if (due) {
        retry_after(stream, first ? 0 : bs_backoff_next_ms(&stream->backoff));
    }
}

static bool
is_stopping(struct bs_stream *stream) {
    pthread_mutex_lock(&stream->lock);
    bool stopping = stream->stopping;
    pthread_mutex_unlock(&stream->lock);
    return stopping;
}

static void
on_woken(void *arg) {
    struct bs_stream *stream = arg;
    if (is_stopping(stream)) {
        bs_client_close(stream->client);
        bs_loop_timer_stop(stream->retry);
        bs_loop_timer_stop(stream->watchdog);
        bs_loop_break(stream->loop);
        return;
    }
    if (!bs_outbox_is_empty(&stream->outbox) && bs_outbox_flush(&stream->outbox)) {
        bs_client_pause(stream->client, false);
    }
    take_request(stream);
}

static void *
run(void *arg) {
    struct bs_stream *stream = arg;
    bs_loop_run(stream->loop);
    return NULL;
}

/* The consumer's thread, from within bs_queue_pop. */
static void
on_space(void *arg) {
    struct bs_stream *stream = arg;
    bs_loop_wake_send(stream->wake);
}

/* -- the caller's side ------------------------------------------------------------------------- */

static void
stream_free(struct bs_stream *stream) {
    bs_client_free(stream->client);
    bs_event_block_fini(&stream->block);
    bs_outbox_fini(&stream->outbox);
    bs_loop_timer_free(stream->retry);
    bs_loop_timer_free(stream->watchdog);
    bs_loop_wake_free(stream->wake);
    bs_loop_free(stream->loop);
    request_fini(&stream->mail);
    request_fini(&stream->request);
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}

enum bs_status
bs_stream_new(struct bs_stream **stream, const struct bs_stream_config *config,
              struct bs_queue *queue, struct bs_error *err) {
    struct bs_stream *made = bs_zalloc(sizeof *made);
    made->config = *config;
    made->was_connected = config->was_connected;
    made->disconnected_ms = bs_clock_mono_ms();
    made->queue = queue;
    pthread_mutex_init(&made->lock, NULL);
    made->loop = bs_loop_new();
    made->wake = bs_loop_wake_new(made->loop, on_woken, made);
    made->retry = bs_loop_timer_new(made->loop, on_retry_due, made);
    made->watchdog = bs_loop_timer_new(made->loop, on_watchdog, made);
    made->backoff.random = (uint64_t)bs_clock_wall_us() ^ (uint64_t)getpid() << 32;
    bs_outbox_init(&made->outbox, queue);
    enum bs_status status = bs_client_new(&made->client, made->loop, &made->config, &made->block,
                                          &CLIENT_HOOKS, made, err);
    if (status != BS_OK) {
        stream_free(made);
        return status;
    }
    *stream = made;
    return BS_OK;
}

enum bs_status
bs_stream_start(struct bs_stream *stream, const struct bs_stream_request *request,
                struct bs_error *err) {
    BS_ASSERT(!stream->started);
    bs_queue_on_space(stream->queue, on_space, stream);
    post(stream, request);
    /* The thread inherits the mask: signals are the main thread's business from its first moment.
     */
    int failed = bs_thread_start(&stream->thread, run, stream);
    if (failed != 0) {
        return bs_error_sys(err, failed, "cannot start the stream's thread");
    }
    stream->started = true;
    return BS_OK;
}

void
bs_stream_resume(struct bs_stream *stream, const struct bs_stream_request *request) {
    post(stream, request);
}

void
bs_stream_stop(struct bs_stream *stream) {
    if (stream == NULL) {
        return;
    }
    pthread_mutex_lock(&stream->lock);
    stream->stopping = true;
    pthread_mutex_unlock(&stream->lock);
    bs_loop_wake_send(stream->wake);
    if (stream->started) {
        (void)pthread_join(stream->thread, NULL);
    }
    bs_queue_on_space(stream->queue, NULL, NULL);
    bs_queue_close(stream->queue);
    stream_free(stream);
}
