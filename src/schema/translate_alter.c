/* ALTER TABLE name action, action ... Actions are told by their first words. What one flavour alone
 * has is translated, left out where it changes nothing that is carried, or refused. */
#include "schema/translate_private.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An action's answer: it stays, it goes, and either way others may follow. */
enum fate { STAYS, GOES };

static size_t
accept(const struct bs_translating *tr, size_t at, const char *word) {
    return bs_words_is(&tr->words, at, word) ? at + 1 : at;
}

static bool
has_column(const struct bs_translating *tr, size_t name) {
    char text[BS_WORD_TEXT_MAX];
    bs_words_name(&tr->words, name, text, sizeof text);
    return tr->here != NULL && bs_table_column(tr->here, bs_str(text)) != NULL;
}

/* A CHECK, which only the definition tells of. */
static bool
has_constraint(const struct bs_table *here, const char *name) {
    char *wanted = bs_asprintf("CONSTRAINT `%s`", name);
    bool found = here != NULL && here->create != NULL && strcasestr(here->create, wanted) != NULL;
    free(wanted);
    return found;
}

static bool
has_named(const struct bs_translating *tr, size_t name) {
    char text[BS_WORD_TEXT_MAX];
    bs_words_name(&tr->words, name, text, sizeof text);
    for (size_t i = 0; tr->here != NULL && i < tr->here->key_count; i++) {
        if (strcasecmp(tr->here->keys[i].name, text) == 0) {
            return true;
        }
    }
    for (size_t i = 0; tr->here != NULL && i < tr->here->fk_count; i++) {
        if (strcasecmp(tr->here->fks[i].name, text) == 0) {
            return true;
        }
    }
    return has_constraint(tr->here, text);
}

/* IF [NOT] EXISTS at at, about the thing named behind it. */
static size_t
condition(struct bs_translating *tr, size_t at, bool is_column, enum fate *fate) {
    bool holds = true;
    if (!bs_words_is(&tr->words, at, "IF")) {
        return at;
    }
    size_t name = at + (bs_words_is(&tr->words, at + 1, "NOT") ? 3 : 2);
    bool is_there = is_column ? has_column(tr, name) : has_named(tr, name);
    name = bs_translate_condition(tr, at, is_there, &holds);
    *fate = holds ? STAYS : GOES;
    return name;
}

/* FIRST and AFTER end a column's definition. */
static size_t
find_place(const struct bs_translating *tr, size_t from, size_t to) {
    size_t first = bs_words_find(&tr->words, from, to, "FIRST");
    size_t after = bs_words_find(&tr->words, from, to, "AFTER");
    return first < after ? first : after;
}

static void
translate_definition(struct bs_translating *tr, size_t name, size_t to) {
    size_t place = find_place(tr, name + 1, to);
    bs_translate_column(tr, name, place);
    if (bs_words_is(&tr->words, place, "AFTER")) {
        bs_translate_quote(tr, place + 1);
    }
}

static enum fate
refuse(struct bs_translating *tr, const char *what) {
    bs_notes_add(tr->notes, BS_NOTE_REFUSED, "%s has no equal on the target", what);
    return STAYS;
}

/* Where a key is named, IF NOT EXISTS may stand before the name: behind KEY, INDEX, FOREIGN KEY,
 * CONSTRAINT. */
static enum fate
translate_added_key(struct bs_translating *tr, size_t at, size_t to) {
    enum fate fate = STAYS;
    size_t open = at;
    while (open < to && !bs_words_is_punct(&tr->words, open, '(')) {
        open++;
    }
    size_t condition_at = bs_words_find(&tr->words, at, open, "IF");
    if (condition_at < open) {
        (void)condition(tr, condition_at, false, &fate);
    }
    return fate == GOES || bs_translate_key(tr, at, to) ? GOES : STAYS;
}

static enum fate
translate_add(struct bs_translating *tr, size_t at, size_t to) {
    enum fate fate = STAYS;
    bool to_mysql = bs_translation_to_mysql(tr->t);
    if (bs_words_is(&tr->words, at, "SYSTEM") && bs_words_is(&tr->words, at + 1, "VERSIONING")) {
        return to_mysql ? refuse(tr, "ADD SYSTEM VERSIONING") : STAYS;
    }
    if (bs_words_is(&tr->words, at, "PARTITION")) {
        return STAYS;
    }
    if (bs_is_key_element(tr, at)) {
        return translate_added_key(tr, at, to);
    }
    at = condition(tr, accept(tr, at, "COLUMN"), true, &fate);
    tr->fills_rows = true;
    if (bs_words_is_punct(&tr->words, at, '(')) {
        fate = bs_translate_elements(tr, at) ? GOES : STAYS;
    } else if (fate == STAYS) {
        translate_definition(tr, at, to);
    }
    tr->fills_rows = false;
    return fate;
}

