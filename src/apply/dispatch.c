/* Bundles are closed, given to lanes and taken back here.
 *
 * When a bundle is closed. With nothing more to read, as soon as it may run on a lane that is idle:
 * so lag stays small when caught up. With more to read, once it is worth a target transaction and
 * could run at once; else it grows, up to a limit, while it waits for what it depends on or for a
 * lane: the further behind, the larger the bundles, and the more is folded.
 *
 * The mark moves over bundles in their order: when the oldest that is not committed comes back, and
 * all behind it that already are. */
#include "apply/applier_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "sql/error_class.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORTH_TRANSACTIONS = 100, /* enough for a target transaction while there is more to read */
    WORTH_BYTES = 128 << 10,
    ROWS_MAX = 50000,
    PACKET_BYTES_MAX = 8 << 20,
    WAITING_MAX = 2, /* bundles that are closed and have no lane */
    TRIES_MAX = 10,  /* of a bundle that meets deadlocks and lock waits, with all before it in */
    WAIT_MS = 200,
};

/* A lane has at most one packet on its way and one that is filled, each of them twice. */
static size_t
packet_bytes(const struct bs_applier_config *config) {
    size_t share = config->memory_bytes / 16 / config->lanes;
    return share < PACKET_BYTES_MAX ? share : PACKET_BYTES_MAX;
}

enum bs_status
bs_dispatch_open(struct bs_applier *applier, const struct bs_applier_config *config,
                 struct bs_error *err) {
    struct bs_dispatch *d = &applier->dispatch;
    *d = (struct bs_dispatch){.max_transactions = config->max_transactions,
                              .max_bytes = config->memory_bytes / 16,
                              .max_closed_bytes = config->memory_bytes / 16 * 3};
    if (config->lanes == 0) {
        return BS_OK;
    }
    struct bs_pool_config pool = {
        .target = config->target,
        .state = config->state,
        .epoch = config->epoch,
        .lanes = config->lanes,
        .no_target_binlog = config->no_target_binlog,
        .keep_commit_order = config->keep_commit_order,
        .first_number = 1,
        .packet_bytes = packet_bytes(config),
    };
    d->chains = !config->keep_commit_order; /* a lane would wait there for turns of others */
    d->scheduler = bs_scheduler_new();
    return bs_pool_open(&d->pool, &pool, err);
}

void
bs_dispatch_close(struct bs_applier *applier) {
    struct bs_dispatch *d = &applier->dispatch;
    bs_pool_close(d->pool); /* before the bundles that its lanes read */
    bs_scheduler_free(d->scheduler);
    for (size_t i = 0; i < BS_SCHEDULER_WINDOW; i++) {
        bs_bundle_free(d->closed[i].bundle);
    }
    bs_bundle_free(d->open);
    *d = (struct bs_dispatch){0};
}

struct bs_bundle *
bs_dispatch_bundle(struct bs_applier *applier) {
    struct bs_dispatch *d = &applier->dispatch;
    if (d->open == NULL) {
        d->open = bs_bundle_new(&applier->end);
    } else if (bs_bundle_is_empty(d->open)) { /* lane 0 may have done something since */
        d->open->from = applier->end;
    }
    return d->open;
}

static enum bs_status
close_open(struct bs_applier *applier, struct bs_error *err) {
    struct bs_dispatch *d = &applier->dispatch;
    struct bs_bundle *bundle = d->open;
    enum bs_status status = bs_decoder_position(applier->decoder, &bundle->end, err);
    if (status != BS_OK) {
        return status;
    }
    bundle->file_created = bs_applier_file_created(applier, bundle->end.file);
    bundle->number = bs_scheduler_close(d->scheduler);
    size_t slot = bundle->number % BS_SCHEDULER_WINDOW;
    BS_ASSERT(d->closed[slot].bundle == NULL);
    d->closed[slot].bundle = bundle;
    d->closed[slot].tries = 0;
    d->closed[slot].bytes = bs_bundle_bytes(bundle);
    d->closed_bytes += d->closed[slot].bytes;
    d->closed[slot].one_by_one = false;
    if (bundle->waits_for != NULL) {
        (void)snprintf(d->hot_table, sizeof d->hot_table, "%s.%s", bundle->waits_for->model->db,
                       bundle->waits_for->model->name);
    }
    d->open = NULL;
    d->waiting++;
    return BS_OK;
}

