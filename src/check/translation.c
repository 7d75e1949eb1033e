/* Checks of what the target will not have as the source has it: every selected table and object is
 * translated as the snapshot will do it, and what came of that is told. */
#include "base/mem.h"
#include "catalog/catalog.h"
#include "check/check_private.h"
#include "sql/text.h"

#include <stdlib.h>

enum { NOTES_SHOWN = 20 };

static const enum bs_note_kind KINDS[BS_CHECK_NOTE_KINDS] = {BS_NOTE_CHANGED, BS_NOTE_LEFT_OUT,
                                                             BS_NOTE_REFUSED};

static struct bs_check_notes *
notes_of(struct bs_checking *c, enum bs_note_kind kind) {
    for (size_t i = 0; i < BS_CHECK_NOTE_KINDS; i++) {
        if (KINDS[i] == kind) {
            return &c->notes[i];
        }
    }
    return &c->notes[0];
}

static void
add_notes(struct bs_checking *c, const char *kind, const char *db, const char *name,
          const struct bs_notes *notes) {
    for (size_t i = 0; i < notes->count; i++) {
        struct bs_check_notes *list = notes_of(c, notes->items[i].kind);
        if (list->count++ >= NOTES_SHOWN) {
            continue;
        }
        bs_buf_printf(&list->text, "%s%s ", list->count > 1 ? "; " : "", kind);
        if (*name != '\0') {
            bs_sql_put_table(&list->text, bs_str(db), bs_str(name));
        } else {
            bs_sql_put_ident(&list->text, bs_str(db));
        }
        bs_buf_printf(&list->text, ": %s", notes->items[i].text);
    }
}

static void
translate_all(struct bs_checking *c, const struct bs_translation *t, struct bs_schema *schema) {
    for (size_t i = 0; i < schema->object_count; i++) {
        struct bs_object *object = &schema->objects[i];
        struct bs_notes notes = {0};
        bs_translate_object(t, object, &notes);
        add_notes(c, bs_object_kind_name(object->kind), object->db, object->name, &notes);
        bs_notes_fini(&notes);
    }
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct bs_table *table = schema->tables[i];
        struct bs_translated translated;
        bs_translate_create(t, table->engine, bs_str(table->create), &translated);
        add_notes(c, "table", table->db, table->name, &translated.notes);
        bs_translated_fini(&translated);
    }
}

/* What the catalogue itself refuses (a text that the account may not see, a view that reads itself)
 * is an answer of this check, not a failure to make it. */
static enum bs_status
keep_refusal(struct bs_checking *c, struct bs_error *err) {
    struct bs_check_notes *refused = notes_of(c, BS_NOTE_REFUSED);
    refused->count++;
    bs_buf_printf(&refused->text, "%s%s%s%s", err->message, err->hint[0] != '\0' ? " (" : "",
                  err->hint, err->hint[0] != '\0' ? ")" : "");
    bs_error_clear(err);
    return BS_OK;
}

static enum bs_status
load_notes(struct bs_checking *c, struct bs_error *err) {
    struct bs_translation t = {0};
    struct bs_schema *schema = NULL;
    enum bs_status status = bs_catalog_translation(c->config->source, &c->source, c->config->target,
                                                   &c->target, &t, err);
    if (status != BS_OK) {
        return status;
    }
    t.keep_engines = c->config->keep_engines;
    t.definer = c->config->definer != NULL ? bs_strdup(c->config->definer) : NULL;
    status = bs_catalog_schema(c->config->source, &c->source, c->config->selection, &schema, err);
    if (status == BS_OK) {
        translate_all(c, &t, schema);
    } else if (status == BS_PRECHECK && !c->source_hides) {
        status = keep_refusal(c, err);
    } else if (status == BS_PRECHECK) {
        bs_error_clear(err); /* the check of privileges says what is missing */
        status = BS_OK;
    }
    bs_schema_free(schema);
    bs_translation_fini(&t);
    return status;
}

static char *
describe(struct bs_check_notes *notes) {
    if (notes->count > NOTES_SHOWN) {
        bs_buf_printf(&notes->text, "; and %zu more", notes->count - NOTES_SHOWN);
    }
    return bs_strdup(bs_buf_cstr(&notes->text));
}

enum bs_status
bs_check_translated(struct bs_checking *c, struct bs_error *err) {
    enum bs_status status = load_notes(c, err);
    struct bs_check_notes *changed = notes_of(c, BS_NOTE_CHANGED);
    if (status == BS_OK) {
        bs_check_add(c, BS_CHECK_PASS,
                     changed->count > 0 ? describe(changed)
                                        : bs_strdup("every definition is carried as it is"),
                     NULL);
    }
    return status;
}

enum bs_status
bs_check_left_out(struct bs_checking *c, struct bs_error *err) {
    struct bs_check_notes *left_out = notes_of(c, BS_NOTE_LEFT_OUT);
    (void)err;
    if (left_out->count > 0) {
        bs_check_add(c, BS_CHECK_WARNING, describe(left_out),
                     bs_strdup("see whether your applications can do without; what rows say is "
                               "carried all the same"));
    } else {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("nothing is left out"), NULL);
    }
    return BS_OK;
}

enum bs_status
bs_check_no_equal(struct bs_checking *c, struct bs_error *err) {
    struct bs_check_notes *refused = notes_of(c, BS_NOTE_REFUSED);
    (void)err;
    if (refused->count > 0) {
        bs_check_add(c, BS_CHECK_FAIL, describe(refused),
                     bs_strdup("change these on the source, or leave them out with "
                               "--exclude-tables or --exclude-databases"));
    } else {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("everything has an equal on the target"), NULL);
    }
    return BS_OK;
}

void
bs_check_notes_fini(struct bs_checking *c) {
    for (size_t i = 0; i < BS_CHECK_NOTE_KINDS; i++) {
        bs_buf_fini(&c->notes[i].text);
    }
}
