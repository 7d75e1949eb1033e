/* MySQL's binary JSON, opened value by value. Internal to src/binlog. Field guide 5.11.
 *
 *   container   type(1) | count size  key entries  value entries  keys  values
 *                        ^ offsets count from here; entries and offsets are 2 bytes wide in small
 *                          containers and 4 in large ones
 *
 * Every offset comes from the source. It is held against the container that it is in; and since no
 * two values of a document share bytes, what is read in all may not be more than the document is
 * long. So damaged bytes can neither overrun nor loop, nor make a small document a huge one. */
#ifndef BS_BINLOG_JSON_BINARY_H
#define BS_BINLOG_JSON_BINARY_H

#include "base/cursor.h"

enum bs_doc_type {
    BS_DOC_SMALL_OBJECT = 0x00,
    BS_DOC_LARGE_OBJECT = 0x01,
    BS_DOC_SMALL_ARRAY = 0x02,
    BS_DOC_LARGE_ARRAY = 0x03,
    BS_DOC_LITERAL = 0x04,
    BS_DOC_INT16 = 0x05,
    BS_DOC_UINT16 = 0x06,
    BS_DOC_INT32 = 0x07,
    BS_DOC_UINT32 = 0x08,
    BS_DOC_INT64 = 0x09,
    BS_DOC_UINT64 = 0x0A,
    BS_DOC_DOUBLE = 0x0B,
    BS_DOC_STRING = 0x0C,
    BS_DOC_OPAQUE = 0x0F,
};

enum { BS_DOC_NULL = 0, BS_DOC_TRUE = 1, BS_DOC_FALSE = 2 };

/* The server's own limit. */
enum { BS_DOC_DEPTH_MAX = 100 };

/* One value: its type, and the bytes from the one after the type on. */
struct bs_doc {
    uint8_t type;
    struct bs_cursor body;
};

/* How many more bytes of the document may be read. */
struct bs_doc_budget {
    size_t left;
    bool spent;
};

struct bs_doc_container {
    struct bs_cursor base;
    size_t count;
    size_t keys, values, data; /* offsets: where the entries are, and what is behind them */
    bool large, object;
};

/* The document in bytes; a document of no bytes is the literal null, by the server's own rule.
 * Fills the budget. */
struct bs_doc bs_doc_open(struct bs_str bytes, struct bs_doc_budget *budget);

static inline bool
bs_doc_is_container(uint8_t type) {
    return type <= BS_DOC_LARGE_ARRAY;
}

/* False where the bytes cannot be what they say. */
bool bs_doc_enter(const struct bs_doc *doc, struct bs_doc_container *container);
bool bs_doc_member(const struct bs_doc_container *container, size_t i, struct bs_doc_budget *budget,
                   struct bs_str *key, struct bs_doc *value);

/* The bytes of a STRING; those of an OPAQUE and its MySQL type. False as above. */
bool bs_doc_string(const struct bs_doc *doc, struct bs_doc_budget *budget, struct bs_str *text);
bool bs_doc_opaque(const struct bs_doc *doc, struct bs_doc_budget *budget, uint8_t *type,
                   struct bs_str *data);

#endif
