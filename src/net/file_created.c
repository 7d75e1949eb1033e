#include "net/file_created.h"

#include "base/cursor.h"
#include "base/queue.h"
#include "base/stop.h"
#include "net/stream.h"

#include <stdbool.h>

enum { QUEUE_BYTES = 1 << 20, WAIT_MS = 200 };
enum { HEADER_BYTES = 19, FORMAT_DESCRIPTION = 15 };

#define RUN_AGAIN "run the same command again; if it stays so, please report it"

struct reading {
    const char *file;
    struct bs_queue *queue;
    uint32_t created; /* 0: not read yet */
};

/* Of an event's header timestamp, type and size are enough: it is the first FORMAT_DESCRIPTION with
 * a time that counts, since a server makes up what comes before it. */
static enum bs_status
find_format(struct reading *r, const struct bs_stream_msg *msg, struct bs_error *err) {
    struct bs_cursor block = bs_cursor(msg->data, msg->len);
    while (r->created == 0 && bs_cursor_left(&block) > 0) {
        uint32_t timestamp = bs_cursor_read_u32(&block);
        uint8_t type = bs_cursor_read_u8(&block);
        bs_cursor_skip(&block, sizeof(uint32_t)); /* server_id */
        uint32_t size = bs_cursor_read_u32(&block);
        enum { READ = 13 };
        if (size < HEADER_BYTES || bs_cursor_left(&block) < size - READ) {
            bs_error_set(err, BS_PROTOCOL, "the source sent an event that is cut short");
            return bs_error_hint(err, RUN_AGAIN);
        }
        bs_cursor_skip(&block, size - READ);
        r->created = type == FORMAT_DESCRIPTION ? timestamp : 0;
    }
    return BS_OK;
}

static enum bs_status
heed(struct reading *r, const struct bs_stream_msg *msg, struct bs_error *err) {
    switch (msg->kind) {
    case BS_STREAM_CONNECTED:
        return BS_OK;
    case BS_STREAM_EVENTS:
        return find_format(r, msg, err);
    case BS_STREAM_ENDED:
        bs_error_set(err, BS_PROTOCOL, "the source does not say when its file %s was begun",
                     r->file);
        return bs_error_hint(err, RUN_AGAIN);
    case BS_STREAM_BROKEN: /* it may pass: for the caller as well */
        *err = *msg->error;
        err->status = BS_IO;
        return BS_IO;
    case BS_STREAM_FAILED:
        break;
    }
    *err = *msg->error;
    return err->status;
}

static enum bs_status
read_until_format(struct reading *r, struct bs_error *err) {
    enum bs_status status = BS_OK;
    while (status == BS_OK && r->created == 0) {
        struct bs_stream_msg *msg = bs_queue_pop(r->queue, WAIT_MS);
        if (msg != NULL) {
            status = heed(r, msg, err);
            bs_stream_msg_free(msg);
        }
        if (status == BS_OK && r->created == 0) {
            status = bs_stop_check(err);
        }
    }
    return status;
}

static enum bs_status
read_stream(struct reading *r, const struct bs_stream_config *config, uint64_t pos,
            struct bs_error *err) {
    struct bs_stream *stream = NULL;
    struct bs_stream_request request = {
        .mode = BS_POSITION_FILE, .file = r->file, .pos = pos, .gtid_text = ""};
    r->queue = bs_queue_new(QUEUE_BYTES);
    enum bs_status status = bs_stream_new(&stream, config, r->queue, err);
    if (status == BS_OK) {
        status = bs_stream_start(stream, &request, err);
    }
    if (status == BS_OK) {
        status = read_until_format(r, err);
    }
    bs_stream_stop(stream);
    for (struct bs_stream_msg *msg; (msg = bs_queue_pop(r->queue, 0)) != NULL;) {
        bs_stream_msg_free(msg);
    }
    bs_queue_free(r->queue);
    return status;
}

enum bs_status
bs_file_created(const struct bs_endpoint *source, const char *file, uint64_t pos, uint32_t *created,
                struct bs_error *err) {
    struct bs_error failure; /* err may be NULL */
    struct reading r = {.file = file};
    struct bs_stream_config config = {.source = source, .non_block = true};
    bs_error_clear(&failure);
    enum bs_status status = bs_stream_name(&config, &failure);
    if (status == BS_OK) {
        status = read_stream(&r, &config, pos, &failure);
    }
    if (status != BS_OK && err != NULL) {
        *err = failure;
    }
    *created = r.created;
    return status;
}
