#include "base/arena.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_LEN = 64 * 1024 };

struct bs_arena_block {
    struct bs_arena_block *older;
    size_t len;
    size_t used;
    alignas(max_align_t) uint8_t data[];
};

static struct bs_arena_block *
block_new(size_t len, struct bs_arena_block *older) {
    struct bs_arena_block *block = bs_alloc(sizeof *block + len);
    block->older = older;
    block->len = len;
    block->used = 0;
    return block;
}

void *
bs_arena_alloc(struct bs_arena *arena, size_t len) {
    size_t need = (len + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct bs_arena_block *block = arena->head;
    if (block == NULL || block->len - block->used < need) {
        size_t usual = arena->block_len != 0 ? arena->block_len : BLOCK_LEN;
        block = block_new(need > usual ? need : usual, block);
        arena->head = block;
    }
    void *ptr = block->data + block->used;
    block->used += need;
    arena->used += need;
    return ptr;
}

char *
bs_arena_copy(struct bs_arena *arena, const void *data, size_t len) {
    char *copy = bs_arena_alloc(arena, len + 1);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    copy[len] = '\0';
    return copy;
}

void
bs_arena_reset(struct bs_arena *arena) {
    struct bs_arena_block *keep = NULL;
    while (arena->head != NULL) {
        struct bs_arena_block *block = arena->head;
        arena->head = block->older;
        /* A block that one huge value needed is not kept: memory goes back to normal after it. */
        if (keep == NULL && block->len == BLOCK_LEN) {
            keep = block;
            continue;
        }
        free(block);
    }
    if (keep != NULL) {
        keep->older = NULL;
        keep->used = 0;
    }
    arena->head = keep;
    arena->used = 0;
}

void
bs_arena_fini(struct bs_arena *arena) {
    bs_arena_reset(arena);
    free(arena->head);
    arena->head = NULL;
}
