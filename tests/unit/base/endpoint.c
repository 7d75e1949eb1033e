#include "base/endpoint.h"

#include <criterion/criterion.h>
#include <string.h>

static struct bs_endpoint
parsed(const char *uri) {
    struct bs_endpoint e;
    struct bs_error err;
    bs_error_clear(&err);
    cr_assert_eq(bs_endpoint_parse(&e, uri, &err), BS_OK, "%s: %s", uri, err.message);
    return e;
}

/* Refused, with needle in the message. */
static void
refused(const char *uri, const char *needle) {
    struct bs_endpoint e;
    struct bs_error err;
    bs_error_clear(&err);
    cr_assert_eq(bs_endpoint_parse(&e, uri, &err), BS_CONFIG, "%s", uri);
    cr_assert_not_null(strstr(err.message, needle), "%s: %s", uri, err.message);
    cr_assert_null(e.user);
    cr_assert_null(strstr(err.message, "s3cr3t"), "%s: %s", uri, err.message);
    cr_assert_null(strstr(err.hint, "s3cr3t"), "%s: %s", uri, err.hint);
}

Test(endpoint, the_least_uri_gets_the_defaults) {
    struct bs_endpoint e = parsed("mysql://root@");
    cr_assert_str_eq(e.user, "root");
    cr_assert_str_eq(e.host, "127.0.0.1");
    cr_assert_eq(e.port, BS_PORT_DEFAULT);
    cr_assert_null(e.password);
    cr_assert_null(e.socket);
    cr_assert_eq(e.ssl_mode, BS_SSL_PREFERRED);
    cr_assert_eq(e.compress, BS_COMPRESS_NONE);
    cr_assert_eq(e.connect_timeout_ms, BS_CONNECT_TIMEOUT_DEFAULT_MS);
    bs_endpoint_fini(&e);
}

Test(endpoint, every_part_and_option_is_taken) {
    struct bs_endpoint e = parsed(
        "MySQL://u:p@db.example:3307/?ssl-mode=verify_Identity&ssl-ca=/a&ssl-cert=/b&ssl-key=/c&"
        "tls-version=TLSv1.2,TLSv1.3&compress=ZSTD&connect-timeout=7&server-public-key=/d");
    cr_assert_str_eq(e.password, "p");
    cr_assert_str_eq(e.host, "db.example");
    cr_assert_eq(e.port, 3307);
    cr_assert_eq(e.ssl_mode, BS_SSL_VERIFY_IDENTITY);
    cr_assert_str_eq(e.ssl_ca, "/a");
    cr_assert_str_eq(e.ssl_cert, "/b");
    cr_assert_str_eq(e.ssl_key, "/c");
    cr_assert_str_eq(e.tls_version, "TLSv1.2,TLSv1.3");
    cr_assert_eq(e.compress, BS_COMPRESS_ZSTD);
    cr_assert_eq(e.connect_timeout_ms, 7000);
    cr_assert_str_eq(e.server_public_key, "/d");
    bs_endpoint_fini(&e);
    e = parsed("mysql://u@h/?password-file=/x%20y&compress=zlib&ssl-mode=Disabled");
    cr_assert_str_eq(e.password_file, "/x y");
    cr_assert_eq(e.compress, BS_COMPRESS_ZLIB);
    cr_assert_eq(e.ssl_mode, BS_SSL_DISABLED);
    bs_endpoint_fini(&e);
}

/* As MySQL's own client reads --ssl-ca: tests/e2e/test_tls.py compares. */
Test(endpoint, an_authority_without_a_mode_is_asked) {
    struct bs_endpoint e = parsed("mysql://u@h/?ssl-ca=/a");
    cr_assert_eq(e.ssl_mode, BS_SSL_VERIFY_CA);
    bs_endpoint_fini(&e);
    e = parsed("mysql://u@h/?ssl-mode=PREFERRED&ssl-ca=/a");
    cr_assert_eq(e.ssl_mode, BS_SSL_PREFERRED);
    bs_endpoint_fini(&e);
}

Test(endpoint, what_is_read_may_be_a_part) {
    struct bs_endpoint e;
    struct bs_error err;
    cr_assert_eq(bs_endpoint_read(&e, "mysql://u@h/?ssl-mode=VERIFY_CA&ssl-cert=/c", &err), BS_OK);
    cr_assert_eq(bs_endpoint_complete(&e, &err), BS_CONFIG);
    cr_assert_not_null(strstr(err.message, "need ssl-ca"));
    bs_endpoint_fini(&e);
}

Test(endpoint, percent_signs_are_decoded_in_every_part) {
    struct bs_endpoint e =
        parsed("mysql://a%40b:%3a%2F%3F%23%25%C3%A9@h%2dx/?socket=%2Ftmp%2Fs%26k");
    cr_assert_str_eq(e.user, "a@b");
    cr_assert_str_eq(e.password, ":/?#%\xC3\xA9");
    cr_assert_str_eq(e.host, "h-x");
    cr_assert_str_eq(e.socket, "/tmp/s&k");
    bs_endpoint_fini(&e);
}

Test(endpoint, a_password_may_be_empty_or_hold_colons) {
    struct bs_endpoint e = parsed("mysql://u:@h");
    cr_assert_str_eq(e.password, "");
    bs_endpoint_fini(&e);
    e = parsed("mysql://u:a:b@h");
    cr_assert_str_eq(e.password, "a:b");
    bs_endpoint_fini(&e);
}

