/* The dumper's thread: takes work, cuts chunks, reads their rows within its view and makes blocks
 * of text of them.
 *
 * Each chunk ends with ROLLBACK TO SAVEPOINT: the view stays, and the metadata locks of the tables
 * that were read go, so that DDL on a table that is done with does not wait for the whole copy. */
#include "snapshot/dump_private.h"

#include "base/clock.h"
#include "base/thread.h"
#include "catalog/catalog.h"
#include "snapshot/altered.h"
#include "snapshot/early.h"
#include "snapshot/plan.h"
#include "snapshot/views.h"

#include <stdlib.h>

static enum bs_status
put_rows(struct bs_dump *dump, struct bs_sql_result *rows, struct bs_error *err) {
    const struct bs_str *fields = NULL;
    enum bs_status status;
    while ((status = bs_sql_next(rows, &fields, err)) == BS_OK && fields != NULL) {
        if (bs_dump_ends_early(dump, fields)) {
            return BS_OK;
        }
        status = bs_dump_put_row(dump, fields, err);
        if (status != BS_OK || dump->chunk->is_given_up) {
            return status;
        }
        if (dump->block == NULL && bs_work_is_stopped(dump->pair->config->work)) {
            return bs_dump_stopped(err);
        }
    }
    return status;
}

/* While the metadata lock of the reading is held: was it the table of the point that was read, and
 * not one that has been renamed into its place? */
static enum bs_status
check_identity(const struct bs_pair *pair, const struct bs_copy *copy, struct bs_error *err) {
    uint64_t id = copy->table_id;
    enum bs_status status = BS_OK;
    if (copy->table_id == 0) {
        return BS_OK;
    }
    if (!bs_held_has(pair, copy)) {
        status = bs_catalog_table_id(pair->source, pair->config->source, bs_str(copy->table->db),
                                     bs_str(copy->table->name), &id, err);
    }
    if (status == BS_OK && id != copy->table_id) {
        status = bs_altered_refuse(copy, err);
    }
    return status == BS_OK ? bs_altered_check_columns(pair->source, copy, err) : status;
}

/* To be asked which table it is, MySQL 8 and newer wait for DDL on any table of the server, even
 * where that waits itself: the table that was read is let go of before it is asked again. */
static enum bs_status
check_whole(struct bs_dump *dump, struct bs_error *err) {
    enum bs_status status = check_identity(dump->pair, dump->chunk->copy, err);
    if (status == BS_SERVER && err->sql_errno == BS_LOCK_WAIT_TIMEOUT &&
        bs_dump_may_give_up(dump)) {
        bs_dump_give_up(
            dump, "DDL, or a lock of another session, keeps the source from saying which table "
                  "it is");
        bs_error_clear(err);
        return BS_OK;
    }
    return status;
}

static enum bs_status
let_go_of_table(struct bs_pair *pair, bool of_others_too, struct bs_error *err) {
    if (pair->is_locker || (pair->held.count > 0 && !of_others_too)) {
        return BS_OK;
    }
    return pair->held.count > 0
               ? bs_held_give_back(pair, err)
               : bs_sql_exec(pair->source, err, "ROLLBACK TO SAVEPOINT " BS_VIEW_SAVEPOINT);
}

static enum bs_status
read_server(struct bs_dump *dump, struct bs_error *err) {
    struct bs_pair *pair = dump->pair;
    struct bs_chunk *chunk = dump->chunk;
    struct bs_buf text = {0};
    struct bs_sql_result *rows = NULL;
    bs_plan_put_read(&text, chunk->copy, &chunk->lower, &chunk->upper);
    bs_early_put_others(&text, chunk->copy, chunk->lower.count + chunk->upper.count > 0);
    dump->is_reading = true;
    enum bs_status status = bs_sql_stream(pair->source, bs_buf_str(&text), &rows, err);
    if (status == BS_OK) {
        status = put_rows(dump, rows, err);
    }
    bs_sql_result_free(rows);
    bs_buf_fini(&text);
    if (status == BS_OK && bs_work_is_stopped(pair->config->work)) {
        status = bs_dump_stopped(err);
    }
    if (status == BS_OK && !chunk->is_given_up) {
        status = check_whole(dump, err);
    }
    if (status == BS_OK) {
        status = let_go_of_table(pair, chunk->is_given_up, err);
    }
    dump->is_reading = false;
    return status;
}

