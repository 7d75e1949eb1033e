/* The happy path: read the verb, skip the decorations that may follow it (OR REPLACE, DEFINER=...,
 * ALGORITHM=..., IF EXISTS, ONLINE, ...), read the kind, read the names. What is decoration is told
 * by a table, so a new keyword is one line. */
#include "schema/ddl.h"

#include "base/mem.h"
#include "schema/lexer.h"

#include <stdlib.h>
#include <string.h>

struct parser {
    struct bs_lexer lexer;
    struct bs_ddl *ddl;
    struct bs_str db;
    size_t cap;
};

static struct bs_token
next(struct parser *p) {
    return bs_lexer_next(&p->lexer);
}

static bool
accept(struct parser *p, const char *word) {
    if (!bs_token_is(bs_lexer_peek(&p->lexer), word)) {
        return false;
    }
    (void)next(p);
    return true;
}

static bool
accept_punct(struct parser *p, char c) {
    if (!bs_token_is_punct(bs_lexer_peek(&p->lexer), c)) {
        return false;
    }
    (void)next(p);
    return true;
}

static void
accept_if_exists(struct parser *p) {
    if (accept(p, "IF")) {
        (void)accept(p, "NOT");
        (void)accept(p, "EXISTS");
        p->ddl->if_exists = true;
    }
}

static struct bs_ddl_object *
add_object(struct parser *p, enum bs_object_kind kind) {
    struct bs_ddl *ddl = p->ddl;
    void *items = ddl->objects;
    bs_array_grow(&items, &p->cap, ddl->count, sizeof *ddl->objects);
    ddl->objects = items;
    struct bs_ddl_object *object = &ddl->objects[ddl->count++];
    memset(object, 0, sizeof *object);
    object->kind = kind;
    return object;
}

static bool
is_name(struct bs_token token) {
    return token.kind == BS_TOKEN_WORD || token.kind == BS_TOKEN_QUOTED ||
           token.kind == BS_TOKEN_NUMBER;
}

static void
put_default_db(const struct parser *p, struct bs_ddl_object *object) {
    size_t len = p->db.len < sizeof object->db - 1 ? p->db.len : sizeof object->db - 1;
    memcpy(object->db, p->db.data, len);
    object->is_default_db = true;
}

/* name or db.name */
static bool
read_name(struct parser *p, enum bs_object_kind kind) {
    struct bs_token first = next(p);
    if (!is_name(first)) {
        return false;
    }
    struct bs_ddl_object *object = add_object(p, kind);
    if (kind == BS_OBJECT_DATABASE) {
        bs_token_name(first, object->db, sizeof object->db);
        return true;
    }
    if (accept_punct(p, '.')) {
        struct bs_token second = next(p);
        bs_token_name(first, object->db, sizeof object->db);
        bs_token_name(second, object->name, sizeof object->name);
        return is_name(second);
    }
    put_default_db(p, object);
    bs_token_name(first, object->name, sizeof object->name);
    return true;
}

static bool
read_name_list(struct parser *p, enum bs_object_kind kind) {
    do {
        if (!read_name(p, kind)) {
            return false;
        }
    } while (accept_punct(p, ','));
    return true;
}

/* NAME = value, with value a word, a string, a number, or user@host. */
static void
skip_assignment(struct parser *p) {
    (void)accept_punct(p, '=');
    (void)next(p);
    if (accept_punct(p, '(')) { /* CURRENT_USER() */
        (void)accept_punct(p, ')');
    }
    if (accept_punct(p, '@')) {
        (void)next(p);
    }
}

