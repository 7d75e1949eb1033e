/* The optional metadata at the end of a TABLE_MAP event. Internal to src/binlog. */
#ifndef BS_BINLOG_MAP_METADATA_H
#define BS_BINLOG_MAP_METADATA_H

#include "base/cursor.h"
#include "binlog/table_map.h"

/* Reads all that is left of the event into the map, whose types are known. Sets c->failed where the
 * bytes do not add up; a kind that is not known is passed over by its length. */
void bs_map_read_metadata(struct bs_table_map *map, bool is_mariadb, struct bs_cursor *c);

#endif