Test(endpoint, ipv6_stands_in_brackets) {
    struct bs_endpoint e = parsed("mysql://u@[::1]:3307/");
    char text[64];
    cr_assert_str_eq(e.host, "::1");
    cr_assert_eq(e.port, 3307);
    bs_endpoint_describe(&e, text, sizeof text);
    cr_assert_str_eq(text, "u@[::1]:3307");
    bs_endpoint_fini(&e);
    e = parsed("mysql://u@[fe80::1]");
    cr_assert_eq(e.port, BS_PORT_DEFAULT);
    bs_endpoint_fini(&e);
    refused("mysql://u@::1/", "brackets");
    refused("mysql://u@[::1/", "not closed");
    refused("mysql://u@[]/", "no address");
    refused("mysql://u@[::1]3306/", "only a port");
}

Test(endpoint, a_socket_needs_no_host) {
    struct bs_endpoint e = parsed("mysql://u@/?socket=/run/my.sock");
    char text[64];
    cr_assert_null(e.host);
    bs_endpoint_describe(&e, text, sizeof text);
    cr_assert_str_eq(text, "u@/run/my.sock");
    bs_endpoint_fini(&e);
}

Test(endpoint, what_is_malformed_is_said_with_its_place) {
    refused("postgres://u@h/", "must begin with mysql://");
    refused("u@h", "must begin with mysql://");
    refused("", "must begin with mysql://");
    refused("mysql://h:3306/", "there is no user");
    refused("mysql://@h/", "the user is missing");
    refused("mysql://:s3cr3t@h/", "the user is missing");
    refused("mysql://u:s3cr3t@h:0/", "port");
    refused("mysql://u:s3cr3t@h:65536/", "port");
    refused("mysql://u:s3cr3t@h:/", "port");
    refused("mysql://u:s3cr3t@h:33x/", "(at character 20)");
    refused("mysql://u:s3cr3t@h:99999999999999999999/", "port");
    refused("mysql://u:s3cr3t@h/shop", "names a database");
    refused("mysql://u:s3cr3t@h/shop?ssl-mode=REQUIRED", "names a database");
    refused("mysql://u:s3cr3t@h/#x", "%23");
    refused("mysql://u:s3cr3t@h/?nosuch=1", "unknown option 'nosuch'");
    refused("mysql://u:s3cr3t@h/?SSL-MODE=1", "unknown option 'SSL-MODE'");
    refused("mysql://u:s3cr3t@h/?ssl-mode", "has no value");
    refused("mysql://u:s3cr3t@h/?ssl-mode=", "has no value");
    refused("mysql://u:s3cr3t@h/?ssl-mode=maybe", "must be DISABLED");
    refused("mysql://u:s3cr3t@h/?ssl-mode=VERIFY_CA", "need ssl-ca");
    refused("mysql://u:s3cr3t@h/?ssl-cert=/x", "together");
    refused("mysql://u:s3cr3t@h/?compress=lz4", "must be none");
    refused("mysql://u:s3cr3t@h/?compress=zlib&compress=zlib", "twice");
    refused("mysql://u:s3cr3t@h/?tls-version=SSLv3", "TLSv1.2");
    refused("mysql://u:s3cr3t@h/?tls-version=TLSv1.2,", "TLSv1.2");
    refused("mysql://u:s3cr3t@h/?connect-timeout=0", "number of seconds");
    refused("mysql://u:s3cr3t@h/?connect-timeout=-1", "number of seconds");
    refused("mysql://u:s3cr3t@h/?connect-timeout=1s", "number of seconds");
    refused("mysql://u:s3cr3t@h/?password-file=/x", "either");
    refused("mysql://u%4:s3cr3t@h/", "two hexadecimal digits");
    refused("mysql://u%00:s3cr3t@h/", "two hexadecimal digits");
    refused("mysql://u:s3cr3t%zz@h/", "the password holds a %");
}

Test(endpoint, a_password_in_the_wrong_place_or_not_encoded_is_never_shown) {
    refused("mysql://u:s3cr3t@x@h/", "more than one '@'");
    refused("mysql://u:p@s3cr3t@h/", "more than one '@'");
    refused("mysql://u:s3cr3t", "there is no user");
    refused("mysql://u:s3cr3t/", "there is no user");
    refused("mysql://u:s3cr3t/x@h/", "there is no user");
    refused("mysql://u:s3cr3t?x@h/", "there is no user");
    refused("mysql://u:x?s3cr3t@h/", "there is no user");
    refused("mysql://u:x#s3cr3t@h/", "there is no user");
    refused("mysql://u:x/s3cr3t@h/", "there is no user");
    refused("u:s3cr3t@h", "must begin");
    refused("mysql:/u:s3cr3t@h", "must begin");
    refused("mysql://u@h:s3cr3t/", "port");
    refused("mysql://u@h/?password=s3cr3t", "unknown option 'password'");
    refused("mysql://u@h:1/?password=x@s3cr3t", "unknown option 'password'");
    refused("mysql://u@h/?ssl-mode=s3cr3t", "must be DISABLED");
}

Test(endpoint, a_description_never_holds_the_password) {
    struct bs_endpoint e = parsed("mysql://root:s3cr3t@db:3307/?socket=/s");
    char text[64];
    bs_endpoint_describe(&e, text, sizeof text);
    cr_assert_str_eq(text, "root@/s");
    bs_endpoint_fini(&e);
    e = parsed("mysql://root:s3cr3t@db:3307");
    bs_endpoint_describe(&e, text, sizeof text);
    cr_assert_str_eq(text, "root@db:3307");
    bs_endpoint_describe(&e, text, 6);
    cr_assert_str_eq(text, "root@");
    bs_endpoint_fini(&e);
    bs_endpoint_fini(&e); /* twice does no harm */
}
