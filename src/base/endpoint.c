/* mysql:// URIs. A URI is read from left to right by small steps that each consume their part;
 * every error names the place and shows the URI with all that may be secret masked. Masking does
 * not trust the parse: a password with a forgotten percent sign, or in the wrong place, must not
 * leak through the very error about it. */
#include "base/endpoint.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char scheme[] = "mysql://";

struct parse {
    struct bs_endpoint *endpoint;
    const char *uri;
    unsigned int seen; /* bit i: options[i] was given */
    struct bs_error *err;
};

static bool
is_port_tail(const char *at) {
    return strspn(at, "0123456789") == strcspn(at, "/?#");
}

/* Shows user and host at most: options are cut off, and what lies between a ':' and the last '@' is
 * hidden, or all behind the ':' where it is not clear which '@' ends the password. */
static void
put_masked(struct bs_buf *out, const char *uri) {
    const char *rest = strstr(uri, "://");
    rest = rest != NULL ? rest + 3 : uri;
    const char *tail = rest + strcspn(rest, "?#");
    const char *at = strrchr(rest, '@');
    const char *colon = memchr(rest, ':', (size_t)(tail - rest));
    bool has_secret = colon != NULL && (at == NULL || colon < at || !is_port_tail(colon + 1));
    if (!has_secret) {
        bs_buf_put(out, uri, (size_t)(tail - uri));
        bs_buf_puts(out, *tail != '\0' ? "?..." : "");
        return;
    }
    bs_buf_put(out, uri, (size_t)(colon + 1 - uri));
    bs_buf_puts(out, "***");
    if (at != NULL && at > colon && at < tail) {
        bs_buf_put(out, at, (size_t)(tail - at));
        bs_buf_puts(out, *tail != '\0' ? "?..." : "");
    }
}

static enum bs_status fail(struct parse *p, const char *at, const char *fmt, ...) BS_PRINTF(3, 4);

static enum bs_status
fail(struct parse *p, const char *at, const char *fmt, ...) {
    char what[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    struct bs_buf masked = {0};
    put_masked(&masked, p->uri);
    bs_error_set(p->err, BS_CONFIG, "malformed URI %s: %s (at character %zu)", bs_buf_cstr(&masked),
                 what, (size_t)(at - p->uri) + 1);
    bs_buf_fini(&masked);
    return bs_error_hint(p->err,
                         "write mysql://user[:password]@host[:port]/?option=value&... with special "
                         "characters percent-encoded, such as %%40 for @ and %%2F for /");
}

static int
hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decodes [at, end) into *out (heap). what names the part in errors. */
static enum bs_status
decode(struct parse *p, const char *at, const char *end, const char *what, char **out) {
    char *text = bs_alloc((size_t)(end - at) + 1);
    size_t len = 0;
    for (; at < end; at++) {
        char c = *at;
        if (c == '%') {
            int high = end - at > 2 ? hex_value(at[1]) : -1;
            int low = high >= 0 ? hex_value(at[2]) : -1;
            if (low < 0 || (high == 0 && low == 0)) {
                free(text);
                return fail(p, at, "the %s holds a %% that two hexadecimal digits do not follow",
                            what);
            }
            c = (char)(high * 16 + low);
            at += 2;
        }
        text[len++] = c;
    }
    text[len] = '\0';
    free(*out);
    *out = text;
    return BS_OK;
}

static enum bs_status
parse_user(struct parse *p, const char *at, const char *end) {
    const char *second = memchr(at, '@', (size_t)(end - at));
    if (second != NULL) {
        return fail(p, second, "more than one '@': write the ones in user and password as %%40");
    }
    const char *colon = memchr(at, ':', (size_t)(end - at));
    const char *user_end = colon != NULL ? colon : end;
    if (user_end == at) {
        return fail(p, at, "the user is missing");
    }
    enum bs_status status = decode(p, at, user_end, "user", &p->endpoint->user);
    if (status == BS_OK && colon != NULL) {
        status = decode(p, colon + 1, end, "password", &p->endpoint->password);
    }
    return status;
}

static enum bs_status
parse_port(struct parse *p, const char *at, const char *end) {
    unsigned long port = 0;
    const char *c = at;
    for (; c < end && *c >= '0' && *c <= '9' && port <= UINT16_MAX; c++) {
        port = port * 10 + (unsigned long)(*c - '0');
    }
    if (c != end || at == end || port == 0 || port > UINT16_MAX) {
        return fail(p, at, "the port must be a number from 1 to 65535");
    }
    p->endpoint->port = (uint16_t)port;
    return BS_OK;
}

/* "[::1]" and "[::1]:3306" */
static enum bs_status
parse_bracketed_host(struct parse *p, const char *at, const char *end) {
    const char *close = memchr(at, ']', (size_t)(end - at));
    if (close == NULL) {
        return fail(p, at, "the '[' of the host is not closed");
    }
    if (close == at + 1) {
        return fail(p, at, "there is no address between the brackets");
    }
    if (close + 1 < end && close[1] != ':') {
        return fail(p, close + 1, "only a port may follow the ']' of the host");
    }
    enum bs_status status = decode(p, at + 1, close, "host", &p->endpoint->host);
    if (status == BS_OK && close + 1 < end) {
        status = parse_port(p, close + 2, end);
    }
    return status;
}

static enum bs_status
parse_host(struct parse *p, const char *at, const char *end) {
    if (at < end && *at == '[') {
        return parse_bracketed_host(p, at, end);
    }
    const char *colon = memchr(at, ':', (size_t)(end - at));
    if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon) - 1) != NULL) {
        return fail(p, at, "write an IPv6 address in brackets, as in [::1]:3306");
    }
    const char *host_end = colon != NULL ? colon : end;
    enum bs_status status = BS_OK;
    if (host_end > at) {
        status = decode(p, at, host_end, "host", &p->endpoint->host);
    }
    if (status == BS_OK && colon != NULL) {
        status = parse_port(p, colon + 1, end);
    }
    return status;
}

