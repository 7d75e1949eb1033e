#include "snapshot/resume.h"

#include "base/log.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "net/file_created.h"
#include "schema/create_text.h"
#include "schema/engine.h"
#include "schema/period.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum bs_status
bs_resume_load(struct bs_resume *resume, struct bs_sql *target, const struct bs_state *state,
               struct bs_error *err) {
    *resume = (struct bs_resume){.number = 1};
    enum bs_status status =
        bs_state_load_copy_points(target, state, &resume->points, &resume->point_count, err);
    if (status == BS_OK) {
        status = bs_state_load_units(target, state, &resume->units, &resume->unit_count, err);
    }
    if (status == BS_OK && resume->point_count > 0) {
        resume->number = resume->points[resume->point_count - 1].number + 1;
    }
    resume->newest = resume->number;
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "reading what earlier attempts have copied");
}

void
bs_resumed_fini(struct bs_resumed *resumed) {
    for (size_t i = 0; i < resumed->gap_count; i++) {
        bs_bound_fini(&resumed->gaps[i].lower);
        bs_bound_fini(&resumed->gaps[i].upper);
    }
    free(resumed->gaps);
    bs_bound_fini(&resumed->after);
    *resumed = (struct bs_resumed){0};
}

void
bs_resume_fini(struct bs_resume *resume) {
    for (size_t i = 0; i < resume->table_count; i++) {
        bs_resumed_fini(&resume->tables[i]);
    }
    free(resume->tables);
    bs_copy_points_free(resume->points, resume->point_count);
    bs_units_free(resume->units, resume->unit_count);
    *resume = (struct bs_resume){0};
}

/* By binary search: they are in the order of their bytes. */
static const struct bs_unit *
find_unit(const struct bs_resume *resume, const char *db, const char *name) {
    size_t from = 0;
    size_t to = resume->unit_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct bs_unit *unit = &resume->units[middle];
        int order = strcmp(unit->db, db);
        order = order != 0 ? order : strcmp(unit->name, name);
        if (order == 0) {
            return unit;
        }
        if (order < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

const struct bs_unit *
bs_resume_unit(const struct bs_resume *resume, const struct bs_table *table, uint64_t table_id) {
    const struct bs_unit *unit = find_unit(resume, table->db, table->name);
    struct bs_buf definition = {0};
    if (unit == NULL || table_id == 0 || unit->table_id != table_id) {
        return NULL;
    }
    bs_create_put_definition(&definition, bs_str(table->create));
    bool is_same = bs_str_is(bs_buf_str(&definition), unit->definition);
    bs_buf_fini(&definition);
    return is_same ? unit : NULL;
}

static void
add_gap(struct bs_resumed *resumed, uint64_t number, const struct bs_bound *lower,
        const struct bs_bound *upper) {
    resumed->gaps = bs_realloc(resumed->gaps, (resumed->gap_count + 1) * sizeof *resumed->gaps);
    struct bs_gap *gap = &resumed->gaps[resumed->gap_count++];
    *gap = (struct bs_gap){.number = number};
    if (lower->count > 0) {
        bs_bound_set(&gap->lower, lower->values, lower->count);
    }
    bs_bound_set(&gap->upper, upper->values, upper->count);
}

/* Chunks were cut one behind the other, so where nothing is missing each begins where the one
 * before it ends, to the byte. */
enum bs_status
bs_resume_read_chunks(struct bs_resumed *resumed, const struct bs_chunk_note *notes, size_t count,
                      struct bs_error *err) {
    uint64_t expected = 0;
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < count && status == BS_OK; i++) {
        const struct bs_chunk_note *note = &notes[i];
        struct bs_bound lower = {0};
        struct bs_bound upper = {0};
        status = bs_bound_decode(&lower, note->lower, err);
        if (status == BS_OK) {
            status = bs_bound_decode(&upper, note->upper, err);
        }
        if (status == BS_OK && !bs_bound_equal(&lower, &resumed->after)) {
            if (note->number == expected || lower.count == 0) {
                status = bs_error_set(err, BS_SCHEMA,
                                      "the ledger's chunk %" PRIu64
                                      " does not begin where the one before it ends",
                                      note->number);
            } else {
                add_gap(resumed, expected, &resumed->after, &lower);
            }
        }
        if (status == BS_OK) {
            bs_bound_fini(&resumed->after);
            resumed->after = upper;
            upper = (struct bs_bound){0};
            resumed->is_cut = note->is_last;
            resumed->chunks++;
            resumed->rows += note->rows;
            resumed->bytes += note->bytes;
            expected = note->number + 1;
        }
        bs_bound_fini(&lower);
        bs_bound_fini(&upper);
    }
    resumed->next_number = expected;
    return status;
}

bool
bs_resume_is_cut_by_key(const struct bs_chunk_note *notes, size_t count) {
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        found = notes[i].lower.len > 0 || notes[i].upper.len > 0;
    }
    return found;
}

