/* The source's schema model as of the checkpoint, one row per table. */
#include "state/state.h"

#include "base/mem.h"
#include "sql/text.h"
#include "state/text.h"

#include <stdlib.h>

void
bs_state_put_model(struct bs_buf *sql, const struct bs_state *state, const struct bs_table *table) {
    struct bs_buf body = {0};
    bs_table_encode(table, &body);
    bs_buf_puts(sql, "REPLACE INTO ");
    bs_state_put_name(sql, state, "model");
    bs_buf_puts(sql, " SET task=");
    bs_state_put_text(sql, state->task);
    bs_buf_puts(sql, ", db=");
    bs_state_put_text(sql, table->db);
    bs_buf_puts(sql, ", name=");
    bs_state_put_text(sql, table->name);
    bs_buf_puts(sql, ", body=");
    bs_sql_put_string(sql, bs_buf_str(&body));
    bs_buf_fini(&body);
}

void
bs_state_put_model_drop(struct bs_buf *sql, const struct bs_state *state, struct bs_str db,
                        struct bs_str table) {
    bs_buf_puts(sql, "DELETE FROM ");
    bs_state_put_name(sql, state, "model");
    bs_state_put_where(sql, state);
    bs_state_put_object(sql, db, table);
}

enum bs_status
bs_state_save_model(struct bs_sql *sql, const struct bs_state *state, const struct bs_table *table,
                    struct bs_error *err) {
    struct bs_buf text = {0};
    bs_state_put_model(&text, state, table);
    enum bs_status status = bs_state_run(sql, &text, err);
    return status == BS_OK
               ? BS_OK
               : bs_error_context(err, "saving the model of '%s.%s'", table->db, table->name);
}

/* Streamed: the texts of many tables need not lie in memory twice. */
enum bs_status
bs_state_load_models(struct bs_sql *sql, const struct bs_state *state, struct bs_table ***tables,
                     size_t *count, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    size_t cap = 0;
    *tables = NULL;
    *count = 0;
    bs_buf_puts(&text, "SELECT body FROM ");
    bs_state_put_name(&text, state, "model");
    bs_state_put_where(&text, state);
    bs_buf_puts(&text, " ORDER BY db, name");
    enum bs_status status = bs_sql_stream(sql, bs_buf_str(&text), &result, err);
    while (status == BS_OK && (status = bs_sql_next(result, &fields, err)) == BS_OK &&
           fields != NULL) {
        void *items = *tables;
        bs_array_grow(&items, &cap, *count, sizeof **tables);
        *tables = items;
        status = bs_table_decode(fields[0], &(*tables)[*count], err);
        *count += status == BS_OK;
    }
    bs_sql_result_free(result);
    bs_buf_fini(&text);
    if (status == BS_OK) {
        return BS_OK;
    }
    while (*count > 0) {
        bs_table_free((*tables)[--*count]);
    }
    free(*tables);
    *tables = NULL;
    return bs_error_context(err, "reading the schema model of task '%s'", state->task);
}
