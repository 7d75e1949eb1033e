#include "sql/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/thread.h"
#include "sql/session_private.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 100, NS_PER_MS = 1000000, MS_PER_S = 1000 };

/* Waits for a change, but no longer than a tick: nobody signals a stop. */
static void
await_tick(struct bs_watch *watch) {
    int64_t at_ms = bs_clock_mono_ms() + TICK_MS;
    struct timespec at = {at_ms / MS_PER_S, (long)(at_ms % MS_PER_S) * NS_PER_MS};
    (void)pthread_cond_timedwait(&watch->change, &watch->mutex, &at);
}

static bool
is_due(struct bs_watch *watch) {
    int64_t now = bs_clock_mono_ms();
    if (!watch->is_armed) {
        return false;
    }
    if (watch->stop_ms == 0 && bs_stop_requested()) {
        watch->stop_ms = now;
    }
    return now >= watch->at_ms || (watch->stop_ms != 0 && now - watch->stop_ms >= BS_WATCH_STOP_MS);
}

static void
cut(struct bs_watch *watch) {
    watch->has_cut = true;
    for (size_t i = 0; i < BS_WATCH_SESSIONS_MAX; i++) {
        if (watch->sockets[i] >= 0) {
            (void)shutdown(watch->sockets[i], SHUT_RDWR);
        }
    }
    bs_log(BS_LOG_WARNING, "a server does not answer in time: its connections were cut");
}

static void *
run(void *arg) {
    struct bs_watch *watch = arg;
    pthread_mutex_lock(&watch->mutex);
    while (!watch->lifted && !watch->has_cut) {
        await_tick(watch);
        if (!watch->lifted && is_due(watch)) {
            cut(watch);
        }
    }
    pthread_mutex_unlock(&watch->mutex);
    return NULL;
}

static void
take_sockets(struct bs_watch *watch, struct bs_sql *const *sessions, size_t count) {
    BS_ASSERT(count <= BS_WATCH_SESSIONS_MAX);
    for (size_t i = 0; i < BS_WATCH_SESSIONS_MAX; i++) {
        bool is_there = i < count && sessions[i] != NULL;
        watch->sockets[i] = is_there ? fcntl(bs_sql_socket(sessions[i]), F_DUPFD_CLOEXEC, 0) : -1;
    }
}

static void
close_sockets(struct bs_watch *watch) {
    for (size_t i = 0; i < BS_WATCH_SESSIONS_MAX; i++) {
        if (watch->sockets[i] >= 0) {
            (void)close(watch->sockets[i]);
        }
    }
}

enum bs_status
bs_watch_begin(struct bs_watch *watch, struct bs_sql *const *sessions, size_t count,
               struct bs_error *err) {
    take_sockets(watch, sessions, count);
    bs_cond_init(&watch->change);
    pthread_mutex_init(&watch->mutex, NULL);
    int failed = bs_thread_start(&watch->thread, run, watch);
    watch->is_begun = failed == 0;
    if (failed != 0) {
        close_sockets(watch);
        return bs_error_sys(err, failed, "cannot start a thread");
    }
    return BS_OK;
}

void
bs_watch_arm(struct bs_watch *watch, int64_t at_ms) {
    if (!watch->is_begun) {
        return;
    }
    pthread_mutex_lock(&watch->mutex);
    watch->is_armed = true;
    watch->at_ms = at_ms;
    watch->stop_ms = 0;
    pthread_mutex_unlock(&watch->mutex);
}

void
bs_watch_rest(struct bs_watch *watch) {
    if (!watch->is_begun) {
        return;
    }
    pthread_mutex_lock(&watch->mutex);
    watch->is_armed = false;
    pthread_mutex_unlock(&watch->mutex);
}

bool
bs_watch_has_cut(struct bs_watch *watch) {
    if (!watch->is_begun) {
        return false;
    }
    pthread_mutex_lock(&watch->mutex);
    bool has_cut = watch->has_cut;
    pthread_mutex_unlock(&watch->mutex);
    return has_cut;
}

void
bs_watch_end(struct bs_watch *watch) {
    if (!watch->is_begun) {
        return;
    }
    pthread_mutex_lock(&watch->mutex);
    watch->lifted = true;
    pthread_cond_signal(&watch->change);
    pthread_mutex_unlock(&watch->mutex);
    pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->change);
    pthread_mutex_destroy(&watch->mutex);
    close_sockets(watch);
    watch->is_begun = false;
}
