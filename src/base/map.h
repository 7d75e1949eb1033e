/* A hash map from byte-string keys to pointers, open addressing, keys copied. It never owns the
 * values. Zero-initialised memory is an empty map. Owned by one thread at a time. */
#ifndef BS_BASE_MAP_H
#define BS_BASE_MAP_H

#include "base/str.h"

#include <stdint.h>

struct bs_map_slot {
    char *key; /* NULL: free; len counts */
    size_t key_len;
    uint64_t hash;
    void *value; /* NULL with a key: removed */
};

struct bs_map {
    struct bs_map_slot *slots;
    size_t cap;   /* 0 or a power of two */
    size_t used;  /* slots with a key, removed ones included */
    size_t count; /* live entries */
};

void *bs_map_get(const struct bs_map *map, struct bs_str key); /* NULL: not there */
void *bs_map_put(struct bs_map *map, struct bs_str key,
                 void *value);                              /* value != NULL; returns the old one */
void *bs_map_remove(struct bs_map *map, struct bs_str key); /* returns what was there */
void bs_map_fini(struct bs_map *map);

/* Walks all entries: start with *at = 0; false at the end. No changes while walking. */
bool bs_map_next(const struct bs_map *map, size_t *at, struct bs_str *key, void **value);

uint64_t bs_hash(const void *data, size_t len); /* FNV-1a with a final mix; not for hostile keys */

#endif
