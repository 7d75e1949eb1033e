/* What --help, --version and the reference pages show. Each prints to stdout and returns the exit
 * code. */
#ifndef BS_CLI_HELP_H
#define BS_CLI_HELP_H

#include "cli/cli.h"

int bs_help_print(const struct bs_command *const *commands);
int bs_help_print_command(const struct bs_command *command);
int bs_help_print_reference(const struct bs_command *command);
int bs_help_print_names(const struct bs_command *const *commands);
int bs_help_print_version(void);

#endif
