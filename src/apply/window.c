#include "apply/window.h"

#include "apply/applier_private.h"
#include "apply/ddl_run.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "catalog/catalog.h"

#include <inttypes.h>
#include <stdlib.h>

/* A point of the copy. Where there are GTIDs of MySQL they tell what is in it: without a lock the
 * place is only one that everything before it is in (src/snapshot/free_point.h). */
struct bs_window_point {
    struct bs_log_place place;
    struct bs_gtid_set *gtids; /* NULL: the place tells */
};

/* Of a table: its rows are as of points from the first to the last. */
struct bs_span {
    const struct bs_window_point *first, *last;
};

static bool
is_behind(const struct bs_log_place *place, const struct bs_log_place *other) {
    return bs_log_place_compare(place, other) > 0;
}

/* Is the group that is being read in the point? */
static bool
holds(const struct bs_window *window, const struct bs_window_point *point) {
    return point->gtids != NULL && window->gtid.known ? bs_gtid_set_has(point->gtids, &window->gtid)
                                                      : !is_behind(&window->at, &point->place);
}

static enum bs_status
find_point(const struct bs_window *window, const struct bs_copy_point *points, uint32_t number,
           const struct bs_window_point **found, struct bs_error *err) {
    for (size_t i = 0; i < window->point_count; i++) {
        if (points[i].number == number) {
            *found = &window->points[i];
            return BS_OK;
        }
    }
    bs_error_set(err, BS_SCHEMA, "the state lacks point %" PRIu32 " of the copy", number);
    return bs_error_hint(err, "run reset, then snapshot");
}

static enum bs_status
add_points(struct bs_window *window, const struct bs_copy_point *points, size_t count,
           bool has_sets, struct bs_error *err) {
    enum bs_status status = BS_OK;
    window->points = bs_zalloc(count * sizeof *window->points);
    window->point_count = count;
    for (size_t i = 0; i < count && status == BS_OK; i++) {
        const struct bs_position *position = &points[i].position;
        bs_log_place_set(&window->points[i].place, position->file, position->pos);
        if (has_sets && position->gtid[0] != '\0') {
            window->points[i].gtids = bs_gtid_set_new(BS_MYSQL);
            status = bs_gtid_set_parse(window->points[i].gtids, bs_str(position->gtid), err);
        }
    }
    return status;
}

static enum bs_status
add_spans(struct bs_window *window, const struct bs_copy_point *points, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < window->unit_count && status == BS_OK; i++) {
        const struct bs_unit *unit = &window->units[i];
        char key[BS_TABLE_KEY_MAX];
        struct bs_span *span = bs_zalloc(sizeof *span);
        status = find_point(window, points, unit->first, &span->first, err);
        if (status == BS_OK) {
            status = find_point(window, points, unit->last, &span->last, err);
        }
        free(bs_map_put(&window->spans,
                        bs_applier_table_key(key, bs_str(unit->db), bs_str(unit->name)), span));
    }
    return status;
}

enum bs_status
bs_window_open(struct bs_applier *applier, struct bs_error *err) {
    struct bs_window *window = &applier->window;
    struct bs_sql *sql = applier->lane.sql;
    const struct bs_state *state = &applier->lane.state;
    struct bs_copy_point *points = NULL;
    size_t count = 0;
    enum bs_status status = bs_state_load_copy_points(sql, state, &points, &count, err);
    if (status == BS_OK) {
        status = bs_state_load_units(sql, state, &window->units, &window->unit_count, err);
    }
    if (status == BS_OK && count > 0) {
        bool has_sets = applier->translation->source.flavour == BS_MYSQL;
        window->is_open = true;
        status = add_points(window, points, count, has_sets, err);
    }
    if (status == BS_OK && count > 0) {
        window->end = window->points[count - 1].place;
        status = add_spans(window, points, err);
        bs_log(BS_LOG_INFO,
               "the copy is as of more than one position: up to %s:%" PRIu64
               " changes are brought together, on one lane",
               window->end.file, window->end.pos);
    }
    bs_copy_points_free(points, count);
    return status == BS_OK ? BS_OK : bs_error_context(err, "reading the points of the copy");
}

void
bs_window_fini(struct bs_window *window) {
    size_t at = 0;
    struct bs_str key;
    void *span;
    while (bs_map_next(&window->spans, &at, &key, &span)) {
        free(span);
    }
    for (size_t i = 0; i < window->point_count; i++) {
        bs_gtid_set_free(window->points[i].gtids);
    }
    free(window->points);
    bs_map_fini(&window->spans);
    bs_map_fini(&window->families);
    bs_units_free(window->units, window->unit_count);
    *window = (struct bs_window){0};
}

