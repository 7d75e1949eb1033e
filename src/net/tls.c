/* How strict: with ssl-mode PREFERRED and no tls-version any TLS is accepted, since the alternative
 * that the mode allows is none at all; old servers offer 1.0 with small keys. In every other mode
 * TLS 1.2 is the least, unless tls-version names an older one. */
#include "net/tls.h"

#include "base/mem.h"
#include "base/tls_trouble.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct bs_tls_context {
    const struct bs_endpoint *endpoint;
    SSL_CTX *ctx;
};

struct bs_tls {
    const struct bs_endpoint *endpoint;
    SSL *ssl;
    BIO *from_peer; /* owned by ssl, as is to_peer */
    BIO *to_peer;
};

static const struct {
    const char *name;
    int version;
} VERSIONS[] = {
    {"TLSv1", TLS1_VERSION},     {"TLSv1.0", TLS1_VERSION},   {"TLSv1.1", TLS1_1_VERSION},
    {"TLSv1.2", TLS1_2_VERSION}, {"TLSv1.3", TLS1_3_VERSION},
};

static const char *
openssl_text(void) {
    unsigned long code = ERR_peek_last_error();
    const char *text = code != 0 ? ERR_reason_error_string(code) : NULL;
    return text != NULL ? text : "no reason given";
}

static int
version_of(const char *name, size_t len) {
    for (size_t i = 0; i < sizeof VERSIONS / sizeof VERSIONS[0]; i++) {
        if (strlen(VERSIONS[i].name) == len && strncasecmp(VERSIONS[i].name, name, len) == 0) {
            return VERSIONS[i].version;
        }
    }
    return 0;
}

/* "TLSv1.2,TLSv1.3": the least and the greatest of the list. */
static enum bs_status
parse_versions(const char *list, int *least, int *greatest, struct bs_error *err) {
    *least = 0;
    *greatest = 0;
    for (const char *at = list; *at != '\0';) {
        size_t len = strcspn(at, ",");
        int version = version_of(at, len);
        if (version == 0) {
            return bs_error_set(
                err, BS_CONFIG,
                "tls-version '%s' is not a list of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3", list);
        }
        *least = *least == 0 || version < *least ? version : *least;
        *greatest = version > *greatest ? version : *greatest;
        at += len + (at[len] == ',' ? 1 : 0);
    }
    return *least != 0 ? BS_OK : bs_error_set(err, BS_CONFIG, "tls-version is empty");
}

static enum bs_status
set_versions(struct bs_tls_context *context, struct bs_error *err) {
    const struct bs_endpoint *endpoint = context->endpoint;
    int least = endpoint->ssl_mode == BS_SSL_PREFERRED ? TLS1_VERSION : TLS1_2_VERSION;
    int greatest = 0;
    if (endpoint->tls_version != NULL) {
        enum bs_status status = parse_versions(endpoint->tls_version, &least, &greatest, err);
        if (status != BS_OK) {
            return status;
        }
    }
    if (least < TLS1_2_VERSION) {
        /* What goes with such versions on old servers: SHA-1, small keys, no secure renegotiation.
         */
        SSL_CTX_set_security_level(context->ctx, 0);
        (void)SSL_CTX_set_cipher_list(context->ctx, "ALL:!aNULL:!eNULL");
        SSL_CTX_set_options(context->ctx, SSL_OP_LEGACY_SERVER_CONNECT);
    }
    if (SSL_CTX_set_min_proto_version(context->ctx, least) != 1 ||
        SSL_CTX_set_max_proto_version(context->ctx, greatest) != 1) {
        return bs_error_set(err, BS_CONFIG, "OpenSSL does not know this tls-version");
    }
    return BS_OK;
}

static bool
is_verifying(const struct bs_endpoint *endpoint) {
    return endpoint->ssl_mode == BS_SSL_VERIFY_CA || endpoint->ssl_mode == BS_SSL_VERIFY_IDENTITY;
}

/* OpenSSL would say "system lib". */
static bool
can_read(const char *option, const char *path, struct bs_error *err) {
    if (access(path, R_OK) == 0) {
        return true;
    }
    bs_error_sys(err, errno, "cannot read the file of %s, '%s'", option, path);
    if (err != NULL) {
        err->status = BS_CONFIG;
    }
    return false;
}