/* What may stand between CREATE, ALTER or DROP and the kind of object. */
static void
skip_decorations(struct parser *p) {
    static const char *const WORDS[] = {"ONLINE", "OFFLINE",   "UNIQUE", "FULLTEXT", "SPATIAL",
                                        "VECTOR", "AGGREGATE", "UNDO",   "LOGFILE"};
    for (;;) {
        bool again = false;
        if (accept(p, "OR")) {
            (void)accept(p, "REPLACE");
            p->ddl->or_replace = true;
            again = true;
        }
        if (accept(p, "ALGORITHM") || accept(p, "DEFINER")) {
            skip_assignment(p);
            again = true;
        }
        if (accept(p, "SQL")) { /* SQL SECURITY x */
            (void)next(p);
            (void)next(p);
            again = true;
        }
        if (accept(p, "IGNORE")) { /* of ALTER TABLE alone */
            p->ddl->drops_duplicates = true;
            again = true;
        }
        for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
            again = accept(p, WORDS[i]) || again;
        }
        if (!again) {
            return;
        }
    }
}

/* A call, a word or a variable whose value the log does not tell. */
static bool
is_chance(struct parser *p, struct bs_token t) {
    static const char *const NAMES[] = {
        "UUID", "UUID_SHORT",   "UUID_V4",      "UUID_V7",        "SYS_GUID",
        "RAND", "RANDOM_BYTES", "SYSDATE",      "NEXTVAL",        "CONNECTION_ID",
        "USER", "SYSTEM_USER",  "SESSION_USER", "LAST_INSERT_ID", "VERSION"};
    if (bs_token_is(t, "CURRENT_USER") || bs_token_is(t, "CURRENT_ROLE") ||
        bs_token_is_punct(t, '@')) {
        return true;
    }
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (bs_token_is(t, NAMES[i]) && bs_token_is_punct(bs_lexer_peek(&p->lexer), '(')) {
            return true;
        }
    }
    return bs_token_is(t, "NEXT") && bs_token_is(bs_lexer_peek(&p->lexer), "VALUE");
}

/* A column's name, in front of its type? before: the token in front of the type. */
static bool
may_be_column(struct bs_token before) {
    static const char *const OTHERS[] = {"ADD",    "COLUMN", "DROP",   "AFTER", "CHANGE",
                                         "MODIFY", "ALTER",  "RENAME", "TO",    "KEY",
                                         "INDEX",  "CHECK",  "EXISTS", "BY",    "SET"};
    bool may_be = before.kind == BS_TOKEN_QUOTED || before.kind == BS_TOKEN_WORD;
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        may_be = may_be && !bs_token_is(before, OTHERS[i]);
    }
    return may_be;
}

/* AUTO_INCREMENT as a column attribute, i.e. not followed by "=" or a number; SERIAL as a type or
 * in SERIAL DEFAULT VALUE, i.e. not as a column's name. */
static bool
is_numbering(struct parser *p, struct bs_token before, struct bs_token t) {
    static const char *const BEHIND_SERIAL[] = {"COMMENT", "PRIMARY", "UNIQUE",  "KEY",
                                                "FIRST",   "AFTER",   "NOT",     "NULL",
                                                "DEFAULT", "CHECK",   "VISIBLE", "INVISIBLE"};
    struct bs_token after = bs_lexer_peek(&p->lexer);
    if (bs_token_is(t, "AUTO_INCREMENT")) {
        return !bs_token_is_punct(after, '=') && after.kind != BS_TOKEN_NUMBER;
    }
    bool may_be = after.kind != BS_TOKEN_WORD && after.kind != BS_TOKEN_QUOTED;
    for (size_t i = 0; i < sizeof BEHIND_SERIAL / sizeof BEHIND_SERIAL[0]; i++) {
        may_be = may_be || bs_token_is(after, BEHIND_SERIAL[i]);
    }
    return bs_token_is(t, "SERIAL") && may_be && may_be_column(before);
}

/* What moves rows between tables that no event shows: it is not understood, so its caller stops. */
static bool
moves_rows(struct parser *p, struct bs_token t) {
    struct bs_token after = bs_lexer_peek(&p->lexer);
    return bs_token_is(t, "EXCHANGE") || bs_token_is(t, "DISCARD") || bs_token_is(t, "IMPORT") ||
           (bs_token_is(t, "CONVERT") &&
            (bs_token_is(after, "PARTITION") || bs_token_is(after, "TABLE")));
}

