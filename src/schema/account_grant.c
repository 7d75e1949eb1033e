/* SHOW GRANTS, as servers print it:
 *
 *   GRANT name [(column, ...)], ... ON [TABLE | FUNCTION | ...] object TO account [more]
 *   REVOKE name, ... ON `db`.* FROM account
 *
 * Objects are quoted with ` everywhere. Columns are on MariaDB and from MySQL 8.0 on. Accounts are
 * quoted with ` there, and before as '...' with nothing escaped inside: so the account is compared
 * with what it must be, and not read. What stands behind it on *.* may be an IDENTIFIED, REQUIRE or
 * WITH clause with texts that nobody escaped: there GRANT OPTION is known from the server's
 * tables. */
#include "schema/account.h"

#include "base/mem.h"
#include "schema/lexer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct bs_lexer lexer;
    struct bs_token token; /* the next one */
};

static void
step(struct reader *r) {
    r->token = bs_lexer_next(&r->lexer);
}

static bool
accept(struct reader *r, const char *word) {
    bool is_it = bs_token_is(r->token, word);
    if (is_it) {
        step(r);
    }
    return is_it;
}

static bool
accept_punct(struct reader *r, char c) {
    bool is_it = bs_token_is_punct(r->token, c);
    if (is_it) {
        step(r);
    }
    return is_it;
}

/* Privileges. */

static struct bs_str
trimmed(struct bs_str text) {
    while (text.len > 0 && text.data[0] == ' ') {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && text.data[text.len - 1] == ' ') {
        text.len--;
    }
    return text;
}

static bool
put_column(struct bs_buf *out, struct bs_str column) {
    bs_buf_puts(out, out->len > 0 ? ", " : "");
    if (column.len > 1 && column.data[0] == '`' && column.data[column.len - 1] == '`') {
        bs_buf_put_str(out, column);
        return true;
    }
    if (column.len == 0 || memchr(column.data, '`', column.len) != NULL ||
        memchr(column.data, '(', column.len) != NULL) {
        return false;
    }
    bs_buf_puts(out, "`");
    bs_buf_put_str(out, column);
    bs_buf_puts(out, "`");
    return true;
}

/* At the opening bracket; behind the closing one at the end. */
static bool
read_columns(struct reader *r, struct bs_buf *columns) {
    const char *sql = r->lexer.sql.data;
    size_t from = r->lexer.at;
    bool fine = true;
    for (step(r); fine && r->token.kind != BS_TOKEN_END; step(r)) {
        bool closes = bs_token_is_punct(r->token, ')');
        if (closes || bs_token_is_punct(r->token, ',')) {
            size_t to = (size_t)(r->token.text.data - sql);
            fine = put_column(columns, trimmed((struct bs_str){sql + from, to - from}));
            from = r->lexer.at;
        }
        if (closes) {
            step(r);
            return fine;
        }
    }
    return false;
}

static void
put_upper(struct bs_buf *out, struct bs_str text) {
    for (size_t i = 0; i < text.len; i++) {
        bs_buf_put_u8(out, (uint8_t)toupper((unsigned char)text.data[i]));
    }
}

/* MariaDB before 10.5.3, and its tables since. */
static struct bs_str
own_name(struct bs_str name) {
    return bs_str_is(name, "DELETE VERSIONING ROWS") ? bs_str("DELETE HISTORY") : name;
}

static bool
read_privilege(struct reader *r, struct bs_account_grant *grant) {
    struct bs_buf name = {0}, columns = {0};
    bool fine = true;
    while (r->token.kind == BS_TOKEN_WORD && !bs_token_is(r->token, "ON")) {
        bs_buf_puts(&name, name.len > 0 ? " " : "");
        put_upper(&name, r->token.text);
        step(r);
    }
    if (bs_token_is_punct(r->token, '(')) {
        fine = read_columns(r, &columns);
    }
    fine = fine && name.len > 0;
    if (fine && !bs_str_is(bs_buf_str(&name), "USAGE")) {
        bool is_all = bs_str_is(bs_buf_str(&name), "ALL");
        bs_grant_add_privilege(grant,
                               is_all ? bs_str("ALL PRIVILEGES") : own_name(bs_buf_str(&name)),
                               bs_buf_str(&columns));
    }
    bs_buf_fini(&name);
    bs_buf_fini(&columns);
    return fine;
}

static bool
read_privileges(struct reader *r, struct bs_account_grant *grant) {
    bool fine = read_privilege(r, grant);
    while (fine && accept_punct(r, ',')) {
        fine = read_privilege(r, grant);
    }
    return fine && accept(r, "ON");
}

/* Objects. */

