/* The dumper's thread: takes work, cuts chunks, reads their rows within its view and makes blocks
 * of text of them.
 *
 * Each chunk ends with ROLLBACK TO SAVEPOINT: the view stays, and the metadata locks of the tables
 * that were read go, so that DDL on a table that is done with does not wait for the whole copy. */
#include "snapshot/pair.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "sql/bulk.h"
#include "sql/json_check.h"
#include "sql/json_text.h"
#include "catalog/catalog.h"
#include "schema/period.h"
#include "snapshot/altered.h"
#include "snapshot/early.h"
#include "snapshot/plan.h"
#include "snapshot/row_text.h"
#include "snapshot/views.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    PACKET_MARGIN = 4096,
    FULL_MS = 30000,     /* a chunk that waits so long for the loader is given up */
    FULL_HELD_MS = 1000, /* and tables that are held but not read are given back */
    GIVEN_UP_MAX = 8,    /* times for a chunk: then it may take as long as it takes */
};

struct dump {
    struct bs_pair *pair;
    struct bs_chunk *chunk;
    struct bs_block *block; /* being filled, or NULL */
    uint64_t piece_len;     /* bytes sent since the last piece end */
    uint64_t block_len_limit;
    int64_t pause_left_us; /* see courtesy.h; of the piece */
    bool is_reading;       /* from the source, where the table is held meanwhile */
};

static enum bs_status
stopped(struct bs_error *err) {
    return bs_error_set(err, BS_CANCELLED, "the copy was stopped");
}

/* What stays in a table without transactions cannot go again, and a table without a key would begin
 * anew. Who holds locks has others wait for him whatever happens. */
static bool
may_give_up(const struct dump *dump) {
    const struct bs_chunk *chunk = dump->chunk;
    return dump->is_reading && !dump->pair->is_locker && chunk->copy->key != NULL &&
           chunk->copy->removal != BS_REMOVAL_NONE && chunk->times_given_up < GIVEN_UP_MAX;
}

static void
give_up(struct dump *dump, const char *reason) {
    char name[512];
    bs_copy_name(dump->chunk->copy, name, sizeof name);
    bs_log(BS_LOG_INFO, "table %s, chunk %" PRIu64 " is given up, to be read again: %s", name,
           dump->chunk->number, reason);
    dump->chunk->is_given_up = true;
    dump->chunk->times_given_up++;
}

/* DDL on the source's table waits for who reads it, and writers wait behind the DDL, while the
 * target may stand still for who knows how long. Not taken over: the block is the caller's, and the
 * chunk was given up. */
static enum bs_status
push(struct dump *dump, struct bs_block *block, bool *taken, struct bs_error *err) {
    struct bs_pair *pair = dump->pair;
    size_t weight = block->text.len + block->ends.cap + sizeof *block;
    bool holds_others = !dump->is_reading && pair->held.count > 0;
    *taken = may_give_up(dump) || holds_others
                 ? bs_queue_push_within(pair->queue, block, weight,
                                        holds_others ? FULL_HELD_MS : FULL_MS)
                 : bs_queue_push(pair->queue, block, weight);
    if (*taken) {
        return BS_OK;
    }
    if (bs_queue_is_closed(pair->queue)) {
        return stopped(err);
    }
    if (!holds_others) {
        give_up(dump, "the target does not take its rows");
        return BS_OK;
    }
    enum bs_status status = bs_held_give_back(pair, err);
    return status == BS_OK ? push(dump, block, taken, err) : status;
}

static enum bs_status
send_block(struct dump *dump, struct bs_error *err) {
    struct bs_block *block = dump->block;
    bool taken = false;
    dump->block = NULL;
    if (block == NULL) {
        return BS_OK;
    }
    dump->piece_len += block->text.len;
    /* Who holds locks spares the source most by being done soon. */
    bool may_pass =
        dump->pair->is_locker ||
        bs_courtesy_take(dump->pair->config->courtesy, block->text.len, &dump->pause_left_us);
    enum bs_status status = may_pass ? push(dump, block, &taken, err) : stopped(err);
    if (!taken) {
        bs_block_give(dump->pair, block);
    }
    return status;
}

