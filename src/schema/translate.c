/* Statements by their first words. What is common to all of them: names of collations, and the
 * operators -> and ->>, which MariaDB does not have. */
#include "schema/ddl.h"
#include "schema/definer.h"
#include "schema/engine.h"
#include "schema/translate_private.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
bs_translation_fini(struct bs_translation *translation) {
    bs_collation_list_fini(&translation->source_collations);
    bs_collation_list_fini(&translation->target_collations);
    free(translation->definer);
    translation->definer = NULL;
}

bool
bs_translation_is_across(const struct bs_translation *t) {
    return t->source.flavour != t->target.flavour;
}

bool
bs_translation_is_needed(const struct bs_translation *t) {
    return bs_translation_is_across(t) || t->source.version / 100 != t->target.version / 100;
}

bool
bs_translation_to_mysql(const struct bs_translation *t) {
    return bs_translation_is_across(t) && t->target.flavour == BS_MYSQL;
}

bool
bs_translation_to_mariadb(const struct bs_translation *t) {
    return bs_translation_is_across(t) && t->target.flavour == BS_MARIADB;
}

/* Notes. */

void
bs_notes_add(struct bs_notes *notes, enum bs_note_kind kind, const char *fmt, ...) {
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    BS_ASSERT(len >= 0);
    void *items = notes->items;
    bs_array_grow(&items, &notes->cap, notes->count, sizeof *notes->items);
    notes->items = items;
    notes->items[notes->count++] = (struct bs_note){kind, text};
}

const struct bs_note *
bs_notes_find(const struct bs_notes *notes, enum bs_note_kind kind) {
    for (size_t i = 0; i < notes->count; i++) {
        if (notes->items[i].kind == kind) {
            return &notes->items[i];
        }
    }
    return NULL;
}

void
bs_notes_fini(struct bs_notes *notes) {
    for (size_t i = 0; i < notes->count; i++) {
        free(notes->items[i].text);
    }
    free(notes->items);
    *notes = (struct bs_notes){0};
}

void
bs_translated_fini(struct bs_translated *translated) {
    bs_buf_fini(&translated->sql);
    bs_buf_fini(&translated->before);
    bs_notes_fini(&translated->notes);
}

/* Words. */

size_t
bs_translate_behind_name(const struct bs_translating *tr, size_t at) {
    return bs_words_is_punct(&tr->words, at + 1, '.') ? at + 3 : at + 1;
}

size_t
bs_translate_behind_value(const struct bs_translating *tr, size_t at) {
    at += bs_words_is_punct(&tr->words, at + 1, '=') ? 2 : 1;
    return bs_words_is_punct(&tr->words, at, '(') ? bs_words_behind(&tr->words, at) : at + 1;
}

void
bs_translate_quote(struct bs_translating *tr, size_t at) {
    if (bs_translation_is_across(tr->t) && at < tr->words.count &&
        tr->words.items[at].token.kind == BS_TOKEN_WORD && tr->words.items[at].instead == NULL) {
        bs_words_prepend(&tr->words, at, "`");
        bs_words_append(&tr->words, at, "`");
    }
}

/* Collations. */

const char *
bs_translate_collation(const struct bs_translation *t, struct bs_str name) {
    return bs_collation_translate(&t->target_collations, name);
}

/* Once for each statement, however many columns have it. */
static void
note_padding(struct bs_translating *tr, const char *name, const char *there) {
    bool counts = bs_collation_is_nopad(bs_str(name));
    if (counts == bs_collation_is_nopad(bs_str(there))) {
        return;
    }
    char *text =
        bs_asprintf("blanks at the end of a text %s with %s, and %s with %s",
                    counts ? "count" : "do not count", name, counts ? "do not" : "do", there);
    const struct bs_note *said = NULL;
    for (size_t i = 0; i < tr->notes->count && said == NULL; i++) {
        said = strcmp(tr->notes->items[i].text, text) == 0 ? &tr->notes->items[i] : NULL;
    }
    if (said == NULL) {
        bs_notes_add(tr->notes, BS_NOTE_LEFT_OUT, "%s", text);
    }
    free(text);
}

