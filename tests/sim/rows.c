/* Tables, rows, unique keys and foreign keys with their actions: the same for source and target. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct bs_str sim_texts[SIM_TEXTS] = {
    {"a", 1},  {"A", 1}, {"b", 1},  {"B", 1}, {"\xc3\xa9", 2}, {"\xc3\x89", 2}, {"e", 1},
    {"a ", 2}, {"c", 1}, {"C ", 2}, {"E", 1}, {"\xc3\xbf", 2}, {"x", 1},        {"q", 1},
};
const uint8_t sim_text_class[SIM_TEXTS] = {0, 0, 1, 1, 2, 2, 2, 0, 3, 3, 2, 4, 5, 5};

const struct sim_table sim_tables[SIM_TABLES] = {
    [SIM_PLAIN] = {"plain", 3, 0, {{{0}, 1}}, 1, false, 0, 0, 0, 0},
    [SIM_PAIRS] = {"pairs", 5, 0, {{{0}, 1}, {{1}, 1}, {{2, 3}, 2}}, 3, false, 0, 0, 0, 0},
    [SIM_WORDS] = {"words", 2, 1, {{{0}, 1}}, 1, false, 0, 0, 0, 0},
    [SIM_NAMES] = {"names", 3, 2, {{{0}, 1}, {{1}, 1}}, 2, false, 0, 0, 0, 0},
    [SIM_HEAP] = {"heap", 2, 0, {{{0}, 0}}, 0, false, 0, 0, 0, 0},
    [SIM_PARENT] = {"parent", 2, 0, {{{0}, 1}}, 1, false, 0, 0, 0, 0},
    [SIM_CHILD] = {"child", 3, 0, {{{0}, 1}}, 1, true, 1, SIM_PARENT, SIM_CASCADE, SIM_CASCADE},
    [SIM_LOOSE] = {"loose", 3, 0, {{{0}, 1}}, 1, true, 1, SIM_PARENT, SIM_SET_NULL, SIM_CASCADE},
    [SIM_STRICT] = {"strict", 3, 0, {{{0}, 1}}, 1, true, 1, SIM_PARENT, SIM_RESTRICT, SIM_RESTRICT},
    [SIM_GRAND] = {"grand", 3, 0, {{{0}, 1}}, 1, true, 1, SIM_CHILD, SIM_CASCADE, SIM_CASCADE},
    [SIM_SELF] = {"self", 3, 0, {{{0}, 1}}, 1, true, 1, SIM_SELF, SIM_CASCADE, SIM_RESTRICT},
    [SIM_ODD] = {"odd", 2, 2, {{{0}, 1}, {{1}, 1}}, 2, false, 0, 0, 0, 0},
    [SIM_LOG] = {"log", 1, 0, {{{0}, 1}}, 1, false, 0, 0, 0, 0},
};

bool
sim_row_equal(const struct sim_table *table, const struct sim_row *a, const struct sim_row *b) {
    return memcmp(a->c, b->c, table->column_count * sizeof a->c[0]) == 0;
}

/* What equality under the column's collation goes by. */
static int32_t
class_of(const struct sim_table *table, const struct sim_row *row, int column) {
    int32_t value = row->c[column];
    bool is_text = (table->text_columns >> column & 1) != 0;
    return is_text && value != SIM_NULL ? sim_text_class[value] : value;
}

static bool
same_key(const struct sim_table *table, const struct sim_key *key, const struct sim_row *a,
         const struct sim_row *b) {
    for (int i = 0; i < key->count; i++) {
        int32_t value = class_of(table, a, key->columns[i]);
        if (value == SIM_NULL || value != class_of(table, b, key->columns[i])) {
            return false;
        }
    }
    return true;
}

/* By the exact key, or by everything where there is no key. */
int
sim_find_row(const struct sim_data *data, int table, const struct sim_row *row) {
    const struct sim_table *t = &sim_tables[table];
    for (int i = 0; i < data->tables[table].count; i++) {
        const struct sim_row *other = &data->tables[table].rows[i];
        bool same =
            t->key_count > 0 ? same_key(t, &t->keys[0], row, other) : sim_row_equal(t, row, other);
        if (same) {
            return i;
        }
    }
    return -1;
}

