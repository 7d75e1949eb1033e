#include "cli/connect.h"

#include "base/mem.h"
#include "cli/defaults_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PASSWORD_FILE_MAX = 4096 };

static void
blot(char *from, const char *to) {
    while (from < to) {
        *from++ = '*';
    }
}

void
bs_connect_mask(char *arg) {
    char *scheme = strstr(arg, "://");
    char *at = strrchr(arg, '@');
    if (scheme == NULL && at == NULL) {
        return;
    }
    char *rest = scheme != NULL ? scheme + 3 : arg;
    char *end = rest + strlen(rest);
    char *query = strchr(at != NULL && at > rest ? at : rest, '?');
    if (query != NULL && strcasestr(query, "pass") != NULL) {
        blot(query + 1, end);
    }
    char *colon = strchr(rest, ':');
    if (colon == NULL) {
        return;
    }
    if (at != NULL && at > colon) {
        blot(colon + 1, at);
        return;
    }
    /* No '@' behind the colon: a port, or a password whose '@' was forgotten. */
    bool is_port = strspn(colon + 1, "0123456789") == strcspn(colon + 1, "/?");
    if (at == NULL && !is_port && *rest != '[') {
        blot(colon + 1, end);
    }
}

/* The first line of the file. */
static enum bs_status
read_password_file(struct bs_endpoint *endpoint, struct bs_error *err) {
    char line[PASSWORD_FILE_MAX];
    FILE *file = fopen(endpoint->password_file, "re");
    if (file == NULL) {
        return bs_error_set(err, BS_CONFIG, "cannot read the password file '%s': %s",
                            endpoint->password_file, strerror(errno));
    }
    size_t len = fread(line, 1, sizeof line - 1, file);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed || len == sizeof line - 1) {
        return bs_error_set(err, BS_CONFIG,
                            "the password file '%s' cannot be read, or is longer "
                            "than %d bytes",
                            endpoint->password_file, PASSWORD_FILE_MAX - 1);
    }
    line[len] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    endpoint->password = bs_strdup(line);
    return BS_OK;
}

static const char *
from_environment(const char *which, const char *suffix) {
    char name[64];
    (void)snprintf(name, sizeof name, "BINSTREAM_%s%s", which, suffix);
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

static void
take(char **to, char **from) {
    if (*to == NULL) {
        *to = *from;
        *from = NULL;
    }
}

/* What the URI does not say is taken from the option file. */
static void
merge(struct bs_endpoint *endpoint, struct bs_endpoint *file) {
    bool no_tls_given = endpoint->ssl_mode == BS_SSL_PREFERRED && endpoint->ssl_ca == NULL;
    take(&endpoint->password, &file->password);
    take(&endpoint->ssl_ca, &file->ssl_ca);
    take(&endpoint->tls_version, &file->tls_version);
    if (endpoint->ssl_cert == NULL && endpoint->ssl_key == NULL) {
        take(&endpoint->ssl_cert, &file->ssl_cert);
        take(&endpoint->ssl_key, &file->ssl_key);
    }
    if (no_tls_given) {
        endpoint->ssl_mode = file->ssl_mode;
    }
}

static enum bs_status
missing(const char *which, struct bs_error *err) {
    bs_error_set(err, BS_CONFIG, "the %s is not given", which);
    return bs_error_hint(err, "add --%s mysql://user@host/", which);
}

/* The URI itself, or what the option file says where there is none; then the password. */
static enum bs_status
read_endpoint(struct bs_endpoint *endpoint, const char *which, const char *uri,
              const char *file_uri, struct bs_error *err) {
    const char *password = from_environment(which, "_PASSWORD");
    enum bs_status status = bs_endpoint_parse(endpoint, uri != NULL ? uri : file_uri, err);
    if (status != BS_OK) {
        return bs_error_context(err, "reading %s of the %s",
                                uri != NULL ? "the URI" : "the option file's address", which);
    }
    if (endpoint->password_file != NULL) {
        status = read_password_file(endpoint, err);
    } else if (password != NULL && (uri == NULL || endpoint->password == NULL)) {
        free(endpoint->password);
        endpoint->password = bs_strdup(password);
    }
    if (status != BS_OK) {
        bs_endpoint_fini(endpoint);
    }
    return status;
}

static enum bs_status
add_file(struct bs_endpoint *endpoint, const char *file_uri, struct bs_error *err) {
    struct bs_endpoint file;
    enum bs_status status = bs_endpoint_parse(&file, file_uri, err);
    if (status != BS_OK) {
        bs_endpoint_fini(endpoint);
        return bs_error_context(err, "reading the option file");
    }
    merge(endpoint, &file);
    bs_endpoint_fini(&file);
    return BS_OK;
}

enum bs_status
bs_connect_resolve(struct bs_endpoint *endpoint, const char *which, const char *uri,
                   const char *defaults_file, struct bs_error *err) {
    char *file_uri = NULL;
    bool names_server = false;
    enum bs_status status = BS_OK;
    if (uri == NULL) {
        uri = from_environment(which, "");
    }
    if (defaults_file != NULL) {
        status = bs_defaults_file_read(defaults_file, which, &file_uri, &names_server, err);
    }
    if (status == BS_OK && uri == NULL && !names_server) {
        status = missing(which, err);
    }
    if (status == BS_OK) {
        status = read_endpoint(endpoint, which, uri, file_uri, err);
    }
    if (status == BS_OK && uri != NULL && file_uri != NULL) {
        status = add_file(endpoint, file_uri, err);
    }
    free(file_uri);
    return status;
}
