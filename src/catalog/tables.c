/* Tables from information_schema: five questions per database, whatever the number of its tables,
 * and SHOW CREATE TABLE per table. Rows are given to their tables by name:
 *
 *   TABLES -> the list | COLUMNS | SHOW CREATE, hidden columns | STATISTICS, hidden columns of
 * those | KEY_COLUMN_USAGE, REFERENTIAL_CONSTRAINTS
 *
 * Hidden columns are those of a row image that COLUMNS does not show, tried on MariaDB 10.11:
 * row_start and row_end of WITH SYSTEM VERSIONING without named columns, then one BIGINT UNSIGNED
 * for each unique key over columns too long for a B-tree (USING HASH). MySQL's hidden columns of
 * functional keys are not in row images (tried on 8.0.40 and 9.7.4). */
#include "catalog/catalog_private.h"

#include "base/mem.h"
#include "sql/text.h"

#include <stdlib.h>
#include <string.h>

struct load {
    struct bs_sql *sql;
    const struct bs_server *server;
    const struct bs_selection *selection;
    struct bs_str db;
    struct bs_str name; /* data NULL: all of db */
    struct bs_table_list *list;
    size_t first;         /* where this database starts in the list */
    struct bs_map tables; /* name -> struct bs_table */
    struct bs_error *err;
};

/* The table that a row is about, NULL if it is not one of ours. */
static struct bs_table *
table_of(struct load *load, const struct bs_answer *answer) {
    struct bs_str name = bs_answer_text(answer, "TABLE_NAME");
    return name.data != NULL ? bs_map_get(&load->tables, name) : NULL;
}

/* Asks "select from ... where" and gives every row to on_row. */
static enum bs_status
each_row(struct load *load, const char *select, const char *schema_column, const char *tail,
         enum bs_status (*on_row)(struct load *load, const struct bs_answer *answer)) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, select);
    bs_catalog_put_where(&text, schema_column, load->db, "TABLE_NAME", load->name);
    bs_buf_puts(&text, tail);
    struct bs_answer answer;
    enum bs_status status = bs_answer_ask(&answer, load->sql, &text, load->err);
    bs_buf_fini(&text);
    while (status == BS_OK && (status = bs_answer_next(&answer, load->err)) == BS_OK &&
           answer.row != NULL) {
        status = on_row(load, &answer);
    }
    bs_answer_fini(&answer);
    return status;
}

static bool
is_table_type(struct bs_str type) {
    return bs_str_is_nocase(type, "BASE TABLE") || bs_str_is_nocase(type, "SYSTEM VERSIONED") ||
           bs_str_is_nocase(type, "SEQUENCE");
}

static enum bs_status
on_table(struct load *load, const struct bs_answer *answer) {
    struct bs_str type = bs_answer_text(answer, "TABLE_TYPE");
    struct bs_str db = bs_answer_text(answer, "TABLE_SCHEMA");
    struct bs_str name = bs_answer_text(answer, "TABLE_NAME");
    bool wanted =
        type.data != NULL && is_table_type(type) &&
        bs_catalog_same_name(load->server, db, load->db) &&
        (load->name.data == NULL || bs_catalog_same_name(load->server, name, load->name)) &&
        (load->selection == NULL || bs_selection_has_table(load->selection, db, name));
    if (!wanted) {
        return BS_OK;
    }
    struct bs_table *table = bs_zalloc(sizeof *table);
    table->db = bs_strndup(db.data, db.len);
    table->name = bs_strndup(name.data, name.len);
    table->engine = bs_answer_copy(answer, "ENGINE");
    table->row_estimate = bs_answer_number(answer, "TABLE_ROWS");
    table->data_bytes = bs_answer_number(answer, "DATA_LENGTH");
    table->auto_increment = bs_answer_number(answer, "AUTO_INCREMENT");
    table->is_sequence = bs_str_is_nocase(type, "SEQUENCE");
    table->is_versioned = bs_str_is_nocase(type, "SYSTEM VERSIONED");
    struct bs_table_list *list = load->list;
    bs_array_grow((void **)&list->tables, &list->cap, list->count, sizeof(struct bs_table *));
    list->tables[list->count++] = table;
    (void)bs_map_put(&load->tables, bs_str(table->name), table);
    return BS_OK;
}

