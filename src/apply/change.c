/* Why DELETE and INSERT are gathered and UPDATE is not: an UPDATE by key needs its own values, and
 * the order of UPDATEs within an event matters where unique values change hands. Why a table that
 * references itself, or whose rows a cascade can delete, is not gathered: with the cascades done by
 * the target, the order of the event is the only one in which every step does what it did.
 *
 * ENUM index 0 (what the server keeps for a value outside the list) cannot be stored in strict
 * mode. Such a row runs as SET sql_mode=lenient; statement; SET sql_mode=strict, and may raise
 * exactly as many warnings as it holds such values: any other warning means that a value would be
 * changed. So its literals must raise none by themselves (the table's lenient columns). */
#include "apply/change.h"

#include "apply/literal.h"
#include "apply/versioned.h"
#include "sql/session.h"
#include "sql/text.h"

#include <string.h>

void
bs_change_init(struct bs_change *change, struct bs_batch *batch,
               const struct bs_target_table *table, struct bs_origin origin) {
    *change = (struct bs_change){
        .batch = batch, .table = table, .origin = origin, .rows_max = BS_STATEMENT_ROWS_MAX};
}

void
bs_change_converge(struct bs_change *change) {
    BS_ASSERT(change->table->key != NULL && !change->table->has_period);
    change->converges = true;
}

static struct bs_expect *
open_statement(struct bs_change *change, enum bs_row_change kind) {
    struct bs_expect *expect =
        bs_batch_open(change->batch, change->converges ? BS_EXPECT_ANY : BS_EXPECT_ROWS);
    expect->change = kind;
    expect->table = change->table->model;
    expect->origin = change->origin;
    return expect;
}

/* The gathered statement's end: INSERT needs none, DELETE closes its list, an upsert says what
 * happens to the row that is there. */
static struct bs_str
tail_of(const struct bs_change *change) {
    if (change->open == NULL || change->open->change == BS_ROW_INSERT) {
        return bs_str("");
    }
    return change->open->change == BS_ROW_DELETE ? bs_str(")")
                                                 : bs_buf_str(&change->table->upsert_tail);
}

static void
close_open(struct bs_change *change) {
    if (change->open != NULL) {
        bs_buf_put_str(&change->batch->sql, tail_of(change));
        bs_batch_close(change->batch);
        change->open = NULL;
    }
}

static unsigned int
count_enum_zeros(const struct bs_target_table *table, const struct bs_value *values) {
    unsigned int count = 0;
    for (size_t i = 0; i < table->writable_count; i++) {
        size_t c = table->writable[i];
        count += bs_literal_is_enum_zero(&table->model->columns[c], &values[c]);
    }
    return count;
}

static void
begin_lenient(struct bs_change *change, unsigned int enum_zeros) {
    if (enum_zeros > 0) {
        bs_batch_put(change->batch, BS_EXPECT_ANY, "SET sql_mode='" BS_SQL_MODE_LENIENT "'");
    }
}

static void
end_lenient(struct bs_change *change, unsigned int enum_zeros) {
    if (enum_zeros > 0) {
        bs_batch_put(change->batch, BS_EXPECT_ANY, "SET sql_mode='" BS_SQL_MODE "'");
    }
}

static void
allow_warnings(struct bs_expect *expect, unsigned int enum_zeros) {
    expect->counts_warnings = enum_zeros > 0;
    expect->max_warnings = enum_zeros;
}

/* What the literals of a statement are made by. */
static const struct bs_column *
columns_for(const struct bs_target_table *table, unsigned int enum_zeros) {
    return enum_zeros > 0 && table->lenient != NULL ? table->lenient : table->model->columns;
}

static void
put_row_values(struct bs_buf *sql, const struct bs_target_table *table,
               const struct bs_column *columns, const struct bs_value *values) {
    bs_buf_puts(sql, "(");
    for (size_t i = 0; i < table->writable_count; i++) {
        size_t c = table->writable[i];
        if (i > 0) {
            bs_buf_put_u8(sql, ',');
        }
        bs_literal_put_assigned(sql, &columns[c], &values[c]);
    }
    bs_buf_puts(sql, ")");
}

static bool
can_gather(const struct bs_change *change, enum bs_row_change kind) {
    return change->open != NULL && change->open->change == kind &&
           change->open->rows < change->rows_max * (kind == BS_ROW_UPDATE ? 2 : 1) &&
           bs_batch_has_room(change->batch, change->open->text_from);
}

