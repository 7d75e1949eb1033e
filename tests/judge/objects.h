/*
 * Compares two catalogues object by object, facet by facet.
 *
 * Called by judge.c in its main thread, with catalogues loaded by the same sources.
 */
#ifndef JUDGE_OBJECTS_H
#define JUDGE_OBJECTS_H

#include "catalog.h"
#include "report.h"
#include "tables.h"

/* Puts differences and the counts of databases and objects (all but databases) into the report.
 * Gives the tables that both have, pointing into a; the caller frees *tables. */
void judge_objects_compare(const struct judge_catalog *a, const struct judge_catalog *b,
                           struct judge_report *report, struct judge_table **tables,
                           size_t *table_count);

#endif
