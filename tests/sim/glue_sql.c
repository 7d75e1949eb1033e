/* What src/apply and src/state ask of src/sql, and how rows become statements, for the simulated
 * target. A batch's text holds the real statements of the state, and the changes of rows as
 * records. */
#include "sim.h"

#include "apply/batch.h"
#include "apply/bulk_insert.h"
#include "apply/change.h"
#include "base/mem.h"
#include "sql/session.h"
#include "state/node.h"
#include "state/state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_OF_RANGE = 1690 };

struct bs_sql {
    struct sim_session *session;
    struct sim_client *client;
    uint64_t id;
    bool is_cut;
    struct sim_statement *sent;
    const struct sim_statement *packet_at; /* of sent: where the next batch's statements begin */
    bool is_read;
};

struct bs_sql_result {
    struct sim_result rows;
    int next;
};

static const unsigned int LOST = 2013;

static bool
is_lost(const struct bs_sql *sql) {
    return sql->is_cut || sim_client_is_dead(sql->client) ||
           !sim_session_is_alive(sql->session, sql->id);
}

static enum bs_status
lost(struct bs_error *err) {
    bs_error_set(err, BS_IO, "the connection is lost");
    if (err != NULL) {
        err->sql_errno = LOST;
    }
    return BS_IO;
}

static bool
is_over(void *arg) {
    const struct bs_sql *sql = arg;
    return is_lost(sql) || sim_session_has_answered(sql->session);
}

enum bs_status
bs_sql_connect(struct bs_sql **sql, const struct bs_endpoint *endpoint,
               const struct bs_sql_options *options, struct bs_error *err) {
    (void)endpoint;
    (void)options;
    *sql = NULL;
    sim_yield();
    struct sim_client *client = sim_thread_client();
    if (sim_client_is_dead(client)) {
        return lost(err);
    }
    struct bs_sql *made = bs_zalloc(sizeof *made);
    made->client = client;
    made->session = sim_session_open(client);
    made->id = sim_session_id(made->session);
    *sql = made;
    sim_yield(); /* it may stand still here, before the session has its slot */
    return BS_OK;
}

void
bs_sql_close(struct bs_sql *sql) {
    if (sql != NULL) {
        sim_session_leave(sql->session, sql->id, true);
        free(sql);
    }
}

void
bs_sql_cut(const struct bs_sql *sql) {
    sim_session_leave(sql->session, sql->id, sim_one_in(&sim_random, 2));
}

void
bs_sql_thread_begin(void) {
}

void
bs_sql_thread_end(void) {
}

uint64_t
bs_sql_connection_id(const struct bs_sql *sql) {
    return sql->id;
}

static void
send_list(struct bs_sql *sql, struct sim_statement *list, int count) {
    sql->sent = list;
    sql->is_read = false;
    sim_session_send(sql->session, list, count);
}

static enum bs_status
await(struct bs_sql *sql, struct bs_error *err) {
    sim_wait(is_over, sql);
    return is_lost(sql) ? lost(err) : BS_OK;
}

static enum bs_status
told(const struct sim_statement *statement, struct bs_error *err) {
    if (statement->error == 0) {
        return BS_OK;
    }
    bs_error_set(err, BS_SERVER, "error %u", statement->error);
    if (err != NULL) {
        err->sql_errno = statement->error;
    }
    return BS_SERVER;
}

static struct sim_statement *
statement_of(struct bs_str text) {
    struct sim_statement *statement = bs_arena_alloc(&sim_arena, sizeof *statement);
    *statement = (struct sim_statement){.text = bs_arena_copy(&sim_arena, text.data, text.len)};
    return statement;
}

enum bs_status
bs_sql_run(struct bs_sql *sql, struct bs_str text, struct bs_error *err) {
    if (is_lost(sql)) {
        return lost(err);
    }
    struct sim_statement *statement = statement_of(text);
    send_list(sql, statement, 1);
    enum bs_status status = await(sql, err);
    return status == BS_OK ? told(statement, err) : status;
}

static enum bs_status
run_format(struct bs_sql *sql, struct bs_error *err, const char *fmt, va_list args) {
    char text[8192];
    int len = vsnprintf(text, sizeof text, fmt, args);
    return bs_sql_run(sql, (struct bs_str){text, (size_t)len}, err);
}

