#include "apply/applier_private.h"

#include "apply/change.h"
#include "base/log.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "schema/period.h"
#include "state/fence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct bs_str
bs_applier_table_key(char out[BS_TABLE_KEY_MAX], struct bs_str db, struct bs_str name) {
    size_t db_len = db.len < BS_NAME_BYTES_MAX - 1 ? db.len : BS_NAME_BYTES_MAX - 1;
    size_t name_len = name.len < BS_NAME_BYTES_MAX - 1 ? name.len : BS_NAME_BYTES_MAX - 1;
    memcpy(out, db.data, db_len);
    out[db_len] = '\0';
    memcpy(out + db_len + 1, name.data, name_len);
    return (struct bs_str){out, db_len + 1 + name_len};
}

static void
put_table(struct bs_applier *applier, struct bs_table *model) {
    char key[BS_TABLE_KEY_MAX];
    struct bs_target_table *table =
        bs_target_table_new(model, bs_target_facts(&applier->translation->target));
    applier->plans_stale = true;
    bs_target_table_free(
        bs_map_put(&applier->tables,
                   bs_applier_table_key(key, bs_str(model->db), bs_str(model->name)), table));
}

static enum bs_status
load_models(struct bs_applier *applier, struct bs_error *err) {
    struct bs_table **models = NULL;
    size_t count = 0;
    enum bs_status status =
        bs_state_load_models(applier->lane.sql, &applier->lane.state, &models, &count, err);
    for (size_t i = 0; status == BS_OK && i < count; i++) {
        put_table(applier, models[i]);
    }
    free(models);
    return status;
}

static enum bs_status
load_intent(struct bs_applier *applier, struct bs_error *err) {
    enum bs_status status =
        bs_state_load_intent(applier->lane.sql, &applier->lane.state, applier->lane.number,
                             &applier->intent, &applier->has_intent, err);
    if (status == BS_OK && applier->has_intent) {
        bs_log(BS_LOG_INFO, "the last run ended inside a DDL statement");
    }
    return status;
}

static enum bs_status
load_default_engine(struct bs_applier *applier, struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_variable(applier->lane.sql, "default_storage_engine", true, &value, &found, err);
    applier->default_engine = found ? bs_buf_take_cstr(&value) : bs_strdup("InnoDB");
    bs_buf_fini(&value);
    return status;
}

/* What the lanes of an earlier run have recorded, as one: the highest mark, and all that is ahead
 * of it. */
static enum bs_status
join_lanes(struct bs_applier *applier, const struct bs_checkpoint *lanes, size_t count,
           struct bs_checkpoint *all, struct bs_error *err) {
    const struct bs_checkpoint *highest = &lanes[0];
    struct bs_log_place low;
    for (size_t i = 0; i < count; i++) {
        struct bs_log_place at;
        bs_log_place_set(&at, lanes[i].position.file, lanes[i].position.pos);
        bs_log_place_set(&low, highest->position.file, highest->position.pos);
        highest = bs_log_place_compare(&low, &at) < 0 ? &lanes[i] : highest;
        all->transactions += lanes[i].transactions;
        all->rows += lanes[i].rows;
        all->source_us = lanes[i].source_us > all->source_us ? lanes[i].source_us : all->source_us;
        all->applied_us =
            lanes[i].applied_us > all->applied_us ? lanes[i].applied_us : all->applied_us;
        struct bs_applied own = {0};
        enum bs_status status =
            bs_applied_parse(&own, bs_str(lanes[i].ahead != NULL ? lanes[i].ahead : ""), err);
        bs_applied_add_all(&applier->ahead, &own);
        bs_applied_fini(&own);
        if (status != BS_OK) {
            return status;
        }
    }
    bs_position_copy(&all->position, &highest->position);
    all->file_created = highest->file_created;
    bs_log_place_set(&low, highest->position.file, highest->position.pos);
    bs_applied_forget(&applier->ahead, &low);
    applier->end = low;
    return BS_OK;
}

