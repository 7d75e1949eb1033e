/* How blocks leave the dumper. */
#include "snapshot/dump_private.h"

#include "base/log.h"

#include <inttypes.h>

enum {
    FULL_MS = 30000,     /* a chunk that waits so long for the loader is given up */
    FULL_HELD_MS = 1000, /* or if other tables are held with its own */
    GIVEN_UP_MAX = 8,    /* times for a chunk: then it may take as long as it takes */
};

enum bs_status
bs_dump_stopped(struct bs_error *err) {
    return bs_error_set(err, BS_CANCELLED, "the copy was stopped");
}

/* What stays in a table without transactions cannot go again, and a table without a key would begin
 * anew. Who holds locks has others wait for him whatever happens, and so has a view that gives the
 * table back to nobody. */
bool
bs_dump_may_give_up(const struct bs_dump *dump) {
    const struct bs_chunk *chunk = dump->chunk;
    bool gives_back =
        !dump->pair->is_locker && !dump->pair->config->keeps_all && chunk->copy->table_id != 0;
    return dump->is_reading && gives_back && chunk->copy->key != NULL &&
           chunk->copy->removal != BS_REMOVAL_NONE && chunk->times_given_up < GIVEN_UP_MAX;
}

void
bs_dump_give_up(struct bs_dump *dump, const char *reason) {
    char name[512];
    bs_copy_name(dump->chunk->copy, name, sizeof name);
    bs_log(BS_LOG_INFO, "table %s, chunk %" PRIu64 " is given up, to be read again: %s", name,
           dump->chunk->number, reason);
    dump->chunk->is_given_up = true;
    dump->chunk->times_given_up++;
}

/* Other tables shall wait less long than the one that is read. */
static int
bound_ms(const struct bs_dump *dump) {
    return dump->pair->held.count > 0 ? FULL_HELD_MS : FULL_MS;
}

/* DDL on the source's table waits for who reads it, and writers wait behind the DDL, while the
 * target may stand still for who knows how long. Not taken over: the block is the caller's, and the
 * chunk was given up. */
static enum bs_status
push(struct bs_dump *dump, struct bs_block *block, bool *taken, struct bs_error *err) {
    struct bs_pair *pair = dump->pair;
    bool may_give_up = bs_dump_may_give_up(dump);
    bool may_give_back = !dump->is_reading && pair->held.count > 0;
    if (may_give_up && bs_held_is_overdue(pair)) {
        bs_dump_give_up(dump, "other tables are held while it is read, which takes too long");
        return BS_OK;
    }
    *taken = bs_block_push(pair, block, may_give_up || may_give_back ? bound_ms(dump) : -1);
    if (*taken) {
        return BS_OK;
    }
    if (bs_queue_is_closed(pair->queue)) {
        return bs_dump_stopped(err);
    }
    if (may_give_up) {
        bs_dump_give_up(dump, "the target does not take its rows");
        return BS_OK;
    }
    enum bs_status status = bs_held_give_back(pair, err);
    return status == BS_OK ? push(dump, block, taken, err) : status;
}

enum bs_status
bs_dump_send_block(struct bs_dump *dump, struct bs_error *err) {
    struct bs_block *block = dump->block;
    bool taken = false;
    dump->block = NULL;
    if (block == NULL) {
        return BS_OK;
    }
    if (dump->chunk->is_given_up && block->kind == BS_BLOCK_ROWS) {
        bs_block_give(dump->pair, block);
        return BS_OK;
    }
    dump->piece_len += block->text.len;
    /* Who holds locks spares the source most by being done soon. */
    bool may_pass =
        dump->pair->is_locker ||
        bs_courtesy_take(dump->pair->config->courtesy, block->text.len, &dump->pause_left_us);
    enum bs_status status = may_pass ? push(dump, block, &taken, err) : bs_dump_stopped(err);
    if (!taken) {
        bs_block_give(dump->pair, block);
    }
    return status;
}

void
bs_dump_begin_piece(struct bs_dump *dump) {
    dump->piece_len = 0;
    dump->pause_left_us = (int64_t)BS_PAUSE_HELD_MS * 1000;
}

enum bs_status
bs_dump_send_end(struct bs_dump *dump, enum bs_block_kind kind, struct bs_error *err) {
    enum bs_status status = bs_dump_send_block(dump, err);
    if (status == BS_OK) {
        dump->block = bs_block_take(dump->pair, dump->chunk, kind);
        status = bs_dump_send_block(dump, err);
        bs_dump_begin_piece(dump);
    }
    return status;
}

void
bs_dump_start_block(struct bs_dump *dump) {
    dump->block = bs_block_take(dump->pair, dump->chunk, BS_BLOCK_ROWS);
    if (dump->chunk->form == BS_FORM_INSERT) {
        bs_buf_puts(&dump->block->text, dump->chunk->copy->insert);
        dump->block->head_len = dump->block->text.len;
    }
}

void
bs_dump_drop_block(struct bs_dump *dump) {
    if (dump->block != NULL) {
        bs_block_give(dump->pair, dump->block);
    }
    dump->block = NULL;
}

enum bs_status
bs_dump_make_room(struct bs_dump *dump, size_t len, struct bs_error *err) {
    enum bs_status status = BS_OK;
    bool is_large = len > BS_LARGE_ROW_BYTES;
    bool is_in_time = true;
    if (is_large && dump->block != NULL && dump->block->rows > 0) {
        status = bs_dump_send_block(dump, err);
    }
    if (status == BS_OK && dump->block == NULL) {
        bs_dump_start_block(dump);
    }
    if (status == BS_OK && is_large && !dump->chunk->is_given_up &&
        !bs_block_enlarge(dump->pair, dump->block, len + len / 8,
                          bs_dump_may_give_up(dump) ? bound_ms(dump) : -1, &is_in_time)) {
        status = bs_dump_stopped(err);
    }
    if (status == BS_OK && !is_in_time) {
        bs_dump_give_up(dump, "the target does not take the large row before");
    }
    return status;
}
