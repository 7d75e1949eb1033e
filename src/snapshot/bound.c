#include "snapshot/bound.h"

#include "base/cursor.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_PARTS_MAX = 64 };

void
bs_bound_set(struct bs_bound *bound, const struct bs_str *fields, size_t count) {
    bs_bound_fini(bound);
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += fields[i].len;
    }
    bound->values = bs_alloc(count * sizeof *bound->values + bytes + 1);
    bound->count = count;
    char *at = (char *)(bound->values + count);
    for (size_t i = 0; i < count; i++) {
        memcpy(at, fields[i].data, fields[i].len);
        bound->values[i] = (struct bs_str){at, fields[i].len};
        at += fields[i].len;
    }
}

void
bs_bound_fini(struct bs_bound *bound) {
    free(bound->values);
    memset(bound, 0, sizeof *bound);
}

bool
bs_bound_equal(const struct bs_bound *a, const struct bs_bound *b) {
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (a->values[i].len != b->values[i].len ||
            memcmp(a->values[i].data, b->values[i].data, a->values[i].len) != 0) {
            return false;
        }
    }
    return true;
}

void
bs_bound_encode(const struct bs_bound *bound, struct bs_buf *out) {
    for (size_t i = 0; i < bound->count; i++) {
        bs_buf_put_lenenc_str(out, bound->values[i]);
    }
}

enum bs_status
bs_bound_decode(struct bs_bound *bound, struct bs_str bytes, struct bs_error *err) {
    struct bs_str fields[KEY_PARTS_MAX];
    struct bs_cursor c = bs_cursor(bytes.data, bytes.len);
    size_t count = 0;
    bs_bound_fini(bound);
    while (bs_cursor_left(&c) > 0 && count < KEY_PARTS_MAX && !c.failed) {
        fields[count++] = bs_cursor_read_lenenc_str(&c);
    }
    if (c.failed || bs_cursor_left(&c) > 0) {
        return bs_error_set(err, BS_SCHEMA,
                            "the ledger holds a chunk's bound of %zu bytes that "
                            "cannot be read",
                            bytes.len);
    }
    if (count > 0) {
        bs_bound_set(bound, fields, count);
    }
    return BS_OK;
}
