/* FOREIGN KEY and REFERENCES in the text of a statement. Pure. */
#ifndef BS_SCHEMA_REFERENCES_H
#define BS_SCHEMA_REFERENCES_H

#include "schema/words.h"

#include <stddef.h>

/* Behind REFERENCES table [(columns)] [MATCH x] [ON DELETE x] [ON UPDATE x], which begins at at. */
size_t bs_references_end(const struct bs_words *words, size_t at);

#endif
