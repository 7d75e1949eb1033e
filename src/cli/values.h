/* The values of all options of all commands, and the options that commands share. A command's table
 * lists the options that it has; the fields of the others stay 0. */
#ifndef BS_CLI_VALUES_H
#define BS_CLI_VALUES_H

#include "cli/option.h"

struct bs_values {
    char *source, *target, *defaults_file;
    char *archive;
    char *databases, *tables, *exclude_databases, *exclude_tables;
    char *task, *state_schema;
    char *definer;
    bool json, accounts;
    int progress, log_level;
    uint64_t threads, max_batch, memory, chunk_bytes;
    uint64_t max_rate, max_load, max_history;
    uint64_t lock_timeout_ms, max_freeze_ms, give_up_ms;
    char *hook;
    char **files; /* NULL-terminated */
    size_t file_count;
    char *start, *stop, *schema;
    bool stats, verify, follow;
    int consistency, position, freeze, hook_lost;
    bool no_target_binlog, keep_engines, keep_commit_order, until_cutover, until_caught_up;
    bool watch, state_only;
};

enum bs_progress_mode {
    BS_PROGRESS_AUTO,
    BS_PROGRESS_BAR,
    BS_PROGRESS_PLAIN,
    BS_PROGRESS_NONE,
};

/* In the order of the enums that the indexes become. */
extern const char *const BS_PROGRESS_CHOICES[];    /* enum bs_progress_mode */
extern const char *const BS_LOG_LEVEL_CHOICES[];   /* enum bs_log_level */
extern const char *const BS_CONSISTENCY_CHOICES[]; /* enum bs_consistency */
extern const char *const BS_POSITION_CHOICES[];    /* enum bs_position_choice */
extern const char *const BS_FREEZE_CHOICES[];      /* enum bs_freeze */
extern const char *const BS_HOOK_LOST_CHOICES[];   /* enum bs_hook_lost */

#define BS_FIELD(name) offsetof(struct bs_values, name)

#define BS_OPTION_SOURCE                                                                           \
    {                                                                                              \
        .name = "source", .kind = BS_OPTION_TEXT, .offset = BS_FIELD(source), .value = "URI",      \
        .help = "the server to move from: mysql://user[:password]@host[:port]/?option=value; "     \
                "BINSTREAM_SOURCE in the environment stands in for it, and "                       \
                "BINSTREAM_SOURCE_PASSWORD for its password",                                      \
    }
#define BS_OPTION_TARGET                                                                           \
    {                                                                                              \
        .name = "target", .kind = BS_OPTION_TEXT, .offset = BS_FIELD(target), .value = "URI",      \
        .help = "the server to move to: mysql://user[:password]@host[:port]/?option=value; "       \
                "BINSTREAM_TARGET in the environment stands in for it, and "                       \
                "BINSTREAM_TARGET_PASSWORD for its password",                                      \
    }
#define BS_OPTIONS_SELECTION                                                                       \
    {.name = "databases",                                                                          \
     .kind = BS_OPTION_LIST,                                                                       \
     .offset = BS_FIELD(databases),                                                                \
     .value = "LIST",                                                                              \
     .help = "only these databases: names separated by commas, % and _ as in LIKE; without it, "   \
             "and without --tables, every database but the system's"},                             \
        {.name = "tables",                                                                         \
         .kind = BS_OPTION_LIST,                                                                   \
         .offset = BS_FIELD(tables),                                                               \
         .value = "LIST",                                                                          \
         .help = "only these tables, each as database.table, with the same patterns"},             \
        {.name = "exclude-databases",                                                              \
         .kind = BS_OPTION_LIST,                                                                   \
         .offset = BS_FIELD(exclude_databases),                                                    \
         .value = "LIST",                                                                          \
         .help = "not these databases"},                                                           \
    {                                                                                              \
        .name = "exclude-tables", .kind = BS_OPTION_LIST, .offset = BS_FIELD(exclude_tables),      \
        .value = "LIST", .help = "not these tables, each as database.table"                        \
    }
#define BS_OPTION_ARCHIVE(text)                                                                    \
    {                                                                                              \
        .name = "archive", .kind = BS_OPTION_TEXT, .offset = BS_FIELD(archive), .value = "DIR",    \
        .help = text                                                                               \
    }
#define BS_OPTION_MEMORY                                                                           \
    {                                                                                              \
        .name = "memory", .kind = BS_OPTION_SIZE, .offset = BS_FIELD(memory), .value = "SIZE",     \
        .fallback = "256M", .least = 64U << 20, .most = UINT64_C(1) << 40,                         \
        .help = "stay under this much memory, plus three times the largest row"                    \
    }
#define BS_OPTION_NO_TARGET_BINLOG                                                                 \
    {                                                                                              \
        .name = "no-target-binlog", .kind = BS_OPTION_FLAG, .offset = BS_FIELD(no_target_binlog),  \
        .help = "do not write what is copied into the target's own binary log; replicas of the "   \
                "target then lack it"                                                              \
    }
