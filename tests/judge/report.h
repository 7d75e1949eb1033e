/*
 * What the judge found: differences, counts, and how both are printed.
 *
 * Filled by objects.c (one thread) and tables.c (many: every function here but init, fini and print
 * takes the lock), printed by judge.c once all threads are done. The report copies what it is
 * given.
 */
#ifndef JUDGE_REPORT_H
#define JUDGE_REPORT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum judge_change { JUDGE_ONLY_IN_A, JUDGE_ONLY_IN_B, JUDGE_DIFFERS };

struct judge_difference {
    char *kind; /* "table", "view", "row", ... */
    char *path; /* `db`.`name` */
    enum judge_change change;
    char *detail; /* may be empty */
    size_t sequence;
};

/* What was left out of an object on purpose, and so not compared. */
struct judge_note {
    char *kind;
    char *path;
    char *text;
};

struct judge_report {
    pthread_mutex_t lock;
    struct judge_note *notes;
    size_t note_count;
    size_t note_cap;
    struct judge_difference *differences;
    size_t count;
    size_t cap;
    uint64_t databases;
    uint64_t tables;
    uint64_t rows;
    uint64_t objects;
};

void judge_report_init(struct judge_report *report);
void judge_report_fini(struct judge_report *report);
void judge_report_add(struct judge_report *report, const char *kind, const char *path,
                      enum judge_change change, const char *detail);
void judge_report_note(struct judge_report *report, const char *kind, const char *path,
                       const char *text);
void judge_report_count_table(struct judge_report *report, uint64_t rows);
/* One line a difference, ordered by path, one a note ("left out: ..."), then one line of result; or
 * one JSON object. */
void judge_report_print(struct judge_report *report, bool as_json, FILE *out);

#endif
