/* A view of bytes that somebody else owns: text or not, NULs allowed, no NUL at the end. */
#ifndef BS_BASE_STR_H
#define BS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bs_str {
    const char *data; /* NULL only where a header says that it means SQL NULL */
    size_t len;
};

static inline struct bs_str
bs_str(const char *text) {
    return (struct bs_str){text, strlen(text)};
}

static inline bool
bs_str_equal(struct bs_str a, struct bs_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool
bs_str_is(struct bs_str a, const char *text) {
    return bs_str_equal(a, bs_str(text));
}

/* ASCII letters alike. */
bool bs_str_is_nocase(struct bs_str a, const char *text);
bool bs_str_starts_nocase(struct bs_str a, const char *prefix);

#endif
