#include "snapshot/work.h"

#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CHUNK_ROWS_MIN = 1,
    CHUNK_ROWS_MAX = 10000000,
    CHUNK_GROWTH_MAX = 4,
    FIRST_CHUNK_ROWS = 10000, /* by then the catalogue's guess, which may be stale, is measured */
    ROW_BYTES_GUESS = 128,    /* where the catalogue knows nothing */
    QUEUE_MAX = 128,
};

struct work_table {
    struct bs_copy *copy;
    bool is_being_cut;
    bool is_cut; /* to its end */
    unsigned int open_chunks;
    struct bs_bound after;
    uint64_t chunk_count;
    uint64_t chunk_rows;  /* of the chunk before */
    uint64_t rows, bytes; /* loaded so far; before that the catalogue's guess */
    bool is_measured;
};

struct bs_work {
    pthread_mutex_t lock; /* guards everything below but stopped */
    pthread_cond_t changed;
    struct work_table *tables;
    size_t table_count;
    uint64_t chunk_bytes;
    struct bs_chunk *again; /* to be dumped again; a part of open */
    struct bs_chunk *open;
    struct bs_work_totals totals;
    struct bs_queue *queues[QUEUE_MAX];
    size_t queue_count;
    enum bs_form form;
    struct bs_error error; /* status BS_OK: none */
    atomic_bool stopped;   /* read without the lock, for every block */
};

void
bs_bound_set(struct bs_bound *bound, const struct bs_str *fields, size_t count) {
    bs_bound_fini(bound);
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += fields[i].len;
    }
    bound->values = bs_alloc(count * sizeof *bound->values + bytes + 1);
    bound->count = count;
    char *at = (char *)(bound->values + count);
    for (size_t i = 0; i < count; i++) {
        memcpy(at, fields[i].data, fields[i].len);
        bound->values[i] = (struct bs_str){at, fields[i].len};
        at += fields[i].len;
    }
}

void
bs_bound_fini(struct bs_bound *bound) {
    free(bound->values);
    memset(bound, 0, sizeof *bound);
}

struct bs_chunk *
bs_chunk_new(const struct bs_copy *copy, size_t table, uint64_t number) {
    struct bs_chunk *chunk = bs_zalloc(sizeof *chunk);
    chunk->copy = copy;
    chunk->table = table;
    chunk->number = number;
    return chunk;
}

static void
chunk_free(struct bs_chunk *chunk) {
    bs_bound_fini(&chunk->lower);
    bs_bound_fini(&chunk->upper);
    free(chunk);
}

uint64_t
bs_work_chunk_rows(uint64_t chunk_bytes, uint64_t rows, uint64_t bytes, uint64_t before) {
    uint64_t row_bytes = rows > 0 && bytes > rows ? bytes / rows : ROW_BYTES_GUESS;
    uint64_t wanted = chunk_bytes / row_bytes;
    uint64_t most = before > 0 ? before * CHUNK_GROWTH_MAX : FIRST_CHUNK_ROWS;
    wanted = wanted > most ? most : wanted;
    wanted = wanted < CHUNK_ROWS_MIN ? CHUNK_ROWS_MIN : wanted;
    return wanted > CHUNK_ROWS_MAX ? CHUNK_ROWS_MAX : wanted;
}

struct bs_work *
bs_work_new(struct bs_copy **copies, size_t count, uint64_t chunk_bytes) {
    struct bs_work *work = bs_zalloc(sizeof *work);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&work->lock, NULL);
    pthread_cond_init(&work->changed, &attr);
    pthread_condattr_destroy(&attr);
    work->tables = bs_zalloc((count + 1) * sizeof *work->tables);
    work->table_count = count;
    work->chunk_bytes = chunk_bytes;
    for (size_t i = 0; i < count; i++) {
        work->tables[i].copy = copies[i];
        work->tables[i].rows = copies[i]->table->row_estimate;
        work->tables[i].bytes = copies[i]->table->data_bytes;
    }
    return work;
}

