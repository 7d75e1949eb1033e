#include "binlog/json_binary.h"

enum { KEY_LEN_LEN = 2, TYPE_LEN = 1 };

static bool
spend(struct bs_doc_budget *budget, size_t len) {
    budget->spent = budget->spent || len > budget->left;
    budget->left -= budget->spent ? budget->left : len;
    return !budget->spent;
}

struct bs_doc
bs_doc_open(struct bs_str bytes, struct bs_doc_budget *budget) {
    static const uint8_t null_literal[] = {BS_DOC_NULL};
    *budget = (struct bs_doc_budget){bytes.len, false};
    if (bytes.len == 0) {
        return (struct bs_doc){BS_DOC_LITERAL, bs_cursor(null_literal, sizeof null_literal)};
    }
    struct bs_cursor c = bs_cursor(bytes.data, bytes.len);
    uint8_t type = bs_cursor_read_u8(&c);
    return (struct bs_doc){type, c};
}

bool
bs_doc_enter(const struct bs_doc *doc, struct bs_doc_container *container) {
    bool large = doc->type == BS_DOC_LARGE_OBJECT || doc->type == BS_DOC_LARGE_ARRAY;
    bool object = doc->type == BS_DOC_SMALL_OBJECT || doc->type == BS_DOC_LARGE_OBJECT;
    size_t wide = large ? 4 : 2;
    struct bs_cursor c = doc->body;
    size_t count = bs_cursor_read_le(&c, wide);
    size_t size = bs_cursor_read_le(&c, wide);
    size_t keys = 2 * wide;
    size_t values = keys + (object ? count * (wide + KEY_LEN_LEN) : 0);
    size_t data = values + count * (wide + TYPE_LEN);
    if (c.failed || size > bs_cursor_left(&doc->body) || data > size) {
        return false;
    }
    *container = (struct bs_doc_container){doc->body, count, keys, values, data, large, object};
    container->base.end = container->base.at + size;
    return true;
}

/* Small values sit in the entry itself; which ones depends on how wide the entry is. */
static bool
is_inline(uint8_t type, bool large) {
    return type == BS_DOC_LITERAL || type == BS_DOC_INT16 || type == BS_DOC_UINT16 ||
           (large && (type == BS_DOC_INT32 || type == BS_DOC_UINT32));
}

/* Where an offset leads: behind the entries, or nowhere. */
static struct bs_cursor
follow(const struct bs_doc_container *container, size_t offset) {
    struct bs_cursor c = container->base;
    bs_cursor_skip(&c, offset);
    c.failed = c.failed || offset < container->data;
    return c;
}

static bool
read_key(const struct bs_doc_container *container, size_t i, struct bs_doc_budget *budget,
         struct bs_str *key) {
    size_t wide = container->large ? 4 : 2;
    struct bs_cursor entry = container->base;
    bs_cursor_skip(&entry, container->keys + i * (wide + KEY_LEN_LEN));
    size_t offset = bs_cursor_read_le(&entry, wide);
    size_t len = bs_cursor_read_u16(&entry);
    struct bs_cursor c = follow(container, offset);
    *key = bs_cursor_read_str(&c, len);
    return !entry.failed && !c.failed && spend(budget, len);
}

bool
bs_doc_member(const struct bs_doc_container *container, size_t i, struct bs_doc_budget *budget,
              struct bs_str *key, struct bs_doc *value) {
    size_t wide = container->large ? 4 : 2;
    if (container->object && !read_key(container, i, budget, key)) {
        return false;
    }
    struct bs_cursor entry = container->base;
    bs_cursor_skip(&entry, container->values + i * (wide + TYPE_LEN));
    value->type = bs_cursor_read_u8(&entry);
    value->body = entry;
    if (!is_inline(value->type, container->large)) {
        value->body = follow(container, bs_cursor_read_le(&entry, wide));
    }
    return !entry.failed && !value->body.failed && spend(budget, TYPE_LEN + wide);
}

/* A length, seven bits to a byte, the low ones first. */
static size_t
read_varlen(struct bs_cursor *c) {
    enum { BYTES_MAX = 5 };
    size_t len = 0;
    for (unsigned i = 0; i < BYTES_MAX; i++) {
        uint8_t byte = bs_cursor_read_u8(c);
        len |= (size_t)(byte & 0x7F) << (7 * i);
        if ((byte & 0x80) == 0) {
            return len;
        }
    }
    c->failed = true;
    return 0;
}

bool
bs_doc_string(const struct bs_doc *doc, struct bs_doc_budget *budget, struct bs_str *text) {
    struct bs_cursor c = doc->body;
    size_t len = read_varlen(&c);
    *text = bs_cursor_read_str(&c, len);
    return !c.failed && spend(budget, len);
}

bool
bs_doc_opaque(const struct bs_doc *doc, struct bs_doc_budget *budget, uint8_t *type,
              struct bs_str *data) {
    struct bs_cursor c = doc->body;
    *type = bs_cursor_read_u8(&c);
    size_t len = read_varlen(&c);
    *data = bs_cursor_read_str(&c, len);
    return !c.failed && spend(budget, len);
}
