/* Lets a script drive src/sql against a live server.
 *
 *   sql_probe [-l] [-n] URI COMMAND [ARGUMENT]...
 *
 * -l allows LOAD DATA LOCAL, -n switches the binlog off. The commands run one after another on one
 * session; each but "give-up" and "load" takes one argument:
 *
 *   run TEXT           affected rows and warnings
 *   value TEXT         the first value, "NULL" if there is none
 *   query TEXT         the rows, columns joined by |
 *   stream TEXT        the same, row by row
 *   break TEXT         streams, and frees the result after the first row
 *   multi TEXT         a line for each statement
 *   variable NAME      the session's value of a variable
 *   global NAME        the server's
 *   global-all on|off  remembers all of the server's, and forgets them
 *   load ROWS TEXT     feeds ROWS, prints the report and the warnings
 *   give-up ROWS TEXT  feeds ROWS and then gives up
 *   wait TEXT          waits for a line on stdin first, then as run
 *
 * An error is printed as "ERROR class number state: message | context | hint"; the rest still runs.
 */
#include "sql/error_class.h"
#include "sql/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bs_error err;

struct feed {
    const char *at;
    bool gives_up;
};

static int
feed_rows(void *arg, char *out, unsigned int cap) {
    struct feed *feed = arg;
    enum { STEP = 5 }; /* small, so that there are several */
    unsigned int len = 0;
    for (; len < cap && len < STEP && *feed->at != '\0'; len++) {
        out[len] = *feed->at++;
    }
    if (len == 0 && feed->gives_up) {
        bs_error_set(&err, BS_CANCELLED, "the feeder gave up");
        return -1;
    }
    return (int)len;
}

static enum bs_status
load(struct bs_sql *sql, const char *rows, const char *text, bool gives_up) {
    struct feed feed = {rows, gives_up};
    struct bs_sql_load_report r;
    enum bs_status status = bs_sql_load(sql, bs_str(text), feed_rows, &feed, &r, &err);
    if (status == BS_OK) {
        printf("records=%llu deleted=%llu skipped=%llu warnings=%llu\n",
               (unsigned long long)r.records, (unsigned long long)r.deleted,
               (unsigned long long)r.skipped, (unsigned long long)r.warnings);
        struct bs_buf warnings = {0};
        status = bs_sql_warnings(sql, 10, &warnings, &err);
        printf("%s", bs_buf_cstr(&warnings));
        bs_buf_fini(&warnings);
    }
    return status;
}

static void
print_row(const struct bs_str *row, unsigned int count) {
    for (unsigned int i = 0; i < count; i++) {
        printf("%s", i > 0 ? "|" : "");
        if (row[i].data == NULL) {
            printf("NULL");
        } else {
            fwrite(row[i].data, 1, row[i].len, stdout);
        }
    }
    printf("\n");
}

static enum bs_status
print_rows(struct bs_sql *sql, const char *text, bool is_stream, bool only_one) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status = is_stream ? bs_sql_stream(sql, bs_str(text), &result, &err)
                                      : bs_sql_query(sql, &result, &err, "%s", text);
    while (status == BS_OK && (status = bs_sql_next(result, &row, &err)) == BS_OK && row != NULL) {
        print_row(row, bs_sql_column_count(result));
        if (only_one) {
            break;
        }
    }
    if (status == BS_OK && !is_stream) {
        printf("%llu rows, first column %s\n", (unsigned long long)bs_sql_row_count(result),
               bs_sql_column_name(result, 0));
    }
    bs_sql_result_free(result);
    return status;
}

static enum bs_status
run_multi(struct bs_sql *sql, const char *text) {
    enum bs_status status = bs_sql_multi_send(sql, bs_str(text), &err);
    bool more = true;
    while (status == BS_OK && more) {
        uint64_t affected = 0;
        unsigned int warnings = 0;
        status = bs_sql_multi_next(sql, &more, &affected, &warnings, &err);
        if (status == BS_OK && more) {
            printf("affected=%llu warnings=%u\n", (unsigned long long)affected, warnings);
        }
    }
    return status;
}

