/* The images of one row: which columns are in them, and what these hold. */
#include "binlog/row_image.h"

#include "binlog/json_diff.h"
#include "binlog/reader.h"
#include "binlog/wire_type.h"

static enum bs_status
refuse_value(const struct bs_rows *rows, size_t column, struct bs_error *err) {
    const char *name = rows->table != NULL ? rows->table->columns[column].name : NULL;
    return bs_error_set(
        err, BS_PROTOCOL, "row %zu of a rows event of %s.%s: %s at column %zu%s%s%s",
        rows->row_count + 1, rows->map->db.data, rows->map->table.data,
        rows->bad != NULL ? rows->bad : "the row image is cut short", column + 1,
        name != NULL ? ", `" : "", name != NULL ? name : "", name != NULL ? "`" : "");
}

/* PARTIAL_UPDATE_ROWS: in front of the image behind, options, and which of the table's JSON columns
 * hold changes instead of a document. */
static const uint8_t *
read_diff_bits(struct bs_rows *rows) {
    enum { PARTIAL_JSON = 1 };
    if ((bs_cursor_read_lenenc(&rows->cursor) & PARTIAL_JSON) == 0) {
        return NULL;
    }
    size_t count = 0;
    for (size_t i = 0; i < rows->map->column_count; i++) {
        count += rows->map->columns[i].type == BS_WIRE_JSON;
    }
    return bs_cursor_take(&rows->cursor, (count + 7) / 8);
}

/* The changes, or, where the document before is here, what they make of it. */
static void
read_diffs(struct bs_rows *rows, size_t column, struct bs_value *value) {
    bs_read_string(rows, &rows->plan[column], value);
    value->kind = BS_VALUE_JSON_DIFF;
    struct bs_cursor c = bs_cursor(value->text.data, value->text.len);
    struct bs_json_diff diff;
    while (bs_json_diff_next(&c, &diff)) {
    }
    if (c.failed) {
        rows->bad = "malformed changes to parts of a JSON document";
    }
    enum bs_value_kind before = rows->before[column].kind;
    if (rows->keep_diffs || before == BS_VALUE_ABSENT || rows->cursor.failed || rows->bad != NULL) {
        return;
    }
    value->kind = BS_VALUE_JSON;
    rows->bad = before != BS_VALUE_JSON ? "changes to parts of a JSON document that was NULL"
                                        : bs_json_diff_apply(rows->documents[column], value->text,
                                                             rows->arena, &value->text);
}

/* Both images of PARTIAL_UPDATE_ROWS; what is no JSON is read as ever. */
static enum bs_status
read_partial_image(struct bs_rows *rows, const uint8_t *present, size_t present_count, bool behind,
                   struct bs_error *err) {
    struct bs_value *values = behind ? rows->after : rows->before;
    const uint8_t *diffs = behind ? read_diff_bits(rows) : NULL;
    const uint8_t *nulls = bs_cursor_take(&rows->cursor, (present_count + 7) / 8);
    size_t at = 0;
    size_t document = 0;
    for (size_t i = 0; i < rows->map->column_count && nulls != NULL; i++) {
        bool is_json = rows->map->columns[i].type == BS_WIRE_JSON;
        bool is_diff = is_json && diffs != NULL && bs_image_has(diffs, document);
        document += is_json;
        values[i].kind = BS_VALUE_ABSENT;
        if (!bs_image_has(present, i)) {
            continue;
        }
        if (bs_image_has(nulls, at++)) {
            values[i].kind = BS_VALUE_NULL;
            continue;
        }
        if (is_json && !behind) {
            struct bs_cursor start = rows->cursor;
            struct bs_value raw;
            bs_read_string(rows, &rows->plan[i], &raw);
            rows->documents[i] = raw.text;
            rows->cursor = start;
        }
        if (is_diff) {
            read_diffs(rows, i, &values[i]);
        } else {
            rows->plan[i].read(rows, &rows->plan[i], &values[i]);
        }
        if (rows->cursor.failed || rows->bad != NULL) {
            return refuse_value(rows, i, err);
        }
    }
    return rows->cursor.failed ? refuse_value(rows, 0, err) : BS_OK;
}

static enum bs_status
read_partial_row(struct bs_rows *rows, struct bs_error *err) {
    enum bs_status status =
        read_partial_image(rows, rows->present_before, rows->before_count, false, err);
    return status == BS_OK
               ? read_partial_image(rows, rows->present_after, rows->after_count, true, err)
               : status;
}

/* One column after the other: the null bitmap counts present columns only. */
static enum bs_status
read_columns(struct bs_rows *rows, const uint8_t *present, const uint8_t *nulls,
             struct bs_value *values, struct bs_error *err) {
    size_t at = 0;
    for (size_t i = 0; i < rows->map->column_count; i++) {
        if (!bs_image_has(present, i)) {
            values[i].kind = BS_VALUE_ABSENT;
            continue;
        }
        if (bs_image_has(nulls, at++)) {
            values[i].kind = BS_VALUE_NULL;
            continue;
        }
        rows->plan[i].read(rows, &rows->plan[i], &values[i]);
        if (rows->cursor.failed || rows->bad != NULL) {
            return refuse_value(rows, i, err);
        }
    }
    return BS_OK;
}

/* Servers set the bits of the last byte that stand for no column. */
static bool
has_nulls(const uint8_t *nulls, size_t count) {
    size_t whole = count / 8;
    uint8_t any = 0;
    for (size_t i = 0; i < whole; i++) {
        any |= nulls[i];
    }
    if (count % 8 != 0) {
        any |= nulls[whole] & (uint8_t)((1u << count % 8) - 1);
    }
    return any != 0;
}

/* Most rows have all columns and no NULL: they are read without a look at any bit, and without one
 * at the outcome of each. False, and the cursor where it was, if something is wrong with a value.
 */
static bool
read_all(struct bs_rows *rows, struct bs_value *values) {
    const struct bs_cursor start = rows->cursor;
    const struct bs_column_plan *end = rows->plan + rows->map->column_count;
    for (const struct bs_column_plan *plan = rows->plan; plan < end; plan++) {
        plan->read(rows, plan, values++);
    }
    if (!rows->cursor.failed && rows->bad == NULL) {
        return true;
    }
    rows->cursor = start;
    rows->bad = NULL;
    return false;
}

static enum bs_status
read_image(struct bs_rows *rows, const uint8_t *present, size_t present_count,
           struct bs_value *values, struct bs_error *err) {
    const uint8_t *nulls = bs_cursor_take(&rows->cursor, (present_count + 7) / 8);
    if (nulls == NULL) {
        return refuse_value(rows, 0, err);
    }
    if (present_count == rows->map->column_count && !has_nulls(nulls, present_count) &&
        read_all(rows, values)) {
        return BS_OK;
    }
    return read_columns(rows, present, nulls, values, err);
}

enum bs_status
bs_row_read(struct bs_rows *rows, struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (rows->partial) {
        return read_partial_row(rows, err);
    }
    if (rows->change != BS_ROW_INSERT) {
        status = read_image(rows, rows->present_before, rows->before_count, rows->before, err);
    }
    if (status == BS_OK && rows->change != BS_ROW_DELETE) {
        status = read_image(rows, rows->present_after, rows->after_count, rows->after, err);
    }
    return status;
}
