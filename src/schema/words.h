/* A statement as words that can be changed one by one: what translates statements between servers
 * works on these. Pure. Plain comments are gone and version comments are opened, as far as the
 * server that wrote the statement runs them; everything else is put out as it came in. */
#ifndef BS_SCHEMA_WORDS_H
#define BS_SCHEMA_WORDS_H

#include "base/buf.h"
#include "base/str.h"
#include "schema/lexer.h"
#include "schema/server.h"

#include <stdbool.h>
#include <stddef.h>

struct bs_word {
    struct bs_token token; /* a view into the statement */
    char gap;              /* what stands before it: 0, ' ' or '\n' */
    char *instead;         /* what is put out in its place, heap-owned; NULL: itself */
};

struct bs_words {
    struct bs_word *items;
    size_t count, cap;
};

/* sql must live as long as the words. server: who wrote it. */
void bs_words_read(struct bs_words *words, struct bs_str sql, bool ansi_quotes,
                   bool no_backslash_escapes, const struct bs_server *server);
void bs_words_fini(struct bs_words *words);
void bs_words_put(const struct bs_words *words, struct bs_buf *out);

/* Reading. An index behind the end is allowed everywhere, and matches nothing. */
bool bs_words_is(const struct bs_words *words, size_t at, const char *word); /* keyword, any case */
bool bs_words_is_punct(const struct bs_words *words, size_t at, char c);
bool bs_words_is_string(const struct bs_words *words, size_t at);
/* An identifier's name, or any other word's text, NUL added and cut at cap. */
void bs_words_name(const struct bs_words *words, size_t at, char *out, size_t cap);
/* Behind the bracket that closes the one at at; count if none does. at itself if there is none. */
size_t bs_words_behind(const struct bs_words *words, size_t at);
/* The next comma outside of brackets in [at, to), or to. */
size_t bs_words_comma(const struct bs_words *words, size_t at, size_t to);
/* The next such keyword outside of brackets in [at, to), or to. */
size_t bs_words_find(const struct bs_words *words, size_t at, size_t to, const char *word);

/* Changing. */
void bs_words_set(struct bs_words *words, size_t at, const char *text);
void bs_words_cut(struct bs_words *words, size_t from, size_t to);
void bs_words_append(struct bs_words *words, size_t at, const char *text);  /* behind it */
void bs_words_prepend(struct bs_words *words, size_t at, const char *text); /* before it */
bool bs_words_is_cut(const struct bs_words *words, size_t at);

#endif
