/*
 * How tables are described between two versions or flavours: by what information_schema says,
 * normalised (normal.h) and, on A's side, translated (flavour.h).
 *
 * Called by across.c.
 */
#ifndef JUDGE_ACROSS_H
#define JUDGE_ACROSS_H

#include <stdbool.h>

#include "catalog.h"

/* "SELECT ... WHERE <schema> AND <name> ..." for this object; tail follows the conditions. */
bool judge_across_query(const struct judge_describer *by, const struct judge_object *object,
                        const char *head, const char *schema_column, const char *name_column,
                        const char *tail, struct judge_result *result,
                        struct judge_error *err) JUDGE_CHECK;
/* Rows grouped by their first column: one facet "subject `group`" a group, made by add_part from
 * each row. */
void judge_across_add_groups(const struct judge_describer *by, struct judge_object *object,
                             const char *subject, struct judge_result *result,
                             void (*add_part)(const struct judge_describer *by,
                                              struct judge_text *value,
                                              const struct judge_result *result));
void judge_across_add_cell(struct judge_object *object, const char *subject, const char *name,
                           const char *aspect, const struct judge_text *value);

bool judge_across_describe_table(const struct judge_describer *by, struct judge_object *object,
                                 struct judge_error *err) JUDGE_CHECK;
/* The columns of a view: names and order, and between two servers of one flavour all the rest. */
bool judge_across_add_view_columns(const struct judge_describer *by, struct judge_object *object,
                                   struct judge_error *err) JUDGE_CHECK;

#endif
