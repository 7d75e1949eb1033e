/* A whole binlog file through the decoder and as lines of JSON, every row of it read: what the
 * torture program runs on damaged files. The only place that knows which APIs those are. */
#ifndef FUZZ_DECODE_ALL_H
#define FUZZ_DECODE_ALL_H

#include "base/error.h"
#include "base/position.h"
#include "base/str.h"
#include "schema/server.h"

#include <stdbool.h>
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

/* What came of one event. */
struct decode_step {
    bool decoded; /* without an error */
    bool printed;
    bool in_group; /* behind it */
    size_t items, rows, lines;
};

/* The way that gets furthest in this file: the flavour by its first event, and positions as they
 * are in it. */
struct decode_how decode_how_for(struct bs_str file);

/* The file from its magic number on: as lines, and by the decoder. Each of them stops at its first
 * error; what is returned, and how far count says it came, is the decoder's. steps: NULL, or
 * zeroed room for every event of the file. */
enum bs_status decode_all(struct bs_str file, const struct decode_how *how,
                          struct decode_step *steps, struct decode_count *count,
                          struct bs_error *err);

#endif
