/* Memory that is freed all at once: what one binlog event or one transaction needs. Pointers stay
 * valid until bs_arena_reset or bs_arena_fini. Zero-initialised memory is an empty arena. Owned by
 * one thread at a time. */
#ifndef BS_BASE_ARENA_H
#define BS_BASE_ARENA_H

#include "base/str.h"

#include <stddef.h>

struct bs_arena_block;

struct bs_arena {
    struct bs_arena_block *head; /* the block in use; older ones behind it */
    size_t used;                 /* bytes given out since the last reset */
    size_t block_len; /* of the blocks to come; 0: the usual 64 KiB, for what is reset and reused */
};

void *bs_arena_alloc(struct bs_arena *arena, size_t len); /* aligned for any type */
char *bs_arena_copy(struct bs_arena *arena, const void *data, size_t len); /* adds a NUL */
void bs_arena_reset(struct bs_arena *arena); /* keeps one block for reuse */
void bs_arena_fini(struct bs_arena *arena);

#endif
