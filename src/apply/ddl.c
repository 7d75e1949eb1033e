/* Which statements are run, which are none of ours, and which must stop the run: by what they are,
 * by what is selected, and by what would come out otherwise on the target. How one is run:
 * src/apply/ddl_run.c. */
#include "apply/ddl.h"

#include "apply/ddl_names.h"
#include "apply/ddl_run.h"
#include "apply/engines.h"
#include "apply/session_context.h"
#include "base/log.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "schema/ddl.h"
#include "schema/engine.h"
#include "schema/references.h"
#include "schema/sql_mode.h"
#include "schema/zone.h"
#include "sql/text.h"

#include <stdlib.h>
#include <string.h>

/* What to do about sessions that log statements. */
static const char USE_ROWS[] =
    "on the source: SET GLOBAL binlog_format = ROW, let every session reconnect, then take a new "
    "snapshot";

static bool
is_selected(const struct bs_applier *applier, const struct bs_ddl_object *object) {
    return bs_selection_has_object(applier->selection, object->kind, bs_str(object->db),
                                   bs_str(object->name));
}

/* A database of which only some tables are selected: what is done to it as a whole is not ours to
 * do, nor to leave. */
static bool
is_in_part(const struct bs_applier *applier, const struct bs_ddl *ddl) {
    return ddl->kind == BS_OBJECT_DATABASE && !is_selected(applier, &ddl->objects[0]) &&
           bs_selection_has_database(applier->selection, bs_str(ddl->objects[0].db));
}

static enum bs_status
skip(struct bs_applier *applier, const struct bs_statement *statement, const char *why) {
    char text[BS_DDL_SHOWN_MAX];
    bs_log(BS_LOG_INFO, "not run on the target (%s): %s", why, bs_ddl_show(statement, text));
    applier->stats.skipped_statements++;
    return BS_OK;
}

/* As logged, but for START TRANSACTION, which only the source can mean. */
static void
put_statement(struct bs_buf *out, const struct bs_statement *statement, const struct bs_ddl *ddl) {
    bs_buf_put(out, statement->sql.data, ddl->cut_from);
    bs_buf_put(out, statement->sql.data + ddl->cut_to, statement->sql.len - ddl->cut_to);
}

/* Text goes by another version of Unicode in the other flavour, and a UUID or an address is text
 * there. */
static bool
has_order_of_its_own(const struct bs_table *table, const struct bs_key *key) {
    for (size_t i = 0; i < key->part_count; i++) {
        const struct bs_column *column = &table->columns[key->parts[i].column];
        bool is_alike = column->type <= BS_TYPE_TIMESTAMP ||
                        (column->type >= BS_TYPE_BINARY && column->type <= BS_TYPE_SET);
        if (!is_alike) {
            return true;
        }
    }
    return false;
}

/* Older ones read DESC and forget it. */
static bool
keeps_descending(const struct bs_server *server) {
    return server->version >= (server->flavour == BS_MARIADB ? 100800u : 80000u);
}

/* Where only the target forgets it, its own definition does not tell. */
static bool
may_run_backwards(const struct bs_applier *applier, const struct bs_key *key) {
    bool here = keeps_descending(&applier->translation->target);
    bool there = keeps_descending(&applier->translation->source);
    bool is_said = false;
    for (size_t i = 0; i < key->part_count; i++) {
        is_said = is_said || key->parts[i].descending;
    }
    return here != there && (is_said || there);
}

/* Without a key the two servers keep rows in different orders, and would number them differently.
 */
