#include "schema/zone.h"

#include "schema/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char NEW_COLUMN[] = "a column is added whose default is the time of day";
static const char CONVERSION[] = "a column is turned into or from TIMESTAMP, or a TIME into a date";
static const char LITERAL[] = "a TIMESTAMP has a literal as its default";
static const char FUNCTION[] = "it reckons with UNIX_TIMESTAMP or FROM_UNIXTIME";
static const char GENERATED[] = "a generated column is added that depends on it";

enum { NAME_BYTES = 64 * 4 + 1 };

struct statement {
    struct bs_words words;
    const struct bs_table *here;
    bool is_alter;
};

static size_t
accept(const struct statement *s, size_t at, const char *word) {
    return bs_words_is(&s->words, at, word) ? at + 1 : at;
}

static size_t
behind_condition(const struct statement *s, size_t at) {
    return accept(s, accept(s, accept(s, at, "IF"), "NOT"), "EXISTS");
}

static const struct bs_column *
column_at(const struct statement *s, size_t at) {
    char name[NAME_BYTES];
    bs_words_name(&s->words, at, name, sizeof name);
    return s->here != NULL ? bs_table_column(s->here, bs_str(name)) : NULL;
}

static bool
has_any(const struct statement *s, size_t from, size_t to, const char *const *names, size_t count) {
    for (size_t at = from; at < to; at++) {
        for (size_t i = 0; i < count; i++) {
            if (bs_words_is(&s->words, at, names[i])) {
                return true;
            }
        }
    }
    return false;
}

static bool
has_now(const struct statement *s, size_t from, size_t to) {
    static const char *const NAMES[] = {"CURRENT_TIMESTAMP", "NOW",         "LOCALTIME",
                                        "LOCALTIMESTAMP",    "CURDATE",     "CURRENT_DATE",
                                        "CURTIME",           "CURRENT_TIME"};
    return has_any(s, from, to, NAMES, sizeof NAMES / sizeof *NAMES);
}

static bool
has_function(const struct statement *s, size_t from, size_t to) {
    static const char *const NAMES[] = {"UNIX_TIMESTAMP", "FROM_UNIXTIME"};
    return has_any(s, from, to, NAMES, sizeof NAMES / sizeof *NAMES);
}

/* Not a column that is worked out whenever it is read. */
static bool
is_kept(const struct statement *s, size_t from, size_t to) {
    static const char *const NAMES[] = {"STORED", "PERSISTENT", "UNIQUE", "KEY"};
    return has_any(s, from, to, NAMES, sizeof NAMES / sizeof *NAMES);
}

/* A moment, and not the zero that is none: '0000-00-00 00:00:00' and 0. */
static bool
is_moment(const struct statement *s, size_t at) {
    if (at >= s->words.count) {
        return false;
    }
    struct bs_token token = s->words.items[at].token;
    bool is_literal = token.kind == BS_TOKEN_STRING || token.kind == BS_TOKEN_NUMBER;
    bool has_digit = false;
    for (size_t i = 0; i < token.text.len; i++) {
        has_digit = has_digit || (token.text.data[i] >= '1' && token.text.data[i] <= '9');
    }
    return (is_literal && has_digit) ||
           bs_words_is(&s->words, at, "TIMESTAMP"); /* TIMESTAMP'...' */
}

static bool
reads_timestamp(const struct statement *s, size_t from, size_t to) {
    for (size_t at = from; at < to; at++) {
        const struct bs_column *column = column_at(s, at);
        if (column != NULL && column->type == BS_TYPE_TIMESTAMP) {
            return true;
        }
    }
    return false;
}

static bool
is_generated_by_zone(const struct statement *s, size_t type, size_t to) {
    size_t open = bs_words_find(&s->words, type, to, "AS") + 1;
    size_t behind = bs_words_behind(&s->words, open);
    return s->is_alter && open < to && is_kept(s, behind, to) &&
           (has_function(s, open, behind) || reads_timestamp(s, open, behind));
}

/* The column's type at type, its attributes up to to. */
static const char *
of_definition(const struct statement *s, size_t type, size_t to, bool is_added) {
    bool is_timestamp = bs_words_is(&s->words, type, "TIMESTAMP");
    size_t value = bs_words_find(&s->words, type, to, "DEFAULT") + 1;
    bool in_brackets = bs_words_is_punct(&s->words, value, '(');
    size_t behind = in_brackets ? bs_words_behind(&s->words, value) : value + 1;
    if (value < to && is_timestamp && is_moment(s, value)) {
        return LITERAL;
    }
    /* A TIMESTAMP that is now takes the moment itself. */
    if (value < to && is_added && (!is_timestamp || in_brackets) && has_now(s, value, behind)) {
        return NEW_COLUMN;
    }
    return is_generated_by_zone(s, type, to) ? GENERATED : NULL;
}

