/* What every thread of ours needs besides pthreads. */
#ifndef BS_BASE_THREAD_H
#define BS_BASE_THREAD_H

#include <pthread.h>

/* A condition that is waited for by the monotonic clock (base/clock.h). */
void bs_cond_init(pthread_cond_t *condition);

/* Starts it with all signals blocked: they are the main thread's business. 0, or an errno. */
int bs_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif
