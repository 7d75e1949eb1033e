/* Heap memory that is never NULL: running out of it stops the process with a message, which is safe
 * at any moment (promise P1) and keeps every caller straight. Sizes that come from outside are
 * checked against a named limit before they get here. */
#ifndef BS_BASE_MEM_H
#define BS_BASE_MEM_H

#include <stddef.h>

void *bs_alloc(size_t len) __attribute__((malloc));
void *bs_zalloc(size_t len) __attribute__((malloc));
void *bs_realloc(void *old, size_t len);
char *bs_strdup(const char *text);
char *bs_strndup(const char *text, size_t len); /* adds a NUL; text may hold any byte */
char *bs_asprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Makes room in a growing array: doubles *items (of item_size bytes each) when *cap is reached. */
void bs_array_grow(void **items, size_t *cap, size_t count, size_t item_size);

#endif
