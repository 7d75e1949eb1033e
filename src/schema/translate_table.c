/* CREATE TABLE name (elements) options [partitions]. */
#include "schema/translate_private.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool
bs_translate_element(struct bs_translating *tr, size_t from, size_t to) {
    if (bs_is_key_element(tr, from)) {
        return bs_translate_key(tr, from, to);
    }
    /* The columns of a period go with the versioning that they belong to. */
    size_t row = bs_words_find(&tr->words, from, to, "ROW");
    if (bs_translation_to_mysql(tr->t) && bs_words_is(&tr->words, row - 1, "AS") &&
        (bs_words_is(&tr->words, row + 1, "START") || bs_words_is(&tr->words, row + 1, "END"))) {
        return true;
    }
    bs_translate_column(tr, from, to);
    return false;
}

/* Cuts the comma before a kept element if nothing kept stands before that, and the one before each
 * element that goes. */
bool
bs_translate_elements(struct bs_translating *tr, size_t open) {
    size_t end = bs_words_behind(&tr->words, open) - 1;
    bool has_kept = false;
    for (size_t from = open + 1; from < end;) {
        size_t to = bs_words_comma(&tr->words, from, end);
        bool goes = bs_translate_element(tr, from, to);
        if (from > open + 1 && (goes || !has_kept)) {
            bs_words_cut(&tr->words, from - 1, from);
        }
        if (goes) {
            bs_words_cut(&tr->words, from, to);
        }
        has_kept = has_kept || !goes;
        from = to + 1;
    }
    return !has_kept;
}

/* Options. */

enum option_fate { OPTION_GOES, OPTION_COMPRESSES, OPTION_ENCRYPTS };

static const struct table_option {
    const char *name;
    const char *second;      /* of two words, or NULL */
    enum bs_flavour flavour; /* whose it is: the other one does not know it */
    enum option_fate fate;
} OPTIONS[] = {
    {"TABLESPACE", NULL, BS_MYSQL, OPTION_GOES},
    {"AUTOEXTEND_SIZE", NULL, BS_MYSQL, OPTION_GOES},
    {"ENGINE_ATTRIBUTE", NULL, BS_MYSQL, OPTION_GOES},
    {"SECONDARY_ENGINE", NULL, BS_MYSQL, OPTION_GOES},
    {"SECONDARY_ENGINE_ATTRIBUTE", NULL, BS_MYSQL, OPTION_GOES},
    {"STORAGE", NULL, BS_MYSQL, OPTION_GOES},
    {"COMPRESSION", NULL, BS_MYSQL, OPTION_COMPRESSES},
    {"ENCRYPTION", NULL, BS_MYSQL, OPTION_ENCRYPTS},
    {"DATA", "DIRECTORY", BS_MYSQL, OPTION_GOES},
    {"INDEX", "DIRECTORY", BS_MYSQL, OPTION_GOES},
    {"DATA", "DIRECTORY", BS_MARIADB, OPTION_GOES},
    {"INDEX", "DIRECTORY", BS_MARIADB, OPTION_GOES},
    {"PAGE_CHECKSUM", NULL, BS_MARIADB, OPTION_GOES},
    {"TRANSACTIONAL", NULL, BS_MARIADB, OPTION_GOES},
    {"PAGE_COMPRESSED", NULL, BS_MARIADB, OPTION_GOES},
    {"PAGE_COMPRESSION_LEVEL", NULL, BS_MARIADB, OPTION_GOES},
    {"IETF_QUOTES", NULL, BS_MARIADB, OPTION_GOES},
    {"ENCRYPTION_KEY_ID", NULL, BS_MARIADB, OPTION_GOES},
    {"ENCRYPTED", NULL, BS_MARIADB, OPTION_ENCRYPTS},
};

/* MariaDB prints the options of engines as identifiers: `PAGE_COMPRESSED`=1. */
static bool
is_named(const struct bs_translating *tr, size_t at, const char *name) {
    char text[BS_WORD_TEXT_MAX];
    bs_words_name(&tr->words, at, text, sizeof text);
    return !bs_words_is_string(&tr->words, at) && strcasecmp(text, name) == 0;
}

static const struct table_option *
find_option(const struct bs_translating *tr, size_t at) {
    for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++) {
        const struct table_option *option = &OPTIONS[i];
        if (option->flavour == tr->t->source.flavour && is_named(tr, at, option->name) &&
            (option->second == NULL || bs_words_is(&tr->words, at + 1, option->second))) {
            return option;
        }
    }
    return NULL;
}

/* The option's value as plain text. */
static void
value_text(const struct bs_translating *tr, size_t behind, char *out, size_t cap) {
    bs_words_name(&tr->words, behind - 1, out, cap);
    size_t len = strlen(out);
    if (len >= 2 && (out[0] == '\'' || out[0] == '"')) {
        memmove(out, out + 1, len - 2);
        out[len - 2] = '\0';
    }
}

