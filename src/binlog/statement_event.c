#include "binlog/statement_event.h"

#include "base/cursor.h"
#include "binlog/query.h"
#include "binlog/reader.h"

static enum bs_status
finish(bool failed, const struct bs_event *event, struct bs_error *err) {
    return failed ? bs_error_set(err, BS_PROTOCOL, "malformed %s event of %zu bytes",
                                 bs_event_type_name(event->type), event->body.len)
                  : BS_OK;
}

enum bs_status
bs_intvar_parse(struct bs_intvar_event *var, const struct bs_event *event, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    uint8_t name = bs_cursor_read_u8(&c);
    var->name = (enum bs_intvar)name;
    var->value = bs_cursor_read_u64(&c);
    bool known = name == BS_INTVAR_LAST_INSERT_ID || name == BS_INTVAR_INSERT_ID;
    return finish(c.failed || !known, event, err);
}

enum bs_status
bs_rand_parse(struct bs_rand_event *var, const struct bs_event *event, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    var->seed1 = bs_cursor_read_u64(&c);
    var->seed2 = bs_cursor_read_u64(&c);
    return finish(c.failed, event, err);
}

static void
read_decimal(struct bs_user_var *var, struct bs_cursor *v) {
    unsigned precision = bs_cursor_read_u8(v);
    unsigned scale = bs_cursor_read_u8(v);
    if (v->failed || precision == 0 || precision > BS_DECIMAL_PRECISION_MAX || scale > precision ||
        scale > BS_DECIMAL_SCALE_MAX || bs_cursor_left(v) < bs_decimal_size(precision, scale)) {
        v->failed = true;
        return;
    }
    var->value.kind = BS_VALUE_DECIMAL;
    var->value.text =
        (struct bs_str){var->digits, bs_decimal_text(var->digits, v->at, precision, scale)};
    v->failed = var->value.text.len == 0;
}

static void
read_value(struct bs_user_var *var, struct bs_cursor v) {
    uint64_t bits = 0;
    switch (var->type) {
    case BS_USER_VAR_STRING:
        var->value.kind = BS_VALUE_BYTES;
        var->value.text = bs_cursor_read_rest(&v);
        return;
    case BS_USER_VAR_REAL:
        bits = bs_cursor_read_u64(&v);
        var->value.kind = BS_VALUE_DOUBLE;
        memcpy(&var->value.f64, &bits, sizeof bits);
        break;
    case BS_USER_VAR_INT:
        var->value.kind = var->is_unsigned ? BS_VALUE_UINT : BS_VALUE_INT;
        var->value.u64 = bs_cursor_read_u64(&v);
        break;
    case BS_USER_VAR_DECIMAL:
        read_decimal(var, &v);
        break;
    }
    if (v.failed || (var->type != BS_USER_VAR_DECIMAL && bs_cursor_left(&v) > 0)) {
        var->value.kind = BS_VALUE_ABSENT;
    }
}

enum bs_status
bs_user_var_parse(struct bs_user_var *var, const struct bs_event *event, struct bs_error *err) {
    enum { FLAG_UNSIGNED = 1 };
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    *var = (struct bs_user_var){.value = {.kind = BS_VALUE_NULL}};
    size_t name_len = bs_cursor_read_u32(&c);
    var->name = bs_cursor_read_str(&c, name_len);
    var->is_null = bs_cursor_read_u8(&c) != 0;
    if (var->is_null || c.failed) {
        return finish(c.failed, event, err);
    }
    uint8_t type = bs_cursor_read_u8(&c);
    var->type = (enum bs_user_var_type)type;
    var->collation = bs_cursor_read_u32(&c);
    size_t len = bs_cursor_read_u32(&c);
    struct bs_str bytes = bs_cursor_read_str(&c, len);
    var->has_unsigned = !c.failed && bs_cursor_left(&c) > 0;
    var->is_unsigned = var->has_unsigned && (bs_cursor_read_u8(&c) & FLAG_UNSIGNED) != 0;
    if (c.failed || type > BS_USER_VAR_DECIMAL || type == 3) {
        return finish(true, event, err); /* 3 is a row of values, which no variable holds */
    }
    read_value(var, bs_cursor(bytes.data, bytes.len));
    return finish(var->value.kind == BS_VALUE_ABSENT, event, err);
}

enum bs_status
bs_load_block_parse(struct bs_load_block *block, const struct bs_event *event,
                    struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    block->file_id = bs_cursor_read_u32(&c);
    block->bytes = bs_cursor_read_rest(&c);
    return finish(c.failed, event, err);
}

/* QUERY's post-header, this event's own, and then what a QUERY has. */
enum bs_status
bs_load_query_parse(struct bs_load_query *load, const struct bs_event *event,
                    struct bs_error *err) {
    enum { QUERY_HEADER_LEN = 13 };
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    struct bs_cursor head =
        bs_cursor(bs_cursor_take(&c, QUERY_HEADER_LEN), c.failed ? 0 : (size_t)QUERY_HEADER_LEN);
    load->file_id = bs_cursor_read_u32(&c);
    load->name_start = bs_cursor_read_u32(&c);
    load->name_end = bs_cursor_read_u32(&c);
    uint8_t duplicates = bs_cursor_read_u8(&c);
    load->duplicates = (enum bs_load_duplicates)duplicates;
    if (c.failed || duplicates > BS_LOAD_REPLACE) {
        return finish(true, event, err);
    }
    enum bs_status status = bs_statement_read(&load->statement, event, &head, &c, err);
    if (status == BS_OK &&
        (load->name_start > load->name_end || load->name_end > load->statement.sql.len)) {
        return finish(true, event, err);
    }
    return status;
}
