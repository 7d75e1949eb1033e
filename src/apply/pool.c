#include "apply/pool_private.h"

#include "apply/bulk_insert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum {
    SMALL_ROWS = 32, /* of a bundle that may share a packet */
    SMALL_BYTES = 16 << 10,
};

void
bs_jobs_put(struct bs_jobs *jobs, struct bs_job *job) {
    job->next = NULL;
    *(jobs->last != NULL ? &jobs->last->next : &jobs->first) = job;
    jobs->last = job;
}

struct bs_job *
bs_jobs_take(struct bs_jobs *jobs) {
    struct bs_job *job = jobs->first;
    if (job != NULL) {
        jobs->first = job->next;
        jobs->last = jobs->first != NULL ? jobs->last : NULL;
    }
    return job;
}

static void
free_job(struct bs_job *job) {
    if (job != NULL) {
        bs_applied_fini(&job->applied);
        free(job);
    }
}

static void
drop_jobs(struct bs_jobs *jobs) {
    struct bs_job *job;
    while ((job = bs_jobs_take(jobs)) != NULL) {
        free_job(job);
    }
}

static void
free_chain(struct bs_pool *pool, struct bs_chain *chain) {
    struct bs_chain **link = &pool->chains;
    while (*link != chain) {
        link = &(*link)->next;
    }
    *link = chain->next;
    pool->chain_count--;
    pool->small_chains -= chain->is_small;
    free(chain);
}

void
bs_pool_put_done(struct bs_pool *pool, struct bs_job *job) {
    job->chain->held--;
    bs_jobs_put(&pool->done, job);
}

void
bs_job_not_run(struct bs_job *job, bool is_lost) {
    job->result.status =
        bs_error_set(&job->result.err, BS_CONFLICT, "gave way to a transaction before it");
    job->result.is_lost = is_lost;
    job->result.is_not_run = true;
}

bool
bs_pool_is_worth_waking(const struct bs_pool *pool) {
    unsigned int enough = pool->small > 0 ? pool->count : pool->count / 2;
    return pool->done.first != NULL && (pool->has_lost || pool->ready_chains <= enough);
}

static enum bs_status
start_worker(struct bs_pool *pool, unsigned int index, struct bs_error *err) {
    struct bs_worker *worker = &pool->workers[index];
    worker->pool = pool;
    worker->number = index + 1;
    bs_error_clear(&worker->open_err);
    bs_spent_init(&worker->spent, BS_SPENT_IDLE);
    int failed = pthread_create(&worker->thread, NULL, bs_worker_run, worker);
    worker->is_started = failed == 0;
    return failed == 0 ? BS_OK : bs_error_sys(err, failed, "cannot start a thread for a lane");
}

