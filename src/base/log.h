/* The log: one line per fact, to stderr, as text or as JSON. The sink is one of the two globals of
 * the program; it is set up before threads start. bs_log may be called from any thread. Passwords
 * never get here: URIs are logged with bs_endpoint_describe. */
#ifndef BS_BASE_LOG_H
#define BS_BASE_LOG_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum bs_log_level { BS_LOG_DEBUG, BS_LOG_INFO, BS_LOG_WARNING, BS_LOG_ERROR };

void bs_log_setup(enum bs_log_level least, bool as_json);
bool bs_log_level_parse(const char *name, enum bs_log_level *level);
/* A progress bar on stderr, on a terminal: lines of text, no longer than it is wide. Each is drawn
 * over the one before; a line of the log first takes it away. */
void bs_log_draw_bar(const char *text);
void bs_log_erase_bar(void);
void bs_log(enum bs_log_level level, const char *fmt, ...) BS_PRINTF(2, 3);

/* An error with its context, position and hint, one fact a line (one object with --json). */
void bs_log_error(enum bs_log_level level, const struct bs_error *err);

/* Writes text as the inside of a JSON string (no quotes) into out, cut at cap; bytes that are not
 * UTF-8 become \ufffd. */
void bs_json_escape(char *out, size_t cap, const char *text, size_t len);

#endif
