/* The transaction that is being read, until it is whole: only then is it known whether it can be
 * part of a bundle. Part of struct bs_applier; see src/apply/gather.c. */
#ifndef BS_APPLY_GATHER_H
#define BS_APPLY_GATHER_H

#include "apply/target_table.h"
#include "binlog/decoder.h"

#include <stdbool.h>
#include <stddef.h>

/* A rows event, its bytes in the gather's arena. */
struct bs_gathered {
    struct bs_item item;
    struct bs_table_map *map;            /* shared; freed with the gather */
    const struct bs_target_table *table; /* NULL: not selected */
};

struct bs_gather {
    struct bs_gathered *events;
    size_t count, cap;
    struct bs_item begin;
    struct bs_arena arena;
    struct bs_arena scratch; /* for counting rows */
    size_t bytes;            /* of the log */
    size_t max_bytes;        /* a larger transaction is not gathered */
    size_t value_bytes;      /* what the values of its rows take once they are read, where that was
                                counted: see has_room_for in gather.c */
    bool has_ordered, has_folded; /* among its events of tables with foreign keys */
    bool is_open;                 /* a transaction is being read */
    bool is_serial;               /* the open transaction goes to lane 0 */
    bool skips;                   /* the open transaction is applied already */
};

#endif
