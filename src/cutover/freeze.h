/* The freeze: the source takes no more writes. The original values are stored in the target's state
 * before the first one is changed, so that a rerun after a crash can put them back.
 *
 *   [free] ──bs_freeze_store──> [stored] ──bs_freeze_apply──> [frozen] ──bs_freeze_undo──> [free]
 *
 * read-only: super_read_only where there is one (MySQL 5.7.8+), else read_only, with
 * event_scheduler off, since events do not obey read_only. lock-tables and ftwrl hold as long as
 * the session lives. Runs on the lane's thread. */
#ifndef BS_CUTOVER_FREEZE_H
#define BS_CUTOVER_FREEZE_H

#include "base/endpoint.h"
#include "base/error.h"
#include "cutover/cutover.h"
#include "schema/selection.h"
#include "schema/server.h"
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
    struct bs_sql *sql;    /* holds the locks; also what the source's objects are read with */
    struct bs_sql *reader; /* a second session, for statements that a lock would refuse */
    struct bs_server server;
    enum bs_freeze mode;
    struct bs_freeze_values before;
    bool applied;
};

/* Fails with BS_PURGED if the address leads to another server than the task's: its settings are
 * not ours to change. */
enum bs_status bs_freeze_open(struct bs_frozen *frozen, const struct bs_endpoint *source,
                              const struct bs_task *task, enum bs_freeze mode,
                              struct bs_error *err) BS_MUST_CHECK;
void bs_freeze_close(struct bs_frozen *frozen); /* lets locks go; read-only stays */

/* As text for the state, and back. */
void bs_freeze_values_put(struct bs_buf *out, const struct bs_frozen *frozen);
bool bs_freeze_values_parse(const char *text, enum bs_freeze *mode,
                            struct bs_freeze_values *values);

/* Waits at most wait_ms for writers to let go: BS_CANCELLED if they do not. */
enum bs_status bs_freeze_apply(struct bs_frozen *frozen, const struct bs_selection *selection,
                               int64_t wait_ms, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_freeze_undo(struct bs_frozen *frozen, struct bs_error *err) BS_MUST_CHECK;

#endif
