/* Named points at which a fault test kills the process: BINSTREAM_FAULT=name or name:n makes the
 * n-th pass of that point raise SIGKILL. Compiled into every build, so that what is tested is what
 * is shipped; without the variable a point costs one load. The names are listed in
 * docs/internals/fault-points.md. */
#ifndef BS_BASE_FAULT_H
#define BS_BASE_FAULT_H

#include <stdbool.h>

/* Is the process to die at this point, sooner or later? For what would pass it by. */
bool bs_fault_is_asked(const char *name);
void bs_fault_point(const char *name);

#endif