static enum bs_status
check_auto_increment(struct bs_applier *applier, const struct bs_statement *statement,
                     const struct bs_ddl *ddl, struct bs_error *err) {
    struct bs_table *model = NULL;
    if (!ddl->adds_auto_increment) {
        return BS_OK;
    }
    const struct bs_target_table *table =
        bs_applier_find_table(applier, bs_str(ddl->objects[0].db), bs_str(ddl->objects[0].name));
    if (table != NULL && !table->is_transactional) {
        return bs_ddl_refuse(
            statement,
            "an AUTO_INCREMENT column is added to a table of another engine than the "
            "target's: the two would number its rows differently",
            BS_DDL_BEGIN_ANEW, err);
    }
    enum bs_status status =
        bs_catalog_table(applier->lane.sql, &applier->translation->target,
                         bs_str(ddl->objects[0].db), bs_str(ddl->objects[0].name), &model, err);
    bool keyless = status == BS_OK && model != NULL && bs_table_row_key(model) == NULL;
    bool is_elsewhere = status == BS_OK && model != NULL && !keyless &&
                        bs_translation_is_across(applier->translation) &&
                        has_order_of_its_own(model, bs_table_row_key(model));
    bool runs_backwards = status == BS_OK && model != NULL && !keyless &&
                          may_run_backwards(applier, bs_table_row_key(model));
    bs_table_free(model);
    if (runs_backwards) {
        return bs_ddl_refuse(
            statement,
            "an AUTO_INCREMENT column is added, and only one of the two servers keeps the DESC of "
            "a key: they would number its rows differently",
            BS_DDL_BEGIN_ANEW, err);
    }
    if (is_elsewhere) {
        return bs_ddl_refuse(
            statement,
            "an AUTO_INCREMENT column is added to a table whose key the two flavours order "
            "differently: they would number its rows differently",
            BS_DDL_BEGIN_ANEW, err);
    }
    if (status == BS_OK && keyless) {
        return bs_ddl_refuse(statement,
                             "an AUTO_INCREMENT column is added to a table without a key: the two "
                             "servers would number its rows differently",
                             BS_DDL_BEGIN_ANEW, err);
    }
    return status;
}

/* For a table that is not InnoDB on the source and becomes that here. True: foreign keys were cut,
 * which the source's engine does not have. */
static bool
convert(const struct bs_applier *applier, const struct bs_statement *statement,
        const struct bs_table *here, struct bs_buf *text) {
    struct bs_buf cut = {0};
    struct bs_buf converted = {0};
    bool ansi_quotes = (statement->sql_mode & BS_SQL_MODE_ANSI_QUOTES) != 0;
    bool no_escapes = (statement->sql_mode & BS_SQL_MODE_NO_BACKSLASH_ESCAPES) != 0;
    bool has_cut = bs_references_cut(&cut, bs_buf_str(text), ansi_quotes, no_escapes,
                                     &applier->translation->source, here);
    bs_engine_put_innodb(&converted, bs_buf_str(has_cut ? &cut : text), ansi_quotes, no_escapes);
    bs_buf_fini(&cut);
    bs_buf_fini(text);
    *text = converted;
    return has_cut;
}

static void
note_cut(struct bs_notes *notes, bool is_guess) {
    if (is_guess) {
        bs_notes_add(notes, BS_NOTE_REFUSED,
                     "the statement makes a foreign key and names no engine: of the server's "
                     "default one the table has no foreign keys, but its session may have had "
                     "another");
    } else {
        bs_notes_add(notes, BS_NOTE_LEFT_OUT,
                     "foreign keys are left out: the table is not InnoDB on the source, which does "
                     "not keep them either");
    }
}

/* As logged, but for START TRANSACTION, which only the source can mean, and said in the target's
 * words. */
static void
translate(const struct bs_applier *applier, const struct bs_statement *statement,
          const struct bs_ddl *ddl, const struct bs_engine_notes *notes,
          struct bs_translated *translated) {
    struct bs_buf text = {0};
    struct bs_charset_choice choices[BS_SESSION_CHOICES_MAX];
    struct bs_text_mode mode =
        bs_session_context_text_mode(statement, applier->translation, choices);
    const struct bs_target_table *here =
        ddl->kind == BS_OBJECT_TABLE ? bs_applier_find_table(applier, bs_str(ddl->objects[0].db),
                                                             bs_str(ddl->objects[0].name))
                                     : NULL;
    const struct bs_table *model = here != NULL ? here->model : NULL;
    put_statement(&text, statement, ddl);
    bool has_cut = notes->converts && convert(applier, statement, model, &text);
    bs_translate_statement(applier->translation, bs_buf_str(&text), mode, model, translated);
    if (has_cut) {
        note_cut(&translated->notes, notes->is_guess);
    }
    bs_buf_fini(&text);
}

/* Row images of a system-versioned table have columns that its plain copy on a target of the other
 * flavour lacks: where they would be afterwards only the source knows. */
static bool
alters_plain_copy(const struct bs_applier *applier, const struct bs_ddl *ddl) {
    for (size_t i = 0; i < ddl->count && ddl->verb != BS_DDL_DROP; i++) {
        const struct bs_target_table *table = bs_applier_find_table(
            applier, bs_str(ddl->objects[i].db), bs_str(ddl->objects[i].name));
        if (table != NULL && table->has_period && table->model->is_translated) {
            return true;
        }
    }
    return false;
}