/* One lane's row for each lane of this run, with what all rows said together. */
static enum bs_status
take_lanes(struct bs_applier *applier, const struct bs_applier_config *config,
           struct bs_error *err) {
    struct bs_sql *sql = config->control;
    struct bs_checkpoint *lanes = NULL;
    struct bs_checkpoint all = {0};
    size_t count = 0;
    struct bs_buf ahead = {0};
    enum bs_status status = bs_state_load_lanes(sql, &config->state, &lanes, &count, err);
    if (status == BS_OK && count == 0) {
        bs_error_set(err, BS_SCHEMA, "task '%s' has no checkpoint", config->state.task);
        status = bs_error_hint(err, "run `binstream snapshot` first");
    }
    if (status == BS_OK) {
        status = join_lanes(applier, lanes, count, &all, err);
    }
    if (status == BS_OK) {
        bs_applied_text(&applier->ahead, &ahead);
        all.ahead = bs_buf_take_cstr(&ahead);
        status = bs_state_replace_lanes(sql, &config->state, config->lanes + 1, config->epoch, &all,
                                        err);
    }
    for (size_t i = 0; i < count; i++) {
        bs_checkpoint_fini(&lanes[i]);
    }
    free(lanes);
    bs_checkpoint_fini(&all);
    return status;
}

enum bs_status
bs_applier_open(struct bs_applier *applier, const struct bs_applier_config *config,
                struct bs_error *err) {
    memset(applier, 0, sizeof *applier);
    applier->target_endpoint = config->target;
    applier->no_target_binlog = config->no_target_binlog;
    applier->keep_engines = config->keep_engines;
    applier->spent = config->spent;
    applier->while_waiting = config->while_waiting;
    applier->while_waiting_arg = config->while_waiting_arg;
    applier->selection = config->selection;
    applier->translation = config->translation;
    /* As values, rows take up to ten times the bytes that they have in the log. */
    applier->gather.max_bytes = config->memory_bytes / 128;
    enum bs_status status = take_lanes(applier, config, err);
    if (status == BS_OK) {
        status = bs_lane_open(&applier->lane, config->target, &config->state, 0, config->epoch,
                              config->no_target_binlog, err);
    }
    applier->lane.spent = config->spent;
    applier->mark_is_stored = true;
    if (status == BS_OK) {
        status = load_default_engine(applier, err);
    }
    if (status == BS_OK) {
        status = load_models(applier, err);
    }
    if (status == BS_OK) {
        status = bs_window_open(applier, err);
    }
    if (status == BS_OK) {
        status = load_intent(applier, err);
    }
    if (status == BS_OK) {
        status = bs_dispatch_open(applier, config, err);
    }
    if (status != BS_OK) {
        bs_applier_close(applier);
    }
    return status;
}

void
bs_applier_close(struct bs_applier *applier) {
    size_t at = 0;
    struct bs_str key;
    void *table;
    bs_dispatch_close(applier);
    bs_gather_fini(&applier->gather);
    bs_window_fini(&applier->window);
    bs_applied_fini(&applier->ahead);
    bs_lane_close(&applier->lane);
    bs_sql_close(applier->ddl_sql);
    while (bs_map_next(&applier->tables, &at, &key, &table)) {
        bs_target_table_free(table);
    }
    bs_map_fini(&applier->tables);
    bs_map_fini(&applier->unselected);
    bs_arena_fini(&applier->rows_arena);
    bs_intent_fini(&applier->intent);
    bs_batch_fini(&applier->kept);
    free(applier->default_engine);
    memset(applier, 0, sizeof *applier);
}

/* By GTID the position's file may be an older one than the stream is in. */
uint32_t
bs_applier_file_created(const struct bs_applier *applier, const char *file) {
    const struct bs_checkpoint *mark = &applier->lane.checkpoint;
    if (strcmp(file, bs_decoder_file(applier->decoder)) == 0 &&
        bs_decoder_file_created(applier->decoder) != 0) {
        return bs_decoder_file_created(applier->decoder);
    }
    return strcmp(file, mark->position.file) == 0 ? mark->file_created : 0;
}

