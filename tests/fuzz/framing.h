/* A file as src/logfile reads it: where a cut or a flipped size shows first. */
#ifndef FUZZ_FRAMING_H
#define FUZZ_FRAMING_H

#include "base/str.h"

/* A file in memory, kept between calls; of one thread. */
struct framing {
    int fd;
    char path[32];
    const char *source; /* what it is a copy of: its first len bytes */
    size_t len;
};

void framing_init(struct framing *framing);
void framing_fini(struct framing *framing);

/* Reads the first len bytes of a file that are at bytes, and holds that what is read are those
 * bytes, event by event; that the end is told from a cut and from a size that cannot be; and that
 * the first is no error and the others are. Returns how many events there were. bytes must not
 * change between two calls that give the same address. */
size_t frame_head(struct framing *framing, const char *bytes, size_t len);

/* A file whose bytes nobody has promised not to change. */
size_t frame_all(struct framing *framing, struct bs_str file);

#endif
