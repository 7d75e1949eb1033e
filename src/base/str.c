#include "base/str.h"

#include <strings.h>

bool
bs_str_is_nocase(struct bs_str a, const char *text) {
    return strlen(text) == a.len && (a.len == 0 || strncasecmp(a.data, text, a.len) == 0);
}

bool
bs_str_starts_nocase(struct bs_str a, const char *prefix) {
    size_t len = strlen(prefix);
    return a.len >= len && (len == 0 || strncasecmp(a.data, prefix, len) == 0);
}
