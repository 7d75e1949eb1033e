/* From the decoder's items to bundles. Rows events of a transaction are kept until its end, then
 * read into the open bundle. A transaction goes to lane 0 instead, after everything before it has
 * been committed, when it
 *
 *   holds a statement or a savepoint, or checks foreign keys for some rows of a family only
 *   changes a table that is not transactional, or is system-versioned
 *   is larger than what is kept: then it streams through
 *
 * Transactions that are known to be applied (applier->ahead) only move the mark. */
#include "apply/applier_private.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    EVENTS_KEPT = 8192,   /* the array of more is given back */
    COUNTED_FROM = 16,    /* of max_bytes, a part: what smaller transactions hold is not counted */
    VALUES_TO_BYTES = 16, /* max_bytes of the log may be so many times as much in values */
};

static void
forget_events(struct bs_gather *gather) {
    for (size_t i = 0; i < gather->count; i++) {
        bs_table_map_free(gather->events[i].map);
    }
    gather->count = 0;
    gather->bytes = 0;
    gather->value_bytes = 0;
    if (gather->cap > EVENTS_KEPT) {
        free(gather->events);
        gather->events = NULL;
        gather->cap = 0;
    }
    gather->has_ordered = false;
    gather->has_folded = false;
    bs_arena_reset(&gather->arena);
}

void
bs_gather_fini(struct bs_gather *gather) {
    forget_events(gather);
    bs_arena_fini(&gather->arena);
    bs_arena_fini(&gather->scratch);
    free(gather->events);
    *gather = (struct bs_gather){0};
}

/* There are no other lanes, or they must be still. */
static bool
is_serial_only(const struct bs_applier *applier) {
    return applier->is_serial || applier->dispatch.scheduler == NULL || applier->window.is_open;
}

/* The rest of the transaction goes to lane 0, and first what there is of it. */
static enum bs_status
turn_serial(struct bs_applier *applier, struct bs_error *err) {
    struct bs_gather *gather = &applier->gather;
    enum bs_status status = bs_dispatch_drain(applier, err);
    gather->is_serial = true;
    if (status == BS_OK) {
        status = bs_serial_item(applier, &gather->begin, err);
    }
    for (size_t i = 0; i < gather->count && status == BS_OK; i++) {
        gather->events[i].item.map = gather->events[i].map;
        status = bs_serial_item(applier, &gather->events[i].item, err);
    }
    forget_events(gather);
    return status;
}

enum bs_status
bs_gather_serialize(struct bs_applier *applier, struct bs_error *err) {
    const struct bs_gather *gather = &applier->gather;
    bool turns = gather->is_open && !gather->is_serial && !gather->skips;
    return turns ? turn_serial(applier, err) : BS_OK;
}

static enum bs_status
serial_item(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    enum bs_status status = applier->gather.is_serial ? BS_OK : turn_serial(applier, err);
    return status == BS_OK ? bs_serial_item(applier, item, err) : status;
}

static bool
can_be_bundled(const struct bs_target_table *table) {
    return table->is_transactional && !table->has_period;
}

static void
keep_event(struct bs_applier *applier, const struct bs_item *item,
           const struct bs_target_table *table) {
    struct bs_gather *gather = &applier->gather;
    void *events = gather->events;
    bs_array_grow(&events, &gather->cap, gather->count, sizeof *gather->events);
    gather->events = events;
    struct bs_gathered *kept = &gather->events[gather->count++];
    *kept =
        (struct bs_gathered){.item = *item, .map = bs_table_map_share(item->map), .table = table};
    struct bs_str body = item->event.body;
    kept->item.event.body.data = bs_arena_copy(&gather->arena, body.data, body.len);
    gather->bytes += body.len;
}

/* Can the event be read into the open bundle as its table's family is in it already, and as the
 * other events of its transaction are? Known before it is kept: once the transaction has ended, the
 * decoder's position is behind it, and it is too late to end the bundle in front of it. */
static bool
fits_bundle(struct bs_applier *applier, const struct bs_item *item,
            const struct bs_target_table *table) {
    struct bs_gather *gather = &applier->gather;
    struct bs_rows_head head;
    if (!table->plan.has_foreign_keys || bs_rows_head_parse(&head, &item->event, NULL) != BS_OK) {
        return true; /* what is wrong with it is said when it is read */
    }
    struct bs_rows flags = {.flags = head.flags};
    bool in_order = !table->plan.folds || bs_applier_wants_fk_checks(applier, &flags);
    gather->has_ordered = gather->has_ordered || in_order;
    gather->has_folded = gather->has_folded || !in_order;
    bool mixes = gather->has_ordered && gather->has_folded;
    return !mixes && bs_bundle_can_take(bs_dispatch_bundle(applier), table, in_order);
}

