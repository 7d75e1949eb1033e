/* The source's binlog as a stream of raw events: connect, log in, register, dump, reconnect.
 *
 * Called by src/follow. A stream owns one thread that runs one libev loop; it writes blocks of
 * events into the caller's queue and stops reading the socket while the queue is full, which is the
 * backpressure. It decides nothing about positions: who consumes the queue knows what was applied.
 *
 *   caller                         stream thread                     source
 *   bs_stream_start(request) ────> connect, TLS, login, identity ──> greeting ...
 *                                  SET @..., register, dump ───────> events
 *   queue <─── EVENTS, EVENTS ...
 *   queue <─── BROKEN (why)        connection lost: waits
 *   rolls back, picks a position
 *   bs_stream_resume(request) ───> backs off, connects again ...
 *   queue <─── FAILED (why)        trying again will not mend it: purged, another server ...
 *
 * start, resume and stop may be called from any one thread; everything else happens on the stream's
 * own. */
#ifndef BS_NET_STREAM_H
#define BS_NET_STREAM_H

#include "base/endpoint.h"
#include "base/error.h"
#include "base/position.h"
#include "base/queue.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the dump starts from. */
struct bs_stream_request {
    enum bs_position_mode mode;
    const char *file; /* mode FILE; "" = the oldest */
    uint64_t pos;     /* mode FILE; 4 = the first event */
    struct bs_str
        gtid_binary;       /* mode GTID_MYSQL: the executed set, as COM_BINLOG_DUMP_GTID wants it */
    const char *gtid_text; /* mode GTID_MARIADB: for @slave_connect_state; not for a follow, which
                            * must not depend on such numbers (docs/decisions/0021) */
};

/* What the source must be. Empty and 0 fields are not compared. */
struct bs_stream_identity {
    char server_uuid[64];
    uint32_t server_id;
};

struct bs_stream_config {
    const struct bs_endpoint *source; /* must outlive the stream */
    /* Our own, unique among the source's replicas. From 2^30 on it is ours to vary: on MariaDB each
     * connection then has a random one (net/setup.c says why). */
    uint32_t server_id;
    char uuid[37];         /* our own */
    uint32_t heartbeat_ms; /* 0: default 5000. Silence of three times this is a broken link */
    uint32_t give_up_ms;   /* reconnecting longer than this FAILS the stream; 0: default 600000 */
    bool non_block;        /* stop (ENDED) at the end of the last file instead of waiting */
    bool was_connected;    /* by another stream of the same run: a first failure is a loss, too */
    struct bs_stream_identity expect; /* compared at every connect */
};

enum bs_stream_msg_kind {
    BS_STREAM_CONNECTED, /* logged in and dumping; the next events come from the requested place */
    BS_STREAM_EVENTS,
    BS_STREAM_BROKEN, /* error says why; bs_stream_resume must be called */
    BS_STREAM_FAILED, /* error says why; BS_PURGED when the position is gone */
    BS_STREAM_ENDED,  /* only with non_block */
};

/* One queue item, heap-owned by the receiver: bs_stream_msg_free. */
struct bs_stream_msg {
    enum bs_stream_msg_kind kind;
    struct bs_error *error; /* BROKEN and FAILED; else NULL */
    bool source_is_mariadb; /* CONNECTED */
    bool checksums;         /* CONNECTED: the negotiated @source_binlog_checksum is CRC32 */
    struct bs_stream_identity identity; /* CONNECTED: what the source said of itself */
    int64_t received_us;                /* wall clock when the last byte came */
    size_t len;
    uint8_t *data; /* EVENTS: whole events back to back, each event_size bytes long (offset 9) */
};

struct bs_stream;

/* Gives the stream a name of its own among the source's replicas: random, and above the numbers
 * that people give to their servers. */
enum bs_status bs_stream_name(struct bs_stream_config *config, struct bs_error *err) BS_MUST_CHECK;

/* Makes the stream; no connection yet. The queue must outlive it. */
enum bs_status bs_stream_new(struct bs_stream **stream, const struct bs_stream_config *config,
                             struct bs_queue *queue, struct bs_error *err) BS_MUST_CHECK;

/* Copies the request and starts the thread, which starts connecting. */
enum bs_status bs_stream_start(struct bs_stream *stream, const struct bs_stream_request *request,
                               struct bs_error *err) BS_MUST_CHECK;

/* After BROKEN. */
void bs_stream_resume(struct bs_stream *stream, const struct bs_stream_request *request);

/* Ends the thread (also when the queue is full: closes the queue), frees the stream. */
void bs_stream_stop(struct bs_stream *stream);

void bs_stream_msg_free(struct bs_stream_msg *msg);

#endif
