/* The target's events. Asleep before the point of no return, which has a deadline; behind it they
 * are made anew, awake: ALTER EVENT would take definer, sql_mode and charsets from our session.
 *
 * Whether the server has made one must be looked at. It makes none whose time, or whose end, is
 * past, and says so in a warning only; one that is to be kept (ON COMPLETION PRESERVE) it makes
 * disabled (MySQL 5.6 to 9.7, MariaDB 10.5 to 11.8). The source runs no events while it is frozen,
 * so one that came due then has run on neither side. */
#include "cutover/cutover_private.h"

#include "catalog/catalog.h"
#include "cutover/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char RAN_NOWHERE[] =
    "its time came while the source was frozen or ran no events, and it ran nowhere";

struct events {
    struct bs_object *objects;
    size_t count;
};

static void
events_fini(struct events *events) {
    bs_objects_free(events->objects, events->count);
}

static bool
is_asleep(const struct bs_finish *finish) {
    return finish->deadline_ms != BS_NO_DEADLINE;
}

static void
miss(struct bs_finish_counts *counts, const struct bs_object *event, const char *what,
     const char *why) {
    bs_buf_printf(&counts->missed, "%sevent %s.%s %s: %s", counts->missed.len > 0 ? "; " : "",
                  event->db, event->name, what, why);
}

/* Not there behind its creation. One that has gone from the source as well has run there. */
static enum bs_status
miss_vanished(const struct bs_finish *finish, const struct bs_object *event, bool was_enabled,
              struct bs_finish_counts *counts, struct bs_error *err) {
    struct bs_object now = {0};
    bool found = false;
    enum bs_status status =
        bs_catalog_object(finish->source, finish->server, BS_OBJECT_EVENT, bs_str(event->db),
                          bs_str(event->name), &now, &found, err);
    if (status == BS_OK && found) {
        miss(counts, event, "was not made",
             was_enabled ? RAN_NOWHERE : "it is disabled, and its time is past");
    }
    bs_object_fini(&now);
    return status == BS_OK ? bs_state_forget_made(finish->target, finish->state, BS_OBJECT_EVENT,
                                                  event->db, event->name, err)
                           : status;
}

static enum bs_status
read_scheduler(const struct bs_finish *finish, struct bs_finish_counts *counts,
               struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_variable(finish->target, "event_scheduler", true, &value, &found, err);
    if (status == BS_OK && found && !bs_str_is(bs_buf_str(&value), "ON")) {
        (void)snprintf(counts->scheduler, sizeof counts->scheduler, "%s", bs_buf_cstr(&value));
    }
    bs_buf_fini(&value);
    return status;
}

static enum bs_status
look(const struct bs_finish *finish, const struct bs_object *event, bool was_enabled,
     struct bs_finish_counts *counts, struct bs_error *err) {
    struct bs_object made = {0};
    bool found = false;
    enum bs_status status =
        bs_catalog_object(finish->target, &finish->translation->target, BS_OBJECT_EVENT,
                          bs_str(event->db), bs_str(event->name), &made, &found, err);
    bool runs = found && bs_event_is_enabled(&made);
    counts->events += found;
    if (status == BS_OK && !found) {
        status = miss_vanished(finish, event, was_enabled, counts, err);
    } else if (status == BS_OK && was_enabled && !runs && !is_asleep(finish)) {
        miss(counts, event, "is there, but disabled", RAN_NOWHERE);
    } else if (status == BS_OK && runs && counts->scheduler[0] == '\0') {
        status = read_scheduler(finish, counts, err);
    }
    bs_object_fini(&made);
    return status;
}

static bool
has_event(const struct events *events, const struct bs_object *event) {
    for (size_t i = 0; i < events->count; i++) {
        const struct bs_object *object = &events->objects[i];
        if (object->kind == BS_OBJECT_EVENT && strcmp(object->db, event->db) == 0 &&
            strcmp(object->name, event->name) == 0) {
            return true;
        }
    }
    return false;
}

/* What sleeps on the target and is not to be seen on the source any more, nobody wakes. */
static void
miss_hidden(const struct events *noted, const struct events *events,
            struct bs_finish_counts *counts) {
    for (size_t i = 0; i < noted->count; i++) {
        const struct bs_object *object = &noted->objects[i];
        if (object->kind == BS_OBJECT_EVENT && !has_event(events, object)) {
            counts->events++;
            miss(counts, object, "is there, but disabled", "the source does not show it any more");
        }
    }
}

static enum bs_status
prepare(const struct bs_finish *finish, const struct events *noted, struct bs_object *event,
        struct bs_error *err) {
    if (is_asleep(finish)) {
        return bs_event_put_to_sleep(event, err);
    }
    return has_event(noted, event) ? bs_catalog_drop(finish->target, event, err) : BS_OK;
}

/* A name that is taken undoes the cutover, as long as that can be. */
static enum bs_status
bring(const struct bs_finish *finish, const struct events *noted, struct bs_object *event,
      struct bs_finish_counts *counts, struct bs_error *err) {
    bool was_enabled = bs_event_is_enabled(event);
    enum bs_status status = prepare(finish, noted, event, err);
    if (status == BS_OK) {
        status = bs_finish_create(finish, event, err);
    }
    if (status == BS_CONFLICT && !is_asleep(finish)) {
        bs_error_clear(err);
        miss(counts, event, "was not made",
             "the target has one of that name that binstream has not made");
        return BS_OK;
    }
    return status == BS_OK ? look(finish, event, was_enabled, counts, err) : status;
}

enum bs_status
bs_finish_events(const struct bs_finish *finish, struct bs_finish_counts *counts,
                 struct bs_error *err) {
    struct events events = {0}, noted = {0};
    counts->events = 0;
    counts->scheduler[0] = '\0';
    bs_buf_clear(&counts->missed);
    enum bs_status status =
        bs_catalog_objects(finish->source, finish->server, finish->selection, BS_OBJECT_EVENT,
                           &events.objects, &events.count, err);
    if (status == BS_OK) {
        status =
            bs_state_list_made(finish->target, finish->state, &noted.objects, &noted.count, err);
    }
    for (size_t i = 0; status == BS_OK && i < events.count; i++) {
        status = bs_finish_check_deadline(finish, err);
        if (status == BS_OK) {
            status = bring(finish, &noted, &events.objects[i], counts, err);
        }
    }
    if (status == BS_OK && !is_asleep(finish)) {
        miss_hidden(&noted, &events, counts);
    }
    events_fini(&events);
    events_fini(&noted);
    return status;
}
