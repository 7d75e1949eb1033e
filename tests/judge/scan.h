/*
 * One reading of a table on one server, each row given to a visitor with its hash; and the same on
 * both at once.
 *
 * Called by tables.c and sample.c. The scan of A runs in the caller's thread, that of B in a thread
 * of its own: visitors must not share what they write.
 */
#ifndef JUDGE_SCAN_H
#define JUDGE_SCAN_H

#include "hash.h"
#include "rows.h"

struct judge_scan {
    struct judge_server *server;
    const struct judge_plan *plan;
    void (*visit)(void *context, const struct judge_reader *reader, struct judge_hash row,
                  uint64_t key);
    void *context;
    uint64_t row_count; /* out */
    bool is_ok;         /* out */
    struct judge_error err;
};

/* Runs scans[0] and scans[1]; false with the first error of either. */
bool judge_scan_both(struct judge_scan scans[2], struct judge_error *err) JUDGE_CHECK;

#endif
