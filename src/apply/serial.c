/* One source transaction after the other on lane 0, in the order of the log: all that cannot be
 * gathered into bundles. Several become one target transaction, but none is folded, and each
 * statement of the log keeps its place. No other lane is at work meanwhile. */
#include "apply/applier_private.h"

#include "apply/change.h"
#include "apply/ddl.h"
#include "base/clock.h"
#include "base/fault.h"
#include "schema/lexer.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void
open_transaction(struct bs_applier *applier) {
    if (!applier->lane.open) {
        applier->open_since_ms = bs_clock_mono_ms();
    }
    bs_lane_begin(&applier->lane);
}

static enum bs_status
keep_origin_file(struct bs_applier *applier, struct bs_error *err) {
    struct bs_batch *batch = &applier->lane.batch;
    const char *file = bs_decoder_file(applier->decoder);
    if (strcmp(batch->file, file) == 0) {
        return BS_OK;
    }
    enum bs_status status = bs_lane_flush(&applier->lane, err);
    (void)snprintf(batch->file, sizeof batch->file, "%s", file);
    return status;
}

/* Some groups are logged whole and end in ROLLBACK, or hold a ROLLBACK TO, because a temporary
 * table was made or dropped in them. Their rows must be taken back without taking back the groups
 * before them. Nothing at their start tells them apart: MariaDB sets FL_TRANSACTIONAL on some of
 * them (seen on 10.11 and 11.8). MySQL 8.0 and newer log no temporary tables. */
bool
bs_serial_may_roll_back(const struct bs_applier *applier) {
    enum { MYSQL_LOGS_NO_TEMPORARY_TABLES = 80000 };
    return applier->translation->source.flavour == BS_MARIADB ||
           applier->translation->source.version < MYSQL_LOGS_NO_TEMPORARY_TABLES;
}

static void
put_group_savepoint(struct bs_applier *applier) {
    if (!applier->group_may_roll_back || applier->group_has_savepoint || applier->group_has_ddl) {
        return;
    }
    bs_batch_put(&applier->lane.batch, BS_EXPECT_ANY, "SAVEPOINT bs_group");
    applier->group_has_savepoint = true;
}

static bool
keeps_too_much(struct bs_applier *applier) {
    enum { KEPT_BYTES_MAX = 16 << 20 };
    uint64_t packet = applier->lane.batch.max_packet;
    uint64_t max = packet > 0 && packet / 2 < KEPT_BYTES_MAX ? packet / 2 : KEPT_BYTES_MAX;
    applier->kept_is_lost = applier->kept_is_lost || applier->kept.sql.len >= max;
    return applier->kept_is_lost;
}

static enum bs_status
apply_open_rows(struct bs_applier *applier, struct bs_rows *rows, struct bs_target_table *table,
                const struct bs_item *item, struct bs_error *err) {
    struct bs_change change;
    struct bs_origin origin = {.pos = item->pos, .gtid = item->gtid};
    struct bs_change again;
    bool keeps = !table->is_transactional && applier->group_has_savepoint;
    open_transaction(applier);
    if (table->is_transactional) {
        put_group_savepoint(applier);
        applier->group_has_undone = true;
    }
    enum bs_status status = keep_origin_file(applier, err);
    bool fk_checks =
        bs_applier_wants_fk_checks(applier, rows) && !bs_window_is_without_checks(applier, table);
    bs_lane_set_fk_checks(&applier->lane, fk_checks);
    bs_change_init(&change, &applier->lane.batch, table, origin);
    if (bs_window_way(applier, table) == BS_WINDOW_CONVERGES) {
        bs_change_converge(&change);
    }
    bs_change_init(&again, &applier->kept, table, origin);
    while (status == BS_OK) {
        bool more = false;
        status = bs_rows_next(rows, &more, err);
        if (status == BS_OK && more) {
            status = bs_applier_check_documents(table, rows, err);
        }
        if (status != BS_OK || !more) {
            break;
        }
        bs_change_add(&change, rows);
        applier->lane.open_rows++;
        applier->stats.rows++;
        if (keeps && !keeps_too_much(applier)) {
            bs_change_add(&again, rows);
        }
        if (bs_batch_is_full(&applier->lane.batch)) {
            bs_change_finish(&change);
            status = bs_lane_flush(&applier->lane, err);
        }
    }
    bs_change_finish(&change);
    bs_change_finish(&again);
    return status;
}

