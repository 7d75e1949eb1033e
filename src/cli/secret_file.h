/* Files that hold a password. Called by connect.c and defaults_file.c. */
#ifndef BS_CLI_SECRET_FILE_H
#define BS_CLI_SECRET_FILE_H

#include "base/error.h"

#include <stdio.h>

/* The first line of the file, heap-owned, for bs_secret_free. BS_CONFIG when it cannot be read, or
 * is no password: empty, too long, or with a zero byte in it. */
enum bs_status bs_secret_file_read(const char *path, char **password,
                                   struct bs_error *err) BS_MUST_CHECK;

/* Warns when every user of this machine may read or change the open file. */
void bs_secret_file_warn(FILE *file, const char *path);

/* Overwritten before it is freed; NULL is fine. */
void bs_secret_free(char *secret);

#endif
