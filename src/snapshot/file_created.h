/* When the binlog file of the point was begun: the timestamp of its FORMAT_DESCRIPTION event. It
 * tells the file from another one of the same name, as a source writes them after RESET MASTER, or
 * when it was restored. The dump protocol alone tells it, so it takes REPLICATION SLAVE.
 *
 * Connects as a replica of its own, reads up to that event and leaves; blocks meanwhile. Runs on
 * the main thread. */
#ifndef BS_SNAPSHOT_FILE_CREATED_H
#define BS_SNAPSHOT_FILE_CREATED_H

#include "base/endpoint.h"
#include "base/error.h"
#include "base/position.h"
#include "schema/server.h"

#include <stdint.h>

/* created: seconds since 1970 by the source's clock, of the file that the position is in. */
enum bs_status bs_file_created(const struct bs_endpoint *source, const struct bs_server *server,
                               const struct bs_position *position, uint32_t *created,
                               struct bs_error *err) BS_MUST_CHECK;

#endif