void
bs_work_free(struct bs_work *work) {
    if (work == NULL) {
        return;
    }
    while (work->open != NULL) {
        struct bs_chunk *next = work->open->next_open;
        chunk_free(work->open);
        work->open = next;
    }
    for (size_t i = 0; i < work->table_count; i++) {
        bs_bound_fini(&work->tables[i].after);
    }
    free(work->tables);
    pthread_mutex_destroy(&work->lock);
    pthread_cond_destroy(&work->changed);
    free(work);
}

/* Under the lock. */
static bool
is_finished(const struct bs_work *work) {
    return work->totals.tables_done == work->table_count || atomic_load(&work->stopped);
}

/* Under the lock: the table that the fewest are busy with, so that two loaders seldom meet in one.
 */
static struct work_table *
choose_table(struct bs_work *work, bool locked) {
    struct work_table *best = NULL;
    for (size_t i = 0; i < work->table_count; i++) {
        struct work_table *table = &work->tables[i];
        if (table->copy->is_locked == locked && !table->is_cut && !table->is_being_cut &&
            (best == NULL || table->open_chunks < best->open_chunks)) {
            best = table;
        }
    }
    return best;
}

/* Under the lock: are all tables of a kind loaded, or the work stopped? */
static bool
is_finished_for(const struct bs_work *work, bool locked) {
    bool finished = true;
    for (size_t i = 0; i < work->table_count && finished; i++) {
        const struct work_table *table = &work->tables[i];
        finished = table->copy->is_locked != locked || (table->is_cut && table->open_chunks == 0);
    }
    return finished || atomic_load(&work->stopped);
}

/* Under the lock: a chunk that must be dumped again, taken from the list; NULL if there is none. */
static struct bs_chunk *
take_again(struct bs_work *work, bool locked) {
    for (struct bs_chunk **at = &work->again; *at != NULL; at = &(*at)->next) {
        struct bs_chunk *chunk = *at;
        if (chunk->copy->is_locked == locked) {
            *at = chunk->next;
            chunk->next = NULL;
            return chunk;
        }
    }
    return NULL;
}

static void
give_table(struct bs_work *work, struct work_table *table, struct bs_work_item *item) {
    table->is_being_cut = true;
    table->chunk_rows =
        bs_work_chunk_rows(work->chunk_bytes, table->rows, table->bytes, table->chunk_rows);
    item->table = (size_t)(table - work->tables);
    item->copy = table->copy;
    item->rows = table->chunk_rows;
    item->number = table->chunk_count;
    if (table->after.count > 0) {
        bs_bound_set(&item->after, table->after.values, table->after.count);
    }
}

bool
bs_work_take(struct bs_work *work, bool locked, struct bs_work_item *item) {
    memset(item, 0, sizeof *item);
    pthread_mutex_lock(&work->lock);
    struct work_table *table = NULL;
    while (!is_finished_for(work, locked) && (item->chunk = take_again(work, locked)) == NULL &&
           (table = choose_table(work, locked)) == NULL) {
        pthread_cond_wait(&work->changed, &work->lock);
    }
    bool has_work = item->chunk != NULL || table != NULL;
    if (item->chunk != NULL) {
        item->copy = item->chunk->copy;
        item->table = item->chunk->table;
    } else if (table != NULL) {
        give_table(work, table, item);
    }
    pthread_mutex_unlock(&work->lock);
    return has_work;
}

/* Under the lock. */
static void
note_table_end(struct bs_work *work, const struct work_table *table) {
    if (table->is_cut && table->open_chunks == 0) {
        work->totals.tables_done++;
    }
}