static void
translate_collation_at(struct bs_translating *tr, size_t at) {
    char name[BS_WORD_TEXT_MAX];
    bs_translate_charset_name(tr, at, name, sizeof name);
    if (strcasecmp(name, "binary") == 0 || strcasecmp(name, "default") == 0) {
        return;
    }
    const char *there = bs_translate_collation(tr->t, bs_str(name));
    if (there == NULL) {
        bs_notes_add(tr->notes, BS_NOTE_REFUSED, "collation %s has no equal on the target", name);
    } else if (!bs_collation_name_equal(bs_str(there), bs_str(name))) {
        bs_notes_add(tr->notes, BS_NOTE_CHANGED, "collation %s becomes %s", name, there);
        bs_words_set(&tr->words, at, there);
        note_padding(tr, name, there);
    }
}

static void
translate_collations(struct bs_translating *tr) {
    for (size_t i = 0; i < tr->words.count; i++) {
        if (bs_words_is(&tr->words, i, "COLLATE") && !bs_words_is_punct(&tr->words, i + 1, '(')) {
            translate_collation_at(tr, i + (bs_words_is_punct(&tr->words, i + 1, '=') ? 2 : 1));
        }
    }
}

/* column->'$.path' is JSON_EXTRACT(column, '$.path'), and ->> that unquoted. The column is what
 * stands before: `a`, `t`.`a` or `db`.`t`.`a`. */
static void
translate_arrow(struct bs_translating *tr, size_t at, bool unquoted) {
    size_t string = at + (unquoted ? 3 : 2);
    size_t from = at - 1;
    while (from >= 2 && bs_words_is_punct(&tr->words, from - 1, '.')) {
        from -= 2;
    }
    bs_words_prepend(&tr->words, from, unquoted ? "JSON_UNQUOTE(JSON_EXTRACT(" : "JSON_EXTRACT(");
    bs_words_cut(&tr->words, at, string);
    bs_words_prepend(&tr->words, string, ",");
    bs_words_append(&tr->words, string, unquoted ? "))" : ")");
}

static void
translate_arrows(struct bs_translating *tr) {
    for (size_t i = 1; i + 2 < tr->words.count; i++) {
        bool is_arrow = bs_words_is_punct(&tr->words, i, '-') &&
                        bs_words_is_punct(&tr->words, i + 1, '>') &&
                        tr->words.items[i + 1].gap == '\0';
        bool unquoted = is_arrow && bs_words_is_punct(&tr->words, i + 2, '>');
        if (is_arrow && bs_words_is_string(&tr->words, i + (unquoted ? 3 : 2))) {
            translate_arrow(tr, i, unquoted);
        }
    }
}

/* regexp_like(a,b), as MySQL prints a REGEXP b: MariaDB has only the operator. */
static void
translate_regexp(struct bs_translating *tr) {
    for (size_t i = 0; i + 1 < tr->words.count; i++) {
        if (!bs_words_is(&tr->words, i, "regexp_like") ||
            !bs_words_is_punct(&tr->words, i + 1, '(')) {
            continue;
        }
        size_t close = bs_words_behind(&tr->words, i + 1) - 1;
        size_t comma = bs_words_comma(&tr->words, i + 2, close);
        if (bs_words_comma(&tr->words, comma + 1, close) < close) {
            bs_notes_add(tr->notes, BS_NOTE_REFUSED, "regexp_like with a match type has no equal");
        }
        bs_words_cut(&tr->words, i, i + 1);
        bs_words_set(&tr->words, comma, " REGEXP ");
    }
}

/* Statements. */

static size_t
accept(const struct bs_translating *tr, size_t at, const char *word) {
    return bs_words_is(&tr->words, at, word) ? at + 1 : at;
}

/* CREATE [OR REPLACE], ALTER and the like: behind them, decorations of routines and views skipped
 * no further than the kind of object. */
static size_t
find_kind(const struct bs_translating *tr, const char *kind) {
    enum { HEAD_WORDS_MAX = 24 };
    size_t most = tr->words.count < HEAD_WORDS_MAX ? tr->words.count : HEAD_WORDS_MAX;
    for (size_t i = 1; i < most; i++) {
        if (bs_words_is(&tr->words, i, kind)) {
            return i;
        }
        if (bs_words_is_punct(&tr->words, i, '(')) {
            break;
        }
    }
    return 0;
}

/* The object's name as it stands in the statement. */
static void
put_name(const struct bs_translating *tr, size_t at, struct bs_buf *out) {
    size_t behind = bs_translate_behind_name(tr, at);
    for (; at < behind && at < tr->words.count; at++) {
        bs_buf_put_str(out, tr->words.items[at].token.text);
    }
}

