/* One column definition: name, type, attributes. The rules, by what is met:
 *
 *   type       UUID, INET6, INET4 become text; MariaDB's LONGTEXT CHECK (json_valid()) is JSON;
 *              geomcollection is geometrycollection; VECTOR needs a target that has it
 *   DEFAULT    MySQL wants expressions, and any default of a BLOB, TEXT, JSON or GEOMETRY, in
 *              brackets
 *   generated  MariaDB can say neither NULL nor NOT NULL, which a CHECK says; PERSISTENT is STORED
 *   SRID       REF_SYSTEM_ID on MariaDB, which says it without enforcing it; the way back would
 *              enforce what was not, so it is left out
 *   others     attributes of one flavour that do not change what the column holds are left out
 */
#include "schema/translate_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct definition {
    struct bs_translating *tr;
    char name[BS_WORD_TEXT_MAX];
    size_t type;  /* index of the type's word */
    size_t attrs; /* behind the type and its brackets */
    size_t to;
    bool is_json; /* on the target: MySQL's JSON */
};

enum {
    MYSQL_HAS_EXPRESSION_DEFAULTS = 80013,
    MYSQL_HAS_INVISIBLE = 80023,
    MYSQL_HAS_JSON = 50708,
    MYSQL_HAS_VECTOR = 90000,
    MARIADB_HAS_VECTOR = 110700,
};

static bool
is(const struct definition *d, size_t at, const char *word) {
    return at < d->to && bs_words_is(&d->tr->words, at, word);
}

static size_t
find(const struct definition *d, const char *word) {
    return bs_words_find(&d->tr->words, d->attrs, d->to, word);
}

static void
cut(struct definition *d, size_t from, size_t to) {
    bs_words_cut(&d->tr->words, from, to < d->to ? to : d->to);
}

/* Types. */

/* What MariaDB shows as text where MySQL has no such type. Lengths: the longest text of each. */
static const struct text_type {
    const char *name;
    const char *there;
} TEXT_TYPES[] = {
    {"UUID", "char(36) CHARACTER SET ascii COLLATE ascii_general_ci"},
    {"INET6", "varchar(39) CHARACTER SET ascii COLLATE ascii_general_ci"},
    {"INET4", "varchar(15) CHARACTER SET ascii COLLATE ascii_general_ci"},
};

static void
refuse_type(struct definition *d, const char *why) {
    bs_notes_add(d->tr->notes, BS_NOTE_REFUSED, "column %s: %s", d->name, why);
}

static void
translate_vector(struct definition *d) {
    const struct bs_server *target = &d->tr->t->target;
    uint32_t since =
        target->flavour == BS_MYSQL ? (uint32_t)MYSQL_HAS_VECTOR : (uint32_t)MARIADB_HAS_VECTOR;
    if (is(d, d->type, "VECTOR") && target->version < since) {
        refuse_type(d, "the target has no type VECTOR");
    }
}

/* MariaDB's DECIMAL holds 38 digits behind the point, MySQL's 30. */
static void
check_scale(struct definition *d) {
    enum { MYSQL_SCALE_MAX = 30 };
    char scale[BS_WORD_TEXT_MAX];
    bool has_scale = bs_words_is_punct(&d->tr->words, d->type + 1, '(') &&
                     bs_words_is_punct(&d->tr->words, d->type + 3, ',');
    bs_words_name(&d->tr->words, d->type + 4, scale, sizeof scale);
    unsigned int digits = 0;
    if (has_scale && sscanf(scale, "%u", &digits) == 1 && digits > MYSQL_SCALE_MAX &&
        (is(d, d->type, "DECIMAL") || is(d, d->type, "NUMERIC") || is(d, d->type, "DEC"))) {
        refuse_type(d, "MySQL keeps at most 30 digits behind the point");
    }
}

