#include "apply/pool.h"

#include "apply/bulk_insert.h"
#include "apply/lane.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* In commit order a lane may hold rows that an earlier bundle waits for, which no server can see:
 * the wait ends soon, and the later one gives way. */
enum { ORDERED_LOCK_WAIT_S = 2 };

enum {
    SMALL_ROWS = 32, /* of a bundle that may share a packet */
    SMALL_BYTES = 16 << 10,
};

enum worker_state { OPENING, IDLE, WORKING, GONE };

/* A bundle from when it is given to when it is taken. */
struct job {
    struct job *next;
    bool one_by_one;
    bool is_small;                /* its target transaction may share a packet with others */
    struct bs_applied applied;    /* by its lane, once it is committed; while it is staged */
    struct bs_pool_result result; /* its bundle from the start */
};

struct jobs {
    struct job *first, *last;
    unsigned int count;
};

struct worker {
    struct bs_pool *pool;
    unsigned int number; /* of the lane */
    struct bs_lane lane;
    struct bs_applied applied; /* by this lane, beyond the low-water mark */
    struct job *left;          /* taken, and yet to be done; NULL */
    struct bs_spent spent;
    pthread_t thread;
    bool is_started;

    enum bs_status opened; /* GONE from the start: why */
    struct bs_error open_err;
    enum worker_state state; /* under the pool's lock */
};

struct bs_pool {
    pthread_mutex_t lock;
    pthread_cond_t given, done_cond, turn;
    bool is_closing;
    bool has_lost; /* a lane */
    struct jobs ready, done;
    unsigned int in_flight; /* bundles that were given and not taken yet */
    unsigned int small;     /* of them, the small ones */
    struct bs_pool_config config;
    uint64_t next_commit; /* in commit order: the number whose turn it is */
    uint64_t giving_way;  /* bundles behind this one roll back; 0: none */
    void (*on_done)(void *arg);
    void *on_done_arg;
    pthread_mutex_t notify_lock; /* held while on_done runs */
    unsigned int count;
    struct worker workers[];
};

static void
put_job(struct jobs *jobs, struct job *job) {
    job->next = NULL;
    *(jobs->last != NULL ? &jobs->last->next : &jobs->first) = job;
    jobs->last = job;
    jobs->count++;
}

static struct job *
take_job(struct jobs *jobs) {
    struct job *job = jobs->first;
    if (job != NULL) {
        jobs->first = job->next;
        jobs->last = jobs->first != NULL ? jobs->last : NULL;
        jobs->count--;
    }
    return job;
}

static void
free_job(struct job *job) {
    if (job != NULL) {
        bs_applied_fini(&job->applied);
        free(job);
    }
}

static void
drop_jobs(struct jobs *jobs) {
    struct job *job;
    while ((job = take_job(jobs)) != NULL) {
        free_job(job);
    }
}

/* Waits for the turn of the bundle. false: it must be rolled back. */
static bool
await_turn(struct bs_pool *pool, uint64_t number) {
    if (!pool->config.keep_commit_order) {
        return true;
    }
    pthread_mutex_lock(&pool->lock);
    while (!pool->is_closing && pool->next_commit != number &&
           !(pool->giving_way != 0 && pool->giving_way < number)) {
        pthread_cond_wait(&pool->turn, &pool->lock);
    }
    bool is_turn = pool->next_commit == number && !pool->is_closing;
    pthread_mutex_unlock(&pool->lock);
    return is_turn;
}

static void
pass_turn(struct bs_pool *pool, uint64_t number) {
    pthread_mutex_lock(&pool->lock);
    pool->next_commit = number + 1;
    pthread_cond_broadcast(&pool->turn);
    pthread_mutex_unlock(&pool->lock);
}

/* Those behind a bundle that failed may hold what it needs. */
static void
make_way(struct bs_pool *pool, uint64_t number) {
    pthread_mutex_lock(&pool->lock);
    if (pool->giving_way == 0 || number < pool->giving_way) {
        pool->giving_way = number;
    }
    pthread_cond_broadcast(&pool->turn);
    pthread_mutex_unlock(&pool->lock);
}

