/* `load`: an archive, or a part of it, onto a target. */
#include "cli/cli.h"

#include "cli/report.h"
#include "snapshot/archive.h"
#include "snapshot/snapshot.h"

#include <stdlib.h>
#include <string.h>

static const struct bs_option OPTIONS[] = {
    BS_OPTION_ARCHIVE("the directory that snapshot --archive has filled"),
    BS_OPTION_TARGET,
    BS_OPTIONS_SELECTION,
    {.name = "threads",
     .kind = BS_OPTION_NUMBER,
     .offset = BS_FIELD(threads),
     .value = "N",
     .fallback = "4",
     .least = 1,
     .most = 32,
     .help = "load with this many connections to the target"},
    BS_OPTION_MEMORY,
    BS_OPTION_NO_TARGET_BINLOG,
    BS_OPTION_KEEP_ENGINES,
    BS_OPTION_DEFINER,
    BS_OPTIONS_COMMON,
};

static enum bs_status
add_entries(char ***list, char *const *more, bool with_table, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; more != NULL && more[i] != NULL && status == BS_OK; i++) {
        status = bs_selection_parse_list(list, more[i], with_table, err);
    }
    return status;
}

/* More would be followed than was copied. */
static enum bs_status
check_within(const struct bs_selection *archives, char *const *list, struct bs_error *err) {
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (!bs_selection_covers(archives, list[i])) {
            char *made_of = bs_selection_describe(archives);
            bs_error_set(err, BS_CONFIG,
                         "'%s' may mean more than the archive was made of, which is: %s", list[i],
                         made_of);
            free(made_of);
            return bs_error_hint(err, "name databases and tables as the archive's selection does, "
                                      "or single tables of it");
        }
    }
    return BS_OK;
}

/* What is loaded is followed, and nothing else may be: what is only left out of is the archive's
 * own selection, and what that leaves out stays out. */
static enum bs_status
add_selection(struct bs_selection *own, const struct bs_selection *archives, struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (own->databases == NULL && own->tables == NULL) {
        status = add_entries(&own->databases, archives->databases, false, err);
        if (status == BS_OK) {
            status = add_entries(&own->tables, archives->tables, true, err);
        }
    }
    if (status == BS_OK) {
        status = add_entries(&own->exclude_databases, archives->exclude_databases, false, err);
    }
    return status == BS_OK ? add_entries(&own->exclude_tables, archives->exclude_tables, true, err)
                           : status;
}

/* Does the archive hold something that the entry means? Patterns may mean nothing. */
static bool
is_in_archive(const struct bs_archive *archive, const char *entry, bool with_table) {
    bool found = strchr(entry, '%') != NULL;
    struct bs_str none = {NULL, 0};
    for (size_t i = 0; i < archive->table_count && !found; i++) {
        const struct bs_unit *unit = &archive->tables[i].unit;
        found = bs_selection_entry_matches(entry, bs_str(unit->db),
                                           with_table ? bs_str(unit->name) : none);
    }
    for (size_t i = 0; i < archive->object_count && !found; i++) {
        const struct bs_object *object = &archive->objects[i];
        bool is_of_kind = with_table ? object->kind == BS_OBJECT_VIEW : true;
        found = is_of_kind && bs_selection_entry_matches(entry, bs_str(object->db),
                                                         with_table ? bs_str(object->name) : none);
    }
    return found;
}

/* What is missing would be followed, and missing at the cutover. */
static enum bs_status
check_entries(const struct bs_archive *archive, char *const *list, bool with_table,
              struct bs_error *err) {
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (!is_in_archive(archive, list[i], with_table)) {
            bs_error_set(err, BS_CONFIG, "the archive %s holds nothing that '%s' means",
                         archive->dir, list[i]);
            return bs_error_hint(err, "leave it out, or mend its spelling; manifest.json lists the "
                                      "archive's tables");
        }
    }
    return BS_OK;
}

/* Without a selection of one's own everything that the archive was made of. */
static enum bs_status
choose_selection(struct bs_run *run, const struct bs_archive *archive, struct bs_error *err) {
    struct bs_selection archives;
    struct bs_task task = {.selection_args = archive->selection_args};
    enum bs_status status = bs_state_read_selection(&task, &run->state, &archives, err);
    if (status != BS_OK) {
        return status;
    }
    if (!run->selection_given) {
        bs_selection_fini(&run->selection);
        run->selection = archives;
        return BS_OK;
    }
    status = check_entries(archive, run->selection.databases, false, err);
    if (status == BS_OK) {
        status = check_entries(archive, run->selection.tables, true, err);
    }
    if (status == BS_OK) {
        status = check_within(&archives, run->selection.databases, err);
    }
    if (status == BS_OK) {
        status = check_within(&archives, run->selection.tables, err);
    }
    if (status == BS_OK) {
        status = add_selection(&run->selection, &archives, err);
    }
    bs_selection_fini(&archives);
    return status;
}