/* What is wrong with the event is said when it is read. */
static size_t
count_values(struct bs_gather *gather, const struct bs_item *item,
             const struct bs_target_table *table) {
    struct bs_rows rows;
    size_t images = 0;
    bool more = false;
    bs_arena_reset(&gather->scratch);
    if (bs_rows_open(&rows, &item->event, item->map, table->model, &gather->scratch, NULL) !=
        BS_OK) {
        return 0;
    }
    while (bs_rows_next(&rows, &more, NULL) == BS_OK && more) {
        images += (size_t)(rows.before != NULL) + (size_t)(rows.after != NULL);
    }
    bs_rows_close(&rows);
    return images * item->map->column_count;
}

/* A NULL is one bit of the log and a whole value in memory: a transaction of wide rows that are
 * mostly NULL would be some hundred times as large as it was in the log. */
static bool
has_room_for(struct bs_gather *gather, const struct bs_item *item,
             const struct bs_target_table *table) {
    size_t bytes = gather->bytes + item->event.body.len;
    if (bytes > gather->max_bytes) {
        return false;
    }
    if (bytes > gather->max_bytes / COUNTED_FROM) {
        gather->value_bytes += count_values(gather, item, table) * sizeof(struct bs_value);
    }
    return gather->value_bytes <= gather->max_bytes * VALUES_TO_BYTES;
}

static enum bs_status
gather_rows(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    struct bs_gather *gather = &applier->gather;
    struct bs_target_table *table = NULL;
    if (gather->skips) {
        return BS_OK;
    }
    enum bs_status status = bs_applier_table_of(applier, item->map, &table, err);
    if (status != BS_OK || table == NULL) {
        return status;
    }
    if (gather->is_serial || !can_be_bundled(table) || !has_room_for(gather, item, table) ||
        !fits_bundle(applier, item, table)) {
        return serial_item(applier, item, err);
    }
    if (gather->count == 0) { /* what lane 0 has open is before it */
        status = bs_applier_commit(applier, err);
    }
    if (status == BS_OK) {
        keep_event(applier, item, table);
    }
    return status;
}

static const struct bs_origin *
origin_of(struct bs_applier *applier, const struct bs_item *item) {
    struct bs_bundle *bundle = bs_dispatch_bundle(applier);
    const char *file = bs_decoder_file(applier->decoder);
    struct bs_origin *origin = bs_arena_alloc(&bundle->arena, sizeof *origin);
    *origin = (struct bs_origin){
        .file = bs_arena_copy(&bundle->arena, file, strlen(file)),
        .pos = item->pos,
        .gtid = item->gtid,
    };
    return origin;
}

/* One event's rows into the open bundle. undone: the source took them back. Then only their keys
 * count: a later transaction that meets them must not be applied ahead of this one, because after a
 * crash this one may go to lane 0, which does its rows and takes them back. */
static enum bs_status
bundle_rows(struct bs_applier *applier, const struct bs_gathered *event, bool undone,
            struct bs_error *err) {
    struct bs_bundle *bundle = bs_dispatch_bundle(applier);
    const struct bs_target_table *table = event->table;
    struct bs_rows rows;
    struct bs_event own = event->item.event; /* whose bytes stay as long as the bundle */
    own.body.data = bs_arena_copy(&bundle->arena, own.body.data, own.body.len);
    enum bs_status status =
        bs_rows_open(&rows, &own, event->map, table->model, &bundle->arena, err);
    if (status != BS_OK) {
        return status;
    }
    rows.keep_rows = true;
    bool fk_checks = bs_applier_wants_fk_checks(applier, &rows);
    bool in_order = !table->plan.folds || (table->plan.has_foreign_keys && fk_checks);
    const struct bs_origin *origin = origin_of(applier, &event->item);
    bool more = false;
    uint64_t waited_for = bs_scheduler_open_after(applier->dispatch.scheduler);
    status = bs_applier_require_full_image(&rows, table, err);
    while (status == BS_OK && (status = bs_rows_next(&rows, &more, err)) == BS_OK && more) {
        status = bs_applier_check_documents(table, &rows, err);
        if (status != BS_OK) {
            break;
        }
        bs_table_plan_touch(&table->plan, rows.before, rows.after, in_order,
                            applier->dispatch.scheduler);
        if (undone) {
            continue;
        }
        if (in_order) {
            bs_bundle_keep(bundle, table, &rows, fk_checks, origin);
        } else {
            status = bs_bundle_fold(bundle, table, &rows, origin, err);
        }
        applier->stats.rows++;
    }
    if (bs_scheduler_open_after(applier->dispatch.scheduler) > waited_for) {
        bundle->waits_for = table;
    }
    bs_rows_close(&rows);
    return status;
}