enum bs_status
bs_sql_exec(struct bs_sql *sql, struct bs_error *err, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    enum bs_status status = run_format(sql, err, fmt, args);
    va_end(args);
    return status;
}

enum bs_status
bs_sql_query(struct bs_sql *sql, struct bs_sql_result **result, struct bs_error *err,
             const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    enum bs_status status = run_format(sql, err, fmt, args);
    va_end(args);
    *result = NULL;
    if (status == BS_OK) {
        *result = bs_zalloc(sizeof **result);
        (*result)->rows = sim_session_result(sql->session);
    }
    return status;
}

enum bs_status
bs_sql_next(struct bs_sql_result *result, const struct bs_str **fields, struct bs_error *err) {
    (void)err;
    *fields = result->next < result->rows.rows
                  ? &result->rows.fields[result->next++ * result->rows.columns]
                  : NULL;
    return BS_OK;
}

void
bs_sql_result_free(struct bs_sql_result *result) {
    free(result);
}

enum bs_status
bs_sql_value(struct bs_sql *sql, struct bs_buf *value, bool *found, struct bs_error *err,
             const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    enum bs_status status = run_format(sql, err, fmt, args);
    va_end(args);
    *found = false;
    if (status == BS_OK && sim_session_result(sql->session).rows > 0) {
        *found = true;
        bs_buf_put_str(value, sim_session_result(sql->session).fields[0]);
    }
    return status;
}

enum bs_status
bs_sql_variable(struct bs_sql *sql, const char *name, bool global, struct bs_buf *value,
                bool *found, struct bs_error *err) {
    (void)global;
    *found = true;
    bs_buf_puts(value, strcmp(name, "max_allowed_packet") == 0 ? "67108864" : "InnoDB");
    return is_lost(sql) ? lost(err) : BS_OK;
}

enum bs_status
bs_sql_limit_row_waits(struct bs_sql *sql, int64_t seconds, struct bs_error *err) {
    if (is_lost(sql)) {
        return lost(err);
    }
    sim_session_limit_waits(sql->session, seconds > 0);
    return BS_OK;
}

enum bs_status
bs_sql_multi_send(struct bs_sql *sql, struct bs_str text, struct bs_error *err) {
    if (is_lost(sql)) {
        return lost(err);
    }
    send_list(sql, statement_of(text), 1);
    return BS_OK;
}

enum bs_status
bs_sql_multi_next(struct bs_sql *sql, bool *more, uint64_t *affected, unsigned int *warnings,
                  struct bs_error *err) {
    *more = !sql->is_read;
    *affected = 0;
    *warnings = 0;
    if (sql->is_read) {
        return BS_OK;
    }
    enum bs_status status = await(sql, err);
    sql->is_read = true;
    return status == BS_OK ? told(sql->sent, err) : status;
}

uint64_t
bs_sql_affected(const struct bs_sql *sql) {
    return sql->sent->affected;
}

/* Some targets take rows as values in binary: such rows leave the batch's order. */
bool
bs_sql_can_bulk(const struct bs_sql *sql) {
    (void)sql;
    return sim_one_in(&sim_random, 2);
}

/* The simulated target is on its own. */

enum bs_status
bs_node_read(struct bs_sql *sql, struct bs_node *node, struct bs_error *err) {
    (void)err;
    (void)sql;
    *node = (struct bs_node){.cluster = BS_CLUSTER_NONE};
    return BS_OK;
}

enum bs_status
bs_node_read_all(struct bs_sql *sql, const struct bs_node *own, bool on, struct bs_error *err) {
    (void)sql;
    (void)own;
    (void)on;
    (void)err;
    return BS_OK;
}

enum bs_status
bs_node_is_member(struct bs_sql *sql, const struct bs_node *own, const char *id, bool *is_member,
                  struct bs_error *err) {
    (void)sql;
    (void)own;
    (void)id;
    (void)err;
    *is_member = false;
    return BS_OK;
}