static void
begin_piece(struct dump *dump) {
    dump->piece_len = 0;
    dump->pause_left_us = (int64_t)BS_PAUSE_HELD_MS * 1000;
}

static enum bs_status
send_end(struct dump *dump, enum bs_block_kind kind, struct bs_error *err) {
    enum bs_status status = send_block(dump, err);
    if (status == BS_OK) {
        dump->block = bs_block_take(dump->pair, dump->chunk, kind);
        status = send_block(dump, err);
        begin_piece(dump);
    }
    return status;
}

static void
start_block(struct dump *dump) {
    dump->block = bs_block_take(dump->pair, dump->chunk, BS_BLOCK_ROWS);
    if (dump->chunk->form == BS_FORM_INSERT) {
        bs_buf_puts(&dump->block->text, dump->chunk->copy->insert);
        dump->block->head_len = dump->block->text.len;
    }
}

static enum bs_status
refuse_row(const struct dump *dump, size_t len, struct bs_error *err) {
    char name[512];
    bs_copy_name(dump->chunk->copy, name, sizeof name);
    bs_error_set(
        err, BS_LIMIT,
        "a row of table %s is %zu bytes as an INSERT, and the target takes packets of %" PRIu64
        " bytes at most",
        name, len, dump->pair->config->packet_bytes);
    return bs_error_hint(err,
                         "raise max_allowed_packet on the target, or allow LOAD DATA LOCAL there "
                         "(local_infile=1), which has no such limit");
}

/* Adds one row to an INSERT; a row that would make the packet too large starts the next one. */
static enum bs_status
put_insert_row(struct dump *dump, const struct bs_str *fields, struct bs_error *err) {
    struct bs_buf *text = &dump->block->text;
    size_t before = text->len;
    if (dump->block->rows > 0) {
        bs_buf_puts(text, ",");
    }
    uint32_t zeros = bs_row_put_insert(text, dump->chunk->copy, fields);
    uint64_t limit = dump->pair->config->packet_bytes - PACKET_MARGIN;
    if (text->len > limit && dump->block->rows == 0) {
        return refuse_row(dump, text->len, err);
    }
    if (text->len > limit) {
        text->len = before;
        enum bs_status status = send_block(dump, err);
        if (status != BS_OK) {
            return status;
        }
        start_block(dump);
        return put_insert_row(dump, fields, err);
    }
    bs_buf_put_le(&dump->block->ends, text->len, sizeof(uint32_t));
    dump->block->rows++;
    dump->block->zero_enums += zeros;
    return BS_OK;
}

static size_t
row_size(const struct bs_copy *copy, const struct bs_str *fields) {
    size_t len = 0;
    for (size_t i = 0; i < copy->column_count; i++) {
        len += fields[i].len;
    }
    return len;
}

/* So many bytes and rows fit into a packet of bare values. */
static bool
fits_bulk(const struct dump *dump, size_t bytes, uint64_t rows) {
    size_t values = rows * dump->chunk->copy->column_count;
    return bs_sql_bulk_size(bytes, values) <= dump->pair->config->packet_bytes - PACKET_MARGIN;
}

/* Adds one row of bare values, which alone fits into a packet (needs_other). */
static enum bs_status
put_bulk_row(struct dump *dump, const struct bs_str *fields, struct bs_error *err) {
    const struct bs_copy *copy = dump->chunk->copy;
    struct bs_block *block = dump->block;
    size_t bytes = block->text.len + row_size(copy, fields);
    if (block->rows > 0 && !fits_bulk(dump, bytes, block->rows + 1)) {
        enum bs_status status = send_block(dump, err);
        if (status != BS_OK) {
            return status;
        }
        start_block(dump);
        block = dump->block;
    }
    block->zero_enums += bs_row_put_bulk(&block->text, &block->ends, copy, fields);
    block->rows++;
    return BS_OK;
}

