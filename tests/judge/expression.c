#include "expression.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flavour.h"

static bool
is_word_char(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80) != 0;
}

/* Past a quoted token that begins at `at`: doubled quotes and, but in names, backslashes are
 * inside. */
static const char *
skip_quoted(const char *at, const char *end) {
    char quote = *at++;
    while (at < end) {
        if (*at == '\\' && quote != '`' && at + 1 < end) {
            at += 2;
        } else if (*at == quote && at + 1 < end && at[1] == quote) {
            at += 2;
        } else if (*at++ == quote) {
            break;
        }
    }
    return at;
}

static const char *
skip_number(const char *at, const char *end) {
    while (at < end && (isdigit((unsigned char)*at) || *at == '.')) {
        at++;
    }
    if (at + 1 < end && (*at == 'e' || *at == 'E') &&
        (isdigit((unsigned char)at[1]) || at[1] == '-' || at[1] == '+')) {
        for (at += 2; at < end && isdigit((unsigned char)*at);) {
            at++;
        }
    }
    return at;
}

static const char *
skip_word(const char *at, const char *end) {
    while (at < end && is_word_char(*at)) {
        at++;
    }
    return at;
}

static const char *
skip_line(const char *at, const char *end) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline != NULL ? newline : end;
}

static const char *
skip_comment(const char *at, const char *end) {
    for (at += 2; at + 1 < end; at++) {
        if (at[0] == '*' && at[1] == '/') {
            return at + 2;
        }
    }
    return end;
}

static const char *
skip_sign(const char *at, const char *end) {
    static const char *const SIGNS[] = {
        "->>", "<=>", "->", "<>", "!=", "<=", ">=", "||", "&&", "<<", ">>", ":="};
    for (size_t i = 0; i < sizeof SIGNS / sizeof *SIGNS; i++) {
        size_t len = strlen(SIGNS[i]);
        if ((size_t)(end - at) >= len && memcmp(at, SIGNS[i], len) == 0) {
            return at + len;
        }
    }
    return at + 1;
}

struct judge_token
judge_token_next(const char **at, const char *end) {
    while (*at < end && isspace((unsigned char)**at)) {
        (*at)++;
    }
    struct judge_token token = {.kind = JUDGE_TOKEN_END, .data = *at};
    const char *c = *at;
    char next = c + 1 < end ? c[1] : '\0';
    if (c >= end) {
        return token;
    }
    if (*c == '`') {
        token.kind = JUDGE_TOKEN_NAME;
        *at = skip_quoted(c, end);
    } else if (*c == '\'' || *c == '"') {
        token.kind = JUDGE_TOKEN_STRING;
        *at = skip_quoted(c, end);
    } else if (strchr("xXbB", *c) != NULL && next == '\'') {
        token.kind = JUDGE_TOKEN_BITS;
        *at = skip_quoted(c + 1, end);
    } else if (*c == '0' && next == 'x') {
        token.kind = JUDGE_TOKEN_BITS;
        *at = skip_word(c, end);
    } else if (isdigit((unsigned char)*c) || (*c == '.' && isdigit((unsigned char)next))) {
        token.kind = JUDGE_TOKEN_NUMBER;
        *at = skip_number(c, end);
    } else if (is_word_char(*c)) {
        token.kind = JUDGE_TOKEN_WORD;
        *at = skip_word(c, end);
    } else if (*c == '#' ||
               (*c == '-' && next == '-' && (c + 2 >= end || isspace((unsigned char)c[2])))) {
        token.kind = JUDGE_TOKEN_COMMENT;
        *at = skip_line(c, end);
    } else if (*c == '/' && next == '*') {
        token.kind = JUDGE_TOKEN_COMMENT;
        *at = skip_comment(c, end);
    } else {
        token.kind = JUDGE_TOKEN_SIGN;
        *at = skip_sign(c, end);
    }
    token.len = (size_t)(*at - c);
    return token;
}

static void
add_hex_content(const struct judge_token *token, struct judge_text *out) {
    for (size_t i = 2; i + 1 < token->len && isxdigit((unsigned char)token->data[i + 1]); i += 2) {
        char digits[3] = {token->data[i], token->data[i + 1], '\0'};
        char byte = (char)strtoul(digits, NULL, 16);
        judge_text_add(out, &byte, 1);
    }
}

