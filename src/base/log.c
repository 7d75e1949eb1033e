#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static struct {
    pthread_mutex_t lock; /* keeps lines whole */
    enum bs_log_level least;
    bool as_json;
    unsigned int bar_lines; /* drawn, and where the cursor stands in the last of them */
} sink = {PTHREAD_MUTEX_INITIALIZER, BS_LOG_INFO, false, 0};

static const char *const LEVEL_NAMES[] = {"debug", "info", "warning", "error"};

void
bs_log_setup(enum bs_log_level least, bool as_json) {
    sink.least = least;
    sink.as_json = as_json;
}

/* Under the lock. */
static void
erase_bar(void) {
    if (sink.bar_lines > 1) {
        fprintf(stderr, "\033[%uA", sink.bar_lines - 1);
    }
    if (sink.bar_lines > 0) {
        fputs("\r\033[J", stderr);
    }
    sink.bar_lines = 0;
}

void
bs_log_draw_bar(const char *text) {
    pthread_mutex_lock(&sink.lock);
    erase_bar();
    fputs(text, stderr);
    sink.bar_lines = 1;
    for (const char *p = text; *p != '\0'; p++) {
        sink.bar_lines += *p == '\n';
    }
    (void)fflush(stderr);
    pthread_mutex_unlock(&sink.lock);
}

void
bs_log_erase_bar(void) {
    pthread_mutex_lock(&sink.lock);
    erase_bar();
    (void)fflush(stderr);
    pthread_mutex_unlock(&sink.lock);
}

bool
bs_log_level_parse(const char *name, enum bs_log_level *level) {
    for (int i = BS_LOG_DEBUG; i <= BS_LOG_ERROR; i++) {
        if (strcasecmp(name, LEVEL_NAMES[i]) == 0) {
            *level = (enum bs_log_level)i;
            return true;
        }
    }
    return false;
}

/* Length of the UTF-8 sequence at p, 0 if it is none. */
static size_t
utf8_len(const unsigned char *p, size_t left) {
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xC2 && p[0] < 0xE0 ? 2
               : p[0] >= 0xE0 && p[0] < 0xF0 ? 3
               : p[0] >= 0xF0 && p[0] < 0xF5 ? 4
                                             : 0;
    if (n == 0 || n > left) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return n;
}

void
bs_json_escape(char *out, size_t cap, const char *text, size_t len) {
    size_t o = 0;
    for (size_t i = 0; i < len && o + 8 < cap;) {
        const unsigned char *p = (const unsigned char *)text + i;
        size_t n = utf8_len(p, len - i);
        if (n == 0) {
            o += (size_t)snprintf(out + o, cap - o, "\\ufffd");
            i++;
        } else if (n == 1 && (*p == '"' || *p == '\\')) {
            out[o++] = '\\';
            out[o++] = (char)*p;
            i++;
        } else if (n == 1 && *p < 0x20) {
            o += (size_t)snprintf(out + o, cap - o, "\\u%04x", *p);
            i++;
        } else {
            memcpy(out + o, p, n);
            o += n;
            i += n;
        }
    }
    if (cap > 0) {
        out[o] = '\0';
    }
}

static void
emit(enum bs_log_level level, const char *text) {
    struct timespec now;
    struct tm utc;
    char stamp[32];
    char escaped[2 * BS_ERROR_TEXT_MAX];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    (void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    pthread_mutex_lock(&sink.lock);
    erase_bar();
    if (sink.as_json) {
        bs_json_escape(escaped, sizeof escaped, text, strlen(text));
        fprintf(stderr, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"message\":\"%s\"}\n", stamp,
                now.tv_nsec / 1000000, LEVEL_NAMES[level], escaped);
    } else {
        fprintf(stderr, "%s.%03ldZ %-7s %s\n", stamp, now.tv_nsec / 1000000, LEVEL_NAMES[level],
                text);
    }
    pthread_mutex_unlock(&sink.lock);
}

void
bs_log(enum bs_log_level level, const char *fmt, ...) {
    if (level < sink.least) {
        return;
    }
    char text[2 * BS_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    emit(level, text);
}

void
bs_log_error(enum bs_log_level level, const struct bs_error *err) {
    bs_log(level, "%s", err->message);
    if (err->context[0] != '\0') {
        bs_log(level, "  while %s", err->context);
    }
    if (err->position[0] != '\0') {
        bs_log(level, "  at %s", err->position);
    }
    if (err->hint[0] != '\0') {
        bs_log(level, "  what to do: %s", err->hint);
    }
}
