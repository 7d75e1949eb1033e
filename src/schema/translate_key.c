/* Keys, constraints and periods, in CREATE TABLE, behind ADD, and as CREATE and DROP INDEX. An
 * index that the target cannot have is left out when it only makes reading faster, and refused when
 * it keeps values apart. */
#include "schema/translate_private.h"

#include <string.h>
#include <strings.h>

enum { MARIADB_HAS_IGNORED = 100600, MYSQL_HAS_INVISIBLE_KEYS = 80000, MYSQL_HAS_CHECK = 80016 };

bool
bs_is_key_element(const struct bs_translating *tr, size_t at) {
    static const char *const WORDS[] = {"CONSTRAINT", "PRIMARY", "UNIQUE",  "KEY",  "INDEX",
                                        "FULLTEXT",   "SPATIAL", "FOREIGN", "CHECK"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (bs_words_is(&tr->words, at, WORDS[i])) {
            return true;
        }
    }
    bool is_vector =
        bs_words_is(&tr->words, at, "VECTOR") &&
        (bs_words_is(&tr->words, at + 1, "KEY") || bs_words_is(&tr->words, at + 1, "INDEX"));
    return is_vector ||
           (bs_words_is(&tr->words, at, "PERIOD") && bs_words_is(&tr->words, at + 1, "FOR"));
}

/* Is a part of the list in brackets an expression, in brackets of its own? */
static bool
has_expression(const struct bs_translating *tr, size_t open) {
    size_t end = bs_words_behind(&tr->words, open) - 1;
    for (size_t at = open + 1; at < end; at = bs_words_comma(&tr->words, at, end) + 1) {
        if (bs_words_is_punct(&tr->words, at, '(')) {
            return true;
        }
    }
    return false;
}

/* MariaDB adds the row end to each unique key of a system-versioned table, and prints it there if
 * the column was named. */
static bool
is_row_end(const struct bs_translating *tr, size_t at) {
    enum { TO_ROW_END = 6 }; /* PERIOD FOR SYSTEM_TIME ( start , end ) */
    char wanted[BS_WORD_TEXT_MAX], name[BS_WORD_TEXT_MAX];
    if (tr->period == 0 || !bs_translation_to_mysql(tr->t)) {
        return false;
    }
    bs_words_name(&tr->words, tr->period + TO_ROW_END, wanted, sizeof wanted);
    bs_words_name(&tr->words, at, name, sizeof name);
    return strcasecmp(wanted, name) == 0;
}

static void
cut_row_end(struct bs_translating *tr, size_t open) {
    size_t end = bs_words_behind(&tr->words, open) - 1;
    for (size_t at = open + 1; at < end;) {
        size_t comma = bs_words_comma(&tr->words, at, end);
        if (is_row_end(tr, at) && at > open + 1) {
            bs_words_cut(&tr->words, at - 1, comma);
        } else if (is_row_end(tr, at)) {
            bs_words_cut(&tr->words, at, comma < end ? comma + 1 : comma);
        }
        at = comma + 1;
    }
}

/* The columns of a list, quoted where one flavour might take a name for a keyword. */
static void
quote_parts(struct bs_translating *tr, size_t open) {
    size_t end = bs_words_behind(&tr->words, open) - 1;
    for (size_t at = open + 1; at < end; at = bs_words_comma(&tr->words, at, end) + 1) {
        bs_translate_quote(tr, at);
    }
}

static void
cut_with_value(struct bs_translating *tr, size_t from, size_t to, const char *option) {
    size_t at = bs_words_find(&tr->words, from, to, option);
    if (at < to) {
        bs_words_cut(&tr->words, at, bs_translate_behind_value(tr, at));
    }
}

/* What may stand behind the list. */
static void
translate_key_options(struct bs_translating *tr, size_t from, size_t to) {
    const struct bs_server *target = &tr->t->target;
    size_t visible = bs_words_find(&tr->words, from, to, "VISIBLE");
    size_t invisible = bs_words_find(&tr->words, from, to, "INVISIBLE");
    size_t ignored = bs_words_find(&tr->words, from, to, "IGNORED");
    size_t parser = bs_words_find(&tr->words, from, to, "PARSER");
    bs_words_cut(&tr->words, visible, visible < to ? visible + 1 : visible);
    if (invisible < to) {
        bs_words_set(&tr->words, invisible,
                     target->version >= MARIADB_HAS_IGNORED ? "IGNORED" : "");
    }
    if (ignored < to && bs_words_is(&tr->words, ignored - 1, "NOT")) {
        bs_words_cut(&tr->words, ignored - 1, ignored + 1);
    } else if (ignored < to) {
        bs_words_set(&tr->words, ignored,
                     target->version >= MYSQL_HAS_INVISIBLE_KEYS ? "INVISIBLE" : "");
    }
    if (parser < to && bs_words_is(&tr->words, parser - 1, "WITH")) {
        bs_words_cut(&tr->words, parser - 1, parser + 2);
        bs_notes_add(tr->notes, BS_NOTE_CHANGED, "a full-text index loses its parser");
    }
    cut_with_value(tr, from, to, "ENGINE_ATTRIBUTE");
    cut_with_value(tr, from, to, "SECONDARY_ENGINE_ATTRIBUTE");
    cut_with_value(tr, from, to, "CLUSTERING");
}

