/* MySQL's JSON across text: a document may hold DECIMAL numbers, which its text shows ("1.10") but
 * from which parsing makes doubles ("1.1"). Documents of which that can be seen are written as the
 * SQL expression that builds them. A decimal that prints like a double (1.5) becomes one: its text
 * stays the same. Pure. */
#ifndef BS_SQL_JSON_TEXT_H
#define BS_SQL_JSON_TEXT_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

/* True if some number in the document would change its text by being parsed. */
bool bs_json_has_decimal(struct bs_str json);

/* A string of a document without its quotes and escapes, as UTF-8. */
void bs_json_put_plain(struct bs_buf *out, struct bs_str quoted);

/* The document as an SQL value: a utf8mb4 literal, or JSON_OBJECT/JSON_ARRAY where it has decimals.
 * json is as the server prints it. */
void bs_json_put_sql(struct bs_buf *out, struct bs_str json);

#endif
