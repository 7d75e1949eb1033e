#include "apply/fold.h"

#include "apply/row_key.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 64 };

void
bs_fold_init(struct bs_fold *fold, const struct bs_target_table *table) {
    *fold = (struct bs_fold){.table = table};
}

void
bs_fold_fini(struct bs_fold *fold) {
    free(fold->rows);
    free(fold->slots);
    *fold = (struct bs_fold){0};
}

static uint32_t *
slot_of(const struct bs_fold *fold, const struct bs_value *values) {
    size_t mask = fold->slot_cap - 1;
    size_t at = (size_t)bs_row_identity(fold->table->key, values) & mask;
    while (fold->slots[at] != 0 &&
           !bs_row_is_same(fold->table->key, fold->rows[fold->slots[at] - 1].key, values)) {
        at = (at + 1) & mask;
    }
    return &fold->slots[at];
}

static void
grow_slots(struct bs_fold *fold) {
    fold->slot_cap = fold->slot_cap > 0 ? fold->slot_cap * 2 : SLOTS_FIRST;
    free(fold->slots);
    fold->slots = bs_zalloc(fold->slot_cap * sizeof *fold->slots);
    for (size_t i = 0; i < fold->count; i++) {
        *slot_of(fold, fold->rows[i].key) = (uint32_t)i + 1;
    }
}

/* The row with the key of these values; *is_new true: not changed before in this bundle. */
static struct bs_folded_row *
find_row(struct bs_fold *fold, const struct bs_value *values, bool *is_new) {
    if (fold->count * 2 >= fold->slot_cap) {
        grow_slots(fold);
    }
    uint32_t *slot = slot_of(fold, values);
    *is_new = *slot == 0;
    if (*is_new) {
        void *rows = fold->rows;
        bs_array_grow(&rows, &fold->cap, fold->count, sizeof *fold->rows);
        fold->rows = rows;
        fold->rows[fold->count] = (struct bs_folded_row){.key = values};
        *slot = (uint32_t)++fold->count;
    }
    return &fold->rows[*slot - 1];
}

static enum bs_status
contradiction(const struct bs_fold *fold, const struct bs_origin *origin, const char *what,
              struct bs_error *err) {
    char gtid[BS_GTID_TEXT_MAX];
    bs_gtid_text(&origin->gtid, gtid);
    bs_error_set(err, BS_CONFLICT, "the source's log %s in table %s.%s", what,
                 fold->table->model->db, fold->table->model->name);
    bs_error_at(err, "%s:%" PRIu64 "%s%s", origin->file, origin->pos,
                gtid[0] != '\0' ? ", GTID " : "", gtid);
    return bs_error_hint(err, "its row changes contradict each other: compare the table on the "
                              "source with its replicas, then take a new snapshot");
}

static enum bs_status
take_away(struct bs_fold *fold, const struct bs_value *before, const struct bs_origin *origin,
          struct bs_error *err) {
    bool is_new = false;
    struct bs_folded_row *row = find_row(fold, before, &is_new);
    if (is_new) {
        row->before = before;
    } else if (row->after == NULL) {
        return contradiction(fold, origin, "changes a row that it deleted before", err);
    }
    row->after = NULL;
    row->origin = origin;
    return BS_OK;
}

static enum bs_status
put_there(struct bs_fold *fold, const struct bs_value *after, const struct bs_origin *origin,
          struct bs_error *err) {
    bool is_new = false;
    struct bs_folded_row *row = find_row(fold, after, &is_new);
    if (row->after != NULL) {
        return contradiction(fold, origin, "inserts a row that is there already", err);
    }
    row->after = after;
    row->origin = origin;
    return BS_OK;
}

enum bs_status
bs_fold_add(struct bs_fold *fold, const struct bs_value *before, const struct bs_value *after,
            const struct bs_origin *origin, struct bs_error *err) {
    if (before == NULL) {
        return put_there(fold, after, origin, err);
    }
    enum bs_status status = take_away(fold, before, origin, err);
    return status == BS_OK && after != NULL ? put_there(fold, after, origin, err) : status;
}
