#include "net/block.h"

#include "base/cursor.h"
#include "base/mem.h"

#include <string.h>

enum { EVENT_SIZE_OFFSET = 9 };

void
bs_event_block_fini(struct bs_event_block *block) {
    bs_buf_fini(&block->bytes);
    block->whole = 0;
}

void
bs_event_block_clear(struct bs_event_block *block) {
    bs_event_block_fini(block);
}

enum bs_status
bs_event_block_commit(struct bs_event_block *block, struct bs_error *err) {
    size_t len = block->bytes.len - block->whole;
    struct bs_cursor c = bs_cursor(block->bytes.data + block->whole, len);
    bs_cursor_skip(&c, EVENT_SIZE_OFFSET);
    uint32_t said = bs_cursor_read_u32(&c);
    if (len < BS_EVENT_HEADER_LEN || said != len) {
        return bs_error_set(err, BS_PROTOCOL,
                            "the server sent a binlog event of %zu bytes whose header says %u", len,
                            said);
    }
    block->whole = block->bytes.len;
    return BS_OK;
}

void
bs_event_block_rollback(struct bs_event_block *block) {
    block->bytes.len = block->whole;
}

uint8_t *
bs_event_block_take(struct bs_event_block *block, size_t *len) {
    if (block->whole == 0) {
        *len = 0;
        return NULL;
    }
    struct bs_buf rest = {0};
    size_t tail = block->bytes.len - block->whole;
    bs_buf_put(&rest, block->bytes.data + block->whole, tail);
    /* The buffer doubles as it grows: give back what was not needed. */
    uint8_t *data = bs_realloc(block->bytes.data, block->whole);
    *len = block->whole;
    block->bytes = rest;
    block->whole = 0;
    return data;
}
