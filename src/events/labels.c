/* "enum('a','b''c','d\\e')": servers double quotes, and escape backslashes, line breaks and zero
 * bytes, whatever the sql_mode is (seen on MySQL 5.6 and 9.7, MariaDB 10.5 and 11.8). */
#include "events/labels.h"

#include "base/buf.h"

#include <string.h>

static char
unescaped(char c) {
    switch (c) {
    case '0':
        return '\0';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    default:
        return c;
    }
}

/* p is behind the first quote; returns what is behind the last, NULL if there is none. */
static const char *
read_label(const char *p, struct bs_buf *label) {
    for (; *p != '\0'; p++) {
        if (*p == '\'' && *++p != '\'') {
            return p;
        }
        if (*p == '\\' && p[1] != '\0') {
            bs_buf_put_u8(label, (uint8_t)unescaped(*++p));
        } else {
            bs_buf_put_u8(label, (uint8_t)*p);
        }
    }
    return NULL;
}

/* Catalogues are in utf8mb3: what does not fit into it is a question mark there. */
static bool
may_have_lost_letters(const struct bs_column *column) {
    static const char *const wide[] = {"utf8mb4", "utf16", "utf16le", "utf32", "gb18030"};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        if (strcmp(column->charset, wide[i]) == 0) {
            return strchr(column->type_text, '?') != NULL;
        }
    }
    return false;
}

size_t
bs_events_labels(const struct bs_column *column, struct bs_arena *arena,
                 const struct bs_str **labels) {
    struct bs_buf list = {0};
    struct bs_buf label = {0};
    bool is_text = column->type_text != NULL && column->charset != NULL &&
                   strcmp(column->charset, "binary") != 0;
    const char *p = is_text && !may_have_lost_letters(column) ? column->type_text : "";
    while (p != NULL && (p = strchr(p, '\'')) != NULL) {
        bs_buf_clear(&label);
        p = read_label(p + 1, &label);
        struct bs_str kept = {bs_arena_copy(arena, label.data, label.len), label.len};
        bs_buf_put(&list, &kept, sizeof kept);
    }
    size_t count = list.len / sizeof(struct bs_str);
    if (count > 0) {
        struct bs_str *copy = bs_arena_alloc(arena, list.len);
        memcpy(copy, list.data, list.len);
        *labels = copy;
    }
    bs_buf_fini(&list);
    bs_buf_fini(&label);
    return count;
}
