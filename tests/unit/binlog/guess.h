/* A schema model for tests, from what a table map alone tells: signedness only where the map says
 * it, BINARY as CHAR, no fractions of old temporals. */
#ifndef TEST_GUESS_H
#define TEST_GUESS_H

#include "binlog/rows.h"

struct bs_table *guess_table(const struct bs_table_map *map);
void guess_free(struct bs_table *table);

#endif