static enum bs_status
load_ca(struct bs_tls_context *context, struct bs_error *err) {
    const struct bs_endpoint *endpoint = context->endpoint;
    if (!is_verifying(endpoint)) {
        SSL_CTX_set_verify(context->ctx, SSL_VERIFY_NONE, NULL);
        return BS_OK;
    }
    SSL_CTX_set_verify(context->ctx, SSL_VERIFY_PEER, NULL);
    if (endpoint->ssl_ca != NULL && !can_read("ssl-ca", endpoint->ssl_ca, err)) {
        return BS_CONFIG;
    }
    int ok = endpoint->ssl_ca != NULL
                 ? SSL_CTX_load_verify_locations(context->ctx, endpoint->ssl_ca, NULL)
                 : SSL_CTX_set_default_verify_paths(context->ctx);
    return ok == 1 ? BS_OK
                   : bs_error_set(err, BS_CONFIG, "cannot read the certificates of ssl-ca '%s': %s",
                                  endpoint->ssl_ca != NULL ? endpoint->ssl_ca : "(the system's)",
                                  openssl_text());
}

/* A daemon has nobody to ask: OpenSSL's own callback would, on the terminal. */
static int
no_passphrase(char *out, int cap, int writing, void *arg) {
    (void)out;
    (void)cap;
    (void)writing;
    (void)arg;
    return -1;
}

static enum bs_status
refuse_file(const char *option, const char *path, const char *hint, struct bs_error *err) {
    bs_error_set(err, BS_CONFIG, "cannot use %s '%s': %s", option, path, openssl_text());
    return bs_error_hint(err, "%s", hint);
}

static enum bs_status
load_own(struct bs_tls_context *context, struct bs_error *err) {
    const struct bs_endpoint *endpoint = context->endpoint;
    if (endpoint->ssl_cert == NULL && endpoint->ssl_key == NULL) {
        return BS_OK;
    }
    const char *cert = endpoint->ssl_cert != NULL ? endpoint->ssl_cert : endpoint->ssl_key;
    const char *key = endpoint->ssl_key != NULL ? endpoint->ssl_key : endpoint->ssl_cert;
    if (!can_read("ssl-cert", cert, err) || !can_read("ssl-key", key, err)) {
        return BS_CONFIG;
    }
    SSL_CTX_set_default_passwd_cb(context->ctx, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(context->ctx, cert) != 1) {
        return refuse_file("ssl-cert", cert, "it must be a certificate in PEM form", err);
    }
    if (SSL_CTX_use_PrivateKey_file(context->ctx, key, SSL_FILETYPE_PEM) != 1) {
        bool mismatch = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
        return refuse_file("ssl-key", key,
                           mismatch ? "it does not belong to the certificate of ssl-cert"
                                    : "it must be a key in PEM form, without a passphrase",
                           err);
    }
    return BS_OK;
}

enum bs_status
bs_tls_context_new(struct bs_tls_context **context, const struct bs_endpoint *endpoint,
                   struct bs_error *err) {
    *context = NULL;
    if (endpoint->ssl_mode == BS_SSL_DISABLED) {
        return BS_OK;
    }
    struct bs_tls_context *made = bs_zalloc(sizeof *made);
    made->endpoint = endpoint;
    made->ctx = SSL_CTX_new(TLS_client_method());
    BS_ASSERT(made->ctx != NULL);
    ERR_clear_error();
    enum bs_status status = set_versions(made, err);
    status = status == BS_OK ? load_ca(made, err) : status;
    status = status == BS_OK ? load_own(made, err) : status;
    if (status != BS_OK) {
        bs_tls_context_free(made);
        return status;
    }
    *context = made;
    return BS_OK;
}

void
bs_tls_context_free(struct bs_tls_context *context) {
    if (context != NULL) {
        SSL_CTX_free(context->ctx);
        free(context);
    }
}

