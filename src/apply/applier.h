/* The applier: the decoder's items in, changes of the target out. It filters by the selection,
 * keeps the schema models by position, turns rows into batches on the lane and hands statements to
 * src/apply/ddl.c. One lane, in order; used by one thread.
 *
 * When the target transaction is committed is decided here: at group borders only, when enough has
 * been gathered, when there is nothing more to read (bs_applier_idle), and around every DDL. */
#ifndef BS_APPLY_APPLIER_H
#define BS_APPLY_APPLIER_H

#include "apply/lane.h"
#include "apply/target_table.h"
#include "base/arena.h"
#include "base/map.h"
#include "binlog/decoder.h"
#include "schema/selection.h"
#include "schema/translation.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

/* A target transaction is committed at the next group border after this much. */
enum { BS_COMMIT_GROUPS_MAX = 1000, BS_COMMIT_ROWS_MAX = 20000, BS_COMMIT_AGE_MS = 500 };

struct bs_applier_stats {
    uint64_t transactions, rows, ddl_statements, skipped_statements;
};

struct bs_applier {
    struct bs_lane lane;
    struct bs_endpoint *target_endpoint; /* not owned: DDL runs on a session of its own */
    struct bs_sql *ddl_sql;              /* that session, NULL until the first statement */
    bool no_target_binlog;
    bool keep_engines;
    char *default_engine; /* for tables made without one: check holds the servers' to be equal */
    const struct bs_selection *selection;
    const struct bs_translation *translation; /* not owned */
    struct bs_decoder *decoder; /* not owned; set by the caller whenever it makes a new one */
    struct bs_map tables;       /* "db\0table" -> struct bs_target_table */
    struct bs_map unselected;   /* the same keys -> the applier itself, as a mark */
    struct bs_arena rows_arena;
    struct bs_intent intent; /* of a DDL that a crash fell into */
    bool has_intent;
    bool group_has_rows;      /* the open group has applied rows */
    bool group_may_roll_back; /* it began as one that the source may end with ROLLBACK */
    bool group_has_savepoint; /* and its rows can be taken back */
    bool group_has_undone;    /* it has rows that a rollback on the source undoes */
    struct bs_batch kept;     /* its other rows behind the savepoint, once more: they stay */
    bool kept_is_lost;        /* they were too many */
    bool group_has_ddl;       /* the open group has run a DDL: commit at its end */
    bool group_counts;        /* the open group touched the selection */
    bool hold;                /* set by the caller: see bs_applier_refuse_held */
    int64_t open_since_ms;    /* when the open target transaction got its first group */
    int64_t source_us;        /* commit time of the last group ended */
    struct bs_applier_stats stats;
};

struct bs_applier_config {
    struct bs_endpoint *target;
    struct bs_state state;
    uint64_t epoch;
    bool no_target_binlog;
    bool keep_engines; /* tables that the stream makes of MyISAM and the like stay what they are */
    const struct bs_selection *selection;
    const struct bs_translation *translation;
};

/* Opens the lane, loads models and a possible intent. */
enum bs_status bs_applier_open(struct bs_applier *applier, const struct bs_applier_config *config,
                               struct bs_error *err) BS_MUST_CHECK;
void bs_applier_close(struct bs_applier *applier);

/* One item of the decoder. */
enum bs_status bs_applier_item(struct bs_applier *applier, const struct bs_item *item,
                               struct bs_error *err) BS_MUST_CHECK;

/* There is nothing more to read right now: commits what is open, if no group is. */
enum bs_status bs_applier_idle(struct bs_applier *applier, struct bs_error *err) BS_MUST_CHECK;

/* For src/apply/ddl.c as well: while hold is set, nothing that concerns the selection is applied;
 * it is an error, BS_CANCELLED. So after the final position of a cutover, when the target has
 * triggers that must not see a replayed row. */
enum bs_status bs_applier_refuse_held(const char *what, struct bs_str db, struct bs_str name,
                                      struct bs_error *err);

/* For src/apply/ddl.c: commits all whole groups before the one that is open. */
enum bs_status bs_applier_commit(struct bs_applier *applier, struct bs_error *err) BS_MUST_CHECK;

/* A table that is known; NULL: it is not, or not selected. */
const struct bs_target_table *bs_applier_find_table(const struct bs_applier *applier,
                                                    struct bs_str db, struct bs_str name);

/* The table's new model, from the target's catalogue, or its end; puts the same into the state by
 * the lane's batch. engine: the table's on the source, NULL: the same as on the target. */
enum bs_status bs_applier_refresh_table(struct bs_applier *applier, struct bs_str db,
                                        struct bs_str name, const char *engine,
                                        struct bs_error *err) BS_MUST_CHECK;
void bs_applier_forget_database(struct bs_applier *applier, struct bs_str db);

#endif
