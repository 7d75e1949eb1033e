/* The file of a server's log that has a transaction. Internal to src/cli. */
#ifndef BS_CLI_EVENTS_FIND_H
#define BS_CLI_EVENTS_FIND_H

#include "base/error.h"
#include "binlog/gtid.h"
#include "net/stream.h"

/* *file, heap-owned: the one whose head does not have the transaction yet, while the next one's
 * does; the last one if no head has it; the oldest where heads tell nothing. BS_PURGED: it is in
 * front of the oldest. */
enum bs_status bs_events_find_file(const struct bs_stream_config *config,
                                   const struct bs_gtid *gtid, char **file,
                                   struct bs_error *err) BS_MUST_CHECK;

#endif
