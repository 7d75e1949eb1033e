/* Packets: the frames in which every message of the client/server protocol travels.
 *
 *    0        3     4
 *    +--------+-----+----------- - -
 *    | length | seq | length bytes        a message of 2^24-1 bytes or more is cut into packets of
 *    +--------+-----+----------- - -      exactly 2^24-1; a shorter one, maybe empty, ends it
 *
 * seq starts at 0 with each command, counts packets of both directions and wraps at 256. A wrong
 * one cannot be mended: the connection is dropped.
 *
 * Pure and incremental: bytes in, in any pieces, messages out. Memory grows with the bytes that
 * have arrived, never with a length that was only announced. Called by net/client.c. */
#ifndef BS_WIRE_PACKET_H
#define BS_WIRE_PACKET_H

#include "base/buf.h"
#include "base/cursor.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BS_PACKET_HEADER_LEN = 4,
    BS_PACKET_SPLIT_LEN = 0xFFFFFF,
    /* Servers cap events at 1 GiB (field guide 1.1); the rest is room for the status byte. */
    BS_PACKET_MESSAGE_MAX = (1 << 30) + 65536,
};

struct bs_packet_reader {
    uint8_t seq;    /* the one that the next header must carry */
    bool any_seq;   /* under compression only the outer frames' numbers are meaningful */
    bool apart;     /* keep the first byte of each message out of the output */
    uint8_t first;  /* the first byte of the message, once len > 0 */
    size_t len;     /* bytes of the message so far, the first one included */
    size_t len_max; /* a longer message is refused */
    uint8_t header[BS_PACKET_HEADER_LEN];
    uint8_t header_len;
    uint32_t left; /* bytes of the current packet still to come */
    bool done;     /* the message was handed over; the next byte starts another */
};

/* len_max 0 means BS_PACKET_MESSAGE_MAX. */
void bs_packet_reader_init(struct bs_packet_reader *reader, size_t len_max);

/* Before a command is sent: the answer starts at 1. */
void bs_packet_reader_expect(struct bs_packet_reader *reader, uint8_t seq);

/* Takes bytes from in and appends the message's to out, until the message is complete or in is
 * empty. BS_PROTOCOL on a wrong sequence number, BS_LIMIT on a message that is too long. */
enum bs_status bs_packet_read(struct bs_packet_reader *reader, struct bs_cursor *in,
                              struct bs_buf *out, bool *complete,
                              struct bs_error *err) BS_MUST_CHECK;

/* Between two messages, i.e. no byte of the next one has been seen. */
bool bs_packet_reader_idle(const struct bs_packet_reader *reader);

/* Appends message as packets, the first with number *seq; *seq is left at the next number. */
void bs_packet_write(struct bs_buf *out, uint8_t *seq, const void *message, size_t len);

#endif
