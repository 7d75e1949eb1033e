/* The loader's thread: stores blocks on the target, one transaction a chunk (or a piece of a table
 * that is read whole): fence, rows, ledger, COMMIT.
 *
 * LOAD DATA LOCAL turns errors into warnings, duplicates into skipped rows, under strict mode too.
 * So records, skipped and warnings must be exactly what they have to be; else the transaction is
 * rolled back and the chunk goes back to the work, to be sent as strict INSERTs, where the error
 * names the row. Storing the error value 0 of an ENUM warns once on every server: those are counted
 * by the dumper and expected here.
 *
 * Deadlocks and lock waits: the chunk goes back to the work a few times. Anything else ends the
 * run; the ledger tells a rerun what is in.
 *
 * A table that --keep-engines has left without transactions keeps the rows of a chunk that is
 * rolled back: they are deleted before it goes again. A rerun begins such a table anew. */
#include "snapshot/pair.h"

#include "base/clock.h"
#include "base/thread.h"
#include "base/fault.h"
#include "base/log.h"
#include "snapshot/plan.h"
#include "snapshot/row_text.h"
#include "sql/bulk.h"
#include "sql/error_class.h"
#include "sql/text.h"
#include "state/fence.h"

#include <inttypes.h>
#include <string.h>

enum {
    WARNINGS_SHOWN = 3,
    ROW_SHOWN_MAX = 200,
    DUP_ENTRY = 1062,
    NOT_ALLOWED_COMMAND = 1148,
    CLIENT_LOCAL_FILES_DISABLED = 3948,
    LOAD_INFILE_DISABLED = 4166,
    LOCAL_INFILE_REJECTED = 2068,
};

/* One transaction. */
struct piece {
    struct bs_pair *pair;
    struct bs_chunk *chunk;
    struct bs_block *block; /* being read; NULL: the next one has to be popped */
    size_t block_pos;
    bool has_ended;
    enum bs_block_kind end; /* once it has */
    bool is_lost;           /* the queue was closed before the end */
    uint64_t rows, bytes, zero_enums;
    struct bs_sql_bulk *bulk; /* while values go in binary */
    bool wants_other;         /* all of the chunk has come, and it needs another form */
    bool wants_room;          /* all of the chunk has come, and it must wait for room */
    bool is_given_up;         /* what has come is not all of the chunk */
    bool is_refused;          /* the rows were, or that they go in binary */
    bool cannot_bulk;
};

static bool
next_block(struct piece *piece) {
    struct bs_pair *pair = piece->pair;
    if (piece->block != NULL) {
        bs_block_give(pair, piece->block);
    }
    piece->block_pos = 0;
    piece->block = bs_work_is_stopped(pair->config->work) ? NULL : bs_queue_pop(pair->queue, -1);
    atomic_fetch_add(&pair->moves, 1);
    piece->is_lost = piece->block == NULL;
    return !piece->is_lost;
}

/* Takes note of the block at hand: of its rows, or of the end that it is. */
static void
open_block(struct piece *piece) {
    struct bs_block *block = piece->block;
    BS_ASSERT(block->chunk == piece->chunk);
    if (block->kind == BS_BLOCK_ROWS) {
        piece->rows += block->rows;
        piece->bytes += block->text.len;
        piece->zero_enums += block->zero_enums;
        return;
    }
    piece->has_ended = true;
    piece->end = block->kind;
    bs_block_give(piece->pair, block);
    piece->block = NULL;
}

/* For bs_sql_load: the blocks' bytes, one after the other, up to the piece's end. */
static int
read_blocks(void *arg, char *out, unsigned int cap) {
    struct piece *piece = arg;
    while (!piece->has_ended &&
           (piece->block == NULL || piece->block_pos == piece->block->text.len)) {
        if (!next_block(piece)) {
            return -1;
        }
        open_block(piece);
    }
    if (piece->has_ended) {
        return 0;
    }
    size_t left = piece->block->text.len - piece->block_pos;
    size_t n = left < cap ? left : cap;
    memcpy(out, piece->block->text.data + piece->block_pos, n);
    piece->block_pos += n;
    atomic_fetch_add(&piece->pair->moves, 1);
    return (int)n;
}

