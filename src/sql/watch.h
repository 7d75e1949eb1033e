/* A net below sessions with a server that may stop to answer at all: its disk stands still, its
 * machine is paused. A guard asks that server to end a statement, and waits for the answer; a watch
 * needs none. When its time has come it shuts the sessions' connections on this side: what waits
 * for them fails with BS_IO, and they are of no more use.
 *
 *   begin ──> [resting] ──arm──> [armed] ──its moment, or a stop that was asked for──> [cut]
 *                 ^────────rest─────┘
 *
 * Armed, it heeds a stop too (base/stop.h): not at once, so that a server that does answer can end
 * things in order.
 *
 * It has handles of its own of the connections: a session that fails may close its own at any time.
 * From the thread of the sessions. One that was not begun takes all calls, and does nothing. */
#ifndef BS_SQL_WATCH_H
#define BS_SQL_WATCH_H

#include "base/error.h"
#include "sql/session.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BS_WATCH_SESSIONS_MAX = 3,
    BS_WATCH_STOP_MS = 3000, /* between a stop and the cut */
};

/* For arm: only a stop cuts. */
#define BS_WATCH_NEVER INT64_MAX

struct bs_watch {
    int sockets[BS_WATCH_SESSIONS_MAX]; /* -1: none */
    bool is_begun;
    pthread_t thread;
    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t change;
    bool lifted, is_armed, has_cut;
    int64_t at_ms;   /* by bs_clock_mono_ms */
    int64_t stop_ms; /* the same; when a stop was first noticed since it was armed; 0: not yet */
};

/* Begins to rest. A session may be NULL, or lost already. watch is all zero before; it stays in its
 * place until end. */
enum bs_status bs_watch_begin(struct bs_watch *watch, struct bs_sql *const *sessions, size_t count,
                              struct bs_error *err) BS_MUST_CHECK;

/* Cuts at this moment. Armed again, it has this moment, and whoever asked for a stop waits anew. */
void bs_watch_arm(struct bs_watch *watch, int64_t at_ms);
void bs_watch_rest(struct bs_watch *watch);
bool bs_watch_has_cut(struct bs_watch *watch);

/* Nothing is cut any more. */
void bs_watch_end(struct bs_watch *watch);

#endif
