/* What is to become of each account of the source. Reads both servers and the state, changes
 * nothing: for the making, and for the precheck that comes before it. */
#ifndef BS_ACCOUNTS_PLAN_H
#define BS_ACCOUNTS_PLAN_H

#include "accounts/accounts.h"
#include "catalog/accounts.h"

enum bs_account_fate {
    BS_FATE_NOTHING, /* a server's own, or PUBLIC that may do nothing here */
    BS_FATE_LEFT,    /* on the target before, or made by somebody else */
    BS_FATE_SAME,    /* ours, and nothing has changed on the source */
    BS_FATE_DUE,     /* to be made, or ours and to be looked at */
};

struct bs_account_plan {
    struct bs_account *account; /* the source's, translated in place; its name is the target's */
    char *shown;                /* its name on the source, for people */
    enum bs_account_fate fate;
    struct bs_notes notes;
    const struct bs_account_note *note; /* NULL: not ours yet */
};

struct bs_accounts_plan {
    struct bs_account_list source, there; /* on the target before anything is done */
    struct bs_account_abilities source_can, target_can;
    struct bs_account_note *notes;
    size_t note_count;
    bool *is_noted; /* per note: the source still has it */
    struct bs_account_plan *items;
    size_t count;
};

/* only_looks: for a precheck, which needs the grants of all accounts, even where the source says
 * the same as when they were made. Freed by the caller, after a failure too. */
enum bs_status bs_accounts_plan(const struct bs_accounts_job *job, bool only_looks,
                                struct bs_accounts_plan *plan, struct bs_error *err) BS_MUST_CHECK;
void bs_accounts_plan_fini(struct bs_accounts_plan *plan);

/* BS_CANCELLED when the job's time is over. */
enum bs_status bs_accounts_check_time(const struct bs_accounts_job *job,
                                      struct bs_error *err) BS_MUST_CHECK;

/* NULL if it can be carried. */
const struct bs_note *bs_account_plan_refused(const struct bs_account_plan *item);

#endif
