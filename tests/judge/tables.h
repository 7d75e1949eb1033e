/*
 * Compares the rows of tables that both servers have.
 *
 * Called by judge.c after the objects. --threads workers take tables from one list; each has a
 * session with A and one with B and reads both at once. What differs goes to the report.
 */
#ifndef JUDGE_TABLES_H
#define JUDGE_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "report.h"

struct judge_table {
    const char *db;
    const char *name;
};

/* False when some table could not be compared: the error says why; the others may or may not have
 * been. */
bool judge_tables_compare(const struct judge_options *options, const struct judge_table *tables,
                          size_t count, struct judge_report *report,
                          struct judge_error *err) JUDGE_CHECK;

#endif
