/* The head of a statement, in all servers alike:
 *
 *   CREATE [OR REPLACE] [ALGORITHM = word] [DEFINER = account] [SQL SECURITY word] [AGGREGATE] kind
 *
 * Only the bytes of the clause are changed: what stands behind them, comments of a body included,
 * is the same to the byte. */
#include "schema/definer.h"

#include "base/mem.h"
#include "schema/lexer.h"

#include <string.h>

/* Accounts. */

static struct bs_str
unquote(struct bs_str part) {
    bool quoted = part.len >= 2 && strchr("'\"`", part.data[0]) != NULL &&
                  part.data[part.len - 1] == part.data[0];
    return quoted ? (struct bs_str){part.data + 1, part.len - 2} : part;
}

static bool
is_plain(struct bs_str part) {
    for (size_t i = 0; i < part.len; i++) {
        if (part.data[i] < 0x20 || part.data[i] > 0x7e) {
            return false;
        }
    }
    return part.len > 0;
}

/* A host has no @, but a user may. */
static bool
split(const char *text, struct bs_str *user, struct bs_str *host) {
    const char *at = strrchr(text, '@');
    if (at == NULL) {
        return false;
    }
    *user = (struct bs_str){text, (size_t)(at - text)};
    *host = bs_str(at + 1);
    return true;
}

char *
bs_definer_read(const char *text) {
    enum { ACCOUNT_MAX = 500 };
    struct bs_str user, host;
    if (strlen(text) > ACCOUNT_MAX || !split(text, &user, &host)) {
        return NULL;
    }
    user = unquote(user);
    host = unquote(host);
    if (!is_plain(user) || !is_plain(host)) {
        return NULL;
    }
    return bs_asprintf("%.*s@%.*s", (int)user.len, user.data, (int)host.len, host.data);
}

static void
put_quoted(struct bs_buf *out, struct bs_str part) {
    bs_buf_puts(out, "`");
    for (size_t i = 0; i < part.len; i++) {
        bs_buf_puts(out, part.data[i] == '`' ? "`" : "");
        bs_buf_put(out, part.data + i, 1);
    }
    bs_buf_puts(out, "`");
}

static void
put_clause(struct bs_buf *out, const char *account) {
    struct bs_str user = {"", 0}, host = {"", 0};
    BS_ASSERT(split(account, &user, &host));
    bs_buf_puts(out, "DEFINER=");
    put_quoted(out, user);
    bs_buf_puts(out, "@");
    put_quoted(out, host);
}

/* Statements. */

/* Where the clause stands, [from, to), or goes if these are equal. */
struct clause {
    bool known;
    size_t from, to;
};

struct head {
    struct bs_lexer lexer;
    struct bs_token token; /* the next one */
    size_t behind;         /* of the token before it */
};

static void
step(struct head *h) {
    if (h->token.kind == BS_TOKEN_END) {
        return;
    }
    h->behind = (size_t)(h->token.text.data - h->lexer.sql.data) + h->token.text.len;
    h->token = bs_lexer_next(&h->lexer);
}

static bool
accept(struct head *h, const char *word) {
    bool is_it = bs_token_is(h->token, word);
    if (is_it) {
        step(h);
    }
    return is_it;
}

static bool
accept_punct(struct head *h, char c) {
    bool is_it = bs_token_is_punct(h->token, c);
    if (is_it) {
        step(h);
    }
    return is_it;
}

static bool
is_name(struct bs_token token) {
    return token.kind == BS_TOKEN_WORD || token.kind == BS_TOKEN_QUOTED ||
           token.kind == BS_TOKEN_STRING || token.kind == BS_TOKEN_NUMBER;
}

/* A host without quotes has dots and hyphens, and no blanks. */
static void
skip_host(struct head *h) {
    bool is_bare = h->token.kind == BS_TOKEN_WORD || h->token.kind == BS_TOKEN_NUMBER;
    step(h);
    while (is_bare && h->token.kind != BS_TOKEN_END &&
           h->token.text.data == h->lexer.sql.data + h->behind &&
           (is_name(h->token) || bs_token_is_punct(h->token, '.') ||
            bs_token_is_punct(h->token, '-'))) {
        step(h);
    }
}

/* user@host, CURRENT_USER, CURRENT_USER(), a role. */
static bool
skip_account(struct head *h) {
    if (!is_name(h->token)) {
        return false;
    }
    step(h);
    if (accept_punct(h, '(')) {
        return accept_punct(h, ')');
    }
    if (!accept_punct(h, '@')) {
        return true;
    }
    bool has_host = is_name(h->token);
    if (has_host) {
        skip_host(h);
    }
    return has_host;
}

/* Behind the place where the clause would be: is it of a kind that has one? */
static bool
has_definer(struct head *h, bool is_alter) {
    static const char *const KINDS[] = {"PROCEDURE", "FUNCTION", "PACKAGE", "TRIGGER", "EVENT"};
    if (accept(h, "SQL")) {
        step(h);
        step(h);
    }
    (void)accept(h, "AGGREGATE");
    if (bs_token_is(h->token, "VIEW")) {
        return true;
    }
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS && !is_alter; i++) {
        if (bs_token_is(h->token, KINDS[i])) {
            return true;
        }
    }
    return false;
}

static struct clause
find_clause(struct head *h) {
    bool is_alter = bs_token_is(h->token, "ALTER");
    if (!accept(h, "CREATE") && !accept(h, "ALTER")) {
        return (struct clause){0};
    }
    if (accept(h, "OR")) {
        (void)accept(h, "REPLACE");
    }
    if (accept(h, "ALGORITHM")) {
        (void)accept_punct(h, '=');
        step(h);
    }
    struct clause clause = {.known = true, .from = h->behind, .to = h->behind};
    if (bs_token_is(h->token, "DEFINER")) {
        clause.from = (size_t)(h->token.text.data - h->lexer.sql.data);
        step(h);
        clause.known = accept_punct(h, '=') && skip_account(h);
        clause.to = h->behind;
        return clause;
    }
    clause.known = has_definer(h, is_alter);
    return clause;
}

void
bs_definer_put(struct bs_buf *out, struct bs_str sql, const char *account, bool ansi_quotes,
               bool no_backslash_escapes, const struct bs_server *server) {
    struct head head = {.lexer = bs_lexer(sql, ansi_quotes, no_backslash_escapes)};
    head.lexer.server = server;
    head.token = bs_lexer_next(&head.lexer);
    struct clause clause = find_clause(&head);
    if (!clause.known) {
        bs_buf_put_str(out, sql);
        return;
    }
    bs_buf_put(out, sql.data, clause.from);
    bs_buf_puts(out, clause.from == clause.to ? " " : "");
    put_clause(out, account);
    bs_buf_put(out, sql.data + clause.to, sql.len - clause.to);
}
