/* Actions of ALTER TABLE that change or delete the rows that are there, by a rule of the server:
 * where the two flavours' rules differ, the rows would differ afterwards, and nothing would say so.
 * Refused. */
#include "schema/translate_private.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Types that the two flavours spell differently, or that one of them has as text. */
enum spelling { SPELLING_PLAIN, SPELLING_JSON, SPELLING_UUID, SPELLING_INET4, SPELLING_INET6 };

static enum spelling
spelling_of_new(const struct bs_translating *tr, size_t type, size_t to) {
    static const struct {
        const char *name;
        enum spelling spelling;
    } TYPES[] = {{"JSON", SPELLING_JSON},
                 {"UUID", SPELLING_UUID},
                 {"INET4", SPELLING_INET4},
                 {"INET6", SPELLING_INET6}};
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (bs_words_is(&tr->words, type, TYPES[i].name)) {
            return TYPES[i].spelling;
        }
    }
    for (size_t i = type; i < to; i++) {
        if (bs_words_is(&tr->words, i, "json_valid")) {
            return SPELLING_JSON;
        }
    }
    return SPELLING_PLAIN;
}

/* "json_valid(`name`)" in the target's definition: what became of MySQL's JSON. */
static bool
checks_json(const struct bs_table *here, const char *name) {
    char *check = bs_asprintf("json_valid(`%s`)", name);
    bool found = here->create != NULL && strcasestr(here->create, check) != NULL;
    free(check);
    return found;
}

static enum spelling
spelling_of_old(const struct bs_translating *tr, const struct bs_column *column) {
    bool is_ascii = column->charset != NULL && strcasecmp(column->charset, "ascii") == 0;
    const char *type = column->type_text != NULL ? column->type_text : "";
    if (column->type == BS_TYPE_JSON || checks_json(tr->here, column->name)) {
        return SPELLING_JSON;
    }
    if (!bs_translation_to_mysql(tr->t) || !is_ascii) {
        return SPELLING_PLAIN;
    }
    return strcmp(type, "char(36)") == 0      ? SPELLING_UUID
           : strcmp(type, "varchar(15)") == 0 ? SPELLING_INET4
           : strcmp(type, "varchar(39)") == 0 ? SPELLING_INET6
                                              : SPELLING_PLAIN;
}

static bool
is_text_type(const struct bs_translating *tr, size_t type) {
    static const char *const NAMES[] = {"CHAR",     "VARCHAR",    "TEXT",
                                        "TINYTEXT", "MEDIUMTEXT", "LONGTEXT"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (bs_words_is(&tr->words, type, NAMES[i])) {
            return true;
        }
    }
    return false;
}

/* Kinds of types. Within one of them both flavours cut what does not fit in the same way. */
enum family {
    FAMILY_OTHER,
    FAMILY_INTEGER,
    FAMILY_DECIMAL,
    FAMILY_REAL,
    FAMILY_BIT,
    FAMILY_YEAR,
    FAMILY_DATE,
    FAMILY_TIME,
    FAMILY_MOMENT,
    FAMILY_TEXT,
    FAMILY_BYTES,
    FAMILY_ENUM,
    FAMILY_SET,
};

static enum family
family_of_old(const struct bs_column *column) {
    switch (column->type) {
    case BS_TYPE_TINYINT:
    case BS_TYPE_SMALLINT:
    case BS_TYPE_MEDIUMINT:
    case BS_TYPE_INT:
    case BS_TYPE_BIGINT:
        return FAMILY_INTEGER;
    case BS_TYPE_DECIMAL:
        return FAMILY_DECIMAL;
    case BS_TYPE_FLOAT:
    case BS_TYPE_DOUBLE:
        return FAMILY_REAL;
    case BS_TYPE_BIT:
        return FAMILY_BIT;
    case BS_TYPE_YEAR:
        return FAMILY_YEAR;
    case BS_TYPE_DATE:
        return FAMILY_DATE;
    case BS_TYPE_TIME:
        return FAMILY_TIME;
    case BS_TYPE_DATETIME:
    case BS_TYPE_TIMESTAMP:
        return FAMILY_MOMENT;
    case BS_TYPE_CHAR:
    case BS_TYPE_VARCHAR:
    case BS_TYPE_TEXT:
        return FAMILY_TEXT;
    case BS_TYPE_BINARY:
    case BS_TYPE_VARBINARY:
    case BS_TYPE_BLOB:
        return FAMILY_BYTES;
    case BS_TYPE_ENUM:
        return FAMILY_ENUM;
    case BS_TYPE_SET:
        return FAMILY_SET;
    case BS_TYPE_JSON:
    case BS_TYPE_UUID:
    case BS_TYPE_INET4:
    case BS_TYPE_INET6:
    case BS_TYPE_GEOMETRY:
    case BS_TYPE_VECTOR:
        break;
    }
    return FAMILY_OTHER;
}

