/* A lane's thread. It has jobs in its hands: some are staged in packets, one of which may be on its
 * way, the others wait for their turn. They are done in their order, so the first is always the
 * next that is done.
 *
 * Whatever fails, none behind it in its hands is run: some of them may be of the same chain. */
#include "apply/pool_private.h"
#include "base/thread.h"

#include <string.h>

/* In commit order a lane may hold rows that an earlier bundle waits for, which no server can see:
 * the wait ends soon, and the later one gives way. */
enum { ORDERED_LOCK_WAIT_S = 2 };

/* That a packet may hold for small transactions of other chains to come into it. */
enum { SMALL_PACKET_BYTES = 64 << 10 };

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

/* What the lane has applied once the bundle is in, and what its row is to say. base: before it. The
 * bundle's mark is that of when it was given; one that was given later may have run before it on
 * this lane, and may have forgotten what the newer mark covers. So the row never goes back. */
static void
mark_of(const struct bs_worker *worker, const struct bs_applied *base, struct bs_job *job,
        struct bs_buf *ahead, struct bs_lane_mark *mark) {
    const struct bs_bundle *bundle = job->result.bundle;
    const struct bs_checkpoint *before = bs_lane_checkpoint_before(&worker->lane);
    struct bs_log_place low, last;
    bs_log_place_set(&low, bundle->low.file, bundle->low.pos);
    bs_log_place_set(&last, before->position.file, before->position.pos);
    bool is_newer = bs_log_place_compare(&last, &low) > 0;
    bs_applied_fini(&job->applied);
    bs_applied_add_all(&job->applied, base);
    bs_applied_forget(&job->applied, is_newer ? &last : &low);
    bs_applied_add(&job->applied, &bundle->from, &bundle->to);
    bs_applied_text(&job->applied, ahead);
    *mark = (struct bs_lane_mark){is_newer ? &before->position : &bundle->low,
                                  is_newer ? before->file_created : bundle->low_file_created,
                                  bundle->source_us, bs_buf_cstr(ahead)};
}

/* What the lane has applied once all that are staged are in. */
static const struct bs_applied *
applied_before(const struct bs_worker *worker) {
    const struct bs_job *job = worker->jobs.first;
    for (size_t i = 1; i < worker->staged; i++) {
        job = job->next;
    }
    return worker->staged > 0 ? &job->applied : &worker->applied;
}

