#include "objects.h"

#include <stdlib.h>
#include <string.h>

#include "expression.h"

enum { LINES_SHOWN = 4, LINE_SHOWN = 160 };

struct line {
    const char *data;
    size_t len;
};

static struct line
next_line(const char **at, const char *end) {
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));
    const char *stop = newline != NULL ? newline : end;
    struct line line = {.data = *at, .len = (size_t)(stop - *at)};
    *at = newline != NULL ? newline + 1 : end;
    return line;
}

/* The comma at a line's end belongs to its place in the list, not to the line. */
static size_t
bare_len(struct line line) {
    return line.len > 0 && line.data[line.len - 1] == ',' ? line.len - 1 : line.len;
}

static bool
has_line(const struct judge_facet *facet, struct line wanted) {
    const char *at = facet->value;
    const char *end = at + facet->len;
    while (at < end) {
        struct line line = next_line(&at, end);
        if (bare_len(line) == bare_len(wanted) &&
            memcmp(line.data, wanted.data, bare_len(line)) == 0) {
            return true;
        }
    }
    return false;
}

/* A long line is shown around `at`, the first difference of the whole texts, where that lies in it.
 */
static void
print_line(struct judge_text *out, const struct judge_facet *own, struct line line, size_t at) {
    size_t start = (size_t)(line.data - own->value);
    if (bare_len(line) > LINE_SHOWN) {
        judge_text_add_excerpt(out, line.data, bare_len(line), at > start ? at - start : 0);
        return;
    }
    judge_text_puts(out, "[");
    for (size_t i = 0; i < bare_len(line); i++) {
        judge_text_add(out, line.data[i] == '\r' ? " " : &line.data[i], 1);
    }
    judge_text_puts(out, "]");
}

static size_t
print_missing_lines(struct judge_text *out, char side, const struct judge_facet *own,
                    const struct judge_facet *other) {
    size_t first = judge_first_difference(own->value, own->len, other->value, other->len);
    const char *at = own->value;
    const char *end = at + own->len;
    size_t count = 0;
    while (at < end) {
        struct line line = next_line(&at, end);
        if (has_line(other, line)) {
            continue;
        }
        if (count++ < LINES_SHOWN) {
            judge_text_printf(out, " %c=", side);
            print_line(out, own, line, first);
        }
    }
    return count;
}

static void
print_value(struct judge_text *out, char side, const struct judge_facet *facet, size_t at) {
    judge_text_printf(out, " %c=", side);
    if (facet == NULL) {
        judge_text_puts(out, "nothing");
    } else if (facet->value == NULL) {
        judge_text_puts(out, "NULL");
    } else {
        judge_text_add_excerpt(out, facet->value, facet->len, at);
    }
}

static bool
is_less(const struct judge_facet *b, const struct judge_facet *a) {
    long long left = b != NULL && b->value != NULL ? strtoll(b->value, NULL, 10) : 1;
    long long right = a != NULL && a->value != NULL ? strtoll(a->value, NULL, 10) : 1;
    bool is_unsigned = (b == NULL || b->value == NULL || b->value[0] != '-') &&
                       (a == NULL || a->value == NULL || a->value[0] != '-');
    if (is_unsigned) {
        return (b != NULL && b->value != NULL ? strtoull(b->value, NULL, 10) : 1) <
               (a != NULL && a->value != NULL ? strtoull(a->value, NULL, 10) : 1);
    }
    return left < right;
}

static bool
is_equal(const struct judge_facet *a, const struct judge_facet *b) {
    if (a == NULL || b == NULL) {
        return false;
    }
    if (a->rule == JUDGE_NOT_LESS) {
        return !is_less(b, a);
    }
    if (a->value == NULL || b->value == NULL) {
        return a->value == b->value;
    }
    if (a->len == b->len && memcmp(a->value, b->value, a->len) == 0) {
        return true;
    }
    return a->rule == JUDGE_BODY && judge_body_is_same_json(a->value, a->len, b->value, b->len);
}

static void
print_facets(struct judge_text *out, const struct judge_facet *a, const struct judge_facet *b) {
    bool is_both = a != NULL && b != NULL && a->value != NULL && b->value != NULL;
    if (is_both && a->rule == JUDGE_LINES) {
        size_t count = print_missing_lines(out, 'A', a, b) + print_missing_lines(out, 'B', b, a);
        if (count > 0) {
            return;
        }
        judge_text_puts(out, " the same lines in another order:");
    }
    size_t at = is_both ? judge_first_difference(a->value, a->len, b->value, b->len) : 0;
    print_value(out, 'A', a, at);
    print_value(out, 'B', b, at);
}

static void
report_facet(struct judge_report *report, const struct judge_object *object, const char *path,
             const struct judge_facet *a, const struct judge_facet *b) {
    struct judge_text detail = {0};
    judge_text_puts(&detail, a != NULL ? a->label : b->label);
    judge_text_puts(&detail, ":");
    print_facets(&detail, a, b);
    judge_report_add(report, object->kind, path, JUDGE_DIFFERS, detail.data);
    judge_text_fini(&detail);
}

static void
compare_facets(struct judge_report *report, const struct judge_object *a,
               const struct judge_object *b, const char *path) {
    for (size_t i = 0; i < a->count; i++) {
        if (a->facets[i].rule == JUDGE_NOTE) {
            judge_report_note(report, a->kind, path, a->facets[i].value);
            continue;
        }
        const struct judge_facet *other = judge_object_find(b, a->facets[i].label);
        if (!is_equal(&a->facets[i], other)) {
            report_facet(report, a, path, &a->facets[i], other);
        }
    }
    for (size_t i = 0; i < b->count; i++) {
        bool is_note = b->facets[i].rule == JUDGE_NOTE;
        if (!is_note && judge_object_find(a, b->facets[i].label) == NULL) {
            report_facet(report, a, path, NULL, &b->facets[i]);
        }
    }
}

static void
count_object(struct judge_report *report, const struct judge_object *object) {
    if (object->name == NULL) {
        report->databases++;
    } else {
        report->objects++;
    }
}

static void
compare_pair(struct judge_report *report, const struct judge_object *a,
             const struct judge_object *b) {
    const struct judge_object *any = a != NULL ? a : b;
    struct judge_text path = {0};
    judge_text_add_path(&path, any->db, any->name);
    count_object(report, any);
    if (a == NULL || b == NULL) {
        judge_report_add(report, any->kind, path.data,
                         b == NULL ? JUDGE_ONLY_IN_A : JUDGE_ONLY_IN_B, "");
    } else {
        compare_facets(report, a, b, path.data);
    }
    judge_text_fini(&path);
}

void
judge_objects_compare(const struct judge_catalog *a, const struct judge_catalog *b,
                      struct judge_report *report, struct judge_table **tables,
                      size_t *table_count) {
    size_t i = 0;
    size_t j = 0;
    size_t cap = 0;
    *tables = NULL;
    *table_count = 0;
    while (i < a->count || j < b->count) {
        int order = i == a->count   ? 1
                    : j == b->count ? -1
                                    : judge_object_compare(&a->objects[i], &b->objects[j]);
        const struct judge_object *left = order <= 0 ? &a->objects[i++] : NULL;
        const struct judge_object *right = order >= 0 ? &b->objects[j++] : NULL;
        compare_pair(report, left, right);
        if (order == 0 && strcmp(left->kind, "table") == 0) {
            *tables = judge_grow(*tables, *table_count, &cap, sizeof **tables);
            (*tables)[(*table_count)++] = (struct judge_table){.db = left->db, .name = left->name};
        }
    }
}
