/* The beginning of a run on the target: state, task, take-over. Called by snapshot.c on the main
 * thread. */
#ifndef BS_SNAPSHOT_BEGIN_H
#define BS_SNAPSHOT_BEGIN_H

#include "base/error.h"
#include "schema/server.h"
#include "snapshot/snapshot.h"
#include "sql/session.h"

/* Afterwards the task is in phase COPYING, control holds "main", and task->epoch is this run's.
 * *is_rerun: an earlier attempt may have left something. */
enum bs_status bs_snapshot_begin(struct bs_sql *control, const struct bs_snapshot_config *config,
                                 const struct bs_server *source, struct bs_task *task,
                                 bool *is_rerun, struct bs_error *err) BS_MUST_CHECK;

#endif
