#include "snapshot/work_private.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "snapshot/resume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CHUNK_ROWS_MIN = 1,
    CHUNK_ROWS_MAX = 10000000,
    CHUNK_GROWTH_MAX = 4,
    FIRST_CHUNK_ROWS = 10000, /* by then the catalogue's guess, which may be stale, is measured */
    ROW_BYTES_GUESS = 128,    /* where the catalogue knows nothing */
    RECENT_CHUNKS = 8,        /* so many, about, tell the size of the next one */
};

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

/* The gaps are chunks that were cut and have to be dumped. */
static void
take_resumed(struct bs_work *work, size_t index, const struct bs_resumed *resumed) {
    struct bs_work_table *table = &work->tables[index];
    table->is_cut = resumed->is_cut;
    table->kept_rows = resumed->rows;
    table->kept_bytes = resumed->bytes;
    table->chunk_count = resumed->next_number;
    if (resumed->after.count > 0) {
        bs_bound_set(&table->after, resumed->after.values, resumed->after.count);
    }
    for (size_t i = resumed->gap_count;
         i-- > 0;) { /* the first of them is to be the list's first */
        const struct bs_gap *gap = &resumed->gaps[i];
        struct bs_chunk *chunk = bs_chunk_new(table->copy, index, gap->number);
        if (gap->lower.count > 0) {
            bs_bound_set(&chunk->lower, gap->lower.values, gap->lower.count);
        }
        bs_bound_set(&chunk->upper, gap->upper.values, gap->upper.count);
        chunk->next = work->again;
        work->again = chunk;
        chunk->next_open = work->open;
        work->open = chunk;
        table->open_chunks++;
    }
}

