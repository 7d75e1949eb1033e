/* What src/apply asks of src/binlog, src/catalog and the rest: the history's events as items, the
 * tables' models, DDL statements. */
#include "glue.h"
#include "sim.h"

#include "apply/applier_private.h"
#include "apply/change.h"
#include "apply/ddl.h"
#include "apply/ddl_run.h"
#include "apply/fingerprint.h"
#include "apply/session_context.h"
#include "base/clock.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "sql/json_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The decoder. */

const char *
bs_decoder_file(const struct bs_decoder *decoder) {
    return decoder->file;
}

uint32_t
bs_decoder_file_created(const struct bs_decoder *decoder) {
    (void)decoder;
    return 1;
}

bool
bs_decoder_in_group(const struct bs_decoder *decoder) {
    return decoder->in_group;
}

enum bs_status
bs_decoder_position(const struct bs_decoder *decoder, struct bs_position *position,
                    struct bs_error *err) {
    (void)err;
    bs_position_set(position, decoder->end_file, decoder->end_pos, "");
    return BS_OK;
}

void
bs_decoder_where(const struct bs_decoder *decoder, char *out, size_t cap) {
    (void)snprintf(out, cap, "%s:%" PRIu64, decoder->file, decoder->end_pos);
}

/* Rows events: the body is a pointer to the history's. */

static struct bs_table_map maps[SIM_TABLES];

struct bs_table_map *
bs_table_map_share(const struct bs_table_map *map) {
    return &maps[map - maps];
}

void
bs_table_map_free(struct bs_table_map *map) {
    (void)map;
}

const struct bs_table_map *
sim_table_map(int table) {
    maps[table].db = bs_str("d");
    maps[table].table = bs_str(sim_tables[table].name);
    return &maps[table];
}

static const struct sim_event *
event_of(const struct bs_event *event) {
    const struct sim_event *own;
    memcpy(&own, event->body.data, sizeof own);
    return own;
}

enum bs_status
bs_rows_head_parse(struct bs_rows_head *head, const struct bs_event *event, struct bs_error *err) {
    (void)err;
    *head = (struct bs_rows_head){.flags = event_of(event)->flags};
    return BS_OK;
}

enum bs_status
bs_rows_open(struct bs_rows *rows, const struct bs_event *event, const struct bs_table_map *map,
             const struct bs_table *table, struct bs_arena *arena, struct bs_error *err) {
    (void)err;
    const struct sim_event *own = event_of(event);
    *rows = (struct bs_rows){
        .change = own->kind == SIM_INSERT   ? BS_ROW_INSERT
                  : own->kind == SIM_UPDATE ? BS_ROW_UPDATE
                                            : BS_ROW_DELETE,
        .flags = own->flags,
        .map = map,
        .table = table,
        .full_image = true,
        .arena = arena,
        .bad = (const char *)own,
    };
    return BS_OK;
}

static struct bs_value *
values_of(const struct bs_rows *rows, const struct sim_row *row) {
    struct bs_value *values =
        bs_arena_alloc(rows->arena, rows->table->column_count * sizeof *values);
    for (size_t i = 0; i < rows->table->column_count; i++) {
        if (row->c[i] == SIM_NULL) {
            values[i] = (struct bs_value){.kind = BS_VALUE_NULL};
        } else if (rows->table->columns[i].type == BS_TYPE_VARCHAR) {
            values[i] = (struct bs_value){.kind = BS_VALUE_BYTES, .text = sim_texts[row->c[i]]};
        } else {
            values[i] = (struct bs_value){.kind = BS_VALUE_INT, .i64 = row->c[i]};
        }
    }
    return values;
}

enum bs_status
bs_rows_next(struct bs_rows *rows, bool *more, struct bs_error *err) {
    (void)err;
    const struct sim_event *own = (const void *)rows->bad;
    *more = rows->row_count < (size_t)own->count;
    if (!rows->keep_rows) {
        bs_arena_reset(rows->arena);
    }
    if (*more) {
        size_t at = rows->row_count++;
        rows->before = own->kind != SIM_INSERT ? values_of(rows, &own->rows[at].before) : NULL;
        rows->after = own->kind != SIM_DELETE ? values_of(rows, &own->rows[at].after) : NULL;
    }
    return BS_OK;
}

void
bs_rows_close(struct bs_rows *rows) {
    (void)rows;
}

const char *
bs_json_misfit(struct bs_str text) {
    (void)text;
    return NULL;
}

/* Models. */