/* What the lane has applied once the bundle is in, and what its row is to say. base: before it. */
static void
mark_of(const struct bs_applied *base, struct job *job, struct bs_buf *ahead,
        struct bs_lane_mark *mark) {
    const struct bs_bundle *bundle = job->result.bundle;
    struct bs_log_place low;
    bs_log_place_set(&low, bundle->low.file, bundle->low.pos);
    bs_applied_fini(&job->applied);
    bs_applied_add_all(&job->applied, base);
    bs_applied_forget(&job->applied, &low);
    bs_applied_add(&job->applied, &bundle->from, &bundle->to);
    bs_applied_text(&job->applied, ahead);
    *mark = (struct bs_lane_mark){&bundle->low, bundle->low_file_created, bundle->source_us,
                                  bs_buf_cstr(ahead)};
}

static enum bs_status
commit_in_turn(struct worker *worker, struct job *job, struct bs_error *err) {
    struct bs_lane *lane = &worker->lane;
    struct bs_buf ahead = {0};
    struct bs_lane_mark mark;
    mark_of(&worker->applied, job, &ahead, &mark);
    enum bs_status status = bs_lane_prepare(lane, &mark, err);
    bs_buf_fini(&ahead);
    enum bs_spent_state before = bs_spent_move(&worker->spent, BS_SPENT_TURN);
    bool is_turn = status != BS_OK || await_turn(worker->pool, job->result.bundle->number);
    (void)bs_spent_move(&worker->spent, before);
    if (status == BS_OK && !is_turn) {
        status = bs_error_set(err, BS_CONFLICT, "gave way to a transaction before it");
    }
    return status == BS_OK ? bs_lane_commit_prepared(lane, err) : status;
}

static void
stage(struct worker *worker, const struct bs_applied *base, struct job *job) {
    struct bs_buf ahead = {0};
    struct bs_lane_mark mark;
    mark_of(base, job, &ahead, &mark);
    bs_lane_stage(&worker->lane, &mark);
    bs_buf_fini(&ahead);
}

static void
note_committed(struct worker *worker, struct job *job) {
    bs_applied_fini(&worker->applied);
    worker->applied = job->applied;
    job->applied = (struct bs_applied){0};
    pass_turn(worker->pool, job->result.bundle->number);
}

/* The lane goes on, if it can. */
static void
note_failed(struct worker *worker, struct job *job, enum bs_status status) {
    struct bs_error ignored;
    bool can_go_on = status != BS_IO && status != BS_FENCED;
    job->result.status = status;
    job->result.is_lost = !can_go_on || bs_lane_roll_back(&worker->lane, &ignored) != BS_OK;
    make_way(worker->pool, job->result.bundle->number);
}

/* Behind one that failed, in the same packet: the target has not run it, unless it is not known
 * what became of the one before. It runs again. */
static void
note_not_run(struct job *job, bool is_lost) {
    job->result.status =
        bs_error_set(&job->result.err, BS_CONFLICT, "gave way to a transaction before it");
    job->result.is_lost = is_lost;
    job->result.is_not_run = true;
}

static void
tell_done(struct bs_pool *pool) {
    pthread_mutex_lock(&pool->notify_lock);
    if (pool->on_done != NULL) {
        pool->on_done(pool->on_done_arg);
    }
    pthread_mutex_unlock(&pool->notify_lock);
}

/* All lanes connect at the same time: a target far away is asked many things by each. */
static enum bs_status
open_lane(struct worker *worker, struct bs_error *err) {
    const struct bs_pool_config *config = &worker->pool->config;
    enum bs_status status =
        bs_lane_open(&worker->lane, config->target, &config->state, worker->number, config->epoch,
                     config->no_target_binlog, err);
    worker->lane.spent = &worker->spent;
    if (status == BS_OK && config->keep_commit_order) {
        status = bs_sql_limit_row_waits(worker->lane.sql, ORDERED_LOCK_WAIT_S, err);
    }
    return status;
}

static void
become(struct worker *worker, enum worker_state state) {
    struct bs_pool *pool = worker->pool;
    pthread_mutex_lock(&pool->lock);
    worker->state = state;
    pthread_cond_broadcast(&pool->done_cond);
    pthread_mutex_unlock(&pool->lock);
}

/* The next bundle; NULL: the pool is closing. */
static struct job *
await_job(struct worker *worker) {
    struct bs_pool *pool = worker->pool;
    struct job *job = NULL;
    pthread_mutex_lock(&pool->lock);
    while (!pool->is_closing && worker->left == NULL && (job = take_job(&pool->ready)) == NULL) {
        worker->state = IDLE;
        pthread_cond_wait(&pool->given, &pool->lock);
    }
    if (!pool->is_closing && job == NULL) {
        job = worker->left;
        worker->left = NULL;
    }
    worker->state = WORKING;
    pthread_mutex_unlock(&pool->lock);
    return job;
}

