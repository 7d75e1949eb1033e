#include "hex.h"
#include "wire/capability.h"
#include "wire/login.h"

#include <criterion/criterion.h>

static const uint32_t BASE = BS_CAP_LONG_PASSWORD | BS_CAP_LONG_FLAG | BS_CAP_PROTOCOL_41 |
                             BS_CAP_TRANSACTIONS | BS_CAP_SECURE_CONNECTION;

Test(login, only_what_the_server_offers_is_asked_for) {
    struct bs_greeting old = {.capabilities = 0xF7FF};
    enum bs_compress compress = BS_COMPRESS_NONE;
    cr_assert_eq(bs_login_capabilities(&old, false, &compress), BASE);
    struct bs_greeting new = {.capabilities = UINT32_MAX};
    cr_assert_eq(bs_login_capabilities(&new, true, &compress), BASE | BS_CAP_PLUGIN_AUTH |
                                                                   BS_CAP_CONNECT_ATTRS |
                                                                   BS_CAP_LENENC_AUTH | BS_CAP_SSL);
}

Test(login, compression_that_the_server_lacks_is_taken_back) {
    struct bs_greeting server = {.capabilities = BASE | BS_CAP_COMPRESS};
    enum bs_compress zlib = BS_COMPRESS_ZLIB;
    enum bs_compress zstd = BS_COMPRESS_ZSTD;
    cr_assert_eq(bs_login_capabilities(&server, false, &zlib), BASE | BS_CAP_COMPRESS);
    cr_assert_eq(zlib, BS_COMPRESS_ZLIB);
    cr_assert_eq(bs_login_capabilities(&server, false, &zstd), BASE);
    cr_assert_eq(zstd, BS_COMPRESS_NONE);
}

Test(login, servers_without_utf8mb4_are_asked_for_utf8) {
    struct bs_greeting server = {.version = 50163};
    cr_assert_eq(bs_login_collation(&server), 33);
    server.version = 50503;
    cr_assert_eq(bs_login_collation(&server), 45);
}

Test(login, an_ssl_request_is_32_bytes) {
    struct bs_buf out = {0};
    bs_login_write_ssl_request(&out, BASE | BS_CAP_SSL, 45);
    struct bs_buf hex = hex_of(bs_buf_str(&out));
    cr_assert_str_eq((char *)hex.data,
                     "05aa0000000000402d0000000000000000000000000000000000000000000000");
    bs_buf_fini(&out);
    bs_buf_fini(&hex);
}

Test(login, a_response_to_5_1_has_a_length_byte_and_no_plugin) {
    struct bs_buf out = {0};
    struct bs_login login = {"me", "mysql_native_password", {"abc", 3}, BASE, 33};
    bs_login_write_response(&out, &login);
    cr_assert_eq(out.len, 32 + 3 + 1 + 3);
    cr_assert_arr_eq(out.data + 32, "me\0\3abc", 7);
    bs_buf_fini(&out);
}

Test(login, a_response_names_plugin_and_program) {
    struct bs_buf out = {0};
    struct bs_login login = {"me",
                             "caching_sha2_password",
                             {"", 0},
                             BASE | BS_CAP_PLUGIN_AUTH | BS_CAP_CONNECT_ATTRS | BS_CAP_LENENC_AUTH |
                                 BS_CAP_ZSTD,
                             45};
    bs_login_write_response(&out, &login);
    const char *rest = (const char *)out.data + 32;
    cr_assert_arr_eq(rest, "me\0\0caching_sha2_password\0", 26);
    size_t attributes = out.len - 32 - 26 - 1 - 1;
    cr_assert_eq((size_t)(uint8_t)rest[26], attributes);
    cr_assert(memmem(rest, out.len - 32,
                     "\x0cprogram_name\x09"
                     "binstream",
                     23) != NULL);
    cr_assert_eq(out.data[out.len - 1], 3); /* zstd level */
    bs_buf_fini(&out);
}
