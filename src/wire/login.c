#include "wire/login.h"

#include "wire/capability.h"
#include "wire/compress.h"

enum {
    CLIENT_PACKET_MAX = 1 << 30,
    FILLER = 23,
    COLLATION_UTF8_GENERAL_CI = 33,
    COLLATION_UTF8MB4_GENERAL_CI = 45,
    FIRST_UTF8MB4_VERSION = 50503,
};

uint32_t
bs_login_capabilities(const struct bs_greeting *greeting, bool use_tls,
                      enum bs_compress *compress) {
    uint32_t wanted = BS_CAP_LONG_PASSWORD | BS_CAP_LONG_FLAG | BS_CAP_PROTOCOL_41 |
                      BS_CAP_TRANSACTIONS | BS_CAP_SECURE_CONNECTION | BS_CAP_PLUGIN_AUTH |
                      BS_CAP_CONNECT_ATTRS | BS_CAP_LENENC_AUTH;
    /* LONG_PASSWORD is sent to MariaDB too, although its greeting clears the bit: clearing it here
     * as well would ask for MariaDB's extensions, of which the stream needs none. */
    uint32_t caps = (wanted & greeting->capabilities) | BS_CAP_LONG_PASSWORD;
    uint32_t bit = *compress == BS_COMPRESS_ZLIB   ? BS_CAP_COMPRESS
                   : *compress == BS_COMPRESS_ZSTD ? BS_CAP_ZSTD
                                                   : 0;
    if ((bit & greeting->capabilities) == 0) {
        *compress = BS_COMPRESS_NONE;
    }
    caps |= bit & greeting->capabilities;
    return use_tls ? caps | BS_CAP_SSL : caps;
}

uint8_t
bs_login_collation(const struct bs_greeting *greeting) {
    return !greeting->is_mariadb && greeting->version < FIRST_UTF8MB4_VERSION
               ? COLLATION_UTF8_GENERAL_CI
               : COLLATION_UTF8MB4_GENERAL_CI;
}

void
bs_login_write_ssl_request(struct bs_buf *out, uint32_t capabilities, uint8_t collation) {
    bs_buf_put_le(out, capabilities, 4);
    bs_buf_put_le(out, CLIENT_PACKET_MAX, 4);
    bs_buf_put_u8(out, collation);
    bs_buf_put_fill(out, 0, FILLER);
}

static void
write_attributes(struct bs_buf *out) {
    static const char *const ATTRIBUTES[] = {
        "_client_name", "binstream",           "_client_version", BS_VERSION,
        "_client_role", "binary_log_listener", "program_name",    "binstream",
    };
    struct bs_buf pairs = {0};
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof ATTRIBUTES[0]; i++) {
        bs_buf_put_lenenc_str(&pairs, bs_str(ATTRIBUTES[i]));
    }
    bs_buf_put_lenenc_str(out, bs_buf_str(&pairs));
    bs_buf_fini(&pairs);
}

void
bs_login_write_response(struct bs_buf *out, const struct bs_login *login) {
    uint32_t caps = login->capabilities;
    bs_login_write_ssl_request(out, caps, login->collation);
    bs_buf_puts(out, login->user);
    bs_buf_put_u8(out, 0);
    if ((caps & BS_CAP_LENENC_AUTH) != 0) {
        bs_buf_put_lenenc_str(out, login->answer);
    } else {
        BS_ASSERT(login->answer.len < 256);
        bs_buf_put_u8(out, (uint8_t)login->answer.len);
        bs_buf_put_str(out, login->answer);
    }
    if ((caps & BS_CAP_PLUGIN_AUTH) != 0) {
        bs_buf_puts(out, login->auth_plugin);
        bs_buf_put_u8(out, 0);
    }
    if ((caps & BS_CAP_CONNECT_ATTRS) != 0) {
        write_attributes(out);
    }
    if ((caps & BS_CAP_ZSTD) != 0) {
        bs_buf_put_u8(out, BS_COMPRESS_ZSTD_LEVEL);
    }
}
