/* The task's row: what is moved, from where, and how far the whole of it is. */
#include "state/state.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "schema/selection_args.h"
#include "state/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PHASE_COUNT = BS_PHASE_ABORTED + 1 };

static const char *const PHASE_NAMES[PHASE_COUNT] = {
    [BS_PHASE_COPYING] = "copying",     [BS_PHASE_COPIED] = "copied",
    [BS_PHASE_FOLLOWING] = "following", [BS_PHASE_FINISHING] = "finishing",
    [BS_PHASE_DONE] = "done",           [BS_PHASE_ABORTED] = "aborted",
};

#define EDGE(phase) (1U << (phase))

/* From which phases each one may be entered: the graph in state.h. */
static const unsigned int PHASE_FROM[PHASE_COUNT] = {
    [BS_PHASE_COPYING] = EDGE(BS_PHASE_COPYING),
    [BS_PHASE_COPIED] = EDGE(BS_PHASE_COPYING) | EDGE(BS_PHASE_COPIED),
    [BS_PHASE_FOLLOWING] =
        EDGE(BS_PHASE_COPIED) | EDGE(BS_PHASE_FOLLOWING) | EDGE(BS_PHASE_FINISHING),
    [BS_PHASE_FINISHING] = EDGE(BS_PHASE_FOLLOWING) | EDGE(BS_PHASE_FINISHING),
    [BS_PHASE_DONE] = EDGE(BS_PHASE_FINISHING) | EDGE(BS_PHASE_DONE),
    [BS_PHASE_ABORTED] = EDGE(BS_PHASE_COPYING) | EDGE(BS_PHASE_COPIED) | EDGE(BS_PHASE_FOLLOWING) |
                         EDGE(BS_PHASE_FINISHING) | EDGE(BS_PHASE_ABORTED),
};

static const char *const MODE_NAMES[] = {
    [BS_POSITION_FILE] = "file",
    [BS_POSITION_GTID_MYSQL] = "gtid-mysql",
    [BS_POSITION_GTID_MARIADB] = "gtid-mariadb",
};

const char *
bs_phase_name(enum bs_phase phase) {
    BS_ASSERT((unsigned int)phase < PHASE_COUNT);
    return PHASE_NAMES[phase];
}

/* The place of text in a table of names, or -1. */
static int
name_index(const char *const *names, size_t count, struct bs_str text) {
    for (size_t i = 0; i < count; i++) {
        if (bs_str_is(text, names[i])) {
            return (int)i;
        }
    }
    return -1;
}

static const char TASK_COLUMNS[] =
    "epoch, phase, source_flavour, source_version, source_uuid, source_server_id, position_mode, "
    "selection, selection_args, point_file, point_pos, point_gtid, point_file_created, "
    "tables_total, rows_estimate, bytes_estimate, follow_until, started_us, updated_us, definer, "
    "accounts";

static enum bs_status
read_task(struct bs_task *task, const struct bs_str *f, struct bs_error *err) {
    int phase = name_index(PHASE_NAMES, PHASE_COUNT, f[1]);
    int mode = name_index(MODE_NAMES, sizeof MODE_NAMES / sizeof MODE_NAMES[0], f[6]);
    if (phase < 0 || mode < 0) {
        return bs_error_set(err, BS_SCHEMA,
                            "the state's task row has phase '%s', position mode '%s'", f[1].data,
                            f[6].data);
    }
    *task = (struct bs_task){
        .epoch = bs_state_field_u64(f[0]),
        .phase = (enum bs_phase)phase,
        .source_flavour = bs_str_is(f[2], "MariaDB") ? BS_MARIADB : BS_MYSQL,
        .source_version = (uint32_t)bs_state_field_u64(f[3]),
        .source_server_id = (uint32_t)bs_state_field_u64(f[5]),
        .mode = (enum bs_position_mode)mode,
        .selection = bs_state_field_dup(f[7]),
        .selection_args = bs_state_field_dup(f[8]),
        .point_file_created = (uint32_t)bs_state_field_u64(f[12]),
        .tables_total = bs_state_field_u64(f[13]),
        .rows_estimate = bs_state_field_u64(f[14]),
        .bytes_estimate = bs_state_field_u64(f[15]),
        .started_us = bs_state_field_i64(f[17]),
        .updated_us = bs_state_field_i64(f[18]),
        .definer = bs_state_field_dup(f[19]),
        .accounts = bs_state_field_u64(f[20]) != 0,
    };
    bs_state_field_copy(task->source_uuid, sizeof task->source_uuid, f[4]);
    bs_state_field_copy(task->until, sizeof task->until, f[16]);
    bs_state_field_position(&task->point, f + 9);
    return BS_OK;
}

/* They are no columns of the task's row, so that the tasks of older versions, which have none, go
 * on. */
#define OPTIONS_REPORT "options"

