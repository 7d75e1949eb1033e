/* Checks of what is to be moved. */
#include "base/mem.h"
#include "catalog/catalog.h"
#include "check/check_private.h"
#include "schema/engine.h"
#include "schema/period.h"

#include <stdlib.h>
#include <string.h>

enum { TABLE_DENIED = 1142 };

bool
bs_check_is_base_table(const struct bs_check_table *table) {
    return strcmp(table->type, "BASE TABLE") == 0;
}

/* One result of a list of names: pass if it is empty. Takes fix. */
static void
add_names(struct bs_checking *c, struct bs_check_names *names, enum bs_check_verdict verdict,
          const char *what, char *fix, const char *pass) {
    if (names->count > 0) {
        bs_check_add(c, verdict, bs_asprintf("%s: %s", what, bs_check_names_text(names)), fix);
    } else {
        free(fix);
        bs_check_add(c, BS_CHECK_PASS, bs_strdup(pass), NULL);
    }
    bs_check_names_fini(names);
}

static bool
was_made(const struct bs_object *made, size_t count, struct bs_str db, struct bs_str name) {
    for (size_t i = 0; i < count; i++) {
        if (bs_str_is(db, made[i].db) && bs_str_is(name, made[i].name)) {
            return true;
        }
    }
    return false;
}

static bool
was_made_as(const struct bs_object *made, size_t count, const struct bs_object *object) {
    for (size_t i = 0; i < count; i++) {
        if (made[i].kind == object->kind && strcmp(made[i].db, object->db) == 0 &&
            strcmp(made[i].name, object->name) == 0) {
            return true;
        }
    }
    return false;
}

/* They are made at the cutover only; then it would be late to find somebody else's there. */
static enum bs_status
find_late(struct bs_checking *c, enum bs_object_kind kind, const struct bs_object *made,
          size_t count, struct bs_check_names *names, struct bs_error *err) {
    struct bs_object *taken = NULL;
    size_t taken_count = 0;
    enum bs_status status = bs_catalog_taken(c->config->source, c->config->target,
                                             c->config->selection, kind, &taken, &taken_count, err);
    for (size_t i = 0; i < taken_count; i++) {
        if (!was_made_as(made, count, &taken[i])) {
            bs_check_names_add(names, taken[i].db, taken[i].name);
        }
    }
    bs_objects_free(taken, taken_count);
    return status;
}

/* Routines live in a namespace of their own; only whole databases bring theirs. */
static enum bs_status
find_routines(struct bs_checking *c, const struct bs_object *made, size_t count,
              struct bs_check_names *names, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status =
        bs_sql_query(c->config->target, &result, err,
                     "SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES");
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        bool selected = bs_selection_has_whole_database(c->config->selection, row[0]);
        if (selected && !was_made(made, count, row[0], row[1])) {
            bs_check_names_add(names, row[0].data, row[1].data);
        }
    }
    bs_sql_result_free(result);
    return status;
}

static enum bs_status
find_tables(struct bs_checking *c, const struct bs_object *made, size_t count,
            struct bs_check_names *names, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status =
        bs_sql_query(c->config->target, &result, err,
                     "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES "
                     "ORDER BY TABLE_SCHEMA, TABLE_NAME");
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        bool taken = bs_check_find_table(c, row[0], row[1]) != NULL;
        if (taken && !was_made(made, count, row[0], row[1])) {
            bs_check_names_add(names, row[0].data, row[1].data);
        }
    }
    bs_sql_result_free(result);
    return status;
}

enum bs_status
bs_check_target_empty(struct bs_checking *c, struct bs_error *err) {
    struct bs_object *made = NULL;
    size_t count = 0;
    struct bs_check_names names = {0};
    enum bs_status status =
        bs_state_list_made(c->config->target, &c->config->state, &made, &count, err);
    if (status == BS_SERVER && err->sql_errno == TABLE_DENIED) {
        bs_error_clear(err); /* the check of privileges says so */
        status = BS_OK;
    }
    if (status == BS_OK) {
        status = find_tables(c, made, count, &names, err);
    }
    if (status == BS_OK) {
        status = find_routines(c, made, count, &names, err);
    }
    if (status == BS_OK) {
        status = find_late(c, BS_OBJECT_TRIGGER, made, count, &names, err);
    }
    if (status == BS_OK) {
        status = find_late(c, BS_OBJECT_EVENT, made, count, &names, err);
    }
    if (status == BS_OK) {
        add_names(c, &names, BS_CHECK_FAIL, "the target is not empty; it has",
                  bs_strdup("drop these on the target, or leave them out with --exclude-tables or "
                            "--exclude-databases; binstream never overwrites what it has not made"),
                  "nothing is in the way on the target");
    } else {
        bs_check_names_fini(&names);
    }
    bs_objects_free(made, count);
    return status;
}

