#include "snapshot/file_created.h"

#include "base/queue.h"
#include "base/stop.h"
#include "binlog/decoder.h"
#include "binlog/event.h"
#include "net/stream.h"

#include <stdbool.h>

enum { QUEUE_BYTES = 1 << 20, WAIT_MS = 200 };

struct reading {
    const struct bs_server *server;
    const struct bs_position *position;
    struct bs_queue *queue;
    struct bs_decoder *decoder; /* from CONNECTED on */
    uint32_t created;           /* 0: not read yet */
};

static enum bs_status
push(struct reading *r, const struct bs_stream_msg *msg, struct bs_error *err) {
    struct bs_cursor block = bs_cursor(msg->data, msg->len);
    enum bs_status status = BS_OK;
    while (status == BS_OK && bs_cursor_left(&block) > 0 && r->created == 0) {
        struct bs_str raw;
        struct bs_item item = {.kind = BS_ITEM_NONE};
        status = bs_event_split(&block, &raw, err);
        if (status == BS_OK) {
            status = bs_decoder_push(r->decoder, raw, err);
        }
        do {
            status = status == BS_OK ? bs_decoder_next(r->decoder, &item, err) : status;
        } while (status == BS_OK && item.kind != BS_ITEM_NONE);
        r->created = bs_decoder_file_created(r->decoder);
    }
    return status;
}

static enum bs_status
heed(struct reading *r, const struct bs_stream_msg *msg, struct bs_error *err) {
    switch (msg->kind) {
    case BS_STREAM_CONNECTED:
        return bs_decoder_new(&r->decoder, r->server->flavour, r->position, BS_POSITION_FILE,
                              msg->checksums, err);
    case BS_STREAM_EVENTS:
        return push(r, msg, err);
    case BS_STREAM_ENDED:
        return bs_error_set(err, BS_PROTOCOL, "the source does not say when its file %s was begun",
                            r->position->file);
    case BS_STREAM_BROKEN:
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
read_stream(struct reading *r, const struct bs_stream_config *config, struct bs_error *err) {
    struct bs_stream *stream = NULL;
    struct bs_stream_request request = {.mode = BS_POSITION_FILE,
                                        .file = r->position->file,
                                        .pos = r->position->pos,
                                        .gtid_text = ""};
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
    bs_decoder_free(r->decoder);
    return status;
}

enum bs_status
bs_file_created(const struct bs_endpoint *source, const struct bs_server *server,
                const struct bs_position *position, uint32_t *created, struct bs_error *err) {
    struct reading r = {.server = server, .position = position};
    struct bs_stream_config config = {.source = source, .non_block = true};
    enum bs_status status = bs_stream_name(&config, err);
    if (status == BS_OK) {
        status = read_stream(&r, &config, err);
    }
    *created = r.created;
    return status;
}