static enum bs_status
apply_rows(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    struct bs_target_table *table = NULL;
    struct bs_rows rows;
    enum bs_status status = bs_applier_table_of(applier, item->map, &table, err);
    if (status != BS_OK || table == NULL || bs_window_way(applier, table) == BS_WINDOW_LEFT_OUT) {
        return status;
    }
    if (applier->hold) {
        return bs_applier_refuse_held("rows of", item->map->db, item->map->table, err);
    }
    status = bs_rows_open(&rows, &item->event, item->map, table->model, &applier->rows_arena, err);
    if (status != BS_OK) {
        return status;
    }
    status = bs_applier_require_full_image(&rows, table, err);
    if (status == BS_OK) {
        status = apply_open_rows(applier, &rows, table, item, err);
    }
    bs_rows_close(&rows);
    applier->group_has_rows = true;
    applier->group_counts = true;
    return status == BS_OK ? bs_lane_flush_full(&applier->lane, err) : status;
}

static bool
is_due(const struct bs_applier *applier) {
    const struct bs_lane *lane = &applier->lane;
    return lane->open_groups >= BS_COMMIT_GROUPS_MAX || lane->open_rows >= BS_COMMIT_ROWS_MAX ||
           bs_clock_mono_ms() - applier->open_since_ms >= BS_COMMIT_AGE_MS;
}

static enum bs_status
end_group(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    enum bs_status status = BS_OK;
    bool was_ddl = applier->group_has_ddl;
    open_transaction(applier); /* a group outside the selection moves the checkpoint too */
    if (applier->lane.open_groups++ == 0) {
        applier->first_us = (int64_t)item->timestamp * 1000000;
    }
    applier->stats.transactions += applier->group_counts;
    applier->source_us = (int64_t)item->timestamp * 1000000;
    applier->group_has_rows = false;
    applier->group_has_ddl = false;
    applier->group_has_savepoint = false;
    applier->group_has_undone = false;
    applier->group_counts = false;
    applier->kept_is_lost = false;
    bs_batch_clear(&applier->kept);
    if (was_ddl || is_due(applier)) {
        status = bs_applier_commit(applier, err);
        if (status == BS_OK && was_ddl) {
            bs_fault_point("ddl-checkpointed");
        }
    }
    return status;
}

static enum bs_status
refuse_rollback(const char *why, struct bs_error *err) {
    bs_error_set(err, BS_PRECHECK, "the source logged a transaction that it rolled back, %s", why);
    return bs_error_hint(err,
                         "convert its tables that are not InnoDB on the source, then take a new "
                         "snapshot");
}

/* Takes back what the source undid, and puts again what stayed there. */
static enum bs_status
undo_group(struct bs_applier *applier, struct bs_error *err) {
    struct bs_lane *lane = &applier->lane;
    if (applier->kept_is_lost) {
        return refuse_rollback("with more rows of tables without transactions than are kept", err);
    }
    if (applier->kept.count > 0 && applier->keep_engines) { /* are they kept there, or undone? */
        return refuse_rollback("with rows of tables without transactions, and --keep-engines", err);
    }
    bs_batch_put(&lane->batch, BS_EXPECT_ANY, "ROLLBACK TO SAVEPOINT bs_group");
    if (applier->kept.count == 0) {
        return BS_OK;
    }
    enum bs_status status = bs_lane_flush(lane, err);
    (void)snprintf(applier->kept.file, sizeof applier->kept.file, "%s", lane->batch.file);
    if (status == BS_OK) {
        status = bs_batch_send(&applier->kept, lane->sql, err);
        lane->has_failed = lane->has_failed || status != BS_OK;
    }
    return status;
}

