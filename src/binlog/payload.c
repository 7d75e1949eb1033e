#include "binlog/payload.h"

#include "base/cursor.h"

#include <zstd.h>

enum payload_field { FIELD_END, FIELD_SIZE, FIELD_COMPRESSION, FIELD_UNCOMPRESSED_SIZE };
enum { COMPRESSION_ZSTD = 0, COMPRESSION_NONE = 255, SIZE_OFFSET = 9 };

/* An inner event grows in steps as it is read, so that a size that lies costs no memory. */
enum { READ_STEP = 1 << 20 };

static enum bs_status
malformed(struct bs_error *err, const char *what) {
    return bs_error_set(err, BS_PROTOCOL, "malformed TRANSACTION_PAYLOAD event: %s", what);
}

struct fields {
    uint64_t compression, size, uncompressed_size; /* UINT64_MAX: not said */
};

/* Type, length, value, each a length-encoded integer, the value inside the length it has. */
static bool
read_fields(struct bs_cursor *c, struct fields *fields) {
    for (;;) {
        uint64_t type = bs_cursor_read_lenenc(c);
        if (c->failed || type == FIELD_END) {
            return !c->failed;
        }
        struct bs_str value = bs_cursor_read_lenenc_str(c);
        struct bs_cursor v = bs_cursor(value.data, value.len);
        if (type == FIELD_COMPRESSION) {
            fields->compression = bs_cursor_read_lenenc(&v);
        } else if (type == FIELD_SIZE) {
            fields->size = bs_cursor_read_lenenc(&v);
        } else if (type == FIELD_UNCOMPRESSED_SIZE) {
            fields->uncompressed_size = bs_cursor_read_lenenc(&v);
        }
        c->failed = c->failed || v.failed;
    }
}

enum bs_status
bs_payload_header_parse(struct bs_payload_header *header, struct bs_str body,
                        struct bs_error *err) {
    struct bs_cursor c = bs_cursor(body.data, body.len);
    struct fields fields = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
    if (!read_fields(&c, &fields) || fields.size != bs_cursor_left(&c)) {
        return malformed(err, "its header");
    }
    if (fields.compression != COMPRESSION_ZSTD && fields.compression != COMPRESSION_NONE) {
        return bs_error_set(err, BS_PROTOCOL, "TRANSACTION_PAYLOAD of unknown compression %llu",
                            (unsigned long long)fields.compression);
    }
    header->is_plain = fields.compression == COMPRESSION_NONE;
    header->has_uncompressed_size = fields.uncompressed_size != UINT64_MAX;
    header->uncompressed_size = fields.uncompressed_size;
    header->data = bs_cursor_read_rest(&c);
    return BS_OK;
}

enum bs_status
bs_payload_open(struct bs_payload *payload, struct bs_str body, struct bs_error *err) {
    struct bs_payload_header header;
    enum bs_status status = bs_payload_header_parse(&header, body, err);
    if (status != BS_OK) {
        return status;
    }
    if (payload->zstd == NULL) {
        payload->zstd = ZSTD_createDCtx();
        BS_ASSERT(payload->zstd != NULL);
    }
    ZSTD_DCtx_reset(payload->zstd, ZSTD_reset_session_only);
    payload->open = true;
    payload->plain = header.is_plain;
    payload->frame_ended = false;
    payload->input = header.data;
    return BS_OK;
}

/* Reads up to len bytes into to; fewer only at the end of the stream. */
static enum bs_status
read_some(struct bs_payload *payload, uint8_t *to, size_t len, size_t *got, struct bs_error *err) {
    if (payload->plain) {
        *got = len < payload->input.len ? len : payload->input.len;
        memcpy(to, payload->input.data, *got);
        payload->input = (struct bs_str){payload->input.data + *got, payload->input.len - *got};
        return BS_OK;
    }
    ZSTD_outBuffer out = {to, len, 0};
    while (out.pos < len && !(payload->frame_ended && payload->input.len == 0)) {
        ZSTD_inBuffer in = {payload->input.data, payload->input.len, 0};
        size_t before = out.pos;
        size_t left = ZSTD_decompressStream(payload->zstd, &out, &in);
        if (ZSTD_isError(left)) {
            return malformed(err, ZSTD_getErrorName(left));
        }
        payload->input = (struct bs_str){payload->input.data + in.pos, payload->input.len - in.pos};
        payload->frame_ended = left == 0;
        if (out.pos == before && in.pos == 0) {
            break; /* nothing left to read, nothing left to give */
        }
    }
    *got = out.pos;
    return BS_OK;
}

static enum bs_status
read_exactly(struct bs_payload *payload, size_t len, struct bs_error *err) {
    while (len > 0) {
        size_t step = len < READ_STEP ? len : READ_STEP;
        size_t got = 0;
        enum bs_status status =
            read_some(payload, bs_buf_reserve(&payload->event, step), step, &got, err);
        if (status != BS_OK) {
            return status;
        }
        if (got < step) {
            return malformed(err, "an event in it is cut short");
        }
        payload->event.len += step;
        len -= step;
    }
    return BS_OK;
}

static enum bs_status
finish(struct bs_payload *payload, struct bs_error *err) {
    payload->open = false;
    if (payload->input.len > 0 || (!payload->plain && !payload->frame_ended)) {
        return malformed(err, "it is cut short");
    }
    return BS_OK;
}

enum bs_status
bs_payload_next(struct bs_payload *payload, struct bs_str *raw, struct bs_error *err) {
    *raw = (struct bs_str){"", 0};
    bs_buf_clear(&payload->event);
    uint8_t *header = bs_buf_reserve(&payload->event, BS_EVENT_HEADER_LEN);
    size_t got = 0;
    enum bs_status status = read_some(payload, header, BS_EVENT_HEADER_LEN, &got, err);
    if (status != BS_OK) {
        return status;
    }
    if (got == 0) {
        return finish(payload, err);
    }
    struct bs_cursor c = bs_cursor(header, got);
    bs_cursor_skip(&c, SIZE_OFFSET);
    uint32_t size = bs_cursor_read_u32(&c);
    if (got < BS_EVENT_HEADER_LEN || size < BS_EVENT_HEADER_LEN || size > BS_EVENT_LEN_MAX) {
        return malformed(err, "the header of an event in it");
    }
    payload->event.len = BS_EVENT_HEADER_LEN;
    status = read_exactly(payload, size - BS_EVENT_HEADER_LEN, err);
    if (status == BS_OK) {
        *raw = bs_buf_str(&payload->event);
    }
    return status;
}

void
bs_payload_fini(struct bs_payload *payload) {
    ZSTD_freeDCtx(payload->zstd);
    bs_buf_fini(&payload->event);
    *payload = (struct bs_payload){0};
}
