/* A copy from an archive: what it holds, or a part of it, onto a target, as snapshot would have put
 * it there, so that follow goes on from the archive's points.
 *
 *   read manifest and ledger ──> begin (task, take-over) ──> what of an earlier run is in
 *   ──> tables ──> rows, each file checked before its first row is sent ──> keys, routines, views
 *   ──> phase COPIED
 *
 * Run again after a crash it loads only the chunks that are not in: they are the archive's chunks,
 * with the archive's numbers. */
#include "snapshot/snapshot.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "schema/engine.h"
#include "schema/period.h"
#include "snapshot/begin.h"
#include "snapshot/build.h"
#include "snapshot/copying.h"
#include "snapshot/load_check.h"
#include "snapshot/undo.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Of each table all chunks, one behind the other. */
static enum bs_status
check_whole(const struct bs_archive *archive, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < archive->table_count && status == BS_OK; i++) {
        const struct bs_archived_table *table = &archive->tables[i];
        struct bs_chunk_note *notes = bs_zalloc((table->chunk_count + 1) * sizeof *notes);
        struct bs_resumed resumed = {0};
        for (size_t k = 0; k < table->chunk_count; k++) {
            notes[k] = table->chunks[k].note;
        }
        status = bs_resume_read_chunks(&resumed, notes, table->chunk_count, err);
        if (status == BS_OK && (!resumed.is_cut || resumed.gap_count > 0 ||
                                (table->has_history && !table->has_early))) {
            bs_error_set(
                err, BS_SCHEMA,
                "the archive's ledger lacks files of table %s.%s, though its manifest says "
                "that it is complete",
                table->unit.db, table->unit.name);
            status = bs_error_hint(err, "bring the ledger back from a copy of the archive, or make "
                                        "the archive anew");
        }
        bs_resumed_fini(&resumed);
        free(notes);
    }
    return status;
}

static enum bs_status
connect_target(struct bs_copying *run, struct bs_error *err) {
    struct bs_sql_options options = {.program = "binstream load",
                                     .no_binlog = run->config->no_target_binlog,
                                     .stores_rows = true};
    enum bs_status status = bs_sql_connect(&run->target, run->config->target, &options, err);
    if (status == BS_OK) {
        status = bs_catalog_server(run->target, &run->target_server, err);
    }
    if (status != BS_OK) {
        return bs_error_context(err, "connecting to the target");
    }
    run->source_server = run->from->source;
    run->translation = (struct bs_translation){.source = run->source_server,
                                               .target = run->target_server,
                                               .source_collations = run->from->collations,
                                               .keep_engines = run->config->keep_engines};
    run->from->collations = (struct bs_collation_list){0};
    if (run->config->definer != NULL) {
        run->translation.definer = bs_strdup(run->config->definer);
    }
    return bs_catalog_collations(run->target, &run->translation.target_collations, err);
}

/* A database is made where any table of it is. */
static bool
is_selected(const struct bs_selection *selection, const struct bs_object *object) {
    return object->kind == BS_OBJECT_DATABASE
               ? bs_selection_has_database(selection, bs_str(object->db))
               : bs_selection_has_object(selection, object->kind, bs_str(object->db),
                                         bs_str(object->name));
}

/* InnoDB's id, or where that is not known the table's number in the archive: a rerun is of the same
 * archive. */
static uint64_t
identity_of(const struct bs_archived_table *table) {
    return table->unit.table_id != 0 ? table->unit.table_id : table->directory;
}

