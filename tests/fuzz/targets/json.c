/* MySQL's binary JSON: the input is a document as a JSON column holds it.
 *
 * What is printed must be JSON, and no longer than a document of that size can be: a damaged one
 * must not send the reader over the same bytes again and again. */
#include "base/buf.h"
#include "base/cursor.h"
#include "binlog/reader.h"
#include "consume.h"
#include "is_json.h"

#include <stdlib.h>

enum { GROWTH_MAX = 16, SLACK = 64, PREFIX_LEN = 4 };

static void
check_text(struct bs_str text, size_t document_len) {
    BS_ASSERT(text.len <= document_len * GROWTH_MAX + SLACK);
    BS_ASSERT(is_json(text, BLANKS_NEEDED));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bs_buf image = {0};
    struct bs_arena arena = {0};
    bs_buf_put_le(&image, size, PREFIX_LEN);
    bs_buf_put(&image, data, size);
    char *copy = copy_exactly(bs_buf_str(&image));
    struct bs_rows rows = {.arena = &arena, .cursor = bs_cursor(copy, image.len)};
    struct bs_column_plan plan = {.prefix = PREFIX_LEN};
    struct bs_value value = {0};
    bs_read_json(&rows, &plan, &value);
    BS_ASSERT(!rows.cursor.failed && arena.used <= 64 * (size + 1024));
    if (rows.bad == NULL) {
        check_text(value.text, size);
    }
    bs_arena_fini(&arena);
    bs_buf_fini(&image);
    free(copy);
    return 0;
}
