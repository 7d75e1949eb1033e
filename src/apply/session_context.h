/* The session context of a logged statement, as one SET for the session that will run it: sql_mode,
 * charsets, time zone, timestamp, foreign_key_checks and the rest that its QUERY event carries.
 * What the event leaves out is set to what its absence means, so that nothing of an earlier
 * statement on the same session is left. */
#ifndef BS_APPLY_SESSION_CONTEXT_H
#define BS_APPLY_SESSION_CONTEXT_H

#include "base/buf.h"
#include "base/error.h"
#include "binlog/decoder.h"
#include "schema/translation.h"

/* BS_SCHEMA if a charset id is not known to the source's own list, or its collation has no equal on
 * the target. */
enum bs_status bs_session_context_put(struct bs_buf *sql, const struct bs_statement *statement,
                                      const struct bs_translation *translation,
                                      struct bs_error *err) BS_MUST_CHECK;

/* Whether it is run with utf8mb4 as the charset of the client and of the connection. */
bool bs_session_context_is_utf8mb4(const struct bs_statement *statement,
                                   const struct bs_translation *translation);

#endif
