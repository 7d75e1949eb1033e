#include "cli/secret_file.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PASSWORD_MAX = 4096 };

void
bs_secret_file_warn(FILE *file, const char *path) {
    struct stat status;
    if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) &&
        (status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        bs_log(BS_LOG_WARNING,
               "'%s' holds a password maybe, and is open to every user of this machine: chmod 600",
               path);
    }
}

void
bs_secret_free(char *secret) {
    if (secret != NULL) {
        explicit_bzero(secret, strlen(secret));
        free(secret);
    }
}

static enum bs_status
refuse(const char *path, const char *what, struct bs_error *err) {
    bs_error_set(err, BS_CONFIG, "the password file '%s' %s", path, what);
    return bs_error_hint(err, "its first line must be the password, as it is, without quotes");
}

/* text is one byte longer than len, for the NUL. */
static enum bs_status
take_line(const char *path, char *text, size_t len, char **password, struct bs_error *err) {
    char *end = memchr(text, '\n', len);
    size_t line_len = end != NULL ? (size_t)(end - text) : len;
    if (line_len > 0 && text[line_len - 1] == '\r') {
        line_len--;
    }
    if (line_len > PASSWORD_MAX) {
        return refuse(path, "has a first line that is too long to be one", err);
    }
    text[line_len] = '\0';
    if (line_len == 0) {
        return refuse(path, "has an empty first line", err);
    }
    if (strlen(text) != line_len) {
        return refuse(path, "has a zero byte in its first line", err);
    }
    *password = bs_strdup(text);
    return BS_OK;
}

enum bs_status
bs_secret_file_read(const char *path, char **password, struct bs_error *err) {
    char text[PASSWORD_MAX + 3]; /* a line end of two bytes, and a NUL */
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return bs_error_set(err, BS_CONFIG, "cannot read the password file '%s': %s", path,
                            strerror(errno));
    }
    (void)setvbuf(file, NULL, _IONBF, 0); /* no copy of it is left behind */
    bs_secret_file_warn(file, path);
    size_t len = fread(text, 1, sizeof text - 1, file);
    enum bs_status status =
        ferror(file) == 0 ? take_line(path, text, len, password, err)
                          : bs_error_set(err, BS_CONFIG, "cannot read the password file '%s': %s",
                                         path, strerror(errno));
    (void)fclose(file);
    explicit_bzero(text, sizeof text);
    return status;
}