static enum bs_status
run_text(struct bs_sql *sql, const char *text) {
    enum bs_status status = bs_sql_run(sql, bs_str(text), &err);
    if (status == BS_OK) {
        printf("affected=%llu warnings=%u\n", (unsigned long long)bs_sql_affected(sql),
               bs_sql_warning_count(sql));
    }
    return status;
}

/* Takes the value. */
static enum bs_status
print_found(enum bs_status status, bool found, struct bs_buf *value) {
    if (status == BS_OK) {
        printf("%s\n", found ? bs_buf_cstr(value) : "NULL");
    }
    bs_buf_fini(value);
    return status;
}

static enum bs_status
print_value(struct bs_sql *sql, const char *text) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status = bs_sql_value(sql, &value, &found, &err, "%s", text);
    return print_found(status, found, &value);
}

static enum bs_status
print_variable(struct bs_sql *sql, const char *name, bool global) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status = bs_sql_variable(sql, name, global, &value, &found, &err);
    return print_found(status, found, &value);
}

static enum bs_status
remember(struct bs_sql *sql, bool on) {
    if (on) {
        return bs_sql_remember_variables(sql, &err);
    }
    bs_sql_forget_variables(sql);
    return BS_OK;
}

/* Runs argv[0] with its arguments; returns how many words it took. */
static int
run_command(struct bs_sql *sql, char **argv, int left) {
    const char *command = argv[0];
    bool feeds = strcmp(command, "load") == 0 || strcmp(command, "give-up") == 0;
    if (left < (feeds ? 3 : 2)) {
        fprintf(stderr, "%s lacks its argument\n", command);
        exit(2);
    }
    enum bs_status status = BS_OK;
    if (feeds) {
        status = load(sql, argv[1], argv[2], *command == 'g');
    } else if (strcmp(command, "query") == 0) {
        status = print_rows(sql, argv[1], false, false);
    } else if (strcmp(command, "stream") == 0) {
        status = print_rows(sql, argv[1], true, false);
    } else if (strcmp(command, "break") == 0) {
        status = print_rows(sql, argv[1], true, true);
    } else if (strcmp(command, "multi") == 0) {
        status = run_multi(sql, argv[1]);
    } else if (strcmp(command, "value") == 0) {
        status = print_value(sql, argv[1]);
    } else if (strcmp(command, "variable") == 0 || strcmp(command, "global") == 0) {
        status = print_variable(sql, argv[1], *command == 'g');
    } else if (strcmp(command, "global-all") == 0) {
        status = remember(sql, strcmp(argv[1], "on") == 0);
    } else {
        if (strcmp(command, "wait") == 0) {
            printf("waiting\n");
            fflush(stdout);
            (void)getchar();
        }
        status = run_text(sql, argv[1]);
    }
    if (status != BS_OK) {
        printf("ERROR %s %u %s: %s | %s | %s%s\n", bs_status_name(status), err.sql_errno,
               err.sql_state, err.message, err.context, err.hint,
               bs_sql_is_retryable(&err) ? " | retryable" : "");
        bs_error_clear(&err);
    }
    fflush(stdout);
    return feeds ? 3 : 2;
}

int
main(int argc, char **argv) {
    struct bs_sql_options options = {.program = "sql probe"};
    struct bs_endpoint endpoint;
    struct bs_sql *sql = NULL;
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        options.local_infile |= argv[at][1] == 'l';
        options.no_binlog |= argv[at][1] == 'n';
    }
    if (at >= argc) {
        return 2;
    }
    enum bs_status status = bs_endpoint_parse(&endpoint, argv[at], &err);
    if (status == BS_OK) {
        status = bs_sql_connect(&sql, &endpoint, &options, &err);
        bs_endpoint_fini(&endpoint);
    }
    if (status != BS_OK) {
        printf("ERROR %s %u %s: %s | %s | %s\n", bs_status_name(status), err.sql_errno,
               err.sql_state, err.message, err.context, err.hint);
        return 1;
    }
    for (at++; at < argc;) {
        at += run_command(sql, argv + at, argc - at);
    }
    bs_sql_close(sql);
    return 0;
}
