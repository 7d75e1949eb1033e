#include "snapshot/begin.h"

#include "base/clock.h"
#include "base/mem.h"
#include "schema/selection_args.h"
#include "state/fence.h"

#include <stdlib.h>
#include <string.h>

enum { TAKE_OVER_TIMEOUT_MS = 60000 };

static enum bs_status
check_phase(const struct bs_snapshot_config *config, const struct bs_task *task,
            struct bs_error *err) {
    const char *name = config->state.task;
    switch (task->phase) {
    case BS_PHASE_COPYING:
        return BS_OK;
    case BS_PHASE_COPIED:
    case BS_PHASE_FOLLOWING:
    case BS_PHASE_FINISHING:
        bs_error_set(err, BS_PRECHECK, "task '%s' is already copied (phase %s)", name,
                     bs_phase_name(task->phase));
        return bs_error_hint(err, "run follow to go on with it, or reset to start anew");
    case BS_PHASE_DONE:
        bs_error_set(err, BS_PRECHECK, "task '%s' is done: its cutover has taken place", name);
        return bs_error_hint(err, "run reset --state-only to forget the task and keep its data, or "
                                  "choose another --task");
    case BS_PHASE_ABORTED:
        bs_error_set(err, BS_PRECHECK, "task '%s' was aborted", name);
        return bs_error_hint(err, "run reset to remove what it copied, then run this again");
    }
    return BS_OK;
}

static enum bs_status
check_selection(const struct bs_snapshot_config *config, const struct bs_task *task,
                struct bs_error *err) {
    char *now = bs_selection_describe(config->selection);
    enum bs_status status = BS_OK;
    if (strcmp(now, task->selection) != 0) {
        status =
            bs_error_set(err, BS_CONFIG,
                         "task '%s' was started with another selection: it was %s, and now is %s",
                         config->state.task, task->selection, now);
        bs_error_hint(err, "give the same options as before, or reset the task first");
    }
    free(now);
    return status;
}

static enum bs_status
check_definer(const struct bs_snapshot_config *config, const struct bs_task *task,
              struct bs_error *err) {
    const char *now = config->definer != NULL ? config->definer : "";
    const char *before = task->definer != NULL ? task->definer : "";
    if (strcmp(now, before) == 0) {
        return BS_OK;
    }
    bs_error_set(
        err, BS_CONFIG, "task '%s' was started with another --definer: it was %s, and now is %s",
        config->state.task, *before != '\0' ? before : "keep", *now != '\0' ? now : "keep");
    return bs_error_hint(err, "give the same options as before, or reset the task first");
}

/* An option that is given or not. */
static enum bs_status
check_flag(const struct bs_snapshot_config *config, const char *option, bool before, bool now,
           struct bs_error *err) {
    if (before == now) {
        return BS_OK;
    }
    bs_error_set(err, BS_CONFIG, "task '%s' was started %s %s, and now is %s it",
                 config->state.task, before ? "with" : "without", option, now ? "with" : "without");
    return bs_error_hint(err, "give the same options as before, or reset the task first");
}

/* One half of the copy would be of other engines than the other, or in the target's binlog. */
static enum bs_status
check_target_options(const struct bs_snapshot_config *config, const struct bs_task *task,
                     struct bs_error *err) {
    if (!task->knows_options) {
        return BS_OK;
    }
    enum bs_status status =
        check_flag(config, "--keep-engines", task->keep_engines, config->keep_engines, err);
    return status == BS_OK ? check_flag(config, "--no-target-binlog", task->no_target_binlog,
                                        config->no_target_binlog, err)
                           : status;
}

static enum bs_status
insert_task(struct bs_sql *control, const struct bs_snapshot_config *config,
            const struct bs_server *source, struct bs_task *task, struct bs_error *err) {
    task->phase = BS_PHASE_COPYING;
    task->source_flavour = source->flavour;
    task->source_version = source->version;
    memcpy(task->source_uuid, source->server_uuid, sizeof task->source_uuid);
    task->source_server_id = source->server_id;
    task->selection = bs_selection_describe(config->selection);
    task->selection_args = bs_selection_encode(config->selection);
    task->definer = bs_strdup(config->definer != NULL ? config->definer : "");
    task->accounts = config->accounts;
    task->keep_engines = config->keep_engines;
    task->no_target_binlog = config->no_target_binlog;
    task->started_us = bs_clock_wall_us();
    bs_position_set(&task->point, "", 0, "");
    return bs_state_insert_task(control, &config->state, task, err);
}

enum bs_status
bs_snapshot_begin(struct bs_sql *control, const struct bs_snapshot_config *config,
                  const struct bs_server *source, struct bs_task *task, bool *is_rerun,
                  struct bs_error *err) {
    memset(task, 0, sizeof *task);
    enum bs_status status = bs_state_install(control, &config->state, err);
    if (status == BS_OK) {
        status = bs_state_load_task(control, &config->state, task, is_rerun, err);
    }
    if (status == BS_OK && *is_rerun) {
        status = check_phase(config, task, err);
        status = status == BS_OK ? check_selection(config, task, err) : status;
        status = status == BS_OK ? check_definer(config, task, err) : status;
        status = status == BS_OK
                     ? check_flag(config, "--accounts", task->accounts, config->accounts, err)
                     : status;
        status = status == BS_OK ? check_target_options(config, task, err) : status;
        status = status == BS_OK ? bs_task_check_source(task, source, err) : status;
    } else if (status == BS_OK) {
        status = insert_task(control, config, source, task, err);
    }
    if (status == BS_OK) {
        status =
            bs_fence_take_over(control, &config->state, TAKE_OVER_TIMEOUT_MS, &task->epoch, err);
    }
    if (status != BS_OK || !*is_rerun) {
        return status;
    }
    /* Another run may have finished the copy between our look and the take-over. */
    uint64_t epoch = task->epoch;
    bs_task_fini(task);
    memset(task, 0, sizeof *task);
    status = bs_state_load_task(control, &config->state, task, is_rerun, err);
    if (status == BS_OK && *is_rerun) {
        task->epoch = epoch;
        status = check_phase(config, task, err);
    }
    return status;
}
