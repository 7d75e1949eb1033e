/* Events gathered into blocks: what the stream puts into the queue. Pure.
 *
 *    bytes: | event | event | event | half an ev...
 *           0                       whole          bytes.len
 *
 * The packet reader appends to bytes as data arrives; bs_event_block_commit checks each event that
 * became whole; bs_event_block_take hands the whole ones over and keeps the half one. Memory grows
 * with what has arrived. Used by net/client.c (fills) and net/stream.c (takes), on the loop's
 * thread. */
#ifndef BS_NET_BLOCK_H
#define BS_NET_BLOCK_H

#include "base/buf.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    BS_BLOCK_LEN = 256 * 1024, /* handed over at the first event end past this */
    BS_EVENT_HEADER_LEN = 19,
};

struct bs_event_block {
    struct bs_buf bytes;
    size_t whole;
};

void bs_event_block_fini(struct bs_event_block *block);
void bs_event_block_clear(struct bs_event_block *block);

/* All of bytes is whole events now, the last one new. BS_PROTOCOL when its length is not what its
 * header says. */
enum bs_status bs_event_block_commit(struct bs_event_block *block,
                                     struct bs_error *err) BS_MUST_CHECK;

/* Drops what came after the last whole event. */
void bs_event_block_rollback(struct bs_event_block *block);

/* The whole events, heap-owned by the caller, *len bytes; NULL when there are none. */
uint8_t *bs_event_block_take(struct bs_event_block *block, size_t *len);

#endif
