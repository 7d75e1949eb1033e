/* The table maps of a stream: which table a rows event belongs to. Internal to src/binlog.
 *
 * Servers send the same bytes again before each statement, so a map that was seen is kept beyond it
 * and not parsed again; it counts only while it is announced, which is until the statement ends. */
#ifndef BS_BINLOG_MAPS_H
#define BS_BINLOG_MAPS_H

#include "base/map.h"
#include "binlog/event.h"
#include "binlog/format.h"
#include "binlog/table_map.h"

/* "All maps are done with", without rows; but servers give this number to tables as well, once they
 * have opened so many: where a map has it, it is one. */
#define BS_TABLE_ID_DUMMY ((uint64_t)0xFFFFFF)

/* Zero-initialised memory knows none. */
struct bs_maps {
    struct bs_map by_id; /* table id -> struct known_map */
    uint64_t statement;  /* counts statements */
};

/* A TABLE_MAP event was read; *map, if asked for, is valid until the next learn or forget. */
enum bs_status bs_maps_learn(struct bs_maps *maps, const struct bs_event *event,
                             const struct bs_format *format, const struct bs_table_map **map,
                             struct bs_error *err) BS_MUST_CHECK;

/* The map that was announced for this table in the current statement; NULL: none. */
const struct bs_table_map *bs_maps_find(const struct bs_maps *maps, uint64_t table_id);

/* From here on, what was announced counts no more. */
static inline void
bs_maps_end_statement(struct bs_maps *maps) {
    maps->statement++;
}

/* Frees all; the statement goes on being counted. */
void bs_maps_forget(struct bs_maps *maps);

#endif
