/* Options as data: one const table per command, from which come the parser, --help and the
 * reference page in docs/reference. Called by cli.c from the main thread. A table's defaults are
 * texts that go through the same parser, so help and behaviour cannot differ. */
#ifndef BS_CLI_OPTION_H
#define BS_CLI_OPTION_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bs_option_kind {
    BS_OPTION_FLAG,    /* bool; takes no value */
    BS_OPTION_TEXT,    /* char *, heap-owned */
    BS_OPTION_LIST,    /* char *; given again, it adds with a comma */
    BS_OPTION_NUMBER,  /* uint64_t within least and most */
    BS_OPTION_SIZE,    /* uint64_t bytes: 64M, 1.5G */
    BS_OPTION_SECONDS, /* uint64_t milliseconds: 30, 0.5 */
    BS_OPTION_CHOICE,  /* int: index into choices, which is counted from 0; -1 when not given */
};

/* What every option of every command can be set to: see values.h. */
struct bs_values;

struct bs_option {
    const char *name; /* without the dashes */
    enum bs_option_kind kind;
    size_t offset;              /* of its field in struct bs_values */
    const char *value;          /* what help calls its value: "URI"; NULL for flags */
    const char *fallback;       /* the default as it would be typed; NULL: none */
    const char *const *choices; /* NULL-terminated */
    uint64_t least, most;       /* NUMBER, SIZE; SECONDS in ms; most 0: no bound */
    bool may_be_empty;          /* TEXT */
    const char *help;           /* one sentence or more, without its last full stop */
};

struct bs_option_table {
    const struct bs_option *options;
    size_t count;
    bool takes_files; /* arguments that are no options go to values.files; so does all behind -- */
};

/* Sets every field that an option of the table has: to its default, else to nothing. */
void bs_options_default(const struct bs_option_table *table, struct bs_values *values);

/* Reads argv[0..argc): options only. BS_CONFIG names what is wrong, and never shows a value that
 * may hold a password. *help is set when --help is among them. */
enum bs_status bs_options_parse(const struct bs_option_table *table, const char *command, int argc,
                                char *const *argv, struct bs_values *values, bool *help,
                                struct bs_error *err) BS_MUST_CHECK;
void bs_options_fini(const struct bs_option_table *table, struct bs_values *values);

void bs_options_put_help(const struct bs_option_table *table, struct bs_buf *out);
void bs_options_put_reference(const struct bs_option_table *table, struct bs_buf *out);

#endif
