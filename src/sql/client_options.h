/* All that differs between Oracle's libmysqlclient and MariaDB Connector/C: how an endpoint's
 * options are said to the library. Used by src/sql/session.c only, on the session's thread. */
#ifndef BS_SQL_CLIENT_OPTIONS_H
#define BS_SQL_CLIENT_OPTIONS_H

#include "base/endpoint.h"
#include "base/error.h"

#include <mysql.h>
#include <stdbool.h>

/* Sets up the library once per process; any thread, any number of times. */
void bs_client_library_init(void);

/* Everything that must be said before mysql_real_connect. */
enum bs_status bs_client_set_options(MYSQL *mysql, const struct bs_endpoint *endpoint,
                                     const char *program, bool local_infile,
                                     struct bs_error *err) BS_MUST_CHECK;

/* Holds a new connection against the endpoint's ssl-mode, which Connector/C would let a server
 * without TLS slip by, and makes the kernel notice a dead peer within two minutes. */
enum bs_status bs_client_check_connection(MYSQL *mysql, const struct bs_endpoint *endpoint,
                                          struct bs_error *err) BS_MUST_CHECK;

/* What to do where the library does not find the plugin that an account logs in with. */
const char *bs_client_plugin_hint(void);

#endif
