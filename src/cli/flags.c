/* Options without a value that say what a task is: it keeps to those that it was begun with. */
#include "cli/cli.h"

static enum bs_status
take(const struct bs_run *run, const char *option, bool before, bool *now, struct bs_error *err) {
    if (*now && !before) {
        bs_error_set(err, BS_CONFIG, "task '%s' was made without %s; this command says it",
                     run->state.task, option);
        return bs_error_hint(err, "leave the option out, or reset the task and begin anew");
    }
    *now = before;
    return BS_OK;
}

enum bs_status
bs_cli_take_flags(struct bs_run *run, const struct bs_task *task, struct bs_error *err) {
    enum bs_status status = take(run, "--accounts", task->accounts, &run->accounts, err);
    if (status == BS_OK && task->knows_options) {
        status = take(run, "--keep-engines", task->keep_engines, &run->keep_engines, err);
    }
    if (status == BS_OK && task->knows_options) {
        status =
            take(run, "--no-target-binlog", task->no_target_binlog, &run->no_target_binlog, err);
    }
    return status;
}