/* MariaDB calls the nameless CHECKs of each table CONSTRAINT_1 and so on; in MySQL a name may stand
 * once in a database, so there they get names of its own. */
static void
cut_given_name(struct bs_translating *tr, size_t check) {
    static const char GIVEN[] = "CONSTRAINT_";
    char name[BS_WORD_TEXT_MAX];
    if (check < 2 || !bs_words_is(&tr->words, check - 2, "CONSTRAINT")) {
        return;
    }
    bs_words_name(&tr->words, check - 1, name, sizeof name);
    size_t digits =
        strspn(name + (strncmp(name, GIVEN, strlen(GIVEN)) == 0 ? strlen(GIVEN) : 0), "0123456789");
    if (digits > 0 && strlen(GIVEN) + digits == strlen(name)) {
        bs_words_cut(&tr->words, check - 2, check);
    }
}

/* CHECK (...) as an element. True: it goes. */
static bool
translate_check(struct bs_translating *tr, size_t check, size_t to) {
    size_t behind = bs_words_behind(&tr->words, check + 1);
    if (bs_translation_to_mysql(tr->t) && tr->t->target.version < MYSQL_HAS_CHECK) {
        bs_notes_add(tr->notes, BS_NOTE_LEFT_OUT, "a CHECK is left out: this MySQL has none");
        return true;
    }
    bool to_mariadb = bs_translation_to_mariadb(tr->t);
    if (bs_translation_to_mysql(tr->t)) {
        cut_given_name(tr, check);
    }
    if (to_mariadb && behind < to && bs_words_is(&tr->words, behind, "NOT")) {
        bs_notes_add(tr->notes, BS_NOTE_LEFT_OUT, "a CHECK that is NOT ENFORCED is left out");
        return true;
    }
    if (to_mariadb && behind < to && bs_words_is(&tr->words, behind, "ENFORCED")) {
        bs_words_cut(&tr->words, behind, behind + 1);
    }
    return false;
}

static bool
translate_period(struct bs_translating *tr) {
    bool to_mysql = bs_translation_to_mysql(tr->t);
    if (to_mysql && tr->period == 0) { /* SYSTEM VERSIONING says it for its own */
        bs_notes_add(tr->notes, BS_NOTE_LEFT_OUT, "a PERIOD is left out: MySQL has none");
    }
    return to_mysql;
}

/* USING HASH, TYPE HASH: InnoDB of MySQL makes a B-tree all the same, MariaDB a hidden column. */
static void
cut_hash(struct bs_translating *tr, size_t from, size_t to) {
    size_t hash = bs_words_find(&tr->words, from, to, "HASH");
    if (hash < to && hash > from &&
        (bs_words_is(&tr->words, hash - 1, "USING") || bs_words_is(&tr->words, hash - 1, "TYPE"))) {
        bs_words_cut(&tr->words, hash - 1, hash + 1);
    }
}

/* The key whose list opens at open. True: it goes. */
static bool
translate_listed_key(struct bs_translating *tr, size_t from, size_t open, size_t to) {
    bool is_unique = bs_words_find(&tr->words, from, open, "UNIQUE") < open ||
                     bs_words_find(&tr->words, from, open, "PRIMARY") < open;
    bool is_hash = bs_words_find(&tr->words, open, to, "HASH") < to ||
                   bs_words_find(&tr->words, from, open, "HASH") < open;
    if (bs_translation_to_mariadb(tr->t) && has_expression(tr, open)) {
        bs_notes_add(tr->notes, is_unique ? BS_NOTE_REFUSED : BS_NOTE_LEFT_OUT,
                     is_unique ? "a unique index over an expression has no equal in MariaDB"
                               : "an index over an expression is left out: MariaDB has none");
        return !is_unique;
    }
    if (bs_translation_to_mysql(tr->t) && bs_words_find(&tr->words, from, open, "VECTOR") < open) {
        bs_notes_add(tr->notes, BS_NOTE_LEFT_OUT, "a VECTOR index is left out: MySQL has none");
        return true;
    }
    if (bs_translation_to_mariadb(tr->t)) {
        cut_hash(tr, from, open);
        cut_hash(tr, bs_words_behind(&tr->words, open), to);
    }
    if (bs_translation_to_mysql(tr->t) && is_unique && is_hash) {
        bs_notes_add(tr->notes, BS_NOTE_REFUSED,
                     "a unique index over values too long for a B-tree has no equal in MySQL");
    }
    if (bs_translation_to_mysql(tr->t) && bs_words_find(&tr->words, open + 1, to, "WITHOUT") < to) {
        bs_notes_add(tr->notes, BS_NOTE_REFUSED, "WITHOUT OVERLAPS has no equal in MySQL");
    }
    quote_parts(tr, open);
    cut_row_end(tr, open);
    translate_key_options(tr, bs_words_behind(&tr->words, open), to);
    return false;
}

