#include "base/arena.h"

#include <criterion/criterion.h>
#include <stdalign.h>
#include <stdint.h>

Test(arena, pointers_stay_valid_and_apart_until_reset) {
    struct bs_arena arena = {0};
    enum { COUNT = 2000 };
    char *copies[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        char text[200];
        memset(text, (int)('a' + i % 26), i % sizeof text);
        copies[i] = bs_arena_copy(&arena, text, i % sizeof text);
    }
    for (size_t i = 0; i < COUNT; i++) {
        cr_assert_eq(strlen(copies[i]), i % 200);
        cr_assert(i % 200 == 0 || copies[i][i % 200 - 1] == (char)('a' + i % 26));
    }
    bs_arena_fini(&arena);
    cr_assert_null(arena.head);
}

Test(arena, every_allocation_is_aligned_for_any_type) {
    struct bs_arena arena = {0};
    for (size_t len = 0; len < 100; len++) {
        cr_assert_eq((uintptr_t)bs_arena_alloc(&arena, len) % alignof(max_align_t), 0);
    }
    bs_arena_fini(&arena);
}

Test(arena, one_larger_than_a_block_fits) {
    struct bs_arena arena = {0};
    char *small = bs_arena_copy(&arena, "small", 5);
    char *large = bs_arena_alloc(&arena, 5 << 20);
    memset(large, 'x', 5 << 20);
    cr_assert_str_eq(small, "small");
    cr_assert_geq(arena.used, 5 << 20);
    bs_arena_fini(&arena);
}

Test(arena, a_reset_starts_anew_and_gives_large_memory_back) {
    struct bs_arena arena = {0};
    void *first = bs_arena_alloc(&arena, 100);
    (void)bs_arena_alloc(&arena, 5 << 20);
    bs_arena_reset(&arena);
    cr_assert_eq(arena.used, 0);
    cr_assert_eq(bs_arena_alloc(&arena, 100), first, "the kept block is used again");
    bs_arena_reset(&arena);
    bs_arena_fini(&arena);
    bs_arena_fini(&arena);
}
