/* The inside of translation. Internal to src/schema.
 *
 *   translate.c         statements: which kind, collations in any text, objects, notes
 *   translate_table.c   CREATE TABLE: its elements and options, partitions
 *   translate_alter.c   ALTER TABLE: its actions
 *   translate_column.c  one column definition
 *   translate_key.c     one key, constraint or period
 *   translate_rows.c    ALTER that would change or delete rows by rules that differ
 *   translate_literal.c literals that name their charset
 *   translate_ignored.c constraints that some servers read and forget
 *   translate_charset.c charsets that stand without a collation
 *   translate_utf8.c    utf8 where the source means utf8mb4 by it
 *   translate_foreign.c words and functions that the other flavour does not have
 *
 * All work on the words of one statement. */
#ifndef BS_SCHEMA_TRANSLATE_PRIVATE_H
#define BS_SCHEMA_TRANSLATE_PRIVATE_H

#include "schema/translation.h"
#include "schema/words.h"

enum { BS_WORD_TEXT_MAX = 64 * 4 + 1 };

struct bs_translating {
    const struct bs_translation *t;
    struct bs_words words;
    struct bs_notes *notes;
    const struct bs_table *here; /* the target's table before the statement, or NULL */
    struct bs_text_mode mode;
    size_t period; /* where PERIOD FOR SYSTEM_TIME stands, 0: nowhere */
    bool loses_history;
    bool fills_rows; /* columns are added to rows that are there */
};

/* A definition's part in [from, to): true if the whole element must go. */
bool bs_translate_element(struct bs_translating *tr, size_t from, size_t to);
bool bs_translate_key(struct bs_translating *tr, size_t from, size_t to);
void bs_translate_column(struct bs_translating *tr, size_t name, size_t to);
bool bs_is_key_element(const struct bs_translating *tr, size_t at);

/* MODIFY and CHANGE of the column so named before: refuses what turns its values into others than
 * on the source. */
void bs_translate_conversion(struct bs_translating *tr, const char *name, size_t type, size_t to);

/* A column that is added to rows that are there, its type at type: they get the value that the
 * source gives them. */
void bs_translate_filling(struct bs_translating *tr, const char *name, size_t type, size_t to);

/* The definition of a column, its attributes in [from, to): without the constraints that the source
 * reads and forgets, where the target would keep them. */
void bs_translate_forgotten(struct bs_translating *tr, const char *column, size_t from, size_t to);
bool bs_translate_forgets_check(const struct bs_translating *tr); /* CHECK as an element */

/* TRUNCATE and DROP PARTITION: refused where the two flavours divide the rows differently. */
void bs_translate_partition_rows(struct bs_translating *tr);
/* CONVERT TO CHARACTER SET, in [from, to): refused where it would convert MySQL's JSON. */
void bs_translate_convert_to(struct bs_translating *tr, size_t from, size_t to);

/* Literals with a charset of their own, in the definition of a table of MariaDB. is_utf8mb4: those
 * without one are of utf8mb4. */
void bs_translate_literals(struct bs_translating *tr, bool is_utf8mb4);

/* Refuses a text that says what no version of the target's flavour understands. */
void bs_translate_refuse_foreign(struct bs_translating *tr);

/* True, and noted, if an object of this kind is a package and the target is MySQL. */
bool bs_translate_refuse_package(const struct bs_translation *t, enum bs_object_kind kind,
                                 struct bs_notes *notes);

/* The list in brackets at open: elements that must go are cut with their commas. True if none is
 * left. */
bool bs_translate_elements(struct bs_translating *tr, size_t open);

/* Table options in [from, to), partitions included; in CREATE and ALTER alike. True if nothing of
 * them is left. */
bool bs_translate_options(struct bs_translating *tr, size_t from, size_t to);

/* "NAME [=] value" at at: behind the value. */
size_t bs_translate_behind_value(const struct bs_translating *tr, size_t at);

/* Of a charset or a collation, which may stand in quotes. */
void bs_translate_charset_name(const struct bs_translating *tr, size_t at, char *out, size_t cap);

/* CHARACTER SET x without COLLATE in [from, to) gets the source's default one, where the target's
 * is another. */
void bs_translate_charsets(struct bs_translating *tr, size_t from, size_t to);

/* The statement of a source whose utf8 is utf8mb4, so that it means that anywhere. Before its words
 * are read for anything else. */
void bs_translate_put_utf8(struct bs_buf *out, const struct bs_translation *t, struct bs_str sql,
                           bool ansi_quotes, bool no_backslash_escapes);

void bs_translate_create_table(struct bs_translating *tr, size_t name);
bool bs_translate_alter_table(struct bs_translating *tr, size_t name); /* true: nothing is left */

/* CREATE and DROP INDEX, the word INDEX at index. True: nothing is left. */
bool bs_translate_index_statement(struct bs_translating *tr, size_t index);

/* IF [NOT] EXISTS at at, which MySQL does not have: cut. *holds: whether the rest is to be done, as
 * the target has the named thing or not. Behind the clause and, if there is none, at. */
size_t bs_translate_condition(struct bs_translating *tr, size_t at, bool is_there, bool *holds);

/* Behind "db.name" or "name". */
size_t bs_translate_behind_name(const struct bs_translating *tr, size_t at);

/* Puts an identifier that stands there without quotes into backquotes: what is a plain word for one
 * flavour may be reserved in the other. */
void bs_translate_quote(struct bs_translating *tr, size_t at);

#endif