static bool
collides(const struct sim_data *data, int table, const struct sim_row *row, int except) {
    const struct sim_table *t = &sim_tables[table];
    for (int i = 0; i < data->tables[table].count; i++) {
        for (int k = 0; k < t->key_count; k++) {
            if (i != except && same_key(t, &t->keys[k], row, &data->tables[table].rows[i])) {
                return true;
            }
        }
    }
    return false;
}

int
sim_find_collision(const struct sim_data *data, int table, const struct sim_row *row) {
    const struct sim_table *t = &sim_tables[table];
    for (int k = 0; k < t->key_count; k++) {
        for (int i = 0; i < data->tables[table].count; i++) {
            if (same_key(t, &t->keys[k], row, &data->tables[table].rows[i])) {
                return i;
            }
        }
    }
    return -1;
}

/* except: the row's own place, as it was. */
static bool
has_parent(const struct sim_data *data, int table, const struct sim_row *row, int except) {
    const struct sim_table *t = &sim_tables[table];
    int32_t value = row->c[t->fk_column];
    bool found = value == SIM_NULL || (t->parent == table && row->c[0] == value);
    for (int i = 0; i < data->tables[t->parent].count && !found; i++) {
        bool is_own = t->parent == table && i == except;
        found = !is_own && data->tables[t->parent].rows[i].c[0] == value;
    }
    return found;
}

const char *
sim_orphan(const struct sim_data *data) {
    for (int t = 0; t < SIM_TABLES; t++) {
        for (int i = 0; sim_tables[t].is_child && i < data->tables[t].count; i++) {
            if (!has_parent(data, t, &data->tables[t].rows[i], -1)) {
                return sim_tables[t].name;
            }
        }
    }
    return NULL;
}

/* Locks. */

static uint64_t
lock_of(int table, int key, uint64_t value) {
    return (uint64_t)(table + 1) << SIM_TABLE_LOCK_SHIFT | (uint64_t)(key + 1) << 48 |
           (value & 0xffffffffffff);
}

static void
add_lock(struct sim_plan *plan, uint64_t lock) {
    for (int i = 0; i < plan->lock_count; i++) {
        if (plan->locks[i] == lock) {
            return;
        }
    }
    plan->locks[plan->lock_count++] = lock;
}

static void
lock_row(struct sim_plan *plan, int table, const struct sim_row *row) {
    const struct sim_table *t = &sim_tables[table];
    if (t->key_count == 0) {
        add_lock(plan, lock_of(table, 0xfe, 0));
    }
    for (int k = 0; k < t->key_count; k++) {
        uint64_t value = 0;
        bool is_null = false;
        for (int i = 0; i < t->keys[k].count; i++) {
            int32_t part = class_of(t, row, t->keys[k].columns[i]);
            is_null = is_null || part == SIM_NULL;
            value = value << 24 | ((uint32_t)part & 0xffffff);
        }
        if (!is_null) {
            add_lock(plan, lock_of(table, k, value));
        }
    }
}

static void
lock_change(struct sim_plan *plan, const struct sim_change *change) {
    const struct sim_table *t = &sim_tables[change->table];
    if (change->kind != SIM_INSERT) {
        lock_row(plan, change->table, &change->before);
    }
    if (change->kind == SIM_DELETE || change->kind == SIM_ABSENT) {
        return;
    }
    lock_row(plan, change->table, &change->after);
    int32_t parent = change->after.c[t->fk_column];
    if (change->checks && t->is_child && parent != SIM_NULL) {
        add_lock(plan, lock_of(t->parent, 0, (uint32_t)parent & 0xffffff));
    }
}

/* Actions. */

static bool
is_planned(const struct sim_plan *plan, int table, const struct sim_row *row) {
    for (int i = 0; i < plan->count; i++) {
        const struct sim_change *step = &plan->steps[i];
        if (step->table == table && step->kind != SIM_INSERT &&
            sim_row_equal(&sim_tables[table], &step->before, row)) {
            return true;
        }
    }
    return false;
}

static void add_step(struct sim_plan *plan, const struct sim_data *data,
                     const struct sim_change *change);

