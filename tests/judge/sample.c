#include "sample.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS_SHOWN = 8, ROW_KEPT_MAX = 64 * 1024 * 1024 };

static int
compare_cases(const void *left, const void *right) {
    const struct judge_case *a = left;
    const struct judge_case *b = right;
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    return (int)a->has[1] - (int)b->has[1];
}

/* Changed rows first, then those of A, then those of B. */
static int
compare_by_interest(const void *left, const void *right) {
    const struct judge_case *a = left;
    const struct judge_case *b = right;
    int a_rank = a->has[0] && a->has[1] ? 0 : a->has[0] ? 1 : 2;
    int b_rank = b->has[0] && b->has[1] ? 0 : b->has[0] ? 1 : 2;
    return a_rank != b_rank ? a_rank - b_rank : compare_cases(left, right);
}

/* Adds the rows that `own` has more often than `other`, once per surplus occurrence counted, as one
 * case each. */
static uint64_t
add_side(struct judge_surplus *surplus, const struct judge_tally *own,
         const struct judge_tally *other, int side) {
    uint64_t total = 0;
    for (size_t i = 0; i < own->cap; i++) {
        const struct judge_tally_slot *slot = &own->slots[i];
        uint64_t others = judge_tally_count(other, slot->row, slot->key);
        if (slot->count <= others) {
            continue;
        }
        struct judge_case found = {.key = slot->key};
        found.has[side] = true;
        found.row[side] = slot->row;
        surplus->cases =
            judge_grow(surplus->cases, surplus->count, &surplus->cap, sizeof *surplus->cases);
        surplus->cases[surplus->count++] = found;
        total += slot->count - others;
    }
    return total;
}

/* Joins a row of A and one of B under the same key into one changed row. cases are ordered by key,
 * A before B. */
static void
join_cases(struct judge_surplus *surplus) {
    size_t kept = 0;
    for (size_t i = 0; i < surplus->count; i++) {
        struct judge_case *previous = kept > 0 ? &surplus->cases[kept - 1] : NULL;
        const struct judge_case *found = &surplus->cases[i];
        if (previous != NULL && previous->key == found->key && !previous->has[1] && found->has[1]) {
            previous->has[1] = true;
            previous->row[1] = found->row[1];
            surplus->changed++;
            surplus->only_a--;
            surplus->only_b--;
        } else {
            surplus->cases[kept++] = *found;
        }
    }
    surplus->count = kept;
}

void
judge_surplus_find(struct judge_surplus *surplus, const struct judge_tally *a,
                   const struct judge_tally *b) {
    memset(surplus, 0, sizeof *surplus);
    surplus->only_a = add_side(surplus, a, b, 0);
    surplus->only_b = add_side(surplus, b, a, 1);
    if (surplus->count > 0) {
        qsort(surplus->cases, surplus->count, sizeof *surplus->cases, compare_cases);
        join_cases(surplus);
        qsort(surplus->cases, surplus->count, sizeof *surplus->cases, compare_by_interest);
    }
}

void
judge_surplus_fini(struct judge_surplus *surplus) {
    free(surplus->cases);
    memset(surplus, 0, sizeof *surplus);
}

/* A row of a case, kept from the third reading. */
struct kept_row {
    char *data;
    size_t *offsets;
};

struct sample_side {
    const struct judge_case *cases;
    size_t count;
    int side;
    struct kept_row *rows; /* one per case */
    size_t kept_bytes;
};

static void
keep_row(struct sample_side *sample, size_t index, const struct judge_reader *reader) {
    size_t offsets_size = (reader->plan->count + 1) * sizeof *reader->offsets;
    sample->rows[index].data = judge_copy(reader->row.data, reader->row.len);
    sample->rows[index].offsets = judge_alloc(offsets_size);
    memcpy(sample->rows[index].offsets, reader->offsets, offsets_size);
    sample->kept_bytes += reader->row.len;
}

static void
keep_if_wanted(void *context, const struct judge_reader *reader, struct judge_hash row,
               uint64_t key) {
    struct sample_side *sample = context;
    for (size_t i = 0; i < sample->count; i++) {
        const struct judge_case *wanted = &sample->cases[i];
        if (wanted->key == key && wanted->has[sample->side] &&
            wanted->row[sample->side].lo == row.lo && wanted->row[sample->side].hi == row.hi &&
            sample->rows[i].data == NULL && sample->kept_bytes < ROW_KEPT_MAX) {
            keep_row(sample, i, reader);
        }
    }
}