/* Options. Each setter gets the decoded value. */

static const char *
set_socket(struct bs_endpoint *e, const char *value) {
    e->socket = bs_strdup(value);
    return NULL;
}

static const char *
set_ssl_mode(struct bs_endpoint *e, const char *value) {
    static const char *const names[] = {"DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA",
                                        "VERIFY_IDENTITY"};
    for (unsigned int i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(value, names[i]) == 0) {
            e->ssl_mode = (enum bs_ssl_mode)i;
            e->ssl_mode_given = true;
            return NULL;
        }
    }
    return "must be DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY";
}

static const char *
set_ssl_ca(struct bs_endpoint *e, const char *value) {
    e->ssl_ca = bs_strdup(value);
    return NULL;
}

static const char *
set_ssl_cert(struct bs_endpoint *e, const char *value) {
    e->ssl_cert = bs_strdup(value);
    return NULL;
}

static const char *
set_ssl_key(struct bs_endpoint *e, const char *value) {
    e->ssl_key = bs_strdup(value);
    return NULL;
}

static bool
is_tls_version(const char *text, size_t len) {
    static const char *const names[] = {"TLSv1", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i]) == len && strncasecmp(text, names[i], len) == 0) {
            return true;
        }
    }
    return false;
}

static const char *
set_tls_version(struct bs_endpoint *e, const char *value) {
    for (const char *at = value;; at++) {
        size_t len = strcspn(at, ",");
        if (!is_tls_version(at, len)) {
            return "must be a list of TLSv1, TLSv1.1, TLSv1.2 and TLSv1.3, separated by commas";
        }
        at += len;
        if (*at == '\0') {
            break;
        }
    }
    e->tls_version = bs_strdup(value);
    return NULL;
}

static const char *
set_compress(struct bs_endpoint *e, const char *value) {
    static const char *const names[] = {"none", "zlib", "zstd"};
    for (unsigned int i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(value, names[i]) == 0) {
            e->compress = (enum bs_compress)i;
            e->compress_given = true;
            return NULL;
        }
    }
    return "must be none, zlib or zstd";
}

