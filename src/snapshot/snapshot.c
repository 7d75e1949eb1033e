/* The consistent copy, from end to end:
 *
 *   begin (task, take-over) ──> point ──> what of earlier attempts can stay ──> drop the rest
 *   ──> databases and tables ──> rows ──> keys, routines, views, accounts ──> phase COPIED
 *
 * What is promised: when bs_snapshot_run returns BS_OK, the target holds the selected tables
 * exactly as they were on the source at report->point, and the state says so (phase COPIED), in
 * that order. After a crash at any moment the phase is COPYING; running again fences off what may
 * still be alive, keeps what can be kept (resume.h), drops the rest of what the task itself had
 * made (noted before it was made), and copies what is missing as of a point of its own. Tables that
 * were kept are then as of an older point, which the state says, and follow starts there. Nothing
 * that was on the target before is dropped or changed: a table of the same name is an error before
 * anything is made.
 *
 * Threads: the main thread runs this file, owns both control sessions, and while rows are copied
 * only waits, draws the progress, and hands signals on. N pairs of a dumper and a loader do the
 * copy. The first error of any of them ends all. */
#include "snapshot/snapshot.h"

#include "base/clock.h"
#include "base/log.h"
#include "snapshot/copying.h"
#include "snapshot/begin.h"
#include "snapshot/build.h"
#include "state/fence.h"

#include <stdlib.h>
#include <string.h>

enum { ALTERED_MAX = 4 }; /* within one run */

/* What load has put there has the archive's chunks, and the archive's points. */
static enum bs_status
refuse_loaded(struct bs_copying *run, struct bs_error *err) {
    char *archive = NULL;
    enum bs_status status =
        bs_state_load_report(run->target, &run->config->state, "archive", &archive, err);
    bool is_loaded = status == BS_OK && archive != NULL;
    free(archive);
    if (!is_loaded) {
        return status;
    }
    bs_error_set(err, BS_CONFIG, "task '%s' was begun by load", run->config->state.task);
    return bs_error_hint(err, "run load with the same archive again, or reset the task first");
}

static enum bs_status
run_all(struct bs_copying *run, struct bs_error *err) {
    bool is_rerun = false;
    enum bs_status status = bs_copying_connect_source(run, err);
    if (status == BS_OK) {
        status = bs_copying_connect_target(run, err);
    }
    if (status == BS_OK) {
        status = bs_copying_connect_views(run, err);
    }
    if (status == BS_OK) {
        status = bs_snapshot_begin(run->target, run->config, &run->source_server, &run->task,
                                   &is_rerun, err);
    }
    if (status == BS_OK) {
        status = refuse_loaded(run, err);
    }
    if (status == BS_OK) {
        status = bs_resume_load(&run->resume, run->target, &run->config->state, err);
    }
    if (status == BS_OK) {
        status = bs_copying_choose_mode(run, err);
    }
    if (status == BS_OK) {
        status = bs_copying_take_point(run, err);
    }
    if (status == BS_OK) {
        status = bs_build_translate(&run->translation, run->point.schema, err);
    }
    if (status == BS_OK) {
        status = bs_copying_settle_earlier(run, err);
    }
    if (status == BS_OK) {
        status = bs_copying_build_tables(run, err);
    }
    if (status == BS_OK) {
        status = bs_copying_copy_rows(run, err);
    }
    if (status == BS_OK) {
        status = bs_copying_build_late(run, err);
    }
    if (status == BS_OK) {
        status =
            bs_build_objects(run->target, &run->config->state, run->point.schema, run->report, err);
    }
    if (status == BS_OK && run->config->accounts) {
        status = bs_copying_bring_accounts(run, err);
    }
    return status == BS_OK ? bs_copying_finish(run, err) : status;
}

void
bs_copying_leave(struct bs_copying *run) {
    struct bs_error ignored;
    bs_error_clear(&ignored);
    if (bs_fence_leave(run->target, &run->config->state, run->task.epoch, &ignored) != BS_OK) {
        bs_log(BS_LOG_DEBUG, "leaving the task: %s", ignored.message);
    }
}

