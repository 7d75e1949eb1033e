/* ROWS events, row by row: field guide 4.5.
 *
 *   table_id(6) flags(2) [extra_len(2) extra]     v2 only; extra_len counts itself
 *   width(lenenc) present_before[(width+7)/8] [present_after]      the second for UPDATE only
 *   { null bits of the present columns, values of those that are not NULL }...
 */
#include "binlog/rows.h"

#include "base/mem.h"
#include "binlog/reader.h"
#include "binlog/row_image.h"

#include <libdeflate.h>
#include <stdlib.h>

static size_t
count_bits(const uint8_t *bits, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += bs_image_has(bits, i);
    }
    return count;
}

/* Is every column there that has a value of its own? MariaDB 11.8.9 leaves virtual columns out of
 * its images (11.8.6 did not); what is generated is worked out on the target anyhow. */
static bool
has_all_columns(const struct bs_table *table, const uint8_t *present, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!bs_image_has(present, i) && table->columns[i].generated == BS_GENERATED_NOT) {
            return false;
        }
    }
    return true;
}

/* What kind of change, and whether the post-header has extra data. */
static bool
read_type(struct bs_rows *rows, uint8_t type, bool *v2) {
    static const struct {
        bool known, v2;
        enum bs_row_change change;
    } types[256] = {
        [BS_EVENT_WRITE_ROWS_V1] = {true, false, BS_ROW_INSERT},
        [BS_EVENT_UPDATE_ROWS_V1] = {true, false, BS_ROW_UPDATE},
        [BS_EVENT_DELETE_ROWS_V1] = {true, false, BS_ROW_DELETE},
        [BS_EVENT_WRITE_ROWS_V2] = {true, true, BS_ROW_INSERT},
        [BS_EVENT_UPDATE_ROWS_V2] = {true, true, BS_ROW_UPDATE},
        [BS_EVENT_DELETE_ROWS_V2] = {true, true, BS_ROW_DELETE},
        [BS_EVENT_PARTIAL_UPDATE_ROWS] = {true, true, BS_ROW_UPDATE},
    };
    rows->partial = type == BS_EVENT_PARTIAL_UPDATE_ROWS;
    rows->change = types[type].change;
    *v2 = types[type].v2;
    return types[type].known;
}

/* Chunks of extra data: the first of an unknown kind ends what can be read of them. */
static void
read_extra(struct bs_rows_head *head, struct bs_cursor c, bool is_update) {
    enum { KIND_NDB = 0, KIND_PARTITION = 1, NDB_HEAD_LEN = 1 };
    while (!c.failed && bs_cursor_left(&c) > 0) {
        uint8_t kind = bs_cursor_read_u8(&c);
        if (kind == KIND_NDB) {
            size_t len = bs_cursor_read_u8(&c);
            bs_cursor_skip(&c, len > NDB_HEAD_LEN ? len - NDB_HEAD_LEN : 0);
        } else if (kind == KIND_PARTITION) {
            head->partition = bs_cursor_read_u16(&c);
            head->has_partition = !c.failed;
            head->source_partition = is_update ? bs_cursor_read_u16(&c) : 0;
            head->has_source_partition = is_update && !c.failed;
        } else {
            return;
        }
    }
}

static void
read_head(struct bs_rows_head *head, struct bs_cursor *c, bool v2, bool is_update) {
    enum { EXTRA_LEN_LEN = 2 };
    *head = (struct bs_rows_head){.table_id = bs_cursor_read_u48(c)};
    head->flags = bs_cursor_read_u16(c);
    if (v2) {
        size_t extra_len = bs_cursor_read_u16(c);
        c->failed = c->failed || extra_len < EXTRA_LEN_LEN;
        struct bs_str extra = bs_cursor_read_str(c, extra_len - EXTRA_LEN_LEN);
        read_extra(head, bs_cursor(extra.data, extra.len), is_update);
    }
}

enum bs_status
bs_rows_head_parse(struct bs_rows_head *head, const struct bs_event *event, struct bs_error *err) {
    struct bs_rows rows = {.flags = 0};
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    bool v2 = false;
    bool known = read_type(&rows, event->type, &v2);
    read_head(head, &c, v2, rows.change == BS_ROW_UPDATE);
    return known && !c.failed ? BS_OK
                              : bs_error_set(err, BS_PROTOCOL, "malformed %s event of %zu bytes",
                                             bs_event_type_name(event->type), event->body.len);
}

