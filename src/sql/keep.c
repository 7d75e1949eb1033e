#include "sql/keep.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"

#include <time.h>

enum {
    OF_IDLE = 4, /* so many pings in the time that the session may be idle for */
    EVERY_MAX_MS = 5000,
    MS_PER_S = 1000,
    NS_PER_MS = 1000000,
};

static bool
is_lifted_until(struct bs_keep *keep, int64_t at_ms) {
    struct timespec at = {at_ms / MS_PER_S, (long)(at_ms % MS_PER_S) * NS_PER_MS};
    int timed_out = 0;
    while (!keep->lifted && timed_out == 0) {
        timed_out = pthread_cond_timedwait(&keep->change, &keep->mutex, &at);
    }
    return keep->lifted;
}

/* One that is lost stays lost: whoever needs it learns that by bs_keep_ping. */
static void *
run(void *arg) {
    struct bs_keep *keep = arg;
    struct bs_error lost;
    enum bs_status status = BS_OK;
    bs_error_clear(&lost);
    bs_sql_thread_begin();
    pthread_mutex_lock(&keep->mutex);
    while (status == BS_OK && !is_lifted_until(keep, bs_clock_mono_ms() + keep->every_ms)) {
        status = bs_sql_ping(keep->sql, &lost);
    }
    pthread_mutex_unlock(&keep->mutex);
    bs_sql_thread_end();
    if (status != BS_OK) {
        bs_log(BS_LOG_WARNING, "the session that holds the source's locks is lost: %s",
               lost.message);
    }
    return NULL;
}

enum bs_status
bs_keep_begin(struct bs_keep *keep, struct bs_sql *sql, int64_t idle_s, struct bs_error *err) {
    int64_t every_ms = idle_s * MS_PER_S / OF_IDLE;
    keep->sql = sql;
    keep->every_ms = every_ms < EVERY_MAX_MS ? every_ms : EVERY_MAX_MS;
    bs_cond_init(&keep->change);
    pthread_mutex_init(&keep->mutex, NULL);
    int failed = bs_thread_start(&keep->thread, run, keep);
    keep->is_begun = failed == 0;
    return failed == 0 ? BS_OK : bs_error_sys(err, failed, "cannot start a thread");
}

enum bs_status
bs_keep_ping(struct bs_keep *keep, struct bs_error *err) {
    BS_ASSERT(keep->is_begun);
    pthread_mutex_lock(&keep->mutex);
    enum bs_status status = bs_sql_ping(keep->sql, err);
    pthread_mutex_unlock(&keep->mutex);
    return status;
}

void
bs_keep_end(struct bs_keep *keep) {
    if (!keep->is_begun) {
        return;
    }
    pthread_mutex_lock(&keep->mutex);
    keep->lifted = true;
    pthread_cond_signal(&keep->change);
    pthread_mutex_unlock(&keep->mutex);
    pthread_join(keep->thread, NULL);
    pthread_cond_destroy(&keep->change);
    pthread_mutex_destroy(&keep->mutex);
    *keep = (struct bs_keep){0};
}
