/* One connection to a source, from the greeting to the stream of events: drives src/wire over a
 * link.
 *
 *   CLOSED ──open──> CONNECTING ──opened──> GREETING ──┬────────────> LOGIN ──OK──> PREPARING
 *     ^                                                └─> SECURING ───^               │
 *     │                                                                      all steps │
 *     │                                                                                v
 *     └── close, lost, end: from every state           DUMPING <──────OK────── REGISTERING
 *
 * Edges: bs_client_open, on_opened, take_greeting, on_secured, take_login, next_step,
 * take_registered, bs_client_close. One packet handler per state, in a const table.
 *
 * Everything happens on the loop's thread; hooks follow the rules of net/link.h: lost and ended
 * come with the client closed already. Events gather in the caller's block. */
#ifndef BS_NET_CLIENT_H
#define BS_NET_CLIENT_H

#include "base/endpoint.h"
#include "base/error.h"
#include "base/loop.h"
#include "net/block.h"
#include "net/setup.h"
#include "net/stream.h"

#include <stdbool.h>
#include <stdint.h>

enum bs_client_state {
    BS_CLIENT_CLOSED,
    BS_CLIENT_CONNECTING,
    BS_CLIENT_GREETING,
    BS_CLIENT_SECURING,
    BS_CLIENT_LOGIN,
    BS_CLIENT_PREPARING,
    BS_CLIENT_REGISTERING,
    BS_CLIENT_DUMPING,
    BS_CLIENT_STATES,
};

struct bs_client_hooks {
    void (*dumping)(void *arg); /* the first event is here, in the block */
    void (*events)(void *arg);  /* an event became whole in the block */
    void (*drained)(void *arg); /* nothing more has arrived */
    void (*ended)(void *arg);   /* the server has no more events (non_block) */
    void (*lost)(void *arg, const struct bs_error *err);
};

struct bs_client;

/* Checks the endpoint's options and reads the files they name: BS_CONFIG. All pointers must outlive
 * the client. */
enum bs_status bs_client_new(struct bs_client **client, struct bs_loop *loop,
                             const struct bs_stream_config *config, struct bs_event_block *block,
                             const struct bs_client_hooks *hooks, void *arg,
                             struct bs_error *err) BS_MUST_CHECK;
void bs_client_free(struct bs_client *client);

/* The request must live until the client is closed. */
void bs_client_open(struct bs_client *client, const struct bs_stream_request *request);
void bs_client_close(struct bs_client *client);
void bs_client_pause(struct bs_client *client, bool paused); /* only while DUMPING; else nothing */

enum bs_client_state bs_client_state(const struct bs_client *client);

/* What the source said; valid from DUMPING on until the next open. */
const struct bs_setup *bs_client_setup(const struct bs_client *client);

/* How long the server has been silent; paused counts as heard. */
int64_t bs_client_silent_ms(const struct bs_client *client);

/* Events have begun to come: from then on heartbeats bound the silence. */
bool bs_client_is_flowing(const struct bs_client *client);

#endif