static void
read_bitmaps(struct bs_rows *rows, bool v2) {
    struct bs_rows_head head;
    struct bs_cursor *c = &rows->cursor;
    read_head(&head, c, v2, rows->change == BS_ROW_UPDATE);
    rows->flags = head.flags;
    size_t width = bs_cursor_read_lenenc(c);
    c->failed = c->failed || width != rows->map->column_count;
    size_t bitmap_len = (rows->map->column_count + 7) / 8;
    rows->present_before = bs_cursor_take(c, bitmap_len);
    rows->present_after = rows->present_before;
    if (rows->change == BS_ROW_UPDATE) {
        rows->present_after = bs_cursor_take(c, bitmap_len);
    }
}

static enum bs_status
malformed(const struct bs_rows *rows, const char *what, struct bs_error *err) {
    return bs_error_set(err, BS_PROTOCOL, "malformed rows event of %s.%s: %s", rows->map->db.data,
                        rows->map->table.data, what);
}

static void
allocate(struct bs_rows *rows) {
    size_t n = rows->map->column_count;
    if (rows->change != BS_ROW_INSERT) {
        rows->before = bs_zalloc(n * sizeof *rows->before);
    }
    if (rows->change != BS_ROW_DELETE) {
        rows->after = bs_zalloc(n * sizeof *rows->after);
    }
    if (rows->partial) {
        rows->documents = bs_zalloc(n * sizeof *rows->documents);
    }
    rows->plan = bs_alloc(n * sizeof *rows->plan);
}

enum bs_status
bs_rows_open(struct bs_rows *rows, const struct bs_event *event, const struct bs_table_map *map,
             const struct bs_table *table, struct bs_arena *arena, struct bs_error *err) {
    bool v2 = false;
    *rows = (struct bs_rows){.map = map, .table = table, .arena = arena};
    rows->cursor = bs_cursor(event->body.data, event->body.len);
    if (!read_type(rows, event->type, &v2)) {
        return malformed(rows, bs_event_type_name(event->type), err);
    }
    read_bitmaps(rows, v2);
    if (rows->cursor.failed) {
        return malformed(rows, "its head is cut short, or of another number of columns", err);
    }
    rows->before_count = count_bits(rows->present_before, map->column_count);
    rows->after_count = count_bits(rows->present_after, map->column_count);
    allocate(rows);
    enum bs_status status = table != NULL ? bs_plan_columns(rows->plan, map, table, err)
                                          : bs_plan_from_map(rows->plan, map, err);
    if (status != BS_OK) {
        bs_rows_close(rows);
        return status;
    }
    rows->full_image = table != NULL &&
                       has_all_columns(table, rows->present_before, map->column_count) &&
                       has_all_columns(table, rows->present_after, map->column_count);
    return BS_OK;
}

bool
bs_rows_model_fits(const struct bs_table_map *map, const struct bs_table *model) {
    struct bs_column_plan *plan = bs_alloc(map->column_count * sizeof *plan);
    bool fits = bs_plan_columns(plan, map, model, NULL) == BS_OK;
    free(plan);
    return fits;
}

/* A row of which no column was logged takes no bytes: there is exactly one in such an event. */
static bool
is_at_end(const struct bs_rows *rows) {
    size_t logged = rows->before_count + rows->after_count;
    return bs_cursor_left(&rows->cursor) == 0 && (logged > 0 || rows->row_count > 0);
}

enum bs_status
bs_rows_next(struct bs_rows *rows, bool *more, struct bs_error *err) {
    if (!rows->keep_rows) {
        bs_arena_reset(rows->arena);
    }
    *more = false;
    if (is_at_end(rows)) {
        return BS_OK;
    }
    if (rows->before_count + rows->after_count == 0 && bs_cursor_left(&rows->cursor) > 0) {
        return malformed(rows, "values without columns", err);
    }
    enum bs_status status = bs_row_read(rows, err);
    rows->row_count++;
    *more = status == BS_OK;
    return status;
}

void
bs_rows_close(struct bs_rows *rows) {
    free(rows->before);
    free(rows->after);
    free(rows->plan);
    free(rows->documents);
    if (rows->inflater != NULL) {
        libdeflate_free_decompressor(rows->inflater);
    }
    rows->before = NULL;
    rows->after = NULL;
    rows->plan = NULL;
    rows->documents = NULL;
    rows->inflater = NULL;
}