static void
translate_type_for_mysql(struct definition *d) {
    for (size_t i = 0; i < sizeof TEXT_TYPES / sizeof *TEXT_TYPES; i++) {
        if (is(d, d->type, TEXT_TYPES[i].name)) {
            bs_words_set(&d->tr->words, d->type, TEXT_TYPES[i].there);
            bs_notes_add(d->tr->notes, BS_NOTE_CHANGED, "column %s: %s becomes text", d->name,
                         TEXT_TYPES[i].name);
        }
    }
    if (is(d, d->type, "XMLTYPE")) {
        refuse_type(d, "MySQL has no type XMLTYPE");
    }
    check_scale(d);
}

/* CHECK (json_valid(`column`)) of this very column: where it stands, or d->to. */
static size_t
find_json_check(const struct definition *d) {
    char name[BS_WORD_TEXT_MAX];
    for (size_t i = d->attrs; i < d->to; i++) {
        bs_words_name(&d->tr->words, i + 4, name, sizeof name);
        if (is(d, i, "CHECK") && bs_words_is_punct(&d->tr->words, i + 1, '(') &&
            is(d, i + 2, "json_valid") && strcasecmp(name, d->name) == 0 &&
            bs_words_behind(&d->tr->words, i + 1) == i + 7) {
            return i;
        }
    }
    return d->to;
}

static bool
is_utf8_name(const char *charset) {
    return bs_charset_equal(bs_str(charset), bs_str("utf8")) ||
           strcasecmp(charset, "utf8mb4") == 0 || strcasecmp(charset, "ascii") == 0;
}

/* What a column has that names no charset: as the table's options say, in this very statement or in
 * the definition that the target has. False where neither says it. */
static bool
table_is_utf8(const struct definition *d) {
    static const char CHARSET[] = " CHARSET=";
    char name[BS_WORD_TEXT_MAX] = "";
    const struct bs_words *words = &d->tr->words;
    const struct bs_table *here = d->tr->here;
    size_t at = bs_words_find(words, 0, words->count, "CHARSET");
    if (at < words->count) {
        bs_words_name(words, at + (bs_words_is_punct(words, at + 1, '=') ? 2 : 1), name,
                      sizeof name);
        return is_utf8_name(name);
    }
    const char *said = here != NULL && here->create != NULL ? strstr(here->create, CHARSET) : NULL;
    if (said == NULL) {
        return false;
    }
    said += sizeof CHARSET - 1;
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(said, " \n"), said);
    return is_utf8_name(name);
}

/* MariaDB's JSON is LONGTEXT that checks itself; a charset other than these three would not be
 * JSON's. */
static bool
is_utf8(const struct definition *d) {
    char name[BS_WORD_TEXT_MAX];
    size_t set = find(d, "CHARACTER");
    bs_words_name(&d->tr->words, set + 2, name, sizeof name);
    return set == d->to ? table_is_utf8(d) : is_utf8_name(name);
}

static void
translate_json_for_mysql(struct definition *d) {
    size_t check = find_json_check(d);
    bool is_old = d->tr->t->target.version < MYSQL_HAS_JSON;
    bool is_alias = is(d, d->type, "JSON");
    if (is_old && (is_alias || check < d->to)) {
        refuse_type(d, "this MySQL has no JSON, and would not check that it is");
        return;
    }
    d->is_json = is_alias || (is(d, d->type, "LONGTEXT") && check < d->to && is_utf8(d));
    if (!d->is_json || is_alias) {
        return;
    }
    bs_words_set(&d->tr->words, d->type, "json");
    cut(d, check, check + 7);
    size_t set = find(d, "CHARACTER");
    cut(d, set, set + 3);
    size_t collate = find(d, "COLLATE");
    cut(d, collate, collate + 2);
    bs_notes_add(d->tr->notes, BS_NOTE_CHANGED,
                 "column %s: LONGTEXT with a JSON check becomes JSON, which keeps documents, not "
                 "their spelling",
                 d->name);
}

/* Defaults. */

static bool
is_now(const struct definition *d, size_t at) {
    static const char *const NAMES[] = {"CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (is(d, at, NAMES[i])) {
            return is(d, d->type, "TIMESTAMP") || is(d, d->type, "DATETIME");
        }
    }
    return false;
}

