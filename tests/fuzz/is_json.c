#include "is_json.h"

#include "base/cursor.h"

#include <ctype.h>
#include <string.h>

struct checked {
    struct bs_cursor c;
    enum json_blanks blanks;
};

static bool check_value(struct checked *json);

static bool
take(struct bs_cursor *c, char wanted) {
    if (bs_cursor_left(c) == 0 || c->at[0] != (uint8_t)wanted) {
        return false;
    }
    c->at++;
    return true;
}

static bool
take_word(struct bs_cursor *c, const char *word) {
    size_t len = strlen(word);
    if (bs_cursor_left(c) < len || memcmp(c->at, word, len) != 0) {
        return false;
    }
    c->at += len;
    return true;
}

static bool
take_digits(struct bs_cursor *c) {
    const uint8_t *from = c->at;
    while (c->at < c->end && c->at[0] >= '0' && c->at[0] <= '9') {
        c->at++;
    }
    return c->at > from;
}

static bool
check_escape(struct bs_cursor *c) {
    uint8_t letter = bs_cursor_read_u8(c);
    if (letter == 'u') {
        for (unsigned i = 0; i < 4; i++) {
            c->failed |= !isxdigit(bs_cursor_read_u8(c));
        }
        return !c->failed;
    }
    return !c->failed && memchr("\"\\/bfnrt", letter, 8) != NULL;
}

static bool
check_string(struct bs_cursor *c) {
    if (!take(c, '"')) {
        return false;
    }
    while (!take(c, '"')) {
        uint8_t byte = bs_cursor_read_u8(c);
        if (c->failed || byte < 0x20 || (byte == '\\' && !check_escape(c))) {
            return false;
        }
    }
    return true;
}

static bool
check_number(struct bs_cursor *c) {
    (void)take(c, '-');
    if (!take_digits(c) || (take(c, '.') && !take_digits(c))) {
        return false;
    }
    if (take(c, 'e')) {
        (void)(take(c, '-') || take(c, '+'));
        return take_digits(c);
    }
    return true;
}

static bool
take_blank(struct checked *json) {
    return take(&json->c, ' ') || json->blanks == BLANKS_ALLOWED;
}

static bool
check_key(struct checked *json) {
    return check_string(&json->c) && take(&json->c, ':') && take_blank(json);
}

static bool
check_members(struct checked *json, char end, bool keys) {
    if (take(&json->c, end)) {
        return true;
    }
    do {
        if ((keys && !check_key(json)) || !check_value(json)) {
            return false;
        }
    } while (take(&json->c, ',') && take_blank(json));
    return take(&json->c, end);
}

static bool
check_value(struct checked *json) {
    struct bs_cursor *c = &json->c;
    if (take(c, '{')) {
        return check_members(json, '}', true);
    }
    if (take(c, '[')) {
        return check_members(json, ']', false);
    }
    if (bs_cursor_left(c) > 0 && c->at[0] == '"') {
        return check_string(c);
    }
    return take_word(c, "null") || take_word(c, "true") || take_word(c, "false") || check_number(c);
}

bool
is_json(struct bs_str text, enum json_blanks blanks) {
    struct checked json = {bs_cursor(text.data, text.len), blanks};
    return check_value(&json) && bs_cursor_left(&json.c) == 0;
}
