/*
 * What A's definitions are called on B when one is MySQL and the other MariaDB: the judge's own
 * table of the translation. A is what was moved and B where to, so A's side is written as B should
 * have it and B's side stays as it is.
 *
 * Called by across.c, across_table.c, catalog.c and expression.c. Pure: each function changes the
 * text in place, and leaves it alone between two servers of one flavour and where the translation
 * has nothing for it; then it differs from what B has.
 *
 * Of MySQL's 0900 collations, MariaDB from 10.10 on has uca1400 nopad ones in the languages of
 * LANGUAGES, before that utf8mb4_unicode_520_nopad_ci for ai_ci; from 11.4.5 on it knows most by
 * MySQL's names too, as aliases of those, and B may have either. Of MariaDB's uca1400 ones, padded
 * or not, MySQL from 8.0 on has 0900 ones for utf8mb4; unicode_520 for the padded uca1400_ai_ci,
 * for other charsets, and for utf8mb4 before 8.0.
 */
#ifndef JUDGE_FLAVOUR_H
#define JUDGE_FLAVOUR_H

#include <stdbool.h>

#include "catalog.h"
#include "text.h"

/* One side is MySQL, the other MariaDB. */
bool judge_is_translated(const struct judge_describer *by);
/* The same, and this is A's side: MySQL's (from_mysql) or MariaDB's. */
bool judge_is_translated_from(const struct judge_describer *by, bool from_mysql);

/* utf8mb3 is also called utf8 here, between servers of one flavour too. */
void judge_flavour_collation(struct judge_text *value, const struct judge_describer *by);
/* Modes that mean nothing on B go; ALLOW_INVALID_DATES has two names; rounding and cutting of times
 * are the default of one flavour and a mode of the other. */
void judge_flavour_sql_mode(struct judge_text *value, const struct judge_describer *by);

/* The types of MariaDB that MySQL has not, as MySQL's COLUMN_TYPE: NULL when data_type is none of
 * these or nothing is translated. Their charset is ascii. */
const char *judge_flavour_text_type(const struct judge_describer *by, const char *data_type);

#endif
