/* How a chunk is read from an archive, instead of from a server. */
#include "snapshot/dump_private.h"

#include "base/mem.h"
#include "schema/period.h"

#include <stdlib.h>

enum { PERIOD_COLUMNS = 2 };

/* Fields of an archived row: where the target takes no history, it has a period all the same. */
static size_t
archived_count(const struct bs_copy *copy) {
    bool has_more = copy->archived->has_history && copy->for_ever == NULL;
    return has_more ? copy->column_count + PERIOD_COLUMNS : bs_dump_field_count(copy);
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
put_archived_rows(struct bs_dump *dump, struct bs_str block, bool *ends, struct bs_error *err) {
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
        *ends = bs_dump_ends_early(dump, fields);
        status = *ends ? BS_OK : bs_dump_put_row(dump, fields, err);
        if (status == BS_OK && dump->block == NULL &&
            bs_work_is_stopped(dump->pair->config->work)) {
            status = bs_dump_stopped(err);
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

enum bs_status
bs_dump_read_archived(struct bs_dump *dump, struct bs_error *err) {
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
