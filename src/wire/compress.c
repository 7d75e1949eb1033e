/* Happy path: header, then frame bytes through the decompressor until the announced content is out
 * and the decompressor has seen its end, then the next header. Failures: a frame out of order, a
 * decompressor that errs, that ends before or goes on after the announced length, or a frame with
 * bytes left over. Rejected: inflating whole
 * frames at once, which needs memory for two lengths that were only announced. */
#include "wire/compress.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

struct piece {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len;
    size_t in_used;
    size_t out_made;
    bool ended;
};

struct bs_compress_method {
    const char *name;
    void *(*open)(void);
    bool (*restart)(void *stream); /* before each frame */
    bool (*step)(void *stream, struct piece *piece);
    void (*close)(void *stream);
    /* Returns the compressed length, 0 if it would not be shorter than len. */
    size_t (*pack)(uint8_t *out, size_t cap, const uint8_t *in, size_t len);
    size_t (*bound)(size_t len);
};

static void *
zlib_open(void) {
    z_stream *z = bs_zalloc(sizeof *z);
    BS_ASSERT(inflateInit(z) == Z_OK);
    return z;
}

static bool
zlib_restart(void *stream) {
    return inflateReset(stream) == Z_OK;
}

static bool
zlib_step(void *stream, struct piece *piece) {
    z_stream *z = stream;
    z->next_in = (Bytef *)(uintptr_t)piece->in;
    z->avail_in = (uInt)piece->in_len;
    z->next_out = piece->out;
    z->avail_out = (uInt)piece->out_len;
    int rc = inflate(z, Z_SYNC_FLUSH);
    piece->in_used = piece->in_len - z->avail_in;
    piece->out_made = piece->out_len - z->avail_out;
    piece->ended = rc == Z_STREAM_END;
    return rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR;
}

static void
zlib_close(void *stream) {
    (void)inflateEnd(stream);
    free(stream);
}

static size_t
zlib_pack(uint8_t *out, size_t cap, const uint8_t *in, size_t len) {
    uLongf made = (uLongf)cap;
    int rc = compress2(out, &made, in, (uLong)len, Z_DEFAULT_COMPRESSION);
    return rc == Z_OK && made < len ? (size_t)made : 0;
}

static size_t
zlib_bound(size_t len) {
    return compressBound((uLong)len);
}

static void *
zstd_open(void) {
    ZSTD_DStream *z = ZSTD_createDStream();
    BS_ASSERT(z != NULL);
    return z;
}

static bool
zstd_restart(void *stream) {
    return !ZSTD_isError(ZSTD_initDStream(stream));
}

static bool
zstd_step(void *stream, struct piece *piece) {
    ZSTD_inBuffer in = {piece->in, piece->in_len, 0};
    ZSTD_outBuffer out = {piece->out, piece->out_len, 0};
    size_t rc = ZSTD_decompressStream(stream, &out, &in);
    piece->in_used = in.pos;
    piece->out_made = out.pos;
    piece->ended = rc == 0;
    return !ZSTD_isError(rc);
}

static void
zstd_close(void *stream) {
    (void)ZSTD_freeDStream(stream);
}

static size_t
zstd_pack(uint8_t *out, size_t cap, const uint8_t *in, size_t len) {
    size_t made = ZSTD_compress(out, cap, in, len, BS_COMPRESS_ZSTD_LEVEL);
    return !ZSTD_isError(made) && made < len ? made : 0;
}

static size_t
zstd_bound(size_t len) {
    return ZSTD_compressBound(len);
}

static const struct bs_compress_method METHODS[] = {
    [BS_COMPRESS_ZLIB] = {"zlib", zlib_open, zlib_restart, zlib_step, zlib_close, zlib_pack,
                          zlib_bound},
    [BS_COMPRESS_ZSTD] = {"zstd", zstd_open, zstd_restart, zstd_step, zstd_close, zstd_pack,
                          zstd_bound},
};

void
bs_compress_reader_init(struct bs_compress_reader *reader, enum bs_compress method) {
    BS_ASSERT(method == BS_COMPRESS_ZLIB || method == BS_COMPRESS_ZSTD);
    memset(reader, 0, sizeof *reader);
    reader->method = &METHODS[method];
}

void
bs_compress_reader_fini(struct bs_compress_reader *reader) {
    if (reader->stream != NULL) {
        reader->method->close(reader->stream);
    }
    memset(reader, 0, sizeof *reader);
}

void
bs_compress_reader_expect(struct bs_compress_reader *reader, uint8_t seq) {
    reader->seq = seq;
}

static enum bs_status
start_frame(struct bs_compress_reader *reader, struct bs_error *err) {
    struct bs_cursor header = bs_cursor(reader->header, BS_COMPRESS_HEADER_LEN);
    reader->in_left = bs_cursor_read_u24(&header);
    uint8_t seq = bs_cursor_read_u8(&header);
    reader->out_left = bs_cursor_read_u24(&header);
    reader->raw = reader->out_left == 0;
    reader->ended = reader->raw;
    if (seq != reader->seq) {
        return bs_error_set(err, BS_PROTOCOL,
                            "the server sent compressed frame number %u where %u was due", seq,
                            reader->seq);
    }
    reader->seq = (uint8_t)(seq + 1);
    if (reader->raw) {
        reader->out_left = reader->in_left;
        return BS_OK;
    }
    if (reader->stream == NULL) {
        reader->stream = reader->method->open();
    }
    return reader->method->restart(reader->stream)
               ? BS_OK
               : bs_error_set(err, BS_PROTOCOL, "cannot restart %s", reader->method->name);
}

