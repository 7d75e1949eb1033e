#include "base/json.h"

#include "base/log.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

uint64_t
bs_json_get_u64(const char *json, const char *key) {
    char *text = bs_json_get(json, key);
    uint64_t value = text != NULL ? strtoull(text, NULL, 10) : 0;
    free(text);
    return value;
}
