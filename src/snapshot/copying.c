#include "snapshot/copying.h"
#include "snapshot/history.h"
#include "sql/bulk.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "schema/engine.h"
#include "schema/period.h"
#include "snapshot/early.h"
#include "state/fence.h"
#include "state/node.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TICK_MS = 200,
    PROGRESS_EVERY_MS = 1000,
    LOOK_AT_LOAD_MS = 500,
    LOOK_AT_WAITING_MS = 2000, /* of the load: a walk through all of the source's sessions */
    LOOK_AT_HISTORY_MS = 1000,
    HISTORY_PART = 2, /* what must be purged of --max-history before the copy goes on */
    CHUNK_BYTES_DEFAULT = 16 << 20,
    CHUNK_BYTES_MIN = 256 << 10,
    CHUNK_MAX_S = 10,
    SORT_BYTES = 16 << 20,
    QUEUE_BYTES_MIN = 2 << 20,
    QUEUE_BYTES_MAX = 16 << 20,
    LARGE_ROWS_SHARE =
        8,           /* of --memory, large rows that are under way take this part, or are one */
    QUEUE_SHARE = 4, /* of --memory, the queues take this part at most */
    PACKET_BYTES_MAX = 1 << 30,
};

static int
compare_size(const void *a, const void *b) {
    const struct bs_table *x = (*(struct bs_copy *const *)a)->table;
    const struct bs_table *y = (*(struct bs_copy *const *)b)->table;
    return x->data_bytes < y->data_bytes ? 1 : x->data_bytes > y->data_bytes ? -1 : 0;
}

/* May the copy's key be of another order on the target? UUIDs are on other versions of MariaDB. */
static bool
is_ordered_otherwise(const struct bs_copying *run, const struct bs_copy *copy) {
    bool differs = run->source_server.version != run->target_server.version;
    bool has_uuid = false;
    for (size_t i = 0; i < copy->key->part_count; i++) {
        has_uuid =
            has_uuid || copy->table->columns[copy->key->parts[i].column].type == BS_TYPE_UUID;
    }
    return bs_translation_is_across(&run->translation) || (differs && has_uuid);
}

/* What tables without transactions have taken stays, whatever becomes of the transaction. A DELETE
 * on a system-versioned table makes history of its rows, and ARCHIVE knows none. Where the key is
 * of another order on the target a range of it there is not what was read: then the table goes
 * whole, unless an archive has it in chunks. */
static void
choose_removal(const struct bs_copying *run, struct bs_copy *copy) {
    const struct bs_table *table = copy->table;
    size_t period[2];
    bool has_transactions = run->to != NULL || !run->config->keep_engines ||
                            bs_engine_kind(table->engine) == BS_ENGINE_INNODB;
    if (has_transactions || table->is_sequence) { /* whose only row takes the other's place */
        copy->removal = BS_REMOVAL_ROLLBACK;
        return;
    }
    bool is_cut_otherwise = copy->key != NULL && is_ordered_otherwise(run, copy);
    if (is_cut_otherwise && run->from == NULL) {
        bs_copy_read_whole(copy);
        is_cut_otherwise = false;
    }
    bool can_be_deleted = !is_cut_otherwise && !bs_table_period(table, &period[0], &period[1]) &&
                          !bs_str_is_nocase(bs_str(table->engine), "ARCHIVE");
    copy->removal = can_be_deleted ? BS_REMOVAL_DELETE : BS_REMOVAL_NONE;
}

/* The keys of a table that was continued wait for the end of the window. */
static struct bs_copy *
make_copy(struct bs_copying *run, size_t i, const char *for_ever) {
    struct bs_table *table = run->point.schema->tables[i];
    const struct bs_resumed *resumed = &run->resume.tables[i];
    struct bs_archive *archive = run->from != NULL ? run->from : run->to;
    struct bs_archived_table *archived =
        archive != NULL ? bs_archive_find(archive, table->db, table->name) : NULL;
    bool has_history = archived == NULL || archived->has_history;
    struct bs_copy *copy =
        bs_copy_new(table, run->source_server.flavour, run->there != NULL ? run->there[i] : table,
                    has_history ? for_ever : NULL);
    bool is_late = run->to == NULL && run->late[i].keys.len > 0 && resumed->first == resumed->last;
    copy->table_id = run->point.table_ids[i];
    copy->late_keys = is_late ? bs_buf_cstr(&run->late[i].keys) : NULL;
    copy->is_locked = copy->is_locked && run->from == NULL;
    copy->is_of_first_view = bs_resume_is_of_first_view(&run->resume, i);
    bool has_presets = resumed->fate == BS_FATE_CONTINUED || run->from != NULL;
    copy->resumed = has_presets ? resumed : NULL;
    copy->archived = archived;
    choose_removal(run, copy);
    return copy;
}