/* Waits until each worker that was started has its lane, or an error instead of it. */
static enum bs_status
await_lanes(struct bs_pool *pool, struct bs_error *err) {
    enum bs_status status = BS_OK;
    pthread_mutex_lock(&pool->lock);
    for (unsigned int i = 0; i < pool->count; i++) {
        struct bs_worker *worker = &pool->workers[i];
        while (worker->is_started && worker->state == BS_WORKER_OPENING) {
            pthread_cond_wait(&pool->done_cond, &pool->lock);
        }
        if (status == BS_OK && worker->is_started && worker->opened != BS_OK) {
            status = worker->opened;
            if (err != NULL) {
                *err = worker->open_err;
            }
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return status;
}

enum bs_status
bs_pool_open(struct bs_pool **out, const struct bs_pool_config *config, struct bs_error *err) {
    BS_ASSERT(config->lanes >= 1 && config->lanes <= BS_POOL_LANES_MAX);
    struct bs_pool *pool = bs_zalloc(sizeof *pool + config->lanes * sizeof *pool->workers);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_mutex_init(&pool->notify_lock, NULL);
    bs_cond_init(&pool->given);
    bs_cond_init(&pool->done_cond);
    bs_cond_init(&pool->turn);
    pool->config = *config;
    pool->next_commit = config->first_number;
    pool->count = config->lanes;
    enum bs_status status = BS_OK;
    for (unsigned int i = 0; i < config->lanes && status == BS_OK; i++) {
        status = start_worker(pool, i, err);
    }
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status opened = await_lanes(pool, &failure);
    if (status == BS_OK && opened != BS_OK) {
        status = opened;
        if (err != NULL) {
            *err = failure;
        }
    }
    if (status != BS_OK) {
        bs_pool_close(pool);
        pool = NULL;
    }
    *out = pool;
    return status;
}

void
bs_pool_close(struct bs_pool *pool) {
    if (pool == NULL) {
        return;
    }
    bs_pool_on_done(pool, NULL, NULL);
    pthread_mutex_lock(&pool->lock);
    pool->is_closing = true;
    for (unsigned int i = 0; i < pool->count; i++) {
        if (pool->workers[i].state == BS_WORKER_WORKING) {
            bs_sql_cut(pool->workers[i].lane.sql);
        }
    }
    pthread_cond_broadcast(&pool->given);
    pthread_cond_broadcast(&pool->turn);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned int i = 0; i < pool->count; i++) {
        struct bs_worker *worker = &pool->workers[i];
        if (worker->is_started) {
            pthread_join(worker->thread, NULL);
        }
        bs_lane_close(&worker->lane);
        bs_applied_fini(&worker->applied);
        drop_jobs(&worker->jobs);
        if (worker->pool != NULL) {
            bs_spent_fini(&worker->spent);
        }
    }
    pthread_cond_destroy(&pool->given);
    drop_jobs(&pool->ready);
    drop_jobs(&pool->done);
    while (pool->chains != NULL) {
        free_chain(pool, pool->chains);
    }
    pthread_cond_destroy(&pool->done_cond);
    pthread_cond_destroy(&pool->turn);
    pthread_mutex_destroy(&pool->lock);
    pthread_mutex_destroy(&pool->notify_lock);
    free(pool);
}

/* A lane counts as idle once what it did has been taken: what may run next depends on that. */
bool
bs_pool_has_idle(struct bs_pool *pool) {
    return pool->chain_count < pool->count;
}

/* In commit order one that must run again could find all lanes with those behind it. Else there is
 * a second one for each lane, and of small ones twice as many, for packets. */
bool
bs_pool_has_room(struct bs_pool *pool) {
    /* One that is not small counts for two. */
    unsigned int halves = 2 * (pool->chain_count - pool->small_chains) + pool->small_chains;
    return pool->config.keep_commit_order ? pool->chain_count < pool->count
                                          : halves < 4 * pool->count;
}

/* One that is never sent but at once, and so can share a packet. */
static bool
is_small(const struct bs_bundle *bundle) {
    return bundle->rows < SMALL_ROWS && bundle->rows < BS_BULK_INSERT_ROWS_MIN &&
           bundle->raw_bytes < SMALL_BYTES;
}

void
bs_pool_spent(struct bs_pool *pool, int64_t us[BS_SPENT_STATES]) {
    for (unsigned int i = 0; i < pool->count; i++) {
        bs_spent_read(&pool->workers[i].spent, us);
    }
}

/* The chain with this number; one that begins, if there is none. */
static struct bs_chain *
chain_of(struct bs_pool *pool, uint64_t number, bool is_small) {
    struct bs_chain *chain = pool->chains;
    while (chain != NULL && chain->number != number) {
        chain = chain->next;
    }
    if (chain == NULL) {
        chain = bs_zalloc(sizeof *chain);
        *chain = (struct bs_chain){.next = pool->chains, .number = number, .is_small = is_small};
        pool->chains = chain;
        pool->chain_count++;
        pool->small_chains += is_small;
    }
    return chain;
}

/* Under the lock: to where the others of its chain are. */
static void
put_given(struct bs_pool *pool, struct bs_job *job) {
    struct bs_chain *chain = job->chain;
    bool is_alone = chain->held++ == 0;
    chain->worker = is_alone ? NULL : chain->worker;
    if (chain->is_broken) {
        bs_job_not_run(job, false);
        bs_pool_put_done(pool, job);
    } else if (chain->worker != NULL) {
        bs_jobs_put(&chain->worker->jobs, job);
    } else {
        bs_jobs_put(&pool->ready, job);
        pool->ready_chains += is_alone;
        pthread_cond_signal(&pool->given);
    }
}

void
bs_pool_give(struct bs_pool *pool, struct bs_bundle *bundle, uint64_t chain, bool one_by_one) {
    struct bs_job *job = bs_zalloc(sizeof *job);
    job->one_by_one = one_by_one;
    job->is_small = !one_by_one && is_small(bundle);
    job->result.bundle = bundle;
    bs_error_clear(&job->result.err);
    job->chain = chain_of(pool, chain, job->is_small);
    job->chain->in_flight++;
    pthread_mutex_lock(&pool->lock);
    if (pool->giving_way == bundle->number) {
        pool->giving_way = 0;
    }
    pool->in_flight++;
    pool->small += job->is_small;
    put_given(pool, job);
    pthread_mutex_unlock(&pool->lock);
}

bool
bs_pool_take(struct bs_pool *pool, struct bs_pool_result *result) {
    pthread_mutex_lock(&pool->lock);
    struct bs_job *job = bs_jobs_take(&pool->done);
    pool->in_flight -= job != NULL;
    pool->small -= job != NULL && job->is_small;
    pthread_mutex_unlock(&pool->lock);
    if (job == NULL) {
        return false;
    }
    if (--job->chain->in_flight == 0) {
        free_chain(pool, job->chain);
    }
    *result = job->result;
    free_job(job);
    return true;
}

void
bs_pool_wait(struct bs_pool *pool, int timeout_ms) {
    enum { MS_PER_S = 1000, NS_PER_MS = 1000000 };
    int64_t at_ms = bs_clock_mono_ms() + timeout_ms;
    struct timespec at = {at_ms / MS_PER_S, (long)(at_ms % MS_PER_S) * NS_PER_MS};
    pthread_mutex_lock(&pool->lock);
    while (pool->in_flight > 0 && !bs_pool_is_worth_waking(pool)) {
        if (pthread_cond_timedwait(&pool->done_cond, &pool->lock, &at) == ETIMEDOUT) {
            break;
        }
    }
    pthread_mutex_unlock(&pool->lock);
}

void
bs_pool_on_done(struct bs_pool *pool, void (*on_done)(void *arg), void *arg) {
    pthread_mutex_lock(&pool->notify_lock);
    pool->on_done = on_done;
    pool->on_done_arg = arg;
    pthread_mutex_unlock(&pool->notify_lock);
}