static enum bs_status
load_options(struct bs_sql *sql, const struct bs_state *state, struct bs_task *task,
             struct bs_error *err) {
    char *json = NULL;
    enum bs_status status = bs_state_load_report(sql, state, OPTIONS_REPORT, &json, err);
    if (json != NULL) {
        task->knows_options = true;
        task->keep_engines = bs_json_get_u64(json, "keep_engines") != 0;
        task->no_target_binlog = bs_json_get_u64(json, "no_target_binlog") != 0;
    }
    free(json);
    return status;
}

static enum bs_status
save_options(struct bs_sql *sql, const struct bs_state *state, const struct bs_task *task,
             struct bs_error *err) {
    struct bs_buf json = {0};
    bs_json_open(&json);
    bs_json_put_u64(&json, "keep_engines", task->keep_engines);
    bs_json_put_u64(&json, "no_target_binlog", task->no_target_binlog);
    bs_json_close(&json);
    enum bs_status status =
        bs_state_save_report(sql, state, OPTIONS_REPORT, bs_buf_cstr(&json), err);
    bs_buf_fini(&json);
    return status;
}

enum bs_status
bs_state_load_task(struct bs_sql *sql, const struct bs_state *state, struct bs_task *task,
                   bool *found, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    unsigned int format = 0;
    *found = false;
    memset(task, 0, sizeof *task);
    enum bs_status status = bs_state_read_format(sql, state, &format, err);
    if (status == BS_OK && format != 0) {
        bs_buf_printf(&text, "SELECT %s FROM ", TASK_COLUMNS);
        bs_state_put_name(&text, state, "task");
        bs_state_put_where(&text, state);
        status = bs_state_row(sql, &text, &result, &fields, err);
    }
    if (status == BS_OK && fields != NULL) {
        *found = true;
        status = read_task(task, fields, err);
    }
    bs_sql_result_free(result);
    if (status == BS_OK && *found) {
        status = load_options(sql, state, task, err);
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "reading task '%s'", state->task);
}

/* The columns that save and insert share. */
static void
put_task(struct bs_buf *sql, const struct bs_task *task) {
    bs_buf_printf(sql, " phase='%s', source_flavour='%s', source_version=%" PRIu32 ", source_uuid=",
                  bs_phase_name(task->phase),
                  task->source_flavour == BS_MARIADB ? "MariaDB" : "MySQL", task->source_version);
    bs_state_put_text(sql, task->source_uuid);
    bs_buf_printf(sql, ", source_server_id=%" PRIu32 ", position_mode='%s', selection=",
                  task->source_server_id, MODE_NAMES[task->mode]);
    bs_state_put_text(sql, task->selection);
    bs_buf_puts(sql, ", selection_args=");
    bs_state_put_text(sql, task->selection_args);
    bs_buf_puts(sql, ", definer=");
    bs_state_put_text(sql, task->definer);
    bs_buf_printf(sql, ", accounts=%d, ", task->accounts);
    bs_state_put_position(sql, "point_", &task->point);
    bs_buf_printf(sql,
                  ", point_file_created=%" PRIu32 ", tables_total=%" PRIu64
                  ", rows_estimate=%" PRIu64 ", bytes_estimate=%" PRIu64 ", started_us=%" PRId64
                  ", updated_us=%" PRId64,
                  task->point_file_created, task->tables_total, task->rows_estimate,
                  task->bytes_estimate, task->started_us, bs_clock_wall_us());
}

static enum bs_status
insert_row(struct bs_sql *sql, const struct bs_state *state, const struct bs_task *task,
           struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "INSERT INTO ");
    bs_state_put_name(&text, state, "task");
    bs_buf_puts(&text, " SET task=");
    bs_state_put_text(&text, state->task);
    bs_buf_printf(&text, ", epoch=%" PRIu64 ", follow_until=", task->epoch);
    bs_state_put_text(&text, task->until);
    bs_buf_puts(&text, ",");
    put_task(&text, task);
    return bs_state_run(sql, &text, err);
}

enum bs_status
bs_state_insert_task(struct bs_sql *sql, const struct bs_state *state, const struct bs_task *task,
                     struct bs_error *err) {
    enum bs_status status = bs_sql_exec(sql, err, "START TRANSACTION");
    if (status == BS_OK) {
        status = insert_row(sql, state, task, err);
    }
    if (status == BS_OK) {
        status = save_options(sql, state, task, err);
    }
    if (status == BS_OK) {
        status = bs_sql_exec(sql, err, "COMMIT");
    } else {
        (void)!bs_sql_exec(sql, NULL, "ROLLBACK");
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "recording task '%s'", state->task);
}