static bool
is_address(const char *host) {
    struct in6_addr any;
    return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

static const char *
peer_name(const struct bs_endpoint *endpoint) {
    return endpoint->host != NULL ? endpoint->host : "localhost";
}

static bool
set_peer_name(struct bs_tls *tls) {
    const char *host = peer_name(tls->endpoint);
    bool address = is_address(host);
    /* What SSL_set_tlsext_host_name() is, less its cast from const. */
    bool ok = address || SSL_ctrl(tls->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                  (void *)(uintptr_t)host) == 1;
    if (!ok || tls->endpoint->ssl_mode != BS_SSL_VERIFY_IDENTITY) {
        return ok;
    }
    X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return address ? X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1
                   : SSL_set1_host(tls->ssl, host) == 1;
}

enum bs_status
bs_tls_new(struct bs_tls **tls, struct bs_tls_context *context, struct bs_error *err) {
    struct bs_tls *made = bs_zalloc(sizeof *made);
    made->endpoint = context->endpoint;
    made->ssl = SSL_new(context->ctx);
    made->from_peer = BIO_new(BIO_s_mem());
    made->to_peer = BIO_new(BIO_s_mem());
    BS_ASSERT(made->ssl != NULL && made->from_peer != NULL && made->to_peer != NULL);
    SSL_set_bio(made->ssl, made->from_peer, made->to_peer);
    SSL_set_connect_state(made->ssl);
    if (!set_peer_name(made)) {
        bs_tls_free(made);
        return bs_error_set(err, BS_CONFIG, "'%s' cannot be a server's name in TLS",
                            peer_name(context->endpoint));
    }
    *tls = made;
    return BS_OK;
}

void
bs_tls_free(struct bs_tls *tls) {
    if (tls != NULL) {
        SSL_free(tls->ssl);
        free(tls);
    }
}

void
bs_tls_feed(struct bs_tls *tls, const void *ciphertext, size_t len) {
    size_t written = 0;
    BS_ASSERT(len == 0 ||
              (BIO_write_ex(tls->from_peer, ciphertext, len, &written) == 1 && written == len));
}

void
bs_tls_take(struct bs_tls *tls, struct bs_buf *ciphertext) {
    size_t n = BIO_ctrl_pending(tls->to_peer);
    if (n > 0) {
        size_t read = 0;
        (void)BIO_read_ex(tls->to_peer, bs_buf_reserve(ciphertext, n), n, &read);
        ciphertext->len += read;
    }
}

static enum bs_status
explain_handshake(const struct bs_tls *tls, struct bs_error *err) {
    long verified = SSL_get_verify_result(tls->ssl);
    bool distrusted = is_verifying(tls->endpoint) && verified != X509_V_OK;
    const char *text = distrusted ? X509_verify_cert_error_string(verified) : openssl_text();
    if (bs_tls_trouble_explain(tls->endpoint, text, err)) {
        return BS_SERVER;
    }
    if (distrusted) {
        return bs_error_set(err, BS_SERVER, "the server's certificate is not trusted: %s", text);
    }
    bs_error_set(err, BS_PROTOCOL, "the TLS handshake failed: %s", text);
    return bs_error_hint(err, "the server's error log may say more");
}

enum bs_status
bs_tls_handshake(struct bs_tls *tls, bool *done, struct bs_error *err) {
    ERR_clear_error();
    int rc = SSL_do_handshake(tls->ssl);
    *done = rc == 1;
    if (rc == 1 || SSL_get_error(tls->ssl, rc) == SSL_ERROR_WANT_READ) {
        return BS_OK;
    }
    return explain_handshake(tls, err);
}

static enum bs_status
explain_use(const struct bs_tls *tls, int rc, struct bs_error *err) {
    int kind = SSL_get_error(tls->ssl, rc);
    if (kind == SSL_ERROR_ZERO_RETURN) {
        return bs_error_set(err, BS_IO, "the server closed the connection");
    }
    /* With TLS 1.3 a client's certificate is refused only after the handshake. */
    if (bs_tls_trouble_explain(tls->endpoint, openssl_text(), err)) {
        return BS_SERVER;
    }
    return bs_error_set(err, BS_IO, "the TLS connection broke: %s", openssl_text());
}

enum bs_status
bs_tls_read(struct bs_tls *tls, void *plaintext, size_t cap, size_t *len, struct bs_error *err) {
    ERR_clear_error();
    int rc = SSL_read_ex(tls->ssl, plaintext, cap, len);
    if (rc == 1) {
        return BS_OK;
    }
    *len = 0;
    return SSL_get_error(tls->ssl, rc) == SSL_ERROR_WANT_READ ? BS_OK : explain_use(tls, rc, err);
}

enum bs_status
bs_tls_write(struct bs_tls *tls, const void *plaintext, size_t len, struct bs_error *err) {
    size_t written = 0;
    ERR_clear_error();
    if (len == 0) {
        return BS_OK;
    }
    int rc = SSL_write_ex(tls->ssl, plaintext, len, &written);
    return rc == 1 && written == len ? BS_OK : explain_use(tls, rc, err);
}

const char *
bs_tls_version(const struct bs_tls *tls) {
    return SSL_get_version(tls->ssl);
}
