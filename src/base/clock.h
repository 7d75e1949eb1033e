/* Time: monotonic for durations, wall clock for what people and servers read. */
#ifndef BS_BASE_CLOCK_H
#define BS_BASE_CLOCK_H

#include <stdint.h>

int64_t bs_clock_mono_us(void);
int64_t bs_clock_mono_ms(void);
int64_t bs_clock_wall_us(void); /* since 1970, UTC */

void bs_clock_pause_ms(int64_t ms); /* a signal ends it */

#endif