static void
print_field(struct judge_text *out, const struct judge_plan *plan, const struct kept_row *row,
            size_t index, size_t at) {
    size_t from = row->offsets[index];
    judge_value_print(out, &plan->fields[index], row->data + from, row->offsets[index + 1] - from,
                      at);
}

/* The key, or the first few columns where there is none. */
static void
print_key(struct judge_text *out, const struct judge_plan *plan, const struct kept_row *row) {
    size_t count = plan->key_count > 0 ? plan->key_count : plan->count;
    judge_text_puts(out, plan->key_count > 0 ? "key (" : "row (");
    for (size_t i = 0; i < count && i < FIELDS_SHOWN; i++) {
        judge_text_printf(out, "%s%s=", i > 0 ? ", " : "", plan->fields[i].name);
        print_field(out, plan, row, i, 0);
    }
    judge_text_puts(out, count > FIELDS_SHOWN ? ", ...)" : ")");
}

static void
print_changes(struct judge_text *out, const struct judge_plan *plan,
              const struct kept_row rows[2]) {
    size_t shown = 0;
    for (size_t i = plan->key_count; i < plan->count; i++) {
        const char *a = rows[0].data + rows[0].offsets[i];
        const char *b = rows[1].data + rows[1].offsets[i];
        size_t a_len = rows[0].offsets[i + 1] - rows[0].offsets[i];
        size_t b_len = rows[1].offsets[i + 1] - rows[1].offsets[i];
        if (a_len == b_len && memcmp(a, b, a_len) == 0) {
            continue;
        }
        if (shown++ >= FIELDS_SHOWN) {
            judge_text_printf(out, ", %s", plan->fields[i].name);
            continue;
        }
        size_t at = judge_value_difference(a, a_len, b, b_len);
        judge_text_printf(out, ": %s A=", plan->fields[i].name);
        print_field(out, plan, &rows[0], i, at);
        judge_text_puts(out, " B=");
        print_field(out, plan, &rows[1], i, at);
    }
}

static void
report_case(const struct judge_plan *plan, const struct judge_case *found,
            const struct kept_row rows[2], const char *path, struct judge_report *report) {
    struct judge_text detail = {0};
    const struct kept_row *any = rows[0].data != NULL ? &rows[0] : &rows[1];
    enum judge_change change = found->has[0] && found->has[1] ? JUDGE_DIFFERS
                               : found->has[0]                ? JUDGE_ONLY_IN_A
                                                              : JUDGE_ONLY_IN_B;
    if (any->data == NULL) {
        judge_text_puts(&detail, "(too large to show)");
    } else {
        print_key(&detail, plan, any);
    }
    if (rows[0].data != NULL && rows[1].data != NULL) {
        print_changes(&detail, plan, rows);
    }
    judge_report_add(report, "row", path, change, detail.data);
    judge_text_fini(&detail);
}

static void
report_cases(const struct judge_plan *plan, const struct sample_side sides[2],
             const struct judge_table *table, struct judge_report *report) {
    struct judge_text path = {0};
    judge_text_add_path(&path, table->db, table->name);
    for (size_t i = 0; i < sides[0].count; i++) {
        const struct kept_row rows[2] = {sides[0].rows[i], sides[1].rows[i]};
        report_case(plan, &sides[0].cases[i], rows, path.data, report);
    }
    judge_text_fini(&path);
}

bool
judge_sample_report(struct judge_scan scans[2], const struct judge_surplus *surplus, size_t max,
                    const struct judge_table *table, struct judge_report *report,
                    struct judge_error *err) {
    struct sample_side sides[2];
    size_t count = surplus->count < max ? surplus->count : max;
    if (count == 0) {
        return true;
    }
    for (int side = 0; side < 2; side++) {
        sides[side] = (struct sample_side){.cases = surplus->cases, .count = count, .side = side};
        sides[side].rows = judge_alloc(count * sizeof *sides[side].rows);
        scans[side].visit = keep_if_wanted;
        scans[side].context = &sides[side];
    }
    bool ok = judge_scan_both(scans, err);
    if (ok) {
        report_cases(scans[0].plan, sides, table, report);
    }
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < count; i++) {
            free(sides[side].rows[i].data);
            free(sides[side].rows[i].offsets);
        }
        free(sides[side].rows);
    }
    return ok;
}
