#include "cutover/finish.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "cutover/events.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const int64_t NO_DEADLINE = INT64_MAX;

static enum bs_status
check_deadline(int64_t deadline_ms, struct bs_error *err) {
    if (bs_clock_mono_ms() <= deadline_ms) {
        return BS_OK;
    }
    return bs_error_set(err, BS_CANCELLED, "the objects could not be finished within --max-freeze");
}

static enum bs_status
drop_object(struct bs_sql *target, const struct bs_object *object, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_printf(&text, "DROP %s IF EXISTS ", bs_object_kind_name(object->kind));
    bs_sql_put_table(&text, bs_str(object->db), bs_str(object->name));
    enum bs_status status = bs_sql_run(target, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
create_one(struct bs_sql *target, const struct bs_translation *translation,
           const struct bs_state *state, struct bs_object *object, struct bs_error *err) {
    struct bs_notes notes = {0};
    bs_translate_object(translation, object, &notes);
    const struct bs_note *refused = bs_notes_find(&notes, BS_NOTE_REFUSED);
    enum bs_status status = BS_OK;
    if (refused != NULL) {
        bs_error_set(err, BS_PRECHECK, "%s", refused->text);
        status = bs_error_hint(err, "change or drop it on the source, then ask again");
    }
    bs_notes_fini(&notes);
    if (status == BS_OK) {
        status = bs_state_note_made(target, state, object->kind, object->db, object->name, err);
    }
    if (status == BS_OK) {
        status = bs_catalog_create(target, object, err);
    }
    if (status != BS_OK) {
        return bs_error_context(err, "creating %s %s.%s on the target",
                                bs_object_kind_name(object->kind), object->db, object->name);
    }
    return BS_OK;
}

/* Asleep before the point of no return, which has a deadline. Behind it awake, in place of the one
 * that sleeps: ALTER EVENT would take definer, sql_mode and charsets from our session. */
static enum bs_status
prepare_event(struct bs_sql *target, struct bs_object *event, int64_t deadline_ms,
              struct bs_error *err) {
    return deadline_ms != NO_DEADLINE ? bs_event_put_to_sleep(event, err)
                                      : drop_object(target, event, err);
}

static enum bs_status
create_kind(struct bs_sql *source, const struct bs_server *server, struct bs_sql *target,
            const struct bs_translation *translation, const struct bs_selection *selection,
            const struct bs_state *state, enum bs_object_kind kind, int64_t deadline_ms,
            uint64_t *made, struct bs_error *err) {
    struct bs_object *objects = NULL;
    size_t count = 0;
    enum bs_status status =
        bs_catalog_objects(source, server, selection, kind, &objects, &count, err);
    for (size_t i = 0; status == BS_OK && i < count; i++) {
        status = check_deadline(deadline_ms, err);
        if (status == BS_OK && kind == BS_OBJECT_EVENT) {
            status = prepare_event(target, &objects[i], deadline_ms, err);
        }
        if (status == BS_OK) {
            status = create_one(target, translation, state, &objects[i], err);
        }
        *made += status == BS_OK;
    }
    for (size_t i = 0; i < count; i++) {
        bs_object_fini(&objects[i]);
    }
    free(objects);
    return status;
}

/* Counters by "db\0table" as decimal text, heap-owned. */
static enum bs_status
read_counters(struct bs_sql *sql, const struct bs_selection *selection, struct bs_map *counters,
              struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    struct bs_buf key = {0};
    enum { ER_UNKNOWN_SYSTEM_VARIABLE = 1193 };
    struct bs_error absent;
    /* MySQL 8+ answers from a cache of statistics unless told not to. */
    bs_error_clear(&absent);
    enum bs_status status = bs_sql_exec(sql, &absent, "SET information_schema_stats_expiry=0");
    if (status != BS_OK && absent.sql_errno != ER_UNKNOWN_SYSTEM_VARIABLE) {
        *err = absent;
        return status;
    }
    status = bs_sql_query(sql, &result, err,
                          "SELECT TABLE_SCHEMA, TABLE_NAME, AUTO_INCREMENT FROM "
                          "information_schema.TABLES WHERE AUTO_INCREMENT IS NOT NULL");
    while (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
        if (status != BS_OK || fields == NULL) {
            break;
        }
        if (!bs_selection_has_table(selection, fields[0], fields[1])) {
            continue;
        }
        bs_buf_clear(&key);
        bs_buf_put_str(&key, fields[0]);
        bs_buf_put_u8(&key, 0);
        bs_buf_put_str(&key, fields[1]);
        free(bs_map_put(counters, bs_buf_str(&key), bs_strndup(fields[2].data, fields[2].len)));
    }
    bs_sql_result_free(result);
    bs_buf_fini(&key);
    return status;
}

static enum bs_status
raise_counter(struct bs_sql *target, struct bs_str key, const char *value, struct bs_error *err) {
    struct bs_str db = bs_str(key.data); /* up to the NUL between the names */
    struct bs_str name = {key.data + db.len + 1, key.len - db.len - 1};
    struct bs_buf text = {0};
    bs_buf_puts(&text, "ALTER TABLE ");
    bs_sql_put_table(&text, db, name);
    bs_buf_printf(&text, " AUTO_INCREMENT=%s", value);
    enum bs_status status = bs_sql_run(target, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    return status;
}

static void
free_counters(struct bs_map *counters) {
    size_t at = 0;
    struct bs_str key;
    void *value;
    while (bs_map_next(counters, &at, &key, &value)) {
        free(value);
    }
    bs_map_fini(counters);
}

static enum bs_status
carry_counters(struct bs_sql *source, struct bs_sql *target, const struct bs_selection *selection,
               int64_t deadline_ms, uint64_t *raised, struct bs_error *err) {
    struct bs_map wanted = {0};
    struct bs_map there = {0};
    size_t at = 0;
    struct bs_str key;
    void *value;
    enum bs_status status = read_counters(source, selection, &wanted, err);
    if (status == BS_OK) {
        status = read_counters(target, selection, &there, err);
    }
    while (status == BS_OK && bs_map_next(&wanted, &at, &key, &value)) {
        const char *now = bs_map_get(&there, key);
        if (now != NULL && strtoull(now, NULL, 10) >= strtoull(value, NULL, 10)) {
            continue;
        }
        status = check_deadline(deadline_ms, err);
        if (status == BS_OK) {
            status = raise_counter(target, key, value, err);
        }
        *raised += status == BS_OK;
    }
    free_counters(&wanted);
    free_counters(&there);
    return status == BS_OK ? BS_OK : bs_error_context(err, "carrying AUTO_INCREMENT over");
}

/* A sequence's whole state is the one row that it shows, as the values of an INSERT; *found false
 * if there is no such sequence. */
static enum bs_status
read_sequence(struct bs_sql *sql, struct bs_str db, struct bs_str name, struct bs_buf *values,
              bool *found, struct bs_error *err) {
    enum { ER_NO_SUCH_TABLE_NO = 1146 };
    struct bs_buf table = {0};
    struct bs_error failure;
    bs_error_clear(&failure);
    bs_sql_put_table(&table, db, name);
    enum bs_status status =
        bs_sql_value(sql, values, found, &failure,
                     "SELECT CONCAT_WS(',', next_not_cached_value, minimum_value, maximum_value, "
                     "start_value, increment, cache_size, cycle_option, cycle_count) FROM %s",
                     bs_buf_cstr(&table));
    bs_buf_fini(&table);
    if (status == BS_SERVER && failure.sql_errno == ER_NO_SUCH_TABLE_NO) {
        *found = false;
        return BS_OK;
    }
    if (status != BS_OK) {
        *err = failure;
    }
    return status;
}

/* An INSERT into a sequence puts its row in the place of the one that is there. */
static enum bs_status
carry_sequence(struct bs_sql *source, struct bs_sql *target, struct bs_str db, struct bs_str name,
               uint64_t *carried, struct bs_error *err) {
    struct bs_buf wanted = {0}, there = {0}, text = {0};
    bool on_source = false, on_target = false;
    enum bs_status status = read_sequence(source, db, name, &wanted, &on_source, err);
    if (status == BS_OK && on_source) {
        status = read_sequence(target, db, name, &there, &on_target, err);
    }
    if (status == BS_OK && on_source && !on_target) {
        status = bs_error_set(err, BS_CONFLICT, "sequence %.*s.%.*s is not on the target",
                              (int)db.len, db.data, (int)name.len, name.data);
    }
    if (status == BS_OK && on_source && !bs_str_equal(bs_buf_str(&wanted), bs_buf_str(&there))) {
        bs_buf_puts(&text, "INSERT INTO ");
        bs_sql_put_table(&text, db, name);
        bs_buf_printf(&text,
                      " (next_not_cached_value, minimum_value, maximum_value, start_value, "
                      "increment, cache_size, cycle_option, cycle_count) VALUES (%s)",
                      bs_buf_cstr(&wanted));
        status = bs_sql_run(target, bs_buf_str(&text), err);
        *carried += status == BS_OK;
    }
    bs_buf_fini(&wanted);
    bs_buf_fini(&there);
    bs_buf_fini(&text);
    return status;
}

/* The stream carries every reservation of values that is logged. Behind one that was not, the
 * target would give out values that the source has given out already. */
static enum bs_status
carry_sequences(struct bs_sql *source, struct bs_sql *target, const struct bs_selection *selection,
                int64_t deadline_ms, uint64_t *carried, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    enum bs_status status = bs_sql_query(source, &result, err,
                                         "SELECT TABLE_SCHEMA, TABLE_NAME FROM "
                                         "information_schema.TABLES WHERE TABLE_TYPE='SEQUENCE'");
    while (status == BS_OK && (status = bs_sql_next(result, &fields, err)) == BS_OK &&
           fields != NULL) {
        if (!bs_selection_has_table(selection, fields[0], fields[1])) {
            continue;
        }
        status = check_deadline(deadline_ms, err);
        if (status == BS_OK) {
            status = carry_sequence(source, target, fields[0], fields[1], carried, err);
        }
    }
    bs_sql_result_free(result);
    return status == BS_OK ? BS_OK : bs_error_context(err, "carrying sequences over");
}

enum bs_status
bs_finish_objects(struct bs_sql *source, const struct bs_server *server, struct bs_sql *target,
                  const struct bs_translation *translation, const struct bs_selection *selection,
                  const struct bs_state *state, int64_t deadline_ms,
                  struct bs_finish_counts *counts, struct bs_error *err) {
    memset(counts, 0, sizeof *counts);
    enum bs_status status =
        carry_counters(source, target, selection, deadline_ms, &counts->auto_increments, err);
    if (status == BS_OK && server->flavour == BS_MARIADB) {
        status = carry_sequences(source, target, selection, deadline_ms, &counts->sequences, err);
    }
    if (status == BS_OK) {
        status = create_kind(source, server, target, translation, selection, state,
                             BS_OBJECT_TRIGGER, deadline_ms, &counts->triggers, err);
    }
    if (status == BS_OK) {
        status = create_kind(source, server, target, translation, selection, state, BS_OBJECT_EVENT,
                             deadline_ms, &counts->events, err);
    }
    return status;
}

enum bs_status
bs_finish_wake_events(struct bs_sql *source, const struct bs_server *server, struct bs_sql *target,
                      const struct bs_translation *translation,
                      const struct bs_selection *selection, const struct bs_state *state,
                      struct bs_error *err) {
    uint64_t made = 0;
    return create_kind(source, server, target, translation, selection, state, BS_OBJECT_EVENT,
                       NO_DEADLINE, &made, err);
}

enum bs_status
bs_finish_undo(struct bs_sql *target, const struct bs_state *state, struct bs_error *err) {
    struct bs_object *objects = NULL;
    size_t count = 0;
    enum bs_status status = bs_state_list_made(target, state, &objects, &count, err);
    for (size_t i = 0; i < count; i++) {
        bool late = objects[i].kind == BS_OBJECT_TRIGGER || objects[i].kind == BS_OBJECT_EVENT;
        if (status == BS_OK && late) {
            status = drop_object(target, &objects[i], err);
        }
        bs_object_fini(&objects[i]);
    }
    free(objects);
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "dropping what an undone cutover had made");
}