static void
act_on_child(struct sim_plan *plan, const struct sim_data *data, const struct sim_change *parent,
             int child, const struct sim_row *row) {
    const struct sim_table *t = &sim_tables[child];
    enum sim_action action = parent->kind == SIM_DELETE ? t->on_delete : t->on_update;
    if (is_planned(plan, child, row)) {
        return;
    }
    if (action == SIM_RESTRICT) {
        plan->outcome = SIM_HAS_CHILD;
        return;
    }
    struct sim_change change = {.table = (uint8_t)child, .checks = true, .before = *row};
    change.after = *row;
    change.kind = SIM_UPDATE;
    if (action == SIM_SET_NULL) {
        change.after.c[t->fk_column] = SIM_NULL;
    } else if (parent->kind == SIM_DELETE) {
        change.kind = SIM_DELETE;
    } else {
        change.after.c[t->fk_column] = parent->after.c[0];
    }
    add_step(plan, data, &change);
}

static void
add_step(struct sim_plan *plan, const struct sim_data *data, const struct sim_change *change) {
    bool goes = change->kind == SIM_DELETE ||
                (change->kind == SIM_UPDATE && change->before.c[0] != change->after.c[0]);
    if (plan->count == SIM_STEPS_MAX) {
        abort();
    }
    plan->steps[plan->count++] = *change;
    lock_change(plan, change);
    for (int child = 0; child < SIM_TABLES && goes && change->checks; child++) {
        const struct sim_table *t = &sim_tables[child];
        for (int i = 0; t->is_child && t->parent == change->table && i < data->tables[child].count;
             i++) {
            const struct sim_row *row = &data->tables[child].rows[i];
            if (row->c[t->fk_column] == change->before.c[0]) {
                act_on_child(plan, data, change, child, row);
            }
        }
    }
}

void
sim_plan_make(struct sim_plan *plan, const struct sim_data *data, const struct sim_change *change) {
    plan->count = 0;
    plan->lock_count = 0;
    plan->outcome = SIM_FINE;
    add_step(plan, data, change);
}

enum sim_outcome
sim_plan_check(const struct sim_plan *plan, const struct sim_data *data) {
    const struct sim_change *change = &plan->steps[0];
    const struct sim_table *t = &sim_tables[change->table];
    int at = -1;
    if (change->kind == SIM_ABSENT) {
        return sim_find_row(data, change->table, &change->before) < 0 ? SIM_FINE : SIM_DUPLICATE;
    }
    if (change->kind != SIM_INSERT) {
        at = sim_find_row(data, change->table, &change->before);
        if (at < 0) {
            return SIM_MISSING;
        }
        if (!sim_row_equal(t, &data->tables[change->table].rows[at], &change->before)) {
            return SIM_DIFFERS;
        }
    }
    if (change->kind != SIM_DELETE && collides(data, change->table, &change->after, at)) {
        return SIM_DUPLICATE;
    }
    bool refers = change->checks && t->is_child && change->kind != SIM_DELETE;
    if (refers && change->kind == SIM_UPDATE) {
        bool moves = t->parent == change->table && change->before.c[0] != change->after.c[0];
        refers = moves || change->before.c[t->fk_column] != change->after.c[t->fk_column];
    }
    return refers && !has_parent(data, change->table, &change->after, at) ? SIM_NO_PARENT
                                                                          : plan->outcome;
}

static void
insert_row(struct sim_data *data, int table, const struct sim_row *row) {
    if (data->tables[table].count == SIM_ROWS_MAX) {
        abort();
    }
    data->tables[table].rows[data->tables[table].count++] = *row;
}

static bool
remove_row(struct sim_data *data, int table, const struct sim_row *row) {
    for (int i = 0; i < data->tables[table].count; i++) {
        if (sim_row_equal(&sim_tables[table], &data->tables[table].rows[i], row)) {
            data->tables[table].rows[i] = data->tables[table].rows[--data->tables[table].count];
            return true;
        }
    }
    return false;
}

bool
sim_step_do(struct sim_data *data, const struct sim_change *step) {
    if (step->kind == SIM_ABSENT) {
        return false;
    }
    bool found = step->kind == SIM_INSERT || remove_row(data, step->table, &step->before);
    if (found && step->kind != SIM_DELETE) {
        insert_row(data, step->table, &step->after);
    }
    return found;
}

