/* What is selected on the source, as far as the account may see it, and the entries of the
 * selection that match nothing. */
#include "base/mem.h"
#include "check/check_private.h"

#include <stdlib.h>

static char *
dup_field(struct bs_str field) {
    return bs_strndup(field.data != NULL ? field.data : "", field.len);
}

static enum bs_status
load_databases(struct bs_checking *c, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    size_t cap = 0;
    enum bs_status status =
        bs_sql_query(c->config->source, &result, err,
                     "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME");
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        if (bs_selection_has_database(c->config->selection, row[0])) {
            void *items = c->databases;
            bs_array_grow(&items, &cap, c->database_count, sizeof *c->databases);
            c->databases = items;
            c->databases[c->database_count++] = dup_field(row[0]);
        }
    }
    bs_sql_result_free(result);
    return status;
}

void
bs_check_free_inventory(struct bs_checking *c) {
    for (size_t i = 0; i < c->table_count; i++) {
        free(c->tables[i].db);
        free(c->tables[i].name);
        free(c->tables[i].type);
        free(c->tables[i].engine);
    }
    for (size_t i = 0; i < c->database_count; i++) {
        free(c->databases[i]);
    }
    free(c->tables);
    free(c->databases);
}

/* What bs_check_find_table looks for. */
struct sought {
    struct bs_str db;
    struct bs_str name;
};

static int
compare_text(struct bs_str a, const char *b) {
    size_t len = strlen(b);
    int order = memcmp(a.data, b, a.len < len ? a.len : len);
    return order != 0 ? order : (a.len > len) - (a.len < len);
}

static int
compare_sought(const void *sought, const void *table) {
    const struct sought *a = sought;
    const struct bs_check_table *b = table;
    int order = compare_text(a->db, b->db);
    return order != 0 ? order : compare_text(a->name, b->name);
}

static int
compare_tables(const void *a, const void *b) {
    const struct bs_check_table *left = a;
    struct sought sought = {bs_str(left->db), bs_str(left->name)};
    return compare_sought(&sought, b);
}

const struct bs_check_table *
bs_check_find_table(const struct bs_checking *c, struct bs_str db, struct bs_str name) {
    struct sought sought = {db, name};
    return c->table_count == 0
               ? NULL
               : bsearch(&sought, c->tables, c->table_count, sizeof *c->tables, compare_sought);
}

enum bs_status
bs_check_load_inventory(struct bs_checking *c, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    size_t cap = 0;
    enum bs_status status = load_databases(c, err);
    if (status == BS_OK) {
        status = bs_sql_query(c->config->source, &result, err,
                              "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE "
                              "FROM information_schema.TABLES");
    }
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        if (bs_selection_has_table(c->config->selection, row[0], row[1])) {
            void *items = c->tables;
            bs_array_grow(&items, &cap, c->table_count, sizeof *c->tables);
            c->tables = items;
            c->tables[c->table_count++] = (struct bs_check_table){
                dup_field(row[0]), dup_field(row[1]), dup_field(row[2]), dup_field(row[3])};
        }
    }
    bs_sql_result_free(result);
    /* In the order of bytes: the server's is that of a collation. */
    if (c->table_count > 0) {
        qsort(c->tables, c->table_count, sizeof *c->tables, compare_tables);
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "listing the source's tables");
}

/* Does the entry match anything that the source has, selected or not? An entry of --tables that is
 * also excluded is the user's business. */
static enum bs_status
entry_matches(struct bs_checking *c, const char *entry, bool is_table, bool *matches,
              struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status =
        bs_sql_query(c->config->source, &result, err, "%s",
                     is_table ? "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES"
                              : "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA");
    *matches = false;
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        struct bs_str table = is_table ? row[1] : (struct bs_str){NULL, 0};
        if (bs_selection_entry_matches(entry, row[0], table)) {
            *matches = true;
            break;
        }
    }
    bs_sql_result_free(result);
    return status;
}

/* A name that the source does not have is a mistake of the command; a pattern with % may well match
 * nothing, and so may one that excludes. _ does not make a pattern here: names are full of it. */
static enum bs_status
check_list(struct bs_checking *c, const char *option, char *const *list, bool is_table,
           bool excludes, struct bs_check_names *empty, struct bs_error *err) {
    for (; list != NULL && *list != NULL; list++) {
        bool matches = false;
        enum bs_status status = entry_matches(c, *list, is_table, &matches, err);
        if (status != BS_OK) {
            return status;
        }
        bool is_pattern = strchr(*list, '%') != NULL;
        if (!matches && !is_pattern && !excludes && !c->source_hides) {
            bs_error_set(err, BS_CONFIG, "unknown %s '%s' in --%s: the source has no such %s",
                         is_table ? "table" : "database", *list, option,
                         is_table ? "table" : "database");
            return bs_error_hint(err, "check the spelling; names are compared letter by letter");
        }
        if (!matches) {
            bs_buf_printf(&empty->text, "%s--%s %s", empty->count++ > 0 ? ", " : "", option, *list);
        }
    }
    return BS_OK;
}

enum bs_status
bs_check_selection(struct bs_checking *c, struct bs_error *err) {
    const struct bs_selection *s = c->config->selection;
    struct bs_check_names empty = {0};
    enum bs_status status = check_list(c, "databases", s->databases, false, false, &empty, err);
    if (status == BS_OK) {
        status = check_list(c, "tables", s->tables, true, false, &empty, err);
    }
    if (status == BS_OK) {
        status = check_list(c, "exclude-databases", s->exclude_databases, false, true, &empty, err);
    }
    if (status == BS_OK) {
        status = check_list(c, "exclude-tables", s->exclude_tables, true, true, &empty, err);
    }
    if (status == BS_OK && empty.count > 0) {
        bs_check_add(c, BS_CHECK_WARNING,
                     bs_asprintf("matches nothing: %s", bs_buf_cstr(&empty.text)),
                     bs_strdup("check the spelling; leave it out if nothing is meant"));
    } else if (status == BS_OK && c->table_count == 0 && c->database_count == 0) {
        bs_check_add(c, BS_CHECK_WARNING, bs_strdup("nothing is selected"),
                     bs_strdup("check the selection options, and what the account may see"));
    } else if (status == BS_OK) {
        bs_check_add(
            c, BS_CHECK_PASS,
            bs_asprintf("%zu tables and views of %zu databases", c->table_count, c->database_count),
            NULL);
    }
    bs_check_names_fini(&empty);
    return status;
}