void
judge_token_content(const struct judge_token *token, struct judge_text *out) {
    static const char LETTERS[] = "0nrtbZ";
    static const char MEANINGS[] = "\0\n\r\t\b\x1a";
    if (token->kind == JUDGE_TOKEN_BITS) {
        add_hex_content(token, out);
        return;
    }
    for (size_t i = 1; i + 1 < token->len; i++) {
        char c = token->data[i];
        if (c == '\\' && token->kind == JUDGE_TOKEN_STRING && i + 2 < token->len) {
            const char *letter = strchr(LETTERS, token->data[++i]);
            bool is_letter = letter != NULL && *letter != '\0';
            judge_text_add(out, is_letter ? &MEANINGS[letter - LETTERS] : &token->data[i], 1);
        } else {
            i += c == token->data[0] && token->data[i + 1] == c ? 1 : 0;
            judge_text_add(out, &c, 1);
        }
    }
}

void
judge_expression_unescape(struct judge_text *value) {
    struct judge_text plain = {0};
    for (size_t i = 0; i < value->len; i++) {
        char c = value->data[i];
        if (c == '\\' && i + 1 < value->len) {
            c = value->data[++i];
            c = (char)(c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c == '0' ? '\0' : c);
        }
        judge_text_add(&plain, &c, 1);
    }
    judge_text_clear(value);
    judge_text_add(value, plain.data, plain.len);
    judge_text_fini(&plain);
}

/* What servers print for one another's names of functions and operators. REGEXP is an operator here
 * and a function there, so it has no place of its own. */
static const char *const SYNONYMS[][2] = {
    {"lcase", "lower"},
    {"ucase", "upper"},
    {"octet_length", "length"},
    {"character_length", "char_length"},
    {"now", "current_timestamp"},
    {"localtimestamp", "current_timestamp"},
    {"current_date", "curdate"},
    {"current_time", "curtime"},
    {"substring", "substr"},
    {"mid", "substr"},
    {"ceiling", "ceil"},
    {"power", "pow"},
    {"mod", "%"},
    {"st_geometryfromtext", "st_geomfromtext"},
    {"charset", ""},
    {"regexp", ""},
    {"rlike", ""},
    {"regexp_like", ""},
};

static void
add_word(struct judge_text *out, const struct judge_token *word, bool is_collation,
         const struct judge_describer *by) {
    struct judge_text lower = {0};
    for (size_t i = 0; i < word->len; i++) {
        char c = (char)tolower((unsigned char)word->data[i]);
        judge_text_add(&lower, &c, 1);
    }
    if (is_collation) {
        judge_flavour_collation(&lower, by);
    }
    const char *shown = lower.data;
    for (size_t i = 0; i < sizeof SYNONYMS / sizeof *SYNONYMS; i++) {
        shown = strcmp(lower.data, SYNONYMS[i][0]) == 0 ? SYNONYMS[i][1] : shown;
    }
    judge_text_puts(out, shown);
    judge_text_puts(out, *shown != '\0' ? " " : "");
    judge_text_fini(&lower);
}

static bool
is_introducer(const struct judge_token *word, const char *at, const char *end) {
    while (at < end && *at == ' ') {
        at++;
    }
    return word->data[0] == '_' && at < end && strchr("'xXbB0", *at) != NULL && *at != '\0';
}

static void
add_token(struct judge_text *out, const struct judge_token *token) {
    struct judge_text content = {0};
    judge_token_content(token, &content);
    const char *quote = token->kind == JUDGE_TOKEN_NAME ? "`" : "'";
    judge_text_puts(out, quote);
    judge_text_add(out, content.data, content.len);
    judge_text_puts(out, quote);
    judge_text_puts(out, " ");
    judge_text_fini(&content);
}

/* information_schema shows letters beyond ASCII as if they were latin1 on MySQL, and those beyond
 * three bytes as question marks on MariaDB. What they are the rows tell. */
