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

enum { BS_SESSION_CHOICES_MAX = 255 }; /* as many as an event can have */

/* What that session makes of a statement's text. choices: filled, and borrowed by the answer. */
struct bs_text_mode
bs_session_context_text_mode(const struct bs_statement *statement,
                             const struct bs_translation *translation,
                             struct bs_charset_choice choices[BS_SESSION_CHOICES_MAX]);

#endif
