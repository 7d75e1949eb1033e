#include "apply/engines.h"

#include "base/mem.h"
#include "schema/engine.h"
#include "schema/lexer.h"
#include "schema/sql_mode.h"

#include <stdlib.h>
#include <string.h>

static const char *
engine_of(const struct bs_applier *applier, const char *db, const char *name) {
    const struct bs_target_table *table = bs_applier_find_table(applier, bs_str(db), bs_str(name));
    return table != NULL ? table->model->engine : NULL;
}

static struct bs_lexer
lexer_of(const struct bs_statement *statement) {
    uint64_t mode = statement->sql_mode;
    return bs_lexer(statement->sql, (mode & BS_SQL_MODE_ANSI_QUOTES) != 0,
                    (mode & BS_SQL_MODE_NO_BACKSLASH_ESCAPES) != 0);
}

static bool
find_said(const struct bs_statement *statement, char said[BS_ENGINE_NAME_MAX]) {
    struct bs_lexer lexer = lexer_of(statement);
    return bs_engine_find(statement->sql, lexer.ansi_quotes, lexer.no_backslash_escapes, said);
}

/* name or db.name; false if none stands there. */
static bool
read_name(struct bs_lexer *lexer, const struct bs_statement *statement, struct bs_ddl_object *out) {
    struct bs_token first = bs_lexer_next(lexer);
    if (first.kind != BS_TOKEN_WORD && first.kind != BS_TOKEN_QUOTED &&
        first.kind != BS_TOKEN_NUMBER) {
        return false;
    }
    memset(out, 0, sizeof *out);
    if (!bs_token_is_punct(bs_lexer_peek(lexer), '.')) {
        size_t len = statement->db.len;
        memcpy(out->db, statement->db.data, len < sizeof out->db ? len : sizeof out->db - 1);
        bs_token_name(first, out->name, sizeof out->name);
        return true;
    }
    (void)bs_lexer_next(lexer);
    bs_token_name(first, out->db, sizeof out->db);
    bs_token_name(bs_lexer_next(lexer), out->name, sizeof out->name);
    return true;
}

/* CREATE TABLE a LIKE b, CREATE TABLE a (LIKE b). A column default or a CHECK may hold LIKE too,
 * deeper or behind more words. */
static const char *
engine_of_like(const struct bs_applier *applier, const struct bs_statement *statement) {
    struct bs_lexer lexer = lexer_of(statement);
    struct bs_ddl_object from;
    int words = 0;
    int depth = 0;
    for (struct bs_token t = bs_lexer_next(&lexer);
         t.kind != BS_TOKEN_END && !bs_token_is(t, "SELECT"); t = bs_lexer_next(&lexer)) {
        enum { CREATE_TABLE_IF_NOT_EXISTS_DB_NAME = 10 };
        if (bs_token_is(t, "LIKE") && depth <= 1 && words <= CREATE_TABLE_IF_NOT_EXISTS_DB_NAME) {
            return read_name(&lexer, statement, &from) ? engine_of(applier, from.db, from.name)
                                                       : NULL;
        }
        depth += bs_token_is_punct(t, '(') - bs_token_is_punct(t, ')');
        words += t.kind != BS_TOKEN_PUNCT;
    }
    return NULL;
}

static void
set_note(struct bs_engine_notes *notes, size_t i, const char *engine) {
    char *copy = engine != NULL ? bs_strdup(engine) : NULL;
    free(notes->engines[i]);
    notes->engines[i] = copy;
}

static bool
names_equal(const struct bs_ddl_object *a, const struct bs_ddl_object *b) {
    return strcmp(a->db, b->db) == 0 && strcmp(a->name, b->name) == 0;
}

/* Pairs of from and to, one after the other: what a name stands for may have been renamed to it by
 * a pair before. */
static void
note_renames(struct bs_engine_notes *notes, const struct bs_applier *applier,
             const struct bs_ddl *ddl) {
    for (size_t i = 0; i + 1 < ddl->count; i += 2) {
        const char *engine = engine_of(applier, ddl->objects[i].db, ddl->objects[i].name);
        for (size_t before = 1; before < i; before += 2) {
            if (names_equal(&ddl->objects[before], &ddl->objects[i])) {
                engine = notes->engines[before];
            }
        }
        set_note(notes, i + 1, engine);
    }
    /* A name that is left and taken again is refreshed for each time it is named. */
    for (size_t i = 0; i < ddl->count; i++) {
        for (size_t later = 1; later < ddl->count; later += 2) {
            if (names_equal(&ddl->objects[i], &ddl->objects[later]) && i != later) {
                set_note(notes, i, notes->engines[later]);
            }
        }
    }
}

