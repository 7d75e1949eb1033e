#include "cli/help.h"

#include "base/buf.h"
#include "cli/report.h"

static int
print(struct bs_buf *text) {
    struct bs_error err = {0};
    enum bs_status status = bs_report_print(text, &err);
    if (status != BS_OK) {
        bs_cli_print_error(&err, false);
    }
    bs_buf_fini(text);
    return bs_exit_code(status);
}

static const char EXIT_CODES[] =
    "Exit codes: 0 done; 1 error; 2 wrong usage; 3 a precheck failed; 4 source and\n"
    "target differ; 5 cannot resume, the binary log that is needed is gone;\n"
    "6 stopped by request, or undone: run the same command again to go on.\n";

int
bs_help_print(const struct bs_command *const *commands) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "binstream moves a live MySQL or MariaDB database to another server while\n"
                       "applications keep writing to it.\n\n"
                       "Usage: binstream COMMAND [options]\n\nCommands:\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        bs_buf_printf(&text, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    }
    bs_buf_puts(&text,
                "\nThe whole way in two commands, and a third from another terminal:\n"
                "  binstream snapshot --source mysql://USER@OLD/ --target mysql://USER@NEW/\n"
                "  binstream follow   --source mysql://USER@OLD/ --target mysql://USER@NEW/ "
                "--until-cutover\n"
                "  binstream cutover  --target mysql://USER@NEW/\n\n"
                "'binstream COMMAND --help' tells all about a command; --version the version.\n");
    bs_buf_puts(&text, EXIT_CODES);
    return print(&text);
}

int
bs_help_print_command(const struct bs_command *command) {
    struct bs_buf text = {0};
    bs_buf_printf(&text, "Usage: binstream %s %s\n\n%s\n\nOptions:\n", command->name,
                  command->synopsis, command->about);
    bs_options_put_help(&command->table, &text);
    bs_buf_puts(&text, "\n");
    bs_buf_puts(&text, EXIT_CODES);
    return print(&text);
}

int
bs_help_print_reference(const struct bs_command *command) {
    struct bs_buf text = {0};
    bs_buf_printf(&text, "# binstream %s\n\n```\nbinstream %s %s\n```\n\n%s\n\n## Options\n\n",
                  command->name, command->name, command->synopsis, command->about);
    bs_options_put_reference(&command->table, &text);
    bs_buf_puts(&text, "\n");
    bs_buf_puts(&text, EXIT_CODES);
    return print(&text);
}

int
bs_help_print_names(const struct bs_command *const *commands) {
    struct bs_buf text = {0};
    for (size_t i = 0; commands[i] != NULL; i++) {
        bs_buf_printf(&text, "%s\n", commands[i]->name);
    }
    return print(&text);
}

int
bs_help_print_version(void) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "binstream " BS_VERSION "\n");
    return print(&text);
}
