#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
bs_error_clear(struct bs_error *err) {
    if (err != NULL) {
        memset(err, 0, sizeof *err);
    }
}

enum bs_status
bs_error_setv(struct bs_error *err, enum bs_status status, const char *fmt, va_list args) {
    BS_ASSERT(status != BS_OK);
    if (err == NULL) {
        return status;
    }
    /* The arguments may point into err itself: format first, clear after. */
    char message[BS_ERROR_TEXT_MAX];
    (void)vsnprintf(message, sizeof message, fmt, args);
    bs_error_clear(err);
    err->status = status;
    memcpy(err->message, message, sizeof message);
    return status;
}

enum bs_status
bs_error_set(struct bs_error *err, enum bs_status status, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    bs_error_setv(err, status, fmt, args);
    va_end(args);
    return status;
}

enum bs_status
bs_error_sys(struct bs_error *err, int sys_errno, const char *fmt, ...) {
    char what[BS_ERROR_TEXT_MAX / 2];
    char reason[128];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    const char *text = strerror_r(sys_errno, reason, sizeof reason);
    bs_error_set(err, BS_IO, "%s: %s", what, text);
    if (err != NULL) {
        err->sys_errno = sys_errno;
    }
    return BS_IO;
}

static void append(char *field, size_t cap, const char *prefix, const char *fmt, va_list args)
    BS_PRINTF(4, 0);

static void
append(char *field, size_t cap, const char *prefix, const char *fmt, va_list args) {
    size_t len = strlen(field);
    int n = snprintf(field + len, cap - len, "%s", prefix);
    len += n > 0 ? (size_t)n : 0;
    if (len < cap) {
        (void)vsnprintf(field + len, cap - len, fmt, args);
    }
}

enum bs_status
bs_error_context(struct bs_error *err, const char *fmt, ...) {
    if (err == NULL) {
        return BS_IO;
    }
    va_list args;
    va_start(args, fmt);
    append(err->context, sizeof err->context, err->context[0] == '\0' ? "" : ", ", fmt, args);
    va_end(args);
    return err->status;
}

enum bs_status
bs_error_hint(struct bs_error *err, const char *fmt, ...) {
    if (err == NULL) {
        return BS_IO;
    }
    if (err->hint[0] == '\0') {
        va_list args;
        va_start(args, fmt);
        append(err->hint, sizeof err->hint, "", fmt, args);
        va_end(args);
    }
    return err->status;
}

enum bs_status
bs_error_at(struct bs_error *err, const char *fmt, ...) {
    if (err == NULL) {
        return BS_IO;
    }
    if (err->position[0] == '\0') {
        va_list args;
        va_start(args, fmt);
        append(err->position, sizeof err->position, "", fmt, args);
        va_end(args);
    }
    return err->status;
}

const char *
bs_status_name(enum bs_status status) {
    switch (status) {
    case BS_OK:
        return "ok";
    case BS_IO:
        return "io";
    case BS_PROTOCOL:
        return "protocol";
    case BS_SERVER:
        return "server";
    case BS_SCHEMA:
        return "schema";
    case BS_CONFLICT:
        return "conflict";
    case BS_LIMIT:
        return "limit";
    case BS_CONFIG:
        return "config";
    case BS_PRECHECK:
        return "precheck";
    case BS_DIFFERENT:
        return "different";
    case BS_PURGED:
        return "purged";
    case BS_CANCELLED:
        return "cancelled";
    case BS_FENCED:
        return "fenced";
    case BS_NOMEM:
        return "nomem";
    }
    return "unknown";
}

void
bs_panic(const char *file, int line, const char *what) {
    fprintf(stderr, "binstream: internal error at %s:%d: %s\n", file, line, what);
    fflush(stderr);
    abort();
}
