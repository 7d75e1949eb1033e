/* Which databases and tables a task is about: --databases, --tables, --exclude-databases and
 * --exclude-tables. Default: everything but the system's databases and the state schemas. Patterns
 * use % and _ as LIKE does, with \ as escape; 'db.table'. Pure. */
#ifndef BS_SCHEMA_SELECTION_H
#define BS_SCHEMA_SELECTION_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct bs_selection {
    char **databases; /* NULL-terminated lists of patterns, NULL: not given */
    char **tables;
    char **exclude_databases;
    char **exclude_tables;
    char *state_schema; /* never selected; "binstream" by default */
};

/* Splits "a,b" (quotes `...` protect commas and dots) into the list; BS_CONFIG if malformed. */
enum bs_status bs_selection_parse_list(char ***list, const char *text, bool with_table,
                                       struct bs_error *err) BS_MUST_CHECK;
void bs_selection_fini(struct bs_selection *selection);

bool bs_selection_has_database(const struct bs_selection *selection, struct bs_str db);
bool bs_selection_has_table(const struct bs_selection *selection, struct bs_str db,
                            struct bs_str table);

/* The options as one line for the state, to notice a rerun with other ones. */
char *bs_selection_describe(const struct bs_selection *selection);

#endif
