/* Puts right what a mutation has put wrong in an event's frame, so that the decoder is tested and
 * not its first checks: the size in the header, the end position, and the checksum. */
#ifndef FUZZ_REPAIR_H
#define FUZZ_REPAIR_H

#include "base/str.h"
#include "binlog/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the event at the start of bytes, as its header says; all that is left where that
 * cannot be. */
size_t event_len(struct bs_str bytes);

/* These do nothing to an event that is shorter than what they write. */
void repair_size(uint8_t *event, size_t len);
void repair_log_pos(uint8_t *event, size_t len, uint64_t end); /* where it is not 0 */
void repair_checksum(uint8_t *event, size_t len);

/* Are the events behind this FORMAT_DESCRIPTION summed? Its own sum need not be right. */
bool has_checksums(struct bs_str format_description);

#endif