static unsigned int
fraction_of(const struct statement *s, size_t type) {
    char digits[NAME_BYTES] = "";
    if (bs_words_is_punct(&s->words, type + 1, '(')) {
        bs_words_name(&s->words, type + 2, digits, sizeof digits);
    }
    return (unsigned int)strtoul(digits, NULL, 10);
}

/* A value goes from one type to the other by way of what a clock in the session's zone shows. */
static bool
is_converted(const struct statement *s, size_t name, size_t type) {
    const struct bs_column *old = column_at(s, name);
    bool was = old == NULL || old->type == BS_TYPE_TIMESTAMP;
    bool is = bs_words_is(&s->words, type, "TIMESTAMP");
    bool gets_date = old != NULL && old->type == BS_TYPE_TIME &&
                     (bs_words_is(&s->words, type, "DATETIME") ||
                      bs_words_is(&s->words, type, "DATE") || bs_words_is(&s->words, type, "YEAR"));
    return gets_date || was != is || (was && (old == NULL || old->fsp != fraction_of(s, type)));
}

static const char *
of_list(const struct statement *s, size_t open, bool is_added) {
    size_t end = bs_words_behind(&s->words, open) - 1;
    const char *why = NULL;
    for (size_t from = open + 1, to; from < end && why == NULL; from = to + 1) {
        to = bs_words_comma(&s->words, from, end);
        why = of_definition(s, from + 1, to, is_added);
    }
    return why;
}

static const char *
of_action(const struct statement *s, size_t from, size_t to) {
    size_t at = behind_condition(s, accept(s, from + 1, "COLUMN"));
    bool changes = bs_words_is(&s->words, from, "CHANGE");
    if (bs_words_is(&s->words, from, "ADD")) {
        return bs_words_is_punct(&s->words, at, '(') ? of_list(s, at, true)
                                                     : of_definition(s, at + 1, to, true);
    }
    if (changes || bs_words_is(&s->words, from, "MODIFY")) {
        size_t type = changes ? at + 2 : at + 1;
        return is_converted(s, at, type) ? CONVERSION : of_definition(s, type, to, false);
    }
    const struct bs_column *column = column_at(s, at);
    bool sets = bs_words_is(&s->words, from, "ALTER") && column != NULL &&
                column->type == BS_TYPE_TIMESTAMP && bs_words_is(&s->words, at + 1, "SET");
    return sets && is_moment(s, at + 3) ? LITERAL : NULL;
}

static const char *
of_statement(struct statement *s) {
    size_t table = bs_words_find(&s->words, 0, s->words.count, "TABLE");
    size_t name = behind_condition(s, table + 1);
    size_t from = bs_words_is_punct(&s->words, name + 1, '.') ? name + 3 : name + 1;
    const char *why = NULL;
    s->is_alter = bs_words_is(&s->words, 0, "ALTER");
    if (!s->is_alter && bs_words_is_punct(&s->words, from, '(')) {
        why = of_list(s, from, false);
    }
    while (bs_words_is(&s->words, from, "WAIT") || bs_words_is(&s->words, from, "NOWAIT")) {
        from += bs_words_is(&s->words, from, "WAIT") ? 2 : 1;
    }
    for (size_t to; s->is_alter && why != GENERATED && from < s->words.count; from = to + 1) {
        to = bs_words_comma(&s->words, from, s->words.count);
        const char *here = of_action(s, from, to);
        why = here != NULL ? here : why;
    }
    bool reckons = why == NULL && has_function(s, 0, s->words.count);
    return reckons ? FUNCTION : why;
}

const char *
bs_zone_dependence(struct bs_str sql, bool ansi_quotes, bool no_backslash_escapes,
                   const struct bs_server *source, const struct bs_table *here) {
    struct statement s = {.here = here};
    bs_words_read(&s.words, sql, ansi_quotes, no_backslash_escapes, source);
    const char *why = of_statement(&s);
    bs_words_fini(&s.words);
    return why;
}

bool
bs_zone_is_generated_by(struct bs_str sql, bool ansi_quotes, bool no_backslash_escapes,
                        const struct bs_server *source, const struct bs_table *here) {
    return bs_zone_dependence(sql, ansi_quotes, no_backslash_escapes, source, here) == GENERATED;
}

bool
bs_zone_is_shared(const struct bs_server *source, const struct bs_server *target) {
    return source->system_zone[0] != '\0' && strcmp(source->system_zone, target->system_zone) == 0;
}
