/* What a server's error says of the statement that met it: is it the statement's own fault, the
 * server's state, and is anything in? Decided here, so that all take an error for the same. Pure:
 * err as bs_sql_* filled it, of either flavour. */
#ifndef BS_SQL_ERROR_CLASS_H
#define BS_SQL_ERROR_CLASS_H

#include "base/error.h"

/* True for errors after which the same transaction may succeed when run again: deadlock, lock wait
 * timeout, a statement that somebody or a limit has ended, and in a cluster a COMMIT that lost to
 * another node's (1213 on Galera, 3101 on Group Replication: both are rolled back on all nodes). */
bool bs_sql_is_retryable(const struct bs_error *err);

/* True for an answer to COMMIT that does not say whether the transaction is in: 1180, of a Galera
 * node that lost its cluster meanwhile, where the others may have it; 3100, of a group member
 * whose COMMIT could not be sent on. To be treated as an answer that was lost. */
bool bs_sql_is_unsettled(const struct bs_error *err);

/* What status, the answer to COMMIT, comes to: BS_SERVER only where the error is known to say that
 * nothing of the transaction is in; every other error becomes BS_IO, as an answer that was lost:
 * the state tells what became of it. */
enum bs_status bs_sql_commit_outcome(enum bs_status status, struct bs_error *err) BS_MUST_CHECK;

/* What became of a COMMIT is not known: err, which may be NULL, becomes BS_IO, and so does what is
 * returned. */
enum bs_status bs_sql_commit_lost(struct bs_error *err);

/* True for what passes by itself, or by somebody's work on the server, without anything being done
 * to the task: a lost connection, the errors above, a server that goes down, has no connection
 * free, or takes no writes because of a failover. To be waited for. */
bool bs_sql_may_pass(const struct bs_error *err);

/* True where a statement on rows failed for what the server is in, and not for the rows: all of the
 * above, a full disk, a right that is missing, a limit, a table that is gone. */
bool bs_sql_is_of_server(const struct bs_error *err);

#endif