/* MySQL has CREATE OR REPLACE for views only: elsewhere what is there is dropped first. */
static void
split_or_replace(struct bs_translating *tr, const char *kind, size_t name, struct bs_buf *before) {
    if (!bs_translation_to_mysql(tr->t) || !bs_words_is(&tr->words, 1, "OR")) {
        return;
    }
    bs_words_cut(&tr->words, 1, 3);
    bs_buf_printf(before, "DROP %s IF EXISTS ", kind);
    put_name(tr, name, before);
}

static void
translate_database(struct bs_translating *tr, size_t name) {
    bs_translate_charsets(tr, name + 1, tr->words.count);
    for (size_t i = name + 1; i < tr->words.count; i++) {
        bool to_mariadb = bs_translation_to_mariadb(tr->t);
        size_t option = accept(tr, i, "DEFAULT");
        bool goes =
            (bs_translation_to_mysql(tr->t) && bs_words_is(&tr->words, option, "COMMENT")) ||
            (to_mariadb && bs_words_is(&tr->words, option, "ENCRYPTION"));
        if (goes) {
            bs_words_cut(&tr->words, i, bs_translate_behind_value(tr, option));
        } else if (to_mariadb && bs_words_is(&tr->words, option, "READ") &&
                   bs_words_is(&tr->words, option + 1, "ONLY")) {
            bs_words_cut(&tr->words, i, bs_translate_behind_value(tr, option + 1));
        }
    }
}

static bool
translate_create(struct bs_translating *tr, struct bs_buf *before) {
    static const char *const ROUTINES[] = {"PROCEDURE", "FUNCTION"};
    size_t at = find_kind(tr, "TABLE");
    size_t database = find_kind(tr, "DATABASE") + find_kind(tr, "SCHEMA");
    size_t index = find_kind(tr, "INDEX");
    if (at != 0 && at <= 4) {
        at = accept(tr, accept(tr, accept(tr, at + 1, "IF"), "NOT"), "EXISTS");
        split_or_replace(tr, "TABLE", at, before);
        bs_translate_create_table(tr, at);
    } else if (index != 0 && index <= 4) {
        return bs_translate_index_statement(tr, index);
    } else if (database != 0 && database <= 3) {
        database = accept(tr, accept(tr, accept(tr, database + 1, "IF"), "NOT"), "EXISTS");
        split_or_replace(tr, "DATABASE", database, before);
        translate_database(tr, database);
    }
    for (size_t i = 0; i < sizeof ROUTINES / sizeof *ROUTINES; i++) {
        size_t kind = find_kind(tr, ROUTINES[i]);
        if (kind != 0 && at == 0) {
            split_or_replace(tr, ROUTINES[i], kind + 1, before);
        }
    }
    return false;
}

static bool
translate_alter(struct bs_translating *tr) {
    size_t at = find_kind(tr, "TABLE");
    if (at == 0 || at > 3) {
        if (bs_words_is(&tr->words, 1, "DATABASE") || bs_words_is(&tr->words, 1, "SCHEMA")) {
            translate_database(tr, 1);
        }
        return false;
    }
    bool to_mysql = bs_translation_to_mysql(tr->t);
    if (to_mysql) {
        bs_words_cut(&tr->words, 1, at); /* ONLINE, IGNORE */
    }
    size_t name = accept(tr, accept(tr, at + 1, "IF"), "EXISTS");
    if (to_mysql && name > at + 1) {
        bs_words_cut(&tr->words, at + 1, name);
        if (tr->here == NULL) {
            return true;
        }
    }
    return bs_translate_alter_table(tr, name);
}

/* RENAME TABLE and TRUNCATE of MariaDB may say how long to wait. */
static void
cut_waits(struct bs_translating *tr) {
    for (size_t i = 1; bs_translation_to_mysql(tr->t) && i < tr->words.count; i++) {
        bool is_wait = bs_words_is(&tr->words, i, "WAIT") && i + 1 < tr->words.count &&
                       tr->words.items[i + 1].token.kind == BS_TOKEN_NUMBER;
        if (is_wait || bs_words_is(&tr->words, i, "NOWAIT")) {
            bs_words_cut(&tr->words, i, i + (is_wait ? 2 : 1));
        }
    }
}

/* True: nothing is left to be run. */
static bool
translate_by_verb(struct bs_translating *tr, struct bs_buf *before) {
    if (bs_words_is(&tr->words, 0, "CREATE")) {
        return translate_create(tr, before);
    }
    if (bs_words_is(&tr->words, 0, "ALTER")) {
        return translate_alter(tr);
    }
    if (bs_words_is(&tr->words, 0, "DROP") && bs_words_is(&tr->words, 1, "INDEX")) {
        return bs_translate_index_statement(tr, 1);
    }
    if (bs_words_is(&tr->words, 0, "RENAME") || bs_words_is(&tr->words, 0, "TRUNCATE")) {
        cut_waits(tr);
    }
    return false;
}

