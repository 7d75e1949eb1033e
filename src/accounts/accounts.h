/* The source's accounts and roles on the target: --accounts. One function makes the target say what
 * the source says now; snapshot calls it when all that grants can name is there, cutover again
 * while the source is frozen. Called on the caller's sessions and thread.
 *
 * What holds: an account that was on the target before is never touched, nor those that servers
 * make for themselves. What this task makes is noted in the state before it is made, and so is,
 * with digests of the statements, what of it is there: an account whose source says the same as
 * before costs no statement. Statements about accounts commit by themselves, so after a crash the
 * notes tell what is to be done again. What cannot be carried exactly is refused before anything is
 * changed. Nothing here logs or records a hash.
 *
 *   plan.c   what is to become of each account
 *   make.c   doing it
 */
#ifndef BS_ACCOUNTS_ACCOUNTS_H
#define BS_ACCOUNTS_ACCOUNTS_H

#include "base/error.h"
#include "schema/selection.h"
#include "schema/server.h"
#include "sql/session.h"
#include "state/state.h"

#include <stdint.h>

/* From where to where. All is borrowed. */
struct bs_accounts_job {
    struct bs_sql *source, *target;
    const struct bs_server *source_server, *target_server;
    const struct bs_selection *selection;
    const struct bs_state *state;
    int64_t deadline_ms; /* bs_clock_mono_ms after which it gives up with BS_CANCELLED */
};

struct bs_accounts_counts {
    uint64_t made, changed, dropped;
    uint64_t left;  /* were on the target before */
    uint64_t total; /* of the task, now */
};

enum bs_status bs_accounts_bring(const struct bs_accounts_job *job,
                                 struct bs_accounts_counts *counts,
                                 struct bs_error *err) BS_MUST_CHECK;

/* Drops the accounts that the task made. */
enum bs_status bs_accounts_drop(struct bs_sql *target, const struct bs_state *state,
                                uint64_t *dropped, struct bs_error *err) BS_MUST_CHECK;

#endif