static void
add_string(struct judge_text *out, const struct judge_token *token) {
    struct judge_text content = {0};
    judge_token_content(token, &content);
    judge_text_puts(out, "'");
    for (size_t i = 0; i < content.len; i++) {
        bool is_shown = (unsigned char)content.data[i] < 0x80 && content.data[i] != '?';
        judge_text_add(out, content.data + i, is_shown ? 1 : 0);
    }
    judge_text_puts(out, "' ");
    judge_text_fini(&content);
}

static void
add_sign(struct judge_text *out, const struct judge_token *token) {
    if (token->len == 1 && strchr("(),", token->data[0]) != NULL) {
        return;
    }
    bool is_unequal = token->len == 2 && memcmp(token->data, "!=", 2) == 0;
    judge_text_add(out, is_unequal ? "<>" : token->data, token->len);
    judge_text_puts(out, " ");
}

static bool
is_collate(const struct judge_token *token) {
    return token->kind == JUDGE_TOKEN_WORD && token->len == 7 &&
           strncasecmp(token->data, "collate", 7) == 0;
}

struct skeleton {
    struct judge_text out;
    const struct judge_describer *by;
    bool is_bare;      /* names become words */
    bool is_collation; /* the next word is one */
};

static void
add_bare_name(struct skeleton *to, const struct judge_token *token) {
    struct judge_text content = {0};
    judge_token_content(token, &content);
    struct judge_token word = {.kind = JUDGE_TOKEN_WORD, .data = content.data, .len = content.len};
    add_word(&to->out, &word, false, to->by);
    judge_text_fini(&content);
}

static void
add_skeleton_token(struct skeleton *to, const struct judge_token *token) {
    struct judge_text *out = &to->out;
    switch (token->kind) {
    case JUDGE_TOKEN_WORD:
        add_word(out, token, to->is_collation, to->by);
        break;
    case JUDGE_TOKEN_NAME:
        if (to->is_bare) {
            add_bare_name(to, token);
        } else {
            add_token(out, token);
        }
        break;
    case JUDGE_TOKEN_STRING:
        add_string(out, token);
        break;
    case JUDGE_TOKEN_BITS:
    case JUDGE_TOKEN_NUMBER:
        judge_text_add(out, token->data, token->len);
        judge_text_puts(out, " ");
        break;
    case JUDGE_TOKEN_SIGN:
        add_sign(out, token);
        break;
    case JUDGE_TOKEN_COMMENT:
    case JUDGE_TOKEN_END:
        break;
    }
}

static size_t
make_skeleton(struct judge_text *value, const struct judge_describer *by, bool is_bare) {
    struct skeleton to = {.by = by, .is_bare = is_bare};
    const char *at = value->data;
    const char *end = at + value->len;
    size_t count = 0;
    while (value->len > 0) {
        struct judge_token token = judge_token_next(&at, end);
        size_t len = to.out.len;
        if (token.kind == JUDGE_TOKEN_END) {
            break;
        }
        if (token.kind != JUDGE_TOKEN_WORD || !is_introducer(&token, at, end)) {
            add_skeleton_token(&to, &token);
        }
        count += to.out.len > len ? 1 : 0;
        to.is_collation = is_collate(&token);
    }
    judge_text_clear(value);
    judge_text_add(value, to.out.data, to.out.len > 0 ? to.out.len - 1 : 0);
    judge_text_fini(&to.out);
    return count;
}

void
judge_expression_literal(const struct judge_text *value, struct judge_text *out) {
    const char *at = value->data;
    const char *end = at + value->len;
    struct judge_token token = {.kind = JUDGE_TOKEN_END};
    judge_text_puts(out, "");
    do {
        token = judge_token_next(&at, end);
    } while (token.kind != JUDGE_TOKEN_STRING && token.kind != JUDGE_TOKEN_END);
    if (token.kind == JUDGE_TOKEN_STRING) {
        judge_token_content(&token, out);
    }
}

size_t
judge_expression_skeleton(struct judge_text *value, const struct judge_describer *by) {
    return make_skeleton(value, by, false);
}

void
judge_expression_bare_skeleton(struct judge_text *value, const struct judge_describer *by) {
    make_skeleton(value, by, true);
}

