/* Reads a source's binlog with src/net/stream.h and prints a line per message, for test_stream.py.
 * Lines: connected, events, broken, failed, ended, total; key=value words, message last.
 *
 *   stream_probe URI [--file F --pos N | --gtid-mysql HEX | --gtid-mariadb TEXT] [option value]...
 */
#include "base/clock.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    EVENT_TYPES = 256,
    HEADER_LEN = 19,
    FLAG_ARTIFICIAL = 0x20,
    HEARTBEAT = 27,
    HEARTBEAT_V2 = 41
};

struct options {
    struct bs_stream_config config;
    struct bs_stream_request request;
    size_t queue_bytes;
    uint32_t slow_ms;     /* sleep after each block */
    uint64_t stop_events; /* end after so many real events */
    uint32_t stop_ms;     /* ... or so long */
    int resumes;          /* how often BROKEN is answered by a resume */
    FILE *out;            /* all events, as they came */
    bool quiet;           /* no events lines */
};

struct totals {
    uint64_t events;
    uint64_t real; /* in the source's files, i.e. neither artificial nor heartbeats */
    uint64_t bytes;
    uint64_t largest_block;
    uint64_t types[EVENT_TYPES];
};

static uint32_t
read_u32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static struct bs_str
from_hex(const char *hex) {
    size_t len = strlen(hex) / 2;
    char *bytes = bs_alloc(len + 1);
    for (size_t i = 0; i < len; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (char)strtoul(pair, NULL, 16);
    }
    return (struct bs_str){bytes, len};
}

static bool
take_option(struct options *o, const char *name, const char *value) {
    uint64_t number = strtoull(value, NULL, 10);
    if (strcmp(name, "--file") == 0) {
        o->request.file = value;
    } else if (strcmp(name, "--pos") == 0) {
        o->request.pos = number;
    } else if (strcmp(name, "--gtid-mysql") == 0) {
        o->request.mode = BS_POSITION_GTID_MYSQL;
        o->request.gtid_binary = from_hex(value);
    } else if (strcmp(name, "--gtid-mariadb") == 0) {
        o->request.mode = BS_POSITION_GTID_MARIADB;
        o->request.gtid_text = value;
    } else if (strcmp(name, "--non-block") == 0) {
        o->config.non_block = number != 0;
    } else if (strcmp(name, "--server-id") == 0) {
        o->config.server_id = (uint32_t)number;
    } else if (strcmp(name, "--uuid") == 0) {
        (void)snprintf(o->config.uuid, sizeof o->config.uuid, "%s", value);
    } else if (strcmp(name, "--heartbeat-ms") == 0) {
        o->config.heartbeat_ms = (uint32_t)number;
    } else if (strcmp(name, "--give-up-ms") == 0) {
        o->config.give_up_ms = (uint32_t)number;
    } else if (strcmp(name, "--expect-uuid") == 0) {
        (void)snprintf(o->config.expect.server_uuid, sizeof o->config.expect.server_uuid, "%s",
                       value);
    } else if (strcmp(name, "--expect-id") == 0) {
        o->config.expect.server_id = (uint32_t)number;
    } else if (strcmp(name, "--queue-bytes") == 0) {
        o->queue_bytes = number;
    } else if (strcmp(name, "--slow-ms") == 0) {
        o->slow_ms = (uint32_t)number;
    } else if (strcmp(name, "--stop-events") == 0) {
        o->stop_events = number;
    } else if (strcmp(name, "--stop-ms") == 0) {
        o->stop_ms = (uint32_t)number;
    } else if (strcmp(name, "--resumes") == 0) {
        o->resumes = (int)number;
    } else if (strcmp(name, "--quiet") == 0) {
        o->quiet = number != 0;
    } else if (strcmp(name, "--debug") == 0) {
        bs_log_setup(number != 0 ? BS_LOG_DEBUG : BS_LOG_INFO, false);
    } else if (strcmp(name, "--out") == 0) {
        o->out = fopen(value, "wb");
    } else {
        return false;
    }
    return true;
}

/* False: the block is not whole events back to back. */
static bool
count_events(struct totals *totals, const struct bs_stream_msg *msg) {
    size_t at = 0;
    while (at < msg->len) {
        const uint8_t *event = msg->data + at;
        uint32_t size = msg->len - at >= HEADER_LEN ? read_u32(event + 9) : 0;
        if (size < HEADER_LEN || size > msg->len - at) {
            return false;
        }
        bool artificial = (event[17] & FLAG_ARTIFICIAL) != 0;
        bool heartbeat = event[4] == HEARTBEAT || event[4] == HEARTBEAT_V2;
        totals->real += !artificial && !heartbeat;
        totals->types[event[4]]++;
        totals->events++;
        at += size;
    }
    totals->bytes += msg->len;
    totals->largest_block = msg->len > totals->largest_block ? msg->len : totals->largest_block;
    return true;
}