#define BS_OPTION_KEEP_ENGINES                                                                     \
    {                                                                                              \
        .name = "keep-engines", .kind = BS_OPTION_FLAG, .offset = BS_FIELD(keep_engines),          \
        .help = "leave tables of MyISAM, Aria, MEMORY and the like what they are, instead of "     \
                "making them InnoDB; a crash while following may then leave changes in them "      \
                "made twice or half made"                                                          \
    }
#define BS_OPTION_DEFINER                                                                          \
    {                                                                                              \
        .name = "definer", .kind = BS_OPTION_TEXT, .offset = BS_FIELD(definer), .value = "WHO",    \
        .help = "the DEFINER of the views, routines, packages, triggers and events that are made " \
                "on the target: keep leaves each its own, as is done without this option; "        \
                "current is the account that the target's URI logs in with; user@host is that "    \
                "one, which must exist there; a task keeps to what it was begun with"              \
    }
#define BS_OPTION_ACCOUNTS                                                                         \
    {                                                                                              \
        .name = "accounts", .kind = BS_OPTION_FLAG, .offset = BS_FIELD(accounts),                  \
        .help = "bring the source's accounts and roles as well, with their passwords and what "    \
                "they may do on *.* and on what is selected: at the snapshot, and again at the "   \
                "cutover; those that are on the target already are left as they are; a task "      \
                "keeps to what it was begun with"                                                  \
    }
#define BS_OPTION_LANES                                                                            \
    {                                                                                              \
        .name = "threads", .kind = BS_OPTION_NUMBER, .offset = BS_FIELD(threads), .value = "N",    \
        .fallback = "4", .least = 1, .most = 32,                                                   \
        .help = "apply on this many connections to the target, side by side"                       \
    }
#define BS_OPTIONS_APPLY                                                                           \
    {.name = "max-batch",                                                                          \
     .kind = BS_OPTION_NUMBER,                                                                     \
     .offset = BS_FIELD(max_batch),                                                                \
     .value = "N",                                                                                 \
     .fallback = "2000",                                                                           \
     .least = 1,                                                                                   \
     .most = 100000,                                                                               \
     .help = "commit at most this many transactions of the source as one on the target; 1 keeps "  \
             "each by itself"},                                                                    \
    {                                                                                              \
        .name = "keep-commit-order", .kind = BS_OPTION_FLAG,                                       \
        .offset = BS_FIELD(keep_commit_order),                                                     \
        .help = "commit in the order of the source, so that whoever reads the target meanwhile "   \
                "sees nothing that the source never showed"                                        \
    }
#define BS_OPTIONS_COPY                                                                            \
    {.name = "threads",                                                                            \
     .kind = BS_OPTION_NUMBER,                                                                     \
     .offset = BS_FIELD(threads),                                                                  \
     .value = "N",                                                                                 \
     .fallback = "4",                                                                              \
     .least = 1,                                                                                   \
     .most = 32,                                                                                   \
     .help = "copy with this many connections to each server"},                                    \
        {.name = "chunk-bytes",                                                                    \
         .kind = BS_OPTION_SIZE,                                                                   \
         .offset = BS_FIELD(chunk_bytes),                                                          \
         .value = "SIZE",                                                                          \
         .fallback = "16M",                                                                        \
         .least = 64U << 10,                                                                       \
         .most = UINT64_C(1) << 30,                                                                \
         .help = "copy tables in pieces of about this size"},                                      \
        {.name = "max-rate",                                                                       \
         .kind = BS_OPTION_SIZE,                                                                   \
         .offset = BS_FIELD(max_rate),                                                             \
         .value = "SIZE",                                                                          \
         .fallback = "0",                                                                          \
         .least = 0,                                                                               \
         .most = UINT64_C(1) << 40,                                                                \
         .help = "read no more than this of the source in a second; 0 sets no bound"},             \
        {.name = "max-load",                                                                       \
         .kind = BS_OPTION_NUMBER,                                                                 \
         .offset = BS_FIELD(max_load),                                                             \
         .value = "N",                                                                             \
         .fallback = "0",                                                                          \
         .least = 0,                                                                               \
         .most = 1000000,                                                                          \
         .help =                                                                                   \
             "pause the copy while more than this many other statements run on the source "        \
             "(Threads_running, but for those that wait for a metadata lock); 0 never pauses"},    \
        {.name = "max-history",                                                                    \
         .kind = BS_OPTION_NUMBER,                                                                 \
         .offset = BS_FIELD(max_history),                                                          \
         .value = "N",                                                                             \
         .fallback = "0",                                                                          \
         .least = 0,                                                                               \
         .most = 1000000000,                                                                       \
         .help = "when the source's InnoDB history list is longer than this, give the copy's "     \
                 "views up, wait until half of it is purged, and go on as of a new position; 0 "   \
                 "never does"},                                                                    \
        {.name = "position",                                                                       \
         .kind = BS_OPTION_CHOICE,                                                                 \
         .offset = BS_FIELD(position),                                                             \
         .value = "HOW",                                                                           \
         .fallback = "auto",                                                                       \
         .choices = BS_POSITION_CHOICES,                                                           \
         .help = "note the source's GTIDs, and follow MySQL by them, or only file and position, "  \
                 "by which "                                                                       \
                 "MariaDB is followed always; auto notes GTIDs where the source has them"},        \
        {.name = "consistency",                                                                    \
         .kind = BS_OPTION_CHOICE,                                                                 \
         .offset = BS_FIELD(consistency),                                                          \
         .value = "HOW",                                                                           \
         .fallback = "auto",                                                                       \
         .choices = BS_CONSISTENCY_CHOICES,                                                        \
         .help = "how the source is held still for the instant in which the position is taken; "   \
                 "lock-free does not: each dumper then has a position of its own"},                \
    {                                                                                              \
        .name = "lock-timeout", .kind = BS_OPTION_SECONDS, .offset = BS_FIELD(lock_timeout_ms),    \
        .value = "SECONDS", .fallback = "10", .least = 1000, .most = 86400000,                     \
        .help = "give that lock up, and try again, when it is not granted in this time"            \
    }