bool
bs_resume_is_key_the_same(const struct bs_table *table, const struct bs_key *key,
                          const struct bs_translation *translation) {
    for (size_t i = 0; i < key->part_count; i++) {
        const char *collation = table->columns[key->parts[i].column].collation;
        const char *there =
            collation != NULL ? bs_translate_collation(translation, bs_str(collation)) : NULL;
        if (collation != NULL &&
            (there == NULL || !bs_collation_name_equal(bs_str(there), bs_str(collation)))) {
            return false;
        }
    }
    return true;
}

/* Can its rows be brought to a later state by their key alone? */
static bool
can_be_continued(const struct bs_table *table, enum bs_flavour source,
                 const struct bs_late_keys *late, const struct bs_translation *translation) {
    const struct bs_key *key = bs_copy_cutting_key(table, source);
    bool has_overlaps = strstr(table->create, "WITHOUT OVERLAPS") != NULL;
    if (key == NULL || has_overlaps ||
        (translation != NULL && !bs_resume_is_key_the_same(table, key, translation))) {
        return false;
    }
    bool is_primary = strcmp(key->name, "PRIMARY") == 0;
    size_t others = is_primary ? 0 : 1;
    return late->unique_kept == others && (is_primary || !bs_table_has_primary_key(table));
}

/* Of engines with views, and without state of their own beside the rows. */
static bool
can_be_kept(const struct bs_table *table) {
    size_t period[2];
    return !table->is_sequence && bs_engine_kind(table->engine) == BS_ENGINE_INNODB &&
           !bs_table_period(table, &period[0], &period[1]);
}

/* The texts of an archive's notes stay the archive's. */
static enum bs_status
list_chunks(const struct bs_resume_config *config, const struct bs_table *table,
            struct bs_chunk_note **notes, size_t *count, struct bs_error *err) {
    if (config->archive == NULL) {
        return bs_state_list_chunks(config->target, &config->state, table->db, table->name, notes,
                                    count, err);
    }
    const struct bs_archived_table *archived =
        bs_archive_find(config->archive, table->db, table->name);
    *count = archived != NULL ? archived->chunk_count : 0;
    *notes = bs_zalloc((*count + 1) * sizeof **notes);
    for (size_t i = 0; i < *count; i++) {
        (*notes)[i] = archived->chunks[i].note;
        (*notes)[i].text = NULL;
    }
    return BS_OK;
}

static enum bs_status
decide_table(struct bs_resume *resume, const struct bs_resume_config *config, size_t i,
             struct bs_error *err) {
    struct bs_resumed *resumed = &resume->tables[i];
    const struct bs_table *table = config->schema->tables[i];
    const struct bs_unit *unit = bs_resume_unit(resume, table, config->table_ids[i]);
    enum bs_flavour source = config->source_server->flavour;
    struct bs_chunk_note *notes = NULL;
    size_t count = 0;
    enum bs_status status = list_chunks(config, table, &notes, &count, err);
    if (status == BS_OK && unit != NULL && can_be_kept(table) && count > 0) {
        status = bs_resume_read_chunks(resumed, notes, count, err);
        bool is_whole = resumed->is_cut && resumed->gap_count == 0;
        bool is_sound =
            bs_copy_cutting_key(table, source) != NULL || !bs_resume_is_cut_by_key(notes, count);
        resumed->fate = !is_sound  ? BS_FATE_FRESH
                        : is_whole ? BS_FATE_KEPT
                        : can_be_continued(table, source, &config->late[i], config->translation)
                            ? BS_FATE_CONTINUED
                            : BS_FATE_FRESH;
        resumed->unit = unit;
        resumed->first = unit->first;
        resumed->last = is_whole ? unit->last : resume->newest;
    }
    resumed->chunks = count;
    bs_chunk_notes_free(notes, count);
    return status == BS_OK
               ? BS_OK
               : bs_error_context(err, "reading what is in of table %s.%s", table->db, table->name);
}

