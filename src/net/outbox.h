/* Messages on their way into the queue: what a full queue refuses waits here, in order. The loop's
 * thread only. Holds at most the blocks of one pause's overshoot and a closing message, since a
 * stream whose outbox is not empty reads nothing. */
#ifndef BS_NET_OUTBOX_H
#define BS_NET_OUTBOX_H

#include "base/queue.h"
#include "net/stream.h"

#include <stdbool.h>

struct bs_outbox_item;

struct bs_outbox {
    struct bs_queue *queue;
    struct bs_outbox_item *head;
    struct bs_outbox_item **tail;
};

void bs_outbox_init(struct bs_outbox *outbox, struct bs_queue *queue);
void bs_outbox_fini(struct bs_outbox *outbox); /* frees what was never taken */

/* Appends and flushes. */
void bs_outbox_put(struct bs_outbox *outbox, struct bs_stream_msg *msg);

/* True: all of it is in the queue. */
bool bs_outbox_flush(struct bs_outbox *outbox);
bool bs_outbox_is_empty(const struct bs_outbox *outbox);

#endif