static bool
is_literal(const struct definition *d, size_t at) {
    enum bs_token_kind kind = d->tr->words.items[at].token.kind;
    return kind == BS_TOKEN_STRING || kind == BS_TOKEN_NUMBER || is(d, at, "NULL") ||
           is(d, at, "TRUE") || is(d, at, "FALSE") || bs_words_is_punct(&d->tr->words, at, '-') ||
           bs_words_is_punct(&d->tr->words, at, '+') || bs_words_is_punct(&d->tr->words, at, '.') ||
           bs_words_is_string(&d->tr->words, at + 1); /* _utf8mb4'...', b'1', x'41' */
}

/* Behind a default: a literal with its sign, introducer and fraction, or a call with its brackets.
 */
static size_t
behind_default(const struct definition *d, size_t at) {
    const struct bs_words *words = &d->tr->words;
    if (bs_words_is_punct(words, at, '(')) {
        return bs_words_behind(words, at);
    }
    size_t behind = at + 1;
    /* Whatever follows without a blank belongs to it: -1, 0.5, 1e-5, _latin1'x', a.b(1) */
    while (behind < d->to && (words->items[behind].gap == '\0') &&
           !bs_words_is_punct(words, behind, ',')) {
        size_t bracket = bs_words_behind(words, behind);
        behind = bracket > behind ? bracket : behind + 1;
    }
    return behind;
}

/* Types that MySQL takes no plain default for. */
static bool
is_large(const struct definition *d) {
    char type[BS_WORD_TEXT_MAX];
    static const char *const NAMES[] = {"BLOB",  "TEXT",       "JSON",    "GEOMETRY",
                                        "POINT", "LINESTRING", "POLYGON", "GEOMETRYCOLLECTION"};
    bs_words_name(&d->tr->words, d->type, type, sizeof type);
    size_t len = strlen(type);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        size_t n = strlen(NAMES[i]);
        if (len >= n && strcasecmp(type + len - n, NAMES[i]) == 0) {
            return true;
        }
    }
    return d->is_json;
}

static void
translate_default_for_mysql(struct definition *d) {
    size_t at = find(d, "DEFAULT") + 1;
    if (at >= d->to) {
        return;
    }
    bool plain = is_literal(d, at) && !(is_large(d) && !is(d, at, "NULL"));
    bool in_brackets = bs_words_is_punct(&d->tr->words, at, '(');
    if (is(d, at, "nextval") || is(d, at, "NEXT")) {
        refuse_type(d, "its default is a sequence, and MySQL has none");
        return;
    }
    if (plain || is_now(d, at)) {
        return;
    }
    if (d->tr->t->target.version < MYSQL_HAS_EXPRESSION_DEFAULTS) {
        refuse_type(d, "this MySQL takes no expression as a default");
        return;
    }
    if (!in_brackets) {
        bs_words_append(&d->tr->words, behind_default(d, at) - 1, ")");
        bs_words_prepend(&d->tr->words, at, "(");
    }
}

/* Attributes. */

/* Of one flavour, without a meaning for what the column holds. Cut with a value where they have
 * one. */
static const struct attribute {
    const char *name;
    enum bs_flavour flavour;
    bool has_value;
} ATTRIBUTES[] = {
    {"COLUMN_FORMAT", BS_MYSQL, true},    {"STORAGE", BS_MYSQL, true},
    {"ENGINE_ATTRIBUTE", BS_MYSQL, true}, {"SECONDARY_ENGINE_ATTRIBUTE", BS_MYSQL, true},
    {"VISIBLE", BS_MYSQL, false},         {"REF_SYSTEM_ID", BS_MARIADB, true},
};

static void
cut_attributes(struct definition *d) {
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof *ATTRIBUTES; i++) {
        size_t at = find(d, ATTRIBUTES[i].name);
        if (at < d->to && ATTRIBUTES[i].flavour == d->tr->t->source.flavour) {
            cut(d, at, ATTRIBUTES[i].has_value ? bs_translate_behind_value(d->tr, at) : at + 1);
        }
    }
}

