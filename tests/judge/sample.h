/*
 * From two tallies to differences (the surplus), and from the first few of these to lines that name
 * key and columns.
 *
 * Called by tables.c, in a worker's thread. judge_sample_report reads both tables once more.
 */
#ifndef JUDGE_SAMPLE_H
#define JUDGE_SAMPLE_H

#include "hash.h"
#include "report.h"
#include "scan.h"
#include "tables.h"

/* One difference: a row of A, a row of B, or both where they have one key. */
struct judge_case {
    uint64_t key;
    bool has[2];
    struct judge_hash row[2];
};

struct judge_surplus {
    struct judge_case *cases; /* changed rows first, then those of A, then of B */
    size_t count;
    size_t cap;
    uint64_t changed;
    uint64_t only_a;
    uint64_t only_b;
};

void judge_surplus_find(struct judge_surplus *surplus, const struct judge_tally *a,
                        const struct judge_tally *b);
void judge_surplus_fini(struct judge_surplus *surplus);

/* Reports at most max of the cases. The scans' server and plan are used; their visitors are
 * replaced. */
bool judge_sample_report(struct judge_scan scans[2], const struct judge_surplus *surplus,
                         size_t max, const struct judge_table *table, struct judge_report *report,
                         struct judge_error *err) JUDGE_CHECK;

#endif
