/* A simulation of applying: real scheduler, gather, bundles, lanes, pool, fence and checkpoints of
 * src/apply and src/state, over a target, a source, threads and faults that are made up, so that
 * every step's order is drawn from one seed.
 *
 *   history.c ── source transactions ──> client.c ── bs_applier_item ──> src/apply, src/state
 *                                                                         │ glue_sql.c: statements
 *   threads.c: one coroutine a thread, the next one at random             v
 *   main.c:    steps, faults, what must hold                          server.c: sessions, locks,
 *                                                                     transactions ── rows.c
 *
 * docs/internals/simulation.md tells what is real, what is not, and what must hold. One thread. */
#ifndef BS_SIM_H
#define BS_SIM_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows: rows.c. */

enum { SIM_COLUMNS = 5, SIM_ROWS_MAX = 72, SIM_STEPS_MAX = 96, SIM_TEXTS = 14 };
#define SIM_NULL INT32_MIN

enum sim_table_id {
    SIM_PLAIN,  /* a primary key that moves */
    SIM_PAIRS,  /* and two secondary unique keys, nullable, one of two columns */
    SIM_WORDS,  /* text as the primary key, equal but for case, accents and spaces at the end */
    SIM_NAMES,  /* text as a secondary unique key */
    SIM_HEAP,   /* no key, equal rows */
    SIM_PARENT, /* of the four behind it */
    SIM_CHILD,  /* CASCADE */
    SIM_LOOSE,  /* SET NULL */
    SIM_STRICT, /* RESTRICT */
    SIM_GRAND,  /* CASCADE, of SIM_CHILD */
    SIM_SELF,   /* CASCADE, of itself */
    SIM_ODD,    /* text that is equal in a way that nobody knows of: one surprise a history */
    SIM_LOG,    /* a row for each transaction */
    SIM_TABLES,
};

/* SIM_UPSERT: a row that must be there, and be found by its first key, becomes another.
 * SIM_ABSENT: no row with this first key may be there. */
enum sim_kind { SIM_INSERT, SIM_UPDATE, SIM_DELETE, SIM_UPSERT, SIM_ABSENT };
enum sim_action { SIM_RESTRICT, SIM_CASCADE, SIM_SET_NULL };

struct sim_row {
    int32_t c[SIM_COLUMNS];
};

struct sim_key {
    uint8_t columns[2];
    uint8_t count;
};

struct sim_table {
    const char *name;
    uint8_t column_count;
    uint8_t text_columns; /* bits */
    struct sim_key keys[3];
    uint8_t key_count;
    bool is_child;
    uint8_t fk_column, parent; /* refers to the parent's first column */
    enum sim_action on_delete, on_update;
};

extern const struct sim_table sim_tables[SIM_TABLES];
extern const struct bs_str sim_texts[SIM_TEXTS];
extern const uint8_t sim_text_class[SIM_TEXTS]; /* equal: equal under the collation */

struct sim_change {
    uint8_t table;
    uint8_t kind;
    bool checks; /* foreign keys are checked, and their actions run */
    struct sim_row before, after;
};

struct sim_data {
    struct {
        struct sim_row rows[SIM_ROWS_MAX];
        int count;
        int version; /* DDL statements that have run */
    } tables[SIM_TABLES];
};

enum sim_outcome {
    SIM_FINE,
    SIM_MISSING,
    SIM_DIFFERS, /* there, but not as the image before says */
    SIM_DUPLICATE,
    SIM_NO_PARENT,
    SIM_HAS_CHILD,
};

/* A change with the actions of its foreign keys. */
struct sim_plan {
    struct sim_change steps[SIM_STEPS_MAX];
    int count;
    uint64_t locks[3 * SIM_STEPS_MAX];
    int lock_count;
    enum sim_outcome outcome;
};

void sim_plan_make(struct sim_plan *plan, const struct sim_data *data,
                   const struct sim_change *change);
