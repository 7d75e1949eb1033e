/* One raw event: its header opened, its checksum verified. Internal to src/binlog.
 *
 *   0        4    5         9          13       17     19                 size-4   size
 *   timestamp type server_id event_size log_pos  flags  post-header, body  CRC-32 (if there)
 */
#ifndef BS_BINLOG_FRAME_H
#define BS_BINLOG_FRAME_H

#include "base/error.h"
#include "binlog/event.h"

/* Opens the header; body is everything after it, a checksum included. The size in the header must
 * be the size of raw. */
enum bs_status bs_event_parse(struct bs_event *event, struct bs_str raw,
                              struct bs_error *err) BS_MUST_CHECK;

/* True if the last four bytes of raw are the CRC-32 of what is before them. The IN_USE flag of a
 * FORMAT_DESCRIPTION is not part of it: the server sets it after it has summed. */
bool bs_event_checksum_is_right(struct bs_str raw);

/* Takes the checksum off the body; BS_PROTOCOL if it is wrong. */
enum bs_status bs_event_strip_checksum(struct bs_event *event, struct bs_str raw,
                                       struct bs_error *err) BS_MUST_CHECK;

#endif
