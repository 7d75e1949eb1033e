/* The period of a system-versioned table (MariaDB): which of its columns say from when to when a
 * row was current. Pure.
 *
 *   row start = R, row end = "for ever"    a current row, the only kind that plain statements see
 *   row start = R, row end = E             history: what the row was from R to E
 *
 * What "for ever" is depends on the version, so it is not carried as a value. */
#ifndef BS_SCHEMA_PERIOD_H
#define BS_SCHEMA_PERIOD_H

#include "base/str.h"
#include "schema/model.h"
#include "schema/server.h"

#include <stdbool.h>
#include <stddef.h>

/* Indexes of the two columns; false if the table is not system-versioned. */
bool bs_table_period(const struct bs_table *table, size_t *start, size_t *end);

/* Gives a model of a target that is not MariaDB, where the table is a plain one, the two columns
 * that row images of the versioned table have: they are generated, so that nothing writes them.
 * table: as the source has it, or a model that was given them before. */
void bs_table_take_period(struct bs_table *there, const struct bs_table *table);

/* Is that a row end of a current row, whatever the version it comes from? */
bool bs_period_is_for_ever(struct bs_str row_end);

/* The row end of the server's current rows, static text. */
const char *bs_period_for_ever(const struct bs_server *server);

/* Can rows of history be inserted there, with a period of their own? MariaDB 10.11. */
bool bs_period_takes_history(const struct bs_server *server);

#endif