static enum fate
translate_modify(struct bs_translating *tr, size_t at, size_t to, bool renames) {
    enum fate fate = STAYS;
    char old[BS_WORD_TEXT_MAX];
    at = condition(tr, accept(tr, at, "COLUMN"), true, &fate);
    bs_words_name(&tr->words, at, old, sizeof old);
    if (fate == STAYS && renames) {
        bs_translate_quote(tr, at++);
    }
    if (fate == STAYS) {
        bs_translate_conversion(tr, old, at + 1, find_place(tr, at + 1, to));
        translate_definition(tr, at, to);
    }
    return fate;
}

static enum fate
translate_drop(struct bs_translating *tr, size_t at) {
    enum fate fate = STAYS;
    if (bs_words_is(&tr->words, at, "CHECK") && bs_translation_to_mariadb(tr->t)) {
        bs_words_set(&tr->words, at, "CONSTRAINT");
    }
    if (bs_words_is(&tr->words, at, "SYSTEM") && bs_translation_to_mysql(tr->t)) {
        return refuse(tr, "DROP SYSTEM VERSIONING");
    }
    if (bs_words_is(&tr->words, at, "PARTITION")) {
        bs_translate_partition_rows(tr);
    }
    bool is_key = false;
    static const char *const KEYS[] = {"FOREIGN", "KEY", "INDEX", "CONSTRAINT", "CHECK"};
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        size_t behind = accept(tr, at, KEYS[i]);
        is_key = is_key || behind > at;
        at = behind;
    }
    if (!is_key) {
        at = accept(tr, at, "COLUMN");
    }
    at = condition(tr, at, !is_key, &fate);
    if (!is_key && !bs_words_is(&tr->words, at, "PRIMARY") &&
        !bs_words_is(&tr->words, at, "PARTITION")) {
        bs_translate_quote(tr, at);
    }
    return fate;
}

/* An index's VISIBLE or INVISIBLE at at, for MariaDB. */
static enum fate
show_or_hide(struct bs_translating *tr, size_t at, size_t to) {
    enum { MARIADB_HAS_IGNORED = 100600 };
    if (at < to) {
        bool hides = bs_words_is(&tr->words, at, "INVISIBLE");
        bs_words_set(&tr->words, at, hides ? "IGNORED" : "NOT IGNORED");
    }
    return tr->t->target.version < MARIADB_HAS_IGNORED ? GOES : STAYS;
}

/* An index's [NOT] IGNORED, for MySQL. */
static enum fate
unignore(struct bs_translating *tr, size_t at, size_t to) {
    size_t ignored = bs_words_find(&tr->words, at, to, "IGNORED");
    if (ignored < to) {
        bool shows = bs_words_is(&tr->words, ignored - 1, "NOT");
        bs_words_set(&tr->words, ignored, shows ? "VISIBLE" : "INVISIBLE");
        bs_words_cut(&tr->words, shows ? ignored - 1 : ignored, ignored);
    }
    return STAYS;
}

/* ALTER [COLUMN] c ..., ALTER INDEX i ..., ALTER {CHECK | CONSTRAINT} c ... */
static enum fate
translate_alter(struct bs_translating *tr, size_t at, size_t to) {
    enum fate fate = STAYS;
    bool to_mariadb = bs_translation_to_mariadb(tr->t);
    size_t invisible = bs_words_find(&tr->words, at, to, "INVISIBLE");
    size_t visible = bs_words_find(&tr->words, at, to, "VISIBLE");
    if (bs_words_is(&tr->words, at, "INDEX") || bs_words_is(&tr->words, at, "KEY")) {
        return to_mariadb ? show_or_hide(tr, invisible < to ? invisible : visible, to)
                          : unignore(tr, at, to);
    }
    bool checks = bs_words_is(&tr->words, at, "CHECK") || bs_words_is(&tr->words, at, "CONSTRAINT");
    if (to_mariadb && checks) {
        return refuse(tr, "ALTER CHECK");
    }
    if (to_mariadb && (invisible < to || visible < to)) {
        return refuse(tr, "ALTER COLUMN ... SET VISIBLE");
    }
    at = condition(tr, accept(tr, at, "COLUMN"), true, &fate);
    bs_translate_quote(tr, at);
    return fate;
}

/* RENAME {COLUMN | INDEX | KEY} [IF EXISTS] a TO b; RENAME [TO] t. */
static enum fate
translate_rename(struct bs_translating *tr, size_t at) {
    enum fate fate = STAYS;
    bool is_column = bs_words_is(&tr->words, at, "COLUMN");
    if (is_column || bs_words_is(&tr->words, at, "INDEX") || bs_words_is(&tr->words, at, "KEY")) {
        at = condition(tr, at + 1, is_column, &fate);
        bs_translate_quote(tr, at);
        bs_translate_quote(tr, at + 2);
    }
    return fate;
}