void
sim_step_undo(struct sim_data *data, const struct sim_change *step) {
    if (step->kind != SIM_DELETE) {
        (void)remove_row(data, step->table, &step->after);
    }
    if (step->kind != SIM_INSERT) {
        insert_row(data, step->table, &step->before);
    }
}

/* Not the same when done twice, nor when done before a row comes rather than after. */
void
sim_ddl_do(struct sim_data *data, int table) {
    for (int i = 0; i < data->tables[table].count; i++) {
        int32_t *value = &data->tables[table].rows[i].c[sim_tables[table].column_count - 1];
        *value = (*value * 3 + 1) % 100003;
    }
    data->tables[table].version++;
}

/* Text. */

static int
put_row(char *out, size_t cap, const struct sim_table *table, const struct sim_row *row) {
    int len = snprintf(out, cap, "(");
    for (int i = 0; i < table->column_count; i++) {
        const char *comma = i > 0 ? "," : "";
        bool is_text = (table->text_columns >> i & 1) != 0;
        if (row->c[i] == SIM_NULL) {
            len += snprintf(out + len, cap - (size_t)len, "%sNULL", comma);
        } else if (is_text) {
            len +=
                snprintf(out + len, cap - (size_t)len, "%s'%s'", comma, sim_texts[row->c[i]].data);
        } else {
            len += snprintf(out + len, cap - (size_t)len, "%s%d", comma, row->c[i]);
        }
    }
    return len + snprintf(out + len, cap - (size_t)len, ")");
}

const char *
sim_change_text(const struct sim_change *change) {
    static char text[256];
    static const char *const VERBS[] = {"insert", "update", "delete", "upsert", "absent"};
    const struct sim_table *t = &sim_tables[change->table];
    int len = snprintf(text, sizeof text, "%s %s ", VERBS[change->kind], t->name);
    if (change->kind != SIM_INSERT && change->kind != SIM_UPSERT) {
        len += put_row(text + len, sizeof text - (size_t)len, t, &change->before);
    }
    if (change->kind != SIM_DELETE && change->kind != SIM_ABSENT) {
        len += snprintf(text + len, sizeof text - (size_t)len, "->");
        len += put_row(text + len, sizeof text - (size_t)len, t, &change->after);
    }
    if (change->checks) {
        (void)snprintf(text + len, sizeof text - (size_t)len, " checked");
    }
    return text;
}

static int
compare_rows(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct sim_row));
}

const char *
sim_data_differs(const struct sim_data *a, const struct sim_data *b) {
    static char text[256];
    static struct sim_data left, right;
    for (int t = 0; t < SIM_TABLES; t++) {
        int counts[] = {a->tables[t].count, b->tables[t].count};
        size_t width = sizeof(struct sim_row);
        memcpy(left.tables[t].rows, a->tables[t].rows, (size_t)counts[0] * width);
        memcpy(right.tables[t].rows, b->tables[t].rows, (size_t)counts[1] * width);
        qsort(left.tables[t].rows, (size_t)counts[0], width, compare_rows);
        qsort(right.tables[t].rows, (size_t)counts[1], width, compare_rows);
        for (int i = 0; i < counts[0] || i < counts[1]; i++) {
            const struct sim_row *l = &left.tables[t].rows[i];
            const struct sim_row *r = &right.tables[t].rows[i];
            if (i < counts[0] && i < counts[1] && memcmp(l, r, width) == 0) {
                continue;
            }
            int len = snprintf(text, sizeof text, "table %s: source ", sim_tables[t].name);
            if (i < counts[0]) {
                len += put_row(text + len, sizeof text - (size_t)len, &sim_tables[t], l);
            }
            len += snprintf(text + len, sizeof text - (size_t)len, ", target ");
            if (i < counts[1]) {
                (void)put_row(text + len, sizeof text - (size_t)len, &sim_tables[t], r);
            }
            return text;
        }
        if (a->tables[t].version != b->tables[t].version) {
            (void)snprintf(text, sizeof text, "table %s: %d DDL statements, on the target %d",
                           sim_tables[t].name, a->tables[t].version, b->tables[t].version);
            return text;
        }
    }
    return NULL;
}
