#include "cli/cli.h"

#include "base/authorities.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "catalog/catalog.h"
#include "cli/connect.h"
#include "cli/help.h"
#include "cli/report.h"
#include "sql/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order in which --help shows them. */
static const struct bs_command *const COMMANDS[] = {
    &bs_command_check,
    &bs_command_snapshot,
    &bs_command_load,
    &bs_command_follow,
    &bs_command_cutover,
    &bs_command_migrate,
    &bs_command_status,
    &bs_command_abort,
    &bs_command_reset,
    &bs_command_events,
    NULL,
};

int
bs_exit_code(enum bs_status status) {
    enum {
        DONE = 0,
        ERROR = 1,
        USAGE = 2,
        PRECHECK = 3,
        DIFFERENT = 4,
        CANNOT_RESUME = 5,
        STOPPED = 6
    };
    switch (status) {
    case BS_OK:
        return DONE;
    case BS_CONFIG:
        return USAGE;
    case BS_PRECHECK:
        return PRECHECK;
    case BS_DIFFERENT:
        return DIFFERENT;
    case BS_PURGED:
        return CANNOT_RESUME;
    case BS_CANCELLED:
        return STOPPED;
    case BS_IO:
    case BS_PROTOCOL:
    case BS_SERVER:
    case BS_SCHEMA:
    case BS_CONFLICT:
    case BS_LIMIT:
    case BS_FENCED:
    case BS_NOMEM:
        return ERROR;
    }
    return ERROR;
}

static void
put_if_any(struct bs_buf *json, const char *key, const char *text) {
    if (text[0] != '\0') {
        bs_json_put_text(json, key, text);
    }
}

static void
print_json_error(const struct bs_error *err) {
    struct bs_buf json = {0};
    bs_json_open(&json);
    bs_json_put_text(&json, "level", "error");
    bs_json_put_text(&json, "message", err->message);
    put_if_any(&json, "while", err->context);
    put_if_any(&json, "at", err->position);
    put_if_any(&json, "what_to_do", err->hint);
    bs_json_put_text(&json, "class", bs_status_name(err->status));
    bs_json_put_i64(&json, "exit_code", bs_exit_code(err->status));
    bs_json_close(&json);
    (void)fprintf(stderr, "%s\n", bs_buf_cstr(&json));
    bs_buf_fini(&json);
}

void
bs_cli_print_error(const struct bs_error *err, bool as_json) {
    if (as_json) {
        print_json_error(err);
        return;
    }
    (void)fprintf(stderr, "binstream: error: %s\n", err->message);
    if (err->context[0] != '\0') {
        (void)fprintf(stderr, "  while %s\n", err->context);
    }
    if (err->position[0] != '\0') {
        (void)fprintf(stderr, "  at %s\n", err->position);
    }
    if (err->hint[0] != '\0') {
        (void)fprintf(stderr, "  what to do: %s\n", err->hint);
    }
}

static enum bs_status
read_list(char ***list, const char *option, const char *text, bool with_table, bool *given,
          struct bs_error *err) {
    if (text == NULL) {
        return BS_OK;
    }
    *given = true;
    enum bs_status status = bs_selection_parse_list(list, text, with_table, err);
    return status == BS_OK ? BS_OK : bs_error_context(err, "reading option --%s", option);
}

static enum bs_status
read_selection(struct bs_run *run, struct bs_error *err) {
    const struct bs_values *v = run->values;
    struct bs_selection *s = &run->selection;
    bool *given = &run->selection_given;
    s->state_schema = bs_strdup(v->state_schema != NULL ? v->state_schema : "");
    enum bs_status status = read_list(&s->databases, "databases", v->databases, false, given, err);
    if (status == BS_OK) {
        status = read_list(&s->tables, "tables", v->tables, true, given, err);
    }
    if (status == BS_OK) {
        status = read_list(&s->exclude_databases, "exclude-databases", v->exclude_databases, false,
                           given, err);
    }
    if (status == BS_OK) {
        status =
            read_list(&s->exclude_tables, "exclude-tables", v->exclude_tables, true, given, err);
    }
    return status;
}

/* Printable ASCII only: the names are keys in the state and parts of messages. */
static enum bs_status
check_name(const char *option, const char *name, struct bs_error *err) {
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        if (name[i] <= ' ' || name[i] > '~') {
            len = 0;
        }
    }
    if (len == 0 || len > BS_TASK_NAME_MAX) {
        return bs_error_set(err, BS_CONFIG,
                            "option --%s must be 1 to %d printable ASCII characters without blanks",
                            option, BS_TASK_NAME_MAX);
    }
    return BS_OK;
}