/* What is selected of the archive; it moves from there. */
static enum bs_status
take_schema(struct bs_copying *run, struct bs_error *err) {
    struct bs_archive *archive = run->from;
    struct bs_schema *schema = bs_zalloc(sizeof *schema);
    run->point.schema = schema;
    schema->tables = bs_zalloc((archive->table_count + 1) * sizeof(struct bs_table *));
    schema->objects = bs_zalloc((archive->object_count + 1) * sizeof *schema->objects);
    run->point.table_ids = bs_zalloc((archive->table_count + 1) * sizeof *run->point.table_ids);
    for (size_t i = 0; i < archive->table_count; i++) {
        struct bs_archived_table *table = &archive->tables[i];
        if (bs_selection_has_table(run->config->selection, bs_str(table->unit.db),
                                   bs_str(table->unit.name))) {
            run->point.table_ids[schema->table_count] = identity_of(table);
            schema->tables[schema->table_count++] = table->model;
            table->model = NULL;
        }
    }
    for (size_t i = 0; i < archive->object_count; i++) {
        if (is_selected(run->config->selection, &archive->objects[i])) {
            schema->objects[schema->object_count++] = archive->objects[i];
            archive->objects[i] = (struct bs_object){.kind = BS_OBJECT_VIEW};
        }
    }
    if (schema->table_count == 0) {
        bs_error_set(err, BS_CONFIG, "the selection holds no table of the archive %s",
                     archive->dir);
        return bs_error_hint(err, "leave the selection out to load everything; manifest.json lists "
                                  "the archive's tables");
    }
    return BS_OK;
}

/* The target may have been begun from another archive, whose chunks have the same numbers. */
static enum bs_status
check_archive(struct bs_copying *run, struct bs_error *err) {
    const struct bs_state *state = &run->config->state;
    struct bs_buf now = {0};
    char *before = NULL;
    bs_json_open(&now);
    bs_json_put_text(&now, "archive", run->from->id);
    bs_json_close(&now);
    enum bs_status status = bs_state_load_report(run->target, state, "archive", &before, err);
    bool is_other = status == BS_OK && run->resume.unit_count > 0 &&
                    (before == NULL || strcmp(before, bs_buf_cstr(&now)) != 0);
    if (is_other) {
        bs_error_set(err, BS_CONFIG, "task '%s' was begun %s", state->task,
                     before == NULL ? "by snapshot, and not by load" : "from another archive");
        status = bs_error_hint(err, "give the same --archive as before, or reset the task first");
    }
    if (status == BS_OK) {
        status = bs_state_save_report(run->target, state, "archive", bs_buf_cstr(&now), err);
    }
    free(before);
    bs_buf_fini(&now);
    return status;
}

/* Chunks that were cut by a key which is not fit for it: see bs_resume_is_cut_by_key. */
static enum bs_status
check_cuts(const struct bs_archive *archive, const struct bs_table *model,
           const struct bs_archived_table *table, struct bs_error *err) {
    bool is_cut = false;
    for (size_t i = 0; i < table->chunk_count && !is_cut; i++) {
        is_cut = bs_resume_is_cut_by_key(&table->chunks[i].note, 1);
    }
    if (!is_cut || bs_copy_cutting_key(model, archive->source.flavour) != NULL) {
        return BS_OK;
    }
    bs_error_set(err, BS_SCHEMA,
                 "an earlier version of binstream cut table %s.%s by a key whose order it did not "
                 "know, so that the archive may lack rows of it",
                 model->db, model->name);
    return bs_error_hint(err, "make the archive anew, or leave the table out");
}

/* Rows as of several points are brought together by their key. */
static enum bs_status
check_key(const struct bs_copying *run, const struct bs_table *model,
          const struct bs_archived_table *table, struct bs_error *err) {
    const struct bs_key *key = bs_copy_cutting_key(model, run->source_server.flavour);
    if (table->unit.first == table->unit.last || key == NULL ||
        bs_resume_is_key_the_same(model, key, &run->translation)) {
        return BS_OK;
    }
    bs_error_set(
        err, BS_PRECHECK,
        "the archive has table %s.%s as of several positions, which follow brings together by "
        "the key %s, and that key's collation is another one on the target",
        model->db, model->name, key->name);
    return bs_error_hint(err,
                         "make the archive anew, in one run and with a lock, so that it is as of "
                         "one position; or leave the table out");
}

/* Rows of a chunk that was being loaded may be in, though the ledger lacks it; and those that it
 * has may be gone, as the target was started anew. */
