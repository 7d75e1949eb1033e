/* Threads as coroutines. A lock is never held across a change from one to another, so locks are
 * nothing but places where a change may happen; a condition's waiters are woken as they would be.
 */
#include "sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "threads.h"

enum { STACK_BYTES = 1 << 19, LOCK_YIELDS_ONE_IN = 6 };

struct thread {
    ucontext_t context;
    char *stack; /* kept from history to history */
    struct sim_client *client;
    void *(*run)(void *arg);
    void *arg;
    bool is_done;
    bool (*ready)(void *arg); /* NULL: can run */
    void *ready_arg;
    /* Waits for a condition. */
    const void *cond;
    bool is_timed;
    bool is_timed_out;
};

static struct thread threads[SIM_THREADS_MAX];
static int count;
static struct thread *running;
static ucontext_t loop;

void
sim_threads_reset(void) {
    count = 0;
    running = NULL;
}

int
sim_thread_count(void) {
    return count;
}

static void
begin(void) {
    struct thread *self = running;
    (void)self->run(self->arg);
    self->is_done = true;
    (void)swapcontext(&self->context, &loop);
    abort();
}

/* Apart, as getcontext may return twice. */
static void
make_context(struct thread *thread) {
    (void)getcontext(&thread->context);
    thread->context.uc_stack.ss_sp = thread->stack;
    thread->context.uc_stack.ss_size = STACK_BYTES;
    makecontext(&thread->context, begin, 0);
}

int
sim_thread_start(struct sim_client *client, void *(*run)(void *arg), void *arg) {
    int at = 0;
    while (at < count && !threads[at].is_done) {
        at++;
    }
    if (at == SIM_THREADS_MAX) {
        abort();
    }
    count = at == count ? count + 1 : count;
    struct thread *thread = &threads[at];
    char *stack = thread->stack;
    memset(thread, 0, sizeof *thread);
    thread->stack = stack != NULL ? stack
                                  : mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    thread->client = client;
    thread->run = run;
    thread->arg = arg;
    make_context(thread);
    return at;
}

struct sim_client *
sim_thread_client(void) {
    return running->client;
}

bool
sim_thread_is_runnable(int at) {
    const struct thread *thread = &threads[at];
    return !thread->is_done && thread->cond == NULL && !sim_client_is_suspended(thread->client) &&
           (thread->ready == NULL || thread->ready(thread->ready_arg));
}

void
sim_thread_run(int at) {
    running = &threads[at];
    running->ready = NULL;
    (void)swapcontext(&loop, &running->context);
    running = NULL;
}

void
sim_yield(void) {
    struct thread *self = running;
    (void)swapcontext(&self->context, &loop);
}

void
sim_thread_abandon(void) {
    if (running == NULL) {
        abort();
    }
    running->is_done = true;
    (void)setcontext(&loop);
    abort();
}

void
sim_wait(bool (*ready)(void *arg), void *arg) {
    if (ready(arg)) {
        return;
    }
    running->ready = ready;
    running->ready_arg = arg;
    sim_yield();
}

bool
sim_thread_time_out(int at) {
    struct thread *thread = &threads[at];
    if (thread->is_done || thread->cond == NULL || !thread->is_timed) {
        return false;
    }
    thread->cond = NULL;
    thread->is_timed_out = true;
    return true;
}

/* As pthread has them. */

static bool
is_done(void *arg) {
    return ((struct thread *)arg)->is_done;
}

int
sim_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *arg),
                   void *arg) {
    (void)attr;
    *thread = (pthread_t)sim_thread_start(running->client, run, arg);
    return 0;
}

int
sim_pthread_join(pthread_t thread, void **result) {
    (void)result;
    sim_wait(is_done, &threads[thread]);
    return 0;
}

int
sim_pthread_lock(pthread_mutex_t *mutex) {
    (void)mutex;
    if (sim_one_in(&sim_random, LOCK_YIELDS_ONE_IN)) {
        sim_yield();
    }
    return 0;
}

int
sim_pthread_unlock(pthread_mutex_t *mutex) {
    (void)mutex;
    return 0;
}

int
sim_pthread_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *at) {
    (void)mutex;
    struct thread *self = running;
    self->cond = cond;
    self->is_timed = at != NULL;
    self->is_timed_out = false;
    sim_yield();
    return self->is_timed_out ? ETIMEDOUT : 0;
}

int
sim_pthread_wait(pthread_cond_t *cond, pthread_mutex_t *mutex) {
    return sim_pthread_timedwait(cond, mutex, NULL);
}

static int
wake(const pthread_cond_t *cond, bool all) {
    for (int i = 0; i < count; i++) {
        if (!threads[i].is_done && threads[i].cond == cond) {
            threads[i].cond = NULL;
            if (!all) {
                break;
            }
        }
    }
    return 0;
}

int
sim_pthread_signal(pthread_cond_t *cond) {
    return wake(cond, false);
}

int
sim_pthread_broadcast(pthread_cond_t *cond) {
    return wake(cond, true);
}
