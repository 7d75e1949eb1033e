#include "binlog/json_path.h"

#include "base/cursor.h"
#include "binlog/json_binary.h"

enum { CELL_DIGITS_MAX = 10 };

static bool
at(const struct bs_cursor *c, char what) {
    return c->at < c->end && *c->at == (uint8_t)what;
}

static void
expect(struct bs_cursor *c, char what) {
    c->failed = c->failed || bs_cursor_read_u8(c) != (uint8_t)what;
}

static size_t
read_number(struct bs_cursor *c) {
    size_t n = 0;
    unsigned digits = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; digits++) {
        n = n * 10 + (size_t)(bs_cursor_read_u8(c) - '0');
        c->failed = c->failed || digits >= CELL_DIGITS_MAX;
        if (c->failed) {
            return 0;
        }
    }
    c->failed = c->failed || digits == 0;
    return n;
}

/* "3]", "last]", "last-3]" */
static void
read_cell(struct bs_cursor *c, struct bs_json_leg *leg) {
    static const char LAST[] = "last";
    leg->from_end =
        bs_cursor_left(c) >= sizeof LAST - 1 && memcmp(c->at, LAST, sizeof LAST - 1) == 0;
    if (!leg->from_end) {
        leg->cell = read_number(c);
    } else {
        bs_cursor_skip(c, sizeof LAST - 1);
        if (at(c, '-')) {
            bs_cursor_skip(c, 1);
            leg->cell = read_number(c);
        }
    }
    expect(c, ']');
}

/* A key without quotes goes on up to the next leg. */
static struct bs_str
read_bare_key(struct bs_cursor *c) {
    const uint8_t *start = c->at;
    while (c->at < c->end && *c->at != '.' && *c->at != '[') {
        c->at++;
    }
    c->failed = c->failed || c->at == start;
    return (struct bs_str){(const char *)start, (size_t)(c->at - start)};
}

static unsigned
read_hex4(struct bs_cursor *c) {
    unsigned v = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t x = bs_cursor_read_u8(c);
        unsigned low = x | 0x20;
        bool letter = low >= 'a' && low <= 'f';
        c->failed = c->failed || !(letter || (x >= '0' && x <= '9'));
        v = v << 4 | (letter ? low - 'a' + 10u : (unsigned)(x & 15));
    }
    return v;
}

/* The printer of paths escapes only control characters this way, so no surrogate pairs. */
static size_t
put_utf8(char *out, unsigned v) {
    if (v < 0x80) {
        out[0] = (char)v;
        return 1;
    }
    if (v < 0x800) {
        out[0] = (char)(0xC0 | v >> 6);
        out[1] = (char)(0x80 | (v & 63));
        return 2;
    }
    out[0] = (char)(0xE0 | v >> 12);
    out[1] = (char)(0x80 | (v >> 6 & 63));
    out[2] = (char)(0x80 | (v & 63));
    return 3;
}

static size_t
read_escape(struct bs_cursor *c, char *out) {
    static const char plain[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    uint8_t x = bs_cursor_read_u8(c);
    if (x == 'u') {
        return put_utf8(out, read_hex4(c));
    }
    c->failed = c->failed || x >= sizeof plain || plain[x] == 0;
    out[0] = c->failed ? '?' : plain[x];
    return 1;
}

static struct bs_str
read_quoted_key(struct bs_cursor *c, struct bs_arena *arena) {
    expect(c, '"');
    const uint8_t *start = c->at;
    bool has_escapes = false;
    while (!c->failed && !at(c, '"')) {
        bool escape = bs_cursor_read_u8(c) == '\\';
        has_escapes = has_escapes || escape;
        bs_cursor_skip(c, escape ? 1 : 0);
    }
    struct bs_str raw = {(const char *)start, (size_t)(c->at - start)};
    expect(c, '"');
    if (!has_escapes || c->failed) {
        return raw;
    }
    struct bs_cursor r = bs_cursor(raw.data, raw.len);
    char *key = bs_arena_alloc(arena, raw.len);
    size_t len = 0;
    while (!r.failed && bs_cursor_left(&r) > 0) {
        uint8_t x = bs_cursor_read_u8(&r);
        if (x == '\\') {
            len += read_escape(&r, key + len);
        } else {
            key[len++] = (char)x;
        }
    }
    c->failed = r.failed;
    return (struct bs_str){key, len};
}

bool
bs_json_path_parse(struct bs_str text, struct bs_arena *arena, struct bs_json_path *path) {
    struct bs_cursor c = bs_cursor(text.data, text.len);
    path->count = 0;
    expect(&c, '$');
    while (!c.failed && bs_cursor_left(&c) > 0 && path->count < BS_JSON_LEGS_MAX) {
        struct bs_json_leg *leg = &path->legs[path->count++];
        *leg = (struct bs_json_leg){.is_cell = at(&c, '[')};
        bs_cursor_skip(&c, 1);
        if (leg->is_cell) {
            read_cell(&c, leg);
        } else if (c.at[-1] != '.') {
            return false;
        } else {
            leg->key = at(&c, '"') ? read_quoted_key(&c, arena) : read_bare_key(&c);
        }
    }
    return !c.failed && bs_cursor_left(&c) == 0;
}