/* A name stands behind these, and no default. */
static bool
ends_default(struct bs_token t) {
    return bs_token_is(t, "REFERENCES") || bs_token_is(t, "KEY") || bs_token_is(t, "INDEX") ||
           bs_token_is(t, "CONSTRAINT");
}

/* ALTER TABLE ... RENAME [TO|AS] name: the new name is an object too. RENAME COLUMN, INDEX and KEY
 * are not. Also notices columns that number the rows, and defaults of chance that are added. */
static bool
scan_alter_tail(struct parser *p) {
    if (accept(p, "WAIT")) { /* MariaDB: WAIT n, NOWAIT */
        (void)next(p);
    }
    (void)accept(p, "NOWAIT");
    bool top_level_start = true;
    bool adds = false, has_default = false;
    int depth = 0;
    struct bs_token before = {BS_TOKEN_END, {"", 0}};
    for (struct bs_token t = next(p); t.kind != BS_TOKEN_END; before = t, t = next(p)) {
        if (bs_token_is_punct(t, '(')) {
            depth++;
        } else if (bs_token_is_punct(t, ')')) {
            depth--;
        }
        if (depth == 0 && top_level_start && moves_rows(p, t)) {
            return false;
        }
        adds = depth == 0 && top_level_start ? bs_token_is(t, "ADD") : adds;
        has_default = !(depth == 0 && top_level_start) && !ends_default(t) &&
                      (has_default || bs_token_is(t, "DEFAULT"));
        p->ddl->adds_chance = p->ddl->adds_chance || (adds && has_default && is_chance(p, t));
        p->ddl->adds_auto_increment = p->ddl->adds_auto_increment || is_numbering(p, before, t);
        if (depth == 0 && top_level_start && bs_token_is(t, "RENAME")) {
            if (accept(p, "COLUMN") || accept(p, "INDEX") || accept(p, "KEY")) {
                top_level_start = false;
                continue;
            }
            (void)(accept(p, "TO") || accept(p, "AS") || accept_punct(p, '='));
            if (!read_name(p, BS_OBJECT_TABLE)) {
                return false;
            }
        }
        top_level_start = depth == 0 && bs_token_is_punct(t, ',');
    }
    return true;
}

static bool
parse_rename(struct parser *p) {
    p->ddl->verb = BS_DDL_RENAME;
    p->ddl->kind = BS_OBJECT_TABLE;
    if (!accept(p, "TABLE") && !accept(p, "TABLES")) {
        p->ddl->class = accept(p, "USER") ? BS_DDL_ACCOUNT : BS_DDL_UNKNOWN;
        return p->ddl->class == BS_DDL_ACCOUNT;
    }
    p->ddl->class = BS_DDL_OBJECT;
    accept_if_exists(p);
    do {
        if (!read_name(p, BS_OBJECT_TABLE)) {
            return false;
        }
        if (accept(p, "WAIT")) {
            (void)next(p);
        }
        (void)accept(p, "NOWAIT");
        if (!accept(p, "TO") || !read_name(p, BS_OBJECT_TABLE)) {
            return false;
        }
    } while (accept_punct(p, ','));
    return true;
}

static bool
parse_truncate(struct parser *p) {
    p->ddl->class = BS_DDL_OBJECT;
    p->ddl->verb = BS_DDL_TRUNCATE;
    p->ddl->kind = BS_OBJECT_TABLE;
    (void)accept(p, "TABLE");
    return read_name(p, BS_OBJECT_TABLE);
}

struct kind_word {
    const char *word;
    enum bs_object_kind kind;
    enum bs_ddl_class class;
};

