/* How the copy spares the source: a bound on the bytes that it reads a second, and pauses while the
 * source is under load.
 *
 *   dumpers: take(bytes) ... waits ...        main thread: pause(on / off), stop
 *
 * What a dumper does not take, it does not read on from the server, which then waits with the rest
 * of its answer, and so does DDL on the table that is read. Writers of that table wait behind the
 * DDL, and may be all of the load: so a pause lasts as long as the load does between two chunks,
 * where nothing is held, and BS_PAUSE_HELD_MS within one. All functions may be called from any
 * thread. */
#ifndef BS_SNAPSHOT_COURTESY_H
#define BS_SNAPSHOT_COURTESY_H

#include <stdbool.h>
#include <stdint.h>

enum { BS_PAUSE_HELD_MS = 10000 };

struct bs_courtesy;

struct bs_courtesy *bs_courtesy_new(uint64_t max_bytes_per_s); /* 0: no bound */
void bs_courtesy_free(struct bs_courtesy *courtesy);

/* Waits until so many bytes may pass. *pause_left_us: so long a pause is heeded; what it took is
 * taken off. false: it was stopped. */
bool bs_courtesy_take(struct bs_courtesy *courtesy, uint64_t bytes, int64_t *pause_left_us);

/* Waits until no pause is on, for so long at most; negative: however long. */
void bs_courtesy_await(struct bs_courtesy *courtesy, int64_t most_ms);
/* So many do. */
unsigned int bs_courtesy_awaiting(struct bs_courtesy *courtesy);

void bs_courtesy_pause(struct bs_courtesy *courtesy, bool on);
/* For good: nobody waits any more. */
void bs_courtesy_stop(struct bs_courtesy *courtesy);

/* All pauses so far, the one that lasts included. */
int64_t bs_courtesy_paused_ms(struct bs_courtesy *courtesy);

#endif