static bool
is_full(const struct dump *dump) {
    enum { WARNINGS_COUNTED = 65535 }; /* servers count no further for a statement */
    const struct bs_block *block = dump->block;
    size_t values = block->rows * dump->chunk->copy->column_count;
    return block->text.len >= dump->block_len_limit ||
           block->zero_enums + dump->chunk->copy->column_count > WARNINGS_COUNTED ||
           (dump->chunk->form == BS_FORM_BULK && values >= BS_BULK_VALUES_MAX);
}

/* Documents that the source keeps as text must be such as MySQL's JSON can hold. */
static enum bs_status
check_documents(const struct dump *dump, const struct bs_str *fields, struct bs_error *err) {
    const struct bs_copy *copy = dump->chunk->copy;
    for (size_t i = 0; copy->has_json && i < copy->column_count; i++) {
        bool is_text = copy->columns[i].carry == BS_CARRY_JSON &&
                       copy->columns[i].column->type != BS_TYPE_JSON;
        const char *misfit = is_text && fields[i].data != NULL ? bs_json_misfit(fields[i]) : NULL;
        if (misfit != NULL) {
            char name[512];
            const struct bs_str key = copy->naming_count > 0 ? fields[0] : fields[i];
            bs_copy_name(copy, name, sizeof name);
            bs_error_set(err, BS_CONFLICT,
                         "table %s, row %.*s: the JSON in column %s has no equal in MySQL: %s",
                         name, (int)(key.len < 64 ? key.len : 64), key.data,
                         copy->columns[i].column->name, misfit);
            return bs_error_hint(err, "change the document on the source, or turn the column into "
                                      "plain LONGTEXT there (drop its CHECK)");
        }
    }
    return BS_OK;
}

/* A table whose columns are all generated is read as rows of one field. */
static size_t
field_count(const struct bs_copy *copy) {
    return copy->column_count > 0 ? copy->column_count : 1;
}

/* A large row gets a block of its own, as large as it needs: one that grows is twice that. */
static enum bs_status
make_room(struct dump *dump, const struct bs_str *fields, struct bs_error *err) {
    size_t len = row_size(dump->chunk->copy, fields);
    enum bs_status status = BS_OK;
    bool is_large = len > BS_LARGE_ROW_BYTES;
    if (is_large && dump->block != NULL && dump->block->rows > 0) {
        status = send_block(dump, err);
    }
    if (status == BS_OK && dump->block == NULL) {
        start_block(dump);
    }
    bool is_in_time = true;
    if (status == BS_OK && is_large && !dump->chunk->is_given_up &&
        !bs_block_enlarge(dump->pair, dump->block, len + len / 8, may_give_up(dump) ? FULL_MS : -1,
                          &is_in_time)) {
        status = stopped(err);
    }
    if (status == BS_OK && !is_in_time) {
        give_up(dump, "the target does not take the large row before");
    }
    return status;
}

/* A table with history, whether it is copied or not, cannot be emptied and filled anew: what was
 * current would become some. */
static bool
may_be_emptied(const struct bs_copy *copy) {
    size_t period[2];
    return !bs_table_period(copy->table, &period[0], &period[1]);
}