/* PACKAGE BODY is two words: it stands behind PACKAGE. */
static const struct kind_word KINDS[] = {
    {"TABLE", BS_OBJECT_TABLE, BS_DDL_OBJECT},
    {"TABLES", BS_OBJECT_TABLE, BS_DDL_OBJECT},
    {"INDEX", BS_OBJECT_TABLE, BS_DDL_OBJECT},
    {"VIEW", BS_OBJECT_VIEW, BS_DDL_OBJECT},
    {"VIEWS", BS_OBJECT_VIEW, BS_DDL_OBJECT},
    {"PROCEDURE", BS_OBJECT_PROCEDURE, BS_DDL_OBJECT},
    {"FUNCTION", BS_OBJECT_FUNCTION, BS_DDL_OBJECT},
    {"PACKAGE", BS_OBJECT_PACKAGE, BS_DDL_OBJECT},
    {"PACKAGE BODY", BS_OBJECT_PACKAGE_BODY, BS_DDL_OBJECT},
    {"DATABASE", BS_OBJECT_DATABASE, BS_DDL_OBJECT},
    {"SCHEMA", BS_OBJECT_DATABASE, BS_DDL_OBJECT},
    {"SEQUENCE", BS_OBJECT_SEQUENCE, BS_DDL_OBJECT},
    {"TRIGGER", BS_OBJECT_TRIGGER, BS_DDL_DEFERRED},
    {"EVENT", BS_OBJECT_EVENT, BS_DDL_DEFERRED},
    {"USER", BS_OBJECT_TABLE, BS_DDL_ACCOUNT},
    {"ROLE", BS_OBJECT_TABLE, BS_DDL_ACCOUNT},
    {"SERVER", BS_OBJECT_TABLE, BS_DDL_ACCOUNT},
    {"RESOURCE", BS_OBJECT_TABLE, BS_DDL_ACCOUNT},
    {"INSTANCE", BS_OBJECT_TABLE, BS_DDL_UPKEEP},
};

static const struct kind_word *
read_kind(struct parser *p) {
    struct bs_token token = next(p);
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        if (bs_token_is(token, KINDS[i].word)) {
            bool is_body = KINDS[i].kind == BS_OBJECT_PACKAGE && accept(p, "BODY");
            return &KINDS[i + is_body];
        }
    }
    return NULL;
}

/* CREATE and DROP INDEX name ON table: the table is what changes. */
static bool
read_index_table(struct parser *p) {
    for (struct bs_token t = next(p); t.kind != BS_TOKEN_END; t = next(p)) {
        if (bs_token_is(t, "ON")) {
            p->ddl->verb = BS_DDL_ALTER;
            return read_name(p, BS_OBJECT_TABLE);
        }
    }
    return false;
}

/* A loadable function (CREATE FUNCTION f RETURNS STRING SONAME 'lib.so') is the server's, not the
 * database's. */
static bool
is_loadable_function(struct parser *p) {
    struct bs_lexer ahead = p->lexer;
    if (!bs_token_is(bs_lexer_next(&ahead), "RETURNS")) {
        return false;
    }
    (void)bs_lexer_next(&ahead);
    return bs_token_is(bs_lexer_next(&ahead), "SONAME");
}

/* The name that a temporary table hides is an object, too. */
static bool
parse_temporary(struct parser *p) {
    p->ddl->class = BS_DDL_TEMPORARY;
    if (p->ddl->verb != BS_DDL_CREATE || !(accept(p, "TABLE") || accept(p, "SEQUENCE"))) {
        return true;
    }
    accept_if_exists(p);
    return read_name(p, BS_OBJECT_TABLE);
}

static bool
is_database_option(struct bs_token token) {
    static const char *const WORDS[] = {"CHARACTER", "CHARSET", "COLLATE",    "DEFAULT",
                                        "COMMENT",   "READ",    "ENCRYPTION", "UPGRADE"};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        if (bs_token_is(token, WORDS[i])) {
            return true;
        }
    }
    return false;
}

