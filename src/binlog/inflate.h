/* MariaDB's compressed events and columns. Internal to src/binlog. */
#ifndef BS_BINLOG_INFLATE_H
#define BS_BINLOG_INFLATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

struct libdeflate_decompressor;

/* An event's compressed part: 1000 0nnn, length big-endian in n bytes, a zlib stream; appended to
 * out. Field guide 3.16. */
enum bs_status bs_inflate_event(struct bs_buf *out, struct bs_str packed,
                                struct bs_error *err) BS_MUST_CHECK;

/* A value of a COMPRESSED column: aaaa rnnn (algorithm a, raw deflate if r), then as above; 0 as
 * first byte: the value itself follows. False if it is malformed. */
bool bs_inflate_value(struct libdeflate_decompressor *inflater, struct bs_arena *arena,
                      struct bs_str packed, struct bs_str *value);

#endif
