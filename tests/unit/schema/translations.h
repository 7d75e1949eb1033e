/* What the tests of translation share: four servers with some of their collations, and statements
 * that go from one to another. */
#ifndef TEST_TRANSLATIONS_H
#define TEST_TRANSLATIONS_H

#include "schema/translation.h"

#include <stdbool.h>

enum side { MY9, MY56, MA118, MA105 };

extern bool session_is_strict; /* whose the statements are; false at the start of each test */

struct bs_translation between(enum side source, enum side target);
/* The statement on the target, as of a session in utf8mb4, with " | " and the first note of each
 * kind that matters; here: the target's table, may be NULL. The caller frees it. */
char *translated(enum side source, enum side target, const char *sql, const struct bs_table *here);
void expect(enum side source, enum side target, const char *sql, const char *wanted);
/* words: somewhere in what translated() gives. */
void expect_note(enum side source, enum side target, const char *sql, const char *words);

#endif
