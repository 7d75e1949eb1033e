/* A bounded queue between threads, bounded by weight in bytes: this is binstream's backpressure.
 *
 *   producer ──push──> [ items, weight <= limit ] ──pop──> consumer
 *          waits while full              waits while empty
 *
 * One item is always let in, however heavy, so a row larger than the limit passes. Closing wakes
 * everybody: pushes fail at once, pops drain what is left and then fail. A producer that must not
 * wait (the loop thread) uses bs_queue_try_push and on_space, which is called by the consumer's
 * thread, without the queue's lock, when a refused push would succeed. Items are pointers; on close
 * the owner pops what is left and frees it. All functions may be called from any thread. */
#ifndef BS_BASE_QUEUE_H
#define BS_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct bs_queue;

struct bs_queue *bs_queue_new(size_t limit_bytes);
void bs_queue_free(struct bs_queue *queue); /* must be empty */

/* Once this returns, the callback that was set before is not running and will not be called again.
 */
void bs_queue_on_space(struct bs_queue *queue, void (*on_space)(void *arg), void *arg);

bool bs_queue_push(struct bs_queue *queue, void *item, size_t weight); /* false: closed */
/* The same, for so long at most, if not negative. false: closed, or still full. */
bool bs_queue_push_within(struct bs_queue *queue, void *item, size_t weight, int timeout_ms);
bool bs_queue_try_push(struct bs_queue *queue, void *item,
                       size_t weight); /* false: full or closed */

/* NULL: closed and empty, or timeout_ms passed (see bs_queue_is_closed). timeout_ms < 0 waits for
 * ever. */
void *bs_queue_pop(struct bs_queue *queue, int timeout_ms);

/* Ends a wait in pop, this one or the next, as if its time had passed. */
void bs_queue_nudge(struct bs_queue *queue);

void bs_queue_close(struct bs_queue *queue);
bool bs_queue_is_closed(struct bs_queue *queue);
size_t bs_queue_weight(struct bs_queue *queue);

#endif
