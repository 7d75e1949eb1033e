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

struct bs_target_table *
bs_target_table_new(struct bs_table *model, bool keeps_history) {
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
    table->keeps_history = table->has_period && keeps_history;
    table->history = table->has_period ? bs_zalloc(sizeof *table->history) : NULL;
    write_insert_head(table);
    return table;
}

void
bs_target_table_free(struct bs_target_table *table) {
    if (table == NULL) {
        return;
    }
    bs_table_free(table->model);
    free(table->writable);
    free(table->history);
    bs_buf_fini(&table->insert_head);
    free(table);
}
