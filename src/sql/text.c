#include "sql/text.h"

#include <string.h>

void
bs_sql_put_ident(struct bs_buf *buf, struct bs_str name) {
    bs_buf_put_u8(buf, '`');
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '`') {
            bs_buf_put_u8(buf, '`');
        }
        bs_buf_put_u8(buf, (uint8_t)name.data[i]);
    }
    bs_buf_put_u8(buf, '`');
}

void
bs_sql_put_table(struct bs_buf *buf, struct bs_str db, struct bs_str table) {
    bs_sql_put_ident(buf, db);
    bs_buf_put_u8(buf, '.');
    bs_sql_put_ident(buf, table);
}

/* What stands behind the backslash for a byte, 0 when it needs none. */
static const uint8_t escapes[256] = {
    ['\0'] = '0',  ['\n'] = 'n',  ['\r'] = 'r', [0x1a] = 'Z',
    ['\\'] = '\\', ['\''] = '\'', ['"'] = '"',
};

void
bs_sql_put_string(struct bs_buf *buf, struct bs_str bytes) {
    /* One reservation for the worst case, as this runs for every value of every row. */
    uint8_t *start = bs_buf_reserve(buf, bytes.len * 2 + 2);
    uint8_t *out = start;
    *out++ = '\'';
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = (uint8_t)bytes.data[i];
        if (escapes[byte] != 0) {
            *out++ = '\\';
            byte = escapes[byte];
        }
        *out++ = byte;
    }
    *out++ = '\'';
    buf->len += (size_t)(out - start);
}

void
bs_sql_put_text(struct bs_buf *buf, const char *charset, struct bs_str bytes) {
    if (charset != NULL && strcmp(charset, "binary") != 0) {
        bs_buf_put_u8(buf, '_');
        bs_buf_puts(buf, charset);
    }
    bs_sql_put_string(buf, bytes);
}