static struct bs_column *
add_column(struct bs_table *table) {
    table->columns = bs_realloc(table->columns, (table->column_count + 1) * sizeof *table->columns);
    struct bs_column *column = &table->columns[table->column_count++];
    *column = (struct bs_column){0};
    return column;
}

static enum bs_status
on_column(struct load *load, const struct bs_answer *answer) {
    struct bs_table *table = table_of(load, answer);
    if (table == NULL) {
        return BS_OK;
    }
    struct bs_column column;
    enum bs_status status = bs_catalog_column(answer, &column, load->err);
    if (status != BS_OK) {
        return bs_error_context(load->err, "reading the columns of %s.%s", table->db, table->name);
    }
    *add_column(table) = column;
    return BS_OK;
}

/* SHOW CREATE TABLE, or SEQUENCE, whose state is its row. create stays NULL for a table that is
 * gone by now. */
static enum bs_status
read_create(struct load *load, struct bs_table *table) {
    enum { ER_NO_SUCH_TABLE_NO = 1146 };
    struct bs_buf text = {0};
    bs_buf_puts(&text, table->is_sequence ? "SHOW CREATE SEQUENCE " : "SHOW CREATE TABLE ");
    bs_sql_put_table(&text, bs_str(table->db), bs_str(table->name));
    struct bs_answer answer;
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status status = bs_answer_ask(&answer, load->sql, &text, &failure);
    bs_buf_fini(&text);
    if (status == BS_SERVER && failure.sql_errno == ER_NO_SUCH_TABLE_NO) {
        return BS_OK;
    }
    if (status == BS_OK) {
        status = bs_answer_next(&answer, &failure);
    }
    if (status == BS_OK && answer.row != NULL) {
        table->create = bs_answer_copy(&answer, "Create Table");
    }
    bs_answer_fini(&answer);
    if (status != BS_OK) {
        status = bs_catalog_need(&failure, "SELECT", bs_str(table->db));
        if (load->err != NULL) {
            *load->err = failure;
        }
    }
    return status;
}

/* The name of the ROW END column: the second one in "PERIOD FOR SYSTEM_TIME (`s`, `e`)", which
 * stands on a line of its own; NULL where the period's columns are implicit. */
static char *
period_end_name(const struct bs_table *table) {
    static const char mark[] = "\n  PERIOD FOR SYSTEM_TIME (`";
    const char *at = strstr(table->create, mark);
    const char *second = at != NULL ? strstr(at + strlen(mark), "`, `") : NULL;
    const char *end = second != NULL ? strstr(second + 4, "`)") : NULL;
    return end != NULL ? bs_strndup(second + 4, (size_t)(end - second) - 4) : NULL;
}

static void
add_hidden_timestamp(struct bs_table *table, const char *name) {
    struct bs_column *column = add_column(table);
    column->name = bs_strdup(name);
    column->type = BS_TYPE_TIMESTAMP;
    column->type_text = bs_strdup("timestamp(6)");
    column->fsp = 6;
    column->invisible = true;
    column->generated = BS_GENERATED_STORED; /* so that nobody writes it */
}

static void
add_hidden_hash(struct bs_table *table, const struct bs_key *key, unsigned int number) {
    struct bs_column *column = add_column(table);
    column->name = bs_asprintf("DB_ROW_HASH_%u", number);
    column->type = BS_TYPE_BIGINT;
    column->type_text = bs_strdup("bigint(20) unsigned");
    column->is_unsigned = true;
    column->nullable = key->nullable;
    column->invisible = true;
    column->generated = BS_GENERATED_VIRTUAL;
}