/* Between two long statements. */
static enum bs_status
breathe(struct bs_applier *applier, struct bs_error *err) {
    if (applier->while_waiting != NULL) {
        applier->while_waiting(applier->while_waiting_arg);
    }
    return bs_stop_check(err);
}

/* Of all that was left out of the tables when they were made; what is there already stays. */
static enum bs_status
build_keys(struct bs_applier *applier, struct bs_error *err) {
    const struct bs_window *window = &applier->window;
    enum bs_status status = bs_ddl_open(applier, err);
    for (size_t i = 0; i < window->unit_count && status == BS_OK; i++) {
        const struct bs_unit *unit = &window->units[i];
        if (unit->first != unit->last && *unit->late_keys != '\0') {
            bs_log(BS_LOG_INFO, "building the keys of table %s.%s", unit->db, unit->name);
            status = bs_catalog_add_keys(applier->ddl_sql, unit->db, unit->name,
                                         bs_str(unit->late_keys), err);
            status = status == BS_OK ? breathe(applier, err) : status;
        }
    }
    for (size_t i = 0; i < window->unit_count && status == BS_OK; i++) {
        const struct bs_unit *unit = &window->units[i];
        if (*unit->late_foreign_keys != '\0') {
            status = bs_catalog_add_foreign_keys(applier->ddl_sql, unit->db, unit->name,
                                                 bs_str(unit->late_foreign_keys), err);
            status = status == BS_OK ? breathe(applier, err) : status;
        }
    }
    return status;
}

/* Between flavours the model is the target's own. */
static enum bs_status
refresh_models(struct bs_applier *applier, struct bs_error *err) {
    const struct bs_window *window = &applier->window;
    enum bs_status status = BS_OK;
    bool is_across = bs_translation_is_across(applier->translation);
    for (size_t i = 0; i < window->unit_count && is_across && status == BS_OK; i++) {
        const struct bs_unit *unit = &window->units[i];
        const struct bs_target_table *table =
            bs_applier_find_table(applier, bs_str(unit->db), bs_str(unit->name));
        if (table != NULL && (*unit->late_keys != '\0' || *unit->late_foreign_keys != '\0')) {
            char *engine = bs_strdup(table->model->engine);
            status = bs_applier_refresh_table(applier, bs_str(unit->db), bs_str(unit->name), engine,
                                              err);
            free(engine);
            if (status == BS_OK) { /* all models in one packet might be too much for it */
                status = bs_applier_commit(applier, err);
            }
        }
    }
    return status;
}

static void
forget_points(struct bs_applier *applier) {
    struct bs_batch *batch = &applier->lane.batch;
    bs_lane_begin(&applier->lane);
    (void)bs_batch_open(batch, BS_EXPECT_ANY);
    bs_state_put_units_clear(&batch->sql, &applier->lane.state);
    bs_batch_close(batch);
    (void)bs_batch_open(batch, BS_EXPECT_ANY);
    bs_state_put_copy_points_clear(&batch->sql, &applier->lane.state);
    bs_batch_close(batch);
}

static enum bs_status
close_window(struct bs_applier *applier, struct bs_error *err) {
    struct bs_window *window = &applier->window;
    enum bs_status status = bs_applier_commit(applier, err);
    if (status == BS_OK) {
        status = build_keys(applier, err);
    }
    if (status == BS_OK) {
        bs_fault_point("window-keys-built");
        status = refresh_models(applier, err);
    }
    if (status == BS_OK) {
        forget_points(applier);
        status = bs_applier_commit(applier, err);
    }
    if (status == BS_OK) {
        bs_fault_point("window-closed");
        bs_log(BS_LOG_INFO, "all rows are as of %s:%" PRIu64 " now", window->end.file,
               window->end.pos);
        bs_window_fini(window);
        applier->plans_stale = true;
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "bringing the copy's attempts together");
}

enum bs_status
bs_window_begin_group(struct bs_applier *applier, const struct bs_log_place *place,
                      const struct bs_gtid *gtid, struct bs_error *err) {
    struct bs_window *window = &applier->window;
    if (!window->is_open) {
        return BS_OK;
    }
    window->at = *place;
    window->gtid = *gtid;
    window->is_inside = !is_behind(place, &window->end);
    return window->is_inside ? BS_OK : close_window(applier, err);
}

