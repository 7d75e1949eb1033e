/* Several producers and consumers on one narrow queue: every item arrives once, in its producer's
 * order, and the weight stays within the limit. For the thread sanitizer, and as a plain test. */
#include "base/error.h"
#include "base/queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PRODUCERS = 4, CONSUMERS = 3, ITEMS = 20000, LIMIT = 50 };

struct item {
    unsigned int producer;
    unsigned int number;
};

static struct bs_queue *queue;
static atomic_uint seen[PRODUCERS][ITEMS];
static atomic_uint over_limit;

static void *
produce(void *arg) {
    unsigned int producer = *(unsigned int *)arg;
    for (unsigned int i = 0; i < ITEMS; i++) {
        struct item *item = malloc(sizeof *item);
        *item = (struct item){producer, i};
        BS_ASSERT(bs_queue_push(queue, item, 1 + i % 20));
        if (bs_queue_weight(queue) > LIMIT) {
            atomic_fetch_add(&over_limit, 1);
        }
    }
    return NULL;
}

static void *
consume(void *arg) {
    (void)arg;
    int64_t last[PRODUCERS] = {-1, -1, -1, -1};
    struct item *item = NULL;
    while ((item = bs_queue_pop(queue, -1)) != NULL) {
        BS_ASSERT(item->number > last[item->producer]);
        last[item->producer] = item->number;
        atomic_fetch_add(&seen[item->producer][item->number], 1);
        free(item);
    }
    return NULL;
}

int
main(void) {
    pthread_t producers[PRODUCERS], consumers[CONSUMERS];
    unsigned int numbers[PRODUCERS];
    queue = bs_queue_new(LIMIT);
    for (unsigned int i = 0; i < CONSUMERS; i++) {
        pthread_create(&consumers[i], NULL, consume, NULL);
    }
    for (unsigned int i = 0; i < PRODUCERS; i++) {
        numbers[i] = i;
        pthread_create(&producers[i], NULL, produce, &numbers[i]);
    }
    for (unsigned int i = 0; i < PRODUCERS; i++) {
        pthread_join(producers[i], NULL);
    }
    bs_queue_close(queue);
    for (unsigned int i = 0; i < CONSUMERS; i++) {
        pthread_join(consumers[i], NULL);
    }
    unsigned int wrong = atomic_load(&over_limit);
    for (unsigned int p = 0; p < PRODUCERS; p++) {
        for (unsigned int i = 0; i < ITEMS; i++) {
            wrong += atomic_load(&seen[p][i]) != 1;
        }
    }
    bs_queue_free(queue);
    printf("%u items, %u wrong\n", PRODUCERS * ITEMS, wrong);
    return wrong == 0 ? 0 : 1;
}