static const char *
set_connect_timeout(struct bs_endpoint *e, const char *value) {
    enum { SECONDS_MAX = 3600 };
    char *end = NULL;
    unsigned long seconds = *value >= '0' && *value <= '9' ? strtoul(value, &end, 10) : 0;
    if (end == NULL || *end != '\0' || seconds == 0 || seconds > SECONDS_MAX) {
        return "must be a number of seconds from 1 to 3600";
    }
    e->connect_timeout_ms = (uint32_t)seconds * 1000;
    return NULL;
}

static const char *
set_password_file(struct bs_endpoint *e, const char *value) {
    e->password_file = bs_strdup(value);
    return NULL;
}

static const char *
set_server_public_key(struct bs_endpoint *e, const char *value) {
    e->server_public_key = bs_strdup(value);
    return NULL;
}

/* A setter returns NULL, or what the value must be. */
static const struct {
    const char *name;
    const char *(*set)(struct bs_endpoint *endpoint, const char *value);
} options[] = {
    {"socket", set_socket},
    {"ssl-mode", set_ssl_mode},
    {"ssl-ca", set_ssl_ca},
    {"ssl-cert", set_ssl_cert},
    {"ssl-key", set_ssl_key},
    {"tls-version", set_tls_version},
    {"compress", set_compress},
    {"connect-timeout", set_connect_timeout},
    {"password-file", set_password_file},
    {"server-public-key", set_server_public_key},
};
enum { OPTION_COUNT = sizeof options / sizeof *options };

static enum bs_status
set_option(struct parse *p, size_t index, const char *at, const char *end) {
    if (p->seen >> index & 1) {
        return fail(p, at, "option %s is given twice", options[index].name);
    }
    p->seen |= 1U << index;
    if (at == end) {
        return fail(p, at, "option %s has no value", options[index].name);
    }
    char *value = NULL;
    enum bs_status status = decode(p, at, end, options[index].name, &value);
    if (status != BS_OK) {
        return status;
    }
    const char *wrong = options[index].set(p->endpoint, value);
    free(value);
    return wrong == NULL ? BS_OK : fail(p, at, "option %s %s", options[index].name, wrong);
}

static enum bs_status
parse_option(struct parse *p, const char *at, const char *end) {
    const char *equal = memchr(at, '=', (size_t)(end - at));
    size_t name_len = (size_t)((equal != NULL ? equal : end) - at);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strlen(options[i].name) == name_len && memcmp(options[i].name, at, name_len) == 0) {
            return set_option(p, i, equal != NULL ? equal + 1 : end, end);
        }
    }
    return fail(p, at,
                "unknown option '%.*s'; known are socket, ssl-mode, ssl-ca, ssl-cert, ssl-key, "
                "tls-version, compress, connect-timeout, password-file and server-public-key",
                name_len > 60 ? 60 : (int)name_len, at);
}

static enum bs_status
parse_options(struct parse *p, const char *at) {
    while (*at != '\0') {
        const char *end = at + strcspn(at, "&");
        enum bs_status status = parse_option(p, at, end);
        if (status != BS_OK) {
            return status;
        }
        at = *end == '&' ? end + 1 : end;
    }
    return BS_OK;
}

/* What follows the host: nothing, "/", or "/?options". */
static enum bs_status
parse_tail(struct parse *p, const char *at) {
    if (*at == '#') {
        return fail(p, at, "a '#' must be written as %%23");
    }
    if (*at == '/') {
        at++;
        size_t len = strcspn(at, "?#");
        if (len > 0) {
            return fail(p, at, "the path names a database; choose databases with --databases");
        }
    }
    if (*at == '#') {
        return fail(p, at, "a '#' must be written as %%23");
    }
    return *at == '?' ? parse_options(p, at + 1) : BS_OK;
}

static enum bs_status
parse_authority(struct parse *p, const char *at, const char *end) {
    const char *host = at;
    for (const char *c = at; c < end; c++) {
        host = *c == '@' ? c + 1 : host;
    }
    if (host == at) {
        return fail(p, at, "there is no user: expected user@ in front of the host");
    }
    enum bs_status status = parse_user(p, at, host - 1);
    return status == BS_OK ? parse_host(p, host, end) : status;
}