enum bs_status
bs_applier_commit(struct bs_applier *applier, struct bs_error *err) {
    struct bs_position position = {0};
    if (!applier->lane.open && !applier->lane.has_failed) {
        return BS_OK;
    }
    enum bs_status status = bs_decoder_position(applier->decoder, &position, err);
    if (status == BS_OK) {
        uint32_t created = bs_applier_file_created(applier, position.file);
        struct bs_buf ahead = {0};
        struct bs_log_place place;
        bs_log_place_set(&place, position.file, position.pos);
        bs_applied_forget(&applier->ahead, &place);
        bs_applied_text(&applier->ahead, &ahead);
        int64_t marked_us = applier->lane.checkpoint.source_us; /* nothing may have come since */
        int64_t source_us = applier->source_us > marked_us ? applier->source_us : marked_us;
        struct bs_lane_mark mark = {&position, created, source_us, bs_buf_cstr(&ahead)};
        status = bs_lane_commit(&applier->lane, &mark, err);
        if (status == BS_OK) {
            applier->mark_is_stored = true;
            applier->commits++;
            applier->done.transactions += applier->lane.open_groups;
            applier->done.rows += applier->lane.open_rows;
        }
        bs_buf_fini(&ahead);
    }
    bs_position_fini(&position);
    return status;
}

void
bs_applier_set_mark(struct bs_applier *applier, const struct bs_position *position,
                    uint32_t file_created, int64_t source_us) {
    struct bs_checkpoint *mark = &applier->lane.checkpoint;
    struct bs_log_place place;
    applier->mark_is_stored = false; /* a lane has stored the one that was when it began */
    bs_log_place_set(&place, position->file, position->pos);
    bs_applied_forget(&applier->ahead, &place);
    bs_position_copy(&mark->position, position);
    mark->file_created = file_created;
    mark->source_us = source_us;
}

enum bs_status
bs_applier_item(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    if (applier->plans_stale) {
        bs_table_plans_make(&applier->tables);
        applier->plans_stale = false;
    }
    enum bs_status status = bs_gather_item(applier, item, err);
    if (status != BS_OK && status != BS_FENCED) {
        char where[BS_ERROR_POSITION_MAX];
        bs_decoder_where(applier->decoder, where, sizeof where);
        bs_error_at(err, "%s", where);
    }
    return status;
}

enum bs_status
bs_applier_idle(struct bs_applier *applier, struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (applier->dispatch.scheduler != NULL) {
        status = bs_dispatch_idle(applier, err);
    }
    if (status == BS_OK && applier->lane.open && !bs_decoder_in_group(applier->decoder)) {
        status = bs_applier_commit(applier, err);
    }
    return status == BS_OK ? bs_window_heed(applier, err) : status;
}

enum bs_status
bs_applier_finish(struct bs_applier *applier, struct bs_error *err) {
    enum bs_status status = bs_dispatch_drain(applier, err);
    return status == BS_OK ? bs_applier_idle(applier, err) : status;
}

enum bs_status
bs_applier_settle(struct bs_applier *applier, struct bs_error *err) {
    const char *marked = applier->lane.checkpoint.position.file;
    struct bs_position end = {0};
    if (applier->window.is_open || bs_decoder_in_group(applier->decoder) ||
        !bs_applier_is_clean(applier)) {
        return BS_OK;
    }
    bool is_behind = !applier->mark_is_stored;
    if (!is_behind && strcmp(bs_decoder_file(applier->decoder), marked) != 0) {
        enum bs_status status = bs_decoder_position(applier->decoder, &end, err);
        is_behind = status == BS_OK && strcmp(end.file, marked) != 0;
        bs_position_fini(&end);
    }
    if (!is_behind) {
        return BS_OK;
    }
    bs_lane_begin(&applier->lane);
    return bs_applier_commit(applier, err);
}

enum bs_status
bs_applier_serialize(struct bs_applier *applier, bool on, struct bs_error *err) {
    enum bs_status status = on ? bs_applier_finish(applier, err) : BS_OK;
    if (status == BS_OK && on) {
        status = bs_gather_serialize(applier, err);
    }
    applier->is_serial = on;
    return status;
}

bool
bs_applier_is_clean(const struct bs_applier *applier) {
    const struct bs_dispatch *d = &applier->dispatch;
    bool has_open = d->open != NULL && !bs_bundle_is_empty(d->open);
    return !applier->lane.open && !applier->lane.has_failed && !has_open &&
           (d->scheduler == NULL || bs_scheduler_pending(d->scheduler) == 0);
}

