/* Compression frames: the layer under packets once compression is agreed on (field guide 1.7).
 *
 *    0             3     4               7
 *    +-------------+-----+---------------+------------------ - -
 *    | frame bytes | seq | content bytes | frame bytes of them      content bytes 0: stored raw
 *    +-------------+-----+---------------+------------------ - -
 *
 * Frames carry a byte stream: packets may span frames or share one. seq is the frames' own counter,
 * reset by each command. Starts after the OK that ends the login.
 *
 * Pure and incremental; what a frame claims to hold is held against what comes out, and output is
 * produced in steps that the caller bounds. Methods are a const table: zlib (every server), zstd
 * (MySQL 8.0.18 on). Called by net/client.c. */
#ifndef BS_WIRE_COMPRESS_H
#define BS_WIRE_COMPRESS_H

#include "base/buf.h"
#include "base/cursor.h"
#include "base/endpoint.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BS_COMPRESS_HEADER_LEN = 7,
    BS_COMPRESS_FRAME_MAX = 0xFFFFFF,
    BS_COMPRESS_WORTH_IT = 50, /* shorter content is stored raw, as servers do */
    BS_COMPRESS_ZSTD_LEVEL = 3,
};

struct bs_compress_method;

struct bs_compress_reader {
    const struct bs_compress_method *method; /* NULL: not in use */
    void *stream;                            /* the library's decompressor, made at first need */
    uint8_t seq;
    uint8_t header[BS_COMPRESS_HEADER_LEN];
    uint8_t header_len;
    uint32_t in_left;  /* bytes of the frame still to come */
    uint32_t out_left; /* content bytes still to come out of it */
    bool raw;          /* this frame is stored */
    bool ended; /* the decompressor has seen the end of this frame's content, and its checksum */
};

/* Not for BS_COMPRESS_NONE. */
void bs_compress_reader_init(struct bs_compress_reader *reader, enum bs_compress method);
void bs_compress_reader_fini(struct bs_compress_reader *reader);
void bs_compress_reader_expect(struct bs_compress_reader *reader, uint8_t seq);

/* Takes from in and appends at most out_max (> 0) bytes to out. Call again while *more: there is
 * content left to come out although in may be empty. */
enum bs_status bs_compress_read(struct bs_compress_reader *reader, struct bs_cursor *in,
                                struct bs_buf *out, size_t out_max, bool *more,
                                struct bs_error *err) BS_MUST_CHECK;

/* Appends data as frames, the first with number *seq. */
void bs_compress_write(struct bs_buf *out, enum bs_compress method, uint8_t *seq, const void *data,
                       size_t len);

#endif