/* The next bundle that may run, and in which chain: its own, if it waits for none. */
static bool
next_to_give(struct bs_dispatch *d, uint64_t *number, uint64_t *chain) {
    if (bs_pool_has_room(d->pool) && bs_scheduler_next(d->scheduler, number)) {
        *chain = *number;
        return true;
    }
    return d->chains && bs_scheduler_next_behind(d->scheduler, number, chain);
}

static void
give_ready(struct bs_applier *applier) {
    struct bs_dispatch *d = &applier->dispatch;
    uint64_t number, chain;
    while (d->waiting > 0 && next_to_give(d, &number, &chain)) {
        size_t slot = number % BS_SCHEDULER_WINDOW;
        struct bs_bundle *bundle = d->closed[slot].bundle;
        const struct bs_checkpoint *mark = &applier->lane.checkpoint;
        bs_position_copy(&bundle->low, &mark->position);
        bundle->low_file_created = mark->file_created;
        d->waiting--;
        bs_pool_give(d->pool, bundle, chain, d->closed[slot].one_by_one);
    }
}

static void
move_mark(struct bs_applier *applier) {
    struct bs_dispatch *d = &applier->dispatch;
    uint64_t low = bs_scheduler_low(d->scheduler);
    struct bs_bundle *last = NULL;
    while (d->low < low) {
        struct bs_bundle **slot = &d->closed[++d->low % BS_SCHEDULER_WINDOW].bundle;
        bs_bundle_free(last);
        last = *slot;
        applier->done.transactions += last->groups;
        applier->done.rows += last->rows;
        *slot = NULL;
    }
    if (last != NULL) {
        bs_applier_set_mark(applier, &last->end, last->file_created, last->source_us);
        bs_bundle_free(last);
    }
}

/* A bundle that was rolled back: it runs again when everything before it is committed. What fails
 * even so is an error; then it runs once more row by row, so that the row is named. */
static enum bs_status
try_again(struct bs_applier *applier, const struct bs_pool_result *result, struct bs_error *err) {
    struct bs_dispatch *d = &applier->dispatch;
    uint64_t number = result->bundle->number;
    size_t slot = number % BS_SCHEDULER_WINDOW;
    if (result->is_not_run) {
        bs_scheduler_not_run(d->scheduler, number);
        d->waiting++;
        return BS_OK;
    }
    bool may_be_order = bs_scheduler_failed(d->scheduler, number);
    bool may_pass = bs_sql_is_retryable(&result->err) && ++d->closed[slot].tries < TRIES_MAX;
    bs_log(BS_LOG_DEBUG, "bundle %" PRIu64 " was rolled back: %s", number, result->err.message);
    d->waiting++;
    if (may_be_order || may_pass) {
        return BS_OK;
    }
    if (!d->closed[slot].one_by_one && !bs_sql_is_of_server(&result->err)) {
        d->closed[slot].one_by_one = true;
        return BS_OK;
    }
    if (err != NULL) {
        *err = result->err;
    }
    return result->status;
}

static enum bs_status
take_done(struct bs_applier *applier, struct bs_error *err) {
    struct bs_dispatch *d = &applier->dispatch;
    struct bs_pool_result result;
    while (bs_pool_take(d->pool, &result)) {
        if (result.is_lost) {
            enum bs_status status = result.status == BS_FENCED ? BS_FENCED : BS_IO;
            if (err != NULL) {
                *err = result.err;
                err->status = status;
            }
            return status;
        }
        if (result.status != BS_OK) {
            enum bs_status status = try_again(applier, &result, err);
            if (status != BS_OK) {
                return status;
            }
            continue;
        }
        d->commits++;
        bs_bundle_shed(result.bundle);
        d->closed_bytes -= d->closed[result.bundle->number % BS_SCHEDULER_WINDOW].bytes;
        bs_scheduler_committed(d->scheduler, result.bundle->number);
        move_mark(applier);
    }
    return BS_OK;
}

static enum bs_status
pump(struct bs_applier *applier, struct bs_error *err) {
    enum bs_status status = take_done(applier, err);
    if (status == BS_OK) {
        give_ready(applier);
    }
    return status;
}