static void
apply_option(struct bs_translating *tr, const struct table_option *option, size_t at,
             size_t behind) {
    char value[BS_WORD_TEXT_MAX];
    value_text(tr, behind, value, sizeof value);
    bs_words_cut(&tr->words, at, behind);
    switch (option->fate) {
    case OPTION_GOES:
        bs_notes_add(tr->notes, BS_NOTE_CHANGED, "option %s%s%s is left out", option->name,
                     option->second != NULL ? " " : "",
                     option->second != NULL ? option->second : "");
        return;
    case OPTION_COMPRESSES:
        if (strcasecmp(value, "NONE") != 0 && *value != '\0') {
            bs_words_set(&tr->words, at, "PAGE_COMPRESSED=1");
            bs_notes_add(tr->notes, BS_NOTE_CHANGED, "COMPRESSION becomes PAGE_COMPRESSED");
        }
        return;
    case OPTION_ENCRYPTS:
        if (strcasecmp(value, "Y") == 0 || strcasecmp(value, "YES") == 0) {
            bs_notes_add(tr->notes, BS_NOTE_REFUSED,
                         "the table is encrypted, and the target would keep it in plain");
        }
        return;
    }
}

/* Partitions: MySQL's KEY ALGORITHM = n, options of single partitions, and what MariaDB alone has.
 */
static void
translate_partitions(struct bs_translating *tr, size_t from, size_t to) {
    bool to_mysql = bs_translation_to_mysql(tr->t);
    if (to_mysql && bs_words_is(&tr->words, from + 2, "SYSTEM_TIME")) {
        bs_notes_add(tr->notes, BS_NOTE_LEFT_OUT, "PARTITION BY SYSTEM_TIME is left out");
        bs_words_cut(&tr->words, from, to);
        return;
    }
    for (size_t i = from; i < to; i++) {
        const struct table_option *option =
            bs_translation_is_across(tr->t) ? find_option(tr, i) : NULL;
        if (option != NULL) {
            size_t behind = bs_translate_behind_value(tr, option->second != NULL ? i + 1 : i);
            apply_option(tr, option, i, behind);
            i = behind - 1;
        } else if (bs_words_is(&tr->words, i, "ALGORITHM")) {
            bs_words_cut(&tr->words, i, bs_translate_behind_value(tr, i));
        } else if (to_mysql && bs_words_is(&tr->words, i, "DEFAULT")) {
            bs_notes_add(tr->notes, BS_NOTE_REFUSED, "MySQL has no DEFAULT partition");
        }
    }
}

bool
bs_translate_options(struct bs_translating *tr, size_t from, size_t to) {
    bs_translate_charsets(tr, from, bs_words_find(&tr->words, from, to, "PARTITION"));
    bool across = bs_translation_is_across(tr->t);
    for (size_t i = from; across && i < to; i++) {
        if (bs_words_is(&tr->words, i, "PARTITION") && bs_words_is(&tr->words, i + 1, "BY")) {
            translate_partitions(tr, i, to);
            break;
        }
        const struct table_option *option = find_option(tr, i);
        if (option != NULL) {
            size_t behind = bs_translate_behind_value(tr, option->second != NULL ? i + 1 : i);
            apply_option(tr, option, i, behind);
            i = behind - 1;
        } else if (bs_translation_to_mysql(tr->t) && bs_words_is(&tr->words, i, "WITH") &&
                   bs_words_is(&tr->words, i + 1, "SYSTEM")) {
            bs_notes_add(tr->notes, BS_NOTE_LEFT_OUT,
                         "SYSTEM VERSIONING is left out, and the history stays behind");
            tr->loses_history = true;
            bs_words_cut(&tr->words, i, i + 3);
        }
    }
    for (size_t i = from; i < to; i++) {
        if (!bs_words_is_cut(&tr->words, i)) {
            return false;
        }
    }
    return true;
}

void
bs_translate_create_table(struct bs_translating *tr, size_t name) {
    size_t open = bs_translate_behind_name(tr, name);
    bs_translate_quote(tr, name);
    bs_translate_quote(tr, bs_words_is_punct(&tr->words, name + 1, '.') ? name + 2 : name);
    bool has_elements = bs_words_is_punct(&tr->words, open, '(') &&
                        !bs_words_is(&tr->words, open + 1, "SELECT") &&
                        !bs_words_is(&tr->words, open + 1, "LIKE");
    if (has_elements) {
        size_t end = bs_words_behind(&tr->words, open) - 1;
        size_t period = bs_words_find(&tr->words, open + 1, end, "PERIOD");
        bool is_one = bs_words_is(&tr->words, period + 1, "FOR") &&
                      bs_words_is(&tr->words, period + 2, "SYSTEM_TIME");
        tr->period = is_one ? period : 0;
        (void)bs_translate_elements(tr, open);
    }
    size_t options = has_elements ? bs_words_behind(&tr->words, open) : open;
    (void)bs_translate_options(tr, options, tr->words.count);
}