/* Words about how, not what: the other server chooses for itself. */
static bool
is_manner(const struct bs_translating *tr, size_t at) {
    return bs_words_is(&tr->words, at, "ALGORITHM") || bs_words_is(&tr->words, at, "LOCK") ||
           bs_words_is(&tr->words, at, "WAIT") || bs_words_is(&tr->words, at, "NOWAIT") ||
           bs_words_is(&tr->words, at, "WITHOUT") || bs_words_is(&tr->words, at, "WITH");
}

static enum fate
translate_other(struct bs_translating *tr, size_t at, size_t to) {
    static const char *const PLAIN[] = {"ORDER",    "ENABLE",   "DISABLE",  "FORCE",
                                        "TRUNCATE", "REMOVE",   "COALESCE", "REBUILD",
                                        "ANALYZE",  "OPTIMIZE", "CHECK",    "REPAIR"};
    if (is_manner(tr, at)) {
        return GOES;
    }
    if (bs_words_is(&tr->words, at, "TRUNCATE")) {
        bs_translate_partition_rows(tr);
    }
    for (size_t i = 0; i < sizeof PLAIN / sizeof *PLAIN; i++) {
        if (bs_words_is(&tr->words, at, PLAIN[i])) {
            return STAYS;
        }
    }
    if (bs_words_is(&tr->words, at, "CONVERT")) {
        bs_translate_charsets(tr, at, to);
        bs_translate_convert_to(tr, at, to);
        return STAYS;
    }
    return bs_translate_options(tr, at, to) ? GOES : STAYS;
}

static enum fate
translate_action(struct bs_translating *tr, size_t at, size_t to) {
    if (bs_words_is(&tr->words, at, "ADD")) {
        return translate_add(tr, at + 1, to);
    }
    if (bs_words_is(&tr->words, at, "MODIFY")) {
        return translate_modify(tr, at + 1, to, false);
    }
    if (bs_words_is(&tr->words, at, "CHANGE")) {
        return translate_modify(tr, at + 1, to, true);
    }
    if (bs_words_is(&tr->words, at, "DROP")) {
        return translate_drop(tr, at + 1);
    }
    if (bs_words_is(&tr->words, at, "ALTER")) {
        return translate_alter(tr, at + 1, to);
    }
    if (bs_words_is(&tr->words, at, "RENAME")) {
        return translate_rename(tr, at + 1);
    }
    return translate_other(tr, at, to);
}

/* Between versions of one flavour only charsets are looked at, and what is added and the source
 * forgets. */
static enum fate
translate_within(struct bs_translating *tr, size_t from, size_t to) {
    char name[BS_WORD_TEXT_MAX];
    size_t column = accept(tr, from + 1, "COLUMN");
    bs_translate_charsets(tr, from, to);
    if (!bs_words_is(&tr->words, from, "ADD")) {
        return STAYS;
    }
    if (bs_words_is_punct(&tr->words, column, '(')) {
        return bs_translate_elements(tr, column) ? GOES : STAYS;
    }
    if (bs_is_key_element(tr, column)) {
        return bs_translate_key(tr, column, to) ? GOES : STAYS;
    }
    bs_words_name(&tr->words, column, name, sizeof name);
    bs_translate_forgotten(tr, name, column + 1, to);
    return STAYS;
}

/* WAIT and NOWAIT stand before the first action, without a comma. */
static size_t
cut_waits(struct bs_translating *tr, size_t from) {
    while (bs_words_is(&tr->words, from, "WAIT") || bs_words_is(&tr->words, from, "NOWAIT")) {
        size_t behind = from + (bs_words_is(&tr->words, from, "WAIT") ? 2 : 1);
        bs_words_cut(&tr->words, from, behind);
        from = behind;
    }
    return from;
}

bool
bs_translate_alter_table(struct bs_translating *tr, size_t name) {
    size_t from = bs_translate_behind_name(tr, name);
    bool has_kept = false;
    bool across = bs_translation_is_across(tr->t);
    bs_translate_quote(tr, from - 1);
    bool is_bare = from >= tr->words.count; /* ALTER TABLE t: rebuilds nothing */
    from = across ? cut_waits(tr, from) : from;
    for (size_t start = from, to; start < tr->words.count; start = to + 1) {
        to = bs_words_comma(&tr->words, start, tr->words.count);
        enum fate fate = across ? translate_action(tr, start, to) : translate_within(tr, start, to);
        bool goes = fate == GOES;
        if (start > from && (goes || !has_kept)) {
            bs_words_cut(&tr->words, start - 1, start);
        }
        if (goes) {
            bs_words_cut(&tr->words, start, to);
        }
        has_kept = has_kept || !goes;
    }
    return !has_kept && !is_bare;
}
