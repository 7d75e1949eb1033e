/* Can MySQL's JSON hold a document that another server keeps as text? It keeps documents, not their
 * spelling: white space, the order of keys and how a number is written may go, but no value may.
 * Pure; allocates only for the keys of objects. */
#ifndef BS_SQL_JSON_CHECK_H
#define BS_SQL_JSON_CHECK_H

#include "base/str.h"

/* NULL if it can; else what in it has no equal there, as static text: a key that an object has
 * twice (MySQL would keep the last), a number that would lose digits, nesting deeper than 100, or
 * text that is no JSON at all. */
const char *bs_json_misfit(struct bs_str json);

#endif