static bool
can_run_at_once(const struct bs_dispatch *d) {
    return d->waiting == 0 && bs_scheduler_has_room(d->scheduler) && bs_pool_has_idle(d->pool) &&
           !bs_scheduler_open_waits(d->scheduler);
}

static bool
is_full(const struct bs_dispatch *d) {
    return d->open->all_groups >= d->max_transactions || d->open->rows >= ROWS_MAX ||
           d->open->arena.used >= d->max_bytes;
}

static bool
is_worth_it(const struct bs_dispatch *d) {
    return d->open->all_groups >= WORTH_TRANSACTIONS || d->open->raw_bytes >= WORTH_BYTES;
}

static bool
is_open_empty(const struct bs_dispatch *d) {
    return d->open == NULL || bs_bundle_is_empty(d->open);
}

enum bs_spent_state
bs_applier_waits_for(const struct bs_applier *applier) {
    const struct bs_dispatch *d = &applier->dispatch;
    bool has_open = d->open != NULL && !bs_bundle_is_empty(d->open);
    if (d->scheduler == NULL || (d->waiting == 0 && !has_open)) {
        return BS_SPENT_IDLE;
    }
    if (!bs_pool_has_idle(d->pool)) {
        return BS_SPENT_LANES;
    }
    bool conflicts = d->waiting > 0 || bs_scheduler_open_waits(d->scheduler);
    return conflicts ? BS_SPENT_CONFLICT : BS_SPENT_IDLE;
}

/* Until a bundle comes back. When a lane is idle, nothing that waits may run: it waits for rows of
 * an earlier bundle. */
static void
wait_for_lanes(struct bs_applier *applier) {
    struct bs_dispatch *d = &applier->dispatch;
    bool conflicts = d->waiting > 0 && bs_pool_has_idle(d->pool);
    enum bs_spent_state before =
        bs_spent_move(applier->spent, conflicts ? BS_SPENT_CONFLICT : BS_SPENT_LANES);
    bs_pool_wait(d->pool, WAIT_MS);
    (void)bs_spent_move(applier->spent, before);
    if (applier->while_waiting != NULL) {
        applier->while_waiting(applier->while_waiting_arg);
    }
}

/* Bundles of many small rows are many times as large as what they were in the log. */
static bool
is_too_much(const struct bs_dispatch *d) {
    return d->waiting > WAITING_MAX || d->closed_bytes > d->max_closed_bytes ||
           !bs_scheduler_has_room(d->scheduler);
}

/* Waits until the lanes have taken what was closed, and are done with most of it. */
static enum bs_status
make_room(struct bs_applier *applier, struct bs_error *err) {
    struct bs_dispatch *d = &applier->dispatch;
    enum bs_status status = pump(applier, err);
    while (status == BS_OK && is_too_much(d)) {
        wait_for_lanes(applier);
        status = pump(applier, err);
        if (status == BS_OK) {
            status = bs_stop_check(err);
        }
    }
    return status;
}

enum bs_status
bs_dispatch_added(struct bs_applier *applier, struct bs_error *err) {
    struct bs_dispatch *d = &applier->dispatch;
    enum bs_status status = take_done(applier, err);
    if (status == BS_OK && (is_full(d) || (is_worth_it(d) && can_run_at_once(d)))) {
        status = close_open(applier, err);
    }
    return status == BS_OK ? make_room(applier, err) : status;
}

enum bs_status
bs_dispatch_idle(struct bs_applier *applier, struct bs_error *err) {
    struct bs_dispatch *d = &applier->dispatch;
    enum bs_status status = pump(applier, err);
    if (status == BS_OK && !is_open_empty(d) && can_run_at_once(d)) {
        status = close_open(applier, err);
        give_ready(applier);
    }
    return status;
}

enum bs_status
bs_dispatch_drain(struct bs_applier *applier, struct bs_error *err) {
    struct bs_dispatch *d = &applier->dispatch;
    enum bs_status status = BS_OK;
    if (d->scheduler == NULL) {
        return BS_OK;
    }
    if (!is_open_empty(d)) {
        status = make_room(applier, err);
        if (status == BS_OK) {
            status = close_open(applier, err);
        }
    }
    while (status == BS_OK && (status = pump(applier, err)) == BS_OK &&
           bs_scheduler_pending(d->scheduler) > 0) {
        wait_for_lanes(applier);
    }
    return status;
}