bool
bs_translate_refuse_package(const struct bs_translation *t, enum bs_object_kind kind,
                            struct bs_notes *notes) {
    bool refused =
        bs_translation_to_mysql(t) && (kind == BS_OBJECT_PACKAGE || kind == BS_OBJECT_PACKAGE_BODY);
    if (refused) {
        bs_notes_add(notes, BS_NOTE_REFUSED, "PACKAGE has no equal in MySQL");
    }
    return refused;
}

static bool
is_about_table(const struct bs_translating *tr) {
    bool makes = bs_words_is(&tr->words, 0, "CREATE") || bs_words_is(&tr->words, 0, "ALTER");
    size_t at = find_kind(tr, "TABLE");
    return makes && at != 0 && at <= 4;
}

/* True: it is about a package, which MySQL has none of, so that there is none to be dropped. */
static bool
is_about_package(const struct bs_translation *t, struct bs_str sql, struct bs_text_mode mode,
                 struct bs_notes *notes) {
    struct bs_ddl ddl;
    struct bs_notes dropped = {0};
    bs_ddl_parse(&ddl, sql, bs_str(""), mode.ansi_quotes, mode.no_backslash_escapes);
    bool is_drop = ddl.verb == BS_DDL_DROP;
    bool is_it = ddl.class == BS_DDL_OBJECT &&
                 bs_translate_refuse_package(t, ddl.kind, is_drop ? &dropped : notes);
    bs_notes_fini(&dropped);
    bs_ddl_fini(&ddl);
    return is_it;
}

static void
translate_words(const struct bs_translation *t, struct bs_str sql, struct bs_text_mode mode,
                const struct bs_table *here, struct bs_translated *out) {
    if (!bs_translation_is_needed(t)) {
        bs_buf_put_str(&out->sql, sql);
        return;
    }
    if (is_about_package(t, sql, mode, &out->notes)) {
        return;
    }
    struct bs_translating tr = {.t = t, .notes = &out->notes, .here = here, .mode = mode};
    bs_words_read(&tr.words, sql, mode.ansi_quotes, mode.no_backslash_escapes, &t->source);
    translate_collations(&tr);
    bool is_nothing = translate_by_verb(&tr, &out->before);
    if (bs_translation_to_mariadb(t)) {
        translate_arrows(&tr);
        translate_regexp(&tr);
    }
    if (bs_translation_to_mariadb(t) && is_about_table(&tr)) {
        bs_translate_literals(&tr, mode.is_utf8mb4);
    }
    bs_translate_refuse_foreign(&tr);
    if (!is_nothing) {
        bs_words_put(&tr.words, &out->sql);
    }
    out->loses_history = tr.loses_history;
    bs_words_fini(&tr.words);
}

void
bs_translate_statement(const struct bs_translation *t, struct bs_str sql, struct bs_text_mode mode,
                       const struct bs_table *here, struct bs_translated *out) {
    struct bs_buf text = {0};
    struct bs_buf full = {0};
    *out = (struct bs_translated){0};
    if (t->source.utf8_is_utf8mb4) {
        bs_translate_put_utf8(&full, t, sql, mode.ansi_quotes, mode.no_backslash_escapes);
        sql = bs_buf_str(&full);
    }
    if (t->definer != NULL) {
        bs_definer_put(&text, sql, t->definer, mode.ansi_quotes, mode.no_backslash_escapes,
                       &t->source);
        sql = bs_buf_str(&text);
    }
    translate_words(t, sql, mode, here, out);
    bs_buf_fini(&text);
    bs_buf_fini(&full);
}

void
bs_translate_create(const struct bs_translation *t, const char *engine, struct bs_str create,
                    struct bs_translated *out) {
    struct bs_buf text = {0};
    if (t->keep_engines || bs_engine_kind(engine) != BS_ENGINE_CONVERTED) {
        bs_buf_put_str(&text, create);
    } else {
        bs_engine_put_innodb(&text, create, false, false);
    }
    bs_translate_statement(t, bs_buf_str(&text), (struct bs_text_mode){.is_utf8mb4 = true}, NULL,
                           out);
    bs_buf_fini(&text);
}