/* CHECK (...) NOT ENFORCED: MariaDB would enforce it. */
static void
cut_unenforced_check(struct definition *d) {
    size_t check = find(d, "CHECK");
    if (check >= d->to) {
        return;
    }
    size_t behind = bs_words_behind(&d->tr->words, check + 1);
    if (is(d, behind, "NOT") && is(d, behind + 1, "ENFORCED")) {
        size_t name = find(d, "CONSTRAINT");
        cut(d, name < check ? name : check, behind + 2);
        bs_notes_add(d->tr->notes, BS_NOTE_LEFT_OUT,
                     "column %s: a CHECK that is NOT ENFORCED is left out", d->name);
    } else if (is(d, behind, "ENFORCED")) {
        cut(d, behind, behind + 1);
    }
}

/* As MariaDB prints it. A CHECK of the column's own, of which there can be but one, says it too. It
 * goes with the column where that is renamed or dropped (tried on 10.5.23 and 11.8.9). */
static void
check_not_null(struct definition *d, size_t name) {
    struct bs_buf text = {0};
    size_t check = find(d, "CHECK");
    bool is_last_cut = bs_words_is_cut(&d->tr->words, d->to - 1); /* its gap stays */
    bs_buf_puts(&text, check < d->to ? "" : is_last_cut ? "CHECK (" : " CHECK (");
    bool is_quoted = d->tr->words.items[name].token.kind == BS_TOKEN_QUOTED;
    bs_buf_puts(&text, is_quoted ? "" : "`");
    bs_buf_put_str(&text, d->tr->words.items[name].token.text);
    bs_buf_puts(&text, is_quoted ? "" : "`");
    bs_buf_puts(&text, " is not null");
    if (check < d->to) {
        bs_buf_puts(&text, " and (");
        bs_words_append(&d->tr->words, check + 1, bs_buf_cstr(&text));
        bs_words_append(&d->tr->words, bs_words_behind(&d->tr->words, check + 1) - 1, ")");
    } else {
        bs_buf_puts(&text, ")");
        bs_words_append(&d->tr->words, d->to - 1, bs_buf_cstr(&text));
    }
    bs_notes_add(d->tr->notes, BS_NOTE_CHANGED,
                 "column %s: NOT NULL of a generated column becomes a CHECK", d->name);
    bs_buf_fini(&text);
}

static void
translate_generated_null(struct definition *d, size_t name) {
    size_t as = find(d, "AS");
    size_t null = bs_words_find(&d->tr->words, as, d->to, "NULL");
    bool is_not = is(d, null - 1, "NOT");
    if (as >= d->to || null >= d->to) {
        return;
    }
    cut(d, is_not ? null - 1 : null, null + 1);
    if (is_not) {
        check_not_null(d, name);
    }
}

/* MariaDB takes it right behind the type only. */
static void
move_srid(struct definition *d) {
    char value[BS_WORD_TEXT_MAX];
    char text[BS_WORD_TEXT_MAX + sizeof " REF_SYSTEM_ID="];
    size_t srid = find(d, "SRID");
    if (srid >= d->to) {
        return;
    }
    bs_words_name(&d->tr->words, srid + 1, value, sizeof value);
    (void)snprintf(text, sizeof text, " REF_SYSTEM_ID=%s", value);
    cut(d, srid, srid + 2);
    bs_words_append(&d->tr->words, d->attrs - 1, text);
    bs_notes_add(d->tr->notes, BS_NOTE_CHANGED,
                 "column %s: SRID becomes REF_SYSTEM_ID, which is not enforced", d->name);
}

/* MariaDB has no invisible column that each INSERT must name. */
static void
refuse_invisible_without_default(struct definition *d) {
    bool is_invisible = find(d, "INVISIBLE") < d->to;
    size_t not_null = find(d, "NOT");
    bool has_value = find(d, "DEFAULT") < d->to || find(d, "AUTO_INCREMENT") < d->to ||
                     find(d, "AS") < d->to || not_null >= d->to || !is(d, not_null + 1, "NULL");
    if (is_invisible && !has_value) {
        bs_notes_add(d->tr->notes, BS_NOTE_REFUSED,
                     "column %s is INVISIBLE and NOT NULL without a default, which MariaDB does "
                     "not have: give it a default, or make it visible",
                     d->name);
    }
}

