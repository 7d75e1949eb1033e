#include "sql/guard.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/thread.h"
#include "sql/session_private.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum { AGAIN_MS = 500, TICK_MS = 100, NS_PER_MS = 1000000, MS_PER_S = 1000 };

/* Waits until the moment, until a stop is asked for, or until the guard is lifted. By ticks: nobody
 * signals a stop. */
static bool
is_lifted_until(struct bs_guard *guard, int64_t at_ms) {
    for (;;) {
        int64_t now = bs_clock_mono_ms();
        if (guard->lifted || now >= at_ms || (!guard->fired && bs_stop_requested())) {
            return guard->lifted;
        }
        int64_t tick = at_ms - now < TICK_MS ? at_ms : now + TICK_MS;
        struct timespec at = {tick / MS_PER_S, (long)(tick % MS_PER_S) * NS_PER_MS};
        (void)pthread_cond_timedwait(&guard->change, &guard->mutex, &at);
    }
}

static void
kill_victims(struct bs_guard *guard) {
    for (size_t i = 0; i < BS_GUARD_VICTIMS_MAX; i++) {
        struct bs_error ignored;
        if (guard->victims[i] != NULL &&
            bs_sql_exec(guard->killer, &ignored, "KILL QUERY %" PRIu64,
                        bs_sql_connection_id(guard->victims[i])) != BS_OK) {
            bs_log(BS_LOG_WARNING, "a statement that is out of time could not be ended: %s",
                   ignored.message);
        }
    }
}

static void *
watch(void *arg) {
    struct bs_guard *guard = arg;
    int64_t at_ms = guard->deadline_ms;
    (void)mysql_thread_init();
    pthread_mutex_lock(&guard->mutex);
    while (!is_lifted_until(guard, at_ms)) {
        guard->fired = true;
        pthread_mutex_unlock(&guard->mutex);
        kill_victims(guard);
        pthread_mutex_lock(&guard->mutex);
        at_ms = bs_clock_mono_ms() + AGAIN_MS;
    }
    pthread_mutex_unlock(&guard->mutex);
    mysql_thread_end();
    return NULL;
}

enum bs_status
bs_guard_begin(struct bs_guard *guard, struct bs_sql *killer, struct bs_sql *victim,
               struct bs_sql *second, int64_t deadline_ms, struct bs_error *err) {
    *guard = (struct bs_guard){.killer = killer,
                               .victims = {victim, second},
                               .deadline_ms = deadline_ms > 0 ? deadline_ms : 0};
    bs_cond_init(&guard->change);
    pthread_mutex_init(&guard->mutex, NULL);
    int failed = bs_thread_start(&guard->thread, watch, guard);
    return failed == 0 ? BS_OK : bs_error_sys(err, failed, "cannot start a thread");
}

/* A KILL that came between two statements would hit the next one. */
static void
absorb_kill(struct bs_sql *victim) {
    struct bs_error ignored;
    if (victim != NULL && bs_sql_exec(victim, &ignored, "SELECT 1") != BS_OK) {
        bs_log(BS_LOG_DEBUG, "after the deadline: %s", ignored.message);
    }
}

bool
bs_guard_end(struct bs_guard *guard) {
    pthread_mutex_lock(&guard->mutex);
    guard->lifted = true;
    pthread_cond_signal(&guard->change);
    pthread_mutex_unlock(&guard->mutex);
    pthread_join(guard->thread, NULL);
    pthread_cond_destroy(&guard->change);
    pthread_mutex_destroy(&guard->mutex);
    for (size_t i = 0; i < BS_GUARD_VICTIMS_MAX && guard->fired; i++) {
        absorb_kill(guard->victims[i]);
    }
    return guard->fired;
}

bool
bs_sql_is_interrupted(const struct bs_error *err) {
    enum { ER_LOCK_WAIT_TIMEOUT = 1205, ER_QUERY_INTERRUPTED = 1317, ER_STATEMENT_TIMEOUT = 1969 };
    return err->status == BS_SERVER &&
           (err->sql_errno == ER_LOCK_WAIT_TIMEOUT || err->sql_errno == ER_QUERY_INTERRUPTED ||
            err->sql_errno == ER_STATEMENT_TIMEOUT);
}