/* Ends and runs an UPDATE of the task's row that only the owner of the epoch may make. */
static enum bs_status
update_task(struct bs_sql *sql, const struct bs_state *state, uint64_t epoch, struct bs_buf *text,
            struct bs_error *err) {
    bs_state_put_where(text, state);
    bs_buf_printf(text, " AND epoch=%" PRIu64, epoch);
    enum bs_status status = bs_state_run(sql, text, err);
    if (status == BS_OK && bs_sql_affected(sql) != 1) {
        status = bs_state_fenced(state, err);
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "saving task '%s'", state->task);
}

enum bs_status
bs_state_save_task(struct bs_sql *sql, const struct bs_state *state, const struct bs_task *task,
                   struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "UPDATE ");
    bs_state_put_name(&text, state, "task");
    bs_buf_puts(&text, " SET");
    put_task(&text, task);
    return update_task(sql, state, task->epoch, &text, err);
}

enum bs_status
bs_state_set_until(struct bs_sql *sql, const struct bs_state *state, uint64_t epoch,
                   const char *until, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "UPDATE ");
    bs_state_put_name(&text, state, "task");
    bs_buf_puts(&text, " SET follow_until=");
    bs_state_put_text(&text, until);
    return update_task(sql, state, epoch, &text, err);
}

/* Why no row was matched: the epoch, or the phase. */
static enum bs_status
explain_refusal(struct bs_sql *sql, const struct bs_state *state, uint64_t epoch,
                enum bs_phase phase, struct bs_error *err) {
    struct bs_task task;
    bool found = false;
    enum bs_status status = bs_state_load_task(sql, state, &task, &found, err);
    if (status != BS_OK) {
        return status;
    }
    status = !found || task.epoch != epoch
                 ? bs_state_fenced(state, err)
                 : bs_error_set(err, BS_CONFIG, "task '%s' is %s: it cannot become %s", state->task,
                                bs_phase_name(task.phase), bs_phase_name(phase));
    bs_task_fini(&task);
    return status;
}

enum bs_status
bs_state_set_phase(struct bs_sql *sql, const struct bs_state *state, uint64_t epoch,
                   enum bs_phase phase, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "UPDATE ");
    bs_state_put_name(&text, state, "task");
    bs_buf_printf(&text, " SET phase='%s', updated_us=%" PRId64, bs_phase_name(phase),
                  bs_clock_wall_us());
    bs_state_put_where(&text, state);
    bs_buf_printf(&text, " AND epoch=%" PRIu64 " AND phase IN (", epoch);
    const char *comma = "";
    for (unsigned int from = 0; from < PHASE_COUNT; from++) {
        if ((PHASE_FROM[phase] & EDGE(from)) != 0) {
            bs_buf_printf(&text, "%s'%s'", comma, PHASE_NAMES[from]);
            comma = ",";
        }
    }
    bs_buf_puts(&text, ")");
    enum bs_status status = bs_state_run(sql, &text, err);
    if (status == BS_OK && bs_sql_affected(sql) != 1) {
        status = explain_refusal(sql, state, epoch, phase, err);
    }
    return status;
}

enum bs_status
bs_state_read_selection(const struct bs_task *task, const struct bs_state *state,
                        struct bs_selection *selection, struct bs_error *err) {
    *selection = (struct bs_selection){.state_schema = bs_strdup(state->schema)};
    const char *text = task->selection_args != NULL ? task->selection_args : "";
    enum bs_status status = bs_selection_decode(selection, text, err);
    if (status != BS_OK) {
        bs_selection_fini(selection);
    }
    return status;
}

void
bs_task_fini(struct bs_task *task) {
    free(task->selection);
    free(task->selection_args);
    free(task->definer);
    bs_position_fini(&task->point);
    memset(task, 0, sizeof *task);
}

static void
describe(char *out, size_t cap, enum bs_flavour flavour, uint32_t server_id, const char *uuid) {
    (void)snprintf(out, cap, "%s with server_id %" PRIu32 "%s%s", bs_flavour_name(flavour),
                   server_id, uuid[0] != '\0' ? ", server_uuid " : "", uuid);
}

/* server_id 0 was not known when the task was begun. */
enum bs_status
bs_task_check_source(const struct bs_task *task, const struct bs_server *source,
                     struct bs_error *err) {
    char begun[160];
    char found[160];
    bool same = strcmp(task->source_uuid, source->server_uuid) == 0 &&
                (task->source_server_id == 0 || task->source_server_id == source->server_id) &&
                task->source_flavour == source->flavour;
    if (same) {
        return BS_OK;
    }
    describe(begun, sizeof begun, task->source_flavour, task->source_server_id, task->source_uuid);
    describe(found, sizeof found, source->flavour, source->server_id, source->server_uuid);
    bs_error_set(err, BS_PURGED,
                 "another server is behind the source's address: the task was begun with %s, this "
                 "is %s",
                 begun, found);
    return bs_error_hint(err, "positions of one server mean nothing on another: point --source at "
                              "the server that the task was begun with, or reset the task and copy "
                              "anew");
}
