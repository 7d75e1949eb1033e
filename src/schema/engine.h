/* Storage engines: which of them the target gets as they are, which become InnoDB there, and which
 * cannot be moved; and ENGINE= in the text of a statement. Pure.
 *
 * Only InnoDB takes part in the transactions that make a copy exact (promise P1). A table of an
 * engine that just lacks them can be one of InnoDB on the target; an engine whose tables hold no
 * rows of their own, or hold them elsewhere, has no such equal. */
#ifndef BS_SCHEMA_ENGINE_H
#define BS_SCHEMA_ENGINE_H

#include "base/buf.h"
#include "base/str.h"
#include "schema/model.h"

#include <stdbool.h>

enum bs_engine_kind {
    BS_ENGINE_INNODB,
    BS_ENGINE_CONVERTED, /* becomes InnoDB: MyISAM, Aria, MEMORY, ARCHIVE, CSV */
    BS_ENGINE_REFUSED,
};

enum { BS_ENGINE_NAME_MAX = 65 };

/* engine: as information_schema and SHOW CREATE name it, any case; NULL is refused. */
enum bs_engine_kind bs_engine_kind(const char *engine);

/* Why a refused engine is refused: static text that goes on from "tables of it ". */
const char *bs_engine_problem(const char *engine);

/* Why this table cannot become one of InnoDB, static text; NULL: it can, or is. */
const char *bs_engine_obstacle(const struct bs_table *table);

/* The engine that a CREATE or ALTER statement names for its table; false: none. */
bool bs_engine_find(struct bs_str sql, bool ansi_quotes, bool no_backslash_escapes,
                    char out[BS_ENGINE_NAME_MAX]);

/* Puts the statement with InnoDB in the place of every engine that becomes InnoDB, and without the
 * options that InnoDB does not take: row formats and directories of MyISAM, page options of Aria,
 * hash indexes of MEMORY. */
void bs_engine_put_innodb(struct bs_buf *out, struct bs_str sql, bool ansi_quotes,
                          bool no_backslash_escapes);

#endif
