/* The progress display on stderr: lines redrawn in place on a terminal, else written now and then.
 * One thread. While they are drawn, log lines are written above them. */
#ifndef BS_CLI_PROGRESS_H
#define BS_CLI_PROGRESS_H

#include "cli/values.h"

#include <stdbool.h>
#include <stdint.h>

struct bs_progress {
    enum bs_progress_mode mode; /* never AUTO once begun */
    bool as_json;
    int64_t next_ms; /* PLAIN: when the next line is due */
};

void bs_progress_begin(struct bs_progress *progress, enum bs_progress_mode mode, bool as_json);

/* Shows the text, lines with '\n' between them, if it is time to. */
void bs_progress_show(struct bs_progress *progress, const char *text);

/* Takes the bar away. Safe at any time. */
void bs_progress_end(struct bs_progress *progress);

#endif