/* Tables and sequences alike have an engine; views have none. */
static bool
has_engine(const struct bs_check_table *table) {
    return strcmp(table->type, "VIEW") != 0;
}

/* "; MERGE tables show the rows of other tables", once for each engine. */
static void
put_problem(struct bs_buf *out, const char *engine) {
    struct bs_buf text = {0};
    bs_buf_printf(&text, "; tables of engine %s %s", *engine != '\0' ? engine : "(unknown)",
                  bs_engine_problem(engine));
    if (strstr(bs_buf_cstr(out), bs_buf_cstr(&text)) == NULL) {
        bs_buf_put_str(out, bs_buf_str(&text));
    }
    bs_buf_fini(&text);
}

/* InnoDB wants an AUTO_INCREMENT column to be the first of a key, which the others do not. */
static enum bs_status
find_auto_increments(struct bs_checking *c, struct bs_check_names *names, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status = bs_sql_query(
        c->config->source, &result, err,
        "SELECT c.TABLE_SCHEMA, c.TABLE_NAME FROM information_schema.COLUMNS AS c "
        "LEFT JOIN information_schema.STATISTICS AS s ON s.TABLE_SCHEMA=c.TABLE_SCHEMA AND "
        "s.TABLE_NAME=c.TABLE_NAME AND s.COLUMN_NAME=c.COLUMN_NAME AND s.SEQ_IN_INDEX=1 "
        "WHERE c.EXTRA LIKE '%%auto_increment%%' AND s.INDEX_NAME IS NULL");
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        const struct bs_check_table *table = bs_check_find_table(c, row[0], row[1]);
        if (table != NULL && bs_engine_kind(table->engine) == BS_ENGINE_CONVERTED) {
            bs_check_names_add(names, table->db, table->name);
        }
    }
    bs_sql_result_free(result);
    return status;
}

enum bs_status
bs_check_engines(struct bs_checking *c, struct bs_error *err) {
    struct bs_check_names names = {0};
    struct bs_buf problems = {0};
    size_t converted = 0;
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < c->table_count; i++) {
        const struct bs_check_table *table = &c->tables[i];
        enum bs_engine_kind kind = bs_engine_kind(table->engine);
        converted += has_engine(table) && kind == BS_ENGINE_CONVERTED;
        if (has_engine(table) && kind == BS_ENGINE_REFUSED) {
            bs_check_names_add(&names, table->db, table->name);
            put_problem(&problems, table->engine);
        }
    }
    size_t refused = names.count;
    if (converted > 0 && !c->config->keep_engines) {
        status = find_auto_increments(c, &names, err);
    }
    if (names.count > refused) {
        bs_buf_puts(&problems, "; InnoDB does not take an AUTO_INCREMENT column that comes first "
                               "in no key");
    }
    char *what = bs_asprintf("tables that cannot be moved%s", bs_buf_cstr(&problems));
    add_names(c, &names, BS_CHECK_FAIL, what,
              bs_strdup("convert each on the source (ALTER TABLE ... ENGINE=InnoDB), or leave them "
                        "out with --exclude-tables; where it is AUTO_INCREMENT, add a key that "
                        "begins with that column, or take --keep-engines"),
              "every table is of an engine that can be moved");
    free(what);
    bs_buf_fini(&problems);
    return status;
}

enum bs_status
bs_check_without_transactions(struct bs_checking *c, struct bs_error *err) {
    struct bs_check_names names = {0};
    (void)err;
    for (size_t i = 0; i < c->table_count; i++) {
        const struct bs_check_table *table = &c->tables[i];
        if (has_engine(table) && bs_engine_kind(table->engine) == BS_ENGINE_CONVERTED) {
            bs_check_names_add(&names, table->db, table->name);
        }
    }
    const char *fix =
        c->config->keep_engines
            ? "each is locked against writes until it is copied. They stay what they are, so a "
              "crash while following can leave some of their changes made twice or half made; it "
              "is noticed where rows have keys. Leave --keep-engines out to have them as InnoDB"
            : "they become InnoDB on the target, and each is locked against writes until it is "
              "copied; --keep-engines keeps their engines, at the price of exactness after a crash";
    add_names(c, &names, BS_CHECK_WARNING, "tables of engines without transactions", bs_strdup(fix),
              "every table is of an engine with transactions");
    return BS_OK;
}