static void
drop_table(struct load *load, size_t index) {
    struct bs_table_list *list = load->list;
    (void)bs_map_remove(&load->tables, bs_str(list->tables[index]->name));
    bs_table_free(list->tables[index]);
    list->count--;
    memmove(&list->tables[index], &list->tables[index + 1],
            (list->count - index) * sizeof(struct bs_table *));
}

static enum bs_status
read_creates(struct load *load) {
    for (size_t i = load->first; i < load->list->count;) {
        struct bs_table *table = load->list->tables[i];
        enum bs_status status = read_create(load, table);
        if (status != BS_OK) {
            return status;
        }
        if (table->create == NULL) {
            drop_table(load, i);
            continue;
        }
        if (table->is_versioned) {
            char *end = period_end_name(table);
            if (end == NULL) {
                add_hidden_timestamp(table, "row_start");
                add_hidden_timestamp(table, "row_end");
            }
            free(end);
        }
        i++;
    }
    return BS_OK;
}

/* Keys. */

static struct bs_key *
find_key(struct bs_table *table, struct bs_str name) {
    for (size_t i = 0; i < table->key_count; i++) {
        if (bs_str_is(name, table->keys[i].name)) {
            return &table->keys[i];
        }
    }
    return NULL;
}

static struct bs_key *
key_of(struct bs_table *table, struct bs_str name) {
    struct bs_key *known = find_key(table, name);
    if (known != NULL) {
        return known;
    }
    table->keys = bs_realloc(table->keys, (table->key_count + 1) * sizeof *table->keys);
    struct bs_key *key = &table->keys[table->key_count++];
    *key = (struct bs_key){.name = bs_strndup(name.data, name.len)};
    return key;
}

static void
add_key_part(struct bs_key *key, const struct bs_answer *answer, size_t column) {
    struct bs_str order = bs_answer_text(answer, "COLLATION");
    key->parts = bs_realloc(key->parts, (key->part_count + 1) * sizeof *key->parts);
    key->parts[key->part_count++] = (struct bs_key_part){
        .column = column,
        .prefix = (uint32_t)bs_answer_number(answer, "SUB_PART"),
        .descending = order.data != NULL && bs_str_is_nocase(order, "D"),
    };
}

static enum bs_status
on_key_part(struct load *load, const struct bs_answer *answer) {
    struct bs_table *table = table_of(load, answer);
    if (table == NULL) {
        return BS_OK;
    }
    struct bs_key *key = key_of(table, bs_answer_text(answer, "INDEX_NAME"));
    struct bs_str nullable = bs_answer_text(answer, "NULLABLE");
    struct bs_str name = bs_answer_text(answer, "COLUMN_NAME");
    struct bs_str visible = bs_answer_text(answer, "IS_VISIBLE"); /* MySQL */
    struct bs_str ignored = bs_answer_text(answer, "IGNORED");    /* MariaDB */
    key->hidden = (visible.data != NULL && bs_str_is_nocase(visible, "NO")) ||
                  (ignored.data != NULL && bs_str_is_nocase(ignored, "YES"));
    key->unique = bs_answer_number(answer, "NON_UNIQUE") == 0;
    key->nullable |= nullable.data != NULL && bs_str_is_nocase(nullable, "YES");
    struct bs_column *column = name.data != NULL ? bs_table_column(table, name) : NULL;
    if (column == NULL) {
        key->functional = true;
        return BS_OK;
    }
    add_key_part(key, answer, (size_t)(column - table->columns));
    return BS_OK;
}

/* A versioned table's unique keys end in the ROW END column, whether it was written there or not.
 * Among the current rows, the only ones that plain statements see, they are unique without it. */
static void
cut_row_end(struct bs_table *table) {
    char *named = period_end_name(table);
    struct bs_column *end = bs_table_column(table, bs_str(named != NULL ? named : "row_end"));
    free(named);
    for (size_t i = 0; end != NULL && i < table->key_count; i++) {
        struct bs_key *key = &table->keys[i];
        size_t last = key->part_count;
        if (key->unique && last > 1 &&
            key->parts[last - 1].column == (size_t)(end - table->columns)) {
            key->part_count--;
        }
    }
}

