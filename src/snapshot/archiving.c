/* A copy into an archive: a point on the source, and its rows into files.
 *
 *   lock the directory, read what is in ──> point ──> what of it can stay ──> manifest
 *   ──> rows, each chunk a file and a line of the ledger ──> manifest: complete
 *
 * Killed at any moment it goes on where it was, by the rules of resume.h; what is copied then is as
 * of a later point, which the manifest says, and load hands on to follow. */
#include "snapshot/snapshot.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "schema/create_text.h"
#include "schema/period.h"
#include "schema/selection_args.h"
#include "snapshot/copying.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum bs_status
check_same_task(struct bs_copying *run, struct bs_error *err) {
    const struct bs_archive *archive = run->to;
    char *now = bs_selection_describe(run->config->selection);
    enum bs_status status = BS_OK;
    if (strcmp(now, archive->selection) != 0) {
        bs_error_set(err, BS_CONFIG,
                     "the archive %s was begun with another selection: it was %s, and now is %s",
                     archive->dir, archive->selection, now);
        status = bs_error_hint(err, "give the same options as before, or another directory");
    }
    free(now);
    struct bs_task task = {.source_flavour = archive->source.flavour,
                           .source_version = archive->source.version,
                           .source_server_id = archive->source.server_id};
    memcpy(task.source_uuid, archive->source.server_uuid, sizeof task.source_uuid);
    return status == BS_OK ? bs_task_check_source(&task, &run->source_server, err) : status;
}

/* By their bytes, as find_unit wants them: the archive has them in the order of the source's
 * collation. */
static int
compare_units(const void *left, const void *right) {
    const struct bs_unit *a = left;
    const struct bs_unit *b = right;
    int order = strcmp(a->db, b->db);
    return order != 0 ? order : strcmp(a->name, b->name);
}

/* What the archive holds of earlier attempts, as a target's state would tell it. */
static void
take_units(struct bs_copying *run) {
    const struct bs_archive *archive = run->to;
    struct bs_resume *resume = &run->resume;
    *resume = (struct bs_resume){.number = 1};
    resume->units = bs_zalloc((archive->table_count + 1) * sizeof *resume->units);
    resume->points = bs_zalloc((archive->point_count + 1) * sizeof *resume->points);
    for (size_t i = 0; i < archive->table_count; i++) {
        const struct bs_unit *unit = &archive->tables[i].unit;
        resume->units[resume->unit_count++] = (struct bs_unit){
            .db = bs_strdup(unit->db),
            .name = bs_strdup(unit->name),
            .first = unit->first,
            .last = unit->last,
            .table_id = unit->table_id,
            .definition = bs_strdup(unit->definition),
            .late_keys = bs_strdup(""),
            .late_foreign_keys = bs_strdup(""),
        };
    }
    qsort(resume->units, resume->unit_count, sizeof *resume->units, compare_units);
    for (size_t i = 0; i < archive->point_count; i++) {
        struct bs_copy_point *point = &resume->points[resume->point_count++];
        point->number = archive->points[i].number;
        point->file_created = archive->points[i].file_created;
        bs_position_copy(&point->position, &archive->points[i].position);
        resume->number = point->number + 1;
    }
    resume->newest = resume->number;
}

static enum bs_status
begin(struct bs_copying *run, bool *is_complete, struct bs_error *err) {
    bool found = false;
    enum bs_status status =
        bs_archive_open_for_writing(run->to, run->config->archive_dir, &found, err);
    if (status == BS_OK && found) {
        status = check_same_task(run, err);
    }
    if (status == BS_OK && found && run->to->is_complete) {
        status = bs_archive_check_files(run->to, err);
    }
    if (status != BS_OK) {
        return status;
    }
    *is_complete = run->to->is_complete;
    if (!found) {
        run->to->selection = bs_selection_describe(run->config->selection);
        run->to->selection_args = bs_selection_encode(run->config->selection);
    }
    run->task.mode = run->to->mode;
    take_units(run);
    return BS_OK;
}

/* The definitions as a target would have them where all that can be late is late: which tables can
 * be continued does not depend on where they will go. */
static void
split_definitions(struct bs_copying *run) {
    const struct bs_schema *schema = run->point.schema;
    run->late = bs_zalloc((schema->table_count + 1) * sizeof *run->late);
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct bs_table *table = schema->tables[i];
        bs_late_keys_split(&run->late[i], bs_str(table->create), table, true, true);
    }
}