enum sim_outcome sim_plan_check(const struct sim_plan *plan, const struct sim_data *data);
bool sim_step_do(struct sim_data *data, const struct sim_change *step);
void sim_step_undo(struct sim_data *data, const struct sim_change *step);
void sim_ddl_do(struct sim_data *data, int table);
bool sim_row_equal(const struct sim_table *table, const struct sim_row *a, const struct sim_row *b);
int sim_find_row(const struct sim_data *data, int table, const struct sim_row *row);
int sim_find_collision(const struct sim_data *data, int table, const struct sim_row *row);
const char *sim_orphan(const struct sim_data *data);          /* a table with one; NULL: none */
const char *sim_change_text(const struct sim_change *change); /* in a static buffer */
/* The first difference in a static buffer; NULL: none. */
const char *sim_data_differs(const struct sim_data *a, const struct sim_data *b);
enum { SIM_TABLE_LOCK_SHIFT = 56 };

/* Chance. */

struct sim_random {
    uint64_t state;
};
uint64_t sim_random_next(struct sim_random *random);
int sim_below(struct sim_random *random, int limit);
static inline bool
sim_one_in(struct sim_random *random, int n) {
    return sim_below(random, n) == 0;
}

/* The source: history.c. */

enum { SIM_TXNS_MAX = 40, SIM_EVENTS_MAX = 32, SIM_ROWS_OF_EVENT = 3 };

struct sim_event {
    uint8_t table, kind;
    uint16_t flags;
    size_t body_len; /* as the log counts */
    int count;
    struct {
        struct sim_row before, after;
    } rows[SIM_ROWS_OF_EVENT];
};

struct sim_txn {
    const char *file;
    uint64_t begin, end; /* begin: its first byte, in its own file */
    int ddl_table;       /* -1: none */
    bool is_rolled_back; /* and logged all the same */
    char ddl[32];
    struct sim_event events[SIM_EVENTS_MAX];
    int count;
};

struct sim_history {
    int count;
    struct sim_txn txns[SIM_TXNS_MAX];
    struct sim_data first, last;
    bool is_mariadb;
    bool logs_cascades;
    bool in_commit_order; /* clients keep it */
    bool all_checked;     /* no session had its foreign key checks off */
    uint64_t log;         /* transactions with a row in SIM_LOG: a bit for each such row */
    const char *first_file;
    uint64_t first_pos;
};

void sim_history_make(struct sim_history *history, struct sim_random *random);
/* As if the log ended behind its first `count` transactions. */
void sim_history_cut(struct sim_history *history, int count);
void sim_history_print(const struct sim_history *history);

/* Seeded bugs: bugs.c. */

enum sim_bug {
    SIM_NO_BUG,
    SIM_BUG_SECONDARY_KEYS,
    SIM_BUG_BEFORE_IMAGE,
    SIM_BUG_PARENT_READ,
    SIM_BUG_READS,
    SIM_BUG_CI_EXACT,
    SIM_BUG_NON_ASCII,
    SIM_BUG_KEYLESS,
    SIM_BUG_CHECKPOINT_APART,
    SIM_BUG_EPOCH,
    SIM_BUG_CHECKPOINT_EARLY,
    SIM_BUG_HOLDERS,
    SIM_BUG_MARK_NEWEST,
    SIM_BUG_AHEAD_FORGOTTEN,
    SIM_BUG_NO_SKIP,
    SIM_BUG_NOT_CONTIGUOUS,
    SIM_BUG_CUT,
    SIM_BUG_FOLD_CASCADES,
    SIM_BUG_CASCADES_TWICE,
    SIM_BUG_INSERTS_FIRST,
    SIM_BUG_UPSERT,
    SIM_BUG_DDL_SIDE_BY_SIDE,
    SIM_BUG_DDL_AGAIN,
    SIM_BUG_RETRY_EARLY,
    SIM_BUG_SERIAL_NO_SKIP,
    SIM_BUG_MIXED_FAMILY,
    SIM_BUG_COMMIT_ORDER,
    SIM_BUG_AUTOCOMMIT,
    SIM_BUG_GUARD,
    SIM_BUG_PACKET,
    SIM_BUG_CHAIN,
    SIM_BUG_MARK_AS_GIVEN,
    SIM_BUG_COUNT,
};

extern enum sim_bug sim_bug;
extern const char *const sim_bug_names[SIM_BUG_COUNT];
struct bs_sql;
struct bs_state;
void sim_bug_reset(void);
/* Reads the checkpoint too early, if that is the bug. */
void sim_bug_before_fence(struct bs_sql *control, const struct bs_state *state);

/* Threads: threads.c. */

