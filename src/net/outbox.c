#include "net/outbox.h"

#include "base/mem.h"

#include <stdlib.h>

struct bs_outbox_item {
    struct bs_outbox_item *next;
    struct bs_stream_msg *msg;
};

void
bs_outbox_init(struct bs_outbox *outbox, struct bs_queue *queue) {
    outbox->queue = queue;
    outbox->head = NULL;
    outbox->tail = &outbox->head;
}

static struct bs_stream_msg *
take_first(struct bs_outbox *outbox) {
    struct bs_outbox_item *item = outbox->head;
    struct bs_stream_msg *msg = item->msg;
    outbox->head = item->next;
    outbox->tail = outbox->head == NULL ? &outbox->head : outbox->tail;
    free(item);
    return msg;
}

void
bs_outbox_fini(struct bs_outbox *outbox) {
    while (outbox->head != NULL) {
        bs_stream_msg_free(take_first(outbox));
    }
}

bool
bs_outbox_flush(struct bs_outbox *outbox) {
    while (outbox->head != NULL) {
        struct bs_stream_msg *msg = outbox->head->msg;
        if (!bs_queue_try_push(outbox->queue, msg, sizeof *msg + msg->len)) {
            return false;
        }
        (void)take_first(outbox); /* the queue's now */
    }
    return true;
}

void
bs_outbox_put(struct bs_outbox *outbox, struct bs_stream_msg *msg) {
    struct bs_outbox_item *item = bs_alloc(sizeof *item);
    *item = (struct bs_outbox_item){NULL, msg};
    *outbox->tail = item;
    outbox->tail = &item->next;
    (void)bs_outbox_flush(outbox);
}

bool
bs_outbox_is_empty(const struct bs_outbox *outbox) {
    return outbox->head == NULL;
}
