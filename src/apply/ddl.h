/* A statement of the stream, run in its place: exactly once although DDL commits by itself.
 *
 *   commit what is before ─> intent + fingerprint, committed ─> statement
 *   ─> models + end of intent + the group's rows (CREATE ... SELECT) + checkpoint, committed
 *
 * After a crash the intent is found, the stream starts at the checkpoint before it, and the
 * statement comes again: src/apply/fingerprint.h decides whether it ran. Called by the applier
 * only. */
#ifndef BS_APPLY_DDL_H
#define BS_APPLY_DDL_H

#include "apply/applier.h"

/* Opens the session that statements run on, which otherwise the first one does. */
enum bs_status bs_ddl_open(struct bs_applier *applier, struct bs_error *err) BS_MUST_CHECK;

enum bs_status bs_ddl_apply(struct bs_applier *applier, const struct bs_item *item,
                            struct bs_error *err) BS_MUST_CHECK;

#endif