/* A chunk's table is held while it is read: with a bound on the rate, which all share, chunks are
 * such as each takes no longer than CHUNK_MAX_S. */
static uint64_t
choose_chunk_bytes(const struct bs_snapshot_config *config, unsigned int pair_count) {
    uint64_t bytes = config->max_bytes_per_s / (pair_count > 0 ? pair_count : 1) * CHUNK_MAX_S;
    if (config->chunk_bytes > 0) {
        return config->chunk_bytes;
    }
    bytes = bytes == 0 || bytes > CHUNK_BYTES_DEFAULT ? CHUNK_BYTES_DEFAULT : bytes;
    return bytes < CHUNK_BYTES_MIN ? CHUNK_BYTES_MIN : bytes;
}

/* See bs_point_take. */
static bool
keeps_tables(const struct bs_point *point) {
    bool keeps = point->keeps_tables;
    for (size_t i = 0; i < point->schema->table_count && !keeps; i++) {
        keeps = point->table_ids[i] == 0 && !bs_lock_is_long(point->schema->tables[i]);
    }
    return keeps;
}

static void
make_work(struct bs_copying *run) {
    const struct bs_schema *schema = run->point.schema;
    size_t count = 0;
    uint64_t chunk_bytes = choose_chunk_bytes(run->config, run->pair_count);
    const struct bs_server *keeper = run->to != NULL ? &run->source_server : &run->target_server;
    bool takes_history = run->to != NULL || bs_period_takes_history(keeper);
    const char *for_ever = takes_history ? bs_period_for_ever(keeper) : NULL;
    run->copies = bs_zalloc((schema->table_count + 1) * sizeof(struct bs_copy *));
    for (size_t i = 0; i < schema->table_count; i++) {
        if (run->resume.tables[i].fate != BS_FATE_KEPT) {
            run->copies[count++] = make_copy(run, i, for_ever);
        }
    }
    qsort(run->copies, count, sizeof(struct bs_copy *), compare_size);
    run->work = bs_work_new(run->copies, count, chunk_bytes);
    bs_work_bound_large(run->work, run->config->memory_bytes / LARGE_ROWS_SHARE);
    run->courtesy = bs_courtesy_new(run->config->max_bytes_per_s);
    uint64_t packet = run->to == NULL ? run->target_server.max_allowed_packet : PACKET_BYTES_MAX;
    run->pair_config = (struct bs_pair_config){
        .work = run->work,
        .courtesy = run->courtesy,
        .archive = run->from != NULL ? run->from : run->to,
        .source = &run->source_server,
        .state = run->config->state,
        .epoch = run->task.epoch,
        .piece_bytes = chunk_bytes,
        .packet_bytes = packet < PACKET_BYTES_MAX ? packet : PACKET_BYTES_MAX,
        .may_hold = run->config->max_bytes_per_s == 0 && run->config->max_load == 0,
        .keeps_tables = run->from == NULL && keeps_tables(&run->point),
        .keeps_all = run->point.keeps_tables,
    };
}

/* A Galera node that rolls a transaction back for another node's tells it to the next command, and
 * to the end of a prepared statement, which has no answer: nobody would hear of it. */
static enum bs_status
can_bulk(const struct bs_copying *run, bool *can, struct bs_error *err) {
    struct bs_node node;
    enum bs_status status = bs_node_read(run->target, &node, err);
    *can = status == BS_OK && node.cluster == BS_CLUSTER_NONE && bs_sql_can_bulk(run->target);
    return status;
}