static enum family
family_of_new(const struct bs_translating *tr, size_t type) {
    static const struct {
        const char *name;
        enum family family;
    } TYPES[] = {
        {"TINYINT", FAMILY_INTEGER},  {"SMALLINT", FAMILY_INTEGER}, {"MEDIUMINT", FAMILY_INTEGER},
        {"INT", FAMILY_INTEGER},      {"INTEGER", FAMILY_INTEGER},  {"BIGINT", FAMILY_INTEGER},
        {"BOOL", FAMILY_INTEGER},     {"BOOLEAN", FAMILY_INTEGER},  {"SERIAL", FAMILY_INTEGER},
        {"DECIMAL", FAMILY_DECIMAL},  {"DEC", FAMILY_DECIMAL},      {"NUMERIC", FAMILY_DECIMAL},
        {"FIXED", FAMILY_DECIMAL},    {"FLOAT", FAMILY_REAL},       {"DOUBLE", FAMILY_REAL},
        {"REAL", FAMILY_REAL},        {"BIT", FAMILY_BIT},          {"YEAR", FAMILY_YEAR},
        {"DATE", FAMILY_DATE},        {"TIME", FAMILY_TIME},        {"DATETIME", FAMILY_MOMENT},
        {"TIMESTAMP", FAMILY_MOMENT}, {"BINARY", FAMILY_BYTES},     {"VARBINARY", FAMILY_BYTES},
        {"BLOB", FAMILY_BYTES},       {"TINYBLOB", FAMILY_BYTES},   {"MEDIUMBLOB", FAMILY_BYTES},
        {"LONGBLOB", FAMILY_BYTES},   {"ENUM", FAMILY_ENUM},        {"SET", FAMILY_SET},
        {"CHARACTER", FAMILY_TEXT},   {"NCHAR", FAMILY_TEXT},       {"NVARCHAR", FAMILY_TEXT},
        {"NATIONAL", FAMILY_TEXT},
    };
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (bs_words_is(&tr->words, type, TYPES[i].name)) {
            return TYPES[i].family;
        }
    }
    return is_text_type(tr, type) ? FAMILY_TEXT : FAMILY_OTHER;
}

void
bs_translate_conversion(struct bs_translating *tr, const char *name, size_t type, size_t to) {
    const struct bs_column *column =
        tr->here != NULL ? bs_table_column(tr->here, bs_str(name)) : NULL;
    if (column == NULL) {
        return;
    }
    enum spelling old = spelling_of_old(tr, column);
    enum spelling new = spelling_of_new(tr, type, to);
    bool is_json = old == SPELLING_JSON || new == SPELLING_JSON;
    /* What is text on the target may have been text on the source as well: turned into a UUID or an
     * address, the source spells it anew. */
    bool differs = is_json                 ? old != new
                   : new != SPELLING_PLAIN ? true
                                           : old != SPELLING_PLAIN && !is_text_type(tr, type);
    bool has_time = column->type == BS_TYPE_DATETIME || column->type == BS_TYPE_TIMESTAMP;
    if (has_time && column->fsp > 0 && bs_words_is(&tr->words, type, "DATE")) {
        bs_notes_add(tr->notes, BS_NOTE_REFUSED,
                     "column %s becomes a DATE: MySQL rounds the fractions of a second into the "
                     "next day, and MariaDB does not",
                     name);
    }
    bool has_fraction = (has_time || column->type == BS_TYPE_TIME) && column->fsp > 0;
    if (has_fraction && family_of_new(tr, type) == FAMILY_INTEGER) {
        bs_notes_add(tr->notes, BS_NOTE_REFUSED,
                     "column %s becomes a number: of the fractions of a second the two flavours "
                     "round and cut",
                     name);
    }
    /* In strict mode the source has found that everything fits. A JSON that stays one is a text on
     * one side only. */
    if (!tr->mode.is_strict && !differs && !is_json &&
        family_of_old(column) != family_of_new(tr, type)) {
        bs_notes_add(
            tr->notes, BS_NOTE_REFUSED,
            "column %s becomes one of another kind in a lenient sql_mode, and of what does "
            "not fit the two flavours make different values",
            name);
    }
    if (differs) {
        bs_notes_add(tr->notes, BS_NOTE_REFUSED,
                     "column %s is turned into or from JSON, UUID or INET, and the two flavours "
                     "would make different values of what is in it",
                     name);
    }
}