/* A file of the name may be another one: the source was reset meanwhile, or restored. */
static enum bs_status
is_same_file(const struct bs_resume_config *config, const struct bs_position *oldest,
             uint32_t file_created, bool *is_same, struct bs_error *err) {
    uint32_t now = config->point->file_created;
    *is_same = true;
    if (file_created == 0) {
        return BS_OK;
    }
    if (strcmp(oldest->file, config->point->position.file) != 0) {
        enum bs_status status =
            bs_file_created(config->source_endpoint, oldest->file, oldest->pos, &now, err);
        if (status != BS_OK) {
            return bs_error_context(err, "reading the source's binlog %s", oldest->file);
        }
    }
    *is_same = now == 0 || now == file_created;
    return BS_OK;
}

/* Is what was written since the oldest point still to be had? */
static enum bs_status
has_log(const struct bs_resume *resume, const struct bs_resume_config *config, bool *has,
        struct bs_error *err) {
    uint32_t file_created = 0;
    const struct bs_position *oldest = bs_resume_oldest(resume, config->point, &file_created);
    struct bs_log_place from, to;
    struct bs_binlog_file *files = NULL;
    size_t count = 0;
    enum bs_status status =
        bs_catalog_log_files(config->source, config->source_server, &files, &count, err);
    *has = false;
    for (size_t i = 0; i < count; i++) {
        bool is_it = strcmp(files[i].name, oldest->file) == 0;
        *has = *has || (is_it && files[i].size >= oldest->pos);
    }
    bs_log_place_set(&from, oldest->file, oldest->pos);
    bs_log_place_set(&to, config->point->newest.file, config->point->newest.pos);
    *has = *has && bs_log_place_compare(&from, &to) <= 0;
    if (status == BS_OK && *has) {
        status = is_same_file(config, oldest, file_created, has, err);
    }
    if (status == BS_OK && !*has) {
        bs_log(BS_LOG_WARNING,
               "the source's log from %s:%" PRIu64
               " on is gone: what an earlier attempt copied is of no use, and the copy starts over",
               oldest->file, oldest->pos);
    }
    bs_binlog_files_free(files, count);
    return status;
}

static void
make_fresh(struct bs_resumed *resumed, uint32_t number) {
    uint64_t chunks = resumed->chunks;
    bs_resumed_fini(resumed);
    resumed->chunks = chunks;
    resumed->first = number;
    resumed->last = number;
}

/* Tables joined by foreign keys get one number, their smallest index; returns whether any moved. A
 * parent that is not there any more may have acted while it was: its family is fresh. */
static bool
join(const struct bs_schema *schema, size_t *families, bool *act, bool *is_fresh) {
    bool moved = false;
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct bs_table *table = schema->tables[i];
        for (size_t k = 0; k < table->fk_count; k++) {
            size_t parent =
                bs_schema_find_table(schema, table->fks[k].parent_db, table->fks[k].parent_table);
            if (parent == schema->table_count) {
                act[families[i]] = act[families[i]] || bs_foreign_key_acts(&table->fks[k]);
                is_fresh[families[i]] =
                    is_fresh[families[i]] || bs_foreign_key_acts(&table->fks[k]);
                continue;
            }
            size_t family = families[i] < families[parent] ? families[i] : families[parent];
            moved = moved || families[i] != families[parent];
            families[i] = families[parent] = family;
            act[family] =
                act[family] || act[i] || act[parent] || bs_foreign_key_acts(&table->fks[k]);
            is_fresh[family] = is_fresh[family] || is_fresh[i] || is_fresh[parent];
        }
    }
    return moved;
}