static enum bs_status
put_row(struct dump *dump, const struct bs_str *fields, struct bs_error *err) {
    enum bs_status status = check_documents(dump, fields, err);
    if (status != BS_OK) {
        return status;
    }
    status = make_room(dump, fields, err);
    if (status != BS_OK || dump->chunk->is_given_up) {
        return status;
    }
    if (dump->chunk->form == BS_FORM_INSERT) {
        status = put_insert_row(dump, fields, err);
    } else if (dump->chunk->form == BS_FORM_BULK) {
        status = put_bulk_row(dump, fields, err);
    } else if (dump->chunk->form == BS_FORM_ARCHIVE) {
        bs_chunk_put_row(&dump->block->text, fields, field_count(dump->chunk->copy));
        dump->block->rows++;
    } else {
        struct bs_block *block = dump->block;
        block->zero_enums += bs_row_put_load(&block->text, dump->chunk->copy, fields);
        block->rows++;
    }
    if (status == BS_OK && is_full(dump)) {
        status = send_block(dump, err);
    }
    if (status == BS_OK && dump->chunk->copy->key == NULL &&
        dump->piece_len >= dump->pair->config->piece_bytes && may_be_emptied(dump->chunk->copy)) {
        status = send_end(dump, BS_BLOCK_PIECE_END, err);
    }
    return status;
}

static bool
has_json_decimal(const struct bs_copy *copy, const struct bs_str *fields) {
    for (size_t i = 0; copy->has_json && i < copy->column_count; i++) {
        if (copy->columns[i].carry == BS_CARRY_JSON && fields[i].data != NULL &&
            bs_json_has_decimal(fields[i])) {
            return true;
        }
    }
    return false;
}

/* Does the row need another form than its chunk has? LOAD DATA takes JSON as text, from which
 * decimals come back as doubles. Bare values are copied several times on their way, and a packet
 * holds no part of a row, so large rows go by LOAD DATA, which is a stream. Noted in the chunk,
 * where the loader looks after the chunk's end. */
static bool
needs_other(const struct dump *dump, const struct bs_str *fields, size_t size) {
    struct bs_chunk *chunk = dump->chunk;
    if (chunk->form == BS_FORM_LOAD) {
        chunk->wants_other = has_json_decimal(chunk->copy, fields);
        chunk->other = BS_FORM_INSERT;
    } else if (chunk->form == BS_FORM_BULK) {
        chunk->wants_other = size > BS_LARGE_ROW_BYTES || !fits_bulk(dump, size, 1);
        chunk->other = BS_FORM_LOAD; /* where that is forbidden: bs_work_allowed */
    }
    return chunk->wants_other;
}

/* Is the rest of the chunk not wanted, because of this row, with which it has to go again? */
static bool
ends_early(const struct dump *dump, const struct bs_str *fields) {
    size_t size = row_size(dump->chunk->copy, fields);
    return needs_other(dump, fields, size) ||
           (size > BS_LARGE_ROW_BYTES &&
            !bs_work_admit_large(dump->pair->config->work, dump->chunk, size));
}

static enum bs_status
put_rows(struct dump *dump, struct bs_sql_result *rows, struct bs_error *err) {
    const struct bs_str *fields = NULL;
    enum bs_status status;
    while ((status = bs_sql_next(rows, &fields, err)) == BS_OK && fields != NULL) {
        if (ends_early(dump, fields)) {
            return BS_OK;
        }
        status = put_row(dump, fields, err);
        if (status != BS_OK || dump->chunk->is_given_up) {
            return status;
        }
        if (dump->block == NULL && bs_work_is_stopped(dump->pair->config->work)) {
            return stopped(err);
        }
    }
    return status;
}

enum { PERIOD_COLUMNS = 2 };

/* Fields of an archived row: where the target takes no history, it has a period all the same. */
static size_t
archived_count(const struct bs_copy *copy) {
    bool has_more = copy->archived->has_history && copy->for_ever == NULL;
    return has_more ? copy->column_count + PERIOD_COLUMNS : field_count(copy);
}

/* Is the row one for the target? Its row end becomes one of the target's. */
static bool
take_period(const struct bs_copy *copy, struct bs_str *fields, size_t count) {
    if (!copy->archived->has_history) {
        return true;
    }
    bool is_current = bs_period_is_for_ever(fields[count - 1]);
    if (is_current && copy->for_ever != NULL) {
        fields[count - 1] = bs_str(copy->for_ever);
    }
    return is_current || copy->for_ever != NULL;
}

