/* The consistent copy, from end to end:
 *
 *   begin (task, take-over, undo) ──> point ──> databases and tables ──> rows ──> routines, views
 *   ──> phase COPIED
 *
 * What is promised: when bs_snapshot_run returns BS_OK, the target holds the selected tables
 * exactly as they were on the source at report->point, and the state says so (phase COPIED), in
 * that order. After a crash at any moment the phase is COPYING; running again fences off what may
 * still be alive, drops what the task itself had made (noted before it was made) and starts over.
 * Nothing that was on the target before is dropped or changed: a table of the same name is an error
 * before anything is made.
 *
 * Threads: the main thread runs this file, owns both control sessions, and while rows are copied
 * only waits, draws the progress, and hands signals on. N pairs of a dumper and a loader do the
 * copy. The first error of any of them ends all. */
#include "snapshot/snapshot.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "catalog/catalog.h"
#include "schema/period.h"
#include "snapshot/begin.h"
#include "snapshot/build.h"
#include "snapshot/early.h"
#include "snapshot/pair.h"
#include "snapshot/point.h"
#include "state/fence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    THREADS_MAX = BS_SLOT_COUNT - 2, /* one slot is for the pair that reads locked tables */
    TICK_MS = 200,
    PROGRESS_EVERY_MS = 1000,
    CHUNK_BYTES_DEFAULT = 16 << 20,
    QUEUE_BYTES_MIN = 2 << 20,
    QUEUE_BYTES_MAX = 16 << 20,
    QUEUE_SHARE = 4, /* of --memory, the queues take this part at most */
    PACKET_BYTES_MAX = 1 << 30,
};

struct run {
    const struct bs_snapshot_config *config;
    struct bs_snapshot_report *report;
    struct bs_sql *source; /* control sessions */
    struct bs_sql *target;
    struct bs_server source_server;
    struct bs_server target_server;
    struct bs_translation translation;
    struct bs_task task;
    struct bs_point point;
    struct bs_table **there; /* the point's tables as the target has them; NULL: of one flavour */
    struct bs_copy **copies; /* largest table first */
    struct bs_work *work;
    struct bs_pair_config pair_config;
    struct bs_pair *pairs;
    unsigned int pair_count;
    struct bs_sql **views; /* the pairs' source sessions until the pairs own them */
    int64_t started_ms;
    int64_t progress_ms;
};

static unsigned int
thread_count(const struct bs_snapshot_config *config) {
    unsigned int count = config->threads == 0 ? 1 : config->threads;
    return count > THREADS_MAX ? THREADS_MAX : count;
}

static enum bs_status
connect_control(struct run *run, struct bs_error *err) {
    struct bs_sql_options source = {.program = "binstream snapshot"};
    struct bs_sql_options target = {.program = "binstream snapshot",
                                    .no_binlog = run->config->no_target_binlog};
    enum bs_status status = bs_sql_connect(&run->source, run->config->source, &source, err);
    if (status == BS_OK) {
        status = bs_catalog_server(run->source, &run->source_server, err);
    }
    if (status != BS_OK) {
        return bs_error_context(err, "connecting to the source");
    }
    status = bs_sql_connect(&run->target, run->config->target, &target, err);
    if (status == BS_OK) {
        status = bs_catalog_server(run->target, &run->target_server, err);
    }
    if (status != BS_OK) {
        return bs_error_context(err, "connecting to the target");
    }
    status = bs_catalog_translation(run->source, &run->source_server, run->target,
                                    &run->target_server, &run->translation, err);
    run->translation.keep_engines = run->config->keep_engines;
    return status;
}

static enum bs_status
connect_views(struct run *run, struct bs_error *err) {
    enum bs_status status = BS_OK;
    unsigned int count = thread_count(run->config);
    run->views = bs_zalloc(count * sizeof(struct bs_sql *));
    for (unsigned int i = 0; i < count && status == BS_OK; i++) {
        char program[64];
        (void)snprintf(program, sizeof program, "binstream dumper %u", i);
        struct bs_sql_options options = {.program = program};
        status = bs_sql_connect(&run->views[i], run->config->source, &options, err);
    }
    run->pair_count = count;
    return status == BS_OK ? BS_OK : bs_error_context(err, "connecting to the source");
}

