/*
 * SQL as tokens: expressions that two servers word differently brought to one form, and the bodies
 * of routines, triggers and events.
 *
 * Called by across.c, across_table.c and objects.c. Pure. Nothing is parsed beyond tokens, so
 * operands keep their order but not their brackets.
 */
#ifndef JUDGE_EXPRESSION_H
#define JUDGE_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "catalog.h"
#include "text.h"

enum judge_token_kind {
    JUDGE_TOKEN_END,
    JUDGE_TOKEN_WORD,
    JUDGE_TOKEN_NAME, /* in backquotes */
    JUDGE_TOKEN_STRING,
    JUDGE_TOKEN_BITS, /* x'..', b'..', 0x.. */
    JUDGE_TOKEN_NUMBER,
    JUDGE_TOKEN_SIGN,
    JUDGE_TOKEN_COMMENT,
};

struct judge_token {
    enum judge_token_kind kind;
    const char *data; /* as it stands in the text, quotes included */
    size_t len;
};

/* The token after *at, which moves past it. */
struct judge_token judge_token_next(const char **at, const char *end);
/* What a string, name or hexadecimal token stands for. */
void judge_token_content(const struct judge_token *token, struct judge_text *out);

/* MySQL's information_schema escapes expressions as if they stood in a string: one level of it
 * goes. */
void judge_expression_unescape(struct judge_text *value);
/* Words in lower case and under one name (lcase is lower, mod is %), collations as the other
 * server should have them; without brackets, commas, white space, introducers, and letters beyond
 * ASCII in strings. Returns how many tokens are left. */
size_t judge_expression_skeleton(struct judge_text *value, const struct judge_describer *by);
/* The same with names as words: MySQL before 8 does not quote those in partition expressions. */
void judge_expression_bare_skeleton(struct judge_text *value, const struct judge_describer *by);
/* What the first string in it stands for; "" if there is none. */
void judge_expression_literal(const struct judge_text *value, struct judge_text *out);
/* A body with the names after COLLATE as the other server should have them. */
void judge_body_map_collations(struct judge_text *value, const struct judge_describer *by);
/* Whether a body of A that uses -> is B's body with JSON_EXTRACT and JSON_UNQUOTE in its place;
 * letter case and white space do not count. */
bool judge_body_is_same_json(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
