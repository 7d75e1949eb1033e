/* The archiver's thread, in a loader's place: packs blocks and writes them to files, one a chunk.
 * The ledger's line is written when the file is whole and on the disk. */
#include "snapshot/pair.h"

#include "base/fault.h"
#include "base/thread.h"

#include <stdlib.h>

struct archiving {
    struct bs_pair *pair;
    struct bs_chunk_writer *writer; /* of the chunk that is being written, NULL: none */
    uint64_t rows, bytes;
};

static enum bs_status
open_file(struct archiving *a, const struct bs_chunk *chunk, struct bs_error *err) {
    if (a->writer != NULL) {
        return BS_OK;
    }
    char *path = bs_archive_path(a->pair->config->archive, chunk->copy->archived, chunk->number);
    enum bs_status status = bs_chunk_writer_open(&a->writer, path, err);
    free(path);
    return status;
}

static enum bs_status
put_block(struct archiving *a, const struct bs_block *block, struct bs_error *err) {
    enum bs_status status = open_file(a, block->chunk, err);
    if (status == BS_OK) {
        status = bs_chunk_writer_put(a->writer, bs_buf_str(&block->text), block->rows, err);
    }
    a->rows += block->rows;
    a->bytes += block->text.len;
    return status;
}

static enum bs_status
note_chunk(struct archiving *a, const struct bs_chunk *chunk, const struct bs_file_facts *facts,
           struct bs_error *err) {
    struct bs_buf lower = {0};
    struct bs_buf upper = {0};
    bs_bound_encode(&chunk->lower, &lower);
    bs_bound_encode(&chunk->upper, &upper);
    struct bs_archived_chunk archived = {
        .note = {.number = chunk->number,
                 .rows = a->rows,
                 .bytes = a->bytes,
                 .lower = bs_buf_str(&lower),
                 .upper = bs_buf_str(&upper),
                 .is_last = chunk->is_last},
        .facts = *facts,
    };
    enum bs_status status =
        bs_archive_note_chunk(a->pair->config->archive, chunk->copy->archived, &archived, err);
    bs_buf_fini(&lower);
    bs_buf_fini(&upper);
    return status;
}

/* What was written of it is thrown away. */
static void
begin_again(struct archiving *a, struct bs_chunk *chunk) {
    bs_chunk_writer_abandon(a->writer);
    a->writer = NULL;
    a->rows = a->bytes = 0;
    bs_work_again(a->pair->config->work, chunk);
}

static enum bs_status
end_chunk(struct archiving *a, struct bs_chunk *chunk, struct bs_error *err) {
    struct bs_file_facts facts;
    struct bs_work *work = a->pair->config->work;
    enum bs_status status = open_file(a, chunk, err); /* an empty one, if it has no rows */
    if (status == BS_OK) {
        status = bs_chunk_writer_close(a->writer, &facts, err);
        a->writer = NULL;
    }
    bs_fault_point("archive-chunk-written");
    if (status == BS_OK) {
        status = note_chunk(a, chunk, &facts, err);
    }
    bs_fault_point("archive-chunk-noted");
    if (status == BS_OK) {
        bs_work_add(work, chunk, a->rows, a->bytes);
        bool has_keys = bs_work_done(work, chunk);
        BS_ASSERT(!has_keys);
    }
    a->rows = a->bytes = 0;
    return status;
}

void *
bs_archiver_main(void *arg) {
    struct archiving a = {.pair = arg};
    struct bs_error err = {0};
    struct bs_block *block;
    enum bs_status status = BS_OK;
    bs_thread_give_way();
    while (status == BS_OK && !bs_work_is_stopped(a.pair->config->work) &&
           (block = bs_queue_pop(a.pair->queue, -1)) != NULL) {
        if (block->kind == BS_BLOCK_ROWS) {
            status = put_block(&a, block, &err);
        } else if (block->kind == BS_BLOCK_CHUNK_END &&
                   (block->chunk->wants_room > 0 || block->chunk->is_given_up)) {
            begin_again(&a, block->chunk);
        } else if (block->kind == BS_BLOCK_CHUNK_END) {
            status = end_chunk(&a, block->chunk, &err);
        }
        bs_block_give(a.pair, block);
    }
    bs_chunk_writer_abandon(a.writer);
    if (status != BS_OK) {
        bs_work_fail(a.pair->config->work, &err);
    }
    return NULL;
}
