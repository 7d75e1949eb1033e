#include "base/mem.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
checked(void *ptr) {
    if (ptr == NULL) {
        bs_panic(__FILE__, __LINE__, "out of memory");
    }
    return ptr;
}

void *
bs_alloc(size_t len) {
    return checked(malloc(len > 0 ? len : 1));
}

void *
bs_zalloc(size_t len) {
    return checked(calloc(1, len > 0 ? len : 1));
}

void *
bs_realloc(void *old, size_t len) {
    return checked(realloc(old, len > 0 ? len : 1));
}

char *
bs_strdup(const char *text) {
    return bs_strndup(text, strlen(text));
}

char *
bs_strndup(const char *text, size_t len) {
    char *copy = bs_alloc(len + 1);
    if (len > 0) {
        memcpy(copy, text, len);
    }
    copy[len] = '\0';
    return copy;
}

char *
bs_asprintf(const char *fmt, ...) {
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    return checked(n < 0 ? NULL : text);
}

void
bs_array_grow(void **items, size_t *cap, size_t count, size_t item_size) {
    if (count < *cap) {
        return;
    }
    *cap = *cap == 0 ? 8 : *cap * 2;
    *items = bs_realloc(*items, *cap * item_size);
}
