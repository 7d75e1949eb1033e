#include "snapshot/copying.h"

#include "base/clock.h"
#include "accounts/accounts.h"
#include "base/fault.h"
#include "base/mem.h"
#include "schema/period.h"
#include "snapshot/build.h"
#include "snapshot/undo.h"
#include "state/fence.h"

#include <stdlib.h>

enum bs_status
bs_copying_connect_target(struct bs_copying *run, struct bs_error *err) {
    struct bs_sql_options target = {.program = "binstream snapshot",
                                    .no_binlog = run->config->no_target_binlog,
                                    .stores_rows = true};
    enum bs_status status = bs_sql_connect(&run->target, run->config->target, &target, err);
    if (status == BS_OK) {
        status = bs_catalog_server(run->target, &run->target_server, err);
    }
    if (status != BS_OK) {
        return bs_error_context(err, "connecting to the target");
    }
    status = bs_catalog_translation(run->source, &run->source_server, run->target,
                                    &run->target_server, &run->translation, err);
    run->translation.keep_engines = run->config->keep_engines;
    if (status == BS_OK && run->config->definer != NULL) {
        run->translation.definer = bs_strdup(run->config->definer);
    }
    return status;
}

static void
fill_task(struct bs_copying *run) {
    struct bs_task *task = &run->task;
    const struct bs_schema *schema = run->point.schema;
    struct bs_copy_point point, newest;
    bs_resume_own_points(&run->resume, &run->point, &point, &newest);
    bs_position_fini(&task->point);
    bs_position_copy(&task->point, &run->point.newest);
    task->point_file_created = newest.file_created;
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
read_there(struct bs_copying *run, struct bs_error *err) {
    const struct bs_schema *schema = run->point.schema;
    enum bs_status status = BS_OK;
    if (!bs_translation_is_across(&run->translation)) {
        return BS_OK;
    }
    if (run->there == NULL) {
        run->there = bs_zalloc((schema->table_count + 1) * sizeof(struct bs_table *));
    }
    for (size_t i = 0; i < schema->table_count && status == BS_OK; i++) {
        const struct bs_table *table = schema->tables[i];
        bs_table_free(run->there[i]);
        run->there[i] = NULL;
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
put_models(struct bs_copying *run, struct bs_error *err) {
    const struct bs_schema *schema = run->point.schema;
    struct bs_table *const *tables = run->there != NULL ? run->there : schema->tables;
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < schema->table_count && status == BS_OK; i++) {
        status = bs_state_save_model(run->target, &run->config->state, tables[i], err);
    }
    return status;
}

static enum bs_status
save_models(struct bs_copying *run, struct bs_error *err) {
    enum bs_status status = bs_sql_exec(run->target, err, "START TRANSACTION");
    if (status == BS_OK) {
        status = put_models(run, err);
    }
    return status == BS_OK ? bs_sql_exec(run->target, err, "COMMIT") : status;
}

/* The models that follow reads have all keys in them. */
enum bs_status
bs_copying_build_late(struct bs_copying *run, struct bs_error *err) {
    enum bs_status status =
        bs_build_kept_keys(run->target, run->point.schema, &run->resume, run->late, err);
    if (status == BS_OK) {
        status =
            bs_build_foreign_keys(run->target, run->point.schema, &run->resume, run->late, err);
    }
    if (status == BS_OK && run->there != NULL) {
        status = read_there(run, err);
    }
    return status == BS_OK && run->there != NULL ? save_models(run, err) : status;
}

static struct bs_resume_config
resume_config(const struct bs_copying *run) {
    return (struct bs_resume_config){
        .source = run->source,
        .target = run->target,
        .source_endpoint = run->config->source,
        .state = run->config->state,
        .source_server = &run->source_server,
        .schema = run->point.schema,
        .table_ids = run->point.table_ids,
        .late = run->late,
        .translation = &run->translation,
        .point = &run->point,
    };
}

/* What of earlier attempts stays is decided, and what does not is dropped. */
enum bs_status
bs_copying_settle_earlier(struct bs_copying *run, struct bs_error *err) {
    run->late = bs_zalloc((run->point.schema->table_count + 1) * sizeof *run->late);
    bs_build_texts(&run->translation, run->point.schema, &run->point, &run->resume, run->late);
    struct bs_resume_config config = resume_config(run);
    enum bs_status status = bs_resume_decide(&run->resume, &config, err);
    run->report->tables_kept = run->resume.kept;
    run->report->tables_continued = run->resume.continued;
    run->report->chunks_kept = run->resume.chunks_kept;
    run->report->chunks_dropped = run->resume.chunks_dropped;
    return status == BS_OK ? bs_undo_rest(run->target, &run->config->state, &run->resume,
                                          run->point.schema, err)
                           : status;
}

/* Before the first row as of this point: which tables will have such rows, beside older ones. */
static enum bs_status
save_models_and_points(struct bs_copying *run, struct bs_error *err) {
    struct bs_resume_config config = resume_config(run);
    enum bs_status status = bs_sql_exec(run->target, err, "START TRANSACTION");
    if (status == BS_OK) {
        status = put_models(run, err);
    }
    if (status == BS_OK) {
        status = bs_resume_save(&run->resume, &config, err);
    }
    return status == BS_OK ? bs_sql_exec(run->target, err, "COMMIT") : status;
}

enum bs_status
bs_copying_build_tables(struct bs_copying *run, struct bs_error *err) {
    const struct bs_state *state = &run->config->state;
    fill_task(run);
    enum bs_status status = bs_state_save_task(run->target, state, &run->task, err);
    if (status == BS_OK) {
        status = bs_build_tables(run->target, state, run->point.schema, &run->resume, run->late,
                                 run->report, err);
    }
    if (status == BS_OK) {
        status = read_there(run, err);
    }
    return status == BS_OK ? save_models_and_points(run, err) : status;
}

/* As the source has them now: the cutover brings what changes after this. */
enum bs_status
bs_copying_bring_accounts(struct bs_copying *run, struct bs_error *err) {
    struct bs_accounts_counts counts;
    struct bs_accounts_job job = {.source = run->source,
                                  .target = run->target,
                                  .source_server = &run->source_server,
                                  .target_server = &run->target_server,
                                  .selection = run->config->selection,
                                  .state = &run->config->state,
                                  .deadline_ms = INT64_MAX};
    enum bs_status status = bs_accounts_bring(&job, &counts, err);
    run->report->accounts = counts.total;
    run->report->accounts_left = counts.left;
    return status;
}

static enum bs_status
forget_points(struct bs_copying *run, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_state_put_units_clear(&text, &run->config->state);
    enum bs_status status = bs_sql_run(run->target, bs_buf_str(&text), err);
    if (status == BS_OK) {
        bs_buf_clear(&text);
        bs_state_put_copy_points_clear(&text, &run->config->state);
        status = bs_sql_run(run->target, bs_buf_str(&text), err);
    }
    bs_buf_fini(&text);
    return status;
}

/* The end of the copy is one transaction: lane, point and phase. */
enum bs_status
bs_copying_finish(struct bs_copying *run, struct bs_error *err) {
    const struct bs_state *state = &run->config->state;
    enum bs_status status = bs_sql_exec(run->target, err, "START TRANSACTION");
    if (status == BS_OK) {
        status = bs_fence_check(run->target, state, run->task.epoch, err);
    }
    if (status == BS_OK && !bs_resume_has_window(&run->resume)) {
        status = forget_points(run, err);
    }
    if (status == BS_OK) {
        uint32_t file_created = 0;
        const struct bs_position *oldest =
            bs_resume_oldest(&run->resume, &run->point, &file_created);
        status =
            bs_state_create_lane(run->target, state, 0, run->task.epoch, oldest, file_created, err);
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