bool
bs_translate_key(struct bs_translating *tr, size_t from, size_t to) {
    size_t check = bs_words_find(&tr->words, from, to, "CHECK");
    if (check < to && bs_translate_forgets_check(tr)) {
        bs_notes_add(tr->notes, BS_NOTE_LEFT_OUT,
                     "a CHECK is left out, which the source does not keep either");
        return true;
    }
    if (!bs_translation_is_across(tr->t)) {
        return false;
    }
    if (bs_words_is(&tr->words, from, "PERIOD")) {
        return translate_period(tr);
    }
    if (check < to) {
        return translate_check(tr, check, to);
    }
    size_t open = from;
    while (open < to && !bs_words_is_punct(&tr->words, open, '(')) {
        open++;
    }
    return open < to && translate_listed_key(tr, from, open, to);
}

size_t
bs_translate_condition(struct bs_translating *tr, size_t at, bool is_there, bool *holds) {
    *holds = true;
    if (!bs_words_is(&tr->words, at, "IF")) {
        return at;
    }
    bool wants_absent = bs_words_is(&tr->words, at + 1, "NOT");
    size_t behind = at + (wants_absent ? 3 : 2);
    if (bs_translation_to_mysql(tr->t)) {
        *holds = is_there != wants_absent;
        bs_words_cut(&tr->words, at, behind);
    }
    return behind;
}

static bool
has_key(const struct bs_translating *tr, size_t name) {
    char text[BS_WORD_TEXT_MAX];
    bs_words_name(&tr->words, name, text, sizeof text);
    for (size_t i = 0; tr->here != NULL && i < tr->here->key_count; i++) {
        if (strcasecmp(tr->here->keys[i].name, text) == 0) {
            return true;
        }
    }
    return false;
}

/* As one statement, so that a crash cannot come in between: ALTER TABLE t DROP INDEX i, ADD ... */
static void
replace_index(struct bs_translating *tr, size_t name, size_t on, size_t behind_table) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "ALTER TABLE ");
    for (size_t i = on + 1; i < behind_table; i++) {
        bs_buf_put_str(&text, tr->words.items[i].token.text);
    }
    bs_buf_puts(&text, " DROP INDEX ");
    bs_buf_put_str(&text, tr->words.items[name].token.text);
    bs_buf_puts(&text, ", ADD");
    bs_words_set(&tr->words, 0, bs_buf_cstr(&text));
    bs_words_cut(&tr->words, on, behind_table);
    bs_buf_fini(&text);
}

/* CREATE [OR REPLACE] [UNIQUE] INDEX [IF NOT EXISTS] i ON t (...) ..., DROP INDEX [IF EXISTS] i ON
 * t
 */
bool
bs_translate_index_statement(struct bs_translating *tr, size_t index) {
    bool holds = true;
    if (!bs_translation_is_across(tr->t)) {
        return false;
    }
    size_t name = index + 1;
    if (bs_words_is(&tr->words, name, "IF")) {
        size_t behind = name + (bs_words_is(&tr->words, name + 1, "NOT") ? 3 : 2);
        name = bs_translate_condition(tr, name, has_key(tr, behind), &holds);
    }
    size_t on = bs_words_find(&tr->words, name, tr->words.count, "ON");
    size_t behind_table = bs_translate_behind_name(tr, on + 1);
    if (bs_translation_to_mysql(tr->t) && bs_words_is(&tr->words, 1, "OR")) {
        bs_words_cut(&tr->words, 1, 3);
        if (has_key(tr, name)) {
            replace_index(tr, name, on, behind_table);
        }
    }
    cut_with_value(tr, behind_table, tr->words.count, "ALGORITHM");
    cut_with_value(tr, behind_table, tr->words.count, "LOCK");
    return !holds || bs_translate_key(tr, 1, tr->words.count);
}