struct sim_client;
enum { SIM_THREADS_MAX = 48 };

void sim_threads_reset(void);
int sim_thread_start(struct sim_client *client, void *(*run)(void *arg), void *arg);
struct sim_client *sim_thread_client(void); /* of the running thread */
void sim_yield(void);
/* Until ready(arg) says so. */
void sim_wait(bool (*ready)(void *arg), void *arg);
bool sim_thread_is_runnable(int thread);
bool sim_thread_time_out(int thread); /* false: it does not wait for a time */
void sim_thread_run(int thread);      /* from the loop: until it yields or waits */
int sim_thread_count(void);
void sim_thread_abandon(void) __attribute__((noreturn)); /* back to the loop for good */

/* The target: server.c. */

enum { SIM_SESSIONS_MAX = 64 };

struct sim_statement {
    bool is_row;
    bool is_checkpoint;
    bool is_guarded; /* fails if it affects nothing; but a checkpoint whose row is not there does
                        not */
    bool lacks_row;
    bool ends_batch; /* of several in one packet */
    struct sim_change change;
    const char *text;
    /* The answer. */
    bool is_run;
    unsigned int error; /* the server's number, 0: none */
    uint64_t affected;
};

struct sim_result {
    struct bs_str *fields; /* rows * columns */
    int rows, columns;
};

struct sim_session;

void sim_server_reset(const struct sim_data *data, const char *file, uint64_t pos);
struct sim_session *sim_session_open(struct sim_client *client);
uint64_t sim_session_id(const struct sim_session *session);
bool sim_session_is_alive(const struct sim_session *session, uint64_t id);
/* The client's end is gone. lands: what was sent is still executed. */
void sim_session_leave(struct sim_session *session, uint64_t id, bool lands);
void sim_session_send(struct sim_session *session, struct sim_statement *list, int count);
bool sim_session_has_answered(const struct sim_session *session);
struct sim_result sim_session_result(const struct sim_session *session);
void sim_session_limit_waits(struct sim_session *session, bool on);

int sim_server_runnable(int *out); /* sessions that can do a step */
void sim_server_step(int session);
bool sim_server_time_out(bool any); /* some lock wait; false: there is none */
bool sim_server_refuse(void);       /* a deadlock out of nowhere */
void sim_server_crash(void);
/* What happens when the next COMMIT or DDL statement has been sent; RIVAL: as lane 0 is
 * opened. */
enum sim_armed { SIM_NOT_ARMED, SIM_ARMED_DEATH, SIM_ARMED_CUT, SIM_ARMED_RIVAL };
void sim_server_arm(enum sim_armed armed);
void sim_server_cut(void); /* some session loses its client's end */
void sim_server_leave_all(struct sim_client *client);
void sim_server_settle(void); /* nobody is left: what is still on its way lands */
const struct sim_data *sim_server_data(void);
uint64_t sim_server_commits(void);

/* One try of following: client.c. */

struct sim_client *sim_client_start(void);
void sim_clients_reset(void);
int sim_clients_alive(void);
bool sim_client_is_dead(const struct sim_client *client);
void sim_client_die(void); /* some living one */
void sim_client_kill(struct sim_client *client);
/* Another one starts, while this one is suspended for some time. */
void sim_client_meet_rival(struct sim_client *client);
bool sim_client_opens_lane_0(
    const struct sim_client *client); /* its control session is there, lane 0 not yet */
bool sim_client_is_suspended(const struct sim_client *client);
bool sim_client_resume(void); /* false: none is suspended */
bool sim_client_has_finished(void);
int sim_client_number(const struct sim_client *client);
uint64_t sim_client_epoch(const struct sim_client *client); /* that it believes to be up */
int sim_client_opens(void);

/* The loop: main.c. */

extern struct sim_random sim_random; /* of the running history */
extern struct sim_history *sim_history;
extern struct bs_arena sim_arena; /* for a history */
extern bool sim_traces;
void sim_fail(const char *fmt, ...) BS_PRINTF(1, 2);
bool sim_has_failed(void);
void sim_trace(const char *fmt, ...) BS_PRINTF(1, 2);
int64_t sim_now_ms(void);

#define SIM_TRACE(...) (sim_traces ? sim_trace(__VA_ARGS__) : (void)0)

#endif
