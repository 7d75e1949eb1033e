#include "net/block.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void
put_event(struct bs_event_block *block, size_t len, uint32_t said) {
    size_t at = block->bytes.len;
    bs_buf_put_fill(&block->bytes, 'e', len);
    for (size_t i = 0; i < 4 && len >= 13; i++) {
        block->bytes.data[at + 9 + i] = (uint8_t)(said >> (8 * i));
    }
}

Test(block, whole_events_are_handed_over_and_a_half_one_is_kept) {
    struct bs_event_block block = {0};
    struct bs_error err;
    size_t len = 0;
    put_event(&block, 30, 30);
    cr_assert_eq(bs_event_block_commit(&block, &err), BS_OK);
    put_event(&block, 40, 40);
    cr_assert_eq(bs_event_block_commit(&block, &err), BS_OK);
    put_event(&block, 20, 50);
    uint8_t *data = bs_event_block_take(&block, &len);
    cr_assert_eq(len, 70);
    free(data);
    cr_assert_null(bs_event_block_take(&block, &len));
    bs_buf_put_fill(&block.bytes, 'f', 30);
    cr_assert_eq(bs_event_block_commit(&block, &err), BS_OK);
    data = bs_event_block_take(&block, &len);
    cr_assert_eq(len, 50);
    cr_assert_eq(data[49], 'f');
    free(data);
    bs_event_block_fini(&block);
}

Test(block, an_event_whose_header_disagrees_with_its_length_is_refused) {
    struct bs_error err;
    struct bs_event_block block = {0};
    put_event(&block, 30, 31);
    cr_assert_eq(bs_event_block_commit(&block, &err), BS_PROTOCOL);
    bs_event_block_rollback(&block);
    cr_assert_eq(block.bytes.len, 0);
    put_event(&block, 18, 18);
    cr_assert_eq(bs_event_block_commit(&block, &err), BS_PROTOCOL);
    bs_event_block_rollback(&block);
    cr_assert_eq(bs_event_block_commit(&block, &err), BS_PROTOCOL); /* no bytes at all */
    bs_event_block_fini(&block);
}
