/* The file becomes a URI, so that there is one reader of values, with one set of messages. */
#include "cli/defaults_file.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/secret_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_LEN = 4096, FIELD_COUNT = 14 };

enum { USER, PASSWORD, HOST, PORT, SOCKET, FIRST_OPTION = SOCKET, FIRST_OWN = 11 };

/* From FIRST_OWN on they are for our own sections: to other clients they mean something else. */
static const char *const NAMES[FIELD_COUNT] = {
    "user",          "password",          "host",    "port",        "socket",          "ssl-mode",
    "ssl-ca",        "ssl-cert",          "ssl-key", "tls-version", "connect-timeout", "compress",
    "password-file", "server-public-key",
};

/* Which section a line is in. Ours win over [client], whichever comes first. */
enum section { OTHER, CLIENT, OURS };

struct reader {
    const char *path;
    const char *which;
    int line;
    enum section section;
    char *values[FIELD_COUNT];
    enum section from[FIELD_COUNT];
};

static char *
trim(char *text) {
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        text[--len] = '\0';
    }
    return text;
}

/* A # ends the value unless quotes are around it. */
static void
cut_comment(char *text) {
    char quote = '\0';
    bool is_escaped = false;
    for (; *text != '\0'; text++) {
        if ((*text == '"' || *text == '\'') && !is_escaped) {
            quote = quote == '\0' ? *text : quote == *text ? '\0' : quote;
        }
        if (quote == '\0' && *text == '#') {
            *text = '\0';
            return;
        }
        is_escaped = quote != '\0' && *text == '\\' && !is_escaped;
    }
}

/* As the servers' own tools read it: quotes go when the same one begins and ends the value, and
 * \s \b \t \n \r \\ \" and \' are undone. text is cut. */
static char *
unquote(char *text) {
    static const char codes[] = "sbtnr\\\"'";
    static const char meant[] = " \b\t\n\r\\\"'";
    cut_comment(text);
    text = trim(text);
    size_t left = strlen(text);
    if (left > 1 && (*text == '"' || *text == '\'') && text[left - 1] == *text) {
        text[left - 1] = '\0';
        text++;
    }
    char *out = bs_alloc(strlen(text) + 1);
    size_t len = 0;
    for (; *text != '\0'; text++) {
        const char *code = *text == '\\' && text[1] != '\0' ? strchr(codes, text[1]) : NULL;
        out[len++] = code != NULL ? meant[code - codes] : *text;
        text += code != NULL ? 1 : 0;
    }
    out[len] = '\0';
    return out;
}

static void
enter_section(struct reader *reader, const char *name) {
    char ours[64];
    (void)snprintf(ours, sizeof ours, "[binstream-%s]", reader->which);
    reader->section = strcmp(name, "[client]") == 0 ? CLIENT
                      : strcmp(name, ours) == 0     ? OURS
                                                    : OTHER;
}

static int
name_index(enum section section, char *name) {
    for (char *c = name; *c != '\0'; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    int count = section == OURS ? FIELD_COUNT : FIRST_OWN;
    for (int i = 0; i < count; i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            return i;
        }
    }
    return -1;
}

/* [client] is written for other programs. What it says of TLS is not passed over in silence: its
 * author may count on it. */
static enum bs_status
pass_over(const struct reader *reader, char *name, struct bs_error *err) {
    name[strcspn(name, " \t:")] = '\0'; /* "password secret": the secret is not shown */
    if (reader->section == OURS) {
        return bs_error_set(err, BS_CONFIG, "%s:%d: unknown or incomplete option '%s'",
                            reader->path, reader->line, name);
    }
    if (strstr(name, "ssl") != NULL || strncmp(name, "tls", 3) == 0) {
        bs_log(BS_LOG_WARNING,
               "%s:%d: '%s' is not understood here: what is wanted of TLS is said with ssl-mode, "
               "ssl-ca, ssl-cert, ssl-key and tls-version",
               reader->path, reader->line, name);
    }
    return BS_OK;
}

