/*
 * JSON documents in one form, so that two servers' spellings of the same document are the same
 * bytes.
 *
 * Called by rows.c for columns that are JSON on one server and text on the other. Pure. The form is
 * JSON again, to be shown to people: no white space; members sorted by the bytes of their names,
 * those of one name in the order in which they came; strings unescaped but for quotes, backslashes
 * and control characters; integers by their digits; other numbers as the double that they are, or,
 * where no double is that number, by their digits with an E. So 1e2 is 100.0 and not 100, and what
 * a server rounded differs from what it was given.
 */
#ifndef JUDGE_JSON_H
#define JUDGE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/* Appends the document in that form; false, with out as it was, when data is no JSON document. */
bool judge_json_canonical(struct judge_text *out, const char *data, size_t len);

#endif