/* *ends: the rest of the chunk is not wanted. */
static enum bs_status
put_archived_rows(struct dump *dump, struct bs_str block, bool *ends, struct bs_error *err) {
    const struct bs_copy *copy = dump->chunk->copy;
    size_t count = archived_count(copy);
    struct bs_str *fields = bs_alloc(count * sizeof *fields);
    size_t at = 0;
    bool more = true;
    enum bs_status status = BS_OK;
    while (status == BS_OK && !*ends) {
        status = bs_chunk_next_row(block, &at, fields, count, &more, err);
        if (status != BS_OK || !more) {
            break;
        }
        if (!take_period(copy, fields, count)) {
            continue;
        }
        *ends = ends_early(dump, fields);
        status = *ends ? BS_OK : put_row(dump, fields, err);
        if (status == BS_OK && dump->block == NULL &&
            bs_work_is_stopped(dump->pair->config->work)) {
            status = stopped(err);
        }
    }
    free(fields);
    return status;
}

/* They are in the order of their numbers. */
static const struct bs_archived_chunk *
find_archived(const struct bs_archived_table *table, uint64_t number) {
    size_t from = 0;
    size_t to = table->chunk_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct bs_archived_chunk *chunk = &table->chunks[middle];
        if (chunk->note.number == number) {
            return chunk;
        }
        if (chunk->note.number < number) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

static enum bs_status
read_archived(struct dump *dump, struct bs_error *err) {
    const struct bs_archived_table *table = dump->chunk->copy->archived;
    const struct bs_archived_chunk *chunk = find_archived(table, dump->chunk->number);
    struct bs_chunk_reader *reader = NULL;
    struct bs_str block = {NULL, 0};
    bool ends = false;
    BS_ASSERT(chunk != NULL);
    char *path = bs_archive_path(dump->pair->config->archive, table, dump->chunk->number);
    enum bs_status status = bs_chunk_reader_open(&reader, path, &chunk->facts, err);
    while (status == BS_OK && !ends) {
        status = bs_chunk_reader_next(reader, &block, err);
        if (status != BS_OK || block.data == NULL) {
            break;
        }
        status = put_archived_rows(dump, block, &ends, err);
    }
    bs_chunk_reader_free(reader);
    if (status == BS_PROTOCOL) { /* whole, and yet no rows of this table */
        status =
            bs_archive_damaged(path, "its rows are not of the table that it is said to hold", err);
    }
    free(path);
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
check_whole(struct dump *dump, struct bs_error *err) {
    enum bs_status status = check_identity(dump->pair, dump->chunk->copy, err);
    if (status == BS_SERVER && err->sql_errno == BS_LOCK_WAIT_TIMEOUT && may_give_up(dump)) {
        give_up(dump, "DDL, or a lock of another session, keeps the source from saying which table "
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
read_server(struct dump *dump, struct bs_error *err) {
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
        status = stopped(err);
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

static void
drop_block(struct dump *dump) {
    if (dump->block != NULL) {
        bs_block_give(dump->pair, dump->block);
    }
    dump->block = NULL;
}

static enum bs_status
dump_chunk(struct bs_pair *pair, struct bs_chunk *chunk, struct bs_error *err) {
    struct dump dump = {.pair = pair, .chunk = chunk};
    uint64_t packet = pair->config->packet_bytes - PACKET_MARGIN;
    dump.block_len_limit =
        chunk->form == BS_FORM_INSERT && packet / 2 < BS_BLOCK_BYTES ? packet / 2 : BS_BLOCK_BYTES;
    begin_piece(&dump);
    enum bs_status status =
        pair->source == NULL ? read_archived(&dump, err) : read_server(&dump, err);
    if (chunk->is_given_up) {
        drop_block(&dump);
    }
    if (status == BS_OK) {
        status = send_end(&dump, BS_BLOCK_CHUNK_END, err);
    }
    drop_block(&dump);
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
        return stopped(err);
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
