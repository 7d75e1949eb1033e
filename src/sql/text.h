/* Building SQL text. The sessions talk in charset binary, so escaping works byte for byte whatever
 * the column's charset (gbk and sjis included): only NUL, backslash, quotes, CR, LF and ^Z are
 * escaped, and NO_BACKSLASH_ESCAPES is never in the session's sql_mode. */
#ifndef BS_SQL_TEXT_H
#define BS_SQL_TEXT_H

#include "base/buf.h"

void bs_sql_put_ident(struct bs_buf *buf, struct bs_str name);                    /* `name` */
void bs_sql_put_table(struct bs_buf *buf, struct bs_str db, struct bs_str table); /* `db`.`table` */
void bs_sql_put_string(struct bs_buf *buf, struct bs_str bytes);                  /* 'bytes' */
/* The same with a charset introducer: _gbk'bytes'. charset NULL or "binary": plain. */
void bs_sql_put_text(struct bs_buf *buf, const char *charset, struct bs_str bytes);

#endif
