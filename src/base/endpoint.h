/* Where a server is and how to reach it: what a mysql:// URI says. Plain data, shared by the SQL
 * sessions (src/sql) and the protocol client (src/net). Parsing is pure; passwords from files and
 * the environment are filled in by src/cli. Describing one never shows the password. */
#ifndef BS_BASE_ENDPOINT_H
#define BS_BASE_ENDPOINT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bs_ssl_mode {
    BS_SSL_DISABLED,
    BS_SSL_PREFERRED, /* TLS when the server has it, else plain: the default */
    BS_SSL_REQUIRED,
    BS_SSL_VERIFY_CA,
    BS_SSL_VERIFY_IDENTITY,
};

enum bs_compress { BS_COMPRESS_NONE, BS_COMPRESS_ZLIB, BS_COMPRESS_ZSTD };

enum { BS_PORT_DEFAULT = 3306, BS_CONNECT_TIMEOUT_DEFAULT_MS = 10000 };

/* All strings are heap-owned, NULL when not given. */
struct bs_endpoint {
    char *user;
    char *password;
    char *host;
    uint16_t port;
    char *socket;
    enum bs_ssl_mode ssl_mode;
    bool ssl_mode_given;
    char *ssl_ca;
    char *ssl_cert;
    char *ssl_key;
    char *tls_version;
    enum bs_compress compress;
    bool compress_given;
    uint32_t connect_timeout_ms; /* 0: not given, until bs_endpoint_complete */
    char *password_file;
    char *server_public_key; /* PEM file that pins the RSA key of caching_sha2_password */
};

/* mysql://user[:password]@host[:port]/?option=value&...; percent-decoded; BS_CONFIG with what is
 * wrong. The password never appears in the error. The same as read and complete. */
enum bs_status bs_endpoint_parse(struct bs_endpoint *endpoint, const char *uri,
                                 struct bs_error *err) BS_MUST_CHECK;

/* What the URI says and no more: the rest may come from elsewhere. */
enum bs_status bs_endpoint_read(struct bs_endpoint *endpoint, const char *uri,
                                struct bs_error *err) BS_MUST_CHECK;

/* Fills in what follows from the rest, and checks what must hold between the parts. As MySQL's own
 * client has it, ssl-ca without an ssl-mode means VERIFY_CA: whoever names an authority wants it
 * asked. The endpoint stays the caller's when it fails. */
enum bs_status bs_endpoint_complete(struct bs_endpoint *endpoint,
                                    struct bs_error *err) BS_MUST_CHECK;
void bs_endpoint_fini(struct bs_endpoint *endpoint);

/* "user@host:port" or "user@/path/to/socket". */
void bs_endpoint_describe(const struct bs_endpoint *endpoint, char *out, size_t cap);

#endif
