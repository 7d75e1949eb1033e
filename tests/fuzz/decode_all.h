/* A whole binlog file through the decoder, every row of it read: what the torture program runs on
 * damaged files. The only place that knows which API that is. */
#ifndef FUZZ_DECODE_ALL_H
#define FUZZ_DECODE_ALL_H

#include "base/error.h"
#include "base/position.h"
#include "base/str.h"
#include "schema/server.h"

#include <stddef.h>

struct decode_how {
    enum bs_flavour flavour;
    enum bs_position_mode mode;
};

struct decode_count {
    size_t events;
    size_t items;
    size_t rows;
};

/* The way that gets furthest in this file: the flavour by its first event, and positions as they
 * are in it. */
struct decode_how decode_how_for(struct bs_str file);

/* The file through the walker and as lines of JSON, which are dropped. */
enum bs_status print_all(struct bs_str file, struct bs_error *err);

/* The file from its magic number on: as lines of JSON first, then by the decoder. Stops at the
 * first error and returns it; count says how far it came. */
enum bs_status decode_all(struct bs_str file, const struct decode_how *how,
                          struct decode_count *count, struct bs_error *err);

#endif