enum bs_status
bs_window_heed(struct bs_applier *applier, struct bs_error *err) {
    const struct bs_window *window = &applier->window;
    struct bs_log_place read, applied;
    if (!window->is_open || applier->decoder == NULL || bs_decoder_in_group(applier->decoder)) {
        return BS_OK;
    }
    const struct bs_position *position = &applier->lane.checkpoint.position;
    bs_log_place_set(&read, bs_decoder_file(applier->decoder), bs_decoder_pos(applier->decoder));
    bs_log_place_set(&applied, position->file, position->pos);
    bool is_reached = !is_behind(&window->end, &read) || !is_behind(&window->end, &applied);
    return is_reached ? close_window(applier, err) : BS_OK;
}

static const struct bs_span *
find_span(const struct bs_window *window, struct bs_str db, struct bs_str name) {
    char key[BS_TABLE_KEY_MAX];
    return bs_map_get(&window->spans, bs_applier_table_key(key, db, name));
}

enum bs_window_way
bs_window_way(const struct bs_applier *applier, const struct bs_target_table *table) {
    const struct bs_window *window = &applier->window;
    if (!window->is_open || !window->is_inside) {
        return BS_WINDOW_EXACT;
    }
    const struct bs_span *span =
        find_span(window, bs_str(table->model->db), bs_str(table->model->name));
    if (span == NULL || holds(window, span->first)) {
        return BS_WINDOW_LEFT_OUT;
    }
    /* The last one by its place, which is behind all that a view shows: GTIDs may come later. */
    bool converges = span->first != span->last && !is_behind(&window->at, &span->last->place);
    return converges ? BS_WINDOW_CONVERGES : BS_WINDOW_EXACT;
}

static bool
acts(const struct bs_table *model) {
    for (size_t i = 0; i < model->fk_count; i++) {
        if (bs_foreign_key_acts(&model->fks[i])) {
            return true;
        }
    }
    return false;
}

static struct bs_str
family_key(const struct bs_target_table *table) {
    return (struct bs_str){(const char *)&table->plan.family, sizeof table->plan.family};
}

static void
find_families(struct bs_applier *applier) {
    size_t at = 0;
    struct bs_str key;
    void *value;
    while (bs_map_next(&applier->tables, &at, &key, &value)) {
        const struct bs_target_table *table = value;
        if (acts(table->model)) {
            (void)bs_map_put(&applier->window.families, family_key(table), &applier->window);
        }
    }
    applier->window.families_known = true;
}

bool
bs_window_is_without_checks(struct bs_applier *applier, const struct bs_target_table *table) {
    struct bs_window *window = &applier->window;
    if (!window->is_open || !window->is_inside) {
        return false;
    }
    if (!window->families_known) {
        find_families(applier);
    }
    return bs_map_get(&window->families, family_key(table)) == NULL;
}

/* Does the statement name the table, alone or with its whole database? Whatever the case: too much
 * only means to stop. */
static bool
is_named(const struct bs_ddl_object *object, const struct bs_unit *unit) {
    if (!bs_str_is_nocase(bs_str(unit->db), object->db)) {
        return false;
    }
    return object->kind == BS_OBJECT_DATABASE ||
           (object->kind == BS_OBJECT_TABLE && bs_str_is_nocase(bs_str(unit->name), object->name));
}

/* Statements that leave a table that is there as it was. */
static bool
is_harmless(const struct bs_ddl *ddl) {
    bool creates_nothing = ddl->verb == BS_DDL_CREATE && ddl->if_exists;
    bool alters_database = ddl->kind == BS_OBJECT_DATABASE && ddl->verb != BS_DDL_DROP;
    return creates_nothing || alters_database;
}

enum bs_status
bs_window_statement(struct bs_applier *applier, const struct bs_statement *statement,
                    const struct bs_ddl *ddl, bool *leaves_out, struct bs_error *err) {
    const struct bs_window *window = &applier->window;
    *leaves_out = window->is_open && window->is_inside && ddl->class == BS_DDL_OBJECT;
    for (size_t i = 0; *leaves_out && !is_harmless(ddl) && i < ddl->count; i++) {
        for (size_t u = 0; u < window->unit_count; u++) {
            const struct bs_unit *unit = &window->units[u];
            const struct bs_span *span = find_span(window, bs_str(unit->db), bs_str(unit->name));
            if (is_named(&ddl->objects[i], unit) && !holds(window, span->first)) {
                return bs_ddl_refuse(
                    statement,
                    "a table that an earlier attempt at the copy had begun was altered, and "
                    "nothing showed it when the copy went on",
                    "run reset, then snapshot", err);
            }
        }
    }
    return BS_OK;
}
