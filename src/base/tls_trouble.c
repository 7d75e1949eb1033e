#include "base/tls_trouble.h"

#include <stddef.h>
#include <string.h>

#define HINT_REQUIRED "ssl-mode=REQUIRED, which encrypts without checking who is there"
#define HINT_OWN                                                                                   \
    "the certificate must be in date and signed by the authority that the server has as its "      \
    "ssl_ca"

enum trouble {
    NOT_IN_COMMON,
    NO_TLS,
    EXPIRED,
    NOT_YET,
    OTHER_AUTHORITY,
    SELF_SIGNED,
    OTHER_HOST,
    NOT_TRUSTED,
    OWN_REFUSED,
    OWN_MISMATCH,
    OWN_UNREADABLE,
    TOO_OLD,
};

/* First match wins: some of the texts are parts of others. OpenSSL 1.1 and 3 differ in a hyphen.
 * "Validation of ..." and "hostname verification failed" are what Connector/C 3.3 and 3.4 say of a
 * name, "SSL is required ..." of no TLS at all, the bare "certificate verify failed" all that
 * libmysqlclient says of any certificate. */
static const struct {
    const char *text;
    enum trouble trouble;
} TEXTS[] = {
    {"unsupported protocol", NOT_IN_COMMON},
    {"alert protocol version", NOT_IN_COMMON},
    {"no protocols available", NOT_IN_COMMON},
    {"wrong version number", NOT_IN_COMMON},
    {"tls version is invalid", NOT_IN_COMMON},
    {"ssl is required", NO_TLS},
    {"certificate has expired", EXPIRED},
    {"certificate is not yet valid", NOT_YET},
    {"certificate in certificate chain", OTHER_AUTHORITY},
    {"unable to get local issuer", OTHER_AUTHORITY},
    {"unable to get issuer", OTHER_AUTHORITY},
    {"unable to verify the first certificate", OTHER_AUTHORITY},
    {"self-signed certificate", SELF_SIGNED},
    {"self signed certificate", SELF_SIGNED},
    {"hostname mismatch", OTHER_HOST},
    {"ip address mismatch", OTHER_HOST},
    {"validation of ssl server certificate failed", OTHER_HOST},
    {"hostname verification failed", OTHER_HOST},
    {"certificate verify failed", NOT_TRUSTED},
    {"alert unknown ca", OWN_REFUSED},
    {"alert bad certificate", OWN_REFUSED},
    {"alert certificate", OWN_REFUSED},
    {"alert unsupported certificate", OWN_REFUSED},
    {"key values mismatch", OWN_MISMATCH},
    {"no start line", OWN_UNREADABLE},
    {"processing error", OWN_UNREADABLE},
    {"bad decrypt", OWN_UNREADABLE},
    {"alert handshake failure", TOO_OLD},
    {"dh key too small", TOO_OLD},
    {"unsafe legacy renegotiation", TOO_OLD},
};

static enum bs_status
explain_versions(const struct bs_endpoint *endpoint, const char *text, struct bs_error *err) {
    bs_error_set(err, BS_SERVER, "the server and this side have no TLS version in common (%s)",
                 text);
    if (endpoint->tls_version != NULL) {
        return bs_error_hint(err,
                             "leave out tls-version, or name versions that the server has: SHOW "
                             "VARIABLES LIKE 'tls_version' there");
    }
    return bs_error_hint(err, "older servers need tls-version=TLSv1 or TLSv1.1, which are weak, "
                              "or, like MySQL 5.6 with its own TLS library, ssl-mode=DISABLED");
}

static enum bs_status
explain_host(const struct bs_endpoint *endpoint, struct bs_error *err) {
    bs_error_set(err, BS_SERVER, "the server's certificate is not for '%s'",
                 endpoint->host != NULL ? endpoint->host : "localhost");
    if (endpoint->ssl_mode == BS_SSL_VERIFY_CA) {
        return bs_error_hint(err, "use a name that the certificate was made for: the MySQL client "
                                  "library here (MariaDB Connector/C 3.4 on) compares names with "
                                  "VERIFY_CA too");
    }
    return bs_error_hint(err, "use a name that the certificate was made for, or "
                              "ssl-mode=VERIFY_CA, which does not compare names");
}

static enum bs_status
explain_server_certificate(const struct bs_endpoint *endpoint, enum trouble trouble,
                           struct bs_error *err) {
    const char *ca = endpoint->ssl_ca != NULL ? endpoint->ssl_ca : "(none)";
    if (trouble == EXPIRED) {
        bs_error_set(err, BS_SERVER,
                     "the server's certificate has expired, or that of its authority");
        return bs_error_hint(err, "renew it on the server, or use " HINT_REQUIRED);
    }
    if (trouble == NOT_YET) {
        bs_error_set(err, BS_SERVER, "the server's certificate is not valid yet");
        return bs_error_hint(err, "compare the clocks of both machines, or use " HINT_REQUIRED);
    }
    if (trouble == SELF_SIGNED) {
        bs_error_set(err, BS_SERVER,
                     "the server's certificate is self-signed, and not the one in ssl-ca '%s'", ca);
        return bs_error_hint(err, "give the server's certificate itself as ssl-ca, fetched from "
                                  "that machine in a safe way, or use " HINT_REQUIRED);
    }
    bs_error_set(err, BS_SERVER,
                 "the server's certificate was signed by an authority that ssl-ca '%s' does not "
                 "hold",
                 ca);
    return bs_error_hint(err,
                         "give the file of the authority that signed it as ssl-ca: SHOW "
                         "VARIABLES LIKE 'ssl_ca' on the server names it; or use " HINT_REQUIRED);
}