static enum bs_grant_level
read_kind(struct reader *r) {
    if (accept(r, "FUNCTION")) {
        return BS_GRANT_FUNCTION;
    }
    if (accept(r, "PROCEDURE")) {
        return BS_GRANT_PROCEDURE;
    }
    if (accept(r, "PACKAGE")) {
        return accept(r, "BODY") ? BS_GRANT_PACKAGE_BODY : BS_GRANT_PACKAGE;
    }
    (void)accept(r, "TABLE");
    return BS_GRANT_TABLE;
}

static bool
read_name(struct reader *r, char **name) {
    enum { NAME_MAX_BYTES = 1024 };
    char text[NAME_MAX_BYTES];
    if (r->token.kind != BS_TOKEN_QUOTED || r->token.text.len >= sizeof text) {
        return false;
    }
    bs_token_name(r->token, text, sizeof text);
    *name = bs_strdup(text);
    step(r);
    return true;
}

/* Leaves the lexer behind TO or FROM. */
static bool
read_object(struct reader *r, struct bs_account_grant *grant) {
    grant->level = read_kind(r);
    if (accept_punct(r, '*')) {
        grant->level = BS_GRANT_GLOBAL;
        return accept_punct(r, '.') && accept_punct(r, '*');
    }
    if (!read_name(r, &grant->db) || !accept_punct(r, '.')) {
        return false;
    }
    if (accept_punct(r, '*')) {
        grant->level = BS_GRANT_DATABASE;
        return true;
    }
    return read_name(r, &grant->name);
}

/* Accounts. */

static void
put_raw(struct bs_buf *out, const struct bs_account_name *name) {
    bs_buf_printf(out, "'%s'@'%s'", name->user, name->host);
}

/* *rest: what stands behind the account. False: it is another's. */
static bool
skip_account(struct bs_str text, const struct bs_account_name *name, struct bs_str *rest) {
    struct bs_buf quoted = {0}, raw = {0};
    bs_account_put_name(&quoted, name);
    put_raw(&raw, name);
    const struct bs_buf *spellings[] = {&quoted, &raw};
    bool found = false;
    text = trimmed(text);
    for (size_t i = 0; i < 2 && !found; i++) {
        size_t len = spellings[i]->len;
        found = text.len >= len && memcmp(text.data, spellings[i]->data, len) == 0 &&
                (text.len == len || text.data[len] == ' ');
        if (found) {
            *rest = (struct bs_str){text.data + len, text.len - len};
        }
    }
    bs_buf_fini(&quoted);
    bs_buf_fini(&raw);
    return found;
}

static bool
read_end(struct bs_account_grant *grant, const struct bs_account *account, struct bs_str rest) {
    if (rest.len == 0 || bs_str_is(rest, " WITH GRANT OPTION")) {
        grant->with_option = rest.len > 0;
        return true;
    }
    grant->with_option = account->may_grant;
    return grant->level == BS_GRANT_GLOBAL;
}

/* Where partial_revokes is on, names of databases are no patterns. */
static void
make_pattern(struct bs_account_grant *grant) {
    struct bs_buf pattern = {0};
    for (const char *at = grant->db; *at != '\0'; at++) {
        bs_buf_puts(&pattern, strchr("_%\\", *at) != NULL ? "\\" : "");
        bs_buf_put_u8(&pattern, (uint8_t)*at);
    }
    free(grant->db);
    grant->db = bs_buf_take_cstr(&pattern);
}

/* Roles, PROXY, default roles: not taken here. */
static bool
is_privilege_line(struct bs_str line) {
    struct bs_lexer lexer = bs_lexer(line, false, false);
    struct bs_token verb = bs_lexer_next(&lexer);
    struct bs_token first = bs_lexer_next(&lexer);
    return (bs_token_is(verb, "GRANT") || bs_token_is(verb, "REVOKE")) &&
           first.kind == BS_TOKEN_WORD && !bs_token_is(first, "PROXY");
}

static bool
read_line(struct bs_account *account, struct bs_account_grant *grant, struct bs_str line,
          bool *others) {
    struct reader r = {.lexer = bs_lexer(line, false, false)};
    struct bs_str rest = {"", 0};
    step(&r);
    grant->is_revoke = accept(&r, "REVOKE");
    if (!grant->is_revoke) {
        (void)accept(&r, "GRANT");
    }
    if (!read_privileges(&r, grant) || !read_object(&r, grant) ||
        !bs_token_is(r.token, grant->is_revoke ? "FROM" : "TO")) {
        return false;
    }
    struct bs_str account_text = {line.data + r.lexer.at, line.len - r.lexer.at};
    *others = !skip_account(account_text, &account->name, &rest);
    return *others || read_end(grant, account, rest);
}