static enum bs_status
choose_mode(struct run *run, struct bs_error *err) {
    const struct bs_server *server = &run->source_server;
    enum bs_position_choice choice = run->config->position;
    if (choice == BS_POSITION_WANT_GTID && !server->has_gtid) {
        bs_error_set(err, BS_PRECHECK, "--position=gtid: the source has no GTIDs");
        return bs_error_hint(err, "set gtid_mode=ON there, or take --position=file");
    }
    bool with_gtid = choice != BS_POSITION_WANT_FILE && server->has_gtid;
    run->task.mode = !with_gtid                      ? BS_POSITION_FILE
                     : server->flavour == BS_MARIADB ? BS_POSITION_GTID_MARIADB
                                                     : BS_POSITION_GTID_MYSQL;
    return BS_OK;
}

static enum bs_status
take_point(struct run *run, struct bs_error *err) {
    struct bs_point_config config = {
        .endpoint = run->config->source,
        .server = &run->source_server,
        .selection = run->config->selection,
        .control = run->source,
        .views = run->views,
        .view_count = run->pair_count,
        .lock_timeout_ms = run->config->lock_timeout_ms,
        .consistency = run->config->consistency,
        .keep_engines = run->config->keep_engines,
    };
    enum bs_status status = bs_point_take(&config, &run->point, err);
    if (status != BS_OK) {
        return status;
    }
    run->report->tables = run->point.schema->table_count;
    run->report->locked_ms = run->point.locked_ms;
    run->report->consistency = run->point.consistency;
    bs_position_copy(&run->report->point, &run->point.position);
    bs_log(BS_LOG_INFO,
           "the snapshot is of %s:%" PRIu64 "%s%s; the source was locked (%s) for %" PRId64 " ms",
           run->point.position.file, run->point.position.pos,
           run->point.position.gtid[0] != '\0' ? ", GTID " : "", run->point.position.gtid,
           run->point.consistency, run->point.locked_ms);
    return BS_OK;
}

static void
fill_task(struct run *run) {
    struct bs_task *task = &run->task;
    const struct bs_schema *schema = run->point.schema;
    bs_position_fini(&task->point);
    bs_position_copy(&task->point, &run->point.position);
    task->tables_total = schema->table_count;
    task->rows_estimate = 0;
    task->bytes_estimate = 0;
    for (size_t i = 0; i < schema->table_count; i++) {
        task->rows_estimate += schema->tables[i]->row_estimate;
        task->bytes_estimate += schema->tables[i]->data_bytes;
    }
}

/* Between flavours a column may be of another type on the target: what is stored there follows the
 * target's own catalogue. */
static enum bs_status
read_there(struct run *run, struct bs_error *err) {
    const struct bs_schema *schema = run->point.schema;
    enum bs_status status = BS_OK;
    if (!bs_translation_is_across(&run->translation)) {
        return BS_OK;
    }
    run->there = bs_zalloc((schema->table_count + 1) * sizeof(struct bs_table *));
    for (size_t i = 0; i < schema->table_count && status == BS_OK; i++) {
        const struct bs_table *table = schema->tables[i];
        status = bs_catalog_table(run->target, &run->target_server, bs_str(table->db),
                                  bs_str(table->name), &run->there[i], err);
        if (status == BS_OK && run->there[i] == NULL) {
            status = bs_error_set(err, BS_SCHEMA, "table %s.%s is gone from the target", table->db,
                                  table->name);
        }
        if (status == BS_OK) {
            run->there[i]->is_translated = true;
            bs_table_take_period(run->there[i], table);
            free(run->there[i]->engine); /* whose transactions the stream tells of */
            run->there[i]->engine = bs_strdup(table->engine);
        }
    }
    return status;
}

static enum bs_status
save_models(struct run *run, struct bs_error *err) {
    const struct bs_schema *schema = run->point.schema;
    struct bs_table *const *tables = run->there != NULL ? run->there : schema->tables;
    enum bs_status status = bs_sql_exec(run->target, err, "START TRANSACTION");
    for (size_t i = 0; i < schema->table_count && status == BS_OK; i++) {
        status = bs_state_save_model(run->target, &run->config->state, tables[i], err);
    }
    return status == BS_OK ? bs_sql_exec(run->target, err, "COMMIT") : status;
}

