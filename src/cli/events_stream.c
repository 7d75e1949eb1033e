#include "cli/events_stream.h"

#include "base/cursor.h"
#include "base/queue.h"
#include "base/stop.h"
#include "binlog/event.h"

enum { WAIT_MS = 200 };

static enum bs_status
read_block(const struct bs_events_reader *reader, const struct bs_stream_msg *msg, bool *done,
           struct bs_error *err) {
    struct bs_cursor block = bs_cursor(msg->data, msg->len);
    while (bs_cursor_left(&block) > 0 && !*done) {
        struct bs_str raw;
        enum bs_status status = bs_event_split(&block, &raw, err);
        if (status == BS_OK) {
            status = reader->event(reader->arg, raw, done, err);
        }
        if (status != BS_OK) {
            return status;
        }
    }
    return reader->block_read != NULL ? reader->block_read(reader->arg, err) : BS_OK;
}

static enum bs_status
handle(const struct bs_events_reader *reader, const struct bs_stream_msg *msg, bool *done,
       enum bs_events_stream_end *end, struct bs_error *err) {
    switch (msg->kind) {
    case BS_STREAM_CONNECTED:
        reader->connected(reader->arg, msg->checksums);
        return BS_OK;
    case BS_STREAM_EVENTS:
        return read_block(reader, msg, done, err);
    case BS_STREAM_ENDED:
        *done = true;
        return BS_OK;
    case BS_STREAM_BROKEN:
    case BS_STREAM_FAILED:
        break;
    }
    *end = msg->kind == BS_STREAM_BROKEN ? BS_EVENTS_STREAM_BROKEN : BS_EVENTS_STREAM_FAILED;
    *err = *msg->error;
    return err->status;
}

static enum bs_status
read_queue(struct bs_queue *queue, const struct bs_events_reader *reader,
           enum bs_events_stream_end *end, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (bool done = false; status == BS_OK && !done;) {
        struct bs_stream_msg *msg = bs_queue_pop(queue, WAIT_MS);
        if (msg != NULL) {
            status = handle(reader, msg, &done, end, err);
            bs_stream_msg_free(msg);
        }
        if (status == BS_OK && !done) {
            status = bs_stop_check(err);
            *end = status == BS_OK ? *end : BS_EVENTS_STREAM_STOPPED;
        }
    }
    return status;
}

enum bs_status
bs_events_stream(const struct bs_stream_config *config, const struct bs_stream_request *request,
                 const struct bs_events_reader *reader, enum bs_events_stream_end *end,
                 struct bs_error *err) {
    struct bs_stream *stream = NULL;
    struct bs_queue *queue = bs_queue_new(reader->queue_bytes);
    *end = BS_EVENTS_STREAM_REFUSED;
    enum bs_status status = bs_stream_new(&stream, config, queue, err);
    if (status == BS_OK) {
        status = bs_stream_start(stream, request, err);
    }
    if (status == BS_OK) {
        status = read_queue(queue, reader, end, err);
        *end = status == BS_OK ? BS_EVENTS_STREAM_DONE : *end;
    }
    bs_stream_stop(stream);
    for (struct bs_stream_msg *msg; (msg = bs_queue_pop(queue, 0)) != NULL;) {
        bs_stream_msg_free(msg);
    }
    bs_queue_free(queue);
    return status;
}
