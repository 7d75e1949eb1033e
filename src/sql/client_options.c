/* What is said the same way to both libraries stands first, then one section per library.
 *
 * MariaDB Connector/C 3.3 knows "use TLS" and "check the name in the certificate". A CA file makes
 * it check the chain, so VERIFY_CA is TLS with the CA file and without the name check, and the CA
 * file is kept from it in the modes that verify nothing. Where only the mode REQUIRED or VERIFY_CA
 * forbids a plain connection, it falls back to one all the same when the server offers no TLS; that
 * is noticed right after the login, before any statement is sent.
 *
 * What cannot be told to it otherwise, and is said in tests/e2e/test_tls.py: 3.3 takes an address
 * in a certificate's subject for a name; 3.4 compares the name with VERIFY_CA too, and never for
 * the hosts 127.0.0.1 and ::1. */
#include "sql/client_options.h"

#include "base/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_PACKET = 1 << 30 };
#define FLAG_COMPRESS (1UL << 5)
#define FLAG_ZSTD (1UL << 26)
enum { KEEPALIVE_IDLE_S = 60, KEEPALIVE_INTERVAL_S = 10, KEEPALIVE_PROBES = 6 };

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void
init_library(void) {
    if (mysql_library_init(0, NULL, NULL) != 0) {
        bs_panic(__FILE__, __LINE__, "the MySQL client library does not start");
    }
}

void
bs_client_library_init(void) {
    (void)pthread_once(&library_once, init_library);
}

static enum bs_status set_library_options(MYSQL *mysql, const struct bs_endpoint *endpoint,
                                          struct bs_error *err);

/* A refused option means a library that cannot do it: said by name, never ignored. */
static enum bs_status
set_option(MYSQL *mysql, enum mysql_option option, const void *value, const char *name,
           struct bs_error *err) {
    if (mysql_options(mysql, option, value) == 0) {
        return BS_OK;
    }
    const char *why = mysql_error(mysql);
    return bs_error_set(err, BS_CONFIG, "the MySQL client library (%s) refuses %s%s%s",
                        mysql_get_client_info(), name, *why != '\0' ? ": " : "", why);
}

/* TCP is asked for by name: for the host "localhost" both libraries would take a Unix socket. */
static enum bs_status
set_transport(MYSQL *mysql, const struct bs_endpoint *endpoint, struct bs_error *err) {
    unsigned int protocol = endpoint->socket != NULL ? (unsigned int)MYSQL_PROTOCOL_SOCKET
                                                     : (unsigned int)MYSQL_PROTOCOL_TCP;
    unsigned int timeout_s = (endpoint->connect_timeout_ms + 999) / 1000;
    unsigned long max_packet = MAX_PACKET;
    enum bs_status status = set_option(mysql, MYSQL_OPT_PROTOCOL, &protocol, "the transport", err);
    if (status == BS_OK) {
        status = set_option(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &timeout_s, "connect-timeout", err);
    }
    if (status == BS_OK) {
        status =
            set_option(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &max_packet, "the packet size", err);
    }
    return status;
}

static enum bs_status
set_session(MYSQL *mysql, const char *program, bool local_infile, struct bs_error *err) {
    unsigned int infile = local_infile;
    enum bs_status status =
        set_option(mysql, MYSQL_SET_CHARSET_NAME, "binary", "charset binary", err);
    if (status == BS_OK) {
        status = set_option(mysql, MYSQL_OPT_LOCAL_INFILE, &infile, "LOAD DATA LOCAL", err);
    }
    if (status == BS_OK && program != NULL) {
        (void)mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", program);
    }
    return status;
}

/* Both libraries would report an unreadable file as a failed handshake. */
static enum bs_status
set_tls_file(MYSQL *mysql, enum mysql_option option, const char *path, const char *name,
             struct bs_error *err) {
    if (path == NULL) {
        return BS_OK;
    }
    if (access(path, R_OK) != 0) {
        return bs_error_set(err, BS_CONFIG, "cannot read the file of %s, %s: %s", name, path,
                            strerror(errno));
    }
    return set_option(mysql, option, path, name, err);
}