static void
put_insert_head(struct bs_change *change) {
    static const char INSERT[] = "INSERT";
    struct bs_str head = bs_buf_str(&change->table->insert_head);
    if (change->converges) {
        bs_buf_puts(&change->batch->sql, "REPLACE");
        head.data += sizeof INSERT - 1;
        head.len -= sizeof INSERT - 1;
    }
    bs_buf_put_str(&change->batch->sql, head);
}

static void
add_insert(struct bs_change *change, const struct bs_value *values) {
    const struct bs_target_table *table = change->table;
    struct bs_buf *sql = &change->batch->sql;
    unsigned int enum_zeros = count_enum_zeros(table, values);
    if (enum_zeros == 0 && !table->references_itself && can_gather(change, BS_ROW_INSERT)) {
        bs_buf_puts(sql, ",");
        put_row_values(sql, table, table->model->columns, values);
        change->open->rows++;
        return;
    }
    close_open(change);
    begin_lenient(change, enum_zeros);
    struct bs_expect *expect = open_statement(change, BS_ROW_INSERT);
    expect->rows = 1;
    allow_warnings(expect, enum_zeros);
    put_insert_head(change);
    put_row_values(sql, table, columns_for(table, enum_zeros), values);
    if (enum_zeros > 0) {
        bs_batch_close(change->batch);
        end_lenient(change, enum_zeros);
    } else {
        change->open = expect;
    }
}

static void
put_key_match(struct bs_buf *sql, const struct bs_target_table *table,
              const struct bs_column *columns, const struct bs_value *values) {
    for (size_t i = 0; i < table->key->part_count; i++) {
        size_t c = table->key->parts[i].column;
        bs_buf_puts(sql, i > 0 ? " AND " : "");
        bs_literal_put_key_match(sql, &columns[c], &values[c]);
    }
}

static void
put_all_match(struct bs_buf *sql, const struct bs_target_table *table,
              const struct bs_value *values) {
    for (size_t i = 0; i < table->writable_count; i++) {
        size_t c = table->writable[i];
        bs_buf_puts(sql, i > 0 ? " AND " : "");
        bs_literal_put_exact_match(sql, &table->model->columns[c], &values[c]);
    }
    if (table->keeps_history) { /* equal rows that became current at different moments */
        size_t c = table->period_start;
        bs_buf_puts(sql, table->writable_count > 0 ? " AND " : "");
        bs_literal_put_exact_match(sql, &table->model->columns[c], &values[c]);
    }
    if (table->writable_count == 0 && !table->keeps_history) { /* all columns are generated */
        bs_buf_puts(sql, "1");
    }
    bs_buf_puts(sql, " LIMIT 1");
}

static void
put_where(struct bs_change *change, struct bs_expect *expect, unsigned int enum_zeros,
          const struct bs_value *values) {
    struct bs_buf *sql = &change->batch->sql;
    bs_buf_puts(sql, " WHERE ");
    expect->where_from = sql->len;
    if (change->table->key != NULL) {
        put_key_match(sql, change->table, columns_for(change->table, enum_zeros), values);
    } else {
        put_all_match(sql, change->table, values);
    }
}

/* A SET's value is not always matched by "=" alone: see bs_literal_put_key_match. */
static bool
can_list_keys(const struct bs_target_table *table) {
    return table->key->part_count == 1 &&
           table->model->columns[table->key->parts[0].column].type != BS_TYPE_SET;
}

/* One part of a gathered DELETE: a value for IN (...), or (a AND b) between ORs. */
static void
put_gathered_key(struct bs_buf *sql, const struct bs_target_table *table,
                 const struct bs_value *values, bool first) {
    if (can_list_keys(table)) {
        size_t c = table->key->parts[0].column;
        bs_buf_puts(sql, first ? "" : ",");
        bs_literal_put(sql, &table->model->columns[c], &values[c]);
        return;
    }
    bs_buf_puts(sql, first ? "(" : " OR (");
    put_key_match(sql, table, table->model->columns, values);
    bs_buf_puts(sql, ")");
}

static void
put_delete_head(struct bs_buf *sql, const struct bs_target_table *table) {
    bs_buf_puts(sql, "DELETE FROM ");
    bs_sql_put_table(sql, bs_str(table->model->db), bs_str(table->model->name));
}

