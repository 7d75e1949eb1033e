#include "repair.h"

#include "base/cursor.h"
#include "binlog/format.h"
#include "binlog/frame.h"
#include "consume.h"

#include <stdlib.h>
#include <zlib.h>

enum { TYPE_OFFSET = 4, SIZE_OFFSET = 9, LOG_POS_OFFSET = 13, FLAGS_OFFSET = 17 };

static uint32_t
get_u32(const uint8_t *at) {
    struct bs_cursor c = bs_cursor(at, 4);
    return bs_cursor_read_u32(&c);
}

static void
put_u32(uint8_t *at, uint32_t value) {
    for (size_t i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

size_t
event_len(struct bs_str bytes) {
    if (bytes.len < BS_EVENT_HEADER_LEN) {
        return bytes.len;
    }
    size_t said = get_u32((const uint8_t *)bytes.data + SIZE_OFFSET);
    return said >= BS_EVENT_HEADER_LEN && said < bytes.len ? said : bytes.len;
}

void
repair_size(uint8_t *event, size_t len) {
    if (len >= BS_EVENT_HEADER_LEN) {
        put_u32(event + SIZE_OFFSET, (uint32_t)len);
    }
}

void
repair_log_pos(uint8_t *event, size_t len, uint64_t end) {
    if (len >= BS_EVENT_HEADER_LEN && get_u32(event + LOG_POS_OFFSET) != 0) {
        put_u32(event + LOG_POS_OFFSET, (uint32_t)end);
    }
}

/* The IN_USE flag of a FORMAT_DESCRIPTION is not summed. */
void
repair_checksum(uint8_t *event, size_t len) {
    if (len < BS_EVENT_HEADER_LEN + BS_EVENT_CHECKSUM_LEN) {
        return;
    }
    size_t summed = len - BS_EVENT_CHECKSUM_LEN;
    uint8_t flags = event[FLAGS_OFFSET];
    if (event[TYPE_OFFSET] == BS_EVENT_FORMAT_DESCRIPTION) {
        event[FLAGS_OFFSET] &= (uint8_t)~BS_EVENT_FLAG_IN_USE;
    }
    uint32_t crc = (uint32_t)crc32(0, event, (uInt)summed);
    event[FLAGS_OFFSET] = flags;
    put_u32(event + summed, crc);
}

/* Servers without checksums have other data in the place of the sum: what the parser says of the
 * event as it would be with a right sum is the answer, if it says that there is one. */
bool
has_checksums(struct bs_str raw) {
    struct bs_event event;
    struct bs_format format = {0};
    uint8_t *copy = (uint8_t *)copy_exactly(raw);
    repair_size(copy, raw.len);
    repair_checksum(copy, raw.len);
    struct bs_str repaired = {(const char *)copy, raw.len};
    bool summed = bs_event_parse(&event, repaired, NULL) == BS_OK &&
                  bs_format_parse(&format, &event, repaired, NULL) == BS_OK &&
                  format.checksum == BS_CHECKSUM_CRC32;
    free(copy);
    return summed;
}
