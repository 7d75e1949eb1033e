#include "net/backoff.h"

uint32_t
bs_backoff_next_ms(struct bs_backoff *backoff) {
    uint32_t whole = backoff->next_ms == 0 ? BS_BACKOFF_FIRST_MS : backoff->next_ms;
    backoff->next_ms = whole * 2 < BS_BACKOFF_LONGEST_MS ? whole * 2 : BS_BACKOFF_LONGEST_MS;
    /* A linear congruential step; the high bits are the good ones. */
    backoff->random =
        backoff->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return whole - (uint32_t)((backoff->random >> 33) % (whole / 2 + 1));
}

void
bs_backoff_reset(struct bs_backoff *backoff) {
    backoff->next_ms = 0;
}
