#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static const char *const CHANGE_WORDS[] = {
    [JUDGE_ONLY_IN_A] = "only in A",
    [JUDGE_ONLY_IN_B] = "only in B",
    [JUDGE_DIFFERS] = "differs",
};

void
judge_report_init(struct judge_report *report) {
    memset(report, 0, sizeof *report);
    pthread_mutex_init(&report->lock, NULL);
}

void
judge_report_fini(struct judge_report *report) {
    for (size_t i = 0; i < report->count; i++) {
        free(report->differences[i].kind);
        free(report->differences[i].path);
        free(report->differences[i].detail);
    }
    for (size_t i = 0; i < report->note_count; i++) {
        free(report->notes[i].kind);
        free(report->notes[i].path);
        free(report->notes[i].text);
    }
    free(report->notes);
    free(report->differences);
    pthread_mutex_destroy(&report->lock);
}

void
judge_report_add(struct judge_report *report, const char *kind, const char *path,
                 enum judge_change change, const char *detail) {
    pthread_mutex_lock(&report->lock);
    report->differences =
        judge_grow(report->differences, report->count, &report->cap, sizeof *report->differences);
    report->differences[report->count] = (struct judge_difference){
        .kind = judge_copy(kind, strlen(kind)),
        .path = judge_copy(path, strlen(path)),
        .change = change,
        .detail = judge_copy(detail, strlen(detail)),
        .sequence = report->count,
    };
    report->count++;
    pthread_mutex_unlock(&report->lock);
}

void
judge_report_note(struct judge_report *report, const char *kind, const char *path,
                  const char *text) {
    pthread_mutex_lock(&report->lock);
    report->notes =
        judge_grow(report->notes, report->note_count, &report->note_cap, sizeof *report->notes);
    report->notes[report->note_count++] = (struct judge_note){
        .kind = judge_copy(kind, strlen(kind)),
        .path = judge_copy(path, strlen(path)),
        .text = judge_copy(text, strlen(text)),
    };
    pthread_mutex_unlock(&report->lock);
}

void
judge_report_count_table(struct judge_report *report, uint64_t rows) {
    pthread_mutex_lock(&report->lock);
    report->tables++;
    report->rows += rows;
    pthread_mutex_unlock(&report->lock);
}

static int
compare_differences(const void *left, const void *right) {
    const struct judge_difference *a = left;
    const struct judge_difference *b = right;
    int order = strcmp(a->path, b->path);
    if (order != 0) {
        return order;
    }
    return a->sequence < b->sequence ? -1 : 1;
}

static void
print_json_member(struct judge_text *text, const char *name, const char *value) {
    judge_text_printf(text, "\"%s\":\"", name);
    judge_text_add_json(text, value, strlen(value));
    judge_text_puts(text, "\"");
}

static void
print_json(const struct judge_report *report, FILE *out) {
    struct judge_text text = {0};
    judge_text_printf(&text,
                      "{\"result\":\"%s\",\"databases\":%" PRIu64 ",\"tables\":%" PRIu64
                      ",\"rows\":%" PRIu64 ",\"objects\":%" PRIu64 ",\"differences\":[",
                      report->count == 0 ? "equal" : "different", report->databases, report->tables,
                      report->rows, report->objects);
    for (size_t i = 0; i < report->count; i++) {
        const struct judge_difference *found = &report->differences[i];
        judge_text_puts(&text, i > 0 ? ",{" : "{");
        print_json_member(&text, "kind", found->kind);
        judge_text_puts(&text, ",");
        print_json_member(&text, "path", found->path);
        judge_text_puts(&text, ",");
        print_json_member(&text, "change", CHANGE_WORDS[found->change]);
        judge_text_puts(&text, ",");
        print_json_member(&text, "detail", found->detail);
        judge_text_puts(&text, "}");
    }
    judge_text_puts(&text, "],\"left_out\":[");
    for (size_t i = 0; i < report->note_count; i++) {
        judge_text_puts(&text, i > 0 ? ",{" : "{");
        print_json_member(&text, "kind", report->notes[i].kind);
        judge_text_puts(&text, ",");
        print_json_member(&text, "path", report->notes[i].path);
        judge_text_puts(&text, ",");
        print_json_member(&text, "what", report->notes[i].text);
        judge_text_puts(&text, "}");
    }
    judge_text_puts(&text, "]}\n");
    fwrite(text.data, 1, text.len, out);
    judge_text_fini(&text);
}

void
judge_report_print(struct judge_report *report, bool as_json, FILE *out) {
    if (report->count > 0) {
        qsort(report->differences, report->count, sizeof *report->differences, compare_differences);
    }
    if (as_json) {
        print_json(report, out);
        return;
    }
    for (size_t i = 0; i < report->count; i++) {
        const struct judge_difference *found = &report->differences[i];
        fprintf(out, "%s %s: %s%s%s\n", found->kind, found->path, CHANGE_WORDS[found->change],
                found->detail[0] != '\0' ? ": " : "", found->detail);
    }
    for (size_t i = 0; i < report->note_count; i++) {
        const struct judge_note *note = &report->notes[i];
        fprintf(out, "left out: %s %s: %s\n", note->kind, note->path, note->text);
    }
    if (report->count == 0) {
        fputs("equal: ", out);
    } else {
        fprintf(out, "different: %zu differences in ", report->count);
    }
    fprintf(out,
            "%" PRIu64 " databases, %" PRIu64 " tables, %" PRIu64 " rows, %" PRIu64 " objects\n",
            report->databases, report->tables, report->rows, report->objects);
}