void
judge_body_map_collations(struct judge_text *value, const struct judge_describer *by) {
    struct judge_text out = {0};
    const char *at = value->data;
    const char *end = at + value->len;
    const char *copied = at;
    bool is_collation = false;
    while (value->len > 0) {
        struct judge_token token = judge_token_next(&at, end);
        if (token.kind == JUDGE_TOKEN_END) {
            break;
        }
        if (is_collation && token.kind == JUDGE_TOKEN_WORD) {
            struct judge_text name = {0};
            judge_text_add(&name, token.data, token.len);
            judge_flavour_collation(&name, by);
            judge_text_add(&out, copied, (size_t)(token.data - copied));
            judge_text_add(&out, name.data, name.len);
            copied = at;
            judge_text_fini(&name);
        }
        is_collation = is_collate(&token);
    }
    judge_text_add(&out, copied, (size_t)(end - copied));
    judge_text_clear(value);
    judge_text_add(value, out.data, out.len);
    judge_text_fini(&out);
}

/* Where the column before an arrow begins in the words written so far: name, or name . name and so
 * on, each followed by a blank. */
static size_t
operand_start(const struct judge_text *out, const size_t *starts, size_t count) {
    size_t i = count - 1;
    while (i >= 2 && out->data[starts[i - 1]] == '.' && starts[i] - starts[i - 1] == 2) {
        i -= 2;
    }
    return starts[i];
}

struct token_writer {
    struct judge_text out;
    size_t *starts;
    size_t count;
    size_t cap;
};

static void
begin_token(struct token_writer *to, size_t start) {
    to->starts = judge_grow(to->starts, to->count, &to->cap, sizeof *to->starts);
    to->starts[to->count++] = start;
}

/* `col -> path` becomes `json_extract ( col , path )`, as tokens. */
static void
write_arrow(struct token_writer *to, const struct judge_token *arrow,
            const struct judge_token *path) {
    size_t start = operand_start(&to->out, to->starts, to->count);
    struct judge_text column = {0};
    bool is_unquoted = arrow->len == 3;
    judge_text_add(&column, to->out.data + start, to->out.len - start);
    to->out.len = start;
    judge_text_puts(&to->out, is_unquoted ? "json_unquote ( json_extract ( " : "json_extract ( ");
    judge_text_add(&to->out, column.data, column.len);
    judge_text_puts(&to->out, ", ");
    judge_text_add(&to->out, path->data, path->len);
    judge_text_puts(&to->out, is_unquoted ? " ) ) " : " ) ");
    judge_text_fini(&column);
}

static bool
is_arrow(const struct judge_token *token) {
    return token->kind == JUDGE_TOKEN_SIGN && token->len >= 2 && memcmp(token->data, "->", 2) == 0;
}

static void
write_tokens(struct token_writer *to, const char *body, size_t len) {
    const char *at = body;
    const char *end = body + len;
    for (;;) {
        struct judge_token token = judge_token_next(&at, end);
        if (token.kind == JUDGE_TOKEN_END) {
            return;
        }
        if (is_arrow(&token) && to->count > 0) {
            struct judge_token path = judge_token_next(&at, end);
            write_arrow(to, &token, &path);
            continue;
        }
        begin_token(to, to->out.len);
        for (size_t i = 0; i < token.len; i++) {
            bool is_word = token.kind == JUDGE_TOKEN_WORD;
            char c = (char)(is_word ? tolower((unsigned char)token.data[i]) : token.data[i]);
            judge_text_add(&to->out, &c, 1);
        }
        judge_text_puts(&to->out, " ");
    }
}

static bool
has_arrow(const char *body, size_t len) {
    const char *at = body;
    struct judge_token token;
    do {
        token = judge_token_next(&at, body + len);
    } while (token.kind != JUDGE_TOKEN_END && !is_arrow(&token));
    return token.kind != JUDGE_TOKEN_END;
}

bool
judge_body_is_same_json(const char *a, size_t a_len, const char *b, size_t b_len) {
    if (!has_arrow(a, a_len)) {
        return false;
    }
    struct token_writer left = {0};
    struct token_writer right = {0};
    write_tokens(&left, a, a_len);
    write_tokens(&right, b, b_len);
    bool is_same =
        left.out.len == right.out.len && memcmp(left.out.data, right.out.data, left.out.len) == 0;
    judge_text_fini(&left.out);
    judge_text_fini(&right.out);
    free(left.starts);
    free(right.starts);
    return is_same;
}
