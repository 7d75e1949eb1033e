/* Foreign keys of tables whose engine has none. The server reads them, makes the key that each of
 * them needs at the child (named as the constraint, the key or the first column), and forgets the
 * rest: seen on MySQL 5.6 and 9.7 and on MariaDB 10.11, where DROP FOREIGN KEY of MySQL does
 * nothing. An engine that has them would make more of the same words. */
#include "schema/references.h"

#include <strings.h>

enum { NAME_MAX_BYTES = 64 * 4 + 1 };

/* ON DELETE x, ON UPDATE x: behind it; at itself where there is none. A column has ON UPDATE
 * CURRENT_TIMESTAMP as well, which is another thing. */
static size_t
behind_action(const struct bs_words *words, size_t at) {
    bool is_on = bs_words_is(words, at, "ON") &&
                 (bs_words_is(words, at + 1, "DELETE") || bs_words_is(words, at + 1, "UPDATE"));
    if (!is_on) {
        return at;
    }
    if (bs_words_is(words, at + 2, "RESTRICT") || bs_words_is(words, at + 2, "CASCADE")) {
        return at + 3;
    }
    return bs_words_is(words, at + 2, "SET") || bs_words_is(words, at + 2, "NO") ? at + 4 : at;
}

size_t
bs_references_end(const struct bs_words *words, size_t at) {
    size_t behind = bs_words_is_punct(words, at + 2, '.') ? at + 4 : at + 2;
    behind = bs_words_behind(words, behind);
    for (size_t before = at; behind > before;) {
        before = behind;
        behind = bs_words_is(words, behind, "MATCH") ? behind + 2 : behind_action(words, behind);
    }
    return behind;
}

/* One statement. */
struct cutting {
    struct bs_words words;
    const struct bs_server *source;
    const struct bs_table *here;
    bool is_alter;
    bool has_cut;
};

static size_t
accept(const struct cutting *c, size_t at, const char *word) {
    return bs_words_is(&c->words, at, word) ? at + 1 : at;
}

/* Do both name the same column? */
static bool
is_same(const struct cutting *c, size_t a, size_t b) {
    char one[NAME_MAX_BYTES], other[NAME_MAX_BYTES];
    bs_words_name(&c->words, a, one, sizeof one);
    bs_words_name(&c->words, b, other, sizeof other);
    return strcasecmp(one, other) == 0;
}

/* Is the list of plain columns at open the begin of the key's list at key? */
static bool
begins(const struct cutting *c, size_t open, size_t key) {
    for (;; open += 2, key += 2) {
        if (!is_same(c, open + 1, key + 1)) {
            return false;
        }
        if (bs_words_is_punct(&c->words, open + 2, ')')) {
            return bs_words_is_punct(&c->words, key + 2, ')') ||
                   bs_words_is_punct(&c->words, key + 2, ',');
        }
        if (!bs_words_is_punct(&c->words, open + 2, ',') ||
            !bs_words_is_punct(&c->words, key + 2, ',')) {
            return false;
        }
    }
}

static bool
begins_existing(const struct cutting *c, size_t open, const struct bs_key *key) {
    char name[NAME_MAX_BYTES];
    size_t part = 0;
    for (size_t at = open; !bs_words_is_punct(&c->words, at, ')') && at < c->words.count; at += 2) {
        bs_words_name(&c->words, at + 1, name, sizeof name);
        if (part >= key->part_count || key->functional || key->parts[part].prefix != 0 ||
            strcasecmp(c->here->columns[key->parts[part].column].name, name) != 0) {
            return false;
        }
        part++;
    }
    return true;
}

/* Is there a key, another than this one, that begins with the list at open? */
static bool
is_covered(const struct cutting *c, size_t open) {
    for (size_t i = 0; i < c->words.count; i++) {
        size_t list = bs_words_is_punct(&c->words, i + 1, '(') ? i + 1 : i + 2;
        bool is_key = (bs_words_is(&c->words, i, "KEY") || bs_words_is(&c->words, i, "INDEX") ||
                       bs_words_is(&c->words, i, "UNIQUE")) &&
                      !(i > 0 && bs_words_is(&c->words, i - 1, "FOREIGN"));
        if (is_key && bs_words_is_punct(&c->words, list, '(') && begins(c, open, list)) {
            return true;
        }
    }
    for (size_t i = 0; c->here != NULL && i < c->here->key_count; i++) {
        if (begins_existing(c, open, &c->here->keys[i])) {
            return true;
        }
    }
    return false;
}

/* Puts another word of the statement behind this one. */
static void
append_word(struct cutting *c, size_t at, const char *gap, size_t word) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, gap);
    bs_buf_put_str(&text, c->words.items[word].token.text);
    bs_words_append(&c->words, at, bs_buf_cstr(&text));
    bs_buf_fini(&text);
}

/* [CONSTRAINT [name]] FOREIGN KEY [IF NOT EXISTS] [name] (columns) REFERENCES ..., with FOREIGN at
 * foreign. True: it goes. */
