/* The dumpers' views, one by one: what the two ways of taking a point have in common. Used by
 * point.c and free_point.c, on the main thread. */
#ifndef BS_SNAPSHOT_VIEWS_H
#define BS_SNAPSHOT_VIEWS_H

#include "base/buf.h"
#include "base/map.h"
#include "snapshot/point.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one attempt came to. MOVED: tables or objects came, went or changed meanwhile. */
enum bs_point_outcome { BS_POINT_TAKEN, BS_POINT_MOVED };

enum {
    BS_LOCK_WAIT_TIMEOUT = 1205,
    BS_LOCK_DEADLOCK = 1213,
    /* A dumper waits so long for DDL that is at work on a table, or waits for it itself. No longer:
     * what the DDL waits for may be other views of ours, and writers wait behind it. */
    BS_VIEW_WAIT_S = 60,
};

/* Ends the transactions of the views and of the control session: nobody waits for them any more. */
enum bs_status bs_views_end(const struct bs_point_config *config,
                            struct bs_error *err) BS_MUST_CHECK;
/* The same, and sets the sessions up. *keeps: ROLLBACK TO SAVEPOINT will not
 * give back what they open from here on. */
enum bs_status bs_views_prepare(const struct bs_point_config *config, bool *keeps,
                                struct bs_error *err) BS_MUST_CHECK;

/* Opens views from one to before another, at once, with their savepoints. */
enum bs_status bs_views_open(const struct bs_point_config *config, size_t from, size_t to,
                             struct bs_error *err) BS_MUST_CHECK;

/* Opens tables once in a transaction of sql's: DDL on them waits from here on. ids: only those
 * tables that have none; NULL: all. */
enum bs_status bs_views_pin(struct bs_sql *sql, const struct bs_schema *schema, const uint64_t *ids,
                            struct bs_error *err) BS_MUST_CHECK;
/* The same in two steps, for tables that are put one by one: text is empty afterwards. */
void bs_views_put_pin(struct bs_buf *text, const struct bs_table *table);
enum bs_status bs_views_run_pins(struct bs_sql *sql, struct bs_buf *text,
                                 struct bs_error *err) BS_MUST_CHECK;
/* Each view holds the tables that have no id (ids NULL: all) until its transaction ends, from in
 * front of its savepoint on: a dumper that asked for one later would wait behind DDL, which waits
 * for who has it already. What a view has opened since its savepoint is given back. */
enum bs_status bs_views_hold(const struct bs_point_config *config, const struct bs_schema *schema,
                             const uint64_t *ids, struct bs_error *err) BS_MUST_CHECK;
/* on: a pin of the first view, or of the control session, waits for a second at most. */
enum bs_status bs_views_limit_pins(const struct bs_point_config *config, bool on,
                                   struct bs_error *err) BS_MUST_CHECK;

/* Are the selected base tables, as they are now, exactly those of schema? Names only. */
enum bs_status bs_views_check_names(const struct bs_point_config *config,
                                    const struct bs_schema *schema, bool *same,
                                    struct bs_error *err) BS_MUST_CHECK;

/* Was it DDL, or a lock of others, that kept a session from opening a table? */
bool bs_views_is_kept_out(const struct bs_error *err);

void bs_views_table_key(struct bs_buf *out, struct bs_str db, struct bs_str name);
void bs_views_map_tables(struct bs_map *map, const struct bs_schema *schema);

#endif
