#include "sql/json_check.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sql/json_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 100, NUMBER_MAX = 400, DECIMAL_DIGITS_MAX = 65, DECIMAL_SCALE_MAX = 30 };

static const char NOT_JSON[] = "it is not valid JSON";

struct parser {
    struct bs_str json;
    size_t at;
    int depth;
    const char *misfit;
};

static void parse_value(struct parser *p);

static void
fail(struct parser *p, const char *why) {
    p->misfit = p->misfit != NULL ? p->misfit : why;
}

static char
peek(const struct parser *p) {
    return p->at < p->json.len ? p->json.data[p->at] : '\0';
}

static void
skip_blanks(struct parser *p) {
    while (p->at < p->json.len && strchr(" \t\r\n", p->json.data[p->at]) != NULL &&
           p->json.data[p->at] != '\0') {
        p->at++;
    }
}

static bool
accept(struct parser *p, char c) {
    skip_blanks(p);
    bool is_there = peek(p) == c && p->at < p->json.len;
    p->at += is_there;
    return is_there;
}

/* Behind the string at the quote. */
static struct bs_str
parse_string(struct parser *p) {
    size_t from = p->at;
    if (!accept(p, '"')) {
        fail(p, NOT_JSON);
    }
    while (p->misfit == NULL && p->at < p->json.len && p->json.data[p->at] != '"') {
        p->at += p->json.data[p->at] == '\\' ? 2 : 1;
    }
    if (p->at >= p->json.len) {
        fail(p, NOT_JSON);
        p->at = p->json.len;
        return (struct bs_str){"", 0};
    }
    p->at++;
    return (struct bs_str){p->json.data + from, p->at - from};
}

/* A double keeps 17 digits; what has more loses some. */
static bool
fits_double(const char *number) {
    double value = strtod(number, NULL);
    size_t digits = 0;
    bool leading = true;
    for (const char *c = number; *c != '\0' && *c != 'e' && *c != 'E'; c++) {
        leading = leading && (*c == '0' || *c == '-' || *c == '.');
        digits += !leading && *c >= '0' && *c <= '9';
    }
    return isfinite(value) && digits <= 17;
}

/* Without an exponent it may travel as DECIMAL. */
static bool
fits_decimal(const char *number) {
    const char *point = strchr(number, '.');
    size_t scale = point != NULL ? strlen(point + 1) : 0;
    size_t digits = strlen(number) - (point != NULL) - (*number == '-');
    return digits <= DECIMAL_DIGITS_MAX && scale <= DECIMAL_SCALE_MAX;
}

static void
parse_number(struct parser *p) {
    char text[NUMBER_MAX];
    size_t from = p->at;
    while (p->at < p->json.len && strchr("+-.eE0123456789", p->json.data[p->at]) != NULL &&
           p->json.data[p->at] != '\0') {
        p->at++;
    }
    size_t len = p->at - from;
    if (len == 0) {
        fail(p, NOT_JSON);
        return;
    }
    if (len >= sizeof text) {
        fail(p, "a number in it would lose digits");
        return;
    }
    memcpy(text, p->json.data + from, len);
    text[len] = '\0';
    bool has_exponent = strpbrk(text, "eE") != NULL;
    if (has_exponent ? !fits_double(text) : !fits_decimal(text)) {
        fail(p, "a number in it would lose digits");
    }
}

static int
compare_keys(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct keys {
    char **items;
    size_t count, cap;
};

/* Two of one name, once their escapes are undone? */
static void
check_keys(struct parser *p, struct keys *keys) {
    if (keys->count > 1) {
        qsort(keys->items, keys->count, sizeof *keys->items, compare_keys);
    }
    for (size_t i = 0; i < keys->count; i++) {
        if (i > 0 && strcmp(keys->items[i - 1], keys->items[i]) == 0) {
            fail(p, "an object in it has a key twice, of which MySQL keeps the last only");
        }
    }
    for (size_t i = 0; i < keys->count; i++) {
        free(keys->items[i]);
    }
    free(keys->items);
}

static void
add_key(struct keys *keys, struct bs_str quoted) {
    struct bs_buf plain = {0};
    bs_json_put_plain(&plain, quoted);
    void *items = keys->items;
    bs_array_grow(&items, &keys->cap, keys->count, sizeof *keys->items);
    keys->items = items;
    keys->items[keys->count++] = bs_buf_take_cstr(&plain);
}

static void
parse_object(struct parser *p) {
    struct keys keys = {0};
    bool more = !accept(p, '}');
    while (more && p->misfit == NULL) {
        skip_blanks(p);
        add_key(&keys, parse_string(p));
        if (!accept(p, ':')) {
            fail(p, NOT_JSON);
        }
        parse_value(p);
        more = accept(p, ',');
        if (!more && !accept(p, '}')) {
            fail(p, NOT_JSON);
        }
    }
    check_keys(p, &keys);
}

static void
parse_array(struct parser *p) {
    bool more = !accept(p, ']');
    while (more && p->misfit == NULL) {
        parse_value(p);
        more = accept(p, ',');
        if (!more && !accept(p, ']')) {
            fail(p, NOT_JSON);
        }
    }
}

static void
parse_word(struct parser *p) {
    static const char *const WORDS[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        size_t len = strlen(WORDS[i]);
        if (p->json.len - p->at >= len && memcmp(p->json.data + p->at, WORDS[i], len) == 0) {
            p->at += len;
            return;
        }
    }
    fail(p, NOT_JSON);
}

static void
parse_value(struct parser *p) {
    skip_blanks(p);
    char c = peek(p);
    if (p->misfit != NULL) {
        return;
    }
    if (c == '{' || c == '[') {
        p->at++;
        if (++p->depth > DEPTH_MAX) {
            fail(p, "it is nested deeper than MySQL allows");
        } else if (c == '{') {
            parse_object(p);
        } else {
            parse_array(p);
        }
        p->depth--;
    } else if (c == '"') {
        (void)parse_string(p);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        parse_number(p);
    } else {
        parse_word(p);
    }
}

const char *
bs_json_misfit(struct bs_str json) {
    struct parser p = {.json = json};
    parse_value(&p);
    skip_blanks(&p);
    if (p.at < json.len) {
        fail(&p, NOT_JSON);
    }
    return p.misfit;
}