/* STATISTICS calls the long unique keys HASH; so it does with keys of the engine MEMORY, which have
 * no hidden column. Their hash columns are numbered in the order of the keys. */
static enum bs_status
on_hash_key(struct load *load, const struct bs_answer *answer) {
    struct bs_table *table = table_of(load, answer);
    bool is_memory =
        table != NULL && table->engine != NULL && bs_str_is_nocase(bs_str(table->engine), "MEMORY");
    if (table == NULL || is_memory) {
        return BS_OK;
    }
    const struct bs_key *key = find_key(table, bs_answer_text(answer, "INDEX_NAME"));
    unsigned int number = 1;
    for (size_t c = 0; c < table->column_count; c++) {
        number += bs_str_starts_nocase(bs_str(table->columns[c].name), "DB_ROW_HASH_");
    }
    if (key != NULL) {
        add_hidden_hash(table, key, number);
    }
    return BS_OK;
}

/* To the catalogue's collation names that differ by accents are one, and keys may have such names:
 * so their parts are kept apart by the bytes. */
static enum bs_status
read_keys(struct load *load) {
    static const char order[] =
        " ORDER BY TABLE_NAME, INDEX_NAME<>'PRIMARY', NON_UNIQUE, INDEX_NAME, HEX(INDEX_NAME), "
        "SEQ_IN_INDEX";
    enum bs_status status = each_row(load, "SELECT * FROM information_schema.STATISTICS",
                                     "TABLE_SCHEMA", order, on_key_part);
    if (status == BS_OK && load->server->flavour == BS_MARIADB) {
        status =
            each_row(load, "SELECT * FROM information_schema.STATISTICS", "TABLE_SCHEMA",
                     " AND INDEX_TYPE='HASH' AND NON_UNIQUE=0 AND SEQ_IN_INDEX=1", on_hash_key);
    }
    for (size_t i = load->first; status == BS_OK && i < load->list->count; i++) {
        if (load->list->tables[i]->is_versioned) {
            cut_row_end(load->list->tables[i]);
        }
    }
    return status;
}

/* Foreign keys. */

static struct bs_foreign_key *
find_foreign_key(struct bs_table *table, struct bs_str name) {
    for (size_t i = 0; i < table->fk_count; i++) {
        if (bs_str_is(name, table->fks[i].name)) {
            return &table->fks[i];
        }
    }
    return NULL;
}

static enum bs_status
on_foreign_key_part(struct load *load, const struct bs_answer *answer) {
    struct bs_table *table = table_of(load, answer);
    if (table == NULL) {
        return BS_OK;
    }
    struct bs_str name = bs_answer_text(answer, "CONSTRAINT_NAME");
    struct bs_foreign_key *fk = find_foreign_key(table, name);
    if (fk == NULL) {
        table->fks = bs_realloc(table->fks, (table->fk_count + 1) * sizeof *table->fks);
        fk = &table->fks[table->fk_count++];
        *fk = (struct bs_foreign_key){
            .name = bs_strndup(name.data, name.len),
            .parent_db = bs_answer_copy(answer, "REFERENCED_TABLE_SCHEMA"),
            .parent_table = bs_answer_copy(answer, "REFERENCED_TABLE_NAME"),
        };
    }
    size_t n = fk->column_count + 1;
    fk->columns = bs_realloc(fk->columns, n * sizeof *fk->columns);
    fk->parent_columns = bs_realloc(fk->parent_columns, n * sizeof *fk->parent_columns);
    fk->columns[n - 1] = bs_answer_copy(answer, "COLUMN_NAME");
    fk->parent_columns[n - 1] = bs_answer_copy(answer, "REFERENCED_COLUMN_NAME");
    fk->column_count = n;
    return BS_OK;
}