static const char *const COLUMN_NAMES[SIM_COLUMNS] = {"c0", "c1", "c2", "c3", "c4"};

static void
fill_columns(struct bs_table *model, const struct sim_table *t) {
    model->column_count = t->column_count;
    model->columns = bs_zalloc(t->column_count * sizeof *model->columns);
    for (size_t i = 0; i < t->column_count; i++) {
        struct bs_column *column = &model->columns[i];
        bool is_text = (t->text_columns >> i & 1) != 0;
        column->name = bs_strdup(COLUMN_NAMES[i]);
        column->type = is_text ? BS_TYPE_VARCHAR : BS_TYPE_INT;
        column->type_text = bs_strdup(is_text ? "varchar(20)" : "int");
        column->nullable = t->key_count == 0 || i != 0;
        column->charset = is_text ? bs_strdup("utf8mb4") : NULL;
        column->collation = is_text ? bs_strdup("utf8mb4_general_ci") : NULL;
    }
}

static void
fill_keys(struct bs_table *model, const struct sim_table *t) {
    static const char *const NAMES[] = {"PRIMARY", "second", "third"};
    model->key_count = t->key_count;
    model->keys = bs_zalloc((t->key_count + 1U) * sizeof *model->keys);
    for (size_t k = 0; k < t->key_count; k++) {
        struct bs_key *key = &model->keys[k];
        key->name = bs_strdup(NAMES[k]);
        key->unique = true;
        key->nullable = k > 0;
        key->part_count = t->keys[k].count;
        key->parts = bs_zalloc(key->part_count * sizeof *key->parts);
        for (size_t i = 0; i < key->part_count; i++) {
            key->parts[i].column = t->keys[k].columns[i];
        }
    }
}

static enum bs_fk_action
action_of(enum sim_action action) {
    return action == SIM_CASCADE    ? BS_FK_CASCADE
           : action == SIM_SET_NULL ? BS_FK_SET_NULL
                                    : BS_FK_RESTRICT;
}

static void
fill_foreign_key(struct bs_table *model, const struct sim_table *t) {
    if (!t->is_child) {
        return;
    }
    model->fk_count = 1;
    model->fks = bs_zalloc(sizeof *model->fks);
    struct bs_foreign_key *fk = &model->fks[0];
    fk->name = bs_strdup("fk");
    fk->parent_db = bs_strdup("d");
    fk->parent_table = bs_strdup(sim_tables[t->parent].name);
    fk->column_count = 1;
    fk->columns = bs_alloc(sizeof *fk->columns);
    fk->parent_columns = bs_alloc(sizeof *fk->parent_columns);
    fk->columns[0] = bs_strdup(COLUMN_NAMES[t->fk_column]);
    fk->parent_columns[0] = bs_strdup(COLUMN_NAMES[0]);
    fk->on_delete = action_of(t->on_delete);
    fk->on_update = action_of(t->on_update);
}

static struct bs_table *
model_of(const struct sim_table *t) {
    struct bs_table *model = bs_zalloc(sizeof *model);
    model->db = bs_strdup("d");
    model->name = bs_strdup(t->name);
    model->engine = bs_strdup("InnoDB");
    model->create = bs_strdup("");
    fill_columns(model, t);
    fill_keys(model, t);
    fill_foreign_key(model, t);
    return model;
}

enum bs_status
bs_state_load_models(struct bs_sql *sql, const struct bs_state *state, struct bs_table ***tables,
                     size_t *count, struct bs_error *err) {
    (void)sql;
    (void)state;
    (void)err;
    *count = SIM_TABLES;
    *tables = bs_alloc(SIM_TABLES * sizeof **tables);
    for (int i = 0; i < SIM_TABLES; i++) {
        (*tables)[i] = model_of(&sim_tables[i]);
    }
    return BS_OK;
}

enum bs_status
bs_catalog_table(struct bs_sql *sql, const struct bs_server *server, struct bs_str db,
                 struct bs_str name, struct bs_table **table, struct bs_error *err) {
    (void)server;
    (void)db;
    for (int i = 0; i < SIM_TABLES; i++) {
        if (bs_str_is(name, sim_tables[i].name)) {
            *table = model_of(&sim_tables[i]);
        }
    }
    return bs_sql_exec(sql, err, "SHOW CREATE TABLE %.*s", (int)name.len, name.data);
}

enum bs_status
bs_state_note_made(struct bs_sql *sql, const struct bs_state *state, enum bs_object_kind kind,
                   const char *db, const char *name, struct bs_error *err) {
    (void)sql;
    (void)state;
    (void)kind;
    (void)db;
    (void)name;
    (void)err;
    return BS_OK;
}