static enum bs_status
run_translated(struct bs_applier *applier, const struct bs_statement *statement,
               const struct bs_ddl *ddl, struct bs_error *err) {
    struct bs_translated translated;
    struct bs_engine_notes notes;
    enum bs_status status = bs_engine_notes_take(&notes, applier, statement, ddl, err);
    if (status != BS_OK) {
        bs_engine_notes_fini(&notes);
        return status;
    }
    translate(applier, statement, ddl, &notes, &translated);
    const struct bs_note *refused = bs_notes_find(&translated.notes, BS_NOTE_REFUSED);
    const struct bs_note *left_out = bs_notes_find(&translated.notes, BS_NOTE_LEFT_OUT);
    if (translated.loses_history || alters_plain_copy(applier, ddl)) {
        status = bs_ddl_refuse(
            statement,
            "a system-versioned table is made or altered, and the target, which has no "
            "history, holds its current rows only",
            "take a new snapshot, or leave the table out with --exclude-tables", err);
    } else if (refused != NULL) {
        status = bs_ddl_refuse(
            statement, refused->text,
            BS_DDL_BEGIN_ANEW "; `binstream check` lists what has no equal on the target", err);
    } else if (translated.sql.len == 0) {
        status = skip(applier, statement, "nothing of it concerns the target");
    } else {
        if (left_out != NULL) {
            char shown[BS_DDL_SHOWN_MAX];
            bs_log(BS_LOG_WARNING, "%s: %s", left_out->text, bs_ddl_show(statement, shown));
        }
        status = bs_ddl_run_once(applier, statement, ddl, &notes, &translated, err);
    }
    bs_engine_notes_fini(&notes);
    bs_translated_fini(&translated);
    return status;
}

static enum bs_status
refuse_what_log_lacks(const struct bs_statement *statement, const struct bs_ddl *ddl,
                      struct bs_error *err) {
    if (ddl->copies_rows) {
        return bs_ddl_refuse(
            statement,
            "the source logged CREATE TABLE ... SELECT as a statement: the rows that it found are "
            "not logged",
            USE_ROWS, err);
    }
    if (ddl->drops_duplicates) {
        return bs_ddl_refuse(
            statement, "ALTER IGNORE drops rows whose keys are alike: which ones is not logged",
            BS_DDL_BEGIN_ANEW, err);
    }
    if (ddl->adds_chance) {
        return bs_ddl_refuse(
            statement,
            "a column is added whose default is another in each row: what the source put "
            "there is not logged",
            BS_DDL_BEGIN_ANEW, err);
    }
    return BS_OK;
}

static bool
is_utc(const struct bs_translation *t, struct bs_str zone) {
    struct bs_str said = bs_str_is(zone, "SYSTEM") ? bs_str(t->source.system_offset) : zone;
    return bs_str_is(said, "+00:00") || bs_str_is(said, "UTC") || bs_str_is(said, "Etc/UTC");
}

static enum bs_status
refuse_system_zone(const struct bs_translation *t, const struct bs_statement *statement,
                   const char *why, struct bs_error *err) {
    char *text = bs_asprintf("a statement of a session with time_zone=SYSTEM would store other "
                             "times on the target, whose system has another time zone (%s, and %s "
                             "on the source): %s",
                             t->target.system_zone_name, t->source.system_zone_name, why);
    enum bs_status status = bs_ddl_refuse(
        statement, text,
        "start the target's server with the time zone of the source's system (TZ in its "
        "environment), then run the same command again: it goes on with this statement",
        err);
    free(text);
    return status;
}

/* The log names a zone where the statement has asked for the time. SYSTEM is each server's own. */
static enum bs_status
refuse_other_zone(const struct bs_applier *applier, const struct bs_statement *statement,
                  const struct bs_ddl *ddl, struct bs_error *err) {
    const struct bs_translation *t = applier->translation;
    bool ansi_quotes = (statement->sql_mode & BS_SQL_MODE_ANSI_QUOTES) != 0;
    bool no_escapes = (statement->sql_mode & BS_SQL_MODE_NO_BACKSLASH_ESCAPES) != 0;
    if (ddl->kind != BS_OBJECT_TABLE || statement->time_zone.len == 0) {
        return BS_OK;
    }
    const struct bs_target_table *known =
        bs_applier_find_table(applier, bs_str(ddl->objects[0].db), bs_str(ddl->objects[0].name));
    const struct bs_table *here = known != NULL ? known->model : NULL;
    if (!is_utc(t, statement->time_zone) &&
        bs_zone_is_generated_by(statement->sql, ansi_quotes, no_escapes, &t->source, here)) {
        return bs_ddl_refuse(
            statement,
            "a generated column is added whose stored values depend on the time zone of the "
            "session, which is not UTC: the target would make others of the rows to come",
            BS_DDL_BEGIN_ANEW
            ", or with the column dropped, and added on the target after the move",
            err);
    }
    bool means_the_same = !bs_str_is(statement->time_zone, "SYSTEM") ||
                          t->source.system_offset[0] != '\0' ||
                          bs_zone_is_shared(&t->source, &t->target);
    const char *why = means_the_same ? NULL
                                     : bs_zone_dependence(statement->sql, ansi_quotes, no_escapes,
                                                          &t->source, here);
    return why == NULL ? BS_OK : refuse_system_zone(t, statement, why, err);
}

