/* A bundle as SQL.
 *
 *   rows in order       as they are, neighbours of one kind gathered
 *   a folded table      DELETEs, looks for what must not be there, UPDATEs in place, upserts,
 *                       INSERTs: row_ways.h
 *
 * Many INSERTs go as values in binary, where the target takes them. */
#include "apply/bundle.h"

#include "apply/bulk_insert.h"
#include "apply/change.h"
#include "apply/row_ways.h"
#include "base/mem.h"

#include <stdlib.h>

struct writer {
    struct bs_lane *lane;
    struct bs_change change;
    bool is_open;
    size_t rows_max;
};

static void
finish(struct writer *writer) {
    if (writer->is_open) {
        bs_change_finish(&writer->change);
        writer->is_open = false;
    }
}

/* The change that the next row of this table goes to. */
static struct bs_change *
change_of(struct writer *writer, const struct bs_target_table *table,
          const struct bs_origin *origin) {
    if (writer->is_open && writer->change.table != table) {
        finish(writer);
    }
    if (!writer->is_open) {
        bs_change_init(&writer->change, &writer->lane->batch, table, *origin);
        writer->change.rows_max = writer->rows_max;
        writer->is_open = true;
    }
    writer->change.origin = *origin;
    return &writer->change;
}

static enum bs_status
flush_full(struct writer *writer, struct bs_error *err) {
    if (!bs_batch_is_full(&writer->lane->batch)) {
        return BS_OK;
    }
    finish(writer);
    return bs_lane_flush(writer->lane, err);
}

static enum bs_status
write_ordered(const struct bs_bundle *bundle, struct writer *writer, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < bundle->ordered_count && status == BS_OK; i++) {
        const struct bs_ordered_change *row = &bundle->ordered[i];
        if (row->fk_checks != writer->lane->fk_checks) {
            finish(writer);
            bs_lane_set_fk_checks(writer->lane, row->fk_checks);
        }
        struct bs_change *change = change_of(writer, row->table, row->origin);
        switch (row->change) {
        case BS_ROW_INSERT:
            bs_change_insert(change, row->after);
            break;
        case BS_ROW_DELETE:
            bs_change_delete(change, row->before);
            break;
        case BS_ROW_UPDATE:
            bs_change_update(change, row->before, row->after);
            break;
        }
        status = flush_full(writer, err);
    }
    finish(writer);
    return status;
}

/* In this order, as what goes makes room for what comes. */
enum pass { DELETES, ABSENCES, UPDATES, UPSERTS, INSERTS };

static bool
is_of_pass(const struct bs_folded_row *row, enum bs_row_way way, enum pass pass) {
    switch (way) {
    case BS_WAY_NONE:
        return false;
    case BS_WAY_ABSENT:
        return pass == ABSENCES;
    case BS_WAY_IN_PLACE:
        return pass == UPDATES;
    case BS_WAY_UPSERT:
        return pass == UPSERTS;
    case BS_WAY_REPLACE:
        return (pass == DELETES && row->before != NULL) || (pass == INSERTS && row->after != NULL);
    }
    return false;
}

static enum bs_status
write_pass(const struct bs_fold *fold, const enum bs_row_way *ways, enum pass pass,
           struct writer *writer, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < fold->count && status == BS_OK; i++) {
        const struct bs_folded_row *row = &fold->rows[i];
        if (!is_of_pass(row, ways[i], pass)) {
            continue;
        }
        struct bs_change *change = change_of(writer, fold->table, row->origin);
        if (pass == UPDATES) {
            bs_change_update(change, row->before, row->after);
        } else if (pass == DELETES) {
            bs_change_delete(change, row->before);
        } else if (pass == ABSENCES) {
            bs_change_absent(change, row->key);
        } else if (pass == UPSERTS) {
            bs_change_upsert(change, row->after);
        } else {
            bs_change_insert(change, row->after);
        }
        status = flush_full(writer, err);
    }
    finish(writer);
    return status;
}

static bool
comes_in_bulk(const struct bs_fold *fold, const enum bs_row_way *ways, size_t i,
              const struct writer *writer) {
    const struct bs_folded_row *row = &fold->rows[i];
    return is_of_pass(row, ways[i], INSERTS) &&
           bs_bulk_insert_suits(writer->lane, fold->table, row->after);
}

static bool
is_worth_bulk(const struct bs_fold *fold, const enum bs_row_way *ways,
              const struct writer *writer) {
    size_t count = 0;
    if (writer->rows_max == 1 || fold->count < BS_BULK_INSERT_ROWS_MIN ||
        !bs_bulk_insert_suits_table(writer->lane, fold->table)) {
        return false;
    }
    for (size_t i = 0; i < fold->count && count < BS_BULK_INSERT_ROWS_MIN; i++) {
        count += comes_in_bulk(fold, ways, i, writer);
    }
    return count == BS_BULK_INSERT_ROWS_MIN;
}

/* Takes the rows that it sends out of the last pass. */
static enum bs_status
write_bulk(const struct bs_fold *fold, enum bs_row_way *ways, struct writer *writer,
           struct bs_error *err) {
    struct bs_bulk_insert insert;
    bool opened = false;
    enum bs_status status = bs_bulk_insert_open(&insert, writer->lane, fold->table, &opened, err);
    for (size_t i = 0; i < fold->count && opened && status == BS_OK; i++) {
        if (comes_in_bulk(fold, ways, i, writer)) {
            const struct bs_folded_row *row = &fold->rows[i];
            ways[i] = BS_WAY_NONE;
            status = bs_bulk_insert_add(&insert, row->after, row->origin, err);
        }
    }
    if (status == BS_OK) {
        status = bs_bulk_insert_end(&insert, err);
    }
    bs_bulk_insert_close(&insert);
    return status;
}

static enum bs_status
write_fold(const struct bs_fold *fold, struct writer *writer, struct bs_error *err) {
    /* The log has the cascades, or there are none. */
    if (fold->table->plan.has_foreign_keys) {
        bs_lane_set_fk_checks(writer->lane, false);
    }
    enum bs_row_way *ways = bs_alloc((fold->count + 1) * sizeof *ways);
    bs_row_ways(fold, writer->rows_max == 1, ways);
    enum bs_status status = BS_OK;
    for (int pass = DELETES; pass <= UPSERTS && status == BS_OK; pass++) {
        status = write_pass(fold, ways, (enum pass)pass, writer, err);
    }
    if (status == BS_OK && is_worth_bulk(fold, ways, writer)) {
        status = write_bulk(fold, ways, writer, err);
    }
    if (status == BS_OK) {
        status = write_pass(fold, ways, INSERTS, writer, err);
    }
    free(ways);
    return status;
}

enum bs_status
bs_bundle_write(const struct bs_bundle *bundle, struct bs_lane *lane, bool one_by_one,
                struct bs_error *err) {
    struct writer writer = {.lane = lane,
                            .rows_max = one_by_one ? 1 : (size_t)BS_STATEMENT_ROWS_MAX};
    bs_lane_begin(lane);
    lane->open_groups = bundle->groups;
    lane->open_rows = bundle->rows;
    enum bs_status status = write_ordered(bundle, &writer, err);
    for (size_t i = 0; i < bundle->fold_count && status == BS_OK; i++) {
        status = write_fold(&bundle->folds[i], &writer, err);
    }
    return status;
}