/* none_there: a DELETE that must not find anything. */
static void
add_delete(struct bs_change *change, const struct bs_value *values, bool none_there) {
    const struct bs_target_table *table = change->table;
    struct bs_buf *sql = &change->batch->sql;
    bool gathers = table->key != NULL && !table->references_itself && !table->is_cascaded;
    if (gathers && can_gather(change, BS_ROW_DELETE) && change->open->none_there == none_there) {
        put_gathered_key(sql, table, values, false);
        change->open->rows++;
        return;
    }
    close_open(change);
    struct bs_expect *expect = open_statement(change, BS_ROW_DELETE);
    expect->rows = 1;
    expect->none_there = none_there;
    /* Behind a condition that fails it would find nothing, as it should. */
    expect->takes_condition = table->key != NULL && !none_there;
    put_delete_head(sql, table);
    if (!gathers) {
        put_where(change, expect, 0, values);
        bs_batch_close(change->batch);
        return;
    }
    bs_buf_puts(sql, " WHERE ");
    expect->where_from = sql->len;
    if (can_list_keys(table)) {
        bs_sql_put_ident(sql, bs_str(table->model->columns[table->key->parts[0].column].name));
        bs_buf_puts(sql, " IN ");
    }
    bs_buf_puts(sql, "(");
    put_gathered_key(sql, table, values, true);
    change->open = expect;
}

/* A new row start comes with a change of a column that has history, even where its value stays. */
static bool
has_new_start(const struct bs_target_table *table, const struct bs_value *before,
              const struct bs_value *after) {
    size_t c = table->period_start;
    return table->has_period && !bs_value_equal(&before[c], &after[c]);
}

/* A column that ON UPDATE CURRENT_TIMESTAMP could touch is always assigned. */
static bool
must_assign(const struct bs_column *column, const struct bs_value *before,
            const struct bs_value *after) {
    return column->type == BS_TYPE_TIMESTAMP || column->type == BS_TYPE_DATETIME ||
           !bs_value_equal(before, after);
}

/* sql NULL: only counts the ENUMs of index 0. */
static unsigned int
put_assignments(struct bs_buf *sql, const struct bs_target_table *table,
                const struct bs_column *columns, const struct bs_value *before,
                const struct bs_value *after) {
    unsigned int enum_zeros = 0;
    size_t assigned = 0;
    bool assigns_all = has_new_start(table, before, after);
    for (size_t i = 0; i < table->writable_count; i++) {
        size_t c = table->writable[i];
        const struct bs_column *column = &columns[c];
        /* An UPDATE that changes nothing still names a column: the first. */
        bool last_chance = i + 1 == table->writable_count && assigned == 0;
        if (!assigns_all && !must_assign(column, &before[c], &after[c]) && !last_chance) {
            continue;
        }
        enum_zeros += bs_literal_is_enum_zero(column, &after[c]);
        if (sql != NULL) {
            bs_buf_puts(sql, assigned > 0 ? "," : "");
            bs_sql_put_ident(sql, bs_str(column->name));
            bs_buf_puts(sql, "=");
            bs_literal_put_assigned(sql, column, &after[c]);
        }
        assigned++;
    }
    return enum_zeros;
}

static void
add_update(struct bs_change *change, const struct bs_value *before, const struct bs_value *after) {
    const struct bs_target_table *table = change->table;
    struct bs_buf *sql = &change->batch->sql;
    close_open(change);
    unsigned int enum_zeros = put_assignments(NULL, table, table->model->columns, before, after);
    begin_lenient(change, enum_zeros);
    struct bs_expect *expect = open_statement(change, BS_ROW_UPDATE);
    expect->rows = 1;
    expect->takes_condition = table->key != NULL;
    allow_warnings(expect, enum_zeros);
    bs_buf_puts(sql, "UPDATE ");
    bs_sql_put_table(sql, bs_str(table->model->db), bs_str(table->model->name));
    bs_buf_puts(sql, " SET ");
    (void)put_assignments(sql, table, columns_for(table, enum_zeros), before, after);
    put_where(change, expect, enum_zeros, before);
    bs_batch_close(change->batch);
    end_lenient(change, enum_zeros);
}