static bool
keeps_what_failed(const struct bs_copying *run, const struct bs_table *model) {
    return run->config->keep_engines && bs_engine_kind(model->engine) != BS_ENGINE_INNODB;
}

/* What is not in, as gaps; of a table that is read whole, or has no transactions there, nothing
 * counts unless all of it is in. Its early history is in, if any chunk is; else it may be, or not.
 */
static enum bs_status
settle_table(struct bs_copying *run, size_t i, struct bs_error *err) {
    const struct bs_table *model = run->point.schema->tables[i];
    const struct bs_archived_table *table = bs_archive_find(run->from, model->db, model->name);
    struct bs_resumed *resumed = &run->resume.tables[i];
    struct bs_chunk_note *notes = NULL;
    size_t count = 0;
    size_t at = 0;
    const struct bs_unit *unit = bs_resume_unit(&run->resume, model, identity_of(table));
    enum bs_status status = check_cuts(run->from, model, table, err);
    if (status == BS_OK) {
        status = check_key(run, model, table, err);
    }
    if (status == BS_OK) {
        status = bs_state_list_chunks(run->target, &run->config->state, model->db, model->name,
                                      &notes, &count, err);
    }
    bool is_cut = bs_copy_cutting_key(model, run->source_server.flavour) != NULL;
    bool is_whole = count == table->chunk_count;
    resumed->first = table->unit.first;
    resumed->last = table->unit.last;
    bool is_unsure = keeps_what_failed(run, model) || model->is_sequence || /* as snapshot has it */
                     (!is_whole && (!is_cut || (table->has_history && count == 0)));
    resumed->fate = unit == NULL || is_unsure ? BS_FATE_FRESH
                    : is_whole                ? BS_FATE_KEPT
                                              : BS_FATE_CONTINUED;
    resumed->unit = unit;
    resumed->is_cut = true;
    resumed->next_number = table->chunk_count;
    resumed->gaps = bs_zalloc((table->chunk_count + 1) * sizeof *resumed->gaps);
    for (size_t k = 0; k < table->chunk_count && status == BS_OK; k++) {
        const struct bs_chunk_note *note = &table->chunks[k].note;
        while (at < count && notes[at].number < note->number) { /* both are in order */
            at++;
        }
        if (resumed->fate != BS_FATE_FRESH && at < count && notes[at].number == note->number) {
            resumed->rows += note->rows;
            resumed->bytes += note->bytes;
            continue;
        }
        struct bs_gap *gap = &resumed->gaps[resumed->gap_count++];
        gap->number = note->number;
        status = bs_bound_decode(&gap->lower, note->lower, err);
        status = status == BS_OK ? bs_bound_decode(&gap->upper, note->upper, err) : status;
    }
    run->resume.kept += resumed->fate == BS_FATE_KEPT;
    run->resume.continued += resumed->fate == BS_FATE_CONTINUED;
    run->report->chunks_kept += resumed->fate != BS_FATE_FRESH ? count : 0;
    run->report->chunks_dropped += resumed->fate == BS_FATE_FRESH ? count : 0;
    bs_chunk_notes_free(notes, count);
    return status;
}

/* The points are the archive's, whatever the state says. */
static void
take_points(struct bs_copying *run) {
    struct bs_resume *resume = &run->resume;
    bs_copy_points_free(resume->points, resume->point_count);
    resume->points = run->from->points;
    resume->point_count = run->from->point_count;
    run->from->points = NULL;
    run->from->point_count = 0;
    const struct bs_copy_point *newest = &resume->points[resume->point_count - 1];
    resume->number = resume->newest = newest->number;
    bs_position_copy(&run->point.position, &newest->position);
    bs_position_copy(&run->point.newest, &newest->position);
    run->point.file_created = newest->file_created;
    bs_position_copy(&run->report->point, &newest->position);
}

