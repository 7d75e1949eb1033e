/* Which accounts the task itself made on the target, and what of them is there. */
#include "state/state.h"

#include "base/mem.h"
#include "state/text.h"
#include "sql/text.h"

#include <stdlib.h>

static void
put_account(struct bs_buf *sql, const struct bs_account_note *note, const char *between) {
    bs_buf_puts(sql, "user=");
    bs_sql_put_string(sql, bs_str(note->user));
    bs_buf_printf(sql, "%shost=", between);
    bs_sql_put_string(sql, bs_str(note->host));
    bs_buf_printf(sql, "%sis_role=%d", between, note->is_role);
}

enum bs_status
bs_state_save_account(struct bs_sql *sql, const struct bs_state *state,
                      const struct bs_account_note *note, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "REPLACE INTO ");
    bs_state_put_name(&text, state, "account");
    bs_buf_puts(&text, " SET task=");
    bs_state_put_text(&text, state->task);
    bs_buf_puts(&text, ", ");
    put_account(&text, note, ", ");
    bs_buf_puts(&text, ", seen=");
    bs_state_put_text(&text, note->seen);
    bs_buf_puts(&text, ", identity=");
    bs_state_put_text(&text, note->identity);
    bs_buf_puts(&text, ", rights=");
    bs_state_put_text(&text, note->rights);
    enum bs_status status = bs_state_run(sql, &text, err);
    return status == BS_OK
               ? BS_OK
               : bs_error_context(err, "recording account %s@%s", note->user, note->host);
}

enum bs_status
bs_state_forget_account(struct bs_sql *sql, const struct bs_state *state,
                        const struct bs_account_note *note, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "DELETE FROM ");
    bs_state_put_name(&text, state, "account");
    bs_state_put_where(&text, state);
    bs_buf_puts(&text, " AND ");
    put_account(&text, note, " AND ");
    return bs_state_run(sql, &text, err);
}

enum bs_status
bs_state_list_accounts(struct bs_sql *sql, const struct bs_state *state,
                       struct bs_account_note **notes, size_t *count, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    *notes = NULL;
    *count = 0;
    bs_buf_puts(&text, "SELECT user, host, is_role, seen, identity, rights FROM ");
    bs_state_put_name(&text, state, "account");
    bs_state_put_where(&text, state);
    enum bs_status status = bs_state_query(sql, &text, &result, err);
    if (status != BS_OK) {
        return bs_state_is_absent(err) ? BS_OK : status;
    }
    *notes = bs_zalloc((size_t)(bs_sql_row_count(result) + 1) * sizeof **notes);
    while ((status = bs_sql_next(result, &fields, err)) == BS_OK && fields != NULL) {
        struct bs_account_note *note = &(*notes)[(*count)++];
        note->user = bs_state_field_dup(fields[0]);
        note->host = bs_state_field_dup(fields[1]);
        note->is_role = bs_state_field_u64(fields[2]) != 0;
        bs_state_field_copy(note->seen, sizeof note->seen, fields[3]);
        bs_state_field_copy(note->identity, sizeof note->identity, fields[4]);
        bs_state_field_copy(note->rights, sizeof note->rights, fields[5]);
    }
    bs_sql_result_free(result);
    return status;
}

void
bs_account_notes_free(struct bs_account_note *notes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(notes[i].user);
        free(notes[i].host);
    }
    free(notes);
}
