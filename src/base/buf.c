#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
bs_buf_fini(struct bs_buf *buf) {
    free(buf->data);
    memset(buf, 0, sizeof *buf);
}

void
bs_buf_clear(struct bs_buf *buf) {
    buf->len = 0;
}

uint8_t *
bs_buf_reserve(struct bs_buf *buf, size_t len) {
    BS_ASSERT(len < SIZE_MAX / 4 && buf->len < SIZE_MAX / 4);
    if (buf->len + len > buf->cap || buf->data == NULL) {
        size_t cap = buf->cap == 0 ? 256 : buf->cap;
        while (cap < buf->len + len) {
            cap *= 2;
        }
        buf->data = bs_realloc(buf->data, cap);
        buf->cap = cap;
    }
    return buf->data + buf->len;
}

void
bs_buf_put(struct bs_buf *buf, const void *data, size_t len) {
    if (len > 0) {
        memcpy(bs_buf_reserve(buf, len), data, len);
        buf->len += len;
    }
}

void
bs_buf_put_u8(struct bs_buf *buf, uint8_t value) {
    *bs_buf_reserve(buf, 1) = value;
    buf->len++;
}

void
bs_buf_put_le(struct bs_buf *buf, uint64_t value, size_t n) {
    uint8_t *p = bs_buf_reserve(buf, n);
    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)(value >> (8 * i));
    }
    buf->len += n;
}

void
bs_buf_put_fill(struct bs_buf *buf, uint8_t value, size_t n) {
    if (n > 0) {
        memset(bs_buf_reserve(buf, n), value, n);
        buf->len += n;
    }
}

void
bs_buf_put_lenenc(struct bs_buf *buf, uint64_t value) {
    if (value < 0xFB) {
        bs_buf_put_u8(buf, (uint8_t)value);
    } else if (value <= 0xFFFF) {
        bs_buf_put_u8(buf, 0xFC);
        bs_buf_put_le(buf, value, 2);
    } else if (value <= 0xFFFFFF) {
        bs_buf_put_u8(buf, 0xFD);
        bs_buf_put_le(buf, value, 3);
    } else {
        bs_buf_put_u8(buf, 0xFE);
        bs_buf_put_le(buf, value, 8);
    }
}

void
bs_buf_put_lenenc_str(struct bs_buf *buf, struct bs_str text) {
    bs_buf_put_lenenc(buf, text.len);
    bs_buf_put(buf, text.data, text.len);
}

void
bs_buf_put_str(struct bs_buf *buf, struct bs_str text) {
    bs_buf_put(buf, text.data, text.len);
}

void
bs_buf_puts(struct bs_buf *buf, const char *text) {
    bs_buf_put(buf, text, strlen(text));
}

void
bs_buf_printf(struct bs_buf *buf, const char *fmt, ...) {
    va_list args;
    va_list again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    BS_ASSERT(n >= 0);
    uint8_t *p = bs_buf_reserve(buf, (size_t)n + 1);
    (void)vsnprintf((char *)p, (size_t)n + 1, fmt, again);
    va_end(again);
    buf->len += (size_t)n;
}

void
bs_buf_consume(struct bs_buf *buf, size_t len) {
    BS_ASSERT(len <= buf->len);
    buf->len -= len;
    if (buf->len > 0 && len > 0) {
        memmove(buf->data, buf->data + len, buf->len);
    }
}

const char *
bs_buf_cstr(struct bs_buf *buf) {
    *bs_buf_reserve(buf, 1) = '\0';
    return (const char *)buf->data;
}

struct bs_str
bs_buf_str(const struct bs_buf *buf) {
    return (struct bs_str){buf->data != NULL ? (const char *)buf->data : "", buf->len};
}

char *
bs_buf_take_cstr(struct bs_buf *buf) {
    (void)bs_buf_cstr(buf);
    char *text = (char *)buf->data;
    memset(buf, 0, sizeof *buf);
    return text;
}
