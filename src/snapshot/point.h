/* The point: N views on the source that all show it as of one binlog position, or without a lock as
 * of positions close together (free_point.h), and the schema that belongs to them. Called by
 * snapshot.c on the main thread, before the pairs run. */
#ifndef BS_SNAPSHOT_POINT_H
#define BS_SNAPSHOT_POINT_H

#include "base/endpoint.h"
#include "base/error.h"
#include "base/position.h"
#include "schema/model.h"
#include "schema/selection.h"
#include "schema/server.h"
#include "snapshot/snapshot.h"
#include "sql/keep.h"
#include "sql/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_point_config {
    const struct bs_endpoint *endpoint; /* of the source: the locker connects on its own */
    const struct bs_server *server;
    const struct bs_selection *selection;
    struct bs_sql *control; /* on the source, for everything that is asked under the lock */
    struct bs_sql **views;  /* the dumpers' sessions */
    size_t view_count;
    uint32_t lock_timeout_ms;
    enum bs_consistency consistency;
    bool keep_engines;
    bool with_gtid; /* positions are to have GTIDs */
};

struct bs_point {
    struct bs_position position; /* of the first view; or before it, see is_exact */
    struct bs_position newest;   /* of the last view, or behind it */
    uint32_t file_created;       /* as bs_checkpoint's, of position.file; 0: not known */
    bool is_spread;              /* the two differ: the views were opened without a lock */
    bool is_exact;               /* position is that of the first view */
    struct bs_schema *schema;
    uint64_t *table_ids; /* one per table of schema: InnoDB's, 0 where it cannot be told */
    bool keeps_tables;   /* the views give no table back before they end */
    int64_t locked_ms;
    const char *consistency;
    char reason[BS_POINT_REASON_MAX]; /* why auto took it; "": it was asked for */
    struct bs_sql *locked_sql; /* holds the tables without transactions, NULL: there are none */
    int64_t locked_since_us;   /* since when, as bs_clock_mono_us */
};

/* On success every view is open, with BS_VIEW_SAVEPOINT set, and the lock is gone, but for tables
 * of engines without transactions: point->locked_sql keeps those locked until it is told to unlock
 * or closed, and is the session to read them by. Tables without an id, and all where the views give
 * none back, are held by every view: DDL on them waits until the views end. */
enum bs_status bs_point_take(const struct bs_point_config *config, struct bs_point *point,
                             struct bs_error *err) BS_MUST_CHECK;
void bs_point_fini(struct bs_point *point);

/* lock.c: the locker. On sessions of its own, which are closed to give the locks up. */
struct bs_lock {
    struct bs_sql *sql;
    struct bs_sql *long_sql;  /* with the tables without transactions; NULL: there are none. The
                               * caller may take it over, and set it NULL */
    struct bs_keep keep;      /* of sql, once it is granted */
    enum bs_consistency kind; /* what was granted: LOCK_TABLES or FTWRL */
    char denied[BS_POINT_REASON_MAX - 80]; /* what the server said to LOCK TABLES; "": nothing */
    int64_t granted_us;
};
enum bs_status bs_lock_take(struct bs_lock *lock, const struct bs_point_config *config,
                            const struct bs_schema *schema, struct bs_error *err) BS_MUST_CHECK;
/* Whether a table must stay locked until it is copied: there is no view that shows it as it was. */
bool bs_lock_is_long(const struct bs_table *table);
/* How long it was held, in ms. Idempotent. */
int64_t bs_lock_release(struct bs_lock *lock);
/* false, and logged: its session was ended on the server, and writers may have come since. */
bool bs_lock_is_held(struct bs_lock *lock);

#endif