/* All that is known before a server is asked. */
static enum bs_status
prepare(struct bs_run *run, const struct bs_command *command, struct bs_error *err) {
    const struct bs_values *v = run->values;
    if (command->needs_no_task) {
        return read_selection(run, err);
    }
    run->state = (struct bs_state){v->state_schema, v->task};
    enum bs_status status = check_name("task", v->task, err);
    if (status == BS_OK) {
        status = check_name("state-schema", v->state_schema, err);
    }
    if (status == BS_OK && bs_selection_is_system_database(bs_str(v->state_schema))) {
        status = bs_error_set(err, BS_CONFIG, "option --state-schema names a system database");
    }
    if (status == BS_OK && command->has_selection) {
        status = read_selection(run, err);
    }
    if (status == BS_OK && command->needs_source) {
        status = bs_connect_resolve(&run->source, "source", v->source, v->defaults_file, err);
    }
    bool has_target = !command->takes_archive || v->archive == NULL;
    if (status == BS_OK && has_target) {
        status = bs_connect_resolve(&run->target, "target", v->target, v->defaults_file, err);
    }
    return status;
}

static int
run_command(const struct bs_command *command, const struct bs_values *values) {
    struct bs_run run = {.values = values,
                         .accounts = values->accounts,
                         .keep_engines = values->keep_engines,
                         .no_target_binlog = values->no_target_binlog};
    struct bs_error err = {0};
    bs_log_setup((enum bs_log_level)values->log_level, values->json);
    bs_progress_begin(&run.progress, (enum bs_progress_mode)values->progress, values->json);
    enum bs_status status = prepare(&run, command, &err);
    if (status == BS_OK) {
        status = bs_cli_read_definer(&run, &err);
    }
    if (status == BS_OK) {
        status = command->run(&run, &err);
    }
    bs_progress_end(&run.progress);
    if (status != BS_OK) {
        bs_cli_print_error(&err, values->json);
    }
    bs_endpoint_fini(&run.source);
    bs_endpoint_fini(&run.target);
    bs_selection_fini(&run.selection);
    free(run.definer);
    return status == BS_OK ? run.exit_code : bs_exit_code(status);
}

static int
parse_and_run(const struct bs_command *command, int argc, char *const *argv) {
    struct bs_values values = {0};
    struct bs_error err = {0};
    bool help = false;
    int code = 0;
    bs_options_default(&command->table, &values);
    enum bs_status status =
        bs_options_parse(&command->table, command->name, argc, argv, &values, &help, &err);
    if (help) {
        code = bs_help_print_command(command);
    } else if (status != BS_OK) {
        bs_cli_print_error(&err, values.json);
        code = bs_exit_code(status);
    } else {
        code = run_command(command, &values);
    }
    bs_options_fini(&command->table, &values);
    return code;
}

static const struct bs_command *
find_command(const char *name) {
    for (size_t i = 0; COMMANDS[i] != NULL; i++) {
        if (strcmp(name, COMMANDS[i]->name) == 0) {
            return COMMANDS[i];
        }
    }
    return NULL;
}

static int
unknown_command(const char *name) {
    struct bs_error err = {0};
    bool may_hold_secret = strpbrk(name, ":@=") != NULL;
    bs_error_set(&err, BS_CONFIG, "unknown command '%.40s'", may_hold_secret ? "..." : name);
    bs_error_hint(&err, "see 'binstream --help'");
    bs_cli_print_error(&err, false);
    return bs_exit_code(BS_CONFIG);
}

/* "help", "help COMMAND" and, for docs/reference, "help --reference COMMAND". */
static int
help(int argc, char *const *argv) {
    bool reference = argc > 0 && strcmp(argv[0], "--reference") == 0;
    const char *name = argc > reference ? argv[reference] : NULL;
    if (name == NULL) {
        return reference ? bs_help_print_names(COMMANDS) : bs_help_print(COMMANDS);
    }
    const struct bs_command *command = find_command(name);
    if (command == NULL) {
        return unknown_command(name);
    }
    return reference ? bs_help_print_reference(command) : bs_help_print_command(command);
}

