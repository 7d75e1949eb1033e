#include "apply/versioned.h"

#include "apply/literal.h"
#include "base/log.h"
#include "schema/period.h"
#include "sql/text.h"

#include <string.h>

static bool
has_same_content(const struct bs_target_table *table, const struct bs_rows *rows) {
    bool same = true;
    for (size_t i = 0; i < table->writable_count && same; i++) {
        size_t c = table->writable[i];
        same = bs_value_equal(&rows->before[c], &rows->after[c]);
    }
    return same;
}

static bool
is_before(struct bs_str a, struct bs_str b) {
    size_t len = a.len < b.len ? a.len : b.len;
    return memcmp(a.data, b.data, len) < 0;
}

/* MariaDB makes no history of a row that was changed in the moment in which it was made. */
static void
expect_history(const struct bs_target_table *table, struct bs_str start, struct bs_str end) {
    struct bs_history_due *history = table->history;
    if (!is_before(start, end) || end.len >= sizeof history->end) {
        return;
    }
    history->due = bs_str_is(end, history->end) ? history->due + 1 : 1;
    memcpy(history->end, end.data, end.len);
    history->end[end.len] = '\0';
}

static struct bs_versioned_step
step_of_insert(const struct bs_target_table *table, const struct bs_rows *rows) {
    const struct bs_value *start = &rows->after[table->period_start];
    const struct bs_value *end = &rows->after[table->period_end];
    if (bs_period_is_for_ever(end->text)) {
        return (struct bs_versioned_step){BS_VERSIONED_INSERT, start->text};
    }
    if (table->history->due > 0 && bs_str_is(end->text, table->history->end)) {
        table->history->due--;
        return (struct bs_versioned_step){.kind = BS_VERSIONED_NOTHING};
    }
    return (struct bs_versioned_step){.kind = table->keeps_history ? BS_VERSIONED_INSERT_HISTORY
                                                                   : BS_VERSIONED_NOTHING};
}

static void
say_left_out(const struct bs_target_table *table) {
    if (!table->history->is_told) {
        bs_log(BS_LOG_WARNING,
               "history of %s.%s that ends before it begins is left out: no moment shows it, and "
               "the target does not take it",
               table->model->db, table->model->name);
        table->history->is_told = true;
    }
}

static struct bs_versioned_step
step_of_update(const struct bs_target_table *table, const struct bs_rows *rows) {
    const struct bs_value *old_start = &rows->before[table->period_start];
    const struct bs_value *start = &rows->after[table->period_start];
    const struct bs_value *end = &rows->after[table->period_end];
    if (!bs_period_is_for_ever(end->text)) {
        if (table->keeps_history && is_before(end->text, old_start->text)) {
            say_left_out(table);
        }
        return (struct bs_versioned_step){BS_VERSIONED_DELETE, end->text};
    }
    expect_history(table, old_start->text, start->text);
    bool renews =
        table->keeps_history && !bs_value_equal(old_start, start) && has_same_content(table, rows);
    return (struct bs_versioned_step){renews ? BS_VERSIONED_RENEW : BS_VERSIONED_UPDATE,
                                      start->text};
}

static struct bs_versioned_step
step_of_delete(const struct bs_target_table *table, const struct bs_rows *rows) {
    const struct bs_value *start = &rows->before[table->period_start];
    const struct bs_value *end = &rows->before[table->period_end];
    if (bs_period_is_for_ever(end->text)) {
        return (struct bs_versioned_step){BS_VERSIONED_UNDO, start->text};
    }
    return (struct bs_versioned_step){
        table->keeps_history ? BS_VERSIONED_DELETE_HISTORY : BS_VERSIONED_NOTHING, end->text};
}

struct bs_versioned_step
bs_versioned_step(const struct bs_target_table *table, const struct bs_rows *rows) {
    switch (rows->change) {
    case BS_ROW_INSERT:
        return step_of_insert(table, rows);
    case BS_ROW_UPDATE:
        return step_of_update(table, rows);
    case BS_ROW_DELETE:
        break;
    }
    return step_of_delete(table, rows);
}

void
bs_versioned_put_moment(struct bs_buf *sql, struct bs_str moment, bool before_it) {
    bs_buf_puts(sql, "SET timestamp=UNIX_TIMESTAMP('");
    bs_buf_put_str(sql, moment);
    bs_buf_puts(sql, before_it ? "')-0.000001" : "')");
}

void
bs_versioned_put_delete_history(struct bs_buf *sql, const struct bs_target_table *table,
                                struct bs_str row_end) {
    bs_buf_puts(sql, "DELETE HISTORY FROM ");
    bs_sql_put_table(sql, bs_str(table->model->db), bs_str(table->model->name));
    bs_buf_puts(sql, " BEFORE SYSTEM_TIME TIMESTAMPADD(MICROSECOND,1,'");
    bs_buf_put_str(sql, row_end);
    bs_buf_puts(sql, "')");
}