static enum bs_status
run_selected(struct bs_applier *applier, const struct bs_statement *statement,
             const struct bs_ddl *ddl, struct bs_error *err) {
    size_t selected = 0;
    for (size_t i = 0; i < ddl->count; i++) {
        selected += is_selected(applier, &ddl->objects[i]);
    }
    if (is_in_part(applier, ddl)) {
        return bs_ddl_refuse(
            statement,
            "a statement is about a whole database of which only a part is "
            "selected",
            "do on the target by hand what it means there, then take a new snapshot", err);
    }
    if (selected == 0) {
        return skip(applier, statement, "not selected");
    }
    if (selected < ddl->count) {
        return bs_ddl_refuse(statement,
                             "a statement names objects inside and outside of the selection",
                             "select all of them or none, and take a new snapshot", err);
    }
    if (applier->group_has_rows) {
        return bs_ddl_refuse(statement, "a DDL statement stands behind rows in one transaction",
                             "this is not known to be written by any server: please report it",
                             err);
    }
    enum bs_status status = refuse_what_log_lacks(statement, ddl, err);
    if (status == BS_OK) {
        status = refuse_other_zone(applier, statement, ddl, err);
    }
    if (status == BS_OK) {
        status = check_auto_increment(applier, statement, ddl, err);
    }
    return status == BS_OK ? run_translated(applier, statement, ddl, err) : status;
}

/* Sessions keep the binlog_format that they began with, and only one that logs statements logs
 * this. What it then says of a name that the table hides would here be about the table that is
 * hidden. */
static enum bs_status
apply_temporary(struct bs_applier *applier, const struct bs_statement *statement,
                const struct bs_ddl *ddl, struct bs_error *err) {
    const struct bs_ddl_object *hidden = ddl->count > 0 ? &ddl->objects[0] : NULL;
    if (hidden != NULL &&
        bs_applier_find_table(applier, bs_str(hidden->db), bs_str(hidden->name)) != NULL) {
        return bs_ddl_refuse(statement,
                             "the source logged a temporary table that hides a table which is "
                             "copied: statements about it would be about that table here",
                             USE_ROWS, err);
    }
    return skip(applier, statement, "temporary table");
}

static void
empty_memory_table(struct bs_applier *applier, const struct bs_target_table *table) {
    bs_lane_begin(&applier->lane);
    (void)bs_batch_open(&applier->lane.batch, BS_EXPECT_ANY);
    bs_buf_puts(&applier->lane.batch.sql, "DELETE FROM ");
    bs_sql_put_table(&applier->lane.batch.sql, bs_str(table->model->db),
                     bs_str(table->model->name));
    bs_batch_close(&applier->lane.batch);
    applier->group_counts = true;
}

/* A client's statement stands between BEGIN and COMMIT, and may have fired triggers that wrote to
 * what is selected; the server's own, which empties a MEMORY table, stands alone and fires none. */
static bool
is_the_servers(const struct bs_item *item) {
    static const char DELETE_FROM[] = "DELETE FROM `";
    struct bs_str sql = item->statement.sql;
    return item->alone && sql.len > sizeof DELETE_FROM &&
           memcmp(sql.data, DELETE_FROM, sizeof DELETE_FROM - 1) == 0;
}

static enum bs_status
apply_dml(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    const struct bs_statement *statement = &item->statement;
    const struct bs_target_table *table = NULL;
    bool is_selected = true;
    if (bs_engine_is_emptying(applier, statement, &table, &is_selected)) {
        if (bs_window_way(applier, table) == BS_WINDOW_LEFT_OUT) {
            return skip(applier, statement, "before the copy's newest point");
        }
        empty_memory_table(applier, table);
        return BS_OK;
    }
    if (!is_selected && is_the_servers(item)) {
        return skip(applier, statement, "not selected");
    }
    return bs_ddl_refuse(statement, "the source logged a change as a statement instead of rows",
                         USE_ROWS, err);
}

