/* TABLE_MAP events, of both flavours: bs_table_map_parse, what the map alone makes of its columns,
 * and what a guessed model does. */
#include "base/mem.h"
#include "binlog/format.h"
#include "binlog/reader.h"
#include "binlog/rows.h"
#include "consume.h"
#include "guess.h"

#include <stdlib.h>

static void
check_plan(const struct bs_column_plan *plan, size_t count) {
    for (size_t i = 0; i < count; i++) {
        BS_ASSERT(plan[i].read != NULL);
    }
}

static void
check_metadata(const struct bs_table_map *map) {
    for (size_t i = 0; i < map->column_count; i++) {
        consume_str(map->columns[i].name);
        for (size_t k = 0; k < map->columns[i].label_count; k++) {
            consume_str(map->columns[i].labels[k]);
        }
    }
    for (size_t i = 0; i < map->primary_key_count; i++) {
        BS_ASSERT(map->primary_key[i].column < map->column_count);
    }
}

static void
check_map(const struct bs_table_map *map) {
    BS_ASSERT(map->column_count > 0 && map->column_count <= BS_TABLE_COLUMNS_MAX);
    BS_ASSERT(map->db.data[map->db.len] == '\0' && map->table.data[map->table.len] == '\0');
    consume_str(map->db);
    consume_str(map->table);
    struct bs_table *table = guess_table(map);
    struct bs_column_plan *plan = bs_alloc(map->column_count * sizeof *plan);
    if (bs_plan_columns(plan, map, table, NULL) == BS_OK) {
        check_plan(plan, map->column_count);
    }
    if (bs_plan_from_map(plan, map, NULL) == BS_OK) {
        check_plan(plan, map->column_count);
    }
    check_metadata(map);
    free(plan);
    guess_free(table);
}

static void
read_map(const uint8_t *data, size_t size, bool is_mariadb) {
    struct bs_format format = {
        .is_mariadb = is_mariadb, .version = 101100, .post_header_len = {[BS_EVENT_TABLE_MAP] = 8}};
    char *copy = copy_exactly((struct bs_str){(const char *)data, size});
    struct bs_event event = {.type = BS_EVENT_TABLE_MAP, .body = {copy, size}};
    struct bs_table_map *map = NULL;
    struct bs_error err;
    if (bs_table_map_parse(&event, &format, &map, &err) == BS_OK) {
        struct bs_table_map *shared = bs_table_map_share(map);
        bs_table_map_free(map);
        check_map(shared);
        bs_table_map_free(shared);
    }
    free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    read_map(data, size, false);
    read_map(data, size, true);
    return 0;
}
