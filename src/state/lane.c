/* The lanes' rows: the checkpoints, and the intent of the DDL statement that a lane is running. */
#include "state/state.h"

#include "base/clock.h"
#include "base/mem.h"
#include "state/fence.h"
#include "state/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Everything but the key and the epoch, as SET takes it. */
static void
put_content(struct bs_buf *sql, const struct bs_checkpoint *checkpoint) {
    bs_state_put_position(sql, "", &checkpoint->position);
    bs_buf_printf(sql,
                  ", file_created=%" PRIu32 ", transactions=%" PRIu64 ", applied_rows=%" PRIu64
                  ", source_us=%" PRId64 ", applied_us=%" PRId64 ", ahead=",
                  checkpoint->file_created, checkpoint->transactions, checkpoint->rows,
                  checkpoint->source_us, checkpoint->applied_us);
    bs_state_put_text(sql, checkpoint->ahead);
}

static enum bs_status
insert_lane(struct bs_sql *sql, const struct bs_state *state, unsigned int lane, uint64_t epoch,
            const struct bs_checkpoint *checkpoint, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "INSERT INTO ");
    bs_state_put_name(&text, state, "lane");
    bs_buf_puts(&text, " SET task=");
    bs_state_put_text(&text, state->task);
    bs_buf_printf(&text, ", lane=%u, epoch=%" PRIu64 ", ", lane, epoch);
    put_content(&text, checkpoint);
    enum bs_status status = bs_state_run(sql, &text, err);
    return status == BS_OK ? BS_OK : bs_error_context(err, "recording lane %u", lane);
}

enum bs_status
bs_state_create_lane(struct bs_sql *sql, const struct bs_state *state, unsigned int lane,
                     uint64_t epoch, const struct bs_position *position, uint32_t file_created,
                     struct bs_error *err) {
    struct bs_checkpoint first = {.position = *position, .file_created = file_created};
    return insert_lane(sql, state, lane, epoch, &first, err);
}

#define CHECKPOINT_COLUMNS                                                                         \
    "file, pos, gtid, file_created, transactions, applied_rows, source_us, applied_us, ahead"

static void
read_checkpoint(struct bs_checkpoint *checkpoint, const struct bs_str *f) {
    bs_state_field_position(&checkpoint->position, f);
    checkpoint->file_created = (uint32_t)bs_state_field_u64(f[3]);
    checkpoint->transactions = bs_state_field_u64(f[4]);
    checkpoint->rows = bs_state_field_u64(f[5]);
    checkpoint->source_us = bs_state_field_i64(f[6]);
    checkpoint->applied_us = bs_state_field_i64(f[7]);
    checkpoint->ahead = bs_state_field_dup(f[8]);
}

enum bs_status
bs_state_load_checkpoint(struct bs_sql *sql, const struct bs_state *state, unsigned int lane,
                         struct bs_checkpoint *checkpoint, bool *found, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *f = NULL;
    *found = false;
    memset(checkpoint, 0, sizeof *checkpoint);
    bs_buf_puts(&text, "SELECT " CHECKPOINT_COLUMNS " FROM ");
    bs_state_put_name(&text, state, "lane");
    bs_state_put_where(&text, state);
    bs_buf_printf(&text, " AND lane=%u", lane);
    enum bs_status status = bs_state_row(sql, &text, &result, &f, err);
    if (status != BS_OK && bs_state_is_absent(err)) {
        status = BS_OK;
    } else if (status == BS_OK && f != NULL) {
        *found = true;
        read_checkpoint(checkpoint, f);
    }
    bs_sql_result_free(result);
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "reading the checkpoint of lane %u", lane);
}

enum bs_status
bs_state_load_lanes(struct bs_sql *sql, const struct bs_state *state, struct bs_checkpoint **lanes,
                    size_t *count, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *f = NULL;
    size_t cap = 0;
    *lanes = NULL;
    *count = 0;
    bs_buf_puts(&text, "SELECT " CHECKPOINT_COLUMNS " FROM ");
    bs_state_put_name(&text, state, "lane");
    bs_state_put_where(&text, state);
    bs_buf_puts(&text, " ORDER BY lane");
    enum bs_status status = bs_state_query(sql, &text, &result, err);
    if (status != BS_OK && bs_state_is_absent(err)) {
        return BS_OK;
    }
    while (status == BS_OK && (status = bs_sql_next(result, &f, err)) == BS_OK && f != NULL) {
        void *items = *lanes;
        bs_array_grow(&items, &cap, *count, sizeof **lanes);
        *lanes = items;
        (*lanes)[*count] = (struct bs_checkpoint){0};
        read_checkpoint(&(*lanes)[(*count)++], f);
    }
    bs_sql_result_free(result);
    return status == BS_OK ? BS_OK : bs_error_context(err, "reading the checkpoints of the lanes");
}

static enum bs_status
replace_lanes(struct bs_sql *sql, const struct bs_state *state, unsigned int count, uint64_t epoch,
              const struct bs_checkpoint *all, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_checkpoint empty = {.position = all->position, .file_created = all->file_created};
    enum bs_status status = bs_fence_check(sql, state, epoch, err);
    if (status == BS_OK) {
        bs_buf_puts(&text, "DELETE FROM ");
        bs_state_put_name(&text, state, "lane");
        bs_state_put_where(&text, state);
        status = bs_state_run(sql, &text, err);
    }
    for (unsigned int lane = 0; lane < count && status == BS_OK; lane++) {
        status = insert_lane(sql, state, lane, epoch, lane == 0 ? all : &empty, err);
    }
    return status == BS_OK ? bs_fence_seal(sql, state, epoch, err) : status;
}

