/* MySQL's binary JSON: the input is a document as a JSON column holds it.
 *
 * What is printed must be JSON, and no longer than a document of that size can be: a damaged one
 * must not send the reader over the same bytes again and again. */
#include "base/buf.h"
#include "base/cursor.h"
#include "binlog/reader.h"
#include "consume.h"

#include <stdlib.h>

enum { GROWTH_MAX = 16, SLACK = 64, PREFIX_LEN = 4 };

static bool check_value(struct bs_cursor *c);

static bool
take(struct bs_cursor *c, char wanted) {
    if (bs_cursor_left(c) == 0 || c->at[0] != (uint8_t)wanted) {
        return false;
    }
    c->at++;
    return true;
}

static bool
take_word(struct bs_cursor *c, const char *word) {
    size_t len = strlen(word);
    if (bs_cursor_left(c) < len || memcmp(c->at, word, len) != 0) {
        return false;
    }
    c->at += len;
    return true;
}

static bool
take_digits(struct bs_cursor *c) {
    const uint8_t *from = c->at;
    while (c->at < c->end && c->at[0] >= '0' && c->at[0] <= '9') {
        c->at++;
    }
    return c->at > from;
}

static bool
check_escape(struct bs_cursor *c) {
    uint8_t letter = bs_cursor_read_u8(c);
    if (letter == 'u') {
        bs_cursor_skip(c, 4);
        return !c->failed;
    }
    return !c->failed && memchr("\"\\/bfnrt", letter, 8) != NULL;
}

static bool
check_string(struct bs_cursor *c) {
    if (!take(c, '"')) {
        return false;
    }
    while (!take(c, '"')) {
        uint8_t byte = bs_cursor_read_u8(c);
        if (c->failed || byte < 0x20 || (byte == '\\' && !check_escape(c))) {
            return false;
        }
    }
    return true;
}

static bool
check_number(struct bs_cursor *c) {
    (void)take(c, '-');
    if (!take_digits(c) || (take(c, '.') && !take_digits(c))) {
        return false;
    }
    if (take(c, 'e')) {
        (void)take(c, '-');
        return take_digits(c);
    }
    return true;
}

/* What the server prints: one blank behind commas and colons, none elsewhere. */
static bool
check_members(struct bs_cursor *c, char end, bool keys) {
    if (take(c, end)) {
        return true;
    }
    do {
        if (keys && !(check_string(c) && take_word(c, ": "))) {
            return false;
        }
        if (!check_value(c)) {
            return false;
        }
    } while (take_word(c, ", "));
    return take(c, end);
}

static bool
check_value(struct bs_cursor *c) {
    if (take(c, '{')) {
        return check_members(c, '}', true);
    }
    if (take(c, '[')) {
        return check_members(c, ']', false);
    }
    if (bs_cursor_left(c) > 0 && c->at[0] == '"') {
        return check_string(c);
    }
    return take_word(c, "null") || take_word(c, "true") || take_word(c, "false") || check_number(c);
}

static void
check_text(struct bs_str text, size_t document_len) {
    BS_ASSERT(text.len <= document_len * GROWTH_MAX + SLACK);
    struct bs_cursor c = bs_cursor(text.data, text.len);
    BS_ASSERT(check_value(&c) && bs_cursor_left(&c) == 0);
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
