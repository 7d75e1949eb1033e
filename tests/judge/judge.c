/*
 * judge: compares every row and every object of two servers. See judge --help, and README.md here.
 *
 * The main thread loads both catalogues (B's in a thread beside it), compares them, and lets
 * tables.c compare the rows.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "objects.h"
#include "options.h"
#include "report.h"
#include "tables.h"

enum { EXIT_EQUAL = 0, EXIT_ERROR = 1, EXIT_USAGE = 2, EXIT_DIFFERENT = 4 };

struct side {
    struct judge_server server;
    struct judge_describer by;
    const struct judge_sources *sources;
    struct judge_catalog catalog;
    bool is_ok;
    struct judge_error err;
};

static void *
load_side(void *argument) {
    struct side *side = argument;
    mysql_thread_init();
    side->is_ok = judge_catalog_load(&side->catalog, &side->by, side->sources, &side->err);
    mysql_thread_end();
    return NULL;
}

static bool
load_both(struct side sides[2], struct judge_error *err) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, load_side, &sides[1]) != 0) {
        return judge_fail(err, "cannot start a thread");
    }
    sides[0].is_ok =
        judge_catalog_load(&sides[0].catalog, &sides[0].by, sides[0].sources, &sides[0].err);
    pthread_join(thread, NULL);
    if (!sides[0].is_ok || !sides[1].is_ok) {
        *err = sides[0].is_ok ? sides[1].err : sides[0].err;
        return false;
    }
    return true;
}

static bool
has_database(const struct judge_catalog *catalog, const char *db) {
    for (size_t i = 0; i < catalog->count; i++) {
        if (strcmp(catalog->objects[i].db, db) == 0) {
            return true;
        }
    }
    return false;
}

/* A database that neither side has is a mistyped name, and must not count as equal. */
static bool
check_databases(const struct judge_options *options, const struct side sides[2],
                struct judge_error *err) {
    for (size_t i = 0; i < options->databases.count; i++) {
        const char *db = options->databases.items[i];
        if (!has_database(&sides[0].catalog, db) && !has_database(&sides[1].catalog, db)) {
            return judge_fail(err, "neither server has a database %s", db);
        }
    }
    return true;
}

static bool
compare(const struct judge_options *options, struct side sides[2], struct judge_report *report,
        struct judge_error *err) {
    struct judge_table *tables = NULL;
    size_t table_count = 0;
    bool is_same = judge_server_is_same_version(&sides[0].server, &sides[1].server);
    for (int i = 0; i < 2; i++) {
        sides[i].by = (struct judge_describer){
            .server = &sides[i].server, .peer = &sides[1 - i].server, .options = options};
        sides[i].sources = is_same ? &JUDGE_SAME_VERSION : &JUDGE_ACROSS;
    }
    if (!load_both(sides, err) || !check_databases(options, sides, err)) {
        return false;
    }
    judge_objects_compare(&sides[0].catalog, &sides[1].catalog, report, &tables, &table_count);
    bool ok =
        options->objects_only || judge_tables_compare(options, tables, table_count, report, err);
    free(tables);
    return ok;
}

static int
run(const struct judge_options *options) {
    struct side sides[2];
    struct judge_report report;
    struct judge_error err;
    memset(sides, 0, sizeof sides);
    judge_report_init(&report);
    bool ok = judge_server_open(&sides[0].server, &options->a, &err) &&
              judge_server_open(&sides[1].server, &options->b, &err) &&
              compare(options, sides, &report, &err);
    int code = !ok ? EXIT_ERROR : report.count > 0 ? EXIT_DIFFERENT : EXIT_EQUAL;
    if (ok || report.count > 0) {
        judge_report_print(&report, options->as_json, ok ? stdout : stderr);
    }
    if (!ok) {
        fprintf(stderr, "judge: %s\n", err.text);
    }
    for (int i = 0; i < 2; i++) {
        judge_catalog_fini(&sides[i].catalog);
        judge_server_close(&sides[i].server);
    }
    judge_report_fini(&report);
    return code;
}

int
main(int argc, char **argv) {
    struct judge_options options;
    int code = EXIT_USAGE;
    switch (judge_options_parse(&options, argc, argv)) {
    case JUDGE_PARSE_HELP:
        judge_options_print_help();
        code = EXIT_EQUAL;
        break;
    case JUDGE_PARSE_WRONG:
        fputs("judge: see judge --help\n", stderr);
        break;
    case JUDGE_PARSE_RUN:
        if (mysql_library_init(0, NULL, NULL) == 0) {
            code = run(&options);
            mysql_library_end();
        } else {
            fputs("judge: cannot start the client library\n", stderr);
            code = EXIT_ERROR;
        }
        break;
    }
    judge_options_fini(&options);
    return code;
}
