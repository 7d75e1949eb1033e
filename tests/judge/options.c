#include "options.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum option_kind { OPTION_FLAG, OPTION_STRING, OPTION_LIST, OPTION_ITEM, OPTION_COUNT };

/* Where an option's value goes: the member of struct judge_options at that offset. */
struct option_row {
    const char *name;
    enum option_kind kind;
    size_t offset;
    const char *argument;
    const char *help;
};

#define AT(member) offsetof(struct judge_options, member)

static const struct option_row OPTIONS[] = {
    {"--databases", OPTION_LIST, AT(databases), "a,b", "compare these only"},
    {"--exclude-databases", OPTION_LIST, AT(exclude_databases), "a,b", "leave these out"},
    {"--ignore-table", OPTION_ITEM, AT(ignore_tables), "db.t", "leave this table out; repeatable"},
    {"--state-schema", OPTION_STRING, AT(state_schema), "NAME",
     "database of state, left out (default binstream)"},
    {"--ignore-definers", OPTION_FLAG, AT(ignore_definers), "", "DEFINER clauses may differ"},
    {"--ignore-auto-increment", OPTION_FLAG, AT(ignore_auto_increment), "",
     "B's counters may be lower than A's"},
    {"--ignore-event-status", OPTION_FLAG, AT(ignore_event_status), "",
     "events may be enabled on one side only"},
    {"--ignore-engines", OPTION_FLAG, AT(ignore_engines), "",
     "ENGINE= of tables may differ, and options that only some engines have"},
    {"--history", OPTION_FLAG, AT(history), "",
     "compare the history of system-versioned tables as well, with its periods"},
    {"--objects-only", OPTION_FLAG, AT(objects_only), "", "do not read rows"},
    {"--json", OPTION_FLAG, AT(as_json), "", "print one JSON object"},
    {"--max-report", OPTION_COUNT, AT(max_report), "N", "differing rows named per table (10)"},
    {"--threads", OPTION_COUNT, AT(thread_count), "N", "tables compared at once (2)"},
};
static const size_t OPTION_ROWS = sizeof OPTIONS / sizeof *OPTIONS;

static const char *const SYSTEM_DATABASES[] = {"mysql", "sys", "information_schema",
                                               "performance_schema"};

void
judge_names_add(struct judge_names *names, const char *name, size_t len) {
    names->items = judge_grow(names->items, names->count, &names->cap, sizeof *names->items);
    names->items[names->count++] = judge_copy(name, len);
}

void
judge_names_add_list(struct judge_names *names, const char *list) {
    for (const char *at = list; *at != '\0';) {
        size_t len = strcspn(at, ",");
        if (len > 0) {
            judge_names_add(names, at, len);
        }
        at += len + (at[len] == ',' ? 1 : 0);
    }
}

bool
judge_names_has(const struct judge_names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0) {
            return true;
        }
    }
    return false;
}

void
judge_names_fini(struct judge_names *names) {
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i]);
    }
    free(names->items);
    memset(names, 0, sizeof *names);
}

static bool
store_count(struct judge_options *options, const struct option_row *row, const char *value) {
    char *end = NULL;
    unsigned long count = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || count > 1000000) {
        return false;
    }
    if (row->offset == AT(thread_count)) {
        options->thread_count = (unsigned)count;
        return count >= 1 && count <= 64;
    }
    options->max_report = count;
    return true;
}

static bool
store_value(struct judge_options *options, const struct option_row *row, const char *value) {
    char *member = (char *)options + row->offset;
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)(void *)member = true;
        return true;
    case OPTION_STRING:
        *(const char **)(void *)member = value;
        return *value != '\0';
    case OPTION_LIST:
        judge_names_add_list((struct judge_names *)(void *)member, value);
        return *value != '\0';
    case OPTION_ITEM:
        judge_names_add((struct judge_names *)(void *)member, value, strlen(value));
        return strchr(value, '.') != NULL;
    case OPTION_COUNT:
        return store_count(options, row, value);
    }
    return false;
}

/* Takes --name, --name value or --name=value at argv[*index]; moves *index past a separate value.
 */