enum bs_status
bs_state_save_report(struct bs_sql *sql, const struct bs_state *state, const char *kind,
                     const char *json, struct bs_error *err) {
    (void)sql;
    (void)state;
    (void)kind;
    (void)json;
    (void)err;
    return BS_OK;
}

enum bs_status
bs_state_load_report(struct bs_sql *sql, const struct bs_state *state, const char *kind,
                     char **json, struct bs_error *err) {
    (void)sql;
    (void)state;
    (void)kind;
    (void)err;
    *json = NULL;
    return BS_OK;
}

/* Batches. */

void
bs_batch_fini(struct bs_batch *batch) {
    bs_buf_fini(&batch->sql);
    free(batch->expects);
    *batch = (struct bs_batch){0};
}

void
bs_batch_clear(struct bs_batch *batch) {
    bs_buf_clear(&batch->sql);
    batch->count = 0;
}

/* Often, so that a transaction goes to the target in pieces. */
bool
bs_batch_is_full(const struct bs_batch *batch) {
    enum { STATEMENTS = 6 };
    return batch->count >= STATEMENTS;
}

struct bs_expect *
bs_batch_open(struct bs_batch *batch, enum bs_expect_kind kind) {
    void *expects = batch->expects;
    bs_array_grow(&expects, &batch->cap, batch->count, sizeof *batch->expects);
    batch->expects = expects;
    struct bs_expect *expect = &batch->expects[batch->count++];
    *expect = (struct bs_expect){.kind = kind, .text_from = batch->sql.len};
    return expect;
}

void
bs_batch_close(struct bs_batch *batch) {
    bs_buf_put_u8(&batch->sql, 0);
}

void
bs_batch_put(struct bs_batch *batch, enum bs_expect_kind kind, const char *sql) {
    (void)bs_batch_open(batch, kind);
    bs_buf_puts(&batch->sql, sql);
    bs_batch_close(batch);
}

static struct sim_statement *
list_of(const struct bs_batch *batch, bool is_guarded) {
    size_t cap = batch->count + 3; /* COMMIT, and what a seeded bug adds */
    struct sim_statement *list = bs_arena_alloc(&sim_arena, cap * sizeof *list);
    memset(list, 0, cap * sizeof *list);
    char *text = bs_arena_copy(&sim_arena, batch->sql.data, batch->sql.len);
    for (size_t i = 0; i < batch->count; i++) {
        const struct bs_expect *expect = &batch->expects[i];
        list[i].is_row = expect->kind == BS_EXPECT_ROWS;
        list[i].is_checkpoint = expect->kind == BS_EXPECT_CHECKPOINT;
        list[i].is_guarded = is_guarded && expect->kind != BS_EXPECT_ANY;
        list[i].text = text + expect->text_from;
        if (list[i].is_row) {
            memcpy(&list[i].change, text + expect->text_from, sizeof list[i].change);
        }
    }
    return list;
}

/* Seeded bugs that are about which statements are sent. */

static void
put_inserts_first(struct sim_statement *list, size_t count) {
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (!list[i].is_row) {
            at = i + 1;
        } else if (list[i].change.kind == SIM_INSERT) {
            struct sim_statement moved = list[i];
            memmove(list + at + 1, list + at, (i - at) * sizeof *list);
            list[at++] = moved;
        }
    }
}

/* The source transaction's second half becomes a target transaction of its own. */
static size_t
cut_in_two(struct sim_statement *list, size_t count) {
    size_t last = 0;
    for (size_t i = 0; i < count; i++) {
        last = list[i].is_row ? i : last;
    }
    if (last < 2 || !list[last - 1].is_row) {
        return count;
    }
    memmove(list + last + 2, list + last, (count - last) * sizeof *list);
    list[last] = (struct sim_statement){.text = "COMMIT"};
    list[last + 1] = (struct sim_statement){.text = "BEGIN"};
    return count + 2;
}

static enum bs_status
conflict(const struct bs_expect *expect, struct bs_error *err) {
    if (expect->kind != BS_EXPECT_ROWS) {
        return bs_error_set(err, BS_FENCED, "another one has taken the task over");
    }
    return bs_error_set(err, BS_CONFLICT, "not as many rows as expected");
}

