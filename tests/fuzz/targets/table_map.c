/* TABLE_MAP events: bs_table_map_parse, and what a guessed model makes of the map. */
#include "base/mem.h"
#include "binlog/reader.h"
#include "binlog/rows.h"
#include "consume.h"
#include "guess.h"

#include <stdlib.h>

enum { POST_HEADER_LEN = 8 };

static void
check_map(const struct bs_table_map *map) {
    BS_ASSERT(map->column_count > 0 && map->column_count <= BS_TABLE_COLUMNS_MAX);
    BS_ASSERT(map->db.data[map->db.len] == '\0' && map->table.data[map->table.len] == '\0');
    consume_str(map->db);
    consume_str(map->table);
    struct bs_table *table = guess_table(map);
    struct bs_column_plan *plan = bs_alloc(map->column_count * sizeof *plan);
    if (bs_plan_columns(plan, map, table, NULL) == BS_OK) {
        for (size_t i = 0; i < map->column_count; i++) {
            BS_ASSERT(plan[i].read != NULL);
        }
    }
    free(plan);
    guess_free(table);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *copy = copy_exactly((struct bs_str){(const char *)data, size});
    struct bs_event event = {.type = BS_EVENT_TABLE_MAP, .body = {copy, size}};
    struct bs_table_map *map = NULL;
    struct bs_error err;
    if (bs_table_map_parse(&event, POST_HEADER_LEN, &map, &err) == BS_OK) {
        struct bs_table_map *shared = bs_table_map_share(map);
        bs_table_map_free(map);
        check_map(shared);
        bs_table_map_free(shared);
    }
    free(copy);
    return 0;
}