static int
dispatch(int argc, char *const *argv) {
    if (argc < 2) {
        (void)fputs("binstream: error: no command given\n  what to do: see 'binstream --help'\n",
                    stderr);
        return bs_exit_code(BS_CONFIG);
    }
    if (strcmp(argv[1], "--version") == 0) {
        return bs_help_print_version();
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return bs_help_print(COMMANDS);
    }
    if (strcmp(argv[1], "help") == 0) {
        return help(argc - 2, argv + 2);
    }
    const struct bs_command *command = find_command(argv[1]);
    if (command == NULL) {
        return unknown_command(argv[1]);
    }
    if (argc > 2 && strcmp(argv[2], "--version") == 0) {
        return bs_help_print_version();
    }
    return parse_and_run(command, argc - 2, argv + 2);
}

int
bs_cli_main(int argc, char **argv) {
    /* First of all: what ps shows. The copies keep what was typed. */
    char **copies = bs_zalloc(((size_t)argc + 1) * sizeof *copies);
    for (int i = 0; i < argc; i++) {
        copies[i] = bs_strdup(argv[i]);
        bs_connect_mask(argv[i]);
    }
    bs_authorities_leave_out();
    bs_stop_install_handlers();
    int code = dispatch(argc, copies);
    for (int i = 0; i < argc; i++) {
        free(copies[i]);
    }
    free(copies);
    return code;
}

enum bs_status
bs_cli_connect(const struct bs_endpoint *endpoint, struct bs_sql **sql, struct bs_error *err) {
    struct bs_sql_options options = {.program = "binstream"};
    *sql = NULL;
    return bs_sql_connect(sql, endpoint, &options, err);
}

enum { TABLE_DENIED = 1142 };

/* The refusal of a server, as the precheck that it is: with the statement that mends it. */
static enum bs_status
deny_state(struct bs_sql *target, const struct bs_run *run, struct bs_error *err) {
    struct bs_buf account = {0};
    struct bs_buf schema = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_value(target, &account, &found, err,
                     "SELECT CONCAT(QUOTE(LEFT(CURRENT_USER(), CHAR_LENGTH(CURRENT_USER()) - 1 - "
                     "CHAR_LENGTH(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)))), '@', "
                     "QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)))");
    if (status == BS_OK) {
        bs_sql_put_ident(&schema, bs_str(run->state.schema));
        bs_error_set(err, BS_PRECHECK, "%s may not read the state in schema %s on the target",
                     bs_buf_cstr(&account), bs_buf_cstr(&schema));
        status = bs_error_hint(err,
                               "on the target: GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, "
                               "ALTER, INDEX ON %s.* TO %s",
                               bs_buf_cstr(&schema), bs_buf_cstr(&account));
    }
    bs_buf_fini(&account);
    bs_buf_fini(&schema);
    return status;
}

enum bs_status
bs_cli_load_task(struct bs_sql *target, const struct bs_run *run, struct bs_task *task,
                 struct bs_error *err) {
    bool found = false;
    enum bs_status status = bs_state_load_task(target, &run->state, task, &found, err);
    if (status == BS_SERVER && err->sql_errno == TABLE_DENIED) {
        return deny_state(target, run, err);
    }
    if (status == BS_OK && !found) {
        bs_error_set(err, BS_PRECHECK, "there is no task '%s' on the target", run->state.task);
        return bs_error_hint(err,
                             "begin with 'binstream snapshot'; if the task has another name or "
                             "its state another place, give --task or --state-schema");
    }
    return status;
}

enum bs_status
bs_cli_check_source(const struct bs_run *run, const struct bs_task *task, struct bs_error *err) {
    struct bs_sql *source = NULL;
    struct bs_server server;
    struct bs_error away;
    bs_error_clear(&away);
    enum bs_status status = bs_cli_connect(&run->source, &source, &away);
    if (status == BS_OK) {
        status = bs_catalog_server(source, &server, &away);
    }
    bs_sql_close(source);
    if (status != BS_OK) {
        bs_log(BS_LOG_WARNING, "that this is the source of task '%s' cannot be told: %s",
               run->state.task, away.message);
        return BS_OK;
    }
    return bs_task_check_source(task, &server, err);
}

enum bs_status
bs_cli_peek_task(const struct bs_run *run, struct bs_task *task, bool *found,
                 struct bs_error *err) {
    struct bs_sql *target = NULL;
    *task = (struct bs_task){.epoch = 0};
    *found = false;
    enum bs_status status = bs_cli_connect(&run->target, &target, err);
    if (status == BS_OK) {
        status = bs_state_load_task(target, &run->state, task, found, err);
        if (status == BS_SERVER && err->sql_errno == TABLE_DENIED) {
            bs_error_clear(err);
            status = BS_OK;
        }
    }
    bs_sql_close(target);
    return status;
}
