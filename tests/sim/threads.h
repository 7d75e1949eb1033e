/* Put in front of the real sources that start threads or sleep: their threads become coroutines of
 * the simulation, which changes from one to another only where a lock is asked for, where a
 * condition is waited for, and inside of the target's functions. */
#ifndef BS_SIM_THREADS_H
#define BS_SIM_THREADS_H

#include <pthread.h>
#include <time.h>

int sim_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *arg),
                       void *arg);
int sim_pthread_join(pthread_t thread, void **result);
int sim_pthread_lock(pthread_mutex_t *mutex);
int sim_pthread_unlock(pthread_mutex_t *mutex);
int sim_pthread_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
int sim_pthread_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *at);
int sim_pthread_signal(pthread_cond_t *cond);
int sim_pthread_broadcast(pthread_cond_t *cond);

#define pthread_create sim_pthread_create
#define pthread_join sim_pthread_join
#define pthread_mutex_lock sim_pthread_lock
#define pthread_mutex_unlock sim_pthread_unlock
#define pthread_cond_wait sim_pthread_wait
#define pthread_cond_timedwait sim_pthread_timedwait
#define pthread_cond_signal sim_pthread_signal
#define pthread_cond_broadcast sim_pthread_broadcast

#endif