static enum bs_fk_action
parse_action(struct bs_str rule) {
    static const struct {
        const char *name;
        enum bs_fk_action action;
    } actions[] = {
        {"CASCADE", BS_FK_CASCADE},
        {"SET NULL", BS_FK_SET_NULL},
        {"NO ACTION", BS_FK_NO_ACTION},
        {"SET DEFAULT", BS_FK_SET_DEFAULT},
    };
    for (size_t i = 0; rule.data != NULL && i < sizeof actions / sizeof *actions; i++) {
        if (bs_str_is_nocase(rule, actions[i].name)) {
            return actions[i].action;
        }
    }
    return BS_FK_RESTRICT;
}

static enum bs_status
on_foreign_key_rules(struct load *load, const struct bs_answer *answer) {
    struct bs_table *table = table_of(load, answer);
    struct bs_foreign_key *fk =
        table != NULL ? find_foreign_key(table, bs_answer_text(answer, "CONSTRAINT_NAME")) : NULL;
    if (fk != NULL) {
        fk->on_delete = parse_action(bs_answer_text(answer, "DELETE_RULE"));
        fk->on_update = parse_action(bs_answer_text(answer, "UPDATE_RULE"));
    }
    return BS_OK;
}

static enum bs_status
read_foreign_keys(struct load *load) {
    enum bs_status status =
        each_row(load, "SELECT * FROM information_schema.KEY_COLUMN_USAGE", "TABLE_SCHEMA",
                 " AND REFERENCED_TABLE_NAME IS NOT NULL"
                 " ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION",
                 on_foreign_key_part);
    if (status == BS_OK) {
        status = each_row(load, "SELECT * FROM information_schema.REFERENTIAL_CONSTRAINTS",
                          "CONSTRAINT_SCHEMA", "", on_foreign_key_rules);
    }
    return status;
}

static int
compare_names(const void *a, const void *b) {
    const struct bs_table *const *left = a;
    const struct bs_table *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static enum bs_status
read_all(struct load *load) {
    enum bs_status status =
        each_row(load, "SELECT * FROM information_schema.TABLES", "TABLE_SCHEMA", "", on_table);
    if (status != BS_OK || load->list->count == load->first) {
        return status;
    }
    qsort(load->list->tables + load->first, load->list->count - load->first,
          sizeof(struct bs_table *), compare_names);
    status = each_row(load, "SELECT * FROM information_schema.COLUMNS", "TABLE_SCHEMA",
                      " ORDER BY TABLE_NAME, ORDINAL_POSITION", on_column);
    if (status == BS_OK) {
        status = read_creates(load);
    }
    if (status == BS_OK) {
        status = read_keys(load);
    }
    if (status == BS_OK) {
        status = read_foreign_keys(load);
    }
    for (size_t i = load->first; status == BS_OK && i < load->list->count; i++) {
        bs_catalog_mend_constraint_names(load->list->tables[i]);
    }
    return status;
}

enum bs_status
bs_catalog_load_tables(struct bs_sql *sql, const struct bs_server *server,
                       const struct bs_selection *selection, struct bs_str db, struct bs_str name,
                       struct bs_table_list *list, struct bs_error *err) {
    struct load load = {
        .sql = sql,
        .server = server,
        .selection = selection,
        .db = db,
        .name = name,
        .list = list,
        .first = list->count,
        .err = err,
    };
    enum bs_status status = read_all(&load);
    bs_map_fini(&load.tables);
    return status;
}

enum bs_status
bs_catalog_table(struct bs_sql *sql, const struct bs_server *server, struct bs_str db,
                 struct bs_str name, struct bs_table **table, struct bs_error *err) {
    struct bs_table_list list = {0};
    *table = NULL;
    enum bs_status status = bs_catalog_load_tables(sql, server, NULL, db, name, &list, err);
    for (size_t i = 0; i < list.count; i++) {
        if (status == BS_OK && *table == NULL) {
            *table = list.tables[i];
        } else {
            bs_table_free(list.tables[i]);
        }
    }
    free(list.tables);
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "reading table %.*s.%.*s", (int)db.len, db.data,
                                              (int)name.len, name.data);
}
