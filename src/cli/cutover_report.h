/* The report of a cutover for people, from the JSON that the follow leaves in the state. */
#ifndef BS_CLI_CUTOVER_REPORT_H
#define BS_CLI_CUTOVER_REPORT_H

#include "base/buf.h"

void bs_cutover_report_put(struct bs_buf *out, const char *json);
/* What a command that shows it exits with: as the one that made it. json may be NULL: 0. */
int bs_cutover_report_exit(const char *json);

#endif
