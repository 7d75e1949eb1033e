/* What would keep the objects from being made, looked for while the source still takes writes:
 * found later it would be undone, but the writers would have waited for nothing. */
#include "cutover/cutover_private.h"

#include "catalog/catalog.h"
#include "check/check.h"

#include <stdlib.h>

static enum bs_status
refuse_taken(const struct bs_finish *finish, enum bs_object_kind kind, struct bs_error *err) {
    struct bs_object *taken = NULL;
    size_t count = 0;
    enum bs_status status = bs_catalog_taken(finish->source, finish->target, finish->selection,
                                             kind, &taken, &count, err);
    if (status == BS_OK && count > 0) {
        status = bs_finish_refuse_taken(&taken[0], err);
    }
    for (size_t i = 0; i < count; i++) {
        bs_object_fini(&taken[i]);
    }
    free(taken);
    return status;
}

enum bs_status
bs_attempt_look_ahead(const struct bs_attempt *attempt, struct bs_error *err) {
    struct bs_finish finish = bs_attempt_finish_of(attempt);
    enum bs_status status =
        bs_check_sees_objects(finish.source, finish.server, finish.selection, err);
    if (status == BS_OK) {
        status = refuse_taken(&finish, BS_OBJECT_TRIGGER, err);
    }
    return status == BS_OK ? refuse_taken(&finish, BS_OBJECT_EVENT, err) : status;
}
