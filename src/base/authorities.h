/* The certificate authorities of the system, which nothing here trusts: who verifies a server names
 * its authority with ssl-ca. The client library has OpenSSL read all of them for each session with
 * TLS nevertheless, 140 certificates that take OpenSSL 3 some 30 ms of processor time, many times
 * what the session itself takes; and OpenSSL learns from its environment alone that there are none.
 *
 * For the main thread before it starts another one: the environment is the process's. */
#ifndef BS_BASE_AUTHORITIES_H
#define BS_BASE_AUTHORITIES_H

#include <stdbool.h>

/* From now on OpenSSL finds none of its own accord. */
void bs_authorities_leave_out(void);

/* Is this entry of environ ours? A child process, which may trust them, must not have it. */
bool bs_authorities_is_ours(const char *entry);

/* The entry that was there before; NULL: none. Ours, while the process lives. */
const char *bs_authorities_before(void);

#endif