static enum bs_status
read_line(struct reader *reader, char *line, struct bs_error *err) {
    line = trim(line);
    if (*line == '\0' || *line == '#' || *line == ';') {
        return BS_OK;
    }
    if (*line == '!') {
        bs_log(BS_LOG_WARNING, "%s:%d: '%s' is not followed", reader->path, reader->line, line);
        return BS_OK;
    }
    if (*line == '[') {
        enter_section(reader, line);
        return BS_OK;
    }
    char *equal = strchr(line, '=');
    if (equal != NULL) {
        *equal = '\0';
    }
    if (reader->section == OTHER) {
        return BS_OK;
    }
    char *name = trim(line);
    int index = name_index(reader->section, name);
    if (index < 0 || equal == NULL) {
        return pass_over(reader, name, err);
    }
    if (reader->from[index] <= reader->section) {
        free(reader->values[index]);
        reader->values[index] = unquote(equal + 1);
        reader->from[index] = reader->section;
    }
    return BS_OK;
}

static void
put_encoded(struct bs_buf *out, const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (isalnum(c) || strchr("-._~", c) != NULL) {
            bs_buf_put_u8(out, c);
        } else {
            bs_buf_printf(out, "%%%02X", c);
        }
    }
}

static char *
make_uri(char *const *values) {
    struct bs_buf out = {0};
    const char *user = values[USER] != NULL ? values[USER] : getenv("USER");
    bool has_host = values[HOST] != NULL || values[SOCKET] == NULL;
    bs_buf_puts(&out, "mysql://");
    put_encoded(&out, user != NULL ? user : "root");
    if (values[PASSWORD] != NULL) {
        bs_buf_puts(&out, ":");
        put_encoded(&out, values[PASSWORD]);
    }
    bs_buf_puts(&out, "@");
    if (has_host) {
        put_encoded(&out, values[HOST] != NULL ? values[HOST] : "127.0.0.1");
        bs_buf_printf(&out, "%s%s", values[PORT] != NULL ? ":" : "",
                      values[PORT] != NULL ? values[PORT] : "");
    }
    const char *separator = "/?";
    for (int i = FIRST_OPTION; i < FIELD_COUNT; i++) {
        bool is_given = values[i] != NULL && *values[i] != '\0';
        if (is_given && !(i == SOCKET && has_host)) {
            bs_buf_printf(&out, "%s%s=", separator, NAMES[i]);
            put_encoded(&out, values[i]);
            separator = "&";
        }
    }
    return bs_buf_take_cstr(&out);
}

static enum bs_status
read_lines(struct reader *reader, FILE *file, struct bs_error *err) {
    char line[LINE_MAX_LEN];
    enum bs_status status = BS_OK;
    while (status == BS_OK && fgets(line, sizeof line, file) != NULL) {
        reader->line++;
        size_t len = strlen(line);
        bool is_whole = len < sizeof line - 1 || line[len - 1] == '\n';
        status = is_whole ? read_line(reader, line, err)
                          : bs_error_set(err, BS_CONFIG, "%s:%d: the line is longer than %d bytes",
                                         reader->path, reader->line, LINE_MAX_LEN - 2);
    }
    return status;
}

enum bs_status
bs_defaults_file_read(const char *path, const char *which, char **uri, bool *names_server,
                      struct bs_error *err) {
    struct reader reader = {.path = path, .which = which};
    *uri = NULL;
    *names_server = false;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return bs_error_set(err, BS_CONFIG, "cannot read the option file '%s': %s", path,
                            strerror(errno));
    }
    bs_secret_file_warn(file, path);
    enum bs_status status = read_lines(&reader, file, err);
    if (status == BS_OK && ferror(file) != 0) {
        status = bs_error_set(err, BS_CONFIG, "cannot read the option file '%s': %s", path,
                              strerror(errno));
    }
    (void)fclose(file);
    bool any = false;
    for (int i = 0; i < FIELD_COUNT; i++) {
        any |= reader.values[i] != NULL;
        *names_server |= reader.values[i] != NULL && i <= SOCKET && i != PASSWORD;
    }
    if (status == BS_OK && any) {
        *uri = make_uri(reader.values);
    }
    for (int i = 0; i < FIELD_COUNT; i++) {
        bs_secret_free(reader.values[i]);
    }
    return status;
}