/* Values in binary need no LOAD DATA, but for rows that no packet takes. */
static enum bs_status
choose_form(struct bs_copying *run, struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status = bs_sql_variable(run->target, "local_infile", true, &value, &found, err);
    bool is_on =
        found && (bs_str_is_nocase(bs_buf_str(&value), "ON") || bs_str_is(bs_buf_str(&value), "1"));
    bool has_bulk = false;
    if (status == BS_OK) {
        status = can_bulk(run, &has_bulk, err);
    }
    if (has_bulk) {
        bs_work_set_form(run->work, BS_FORM_BULK);
    }
    if (status == BS_OK && !is_on && bs_work_forbid_load(run->work) && !has_bulk) {
        bs_log(BS_LOG_WARNING,
               "local_infile is off on the target: rows go by INSERT, which is slower");
    }
    bs_buf_fini(&value);
    return status;
}

static uint64_t
queue_bytes(const struct bs_copying *run) {
    uint64_t bytes = run->config->memory_bytes / QUEUE_SHARE / run->pair_count;
    bytes = bytes < QUEUE_BYTES_MIN ? QUEUE_BYTES_MIN : bytes;
    return bytes > QUEUE_BYTES_MAX ? QUEUE_BYTES_MAX : bytes;
}

/* MySQL sorts what goes into a new key in pieces of 1 MiB, which it then merges two by two: with a
 * larger buffer a large key takes fewer rounds. Servers before 8.0.27 and MariaDB have none of the
 * kind that a session may set. */
static enum bs_status
enlarge_sorts(struct bs_sql *sql, struct bs_error *err) {
    struct bs_error refused;
    bs_error_clear(&refused);
    enum bs_status status = bs_sql_exec(
        sql, &refused, "SET innodb_ddl_buffer_size=GREATEST(@@innodb_ddl_buffer_size, %d)",
        SORT_BYTES);
    if (status != BS_OK && status != BS_SERVER && err != NULL) {
        *err = refused;
    }
    return status == BS_SERVER ? BS_OK : status;
}

static enum bs_status
connect_loader(struct bs_copying *run, struct bs_pair *pair, struct bs_error *err) {
    char program[64];
    (void)snprintf(program, sizeof program, "binstream loader %u", pair->index);
    struct bs_sql_options options = {.program = program,
                                     .local_infile = true,
                                     .no_binlog = run->config->no_target_binlog,
                                     .reads_late = true,
                                     .stores_rows = true};
    enum bs_status status = bs_sql_connect(&pair->target, run->config->target, &options, err);
    if (status == BS_OK) {
        status = bs_fence_hold_slot(pair->target, &run->config->state, pair->index, run->task.epoch,
                                    err);
    }
    if (status == BS_OK) {
        status = bs_sql_exec(pair->target, err, "SET foreign_key_checks=0");
    }
    if (status == BS_OK) {
        status = enlarge_sorts(pair->target, err);
    }
    if (status == BS_OK && bs_period_takes_history(&run->target_server)) {
        status = bs_sql_exec(pair->target, err, "SET system_versioning_insert_history=1");
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "connecting to the target");
}

static enum bs_status
make_pairs(struct bs_copying *run, struct bs_error *err) {
    enum bs_status status = BS_OK;
    unsigned int view_count = run->pair_count;
    run->pair_count += run->point.locked_sql != NULL;
    run->pairs = bs_zalloc(run->pair_count * sizeof *run->pairs);
    for (unsigned int i = 0; i < run->pair_count; i++) {
        bs_pair_init(&run->pairs[i], &run->pair_config, i, queue_bytes(run));
    }
    for (unsigned int i = 0; i < view_count && run->views != NULL; i++) {
        run->pairs[i].source = run->views[i];
        run->views[i] = NULL;
    }
    if (run->point.locked_sql != NULL) {
        run->pairs[view_count].is_locker = true;
        run->pairs[view_count].source = run->point.locked_sql;
        run->point.locked_sql = NULL;
    }
    for (unsigned int i = 0; i < run->pair_count && run->to == NULL && status == BS_OK; i++) {
        status = connect_loader(run, &run->pairs[i], err);
    }
    return status;
}

/* For `status`, which others ask. What the target's session has to say of it, its threads will
 * say. */
static void
note_progress(struct bs_copying *run, const struct bs_snapshot_progress *progress) {
    struct bs_buf json = {0};
    bs_progress_put(&json, progress, bs_clock_wall_us());
    (void)!bs_state_save_report(run->target, &run->config->state, "copy", bs_buf_cstr(&json), NULL);
    bs_buf_fini(&json);
}

