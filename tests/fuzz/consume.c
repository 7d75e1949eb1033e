#include "consume.h"

#include "base/mem.h"
#include "events/json_out.h"
#include "guess.h"
#include "is_json.h"

#include <stdlib.h>

static volatile unsigned sink;

char *
copy_exactly(struct bs_str bytes) {
    char *copy = bs_alloc(bytes.len);
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    return copy;
}

void
consume_str(struct bs_str text) {
    unsigned sum = 0;
    for (size_t i = 0; i < text.len; i++) {
        sum += (unsigned char)text.data[i];
    }
    sink += sum;
}

void
consume_statement(const struct bs_statement *s) {
    consume_str(s->sql);
    consume_str(s->db);
    consume_str(s->time_zone);
    consume_str(s->invoker_user);
    consume_str(s->invoker_host);
}

enum bs_status
consume_lines(void *arg, struct bs_str text, struct bs_error *err) {
    size_t *lines = arg;
    (void)err;
    BS_ASSERT(text.len > 0 && text.data[text.len - 1] == '\n' && bs_events_is_utf8(text));
    const char *end = text.data + text.len;
    for (const char *at = text.data; at < end; (*lines)++) {
        size_t len = (size_t)((const char *)memchr(at, '\n', (size_t)(end - at)) - at);
        BS_ASSERT(at[0] == '{' && is_json((struct bs_str){at, len}, BLANKS_ALLOWED));
        at += len + 1;
    }
    return BS_OK;
}

static void
consume_value(const struct bs_value *v) {
    switch (v->kind) {
    case BS_VALUE_ABSENT:
    case BS_VALUE_NULL:
        break;
    case BS_VALUE_INT:
    case BS_VALUE_UINT:
    case BS_VALUE_FLOAT:
    case BS_VALUE_DOUBLE:
        sink += (unsigned)v->u64;
        break;
    case BS_VALUE_DECIMAL:
    case BS_VALUE_TEMPORAL:
    case BS_VALUE_BYTES:
    case BS_VALUE_JSON:
    case BS_VALUE_JSON_DIFF:
        consume_str(v->text);
        break;
    }
}

static void
consume_row(const struct bs_rows *rows) {
    for (size_t i = 0; i < rows->map->column_count; i++) {
        if (rows->before != NULL) {
            consume_value(&rows->before[i]);
        }
        if (rows->after != NULL) {
            consume_value(&rows->after[i]);
        }
    }
}

static enum bs_status
read_rows(struct bs_rows *rows, size_t *count, struct bs_error *err) {
    bool more = true;
    enum bs_status status = BS_OK;
    while ((status = bs_rows_next(rows, &more, err)) == BS_OK && more) {
        consume_row(rows);
        (*count)++;
    }
    return status;
}

static enum bs_status
open_and_read(const struct bs_event *event, const struct bs_table_map *map,
              const struct bs_table *table, size_t *count, struct bs_error *err) {
    struct bs_arena arena = {0};
    struct bs_rows rows;
    enum bs_status status = bs_rows_open(&rows, event, map, table, &arena, err);
    if (status == BS_OK) {
        rows.keep_diffs = table == NULL;
        status = read_rows(&rows, count, err);
        bs_rows_close(&rows);
    }
    bs_arena_fini(&arena);
    return status;
}

enum bs_status
consume_rows(const struct bs_event *event, const struct bs_table_map *map,
             const struct bs_table *table, size_t *count, struct bs_error *err) {
    struct bs_table *guess = table == NULL ? guess_table(map) : NULL;
    size_t without = 0;
    (void)open_and_read(event, map, NULL, &without, err);
    enum bs_status status = open_and_read(event, map, table != NULL ? table : guess, count, err);
    if (guess != NULL) {
        guess_free(guess);
    }
    return status;
}

enum bs_status
consume_item(const struct bs_item *item, size_t *rows, struct bs_error *err) {
    switch (item->kind) {
    case BS_ITEM_ROWS:
        return consume_rows(&item->event, item->map, NULL, rows, err);
    case BS_ITEM_STATEMENT:
    case BS_ITEM_SAVEPOINT:
        consume_statement(&item->statement);
        break;
    case BS_ITEM_NONE:
    case BS_ITEM_GROUP_BEGIN:
    case BS_ITEM_GROUP_END:
    case BS_ITEM_GROUP_ROLLBACK:
        break;
    }
    return BS_OK;
}