void
bs_resume_heed_families(struct bs_resumed *tables, const struct bs_schema *schema, uint32_t number,
                        bool *joined) {
    size_t count = schema->table_count;
    size_t *families = bs_zalloc((count + 1) * sizeof *families);
    bool *act = bs_zalloc((count + 1) * sizeof *act);
    bool *is_fresh = bs_zalloc((count + 1) * sizeof *is_fresh);
    for (size_t i = 0; i < count; i++) {
        families[i] = i;
    }
    while (join(schema, families, act, is_fresh)) {
    }
    for (size_t i = 0; i < count; i++) {
        const struct bs_resumed *of = &tables[families[i]];
        bool is_one = tables[i].fate == BS_FATE_KEPT && tables[i].first == tables[i].last &&
                      tables[i].first == of->first;
        is_fresh[families[i]] = is_fresh[families[i]] || !is_one;
    }
    for (size_t i = 0; i < count; i++) {
        if (act[families[i]] && is_fresh[families[i]]) {
            make_fresh(&tables[i], number);
        }
        if (joined != NULL) {
            joined[i] = act[families[i]];
        }
    }
    free(families);
    free(act);
    free(is_fresh);
}

static void
count_fates(struct bs_resume *resume) {
    for (size_t i = 0; i < resume->table_count; i++) {
        const struct bs_resumed *resumed = &resume->tables[i];
        resume->kept += resumed->fate == BS_FATE_KEPT;
        resume->continued += resumed->fate == BS_FATE_CONTINUED;
        if (resumed->fate == BS_FATE_FRESH) {
            resume->chunks_dropped += resumed->chunks;
        } else {
            resume->chunks_kept += resumed->chunks;
        }
    }
    if (resume->unit_count > 0) {
        bs_log(BS_LOG_INFO,
               "an earlier attempt did not finish: of %zu tables %zu are in, %zu are continued and "
               "the others copied anew; %" PRIu64 " chunks stay, %" PRIu64 " are copied again",
               resume->table_count, resume->kept, resume->continued, resume->chunks_kept,
               resume->chunks_dropped);
    }
}

static enum bs_status
refuse_spread(const struct bs_table *table, bool joined, struct bs_error *err) {
    bs_error_set(
        err, BS_PRECHECK,
        "table %s.%s cannot be copied without a lock: on MySQL no view tells its position, "
        "and %s",
        table->db, table->name,
        joined ? "the table's foreign keys act on other rows"
               : "the table's rows are not told apart by one key that can be cut");
    return bs_error_hint(err, "take --consistency=lock-tables (GRANT SELECT, LOCK TABLES on it to "
                              "the account), or leave the table out");
}

/* The views are apart. */
static enum bs_status
spread(struct bs_resume *resume, const struct bs_resume_config *config, const bool *joined,
       struct bs_error *err) {
    resume->newest = resume->number + 1;
    for (size_t i = 0; i < resume->table_count; i++) {
        struct bs_resumed *resumed = &resume->tables[i];
        const struct bs_table *table = config->schema->tables[i];
        bool is_for_all = !joined[i] && can_be_kept(table) &&
                          can_be_continued(table, config->source_server->flavour, &config->late[i],
                                           config->translation);
        if (resumed->fate == BS_FATE_CONTINUED || (resumed->fate == BS_FATE_FRESH && is_for_all)) {
            resumed->last = resume->newest;
        } else if (resumed->fate == BS_FATE_FRESH && !config->point->is_exact) {
            return refuse_spread(table, joined[i], err);
        }
    }
    return BS_OK;
}