static void
show_progress(struct bs_copying *run, bool is_last) {
    int64_t now = bs_clock_mono_ms();
    struct bs_work_totals totals;
    if (!is_last && now - run->progress_ms < PROGRESS_EVERY_MS) {
        return;
    }
    run->progress_ms = now;
    bs_work_totals(run->work, &totals);
    struct bs_snapshot_progress progress = {
        .tables_done = run->resume.kept + totals.tables_done,
        .tables_total = run->task.tables_total,
        .rows_done = run->kept_rows + totals.rows,
        .rows_kept = run->kept_rows,
        .rows_estimate = run->task.rows_estimate,
        .bytes_done = run->kept_bytes + totals.bytes,
        .bytes_kept = run->kept_bytes,
        .bytes_estimate = run->task.bytes_estimate,
        .elapsed_ms = now - run->started_ms,
        .load = run->load,
    };
    progress.table_count = bs_work_busy(run->work, progress.tables, BS_TABLES_SHOWN_MAX);
    if (run->config->progress != NULL) {
        run->config->progress(run->config->progress_arg, &progress);
    }
    if (run->to == NULL) {
        note_progress(run, &progress);
    }
}

/* A thread may sit in a long statement; its server is asked to end it. */
static void
interrupt_session(struct bs_sql *control, struct bs_sql *session) {
    if (session != NULL) {
        (void)!bs_sql_exec(control, NULL, "KILL QUERY %" PRIu64, bs_sql_connection_id(session));
    }
}

static void
interrupt(struct bs_copying *run) {
    for (unsigned int i = 0; i < run->pair_count; i++) {
        interrupt_session(run->source, run->pairs[i].source);
        interrupt_session(run->target, run->pairs[i].target);
    }
}

/* Our own sessions count as running, also while the server waits for them to read on: they are
 * taken off. Those that do not run as well, but for who pauses between two chunks: so the load may
 * be a few more. */
static enum bs_status
read_load(struct bs_copying *run, uint64_t *load, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    uint64_t own = run->pair_count + 1 - bs_courtesy_awaiting(run->courtesy);
    enum bs_status status =
        bs_sql_query(run->source, &result, err, "SHOW GLOBAL STATUS LIKE 'Threads_running'");
    if (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
    }
    uint64_t running = status == BS_OK && fields != NULL ? strtoull(fields[1].data, NULL, 10) : 0;
    *load = running > own ? running - own : 0;
    bs_sql_result_free(result);
    return status;
}

static bool
is_own(const struct bs_copying *run, uint64_t id) {
    bool is_it = id == bs_sql_connection_id(run->source);
    for (unsigned int i = 0; i < run->pair_count && !is_it; i++) {
        is_it = run->pairs[i].source != NULL && id == bs_sql_connection_id(run->pairs[i].source);
    }
    return is_it;
}

/* Who waits for DDL, or is DDL that waits, burdens nobody; and it may be us for whom it waits.
 * Without PROCESS others are not shown, and then they count. */
static enum bs_status
read_waiting(struct bs_copying *run, struct bs_error *err) {
    enum { ID = 0, STATE = 6 };
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    run->waiting = 0;
    enum bs_status status = bs_sql_query(run->source, &result, err, "SHOW PROCESSLIST");
    while (status == BS_OK && (status = bs_sql_next(result, &fields, err)) == BS_OK &&
           fields != NULL) {
        bool waits =
            fields[STATE].data != NULL && strstr(fields[STATE].data, "metadata lock") != NULL;
        run->waiting += waits && !is_own(run, strtoull(fields[ID].data, NULL, 10));
    }
    bs_sql_result_free(result);
    return status;
}

