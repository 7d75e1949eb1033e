/* Numbers, strings, blobs: field guide 5.1, 5.2, 5.7 to 5.10. */
#include "binlog/reader.h"

#include "binlog/inflate.h"

#include <libdeflate.h>

#define UNUSED(x) ((void)(x))

void
bs_read_i8(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(plan);
    value->kind = BS_VALUE_INT;
    value->i64 = (int8_t)bs_cursor_read_u8(&rows->cursor);
}

void
bs_read_u8(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(plan);
    value->kind = BS_VALUE_UINT;
    value->u64 = bs_cursor_read_u8(&rows->cursor);
}

void
bs_read_i16(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(plan);
    value->kind = BS_VALUE_INT;
    value->i64 = (int16_t)bs_cursor_read_u16(&rows->cursor);
}

void
bs_read_u16(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(plan);
    value->kind = BS_VALUE_UINT;
    value->u64 = bs_cursor_read_u16(&rows->cursor);
}

void
bs_read_i24(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(plan);
    uint32_t v = bs_cursor_read_u24(&rows->cursor);
    value->kind = BS_VALUE_INT;
    value->i64 = (v & 0x800000) != 0 ? (int64_t)v - 0x1000000 : (int64_t)v;
}

void
bs_read_u24(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(plan);
    value->kind = BS_VALUE_UINT;
    value->u64 = bs_cursor_read_u24(&rows->cursor);
}

void
bs_read_i32(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(plan);
    value->kind = BS_VALUE_INT;
    value->i64 = (int32_t)bs_cursor_read_u32(&rows->cursor);
}

void
bs_read_u32(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(plan);
    value->kind = BS_VALUE_UINT;
    value->u64 = bs_cursor_read_u32(&rows->cursor);
}

void
bs_read_i64(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(plan);
    value->kind = BS_VALUE_INT;
    value->i64 = (int64_t)bs_cursor_read_u64(&rows->cursor);
}

void
bs_read_u64(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(plan);
    value->kind = BS_VALUE_UINT;
    value->u64 = bs_cursor_read_u64(&rows->cursor);
}

void
bs_read_float(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(plan);
    uint32_t bits = bs_cursor_read_u32(&rows->cursor);
    value->kind = BS_VALUE_FLOAT;
    memcpy(&value->f32, &bits, sizeof bits);
}

void
bs_read_double(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(plan);
    uint64_t bits = bs_cursor_read_u64(&rows->cursor);
    value->kind = BS_VALUE_DOUBLE;
    memcpy(&value->f64, &bits, sizeof bits);
}

/* A column of type NULL takes no bytes. */
void
bs_read_nothing(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(rows);
    UNUSED(plan);
    value->kind = BS_VALUE_NULL;
}

void
bs_read_year(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    UNUSED(plan);
    uint8_t year = bs_cursor_read_u8(&rows->cursor);
    value->kind = BS_VALUE_UINT;
    value->u64 = year == 0 ? 0 : 1900u + year;
}

void
bs_read_bit(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    value->kind = BS_VALUE_UINT;
    value->u64 = bs_cursor_read_be(&rows->cursor, plan->len);
    if (plan->bits < 64 && value->u64 >> plan->bits != 0) {
        rows->bad = "more bits than the column has";
    }
}

/* ENUM and SET. */
void
bs_read_number(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    value->kind = BS_VALUE_UINT;
    value->u64 = bs_cursor_read_le(&rows->cursor, plan->len);
}

void
bs_read_string(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    size_t len = bs_cursor_read_le(&rows->cursor, plan->prefix);
    value->kind = BS_VALUE_BYTES;
    value->text = bs_cursor_read_str(&rows->cursor, len);
    if (len > plan->len && plan->len != 0) {
        rows->bad = "a value longer than the column";
    }
}

/* BINARY(n), UUID, INET: trailing zero bytes were cut off. */
void
bs_read_padded(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    bs_read_string(rows, plan, value);
    size_t len = value->text.len;
    if (len >= plan->len) {
        return;
    }
    char *padded = bs_arena_alloc(rows->arena, plan->len);
    memcpy(padded, value->text.data, len);
    memset(padded + len, 0, plan->len - len);
    value->text = (struct bs_str){padded, plan->len};
}

/* MariaDB's COMPRESSED attribute. */
void
bs_read_compressed(struct bs_rows *rows, const struct bs_column_plan *plan,
                   struct bs_value *value) {
    bs_read_string(rows, plan, value);
    if (rows->inflater == NULL) {
        rows->inflater = libdeflate_alloc_decompressor();
        BS_ASSERT(rows->inflater != NULL);
    }
    if (!bs_inflate_value(rows->inflater, rows->arena, value->text, &value->text)) {
        rows->bad = "a compressed value that cannot be decompressed";
    }
}
