#include "base/clock.h"

#include <time.h>

static int64_t
read_us(clockid_t id) {
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
bs_clock_mono_us(void) {
    return read_us(CLOCK_MONOTONIC);
}

int64_t
bs_clock_mono_ms(void) {
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
bs_clock_wall_us(void) {
    return read_us(CLOCK_REALTIME);
}

void
bs_clock_pause_ms(int64_t ms) {
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&wait, NULL);
}