static enum bs_status
build_tables(struct run *run, struct bs_error *err) {
    const struct bs_state *state = &run->config->state;
    fill_task(run);
    enum bs_status status = bs_state_save_task(run->target, state, &run->task, err);
    if (status == BS_OK) {
        status = bs_build_tables(run->target, state, &run->translation, run->point.schema,
                                 run->report, err);
    }
    if (status == BS_OK) {
        status = read_there(run, err);
    }
    return status == BS_OK ? save_models(run, err) : status;
}

static int
compare_size(const void *a, const void *b) {
    const struct bs_table *x = (*(struct bs_copy *const *)a)->table;
    const struct bs_table *y = (*(struct bs_copy *const *)b)->table;
    return x->data_bytes < y->data_bytes ? 1 : x->data_bytes > y->data_bytes ? -1 : 0;
}

static void
make_work(struct run *run) {
    const struct bs_schema *schema = run->point.schema;
    uint64_t chunk_bytes = run->config->chunk_bytes;
    chunk_bytes = chunk_bytes == 0 ? CHUNK_BYTES_DEFAULT : chunk_bytes;
    bool takes_history = bs_period_takes_history(&run->target_server);
    const char *for_ever = takes_history ? bs_period_for_ever(&run->target_server) : NULL;
    run->copies = bs_zalloc((schema->table_count + 1) * sizeof(struct bs_copy *));
    for (size_t i = 0; i < schema->table_count; i++) {
        run->copies[i] = bs_copy_new(
            schema->tables[i], run->there != NULL ? run->there[i] : schema->tables[i], for_ever);
        run->copies[i]->table_id = run->point.table_ids[i];
    }
    qsort(run->copies, schema->table_count, sizeof(struct bs_copy *), compare_size);
    run->work = bs_work_new(run->copies, schema->table_count, chunk_bytes);
    uint64_t packet = run->target_server.max_allowed_packet;
    run->pair_config = (struct bs_pair_config){
        .work = run->work,
        .source = &run->source_server,
        .state = run->config->state,
        .epoch = run->task.epoch,
        .piece_bytes = chunk_bytes,
        .packet_bytes = packet < PACKET_BYTES_MAX ? packet : PACKET_BYTES_MAX,
    };
}

static enum bs_status
check_local_infile(struct run *run, struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status = bs_sql_variable(run->target, "local_infile", true, &value, &found, err);
    bool is_on =
        found && (bs_str_is_nocase(bs_buf_str(&value), "ON") || bs_str_is(bs_buf_str(&value), "1"));
    if (status == BS_OK && !is_on && bs_work_forbid_load(run->work)) {
        bs_log(BS_LOG_WARNING,
               "local_infile is off on the target: rows go by INSERT, which is slower");
    }
    bs_buf_fini(&value);
    return status;
}

static uint64_t
queue_bytes(const struct run *run) {
    uint64_t bytes = run->config->memory_bytes / QUEUE_SHARE / run->pair_count;
    bytes = bytes < QUEUE_BYTES_MIN ? QUEUE_BYTES_MIN : bytes;
    return bytes > QUEUE_BYTES_MAX ? QUEUE_BYTES_MAX : bytes;
}

static enum bs_status
connect_loader(struct run *run, struct bs_pair *pair, struct bs_error *err) {
    char program[64];
    (void)snprintf(program, sizeof program, "binstream loader %u", pair->index);
    struct bs_sql_options options = {
        .program = program, .local_infile = true, .no_binlog = run->config->no_target_binlog};
    enum bs_status status = bs_sql_connect(&pair->target, run->config->target, &options, err);
    if (status == BS_OK) {
        status = bs_fence_hold_slot(pair->target, &run->config->state, pair->index, err);
    }
    if (status == BS_OK) {
        status = bs_sql_exec(pair->target, err, "SET foreign_key_checks=0");
    }
    if (status == BS_OK && bs_period_takes_history(&run->target_server)) {
        status = bs_sql_exec(pair->target, err, "SET system_versioning_insert_history=1");
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "connecting to the target");
}

