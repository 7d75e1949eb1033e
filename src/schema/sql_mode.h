/* sql_mode as the bits of a QUERY event's status variable, and as the names that SET wants. The low
 * 32 bits are common to all servers; those above differ by flavour (field guide 6.4). Pure. */
#ifndef BS_SCHEMA_SQL_MODE_H
#define BS_SCHEMA_SQL_MODE_H

#include "base/buf.h"
#include "schema/server.h"

#include <stdbool.h>
#include <stdint.h>

#define BS_SQL_MODE_ANSI_QUOTES ((uint64_t)0x4)
#define BS_SQL_MODE_NO_BACKSLASH_ESCAPES ((uint64_t)0x100000)
#define BS_SQL_MODE_STRICT ((uint64_t)0x600000) /* for tables with transactions, or for all */

/* Appends the names, comma-separated, of the bits that a target takes; bits that mean nothing there
 * (removed in MySQL 8.0, or the other flavour's) are left out. What the flavours do by default is
 * said where it differs. */
void bs_sql_mode_put(struct bs_buf *out, uint64_t bits, const struct bs_server *source,
                     const struct bs_server *target);

/* What becomes of a time with more digits than its column: MySQL rounds it (from 5.6.4 on) unless
 * it is told to cut, MariaDB cuts it unless it is told to round. The mode with which the target
 * does as the source does; has_mode: the source's own one was set. NULL: the target does so without
 * one, or knows none (MySQL before 8.0.1, MariaDB before 10.4.1). */
const char *bs_sql_mode_fractions(bool has_mode, const struct bs_server *source,
                                  const struct bs_server *target);

#endif
