#include "schema/create_text.h"

#include <string.h>

size_t
bs_create_skip_quoted(struct bs_str text, size_t at) {
    char quote = text.data[at++];
    for (; at < text.len; at++) {
        if (text.data[at] == '\\' && quote == '\'') {
            at++;
        } else if (text.data[at] == quote) {
            if (at + 1 >= text.len || text.data[at + 1] != quote) {
                return at + 1;
            }
            at++;
        }
    }
    return text.len;
}

/* Behind "varchar(40)", "enum('a)','b')", "longtext". */
static size_t
skip_type(struct bs_str text, size_t at) {
    while (at < text.len && strchr(" (,\n", text.data[at]) == NULL) {
        at++;
    }
    if (at >= text.len || text.data[at] != '(') {
        return at;
    }
    while (at < text.len && text.data[at] != ')') {
        at = text.data[at] == '\'' ? bs_create_skip_quoted(text, at) : at + 1;
    }
    return at < text.len ? at + 1 : at;
}

static bool
has_prefix(struct bs_str text, size_t at, const char *prefix) {
    size_t len = strlen(prefix);
    return text.len - at >= len && memcmp(text.data + at, prefix, len) == 0;
}

/* The index behind " COLLATE name", or at itself. */
static size_t
skip_collate(struct bs_str text, size_t at) {
    static const char COLLATE[] = " COLLATE ";
    if (!has_prefix(text, at, COLLATE)) {
        return at;
    }
    at += sizeof COLLATE - 1;
    while (at < text.len && strchr(" ,\n", text.data[at]) == NULL) {
        at++;
    }
    return at;
}

void
bs_create_text_put(struct bs_buf *out, struct bs_str create) {
    size_t copied = 0;
    for (size_t i = 0; i < create.len;) {
        if (has_prefix(create, i, "\n  `")) {
            size_t type = bs_create_skip_quoted(create, i + 3);
            type += type < create.len && create.data[type] == ' ' ? 1 : 0;
            size_t end = skip_type(create, type);
            size_t behind = skip_collate(create, end);
            bs_buf_put(out, create.data + copied, end - copied);
            copied = behind;
            i = behind;
        } else if (create.data[i] == '\'' || create.data[i] == '`') {
            i = bs_create_skip_quoted(create, i);
        } else {
            i++;
        }
    }
    bs_buf_put(out, create.data + copied, create.len - copied);
}

void
bs_create_put_definition(struct bs_buf *out, struct bs_str create) {
    static const char COUNTER[] = " AUTO_INCREMENT=";
    size_t copied = 0;
    for (size_t i = 0; i < create.len;) {
        if (has_prefix(create, i, COUNTER)) {
            bs_buf_put(out, create.data + copied, i - copied);
            i += sizeof COUNTER - 1;
            while (i < create.len && create.data[i] >= '0' && create.data[i] <= '9') {
                i++;
            }
            copied = i;
        } else if (create.data[i] == '\'' || create.data[i] == '`') {
            i = bs_create_skip_quoted(create, i);
        } else {
            i++;
        }
    }
    bs_buf_put(out, create.data + copied, create.len - copied);
}
