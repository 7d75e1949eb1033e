/* What views, programs and expressions of one flavour say that no version of the other one
 * understands. A view with such a word could not be made, and a program could, but would fail when
 * it is called. What is not listed here is for the target's own parser to refuse. Tried on MySQL
 * 9.7.4 and MariaDB 11.8.9. */
#include "schema/translate_private.h"

#include <stddef.h>

struct phrase {
    const char *words[3]; /* keywords in a row */
};

static const struct phrase MARIADB_PHRASES[] = {
    {{"AGGREGATE", "FUNCTION", NULL}}, {{"FETCH", "GROUP", "NEXT"}},
    {{"EXECUTE", "IMMEDIATE", NULL}},  {{"NEXT", "VALUE", "FOR"}},
    {{"PREVIOUS", "VALUE", "FOR"}},    {{"FOR", "SYSTEM_TIME", NULL}},
    {{"SET", "STATEMENT", NULL}},      {{"ROWS", "EXAMINED", NULL}},
    {{"ROW", "TYPE", "OF"}},
};

static const struct phrase MYSQL_PHRASES[] = {
    {{"MEMBER", "OF", NULL}},
    {{"LATERAL", NULL, NULL}},
};

static const char *const MARIADB_FUNCTIONS[] = {
    "NEXTVAL",       "LASTVAL",      "SETVAL",       "JSON_QUERY",       "JSON_EXISTS",
    "JSON_DETAILED", "JSON_COMPACT", "JSON_LOOSE",   "NATURAL_SORT_KEY", "ADD_MONTHS",
    "TO_CHAR",       "NVL",          "NVL2",         "DECODE_ORACLE",    "SFORMAT",
    "LENGTHB",       "CRC32C",       "COLUMN_GET",   "COLUMN_CREATE",    "COLUMN_JSON",
    "MEDIAN",        "CHR",          "VEC_FROMTEXT", "VEC_TOTEXT",
};

static const char *const MYSQL_FUNCTIONS[] = {
    "ANY_VALUE",
    "UUID_TO_BIN",
    "BIN_TO_UUID",
    "IS_UUID",
    "STRING_TO_VECTOR",
    "VECTOR_TO_STRING",
    "JSON_STORAGE_SIZE",
    "JSON_STORAGE_FREE",
    "GROUPING",
    "ST_LATITUDE",
    "ST_LONGITUDE",
    "STATEMENT_DIGEST",
    "STATEMENT_DIGEST_TEXT",
    "GTID_SUBSET",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *
find_phrase(const struct bs_translating *tr, size_t at, const struct phrase *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        bool is_it = true;
        for (size_t k = 0; k < COUNT(list[i].words) && list[i].words[k] != NULL && is_it; k++) {
            is_it = bs_words_is(&tr->words, at + k, list[i].words[k]);
        }
        if (is_it) {
            return list[i].words[0];
        }
    }
    return NULL;
}

/* A name in front of a bracket may be a table's, a key's or a stored function's as well. */
static bool
is_call(const struct bs_translating *tr, size_t at) {
    static const char *const BEFORE_NAMES[] = {"TABLE", "INTO",       "EXISTS",   "INDEX",
                                               "KEY",   "REFERENCES", "FUNCTION", "PROCEDURE"};
    if (!bs_words_is_punct(&tr->words, at + 1, '(') ||
        (at > 0 && bs_words_is_punct(&tr->words, at - 1, '.'))) {
        return false;
    }
    for (size_t i = 0; at > 0 && i < COUNT(BEFORE_NAMES); i++) {
        if (bs_words_is(&tr->words, at - 1, BEFORE_NAMES[i])) {
            return false;
        }
    }
    return true;
}

static const char *
find_function(const struct bs_translating *tr, size_t at, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (bs_words_is(&tr->words, at, list[i]) && is_call(tr, at)) {
            return list[i];
        }
    }
    return NULL;
}

void
bs_translate_refuse_foreign(struct bs_translating *tr) {
    bool to_mysql = bs_translation_to_mysql(tr->t);
    if (!bs_translation_is_across(tr->t)) {
        return;
    }
    for (size_t at = 0; at < tr->words.count; at++) {
        const char *phrase = to_mysql ? find_phrase(tr, at, MARIADB_PHRASES, COUNT(MARIADB_PHRASES))
                                      : find_phrase(tr, at, MYSQL_PHRASES, COUNT(MYSQL_PHRASES));
        const char *function =
            to_mysql ? find_function(tr, at, MARIADB_FUNCTIONS, COUNT(MARIADB_FUNCTIONS))
                     : find_function(tr, at, MYSQL_FUNCTIONS, COUNT(MYSQL_FUNCTIONS));
        const char *word = phrase != NULL ? phrase : function;
        if (word != NULL && !bs_words_is_cut(&tr->words, at)) {
            bs_notes_add(tr->notes, BS_NOTE_REFUSED, "%s has no equal in %s", word,
                         bs_flavour_name(tr->t->target.flavour));
            return;
        }
    }
}
