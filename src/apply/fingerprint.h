/* What the objects that a DDL statement names look like on the target: taken before it runs, kept
 * in the intent, and taken again after a crash to tell whether it ran.
 *
 * One line an object: kind, db, name, InnoDB's table id (0: not to be had), hash of its CREATE text
 * without the AUTO_INCREMENT counter ("-" when the object is absent). The counter is left out
 * because a restart of the target may change it. */
#ifndef BS_APPLY_FINGERPRINT_H
#define BS_APPLY_FINGERPRINT_H

#include "base/buf.h"
#include "base/error.h"
#include "schema/ddl.h"
#include "schema/server.h"
#include "sql/session.h"

enum bs_status bs_fingerprint_take(struct bs_sql *target, const struct bs_server *server,
                                   const struct bs_ddl *ddl, struct bs_buf *out,
                                   struct bs_error *err) BS_MUST_CHECK;

enum bs_ddl_outcome {
    BS_DDL_NOT_RUN, /* or run without a visible effect: running it (again) is right */
    BS_DDL_RUN,
    BS_DDL_UNCLEAR, /* half done, or not to be told: an operator must look */
};

/* Pure: compares what was before with what is now. */
enum bs_ddl_outcome bs_fingerprint_decide(const struct bs_ddl *ddl, struct bs_str before,
                                          struct bs_str now);

#endif
