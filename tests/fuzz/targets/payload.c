/* TRANSACTION_PAYLOAD: kind(1) bytes.
 *
 *   kind & 3   0  bytes are the event's body
 *              1  bytes are what the body claims to be compressed: the header is put before them
 *              2  bytes are inner events, not compressed
 *              3  bytes are inner events, compressed here
 *   kind & 4   inner events get the size that they have, so that all of them are read
 *   kind & 8   compressed as several frames, one an event
 *   kind & 16  with zstd's own checksum */
#include "binlog/payload.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "consume.h"
#include "repair.h"

#include <stdlib.h>
#include <zstd.h>

enum { KIND_BODY, KIND_PACKED, KIND_PLAIN, KIND_PACK_HERE };
enum { FLAG_SIZES = 4, FLAG_FRAMES = 8, FLAG_SUM = 16 };
enum { FIELD_END, FIELD_SIZE, FIELD_COMPRESSION, COMPRESSION_ZSTD = 0, COMPRESSION_NONE = 255 };

static void
put_body(struct bs_buf *body, unsigned compression, struct bs_str content) {
    struct bs_buf value = {0};
    bs_buf_put_lenenc(&value, compression);
    bs_buf_put_lenenc(body, FIELD_COMPRESSION);
    bs_buf_put_lenenc_str(body, bs_buf_str(&value));
    bs_buf_clear(&value);
    bs_buf_put_lenenc(&value, content.len);
    bs_buf_put_lenenc(body, FIELD_SIZE);
    bs_buf_put_lenenc_str(body, bs_buf_str(&value));
    bs_buf_put_lenenc(body, FIELD_END);
    bs_buf_put_str(body, content);
    bs_buf_fini(&value);
}

static void
pack_frame(struct bs_buf *out, struct bs_str content, bool summed) {
    ZSTD_CCtx *ctx = ZSTD_createCCtx();
    BS_ASSERT(ctx != NULL);
    (void)ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, summed);
    size_t bound = ZSTD_compressBound(content.len);
    size_t len = ZSTD_compress2(ctx, bs_buf_reserve(out, bound), bound, content.data, content.len);
    BS_ASSERT(!ZSTD_isError(len));
    out->len += len;
    ZSTD_freeCCtx(ctx);
}

/* Makes the sizes of the events that these bytes are cut into true. */
static void
repair_sizes(char *bytes, size_t len) {
    for (size_t at = 0; at < len;) {
        size_t one = event_len((struct bs_str){bytes + at, len - at});
        repair_size((uint8_t *)bytes + at, one);
        at += one;
    }
}

static void
pack(struct bs_buf *out, unsigned kind, struct bs_str events) {
    bool summed = (kind & FLAG_SUM) != 0;
    if ((kind & FLAG_FRAMES) == 0) {
        pack_frame(out, events, summed);
        return;
    }
    for (size_t at = 0; at < events.len;) {
        struct bs_str rest = {events.data + at, events.len - at};
        size_t one = event_len(rest);
        pack_frame(out, (struct bs_str){rest.data, one}, summed);
        at += one;
    }
}

static void
make_body(struct bs_buf *body, unsigned kind, struct bs_str bytes) {
    struct bs_buf packed = {0};
    switch (kind & 3) {
    case KIND_BODY:
        bs_buf_put_str(body, bytes);
        break;
    case KIND_PACKED:
        put_body(body, COMPRESSION_ZSTD, bytes);
        break;
    case KIND_PLAIN:
        put_body(body, COMPRESSION_NONE, bytes);
        break;
    default:
        pack(&packed, kind, bytes);
        put_body(body, COMPRESSION_ZSTD, bs_buf_str(&packed));
        break;
    }
    bs_buf_fini(&packed);
}

/* Returns how many bytes of inner events came out; *whole: to the end, without an error. */
static size_t
read_events(struct bs_str body, bool *whole, struct bs_str expected) {
    struct bs_payload payload = {0};
    struct bs_str raw = {"", 0};
    struct bs_error err;
    size_t total = 0;
    enum bs_status status = bs_payload_open(&payload, body, &err);
    while (status == BS_OK && (status = bs_payload_next(&payload, &raw, &err)) == BS_OK &&
           raw.len > 0) {
        BS_ASSERT(raw.len >= BS_EVENT_HEADER_LEN && event_len(raw) == raw.len);
        BS_ASSERT(expected.data == NULL || (raw.len <= expected.len - total &&
                                            memcmp(raw.data, expected.data + total, raw.len) == 0));
        consume_str(raw);
        total += raw.len;
    }
    *whole = status == BS_OK;
    BS_ASSERT(!*whole || !payload.open);
    bs_payload_fini(&payload);
    return total;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bs_cursor c = bs_cursor(data, size);
    unsigned kind = bs_cursor_read_u8(&c);
    struct bs_str given = bs_cursor_read_rest(&c);
    char *bytes = copy_exactly(given);
    struct bs_buf body = {0};
    bool inner = (kind & 3) >= KIND_PLAIN;
    if (inner && (kind & FLAG_SIZES) != 0) {
        repair_sizes(bytes, given.len);
    }
    struct bs_str content = {bytes, given.len};
    make_body(&body, kind, content);
    char *copy = copy_exactly(bs_buf_str(&body));
    bool whole = false;
    size_t total = read_events((struct bs_str){copy, body.len}, &whole,
                               inner ? content : (struct bs_str){NULL, 0});
    BS_ASSERT(!whole || !inner || total == given.len);
    free(copy);
    bs_buf_fini(&body);
    free(bytes);
    return 0;
}