/* One more for the same packet, if the other lanes have enough to do; NULL: none. */
static struct job *
take_small(struct bs_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    bool is_enough = pool->ready.count > pool->count / 2 && pool->ready.first->is_small;
    struct job *job = is_enough && !pool->is_closing ? take_job(&pool->ready) : NULL;
    pthread_mutex_unlock(&pool->lock);
    return job;
}

/* Under the lock: something is done, and the lanes have not enough to go on with. Waking the
 * applier for each small bundle costs more than what is decoded meanwhile. */
static bool
is_worth_waking(const struct bs_pool *pool) {
    unsigned int enough = pool->small > 0 ? pool->count : pool->count / 2;
    return pool->done.first != NULL && (pool->has_lost || pool->ready.count <= enough);
}

/* false: the lane is of no more use. */
static bool
give_back(struct worker *worker, struct job *job) {
    struct bs_pool *pool = worker->pool;
    bool is_lost = job->result.is_lost;
    pthread_mutex_lock(&pool->lock);
    worker->state = is_lost ? GONE : worker->state;
    pool->has_lost = pool->has_lost || is_lost;
    put_job(&pool->done, job);
    if (is_worth_waking(pool)) {
        pthread_cond_signal(&pool->done_cond);
    }
    pthread_mutex_unlock(&pool->lock);
    tell_done(pool);
    return !is_lost;
}

/* Puts small bundles behind the one that is staged. What does not fit is for the next time. */
static size_t
stage_more(struct worker *worker, struct job **jobs) {
    size_t count = 1;
    struct job *job;
    while (count < BS_LANE_STAGED_MAX && (job = take_small(worker->pool)) != NULL) {
        bool fk_checks = worker->lane.fk_checks;
        enum bs_status status =
            bs_bundle_write(job->result.bundle, &worker->lane, false, &job->result.err);
        if (status != BS_OK || !bs_lane_can_stage(&worker->lane)) {
            bs_error_clear(&job->result.err);
            bs_lane_unwrite(&worker->lane, fk_checks);
            worker->left = job;
            break;
        }
        stage(worker, &jobs[count - 1]->applied, job);
        jobs[count++] = job;
    }
    return count;
}

/* The bundle is staged: it goes, and others with it. false: the lane is of no more use. */
static bool
run_packet(struct worker *worker, struct job *first) {
    struct job *jobs[BS_LANE_STAGED_MAX] = {first};
    size_t count = first->is_small ? stage_more(worker, jobs) : 1;
    bool has_failed = false, is_of_use = true;
    enum bs_status status = bs_lane_send_staged(&worker->lane, &first->result.err);
    for (size_t i = 0; i < count; i++) {
        struct job *job = jobs[i];
        if (status == BS_OK) {
            status = bs_lane_read_staged(&worker->lane, &job->result.err);
        }
        if (status == BS_OK) {
            note_committed(worker, job);
        } else if (!has_failed) {
            note_failed(worker, job, status);
        } else {
            note_not_run(job, !is_of_use);
        }
        has_failed = status != BS_OK;
        is_of_use = give_back(worker, job) && is_of_use;
    }
    return is_of_use;
}

/* On the lane's thread. false: the lane is of no more use. */
static bool
work(struct worker *worker, struct job *job) {
    const struct bs_bundle *bundle = job->result.bundle;
    struct bs_error *err = &job->result.err;
    enum bs_status status = bs_bundle_write(bundle, &worker->lane, job->one_by_one, err);
    if (status == BS_OK && !worker->pool->config.keep_commit_order &&
        bs_lane_can_stage(&worker->lane)) {
        stage(worker, &worker->applied, job);
        return run_packet(worker, job);
    }
    if (status == BS_OK) {
        status = commit_in_turn(worker, job, err);
    }
    if (status == BS_OK) {
        note_committed(worker, job);
    } else {
        note_failed(worker, job, status);
    }
    return give_back(worker, job);
}

static void *
run_worker(void *arg) {
    struct worker *worker = arg;
    struct job *job = NULL;
    bs_sql_thread_begin();
    worker->opened = open_lane(worker, &worker->open_err);
    bool is_of_use = worker->opened == BS_OK;
    become(worker, is_of_use ? IDLE : GONE);
    while (is_of_use && (job = await_job(worker)) != NULL) {
        (void)bs_spent_move(&worker->spent, BS_SPENT_WORK);
        is_of_use = work(worker, job);
        (void)bs_spent_move(&worker->spent, BS_SPENT_IDLE);
    }
    bs_sql_thread_end();
    return NULL;
}