/* ALTER DATABASE without a name is about the session's. Some options are names too where another
 * option stands behind them: ALTER DATABASE comment CHARACTER SET utf8mb4. */
static bool
read_altered_database(struct parser *p) {
    struct bs_lexer ahead = p->lexer;
    struct bs_token first = bs_lexer_next(&ahead);
    bool is_reserved = bs_token_is(first, "CHARACTER") || bs_token_is(first, "COLLATE") ||
                       bs_token_is(first, "DEFAULT") || bs_token_is(first, "READ");
    bool is_option =
        is_database_option(first) && (is_reserved || !is_database_option(bs_lexer_next(&ahead)));
    if (!is_option) {
        return is_name(first) && read_name(p, BS_OBJECT_DATABASE);
    }
    put_default_db(p, add_object(p, BS_OBJECT_DATABASE));
    return p->db.len > 0;
}

static bool
parse_object(struct parser *p, enum bs_ddl_verb verb) {
    struct bs_ddl *ddl = p->ddl;
    ddl->verb = verb;
    skip_decorations(p);
    if (accept(p, "TEMPORARY")) {
        return parse_temporary(p);
    }
    bool is_index = bs_token_is(bs_lexer_peek(&p->lexer), "INDEX");
    const struct kind_word *kind = read_kind(p);
    if (kind == NULL) {
        return false;
    }
    ddl->class = kind->class;
    ddl->kind = kind->kind;
    if (kind->class != BS_DDL_OBJECT && kind->class != BS_DDL_DEFERRED) {
        return true;
    }
    accept_if_exists(p);
    if (kind->class == BS_DDL_DEFERRED) {
        return read_name(p, kind->kind);
    }
    if (is_index) {
        return read_index_table(p);
    }
    if (verb == BS_DDL_DROP) {
        return read_name_list(p, kind->kind);
    }
    if (kind->kind == BS_OBJECT_DATABASE && verb == BS_DDL_ALTER) {
        return read_altered_database(p);
    }
    if (!read_name(p, kind->kind)) {
        return false;
    }
    if (kind->kind == BS_OBJECT_FUNCTION && is_loadable_function(p)) {
        ddl->class = BS_DDL_ACCOUNT;
    }
    return verb != BS_DDL_ALTER || kind->kind != BS_OBJECT_TABLE || scan_alter_tail(p);
}

struct plain_verb {
    const char *word;
    enum bs_ddl_class class;
};

static const struct plain_verb PLAIN_VERBS[] = {
    {"GRANT", BS_DDL_ACCOUNT},     {"REVOKE", BS_DDL_ACCOUNT}, {"INSTALL", BS_DDL_ACCOUNT},
    {"UNINSTALL", BS_DDL_ACCOUNT}, {"ANALYZE", BS_DDL_UPKEEP}, {"OPTIMIZE", BS_DDL_UPKEEP},
    {"REPAIR", BS_DDL_UPKEEP},     {"CHECK", BS_DDL_UPKEEP},   {"FLUSH", BS_DDL_UPKEEP},
    {"INSERT", BS_DDL_DML},        {"UPDATE", BS_DDL_DML},     {"DELETE", BS_DDL_DML},
    {"REPLACE", BS_DDL_DML},       {"LOAD", BS_DDL_DML},       {"CALL", BS_DDL_DML},
    {"SELECT", BS_DDL_DML},        {"WITH", BS_DDL_DML},       {"DO", BS_DDL_DML},
};

/* SET PASSWORD, SET ROLE, SET DEFAULT ROLE. MariaDB's SET STATEMENT ... FOR is something else. */
static bool
parse_set(struct parser *p) {
    bool account = accept(p, "PASSWORD") || accept(p, "ROLE") || accept(p, "DEFAULT");
    p->ddl->class = account ? BS_DDL_ACCOUNT : BS_DDL_UNKNOWN;
    return account;
}

