/* The source's history list: versions of rows that InnoDB keeps for as long as a view may ask for
 * them, the copy's own above all. A long list makes every reader of the source slow, so a copy may
 * have to give its views up for a while (copying.c), and go on by the rules of resume.h.
 *
 * On a session of the main thread. */
#ifndef BS_SNAPSHOT_HISTORY_H
#define BS_SNAPSHOT_HISTORY_H

#include "base/error.h"
#include "schema/server.h"
#include "sql/session.h"

#include <stdint.h>

/* Its length, in transactions that changed something. BS_PRECHECK if the account may not ask. */
enum bs_status bs_history_read(struct bs_sql *sql, const struct bs_server *server, uint64_t *length,
                               struct bs_error *err) BS_MUST_CHECK;

/* Waits until it is at most so long, or has not become shorter for ten minutes; says so now and
 * then. */
enum bs_status bs_history_await(struct bs_sql *sql, const struct bs_server *server, uint64_t most,
                                struct bs_error *err) BS_MUST_CHECK;

#endif
