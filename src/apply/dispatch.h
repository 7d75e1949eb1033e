/* Bundles on their way: gathered, waiting, on a lane, committed. Part of struct bs_applier; see
 * src/apply/dispatch.c. */
#ifndef BS_APPLY_DISPATCH_H
#define BS_APPLY_DISPATCH_H

#include "apply/bundle.h"
#include "apply/pool.h"
#include "apply/scheduler.h"
#include "schema/ddl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_dispatch {
    struct bs_scheduler *scheduler; /* NULL: everything goes to lane 0 */
    struct bs_pool *pool;
    struct bs_bundle *open; /* NULL: none is */
    struct {
        struct bs_bundle *bundle;
        size_t bytes;
        unsigned int tries;
        bool one_by_one;
    } closed[BS_SCHEDULER_WINDOW]; /* by number modulo the window */
    uint64_t low;                  /* bundles up to this one are gone */
    size_t waiting;                /* closed, and not with a lane */
    bool chains;                   /* bundles run behind those that they wait for */
    size_t max_transactions;       /* of a bundle */
    size_t max_bytes;
    size_t closed_bytes; /* of all bundles that are closed and not committed */
    size_t max_closed_bytes;
    uint64_t commits;
    /* The table whose rows made the newest bundle wait that had to, "" before there was one. */
    char hot_table[2 * BS_NAME_BYTES_MAX];
};

#endif
