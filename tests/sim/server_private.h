/* What the files of the simulated target share: its sessions, locks and rows. One thread, one
 * target; sim.h has what others see of it. */
#ifndef SIM_SERVER_PRIVATE_H
#define SIM_SERVER_PRIVATE_H

#include "sim.h"

enum { LANES_MAX = 16, SLOTS_MAX = 65, LOCKS_MAX = 1024 };

enum {
    ER_LOCK_WAIT = 1205,
    ER_DEADLOCK = 1213,
    ER_OUT_OF_RANGE = 1690,
    ER_DUPLICATE = 1062,
    ER_NO_PARENT = 1452,
    ER_HAS_CHILD = 1451,
};

/* The state's rows: what is committed, and what the holder of the row's lock has made of it. */
struct lane_row {
    bool is_there;
    uint64_t epoch, pos, transactions;
    const char *file, *ahead;
};

struct state_rows {
    uint64_t task_epoch, claim;
    struct lane_row lanes[LANES_MAX];
    bool has_intent;
    uint64_t intent_pos;
    const char *intent_file, *intent_statement, *intent_fingerprint;
};

enum { LOCK_TASK = 1, LOCK_CLAIM, LOCK_INTENT, LOCK_LANE };

enum phase { QUIET, TRAVELS, RUNS, ANSWERED };

struct sim_session {
    bool is_used;
    uint64_t id;
    struct sim_client *client;
    bool is_left; /* by its client */
    bool is_killed;
    int slowness; /* it does one of so many steps */
    enum phase phase;
    struct sim_statement *list;
    int count, at;
    bool is_open;   /* a transaction */
    bool is_manual; /* autocommit=0 */
    uint64_t epoch; /* its client's, when it was opened */
    bool checks;
    bool limits_waits;
    uint64_t waits_for; /* a row's lock, 0: none */
    int waits_for_slot; /* or a named one, -1: none */
    struct sim_change *undo;
    int undo_count, undo_cap;
    int savepoint;        /* of the undo's changes, those in front of it */
    bool owes_checkpoint; /* a seeded bug: it is written behind the transaction */
    const char *owed;
    struct sim_result result;
};

struct sim_target {
    struct sim_data data;
    struct sim_data shown; /* committed */
    uint64_t log;          /* transactions that are committed, a bit each */
    struct state_rows now, committed;
    struct sim_session sessions[SIM_SESSIONS_MAX];
    uint64_t next_id, commits;
    int used; /* no session behind this one is */
    struct {
        uint64_t lock;
        int owner;
    } locks[LOCKS_MAX];
    int lock_count;
    int slots[SLOTS_MAX]; /* owner + 1 */
    enum sim_armed armed;
};

extern struct sim_target sim_target;

int sim_index_of(const struct sim_session *s);

/* server_transaction.c */

/* Of the session that holds it, -1: none. */
int sim_owner_of(uint64_t lock);
/* false: somebody else has it, and the session waits. */
bool sim_take_lock(struct sim_session *s, uint64_t lock);
/* Does nobody else work on the table? false: the session, which is to alter it, waits. */
bool sim_take_table(struct sim_session *s, int table);
/* Takes back what the session has changed, but for the first `count` changes. */
void sim_undo_to(struct sim_session *s, int count);
void sim_roll_back(struct sim_session *s);
void sim_commit(struct sim_session *s);
void sim_end_session(struct sim_session *s);
/* If the session waits in a circle, one in it is rolled back. */
void sim_find_deadlock(struct sim_session *s);
/* false: it waits for a lock. */
bool sim_run_row(struct sim_session *s, struct sim_statement *statement);

/* server_statement.c: the same for any statement. */
bool sim_run_statement(struct sim_session *s, struct sim_statement *statement);

#endif