struct bs_work *
bs_work_new(struct bs_copy **copies, size_t count, uint64_t chunk_bytes) {
    struct bs_work *work = bs_zalloc(sizeof *work);
    pthread_mutex_init(&work->lock, NULL);
    bs_cond_init(&work->changed);
    work->tables = bs_zalloc((count + 1) * sizeof *work->tables);
    work->table_count = count;
    work->chunk_bytes = chunk_bytes;
    for (size_t i = count; i-- > 0;) { /* what is there to be done of the first comes first */
        work->tables[i].copy = copies[i];
        work->tables[i].recent_rows = copies[i]->table->row_estimate;
        work->tables[i].recent_bytes = copies[i]->table->data_bytes;
        if (copies[i]->resumed != NULL) {
            take_resumed(work, i, copies[i]->resumed);
        }
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
is_loaded(const struct bs_work *work) {
    return work->totals.tables_done == work->table_count;
}

/* Under the lock: nobody has anything of it in hand. */
static bool
is_idle(const struct bs_work *work) {
    bool idle = true;
    for (size_t i = 0; i < work->table_count && idle; i++) {
        const struct bs_work_table *table = &work->tables[i];
        idle = !table->is_being_cut && !table->builds_keys && table->in_work == 0;
    }
    return idle;
}

/* Under the lock. */
static bool
is_finished(const struct bs_work *work) {
    return is_loaded(work) || (work->drains && is_idle(work)) || atomic_load(&work->stopped);
}

bool
bs_work_is_for(const struct bs_copy *copy, enum bs_taker taker) {
    return copy->is_locked
               ? taker == BS_TAKER_LOCKER
               : taker == BS_TAKER_FIRST || (taker == BS_TAKER_OTHER && !copy->is_of_first_view);
}

/* Under the lock: does a table that may be chosen come before the other, which may be NULL? */
static bool
comes_before(const struct bs_work_table *table, const struct bs_work_table *other) {
    if (other == NULL || table->kept_for != other->kept_for) {
        return other == NULL || table->kept_for != 0;
    }
    return table->copy->is_of_first_view == other->copy->is_of_first_view
               ? table->open_chunks < other->open_chunks
               : table->copy->is_of_first_view;
}

/* Under the lock: the table that the fewest are busy with, so that two loaders seldom meet in one;
 * but first what nobody else may take. None that takes room for which a chunk waits. */
static struct bs_work_table *
choose_table(struct bs_work *work, enum bs_taker taker, unsigned int pair) {
    struct bs_work_table *best = NULL;
    bool has_queue = bs_work_large_is_awaited(work, taker);
    for (size_t i = 0; i < work->table_count; i++) {
        struct bs_work_table *table = &work->tables[i];
        if (table->is_cut || table->is_being_cut || !bs_work_is_for(table->copy, taker) ||
            !bs_work_large_fits(work, bs_work_large_share(table)) ||
            bs_work_is_kept_from(table, pair) || (has_queue && bs_work_large_share(table) > 0)) {
            continue;
        }
        best = comes_before(table, best) ? table : best;
    }
    return best;
}

/* Under the lock: are all tables that are for the taker loaded, or the work stopped? */
static bool
is_finished_for(const struct bs_work *work, enum bs_taker taker) {
    bool finished = true;
    for (size_t i = 0; i < work->table_count && finished; i++) {
        const struct bs_work_table *table = &work->tables[i];
        finished =
            !bs_work_is_for(table->copy, taker) || (table->is_cut && table->open_chunks == 0);
    }
    return finished || atomic_load(&work->stopped);
}

static void
begin_clock(struct bs_work_table *table) {
    table->began_ms = table->began_ms > 0 ? table->began_ms : bs_clock_mono_ms();
}

/* Under the lock: a chunk that must be dumped again, taken from the list; NULL if there is none. */
static struct bs_chunk *
take_again(struct bs_work *work, enum bs_taker taker) {
    for (struct bs_chunk **at = &work->again; *at != NULL; at = &(*at)->next) {
        struct bs_chunk *chunk = *at;
        if (bs_work_is_for(chunk->copy, taker) &&
            bs_work_large_fits(work, bs_work_large_share_again(work, chunk))) {
            *at = chunk->next;
            chunk->next = NULL;
            chunk->large_share = bs_work_large_share_again(work, chunk);
            chunk->wants_room = 0;
            begin_clock(&work->tables[chunk->table]);
            work->large_in_work += chunk->large_share;
            return chunk;
        }
    }
    return NULL;
}

/* Under the lock. */
static bool
is_last_to_cut(const struct bs_work *work, const struct bs_work_table *table) {
    bool is_last = true;
    for (size_t i = 0; i < work->table_count && is_last; i++) {
        is_last = work->tables[i].is_cut || &work->tables[i] == table;
    }
    return is_last;
}

static void
give_table(struct bs_work *work, struct bs_work_table *table, struct bs_work_item *item) {
    table->is_being_cut = true;
    begin_clock(table);
    table->chunk_rows = bs_work_chunk_rows(work->chunk_bytes, table->recent_rows,
                                           table->recent_bytes, table->chunk_rows);
    item->table = (size_t)(table - work->tables);
    item->copy = table->copy;
    item->rows = table->chunk_rows;
    item->sharers = is_last_to_cut(work, table) ? (unsigned int)work->queue_count : 0;
    item->number = table->chunk_count;
    item->large_share = bs_work_large_share(table);
    work->large_in_work += item->large_share;
    if (table->after.count > 0) {
        bs_bound_set(&item->after, table->after.values, table->after.count);
    }
}

/* Under the lock. */
static enum bs_form
allowed(const struct bs_work *work, enum bs_form form) {
    return form == BS_FORM_LOAD && work->load_forbidden ? BS_FORM_INSERT : form;
}

/* Under the lock. */
static enum bs_form
form_of(const struct bs_work *work, const struct bs_work_table *table) {
    enum bs_form form = work->form;
    if (table->copy->removal == BS_REMOVAL_NONE) { /* one that takes whatever comes */
        form = table->copy->has_json ? BS_FORM_INSERT : BS_FORM_LOAD;
    } else if (form == BS_FORM_BULK && table->copy->bulk == NULL) {
        form = BS_FORM_INSERT;
    } else if (form == BS_FORM_BULK && table->has_other) {
        form = table->other;
    } else if (form == BS_FORM_BULK && table->copy->key == NULL) {
        form = BS_FORM_LOAD; /* a change of form on the way would begin it anew */
    }
    return allowed(work, form);
}

static bool
take(struct bs_work *work, enum bs_taker taker, unsigned int pair, struct bs_work_item *item,
     bool waits) {
    memset(item, 0, sizeof *item);
    pthread_mutex_lock(&work->lock);
    struct bs_work_table *table = NULL;
    while (!is_finished_for(work, taker) && !work->drains &&
           (item->chunk = take_again(work, taker)) == NULL &&
           (table = choose_table(work, taker, pair)) == NULL && waits) {
        pthread_cond_wait(&work->changed, &work->lock);
    }
    bool has_work = item->chunk != NULL || table != NULL;
    if (has_work) {
        (item->chunk != NULL ? &work->tables[item->chunk->table] : table)->in_work++;
    }
    if (item->chunk != NULL) {
        item->copy = item->chunk->copy;
        item->table = item->chunk->table;
        if (!item->chunk->was_given_out) {
            item->chunk->form = form_of(work, &work->tables[item->table]);
        }
    } else if (table != NULL) {
        give_table(work, table, item);
    }
    pthread_mutex_unlock(&work->lock);
    return has_work;
}

bool
bs_work_take(struct bs_work *work, enum bs_taker taker, unsigned int pair,
             struct bs_work_item *item) {
    return take(work, taker, pair, item, true);
}

bool
bs_work_try_take(struct bs_work *work, enum bs_taker taker, unsigned int pair,
                 struct bs_work_item *item) {
    return take(work, taker, pair, item, false);
}

/* Under the lock: is the table loaded now, and has it keys to be built? */
static bool
note_table_end(struct bs_work *work, struct bs_work_table *table) {
    bool is_loaded = table->is_cut && table->open_chunks == 0;
    table->builds_keys = is_loaded && table->copy->late_keys != NULL;
    work->totals.tables_done += is_loaded && !table->builds_keys;
    return table->builds_keys;
}

bool
bs_work_cut(struct bs_work *work, const struct bs_work_item *item, struct bs_chunk *chunk,
            bool is_last) {
    pthread_mutex_lock(&work->lock);
    struct bs_work_table *table = &work->tables[item->table];
    BS_ASSERT(table->is_being_cut && !table->is_cut && (chunk != NULL || is_last));
    table->is_being_cut = false;
    table->is_cut = is_last;
    if (chunk == NULL) {
        table->in_work--;
        work->large_in_work -= item->large_share;
    } else {
        chunk->large_share = item->large_share;
        table->open_chunks++;
        table->chunk_count++;
        chunk->next_open = work->open;
        work->open = chunk;
        if (chunk->upper.count > 0) {
            bs_bound_set(&table->after, chunk->upper.values, chunk->upper.count);
        }
    }
    bool wants_keys = note_table_end(work, table);
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
    return wants_keys;
}

/* Under the lock: the chunk is in nobody's hand now. */
static void
note_put_down(struct bs_work *work, struct bs_chunk *chunk) {
    work->tables[chunk->table].in_work--;
    work->large_in_work -= chunk->large_share;
    chunk->large_share = 0;
}

/* Under the lock. Rows may grow or shrink along the key: what was loaded long ago counts less. */
static void
measure(const struct bs_work *work, struct bs_work_table *table, uint64_t rows, uint64_t bytes) {
    if (!table->is_measured) {
        table->is_measured = true;
        table->recent_rows = 0;
        table->recent_bytes = 0;
    }
    if (table->recent_bytes > RECENT_CHUNKS * work->chunk_bytes) {
        table->recent_rows /= 2;
        table->recent_bytes /= 2;
    }
    table->recent_rows += rows;
    table->recent_bytes += bytes;
}

void
bs_work_add(struct bs_work *work, struct bs_chunk *chunk, uint64_t rows, uint64_t bytes) {
    pthread_mutex_lock(&work->lock);
    struct bs_work_table *table = &work->tables[chunk->table];
    measure(work, table, rows, bytes);
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

bool
bs_work_done(struct bs_work *work, struct bs_chunk *chunk) {
    pthread_mutex_lock(&work->lock);
    struct bs_work_table *table = &work->tables[chunk->table];
    BS_ASSERT(table->open_chunks > 0);
    table->open_chunks--;
    table->large_row = chunk->largest < table->large_row ? chunk->largest : table->large_row;
    note_put_down(work, chunk);
    work->totals.chunks++;
    unlink_open(work, chunk);
    bool wants_keys = note_table_end(work, table);
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
    chunk_free(chunk);
    return wants_keys;
}

void
bs_work_keys_built(struct bs_work *work, const struct bs_copy *copy) {
    pthread_mutex_lock(&work->lock);
    for (size_t i = 0; i < work->table_count; i++) {
        if (work->tables[i].copy == copy) {
            work->tables[i].builds_keys = false;
        }
    }
    work->totals.tables_done++;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

void
bs_work_again(struct bs_work *work, struct bs_chunk *chunk) {
    enum bs_removal removal = chunk->copy->removal;
    pthread_mutex_lock(&work->lock);
    work->totals.rows -= chunk->rows;
    work->totals.bytes -= chunk->bytes;
    work->totals.retried++;
    if (chunk->wants_other) {
        work->tables[chunk->table].has_other = true;
        work->tables[chunk->table].other = chunk->other;
    }
    if (chunk->wants_room > 0) {
        work->tables[chunk->table].large_row = chunk->largest;
    }
    chunk->must_empty = chunk->must_empty || chunk->rows > 0 || removal == BS_REMOVAL_DELETE;
    chunk->rows = 0;
    chunk->bytes = 0;
    chunk->attempts += !chunk->wants_other && chunk->wants_room == 0 && !chunk->is_given_up;
    chunk->was_given_out = true;
    chunk->wants_other = false;
    chunk->is_given_up = false;
    chunk->next = work->again;
    work->again = chunk;
    note_put_down(work, chunk);
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

bool
bs_work_forbid_load(struct bs_work *work) {
    pthread_mutex_lock(&work->lock);
    bool is_first = !work->load_forbidden;
    work->load_forbidden = true;
    pthread_mutex_unlock(&work->lock);
    return is_first;
}

void
bs_work_forbid_bulk(struct bs_work *work) {
    pthread_mutex_lock(&work->lock);
    work->form = work->form == BS_FORM_BULK ? BS_FORM_LOAD : work->form;
    pthread_mutex_unlock(&work->lock);
}

enum bs_form
bs_work_allowed(struct bs_work *work, enum bs_form form) {
    pthread_mutex_lock(&work->lock);
    enum bs_form found = allowed(work, form);
    pthread_mutex_unlock(&work->lock);
    return found;
}

void
bs_work_set_form(struct bs_work *work, enum bs_form form) {
    pthread_mutex_lock(&work->lock);
    work->form = form;
    pthread_mutex_unlock(&work->lock);
}

enum bs_form
bs_work_form(struct bs_work *work, size_t table) {
    pthread_mutex_lock(&work->lock);
    enum bs_form form = form_of(work, &work->tables[table]);
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

void
bs_work_drain(struct bs_work *work) {
    pthread_mutex_lock(&work->lock);
    work->drains = true;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

bool
bs_work_is_drained(struct bs_work *work) {
    pthread_mutex_lock(&work->lock);
    bool is_drained = work->drains && !is_loaded(work);
    pthread_mutex_unlock(&work->lock);
    return is_drained;
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
    BS_ASSERT(work->queue_count < BS_WORK_QUEUE_MAX);
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

size_t
bs_work_busy(struct bs_work *work, struct bs_table_progress *tables, size_t cap) {
    size_t count = 0;
    int64_t now = bs_clock_mono_ms();
    pthread_mutex_lock(&work->lock);
    for (size_t i = 0; i < work->table_count && count < cap; i++) {
        const struct bs_work_table *table = &work->tables[i];
        if (!table->is_being_cut && table->open_chunks == 0 && !table->builds_keys) {
            continue;
        }
        tables[count++] = (struct bs_table_progress){
            .db = table->copy->table->db,
            .name = table->copy->table->name,
            .rows_done = table->kept_rows + table->rows,
            .bytes_done = table->kept_bytes + table->bytes,
            .bytes_kept = table->kept_bytes,
            .bytes_estimate = table->copy->table->data_bytes,
            .elapsed_ms = table->began_ms > 0 ? now - table->began_ms : 0,
            .builds_keys = table->builds_keys,
        };
    }
    pthread_mutex_unlock(&work->lock);
    return count;
}

bool
bs_work_wait(struct bs_work *work, int timeout_ms) {
    struct timespec until = bs_cond_deadline(timeout_ms);
    pthread_mutex_lock(&work->lock);
    int rc = 0;
    while (!is_finished(work) && rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&work->changed, &work->lock, &until);
    }
    bool finished = is_finished(work);
    pthread_mutex_unlock(&work->lock);
    return finished;
}
