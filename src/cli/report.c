#include "cli/report.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_WIDTH = 16, GTID_SHOWN_MAX = 200 };

void
bs_report_put_count(struct bs_buf *out, uint64_t number) {
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < len; i++) {
        bs_buf_printf(out, "%s%c", i > 0 && (len - i) % 3 == 0 ? "," : "", digits[i]);
    }
}

void
bs_report_put_bytes(struct bs_buf *out, uint64_t bytes) {
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;
    double amount = (double)bytes;
    while (amount >= 999.95 && unit + 1 < sizeof units / sizeof units[0]) {
        amount /= 1000;
        unit++;
    }
    bs_buf_printf(out, unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
}

void
bs_report_put_ms(struct bs_buf *out, int64_t ms) {
    int64_t seconds = ms / 1000;
    if (ms < 1000) {
        bs_buf_printf(out, "%" PRId64 " ms", ms);
    } else if (seconds < 60) {
        bs_buf_printf(out, "%.1f s", (double)ms / 1000);
    } else if (seconds < 3600) {
        bs_buf_printf(out, "%" PRId64 " min %" PRId64 " s", seconds / 60, seconds % 60);
    } else {
        bs_buf_printf(out, "%" PRId64 " h %02" PRId64 " min", seconds / 3600, seconds / 60 % 60);
    }
}

void
bs_report_put_things(struct bs_buf *out, uint64_t number, const char *thing) {
    bs_report_put_count(out, number);
    bs_buf_printf(out, " %s%s", thing, number == 1 ? "" : "s");
}

void
bs_report_put_line(struct bs_buf *out, const char *name, const char *fmt, ...) {
    char text[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    bs_buf_printf(out, "  %-*s %s\n", NAME_WIDTH, name, text);
}

void
bs_report_put_position(struct bs_buf *out, const struct bs_position *position) {
    if (position->file != NULL && position->file[0] != '\0') {
        bs_report_put_line(out, "position", "%s:%" PRIu64, position->file, position->pos);
    }
    if (position->gtid != NULL && position->gtid[0] != '\0') {
        bool is_long = strlen(position->gtid) > GTID_SHOWN_MAX;
        bs_report_put_line(out, "GTID", "%.*s%s", GTID_SHOWN_MAX, position->gtid,
                           is_long ? "..." : "");
    }
}

void
bs_json_open(struct bs_buf *out) {
    bs_buf_puts(out, "{");
}

void
bs_json_close(struct bs_buf *out) {
    bs_buf_puts(out, "}");
}

static void
put_text(struct bs_buf *out, const char *text) {
    size_t len = strlen(text);
    size_t cap = len * 6 + 16; /* \u0000 for each byte */
    char *escaped = bs_alloc(cap);
    bs_json_escape(escaped, cap, text, len);
    bs_buf_printf(out, "\"%s\"", escaped);
    free(escaped);
}

static void
put_key(struct bs_buf *out, const char *key) {
    bool first = out->len > 0 && out->data[out->len - 1] == '{';
    bs_buf_puts(out, first ? "" : ",");
    put_text(out, key);
    bs_buf_puts(out, ":");
}

void
bs_json_put_text(struct bs_buf *out, const char *key, const char *text) {
    put_key(out, key);
    if (text == NULL) {
        bs_buf_puts(out, "null");
    } else {
        put_text(out, text);
    }
}

void
bs_json_put_u64(struct bs_buf *out, const char *key, uint64_t number) {
    put_key(out, key);
    bs_buf_printf(out, "%" PRIu64, number);
}

void
bs_json_put_i64(struct bs_buf *out, const char *key, int64_t number) {
    put_key(out, key);
    bs_buf_printf(out, "%" PRId64, number);
}

void
bs_json_put_double(struct bs_buf *out, const char *key, double number) {
    put_key(out, key);
    bs_buf_printf(out, "%.3f", number);
}

void
bs_json_put_bool(struct bs_buf *out, const char *key, bool value) {
    put_key(out, key);
    bs_buf_puts(out, value ? "true" : "false");
}

void
bs_json_put_raw(struct bs_buf *out, const char *key, const char *json) {
    put_key(out, key);
    bs_buf_puts(out, json != NULL ? json : "null");
}

/* Reading. A cursor over text that binstream wrote: strings, numbers, true, false, null, and nested
 * values, which are passed over. */

static const char *
skip_space(const char *at) {
    return at + strspn(at, " \t\r\n");
}

/* Behind the string's closing quote; out may be NULL. */
static const char *
read_string(const char *at, struct bs_buf *out) {
    for (at++; *at != '\0' && *at != '"'; at++) {
        char c = *at;
        if (c == '\\' && at[1] == 'u' && strlen(at) >= 6) {
            char digits[5] = {at[2], at[3], at[4], at[5], '\0'};
            unsigned long code = strtoul(digits, NULL, 16);
            c = code < 0x80 ? (char)code : '?';
            at += 5;
        } else if (c == '\\' && at[1] != '\0') {
            c = *++at;
            c = (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
        }
        if (out != NULL) {
            bs_buf_put_u8(out, (uint8_t)c);
        }
    }
    return *at == '"' ? at + 1 : at;
}

static const char *
skip_value(const char *at) {
    int depth = 0;
    while (*at != '\0') {
        if (*at == '"') {
            at = read_string(at, NULL);
            continue;
        }
        if (depth == 0 && (*at == ',' || *at == '}')) {
            return at;
        }
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        at++;
    }
    return at;
}

static char *
read_value(const char *at) {
    struct bs_buf out = {0};
    if (*at == '"') {
        (void)read_string(at, &out);
    } else if (*at != '{' && *at != '[' && *at != 'n') {
        bs_buf_put(&out, at, strcspn(at, ",} \t\r\n"));
    } else {
        return NULL;
    }
    return bs_buf_take_cstr(&out);
}

char *
bs_json_get(const char *json, const char *key) {
    const char *at = skip_space(json);
    char *value = NULL;
    bool found = false;
    if (*at != '{') {
        return NULL;
    }
    at = skip_space(at + 1);
    while (*at == '"' && !found) {
        struct bs_buf name = {0};
        at = skip_space(read_string(at, &name));
        at = skip_space(*at == ':' ? at + 1 : at);
        found = bs_str_is(bs_buf_str(&name), key);
        bs_buf_fini(&name);
        if (found) {
            value = read_value(at);
        }
        at = skip_space(skip_value(at));
        at = skip_space(*at == ',' ? at + 1 : at);
    }
    return value;
}

enum bs_status
bs_report_print(const struct bs_buf *text, struct bs_error *err) {
    if (fwrite(text->data, 1, text->len, stdout) != text->len || fflush(stdout) != 0) {
        return bs_error_sys(err, errno, "cannot write to standard output");
    }
    return BS_OK;
}
