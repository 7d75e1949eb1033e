#include "guess.h"

#include "base/mem.h"
#include "binlog/wire_type.h"

#include <stdlib.h>

static enum bs_type
type_of_wire(uint8_t wire) {
    static const uint8_t types[256] = {
        [BS_WIRE_TINY] = BS_TYPE_TINYINT,
        [BS_WIRE_SHORT] = BS_TYPE_SMALLINT,
        [BS_WIRE_INT24] = BS_TYPE_MEDIUMINT,
        [BS_WIRE_LONG] = BS_TYPE_INT,
        [BS_WIRE_LONGLONG] = BS_TYPE_BIGINT,
        [BS_WIRE_FLOAT] = BS_TYPE_FLOAT,
        [BS_WIRE_DOUBLE] = BS_TYPE_DOUBLE,
        [BS_WIRE_NEWDECIMAL] = BS_TYPE_DECIMAL,
        [BS_WIRE_YEAR] = BS_TYPE_YEAR,
        [BS_WIRE_DATE] = BS_TYPE_DATE,
        [BS_WIRE_TIMESTAMP] = BS_TYPE_TIMESTAMP,
        [BS_WIRE_TIME] = BS_TYPE_TIME,
        [BS_WIRE_DATETIME] = BS_TYPE_DATETIME,
        [BS_WIRE_TIMESTAMP2] = BS_TYPE_TIMESTAMP,
        [BS_WIRE_TIME2] = BS_TYPE_TIME,
        [BS_WIRE_DATETIME2] = BS_TYPE_DATETIME,
        [BS_WIRE_BIT] = BS_TYPE_BIT,
        [BS_WIRE_VARCHAR] = BS_TYPE_VARCHAR,
        [BS_WIRE_VAR_STRING] = BS_TYPE_VARCHAR,
        [BS_WIRE_VARCHAR_COMPRESSED] = BS_TYPE_VARCHAR,
        [BS_WIRE_STRING] = BS_TYPE_CHAR,
        [BS_WIRE_ENUM] = BS_TYPE_ENUM,
        [BS_WIRE_SET] = BS_TYPE_SET,
        [BS_WIRE_BLOB] = BS_TYPE_BLOB,
        [BS_WIRE_BLOB_COMPRESSED] = BS_TYPE_BLOB,
        [BS_WIRE_JSON] = BS_TYPE_JSON,
        [BS_WIRE_VECTOR] = BS_TYPE_VECTOR,
        [BS_WIRE_GEOMETRY] = BS_TYPE_GEOMETRY,
    };
    return types[wire];
}

struct bs_table *
guess_table(const struct bs_table_map *map) {
    struct bs_table *table = bs_zalloc(sizeof *table);
    table->db = bs_strdup(map->db.data);
    table->name = bs_strdup(map->table.data);
    table->column_count = map->column_count;
    table->columns = bs_zalloc(map->column_count * sizeof *table->columns);
    for (size_t i = 0; i < map->column_count; i++) {
        const struct bs_map_column *wire = &map->columns[i];
        struct bs_column *c = &table->columns[i];
        c->type = type_of_wire(wire->type);
        c->is_unsigned = bs_table_map_has(map, BS_MAP_SIGNEDNESS) && wire->is_unsigned;
        c->length =
            c->type == BS_TYPE_BIT ? (wire->meta & 0xFF) + 8u * (wire->meta >> 8) : wire->meta;
        c->precision = (uint8_t)wire->meta;
        c->scale = (uint8_t)(wire->meta >> 8);
        c->fsp = wire->type >= BS_WIRE_TIMESTAMP2 && wire->type <= BS_WIRE_TIME2
                     ? (uint8_t)wire->meta
                     : 0;
    }
    return table;
}

void
guess_free(struct bs_table *table) {
    for (size_t i = 0; i < table->column_count; i++) {
        free(table->columns[i].name);
        free(table->columns[i].type_text);
    }
    free(table->columns);
    free(table->db);
    free(table->name);
    free(table);
}
