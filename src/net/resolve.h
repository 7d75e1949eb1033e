/* Names to addresses without holding up the loop: getaddrinfo may wait for half a minute, so it
 * runs on a thread of its own. Called by net/link.c on the loop's thread. A resolution that is
 * given up lets its thread run out by itself; nothing waits for it. */
#ifndef BS_NET_RESOLVE_H
#define BS_NET_RESOLVE_H

#include "base/error.h"
#include "base/loop.h"

#include <netdb.h>
#include <stdint.h>

struct bs_resolve;

/* done is called once, on the loop's thread and never from within this call: with the addresses
 * (the receiver's, freeaddrinfo), or with NULL and an error of class BS_IO. The resolution is over
 * when done is called and must not be given up any more. */
struct bs_resolve *bs_resolve_start(struct bs_loop *loop, const char *host, uint16_t port,
                                    void (*done)(void *arg, struct addrinfo *addresses,
                                                 const struct bs_error *err),
                                    void *arg);
void bs_resolve_give_up(struct bs_resolve *resolve);

#endif