static enum bs_status
heed_load(struct bs_copying *run, struct bs_error *err) {
    int64_t now = bs_clock_mono_ms();
    uint64_t most = run->config->max_load;
    uint64_t load = 0;
    if (most == 0 || now - run->load_ms < LOOK_AT_LOAD_MS) {
        return BS_OK;
    }
    run->load_ms = now;
    enum bs_status status = read_load(run, &load, err);
    bool is_over = status == BS_OK && load > most;
    if (is_over && now - run->waiting_ms >= LOOK_AT_WAITING_MS) {
        run->waiting_ms = now;
        status = read_waiting(run, err);
    }
    load -= run->waiting < load ? run->waiting : load;
    bool pauses = status == BS_OK && is_over && load > most;
    if (pauses && run->load == 0) {
        bs_log(BS_LOG_INFO, "pausing: %" PRIu64 " statements run on the source, over --max-load",
               load);
    } else if (!pauses && run->load > 0) {
        bs_log(BS_LOG_INFO, "going on with the copy");
    }
    run->load = pauses ? load : 0;
    bs_courtesy_pause(run->courtesy, pauses);
    return status;
}

/* Over the bound the work is drained; give_views_up does the rest. */
static enum bs_status
heed_history(struct bs_copying *run, struct bs_error *err) {
    int64_t now = bs_clock_mono_ms();
    uint64_t most = run->config->max_history;
    uint64_t length = 0;
    if (most == 0 || run->history > 0 || run->from != NULL ||
        now - run->history_ms < LOOK_AT_HISTORY_MS) {
        return BS_OK;
    }
    run->history_ms = now;
    enum bs_status status = bs_history_read(run->source, &run->source_server, &length, err);
    if (status == BS_OK && length > most) {
        run->history = length;
        bs_log(BS_LOG_INFO,
               "the source's history list is %" PRIu64 " long, over --max-history: the copy's "
               "views are given up when the chunks in work are in",
               length);
        bs_work_drain(run->work);
    }
    return status;
}

/* The threads have ended. Waits until the source has purged what the views held back, with the task
 * still held against others. */
static enum bs_status
give_views_up(struct bs_copying *run, struct bs_error *err) {
    int64_t since_ms = bs_clock_mono_ms();
    for (unsigned int i = 0; i < run->pair_count; i++) {
        bs_sql_close(run->pairs[i].source);
        run->pairs[i].source = NULL;
    }
    enum bs_status status = bs_sql_exec(run->source, err, "ROLLBACK");
    if (status == BS_OK) {
        status = bs_history_await(run->source, &run->source_server,
                                  run->config->max_history / HISTORY_PART, err);
    }
    run->report->paused_ms += bs_clock_mono_ms() - since_ms;
    if (status != BS_OK) {
        return status;
    }
    run->again = BS_AGAIN_HISTORY;
    return bs_error_set(err, BS_LIMIT, "the source's history list was %" PRIu64 " long",
                        run->history);
}

static void
watch(struct bs_copying *run) {
    struct bs_error err = {0};
    while (!bs_work_wait(run->work, TICK_MS)) {
        if (bs_stop_check(&err) != BS_OK || heed_load(run, &err) != BS_OK ||
            heed_history(run, &err) != BS_OK) {
            bs_work_fail(run->work, &err);
        }
        show_progress(run, false);
    }
    bs_courtesy_stop(run->courtesy);
    if (bs_work_is_stopped(run->work)) {
        interrupt(run);
    }
}

/* A server ends only the statement that it is asked to end while it runs: a thread that was between
 * two of them has begun the next. So it is asked again. */
static void
await_end(struct bs_copying *run, pthread_t thread) {
    struct timespec until;
    int rc;
    do {
        int failed = clock_gettime(CLOCK_REALTIME, &until);
        BS_ASSERT(failed == 0);
        until.tv_sec += 1;
        rc = pthread_timedjoin_np(thread, NULL, &until);
        BS_ASSERT(rc == 0 || rc == ETIMEDOUT);
        if (rc == ETIMEDOUT && bs_work_is_stopped(run->work)) {
            interrupt(run);
        }
    } while (rc == ETIMEDOUT);
}

static enum bs_status
run_pairs(struct bs_copying *run, struct bs_error *err) {
    unsigned int started = 0;
    for (; started < run->pair_count; started++) {
        struct bs_pair *pair = &run->pairs[started];
        void *(*sink)(void *) = run->to == NULL ? bs_loader_main : bs_archiver_main;
        int rc = pthread_create(&pair->loader, NULL, sink, pair);
        BS_ASSERT(rc == 0); /* out of threads at this point is out of memory */
        rc = pthread_create(&pair->dumper, NULL, bs_dumper_main, pair);
        BS_ASSERT(rc == 0);
    }
    watch(run);
    for (unsigned int i = 0; i < started; i++) {
        await_end(run, run->pairs[i].dumper);
        await_end(run, run->pairs[i].loader);
    }
    return bs_work_error(run->work, err);
}

