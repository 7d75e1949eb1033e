/* The signal flag, the second global of the program: SIGINT, SIGTERM, SIGQUIT and SIGHUP (unless it
 * was ignored when we were started) ask for a clean stop; a second one, but for SIGHUP, stops at
 * once. Long loops ask bs_stop_requested() at points where stopping is safe. */
#ifndef BS_BASE_STOP_H
#define BS_BASE_STOP_H

#include "base/error.h"

#include <stdbool.h>

void bs_stop_install_handlers(void);
bool bs_stop_requested(void);
void bs_stop_request(void); /* as if the signal had come; any thread */

/* What a stop at once would leave behind, and what to do about it: said by the second signal. Lines
 * of static text; NULL: nothing. */
void bs_stop_leaves(const char *what);

/* BS_OK, or BS_CANCELLED with a message when a stop was asked for. */
enum bs_status bs_stop_check(struct bs_error *err) BS_MUST_CHECK;

#endif
