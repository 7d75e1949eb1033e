#include "text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXCERPT_BEFORE = 20, EXCERPT_LEN = 60 };

void *
judge_realloc(void *old, size_t size) {
    void *data = realloc(old, size == 0 ? 1 : size);
    if (data == NULL) {
        fputs("judge: out of memory\n", stderr);
        exit(1);
    }
    return data;
}

void *
judge_alloc(size_t size) {
    void *data = judge_realloc(NULL, size);
    memset(data, 0, size);
    return data;
}

char *
judge_copy(const char *data, size_t len) {
    char *copy = judge_realloc(NULL, len + 1);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    copy[len] = '\0';
    return copy;
}

void *
judge_grow(void *items, size_t count, size_t *cap, size_t item_size) {
    if (count < *cap) {
        return items;
    }
    *cap = *cap < 8 ? 8 : *cap * 2;
    return judge_realloc(items, *cap * item_size);
}

void
judge_text_fini(struct judge_text *text) {
    free(text->data);
    memset(text, 0, sizeof *text);
}

void
judge_text_clear(struct judge_text *text) {
    text->len = 0;
    if (text->data != NULL) {
        text->data[0] = '\0';
    }
}

char *
judge_text_reserve(struct judge_text *text, size_t len) {
    size_t need = text->len + len + 1;
    if (need > text->cap) {
        size_t cap = text->cap < 64 ? 64 : text->cap * 2;
        text->cap = cap < need ? need : cap;
        text->data = judge_realloc(text->data, text->cap);
    }
    return text->data + text->len;
}

void
judge_text_add(struct judge_text *text, const void *data, size_t len) {
    char *to = judge_text_reserve(text, len);
    if (len > 0) {
        memcpy(to, data, len);
    }
    text->len += len;
    text->data[text->len] = '\0';
}

void
judge_text_puts(struct judge_text *text, const char *str) {
    judge_text_add(text, str, strlen(str));
}

void
judge_text_printf(struct judge_text *text, const char *format, ...) {
    va_list args;
    va_list again;
    if (format == NULL) { /* never; but gcc's sanitizer build warns without it */
        return;
    }
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len > 0) {
        char *to = judge_text_reserve(text, (size_t)len);
        vsnprintf(to, (size_t)len + 1, format, again);
        text->len += (size_t)len;
    }
    va_end(again);
}

char *
judge_text_take(struct judge_text *text) {
    judge_text_reserve(text, 0);
    text->data[text->len] = '\0';
    char *data = text->data;
    memset(text, 0, sizeof *text);
    return data;
}

void
judge_text_add_name(struct judge_text *text, const char *name) {
    judge_text_puts(text, "`");
    for (const char *c = name; *c != '\0'; c++) {
        judge_text_add(text, "``", *c == '`' ? 2 : 0);
        judge_text_add(text, c, *c == '`' ? 0 : 1);
    }
    judge_text_puts(text, "`");
}

void
judge_text_add_path(struct judge_text *text, const char *db, const char *name) {
    judge_text_add_name(text, db);
    if (name != NULL) {
        judge_text_puts(text, ".");
        judge_text_add_name(text, name);
    }
}

void
judge_text_add_literal(struct judge_text *text, const char *value) {
    judge_text_puts(text, "'");
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\'' || *c == '\\') {
            judge_text_puts(text, "\\");
        }
        judge_text_add(text, c, 1);
    }
    judge_text_puts(text, "'");
}

size_t
judge_utf8_len(const char *data, size_t len) {
    const unsigned char *c = (const unsigned char *)data;
    if (len == 0) {
        return 0;
    }
    if (c[0] < 0x80) {
        return 1;
    }
    size_t need = c[0] >= 0xf0 && c[0] < 0xf5 ? 4 : c[0] >= 0xe0 && c[0] < 0xf0 ? 3 : 2;
    if (c[0] < 0xc2 || c[0] >= 0xf5 || len < need) {
        return 0;
    }
    for (size_t i = 1; i < need; i++) {
        if ((c[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return need;
}

static bool
judge_is_printable(const char *data, size_t len) {
    for (size_t pos = 0; pos < len;) {
        size_t step = judge_utf8_len(data + pos, len - pos);
        bool is_blank = data[pos] == '\n' || data[pos] == '\t';
        if (step == 0 || (iscntrl((unsigned char)data[pos]) && !is_blank)) {
            return false;
        }
        pos += step;
    }
    return true;
}

static void
judge_text_add_quoted(struct judge_text *text, const char *data, size_t len) {
    judge_text_puts(text, "'");
    for (size_t i = 0; i < len; i++) {
        switch (data[i]) {
        case '\'':
            judge_text_puts(text, "\\'");
            break;
        case '\\':
            judge_text_puts(text, "\\\\");
            break;
        case '\n':
            judge_text_puts(text, "\\n");
            break;
        case '\t':
            judge_text_puts(text, "\\t");
            break;
        default:
            judge_text_add(text, data + i, 1);
        }
    }
    judge_text_puts(text, "'");
}

void
judge_text_add_excerpt(struct judge_text *text, const char *data, size_t len, size_t at) {
    size_t from = len <= EXCERPT_LEN || at <= EXCERPT_BEFORE ? 0 : at - EXCERPT_BEFORE;
    while (from > 0 && from < len && ((unsigned char)data[from] & 0xc0) == 0x80) {
        from--;
    }
    size_t to = len - from > EXCERPT_LEN ? from + EXCERPT_LEN : len;
    while (to < len && to > from + EXCERPT_BEFORE && ((unsigned char)data[to] & 0xc0) == 0x80) {
        to--;
    }
    judge_text_puts(text, from > 0 ? "..." : "");
    if (judge_is_printable(data + from, to - from)) {
        judge_text_add_quoted(text, data + from, to - from);
    } else {
        judge_text_puts(text, "0x");
        for (size_t i = from; i < to; i++) {
            judge_text_printf(text, "%02x", (unsigned char)data[i]);
        }
    }
    judge_text_puts(text, to < len ? "..." : "");
    if (from > 0 || to < len) {
        judge_text_printf(text, "(%zu bytes)", len);
    }
}

void
judge_text_add_json(struct judge_text *text, const char *data, size_t len) {
    for (size_t pos = 0; pos < len;) {
        size_t step = judge_utf8_len(data + pos, len - pos);
        unsigned char c = (unsigned char)data[pos];
        if (step == 0) {
            judge_text_puts(text, "\\ufffd");
            step = 1;
        } else if (c < 0x20 || c == '"' || c == '\\') {
            judge_text_printf(text, "\\u%04x", c);
        } else {
            judge_text_add(text, data + pos, step);
        }
        pos += step;
    }
}

size_t
judge_first_difference(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t shorter = a_len < b_len ? a_len : b_len;
    size_t pos = 0;
    while (pos < shorter && a[pos] == b[pos]) {
        pos++;
    }
    return pos;
}
