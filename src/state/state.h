/* What a task remembers, in the target's schema `binstream`: the one truth about how far it is.
 *
 * Everything here runs on the caller's session and thread. What speaks of rows is written in the
 * same target transaction as those rows; such functions only add SQL text to the caller's batch or
 * run inside its open transaction, and say so.
 *
 *   task    one row per task: phase, epoch, source, selection, the snapshot's position
 *   lane    one row per lane: the checkpoint. Written by its lane only
 *   made    what the task itself created on the target; written before the object is created
 *   account the accounts that it created there, and what of them is there (--accounts)
 *   chunk   the ledger: which pieces of which tables are in
 *   point   the positions that attempts at the copy were of, while more than one counts
 *   unit    and which of them each table's rows are as of: see src/snapshot/resume.h
 *   model   the source's schema model, per table, as of the checkpoint
 *   intent  the DDL statement that is being run right now, with fingerprints taken before it
 *   request what `cutover` and `abort` ask of a running follow, and its answer
 *   report  the last report, as JSON; and of a task that was begun, its options
 *
 * Phases and who moves them:
 *
 *   (none) ──snapshot──> copying ──snapshot──> copied ──follow──> following ──cutover──> finishing
 *              ^  rerun    │                                        ^            │           │
 *              └───────────┘                                        └── undone ──┘           v
 *   any but done ──abort──> aborted                                                        done
 */
#ifndef BS_STATE_STATE_H
#define BS_STATE_STATE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/position.h"
#include "schema/model.h"
#include "schema/selection.h"
#include "schema/server.h"
#include "sql/session.h"

#include <stdbool.h>
#include <stdint.h>

enum { BS_STATE_FORMAT = 5, BS_TASK_NAME_MAX = 64, BS_SLOT_COUNT = 64 };

enum bs_phase {
    BS_PHASE_COPYING,
    BS_PHASE_COPIED,
    BS_PHASE_FOLLOWING,
    BS_PHASE_FINISHING, /* frozen and drained: objects are being created; past undoing once the hook
                           ran */
    BS_PHASE_DONE,
    BS_PHASE_ABORTED,
};

const char *bs_phase_name(enum bs_phase phase);

/* Which state: the schema's name and the task's. Plain data, not owned. */
struct bs_state {
    const char *schema; /* "binstream" */
    const char *task;   /* "default" */
};

/* One row of `task`. Strings heap-owned. */
struct bs_task {
    uint64_t epoch;
    enum bs_phase phase;
    enum bs_flavour source_flavour;
    uint32_t source_version;
    char source_uuid[64];
    uint32_t source_server_id;
    enum bs_position_mode mode;
    char *selection;             /* bs_selection_describe */
    char *selection_args;        /* the four lists as given, so that follow need not be told again:
                                  * written by bs_selection_encode, read by bs_state_read_selection */
    char *definer;               /* --definer as bs_definer_read gives it; "" or NULL: none */
    bool accounts;               /* --accounts */
    bool knows_options;          /* the next two; a task of an older version does not */
    bool keep_engines;           /* --keep-engines */
    bool no_target_binlog;       /* --no-target-binlog */
    struct bs_position point;    /* the snapshot's */
    uint32_t point_file_created; /* FORMAT_DESCRIPTION timestamp of point.file, 0: not known yet */
    uint64_t tables_total;
    uint64_t rows_estimate;
    uint64_t bytes_estimate;
    /* How the follow that runs, or ran last, ends: "stopped", "caught-up" or "cutover"; "" when
     * none ran yet. `cutover` asks only a follow that waits for it. */
    char until[16];
    int64_t started_us; /* wall clock */
    int64_t updated_us;
};

/* Is this the server that the task was begun with? BS_PURGED, naming both, if it is another:
 * positions mean nothing there. */
enum bs_status bs_task_check_source(const struct bs_task *task, const struct bs_server *source,
                                    struct bs_error *err) BS_MUST_CHECK;

/* The DDL statement that a lane is about to run, or was running when it died. Strings heap-owned.
 */