/* MySQL's texts have no default but an expression: in a lenient sql_mode it reads a literal and
 * forgets it. MariaDB would keep it, and fill the rows that are there with it. */
static void
cut_forgotten_default(struct definition *d) {
    size_t at = find(d, "DEFAULT");
    char value[BS_WORD_TEXT_MAX];
    bool is_text = is_large(d) || is(d, d->type, "LONG");
    if (!is_text || at >= d->to || bs_words_is_punct(&d->tr->words, at + 1, '(') ||
        is(d, at + 1, "NULL")) {
        return;
    }
    bs_words_name(&d->tr->words, at + 1, value, sizeof value);
    cut(d, at, at + (value[0] == '_' ? 3 : 2));
    bs_notes_add(d->tr->notes, BS_NOTE_LEFT_OUT,
                 "column %s: a default that the source reads and forgets is left out", d->name);
}

static void
translate_for_mariadb(struct definition *d, size_t name) {
    if (is(d, d->type, "GEOMCOLLECTION")) {
        bs_words_set(&d->tr->words, d->type, "geometrycollection");
    }
    move_srid(d);
    cut_unenforced_check(d);
    cut_forgotten_default(d);
    refuse_invisible_without_default(d);
    translate_generated_null(d, name);
}

static void
cut_invisible(struct definition *d) {
    size_t at = find(d, "INVISIBLE");
    if (at < d->to && d->tr->t->target.version < MYSQL_HAS_INVISIBLE) {
        cut(d, at, at + 1);
        bs_notes_add(d->tr->notes, BS_NOTE_CHANGED, "column %s: INVISIBLE is left out", d->name);
    }
}

static void
translate_for_mysql(struct definition *d) {
    translate_type_for_mysql(d);
    translate_json_for_mysql(d);
    translate_default_for_mysql(d);
    cut_invisible(d);
    size_t persistent = find(d, "PERSISTENT");
    if (persistent < d->to) {
        bs_words_set(&d->tr->words, persistent, "STORED");
    }
    size_t compressed = find(d, "COMPRESSED");
    if (compressed < d->to) {
        bool has_method = bs_words_is_punct(&d->tr->words, compressed + 1, '=');
        cut(d, compressed, compressed + (has_method ? 3 : 1));
        bs_notes_add(d->tr->notes, BS_NOTE_CHANGED, "column %s: COMPRESSED is left out", d->name);
    }
    size_t versioning = find(d, "SYSTEM");
    if (versioning < d->to && is(d, versioning + 1, "VERSIONING")) {
        cut(d, versioning - 1, versioning + 2);
    }
}

/* VARCHAR(9) BINARY: the collation that compares bytes, of whichever charset. */
static bool
has_binary_attribute(const struct definition *d) {
    for (size_t i = d->attrs; i < d->to; i++) {
        if (is(d, i, "BINARY") && !is(d, i - 1, "SET") && !is(d, i - 1, "CHARSET")) {
            return true;
        }
    }
    return false;
}

void
bs_translate_column(struct bs_translating *tr, size_t name, size_t to) {
    struct definition d = {.tr = tr, .type = name + 1, .to = to};
    bs_words_name(&tr->words, name, d.name, sizeof d.name);
    d.attrs = bs_words_is_punct(&tr->words, name + 2, '(') ? bs_words_behind(&tr->words, name + 2)
                                                           : name + 2;
    if (!has_binary_attribute(&d)) {
        bs_translate_charsets(tr, d.attrs, to);
    }
    bs_translate_forgotten(tr, d.name, d.attrs, to);
    if (!bs_translation_is_across(tr->t)) {
        return;
    }
    bs_translate_quote(tr, name);
    if (tr->fills_rows) {
        bs_translate_filling(tr, d.name, d.type, to);
    }
    translate_vector(&d);
    cut_attributes(&d);
    if (bs_translation_to_mysql(tr->t)) {
        translate_for_mysql(&d);
    } else {
        translate_for_mariadb(&d, name);
    }
}
