/* Where the servers are: URI, environment, password file and option file put together. Called by
 * cli.c. A password never gets into an error or a log from here. */
#ifndef BS_CLI_CONNECT_H
#define BS_CLI_CONNECT_H

#include "base/endpoint.h"
#include "base/error.h"

/* Which of the two, by name: "source" or "target". uri NULL: from BINSTREAM_SOURCE, or from the
 * option file alone. defaults_file may be NULL. In order of precedence: the URI, its password-file,
 * BINSTREAM_SOURCE_PASSWORD, [binstream-source], [client]. */
enum bs_status bs_connect_resolve(struct bs_endpoint *endpoint, const char *which, const char *uri,
                                  const char *defaults_file, struct bs_error *err) BS_MUST_CHECK;

/* Overwrites what may be a password in the arguments, in place, so that ps does not show it. What
 * it takes for a password is more than what may be one: everything between the first ':' behind the
 * scheme and the last '@', and options that are called something with "pass". */
void bs_connect_mask(char *arg);

#endif