static enum bs_status
check(const struct bs_expect *expect, const struct sim_statement *statement, struct bs_error *err) {
    enum bs_status status = told(statement, err);
    bool is_wrong = expect->kind != BS_EXPECT_ANY && statement->affected != 1;
    bool is_all = status == BS_OK || statement->error == OUT_OF_RANGE;
    return is_wrong && is_all ? conflict(expect, err) : status;
}

/* The answers of the statements of one batch, and of the COMMIT behind them, if commits. */
static enum bs_status
check_answers(const struct bs_batch *batch, const struct sim_statement *list, size_t count,
              bool commits, struct bs_error *err) {
    bool is_spoilt = count != batch->count + commits;
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < batch->count && status == BS_OK && !is_spoilt; i++) {
        status = check(&batch->expects[i], &list[i], err);
    }
    for (size_t i = 0; i < count && status == BS_OK; i++) {
        status = told(&list[i], err);
    }
    bool is_committed = commits && list[count - 1].is_run && list[count - 1].error == 0;
    if (is_committed && status != BS_OK && status != BS_IO) {
        status = bs_error_set(err, BS_IO, "it went on behind a wrong count");
    }
    return status;
}

static struct sim_statement *
statements_of(const struct bs_batch *batch, bool commits, size_t *count) {
    struct sim_statement *list = list_of(batch, commits);
    *count = batch->count;
    if (sim_bug == SIM_BUG_INSERTS_FIRST) {
        put_inserts_first(list, *count);
    } else if (sim_bug == SIM_BUG_CUT) {
        *count = cut_in_two(list, *count);
    }
    if (commits) {
        list[(*count)++] = (struct sim_statement){.text = "COMMIT"};
    }
    return list;
}

enum bs_status
bs_batch_send(struct bs_batch *batch, struct bs_sql *sql, struct bs_error *err) {
    size_t count;
    if (is_lost(sql)) {
        bs_batch_clear(batch);
        return lost(err);
    }
    struct sim_statement *list = statements_of(batch, false, &count);
    send_list(sql, list, (int)count);
    enum bs_status status = await(sql, err);
    status = status == BS_OK ? check_answers(batch, list, count, false, err) : status;
    bs_batch_clear(batch);
    return status;
}

bool
bs_batch_can_commit(const struct bs_batch *batch) {
    enum { STATEMENTS_MAX = 8 }; /* both ways are seen */
    return batch->count <= STATEMENTS_MAX;
}

/* A packet holds the statements themselves. */
void
bs_batch_put_commit(const struct bs_batch *batch, struct bs_buf *packet) {
    size_t count;
    struct sim_statement *list = statements_of(batch, true, &count);
    list[count - 1].ends_batch = true;
    bs_buf_put(packet, list, count * sizeof *list);
}

void
bs_batch_put_behind(struct bs_buf *packet, const char *sql) {
    struct sim_statement statement = {.text = sql, .ends_batch = true};
    bs_buf_put(packet, &statement, sizeof statement);
}

enum bs_status
bs_batch_read_behind(struct bs_sql *sql, struct bs_error *err) {
    bool is_run = sql->packet_at++->is_run;
    return is_run ? BS_OK : lost(err);
}

enum bs_status
bs_batch_send_packet(const struct bs_buf *packet, struct bs_sql *sql, struct bs_error *err) {
    if (is_lost(sql)) {
        return lost(err);
    }
    struct sim_statement *list = bs_arena_alloc(&sim_arena, packet->len);
    memcpy(list, packet->data, packet->len);
    sql->packet_at = list;
    send_list(sql, list, (int)(packet->len / sizeof *list));
    return BS_OK;
}

enum bs_status
bs_batch_read_commit(const struct bs_batch *batch, struct bs_sql *sql, bool is_last,
                     struct bs_spent *spent, struct bs_error *err) {
    (void)is_last;
    (void)spent;
    size_t count = 1;
    enum bs_status status = await(sql, err);
    const struct sim_statement *list = sql->packet_at;
    while (!list[count - 1].ends_batch) {
        count++;
    }
    sql->packet_at += count;
    return status == BS_OK ? check_answers(batch, list, count, true, err) : status;
}

/* Changes of rows. */

