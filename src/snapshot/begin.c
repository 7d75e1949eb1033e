#include "snapshot/begin.h"

#include "base/clock.h"
#include "base/log.h"
#include "schema/selection_args.h"
#include "sql/text.h"
#include "state/fence.h"

#include <inttypes.h>
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
insert_task(struct bs_sql *control, const struct bs_snapshot_config *config,
            const struct bs_server *source, struct bs_task *task, struct bs_error *err) {
    task->phase = BS_PHASE_COPYING;
    task->source_flavour = source->flavour;
    task->source_version = source->version;
    memcpy(task->source_uuid, source->server_uuid, sizeof task->source_uuid);
    task->source_server_id = source->server_id;
    task->selection = bs_selection_describe(config->selection);
    task->selection_args = bs_selection_encode(config->selection);
    task->started_us = bs_clock_wall_us();
    bs_position_set(&task->point, "", 0, "");
    return bs_state_insert_task(control, &config->state, task, err);
}

static enum bs_status
drop_object(struct bs_sql *control, const struct bs_object *object, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_printf(&text, "DROP %s IF EXISTS ", bs_object_kind_name(object->kind));
    bs_sql_put_table(&text, bs_str(object->db), bs_str(object->name));
    enum bs_status status = bs_sql_run(control, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    return status;
}

/* A database goes only if nothing that is not ours has been put into it meanwhile. */
static enum bs_status
drop_database(struct bs_sql *control, const char *db, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_buf value = {0};
    bool found = false;
    bs_sql_put_string(&text, bs_str(db));
    const char *name = bs_buf_cstr(&text);
    enum bs_status status =
        bs_sql_value(control, &value, &found, err,
                     "SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA=%s)"
                     "+(SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA=%s)"
                     "+(SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA=%s)",
                     name, name, name);
    if (status == BS_OK && found && strcmp(bs_buf_cstr(&value), "0") == 0) {
        bs_buf_clear(&text);
        bs_buf_puts(&text, "DROP DATABASE IF EXISTS ");
        bs_sql_put_ident(&text, bs_str(db));
        status = bs_sql_run(control, bs_buf_str(&text), err);
    } else if (status == BS_OK) {
        bs_log(BS_LOG_INFO, "database %s on the target stays: it is not empty", db);
    }
    bs_buf_fini(&text);
    bs_buf_fini(&value);
    return status;
}

/* Views and routines, then tables, then databases: each pass drops its kinds. */
static int
drop_pass(enum bs_object_kind kind) {
    switch (kind) {
    case BS_OBJECT_VIEW:
    case BS_OBJECT_PROCEDURE:
    case BS_OBJECT_FUNCTION:
    case BS_OBJECT_TRIGGER:
    case BS_OBJECT_EVENT:
        return 0;
    case BS_OBJECT_TABLE:
    case BS_OBJECT_SEQUENCE:
        return 1;
    case BS_OBJECT_DATABASE:
        return 2;
    }
    return 0;
}

static enum bs_status
drop_made(struct bs_sql *control, const struct bs_object *made, size_t count,
          struct bs_error *err) {
    for (int pass = 0; pass <= 2; pass++) {
        for (size_t i = 0; i < count; i++) {
            if (drop_pass(made[i].kind) != pass) {
                continue;
            }
            enum bs_status status = made[i].kind == BS_OBJECT_DATABASE
                                        ? drop_database(control, made[i].db, err)
                                        : drop_object(control, &made[i], err);
            if (status != BS_OK) {
                return bs_error_context(err, "dropping what an earlier attempt made: %s %s.%s",
                                        bs_object_kind_name(made[i].kind), made[i].db,
                                        made[i].name);
            }
        }
    }
    return BS_OK;
}

static enum bs_status
clear_models(struct bs_sql *control, const struct bs_state *state, struct bs_error *err) {
    struct bs_table **tables = NULL;
    struct bs_buf text = {0};
    size_t count = 0;
    enum bs_status status = bs_state_load_models(control, state, &tables, &count, err);
    for (size_t i = 0; i < count; i++) {
        if (status == BS_OK) {
            bs_buf_clear(&text);
            bs_state_put_model_drop(&text, state, bs_str(tables[i]->db), bs_str(tables[i]->name));
            status = bs_sql_run(control, bs_buf_str(&text), err);
        }
        bs_table_free(tables[i]);
    }
    free(tables);
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
undo(struct bs_sql *control, const struct bs_state *state, struct bs_error *err) {
    struct bs_object *made = NULL;
    size_t count = 0;
    enum bs_status status = bs_state_list_made(control, state, &made, &count, err);
    if (status == BS_OK) {
        status = bs_sql_exec(control, err, "SET foreign_key_checks=0");
    }
    if (status == BS_OK) {
        status = drop_made(control, made, count, err);
    }
    if (status == BS_OK) {
        status = bs_state_clear_chunks(control, state, err);
    }
    if (status == BS_OK) {
        status = clear_models(control, state, err);
    }
    if (status == BS_OK) {
        status = bs_state_clear_made(control, state, err);
    }
    for (size_t i = 0; i < count; i++) {
        bs_object_fini(&made[i]);
    }
    free(made);
    return status;
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
    if (status == BS_OK) {
        bs_log(BS_LOG_INFO,
               "an earlier attempt did not finish: what it made is dropped, and the copy "
               "starts over");
        status = undo(control, &config->state, err);
    }
    return status;
}
