/* TLS over memory: ciphertext in, plaintext out, and the other way round. Knows no socket.
 *
 * A context is made once per endpoint and checks its options (class BS_CONFIG); a session lives as
 * long as a connection. Used by net/link.c on the loop's thread. Errors say what about the other
 * side's certificate or version is not acceptable and which option would accept it. */
#ifndef BS_NET_TLS_H
#define BS_NET_TLS_H

#include "base/buf.h"
#include "base/endpoint.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_tls_context;
struct bs_tls;

/* *context is NULL with ssl-mode DISABLED. The endpoint must outlive it. */
enum bs_status bs_tls_context_new(struct bs_tls_context **context,
                                  const struct bs_endpoint *endpoint,
                                  struct bs_error *err) BS_MUST_CHECK;
void bs_tls_context_free(struct bs_tls_context *context);

enum bs_status bs_tls_new(struct bs_tls **tls, struct bs_tls_context *context,
                          struct bs_error *err) BS_MUST_CHECK;
void bs_tls_free(struct bs_tls *tls);

void bs_tls_feed(struct bs_tls *tls, const void *ciphertext, size_t len);
void bs_tls_take(struct bs_tls *tls, struct bs_buf *ciphertext); /* appends what is to be sent */

/* Goes on with the handshake as far as what was fed allows. */
enum bs_status bs_tls_handshake(struct bs_tls *tls, bool *done, struct bs_error *err) BS_MUST_CHECK;

/* *len 0: nothing more until more is fed. BS_IO: the other side closed. */
enum bs_status bs_tls_read(struct bs_tls *tls, void *plaintext, size_t cap, size_t *len,
                           struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_tls_write(struct bs_tls *tls, const void *plaintext, size_t len,
                            struct bs_error *err) BS_MUST_CHECK;

/* "TLSv1.3", for the log. */
const char *bs_tls_version(const struct bs_tls *tls);

#endif
