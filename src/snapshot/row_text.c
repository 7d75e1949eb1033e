#include "snapshot/row_text.h"

#include "sql/bulk.h"
#include "sql/json_text.h"
#include "sql/text.h"

#include <string.h>

/* What follows the backslash; 0: the byte stands for itself. */
static const uint8_t ESCAPES[256] = {
    ['\0'] = '0',
    ['\t'] = 't',
    ['\n'] = 'n',
    ['\\'] = '\\',
};

#define ALL(byte) ((byte) * (UINT64_MAX / 255))

/* Is any of the word's bytes 0? */
static uint64_t
has_zero(uint64_t word) {
    return (word - ALL(0x01)) & ~word & ALL(0x80);
}

/* Is any of the eight bytes one that has an escape? Few are, so most go eight at a time. */
static bool
has_escapes(uint64_t word) {
    return (has_zero(word) | has_zero(word ^ ALL((uint64_t)'\t')) |
            has_zero(word ^ ALL((uint64_t)'\n')) | has_zero(word ^ ALL((uint64_t)'\\'))) != 0;
}

static uint8_t *
put_escaped(uint8_t *to, const char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = (uint8_t)bytes[i];
        if (ESCAPES[byte] == 0) {
            *to++ = byte;
        } else {
            *to++ = '\\';
            *to++ = ESCAPES[byte];
        }
    }
    return to;
}

void
bs_row_put_escaped(struct bs_buf *out, struct bs_str bytes) {
    uint8_t *to = bs_buf_reserve(out, 2 * bytes.len);
    size_t i = 0;
    uint64_t word;
    for (; i + sizeof word <= bytes.len; i += sizeof word) {
        memcpy(&word, bytes.data + i, sizeof word);
        if (has_escapes(word)) {
            to = put_escaped(to, bytes.data + i, sizeof word);
        } else {
            memcpy(to, &word, sizeof word);
            to += sizeof word;
        }
    }
    to = put_escaped(to, bytes.data + i, bytes.len - i);
    out->len = (size_t)(to - out->data);
}

static bool
is_enum_zero(const struct bs_carried *carried, struct bs_str value) {
    return carried->column->type == BS_TYPE_ENUM && value.len == 1 && value.data[0] == '0';
}

uint32_t
bs_row_put_load(struct bs_buf *out, const struct bs_copy *copy, const struct bs_str *fields) {
    uint32_t zeros = 0;
    for (size_t i = 0; i < copy->column_count; i++) {
        if (i > 0) {
            bs_buf_put_u8(out, '\t');
        }
        if (fields[i].data == NULL) {
            bs_buf_put(out, "\\N", 2);
            continue;
        }
        if (copy->columns[i].carry == BS_CARRY_BYTES || copy->columns[i].carry == BS_CARRY_JSON) {
            bs_row_put_escaped(out, fields[i]);
        } else {
            bs_buf_put_str(out, fields[i]);
        }
        zeros += is_enum_zero(&copy->columns[i], fields[i]) ? 1 : 0;
    }
    bs_buf_put_u8(out, '\n');
    return zeros;
}

static void
put_insert_value(struct bs_buf *out, enum bs_carry carry, struct bs_str value) {
    switch (carry) {
    case BS_CARRY_INDEX:
        bs_buf_put_str(out, value);
        return;
    case BS_CARRY_PLAIN:
    case BS_CARRY_ROW_END:
    case BS_CARRY_FLOAT:
        /* Quoted: the number -0 without quotes is the integer 0. */
        bs_buf_put_u8(out, '\'');
        bs_buf_put_str(out, value);
        bs_buf_put_u8(out, '\'');
        return;
    case BS_CARRY_ASCII:
        bs_sql_put_text(out, "latin1", value);
        return;
    case BS_CARRY_JSON:
        bs_json_put_sql(out, value);
        return;
    case BS_CARRY_BYTES:
        bs_sql_put_string(out, value);
        return;
    }
}

uint32_t
bs_row_put_insert(struct bs_buf *out, const struct bs_copy *copy, const struct bs_str *fields) {
    uint32_t zeros = 0;
    bs_buf_put_u8(out, '(');
    for (size_t i = 0; i < copy->column_count; i++) {
        if (i > 0) {
            bs_buf_put_u8(out, ',');
        }
        if (fields[i].data == NULL) {
            bs_buf_put(out, "NULL", 4);
            continue;
        }
        put_insert_value(out, copy->columns[i].carry, fields[i]);
        zeros += is_enum_zero(&copy->columns[i], fields[i]) ? 1 : 0;
    }
    bs_buf_put_u8(out, ')');
    return zeros;
}

uint32_t
bs_row_put_bulk(struct bs_buf *out, struct bs_buf *lengths, const struct bs_copy *copy,
                const struct bs_str *fields) {
    uint32_t zeros = 0;
    size_t size = copy->column_count * sizeof(uint32_t);
    uint8_t *length = bs_buf_reserve(lengths, size);
    for (size_t i = 0; i < copy->column_count; i++) {
        bool is_null = fields[i].data == NULL;
        uint32_t len = is_null ? BS_SQL_BULK_NULL : (uint32_t)fields[i].len;
        memcpy(length + i * sizeof len, &len, sizeof len);
        if (!is_null) {
            bs_buf_put_str(out, fields[i]);
            zeros += is_enum_zero(&copy->columns[i], fields[i]) ? 1 : 0;
        }
    }
    lengths->len += size;
    return zeros;
}

size_t
bs_row_key_len(struct bs_str row, size_t count) {
    size_t values = 0;
    bool quoted = false;
    for (size_t i = 1; i < row.len; i++) {
        char c = row.data[i];
        if (quoted && c == '\\') {
            i++;
        } else if (c == '\'') {
            quoted = !quoted;
        } else if (!quoted && (c == ',' || c == ')') && ++values == count) {
            return i - 1;
        }
    }
    return row.len > 0 ? row.len - 1 : 0;
}