static enum bs_status
decide(struct bs_copying *run, struct bs_error *err) {
    split_definitions(run);
    struct bs_resume_config config = {
        .source = run->source,
        .source_endpoint = run->config->source,
        .archive = run->to,
        .source_server = &run->source_server,
        .schema = run->point.schema,
        .table_ids = run->point.table_ids,
        .late = run->late,
        .point = &run->point,
    };
    enum bs_status status = bs_resume_decide(&run->resume, &config, err);
    run->report->tables_kept = run->resume.kept;
    run->report->tables_continued = run->resume.continued;
    run->report->chunks_kept = run->resume.chunks_kept;
    run->report->chunks_dropped = run->resume.chunks_dropped;
    return status;
}

/* Files of a table that is copied anew may be gone: it gets a directory of its own. */
static enum bs_status
check_what_stays(const struct bs_copying *run, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < run->resume.table_count && status == BS_OK; i++) {
        const struct bs_table *model = run->point.schema->tables[i];
        const struct bs_archived_table *table = bs_archive_find(run->to, model->db, model->name);
        if (run->resume.tables[i].fate != BS_FATE_FRESH && table != NULL) {
            status = bs_archive_check_table(run->to, table, err);
        }
    }
    return status;
}

static struct bs_table *
clone_table(const struct bs_table *table) {
    struct bs_buf bytes = {0};
    struct bs_table *copy = NULL;
    bs_table_encode(table, &bytes);
    enum bs_status status = bs_table_decode(bs_buf_str(&bytes), &copy, NULL);
    BS_ASSERT(status == BS_OK);
    bs_buf_fini(&bytes);
    return copy;
}

/* A table that is copied anew gets a directory of its own: what lies in the old one is nobody's. */
static void
describe_table(struct bs_copying *run, size_t i, struct bs_archived_table *table) {
    const struct bs_resumed *resumed = &run->resume.tables[i];
    const struct bs_table *model = run->point.schema->tables[i];
    const struct bs_archived_table *before = bs_archive_find(run->to, model->db, model->name);
    bool stays = resumed->fate != BS_FATE_FRESH && before != NULL;
    struct bs_buf definition = {0};
    size_t period[2];
    bs_create_put_definition(&definition, bs_str(model->create));
    *table = (struct bs_archived_table){
        .directory = stays ? before->directory : run->to->next_directory++,
        .unit = {.db = bs_strdup(model->db),
                 .name = bs_strdup(model->name),
                 .first = resumed->first,
                 .last = resumed->last,
                 .table_id = run->point.table_ids[i],
                 .definition = bs_buf_take_cstr(&definition),
                 .late_keys = bs_strdup(""),
                 .late_foreign_keys = bs_strdup("")},
        .row_estimate = model->row_estimate,
        .data_bytes = model->data_bytes,
        .model = clone_table(model),
        .has_history = stays ? before->has_history : bs_table_period(model, &period[0], &period[1]),
    };
}

static void
replace_tables(struct bs_copying *run) {
    struct bs_archive *archive = run->to;
    size_t count = run->point.schema->table_count;
    struct bs_archived_table *tables = bs_zalloc((count + 1) * sizeof *tables);
    for (size_t i = 0; i < count; i++) {
        describe_table(run, i, &tables[i]);
    }
    for (size_t i = 0; i < archive->table_count; i++) {
        bs_archived_table_fini(&archive->tables[i]);
    }
    free(archive->tables);
    archive->tables = tables;
    archive->table_count = count;
}

/* The schema's objects become the archive's. */
static void
replace_objects(struct bs_copying *run) {
    struct bs_archive *archive = run->to;
    bs_objects_free(archive->objects, archive->object_count);
    archive->objects = run->point.schema->objects;
    archive->object_count = run->point.schema->object_count;
    run->point.schema->objects = NULL;
    run->point.schema->object_count = 0;
}

static void
add_point(struct bs_archive *archive, const struct bs_copy_point *own) {
    archive->points =
        bs_realloc(archive->points, (archive->point_count + 1) * sizeof *archive->points);
    struct bs_copy_point *point = &archive->points[archive->point_count++];
    *point = (struct bs_copy_point){.number = own->number, .file_created = own->file_created};
    bs_position_copy(&point->position, &own->position);
}

