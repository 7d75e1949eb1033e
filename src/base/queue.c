#include "base/queue.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct node {
    struct node *next;
    void *item;
    size_t weight;
};

struct bs_queue {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t not_empty;
    pthread_cond_t not_full;
    struct node *head;
    struct node **tail;
    size_t weight;
    size_t limit;
    bool closed;
    bool nudged;
    bool refused; /* a try_push was refused since on_space was last called */

    pthread_mutex_t notify_lock; /* guards the rest; never taken while lock is held */
    void (*on_space)(void *arg);
    void *on_space_arg;
};

struct bs_queue *
bs_queue_new(size_t limit_bytes) {
    struct bs_queue *queue = bs_zalloc(sizeof *queue);
    pthread_mutex_init(&queue->lock, NULL);
    pthread_mutex_init(&queue->notify_lock, NULL);
    bs_cond_init(&queue->not_empty);
    bs_cond_init(&queue->not_full);
    queue->tail = &queue->head;
    queue->limit = limit_bytes;
    return queue;
}

void
bs_queue_free(struct bs_queue *queue) {
    if (queue == NULL) {
        return;
    }
    BS_ASSERT(queue->head == NULL);
    pthread_mutex_destroy(&queue->lock);
    pthread_mutex_destroy(&queue->notify_lock);
    pthread_cond_destroy(&queue->not_empty);
    pthread_cond_destroy(&queue->not_full);
    free(queue);
}

void
bs_queue_on_space(struct bs_queue *queue, void (*on_space)(void *arg), void *arg) {
    pthread_mutex_lock(&queue->notify_lock);
    queue->on_space = on_space;
    queue->on_space_arg = arg;
    pthread_mutex_unlock(&queue->notify_lock);
}

static void
tell_space(struct bs_queue *queue) {
    pthread_mutex_lock(&queue->notify_lock);
    if (queue->on_space != NULL) {
        queue->on_space(queue->on_space_arg);
    }
    pthread_mutex_unlock(&queue->notify_lock);
}

static bool
is_full(const struct bs_queue *queue, size_t weight) {
    return queue->head != NULL && queue->weight + weight > queue->limit;
}

static void
append(struct bs_queue *queue, void *item, size_t weight) {
    struct node *node = bs_alloc(sizeof *node);
    *node = (struct node){NULL, item, weight};
    *queue->tail = node;
    queue->tail = &node->next;
    queue->weight += weight;
    pthread_cond_signal(&queue->not_empty);
}

static void
wait_for_space(struct bs_queue *queue, size_t weight, int timeout_ms) {
    struct timespec until = bs_cond_deadline(timeout_ms);
    int rc = 0;
    while (!queue->closed && is_full(queue, weight) && rc != ETIMEDOUT) {
        rc = timeout_ms < 0 ? pthread_cond_wait(&queue->not_full, &queue->lock)
                            : pthread_cond_timedwait(&queue->not_full, &queue->lock, &until);
    }
}

bool
bs_queue_push_within(struct bs_queue *queue, void *item, size_t weight, int timeout_ms) {
    pthread_mutex_lock(&queue->lock);
    wait_for_space(queue, weight, timeout_ms);
    bool fits = !queue->closed && !is_full(queue, weight);
    if (fits) {
        append(queue, item, weight);
    }
    pthread_mutex_unlock(&queue->lock);
    return fits;
}

bool
bs_queue_push(struct bs_queue *queue, void *item, size_t weight) {
    return bs_queue_push_within(queue, item, weight, -1);
}

bool
bs_queue_try_push(struct bs_queue *queue, void *item, size_t weight) {
    pthread_mutex_lock(&queue->lock);
    bool fits = !queue->closed && !is_full(queue, weight);
    if (fits) {
        append(queue, item, weight);
    } else {
        queue->refused = true;
    }
    pthread_mutex_unlock(&queue->lock);
    return fits;
}

static void
wait_for_item(struct bs_queue *queue, int timeout_ms) {
    if (timeout_ms < 0) {
        while (queue->head == NULL && !queue->closed && !queue->nudged) {
            pthread_cond_wait(&queue->not_empty, &queue->lock);
        }
        return;
    }
    struct timespec until = bs_cond_deadline(timeout_ms);
    while (queue->head == NULL && !queue->closed && !queue->nudged) {
        if (pthread_cond_timedwait(&queue->not_empty, &queue->lock, &until) == ETIMEDOUT) {
            return;
        }
    }
}

void *
bs_queue_pop(struct bs_queue *queue, int timeout_ms) {
    pthread_mutex_lock(&queue->lock);
    wait_for_item(queue, timeout_ms);
    queue->nudged = false;
    struct node *node = queue->head;
    bool notify = false;
    if (node != NULL) {
        queue->head = node->next;
        queue->tail = queue->head == NULL ? &queue->head : queue->tail;
        queue->weight -= node->weight;
        pthread_cond_broadcast(&queue->not_full);
        /* Wake a refused producer at half the limit, not at each item: fewer wake-ups. */
        if (queue->refused && queue->weight <= queue->limit / 2) {
            queue->refused = false;
            notify = true;
        }
    }
    pthread_mutex_unlock(&queue->lock);
    void *item = node != NULL ? node->item : NULL;
    free(node);
    if (notify) {
        tell_space(queue);
    }
    return item;
}

void
bs_queue_nudge(struct bs_queue *queue) {
    pthread_mutex_lock(&queue->lock);
    queue->nudged = true;
    pthread_cond_broadcast(&queue->not_empty);
    pthread_mutex_unlock(&queue->lock);
}

void
bs_queue_close(struct bs_queue *queue) {
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_broadcast(&queue->not_empty);
    pthread_cond_broadcast(&queue->not_full);
    pthread_mutex_unlock(&queue->lock);
}

bool
bs_queue_is_closed(struct bs_queue *queue) {
    pthread_mutex_lock(&queue->lock);
    bool closed = queue->closed;
    pthread_mutex_unlock(&queue->lock);
    return closed;
}

size_t
bs_queue_weight(struct bs_queue *queue) {
    pthread_mutex_lock(&queue->lock);
    size_t weight = queue->weight;
    pthread_mutex_unlock(&queue->lock);
    return weight;
}