enum bs_status
bs_state_replace_lanes(struct bs_sql *sql, const struct bs_state *state, unsigned int count,
                       uint64_t epoch, const struct bs_checkpoint *all, struct bs_error *err) {
    enum bs_status status = bs_sql_exec(sql, err, "START TRANSACTION");
    if (status == BS_OK) {
        status = replace_lanes(sql, state, count, epoch, all, err);
    }
    if (status == BS_OK) {
        return bs_sql_exec(sql, err, "COMMIT");
    }
    (void)!bs_sql_exec(sql, NULL, "ROLLBACK");
    return status;
}

void
bs_checkpoint_fini(struct bs_checkpoint *checkpoint) {
    bs_position_fini(&checkpoint->position);
    free(checkpoint->ahead);
    memset(checkpoint, 0, sizeof *checkpoint);
}

static void
put_row(struct bs_buf *sql, const struct bs_state *state, unsigned int lane) {
    bs_state_put_where(sql, state);
    bs_buf_printf(sql, " AND lane=%u", lane);
}

static void
put_epoch(struct bs_buf *sql, uint64_t epoch) {
    bs_buf_printf(sql, " AND epoch=%" PRIu64, epoch);
}

/* Changes nothing, so it costs no log; but it locks the row and counts as matched. */
void
bs_state_put_touch(struct bs_buf *sql, const struct bs_state *state, unsigned int lane,
                   uint64_t epoch) {
    bs_buf_puts(sql, "UPDATE ");
    bs_state_put_name(sql, state, "lane");
    bs_buf_printf(sql, " SET epoch=%" PRIu64, epoch);
    put_row(sql, state, lane);
    put_epoch(sql, epoch);
}

void
bs_state_put_checkpoint(struct bs_buf *sql, const struct bs_state *state, unsigned int lane,
                        uint64_t epoch, const struct bs_checkpoint *checkpoint,
                        struct bs_checkpoint_text *text) {
    bs_buf_puts(sql, "UPDATE ");
    bs_state_put_name(sql, state, "lane");
    bs_buf_puts(sql, " SET ");
    put_content(sql, checkpoint);
    *text = (struct bs_checkpoint_text){.epoch = epoch, .where_at = sql->len};
    put_row(sql, state, lane);
    text->epoch_at = sql->len;
    put_epoch(sql, epoch);
}

/* The condition is inside of EXP, so that no server works it out beforehand (as of 9999 alone). */
void
bs_state_put_epoch_guard(struct bs_buf *sql, uint64_t epoch, const int64_t *count) {
    bs_buf_printf(sql, "epoch=IF(EXP(IF(epoch=%" PRIu64, epoch);
    if (count != NULL) {
        bs_buf_printf(sql, " AND ROW_COUNT()=%" PRId64, *count);
    }
    bs_buf_printf(sql, ",0,9999))=1,%" PRIu64 ",%" PRIu64 ")", epoch, epoch);
}

void
bs_state_put_guard_trial(struct bs_buf *sql, const struct bs_state *state, unsigned int lane,
                         uint64_t epoch) {
    const int64_t never = -9;
    bs_buf_puts(sql, "UPDATE ");
    bs_state_put_name(sql, state, "lane");
    bs_buf_puts(sql, " SET ");
    bs_state_put_epoch_guard(sql, epoch, &never);
    put_row(sql, state, lane);
}

enum bs_status
bs_state_save_intent(struct bs_sql *sql, const struct bs_state *state, unsigned int lane,
                     const struct bs_intent *intent, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "REPLACE INTO ");
    bs_state_put_name(&text, state, "intent");
    bs_buf_puts(&text, " SET task=");
    bs_state_put_text(&text, state->task);
    bs_buf_printf(&text, ", lane=%u, ", lane);
    bs_state_put_position(&text, "", &intent->position);
    bs_buf_puts(&text, ", statement=");
    bs_state_put_text(&text, intent->statement);
    bs_buf_puts(&text, ", fingerprint=");
    bs_state_put_text(&text, intent->fingerprint);
    bs_buf_printf(&text, ", saved_us=%" PRId64, bs_clock_wall_us());
    enum bs_status status = bs_state_run(sql, &text, err);
    return status == BS_OK ? BS_OK : bs_error_context(err, "saving the intent of lane %u", lane);
}

enum bs_status
bs_state_load_intent(struct bs_sql *sql, const struct bs_state *state, unsigned int lane,
                     struct bs_intent *intent, bool *found, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *f = NULL;
    memset(intent, 0, sizeof *intent);
    bs_buf_puts(&text, "SELECT file, pos, gtid, statement, fingerprint FROM ");
    bs_state_put_name(&text, state, "intent");
    bs_state_put_where(&text, state);
    bs_buf_printf(&text, " AND lane=%u", lane);
    enum bs_status status = bs_state_row(sql, &text, &result, &f, err);
    *found = status == BS_OK && f != NULL;
    if (*found) {
        bs_state_field_position(&intent->position, f);
        intent->statement = bs_state_field_dup(f[3]);
        intent->fingerprint = bs_state_field_dup(f[4]);
    }
    bs_sql_result_free(result);
    return status == BS_OK ? BS_OK : bs_error_context(err, "reading the intent of lane %u", lane);
}

void
bs_state_put_intent_clear(struct bs_buf *sql, const struct bs_state *state, unsigned int lane) {
    bs_buf_puts(sql, "DELETE FROM ");
    bs_state_put_name(sql, state, "intent");
    bs_state_put_where(sql, state);
    bs_buf_printf(sql, " AND lane=%u", lane);
}

void
bs_intent_fini(struct bs_intent *intent) {
    bs_position_fini(&intent->position);
    free(intent->statement);
    free(intent->fingerprint);
    memset(intent, 0, sizeof *intent);
}
