/* Stored objects: their text, and the settings that they were made in and are to be made in. */
#include "schema/definer.h"
#include "schema/sql_mode.h"
#include "schema/translate_private.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Modes of one flavour. Those that say what the other one does anyhow are left out; the others
 * change how a text is read or what it does, and have no equal. That a time is cut or rounded is
 * said anew for the other. */
static const struct mode {
    const char *name;
    enum bs_flavour flavour;
    bool is_the_others_way, is_of_fractions;
} MODES[] = {
    {"TIME_TRUNCATE_FRACTIONAL", BS_MYSQL, true, true},
    {"TIME_ROUND_FRACTIONAL", BS_MARIADB, true, true},
    {"NO_AUTO_CREATE_USER", BS_MARIADB, true, false},
    {"NO_FIELD_OPTIONS", BS_MARIADB, true, false},
    {"NO_KEY_OPTIONS", BS_MARIADB, true, false},
    {"NO_TABLE_OPTIONS", BS_MARIADB, true, false},
    {"MYSQL323", BS_MARIADB, true, false},
    {"MYSQL40", BS_MARIADB, true, false},
    {"POSTGRESQL", BS_MARIADB, true, false},
    {"MSSQL", BS_MARIADB, true, false},
    {"DB2", BS_MARIADB, true, false},
    {"MAXDB", BS_MARIADB, true, false},
    {"ORACLE", BS_MARIADB, false, false},
    {"EMPTY_STRING_IS_NULL", BS_MARIADB, false, false},
    {"SIMULTANEOUS_ASSIGNMENT", BS_MARIADB, false, false},
};

static const struct mode *
find_mode(enum bs_flavour flavour, struct bs_str name) {
    for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++) {
        if (MODES[i].flavour == flavour && bs_str_is_nocase(name, MODES[i].name)) {
            return &MODES[i];
        }
    }
    return NULL;
}

static void
translate_modes(const struct bs_translation *t, struct bs_object *object, struct bs_notes *notes) {
    struct bs_buf kept = {0};
    bool has_fractions = false;
    for (const char *at = object->sql_mode; *at != '\0';) {
        struct bs_str name = {at, strcspn(at, ",")};
        const struct mode *mode = find_mode(t->source.flavour, name);
        if (mode == NULL && name.len > 0) {
            bs_buf_puts(&kept, kept.len > 0 ? "," : "");
            bs_buf_put_str(&kept, name);
        } else if (mode != NULL && !mode->is_the_others_way) {
            bs_notes_add(notes, BS_NOTE_REFUSED, "sql_mode %s has no equal on the target",
                         mode->name);
        }
        has_fractions = has_fractions || (mode != NULL && mode->is_of_fractions);
        at += name.len + (at[name.len] == ',');
    }
    const char *fractions = bs_sql_mode_fractions(has_fractions, &t->source, &t->target);
    if (fractions != NULL) {
        bs_buf_printf(&kept, "%s%s", kept.len > 0 ? "," : "", fractions);
    }
    free(object->sql_mode);
    object->sql_mode = bs_buf_take_cstr(&kept);
}

static void
translate_collation(const struct bs_translation *t, char **name, struct bs_notes *notes) {
    if (*name == NULL) {
        return;
    }
    const char *there = bs_translate_collation(t, bs_str(*name));
    if (there == NULL) {
        bs_notes_add(notes, BS_NOTE_REFUSED, "collation %s has no equal on the target", *name);
    } else if (!bs_collation_name_equal(bs_str(there), bs_str(*name))) {
        free(*name);
        *name = bs_strdup(there);
    }
}

static void
replace_text(const struct bs_translation *t, struct bs_object *object, struct bs_notes *notes) {
    const char *mode = object->sql_mode != NULL ? object->sql_mode : "";
    struct bs_text_mode text_mode = {
        .ansi_quotes = strcasestr(mode, "ANSI") != NULL,
        .no_backslash_escapes = strcasestr(mode, "NO_BACKSLASH_ESCAPES") != NULL,
    };
    struct bs_translated translated;
    bs_translate_statement(t, bs_str(object->create), text_mode, NULL, &translated);
    for (size_t i = 0; i < translated.notes.count; i++) {
        bs_notes_add(notes, translated.notes.items[i].kind, "%s", translated.notes.items[i].text);
    }
    free(object->create);
    object->create = bs_buf_take_cstr(&translated.sql);
    bs_translated_fini(&translated);
}

/* Is a word of the text worth a rewriting? A stored program's own spelling is kept otherwise. */
static bool
needs_rewriting(const struct bs_object *object) {
    return object->kind == BS_OBJECT_DATABASE || strcasestr(object->create, "COLLATE") != NULL ||
           strstr(object->create, "->") != NULL || strstr(object->create, "/*!") != NULL ||
           strcasestr(object->create, "regexp_like") != NULL;
}

static void
refuse_foreign(const struct bs_translation *t, const struct bs_object *object,
               struct bs_notes *notes) {
    const char *mode = object->sql_mode != NULL ? object->sql_mode : "";
    struct bs_translating tr = {.t = t, .notes = notes};
    bs_words_read(&tr.words, bs_str(object->create), strcasestr(mode, "ANSI") != NULL,
                  strcasestr(mode, "NO_BACKSLASH_ESCAPES") != NULL, &t->source);
    bs_translate_refuse_foreign(&tr);
    bs_words_fini(&tr.words);
}

static void
replace_definer(const struct bs_translation *t, struct bs_object *object) {
    const char *mode = object->sql_mode != NULL ? object->sql_mode : "";
    struct bs_buf text = {0};
    bs_definer_put(&text, bs_str(object->create), t->definer, strcasestr(mode, "ANSI") != NULL,
                   strcasestr(mode, "NO_BACKSLASH_ESCAPES") != NULL, &t->source);
    free(object->create);
    object->create = bs_buf_take_cstr(&text);
}

void
bs_translate_object(const struct bs_translation *t, struct bs_object *object,
                    struct bs_notes *notes) {
    if (t->definer != NULL) {
        replace_definer(t, object);
    }
    if (!bs_translation_is_needed(t)) {
        return;
    }
    if (bs_translate_refuse_package(t, object->kind, notes)) {
        return;
    }
    if (needs_rewriting(object)) {
        replace_text(t, object, notes);
    } else {
        refuse_foreign(t, object, notes);
    }
    if (!bs_translation_is_across(t)) {
        return;
    }
    if (object->sql_mode != NULL) {
        translate_modes(t, object, notes);
    }
    if (object->charset_client != NULL &&
        !bs_collation_has_charset(&t->target_collations, bs_str(object->charset_client))) {
        bs_notes_add(notes, BS_NOTE_REFUSED, "charset %s is not known to the target",
                     object->charset_client);
    }
    translate_collation(t, &object->collation_connection, notes);
    translate_collation(t, &object->collation_database, notes);
}
