/* Keeps a session that holds locks, and says nothing for long, in the server's mind; and lets the
 * server end it soon when we are gone. A machine that loses its power or its network says no
 * goodbye: its session, with all that it has locked, would stay until the server's TCP gives it up,
 * which takes hours by default, or until wait_timeout, which is a year (session.c).
 *
 *   bs_sql_limit_idle, LOCK ..., bs_keep_begin ──> pinged now and then ──> bs_keep_end, UNLOCK ...
 *
 * The limit goes before the lock: what is granted to the dead must go too. Between begin and end
 * the session belongs to the keeper's thread: the caller uses it for bs_keep_ping only. begin, ping
 * and end from one thread. */
#ifndef BS_SQL_KEEP_H
#define BS_SQL_KEEP_H

#include "base/error.h"
#include "sql/session.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct bs_keep {
    struct bs_sql *sql;
    int64_t every_ms;
    bool is_begun;
    pthread_t thread;
    pthread_mutex_t mutex; /* of the session, and of what is below */
    pthread_cond_t change;
    bool lifted;
};

/* idle_s: as it was limited to. keep is all zero before; it stays in its place until end. */
enum bs_status bs_keep_begin(struct bs_keep *keep, struct bs_sql *sql, int64_t idle_s,
                             struct bs_error *err) BS_MUST_CHECK;

/* Is the session still there? */
enum bs_status bs_keep_ping(struct bs_keep *keep, struct bs_error *err) BS_MUST_CHECK;

/* The session is the caller's again. Fine for one that was not begun. */
void bs_keep_end(struct bs_keep *keep);

#endif