static enum bs_status
set_tls_files(MYSQL *mysql, const struct bs_endpoint *endpoint, struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (endpoint->ssl_mode >= BS_SSL_VERIFY_CA) {
        status = set_tls_file(mysql, MYSQL_OPT_SSL_CA, endpoint->ssl_ca, "ssl-ca", err);
    }
    if (status == BS_OK) {
        status = set_tls_file(mysql, MYSQL_OPT_SSL_CERT, endpoint->ssl_cert, "ssl-cert", err);
    }
    if (status == BS_OK) {
        status = set_tls_file(mysql, MYSQL_OPT_SSL_KEY, endpoint->ssl_key, "ssl-key", err);
    }
    if (status == BS_OK && endpoint->tls_version != NULL) {
        status =
            set_option(mysql, MYSQL_OPT_TLS_VERSION, endpoint->tls_version, "tls-version", err);
        if (status != BS_OK) {
            bs_error_hint(err, "leave out tls-version, or name TLSv1.2 or TLSv1.3: libmysqlclient "
                               "from 8.0.28 on knows no older ones");
        }
    }
    return status;
}

/* Over a unix socket PREFERRED stays plain, as with MySQL's own client: nobody is in between. */
static bool
may_use_tls(const struct bs_endpoint *endpoint) {
    bool is_local = endpoint->socket != NULL && endpoint->socket[0] != '\0';
    return endpoint->ssl_mode != BS_SSL_DISABLED &&
           !(is_local && endpoint->ssl_mode == BS_SSL_PREFERRED);
}

enum bs_status
bs_client_set_options(MYSQL *mysql, const struct bs_endpoint *endpoint, const char *program,
                      bool local_infile, struct bs_error *err) {
    enum bs_status status = set_transport(mysql, endpoint, err);
    if (status == BS_OK) {
        status = set_session(mysql, program, local_infile, err);
    }
    if (status == BS_OK && may_use_tls(endpoint)) {
        status = set_tls_files(mysql, endpoint, err);
    }
    if (status == BS_OK && endpoint->server_public_key != NULL) {
        status = set_option(mysql, MYSQL_SERVER_PUBLIC_KEY, endpoint->server_public_key,
                            "server-public-key", err);
    }
    return status == BS_OK ? set_library_options(mysql, endpoint, err) : status;
}

#ifdef LIBMARIADB

/* Those that the stream speaks too. Connector/C would also hand the password itself to any server
 * that asks for it with mysql_clear_password or dialog, TLS or not. */
#define AUTH_PLUGINS                                                                               \
    "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,parsec"

static int
socket_of(MYSQL *mysql) {
    return (int)mysql_get_socket(mysql);
}

static enum bs_status
set_compression(MYSQL *mysql, const struct bs_endpoint *endpoint, struct bs_error *err) {
    switch (endpoint->compress) {
    case BS_COMPRESS_NONE:
        return BS_OK;
    case BS_COMPRESS_ZLIB:
        return set_option(mysql, MYSQL_OPT_COMPRESS, NULL, "compress=zlib", err);
    case BS_COMPRESS_ZSTD:
        /* Connector/C settles on a method with the server by itself, and has zstd only where a
         * plugin for it is installed: tell_compression says what came of it. */
        return set_option(mysql, MYSQL_OPT_COMPRESS, NULL, "compress=zstd", err);
    }
    return BS_OK;
}

static enum bs_status
set_library_options(MYSQL *mysql, const struct bs_endpoint *endpoint, struct bs_error *err) {
    my_bool use_tls = may_use_tls(endpoint);
    my_bool check_name = endpoint->ssl_mode == BS_SSL_VERIFY_IDENTITY;
    enum bs_status status = set_compression(mysql, endpoint, err);
    if (status == BS_OK) {
        status =
            set_option(mysql, MARIADB_OPT_RESTRICTED_AUTH, AUTH_PLUGINS, "the login plugins", err);
    }
    if (status == BS_OK) {
        status = set_option(mysql, MYSQL_OPT_SSL_ENFORCE, &use_tls, "ssl-mode", err);
    }
    if (status == BS_OK) {
        status = set_option(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &check_name, "ssl-mode", err);
    }
    return status;
}

const char *
bs_client_plugin_hint(void) {
    return "MariaDB Connector/C lacks the account's authentication plugin: install it, name its "
           "folder in MARIADB_PLUGIN_DIR, or use an account with mysql_native_password";
}

#else

static int
socket_of(MYSQL *mysql) {
    return (int)mysql->net.fd;
}

