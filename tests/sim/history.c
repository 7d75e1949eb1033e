/* What the source did: transactions over few tables with few keys, so that they meet each other
 * often. Every change is carried out on the source's own rows first, so the log is one that a
 * server could have written. */
#include "sim.h"

#include "binlog/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct maker {
    struct sim_history *history;
    struct sim_random *random;
    struct sim_data data;
    struct sim_txn *txn; /* NULL: what was there before the log begins */
    bool checks;
    int32_t version; /* of values, each new */
    int tables[4];   /* that this history likes */
};

static int32_t
null_or(struct maker *m, int one_in, int limit) {
    return sim_one_in(m->random, one_in) ? SIM_NULL : 1 + sim_below(m->random, limit);
}

/* A value for a column. */
static int32_t
draw_value(struct maker *m, int table, int column) {
    enum { COMMON_TEXTS = SIM_TEXTS - 2 };
    const struct sim_table *t = &sim_tables[table];
    if ((t->text_columns >> column & 1) != 0) {
        bool is_ascii = sim_one_in(m->random, 2);
        bool is_null = column > 0 && sim_one_in(m->random, 5);
        return is_null ? SIM_NULL : sim_below(m->random, is_ascii ? 4 : COMMON_TEXTS);
    }
    if (table == SIM_HEAP) {
        return 1 + sim_below(m->random, 2);
    }
    if (column == 0) {
        return 1 + sim_below(m->random, 5);
    }
    if (table == SIM_PAIRS && column < 4) {
        return null_or(m, 4, column == 1 ? 4 : 2);
    }
    if (t->is_child && column == t->fk_column) {
        return null_or(m, 5, 5);
    }
    return ++m->version;
}

static void
draw_row(struct maker *m, int table, struct sim_row *row) {
    memset(row, 0, sizeof *row);
    for (int i = 0; i < sim_tables[table].column_count; i++) {
        row->c[i] = draw_value(m, table, i);
    }
}

static void
log_row(struct maker *m, const struct sim_change *step) {
    struct sim_txn *txn = m->txn;
    struct sim_event *event = txn->count > 0 ? &txn->events[txn->count - 1] : NULL;
    uint16_t flags = (uint16_t)((m->history->logs_cascades ? BS_ROWS_SQL_FOREIGN_KEY : 0) |
                                (m->checks ? 0 : BS_ROWS_NO_FOREIGN_KEY_CHECKS));
    bool joins = event != NULL && event->table == step->table && event->kind == step->kind &&
                 event->flags == flags && event->count < SIM_ROWS_OF_EVENT &&
                 sim_one_in(m->random, 2);
    if (!joins) {
        event = &txn->events[txn->count++];
        *event = (struct sim_event){.table = step->table, .kind = step->kind, .flags = flags};
    }
    event->rows[event->count].before = step->before;
    event->rows[event->count++].after = step->after;
}

/* Carries the change out if it is possible. */
static bool
change(struct maker *m, struct sim_change *wanted) {
    static struct sim_plan plan;
    wanted->checks = m->checks;
    sim_plan_make(&plan, &m->data, wanted);
    bool fits = m->txn == NULL || m->txn->count + plan.count <= SIM_EVENTS_MAX;
    if (!fits || sim_plan_check(&plan, &m->data) != SIM_FINE) {
        return false;
    }
    for (int i = 0; i < plan.count; i++) {
        m->history->all_checked = m->history->all_checked && m->checks;
        (void)sim_step_do(&m->data, &plan.steps[i]);
        if (m->txn != NULL && (i == 0 || m->history->logs_cascades)) {
            log_row(m, &plan.steps[i]);
        }
    }
    return true;
}

static bool
change_something(struct maker *m, int table) {
    struct sim_change wanted = {.table = (uint8_t)table};
    int rows = m->data.tables[table].count;
    int kind = sim_below(m->random, 7);
    bool is_full = rows >= (table == SIM_HEAP ? 6 : 12);
    if (rows == 0 || (kind < 2 && !is_full)) {
        wanted.kind = SIM_INSERT;
        draw_row(m, table, &wanted.after);
        return change(m, &wanted);
    }
    wanted.before = m->data.tables[table].rows[sim_below(m->random, rows)];
    wanted.kind = kind < 5 ? SIM_UPDATE : SIM_DELETE;
    wanted.after = wanted.before;
    if (wanted.kind == SIM_UPDATE) {
        const struct sim_table *t = &sim_tables[table];
        for (int i = 0; i < t->column_count; i++) {
            bool changes = sim_one_in(m->random, i == 0 ? 3 : 2);
            bool is_last = i == t->column_count - 1;
            if (changes || is_last) {
                wanted.after.c[i] = draw_value(m, table, i);
            }
        }
    }
    return change(m, &wanted);
}