/* Would leaving the statement out, or running it, make a difference to what the target is after a
 * cutover? */
static bool
concerns_us(const struct bs_applier *applier, const struct bs_ddl *ddl) {
    switch (ddl->class) {
    case BS_DDL_DEFERRED: /* a trigger goes with its table, whose name its statement may not say */
        if (ddl->kind == BS_OBJECT_EVENT && ddl->verb == BS_DDL_DROP) {
            return false; /* an event that has ended is dropped by the server */
        }
        return ddl->count == 0 ||
               bs_selection_has_database(applier->selection, bs_str(ddl->objects[0].db));
    case BS_DDL_OBJECT:
        for (size_t i = 0; i < ddl->count; i++) {
            if (is_selected(applier, &ddl->objects[i])) {
                return true;
            }
        }
        return is_in_part(applier, ddl);
    case BS_DDL_TEMPORARY:
    case BS_DDL_ACCOUNT:
    case BS_DDL_UPKEEP:
        return false;
    case BS_DDL_DML:
    case BS_DDL_UNKNOWN:
        break;
    }
    return true;
}

static enum bs_status
apply_parsed(struct bs_applier *applier, const struct bs_item *item, const struct bs_ddl *ddl,
             struct bs_error *err) {
    const struct bs_statement *statement = &item->statement;
    switch (ddl->class) {
    case BS_DDL_OBJECT:
        return run_selected(applier, statement, ddl, err);
    case BS_DDL_DEFERRED:
        return skip(applier, statement, "triggers and events are made at cutover");
    case BS_DDL_TEMPORARY:
        return apply_temporary(applier, statement, ddl, err);
    case BS_DDL_ACCOUNT:
        return skip(applier, statement, "accounts and server settings are not moved");
    case BS_DDL_UPKEEP:
        return skip(applier, statement, "no effect on content");
    case BS_DDL_DML:
        return apply_dml(applier, item, err);
    case BS_DDL_UNKNOWN:
        break;
    }
    return bs_ddl_refuse(
        statement, "the source logged a statement that binstream does not understand",
        "run it on the target by hand if it matters there, and take a new snapshot; please "
        "report it",
        err);
}

/* By the databases alone; one with capitals that were not folded may be any. */
static bool
may_be_selected(const struct bs_applier *applier, const struct bs_ddl *ddl) {
    for (size_t i = 0; i < ddl->count; i++) {
        const char *db = ddl->objects[i].db;
        bool is_plain = true;
        for (const char *c = db; *c != '\0'; c++) {
            is_plain = is_plain && (unsigned char)*c < 0x80;
        }
        if (!is_plain || bs_selection_has_database(applier->selection, bs_str(db))) {
            return true;
        }
    }
    return false;
}

enum bs_status
bs_ddl_apply(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    const struct bs_statement *statement = &item->statement;
    struct bs_ddl ddl;
    bool leaves_out = false;
    uint64_t mode = statement->sql_mode;
    bs_ddl_parse(&ddl, statement->sql, statement->db, (mode & BS_SQL_MODE_ANSI_QUOTES) != 0,
                 (mode & BS_SQL_MODE_NO_BACKSLASH_ESCAPES) != 0);
    enum bs_status status = bs_ddl_read_names(applier, statement, &ddl, err);
    if (status != BS_OK) {
        bs_ddl_fini(&ddl);
        return status;
    }
    if (applier->translation->source.lower_case_table_names == 1) {
        bs_ddl_fold_names(&ddl);
        if (ddl.class != BS_DDL_DEFERRED && ddl.has_unfolded && may_be_selected(applier, &ddl)) {
            ddl.class = BS_DDL_UNKNOWN;
        }
    }
    if (applier->hold && concerns_us(applier, &ddl)) {
        char text[BS_DDL_SHOWN_MAX];
        status = bs_applier_refuse_held("statement", bs_str(bs_ddl_show(statement, text)),
                                        (struct bs_str){"", 0}, err);
    } else {
        status = bs_window_statement(applier, statement, &ddl, &leaves_out, err);
        status = status != BS_OK ? status
                 : leaves_out    ? skip(applier, statement, "before the copy's newest point")
                                 : apply_parsed(applier, item, &ddl, err);
    }
    bs_ddl_fini(&ddl);
    return status;
}