static enum bs_status
check_load(struct piece *piece, const struct bs_sql_load_report *report, struct bs_error *err) {
    struct bs_buf warnings = {0};
    if (report->records == piece->rows && report->skipped == 0 && report->deleted == 0 &&
        report->warnings == piece->zero_enums) {
        return BS_OK;
    }
    if (bs_sql_warnings(piece->pair->target, WARNINGS_SHOWN, &warnings, NULL) != BS_OK) {
        bs_buf_clear(&warnings);
    }
    bs_error_set(err, BS_CONFLICT,
                 "LOAD DATA took %" PRIu64 " of %" PRIu64 " rows, skipped %" PRIu64
                 ", and made %" PRIu64 " warnings: %s",
                 report->records, piece->rows, report->skipped, report->warnings,
                 bs_buf_cstr(&warnings));
    bs_buf_fini(&warnings);
    return BS_CONFLICT;
}

static void
hint_refused(struct bs_error *err) {
    if (bs_sql_is_of_server(err)) {
        bs_error_hint(err, "mend on the target what the message names, then run the same command "
                           "again: it goes on where it was");
        return;
    }
    bs_error_hint(err, err->sql_errno == DUP_ENTRY
                           ? "somebody else writes to this table of the target, or the target "
                             "takes values for equal that differ on the source, or the source's "
                             "own table is damaged (CHECK TABLE there says so): look for the row, "
                             "then run reset and the copy again"
                           : "mend the row on the source (a lenient sql_mode cuts what a generated "
                             "column cannot hold), or leave the table out; then run reset and the "
                             "copy again");
}

static enum bs_status
store_load(struct piece *piece, struct bs_error *err) {
    struct bs_sql_load_report report = {0};
    enum bs_status status = bs_sql_load(piece->pair->target, bs_str(piece->chunk->copy->load),
                                        read_blocks, piece, &report, err);
    if (piece->is_lost) {
        return bs_error_set(err, BS_CANCELLED, "the copy was stopped");
    }
    if (status == BS_SERVER && !bs_sql_is_retryable(err)) {
        hint_refused(err);
    }
    return status == BS_OK ? check_load(piece, &report, err) : status;
}

/* The rows of the block at hand, as one INSERT. */
static enum bs_status
run_insert(struct piece *piece, struct bs_error *err) {
    const struct bs_block *block = piece->block;
    struct bs_sql *target = piece->pair->target;
    enum bs_status status =
        piece->bulk != NULL
            ? bs_sql_bulk_run(piece->bulk, (const char *)block->text.data,
                              (const uint32_t *)(const void *)block->ends.data, block->rows, err)
            : bs_sql_run(target, bs_buf_str(&block->text), err);
    if (status == BS_OK && (bs_sql_warning_count(target) != block->zero_enums ||
                            bs_sql_affected(target) != block->rows)) {
        struct bs_buf warnings = {0};
        (void)!bs_sql_warnings(target, WARNINGS_SHOWN, &warnings, NULL);
        status =
            bs_error_set(err, BS_CONFLICT,
                         "the target stored %" PRIu64 " of %" PRIu64 " rows, with warnings: %s",
                         bs_sql_affected(target), block->rows, bs_buf_cstr(&warnings));
        bs_buf_fini(&warnings);
    }
    return status;
}

static uint32_t
row_end(const struct bs_block *block, uint64_t row) {
    uint32_t end;
    memcpy(&end, block->ends.data + row * sizeof end, sizeof end);
    return end;
}

/* Names the row of the failed INSERT by running its rows one by one: the transaction is lost
 * anyway. */
static enum bs_status
name_row(struct piece *piece, struct bs_error *err) {
    const struct bs_block *block = piece->block;
    size_t naming = piece->chunk->copy->naming_count;
    size_t start = block->head_len;
    struct bs_buf text = {0};
    for (uint64_t i = 0; i < block->rows; i++) {
        struct bs_str row = {(const char *)block->text.data + start, row_end(block, i) - start};
        struct bs_error cause = {0};
        bs_buf_clear(&text);
        bs_buf_puts(&text, piece->chunk->copy->insert);
        bs_buf_put_str(&text, row);
        if (bs_sql_run(piece->pair->target, bs_buf_str(&text), &cause) != BS_OK) {
            size_t len = naming > 0 ? bs_row_key_len(row, naming) : row.len;
            len = len < ROW_SHOWN_MAX ? len : ROW_SHOWN_MAX;
            *err = cause;
            hint_refused(err);
            if (!bs_sql_is_of_server(err)) {
                bs_error_context(err, "storing the row %s (%.*s)",
                                 naming > 0 ? "with key" : "beginning", (int)len, row.data + 1);
            }
            break;
        }
        start = row_end(block, i) + 1;
    }
    bs_buf_fini(&text);
    return err->status;
}