static enum bs_status
settle(struct bs_copying *run, struct bs_error *err) {
    struct bs_resume *resume = &run->resume;
    const struct bs_schema *schema = run->point.schema;
    enum bs_status status = BS_OK;
    resume->table_count = schema->table_count;
    resume->tables = bs_zalloc((schema->table_count + 1) * sizeof *resume->tables);
    for (size_t i = 0; i < schema->table_count && status == BS_OK; i++) {
        status = settle_table(run, i, err);
    }
    if (status != BS_OK) {
        return bs_error_context(err, "reading what an earlier run has loaded");
    }
    run->report->tables = schema->table_count;
    run->report->tables_kept = resume->kept;
    run->report->tables_continued = resume->continued;
    run->point.is_spread = bs_resume_has_window(resume); /* then all keys are late */
    run->late = bs_zalloc((schema->table_count + 1) * sizeof *run->late);
    bs_build_texts(&run->translation, schema, &run->point, resume, run->late);
    return bs_undo_rest(run->target, &run->config->state, resume, schema, err);
}

static enum bs_status
save_older_points(struct bs_copying *run, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i + 1 < run->resume.point_count && status == BS_OK; i++) {
        const struct bs_copy_point *point = &run->resume.points[i];
        status = bs_state_save_copy_point(run->target, &run->config->state, point, err);
    }
    return status;
}

static void
warn_of_history(const struct bs_copying *run) {
    for (size_t i = 0; i < run->point.schema->table_count; i++) {
        const struct bs_table *model = run->point.schema->tables[i];
        const struct bs_archived_table *table = bs_archive_find(run->from, model->db, model->name);
        if (table->has_history && !bs_period_takes_history(&run->target_server)) {
            bs_log(BS_LOG_WARNING,
                   "table %s.%s is system-versioned: of it the target gets the current rows, since "
                   "it cannot take history (MariaDB 10.11 and newer can)",
                   model->db, model->name);
        }
    }
}

static enum bs_status
load_rows(struct bs_copying *run, struct bs_error *err) {
    run->pair_count = bs_copying_threads(run->config);
    run->report->consistency = "archive";
    enum bs_status status = bs_copying_copy_rows(run, err);
    if (status == BS_OK) {
        status = bs_copying_build_late(run, err);
    }
    if (status == BS_OK) {
        status =
            bs_build_objects(run->target, &run->config->state, run->point.schema, run->report, err);
    }
    return status == BS_OK ? bs_copying_finish(run, err) : status;
}

static enum bs_status
run_all(struct bs_copying *run, struct bs_error *err) {
    bool is_rerun = false;
    enum bs_status status = check_whole(run->from, err);
    if (status == BS_OK) {
        status = take_schema(run, err);
    }
    if (status == BS_OK) {
        status = connect_target(run, err);
    }
    if (status == BS_OK) {
        status = bs_load_check_foreign_keys(run, err);
    }
    if (status == BS_OK) {
        status = bs_snapshot_begin(run->target, run->config, &run->source_server, &run->task,
                                   &is_rerun, err);
    }
    if (status == BS_OK) {
        run->task.mode = run->from->mode;
        status = bs_resume_load(&run->resume, run->target, &run->config->state, err);
    }
    if (status == BS_OK) {
        status = check_archive(run, err);
    }
    if (status == BS_OK) {
        take_points(run);
        warn_of_history(run);
        status = bs_build_translate(&run->translation, run->point.schema, err);
    }
    if (status == BS_OK) {
        status = settle(run, err);
    }
    if (status == BS_OK) {
        status = save_older_points(run, err);
    }
    if (status == BS_OK) {
        status = bs_copying_build_tables(run, err);
    }
    return status == BS_OK ? load_rows(run, err) : status;
}

enum bs_status
bs_load_run(const struct bs_snapshot_config *config, struct bs_archive *archive,
            struct bs_snapshot_report *report, struct bs_error *err) {
    struct bs_copying run = {
        .config = config, .report = report, .started_ms = bs_clock_mono_ms(), .from = archive};
    memset(report, 0, sizeof *report);
    enum bs_status status = run_all(&run, err);
    if (status == BS_OK) {
        bs_copying_leave(&run);
    }
    report->elapsed_ms = bs_clock_mono_ms() - run.started_ms;
    bs_copying_fini(&run);
    return status;
}
