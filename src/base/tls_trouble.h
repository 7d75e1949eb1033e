/* TLS that failed, in words of a user: which of the usual reasons it was, and what to do. Pure.
 *
 * Called by both ways to a server, src/net (OpenSSL's own reasons) and src/sql (the client
 * library's message, which quotes OpenSSL's): the texts are the same, so they are told apart here.
 */
#ifndef BS_BASE_TLS_TROUBLE_H
#define BS_BASE_TLS_TROUBLE_H

#include "base/endpoint.h"
#include "base/error.h"

#include <stdbool.h>

/* Sets err, class BS_SERVER, when text is known; else false and err is untouched. Trying again does
 * not mend any of them. */
bool bs_tls_trouble_explain(const struct bs_endpoint *endpoint, const char *text,
                            struct bs_error *err);

/* For a connection that ended between TLS and the end of the login. With TLS 1.3 a server says only
 * then, and seldom in a way that arrives, that it does not take the client's certificate; the error
 * gets a hint where there is one. */
void bs_tls_trouble_hint_login(const struct bs_endpoint *endpoint, struct bs_error *err);

#endif