void
bs_change_init(struct bs_change *change, struct bs_batch *batch,
               const struct bs_target_table *table, struct bs_origin origin) {
    *change = (struct bs_change){.batch = batch, .table = table, .origin = origin};
}

void
bs_change_finish(struct bs_change *change) {
    (void)change;
}

static int
table_number(const struct bs_table *model) {
    for (int i = 0; i < SIM_TABLES; i++) {
        if (strcmp(sim_tables[i].name, model->name) == 0) {
            return i;
        }
    }
    abort();
}

static void
read_values(const struct bs_table *model, const struct bs_value *values, struct sim_row *row) {
    for (size_t i = 0; values != NULL && i < model->column_count; i++) {
        row->c[i] = values[i].kind == BS_VALUE_NULL ? SIM_NULL : (int32_t)values[i].i64;
        for (int t = 0; values[i].kind == BS_VALUE_BYTES && t < SIM_TEXTS; t++) {
            if (values[i].text.data == sim_texts[t].data) {
                row->c[i] = t;
            }
        }
    }
}

static void
put_change(struct bs_change *change, enum sim_kind kind, const struct bs_value *before,
           const struct bs_value *after) {
    const struct bs_table *model = change->table->model;
    struct sim_change made = {.table = (uint8_t)table_number(model), .kind = (uint8_t)kind};
    read_values(model, before, &made.before);
    read_values(model, after, &made.after);
    (void)bs_batch_open(change->batch, BS_EXPECT_ROWS);
    bs_buf_put(&change->batch->sql, &made, sizeof made);
    bs_batch_close(change->batch);
}

void
bs_change_insert(struct bs_change *change, const struct bs_value *values) {
    put_change(change, SIM_INSERT, NULL, values);
}

void
bs_change_delete(struct bs_change *change, const struct bs_value *values) {
    put_change(change, SIM_DELETE, values, NULL);
}

void
bs_change_absent(struct bs_change *change, const struct bs_value *values) {
    put_change(change, SIM_ABSENT, values, NULL);
}

void
bs_change_update(struct bs_change *change, const struct bs_value *before,
                 const struct bs_value *after) {
    put_change(change, SIM_UPDATE, before, after);
}

bool
bs_change_can_upsert(const struct bs_target_table *table, const struct bs_value *after) {
    (void)after;
    return table->upsert_tail.len > 0;
}

void
bs_change_upsert(struct bs_change *change, const struct bs_value *after) {
    put_change(change, SIM_UPSERT, NULL, after);
}

bool
bs_bulk_insert_suits_table(const struct bs_lane *lane, const struct bs_target_table *table) {
    return lane->has_bulk && !table->references_itself;
}

bool
bs_bulk_insert_suits(const struct bs_lane *lane, const struct bs_target_table *table,
                     const struct bs_value *values) {
    (void)lane;
    (void)table;
    (void)values;
    return true;
}

enum bs_status
bs_bulk_insert_open(struct bs_bulk_insert *insert, struct bs_lane *lane,
                    const struct bs_target_table *table, bool *opened, struct bs_error *err) {
    *insert = (struct bs_bulk_insert){.lane = lane, .table = table};
    *opened = true;
    return bs_lane_flush(lane, err);
}

enum bs_status
bs_bulk_insert_add(struct bs_bulk_insert *insert, const struct bs_value *values,
                   const struct bs_origin *origin, struct bs_error *err) {
    struct bs_change change;
    bs_change_init(&change, &insert->lane->batch, insert->table, *origin);
    bs_change_insert(&change, values);
    return bs_lane_flush_full(insert->lane, err);
}

enum bs_status
bs_bulk_insert_end(struct bs_bulk_insert *insert, struct bs_error *err) {
    return bs_lane_flush(insert->lane, err);
}

void
bs_bulk_insert_close(struct bs_bulk_insert *insert) {
    (void)insert;
}

void
bs_change_add(struct bs_change *change, const struct bs_rows *rows) {
    enum sim_kind kind = rows->change == BS_ROW_INSERT   ? SIM_INSERT
                         : rows->change == BS_ROW_UPDATE ? SIM_UPDATE
                                                         : SIM_DELETE;
    put_change(change, kind, rows->before, rows->after);
}