/* NOT NULL without a default: each server gives the rows that are there a value of its own (tried
 * on MySQL 9.7.4 and MariaDB 11.8.9). Where it is another one the column gets the source's as its
 * default; where the target cannot have that, it is refused. */
void
bs_translate_filling(struct bs_translating *tr, const char *name, size_t type, size_t to) {
    static const char *const OF_MARIADB[] = {
        [SPELLING_PLAIN] = NULL,
        [SPELLING_JSON] = NULL, /* an empty text, which is no JSON */
        [SPELLING_UUID] = "'00000000-0000-0000-0000-000000000000'",
        [SPELLING_INET4] = "'0.0.0.0'",
        [SPELLING_INET6] = "'::'",
    };
    enum spelling spelling = spelling_of_new(tr, type, to);
    bool is_vector = bs_words_is(&tr->words, type, "VECTOR");
    size_t null = bs_words_find(&tr->words, type, to, "NULL");
    bool is_needed = null < to && bs_words_is(&tr->words, null - 1, "NOT") &&
                     bs_words_find(&tr->words, type, to, "DEFAULT") >= to &&
                     bs_words_find(&tr->words, type, to, "AS") >= to;
    if (!is_needed || (spelling == SPELLING_PLAIN && !is_vector)) {
        return;
    }
    const char *value = bs_translation_to_mysql(tr->t) ? OF_MARIADB[spelling]
                        : spelling == SPELLING_JSON    ? "'null'"
                                                       : NULL;
    if (value == NULL) {
        bs_notes_add(tr->notes, BS_NOTE_REFUSED,
                     "column %s is added NOT NULL without a default, and the target cannot have "
                     "the value that the source gives the rows that are there",
                     name);
        return;
    }
    bs_words_append(&tr->words, null, " DEFAULT ");
    bs_words_append(&tr->words, null, value);
    bs_notes_add(tr->notes, BS_NOTE_CHANGED,
                 "column %s gets DEFAULT %s, with which the source fills the rows that are there",
                 name, value);
}

/* Is the column in a list such as "(`a`,b)"? Old servers print it without quotes. An empty list is
 * the primary key: any column, to be sure. */
static bool
lists(const char *list, const char *name) {
    size_t len = strlen(name);
    const char *at = list + 1;
    bool is_empty = *at == ')';
    while (*at != '\0' && *at != ')') {
        at += strspn(at, " `,");
        if (strncasecmp(at, name, len) == 0 && strchr("`,) ", at[len]) != NULL) {
            return true;
        }
        at += strcspn(at, "`,) ");
        at += *at == '`';
    }
    return is_empty;
}

/* KEY hashes what the server keeps, which is the same in both for integers. */
static bool
is_no_integer(const struct bs_column *column) {
    return column->type > BS_TYPE_BIGINT;
}

/* Is one of the columns that are listed behind word of such a kind? */
static bool
goes_by(const struct bs_table *here, const char *partitions, const char *word,
        bool (*is_of_kind)(const struct bs_column *column)) {
    const char *at = strcasestr(partitions, word);
    const char *list = at != NULL ? strchr(at, '(') : NULL;
    for (size_t i = 0; list != NULL && i < here->column_count; i++) {
        if (is_of_kind(&here->columns[i]) && lists(list, here->columns[i].name)) {
            return true;
        }
    }
    return false;
}

void
bs_translate_partition_rows(struct bs_translating *tr) {
    const char *partitions = tr->here != NULL && tr->here->create != NULL
                                 ? strcasestr(tr->here->create, "PARTITION BY")
                                 : NULL;
    if (partitions != NULL && (goes_by(tr->here, partitions, " KEY ", is_no_integer) ||
                               goes_by(tr->here, partitions, " COLUMNS", bs_column_is_text))) {
        bs_notes_add(tr->notes, BS_NOTE_REFUSED,
                     "rows are deleted by partitions that go by text, or by a KEY of other columns "
                     "than integers, which the two flavours divide differently");
    }
}

void
bs_translate_convert_to(struct bs_translating *tr, size_t from, size_t to) {
    bool is_wide = bs_words_find(&tr->words, from, to, "utf8mb4") < to;
    bool keeps = bs_translation_to_mysql(tr->t) || tr->here == NULL || is_wide;
    for (size_t i = 0; !keeps && i < tr->here->column_count; i++) {
        const struct bs_column *column = &tr->here->columns[i];
        if (spelling_of_old(tr, column) == SPELLING_JSON) {
            bs_notes_add(tr->notes, BS_NOTE_REFUSED,
                         "CONVERT TO would convert the JSON column %s, which is a text in MariaDB: "
                         "on MySQL it has no charset. Alter the other columns one by one",
                         column->name);
        }
    }
}