/* A rolled back group is logged when it held something that cannot be rolled back: temporary
 * tables, which do not concern us, or rows of a table without transactions, which stayed. MySQL 5.1
 * has both kinds of rows in one group; the others log the rows that stay in groups of their own. */
static enum bs_status
end_rolled_back(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (applier->group_has_savepoint) {
        status = undo_group(applier, err);
    } else if (applier->group_has_undone || applier->group_has_ddl) {
        status = refuse_rollback("in a form that is not known of its version", err);
    }
    return status == BS_OK ? end_group(applier, item, err) : status;
}

static enum bs_status
refuse_partial_rollback(const struct bs_statement *statement, struct bs_error *err) {
    bs_error_set(err, BS_SCHEMA,
                 "the source logged a partial rollback where none is expected: %.*s",
                 (int)statement->sql.len, statement->sql.data);
    return bs_error_hint(err, "convert tables that are not InnoDB on the source, then take a new "
                              "snapshot");
}

/* SAVEPOINT and ROLLBACK TO run on the lane in groups that can hold what was rolled back; elsewhere
 * the log holds only what stayed. The name is replaced, so that its charset does not matter. */
static enum bs_status
apply_savepoint(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    char name[BS_NAME_BYTES_MAX] = "";
    struct bs_lexer lexer = bs_lexer(item->statement.sql, false, false);
    struct bs_token verb = bs_lexer_next(&lexer);
    for (struct bs_token t = bs_lexer_next(&lexer); t.kind != BS_TOKEN_END;
         t = bs_lexer_next(&lexer)) {
        bs_token_name(t, name, sizeof name);
    }
    bool back = bs_token_is(verb, "ROLLBACK");
    if (back && applier->kept.count > 0) {
        return refuse_rollback("in part, after it had changed a table without transactions", err);
    }
    if (!applier->group_may_roll_back) {
        return back ? refuse_partial_rollback(&item->statement, err) : BS_OK;
    }
    if (bs_token_is(verb, "RELEASE")) {
        return BS_OK;
    }
    for (char *p = name; *p != '\0'; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    open_transaction(applier);
    put_group_savepoint(applier);
    (void)bs_batch_open(&applier->lane.batch, BS_EXPECT_ANY);
    bs_buf_printf(&applier->lane.batch.sql, "%s bs_%016" PRIx64,
                  back ? "ROLLBACK TO SAVEPOINT" : "SAVEPOINT", bs_hash(name, strlen(name)));
    bs_batch_close(&applier->lane.batch);
    return bs_lane_flush_full(&applier->lane, err);
}

/* What a statement of the log takes is the target's time, whichever session it runs on. */
static enum bs_status
apply_statement(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    enum bs_spent_state before = bs_spent_move(applier->spent, BS_SPENT_STATEMENTS);
    enum bs_status status = bs_ddl_apply(applier, item, err);
    (void)bs_spent_move(applier->spent, before);
    return status;
}

enum bs_status
bs_serial_item(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    switch (item->kind) {
    case BS_ITEM_NONE:
        return BS_OK;
    case BS_ITEM_GROUP_BEGIN:
        applier->group_may_roll_back = bs_serial_may_roll_back(applier);
        return BS_OK;
    case BS_ITEM_ROWS:
        if (applier->while_waiting != NULL) { /* a transaction may be very long */
            applier->while_waiting(applier->while_waiting_arg);
        }
        return apply_rows(applier, item, err);
    case BS_ITEM_STATEMENT:
        return apply_statement(applier, item, err);
    case BS_ITEM_SAVEPOINT:
        return apply_savepoint(applier, item, err);
    case BS_ITEM_GROUP_END:
        return end_group(applier, item, err);
    case BS_ITEM_GROUP_ROLLBACK:
        return end_rolled_back(applier, item, err);
    }
    return BS_OK;
}
