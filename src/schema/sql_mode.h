/* sql_mode as the bits of a QUERY event's status variable, and as the names that SET wants. The low
 * 32 bits are common to all servers; those above differ by flavour (field guide 6.4). Pure. */
#ifndef BS_SCHEMA_SQL_MODE_H
#define BS_SCHEMA_SQL_MODE_H

#include "base/buf.h"
#include "schema/server.h"

#include <stdint.h>

#define BS_SQL_MODE_ANSI_QUOTES ((uint64_t)0x4)
#define BS_SQL_MODE_NO_BACKSLASH_ESCAPES ((uint64_t)0x100000)

/* Appends the names, comma-separated, of the bits that a target takes; bits that mean nothing there
 * (removed in MySQL 8.0, or the other flavour's) are left out. What the flavours do by default is
 * said where it differs. */
void bs_sql_mode_put(struct bs_buf *out, uint64_t bits, enum bs_flavour source,
                     const struct bs_server *target);

#endif