void
bs_copying_fini(struct bs_copying *run) {
    for (unsigned int i = 0; i < run->pair_count; i++) {
        if (run->pairs != NULL) {
            bs_pair_fini(&run->pairs[i]);
        }
    }
    for (unsigned int i = 0; run->views != NULL && i < bs_copying_threads(run->config); i++) {
        bs_sql_close(run->views[i]);
    }
    bs_work_free(run->work);
    bs_courtesy_free(run->courtesy);
    for (size_t i = 0; run->copies != NULL && run->copies[i] != NULL; i++) {
        bs_copy_free(run->copies[i]);
    }
    for (size_t i = 0; run->there != NULL && i < run->point.schema->table_count; i++) {
        bs_table_free(run->there[i]);
    }
    for (size_t i = 0; run->late != NULL && i < run->point.schema->table_count; i++) {
        bs_late_keys_fini(&run->late[i]);
    }
    free(run->late);
    bs_resume_fini(&run->resume);
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

/* *again: it was given up, and another one may go on. */
static enum bs_status
attempt(const struct bs_snapshot_config *config, struct bs_snapshot_report *report,
        int64_t started_ms, enum bs_again *again, struct bs_error *err) {
    struct bs_copying run = {.config = config, .report = report, .started_ms = started_ms};
    enum bs_status status = run_all(&run, err);
    *again = run.again;
    if (status == BS_OK) {
        bs_copying_leave(&run);
    }
    report->elapsed_ms = bs_clock_mono_ms() - run.started_ms;
    bs_copying_fini(&run);
    return status;
}

/* What the attempts of this run have come to. */
struct earlier {
    unsigned int altered, given_up;
    uint64_t chunks_kept; /* that stayed when the last one began */
    int64_t paused_ms;
};

/* A bound on the history list under which the copy gets nowhere is dropped: tables that cannot be
 * continued would be begun for ever. */
static void
heed_standstill(struct earlier *earlier, const struct bs_snapshot_report *report,
                struct bs_snapshot_config *config) {
    if (earlier->given_up++ > 0 && report->chunks_kept <= earlier->chunks_kept) {
        bs_log(BS_LOG_WARNING,
               "nothing of what was copied since the views were given up last could stay: the copy "
               "goes on without --max-history");
        config->max_history = 0;
    }
    earlier->chunks_kept = report->chunks_kept;
}

static bool
may_go_on(struct earlier *earlier, enum bs_again again, const struct bs_snapshot_report *report,
          struct bs_snapshot_config *config) {
    earlier->paused_ms += report->paused_ms;
    switch (again) {
    case BS_AGAIN_NOT:
        break;
    case BS_AGAIN_ALTERED:
        return ++earlier->altered <= ALTERED_MAX;
    case BS_AGAIN_HISTORY:
        heed_standstill(earlier, report, config);
        return true;
    }
    return false;
}

enum bs_status
bs_copying_attempts(const struct bs_snapshot_config *config, struct bs_snapshot_report *report,
                    bs_copying_attempt *attempt_once, struct bs_error *err) {
    struct bs_snapshot_config now = *config;
    struct earlier earlier = {0};
    enum bs_again again = BS_AGAIN_NOT;
    int64_t started_ms = bs_clock_mono_ms();
    memset(report, 0, sizeof *report);
    enum bs_status status = attempt_once(&now, report, started_ms, &again, err);
    while (status != BS_OK && may_go_on(&earlier, again, report, &now)) {
        bs_log(BS_LOG_INFO, "%s; the copy goes on as of a new point", err->message);
        bs_error_clear(err);
        bs_snapshot_report_fini(report);
        memset(report, 0, sizeof *report);
        status = attempt_once(&now, report, started_ms, &again, err);
    }
    report->paused_ms += earlier.paused_ms;
    return status;
}

enum bs_status
bs_snapshot_run(const struct bs_snapshot_config *config, struct bs_snapshot_report *report,
                struct bs_error *err) {
    return bs_copying_attempts(config, report, attempt, err);
}

void
bs_snapshot_report_fini(struct bs_snapshot_report *report) {
    bs_position_fini(&report->point);
}