static enum bs_status
start_worker(struct bs_pool *pool, unsigned int index, struct bs_error *err) {
    struct worker *worker = &pool->workers[index];
    worker->pool = pool;
    worker->number = index + 1;
    bs_error_clear(&worker->open_err);
    bs_spent_init(&worker->spent, BS_SPENT_IDLE);
    int failed = pthread_create(&worker->thread, NULL, run_worker, worker);
    worker->is_started = failed == 0;
    return failed == 0 ? BS_OK : bs_error_sys(err, failed, "cannot start a thread for a lane");
}

/* Waits until each worker that was started has its lane, or an error instead of it. */
static enum bs_status
await_lanes(struct bs_pool *pool, struct bs_error *err) {
    enum bs_status status = BS_OK;
    pthread_mutex_lock(&pool->lock);
    for (unsigned int i = 0; i < pool->count; i++) {
        struct worker *worker = &pool->workers[i];
        while (worker->is_started && worker->state == OPENING) {
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
        if (pool->workers[i].state == WORKING) {
            bs_sql_cut(pool->workers[i].lane.sql);
        }
    }
    pthread_cond_broadcast(&pool->given);
    pthread_cond_broadcast(&pool->turn);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned int i = 0; i < pool->count; i++) {
        struct worker *worker = &pool->workers[i];
        if (worker->is_started) {
            pthread_join(worker->thread, NULL);
        }
        bs_lane_close(&worker->lane);
        bs_applied_fini(&worker->applied);
        free_job(worker->left);
        if (worker->pool != NULL) {
            bs_spent_fini(&worker->spent);
        }
    }
    pthread_cond_destroy(&pool->given);
    drop_jobs(&pool->ready);
    drop_jobs(&pool->done);
    pthread_cond_destroy(&pool->done_cond);
    pthread_cond_destroy(&pool->turn);
    pthread_mutex_destroy(&pool->lock);
    pthread_mutex_destroy(&pool->notify_lock);
    free(pool);
}

/* A lane counts as idle once what it did has been taken: what may run next depends on that. */
bool
bs_pool_has_idle(struct bs_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    bool has_idle = pool->in_flight < pool->count;
    pthread_mutex_unlock(&pool->lock);
    return has_idle;
}

/* In commit order one that must run again could find all lanes with those behind it. Else there is
 * a second one for each lane, and of small ones twice as many, for packets. */
bool
bs_pool_has_room(struct bs_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    /* One that is not small counts for two. */
    unsigned int halves = 2 * (pool->in_flight - pool->small) + pool->small;
    bool has_room =
        pool->config.keep_commit_order ? pool->in_flight < pool->count : halves < 4 * pool->count;
    pthread_mutex_unlock(&pool->lock);
    return has_room;
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

void
bs_pool_give(struct bs_pool *pool, struct bs_bundle *bundle, bool one_by_one) {
    struct job *job = bs_zalloc(sizeof *job);
    job->one_by_one = one_by_one;
    job->is_small = !one_by_one && is_small(bundle);
    job->result.bundle = bundle;
    bs_error_clear(&job->result.err);
    pthread_mutex_lock(&pool->lock);
    if (pool->giving_way == bundle->number) {
        pool->giving_way = 0;
    }
    put_job(&pool->ready, job);
    pool->in_flight++;
    pool->small += job->is_small;
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
}

bool
bs_pool_take(struct bs_pool *pool, struct bs_pool_result *result) {
    pthread_mutex_lock(&pool->lock);
    struct job *job = take_job(&pool->done);
    pool->in_flight -= job != NULL;
    pool->small -= job != NULL && job->is_small;
    pthread_mutex_unlock(&pool->lock);
    if (job != NULL) {
        *result = job->result;
        free_job(job);
        return true;
    }
    return false;
}

void
bs_pool_wait(struct bs_pool *pool, int timeout_ms) {
    enum { MS_PER_S = 1000, NS_PER_MS = 1000000 };
    int64_t at_ms = bs_clock_mono_ms() + timeout_ms;
    struct timespec at = {at_ms / MS_PER_S, (long)(at_ms % MS_PER_S) * NS_PER_MS};
    pthread_mutex_lock(&pool->lock);
    while (pool->in_flight > 0 && !is_worth_waking(pool)) {
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
