/* A growing byte builder: the writer's side of base/cursor.h. Zero-initialised memory is an empty
 * buffer. Owned by one thread at a time; bs_buf_fini frees it. */
#ifndef BS_BASE_BUF_H
#define BS_BASE_BUF_H

#include "base/error.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

struct bs_buf {
    uint8_t *data;
    size_t len;
    size_t cap;
};

void bs_buf_fini(struct bs_buf *buf);
void bs_buf_clear(struct bs_buf *buf); /* keeps the memory */

/* Room for len more bytes; returns where they go, which is never NULL. The caller adds to buf->len
 * what it wrote. */
uint8_t *bs_buf_reserve(struct bs_buf *buf, size_t len);

void bs_buf_put(struct bs_buf *buf, const void *data, size_t len);
void bs_buf_put_u8(struct bs_buf *buf, uint8_t value);
void bs_buf_put_le(struct bs_buf *buf, uint64_t value, size_t n);
void bs_buf_put_fill(struct bs_buf *buf, uint8_t value, size_t n);
void bs_buf_put_lenenc(struct bs_buf *buf, uint64_t value);
void bs_buf_put_lenenc_str(struct bs_buf *buf, struct bs_str text);
void bs_buf_put_str(struct bs_buf *buf, struct bs_str text);
void bs_buf_puts(struct bs_buf *buf, const char *text); /* without the NUL */
void bs_buf_printf(struct bs_buf *buf, const char *fmt, ...) BS_PRINTF(2, 3);

/* Drops the first len bytes. */
void bs_buf_consume(struct bs_buf *buf, size_t len);

/* The content as a C string, valid until the next call on buf. */
const char *bs_buf_cstr(struct bs_buf *buf);
struct bs_str bs_buf_str(const struct bs_buf *buf);

/* Hands the content over as a NUL-terminated heap string and empties buf. */
char *bs_buf_take_cstr(struct bs_buf *buf);

#endif
