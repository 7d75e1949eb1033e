#include "cutover/cutover_private.h"

#include "accounts/accounts.h"
#include "base/clock.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum bs_status
bs_finish_check_deadline(const struct bs_finish *finish, struct bs_error *err) {
    if (bs_clock_mono_ms() <= finish->deadline_ms) {
        return BS_OK;
    }
    return bs_error_set(err, BS_CANCELLED, "the objects could not be finished within --max-freeze");
}

/* Another's of the same name. The note goes: what is dropped by it must have been made here. */
static enum bs_status
disown(const struct bs_finish *finish, const struct bs_object *object, struct bs_error *err) {
    enum bs_status status = bs_state_forget_made(finish->target, finish->state, object->kind,
                                                 object->db, object->name, err);
    return status == BS_OK ? bs_finish_refuse_taken(object, err) : status;
}

enum bs_status
bs_finish_refuse_taken(const struct bs_object *object, struct bs_error *err) {
    bs_error_set(err, BS_CONFLICT,
                 "%s %s.%s is on the target already, and binstream has not made it",
                 bs_object_kind_name(object->kind), object->db, object->name);
    return bs_error_hint(err, "drop it there, or rename it, then ask for the cutover again");
}

static bool
is_taken(const struct bs_error *err) {
    enum { ER_TRG_ALREADY_EXISTS_NO = 1359, ER_EVENT_ALREADY_EXISTS_NO = 1537 };
    return err->status == BS_SERVER && (err->sql_errno == ER_TRG_ALREADY_EXISTS_NO ||
                                        err->sql_errno == ER_EVENT_ALREADY_EXISTS_NO);
}

static enum bs_status
create_noted(const struct bs_finish *finish, const struct bs_object *object, struct bs_error *err) {
    enum bs_status status = bs_state_note_made(finish->target, finish->state, object->kind,
                                               object->db, object->name, err);
    if (status == BS_OK) {
        status = bs_catalog_create(finish->target, object, err);
    }
    return status != BS_OK && is_taken(err) ? disown(finish, object, err) : status;
}

enum bs_status
bs_finish_create(const struct bs_finish *finish, struct bs_object *object, struct bs_error *err) {
    struct bs_notes notes = {0};
    bs_translate_object(finish->translation, object, &notes);
    const struct bs_note *refused = bs_notes_find(&notes, BS_NOTE_REFUSED);
    enum bs_status status = BS_OK;
    if (refused != NULL) {
        bs_error_set(err, BS_PRECHECK, "%s", refused->text);
        status = bs_error_hint(err, "change or drop it on the source, then ask again");
    }
    bs_notes_fini(&notes);
    if (status == BS_OK) {
        status = create_noted(finish, object, err);
    }
    if (status != BS_OK) {
        return bs_error_context(err, "creating %s %s.%s on the target",
                                bs_object_kind_name(object->kind), object->db, object->name);
    }
    return BS_OK;
}

static enum bs_status
create_triggers(const struct bs_finish *finish, uint64_t *made, struct bs_error *err) {
    struct bs_object *objects = NULL;
    size_t count = 0;
    enum bs_status status = bs_catalog_objects(finish->source, finish->server, finish->selection,
                                               BS_OBJECT_TRIGGER, &objects, &count, err);
    for (size_t i = 0; status == BS_OK && i < count; i++) {
        status = bs_finish_check_deadline(finish, err);
        if (status == BS_OK) {
            status = bs_finish_create(finish, &objects[i], err);
        }
        *made += status == BS_OK;
    }
    bs_objects_free(objects, count);
    return status;
}

/* Last: what they may do can name all that was made before. */
static enum bs_status
bring_accounts(const struct bs_finish *finish, struct bs_finish_counts *counts,
               struct bs_error *err) {
    struct bs_accounts_counts brought;
    struct bs_accounts_job job = {.source = finish->source,
                                  .target = finish->target,
                                  .source_server = finish->server,
                                  .target_server = &finish->translation->target,
                                  .selection = finish->selection,
                                  .state = finish->state,
                                  .deadline_ms = finish->deadline_ms};
    enum bs_status status = bs_accounts_bring(&job, &brought, err);
    counts->accounts_made = brought.made;
    counts->accounts_changed = brought.changed;
    counts->accounts_dropped = brought.dropped;
    return status;
}

void
bs_finish_counts_fini(struct bs_finish_counts *counts) {
    bs_buf_fini(&counts->missed);
    memset(counts, 0, sizeof *counts);
}

enum bs_status
bs_finish_objects(const struct bs_finish *finish, struct bs_finish_counts *counts,
                  struct bs_error *err) {
    bs_finish_counts_fini(counts);
    enum bs_status status = bs_finish_counters(finish, &counts->auto_increments, err);
    if (status == BS_OK && finish->server->flavour == BS_MARIADB) {
        status = bs_finish_sequences(finish, &counts->sequences, err);
    }
    if (status == BS_OK) {
        status = create_triggers(finish, &counts->triggers, err);
    }
    if (status == BS_OK) {
        status = bs_finish_events(finish, counts, err);
    }
    return status == BS_OK && finish->accounts ? bring_accounts(finish, counts, err) : status;
}

enum bs_status
bs_finish_wake_events(const struct bs_finish *finish, struct bs_finish_counts *counts,
                      struct bs_error *err) {
    struct bs_finish behind = *finish;
    behind.deadline_ms = BS_NO_DEADLINE;
    return bs_finish_events(&behind, counts, err);
}

/* And forgets it: whoever makes one of that name now keeps it. */
static enum bs_status
undo_one(struct bs_sql *target, const struct bs_state *state, const struct bs_object *object,
         struct bs_error *err) {
    enum bs_status status = bs_catalog_drop(target, object, err);
    return status == BS_OK
               ? bs_state_forget_made(target, state, object->kind, object->db, object->name, err)
               : status;
}

enum bs_status
bs_finish_undo(struct bs_sql *target, const struct bs_state *state, struct bs_error *err) {
    struct bs_object *objects = NULL;
    size_t count = 0;
    enum bs_status status = bs_state_list_made(target, state, &objects, &count, err);
    for (size_t i = 0; i < count; i++) {
        bool late = objects[i].kind == BS_OBJECT_TRIGGER || objects[i].kind == BS_OBJECT_EVENT;
        if (status == BS_OK && late) {
            status = undo_one(target, state, &objects[i], err);
        }
        bs_object_fini(&objects[i]);
    }
    free(objects);
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "dropping what an undone cutover had made");
}
