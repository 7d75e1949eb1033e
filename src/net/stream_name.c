#include "net/stream.h"

#include <stdio.h>
#include <sys/random.h>

enum bs_status
bs_stream_name(struct bs_stream_config *config, struct bs_error *err) {
    uint8_t r[20];
    if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r) {
        return bs_error_set(err, BS_IO, "the system gave no random bytes");
    }
    /* Above the numbers that people give to their servers, below 2^31. */
    config->server_id = 0x40000000u | ((uint32_t)r[16] << 16 | (uint32_t)r[17] << 8 | r[18]);
    r[6] = (uint8_t)((r[6] & 0x0F) | 0x40);
    r[8] = (uint8_t)((r[8] & 0x3F) | 0x80);
    (void)snprintf(config->uuid, sizeof config->uuid,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0],
                   r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13],
                   r[14], r[15]);
    return BS_OK;
}
