#include "schema/lexer.h"

#include <ctype.h>

struct bs_lexer
bs_lexer(struct bs_str sql, bool ansi_quotes, bool no_backslash_escapes) {
    return (struct bs_lexer){sql, 0, ansi_quotes, no_backslash_escapes, 0, NULL};
}

static unsigned char
byte_at(const struct bs_lexer *l, size_t i) {
    return i < l->sql.len ? (unsigned char)l->sql.data[i] : 0;
}

static void
skip_to_line_end(struct bs_lexer *l) {
    while (l->at < l->sql.len && byte_at(l, l->at) != '\n') {
        l->at++;
    }
}

/* MariaDB leaves alone what is meant for MySQL 5.7 and newer ("Comment Syntax" in its
 * documentation), and only MariaDB knows comments with an M. */
static bool
runs_comment(const struct bs_server *server, bool is_mariadbs, uint32_t version) {
    enum { MYSQLS_OWN_FROM = 50700, MYSQLS_OWN_TO = 99999 };
    if (server == NULL) {
        return true;
    }
    if (server->flavour == BS_MYSQL) {
        return !is_mariadbs && version <= server->version;
    }
    bool is_mysqls = !is_mariadbs && version >= MYSQLS_OWN_FROM && version <= MYSQLS_OWN_TO;
    return !is_mysqls && version <= server->version;
}

/* At a slash and a star: skips a comment, or only the head of a version comment. */
static void
skip_comment_head(struct bs_lexer *l) {
    size_t mark = l->at + 2;
    bool is_mariadbs = byte_at(l, mark) == 'M' && byte_at(l, mark + 1) == '!';
    mark += is_mariadbs;
    if (byte_at(l, mark) == '!') {
        uint32_t version = 0;
        for (mark++; isdigit(byte_at(l, mark)) && version < 100000; mark++) {
            version = version * 10 + (byte_at(l, mark) - (uint32_t)'0');
        }
        if (runs_comment(l->server, is_mariadbs, version)) {
            l->at = mark;
            l->in_version_comment++;
            return;
        }
    }
    l->at += 2;
    while (l->at < l->sql.len && !(byte_at(l, l->at) == '*' && byte_at(l, l->at + 1) == '/')) {
        l->at++;
    }
    l->at = l->at + 2 < l->sql.len ? l->at + 2 : l->sql.len;
}

static void
skip_blanks(struct bs_lexer *l) {
    while (l->at < l->sql.len) {
        unsigned char c = byte_at(l, l->at);
        unsigned char next = byte_at(l, l->at + 1);
        if (isspace(c)) {
            l->at++;
        } else if (c == '#' || (c == '-' && next == '-' &&
                                (l->at + 2 >= l->sql.len || isspace(byte_at(l, l->at + 2))))) {
            skip_to_line_end(l);
        } else if (c == '/' && next == '*') {
            skip_comment_head(l);
        } else if (c == '*' && next == '/' && l->in_version_comment > 0) {
            l->in_version_comment--;
            l->at += 2;
        } else {
            return;
        }
    }
}

/* Moves past the closing quote; doubled quotes and (in strings) backslashes escape. */
static void
skip_quoted(struct bs_lexer *l, unsigned char quote, bool backslash) {
    l->at++;
    while (l->at < l->sql.len) {
        unsigned char c = byte_at(l, l->at);
        if (backslash && c == '\\') {
            l->at += 2;
        } else if (c == quote && byte_at(l, l->at + 1) == quote && l->at + 1 < l->sql.len) {
            l->at += 2;
        } else {
            l->at++;
            if (c == quote) {
                return;
            }
        }
    }
    l->at = l->sql.len;
}

static bool
is_word_byte(unsigned char c) {
    return isalnum(c) || c == '_' || c == '$' || c >= 0x80;
}

static enum bs_token_kind
scan(struct bs_lexer *l) {
    unsigned char c = byte_at(l, l->at);
    if (c == '`' || (c == '"' && l->ansi_quotes)) {
        skip_quoted(l, c, false);
        return BS_TOKEN_QUOTED;
    }
    if (c == '\'' || c == '"') {
        skip_quoted(l, c, !l->no_backslash_escapes);
        return BS_TOKEN_STRING;
    }
    if (!is_word_byte(c)) {
        l->at++;
        return BS_TOKEN_PUNCT;
    }
    bool number = true;
    while (l->at < l->sql.len && is_word_byte(byte_at(l, l->at))) {
        number = number && isdigit(byte_at(l, l->at));
        l->at++;
    }
    return number ? BS_TOKEN_NUMBER : BS_TOKEN_WORD;
}

struct bs_token
bs_lexer_next(struct bs_lexer *lexer) {
    skip_blanks(lexer);
    if (lexer->at >= lexer->sql.len) {
        return (struct bs_token){BS_TOKEN_END, {"", 0}};
    }
    size_t from = lexer->at;
    enum bs_token_kind kind = scan(lexer);
    return (struct bs_token){kind, {lexer->sql.data + from, lexer->at - from}};
}

struct bs_token
bs_lexer_peek(const struct bs_lexer *lexer) {
    struct bs_lexer copy = *lexer;
    return bs_lexer_next(&copy);
}

bool
bs_token_is(struct bs_token token, const char *word) {
    return token.kind == BS_TOKEN_WORD && bs_str_is_nocase(token.text, word);
}

bool
bs_token_is_punct(struct bs_token token, char c) {
    return token.kind == BS_TOKEN_PUNCT && token.text.data[0] == c;
}

void
bs_token_name(struct bs_token token, char *out, size_t cap) {
    size_t o = 0;
    bool quoted = token.kind == BS_TOKEN_QUOTED;
    size_t from = quoted ? 1 : 0;
    size_t to = quoted && token.text.len >= 2 ? token.text.len - 1 : token.text.len;
    for (size_t i = from; i < to && o + 1 < cap; i++) {
        out[o++] = token.text.data[i];
        if (quoted && token.text.data[i] == token.text.data[0]) {
            i++; /* a doubled quote stands for one */
        }
    }
    if (cap > 0) {
        out[o] = '\0';
    }
}