static enum bs_status
check_uri(struct parse *p) {
    struct bs_endpoint *e = p->endpoint;
    const char *end = p->uri + strlen(p->uri);
    if (e->password != NULL && e->password_file != NULL) {
        return fail(p, end, "give either a password or a password-file");
    }
    if (e->host == NULL && e->socket == NULL) {
        e->host = bs_strdup("127.0.0.1");
    }
    return BS_OK;
}

static enum bs_status
parse_uri(struct parse *p) {
    if (strncasecmp(p->uri, scheme, strlen(scheme)) != 0) {
        return fail(p, p->uri, "it must begin with mysql://");
    }
    const char *authority = p->uri + strlen(scheme);
    const char *tail = authority + strcspn(authority, "/?#");
    enum bs_status status = parse_authority(p, authority, tail);
    if (status == BS_OK) {
        status = parse_tail(p, tail);
    }
    return status == BS_OK ? check_uri(p) : status;
}

enum bs_status
bs_endpoint_complete(struct bs_endpoint *endpoint, struct bs_error *err) {
    if (endpoint->connect_timeout_ms == 0) {
        endpoint->connect_timeout_ms = BS_CONNECT_TIMEOUT_DEFAULT_MS;
    }
    if (!endpoint->ssl_mode_given) {
        endpoint->ssl_mode = endpoint->ssl_ca != NULL ? BS_SSL_VERIFY_CA : BS_SSL_PREFERRED;
    }
    if (endpoint->ssl_mode >= BS_SSL_VERIFY_CA && endpoint->ssl_ca == NULL) {
        bs_error_set(err, BS_CONFIG, "ssl-mode VERIFY_CA and VERIFY_IDENTITY need ssl-ca");
        return bs_error_hint(
            err,
            "give ssl-ca=FILE, with the certificate of the authority that signed the server's");
    }
    if ((endpoint->ssl_cert == NULL) != (endpoint->ssl_key == NULL)) {
        return bs_error_set(err, BS_CONFIG,
                            "ssl-cert and ssl-key are given together or not at all");
    }
    return BS_OK;
}

enum bs_status
bs_endpoint_parse(struct bs_endpoint *endpoint, const char *uri, struct bs_error *err) {
    enum bs_status status = bs_endpoint_read(endpoint, uri, err);
    if (status == BS_OK) {
        status = bs_endpoint_complete(endpoint, err);
        if (status != BS_OK) {
            bs_endpoint_fini(endpoint);
        }
    }
    return status;
}

enum bs_status
bs_endpoint_read(struct bs_endpoint *endpoint, const char *uri, struct bs_error *err) {
    *endpoint = (struct bs_endpoint){.port = BS_PORT_DEFAULT, .ssl_mode = BS_SSL_PREFERRED};
    struct parse p = {.endpoint = endpoint, .uri = uri, .err = err};
    enum bs_status status = parse_uri(&p);
    if (status != BS_OK) {
        bs_endpoint_fini(endpoint);
    }
    return status;
}

static void
free_secret(char *secret) {
    if (secret != NULL) {
        explicit_bzero(secret, strlen(secret));
        free(secret);
    }
}

void
bs_endpoint_fini(struct bs_endpoint *endpoint) {
    free(endpoint->user);
    free_secret(endpoint->password);
    free(endpoint->host);
    free(endpoint->socket);
    free(endpoint->ssl_ca);
    free(endpoint->ssl_cert);
    free(endpoint->ssl_key);
    free(endpoint->tls_version);
    free(endpoint->password_file);
    free(endpoint->server_public_key);
    *endpoint = (struct bs_endpoint){0};
}

void
bs_endpoint_describe(const struct bs_endpoint *endpoint, char *out, size_t cap) {
    const char *user = endpoint->user != NULL ? endpoint->user : "";
    const char *host = endpoint->host != NULL ? endpoint->host : "";
    if (endpoint->socket != NULL) {
        (void)snprintf(out, cap, "%s@%s", user, endpoint->socket);
    } else if (strchr(host, ':') != NULL) {
        (void)snprintf(out, cap, "%s@[%s]:%u", user, host, endpoint->port);
    } else {
        (void)snprintf(out, cap, "%s@%s:%u", user, host, endpoint->port);
    }
}
