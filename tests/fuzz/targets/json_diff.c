/* Changes to parts of a JSON document: document_len(2) document changes.
 *
 * Made without changes, the text must be what printing the document gives; made with them, it may
 * not be longer than both together can explain. */
#include "binlog/json_diff.h"

#include "base/cursor.h"
#include "binlog/json_text.h"
#include "consume.h"

#include <stdlib.h>

enum { GROWTH_MAX = 16, SLACK = 64 };

static void
check_unchanged(struct bs_str document) {
    struct bs_arena arena = {0};
    struct bs_str applied = {"", 0};
    struct bs_str printed = {"", 0};
    bool right = bs_doc_print(document, &arena, &printed);
    const char *wrong = bs_json_diff_apply(document, (struct bs_str){"", 0}, &arena, &applied);
    BS_ASSERT(right == (wrong == NULL));
    BS_ASSERT(!right || bs_str_equal(applied, printed));
    bs_arena_fini(&arena);
}

static void
check_values(struct bs_str changes) {
    struct bs_arena arena = {0};
    struct bs_cursor c = bs_cursor(changes.data, changes.len);
    for (struct bs_json_diff diff; bs_json_diff_next(&c, &diff);) {
        struct bs_str text = {"", 0};
        consume_str(diff.path);
        if (diff.op != BS_JSON_REMOVE && bs_json_diff_value_text(&diff, &arena, &text)) {
            consume_str(text);
        }
    }
    bs_arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bs_cursor c = bs_cursor(data, size);
    size_t len = bs_cursor_read_u16(&c);
    char *document = copy_exactly(bs_cursor_read_str(&c, len));
    len = c.failed ? 0 : len;
    struct bs_str rest = c.failed ? (struct bs_str){"", 0} : bs_cursor_read_rest(&c);
    char *changes = copy_exactly(rest);
    struct bs_arena arena = {0};
    struct bs_str text = {"", 0};
    check_unchanged((struct bs_str){document, len});
    check_values((struct bs_str){changes, rest.len});
    if (bs_json_diff_apply((struct bs_str){document, len}, (struct bs_str){changes, rest.len},
                           &arena, &text) == NULL) {
        BS_ASSERT(text.len <= (len + rest.len) * GROWTH_MAX + SLACK);
        consume_str(text);
    }
    bs_arena_fini(&arena);
    free(document);
    free(changes);
    return 0;
}
