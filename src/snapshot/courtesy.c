#include "snapshot/courtesy.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { US_PER_S = 1000000, NS_PER_US = 1000, US_PER_MS = 1000 };

/* Who has not read for this long may catch up on it at once. */
enum { BURST_US = 100000 };

static const int64_t FOR_EVER_US = (int64_t)365 * 24 * 3600 * US_PER_S;

struct bs_courtesy {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t max_bytes_per_s;
    int64_t free_us; /* from when on the next bytes may pass, as bs_clock_mono_us */
    bool is_paused, is_stopped;
    int64_t paused_since_us;
    int64_t paused_us; /* pauses that are over */
    unsigned int awaiting;
};

struct bs_courtesy *
bs_courtesy_new(uint64_t max_bytes_per_s) {
    struct bs_courtesy *courtesy = bs_zalloc(sizeof *courtesy);
    bs_cond_init(&courtesy->changed);
    pthread_mutex_init(&courtesy->lock, NULL);
    courtesy->max_bytes_per_s = max_bytes_per_s;
    return courtesy;
}

void
bs_courtesy_free(struct bs_courtesy *courtesy) {
    if (courtesy == NULL) {
        return;
    }
    pthread_cond_destroy(&courtesy->changed);
    pthread_mutex_destroy(&courtesy->lock);
    free(courtesy);
}

/* Under the lock: the moment from which these bytes may pass; those behind them wait for them. */
static int64_t
reserve(struct bs_courtesy *courtesy, uint64_t bytes) {
    int64_t now = bs_clock_mono_us();
    if (courtesy->max_bytes_per_s == 0) {
        return now;
    }
    int64_t from = courtesy->free_us > now - BURST_US ? courtesy->free_us : now - BURST_US;
    double lasts = (double)bytes * US_PER_S / (double)courtesy->max_bytes_per_s;
    courtesy->free_us = from + (int64_t)lasts;
    return from;
}

static void
wait_until(struct bs_courtesy *courtesy, int64_t us) {
    struct timespec at = {us / US_PER_S, (long)(us % US_PER_S) * NS_PER_US};
    (void)pthread_cond_timedwait(&courtesy->changed, &courtesy->lock, &at);
}

/* Under the lock. */
static void
await_pause(struct bs_courtesy *courtesy, int64_t *left_us) {
    int64_t since = bs_clock_mono_us();
    int64_t until = since + *left_us;
    int64_t now = since;
    while (!courtesy->is_stopped && courtesy->is_paused && now < until) {
        wait_until(courtesy, until);
        now = bs_clock_mono_us();
    }
    *left_us = until > now ? until - now : 0;
}

bool
bs_courtesy_take(struct bs_courtesy *courtesy, uint64_t bytes, int64_t *pause_left_us) {
    pthread_mutex_lock(&courtesy->lock);
    int64_t from = reserve(courtesy, bytes);
    await_pause(courtesy, pause_left_us);
    while (!courtesy->is_stopped && bs_clock_mono_us() < from) {
        wait_until(courtesy, from);
    }
    bool may_pass = !courtesy->is_stopped;
    pthread_mutex_unlock(&courtesy->lock);
    return may_pass;
}

void
bs_courtesy_await(struct bs_courtesy *courtesy, int64_t most_ms) {
    int64_t left_us = most_ms < 0 ? FOR_EVER_US : most_ms * US_PER_MS;
    pthread_mutex_lock(&courtesy->lock);
    courtesy->awaiting++;
    await_pause(courtesy, &left_us);
    courtesy->awaiting--;
    pthread_mutex_unlock(&courtesy->lock);
}

unsigned int
bs_courtesy_awaiting(struct bs_courtesy *courtesy) {
    pthread_mutex_lock(&courtesy->lock);
    unsigned int awaiting = courtesy->awaiting;
    pthread_mutex_unlock(&courtesy->lock);
    return awaiting;
}

void
bs_courtesy_pause(struct bs_courtesy *courtesy, bool on) {
    pthread_mutex_lock(&courtesy->lock);
    if (on && !courtesy->is_paused) {
        courtesy->paused_since_us = bs_clock_mono_us();
    } else if (!on && courtesy->is_paused) {
        courtesy->paused_us += bs_clock_mono_us() - courtesy->paused_since_us;
    }
    courtesy->is_paused = on;
    pthread_cond_broadcast(&courtesy->changed);
    pthread_mutex_unlock(&courtesy->lock);
}

void
bs_courtesy_stop(struct bs_courtesy *courtesy) {
    pthread_mutex_lock(&courtesy->lock);
    courtesy->is_stopped = true;
    pthread_cond_broadcast(&courtesy->changed);
    pthread_mutex_unlock(&courtesy->lock);
}

int64_t
bs_courtesy_paused_ms(struct bs_courtesy *courtesy) {
    pthread_mutex_lock(&courtesy->lock);
    int64_t us = courtesy->paused_us;
    us += courtesy->is_paused ? bs_clock_mono_us() - courtesy->paused_since_us : 0;
    pthread_mutex_unlock(&courtesy->lock);
    return us / US_PER_MS;
}