#define BS_OPTION_GIVE_UP                                                                          \
    {                                                                                              \
        .name = "give-up", .kind = BS_OPTION_SECONDS, .offset = BS_FIELD(give_up_ms),              \
        .value = "SECONDS", .fallback = "600", .least = 1000, .most = 604800000,                   \
        .help = "end with an error when the source or the target cannot be reached for this long"  \
    }
#define BS_OPTIONS_FREEZE(freeze_default, seconds_default)                                         \
    {.name = "freeze",                                                                             \
     .kind = BS_OPTION_CHOICE,                                                                     \
     .offset = BS_FIELD(freeze),                                                                   \
     .value = "HOW",                                                                               \
     .fallback = freeze_default,                                                                   \
     .choices = BS_FREEZE_CHOICES,                                                                 \
     .help = "how writes on the source are stopped at cutover"},                                   \
        {.name = "max-freeze",                                                                     \
         .kind = BS_OPTION_SECONDS,                                                                \
         .offset = BS_FIELD(max_freeze_ms),                                                        \
         .value = "SECONDS",                                                                       \
         .fallback = seconds_default,                                                              \
         .least = 100,                                                                             \
         .most = 86400000,                                                                         \
         .help = "undo the freeze and go on following when the cutover, its hook included, is "    \
                 "not over in this time"},                                                         \
    {                                                                                              \
        .name = "hook", .kind = BS_OPTION_TEXT, .offset = BS_FIELD(hook), .value = "COMMAND",      \
        .may_be_empty = true,                                                                      \
        .help = "what switches the traffic to the target: run by /bin/sh on the machine of the "   \
                "follow when the target is ready and the source still frozen; a cutover whose "    \
                "hook does not end with 0 is undone; an empty one is none"                         \
    }
#define BS_OPTION_HOOK_LOST                                                                        \
    {                                                                                              \
        .name = "hook-lost", .kind = BS_OPTION_CHOICE, .offset = BS_FIELD(hook_lost),              \
        .value = "WHAT", .fallback = "again", .choices = BS_HOOK_LOST_CHOICES,                     \
        .help = "what to do about a cutover that was cut short while its hook ran: run the hook "  \
                "again, take it as done (the traffic goes to the target), or undo the cutover "    \
                "(it goes to the source)"                                                          \
    }
#define BS_OPTIONS_COMMON                                                                          \
    {.name = "task",                                                                               \
     .kind = BS_OPTION_TEXT,                                                                       \
     .offset = BS_FIELD(task),                                                                     \
     .value = "NAME",                                                                              \
     .fallback = "default",                                                                        \
     .help = "which task this is about, where a target has several"},                              \
        {.name = "state-schema",                                                                   \
         .kind = BS_OPTION_TEXT,                                                                   \
         .offset = BS_FIELD(state_schema),                                                         \
         .value = "NAME",                                                                          \
         .fallback = "binstream",                                                                  \
         .help = "the database on the target that holds binstream's own state"},                   \
        {.name = "defaults-file",                                                                  \
         .kind = BS_OPTION_TEXT,                                                                   \
         .offset = BS_FIELD(defaults_file),                                                        \
         .value = "FILE",                                                                          \
         .help = "take what the URIs do not say from [client], [binstream-source] and "            \
                 "[binstream-target] of this option file"},                                        \
        {.name = "json",                                                                           \
         .kind = BS_OPTION_FLAG,                                                                   \
         .offset = BS_FIELD(json),                                                                 \
         .help = "the report as one JSON object on standard output, and logs as JSON"},            \
        {.name = "progress",                                                                       \
         .kind = BS_OPTION_CHOICE,                                                                 \
         .offset = BS_FIELD(progress),                                                             \
         .value = "HOW",                                                                           \
         .fallback = "auto",                                                                       \
         .choices = BS_PROGRESS_CHOICES,                                                           \
         .help =                                                                                   \
             "how progress is shown; auto draws a bar on a terminal, else a line now and then"},   \
    {                                                                                              \
        .name = "log-level", .kind = BS_OPTION_CHOICE, .offset = BS_FIELD(log_level),              \
        .value = "LEVEL", .fallback = "info", .choices = BS_LOG_LEVEL_CHOICES,                     \
        .help = "the least important log lines to write to standard error"                         \
    }

#endif
