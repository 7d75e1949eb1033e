/* Whose name stored objects are made in on the target: --definer. A statement's DEFINER clause is
 * found by its words in the head, where it can stand; bodies are not looked at. Pure. SQL SECURITY
 * stays what it is. */
#ifndef BS_SCHEMA_DEFINER_H
#define BS_SCHEMA_DEFINER_H

#include "base/buf.h"
#include "base/str.h"
#include "schema/server.h"

#include <stdbool.h>

/* "user@host", each part with or without quotes, as "user@host" without: heap-owned. NULL if it is
 * not that, or not ASCII: an object's text is in a charset of its own. */
char *bs_definer_read(const char *text);

/* Puts the statement with account (as bs_definer_read gives it) as its definer. CREATE of a view,
 * routine, package, trigger or event and ALTER VIEW get the clause even if they have none; ALTER
 * of the others only if they have one; any other statement is put as it is. server: who wrote it.
 */
void bs_definer_put(struct bs_buf *out, struct bs_str sql, const char *account, bool ansi_quotes,
                    bool no_backslash_escapes, const struct bs_server *server);

#endif