enum bs_status
bs_state_made_by_other(struct bs_sql *sql, const struct bs_state *state, const char *db,
                       const char *name, struct bs_buf *task, struct bs_error *err) {
    (void)sql;
    (void)state;
    (void)db;
    (void)name;
    (void)task;
    (void)err;
    return BS_OK;
}

void
bs_state_put_model(struct bs_buf *sql, const struct bs_state *state, const struct bs_table *table) {
    (void)state;
    (void)table;
    bs_buf_puts(sql, "REPLACE INTO model");
}

void
bs_state_put_model_drop(struct bs_buf *sql, const struct bs_state *state, struct bs_str db,
                        struct bs_str table) {
    (void)state;
    (void)db;
    (void)table;
    bs_buf_puts(sql, "DELETE FROM model");
}

/* DDL: "ALTER <number of the table> ...". */

enum bs_status
bs_ddl_apply(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    int table = (int)strtol(item->statement.sql.data + strlen("ALTER "), NULL, 10);
    struct bs_ddl_object object = {.kind = BS_OBJECT_TABLE};
    struct bs_ddl ddl = {
        .verb = BS_DDL_ALTER, .kind = BS_OBJECT_TABLE, .objects = &object, .count = 1};
    struct bs_engine_notes notes = {0};
    struct bs_translated translated = {0};
    (void)snprintf(object.db, sizeof object.db, "d");
    (void)snprintf(object.name, sizeof object.name, "%s", sim_tables[table].name);
    bs_buf_put_str(&translated.sql, item->statement.sql);
    enum bs_status status =
        bs_ddl_run_once(applier, &item->statement, &ddl, &notes, &translated, err);
    bs_buf_fini(&translated.sql);
    return status;
}

enum bs_status
bs_session_context_put(struct bs_buf *sql, const struct bs_statement *statement,
                       const struct bs_translation *translation, struct bs_error *err) {
    (void)statement;
    (void)translation;
    (void)err;
    bs_buf_puts(sql, "SET @context=1");
    return BS_OK;
}

enum bs_status
bs_fingerprint_take(struct bs_sql *target, const struct bs_server *server, const struct bs_ddl *ddl,
                    struct bs_buf *out, struct bs_error *err) {
    (void)server;
    bool found = false;
    int table = 0;
    while (strcmp(sim_tables[table].name, ddl->objects[0].name) != 0) {
        table++;
    }
    return bs_sql_value(target, out, &found, err, "FINGERPRINT %d", table);
}

enum bs_ddl_outcome
bs_fingerprint_decide(const struct bs_ddl *ddl, struct bs_str before, struct bs_str now) {
    (void)ddl;
    return bs_str_equal(before, now) || sim_bug == SIM_BUG_DDL_AGAIN ? BS_DDL_NOT_RUN : BS_DDL_RUN;
}

/* Time. */

int64_t
bs_clock_mono_ms(void) {
    return sim_now_ms();
}

int64_t
bs_clock_mono_us(void) {
    return sim_now_ms() * 1000;
}

int64_t
bs_clock_wall_us(void) {
    return sim_now_ms() * 1000;
}

void
bs_clock_pause_ms(int64_t ms) {
    (void)ms;
    sim_yield();
}

/* The copy was made in one attempt: there is no window. */

enum bs_status
bs_window_open(struct bs_applier *applier, struct bs_error *err) {
    (void)applier;
    (void)err;
    return BS_OK;
}

void
bs_window_fini(struct bs_window *window) {
    (void)window;
}

enum bs_status
bs_window_begin_group(struct bs_applier *applier, const struct bs_log_place *place,
                      const struct bs_gtid *gtid, struct bs_error *err) {
    (void)applier;
    (void)place;
    (void)gtid;
    (void)err;
    return BS_OK;
}

enum bs_status
bs_window_heed(struct bs_applier *applier, struct bs_error *err) {
    (void)applier;
    (void)err;
    return BS_OK;
}

enum bs_window_way
bs_window_way(const struct bs_applier *applier, const struct bs_target_table *table) {
    (void)applier;
    (void)table;
    return BS_WINDOW_EXACT;
}

bool
bs_window_is_without_checks(struct bs_applier *applier, const struct bs_target_table *table) {
    (void)applier;
    (void)table;
    return false;
}

void
bs_change_converge(struct bs_change *change) {
    change->converges = true; /* not reached: its rows would be written by other statements */
}