void
bs_work_cut(struct bs_work *work, const struct bs_work_item *item, struct bs_chunk *chunk,
            bool is_last) {
    pthread_mutex_lock(&work->lock);
    struct work_table *table = &work->tables[item->table];
    BS_ASSERT(table->is_being_cut && !table->is_cut && (chunk != NULL || is_last));
    table->is_being_cut = false;
    table->is_cut = is_last;
    if (chunk != NULL) {
        table->open_chunks++;
        table->chunk_count++;
        chunk->next_open = work->open;
        work->open = chunk;
        if (chunk->upper.count > 0) {
            bs_bound_set(&table->after, chunk->upper.values, chunk->upper.count);
        }
    }
    note_table_end(work, table);
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

void
bs_work_add(struct bs_work *work, struct bs_chunk *chunk, uint64_t rows, uint64_t bytes) {
    pthread_mutex_lock(&work->lock);
    struct work_table *table = &work->tables[chunk->table];
    if (!table->is_measured) {
        table->is_measured = true;
        table->rows = 0;
        table->bytes = 0;
    }
    table->rows += rows;
    table->bytes += bytes;
    chunk->rows += rows;
    chunk->bytes += bytes;
    work->totals.rows += rows;
    work->totals.bytes += bytes;
    pthread_mutex_unlock(&work->lock);
}

/* Under the lock. Chunks in work are few: two per dumper and loader at most. */
static void
unlink_open(struct bs_work *work, struct bs_chunk *chunk) {
    struct bs_chunk **at = &work->open;
    while (*at != chunk) {
        BS_ASSERT(*at != NULL);
        at = &(*at)->next_open;
    }
    *at = chunk->next_open;
}

void
bs_work_done(struct bs_work *work, struct bs_chunk *chunk) {
    pthread_mutex_lock(&work->lock);
    struct work_table *table = &work->tables[chunk->table];
    BS_ASSERT(table->open_chunks > 0);
    table->open_chunks--;
    work->totals.chunks++;
    unlink_open(work, chunk);
    note_table_end(work, table);
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
    chunk_free(chunk);
}

void
bs_work_again(struct bs_work *work, struct bs_chunk *chunk) {
    pthread_mutex_lock(&work->lock);
    work->totals.rows -= chunk->rows;
    work->totals.bytes -= chunk->bytes;
    work->totals.retried++;
    chunk->must_empty = chunk->must_empty || chunk->rows > 0;
    chunk->rows = 0;
    chunk->bytes = 0;
    chunk->attempts++;
    chunk->wants_insert = false;
    chunk->next = work->again;
    work->again = chunk;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

bool
bs_work_forbid_load(struct bs_work *work) {
    pthread_mutex_lock(&work->lock);
    bool is_first = work->form == BS_FORM_LOAD;
    work->form = BS_FORM_INSERT;
    pthread_mutex_unlock(&work->lock);
    return is_first;
}

enum bs_form
bs_work_form(struct bs_work *work) {
    pthread_mutex_lock(&work->lock);
    enum bs_form form = work->form;
    pthread_mutex_unlock(&work->lock);
    return form;
}

void
bs_work_fail(struct bs_work *work, const struct bs_error *err) {
    pthread_mutex_lock(&work->lock);
    if (work->error.status == BS_OK) {
        work->error = *err;
    }
    atomic_store(&work->stopped, true);
    for (size_t i = 0; i < work->queue_count; i++) {
        bs_queue_close(work->queues[i]);
    }
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

bool
bs_work_is_stopped(struct bs_work *work) {
    return atomic_load(&work->stopped);
}

enum bs_status
bs_work_error(struct bs_work *work, struct bs_error *err) {
    pthread_mutex_lock(&work->lock);
    enum bs_status status = work->error.status;
    if (status != BS_OK && err != NULL) {
        *err = work->error;
    }
    pthread_mutex_unlock(&work->lock);
    return status;
}

void
bs_work_add_queue(struct bs_work *work, struct bs_queue *queue) {
    pthread_mutex_lock(&work->lock);
    BS_ASSERT(work->queue_count < QUEUE_MAX);
    work->queues[work->queue_count++] = queue;
    pthread_mutex_unlock(&work->lock);
}

void
bs_work_totals(struct bs_work *work, struct bs_work_totals *totals) {
    pthread_mutex_lock(&work->lock);
    *totals = work->totals;
    totals->finished = is_finished(work);
    pthread_mutex_unlock(&work->lock);
}

bool
bs_work_wait(struct bs_work *work, int timeout_ms) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&work->lock);
    int rc = 0;
    while (!is_finished(work) && rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&work->changed, &work->lock, &until);
    }
    bool finished = is_finished(work);
    pthread_mutex_unlock(&work->lock);
    return finished;
}