static enum bs_status
insert_block(struct piece *piece, struct bs_error *err) {
    const struct bs_block *block = piece->block;
    struct bs_sql *target = piece->pair->target;
    bool is_lax = block->zero_enums > 0;
    enum bs_status status = BS_OK;
    if (is_lax) {
        status = bs_sql_exec(target, err, "SET sql_mode='" BS_SQL_MODE_LENIENT "'");
    }
    if (status == BS_OK) {
        status = run_insert(piece, err);
    }
    if (is_lax && status != BS_IO) {
        struct bs_error strict = {0};
        if (bs_sql_exec(target, &strict, "SET sql_mode='" BS_SQL_MODE "'") != BS_OK) {
            *err = strict;
            return strict.status;
        }
    }
    bool is_refused = status == BS_SERVER && !bs_sql_is_retryable(err);
    /* Without a transaction the rows in front of the one that is refused are in, and would be
     * named. */
    if (is_refused && piece->chunk->copy->removal != BS_REMOVAL_ROLLBACK) {
        hint_refused(err);
        return status;
    }
    return is_refused && piece->bulk == NULL && !is_lax ? name_row(piece, err) : status;
}

static enum bs_status
store_inserts(struct piece *piece, struct bs_error *err) {
    enum bs_status status = BS_OK;
    while (status == BS_OK && !piece->has_ended) {
        if (piece->block != NULL) {
            status = insert_block(piece, err);
        }
        if (status == BS_OK && !next_block(piece)) {
            status = bs_error_set(err, BS_CANCELLED, "the copy was stopped");
        }
        if (status == BS_OK) {
            open_block(piece);
        }
    }
    return status;
}

/* Values in binary. What is refused goes again by INSERT, which names the row. */
static enum bs_status
store_bulk(struct piece *piece, struct bs_error *err) {
    const struct bs_copy *copy = piece->chunk->copy;
    enum bs_status status = bs_sql_bulk_open(&piece->bulk, piece->pair->target, bs_str(copy->bulk),
                                             copy->column_count, err);
    piece->cannot_bulk = status == BS_SERVER;
    if (status == BS_OK) {
        status = store_inserts(piece, err);
    }
    bs_sql_bulk_close(piece->bulk);
    piece->bulk = NULL;
    return status;
}

static enum bs_status
store_rows(struct piece *piece, struct bs_error *err) {
    switch (piece->chunk->form) {
    case BS_FORM_LOAD:
        return store_load(piece, err);
    case BS_FORM_BULK:
        return store_bulk(piece, err);
    case BS_FORM_INSERT:
    case BS_FORM_ARCHIVE:
        break;
    }
    return store_inserts(piece, err);
}