/* Tables with a primary key, or a unique key of whole columns that are NOT NULL. */
static enum bs_status
mark_keyed(struct bs_checking *c, bool *keyed, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status = bs_sql_query(
        c->config->source, &result, err,
        "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME FROM (SELECT TABLE_SCHEMA, TABLE_NAME, "
        "INDEX_NAME "
        "FROM information_schema.STATISTICS WHERE NON_UNIQUE=0 GROUP BY TABLE_SCHEMA, TABLE_NAME, "
        "INDEX_NAME HAVING SUM(NULLABLE='YES' OR SUB_PART IS NOT NULL OR COLUMN_NAME IS NULL)=0 OR "
        "INDEX_NAME='PRIMARY') AS k");
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        const struct bs_check_table *table = bs_check_find_table(c, row[0], row[1]);
        if (table != NULL) {
            keyed[table - c->tables] = true;
        }
    }
    bs_sql_result_free(result);
    return status;
}

enum bs_status
bs_check_find_keyless(struct bs_checking *c, struct bs_check_names *names, struct bs_error *err) {
    bool *keyed = bs_zalloc(c->table_count + 1);
    enum bs_status status = mark_keyed(c, keyed, err);
    for (size_t i = 0; i < c->table_count && status == BS_OK; i++) {
        if (bs_check_is_base_table(&c->tables[i]) && !keyed[i]) {
            bs_check_names_add(names, c->tables[i].db, c->tables[i].name);
        }
    }
    free(keyed);
    return status;
}

enum bs_status
bs_check_keyless(struct bs_checking *c, struct bs_error *err) {
    struct bs_check_names names = {0};
    enum bs_status status = bs_check_find_keyless(c, &names, err);
    if (status != BS_OK) {
        bs_check_names_fini(&names);
        return status;
    }
    add_names(
        c, &names, BS_CHECK_WARNING,
        "tables without a primary key or a unique one of NOT NULL columns",
        bs_strdup("they are moved, but each change is a search through the whole table: add a "
                  "primary key on the source where they are large and written often"),
        "every table has a key");
    return BS_OK;
}

static enum bs_status
refuse_type(struct bs_checking *c, const char *type, const char *what, const char *fix,
            const char *pass) {
    struct bs_check_names names = {0};
    if (c->source.flavour != BS_MARIADB) {
        return BS_OK;
    }
    for (size_t i = 0; i < c->table_count; i++) {
        if (strcmp(c->tables[i].type, type) == 0) {
            bs_check_names_add(&names, c->tables[i].db, c->tables[i].name);
        }
    }
    add_names(c, &names, BS_CHECK_FAIL, what, bs_strdup(fix), pass);
    return BS_OK;
}

/* Names from the source, those of them that are selected. */
static enum bs_status
find_names(struct bs_checking *c, const char *query, struct bs_check_names *names,
           struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status = bs_sql_query(c->config->source, &result, err, "%s", query);
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        if (bs_check_find_table(c, row[0], row[1]) != NULL) {
            bs_check_names_add(names, row[0].data, row[1].data);
        }
    }
    bs_sql_result_free(result);
    return status;
}

static enum bs_status
warn_of_history(struct bs_checking *c) {
    struct bs_check_names names = {0};
    for (size_t i = 0; i < c->table_count; i++) {
        if (strcmp(c->tables[i].type, "SYSTEM VERSIONED") == 0) {
            bs_check_names_add(&names, c->tables[i].db, c->tables[i].name);
        }
    }
    if (c->config->purpose == BS_CHECK_FOR_ARCHIVE || bs_period_takes_history(&c->target)) {
        bs_check_names_fini(&names);
        bs_check_add(c, BS_CHECK_PASS,
                     bs_strdup("system-versioned tables can be moved with their history"), NULL);
        return BS_OK;
    }
    add_names(c, &names, BS_CHECK_WARNING,
              "system-versioned tables whose history stays behind, since the target cannot take it",
              bs_strdup("their current rows are moved exactly; for the history the target must be "
                        "MariaDB 10.11 or newer"),
              "there are no system-versioned tables");
    return BS_OK;
}

/* By transaction: their changes are logged as statements. Changed by a cascade: the log does not
 * tell when. */
