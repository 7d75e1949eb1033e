#include "base/position.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
bs_position_set(struct bs_position *position, const char *file, uint64_t pos, const char *gtid) {
    /* Copies first: file and gtid may belong to position itself. */
    char *new_file = bs_strdup(file != NULL ? file : "");
    char *new_gtid = bs_strdup(gtid != NULL ? gtid : "");
    bs_position_fini(position);
    *position = (struct bs_position){new_file, pos, new_gtid};
}

void
bs_position_copy(struct bs_position *to, const struct bs_position *from) {
    bs_position_set(to, from->file, from->pos, from->gtid);
}

void
bs_position_fini(struct bs_position *position) {
    free(position->file);
    free(position->gtid);
    *position = (struct bs_position){0};
}

bool
bs_log_place_same_base(const char *a, const char *b) {
    const char *dot_a = strrchr(a, '.');
    const char *dot_b = strrchr(b, '.');
    size_t len = dot_a != NULL ? (size_t)(dot_a - a) : strlen(a);
    return dot_b != NULL && (size_t)(dot_b - b) == len && memcmp(a, b, len) == 0;
}

int
bs_log_place_compare_files(const char *a, const char *b) {
    const char *dot_a = strrchr(a, '.');
    const char *dot_b = strrchr(b, '.');
    unsigned long long na = strtoull(dot_a != NULL ? dot_a + 1 : a, NULL, 10);
    unsigned long long nb = strtoull(dot_b != NULL ? dot_b + 1 : b, NULL, 10);
    return na < nb ? -1 : na > nb;
}

int
bs_log_place_compare(const struct bs_log_place *a, const struct bs_log_place *b) {
    int files = bs_log_place_compare_files(a->file, b->file);
    return files != 0 ? files : (a->pos > b->pos) - (a->pos < b->pos);
}

void
bs_log_place_set(struct bs_log_place *place, const char *file, uint64_t pos) {
    (void)snprintf(place->file, sizeof place->file, "%s", file != NULL ? file : "");
    place->pos = pos;
}