/* Of what is behind ANALYZE. */
static bool
is_upkeep(struct bs_token t) {
    return bs_token_is(t, "TABLE") || bs_token_is(t, "TABLES") || bs_token_is(t, "LOCAL") ||
           bs_token_is(t, "NO_WRITE_TO_BINLOG");
}

static void
parse_statement(struct parser *p) {
    struct bs_ddl *ddl = p->ddl;
    struct bs_token verb = next(p);
    bool known = false;
    if (bs_token_is(verb, "CREATE")) {
        ddl->what = "CREATE";
        known = parse_object(p, BS_DDL_CREATE);
    } else if (bs_token_is(verb, "ALTER")) {
        ddl->what = "ALTER";
        known = parse_object(p, BS_DDL_ALTER);
    } else if (bs_token_is(verb, "DROP")) {
        ddl->what = "DROP";
        known = parse_object(p, BS_DDL_DROP);
    } else if (bs_token_is(verb, "RENAME")) {
        ddl->what = "RENAME";
        known = parse_rename(p);
    } else if (bs_token_is(verb, "SET")) {
        known = parse_set(p);
    } else if (bs_token_is(verb, "TRUNCATE")) {
        ddl->what = "TRUNCATE";
        known = parse_truncate(p);
    }
    for (size_t i = 0; i < sizeof PLAIN_VERBS / sizeof PLAIN_VERBS[0]; i++) {
        if (bs_token_is(verb, PLAIN_VERBS[i].word)) {
            ddl->class = PLAIN_VERBS[i].class;
            ddl->what = PLAIN_VERBS[i].word;
            known = true;
        }
    }
    if (bs_token_is(verb, "ANALYZE") && !is_upkeep(bs_lexer_peek(&p->lexer))) {
        ddl->class = BS_DDL_DML; /* MariaDB: ANALYZE UPDATE ... does what it analyses */
    }
    if (!known) {
        ddl->class = BS_DDL_UNKNOWN;
    }
}

/* MySQL 8.0.21+ logs CREATE TABLE ... SELECT as CREATE TABLE (...) START TRANSACTION, with the
 * table options that were written out behind it (seen on 9.7: ") START TRANSACTION ENGINE=InnoDB").
 */
static void
find_start_transaction(struct bs_ddl *ddl, struct bs_str sql, struct bs_lexer lexer) {
    struct bs_token before = {BS_TOKEN_END, {"", 0}};
    int depth = 0;
    for (struct bs_token t = bs_lexer_next(&lexer); t.kind != BS_TOKEN_END;
         t = bs_lexer_next(&lexer)) {
        depth += bs_token_is_punct(t, '(') - bs_token_is_punct(t, ')');
        if (depth == 0 && bs_token_is(before, "START") && bs_token_is(t, "TRANSACTION")) {
            ddl->cut_from = (size_t)(before.text.data - sql.data);
            ddl->cut_to = (size_t)(t.text.data - sql.data) + t.text.len;
            return;
        }
        before = t;
    }
}

/* SELECT is a reserved word, and no expression of a definition may hold a query. VALUES and TABLE
 * are queries too where they stand outside of all parentheses, or first in them; elsewhere they are
 * of partitions. The first TABLE is CREATE's own. */
static void
find_query(struct bs_ddl *ddl, struct bs_lexer lexer) {
    int depth = 0;
    bool is_first = false, has_table = false;
    for (struct bs_token t = bs_lexer_next(&lexer); t.kind != BS_TOKEN_END;
         t = bs_lexer_next(&lexer)) {
        bool is_table = bs_token_is(t, "TABLE");
        bool begins =
            (depth == 0 || is_first) && (bs_token_is(t, "VALUES") || (is_table && has_table));
        ddl->copies_rows = ddl->copies_rows || begins || bs_token_is(t, "SELECT");
        ddl->is_like = ddl->is_like || ((depth == 0 || is_first) && bs_token_is(t, "LIKE"));
        has_table = has_table || is_table;
        is_first = bs_token_is_punct(t, '(');
        depth += bs_token_is_punct(t, '(') - bs_token_is_punct(t, ')');
    }
}