static void
set_column(struct maker *m, int table, struct sim_row *row, int column, int32_t value) {
    struct sim_change wanted = {.table = (uint8_t)table, .kind = SIM_UPDATE, .before = *row};
    wanted.after = *row;
    wanted.after.c[column] = value;
    if (change(m, &wanted)) {
        *row = wanted.after;
    }
}

/* Two rows give each other their unique values. */
static void
swap_values(struct maker *m) {
    int rows = m->data.tables[SIM_PAIRS].count;
    if (rows < 2) {
        return;
    }
    struct sim_row a = m->data.tables[SIM_PAIRS].rows[0];
    struct sim_row b = m->data.tables[SIM_PAIRS].rows[1 + sim_below(m->random, rows - 1)];
    int32_t of_a = a.c[1];
    int32_t of_b = b.c[1];
    set_column(m, SIM_PAIRS, &a, 1, SIM_NULL);
    set_column(m, SIM_PAIRS, &b, 1, of_a);
    set_column(m, SIM_PAIRS, &a, 1, of_b);
}

static void
log_transaction(struct maker *m, int number) {
    struct sim_change wanted = {.table = SIM_LOG, .kind = SIM_INSERT};
    wanted.after.c[0] = number + 1;
    if (change(m, &wanted)) {
        m->history->log |= UINT64_C(1) << (number + 1);
    }
}

static void
make_rows(struct maker *m, int number) {
    enum { SMALL = sizeof(void *), HUGE_BODY = 1 << 20 };
    bool first = sim_one_in(m->random, 2);
    bool mixes = sim_one_in(m->random, 20);
    m->checks = !sim_one_in(m->random, 10);
    if (first) {
        log_transaction(m, number);
    }
    if (sim_one_in(m->random, 8)) {
        swap_values(m);
    }
    for (int i = 1 + sim_below(m->random, 4); i > 0; i--) {
        bool liked = !sim_one_in(m->random, 6);
        int table = liked ? m->tables[sim_below(m->random, 4)] : sim_below(m->random, SIM_ODD);
        m->checks = mixes ? sim_one_in(m->random, 2) : m->checks;
        (void)change_something(m, table);
    }
    if (!first) {
        log_transaction(m, number);
    }
    m->checks = true;
    bool is_huge = sim_one_in(m->random, 14);
    for (int i = 0; i < m->txn->count; i++) {
        m->txn->events[i].body_len = is_huge && i == m->txn->count / 2 ? HUGE_BODY : SMALL;
    }
}

static void
make_ddl(struct maker *m, int number) {
    struct sim_txn *txn = m->txn;
    txn->ddl_table = sim_one_in(m->random, 2) ? SIM_PLAIN : SIM_HEAP;
    (void)snprintf(txn->ddl, sizeof txn->ddl, "ALTER %d %d", txn->ddl_table, number);
    sim_ddl_do(&m->data, txn->ddl_table);
}

/* The transactions that the surprise is in: one makes room, a later one takes it. */
static void
be_odd(struct maker *m, int number, const int *odd) {
    struct sim_change wanted = {.table = SIM_ODD, .kind = SIM_DELETE};
    struct sim_row row = {{1, SIM_TEXTS - 2}};
    if (number == odd[0]) {
        wanted.before = row;
        (void)change(m, &wanted);
    } else if (number == odd[1]) {
        wanted.kind = SIM_INSERT;
        wanted.after = (struct sim_row){{2, SIM_TEXTS - 1}};
        (void)change(m, &wanted);
    }
}

/* As MariaDB logs one that made a temporary table. */
static void
make_undone(struct maker *m, int number) {
    static struct sim_data before;
    uint64_t log = m->history->log;
    before = m->data;
    make_rows(m, number);
    m->data = before;
    m->history->log = log;
}

static void
make_transaction(struct maker *m, int number, const int *odd) {
    struct sim_txn *txn = m->txn;
    int kind = sim_below(m->random, 24);
    bool is_odd = number == odd[0] || number == odd[1];
    txn->count = 0;
    txn->ddl_table = -1;
    txn->is_rolled_back = kind == 2 && m->history->is_mariadb && !is_odd;
    if (txn->is_rolled_back) {
        make_undone(m, number);
    } else if (kind < 2 && !is_odd) {
        make_ddl(m, number);
    } else if (kind > 2 || is_odd) {
        if (is_odd) {
            be_odd(m, number, odd);
        }
        make_rows(m, number);
    }
}