static enum bs_status
commit_in_turn(struct bs_worker *worker, struct bs_job *job, struct bs_error *err) {
    struct bs_lane *lane = &worker->lane;
    struct bs_buf ahead = {0};
    struct bs_lane_mark mark;
    mark_of(worker, &worker->applied, job, &ahead, &mark);
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
stage(struct bs_worker *worker, struct bs_job *job) {
    struct bs_buf ahead = {0};
    struct bs_lane_mark mark;
    mark_of(worker, applied_before(worker), job, &ahead, &mark);
    bs_lane_stage(&worker->lane, &mark);
    bs_buf_fini(&ahead);
    worker->staged++;
}

static void
tell_done(struct bs_pool *pool) {
    pthread_mutex_lock(&pool->notify_lock);
    if (pool->on_done != NULL) {
        pool->on_done(pool->on_done_arg);
    }
    pthread_mutex_unlock(&pool->notify_lock);
}

/* The first job is done; and, if it failed, all others in the worker's hands, at the same moment:
 * whoever takes one of them can take them all. */
static void
give_back(struct bs_worker *worker, bool has_failed, bool is_lost) {
    struct bs_pool *pool = worker->pool;
    pthread_mutex_lock(&pool->lock);
    struct bs_job *job = bs_jobs_take(&worker->jobs);
    job->chain->is_broken = job->chain->is_broken || has_failed;
    bs_pool_put_done(pool, job);
    while (has_failed && (job = bs_jobs_take(&worker->jobs)) != NULL) {
        job->chain->is_broken = true;
        bs_job_not_run(job, is_lost);
        bs_pool_put_done(pool, job);
    }
    worker->state = is_lost ? BS_WORKER_GONE : worker->state;
    pool->has_lost = pool->has_lost || is_lost;
    if (bs_pool_is_worth_waking(pool)) {
        pthread_cond_signal(&pool->done_cond);
    }
    pthread_mutex_unlock(&pool->lock);
    tell_done(pool);
}

static void
finish_committed(struct bs_worker *worker) {
    struct bs_job *job = worker->jobs.first;
    bs_applied_fini(&worker->applied);
    worker->applied = job->applied;
    job->applied = (struct bs_applied){0};
    worker->staged -= worker->staged > 0;
    pass_turn(worker->pool, job->result.bundle->number);
    give_back(worker, false, false);
}

/* The lane goes on, if it can. */
static bool
finish_failed(struct bs_worker *worker, enum bs_status status) {
    struct bs_job *job = worker->jobs.first;
    struct bs_error ignored;
    bool can_go_on = status != BS_IO && status != BS_FENCED;
    bool is_lost = !can_go_on || bs_lane_roll_back(&worker->lane, &ignored) != BS_OK;
    job->result.status = status;
    job->result.is_lost = is_lost;
    worker->staged = 0;
    make_way(worker->pool, job->result.bundle->number);
    give_back(worker, true, is_lost);
    return !is_lost;
}

/* The first job is done. false: the lane is of no more use. */
static bool
finish(struct bs_worker *worker, enum bs_status status) {
    if (status != BS_OK) {
        return finish_failed(worker, status);
    }
    finish_committed(worker);
    return true;
}

/* All lanes connect at the same time: a target far away is asked many things by each. */
static enum bs_status
open_lane(struct bs_worker *worker, struct bs_error *err) {
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
become(struct bs_worker *worker, enum bs_worker_state state) {
    struct bs_pool *pool = worker->pool;
    pthread_mutex_lock(&pool->lock);
    worker->state = state;
    pthread_cond_broadcast(&pool->done_cond);
    pthread_mutex_unlock(&pool->lock);
}

/* Under the lock: the oldest ready job is this worker's from now on, with those that are to run
 * behind it. */
static void
take_ready(struct bs_worker *worker) {
    struct bs_pool *pool = worker->pool;
    struct bs_chain *chain = pool->ready.first->chain;
    struct bs_jobs others = {0};
    struct bs_job *job;
    while ((job = bs_jobs_take(&pool->ready)) != NULL) {
        bs_jobs_put(job->chain == chain ? &worker->jobs : &others, job);
    }
    pool->ready = others;
    pool->ready_chains--;
    chain->worker = worker;
    if (bs_pool_is_worth_waking(pool)) {
        pthread_cond_signal(&pool->done_cond);
    }
}

/* Waits until there is a job in the worker's hands. false: the pool is closing. */
static bool
await_job(struct bs_worker *worker) {
    struct bs_pool *pool = worker->pool;
    pthread_mutex_lock(&pool->lock);
    while (!pool->is_closing && worker->jobs.first == NULL) {
        if (pool->ready.first != NULL) {
            take_ready(worker);
            break;
        }
        worker->state = BS_WORKER_IDLE;
        pthread_cond_wait(&pool->given, &pool->lock);
    }
    worker->state = BS_WORKER_WORKING;
    bool is_closing = pool->is_closing;
    pthread_mutex_unlock(&pool->lock);
    return !is_closing;
}

static struct bs_job *
first_unstaged(const struct bs_worker *worker) {
    struct bs_job *job = worker->jobs.first;
    for (size_t i = 0; i < worker->staged && job != NULL; i++) {
        job = job->next;
    }
    return job;
}

/* May a small one of another chain go into the packet? Only if the other lanes have enough to do.
 * Under the lock. */
static bool
takes_small(const struct bs_worker *worker) {
    const struct bs_pool *pool = worker->pool;
    const struct bs_job *first = worker->jobs.first;
    return first != NULL && first->is_small && worker->lane.sent.count == 0 &&
           pool->ready_chains > pool->count / 2 && pool->ready.first->is_small;
}

/* The next job that may be staged behind those that are; NULL: none. */
static struct bs_job *
next_to_stage(struct bs_worker *worker) {
    struct bs_pool *pool = worker->pool;
    pthread_mutex_lock(&pool->lock);
    struct bs_job *job = pool->is_closing ? NULL : first_unstaged(worker);
    if (job == NULL && !pool->is_closing && takes_small(worker)) {
        take_ready(worker);
        job = first_unstaged(worker);
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

/* How long the packet may become with it. */
static size_t
packet_limit(const struct bs_worker *worker, const struct bs_job *job) {
    return job->chain == worker->jobs.first->chain ? worker->pool->config.packet_bytes
                                                   : SMALL_PACKET_BYTES;
}

/* How long it will be; before it was written, about: the log has two images of a row where the text
 * has one. */
static size_t
text_bytes(const struct bs_job *job) {
    return job->text_bytes > 0 ? job->text_bytes : job->result.bundle->raw_bytes / 2;
}

/* false: it does not go into the packet. */
static bool
stage_behind(struct bs_worker *worker, struct bs_job *job) {
    struct bs_lane *lane = &worker->lane;
    size_t most = packet_limit(worker, job);
    bool fk_checks = lane->fk_checks;
    if (job->is_apart || !bs_lane_has_room(lane, text_bytes(job), most)) {
        return false;
    }
    enum bs_status status =
        bs_bundle_write(job->result.bundle, lane, job->one_by_one, &job->result.err);
    bool fits = status == BS_OK && bs_lane_has_room(lane, 0, most);
    if (fits && bs_lane_can_stage(lane)) {
        stage(worker, job);
        return true;
    }
    job->is_apart = fits || status != BS_OK;
    job->text_bytes = lane->batch.sql.len;
    bs_error_clear(&job->result.err);
    bs_lane_unwrite(lane, fk_checks);
    return false;
}

static void
stage_more(struct bs_worker *worker) {
    struct bs_job *job;
    while (worker->lane.filling.count < BS_LANE_STAGED_MAX &&
           (job = next_to_stage(worker)) != NULL && stage_behind(worker, job)) {
    }
}

/* The first job, with nothing before it: into a packet if it can, else by itself. */
static bool
begin(struct bs_worker *worker) {
    struct bs_job *job = worker->jobs.first;
    struct bs_error *err = &job->result.err;
    enum bs_status status =
        bs_bundle_write(job->result.bundle, &worker->lane, job->one_by_one, err);
    if (status == BS_OK && !worker->pool->config.keep_commit_order &&
        bs_lane_can_stage(&worker->lane)) {
        stage(worker, job);
        return true;
    }
    if (status == BS_OK) {
        status = commit_in_turn(worker, job, err);
    }
    return finish(worker, status);
}

/* One step with what is in the worker's hands. false: the lane is of no more use. */
static bool
step(struct bs_worker *worker) {
    struct bs_lane *lane = &worker->lane;
    struct bs_error *err = &worker->jobs.first->result.err;
    if (worker->staged == 0) {
        return begin(worker);
    }
    stage_more(worker);
    if (lane->sent.count > 0) {
        return finish(worker, bs_lane_read_staged(lane, err));
    }
    enum bs_status status = bs_lane_send_staged(lane, err);
    return status == BS_OK || finish_failed(worker, status);
}

void *
bs_worker_run(void *arg) {
    struct bs_worker *worker = arg;
    bs_thread_give_way();
    bs_sql_thread_begin();
    worker->opened = open_lane(worker, &worker->open_err);
    bool is_of_use = worker->opened == BS_OK;
    become(worker, is_of_use ? BS_WORKER_IDLE : BS_WORKER_GONE);
    while (is_of_use && await_job(worker)) {
        (void)bs_spent_move(&worker->spent, BS_SPENT_WORK);
        is_of_use = step(worker);
        (void)bs_spent_move(&worker->spent, BS_SPENT_IDLE);
    }
    bs_sql_thread_end();
    return NULL;
}