static enum bs_status
explain_own(const struct bs_endpoint *endpoint, enum trouble trouble, const char *text,
            struct bs_error *err) {
    const char *cert = endpoint->ssl_cert != NULL ? endpoint->ssl_cert : "(none)";
    const char *key = endpoint->ssl_key != NULL ? endpoint->ssl_key : "(none)";
    if (trouble == OWN_MISMATCH) {
        return bs_error_set(err, BS_SERVER,
                            "the key of ssl-key '%s' does not belong to the "
                            "certificate of ssl-cert '%s'",
                            key, cert);
    }
    if (trouble == OWN_UNREADABLE) {
        bs_error_set(err, BS_SERVER, "ssl-cert '%s' or ssl-key '%s' cannot be used (%s)", cert, key,
                     text);
        return bs_error_hint(err, "both must be files in PEM form, the key without a passphrase");
    }
    bs_error_set(err, BS_SERVER, "the server refuses the certificate of ssl-cert '%s' (%s)", cert,
                 text);
    return bs_error_hint(err,
                         endpoint->ssl_cert != NULL
                             ? HINT_OWN
                             : "the server wants a certificate of the client: ssl-cert, ssl-key");
}

/* libmysqlclient keeps the reason to itself. */
static enum bs_status
explain_distrust(const struct bs_endpoint *endpoint, const char *text, struct bs_error *err) {
    bs_error_set(err, BS_SERVER,
                 "the server's certificate is not trusted (%s): it is expired, self-signed, for "
                 "another name than '%s', or signed by an authority that ssl-ca does not hold",
                 text, endpoint->host != NULL ? endpoint->host : "localhost");
    return bs_error_hint(err,
                         "openssl s_client -starttls mysql -connect %s:%u -CAfile %s shows which "
                         "it is; or use " HINT_REQUIRED,
                         endpoint->host != NULL ? endpoint->host : "localhost", endpoint->port,
                         endpoint->ssl_ca != NULL ? endpoint->ssl_ca : "FILE");
}

static void
explain(const struct bs_endpoint *endpoint, enum trouble trouble, const char *text,
        struct bs_error *err) {
    switch (trouble) {
    case NOT_IN_COMMON:
        explain_versions(endpoint, text, err);
        return;
    case NO_TLS:
        bs_error_set(err, BS_SERVER, "the server offers no TLS, which ssl-mode asks for");
        bs_error_hint(err, "give the server a certificate (ssl_cert, ssl_key), or use "
                           "ssl-mode=PREFERRED");
        return;
    case EXPIRED:
    case NOT_YET:
    case OTHER_AUTHORITY:
    case SELF_SIGNED:
        explain_server_certificate(endpoint, trouble, err);
        return;
    case OTHER_HOST:
        explain_host(endpoint, err);
        return;
    case NOT_TRUSTED:
        explain_distrust(endpoint, text, err);
        return;
    case OWN_REFUSED:
    case OWN_MISMATCH:
    case OWN_UNREADABLE:
        explain_own(endpoint, trouble, text, err);
        return;
    case TOO_OLD:
        bs_error_set(err, BS_SERVER, "the server and this side agree on no method of TLS (%s)",
                     text);
        bs_error_hint(err, "the server's TLS may be too old: tls-version=TLSv1,TLSv1.2 accepts "
                           "weak methods; or it wants a client certificate: ssl-cert, ssl-key");
        return;
    }
}

/* Connector/C tells what it would say of the server's certificate also where nobody asked, and the
 * handshake failed for another reason. */
static bool
is_about_server(enum trouble trouble) {
    switch (trouble) {
    case EXPIRED:
    case NOT_YET:
    case OTHER_AUTHORITY:
    case SELF_SIGNED:
    case OTHER_HOST:
    case NOT_TRUSTED:
        return true;
    case NOT_IN_COMMON:
    case NO_TLS:
    case OWN_REFUSED:
    case OWN_MISMATCH:
    case OWN_UNREADABLE:
    case TOO_OLD:
        break;
    }
    return false;
}

static bool
explain_unasked(const struct bs_endpoint *endpoint, struct bs_error *err) {
    if (endpoint->ssl_cert == NULL) {
        return false;
    }
    bs_error_set(err, BS_SERVER,
                 "the TLS handshake failed: the server may refuse the certificate "
                 "of ssl-cert '%s'",
                 endpoint->ssl_cert);
    bs_error_hint(err, HINT_OWN);
    return true;
}

bool
bs_tls_trouble_explain(const struct bs_endpoint *endpoint, const char *text, struct bs_error *err) {
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        if (strcasestr(text, TEXTS[i].text) != NULL) {
            if (endpoint->ssl_mode < BS_SSL_VERIFY_CA && is_about_server(TEXTS[i].trouble)) {
                return explain_unasked(endpoint, err);
            }
            explain(endpoint, TEXTS[i].trouble, text, err);
            return true;
        }
    }
    return false;
}

void
bs_tls_trouble_hint_login(const struct bs_endpoint *endpoint, struct bs_error *err) {
    if (endpoint->ssl_cert != NULL && endpoint->ssl_mode != BS_SSL_DISABLED) {
        bs_error_hint(err, "if this happens each time, the server may refuse the certificate of "
                           "ssl-cert: " HINT_OWN);
    }
}