static void
like_tables(struct maker *m) {
    static const int FAMILY[] = {SIM_PARENT, SIM_CHILD, SIM_LOOSE, SIM_GRAND, SIM_SELF};
    bool family = sim_one_in(m->random, 3);
    for (int i = 0; i < 4; i++) {
        m->tables[i] = family ? FAMILY[sim_below(m->random, 5)] : sim_below(m->random, SIM_ODD);
    }
}

void
sim_history_make(struct sim_history *history, struct sim_random *random) {
    static struct maker maker;
    struct maker *m = &maker;
    static const char *const FILES[] = {"binlog.999999", "binlog.1000000"};
    enum { FIRST_POS = 4, BEFORE_THE_LOG = 12 };
    *m = (struct maker){.history = history, .random = random, .checks = true};
    history->count = 3 + sim_below(random, sim_one_in(random, 3) ? SIM_TXNS_MAX - 3 : 14);
    history->is_mariadb = sim_one_in(random, 4);
    history->logs_cascades = !history->is_mariadb && sim_one_in(random, 2);
    history->in_commit_order = sim_one_in(random, 4);
    history->all_checked = true;
    history->log = 0;
    history->first_file = FILES[0];
    history->first_pos = FIRST_POS;
    like_tables(m);
    for (int i = 0; i < BEFORE_THE_LOG; i++) {
        (void)change_something(m, m->tables[sim_below(random, 4)]);
    }
    m->data.tables[SIM_ODD].rows[0] = (struct sim_row){{1, SIM_TEXTS - 2}};
    m->data.tables[SIM_ODD].count = 1;
    history->first = m->data;
    int odd[2] = {sim_below(random, history->count), 0};
    odd[1] = sim_one_in(random, 2) ? odd[0] + 1 + sim_below(random, 3) : -1;
    int turn = sim_one_in(random, 2) ? sim_below(random, history->count) : SIM_TXNS_MAX;
    uint64_t pos = FIRST_POS;
    for (int i = 0; i < history->count; i++) {
        m->txn = &history->txns[i];
        pos = i == turn ? FIRST_POS : pos;
        make_transaction(m, i, odd);
        m->txn->file = FILES[i >= turn];
        m->txn->begin = pos;
        pos += 10 * (uint64_t)(m->txn->count + 2);
        m->txn->end = pos;
    }
    history->last = m->data;
}

/* What a transaction does by its events. */
static void
redo(struct sim_history *history, const struct sim_txn *txn) {
    static struct sim_plan plan;
    for (int i = 0; i < txn->count; i++) {
        const struct sim_event *event = &txn->events[i];
        for (int r = 0; r < event->count; r++) {
            struct sim_change row = {.table = event->table, .kind = event->kind};
            row.checks =
                (event->flags & (BS_ROWS_SQL_FOREIGN_KEY | BS_ROWS_NO_FOREIGN_KEY_CHECKS)) == 0;
            row.before = event->rows[r].before;
            row.after = event->rows[r].after;
            sim_plan_make(&plan, &history->last, &row);
            for (int s = 0; s < plan.count; s++) {
                (void)sim_step_do(&history->last, &plan.steps[s]);
            }
            if (row.table == SIM_LOG) {
                history->log |= UINT64_C(1) << row.after.c[0];
            }
        }
    }
}

void
sim_history_cut(struct sim_history *history, int count) {
    history->count = count;
    history->last = history->first;
    history->log = 0;
    for (int i = 0; i < count; i++) {
        const struct sim_txn *txn = &history->txns[i];
        if (txn->ddl_table >= 0) {
            sim_ddl_do(&history->last, txn->ddl_table);
        } else if (!txn->is_rolled_back) {
            redo(history, txn);
        }
    }
}

void
sim_history_print(const struct sim_history *history) {
    printf("cascades are %slogged\n", history->logs_cascades ? "" : "not ");
    for (int i = 0; i < history->count; i++) {
        const struct sim_txn *txn = &history->txns[i];
        printf("transaction %d, %s:%" PRIu64 "-%" PRIu64 "%s%s%s\n", i + 1, txn->file, txn->begin,
               txn->end, txn->ddl_table >= 0 ? ": " : "", txn->ddl_table >= 0 ? txn->ddl : "",
               txn->is_rolled_back ? ", rolled back" : "");
        for (int k = 0; k < txn->count; k++) {
            const struct sim_event *event = &txn->events[k];
            for (int r = 0; r < event->count; r++) {
                struct sim_change row = {.table = event->table,
                                         .kind = event->kind,
                                         .before = event->rows[r].before,
                                         .after = event->rows[r].after};
                printf("    %s%s%s\n", sim_change_text(&row),
                       (event->flags & BS_ROWS_NO_FOREIGN_KEY_CHECKS) != 0 ? " unchecked" : "",
                       event->body_len >= 1 << 20 ? " huge" : "");
            }
        }
    }
}
