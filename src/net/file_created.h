/* When a source's binlog file was begun: the timestamp of its FORMAT_DESCRIPTION event. It tells
 * the file from another one of the same name, as a source writes them after RESET MASTER, or when
 * it was restored. The dump protocol alone tells it, so it takes REPLICATION SLAVE.
 *
 * Connects as a replica of its own, reads up to that event and leaves; blocks meanwhile. From any
 * thread. */
#ifndef BS_NET_FILE_CREATED_H
#define BS_NET_FILE_CREATED_H

#include "base/endpoint.h"
#include "base/error.h"

#include <stdint.h>

/* pos: where an event of the file begins or ends; 4 is the first. created: seconds since 1970 by
 * the source's clock. */
enum bs_status bs_file_created(const struct bs_endpoint *source, const char *file, uint64_t pos,
                               uint32_t *created, struct bs_error *err) BS_MUST_CHECK;

#endif
