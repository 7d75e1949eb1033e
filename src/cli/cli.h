/* The command line: finds the command, reads its options, runs it, prints what it returned. The
 * only room that prints. One thread: the main one.
 *
 *   bs_cli_main ──> hides passwords from the process list ──> options ──> struct bs_run
 *               ──> command->run ──> error on stderr, exit code by class
 *
 * Reports go to stdout; logs, progress and errors to stderr. */
#ifndef BS_CLI_CLI_H
#define BS_CLI_CLI_H

#include "base/endpoint.h"
#include "base/error.h"
#include "check/check.h"
#include "cli/option.h"
#include "cli/progress.h"
#include "cli/values.h"
#include "schema/selection.h"
#include "sql/session.h"
#include "state/state.h"

#include <stdbool.h>

/* Everything a command gets. Filled by cli.c, freed by it. */
struct bs_run {
    const struct bs_values *values;
    struct bs_endpoint source; /* only of commands with needs_source */
    struct bs_endpoint target;
    struct bs_selection selection; /* as given; only of commands with has_selection */
    bool selection_given;
    char *definer; /* the account of --definer; NULL: keep, or not given */
    bool accounts, keep_engines, no_target_binlog; /* as given, or as the task has them */
    struct bs_state state;
    struct bs_progress progress;
    int exit_code; /* what to exit with when run returns BS_OK */
};

struct bs_command {
    const char *name;
    const char *synopsis; /* what follows the name in the usage line */
    const char *summary;  /* one line for the list of commands */
    const char *about;    /* paragraphs, separated by empty lines */
    struct bs_option_table table;
    bool needs_source;
    bool takes_archive; /* with --archive it needs no target, or no source: what is left decides */
    bool needs_no_task; /* no target, no state: the sources of the command are its own business */
    bool has_selection;
    enum bs_status (*run)(struct bs_run *run, struct bs_error *err);
};

extern const struct bs_command bs_command_check, bs_command_snapshot, bs_command_follow,
    bs_command_cutover, bs_command_migrate, bs_command_status, bs_command_abort, bs_command_reset,
    bs_command_events, bs_command_load;

#define BS_OPTION_TABLE(options)                                                                   \
    { options, sizeof(options) / sizeof((options)[0]), false }

int bs_cli_main(int argc, char **argv);

/* The exit codes of the program, by class. */
int bs_exit_code(enum bs_status status);

/* The one place that prints an error. */
void bs_cli_print_error(const struct bs_error *err, bool as_json);

/* A session with the target or the source, named after the command. */
enum bs_status bs_cli_connect(const struct bs_endpoint *endpoint, struct bs_sql **sql,
                              struct bs_error *err) BS_MUST_CHECK;

/* The task, which must be there: BS_PRECHECK says how to make it. The caller frees it. */
enum bs_status bs_cli_load_task(struct bs_sql *target, const struct bs_run *run,
                                struct bs_task *task, struct bs_error *err) BS_MUST_CHECK;

/* For what answers out of the task alone: is the source the one that it was begun with? BS_PURGED:
 * it is another. One that cannot be asked any more is logged, and is no error. */
enum bs_status bs_cli_check_source(const struct bs_run *run, const struct bs_task *task,
                                   struct bs_error *err) BS_MUST_CHECK;

/* The task, if there is one. An account that may not read the state has none: the prechecks, which
 * come next, say what it lacks. Connects to the target for this. */
enum bs_status bs_cli_peek_task(const struct bs_run *run, struct bs_task *task, bool *found,
                                struct bs_error *err) BS_MUST_CHECK;

/* Fills run->definer from the option; asks the target who `current` is. BS_CONFIG if it is neither
 * a word of the option nor an account. */
enum bs_status bs_cli_read_definer(struct bs_run *run, struct bs_error *err) BS_MUST_CHECK;
/* What the task was made with, if the option is not given. Given and otherwise, it is a mistake:
 * BS_CONFIG. */
enum bs_status bs_cli_take_definer(struct bs_run *run, const struct bs_task *task,
                                   struct bs_error *err) BS_MUST_CHECK;

/* The same for --accounts, --keep-engines and --no-target-binlog. */
enum bs_status bs_cli_take_flags(struct bs_run *run, const struct bs_task *task,
                                 struct bs_error *err) BS_MUST_CHECK;

/* The steps that `migrate` shares with the commands. */
enum bs_status bs_cli_check(struct bs_run *run, enum bs_check_for purpose, struct bs_error *err)
    BS_MUST_CHECK; /* BS_PRECHECK after the failures are printed; warnings are logged */
/* The same for a load, of what an archive has: see bs_check_config. */
enum bs_status bs_cli_check_for_load(struct bs_run *run, const struct bs_server *was_source,
                                     bool has_history, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_cli_snapshot(struct bs_run *run, struct bs_buf *json,
                               struct bs_error *err) BS_MUST_CHECK;
/* The report of a copy, for people and as JSON; and its progress. */
struct bs_snapshot_report;
struct bs_snapshot_progress;
struct bs_table_progress;
enum bs_status bs_cli_report_copy(struct bs_run *run, const struct bs_snapshot_report *report,
                                  const char *command, struct bs_buf *json,
                                  struct bs_error *err) BS_MUST_CHECK;
/* For a rerun of a copy that is complete: that nothing was done. */
enum bs_status bs_cli_report_complete(const struct bs_run *run, const char *command,
                                      struct bs_error *err) BS_MUST_CHECK;
void bs_cli_show_copy(void *run, const struct bs_snapshot_progress *progress);
/* Its lines, without an end: of a table in work, and of all together. */
void bs_cli_put_table_progress(struct bs_buf *out, const struct bs_table_progress *table);
void bs_cli_put_copy_progress(struct bs_buf *out, const struct bs_snapshot_progress *progress);
enum bs_status bs_cli_follow(struct bs_run *run, struct bs_buf *json,
                             struct bs_error *err) BS_MUST_CHECK;

#endif
