/* The inside of the pool. Internal to src/apply.
 *
 *   pool.c          the applier's thread: lanes opened and closed, bundles given and taken
 *   pool_worker.c   a lane's thread
 */
#ifndef BS_APPLY_POOL_PRIVATE_H
#define BS_APPLY_POOL_PRIVATE_H

#include "apply/lane.h"
#include "apply/pool.h"

#include <pthread.h>

/* Bundles that run on one lane, each behind the one before it. From the first that is given until
 * the last is taken. */
struct bs_chain {
    struct bs_chain *next;
    uint64_t number;        /* of its first bundle */
    unsigned int in_flight; /* given, and not taken */
    bool is_small;          /* as its first one is */
    /* Under the pool's lock. */
    unsigned int held;        /* in flight, and not done: ready, or in a lane's hands */
    struct bs_worker *worker; /* whose; NULL: they are ready */
    bool is_broken;           /* one of it failed: what is behind must not run */
};

/* A bundle from when it is given to when it is taken. */
struct bs_job {
    struct bs_job *next;
    struct bs_chain *chain;
    bool one_by_one;
    bool is_small;                /* its target transaction may share a packet with others */
    bool is_apart;                /* it was tried, and does not fit into a packet behind others */
    size_t text_bytes;            /* that it had when it was tried */
    struct bs_applied applied;    /* by its lane, once it is committed; while it is staged */
    struct bs_pool_result result; /* its bundle from the start */
};

struct bs_jobs {
    struct bs_job *first, *last;
};

enum bs_worker_state { BS_WORKER_OPENING, BS_WORKER_IDLE, BS_WORKER_WORKING, BS_WORKER_GONE };

struct bs_worker {
    struct bs_pool *pool;
    unsigned int number; /* of the lane */
    struct bs_lane lane;
    struct bs_applied applied; /* by this lane, beyond the low-water mark */
    size_t staged;             /* of the jobs, so many from the first */
    struct bs_spent spent;
    pthread_t thread;
    bool is_started;

    enum bs_status opened; /* GONE from the start: why */
    struct bs_error open_err;
    /* Under the pool's lock. */
    enum bs_worker_state state;
    struct bs_jobs jobs; /* taken, and not done: in the order in which they run */
};

struct bs_pool {
    pthread_mutex_t lock;
    pthread_cond_t given, done_cond, turn;
    bool is_closing;
    bool has_lost; /* a lane */
    struct bs_jobs ready, done;
    unsigned int ready_chains; /* of which a lane takes all that are ready */
    unsigned int in_flight;    /* bundles that were given and not taken yet */
    unsigned int small;        /* of them, the small ones */
    struct bs_pool_config config;
    uint64_t next_commit; /* in commit order: the number whose turn it is */
    uint64_t giving_way;  /* bundles behind this one roll back; 0: none */
    void (*on_done)(void *arg);
    void *on_done_arg;
    pthread_mutex_t notify_lock; /* held while on_done runs */
    struct bs_chain *chains;     /* the applier's thread's */
    unsigned int chain_count, small_chains;
    unsigned int count;
    struct bs_worker workers[];
};

void bs_jobs_put(struct bs_jobs *jobs, struct bs_job *job);
struct bs_job *bs_jobs_take(struct bs_jobs *jobs); /* NULL: it is empty */

/* Under the lock. The job is done, with its result. */
void bs_pool_put_done(struct bs_pool *pool, struct bs_job *job);
/* Of one that was given and will not run, as one before it failed. */
void bs_job_not_run(struct bs_job *job, bool is_lost);
/* Something is done, and the lanes have not enough to go on with. Waking the applier for each small
 * bundle costs more than what is decoded meanwhile. */
bool bs_pool_is_worth_waking(const struct bs_pool *pool);

/* The lane's thread; arg: struct bs_worker. */
void *bs_worker_run(void *arg);

#endif
