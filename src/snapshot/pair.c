#include "snapshot/pair.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include <stdlib.h>
#include <string.h>

enum {
    SPARE_BYTES = 16 << 20,
    LOOK_MS = 100, /* how often a dumper that waits looks whether the work was stopped */
};

void
bs_pair_init(struct bs_pair *pair, const struct bs_pair_config *config, unsigned int index,
             uint64_t queue_bytes) {
    memset(pair, 0, sizeof *pair);
    pair->config = config;
    pair->index = index;
    pair->queue = bs_queue_new((size_t)queue_bytes);
    pair->spare = bs_queue_new(SPARE_BYTES);
    pthread_mutex_init(&pair->large_lock, NULL);
    bs_cond_init(&pair->large_given);
    bs_work_add_queue(config->work, pair->queue);
}

static void
block_free(struct bs_block *block) {
    bs_buf_fini(&block->text);
    bs_buf_fini(&block->ends);
    free(block);
}

static void
queue_drop(struct bs_queue *queue) {
    struct bs_block *block;
    if (queue == NULL) {
        return;
    }
    bs_queue_close(queue);
    while ((block = bs_queue_pop(queue, 0)) != NULL) {
        block_free(block);
    }
    bs_queue_free(queue);
}

void
bs_pair_fini(struct bs_pair *pair) {
    queue_drop(pair->queue);
    queue_drop(pair->spare);
    bs_sql_close(pair->source);
    bs_sql_close(pair->target);
    if (pair->queue != NULL) {
        pthread_mutex_destroy(&pair->large_lock);
        pthread_cond_destroy(&pair->large_given);
    }
    memset(pair, 0, sizeof *pair);
}

struct bs_block *
bs_block_take(struct bs_pair *pair, struct bs_chunk *chunk, enum bs_block_kind kind) {
    struct bs_block *block = kind == BS_BLOCK_ROWS ? bs_queue_pop(pair->spare, 0) : NULL;
    if (block == NULL) {
        block = bs_zalloc(sizeof *block);
    }
    block->kind = kind;
    block->chunk = chunk;
    block->copy = NULL;
    block->head_len = 0;
    block->rows = 0;
    block->zero_enums = 0;
    bs_buf_clear(&block->text);
    bs_buf_clear(&block->ends);
    return block;
}

/* Has the loader stood still for so long? */
struct standstill {
    struct bs_pair *pair;
    unsigned int moves;
    int64_t since_ms;
    int bound_ms; /* negative: it does not matter */
};

static struct standstill
watch_loader(struct bs_pair *pair, int bound_ms) {
    return (struct standstill){pair, atomic_load(&pair->moves), bs_clock_mono_ms(), bound_ms};
}

static bool
stands_still(struct standstill *watch) {
    unsigned int moves = atomic_load(&watch->pair->moves);
    int64_t now = bs_clock_mono_ms();
    if (moves != watch->moves) {
        watch->moves = moves;
        watch->since_ms = now;
    }
    return watch->bound_ms >= 0 && now - watch->since_ms >= watch->bound_ms;
}

bool
bs_block_enlarge(struct bs_pair *pair, struct bs_block *block, size_t bytes, int bound_ms,
                 bool *in_time) {
    struct standstill watch = watch_loader(pair, bound_ms);
    *in_time = true;
    pthread_mutex_lock(&pair->large_lock);
    while (pair->has_large && *in_time && !bs_queue_is_closed(pair->queue)) {
        struct timespec until = bs_cond_deadline(LOOK_MS);
        (void)pthread_cond_timedwait(&pair->large_given, &pair->large_lock, &until);
        *in_time = !stands_still(&watch);
    }
    bool is_free = !pair->has_large;
    *in_time = *in_time || is_free;
    pair->has_large = true;
    pthread_mutex_unlock(&pair->large_lock);
    if (is_free) {
        block->is_large = true;
        bs_buf_reserve(&block->text, bytes);
    }
    return is_free || !*in_time;
}

bool
bs_block_push(struct bs_pair *pair, struct bs_block *block, int bound_ms) {
    size_t weight = block->text.len + block->ends.cap + sizeof *block;
    struct standstill watch = watch_loader(pair, bound_ms);
    bool is_in = bs_queue_push_within(pair->queue, block, weight, LOOK_MS);
    while (!is_in && !bs_queue_is_closed(pair->queue) && !stands_still(&watch)) {
        is_in = bs_queue_push_within(pair->queue, block, weight, LOOK_MS);
    }
    return is_in;
}

static void
give_large(struct bs_pair *pair, struct bs_block *block) {
    block_free(block); /* before another one is made */
    pthread_mutex_lock(&pair->large_lock);
    pair->has_large = false;
    pthread_cond_signal(&pair->large_given);
    pthread_mutex_unlock(&pair->large_lock);
}

void
bs_block_give(struct bs_pair *pair, struct bs_block *block) {
    if (block->is_large) {
        give_large(pair, block);
        return;
    }
    size_t bytes = block->text.cap + block->ends.cap;
    bool is_kept = block->kind == BS_BLOCK_ROWS && bytes <= BS_BLOCK_KEEP_BYTES &&
                   bs_queue_try_push(pair->spare, block, bytes + 1);
    if (!is_kept) {
        block_free(block);
    }
}
