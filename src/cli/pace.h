/* How fast a follow goes, in words: for the progress line, the log and `status`. Pure. */
#ifndef BS_CLI_PACE_H
#define BS_CLI_PACE_H

#include "base/buf.h"
#include "follow/rates.h"

#include <stdbool.h>

/* "40.2 MB to go, the source writes 3.0 MB/s, applied 1.0 MB/s, falling behind by 40.1 s a minute,
 * held by network"; what is not known is left out. */
void bs_pace_put_line(struct bs_buf *out, const struct bs_pace *pace);

/* The same as lines of a report. */
void bs_pace_put_report(struct bs_buf *out, const struct bs_pace *pace, bool caught_up);

#endif