static bool
parse_option(struct judge_options *options, int argc, char **argv, int *index) {
    const char *arg = argv[*index];
    size_t name_len = strcspn(arg, "=");
    for (size_t i = 0; i < OPTION_ROWS; i++) {
        const struct option_row *row = &OPTIONS[i];
        if (strlen(row->name) != name_len || strncmp(row->name, arg, name_len) != 0) {
            continue;
        }
        const char *value = arg[name_len] == '=' ? arg + name_len + 1 : NULL;
        if (row->kind == OPTION_FLAG) {
            return value == NULL && store_value(options, row, "");
        }
        if (value == NULL && *index + 1 < argc) {
            value = argv[++*index];
        }
        if (value == NULL || !store_value(options, row, value)) {
            fprintf(stderr, "judge: %s needs a value: %s\n", row->name, row->argument);
            return false;
        }
        return true;
    }
    fprintf(stderr, "judge: unknown option %s\n", arg);
    return false;
}

static void
blank_password(char *endpoint) {
    char *at = strrchr(endpoint, '@');
    char *colon = at != NULL ? memchr(endpoint, ':', (size_t)(at - endpoint)) : NULL;
    if (colon != NULL) {
        memset(colon + 1, 'x', (size_t)(at - colon - 1));
    }
}

static bool
parse_endpoint(struct judge_endpoint *to, char side, char *text) {
    bool ok = judge_endpoint_parse(to, side, text);
    blank_password(text);
    if (!ok) {
        fprintf(stderr, "judge: %s is no user[:password]@host:port nor user@/path/to/socket\n",
                text);
    }
    return ok;
}

enum judge_parse
judge_options_parse(struct judge_options *options, int argc, char **argv) {
    memset(options, 0, sizeof *options);
    options->state_schema = "binstream";
    options->max_report = 10;
    options->thread_count = 2;
    char *endpoints[2] = {NULL, NULL};
    int endpoint_count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return JUDGE_PARSE_HELP;
        }
        if (strncmp(argv[i], "--", 2) != 0 && endpoint_count < 2) {
            endpoints[endpoint_count++] = argv[i];
        } else if (!parse_option(options, argc, argv, &i)) {
            return JUDGE_PARSE_WRONG;
        }
    }
    if (endpoint_count != 2) {
        fputs("judge: two servers are needed, A and B\n", stderr);
        return JUDGE_PARSE_WRONG;
    }
    bool ok = parse_endpoint(&options->a, 'A', endpoints[0]) &&
              parse_endpoint(&options->b, 'B', endpoints[1]);
    return ok ? JUDGE_PARSE_RUN : JUDGE_PARSE_WRONG;
}

void
judge_options_fini(struct judge_options *options) {
    judge_names_fini(&options->databases);
    judge_names_fini(&options->exclude_databases);
    judge_names_fini(&options->ignore_tables);
    judge_endpoint_fini(&options->a);
    judge_endpoint_fini(&options->b);
}

void
judge_options_print_help(void) {
    puts("judge [options] A B\n\n"
         "Compares every row and every object of two servers whose writers are stopped.\n"
         "A, B: user[:password]@host:port or user[:password]@/path/to/socket\n");
    for (size_t i = 0; i < OPTION_ROWS; i++) {
        printf("  %-23s %-5s %s\n", OPTIONS[i].name, OPTIONS[i].argument, OPTIONS[i].help);
    }
    puts("\nExit: 0 equal, 4 different, 1 error, 2 wrong usage.");
}

bool
judge_options_has_database(const struct judge_options *options, const char *db) {
    for (size_t i = 0; i < sizeof SYSTEM_DATABASES / sizeof *SYSTEM_DATABASES; i++) {
        if (strcasecmp(db, SYSTEM_DATABASES[i]) == 0) {
            return false;
        }
    }
    if (strcmp(db, options->state_schema) == 0 ||
        judge_names_has(&options->exclude_databases, db)) {
        return false;
    }
    return options->databases.count == 0 || judge_names_has(&options->databases, db);
}

bool
judge_options_has_table(const struct judge_options *options, const char *db, const char *name) {
    struct judge_text path = {0};
    judge_text_puts(&path, db);
    judge_text_puts(&path, ".");
    judge_text_puts(&path, name);
    bool has = !judge_names_has(&options->ignore_tables, path.data);
    judge_text_fini(&path);
    return has;
}