bool
bs_applier_streams(const struct bs_applier *applier) {
    return applier->gather.is_open && applier->gather.is_serial && applier->lane.open;
}

uint64_t
bs_applier_commits(const struct bs_applier *applier) {
    return applier->commits + applier->dispatch.commits;
}

int64_t
bs_applier_oldest_us(const struct bs_applier *applier) {
    const struct bs_dispatch *d = &applier->dispatch;
    if (applier->lane.open && applier->lane.open_groups > 0) {
        return applier->first_us;
    }
    const struct bs_bundle *oldest = d->closed[(d->low + 1) % BS_SCHEDULER_WINDOW].bundle;
    oldest = oldest != NULL ? oldest : d->open;
    if (oldest != NULL && !bs_bundle_is_empty(oldest)) {
        return oldest->first_us;
    }
    return applier->gather.is_open ? (int64_t)applier->gather.begin.timestamp * 1000000 : 0;
}

void
bs_applier_lanes_spent(const struct bs_applier *applier, int64_t us[BS_SPENT_STATES]) {
    if (applier->dispatch.pool != NULL) {
        bs_pool_spent(applier->dispatch.pool, us);
    }
}

void
bs_applier_on_done(struct bs_applier *applier, void (*on_done)(void *arg), void *arg) {
    if (applier->dispatch.pool != NULL) {
        bs_pool_on_done(applier->dispatch.pool, on_done, arg);
    }
}

const struct bs_target_table *
bs_applier_find_table(const struct bs_applier *applier, struct bs_str db, struct bs_str name) {
    char buf[BS_TABLE_KEY_MAX];
    return bs_map_get(&applier->tables, bs_applier_table_key(buf, db, name));
}

enum bs_status
bs_applier_refresh_table(struct bs_applier *applier, struct bs_str db, struct bs_str name,
                         const char *engine, struct bs_error *err) {
    char buf[BS_TABLE_KEY_MAX];
    struct bs_str key = bs_applier_table_key(buf, db, name);
    struct bs_table *model = NULL;
    enum bs_status status =
        bs_catalog_table(applier->lane.sql, &applier->translation->target, db, name, &model, err);
    if (status != BS_OK) {
        return bs_error_context(err, "reading the changed table %.*s.%.*s from the target",
                                (int)db.len, db.data, (int)name.len, name.data);
    }
    if (model != NULL && engine != NULL) {
        char *copy = bs_strdup(engine);
        free(model->engine);
        model->engine = copy;
    }
    struct bs_target_table *before = bs_map_remove(&applier->tables, key);
    applier->plans_stale = true;
    if (model != NULL) {
        model->is_translated = bs_translation_is_across(applier->translation);
        if (model->is_translated && before != NULL) {
            bs_table_take_period(model, before->model);
        }
    }
    bs_target_table_free(before);
    bs_lane_begin(&applier->lane);
    (void)bs_batch_open(&applier->lane.batch, BS_EXPECT_ANY);
    if (model != NULL) {
        bs_state_put_model(&applier->lane.batch.sql, &applier->lane.state, model);
        put_table(applier, model);
    } else {
        bs_state_put_model_drop(&applier->lane.batch.sql, &applier->lane.state, db, name);
    }
    bs_batch_close(&applier->lane.batch);
    return BS_OK;
}

void
bs_applier_forget_database(struct bs_applier *applier, struct bs_str db) {
    size_t at = 0;
    struct bs_str key;
    void *value;
    while (bs_map_next(&applier->tables, &at, &key, &value)) {
        struct bs_target_table *table = value;
        if (!bs_str_is(db, table->model->db)) {
            continue;
        }
        bs_lane_begin(&applier->lane);
        (void)bs_batch_open(&applier->lane.batch, BS_EXPECT_ANY);
        bs_state_put_model_drop(&applier->lane.batch.sql, &applier->lane.state, db,
                                bs_str(table->model->name));
        bs_batch_close(&applier->lane.batch);
        (void)bs_map_remove(&applier->tables, key);
        applier->plans_stale = true;
        bs_target_table_free(table);
        at = 0; /* the walk does not survive a removal */
    }
}