enum bs_status
bs_check_versioned(struct bs_checking *c, struct bs_error *err) {
    struct bs_check_names names = {0};
    if (c->source.flavour != BS_MARIADB) {
        return BS_OK;
    }
    enum bs_status status =
        find_names(c,
                   "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.COLUMNS WHERE "
                   "GENERATION_EXPRESSION='ROW START' AND DATA_TYPE='bigint'",
                   &names, err);
    if (status == BS_OK && bs_period_takes_history(&c->target)) {
        status = find_names(
            c,
            "SELECT DISTINCT r.CONSTRAINT_SCHEMA, r.TABLE_NAME FROM "
            "information_schema.REFERENTIAL_CONSTRAINTS AS r JOIN information_schema.TABLES AS t "
            "ON t.TABLE_SCHEMA=r.CONSTRAINT_SCHEMA AND t.TABLE_NAME=r.TABLE_NAME WHERE "
            "t.TABLE_TYPE='SYSTEM VERSIONED' AND (r.DELETE_RULE IN ('CASCADE', 'SET NULL') OR "
            "r.UPDATE_RULE IN ('CASCADE', 'SET NULL'))",
            &names, err);
    }
    if (status == BS_OK && names.count == 0) {
        return warn_of_history(c);
    }
    if (status == BS_OK) {
        bs_check_add(
            c, BS_CHECK_FAIL,
            bs_asprintf("system-versioned tables whose history cannot be followed: by transaction "
                        "ids (BIGINT), or with foreign keys that cascade: %s",
                        bs_check_names_text(&names)),
            bs_strdup("leave them out with --exclude-tables; or drop their versioning (ALTER TABLE "
                      "... DROP SYSTEM VERSIONING removes their history)"));
    }
    bs_check_names_fini(&names);
    return status;
}

enum bs_status
bs_check_sequences(struct bs_checking *c, struct bs_error *err) {
    (void)err;
    if (c->target.flavour == BS_MARIADB) {
        return BS_OK;
    }
    return refuse_type(c, "SEQUENCE", "MySQL has no sequences; the source has",
                       "leave them out with --exclude-tables, and the tables too whose defaults "
                       "take values from them",
                       "there are no sequences");
}

/* Is it a table that has no foreign keys, and becomes one that has? */
static bool
comes_to_keys(const struct bs_checking *c, const struct bs_check_table *table) {
    return !c->config->keep_engines && bs_engine_kind(table->engine) == BS_ENGINE_CONVERTED;
}

/* apart: a child without its parent could not take a row on the target. idle: made with
 * foreign_key_checks=0, to a table of an engine that runs none of what they say. */
static enum bs_status
find_foreign_keys(struct bs_checking *c, struct bs_check_names *apart, struct bs_check_names *idle,
                  struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status =
        bs_sql_query(c->config->source, &result, err,
                     "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA, "
                     "REFERENCED_TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS");
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        const struct bs_check_table *parent = bs_check_find_table(c, row[2], row[3]);
        if (bs_check_find_table(c, row[0], row[1]) == NULL) {
            continue;
        }
        if (parent == NULL) {
            bs_check_names_add(apart, row[0].data, row[1].data);
        } else if (comes_to_keys(c, parent)) {
            bs_check_names_add(idle, row[0].data, row[1].data);
        }
    }
    bs_sql_result_free(result);
    return status;
}

enum bs_status
bs_check_foreign_keys(struct bs_checking *c, struct bs_error *err) {
    struct bs_check_names apart = {0}, idle = {0};
    enum bs_status status = find_foreign_keys(c, &apart, &idle, err);
    if (status == BS_OK && idle.count > 0) {
        bs_check_add(
            c, BS_CHECK_FAIL,
            bs_asprintf("tables with a foreign key to a table that is not InnoDB, where it "
                        "does nothing; on the target it would: %s",
                        bs_check_names_text(&idle)),
            bs_strdup("on the source, drop these foreign keys, or make the parent tables "
                      "InnoDB; or leave these tables out"));
    } else if (status == BS_OK) {
        add_names(c, &apart, BS_CHECK_FAIL,
                  "tables with a foreign key to a table that is not selected",
                  bs_strdup("select the parent tables too, or leave these tables out"),
                  "foreign keys stay within the selection");
        return BS_OK;
    }
    bs_check_names_fini(&apart);
    bs_check_names_fini(&idle);
    return status;
}