static enum bs_status
dump_chunk(struct bs_pair *pair, struct bs_chunk *chunk, struct bs_error *err) {
    struct bs_dump dump = {.pair = pair, .chunk = chunk};
    uint64_t packet = pair->config->packet_bytes - BS_DUMP_PACKET_MARGIN;
    dump.block_len_limit =
        chunk->form == BS_FORM_INSERT && packet / 2 < BS_BLOCK_BYTES ? packet / 2 : BS_BLOCK_BYTES;
    bs_dump_begin_piece(&dump);
    enum bs_status status =
        pair->source == NULL ? bs_dump_read_archived(&dump, err) : read_server(&dump, err);
    if (chunk->is_given_up) {
        bs_dump_drop_block(&dump);
    }
    if (status == BS_OK) {
        status = bs_dump_send_end(&dump, BS_BLOCK_CHUNK_END, err);
    }
    bs_dump_drop_block(&dump);
    return status;
}

/* A queue that is closed belongs to work that was stopped. */
static void
send_for_keys(struct bs_pair *pair, const struct bs_copy *copy) {
    struct bs_block *block = bs_block_take(pair, NULL, BS_BLOCK_KEYS);
    block->copy = copy;
    if (!bs_queue_push(pair->queue, block, sizeof *block)) {
        bs_block_give(pair, block);
    }
}

static enum bs_status
do_item(struct bs_pair *pair, enum bs_taker taker, struct bs_work_item *item,
        struct bs_error *err) {
    struct bs_chunk *chunk = item->chunk;
    bool is_cut = chunk == NULL, is_last = false;
    enum bs_status status = bs_held_begin(pair, taker, item, err);
    if (status == BS_OK && bs_work_is_stopped(pair->config->work)) {
        return bs_dump_stopped(err);
    }
    if (status == BS_OK && is_cut) {
        status = bs_plan_cut(pair->source, pair->config->source, item, &chunk, &is_last, err);
    }
    if (status != BS_OK) {
        return bs_altered_explain(item->copy, err);
    }
    if (is_cut) {
        if (chunk != NULL) {
            chunk->form = bs_work_form(pair->config->work, item->table);
        }
        if (bs_work_cut(pair->config->work, item, chunk, is_last)) {
            send_for_keys(pair, item->copy);
        }
    }
    status = chunk != NULL ? dump_chunk(pair, chunk, err) : BS_OK;
    if (status == BS_OK && is_cut) {
        status = bs_held_end(pair, item->copy, is_last, err);
    }
    return status == BS_OK ? BS_OK : bs_altered_explain(item->copy, err);
}

/* Who has to wait, for the load on the source or for work, holds nothing meanwhile, but for what a
 * view keeps. */
static bool
take_item(struct bs_pair *pair, enum bs_taker taker, struct bs_work_item *item,
          enum bs_status *status, struct bs_error *err) {
    const struct bs_pair_config *config = pair->config;
    if (!pair->is_locker && pair->source != NULL) {
        bs_courtesy_await(config->courtesy, config->keeps_tables ? BS_PAUSE_HELD_MS : -1);
    }
    if (pair->held.count > 0) {
        if (bs_work_try_take(config->work, taker, pair->index, item)) {
            return true;
        }
        *status = bs_held_give_back(pair, err);
    }
    return *status == BS_OK && bs_work_take(config->work, taker, pair->index, item);
}

/* Its tables are loaded, so that nothing can have to be read again. */
static enum bs_status
unlock(struct bs_pair *pair, struct bs_error *err) {
    enum bs_status status = bs_sql_exec(pair->source, err, "UNLOCK TABLES");
    pair->unlocked_us = bs_clock_mono_us();
    return status;
}

/* The session outlives its thread, and what it holds makes DDL wait, and behind the DDL the other
 * dumpers, whose end it would wait for. So whatever the end, nothing is held from here on. */
static void
let_go(struct bs_pair *pair) {
    bool is_unlocked = pair->is_locker && pair->unlocked_us != 0;
    if (pair->source != NULL && !is_unlocked) {
        (void)!bs_sql_exec(pair->source, NULL, pair->is_locker ? "UNLOCK TABLES" : "ROLLBACK");
    }
}

void *
bs_dumper_main(void *arg) {
    struct bs_pair *pair = arg;
    struct bs_work_item item;
    struct bs_error err = {0};
    enum bs_status status = BS_OK;
    enum bs_taker taker = pair->is_locker    ? BS_TAKER_LOCKER
                          : pair->index == 0 ? BS_TAKER_FIRST
                                             : BS_TAKER_OTHER;
    bs_thread_give_way();
    while (status == BS_OK && take_item(pair, taker, &item, &status, &err)) {
        status = do_item(pair, taker, &item, &err);
        bs_bound_fini(&item.after);
    }
    if (status == BS_OK && pair->is_locker && !bs_work_is_stopped(pair->config->work)) {
        status = unlock(pair, &err);
    }
    if (status != BS_OK) {
        bs_work_fail(pair->config->work, &err);
    }
    let_go(pair);
    bs_queue_close(pair->queue);
    return NULL;
}