static void
print_error(const char *kind, const struct bs_error *err) {
    printf("%s status=%s sql_errno=%u message=%s; %s; hint: %s\n", kind,
           bs_status_name(err->status), err->sql_errno, err->message, err->context, err->hint);
}

static long
peak_kib(void) {
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "VmHWM: %ld", &kib);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return kib;
}

static void
print_totals(const struct totals *totals) {
    printf("total events=%" PRIu64 " real=%" PRIu64 " bytes=%" PRIu64 " largest_block=%" PRIu64
           " peak_kib=%ld types=",
           totals->events, totals->real, totals->bytes, totals->largest_block, peak_kib());
    for (int i = 0; i < EVENT_TYPES; i++) {
        if (totals->types[i] > 0) {
            printf("%d:%" PRIu64 ",", i, totals->types[i]);
        }
    }
    printf("\n");
}

/* True: go on. */
static bool
take_message(struct bs_stream *stream, struct options *o, struct totals *totals,
             const struct bs_stream_msg *msg) {
    switch (msg->kind) {
    case BS_STREAM_CONNECTED:
        printf("connected mariadb=%d checksums=%d uuid=%s server_id=%" PRIu32 "\n",
               msg->source_is_mariadb, msg->checksums, msg->identity.server_uuid,
               msg->identity.server_id);
        return true;
    case BS_STREAM_EVENTS:
        if (!count_events(totals, msg)) {
            printf("broken-block len=%zu\n", msg->len);
            return false;
        }
        if (o->out != NULL) {
            (void)fwrite(msg->data, 1, msg->len, o->out);
        }
        if (!o->quiet) {
            printf("events real=%" PRIu64 " bytes=%zu\n", totals->real, msg->len);
        }
        if (o->slow_ms > 0) {
            usleep(o->slow_ms * 1000);
        }
        return o->stop_events == 0 || totals->real < o->stop_events;
    case BS_STREAM_BROKEN:
        print_error("broken", msg->error);
        if (o->resumes-- <= 0) {
            return false;
        }
        bs_stream_resume(stream, &o->request);
        return true;
    case BS_STREAM_FAILED:
        print_error("failed", msg->error);
        return false;
    case BS_STREAM_ENDED:
        printf("ended\n");
        return false;
    }
    return false;
}

static void
consume(struct bs_stream *stream, struct bs_queue *queue, struct options *o) {
    struct totals totals = {0};
    int64_t end = o->stop_ms != 0 ? bs_clock_mono_ms() + o->stop_ms : INT64_MAX;
    bool more = true;
    while (more && bs_clock_mono_ms() < end) {
        struct bs_stream_msg *msg = bs_queue_pop(queue, 100);
        if (msg != NULL) {
            more = take_message(stream, o, &totals, msg);
            bs_stream_msg_free(msg);
            (void)fflush(stdout);
        }
    }
    print_totals(&totals);
}

static int
stream_all(struct options *o) {
    struct bs_error err;
    struct bs_stream *stream = NULL;
    struct bs_queue *queue = bs_queue_new(o->queue_bytes);
    if (bs_stream_new(&stream, &o->config, queue, &err) != BS_OK) {
        print_error("refused", &err);
        bs_queue_free(queue);
        return 1;
    }
    if (bs_stream_start(stream, &o->request, &err) != BS_OK) {
        print_error("refused", &err);
    } else {
        consume(stream, queue, o);
    }
    int64_t before = bs_clock_mono_ms();
    bs_stream_stop(stream);
    printf("stopped ms=%lld\n", (long long)(bs_clock_mono_ms() - before));
    struct bs_stream_msg *msg;
    while ((msg = bs_queue_pop(queue, 0)) != NULL) {
        bs_stream_msg_free(msg);
    }
    bs_queue_free(queue);
    return 0;
}

int
main(int argc, char **argv) {
    struct bs_endpoint endpoint = {0};
    struct bs_error err;
    struct options o = {.config = {.source = &endpoint, .server_id = 4242},
                        .request = {.mode = BS_POSITION_FILE, .file = "", .pos = 4},
                        .queue_bytes = 4 << 20};
    if (argc >= 2 && bs_endpoint_parse(&endpoint, argv[1], &err) != BS_OK) {
        print_error("refused", &err);
        return 1;
    }
    if (argc < 2) {
        fprintf(stderr, "usage: stream_probe URI [--option value]...\n");
        return 2;
    }
    for (int i = 2; i + 1 < argc; i += 2) {
        if (!take_option(&o, argv[i], argv[i + 1])) {
            fprintf(stderr, "stream_probe: %s?\n", argv[i]);
            return 2;
        }
    }
    int rc = stream_all(&o);
    if (o.out != NULL) {
        (void)fclose(o.out);
    }
    bs_endpoint_fini(&endpoint);
    free((char *)(uintptr_t)o.request.gtid_binary.data);
    return rc;
}
