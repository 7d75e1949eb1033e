/* Texts of OpenSSL 1.1 and 3, of Connector/C and libmysqlclient, as they were seen. */
#include "base/tls_trouble.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

static void
expect_in(enum bs_ssl_mode mode, const char *text, const char *message, const char *hint) {
    struct bs_endpoint endpoint = {.ssl_mode = mode,
                                   .host = (char *)(uintptr_t) "db.example",
                                   .ssl_ca = (char *)(uintptr_t) "/my/ca"};
    struct bs_error err;
    cr_assert(bs_tls_trouble_explain(&endpoint, text, &err), "%s", text);
    cr_assert_eq(err.status, BS_SERVER);
    cr_assert(strstr(err.message, message) != NULL, "%s: %s", text, err.message);
    cr_assert(strstr(err.hint, hint) != NULL, "%s: %s", text, err.hint);
}

static void
expect(const char *text, const char *message, const char *hint) {
    expect_in(BS_SSL_VERIFY_IDENTITY, text, message, hint);
}

Test(tls_trouble, each_reason_is_said_with_its_remedy) {
    expect("certificate has expired", "expired", "renew");
    expect("TLS/SSL error: certificate is not yet valid", "not valid yet", "clocks");
    expect("self-signed certificate", "self-signed, and not the one in ssl-ca '/my/ca'", "itself");
    expect("self signed certificate", "self-signed", "itself");
    expect("self-signed certificate in certificate chain", "authority that ssl-ca '/my/ca'",
           "SHOW VARIABLES LIKE 'ssl_ca'");
    expect("unable to get local issuer certificate", "authority", "ssl-ca");
    expect("hostname mismatch", "not for 'db.example'", "VERIFY_CA");
    expect("TLS/SSL error: Validation of SSL server certificate failed", "not for 'db.example'",
           "VERIFY_CA");
    expect("error:0A000086:SSL routines::certificate verify failed", "not trusted", "s_client");
    expect("tlsv1 alert protocol version", "no TLS version in common", "tls-version");
    expect("SSL connection error: TLS version is invalid", "no TLS version in common",
           "tls-version");
    expect("SSL is required, but the server does not support it", "offers no TLS", "PREFERRED");
    expect("tlsv13 alert certificate required", "refuses the certificate", "ssl-cert");
    expect("tlsv1 alert unknown ca", "refuses the certificate", "ssl-cert");
    expect("key values mismatch", "does not belong", "");
    expect("dh key too small", "no method", "tls-version");
}

Test(tls_trouble, names_that_are_compared_where_nobody_asked_are_told_apart) {
    const char *text = "TLS/SSL error: Hostname verification failed";
    expect_in(BS_SSL_VERIFY_IDENTITY, text, "not for 'db.example'", "or ssl-mode=VERIFY_CA");
    expect_in(BS_SSL_VERIFY_CA, text, "not for 'db.example'", "Connector/C 3.4");
}

Test(tls_trouble, what_is_not_known_is_left_alone) {
    struct bs_endpoint endpoint = {0};
    struct bs_error err = {.message = "as it was"};
    cr_assert(!bs_tls_trouble_explain(&endpoint, "unexpected eof while reading", &err));
    cr_assert_str_eq(err.message, "as it was");
}

Test(tls_trouble, a_certificate_that_nobody_checks_is_no_reason) {
    struct bs_endpoint endpoint = {.ssl_mode = BS_SSL_REQUIRED};
    struct bs_error err;
    cr_assert(!bs_tls_trouble_explain(&endpoint, "self-signed certificate", &err));
    endpoint.ssl_cert = (char *)(uintptr_t) "/my/cert";
    cr_assert(bs_tls_trouble_explain(&endpoint, "self-signed certificate", &err));
    cr_assert(strstr(err.message, "ssl-cert '/my/cert'") != NULL, "%s", err.message);
}

Test(tls_trouble, a_login_that_broke_off_speaks_of_the_certificate_only_where_there_is_one) {
    struct bs_endpoint endpoint = {.ssl_mode = BS_SSL_REQUIRED};
    struct bs_error err = {0};
    bs_tls_trouble_hint_login(&endpoint, &err);
    cr_assert_str_eq(err.hint, "");
    endpoint.ssl_cert = (char *)(uintptr_t) "/my/cert";
    bs_tls_trouble_hint_login(&endpoint, &err);
    cr_assert_not_null(strstr(err.hint, "ssl-cert"));
}
