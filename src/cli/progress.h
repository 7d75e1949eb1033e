/* The progress display on stderr: a line redrawn in place on a terminal, else a line now and then.
 * One thread. While a bar is drawn, log lines are written above it. */
#ifndef BS_CLI_PROGRESS_H
#define BS_CLI_PROGRESS_H

#include "cli/values.h"

#include <stdbool.h>
#include <stdint.h>

struct bs_progress {
    enum bs_progress_mode mode; /* never AUTO once begun */
    bool as_json;
    bool is_drawn;
    int64_t next_ms; /* PLAIN: when the next line is due */
};

void bs_progress_begin(struct bs_progress *progress, enum bs_progress_mode mode, bool as_json);

/* Shows the text, if it is time to. */
void bs_progress_show(struct bs_progress *progress, const char *text);

/* Takes the bar away. Safe at any time. */
void bs_progress_end(struct bs_progress *progress);

#endif
