/* A byte connection to one endpoint on the loop: TCP or unix socket, later TLS inside it.
 *
 *            open                 address        connected              bs_link_secure
 *   CLOSED ────────> RESOLVING ──────────> CONNECTING ──────────> PLAIN ──────────────> HANDSHAKE
 *     ^                  │                  │   ^ next address      │                      │ done
 *     └──────────────────┴──────────────────┴───┴──────────────────┴──────────┬───────── SECURE
 *                        bs_link_close, or lost()
 *
 * (A unix socket goes from CLOSED to CONNECTING.) Edges: on_resolved, connect_next, finish_connect,
 * bs_link_secure, handshake, bs_link_close.
 *
 * Everything happens on the loop's thread. Hooks may call any function here but bs_link_free. lost
 * is called at most once per open, with the link closed already; no other hook is called after it
 * or after bs_link_close. Input is pushed: what the hook does not take is kept, which it may do
 * only after bs_link_pause; a paused link does not read its socket, which is how backpressure
 * reaches the server. */
#ifndef BS_NET_LINK_H
#define BS_NET_LINK_H

#include "base/endpoint.h"
#include "base/error.h"
#include "base/loop.h"
#include "net/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bs_link_state {
    BS_LINK_CLOSED,
    BS_LINK_RESOLVING,
    BS_LINK_CONNECTING,
    BS_LINK_PLAIN,
    BS_LINK_HANDSHAKE,
    BS_LINK_SECURE,
    BS_LINK_STATES,
};

struct bs_link_hooks {
    void (*opened)(void *arg);  /* connected, plain */
    void (*secured)(void *arg); /* TLS is up */
    size_t (*input)(void *arg, const uint8_t *data,
                    size_t len); /* returns how much it took; after a
                                  * pause it is called even with 0 */
    void (*drained)(void *arg);  /* all that had arrived went through input */
    void (*lost)(void *arg, const struct bs_error *err);
};

struct bs_link;

/* context may be NULL where bs_link_secure is never called. hooks and endpoint must outlive it. */
struct bs_link *bs_link_new(struct bs_loop *loop, const struct bs_endpoint *endpoint,
                            struct bs_tls_context *context, const struct bs_link_hooks *hooks,
                            void *arg);
void bs_link_free(struct bs_link *link);

void bs_link_open(struct bs_link *link);
void bs_link_close(struct bs_link *link); /* in every state */
void bs_link_secure(struct bs_link *link);
void bs_link_send(struct bs_link *link, const void *data, size_t len);
void bs_link_pause(struct bs_link *link, bool paused);

enum bs_link_state bs_link_state(const struct bs_link *link);

/* When the last byte came (or the link was opened or resumed), on the monotonic clock. */
int64_t bs_link_heard_ms(const struct bs_link *link);

/* "TLSv1.3", "" without. */
const char *bs_link_tls_version(const struct bs_link *link);

/* The endpoint says unix socket rather than TCP. */
bool bs_link_is_local(const struct bs_endpoint *endpoint);

#endif