static void
note_one(struct bs_engine_notes *notes, const struct bs_applier *applier,
         const struct bs_statement *statement, const struct bs_ddl *ddl, const char *said) {
    const struct bs_ddl_object *object = &ddl->objects[0];
    const char *engine = said;
    bool is_nothing = ddl->verb == BS_DDL_CREATE && !ddl->or_replace &&
                      engine_of(applier, object->db, object->name) != NULL;
    if (is_nothing) { /* CREATE IF NOT EXISTS of one that exists */
        engine = engine_of(applier, object->db, object->name);
    } else if (engine == NULL && ddl->verb == BS_DDL_CREATE) {
        engine = engine_of_like(applier, statement);
        notes->is_guess = engine == NULL;
        engine = engine != NULL ? engine : applier->default_engine;
    } else if (engine == NULL) {
        engine = engine_of(applier, object->db, object->name);
    }
    for (size_t i = 0; i < ddl->count; i++) { /* ALTER ... RENAME names two */
        set_note(notes, i, engine);
    }
}

static enum bs_status
refuse_engine(const struct bs_ddl *ddl, const char *engine, struct bs_error *err) {
    bs_error_set(err, BS_PRECHECK,
                 "the source made table %s.%s one of engine %s, which cannot be followed: tables "
                 "of it %s",
                 ddl->objects[0].db, ddl->objects[0].name, engine, bs_engine_problem(engine));
    return bs_error_hint(err,
                         "drop or convert the table on the source, then take a new snapshot; or "
                         "exclude it there");
}

static bool
is_converted(const char *engine) {
    return engine != NULL && bs_engine_kind(engine) == BS_ENGINE_CONVERTED;
}

enum bs_status
bs_engine_notes_take(struct bs_engine_notes *notes, const struct bs_applier *applier,
                     const struct bs_statement *statement, const struct bs_ddl *ddl,
                     struct bs_error *err) {
    char said[BS_ENGINE_NAME_MAX] = "";
    bool makes = ddl->verb == BS_DDL_CREATE || ddl->verb == BS_DDL_ALTER;
    memset(notes, 0, sizeof *notes);
    if (ddl->count == 0 || (ddl->kind != BS_OBJECT_TABLE && ddl->kind != BS_OBJECT_SEQUENCE)) {
        return BS_OK;
    }
    notes->count = ddl->count;
    notes->engines = bs_zalloc(ddl->count * sizeof *notes->engines);
    bool has_said = makes && find_said(statement, said);
    if (has_said && bs_engine_kind(said) == BS_ENGINE_REFUSED) {
        return refuse_engine(ddl, said, err);
    }
    if (ddl->verb == BS_DDL_RENAME) {
        note_renames(notes, applier, ddl);
    } else if (makes || ddl->verb == BS_DDL_TRUNCATE) {
        note_one(notes, applier, statement, ddl, has_said ? said : NULL);
    }
    notes->converts = makes && !applier->keep_engines && is_converted(notes->engines[0]);
    return BS_OK;
}

void
bs_engine_notes_fini(struct bs_engine_notes *notes) {
    for (size_t i = 0; i < notes->count; i++) {
        free(notes->engines[i]);
    }
    free(notes->engines);
    memset(notes, 0, sizeof *notes);
}

bool
bs_engine_is_emptying(const struct bs_applier *applier, const struct bs_statement *statement,
                      const struct bs_target_table **table, bool *is_selected) {
    struct bs_lexer lexer = lexer_of(statement);
    struct bs_ddl_object object;
    if (!bs_token_is(bs_lexer_next(&lexer), "DELETE") ||
        !bs_token_is(bs_lexer_next(&lexer), "FROM") || !read_name(&lexer, statement, &object) ||
        bs_lexer_peek(&lexer).kind != BS_TOKEN_END) {
        return false;
    }
    *table = bs_applier_find_table(applier, bs_str(object.db), bs_str(object.name));
    *is_selected =
        bs_selection_has_table(applier->selection, bs_str(object.db), bs_str(object.name));
    return *table != NULL && bs_str_is_nocase(bs_str((*table)->model->engine), "MEMORY");
}
