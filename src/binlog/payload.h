/* TRANSACTION_PAYLOAD: a MySQL transaction's events as one zstd stream. Internal to src/binlog.
 *
 * Read as a stream, one inner event at a time: the sizes in its header are not trusted, and what is
 * in memory at once is one event, however large the transaction. Field guide 3.12. */
#ifndef BS_BINLOG_PAYLOAD_H
#define BS_BINLOG_PAYLOAD_H

#include "base/buf.h"
#include "base/error.h"
#include "binlog/event.h"

#include <stdbool.h>

struct ZSTD_DCtx_s;

/* Zero-initialised memory is a closed payload. */
struct bs_payload {
    bool open;
    bool plain;          /* not compressed */
    struct bs_str input; /* what is not yet read, a view into the caller's bytes */
    struct ZSTD_DCtx_s *zstd;
    bool frame_ended;    /* zstd has told that its frame is complete */
    struct bs_buf event; /* the inner event that was read last */
};

struct bs_payload_header {
    bool is_plain; /* not compressed */
    bool has_uncompressed_size;
    uint64_t uncompressed_size; /* as the log claims: not to be relied on */
    struct bs_str data;
};
enum bs_status bs_payload_header_parse(struct bs_payload_header *header, struct bs_str body,
                                       struct bs_error *err) BS_MUST_CHECK;

enum bs_status bs_payload_open(struct bs_payload *payload, struct bs_str body,
                               struct bs_error *err) BS_MUST_CHECK;

/* The next inner event, whole, valid until the next call; raw->len 0 at the end, when the payload
 * is closed again. Inner events have no checksum. */
enum bs_status bs_payload_next(struct bs_payload *payload, struct bs_str *raw,
                               struct bs_error *err) BS_MUST_CHECK;
void bs_payload_fini(struct bs_payload *payload);

#endif
