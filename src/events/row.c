#include "events/row.h"

#include "binlog/json_diff.h"
#include "binlog/mariadb_text.h"

static void
put_quoted(struct bs_buf *out, struct bs_str text) {
    uint8_t *to = bs_buf_reserve(out, text.len + 2);
    to[0] = '"';
    memcpy(to + 1, text.data, text.len);
    to[text.len + 1] = '"';
    out->len += text.len + 2;
}

static void
put_enum(struct bs_buf *out, const struct bs_events_column *column, uint64_t number) {
    if (number == 0 || number > column->label_count) {
        bs_events_put_u64(out, number);
    } else {
        bs_events_put_text(out, column->labels[number - 1], column->text);
    }
}

static void
put_set(struct bs_buf *out, const struct bs_events_column *column, uint64_t mask) {
    enum { MEMBERS_MAX = 64 };
    if (column->labels == NULL ||
        (column->label_count < MEMBERS_MAX && mask >> column->label_count != 0)) {
        bs_events_put_u64(out, mask);
        return;
    }
    const char *comma = "";
    BS_EVENTS_PUT(out, "[");
    for (size_t i = 0; i < column->label_count && i < MEMBERS_MAX; i++) {
        if ((mask >> i & 1) != 0) {
            bs_buf_puts(out, comma);
            bs_events_put_text(out, column->labels[i], column->text);
            comma = ",";
        }
    }
    BS_EVENTS_PUT(out, "]");
}

static void
put_vector(struct bs_buf *out, struct bs_str bytes) {
    if (bytes.len % sizeof(float) != 0) {
        bs_events_put_hex(out, bytes);
        return;
    }
    BS_EVENTS_PUT(out, "[");
    for (size_t i = 0; i < bytes.len; i += sizeof(float)) {
        float v;
        memcpy(&v, bytes.data + i, sizeof v);
        bs_buf_puts(out, i > 0 ? "," : "");
        bs_events_put_float(out, v);
    }
    BS_EVENTS_PUT(out, "]");
}

static void
put_mariadb_text(struct bs_buf *out, struct bs_str bytes, size_t want,
                 size_t (*print)(char *, const unsigned char *)) {
    char text[BS_MARIADB_TEXT_MAX];
    if (bytes.len != want) {
        bs_events_put_hex(out, bytes);
        return;
    }
    put_quoted(out, (struct bs_str){text, print(text, (const unsigned char *)bytes.data)});
}

static void
put_bytes(struct bs_buf *out, const struct bs_events_column *column, struct bs_str bytes) {
    switch (column->show) {
    case BS_EVENTS_SHOW_TEXT:
        bs_events_put_text(out, bytes, column->text);
        break;
    case BS_EVENTS_SHOW_VECTOR:
        put_vector(out, bytes);
        break;
    case BS_EVENTS_SHOW_UUID:
        put_mariadb_text(out, bytes, 16, bs_mariadb_uuid_text);
        break;
    case BS_EVENTS_SHOW_INET4:
        put_mariadb_text(out, bytes, 4, bs_mariadb_inet4_text);
        break;
    case BS_EVENTS_SHOW_INET6:
        put_mariadb_text(out, bytes, 16, bs_mariadb_inet6_text);
        break;
    case BS_EVENTS_SHOW_PLAIN:
    case BS_EVENTS_SHOW_HEX:
    case BS_EVENTS_SHOW_ENUM:
    case BS_EVENTS_SHOW_SET:
        bs_events_put_hex(out, bytes);
        break;
    }
}

/* The changes were held against their format when the row was read. */
static void
put_diffs(struct bs_buf *out, struct bs_str bytes, struct bs_arena *arena) {
    static const char *const ops[] = {"replace", "insert", "remove"};
    struct bs_cursor c = bs_cursor(bytes.data, bytes.len);
    struct bs_json_diff diff;
    const char *comma = "";
    BS_EVENTS_PUT(out, "{\"diff\":[");
    while (bs_json_diff_next(&c, &diff)) {
        struct bs_str value;
        bs_buf_printf(out, "%s{\"op\":\"%s\"", comma, ops[diff.op]);
        bs_events_member_text(out, "path", diff.path);
        if (diff.op != BS_JSON_REMOVE) {
            if (bs_json_diff_value_text(&diff, arena, &value)) {
                bs_events_member_text(out, "value", value);
            } else {
                bs_events_member_hex(out, "value", diff.value);
            }
        }
        BS_EVENTS_PUT(out, "}");
        comma = ",";
    }
    BS_EVENTS_PUT(out, "]}");
}

static void
put_value(struct bs_buf *out, const struct bs_events_column *column, const struct bs_value *value,
          struct bs_arena *arena) {
    switch (value->kind) {
    case BS_VALUE_ABSENT:
    case BS_VALUE_NULL:
        BS_EVENTS_PUT(out, "null");
        break;
    case BS_VALUE_INT:
        bs_events_put_i64(out, value->i64);
        break;
    case BS_VALUE_UINT:
        if (column->show == BS_EVENTS_SHOW_ENUM) {
            put_enum(out, column, value->u64);
        } else if (column->show == BS_EVENTS_SHOW_SET) {
            put_set(out, column, value->u64);
        } else {
            bs_events_put_u64(out, value->u64);
        }
        break;
    case BS_VALUE_FLOAT:
        bs_events_put_float(out, value->f32);
        break;
    case BS_VALUE_DOUBLE:
        bs_events_put_double(out, value->f64);
        break;
    case BS_VALUE_DECIMAL:
    case BS_VALUE_TEMPORAL:
        put_quoted(out, value->text);
        break;
    case BS_VALUE_BYTES:
        put_bytes(out, column, value->text);
        break;
    case BS_VALUE_JSON:
        bs_events_put_text(out, value->text, BS_EVENTS_UTF8);
        break;
    case BS_VALUE_JSON_DIFF:
        put_diffs(out, value->text, arena);
        break;
    }
}

void
bs_events_put_image(struct bs_buf *out, const struct bs_events_table *table,
                    const struct bs_value *values, struct bs_arena *arena) {
    BS_EVENTS_PUT(out, "{");
    bool first = true;
    for (size_t i = 0; i < table->map->column_count; i++) {
        const struct bs_events_column *column = &table->columns[i];
        if (values[i].kind == BS_VALUE_ABSENT) {
            continue;
        }
        if (!first) {
            BS_EVENTS_PUT(out, ",");
        }
        first = false;
        bs_events_put(out, column->key.data, column->key.len);
        put_value(out, column, &values[i], arena);
    }
    BS_EVENTS_PUT(out, "}");
}
