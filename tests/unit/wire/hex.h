/* Bytes in tests are written as hex. */
#ifndef BS_TEST_HEX_H
#define BS_TEST_HEX_H

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

static inline struct bs_buf
bytes_of(const char *hex) {
    struct bs_buf out = {0};
    for (size_t i = 0; hex[i] != '\0' && hex[i + 1] != '\0' && hex[i] != '\n'; i += 2) {
        char pair[3] = {hex[i], hex[i + 1], '\0'};
        bs_buf_put_u8(&out, (uint8_t)strtoul(pair, NULL, 16));
    }
    return out;
}

static inline struct bs_buf
hex_of(struct bs_str bytes) {
    struct bs_buf out = {0};
    for (size_t i = 0; i < bytes.len; i++) {
        bs_buf_printf(&out, "%02x", (unsigned)(unsigned char)bytes.data[i]);
    }
    (void)bs_buf_cstr(&out);
    return out;
}

#endif
