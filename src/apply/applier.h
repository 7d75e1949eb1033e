/* The applier: the decoder's items in, changes of the target out. It filters by the selection and
 * keeps the schema models by position. Used by one thread.
 *
 *   item ─> gather.c ── whole transactions of rows ──> bundle ─> dispatch.c ─> lanes 1 ... N
 *               └────── everything else ─────────────> serial.c, ddl.c ─────> lane 0
 *
 * Lane 0 works only while the others have nothing: what goes there is a barrier. Target
 * transactions end at group borders only. Everything up to lane.checkpoint is applied; what lanes
 * have committed beyond it is known to them (src/apply/applied.h). */
#ifndef BS_APPLY_APPLIER_H
#define BS_APPLY_APPLIER_H

#include "apply/applied.h"
#include "apply/dispatch.h"
#include "apply/gather.h"
#include "apply/lane.h"
#include "apply/target_table.h"
#include "apply/window.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/spent.h"
#include "binlog/decoder.h"
#include "schema/selection.h"
#include "schema/translation.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

/* A target transaction of lane 0 is committed at the next group border after this much. */
enum { BS_COMMIT_GROUPS_MAX = 1000, BS_COMMIT_ROWS_MAX = 20000, BS_COMMIT_AGE_MS = 500 };

struct bs_applier_stats {
    uint64_t transactions, rows, ddl_statements, skipped_statements;
};

struct bs_applier {
    struct bs_lane lane;     /* number 0; its checkpoint is the low-water mark of all */
    struct bs_applied ahead; /* beyond the mark, by an earlier run: not to be applied again */
    struct bs_log_place end; /* of the last transaction read */
    struct bs_window window;
    struct bs_gather gather;
    struct bs_dispatch dispatch;
    bool is_serial;                      /* set by bs_applier_serialize */
    bool plans_stale;                    /* the tables' plans are to be made anew */
    struct bs_endpoint *target_endpoint; /* not owned: DDL runs on a session of its own */
    struct bs_sql *ddl_sql;              /* that session, NULL until the first statement */
    bool no_target_binlog;
    bool keep_engines;
    bool mark_is_stored;  /* the mark is lane 0's checkpoint in memory */
    char *default_engine; /* for tables made without one: check holds the servers' to be equal */
    const struct bs_selection *selection;
    const struct bs_translation *translation; /* not owned */
    struct bs_decoder *decoder; /* not owned; set by the caller whenever it makes a new one */
    struct bs_map tables;       /* "db\0table" -> struct bs_target_table */
    struct bs_map unselected;   /* the same keys -> the applier itself, as a mark */
    struct bs_arena rows_arena;
    struct bs_intent intent; /* of a DDL that a crash fell into */
    bool has_intent;
    bool group_has_rows;           /* the open group has applied rows */
    bool group_may_roll_back;      /* it began as one that the source may end with ROLLBACK */
    bool group_has_savepoint;      /* and its rows can be taken back */
    bool group_has_undone;         /* it has rows that a rollback on the source undoes */
    struct bs_batch kept;          /* its other rows behind the savepoint, once more: they stay */
    bool kept_is_lost;             /* they were too many */
    bool group_has_ddl;            /* the open group has run a DDL: commit at its end */
    bool group_counts;             /* the open group touched the selection */
    bool hold;                     /* set by the caller: see bs_applier_refuse_held */
    uint64_t commits;              /* of lane 0 */
    int64_t open_since_ms;         /* when the open target transaction got its first group */
    int64_t source_us;             /* commit time of the last group ended on lane 0 */
    int64_t first_us;              /* and of the first group of what lane 0 has open */
    struct bs_applier_stats stats; /* of what was read */
    struct {
        uint64_t transactions, rows;
    } done;                           /* of what is applied, all before it included */
    struct bs_spent *spent;           /* of the applier's thread; not owned, may be NULL */
    void (*while_waiting)(void *arg); /* see the config; may be NULL */
    void *while_waiting_arg;
};

struct bs_applier_config {
    struct bs_sql *control; /* a session that has taken the task over; used by bs_applier_open */
    struct bs_endpoint *target;
    struct bs_state state;
    uint64_t epoch;
    bool no_target_binlog;
    unsigned int lanes;      /* 0: lane 0 does everything */
    size_t max_transactions; /* of the source in one of the target */
    bool keep_commit_order;
    uint64_t memory_bytes;
    struct bs_spent *spent; /* where the time of the applier's thread goes; may be NULL */
    /* Called now and then while the applier's thread waits for lanes; may be NULL. Must leave the
     * applier alone, but for looking. */
    void (*while_waiting)(void *arg);
    void *while_waiting_arg;
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

/* There is nothing more to read right now: what is whole is committed, or on its way to be. */
enum bs_status bs_applier_idle(struct bs_applier *applier, struct bs_error *err) BS_MUST_CHECK;

/* Waits until everything that is whole is committed. */
enum bs_status bs_applier_finish(struct bs_applier *applier, struct bs_error *err) BS_MUST_CHECK;

/* Stores the mark where all that was read is in, and only the mark is not: a lane stores the one
 * that was when its transaction began, and none stores that the source has begun another file. Who
 * starts from there would ask for what the source may have purged. For when nothing has come for a
 * while. */
enum bs_status bs_applier_settle(struct bs_applier *applier, struct bs_error *err) BS_MUST_CHECK;

/* The same, and from now on everything goes to lane 0: no other session writes. false: again as
 * before. Between two items. */
enum bs_status bs_applier_serialize(struct bs_applier *applier, bool on,
                                    struct bs_error *err) BS_MUST_CHECK;

/* Nothing that was read is waiting or on its way. */
bool bs_applier_is_clean(const struct bs_applier *applier);

/* A transaction of the source is being read, and its rows go to the target as they come. */
bool bs_applier_streams(const struct bs_applier *applier);

/* So many target transactions were committed: does it get on at all? */
uint64_t bs_applier_commits(const struct bs_applier *applier);

/* When the oldest transaction that was read and is not applied was committed on the source, in
 * microseconds since 1970; 0: there is none, or it is not known. */
int64_t bs_applier_oldest_us(const struct bs_applier *applier);

/* With nothing more to read: what the applier waits for. BS_SPENT_CONFLICT or BS_SPENT_LANES while
 * there is something that no lane can take, else BS_SPENT_IDLE. */
enum bs_spent_state bs_applier_waits_for(const struct bs_applier *applier);

/* Adds to us where the time of all lanes but number 0 has gone. */
void bs_applier_lanes_spent(const struct bs_applier *applier, int64_t us[BS_SPENT_STATES]);

/* Called, from a thread of a lane, when bs_applier_idle would find something to do. NULL: nobody.
 */
void bs_applier_on_done(struct bs_applier *applier, void (*on_done)(void *arg), void *arg);

/* For src/apply/ddl.c as well: while hold is set, nothing that concerns the selection is applied;
 * it is an error, BS_CANCELLED. So after the final position of a cutover, when the target has
 * triggers that must not see a replayed row. */
enum bs_status bs_applier_refuse_held(const char *what, struct bs_str db, struct bs_str name,
                                      struct bs_error *err);

/* For src/apply: commits what lane 0 has open, all whole groups before the one that is open. */
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
