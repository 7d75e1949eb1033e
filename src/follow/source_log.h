/* Is the source's log still the one that was read? Binlogs that were reset (RESET MASTER), a source
 * that was restored, or that lost the end of its log in a crash, go on with files of the same names
 * and GTIDs that were there before: nothing in the stream tells. So it is asked for what must be
 * there:
 *
 *   place                                 what must be so
 *   the checkpoint, what lanes are ahead  the file is at least as long
 *   the checkpoint                        the file was begun when it was begun (net/file_created.h)
 *   a file that the stream left without   both, of that file: a source that went down leaves such a
 *   its ROTATE or STOP                    file, and so does one that was reset under the stream
 *
 * A source that was restarted may also log less than it did: with filters, or as a replica that
 * does not log what it replicates.
 *
 * Two files that were begun in the same second are one to us. Connects to the source, and blocks
 * meanwhile. Internal to src/follow; on the main thread. */
#ifndef BS_FOLLOW_SOURCE_LOG_H
#define BS_FOLLOW_SOURCE_LOG_H

#include "base/endpoint.h"
#include "base/error.h"
#include "base/position.h"
#include "schema/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_source_place {
    struct bs_log_place place;
    uint32_t file_created; /* 0: not known, or not to be asked for */
};

/* BS_PURGED: it is another log. OK also where the account may not ask for the files; that is
 * logged. A file that is gone because it is older than all that are there is no error unless
 * must_be_there: what follows it may be had by GTID. */
enum bs_status bs_source_log_check(const struct bs_endpoint *source, const struct bs_server *server,
                                   const struct bs_source_place *places, size_t count,
                                   bool must_be_there, struct bs_error *err) BS_MUST_CHECK;

/* BS_PURGED: two names of files that the source's log had, which cannot be compared. */
enum bs_status bs_source_log_renamed(const char *read, const char *now,
                                     struct bs_error *err) BS_MUST_CHECK;

#endif