static bool
keeps_key(const struct bs_target_table *table, const struct bs_value *before,
          const struct bs_value *after) {
    for (size_t i = 0; i < table->key->part_count; i++) {
        size_t c = table->key->parts[i].column;
        if (!bs_value_equal(&before[c], &after[c])) {
            return false;
        }
    }
    return true;
}

/* In the order of the log: the last change of a key decides. */
static void
add_converging(struct bs_change *change, const struct bs_rows *rows) {
    bool deletes =
        rows->change == BS_ROW_DELETE ||
        (rows->change == BS_ROW_UPDATE && !keeps_key(change->table, rows->before, rows->after));
    if (deletes) {
        add_delete(change, rows->before, false);
    }
    if (rows->change != BS_ROW_DELETE) {
        add_insert(change, rows->after);
    }
}

/* System-versioned tables. */

static void
set_moment(struct bs_change *change, struct bs_str moment, bool before_it) {
    bool is_set = !before_it && bs_str_is(moment, change->moment);
    if (change->table->model->is_translated) { /* a plain table there */
        return;
    }
    if (moment.len == 0 || moment.len >= sizeof change->moment || is_set) {
        return;
    }
    close_open(change);
    (void)bs_batch_open(change->batch, BS_EXPECT_ANY);
    bs_versioned_put_moment(&change->batch->sql, moment, before_it);
    bs_batch_close(change->batch);
    memcpy(change->moment, moment.data, moment.len);
    change->moment[moment.len] = '\0';
    if (before_it) {
        change->moment[0] = '?'; /* equal to none */
    }
}

/* Without the keys that refer to the row: for them it does not change. */
static void
add_renewal(struct bs_change *change, const struct bs_rows *rows) {
    struct bs_buf *sql = &change->batch->sql;
    close_open(change);
    unsigned int enum_zeros = count_enum_zeros(change->table, rows->after);
    struct bs_expect *expect = open_statement(change, BS_ROW_DELETE);
    expect->rows = 1;
    bs_buf_puts(sql, "SET STATEMENT foreign_key_checks=0 FOR ");
    put_delete_head(sql, change->table);
    put_where(change, expect, 0, rows->before);
    bs_batch_close(change->batch);
    begin_lenient(change, enum_zeros);
    expect = open_statement(change, BS_ROW_INSERT);
    expect->rows = 1;
    allow_warnings(expect, enum_zeros);
    bs_buf_puts(sql, "SET STATEMENT foreign_key_checks=0 FOR ");
    bs_buf_put_str(sql, bs_buf_str(&change->table->insert_head));
    put_row_values(sql, change->table, columns_for(change->table, enum_zeros), rows->after);
    bs_batch_close(change->batch);
    end_lenient(change, enum_zeros);
}

static void
put_period_names(struct bs_buf *sql, const struct bs_target_table *table) {
    bs_sql_put_ident(sql, bs_str(table->model->columns[table->period_start].name));
    bs_buf_puts(sql, ",");
    bs_sql_put_ident(sql, bs_str(table->model->columns[table->period_end].name));
}

/* The columns that are written, and the two of the period, which the session must be allowed to. */
static void
add_history(struct bs_change *change, const struct bs_value *values) {
    const struct bs_target_table *table = change->table;
    struct bs_buf *sql = &change->batch->sql;
    close_open(change);
    unsigned int enum_zeros = count_enum_zeros(table, values);
    const struct bs_column *columns = columns_for(table, enum_zeros);
    begin_lenient(change, enum_zeros);
    struct bs_expect *expect = open_statement(change, BS_ROW_INSERT);
    expect->rows = 1;
    allow_warnings(expect, enum_zeros);
    bs_buf_puts(sql, "SET STATEMENT system_versioning_insert_history=1 FOR INSERT INTO ");
    bs_sql_put_table(sql, bs_str(table->model->db), bs_str(table->model->name));
    bs_buf_puts(sql, " (");
    put_period_names(sql, table);
    for (size_t i = 0; i < table->writable_count; i++) {
        bs_buf_puts(sql, ",");
        bs_sql_put_ident(sql, bs_str(table->model->columns[table->writable[i]].name));
    }
    bs_buf_puts(sql, ") VALUES (");
    bs_literal_put(sql, &table->model->columns[table->period_start], &values[table->period_start]);
    bs_buf_puts(sql, ",");
    bs_literal_put(sql, &table->model->columns[table->period_end], &values[table->period_end]);
    for (size_t i = 0; i < table->writable_count; i++) {
        size_t c = table->writable[i];
        bs_buf_puts(sql, ",");
        bs_literal_put_assigned(sql, &columns[c], &values[c]);
    }
    bs_buf_puts(sql, ")");
    bs_batch_close(change->batch);
    end_lenient(change, enum_zeros);
}