static void
report_long_lock(struct bs_copying *run) {
    const struct bs_pair *last = &run->pairs[run->pair_count - 1];
    if (!last->is_locker || last->unlocked_us == 0) {
        return;
    }
    for (size_t i = 0; run->copies[i] != NULL; i++) {
        run->report->locked_tables += run->copies[i]->is_locked;
    }
    run->report->long_locked_ms = (last->unlocked_us - run->point.locked_since_us + 999) / 1000;
    bs_log(BS_LOG_INFO,
           "%" PRIu64 " tables of engines without transactions were locked for %" PRId64
           " ms, until they were copied",
           run->report->locked_tables, run->report->long_locked_ms);
}

static enum bs_status
store_early_history(struct bs_copying *run, const struct bs_copy *copy, struct bs_error *err) {
    struct bs_pair *pair = &run->pairs[0];
    enum bs_status status = bs_sql_exec(pair->target, err, "START TRANSACTION");
    if (status == BS_OK) {
        status = bs_fence_check(pair->target, &run->config->state, run->task.epoch, err);
    }
    if (status == BS_OK) {
        status = run->from != NULL ? bs_early_load(run->from, pair->target, copy, err)
                                   : bs_early_copy(pair->source, pair->target, copy, err);
    }
    if (status == BS_OK) {
        status = bs_fence_seal(pair->target, &run->config->state, run->task.epoch, err);
    }
    if (status == BS_OK) {
        status = bs_sql_exec(pair->target, err, "COMMIT");
    }
    if (status == BS_OK) {
        bs_fault_point("snapshot-early-history-made");
    }
    return status;
}

/* On the first pair's sessions, which nobody uses yet. Where a part of a table is in, so is this.
 */
static enum bs_status
copy_early_history(struct bs_copying *run, struct bs_error *err) {
    struct bs_pair *pair = &run->pairs[0];
    enum bs_status status = BS_OK;
    for (size_t i = 0; run->copies[i] != NULL && status == BS_OK; i++) {
        const struct bs_copy *copy = run->copies[i];
        bool is_in = copy->resumed != NULL && copy->resumed->fate == BS_FATE_CONTINUED;
        if (copy->for_ever == NULL || is_in) {
            continue;
        }
        status = bs_stop_check(err);
        if (status != BS_OK) {
            break;
        }
        status = run->to != NULL ? bs_early_save(pair->source, run->to, copy, err)
                                 : store_early_history(run, copy, err);
        if (status == BS_OK && pair->source != NULL) {
            status = bs_sql_exec(pair->source, err, "ROLLBACK TO SAVEPOINT " BS_VIEW_SAVEPOINT);
        }
    }
    return status;
}

enum bs_status
bs_copying_copy_rows(struct bs_copying *run, struct bs_error *err) {
    struct bs_work_totals totals;
    for (size_t i = 0; i < run->resume.table_count; i++) {
        run->kept_rows += run->resume.tables[i].rows;
        run->kept_bytes += run->resume.tables[i].bytes;
    }
    make_work(run);
    enum bs_status status = BS_OK;
    if (run->to != NULL) {
        bs_work_set_form(run->work, BS_FORM_ARCHIVE);
    } else {
        status = choose_form(run, err);
    }
    if (status == BS_OK) {
        status = make_pairs(run, err);
    }
    if (status == BS_OK) {
        status = copy_early_history(run, err);
    }
    if (status == BS_OK) {
        status = run_pairs(run, err);
    }
    run->again = status == BS_SCHEMA ? BS_AGAIN_ALTERED : BS_AGAIN_NOT;
    bs_work_totals(run->work, &totals);
    run->report->rows = totals.rows;
    run->report->bytes = totals.bytes;
    run->report->chunks = totals.chunks;
    run->report->chunks_retried = totals.retried;
    run->report->paused_ms = bs_courtesy_paused_ms(run->courtesy);
    if (status == BS_OK && bs_work_is_drained(run->work)) {
        return give_views_up(run, err);
    }
    if (status == BS_OK) {
        report_long_lock(run);
        show_progress(run, true);
    }
    return status;
}