static enum bs_status
bundle_events(struct bs_applier *applier, bool undone, struct bs_error *err) {
    struct bs_gather *gather = &applier->gather;
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < gather->count && status == BS_OK; i++) {
        status = bundle_rows(applier, &gather->events[i], undone, err);
        if (status != BS_OK) {
            bs_error_at(err, "%s:%" PRIu64, bs_decoder_file(applier->decoder),
                        gather->events[i].item.pos);
        }
    }
    return status;
}

/* The transaction is whole and goes into the open bundle. */
static enum bs_status
bundle_group(struct bs_applier *applier, const struct bs_item *end, struct bs_error *err) {
    struct bs_gather *gather = &applier->gather;
    struct bs_bundle *bundle = bs_dispatch_bundle(applier);
    enum bs_status status = bundle_events(applier, false, err);
    bool counts = gather->count > 0;
    bundle->raw_bytes += gather->bytes;
    forget_events(gather);
    if (status != BS_OK) {
        return status;
    }
    bundle->groups += counts;
    bundle->all_groups++;
    applier->stats.transactions += counts;
    bundle->source_us = (int64_t)end->timestamp * 1000000;
    bundle->first_us = bundle->first_us == 0 ? bundle->source_us : bundle->first_us;
    bs_log_place_set(&bundle->to, bs_decoder_file(applier->decoder), end->pos);
    return bs_dispatch_added(applier, err);
}

static enum bs_status
end_skipped(struct bs_applier *applier, const struct bs_item *end, struct bs_error *err) {
    struct bs_log_place place;
    bs_log_place_set(&place, bs_decoder_file(applier->decoder), end->pos);
    if (bs_applied_has(&applier->ahead, &place)) {
        return BS_OK;
    }
    bs_error_set(err, BS_PURGED,
                 "the source's log does not hold the transactions that were read from it before");
    return bs_error_hint(err, "the source's binlogs were reset or it was restored: take a new "
                              "snapshot");
}

static enum bs_status
end_group(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    struct bs_gather *gather = &applier->gather;
    enum bs_status status = gather->skips ? end_skipped(applier, item, err) : BS_OK;
    if (status != BS_OK) {
        return status;
    }
    bool refused = false;
    if (item->kind == BS_ITEM_GROUP_ROLLBACK && gather->count > 0) {
        /* All its rows are of tables that undid them on the source too. */
        refused = !bs_serial_may_roll_back(applier);
        if (!refused) {
            status = bundle_events(applier, true, err);
            forget_events(gather);
        }
        if (status != BS_OK) {
            return status;
        }
    }
    /* What concerns nobody only moves the mark, wherever it stands. */
    bool joins_serial = gather->count == 0 && (applier->lane.open || is_serial_only(applier));
    if (gather->is_serial || joins_serial) {
        status = bs_serial_item(applier, item, err);
    } else if (refused) {
        status = serial_item(applier, item, err);
    } else {
        status = bundle_group(applier, item, err);
    }
    bs_log_place_set(&applier->end, bs_decoder_file(applier->decoder), item->pos);
    gather->is_open = false;
    gather->is_serial = false;
    gather->skips = false;
    return status;
}

static enum bs_status
begin_group(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    struct bs_gather *gather = &applier->gather;
    struct bs_log_place place;
    bs_log_place_set(&place, bs_decoder_file(applier->decoder), item->pos);
    enum bs_status status = bs_window_begin_group(applier, &place, &item->gtid, err);
    if (status != BS_OK) {
        return status;
    }
    gather->begin = *item;
    gather->is_open = true;
    gather->begin.event.body = (struct bs_str){"", 0};
    gather->skips = applier->ahead.count > 0 && bs_applied_has(&applier->ahead, &place);
    gather->is_serial = is_serial_only(applier) && !gather->skips;
    return gather->is_serial ? bs_serial_item(applier, item, err) : BS_OK;
}

enum bs_status
bs_gather_item(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    switch (item->kind) {
    case BS_ITEM_NONE:
        return BS_OK;
    case BS_ITEM_GROUP_BEGIN:
        return begin_group(applier, item, err);
    case BS_ITEM_ROWS:
        return gather_rows(applier, item, err);
    case BS_ITEM_STATEMENT:
    case BS_ITEM_SAVEPOINT:
        return applier->gather.skips ? BS_OK : serial_item(applier, item, err);
    case BS_ITEM_GROUP_END:
    case BS_ITEM_GROUP_ROLLBACK:
        return end_group(applier, item, err);
    }
    return BS_OK;
}
