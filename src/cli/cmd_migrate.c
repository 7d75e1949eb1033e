/* `migrate`: check, snapshot and follow --until-cutover in one. Run again it goes on where it was.
 */
#include "cli/cli.h"

#include "cli/report.h"

static const struct bs_option OPTIONS[] = {
    BS_OPTION_SOURCE,
    BS_OPTION_TARGET,
    BS_OPTIONS_SELECTION,
    BS_OPTIONS_COPY,
    BS_OPTIONS_FREEZE("read-only", "30"),
    BS_OPTION_HOOK_LOST,
    BS_OPTION_GIVE_UP,
    BS_OPTIONS_APPLY,
    BS_OPTION_MEMORY,
    BS_OPTION_NO_TARGET_BINLOG,
    BS_OPTION_KEEP_ENGINES,
    BS_OPTION_DEFINER,
    BS_OPTION_ACCOUNTS,
    BS_OPTIONS_COMMON,
};

/* Is the copy still to be made? */
static enum bs_status
needs_copy(struct bs_run *run, bool *needed, struct bs_error *err) {
    struct bs_task task;
    bool found = false;
    enum bs_status status = bs_cli_peek_task(run, &task, &found, err);
    *needed = !found || task.phase == BS_PHASE_COPYING;
    if (status == BS_OK && found && *needed) {
        status = bs_cli_take_definer(run, &task, err);
        status = status == BS_OK ? bs_cli_take_flags(run, &task, err) : status;
    }
    bs_task_fini(&task);
    return status;
}

static enum bs_status
migrate(struct bs_run *run, struct bs_error *err) {
    struct bs_values values = *run->values;
    struct bs_buf snapshot = {0}, follow = {0}, json = {0};
    bool needed = false;
    values.until_cutover = true;
    run->values = &values;
    enum bs_status status = needs_copy(run, &needed, err);
    if (status == BS_OK && needed) {
        status = bs_cli_check(run, BS_CHECK_FOR_SNAPSHOT, err);
    }
    if (status == BS_OK && needed) {
        status = bs_cli_snapshot(run, &snapshot, err);
    }
    if (status == BS_OK) {
        status = bs_cli_follow(run, &follow, err);
    }
    if (values.json && follow.len > 0) {
        struct bs_error ignored;
        bs_json_open(&json);
        bs_json_put_text(&json, "command", "migrate");
        bs_json_put_raw(&json, "snapshot", snapshot.len > 0 ? bs_buf_cstr(&snapshot) : NULL);
        bs_json_put_raw(&json, "follow", bs_buf_cstr(&follow));
        bs_json_close(&json);
        bs_buf_puts(&json, "\n");
        enum bs_status printed = bs_report_print(&json, status == BS_OK ? err : &ignored);
        status = status == BS_OK ? printed : status;
    }
    bs_buf_fini(&snapshot);
    bs_buf_fini(&follow);
    bs_buf_fini(&json);
    return status;
}

const struct bs_command bs_command_migrate = {
    .name = "migrate",
    .synopsis = "--source URI --target URI [selection] [options]",
    .summary = "check, snapshot and follow --until-cutover in one",
    .about = "Makes the prechecks, copies the snapshot, and follows until 'binstream cutover' asks "
             "for the\n"
             "cutover. Run again after a crash it goes on where it was.",
    .table = BS_OPTION_TABLE(OPTIONS),
    .needs_source = true,
    .has_selection = true,
    .run = migrate,
};