static enum bs_status
set_compression(MYSQL *mysql, const struct bs_endpoint *endpoint, struct bs_error *err) {
    switch (endpoint->compress) {
    case BS_COMPRESS_NONE:
        return BS_OK;
    case BS_COMPRESS_ZLIB:
        return set_option(mysql, MYSQL_OPT_COMPRESSION_ALGORITHMS, "zlib,uncompressed",
                          "compress=zlib", err);
    case BS_COMPRESS_ZSTD:
        return set_option(mysql, MYSQL_OPT_COMPRESSION_ALGORITHMS, "zstd,zlib,uncompressed",
                          "compress=zstd", err);
    }
    return BS_OK;
}

static unsigned int
library_ssl_mode(enum bs_ssl_mode mode) {
    switch (mode) {
    case BS_SSL_DISABLED:
        return SSL_MODE_DISABLED;
    case BS_SSL_PREFERRED:
        return SSL_MODE_PREFERRED;
    case BS_SSL_REQUIRED:
        return SSL_MODE_REQUIRED;
    case BS_SSL_VERIFY_CA:
        return SSL_MODE_VERIFY_CA;
    case BS_SSL_VERIFY_IDENTITY:
        return SSL_MODE_VERIFY_IDENTITY;
    }
    return SSL_MODE_REQUIRED;
}

static enum bs_status
set_library_options(MYSQL *mysql, const struct bs_endpoint *endpoint, struct bs_error *err) {
    unsigned int mode = library_ssl_mode(endpoint->ssl_mode);
    bool get_public_key = endpoint->server_public_key == NULL;
    enum bs_status status = set_compression(mysql, endpoint, err);
    if (status == BS_OK) {
        status = set_option(mysql, MYSQL_OPT_SSL_MODE, &mode, "ssl-mode", err);
    }
    if (status == BS_OK) {
        /* Without TLS caching_sha2_password sends the password under the server's RSA key. */
        status = set_option(mysql, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &get_public_key,
                            "the server's public key", err);
    }
    return status;
}

const char *
bs_client_plugin_hint(void) {
    return "libmysqlclient lacks the account's authentication plugin: install it, or name its "
           "folder in LIBMYSQL_PLUGIN_DIR";
}

#endif

static const char *
compression_in_force(const MYSQL *mysql) {
    return (mysql->client_flag & FLAG_ZSTD) != 0       ? "zstd"
           : (mysql->client_flag & FLAG_COMPRESS) != 0 ? "zlib"
                                                       : "none";
}

/* Once per process: each of many sessions would say the same. */
static void
tell_compression(const MYSQL *mysql, const struct bs_endpoint *endpoint, const char *where) {
    static atomic_flag told = ATOMIC_FLAG_INIT;
    const char *wanted = endpoint->compress == BS_COMPRESS_ZSTD   ? "zstd"
                         : endpoint->compress == BS_COMPRESS_ZLIB ? "zlib"
                                                                  : NULL;
    const char *got = compression_in_force(mysql);
    if (wanted != NULL && strcmp(wanted, got) != 0 && !atomic_flag_test_and_set(&told)) {
        bs_log(BS_LOG_WARNING,
               "%s: the compression of SQL sessions is %s, not %s: the server and the MySQL client "
               "library here (%s) have no more in common; the binlog stream agrees on its own",
               where, got, wanted, mysql_get_client_info());
    }
}

static void
set_keepalive(int fd) {
    int on = 1;
    int idle_s = KEEPALIVE_IDLE_S;
    int interval_s = KEEPALIVE_INTERVAL_S;
    int probes = KEEPALIVE_PROBES;
    /* Best effort: a Unix socket has none of these and needs none. */
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    /* While something that was sent is not acknowledged, no probes are: a COMMIT to a host that is
     * gone would be waited for a quarter of an hour. */
    unsigned int unacknowledged_ms =
        1000 * (KEEPALIVE_IDLE_S + KEEPALIVE_INTERVAL_S * KEEPALIVE_PROBES);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms,
                     sizeof unacknowledged_ms);
}

enum bs_status
bs_client_check_connection(MYSQL *mysql, const struct bs_endpoint *endpoint, struct bs_error *err) {
    char where[512];
    bs_endpoint_describe(endpoint, where, sizeof where);
    if (endpoint->ssl_mode >= BS_SSL_REQUIRED && mysql_get_ssl_cipher(mysql) == NULL) {
        bs_error_set(err, BS_SERVER, "%s offers no TLS, which ssl-mode asks for", where);
        return bs_error_hint(err, "give the server a certificate (ssl_cert, ssl_key), or use "
                                  "ssl-mode=PREFERRED");
    }
    tell_compression(mysql, endpoint, where);
    set_keepalive(socket_of(mysql));
    return BS_OK;
}
