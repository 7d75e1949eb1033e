#include "cli/connect.h"

#include "base/mem.h"
#include "cli/defaults_file.h"
#include "cli/secret_file.h"
#include "net/tls.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* What the URI does not say is taken from the option file, but for the address. */
static void
merge(struct bs_endpoint *endpoint, struct bs_endpoint *file) {
    take(&endpoint->ssl_ca, &file->ssl_ca);
    take(&endpoint->tls_version, &file->tls_version);
    take(&endpoint->server_public_key, &file->server_public_key);
    if (endpoint->ssl_cert == NULL && endpoint->ssl_key == NULL) {
        take(&endpoint->ssl_cert, &file->ssl_cert);
        take(&endpoint->ssl_key, &file->ssl_key);
    }
    if (!endpoint->ssl_mode_given) {
        endpoint->ssl_mode = file->ssl_mode;
        endpoint->ssl_mode_given = file->ssl_mode_given;
    }
    if (!endpoint->compress_given) {
        endpoint->compress = file->compress;
    }
    if (endpoint->connect_timeout_ms == 0) {
        endpoint->connect_timeout_ms = file->connect_timeout_ms;
    }
}

static enum bs_status
missing(const char *which, struct bs_error *err) {
    bs_error_set(err, BS_CONFIG, "the %s is not given", which);
    return bs_error_hint(err, "add --%s mysql://user@host/", which);
}

/* The URI's own, then the environment's, then the option file's. */
static enum bs_status
find_password(struct bs_endpoint *endpoint, struct bs_endpoint *file, const char *which,
              struct bs_error *err) {
    const char *password = from_environment(which, "_PASSWORD");
    if (endpoint->password == NULL && endpoint->password_file == NULL) {
        if (password != NULL) {
            endpoint->password = bs_strdup(password);
        } else {
            take(&endpoint->password, &file->password);
            take(&endpoint->password_file, &file->password_file);
        }
    }
    if (endpoint->password == NULL && endpoint->password_file != NULL) {
        return bs_secret_file_read(endpoint->password_file, &endpoint->password, err);
    }
    return BS_OK;
}

/* Files that TLS needs are tried here, before either of the two ways to a server meets them. */
static enum bs_status
check_tls(const struct bs_endpoint *endpoint, struct bs_error *err) {
    struct bs_tls_context *context = NULL;
    enum bs_status status = bs_tls_context_new(&context, endpoint, err);
    bs_tls_context_free(context);
    return status;
}

/* Takes from the file what the endpoint lacks; uri false: all of it. */
static enum bs_status
put_together(struct bs_endpoint *endpoint, struct bs_endpoint *file, bool uri, const char *which,
             struct bs_error *err) {
    struct bs_endpoint secrets = {.password = file->password, .password_file = file->password_file};
    file->password = NULL;
    file->password_file = NULL;
    if (uri) {
        merge(endpoint, file);
    } else {
        *endpoint = *file;
        *file = (struct bs_endpoint){0};
    }
    enum bs_status status = find_password(endpoint, &secrets, which, err);
    bs_endpoint_fini(&secrets);
    status = status == BS_OK ? bs_endpoint_complete(endpoint, err) : status;
    return status == BS_OK ? check_tls(endpoint, err) : status;
}

/* uri and file_uri may be NULL, but not both. */
static enum bs_status
read_both(struct bs_endpoint *endpoint, const char *which, const char *uri, const char *file_uri,
          struct bs_error *err) {
    struct bs_endpoint file = {0};
    enum bs_status status = BS_OK;
    if (file_uri != NULL) {
        status = bs_endpoint_read(&file, file_uri, err);
        if (status != BS_OK) {
            return bs_error_context(err, "reading the option file's address of the %s", which);
        }
    }
    if (uri != NULL) {
        status = bs_endpoint_read(endpoint, uri, err);
    }
    if (status != BS_OK) {
        bs_endpoint_fini(&file);
        return bs_error_context(err, "reading the URI of the %s", which);
    }
    status = put_together(endpoint, &file, uri != NULL, which, err);
    bs_endpoint_fini(&file);
    if (status != BS_OK) {
        bs_endpoint_fini(endpoint);
        return bs_error_context(err, "reading how to reach the %s", which);
    }
    return BS_OK;
}

enum bs_status
bs_connect_resolve(struct bs_endpoint *endpoint, const char *which, const char *uri,
                   const char *defaults_file, struct bs_error *err) {
    char *file_uri = NULL;
    bool names_server = false;
    enum bs_status status = BS_OK;
    *endpoint = (struct bs_endpoint){0};
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
        status = read_both(endpoint, which, uri, file_uri, err);
    }
    bs_secret_free(file_uri);
    return status;
}