static enum bs_status
load_archive(struct bs_run *run, struct bs_archive *archive, struct bs_buf *json,
             struct bs_error *err) {
    const struct bs_values *v = run->values;
    struct bs_snapshot_report report = {0};
    struct bs_snapshot_config config = {
        .target = &run->target,
        .selection = &run->selection,
        .state = run->state,
        .threads = (unsigned int)v->threads,
        .memory_bytes = v->memory,
        .no_target_binlog = run->no_target_binlog,
        .keep_engines = run->keep_engines,
        .definer = run->definer,
        .progress = bs_cli_show_copy,
        .progress_arg = run,
    };
    enum bs_status status = bs_load_run(&config, archive, &report, err);
    bs_progress_end(&run->progress);
    if (status == BS_OK) {
        status = bs_cli_report_copy(run, &report, "load", json, err);
    }
    bs_snapshot_report_fini(&report);
    return status;
}

/* As with snapshot: a rerun after a crash between the last commit and the report is as good as the
 * run that it repeats. */
static enum bs_status
find_loaded(struct bs_run *run, const struct bs_archive *archive, bool *loaded,
            struct bs_error *err) {
    struct bs_sql *target = NULL;
    struct bs_task task;
    bool found = false;
    char *noted = NULL;
    enum bs_status status = bs_cli_peek_task(run, &task, &found, err);
    char *now = bs_selection_describe(&run->selection);
    if (status == BS_OK && found &&
        (task.phase == BS_PHASE_COPYING || task.phase == BS_PHASE_COPIED)) {
        status = bs_cli_take_definer(run, &task, err);
        status = status == BS_OK ? bs_cli_take_flags(run, &task, err) : status;
    }
    *loaded = status == BS_OK && found && task.phase == BS_PHASE_COPIED &&
              strcmp(now, task.selection) == 0;
    if (*loaded) {
        status = bs_cli_connect(&run->target, &target, err);
    }
    if (*loaded && status == BS_OK) {
        status = bs_state_load_report(target, &run->state, "archive", &noted, err);
        char *id = noted != NULL ? bs_json_get(noted, "archive") : NULL;
        *loaded = status == BS_OK && id != NULL && strcmp(id, archive->id) == 0;
        free(id);
    }
    bs_sql_close(target);
    free(noted);
    free(now);
    bs_task_fini(&task);
    return status;
}

static enum bs_status
check_target(struct bs_run *run, const struct bs_archive *archive, struct bs_error *err) {
    bool has_history = false;
    for (size_t i = 0; i < archive->table_count; i++) {
        const struct bs_archived_table *table = &archive->tables[i];
        has_history =
            has_history ||
            (table->has_history && bs_selection_has_table(&run->selection, bs_str(table->unit.db),
                                                          bs_str(table->unit.name)));
    }
    return bs_cli_check_for_load(run, &archive->source, has_history, err);
}

static enum bs_status
load(struct bs_run *run, struct bs_error *err) {
    struct bs_archive archive = {0};
    struct bs_buf json = {0};
    bool loaded = false;
    if (run->values->archive == NULL) {
        bs_error_set(err, BS_CONFIG, "option --archive is missing");
        return bs_error_hint(err, "give the directory that snapshot --archive has filled");
    }
    enum bs_status status = bs_archive_open(&archive, run->values->archive, err);
    if (status == BS_OK) {
        status = choose_selection(run, &archive, err);
    }
    if (status == BS_OK) {
        status = find_loaded(run, &archive, &loaded, err);
    }
    if (status == BS_OK && !loaded) {
        status = check_target(run, &archive, err);
    }
    if (status == BS_OK) {
        status = loaded ? bs_cli_report_complete(run, "load", err)
                        : load_archive(run, &archive, &json, err);
    }
    if (status == BS_OK && json.len > 0) {
        bs_buf_puts(&json, "\n");
        status = bs_report_print(&json, err);
    }
    bs_archive_close(&archive);
    bs_buf_fini(&json);
    return status;
}

const struct bs_command bs_command_load = {
    .name = "load",
    .synopsis = "--archive DIR --target URI [selection] [options]",
    .summary = "load what snapshot --archive has filled; run it again to resume",
    .about =
        "Puts an archive onto a target, or with a selection a part of it, as snapshot would have\n"
        "put it there: 'binstream follow' then replays what has been written on the source since.\n"
        "The prechecks that concern the target are made first; 'binstream check' makes those too\n"
        "that look at both servers.\n"
        "Each file is checked before its first row is sent: a damaged one is named. After a crash\n"
        "the same command loads only what is not in.",
    .table = BS_OPTION_TABLE(OPTIONS),
    .has_selection = true,
    .run = load,
};
