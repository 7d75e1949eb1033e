/* A tokenizer for the SQL text of DDL as servers log it. Pure; works on bytes of any charset that
 * is a superset of ASCII in its first byte. Plain comments are skipped; the inside of version
 * comments (the ones that begin with an exclamation mark, or with M and one) counts as text, as far
 * as the server that logged it is known to run it. */
#ifndef BS_SCHEMA_LEXER_H
#define BS_SCHEMA_LEXER_H

#include "base/str.h"
#include "schema/server.h"

#include <stdbool.h>

enum bs_token_kind {
    BS_TOKEN_END,
    BS_TOKEN_WORD,   /* keyword or plain identifier */
    BS_TOKEN_QUOTED, /* `identifier`, or "identifier" under ANSI_QUOTES */
    BS_TOKEN_STRING, /* 'text', or "text" without ANSI_QUOTES */
    BS_TOKEN_NUMBER,
    BS_TOKEN_PUNCT, /* one byte */
};

struct bs_token {
    enum bs_token_kind kind;
    struct bs_str text; /* as written, quotes included */
};

struct bs_lexer {
    struct bs_str sql;
    size_t at;
    bool ansi_quotes;
    bool no_backslash_escapes;
    unsigned int in_version_comment;
    const struct bs_server *server; /* whose version decides about version comments; NULL: all
                                       of them are run. Not owned */
};

struct bs_lexer bs_lexer(struct bs_str sql, bool ansi_quotes, bool no_backslash_escapes);
struct bs_token bs_lexer_next(struct bs_lexer *lexer);
struct bs_token bs_lexer_peek(const struct bs_lexer *lexer);

bool bs_token_is(struct bs_token token, const char *word); /* keyword, any case */
bool bs_token_is_punct(struct bs_token token, char c);

/* The name that an identifier token stands for, quotes removed, into out (NUL added, cut at cap).
 */
void bs_token_name(struct bs_token token, char *out, size_t cap);

#endif