enum bs_status
bs_resume_decide(struct bs_resume *resume, const struct bs_resume_config *config,
                 struct bs_error *err) {
    enum bs_status status = BS_OK;
    bool has = true;
    bool *joined = bs_zalloc((config->schema->table_count + 1) * sizeof *joined);
    resume->table_count = config->schema->table_count;
    resume->tables = bs_zalloc((resume->table_count + 1) * sizeof *resume->tables);
    for (size_t i = 0; i < resume->table_count; i++) {
        make_fresh(&resume->tables[i], resume->number);
    }
    for (size_t i = 0; i < resume->table_count && resume->unit_count > 0 && status == BS_OK; i++) {
        status = decide_table(resume, config, i, err);
    }
    for (size_t i = 0; i < resume->table_count; i++) {
        if (resume->tables[i].fate == BS_FATE_FRESH) {
            make_fresh(&resume->tables[i], resume->number);
        }
    }
    bs_resume_heed_families(resume->tables, config->schema, resume->number, joined);
    if (status == BS_OK && bs_resume_has_window(resume)) {
        status = has_log(resume, config, &has, err);
    }
    for (size_t i = 0; i < resume->table_count && !has; i++) {
        make_fresh(&resume->tables[i], resume->number);
    }
    if (status == BS_OK && config->point->is_spread) {
        status = spread(resume, config, joined, err);
    }
    free(joined);
    count_fates(resume);
    return status;
}

static uint32_t
oldest_number(const struct bs_resume *resume) {
    uint32_t oldest = resume->number;
    for (size_t i = 0; i < resume->table_count; i++) {
        uint32_t first = resume->tables[i].first;
        oldest = first < oldest ? first : oldest;
    }
    return oldest;
}

bool
bs_resume_has_window(const struct bs_resume *resume) {
    return oldest_number(resume) != resume->newest;
}

bool
bs_resume_is_of_first_view(const struct bs_resume *resume, size_t table) {
    const struct bs_resumed *resumed = &resume->tables[table];
    return resume->newest != resume->number && resumed->last == resume->number;
}

const struct bs_position *
bs_resume_oldest(const struct bs_resume *resume, const struct bs_point *own,
                 uint32_t *file_created) {
    const struct bs_copy_point *oldest =
        bs_copy_point_find(resume->points, resume->point_count, oldest_number(resume));
    if (file_created != NULL) {
        *file_created = oldest != NULL ? oldest->file_created : own->file_created;
    }
    return oldest != NULL ? &oldest->position : &own->position;
}

static enum bs_status
save_table(const struct bs_resume *resume, const struct bs_resume_config *config, size_t i,
           struct bs_error *err) {
    struct bs_table *table = config->schema->tables[i];
    struct bs_buf definition = {0};
    const struct bs_late_keys *late = &config->late[i];
    bs_create_put_definition(&definition, bs_str(table->create));
    struct bs_unit unit = {
        .db = table->db,
        .name = table->name,
        .first = resume->tables[i].first,
        .last = resume->tables[i].last,
        .table_id = config->table_ids[i],
        .definition = bs_buf_take_cstr(&definition),
        .late_keys = bs_strndup((const char *)late->keys.data, late->keys.len),
        .late_foreign_keys =
            bs_strndup((const char *)late->foreign_keys.data, late->foreign_keys.len),
    };
    enum bs_status status = bs_state_save_unit(config->target, &config->state, &unit, err);
    free(unit.definition);
    free(unit.late_keys);
    free(unit.late_foreign_keys);
    return status;
}

void
bs_resume_own_points(const struct bs_resume *resume, const struct bs_point *own,
                     struct bs_copy_point *first, struct bs_copy_point *newest) {
    bool is_same_file = strcmp(own->position.file, own->newest.file) == 0;
    *first = (struct bs_copy_point){resume->number, own->position, own->file_created};
    *newest =
        (struct bs_copy_point){resume->newest, own->newest, is_same_file ? own->file_created : 0};
}

enum bs_status
bs_resume_save(const struct bs_resume *resume, const struct bs_resume_config *config,
               struct bs_error *err) {
    struct bs_copy_point point, newest;
    bs_resume_own_points(resume, config->point, &point, &newest);
    enum bs_status status = bs_state_save_copy_point(config->target, &config->state, &point, err);
    if (status == BS_OK && newest.number != point.number) {
        status = bs_state_save_copy_point(config->target, &config->state, &newest, err);
    }
    for (size_t i = 0; i < resume->table_count && status == BS_OK; i++) {
        status = save_table(resume, config, i, err);
    }
    return status;
}
