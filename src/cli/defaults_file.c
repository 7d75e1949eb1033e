/* The file becomes a URI, so that there is one reader of values, with one set of messages. */
#include "cli/defaults_file.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_LEN = 4096, FIELD_COUNT = 11 };

enum { USER, PASSWORD, HOST, PORT, SOCKET, FIRST_OPTION = SOCKET };

static const char *const NAMES[FIELD_COUNT] = {
    "user",   "password", "host",    "port",        "socket",          "ssl-mode",
    "ssl-ca", "ssl-cert", "ssl-key", "tls-version", "connect-timeout",
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

/* Takes quotes off, and undoes \s \t \n \r \\ and \". Outside of quotes a # after a blank ends the
 * value, as the servers' own tools read it. */
static char *
unquote(const char *text) {
    char *out = bs_alloc(strlen(text) + 1);
    size_t len = 0;
    char quote = *text == '"' || *text == '\'' ? *text++ : '\0';
    for (; *text != '\0' && (quote == '\0' || *text != quote); text++) {
        if (quote == '\0' && *text == '#' && len > 0 && text[-1] == ' ') {
            break;
        }
        if (*text == '\\' && text[1] != '\0') {
            static const char codes[] = "sbtnr\\\"'";
            static const char meant[] = " \b\t\n\r\\\"'";
            const char *code = strchr(codes, text[1]);
            if (code != NULL) {
                out[len++] = meant[code - codes];
                text++;
                continue;
            }
        }
        out[len++] = *text;
    }
    while (quote == '\0' && len > 0 && out[len - 1] == ' ') {
        len--;
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
name_index(char *name) {
    for (char *c = name; *c != '\0'; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            return i;
        }
    }
    return -1;
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
    int index = name_index(trim(line));
    if (index < 0 || equal == NULL) {
        return reader->section == CLIENT
                   ? BS_OK
                   : bs_error_set(err, BS_CONFIG, "%s:%d: unknown or incomplete option '%s'",
                                  reader->path, reader->line, trim(line));
    }
    if (reader->from[index] <= reader->section) {
        free(reader->values[index]);
        reader->values[index] = unquote(trim(equal + 1));
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
        status = read_line(reader, line, err);
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
    enum bs_status status = read_lines(&reader, file, err);
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
        free(reader.values[i]);
    }
    return status;
}
