/* How a statement of the stream is run in its place: exactly once although DDL commits by itself.
 *
 *   commit what is before ─> intent + fingerprint, committed ─> statement
 *   ─> models + end of intent + the group's rows (CREATE ... SELECT) + checkpoint, committed
 *
 * After a crash the intent is found, the stream starts at the checkpoint before it, and the
 * statement comes again: src/apply/fingerprint.h decides whether it ran. On the lane's thread. */
#ifndef BS_APPLY_DDL_RUN_H
#define BS_APPLY_DDL_RUN_H

#include "apply/applier.h"
#include "apply/engines.h"
#include "schema/ddl.h"
#include "schema/translation.h"

/* Opens the session that statements run on, which otherwise the first one does. */
enum bs_status bs_ddl_open(struct bs_applier *applier, struct bs_error *err) BS_MUST_CHECK;

/* statement: as logged, its context; ddl: what it is about; translated: what is run. */
enum bs_status bs_ddl_run_once(struct bs_applier *applier, const struct bs_statement *statement,
                               const struct bs_ddl *ddl, const struct bs_engine_notes *notes,
                               const struct bs_translated *translated,
                               struct bs_error *err) BS_MUST_CHECK;

/* The statement's first words for messages, every string in it replaced: it may be a password. */
enum { BS_DDL_SHOWN_MAX = 200 };
const char *bs_ddl_show(const struct bs_statement *statement, char out[BS_DDL_SHOWN_MAX]);

/* A hint: what to do about a statement that cannot be replayed. */
#define BS_DDL_BEGIN_ANEW                                                                          \
    "begin anew behind the statement: 'binstream reset', then the snapshot again, without this "   \
    "table (--exclude-tables) if such statements go on"

/* Fails with BS_SCHEMA, naming the statement. */
enum bs_status bs_ddl_refuse(const struct bs_statement *statement, const char *why,
                             const char *hint, struct bs_error *err);

#endif