static bool
cut_foreign_key(struct cutting *c, size_t from, size_t foreign, size_t to) {
    size_t open = foreign;
    while (open < to && !bs_words_is_punct(&c->words, open, '(')) {
        open++;
    }
    size_t references = bs_words_find(&c->words, open, to, "REFERENCES");
    if (references >= to || is_covered(c, open)) {
        return references < to;
    }
    size_t name = accept(c, accept(c, accept(c, foreign + 2, "IF"), "NOT"), "EXISTS");
    size_t constraint = bs_words_find(&c->words, from, foreign, "CONSTRAINT");
    if (constraint + 1 < foreign) { /* the constraint's name is the key's */
        bs_words_cut(&c->words, name, open);
        append_word(c, name - 1, " ", constraint + 1);
    }
    bs_words_cut(&c->words, constraint, foreign + 1);
    bs_words_cut(&c->words, references, bs_references_end(&c->words, references));
    return false;
}

/* REFERENCES in a column's definition: some servers make a key of that, too. */
static void
cut_in_column(struct cutting *c, size_t name, size_t from, size_t to) {
    size_t references = bs_words_find(&c->words, from, to, "REFERENCES");
    if (references >= to) {
        return;
    }
    size_t constraint = bs_words_find(&c->words, from, references, "CONSTRAINT");
    bool has_name = constraint + 1 < references;
    bool has_key = bs_words_find(&c->words, from, references, "KEY") < references ||
                   bs_words_find(&c->words, from, references, "UNIQUE") < references;
    c->has_cut = true;
    bs_words_cut(&c->words, constraint, references);
    bs_words_cut(&c->words, references, bs_references_end(&c->words, references));
    if (bs_server_keeps_column_references(c->source) && !has_key) {
        bs_words_append(&c->words, to - 1, c->is_alter ? ", ADD KEY" : ", KEY");
        if (has_name) {
            append_word(c, to - 1, " ", constraint + 1);
        }
        append_word(c, to - 1, " (", name);
        bs_words_append(&c->words, to - 1, ")");
    }
}

/* A column or a key. True: it goes. */
static bool
cut_in_element(struct cutting *c, size_t from, size_t to) {
    size_t foreign = bs_words_find(&c->words, from, to, "FOREIGN");
    if (foreign < to) {
        c->has_cut = true;
        return cut_foreign_key(c, from, foreign, to);
    }
    size_t name = accept(c, accept(c, accept(c, from, "IF"), "NOT"), "EXISTS");
    cut_in_column(c, name, name + 1, to);
    return false;
}

static void
cut_in_list(struct cutting *c, size_t open) {
    size_t end = bs_words_behind(&c->words, open) - 1;
    for (size_t from = open + 1, to; from < end; from = to + 1) {
        to = bs_words_comma(&c->words, from, end);
        if (cut_in_element(c, from, to)) { /* a column stands before */
            bs_words_cut(&c->words, from - 1, to);
        }
    }
}

static bool
cut_in_action(struct cutting *c, size_t from, size_t to) {
    if (bs_words_is(&c->words, from, "DROP") && bs_words_is(&c->words, from + 1, "FOREIGN")) {
        c->has_cut = true;
        return true;
    }
    if (!bs_words_is(&c->words, from, "ADD")) {
        return false;
    }
    size_t at = accept(c, from + 1, "COLUMN");
    if (bs_words_is_punct(&c->words, at, '(')) {
        bool was_alter = c->is_alter;
        c->is_alter = false; /* within the list */
        cut_in_list(c, at);
        c->is_alter = was_alter;
        return false;
    }
    return cut_in_element(c, at, to);
}

static void
cut_in_alter(struct cutting *c, size_t from) {
    bool has_kept = false;
    while (bs_words_is(&c->words, from, "WAIT") || bs_words_is(&c->words, from, "NOWAIT")) {
        from += bs_words_is(&c->words, from, "WAIT") ? 2 : 1;
    }
    for (size_t start = from, to; start < c->words.count; start = to + 1) {
        to = bs_words_comma(&c->words, start, c->words.count);
        bool goes = cut_in_action(c, start, to);
        if (start > from && (goes || !has_kept)) {
            bs_words_cut(&c->words, start - 1, start);
        }
        if (goes) {
            bs_words_cut(&c->words, start, to);
        }
        has_kept = has_kept || !goes;
    }
}

static void
cut_in_statement(struct cutting *c) {
    size_t table = bs_words_find(&c->words, 0, c->words.count, "TABLE");
    size_t name = accept(c, accept(c, accept(c, table + 1, "IF"), "NOT"), "EXISTS");
    size_t behind = bs_words_is_punct(&c->words, name + 1, '.') ? name + 3 : name + 1;
    c->is_alter = bs_words_is(&c->words, 0, "ALTER");
    if (c->is_alter) {
        cut_in_alter(c, behind);
    } else if (bs_words_is(&c->words, 0, "CREATE") && bs_words_is_punct(&c->words, behind, '(')) {
        cut_in_list(c, behind);
    }
}

bool
bs_references_cut(struct bs_buf *out, struct bs_str sql, bool ansi_quotes,
                  bool no_backslash_escapes, const struct bs_server *source,
                  const struct bs_table *here) {
    struct cutting c = {.source = source, .here = here};
    bs_words_read(&c.words, sql, ansi_quotes, no_backslash_escapes, source);
    cut_in_statement(&c);
    if (c.has_cut) {
        bs_words_put(&c.words, out);
    }
    bs_words_fini(&c.words);
    return c.has_cut;
}
