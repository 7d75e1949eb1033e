/* What a source says, said so that the target means the same: types, collations, options, defaults
 * and spellings that differ between versions and flavours. Pure. What has no equal is never
 * guessed: it is left out where nothing depends on it, or refused, and each is noted.
 *
 * docs/matrix.md lists what is carried exactly, translated, left out and refused; the tables behind
 * it are in translate_table.c, translate_column.c and translate_key.c. Used by check (to tell),
 * snapshot (SHOW CREATE texts), apply (statements of the stream) and cutover (triggers, events). */
#ifndef BS_SCHEMA_TRANSLATION_H
#define BS_SCHEMA_TRANSLATION_H

#include "base/buf.h"
#include "base/error.h"
#include "schema/collation.h"
#include "schema/model.h"
#include "schema/server.h"

#include <stdbool.h>

/* Both ends of a move, and how it is meant. Filled once by src/catalog and its caller, read-only
 * afterwards. */
struct bs_translation {
    struct bs_server source, target;
    struct bs_collation_list source_collations, target_collations;
    bool keep_engines; /* --keep-engines: tables of other engines than InnoDB stay such */
    char *definer;     /* --definer: the account that stored objects are made in the name of, as
                          bs_definer_read gives it; NULL: each in its own. Owned */
};

void bs_translation_fini(struct bs_translation *translation);

bool bs_translation_is_needed(const struct bs_translation *t); /* not one version of one flavour */
bool bs_translation_is_across(const struct bs_translation *t); /* MySQL to MariaDB or back */
bool bs_translation_to_mysql(const struct bs_translation *t);  /* across, and so directed */
bool bs_translation_to_mariadb(const struct bs_translation *t);

/* What came of a translation, for people: "index `i` is left out: ..." */
enum bs_note_kind {
    BS_NOTE_CHANGED,  /* said differently, or nearly the same thing */
    BS_NOTE_LEFT_OUT, /* no equal, and rows do not depend on it */
    BS_NOTE_REFUSED,  /* no equal: the statement must not run */
};

struct bs_note {
    enum bs_note_kind kind;
    char *text;
};

struct bs_notes {
    struct bs_note *items;
    size_t count, cap;
};

void bs_notes_add(struct bs_notes *notes, enum bs_note_kind kind, const char *fmt, ...)
    BS_PRINTF(3, 4);
const struct bs_note *bs_notes_find(const struct bs_notes *notes, enum bs_note_kind kind);
void bs_notes_fini(struct bs_notes *notes);

/* A statement for the target. */
struct bs_translated {
    struct bs_buf sql;    /* "" when nothing is left to be done */
    struct bs_buf before; /* a statement to be run before it, or "" */
    struct bs_notes notes;
    bool loses_history; /* it makes a system-versioned table, which the target cannot have */
};

void bs_translated_fini(struct bs_translated *translated);

/* A charset that stands without a collation has this one. Ids of the source. */
struct bs_charset_choice {
    unsigned int of; /* a collation of that charset */
    unsigned int collation;
};

/* What the session that runs a statement makes of its text. */
struct bs_text_mode {
    bool ansi_quotes, no_backslash_escapes; /* of its sql_mode */
    bool is_strict;
    bool is_utf8mb4; /* its literals: as client and as connection */

    /* Charsets without a collation. False: as the source's server has it. Of MariaDB the choices
     * are all that differ from how it was built, of MySQL that of utf8mb4. */
    bool has_choices;
    bool choices_hold; /* the session that runs it on the target has them too */
    const struct bs_charset_choice *choices;
    size_t choice_count;
};

/* Translates one statement (CREATE and ALTER of tables, indexes and databases; COLLATE names and
 * the like in any other). here: the target's table of that name as it is before the statement, NULL
 * if there is none or it is not known; only IF [NOT] EXISTS clauses ask for it. A BS_NOTE_REFUSED
 * among the notes means that sql must not be run. */
void bs_translate_statement(const struct bs_translation *t, struct bs_str sql,
                            struct bs_text_mode mode, const struct bs_table *here,
                            struct bs_translated *out);

/* SHOW CREATE TABLE's text, to be run in utf8mb4: made InnoDB first where the table's engine is
 * converted. Elsewhere as bs_translate_statement. */
void bs_translate_create(const struct bs_translation *t, const char *engine, struct bs_str create,
                         struct bs_translated *out);

/* A stored object (database, view, routine, trigger, event), in place: its text and the settings
 * that it is created in. */
void bs_translate_object(const struct bs_translation *t, struct bs_object *object,
                         struct bs_notes *notes);

/* The collation's name on the target, NULL if it has no equal there. */
const char *bs_translate_collation(const struct bs_translation *t, struct bs_str name);

#endif
