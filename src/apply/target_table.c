#include "apply/target_table.h"

#include "base/mem.h"
#include "schema/period.h"
#include "sql/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void
write_insert_head(struct bs_target_table *table) {
    const struct bs_table *model = table->model;
    struct bs_buf *head = &table->insert_head;
    bs_buf_puts(head, "INSERT INTO ");
    bs_sql_put_table(head, bs_str(model->db), bs_str(model->name));
    bs_buf_puts(head, " (");
    for (size_t i = 0; i < table->writable_count; i++) {
        bs_buf_puts(head, i > 0 ? "," : "");
        bs_sql_put_ident(head, bs_str(model->columns[table->writable[i]].name));
    }
    bs_buf_puts(head, ") VALUES ");
}

struct bs_target_facts
bs_target_facts(const struct bs_server *target) {
    enum { MYSQL_NAMES_NEW_ROW = 80019 };
    return (struct bs_target_facts){
        .keeps_history = bs_period_takes_history(target),
        .names_new_row = target->flavour == BS_MYSQL && target->version >= MYSQL_NAMES_NEW_ROW,
    };
}

static bool
is_in_key(const struct bs_target_table *table, size_t column) {
    for (size_t i = 0; table->key != NULL && i < table->key->part_count; i++) {
        if (table->key->parts[i].column == column) {
            return true;
        }
    }
    return false;
}

static size_t
count_unique(const struct bs_table *model) {
    size_t count = 0;
    for (size_t i = 0; i < model->key_count; i++) {
        count += model->keys[i].unique;
    }
    return count;
}

static void
put_new_value(struct bs_buf *sql, struct bs_str name, bool names_new_row) {
    bs_buf_puts(sql, names_new_row ? "bs_new." : "VALUES(");
    bs_sql_put_ident(sql, name);
    bs_buf_puts(sql, names_new_row ? "" : ")");
}

/* IF(EXP(IF(t.id=new.id,0,9999))=1, new value, NULL): the row that was found by another unique key
 * than its own ends the statement, because the double is out of range. */
static void
put_guarded_value(const struct bs_target_table *table, struct bs_buf *sql, struct bs_str name,
                  bool names_new_row) {
    const struct bs_table *model = table->model;
    bs_buf_puts(sql, "IF(EXP(IF(");
    for (size_t i = 0; i < table->key->part_count; i++) {
        struct bs_str part = bs_str(model->columns[table->key->parts[i].column].name);
        bs_buf_puts(sql, i > 0 ? " AND " : "");
        bs_sql_put_table(sql, bs_str(model->db), bs_str(model->name));
        bs_buf_puts(sql, ".");
        bs_sql_put_ident(sql, part);
        bs_buf_puts(sql, "=");
        put_new_value(sql, part, names_new_row);
    }
    bs_buf_puts(sql, ",0,9999))=1,");
    put_new_value(sql, name, names_new_row);
    bs_buf_puts(sql, ",NULL)");
}

/* ON UPDATE CURRENT_TIMESTAMP changes what is not assigned, in a key too. */
static bool
may_move_by_itself(const struct bs_target_table *table, size_t writable) {
    enum bs_type type = table->model->columns[table->writable[writable]].type;
    return type == BS_TYPE_TIMESTAMP || type == BS_TYPE_DATETIME;
}

static void
write_upsert_tail(struct bs_target_table *table, bool names_new_row) {
    struct bs_buf *tail = &table->upsert_tail;
    bool guards = count_unique(table->model) > 1;
    for (size_t i = 0; table->key != NULL && i < table->writable_count; i++) {
        if (is_in_key(table, table->writable[i]) && !may_move_by_itself(table, i)) {
            continue;
        }
        struct bs_str name = bs_str(table->model->columns[table->writable[i]].name);
        bool is_first = tail->len == 0;
        if (is_first) {
            bs_buf_puts(tail, names_new_row ? " AS bs_new" : "");
        }
        bs_buf_puts(tail, is_first ? " ON DUPLICATE KEY UPDATE " : ",");
        bs_sql_put_ident(tail, name);
        bs_buf_puts(tail, "=");
        if (is_first && guards) {
            put_guarded_value(table, tail, name, names_new_row);
        } else {
            put_new_value(tail, name, names_new_row);
        }
    }
}

/* MySQL warns wherever an old charset is named. Another one has the same bytes for the same text:
 * utf8mb4 all of utf8mb3, utf16 all of ucs2 but halves of what is not in it. NULL: it is not old,
 * or nothing is like it. */
static char *
same_but_newer(const char *charset) {
    static char utf8mb4[] = "utf8mb4", utf16[] = "utf16";
    return strcmp(charset, "utf8mb3") == 0 || strcmp(charset, "utf8") == 0 ? utf8mb4
           : strcmp(charset, "ucs2") == 0                                  ? utf16
                                                                           : NULL;
}

static struct bs_column *
make_lenient(const struct bs_table *model) {
    bool has_enum = false, has_old = false;
    for (size_t i = 0; i < model->column_count; i++) {
        const struct bs_column *column = &model->columns[i];
        has_enum = has_enum || column->type == BS_TYPE_ENUM;
        has_old = has_old || (column->charset != NULL && same_but_newer(column->charset) != NULL);
    }
    if (!has_enum || !has_old) {
        return NULL;
    }
    struct bs_column *columns = bs_alloc(model->column_count * sizeof *columns);
    memcpy(columns, model->columns, model->column_count * sizeof *columns);
    for (size_t i = 0; i < model->column_count; i++) {
        char *newer = columns[i].charset != NULL ? same_but_newer(columns[i].charset) : NULL;
        columns[i].charset = newer != NULL ? newer : columns[i].charset;
    }
    return columns;
}

struct bs_target_table *
bs_target_table_new(struct bs_table *model, struct bs_target_facts facts) {
    struct bs_target_table *table = bs_zalloc(sizeof *table);
    table->model = model;
    table->key = bs_table_row_key(model);
    table->is_transactional = strcasecmp(model->engine, "InnoDB") == 0;
    table->writable = bs_alloc(model->column_count * sizeof *table->writable);
    for (size_t i = 0; i < model->column_count; i++) {
        if (model->columns[i].generated == BS_GENERATED_NOT) {
            table->writable[table->writable_count++] = i;
        }
    }
    for (size_t i = 0; i < model->fk_count; i++) {
        const struct bs_foreign_key *fk = &model->fks[i];
        table->is_cascaded = table->is_cascaded || fk->on_delete == BS_FK_CASCADE;
        table->references_itself =
            table->references_itself ||
            (strcmp(fk->parent_db, model->db) == 0 && strcmp(fk->parent_table, model->name) == 0);
    }
    table->has_period = bs_table_period(model, &table->period_start, &table->period_end);
    table->keeps_history = table->has_period && facts.keeps_history;
    table->history = table->has_period ? bs_zalloc(sizeof *table->history) : NULL;
    table->lenient = make_lenient(model);
    write_insert_head(table);
    write_upsert_tail(table, facts.names_new_row);
    return table;
}

void
bs_target_table_free(struct bs_target_table *table) {
    if (table == NULL) {
        return;
    }
    bs_table_free(table->model);
    bs_table_plan_fini(&table->plan);
    free(table->writable);
    free(table->lenient);
    free(table->history);
    bs_buf_fini(&table->insert_head);
    bs_buf_fini(&table->upsert_tail);
    free(table);
}
