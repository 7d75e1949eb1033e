#include "base/position.h"

#include "base/mem.h"

#include <stdlib.h>

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
