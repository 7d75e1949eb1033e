/* MySQL option files, as far as reaching a server goes: [client] and [binstream-source] or
 * [binstream-target]. Called by connect.c. */
#ifndef BS_CLI_DEFAULTS_FILE_H
#define BS_CLI_DEFAULTS_FILE_H

#include "base/error.h"

#include <stdbool.h>

/* Reads the file into a URI for which ("source" or "target"), heap-owned; NULL if the file says
 * nothing. *names_server: one of host, port, socket or user is among it. In [binstream-...] an
 * unknown name is an error; in [client] what other clients need is passed over. */
enum bs_status bs_defaults_file_read(const char *path, const char *which, char **uri,
                                     bool *names_server, struct bs_error *err) BS_MUST_CHECK;

#endif