struct bs_intent {
    struct bs_position position; /* the end of the statement's event: the checkpoint after it */
    char *statement;             /* as it is sent to the target */
    char *fingerprint; /* what the objects it names looked like before; the caller's format */
};

/* The checkpoint of one lane, and what it has done. All lanes' together tell what is applied: see
 * src/apply/applied.h. */
struct bs_checkpoint {
    struct bs_position position; /* everything up to here is applied, by whichever lane */
    char *ahead; /* what this lane has applied beyond it; heap-owned text, NULL: nothing */
    uint32_t file_created;
    uint64_t transactions;
    uint64_t rows;
    int64_t source_us;  /* commit time on the source of the last transaction applied */
    int64_t applied_us; /* wall clock when it was */
};

/* Creates the schema and its tables if they are not there; BS_SCHEMA if they are of a newer format.
 */
enum bs_status bs_state_install(struct bs_sql *sql, const struct bs_state *state,
                                struct bs_error *err) BS_MUST_CHECK;

/* *found false: no such task (or no state schema at all). */
enum bs_status bs_state_load_task(struct bs_sql *sql, const struct bs_state *state,
                                  struct bs_task *task, bool *found,
                                  struct bs_error *err) BS_MUST_CHECK;
/* In a transaction of its own. */
enum bs_status bs_state_insert_task(struct bs_sql *sql, const struct bs_state *state,
                                    const struct bs_task *task, struct bs_error *err) BS_MUST_CHECK;
/* Saves everything but epoch and until; fails with BS_FENCED if the row's epoch is not task->epoch.
 */
enum bs_status bs_state_save_task(struct bs_sql *sql, const struct bs_state *state,
                                  const struct bs_task *task, struct bs_error *err) BS_MUST_CHECK;
/* Only along the edges drawn above (staying where it is is one); else BS_CONFIG with the phase that
 * the task is in. */
enum bs_status bs_state_set_phase(struct bs_sql *sql, const struct bs_state *state, uint64_t epoch,
                                  enum bs_phase phase, struct bs_error *err) BS_MUST_CHECK;
/* Says how the follow that is starting will end; see bs_task.until. */
enum bs_status bs_state_set_until(struct bs_sql *sql, const struct bs_state *state, uint64_t epoch,
                                  const char *until, struct bs_error *err) BS_MUST_CHECK;
void bs_task_fini(struct bs_task *task);

/* The task's selection, with state->schema as the schema that is never selected. */
enum bs_status bs_state_read_selection(const struct bs_task *task, const struct bs_state *state,
                                       struct bs_selection *selection,
                                       struct bs_error *err) BS_MUST_CHECK;

/* Removes every row of the task (and with drop_schema the whole schema if no other task is in it).
 */
enum bs_status bs_state_delete_task(struct bs_sql *sql, const struct bs_state *state,
                                    bool drop_schema, struct bs_error *err) BS_MUST_CHECK;

/* Lane rows. create: from where it has to follow, and when the file there was begun; inside the
 * caller's transaction. */
