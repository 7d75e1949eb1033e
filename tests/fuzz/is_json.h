/* Is a text one JSON value? */
#ifndef FUZZ_IS_JSON_H
#define FUZZ_IS_JSON_H

#include "base/str.h"

#include <stdbool.h>

/* Behind commas and colons: as MySQL prints it, one blank; elsewhere there may be none. */
enum json_blanks { BLANKS_NEEDED, BLANKS_ALLOWED };

bool is_json(struct bs_str text, enum json_blanks blanks);

#endif
