/* --accounts: a task keeps to what it was begun with. */
#include "cli/cli.h"

enum bs_status
bs_cli_take_accounts(struct bs_run *run, const struct bs_task *task, struct bs_error *err) {
    if (run->accounts && !task->accounts) {
        bs_error_set(err, BS_CONFIG, "task '%s' was made without --accounts; this command says it",
                     run->state.task);
        return bs_error_hint(err, "leave the option out, or reset the task and begin anew");
    }
    run->accounts = task->accounts;
    return BS_OK;
}