enum bs_status bs_state_create_lane(struct bs_sql *sql, const struct bs_state *state,
                                    unsigned int lane, uint64_t epoch,
                                    const struct bs_position *position, uint32_t file_created,
                                    struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_state_load_checkpoint(struct bs_sql *sql, const struct bs_state *state,
                                        unsigned int lane, struct bs_checkpoint *checkpoint,
                                        bool *found, struct bs_error *err) BS_MUST_CHECK;
void bs_checkpoint_fini(struct bs_checkpoint *checkpoint);

/* All lanes of the task, in the order of their numbers; the caller frees each and the array. */
enum bs_status bs_state_load_lanes(struct bs_sql *sql, const struct bs_state *state,
                                   struct bs_checkpoint **lanes, size_t *count,
                                   struct bs_error *err) BS_MUST_CHECK;

/* Lanes 0 to count - 1 instead of those that are there, in one transaction of its own: lane 0 with
 * what all had together, the others with its position and nothing done yet. BS_FENCED if the task's
 * epoch is no longer epoch. */
enum bs_status bs_state_replace_lanes(struct bs_sql *sql, const struct bs_state *state,
                                      unsigned int count, uint64_t epoch,
                                      const struct bs_checkpoint *all,
                                      struct bs_error *err) BS_MUST_CHECK;

/* Text for the lane's batch: each put adds exactly one statement, without a ";". touch: first
 * statement of each transaction, must affect 1 row, else the epoch is old: BS_FENCED. It does not
 * fail by itself, so its answer is read before COMMIT is sent. save: last one before COMMIT, must
 * affect 1 row. */
void bs_state_put_touch(struct bs_buf *sql, const struct bs_state *state, unsigned int lane,
                        uint64_t epoch);
struct bs_checkpoint_text {
    uint64_t epoch;
    size_t where_at, epoch_at; /* in sql: of " WHERE ...", and of its end, " AND epoch=..." */
};
void bs_state_put_checkpoint(struct bs_buf *sql, const struct bs_state *state, unsigned int lane,
                             uint64_t epoch, const struct bs_checkpoint *checkpoint,
                             struct bs_checkpoint_text *text);

/* An assignment that makes the statement fail, by a double that is out of range, unless the row's
 * epoch is this one and the statement before it changed so many rows (NULL: whatever it did). For a
 * checkpoint that COMMIT is sent behind: its WHERE then names the row without the epoch. The row is
 * there as long as the lane's session holds its slot. trial: a statement that must fail so. */
void bs_state_put_epoch_guard(struct bs_buf *sql, uint64_t epoch, const int64_t *count);
void bs_state_put_guard_trial(struct bs_buf *sql, const struct bs_state *state, unsigned int lane,
                              uint64_t epoch);

/* Made objects. note: autocommitted before the object is created. */
enum bs_status bs_state_note_made(struct bs_sql *sql, const struct bs_state *state,
                                  enum bs_object_kind kind, const char *db, const char *name,
                                  struct bs_error *err) BS_MUST_CHECK;
/* The other task, if any, that has made an object of this name; else "". Held to the end of the
 * transaction: of two tasks that ask behind their own notes one waits for the other, or fails. */
enum bs_status bs_state_made_by_other(struct bs_sql *sql, const struct bs_state *state,
                                      const char *db, const char *name, struct bs_buf *task,
                                      struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_state_list_made(struct bs_sql *sql, const struct bs_state *state,
                                  struct bs_object **objects, size_t *count,
                                  struct bs_error *err) BS_MUST_CHECK; /* kind, db and name only */

/* The object is dropped again, so that it is not the task's any more. */
enum bs_status bs_state_forget_made(struct bs_sql *sql, const struct bs_state *state,
                                    enum bs_object_kind kind, const char *db, const char *name,
                                    struct bs_error *err) BS_MUST_CHECK;

/* Accounts that the task made on the target, by their names there. note: autocommitted before the
 * account is created. The texts say by which words it was made, as digests, so that a source that
 * says the same again asks for no work: "": not known, or not done. seen: of the source's tables.
 * list: names heap-owned; nothing if there is no such state. */
struct bs_account_note {
    char *user, *host;
    bool is_role; /* of MariaDB: host is "" */
    char seen[40], identity[40], rights[40];
};
enum bs_status bs_state_save_account(struct bs_sql *sql, const struct bs_state *state,
                                     const struct bs_account_note *note,
                                     struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_state_list_accounts(struct bs_sql *sql, const struct bs_state *state,
                                      struct bs_account_note **notes, size_t *count,
                                      struct bs_error *err) BS_MUST_CHECK;
/* It is dropped again, or was never made. */
enum bs_status bs_state_forget_account(struct bs_sql *sql, const struct bs_state *state,
                                       const struct bs_account_note *note,
                                       struct bs_error *err) BS_MUST_CHECK;
void bs_account_notes_free(struct bs_account_note *notes, size_t count);

/* The chunk ledger. lower and upper are the caller's encodings, "" where the chunk is open. A
 * table's chunks are in the order of its key by their numbers. note: inside the loader's
 * transaction. list: a table's, in order; freed by bs_chunk_notes_free. */
struct bs_chunk_note {
    uint64_t number, rows, bytes;
    struct bs_str lower, upper;
    bool is_last;
    char *text; /* heap: what lower and upper are in, where they were listed */
};
enum bs_status bs_state_note_chunk(struct bs_sql *sql, const struct bs_state *state, const char *db,
                                   const char *table, const struct bs_chunk_note *note,
                                   struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_state_list_chunks(struct bs_sql *sql, const struct bs_state *state,
                                    const char *db, const char *table, struct bs_chunk_note **notes,
                                    size_t *count, struct bs_error *err) BS_MUST_CHECK;
void bs_chunk_notes_free(struct bs_chunk_note *notes, size_t count);
enum bs_status bs_state_chunk_totals(struct bs_sql *sql, const struct bs_state *state,
                                     uint64_t *chunks, uint64_t *rows, uint64_t *bytes,
                                     struct bs_error *err) BS_MUST_CHECK;

/* The points of the copy's attempts, by number from 1. */
struct bs_copy_point {
    uint32_t number;
    struct bs_position position;
    uint32_t file_created; /* as bs_checkpoint's, of position.file */
};
enum bs_status bs_state_save_copy_point(struct bs_sql *sql, const struct bs_state *state,
                                        const struct bs_copy_point *point,
                                        struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_state_load_copy_points(struct bs_sql *sql, const struct bs_state *state,
                                         struct bs_copy_point **points, size_t *count,
                                         struct bs_error *err) BS_MUST_CHECK;
void bs_copy_points_free(struct bs_copy_point *points, size_t count);
const struct bs_copy_point *bs_copy_point_find(const struct bs_copy_point *points, size_t count,
                                               uint32_t number); /* NULL: there is none */

/* A table of the copy: some of its rows are as of the point `first`, the others as of later ones,
 * `last` at most. Texts heap-owned when read, and never NULL then. */
struct bs_unit {
    char *db, *name;
    uint32_t first, last;
    uint64_t table_id; /* InnoDB's on the source; 0: not known */
    char *definition;  /* what it was there: bs_create_definition */
    char *late_keys;   /* what its CREATE on the target left out, as statements; "": nothing */
    char *late_foreign_keys;
};
enum bs_status bs_state_save_unit(struct bs_sql *sql, const struct bs_state *state,
                                  const struct bs_unit *unit, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_state_load_units(struct bs_sql *sql, const struct bs_state *state,
                                   struct bs_unit **units, size_t *count,
                                   struct bs_error *err) BS_MUST_CHECK;
void bs_units_free(struct bs_unit *units, size_t count);

/* Text for a batch or transaction, one statement each without a ";": all rows are as of one
 * position from now on. */
void bs_state_put_units_clear(struct bs_buf *sql, const struct bs_state *state);
void bs_state_put_copy_points_clear(struct bs_buf *sql, const struct bs_state *state);

/* In a transaction of its own: nothing of the table is in. Before it is dropped. */
enum bs_status bs_state_forget_table(struct bs_sql *sql, const struct bs_state *state,
                                     const char *db, const char *name,
                                     struct bs_error *err) BS_MUST_CHECK;

/* Models. put: text for the caller's batch or transaction, one statement without a ";"; drop
 * likewise. Its affected rows say nothing: 1 or 2 for put, 0 or 1 for drop. */
void bs_state_put_model(struct bs_buf *sql, const struct bs_state *state,
                        const struct bs_table *table);
void bs_state_put_model_drop(struct bs_buf *sql, const struct bs_state *state, struct bs_str db,
                             struct bs_str table);
enum bs_status bs_state_save_model(struct bs_sql *sql, const struct bs_state *state,
                                   const struct bs_table *table,
                                   struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_state_load_models(struct bs_sql *sql, const struct bs_state *state,
                                    struct bs_table ***tables, size_t *count,
                                    struct bs_error *err) BS_MUST_CHECK;

/* The intent of a lane: saved (and committed by the caller, or by autocommit) before the DDL runs,
 * cleared in the transaction that moves the checkpoint past it. */
enum bs_status bs_state_save_intent(struct bs_sql *sql, const struct bs_state *state,
                                    unsigned int lane, const struct bs_intent *intent,
                                    struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_state_load_intent(struct bs_sql *sql, const struct bs_state *state,
                                    unsigned int lane, struct bs_intent *intent, bool *found,
                                    struct bs_error *err) BS_MUST_CHECK;
void bs_state_put_intent_clear(struct bs_buf *sql, const struct bs_state *state, unsigned int lane);
void bs_intent_fini(struct bs_intent *intent);

/* Requests to a running follow. */
enum bs_request_verb { BS_REQUEST_CUTOVER, BS_REQUEST_ABORT };
enum bs_request_state { BS_REQUEST_ASKED, BS_REQUEST_RUNNING, BS_REQUEST_ANSWERED };
struct bs_request {
    uint64_t id;
    enum bs_request_verb verb;
    enum bs_request_state state;
    char *arguments; /* JSON: options given to `cutover` */
    char *answer;    /* what `cutover` prints; NULL before ANSWERED */
    int exit_code;   /* what `cutover` exits with */
    bool is_stale;   /* ASKED, and nobody waits for it any more */
};
enum bs_status bs_state_ask(struct bs_sql *sql, const struct bs_state *state,
                            enum bs_request_verb verb, const char *arguments, uint64_t *id,
                            struct bs_error *err) BS_MUST_CHECK;
/* Who waits for the answer says so, every second: what nobody waits for is not done. */
enum bs_status bs_state_keep_asking(struct bs_sql *sql, const struct bs_state *state, uint64_t id,
                                    struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_state_load_request(struct bs_sql *sql, const struct bs_state *state, uint64_t id,
                                     struct bs_request *request, bool *found,
                                     struct bs_error *err) BS_MUST_CHECK;
/* The oldest unanswered one. */
enum bs_status bs_state_next_request(struct bs_sql *sql, const struct bs_state *state,
                                     struct bs_request *request, bool *found,
                                     struct bs_error *err) BS_MUST_CHECK;
/* ASKED becomes RUNNING, from where on it cannot be taken back. *taken false: it was, or nobody
 * waits for it any more, and it must not be done. */
enum bs_status bs_state_take_up(struct bs_sql *sql, const struct bs_state *state, uint64_t id,
                                bool *taken, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_state_answer(struct bs_sql *sql, const struct bs_state *state, uint64_t id,
                               const char *answer, int exit_code,
                               struct bs_error *err) BS_MUST_CHECK;
/* Answers every unanswered cutover request; with running_only those that were taken up, and those
 * that nobody can be waiting for any more. */
enum bs_status bs_state_answer_cutovers(struct bs_sql *sql, const struct bs_state *state,
                                        bool running_only, const char *answer, int exit_code,
                                        struct bs_error *err) BS_MUST_CHECK;
/* Takes back a request that nobody has taken up (even_running: or that died with its follow). */
enum bs_status bs_state_withdraw(struct bs_sql *sql, const struct bs_state *state, uint64_t id,
                                 bool even_running, struct bs_error *err) BS_MUST_CHECK;
void bs_request_fini(struct bs_request *request);

enum bs_status bs_state_save_report(struct bs_sql *sql, const struct bs_state *state,
                                    const char *kind, const char *json,
                                    struct bs_error *err) BS_MUST_CHECK;
/* The last report of a kind; *json NULL if there is none. */
enum bs_status bs_state_load_report(struct bs_sql *sql, const struct bs_state *state,
                                    const char *kind, char **json,
                                    struct bs_error *err) BS_MUST_CHECK;

#endif