static void
copy_raw(struct bs_compress_reader *reader, struct bs_cursor *in, struct bs_buf *out,
         size_t out_max) {
    size_t n = bs_cursor_left(in);
    n = n < reader->in_left ? n : reader->in_left;
    n = n < out_max ? n : out_max;
    if (n > 0) {
        bs_buf_put(out, bs_cursor_take(in, n), n);
        reader->in_left -= (uint32_t)n;
        reader->out_left -= (uint32_t)n;
    }
}

static enum bs_status
broken_frame(const struct bs_compress_reader *reader, struct bs_error *err) {
    return bs_error_set(err, BS_PROTOCOL, "the server sent a broken %s frame",
                        reader->method->name);
}

static enum bs_status
unpack(struct bs_compress_reader *reader, struct bs_cursor *in, struct bs_buf *out, size_t out_max,
       struct bs_error *err) {
    /* One byte more than announced must not come; asking for it also lets the decompressor see the
     * end of its own trailer once all content is out. */
    uint8_t excess;
    struct piece piece = {.in = in->at};
    piece.in_len = bs_cursor_left(in) < reader->in_left ? bs_cursor_left(in) : reader->in_left;
    piece.out_len = reader->out_left < out_max ? reader->out_left : out_max;
    bool trailer = piece.out_len == 0;
    piece.out = trailer ? &excess : bs_buf_reserve(out, piece.out_len);
    piece.out_len = trailer ? 1 : piece.out_len;
    if (reader->ended || !reader->method->step(reader->stream, &piece) ||
        (trailer && piece.out_made > 0)) {
        return broken_frame(reader, err);
    }
    bs_cursor_skip(in, piece.in_used);
    reader->in_left -= (uint32_t)piece.in_used;
    reader->out_left -= trailer ? 0 : (uint32_t)piece.out_made;
    reader->ended = piece.ended;
    out->len += trailer ? 0 : piece.out_made;
    bool stuck = piece.in_used == 0 && piece.out_made == 0 && !piece.ended;
    if ((stuck && (piece.in_len > 0 || reader->in_left == 0)) ||
        (reader->ended && reader->in_left + reader->out_left > 0)) {
        return broken_frame(reader, err);
    }
    return BS_OK;
}

static bool
is_over(const struct bs_compress_reader *reader) {
    return reader->header_len == BS_COMPRESS_HEADER_LEN && reader->in_left == 0 &&
           reader->out_left == 0 && reader->ended;
}

/* Something can be done without waiting for the network. */
static bool
can_go_on(const struct bs_compress_reader *reader, const struct bs_cursor *in) {
    if (bs_cursor_left(in) > 0) {
        return true;
    }
    return reader->header_len == BS_COMPRESS_HEADER_LEN && !reader->raw && reader->in_left == 0;
}

enum bs_status
bs_compress_read(struct bs_compress_reader *reader, struct bs_cursor *in, struct bs_buf *out,
                 size_t out_max, bool *more, struct bs_error *err) {
    size_t end = out->len + out_max;
    while (out->len < end && can_go_on(reader, in)) {
        if (reader->header_len < BS_COMPRESS_HEADER_LEN) {
            reader->header[reader->header_len++] = bs_cursor_read_u8(in);
            if (reader->header_len == BS_COMPRESS_HEADER_LEN) {
                enum bs_status status = start_frame(reader, err);
                if (status != BS_OK) {
                    return status;
                }
            }
        } else if (reader->raw) {
            copy_raw(reader, in, out, end - out->len);
        } else {
            enum bs_status status = unpack(reader, in, out, end - out->len, err);
            if (status != BS_OK) {
                return status;
            }
        }
        if (is_over(reader)) {
            reader->header_len = 0;
        }
    }
    *more = can_go_on(reader, in);
    return BS_OK;
}

void
bs_compress_write(struct bs_buf *out, enum bs_compress method, uint8_t *seq, const void *data,
                  size_t len) {
    const struct bs_compress_method *m = &METHODS[method];
    const uint8_t *at = data;
    while (len > 0) {
        size_t n = len < BS_COMPRESS_FRAME_MAX ? len : BS_COMPRESS_FRAME_MAX;
        size_t start = out->len;
        size_t cap = m->bound(n);
        (void)bs_buf_reserve(out, BS_COMPRESS_HEADER_LEN + cap);
        uint8_t *body = out->data + start + BS_COMPRESS_HEADER_LEN;
        size_t packed = n < BS_COMPRESS_WORTH_IT ? 0 : m->pack(body, cap, at, n);
        bs_buf_put_le(out, packed > 0 ? packed : n, 3);
        bs_buf_put_u8(out, (*seq)++);
        bs_buf_put_le(out, packed > 0 ? n : 0, 3);
        if (packed > 0) {
            out->len += packed;
        } else {
            bs_buf_put(out, at, n);
        }
        at += n;
        len -= n;
    }
}
