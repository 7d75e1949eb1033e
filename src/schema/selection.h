/* Which databases and tables a task is about: --databases, --tables, --exclude-databases and
 * --exclude-tables. Default: everything but the system's databases and the state schemas. Patterns
 * use % and _ as LIKE does, with \ as escape; 'db.table'. Pure. */
#ifndef BS_SCHEMA_SELECTION_H
#define BS_SCHEMA_SELECTION_H

#include "base/error.h"
#include "base/str.h"
#include "schema/model.h"

#include <stdbool.h>
#include <stddef.h>

struct bs_selection {
    char **databases; /* NULL-terminated lists of patterns, NULL: not given */
    char **tables;
    char **exclude_databases;
    char **exclude_tables;
    char *state_schema; /* never selected; "binstream" by default */
    /* For who only looks: the system's databases and the state schemas are as any other. */
    bool with_system;
};

/* Splits "a,b" (quotes `...` protect commas and dots) into the list, adding to what it holds;
 * entries stay as they were written. BS_CONFIG if malformed. */
enum bs_status bs_selection_parse_list(char ***list, const char *text, bool with_table,
                                       struct bs_error *err) BS_MUST_CHECK;
void bs_selection_fini(struct bs_selection *selection);

/* A table is selected when its database is (--databases) or it is itself (--tables); with neither
 * option everything is. Excluding wins. A database "is there" when any of its tables may be
 * selected; it is whole, its routines and events included, unless only tables of it are named.
 * Names are compared as bytes; _ stands for one UTF-8 character. */
bool bs_selection_has_database(const struct bs_selection *selection, struct bs_str db);
bool bs_selection_has_whole_database(const struct bs_selection *selection, struct bs_str db);
bool bs_selection_has_table(const struct bs_selection *selection, struct bs_str db,
                            struct bs_str table);

/* An object by its kind: tables, views and sequences by their names, everything else with the whole
 * of its database. */
bool bs_selection_has_object(const struct bs_selection *selection, enum bs_object_kind kind,
                             struct bs_str db, struct bs_str name);

/* One entry of a list against a name; table.data NULL for entries without a table part. Lets a
 * precheck name the entries that match nothing. */
bool bs_selection_entry_matches(const char *entry, struct bs_str db, struct bs_str table);

/* Is all that the entry can mean among the selection's databases and tables? What it leaves out
 * does not count. Said only of what is plain to see: names, and entries that the selection has in
 * the same words. */
bool bs_selection_covers(const struct bs_selection *selection, const char *entry);

/* mysql, sys, information_schema, performance_schema, in any case. */
bool bs_selection_is_system_database(struct bs_str db);

/* The options as one line for the state, to notice a rerun with other ones. */
char *bs_selection_describe(const struct bs_selection *selection);

#endif
