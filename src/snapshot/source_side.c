#include "snapshot/copying.h"

#include "base/log.h"
#include "base/mem.h"
#include "net/file_created.h"
#include "snapshot/history.h"

#include <inttypes.h>
#include <stdio.h>

enum { THREADS_MAX = BS_SLOT_COUNT - 2 }; /* one slot is for the pair that reads locked tables */

enum bs_status
bs_copying_connect_source(struct bs_copying *run, struct bs_error *err) {
    struct bs_sql_options source = {.program = "binstream snapshot"};
    enum bs_status status = bs_sql_connect(&run->source, run->config->source, &source, err);
    if (status == BS_OK) {
        status = bs_catalog_server(run->source, &run->source_server, err);
    }
    if (status == BS_OK && run->config->max_history > 0) { /* may it be asked at all? */
        uint64_t length = 0;
        status = bs_history_read(run->source, &run->source_server, &length, err);
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "connecting to the source");
}

unsigned int
bs_copying_threads(const struct bs_snapshot_config *config) {
    unsigned int count = config->threads == 0 ? 1 : config->threads;
    return count > THREADS_MAX ? THREADS_MAX : count;
}

enum bs_status
bs_copying_connect_views(struct bs_copying *run, struct bs_error *err) {
    enum bs_status status = BS_OK;
    unsigned int count = bs_copying_threads(run->config);
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

enum bs_status
bs_copying_choose_mode(struct bs_copying *run, struct bs_error *err) {
    const struct bs_server *server = &run->source_server;
    enum bs_position_choice choice = run->config->position;
    if (choice == BS_POSITION_WANT_GTID && !server->has_gtid) {
        bs_error_set(err, BS_PRECHECK, "--position=gtid: the source has no GTIDs");
        return bs_error_hint(err, "set gtid_mode=ON there, or take --position=file");
    }
    bool with_gtid = choice != BS_POSITION_WANT_FILE && server->has_gtid;
    enum bs_position_mode mode = !with_gtid                      ? BS_POSITION_FILE
                                 : server->flavour == BS_MARIADB ? BS_POSITION_GTID_MARIADB
                                                                 : BS_POSITION_GTID_MYSQL;
    if (run->resume.unit_count > 0 && mode != run->task.mode) {
        bs_error_set(err, choice == BS_POSITION_AUTO ? BS_PRECHECK : BS_CONFIG,
                     "task '%s' was started with positions %s GTIDs, and would go on %s them",
                     run->config->state.task,
                     run->task.mode == BS_POSITION_FILE ? "without" : "with",
                     mode == BS_POSITION_FILE ? "without" : "with");
        return bs_error_hint(err, "give --position as before, or reset the task first");
    }
    run->task.mode = mode;
    return BS_OK;
}

static void
log_point(const struct bs_point *point) {
    const struct bs_position *newest = &point->newest;
    const char *gtid = newest->gtid[0] != '\0' ? ", GTID " : "";
    if (point->is_spread) {
        bs_log(BS_LOG_INFO,
               "the snapshot is of %s:%" PRIu64 " to %s:%" PRIu64 "%s%s; the source was not locked",
               point->position.file, point->position.pos, newest->file, newest->pos, gtid,
               newest->gtid);
    } else {
        bs_log(BS_LOG_INFO,
               "the snapshot is of %s:%" PRIu64 "%s%s; the source was locked (%s) for %" PRId64
               " ms",
               newest->file, newest->pos, gtid, newest->gtid, point->consistency, point->locked_ms);
    }
}

/* Without it a source that is reset before follow has read from it cannot be told from what it was.
 * A copy that nobody will follow needs no privilege for it. */
static enum bs_status
find_file_created(struct bs_copying *run, struct bs_error *err) {
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status status =
        bs_file_created(run->config->source, run->point.position.file, run->point.position.pos,
                        &run->point.file_created, &failure);
    if (status == BS_CANCELLED) {
        *err = failure;
        return status;
    }
    if (status != BS_OK) {
        bs_log(BS_LOG_WARNING,
               "the source's binlog cannot be read: %s%s%s; a copy that is to be followed needs "
               "it, and "
               "RESET MASTER before follow would not be noticed",
               failure.message, failure.hint[0] != '\0' ? "; " : "", failure.hint);
    }
    return BS_OK;
}

enum bs_status
bs_copying_take_point(struct bs_copying *run, struct bs_error *err) {
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
        .with_gtid = run->task.mode != BS_POSITION_FILE,
    };
    enum bs_status status = bs_point_take(&config, &run->point, err);
    if (status != BS_OK) {
        return status;
    }
    run->report->tables = run->point.schema->table_count;
    run->report->locked_ms = run->point.locked_ms;
    run->report->consistency = run->point.consistency;
    (void)snprintf(run->report->consistency_reason, sizeof run->report->consistency_reason, "%s",
                   run->point.reason);
    bs_position_copy(&run->report->point, &run->point.newest);
    log_point(&run->point);
    return find_file_created(run, err);
}
