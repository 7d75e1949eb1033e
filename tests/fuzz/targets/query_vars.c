/* QUERY and QUERY_COMPRESSED events: kind(1) body.
 *
 *   kind & 1   QUERY_COMPRESSED
 *   kind & 2   and its text is compressed here
 *   kind & 4   the lengths in the post-header are cut to what is there
 *   kind & 8   bytes are the block of status variables alone: the rest is put around it */
#include "binlog/query.h"

#include "base/cursor.h"
#include "consume.h"

#include <stdlib.h>
#include <zlib.h>

enum { POST_HEADER_LEN = 13, DB_LEN_OFFSET = 8, VARS_LEN_OFFSET = 11 };
enum { KIND_COMPRESSED = 1, KIND_PACK_HERE = 2, KIND_LENGTHS = 4, KIND_VARS = 8 };

static void
put_packed(struct bs_buf *out, struct bs_str text) {
    uLongf len = compressBound((uLong)text.len);
    uint8_t head[] = {0x84, (uint8_t)(text.len >> 24), (uint8_t)(text.len >> 16),
                      (uint8_t)(text.len >> 8), (uint8_t)text.len};
    bs_buf_put(out, head, sizeof head);
    BS_ASSERT(compress(bs_buf_reserve(out, len), &len, (const Bytef *)text.data, (uLong)text.len) ==
              Z_OK);
    out->len += len;
}

static void
put_vars(struct bs_buf *out, struct bs_str vars) {
    vars.len = vars.len > UINT16_MAX ? UINT16_MAX : vars.len;
    bs_buf_put_fill(out, 0, VARS_LEN_OFFSET);
    bs_buf_put_le(out, vars.len, 2);
    bs_buf_put_str(out, vars);
    bs_buf_put_u8(out, 0);
}

/* Cuts db_len and vars_len, and puts the NUL between database and text. */
static size_t
repair_lengths(uint8_t *body, size_t len) {
    if (len <= POST_HEADER_LEN) {
        return len;
    }
    size_t room = len - POST_HEADER_LEN - 1;
    size_t db_len = body[DB_LEN_OFFSET] % (room + 1);
    size_t vars_len =
        (body[VARS_LEN_OFFSET] | (size_t)body[VARS_LEN_OFFSET + 1] << 8) % (room - db_len + 1);
    body[DB_LEN_OFFSET] = (uint8_t)db_len;
    body[VARS_LEN_OFFSET] = (uint8_t)vars_len;
    body[VARS_LEN_OFFSET + 1] = (uint8_t)(vars_len >> 8);
    size_t text_at = POST_HEADER_LEN + vars_len + db_len + 1;
    body[text_at - 1] = 0;
    return text_at;
}

static void
make_body(struct bs_buf *body, unsigned kind, struct bs_str given) {
    if ((kind & KIND_VARS) != 0) {
        put_vars(body, given);
        if ((kind & KIND_COMPRESSED) != 0) {
            put_packed(body, bs_str("BEGIN"));
        }
        return;
    }
    bs_buf_put_str(body, given);
    size_t text_at = (kind & KIND_LENGTHS) != 0 ? repair_lengths(body->data, body->len) : body->len;
    if ((kind & KIND_COMPRESSED) != 0 && (kind & KIND_PACK_HERE) != 0 && text_at < body->len) {
        struct bs_str text = {(const char *)given.data + text_at, given.len - text_at};
        body->len = text_at;
        put_packed(body, text);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bs_cursor c = bs_cursor(data, size);
    unsigned kind = bs_cursor_read_u8(&c);
    struct bs_buf body = {0};
    struct bs_buf inflated = {0};
    struct bs_statement statement;
    struct bs_error err;
    make_body(&body, kind, bs_cursor_read_rest(&c));
    char *copy = copy_exactly(bs_buf_str(&body));
    struct bs_event event = {
        .type = (kind & KIND_COMPRESSED) != 0 ? BS_EVENT_MARIADB_QUERY_COMPRESSED : BS_EVENT_QUERY,
        .body = {copy, body.len}};
    if (bs_statement_parse(&statement, &event, &inflated, &err) == BS_OK) {
        consume_statement(&statement);
        (void)bs_query_kind(statement.sql);
    }
    free(copy);
    bs_buf_fini(&inflated);
    bs_buf_fini(&body);
    return 0;
}
