/* A deadline for the statements of sessions that another thread, or nobody, could interrupt: when
 * it has passed, or a stop was asked for (base/stop.h), a thread sends KILL QUERY for them, again
 * and again, until the guard is lifted. A server's own timeouts count in seconds, and not
 * everything that waits obeys them. A server that does not answer at all holds up the guard as
 * well: see watch.h.
 *
 * Between begin and end the killer belongs to the guard's thread: the caller uses it for nothing.
 * The victims stay the caller's; a statement that was killed fails with 1317. Used by one thread.
 */
#ifndef BS_SQL_GUARD_H
#define BS_SQL_GUARD_H

#include "base/error.h"
#include "sql/session.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { BS_GUARD_VICTIMS_MAX = 2 };

struct bs_guard {
    struct bs_sql *killer;
    struct bs_sql *victims[BS_GUARD_VICTIMS_MAX]; /* NULL: none */
    int64_t deadline_ms;                          /* by bs_clock_mono_ms */
    pthread_t thread;
    pthread_mutex_t mutex; /* of the two below */
    pthread_cond_t change;
    bool lifted, fired;
};

/* Starts to watch. The sessions stay open, and the guard in its place, until end. */
enum bs_status bs_guard_begin(struct bs_guard *guard, struct bs_sql *killer, struct bs_sql *victim,
                              struct bs_sql *second, int64_t deadline_ms,
                              struct bs_error *err) BS_MUST_CHECK;

/* Lifts it. True if it has sent any; then no late KILL hits a next statement. */
bool bs_guard_end(struct bs_guard *guard);

/* Is this how a statement fails that was killed, or waited as long as the session may? */
bool bs_sql_is_interrupted(const struct bs_error *err);

#endif