/* All of the table, where it is read whole. */
static enum bs_status
empty_range(struct piece *piece, struct bs_error *err) {
    struct bs_buf text = {0};
    const struct bs_chunk *chunk = piece->chunk;
    const struct bs_table *table = chunk->copy->table;
    if (!chunk->must_empty) {
        return BS_OK;
    }
    bs_buf_puts(&text, "DELETE FROM ");
    bs_sql_put_table(&text, bs_str(table->db), bs_str(table->name));
    bs_plan_put_range(&text, chunk->copy, &chunk->lower, &chunk->upper);
    enum bs_status status = bs_sql_run(piece->pair->target, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
begin(struct piece *piece, struct bs_error *err) {
    const struct bs_pair_config *config = piece->pair->config;
    enum bs_status status = bs_sql_exec(piece->pair->target, err, "START TRANSACTION");
    if (status == BS_OK) {
        status = bs_fence_check(piece->pair->target, &config->state, config->epoch, err);
    }
    return status == BS_OK ? empty_range(piece, err) : status;
}

static enum bs_status
note_chunk(struct piece *piece, struct bs_error *err) {
    const struct bs_chunk *chunk = piece->chunk;
    const struct bs_table *table = chunk->copy->table;
    struct bs_buf lower = {0};
    struct bs_buf upper = {0};
    bs_bound_encode(&chunk->lower, &lower);
    bs_bound_encode(&chunk->upper, &upper);
    struct bs_chunk_note note = {
        .number = chunk->number,
        .rows = chunk->rows + piece->rows,
        .bytes = chunk->bytes + piece->bytes,
        .lower = bs_buf_str(&lower),
        .upper = bs_buf_str(&upper),
        .is_last = chunk->is_last,
    };
    enum bs_status status = bs_state_note_chunk(piece->pair->target, &piece->pair->config->state,
                                                table->db, table->name, &note, err);
    bs_buf_fini(&lower);
    bs_buf_fini(&upper);
    return status;
}

static enum bs_status
commit(struct piece *piece, struct bs_error *err) {
    const struct bs_pair_config *config = piece->pair->config;
    enum bs_status status = BS_OK;
    if (piece->end == BS_BLOCK_CHUNK_END) {
        status = note_chunk(piece, err);
    }
    bs_fault_point("snapshot-chunk-loaded");
    if (status == BS_OK) {
        status = bs_fence_seal(piece->pair->target, &config->state, config->epoch, err);
    }
    if (status == BS_OK) { /* one whose answer does not say that it failed is not sent again */
        status = bs_sql_commit_outcome(bs_sql_exec(piece->pair->target, err, "COMMIT"), err);
    }
    bs_fault_point("snapshot-chunk-committed");
    return status;
}

static enum bs_status
store(struct piece *piece, struct bs_error *err) {
    enum bs_status status = begin(piece, err);
    if (status == BS_OK && !piece->has_ended) {
        status = store_rows(piece, err);
        piece->is_refused =
            status == BS_CONFLICT || (status == BS_SERVER && !bs_sql_is_retryable(err));
    }
    bool is_whole = piece->has_ended && piece->end == BS_BLOCK_CHUNK_END;
    if (status == BS_OK && is_whole && piece->chunk->wants_room > 0) {
        piece->wants_room = true;
        return bs_error_set(err, BS_CONFLICT,
                            "it holds a large row, and others fill the room for such now");
    }
    if (status == BS_OK && is_whole && piece->chunk->is_given_up) {
        piece->is_given_up = true;
        return bs_error_set(err, BS_CONFLICT, "it was not read to its end");
    }
    if (status == BS_OK && is_whole && piece->chunk->wants_other) {
        piece->wants_other = true;
        return bs_error_set(err, BS_CONFLICT, "%s",
                            piece->chunk->form == BS_FORM_LOAD
                                ? "it holds decimals in JSON, which would become doubles"
                                : "it holds a large row");
    }
    return status == BS_OK ? commit(piece, err) : status;
}

/* Throws away what the queue still holds of the chunk. */
static bool
skip_chunk(struct piece *piece) {
    while (!(piece->has_ended && piece->end == BS_BLOCK_CHUNK_END)) {
        piece->has_ended = false;
        if (!next_block(piece)) {
            return false;
        }
        open_block(piece);
    }
    return true;
}

static bool
is_load_forbidden(const struct bs_error *err) {
    return err->status != BS_OK &&
           (err->sql_errno == NOT_ALLOWED_COMMAND ||
            err->sql_errno == CLIENT_LOCAL_FILES_DISABLED ||
            err->sql_errno == LOAD_INFILE_DISABLED || err->sql_errno == LOCAL_INFILE_REJECTED);
}

/* What may mend a failed chunk: sending it again, in that form; false: nothing. The dumper may
 * still be at work on the chunk, so it is not touched. */
static bool
choose_remedy(struct piece *piece, const struct bs_error *err, enum bs_form *form) {
    const struct bs_chunk *chunk = piece->chunk;
    char name[512];
    bs_copy_name(chunk->copy, name, sizeof name);
    if (piece->wants_room || piece->is_given_up) {
        bs_log(BS_LOG_DEBUG, "table %s, chunk %" PRIu64 " goes again: %s", name, chunk->number,
               err->message);
        return true;
    }
    if (chunk->form == BS_FORM_LOAD && is_load_forbidden(err)) {
        if (bs_work_forbid_load(piece->pair->config->work)) {
            bs_log(BS_LOG_WARNING, "the target does not allow LOAD DATA LOCAL: rows go by INSERT, "
                                   "which is slower (local_infile=1 there would allow it)");
        }
        *form = BS_FORM_INSERT;
        return true;
    }
    if ((chunk->form == BS_FORM_LOAD && err->status == BS_CONFLICT) ||
        (chunk->form == BS_FORM_BULK && (piece->wants_other || piece->is_refused))) {
        if (piece->cannot_bulk) {
            bs_work_forbid_bulk(piece->pair->config->work);
        }
        *form = piece->wants_other ? bs_work_allowed(piece->pair->config->work, chunk->other)
                                   : BS_FORM_INSERT;
        bs_log(piece->wants_other ? BS_LOG_DEBUG : BS_LOG_WARNING,
               "table %s, chunk %" PRIu64 " goes again, by %s: %s", name, chunk->number,
               *form == BS_FORM_LOAD ? "LOAD DATA" : "INSERT", err->message);
        return true;
    }
    if (bs_sql_is_retryable(err) && chunk->attempts + 1 < BS_CHUNK_ATTEMPTS_MAX) {
        bs_log(BS_LOG_INFO, "table %s, chunk %" PRIu64 " goes again: %s", name, chunk->number,
               err->message);
        return true;
    }
    return false;
}

/* The rows that it has stored stay: only the whole table can go again, in another run. */
static bool
may_go_again(const struct piece *piece, struct bs_error *err) {
    const struct bs_chunk *chunk = piece->chunk;
    bool has_stored_none = chunk->form == BS_FORM_LOAD && is_load_forbidden(err);
    if (chunk->copy->removal != BS_REMOVAL_NONE || has_stored_none) {
        return true;
    }
    if (bs_sql_is_retryable(err)) {
        bs_error_hint(err, "run the same command again: it empties this table, whose engine has no "
                           "transactions on the target, and copies it anew");
    }
    return false;
}

static enum bs_status
recover(struct piece *piece, struct bs_error *err) {
    struct bs_chunk *chunk = piece->chunk;
    char name[512];
    struct bs_error undo = {0};
    enum bs_form form = chunk->form;
    if (bs_work_is_stopped(piece->pair->config->work) || !may_go_again(piece, err) ||
        !choose_remedy(piece, err, &form)) {
        bs_copy_name(chunk->copy, name, sizeof name);
        return bs_error_context(err, "loading table %s, chunk %" PRIu64, name, chunk->number);
    }
    enum bs_status status = bs_sql_exec(piece->pair->target, &undo, "ROLLBACK");
    if (status != BS_OK) {
        *err = undo;
        return bs_error_context(err, "rolling a chunk back");
    }
    if (!skip_chunk(piece)) {
        return bs_error_set(err, BS_CANCELLED, "the copy was stopped");
    }
    chunk->form = form; /* its end has come: the dumper is done with it */
    bs_work_again(piece->pair->config->work, chunk);
    return BS_OK;
}

/* Under the charset that SHOW CREATE TABLE's text is in. */
static enum bs_status
build_keys(struct bs_pair *pair, const struct bs_copy *copy, struct bs_error *err) {
    char name[512];
    int64_t began_ms = bs_clock_mono_ms();
    bs_copy_name(copy, name, sizeof name);
    enum bs_status status =
        bs_sql_exec(pair->target, err, "SET NAMES %s", bs_sql_utf8(pair->target));
    if (status == BS_OK) {
        status = bs_sql_run(pair->target, bs_str(copy->late_keys), err);
    }
    if (status == BS_OK) {
        status = bs_sql_exec(pair->target, err, "SET NAMES binary");
    }
    if (status != BS_OK) {
        return bs_error_context(err, "building the keys of table %s on the target", name);
    }
    bs_log(BS_LOG_DEBUG, "the keys of table %s are built, in %" PRId64 " ms", name,
           bs_clock_mono_ms() - began_ms);
    bs_fault_point("snapshot-keys-built");
    bs_work_keys_built(pair->config->work, copy);
    return BS_OK;
}

static enum bs_status
load_piece(struct bs_pair *pair, struct bs_block *first, struct bs_error *err) {
    struct piece piece = {.pair = pair, .chunk = first->chunk, .block = first};
    struct bs_work *work = pair->config->work;
    open_block(&piece);
    enum bs_status status = store(&piece, err);
    if (status != BS_OK) {
        status = recover(&piece, err);
    } else {
        piece.chunk->must_empty = false;
        bs_work_add(work, piece.chunk, piece.rows, piece.bytes);
        const struct bs_copy *copy = piece.chunk->copy;
        if (piece.end == BS_BLOCK_CHUNK_END && bs_work_done(work, piece.chunk)) {
            status = build_keys(pair, copy, err);
        }
    }
    if (piece.block != NULL) {
        bs_block_give(pair, piece.block);
    }
    return status;
}

void *
bs_loader_main(void *arg) {
    struct bs_pair *pair = arg;
    struct bs_error err = {0};
    struct bs_block *block;
    enum bs_status status = BS_OK;
    bs_thread_give_way();
    while (status == BS_OK && !bs_work_is_stopped(pair->config->work) &&
           (block = bs_queue_pop(pair->queue, -1)) != NULL) {
        if (block->kind == BS_BLOCK_KEYS) {
            status = build_keys(pair, block->copy, &err);
            bs_block_give(pair, block);
        } else {
            status = load_piece(pair, block, &err);
        }
    }
    if (status != BS_OK) {
        bs_work_fail(pair->config->work, &err);
    }
    return NULL;
}
