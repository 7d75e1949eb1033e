#include "binlog/maps.h"

#include "base/cursor.h"
#include "base/mem.h"

#include <stdlib.h>

struct known_map {
    struct bs_table_map *map;
    struct bs_str bytes; /* the event's body, heap-owned */
    uint64_t announced;  /* the statement it was last sent for */
};

static struct bs_str
map_key(const uint64_t *table_id) {
    return (struct bs_str){(const char *)table_id, sizeof *table_id};
}

static void
known_free(struct known_map *known) {
    bs_table_map_free(known->map);
    free((char *)(uintptr_t)known->bytes.data);
    free(known);
}

void
bs_maps_forget(struct bs_maps *maps) {
    size_t at = 0;
    struct bs_str key;
    void *known = NULL;
    while (bs_map_next(&maps->by_id, &at, &key, &known)) {
        known_free(known);
    }
    bs_map_fini(&maps->by_id);
}

/* A new map, or another table under a number that was used before. */
static enum bs_status
parse(struct bs_maps *maps, const struct bs_event *event, const struct bs_format *format,
      struct known_map **out, struct bs_error *err) {
    struct bs_table_map *map = NULL;
    enum bs_status status = bs_table_map_parse(event, format, &map, err);
    if (status != BS_OK) {
        return status;
    }
    struct known_map *known = bs_alloc(sizeof *known);
    known->map = map;
    known->bytes = (struct bs_str){bs_strndup(event->body.data, event->body.len), event->body.len};
    struct known_map *old = bs_map_put(&maps->by_id, map_key(&map->table_id), known);
    if (old != NULL) {
        known_free(old);
    }
    *out = known;
    return BS_OK;
}

enum bs_status
bs_maps_learn(struct bs_maps *maps, const struct bs_event *event, const struct bs_format *format,
              const struct bs_table_map **map, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    uint64_t table_id = bs_cursor_read_u48(&c);
    struct known_map *known = bs_map_get(&maps->by_id, map_key(&table_id));
    if (known == NULL || !bs_str_equal(known->bytes, event->body)) {
        enum bs_status status = parse(maps, event, format, &known, err);
        if (status != BS_OK) {
            return status;
        }
    }
    known->announced = maps->statement;
    if (map != NULL) {
        *map = known->map;
    }
    return BS_OK;
}

const struct bs_table_map *
bs_maps_find(const struct bs_maps *maps, uint64_t table_id) {
    const struct known_map *known = bs_map_get(&maps->by_id, map_key(&table_id));
    return known != NULL && known->announced == maps->statement ? known->map : NULL;
}
