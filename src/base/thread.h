/* What every thread of ours needs besides pthreads. */
#ifndef BS_BASE_THREAD_H
#define BS_BASE_THREAD_H

#include <pthread.h>
#include <time.h>

/* A condition that is waited for by the monotonic clock (base/clock.h). */
void bs_cond_init(pthread_cond_t *condition);

/* So many milliseconds from now, as pthread_cond_timedwait on such a condition takes it. */
struct timespec bs_cond_deadline(int timeout_ms);

/* Starts it with all signals blocked: they are the main thread's business. 0, or an errno. */
int bs_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

/* The calling thread, when it wakes up, lets others finish their turn on a core that is busy: for
 * one that gets many small answers from a server on the same machine, and would stop it for each.
 * Nothing happens where that is not allowed. */
void bs_thread_give_way(void);

#endif