enum bs_status
bs_account_read_grant(struct bs_account *account, struct bs_str line, bool partial_revokes,
                      struct bs_error *err) {
    bool others = false;
    if (!is_privilege_line(line)) {
        return BS_OK;
    }
    struct bs_account_grant *grant = bs_account_add_grant(account);
    bool fine = read_line(account, grant, line, &others);
    /* MariaDB shows what the roles of a role may do beside it. */
    fine = fine && (!others || account->name.is_role);
    if (fine && !others && partial_revokes && grant->level == BS_GRANT_DATABASE &&
        !grant->is_revoke) {
        make_pattern(grant);
    }
    bool says_nothing = grant->count == 0 && !grant->with_option;
    if (!fine || others || says_nothing) {
        bs_account_remove_grant(account, account->grant_count - 1);
    }
    return fine ? BS_OK
                : bs_error_set(err, BS_SCHEMA, "a grant of account %s@%s cannot be read",
                               account->name.user, account->name.host);
}

/* Selection. */

static bool
is_like(const char *pattern, const char *name) {
    for (; *pattern != '\0'; pattern++, name++) {
        if (*pattern == '%') {
            do {
                if (is_like(pattern + 1, name)) {
                    return true;
                }
            } while (*name++ != '\0');
            return false;
        }
        bool any = *pattern == '_';
        pattern += *pattern == '\\' && pattern[1] != '\0';
        if (*name == '\0' || (!any && *pattern != *name)) {
            return false;
        }
        while (any && ((unsigned char)name[1] & 0xc0) == 0x80) {
            name++; /* _ stands for a character */
        }
    }
    return *name == '\0';
}

/* A name without wildcards, even if there is no such database (yet). */
static bool
stands_for_selected(const char *pattern, const struct bs_selection *selection,
                    char *const *databases) {
    struct bs_buf name = {0};
    bool plain = true;
    for (const char *at = pattern; *at != '\0'; at++) {
        plain = plain && *at != '%' && *at != '_';
        at += *at == '\\' && at[1] != '\0';
        bs_buf_put_u8(&name, (uint8_t)*at);
    }
    bool selected = plain && bs_selection_has_database(selection, bs_buf_str(&name));
    bs_buf_fini(&name);
    for (size_t i = 0; !plain && !selected && databases[i] != NULL; i++) {
        selected = is_like(pattern, databases[i]) &&
                   bs_selection_has_database(selection, bs_str(databases[i]));
    }
    return selected;
}

/* A pattern that no database fits is about those to come: all, or nobody knows which. */
static bool
is_everything(const struct bs_selection *selection) {
    return selection->databases == NULL && selection->tables == NULL &&
           selection->exclude_databases == NULL;
}

static bool
fits_none(const char *pattern, char *const *databases) {
    for (size_t i = 0; databases[i] != NULL; i++) {
        if (is_like(pattern, databases[i])) {
            return false;
        }
    }
    return true;
}

static bool
is_carried(const struct bs_account_grant *grant, const struct bs_selection *selection,
           char *const *databases) {
    if (grant->level == BS_GRANT_GLOBAL || grant->is_revoke) {
        return true;
    }
    struct bs_str db = bs_str(grant->db);
    switch (grant->level) {
    case BS_GRANT_GLOBAL:
        return true;
    case BS_GRANT_DATABASE:
        return stands_for_selected(grant->db, selection, databases) ||
               (is_everything(selection) && fits_none(grant->db, databases) &&
                strpbrk(grant->db, "%_") != NULL && !bs_selection_is_system_database(db));
    case BS_GRANT_TABLE:
        return bs_selection_has_table(selection, db, bs_str(grant->name));
    case BS_GRANT_PROCEDURE:
    case BS_GRANT_FUNCTION:
    case BS_GRANT_PACKAGE:
    case BS_GRANT_PACKAGE_BODY:
        return bs_selection_has_whole_database(selection, db);
    }
    return false;
}

void
bs_account_select_grants(struct bs_account *account, const struct bs_selection *selection,
                         char *const *databases, struct bs_notes *notes) {
    for (size_t i = account->grant_count; i-- > 0;) {
        struct bs_buf text = {0};
        if (is_carried(&account->grants[i], selection, databases)) {
            continue;
        }
        bs_account_put_object(&text, &account->grants[i], NULL);
        bs_notes_add(notes, BS_NOTE_LEFT_OUT, "what it may do on %s, which is not selected",
                     bs_buf_cstr(&text));
        bs_buf_fini(&text);
        bs_account_remove_grant(account, i);
    }
}