static enum bs_status
save_manifest(struct bs_copying *run, struct bs_error *err) {
    struct bs_archive *archive = run->to;
    struct bs_copy_point point, newest;
    replace_tables(run);
    replace_objects(run);
    archive->source = run->source_server;
    archive->mode = run->task.mode;
    bs_resume_own_points(&run->resume, &run->point, &point, &newest);
    add_point(archive, &point);
    if (newest.number != point.number) {
        add_point(archive, &newest);
    }
    bs_collation_list_fini(&archive->collations);
    archive->collations = (struct bs_collation_list){0};
    enum bs_status status = bs_catalog_collations(run->source, &archive->collations, err);
    if (status == BS_OK) {
        bs_fault_point("archive-begun");
        status = bs_archive_save(archive, err);
    }
    if (status == BS_OK) {
        bs_archive_tidy(archive); /* nobody writes yet, and no manifest speaks of what goes */
    }
    return status == BS_OK ? bs_archive_make_directories(archive, err) : status;
}

static void
fill_totals(struct bs_copying *run) {
    const struct bs_schema *schema = run->point.schema;
    run->task.tables_total = schema->table_count;
    for (size_t i = 0; i < schema->table_count; i++) {
        run->task.rows_estimate += schema->tables[i]->row_estimate;
        run->task.bytes_estimate += schema->tables[i]->data_bytes;
    }
}

static void
count_objects(struct bs_copying *run) {
    for (size_t i = 0; i < run->to->object_count; i++) {
        enum bs_object_kind kind = run->to->objects[i].kind;
        run->report->databases += kind == BS_OBJECT_DATABASE;
        run->report->views += kind == BS_OBJECT_VIEW;
        run->report->routines += kind == BS_OBJECT_FUNCTION || kind == BS_OBJECT_PROCEDURE ||
                                 kind == BS_OBJECT_PACKAGE || kind == BS_OBJECT_PACKAGE_BODY;
    }
}

static enum bs_status
finish(struct bs_copying *run, struct bs_error *err) {
    count_objects(run);
    run->to->is_complete = true;
    enum bs_status status = bs_archive_flush_ledger(run->to, err);
    if (status == BS_OK) {
        status = bs_archive_save(run->to, err);
    }
    if (status == BS_OK) {
        bs_fault_point("archive-complete");
        bs_archive_tidy(run->to);
    }
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "recording that the archive is complete");
}

static enum bs_status
run_all(struct bs_copying *run, bool *is_complete, struct bs_error *err) {
    enum bs_status status = bs_copying_connect_source(run, err);
    if (status == BS_OK) {
        status = begin(run, is_complete, err);
    }
    if (status == BS_OK && *is_complete) {
        bs_archive_tidy(run->to); /* whoever completed it may have died before */
    }
    if (status != BS_OK || *is_complete) {
        return status;
    }
    status = bs_copying_connect_views(run, err);
    if (status == BS_OK) {
        status = bs_copying_choose_mode(run, err);
    }
    if (status == BS_OK) {
        status = bs_copying_take_point(run, err);
    }
    if (status == BS_OK) {
        status = decide(run, err);
    }
    if (status == BS_OK) {
        status = check_what_stays(run, err);
    }
    if (status == BS_OK) {
        fill_totals(run);
        status = save_manifest(run, err);
    }
    if (status == BS_OK) {
        status = bs_copying_copy_rows(run, err);
    }
    return status == BS_OK ? finish(run, err) : status;
}

static enum bs_status
attempt(const struct bs_snapshot_config *config, struct bs_snapshot_report *report,
        int64_t started_ms, enum bs_again *again, struct bs_error *err) {
    struct bs_archive archive = {0};
    struct bs_copying run = {
        .config = config, .report = report, .started_ms = started_ms, .to = &archive};
    enum bs_status status = run_all(&run, &report->was_complete, err);
    *again = run.again;
    report->elapsed_ms = bs_clock_mono_ms() - run.started_ms;
    bs_copying_fini(&run);
    bs_archive_close(&archive);
    return status;
}

enum bs_status
bs_archive_run(const struct bs_snapshot_config *config, struct bs_snapshot_report *report,
               struct bs_error *err) {
    return bs_copying_attempts(config, report, attempt, err);
}