static void
note_deleted_history(struct bs_change *change, struct bs_str end) {
    bool is_newer =
        end.len < sizeof change->history_end && memcmp(change->history_end, end.data, end.len) < 0;
    if (is_newer) {
        memcpy(change->history_end, end.data, end.len);
        change->history_end[end.len] = '\0';
    }
}

static void
add_versioned(struct bs_change *change, const struct bs_rows *rows) {
    struct bs_versioned_step step = bs_versioned_step(change->table, rows);
    if (step.kind != BS_VERSIONED_DELETE_HISTORY && step.kind != BS_VERSIONED_NOTHING) {
        set_moment(change, step.moment, step.kind == BS_VERSIONED_UNDO);
    }
    switch (step.kind) {
    case BS_VERSIONED_INSERT:
        add_insert(change, rows->after);
        return;
    case BS_VERSIONED_UPDATE:
        add_update(change, rows->before, rows->after);
        return;
    case BS_VERSIONED_RENEW:
        add_renewal(change, rows);
        return;
    case BS_VERSIONED_DELETE:
    case BS_VERSIONED_UNDO:
        add_delete(change, rows->before, false);
        return;
    case BS_VERSIONED_INSERT_HISTORY:
        add_history(change, rows->after);
        return;
    case BS_VERSIONED_DELETE_HISTORY:
        note_deleted_history(change, step.moment);
        return;
    case BS_VERSIONED_NOTHING:
        return;
    }
}

static void
finish_versioned(struct bs_change *change) {
    if (change->history_end[0] != '\0') {
        (void)bs_batch_open(change->batch, BS_EXPECT_ANY);
        bs_versioned_put_delete_history(&change->batch->sql, change->table,
                                        bs_str(change->history_end));
        bs_batch_close(change->batch);
        change->history_end[0] = '\0';
    }
    if (change->moment[0] != '\0') {
        bs_batch_put(change->batch, BS_EXPECT_ANY, "SET timestamp=DEFAULT");
        change->moment[0] = '\0';
    }
}

void
bs_change_add(struct bs_change *change, const struct bs_rows *rows) {
    if (change->converges) {
        add_converging(change, rows);
        return;
    }
    if (change->table->has_period) {
        add_versioned(change, rows);
        return;
    }
    switch (rows->change) {
    case BS_ROW_INSERT:
        add_insert(change, rows->after);
        return;
    case BS_ROW_DELETE:
        add_delete(change, rows->before, false);
        return;
    case BS_ROW_UPDATE:
        add_update(change, rows->before, rows->after);
        return;
    }
}

void
bs_change_finish(struct bs_change *change) {
    close_open(change);
    finish_versioned(change);
}

void
bs_change_insert(struct bs_change *change, const struct bs_value *values) {
    add_insert(change, values);
}

void
bs_change_delete(struct bs_change *change, const struct bs_value *values) {
    add_delete(change, values, false);
}

void
bs_change_absent(struct bs_change *change, const struct bs_value *values) {
    add_delete(change, values, true);
}

void
bs_change_update(struct bs_change *change, const struct bs_value *before,
                 const struct bs_value *after) {
    add_update(change, before, after);
}

bool
bs_change_can_upsert(const struct bs_target_table *table, const struct bs_value *after) {
    return table->upsert_tail.len > 0 && count_enum_zeros(table, after) == 0;
}

/* An updated row counts as two. */
void
bs_change_upsert(struct bs_change *change, const struct bs_value *after) {
    struct bs_buf *sql = &change->batch->sql;
    if (can_gather(change, BS_ROW_UPDATE)) {
        bs_buf_puts(sql, ",");
    } else {
        close_open(change);
        change->open = open_statement(change, BS_ROW_UPDATE);
        bs_buf_put_str(sql, bs_buf_str(&change->table->insert_head));
    }
    put_row_values(sql, change->table, change->table->model->columns, after);
    change->open->rows += 2;
}
