/*
 * The command line of the judge as values, and which databases and tables they select.
 *
 * Filled once by judge.c, read only afterwards, by any thread. Strings point into argv or the
 * lists, which the caller keeps alive.
 */
#ifndef JUDGE_OPTIONS_H
#define JUDGE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "server.h"

struct judge_names {
    char **items; /* owned */
    size_t count;
    size_t cap;
};

struct judge_options {
    struct judge_names databases; /* empty: all but the system's */
    struct judge_names exclude_databases;
    struct judge_names ignore_tables; /* db.table */
    const char *state_schema;
    bool ignore_definers;
    bool ignore_auto_increment;
    bool ignore_event_status;
    bool ignore_engines;
    bool history; /* of system-versioned tables, too */
    bool objects_only;
    bool as_json;
    size_t max_report;
    unsigned thread_count;
    struct judge_endpoint a;
    struct judge_endpoint b;
};

void judge_names_add(struct judge_names *names, const char *name, size_t len);
/* Adds the parts of a comma-separated list. */
void judge_names_add_list(struct judge_names *names, const char *list);
bool judge_names_has(const struct judge_names *names, const char *name);
void judge_names_fini(struct judge_names *names);

enum judge_parse { JUDGE_PARSE_RUN, JUDGE_PARSE_HELP, JUDGE_PARSE_WRONG };
/* Blanks the passwords in argv, so that the process list does not show them for long. */
enum judge_parse judge_options_parse(struct judge_options *options, int argc, char **argv);
void judge_options_fini(struct judge_options *options);
void judge_options_print_help(void);

bool judge_options_has_database(const struct judge_options *options, const char *db);
bool judge_options_has_table(const struct judge_options *options, const char *db, const char *name);

#endif
