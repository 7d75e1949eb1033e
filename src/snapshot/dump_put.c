/* How a row comes into a block, in the form that its chunk has. */
#include "snapshot/dump_private.h"

#include "schema/period.h"
#include "snapshot/row_text.h"
#include "sql/bulk.h"
#include "sql/json_check.h"
#include "sql/json_text.h"

#include <inttypes.h>

static enum bs_status
refuse_row(const struct bs_dump *dump, size_t len, struct bs_error *err) {
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
put_insert_row(struct bs_dump *dump, const struct bs_str *fields, struct bs_error *err) {
    struct bs_buf *text = &dump->block->text;
    size_t before = text->len;
    if (dump->block->rows > 0) {
        bs_buf_puts(text, ",");
    }
    uint32_t zeros = bs_row_put_insert(text, dump->chunk->copy, fields);
    uint64_t limit = dump->pair->config->packet_bytes - BS_DUMP_PACKET_MARGIN;
    if (text->len > limit && dump->block->rows == 0) {
        return refuse_row(dump, text->len, err);
    }
    if (text->len > limit) {
        text->len = before;
        enum bs_status status = bs_dump_send_block(dump, err);
        if (status != BS_OK) {
            return status;
        }
        bs_dump_start_block(dump);
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
fits_bulk(const struct bs_dump *dump, size_t bytes, uint64_t rows) {
    size_t values = rows * dump->chunk->copy->column_count;
    return bs_sql_bulk_size(bytes, values) <=
           dump->pair->config->packet_bytes - BS_DUMP_PACKET_MARGIN;
}

/* Adds one row of bare values, which alone fits into a packet (needs_other). */
static enum bs_status
put_bulk_row(struct bs_dump *dump, const struct bs_str *fields, struct bs_error *err) {
    const struct bs_copy *copy = dump->chunk->copy;
    struct bs_block *block = dump->block;
    size_t bytes = block->text.len + row_size(copy, fields);
    if (block->rows > 0 && !fits_bulk(dump, bytes, block->rows + 1)) {
        enum bs_status status = bs_dump_send_block(dump, err);
        if (status != BS_OK) {
            return status;
        }
        bs_dump_start_block(dump);
        block = dump->block;
    }
    block->zero_enums += bs_row_put_bulk(&block->text, &block->ends, copy, fields);
    block->rows++;
    return BS_OK;
}

static bool
is_full(const struct bs_dump *dump) {
    enum { WARNINGS_COUNTED = 65535 }; /* servers count no further for a statement */
    const struct bs_block *block = dump->block;
    size_t values = block->rows * dump->chunk->copy->column_count;
    return block->text.len >= dump->block_len_limit ||
           block->zero_enums + dump->chunk->copy->column_count > WARNINGS_COUNTED ||
           (dump->chunk->form == BS_FORM_BULK && values >= BS_BULK_VALUES_MAX);
}

/* Documents that the source keeps as text must be such as MySQL's JSON can hold. */
static enum bs_status
check_documents(const struct bs_dump *dump, const struct bs_str *fields, struct bs_error *err) {
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
size_t
bs_dump_field_count(const struct bs_copy *copy) {
    return copy->column_count > 0 ? copy->column_count : 1;
}

/* A table with history, whether it is copied or not, cannot be emptied and filled anew: what was
 * current would become some. */
static bool
may_be_emptied(const struct bs_copy *copy) {
    size_t period[2];
    return !bs_table_period(copy->table, &period[0], &period[1]);
}

enum bs_status
bs_dump_put_row(struct bs_dump *dump, const struct bs_str *fields, struct bs_error *err) {
    enum bs_status status = check_documents(dump, fields, err);
    if (status != BS_OK) {
        return status;
    }
    status = bs_dump_make_room(dump, row_size(dump->chunk->copy, fields), err);
    if (status != BS_OK || dump->chunk->is_given_up) {
        return status;
    }
    if (dump->chunk->form == BS_FORM_INSERT) {
        status = put_insert_row(dump, fields, err);
    } else if (dump->chunk->form == BS_FORM_BULK) {
        status = put_bulk_row(dump, fields, err);
    } else if (dump->chunk->form == BS_FORM_ARCHIVE) {
        bs_chunk_put_row(&dump->block->text, fields, bs_dump_field_count(dump->chunk->copy));
        dump->block->rows++;
    } else {
        struct bs_block *block = dump->block;
        block->zero_enums += bs_row_put_load(&block->text, dump->chunk->copy, fields);
        block->rows++;
    }
    if (status == BS_OK && is_full(dump)) {
        status = bs_dump_send_block(dump, err);
    }
    if (status == BS_OK && dump->chunk->copy->key == NULL &&
        dump->piece_len >= dump->pair->config->piece_bytes && may_be_emptied(dump->chunk->copy)) {
        status = bs_dump_send_end(dump, BS_BLOCK_PIECE_END, err);
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
needs_other(const struct bs_dump *dump, const struct bs_str *fields, size_t size) {
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

bool
bs_dump_ends_early(const struct bs_dump *dump, const struct bs_str *fields) {
    size_t size = row_size(dump->chunk->copy, fields);
    return needs_other(dump, fields, size) ||
           (size > BS_LARGE_ROW_BYTES &&
            !bs_work_admit_large(dump->pair->config->work, dump->chunk, size));
}
