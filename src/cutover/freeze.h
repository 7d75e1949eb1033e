/* The freeze: the source takes no more writes. The original values are stored in the target's state
 * before the first one is changed, so that a rerun after a crash can put them back.
 *
 *   [free] ──bs_freeze_store──> [stored] ──bs_freeze_apply──> [frozen] ──bs_freeze_undo──> [free]
 *
 * read-only: super_read_only where there is one (MySQL 5.7.8+), else read_only. Where there is
 * none, accounts with SUPER and the events of such accounts write on (seen on MySQL 5.6 and MariaDB
 * 10.11): it then waits until no event runs and no transaction that has written is open, and what
 * still comes shows in the binlog. lock-tables and ftwrl hold as long as the session lives. All but
 * none stop the event scheduler, the locks only where the account may: an event that waits for a
 * lock would otherwise write as soon as it goes.
 *
 * Nor does a machine that loses its power let go of a lock: so the session that holds them may be
 * idle for little longer than the freeze may take, and is pinged as long as we live.
 *
 * A statement that waits on the server outlives a killed client, and so would SET GLOBAL read_only:
 * it could land after a rerun has put the settings back. So the freezing session holds a GET_LOCK
 * of its task, and whoever opens a freeze kills its holder first.
 *
 * Runs on the lane's thread. */
#ifndef BS_CUTOVER_FREEZE_H
#define BS_CUTOVER_FREEZE_H

#include "base/endpoint.h"
#include "base/error.h"
#include "cutover/cutover.h"
#include "schema/selection.h"
#include "schema/server.h"
#include "sql/keep.h"
#include "sql/session.h"

#include <stdbool.h>
#include <stdint.h>

/* Variables as they were; "" where the server has no such variable. */
struct bs_freeze_values {
    char read_only[16];
    char super_read_only[16];
    char event_scheduler[16];
};

struct bs_frozen {
    struct bs_sql *sql;    /* sets the variables, or holds the locks */
    struct bs_keep keep;   /* begun: sql holds locks */
    struct bs_sql *reader; /* a second session, for statements that a lock would refuse */
    struct bs_server server;
    enum bs_freeze mode;
    struct bs_freeze_values before;
    int64_t deadline_ms;
    bool applied;
};

/* Fails with BS_PURGED if the address leads to another server than the task's: its settings are
 * not ours to change. */
enum bs_status bs_freeze_open(struct bs_frozen *frozen, const struct bs_endpoint *source,
                              const struct bs_state *state, const struct bs_task *task,
                              enum bs_freeze mode, struct bs_error *err) BS_MUST_CHECK;
void bs_freeze_close(struct bs_frozen *frozen); /* lets locks go; read-only stays */

/* It is frozen from here on, or may be: by apply, or by an attempt before. */
void bs_freeze_set_applied(struct bs_frozen *frozen);

/* As text for the state, and back. */
void bs_freeze_values_put(struct bs_buf *out, const struct bs_frozen *frozen);
bool bs_freeze_values_have_events(const struct bs_freeze_values *values); /* that run */
/* What puts them back by hand, statements for the source; "" if none is needed. */
void bs_freeze_values_put_thaw(struct bs_buf *out, enum bs_freeze mode,
                               const struct bs_freeze_values *values);
bool bs_freeze_values_parse(const char *text, enum bs_freeze *mode,
                            struct bs_freeze_values *values);

/* Waits until the deadline (bs_clock_mono_ms) for writers to let go: BS_CANCELLED if they do not.
 */
enum bs_status bs_freeze_apply(struct bs_frozen *frozen, const struct bs_selection *selection,
                               int64_t deadline_ms, struct bs_error *err) BS_MUST_CHECK;
/* Is it frozen still? BS_CANCELLED if somebody has let go of it. */
enum bs_status bs_freeze_check(struct bs_frozen *frozen, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_freeze_undo(struct bs_frozen *frozen, struct bs_error *err) BS_MUST_CHECK;

#endif