static enum bs_status
make_pairs(struct run *run, struct bs_error *err) {
    enum bs_status status = BS_OK;
    unsigned int view_count = run->pair_count;
    run->pair_count += run->point.locked_sql != NULL;
    run->pairs = bs_zalloc(run->pair_count * sizeof *run->pairs);
    for (unsigned int i = 0; i < run->pair_count; i++) {
        bs_pair_init(&run->pairs[i], &run->pair_config, i, queue_bytes(run));
    }
    for (unsigned int i = 0; i < view_count; i++) {
        run->pairs[i].source = run->views[i];
        run->views[i] = NULL;
    }
    if (run->point.locked_sql != NULL) {
        run->pairs[view_count].is_locker = true;
        run->pairs[view_count].source = run->point.locked_sql;
        run->point.locked_sql = NULL;
    }
    for (unsigned int i = 0; i < run->pair_count && status == BS_OK; i++) {
        status = connect_loader(run, &run->pairs[i], err);
    }
    return status;
}

static void
show_progress(struct run *run, bool is_last) {
    int64_t now = bs_clock_mono_ms();
    struct bs_work_totals totals;
    if (run->config->progress == NULL || (!is_last && now - run->progress_ms < PROGRESS_EVERY_MS)) {
        return;
    }
    run->progress_ms = now;
    bs_work_totals(run->work, &totals);
    struct bs_snapshot_progress progress = {
        .tables_done = totals.tables_done,
        .tables_total = run->task.tables_total,
        .rows_done = totals.rows,
        .rows_estimate = run->task.rows_estimate,
        .bytes_done = totals.bytes,
        .bytes_estimate = run->task.bytes_estimate,
        .elapsed_ms = now - run->started_ms,
    };
    run->config->progress(run->config->progress_arg, &progress);
}

/* A thread may sit in a long statement; its server is asked to end it. */
static void
interrupt(struct run *run) {
    for (unsigned int i = 0; i < run->pair_count; i++) {
        (void)!bs_sql_exec(run->source, NULL, "KILL QUERY %" PRIu64,
                           bs_sql_connection_id(run->pairs[i].source));
        (void)!bs_sql_exec(run->target, NULL, "KILL QUERY %" PRIu64,
                           bs_sql_connection_id(run->pairs[i].target));
    }
}

static void
watch(struct run *run) {
    struct bs_error err = {0};
    while (!bs_work_wait(run->work, TICK_MS)) {
        if (bs_stop_check(&err) != BS_OK) {
            bs_work_fail(run->work, &err);
        }
        show_progress(run, false);
    }
    if (bs_work_is_stopped(run->work)) {
        interrupt(run);
    }
}

static enum bs_status
run_pairs(struct run *run, struct bs_error *err) {
    unsigned int started = 0;
    for (; started < run->pair_count; started++) {
        struct bs_pair *pair = &run->pairs[started];
        int rc = pthread_create(&pair->loader, NULL, bs_loader_main, pair);
        BS_ASSERT(rc == 0); /* out of threads at this point is out of memory */
        rc = pthread_create(&pair->dumper, NULL, bs_dumper_main, pair);
        BS_ASSERT(rc == 0);
    }
    watch(run);
    for (unsigned int i = 0; i < started; i++) {
        pthread_join(run->pairs[i].dumper, NULL);
        pthread_join(run->pairs[i].loader, NULL);
    }
    return bs_work_error(run->work, err);
}

