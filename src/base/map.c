#include "base/map.h"

#include "base/error.h"
#include "base/mem.h"

#include <stdlib.h>

uint64_t
bs_hash(const void *data, size_t len) {
    const uint8_t *p = data;
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++) {
        h = (h ^ p[i]) * 0x100000001b3u;
    }
    h ^= h >> 32;
    h *= 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

/* The slot that holds key, or the first free one of its probe sequence. */
static struct bs_map_slot *
slot_of(const struct bs_map *map, struct bs_str key, uint64_t hash) {
    size_t i = (size_t)hash & (map->cap - 1);
    for (;; i = (i + 1) & (map->cap - 1)) {
        struct bs_map_slot *slot = &map->slots[i];
        if (slot->key == NULL ||
            (slot->hash == hash && bs_str_equal((struct bs_str){slot->key, slot->key_len}, key))) {
            return slot;
        }
    }
}

static void
grow(struct bs_map *map) {
    struct bs_map bigger = {.cap = 64};
    while (bigger.cap < map->count * 4) {
        bigger.cap *= 2;
    }
    bigger.slots = bs_zalloc(bigger.cap * sizeof *bigger.slots);
    for (size_t i = 0; i < map->cap; i++) {
        struct bs_map_slot *old = &map->slots[i];
        if (old->key == NULL || old->value == NULL) {
            free(old->key);
            continue;
        }
        *slot_of(&bigger, (struct bs_str){old->key, old->key_len}, old->hash) = *old;
        bigger.used++;
        bigger.count++;
    }
    free(map->slots);
    *map = bigger;
}

void *
bs_map_get(const struct bs_map *map, struct bs_str key) {
    if (map->cap == 0) {
        return NULL;
    }
    return slot_of(map, key, bs_hash(key.data, key.len))->value;
}

void *
bs_map_put(struct bs_map *map, struct bs_str key, void *value) {
    BS_ASSERT(value != NULL);
    if (map->used * 2 >= map->cap) {
        grow(map);
    }
    uint64_t hash = bs_hash(key.data, key.len);
    struct bs_map_slot *slot = slot_of(map, key, hash);
    void *old = slot->value;
    if (slot->key == NULL) {
        slot->key = bs_strndup(key.data, key.len);
        slot->key_len = key.len;
        slot->hash = hash;
        map->used++;
    }
    map->count += old == NULL;
    slot->value = value;
    return old;
}

void *
bs_map_remove(struct bs_map *map, struct bs_str key) {
    if (map->cap == 0) {
        return NULL;
    }
    struct bs_map_slot *slot = slot_of(map, key, bs_hash(key.data, key.len));
    void *old = slot->value;
    slot->value = NULL;
    map->count -= old != NULL;
    return old;
}

void
bs_map_fini(struct bs_map *map) {
    for (size_t i = 0; i < map->cap; i++) {
        free(map->slots[i].key);
    }
    free(map->slots);
    *map = (struct bs_map){0};
}

bool
bs_map_next(const struct bs_map *map, size_t *at, struct bs_str *key, void **value) {
    for (; *at < map->cap; (*at)++) {
        struct bs_map_slot *slot = &map->slots[*at];
        if (slot->key != NULL && slot->value != NULL) {
            *key = (struct bs_str){slot->key, slot->key_len};
            *value = slot->value;
            (*at)++;
            return true;
        }
    }
    return false;
}
