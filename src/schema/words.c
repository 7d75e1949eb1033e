#include "schema/words.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* What stood between two tokens: nothing, blanks, or a line's end. Comments are blanks. */
static char
gap_between(const char *from, const char *to) {
    return from == to ? '\0' : memchr(from, '\n', (size_t)(to - from)) != NULL ? '\n' : ' ';
}

void
bs_words_read(struct bs_words *words, struct bs_str sql, bool ansi_quotes,
              bool no_backslash_escapes, const struct bs_server *server) {
    struct bs_lexer lexer = bs_lexer(sql, ansi_quotes, no_backslash_escapes);
    const char *behind = sql.data;
    lexer.server = server;
    *words = (struct bs_words){0};
    for (struct bs_token t = bs_lexer_next(&lexer); t.kind != BS_TOKEN_END;
         t = bs_lexer_next(&lexer)) {
        void *items = words->items;
        bs_array_grow(&items, &words->cap, words->count, sizeof *words->items);
        words->items = items;
        char gap = words->count > 0 ? gap_between(behind, t.text.data) : '\0';
        words->items[words->count++] = (struct bs_word){t, gap, NULL};
        behind = t.text.data + t.text.len;
    }
}

void
bs_words_fini(struct bs_words *words) {
    for (size_t i = 0; i < words->count; i++) {
        free(words->items[i].instead);
    }
    free(words->items);
    *words = (struct bs_words){0};
}

void
bs_words_put(const struct bs_words *words, struct bs_buf *out) {
    char pending = '\0'; /* the widest gap of the words that were cut */
    for (size_t i = 0; i < words->count; i++) {
        const struct bs_word *word = &words->items[i];
        char gap = word->gap != '\0' ? word->gap : pending;
        if (bs_words_is_cut(words, i)) {
            pending = gap;
            continue;
        }
        bool closes = bs_words_is_punct(words, i, ',') || bs_words_is_punct(words, i, ')');
        bool opened = out->len > 0 && out->data[out->len - 1] == '(';
        if (gap != '\0' && out->len > 0 && (gap == '\n' || (!closes && !opened))) {
            bs_buf_put_u8(out, (uint8_t)gap);
        }
        pending = '\0';
        if (word->instead != NULL) {
            bs_buf_puts(out, word->instead);
        } else {
            bs_buf_put_str(out, word->token.text);
        }
    }
}

bool
bs_words_is(const struct bs_words *words, size_t at, const char *word) {
    return at < words->count && bs_token_is(words->items[at].token, word);
}

bool
bs_words_is_punct(const struct bs_words *words, size_t at, char c) {
    return at < words->count && bs_token_is_punct(words->items[at].token, c);
}

bool
bs_words_is_string(const struct bs_words *words, size_t at) {
    return at < words->count && words->items[at].token.kind == BS_TOKEN_STRING;
}

void
bs_words_name(const struct bs_words *words, size_t at, char *out, size_t cap) {
    out[0] = '\0';
    if (at < words->count) {
        bs_token_name(words->items[at].token, out, cap);
    }
}

size_t
bs_words_behind(const struct bs_words *words, size_t at) {
    int depth = 0;
    if (!bs_words_is_punct(words, at, '(')) {
        return at;
    }
    for (; at < words->count; at++) {
        depth += bs_words_is_punct(words, at, '(') - bs_words_is_punct(words, at, ')');
        if (depth == 0) {
            return at + 1;
        }
    }
    return words->count;
}

size_t
bs_words_comma(const struct bs_words *words, size_t at, size_t to) {
    while (at < to && !bs_words_is_punct(words, at, ',')) {
        size_t behind = bs_words_behind(words, at);
        at = behind > at ? behind : at + 1;
    }
    return at < to ? at : to;
}

size_t
bs_words_find(const struct bs_words *words, size_t at, size_t to, const char *word) {
    while (at < to && !bs_words_is(words, at, word)) {
        size_t behind = bs_words_behind(words, at);
        at = behind > at ? behind : at + 1;
    }
    return at < to ? at : to;
}

void
bs_words_set(struct bs_words *words, size_t at, const char *text) {
    if (at < words->count) {
        free(words->items[at].instead);
        words->items[at].instead = bs_strdup(text);
    }
}

void
bs_words_cut(struct bs_words *words, size_t from, size_t to) {
    for (size_t i = from; i < to && i < words->count; i++) {
        bs_words_set(words, i, "");
    }
}

/* What the word is put out as now, with text before and behind it. */
static void
wrap(struct bs_words *words, size_t at, const char *before, const char *behind) {
    struct bs_word *word = &words->items[at];
    char *wrapped = word->instead != NULL
                        ? bs_asprintf("%s%s%s", before, word->instead, behind)
                        : bs_asprintf("%s%.*s%s", before, (int)word->token.text.len,
                                      word->token.text.data, behind);
    free(word->instead);
    word->instead = wrapped;
}

void
bs_words_append(struct bs_words *words, size_t at, const char *text) {
    if (at < words->count) {
        wrap(words, at, "", text);
    }
}

void
bs_words_prepend(struct bs_words *words, size_t at, const char *text) {
    if (at < words->count) {
        wrap(words, at, text, "");
    }
}

bool
bs_words_is_cut(const struct bs_words *words, size_t at) {
    return at < words->count && words->items[at].instead != NULL &&
           words->items[at].instead[0] == '\0';
}