static void
report_long_lock(struct run *run) {
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

/* On the first pair's sessions, which nobody uses yet. */
static enum bs_status
copy_early_history(struct run *run, struct bs_error *err) {
    struct bs_pair *pair = &run->pairs[0];
    enum bs_status status = BS_OK;
    for (size_t i = 0; run->copies[i] != NULL && status == BS_OK; i++) {
        if (run->copies[i]->for_ever == NULL) {
            continue;
        }
        status = bs_sql_exec(pair->target, err, "START TRANSACTION");
        if (status == BS_OK) {
            status = bs_fence_check(pair->target, &run->config->state, run->task.epoch, err);
        }
        if (status == BS_OK) {
            status = bs_early_copy(pair->source, pair->target, run->copies[i], err);
        }
        if (status == BS_OK) {
            status = bs_sql_exec(pair->target, err, "COMMIT");
        }
        if (status == BS_OK) {
            status = bs_sql_exec(pair->source, err, "ROLLBACK TO SAVEPOINT " BS_VIEW_SAVEPOINT);
        }
    }
    return status;
}

static enum bs_status
copy_rows(struct run *run, struct bs_error *err) {
    struct bs_work_totals totals;
    make_work(run);
    enum bs_status status = check_local_infile(run, err);
    if (status == BS_OK) {
        status = make_pairs(run, err);
    }
    if (status == BS_OK) {
        status = copy_early_history(run, err);
    }
    if (status == BS_OK) {
        status = run_pairs(run, err);
    }
    bs_work_totals(run->work, &totals);
    run->report->rows = totals.rows;
    run->report->bytes = totals.bytes;
    run->report->chunks = totals.chunks;
    run->report->chunks_retried = totals.retried;
    if (status == BS_OK) {
        report_long_lock(run);
        show_progress(run, true);
    }
    return status;
}

/* The end of the copy is one transaction: lane, point and phase. */
static enum bs_status
finish(struct run *run, struct bs_error *err) {
    const struct bs_state *state = &run->config->state;
    enum bs_status status = bs_sql_exec(run->target, err, "START TRANSACTION");
    if (status == BS_OK) {
        status = bs_fence_check(run->target, state, run->task.epoch, err);
    }
    if (status == BS_OK) {
        status =
            bs_state_create_lane(run->target, state, 0, run->task.epoch, &run->point.position, err);
    }
    if (status == BS_OK) {
        run->task.phase = BS_PHASE_COPIED;
        run->task.updated_us = bs_clock_wall_us();
        status = bs_state_save_task(run->target, state, &run->task, err);
    }
    if (status == BS_OK) {
        status = bs_sql_exec(run->target, err, "COMMIT");
    }
    if (status == BS_OK) {
        bs_fault_point("snapshot-copied");
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "recording that the copy is complete");
}

static enum bs_status
run_all(struct run *run, struct bs_error *err) {
    bool is_rerun = false;
    enum bs_status status = connect_control(run, err);
    if (status == BS_OK) {
        status = connect_views(run, err);
    }
    if (status == BS_OK) {
        status = bs_snapshot_begin(run->target, run->config, &run->source_server, &run->task,
                                   &is_rerun, err);
    }
    if (status == BS_OK) {
        status = choose_mode(run, err);
    }
    if (status == BS_OK) {
        status = take_point(run, err);
    }
    if (status == BS_OK) {
        status = bs_build_translate(&run->translation, run->point.schema, err);
    }
    if (status == BS_OK) {
        status = build_tables(run, err);
    }
    if (status == BS_OK) {
        status = copy_rows(run, err);
    }
    if (status == BS_OK) {
        status =
            bs_build_objects(run->target, &run->config->state, run->point.schema, run->report, err);
    }
    return status == BS_OK ? finish(run, err) : status;
}

static void
run_fini(struct run *run) {
    for (unsigned int i = 0; i < run->pair_count; i++) {
        if (run->pairs != NULL) {
            bs_pair_fini(&run->pairs[i]);
        }
    }
    for (unsigned int i = 0; run->views != NULL && i < thread_count(run->config); i++) {
        bs_sql_close(run->views[i]);
    }
    bs_work_free(run->work);
    for (size_t i = 0; run->copies != NULL && run->copies[i] != NULL; i++) {
        bs_copy_free(run->copies[i]);
    }
    for (size_t i = 0; run->there != NULL && i < run->point.schema->table_count; i++) {
        bs_table_free(run->there[i]);
    }
    free(run->there);
    bs_translation_fini(&run->translation);
    free(run->copies);
    free(run->pairs);
    free(run->views);
    bs_point_fini(&run->point);
    bs_task_fini(&run->task);
    bs_sql_close(run->source);
    bs_sql_close(run->target);
}

enum bs_status
bs_snapshot_run(const struct bs_snapshot_config *config, struct bs_snapshot_report *report,
                struct bs_error *err) {
    struct run run = {.config = config, .report = report, .started_ms = bs_clock_mono_ms()};
    memset(report, 0, sizeof *report);
    enum bs_status status = run_all(&run, err);
    report->elapsed_ms = bs_clock_mono_ms() - run.started_ms;
    run_fini(&run);
    return status;
}

void
bs_snapshot_report_fini(struct bs_snapshot_report *report) {
    bs_position_fini(&report->point);
}