void
bs_ddl_parse(struct bs_ddl *ddl, struct bs_str sql, struct bs_str db, bool ansi_quotes,
             bool no_backslash_escapes) {
    memset(ddl, 0, sizeof *ddl);
    ddl->what = "statement";
    struct parser parser = {bs_lexer(sql, ansi_quotes, no_backslash_escapes), ddl, db, 0};
    parse_statement(&parser);
    if (ddl->class == BS_DDL_OBJECT && ddl->verb == BS_DDL_CREATE && ddl->kind == BS_OBJECT_TABLE) {
        find_start_transaction(ddl, sql, bs_lexer(sql, ansi_quotes, no_backslash_escapes));
        find_query(ddl, bs_lexer(sql, ansi_quotes, no_backslash_escapes));
    }
}

/* Where Unicode has capitals beyond ASCII: all from `from` to `to`, or every other one. */
static const struct capitals {
    uint32_t from, to, step;
} CAPITALS[] = {
    {0xC0, 0xD6, 1},     {0xD8, 0xDE, 1},     {0x100, 0x136, 2}, {0x139, 0x147, 2},
    {0x14A, 0x178, 2},   {0x179, 0x17D, 2},   {0x180, 0x24F, 1}, /* the last: mixed, so any */
    {0x386, 0x38F, 1},   {0x391, 0x3AB, 1},   {0x3D8, 0x3EE, 2}, /* Greek */
    {0x400, 0x42F, 1},   {0x460, 0x480, 2},   {0x48A, 0x4BE, 2}, /* Cyrillic */
    {0x4C0, 0x4CD, 1},   {0x4D0, 0x52E, 2},                      /* of its neighbours */
    {0x531, 0x556, 1},   {0x10A0, 0x10C5, 1},                    /* Armenian, Georgian */
    {0x1E00, 0x1EFE, 2},                                         /* Vietnamese and others */
};

static bool
is_capital(uint32_t c) {
    for (size_t i = 0; i < sizeof CAPITALS / sizeof CAPITALS[0]; i++) {
        const struct capitals *range = &CAPITALS[i];
        if (c >= range->from && c <= range->to && (c - range->from) % range->step == 0) {
            return true;
        }
    }
    return false;
}

/* name: UTF-8, of characters of up to three bytes, as names are. */
static bool
has_foreign_capital(const char *name) {
    for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++) {
        bool is_two = (c[0] & 0xE0) == 0xC0 && c[1] != '\0';
        bool is_three = (c[0] & 0xF0) == 0xE0 && c[1] != '\0' && c[2] != '\0';
        uint32_t two = (uint32_t)(c[0] & 0x1F) << 6 | (c[1] & 0x3F);
        if (is_two && is_capital(two)) {
            return true;
        }
        if (is_three && is_capital((uint32_t)(c[0] & 0x0F) << 12 | (uint32_t)(c[1] & 0x3F) << 6 |
                                   (c[2] & 0x3F))) {
            return true;
        }
    }
    return false;
}

static void
fold(char *name) {
    for (; *name != '\0'; name++) {
        *name = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
    }
}

void
bs_ddl_fold_names(struct bs_ddl *ddl) {
    for (size_t i = 0; i < ddl->count; i++) {
        struct bs_ddl_object *object = &ddl->objects[i];
        ddl->has_unfolded = ddl->has_unfolded || has_foreign_capital(object->db) ||
                            has_foreign_capital(object->name);
        fold(object->db);
        fold(object->name);
    }
}

void
bs_ddl_fini(struct bs_ddl *ddl) {
    free(ddl->objects);
    memset(ddl, 0, sizeof *ddl);
}
