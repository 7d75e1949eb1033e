/* How long to wait before the next attempt: 100 ms, doubling up to 10 s, each shortened at random
 * by up to a half so that many clients of one source do not come back in step. Pure. */
#ifndef BS_NET_BACKOFF_H
#define BS_NET_BACKOFF_H

#include <stdint.h>

enum { BS_BACKOFF_FIRST_MS = 100, BS_BACKOFF_LONGEST_MS = 10000 };

struct bs_backoff {
    uint32_t next_ms; /* 0: the first */
    uint64_t random;  /* any seed */
};

uint32_t bs_backoff_next_ms(struct bs_backoff *backoff);
void bs_backoff_reset(struct bs_backoff *backoff);

#endif
