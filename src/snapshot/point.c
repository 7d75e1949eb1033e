/* How the point is taken:
 *
 *   read the schema ──> lock ──> are these still all tables? ──> position A ──> open the views
 *   ──> pin the tables ──> position B ──> unlock ──> read the schema again, compare
 *
 * Position. Under FTWRL nothing commits, so A and B must be equal. Under LOCK TABLES, transactions
 * on other tables may commit between A and B; none of the selected tables can change, so the views
 * show the selected tables as of A, and as of B just as well. The earlier one is taken:
 * transactions between the two, and statements such as CREATE that concern the selection without
 * touching a locked table, come with the stream.
 *
 * Schema. One session reads a row-less SELECT of each table in its view, which holds off DDL on
 * them until the schema has been read again at leisure, with the writers running: the metadata lock
 * stops DDL only. So the tables' definitions belong to the position. Views, routines and the like
 * have no such lock; they are compared before and after, and a change sends the whole back to its
 * start. A table that appeared before the lock also does (its rows would be lost: it was not
 * locked); one that appeared later comes with the stream and is dropped from the schema.
 *
 * Identity. Once the pins are gone a table may be renamed away and another put in its place, which
 * a view reads without complaint (tried on all: only a table that was made or altered after the
 * view opened is refused, by error 1412; MySQL 5.6 shows a truncated one as empty). So InnoDB's
 * table ids are noted under the pins and compared by the dumpers while they hold each table's
 * metadata lock. Where they cannot be told (no PROCESS privilege), the pins stay until the copy is
 * over: DDL waits, on the tables without an id.
 *
 * MariaDB keeps metadata locks over ROLLBACK TO SAVEPOINT in sessions that write to the binlog; so
 * the views' sessions say that they do not, where they may.
 *
 * Engines without transactions have no views. Their tables stay locked until they are copied, by a
 * session apart: docs/decisions/0008.
 *
 * Rejected: reading the schema under the lock; it takes a second per thousand tables, in which
 * nobody could write. */
#include "snapshot/point.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "schema/engine.h"
#include "snapshot/pair.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    POINT_ATTEMPTS_MAX = 5,
    PIN_BATCH_BYTES = 20000,
    NO_SUCH_TABLE = 1146,
    BAD_DB = 1049,
    NOT_BASE_TABLE = 1347,
};

/* What one attempt came to. */
enum outcome { TAKEN, SCHEMA_MOVED };

static void
table_key(struct bs_buf *out, struct bs_str db, struct bs_str name) {
    bs_buf_clear(out);
    bs_buf_put_lenenc_str(out, db);
    bs_buf_put_lenenc_str(out, name);
}

static void
map_tables(struct bs_map *map, const struct bs_schema *schema) {
    struct bs_buf key = {0};
    for (size_t i = 0; i < schema->table_count; i++) {
        table_key(&key, bs_str(schema->tables[i]->db), bs_str(schema->tables[i]->name));
        bs_map_put(map, bs_buf_str(&key), schema->tables[i]);
    }
    bs_buf_fini(&key);
}

/* Are the selected base tables, as they are now, exactly those of schema? Names only: writers wait.
 */
static enum bs_status
check_names(const struct bs_point_config *config, const struct bs_schema *schema, bool *same,
            struct bs_error *err) {
    struct bs_map known = {0};
    struct bs_buf key = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    size_t found = 0;
    *same = true;
    map_tables(&known, schema);
    enum bs_status status =
        bs_sql_query(config->control, &result, err,
                     "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES "
                     "WHERE TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW')");
    while (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
        if (status != BS_OK || fields == NULL) {
            break;
        }
        if (bs_selection_has_table(config->selection, fields[0], fields[1])) {
            table_key(&key, fields[0], fields[1]);
            *same = *same && bs_map_get(&known, bs_buf_str(&key)) != NULL;
            found++;
        }
    }
    *same = *same && found == known.count;
    bs_sql_result_free(result);
    bs_map_fini(&known);
    bs_buf_fini(&key);
    return status;
}

static enum bs_status
leave_binlog(const struct bs_point_config *config, struct bs_sql *view, bool *may,
             struct bs_error *err) {
    if (config->server->flavour != BS_MARIADB || !*may) {
        return BS_OK;
    }
    enum bs_status status = bs_sql_exec(view, err, "SET SESSION sql_log_bin=0");
    if (status != BS_SERVER) {
        return status;
    }
    *may = false;
    bs_log(BS_LOG_WARNING,
           "DDL on the source's tables waits until they are copied (%s); to avoid it: "
           "GRANT BINLOG ADMIN ON *.* TO the account",
           err->message);
    return BS_OK;
}

static enum bs_status
prepare_views(const struct bs_point_config *config, struct bs_error *err) {
    bool may_leave = true;
    enum bs_status status = bs_sql_exec(config->control, err, "ROLLBACK");
    for (size_t i = 0; i < config->view_count && status == BS_OK; i++) {
        status = bs_sql_exec(config->views[i], err, "ROLLBACK");
        if (status == BS_OK) {
            status = leave_binlog(config, config->views[i], &may_leave, err);
        }
        if (status == BS_OK) {
            status = bs_sql_exec(config->views[i], err,
                                 "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        }
    }
    return status;
}

static enum bs_status
open_views(const struct bs_point_config *config, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < config->view_count && status == BS_OK; i++) {
        status = bs_sql_exec(config->views[i], err, "START TRANSACTION WITH CONSISTENT SNAPSHOT");
    }
    for (size_t i = 0; i < config->view_count && status == BS_OK; i++) {
        status = bs_sql_exec(config->views[i], err, "SAVEPOINT " BS_VIEW_SAVEPOINT);
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "opening the views on the source");
}

static enum bs_status
run_batch(struct bs_sql *sql, struct bs_buf *text, struct bs_error *err) {
    bool more = true;
    uint64_t affected;
    unsigned int warnings;
    enum bs_status status = bs_sql_multi_send(sql, bs_buf_str(text), err);
    while (status == BS_OK && more) {
        status = bs_sql_multi_next(sql, &more, &affected, &warnings, err);
    }
    bs_buf_clear(text);
    return status;
}

/* Opens tables once in a transaction of sql's: DDL on them waits from here on. ids: only those
 * tables that have none; NULL: all. Locked tables need none, and would not let this session in. */
static enum bs_status
pin_tables(struct bs_sql *sql, const struct bs_schema *schema, const uint64_t *ids,
           struct bs_error *err) {
    struct bs_buf text = {0};
    enum bs_status status = BS_OK;
    for (size_t i = 0; i <= schema->table_count && status == BS_OK; i++) {
        if (i < schema->table_count && (ids == NULL || ids[i] == 0) &&
            !bs_lock_is_long(schema->tables[i])) {
            bs_buf_puts(&text, text.len > 0 ? "; SELECT 1 FROM " : "SELECT 1 FROM ");
            bs_sql_put_table(&text, bs_str(schema->tables[i]->db), bs_str(schema->tables[i]->name));
            bs_buf_puts(&text, " LIMIT 0");
        }
        if (text.len > PIN_BATCH_BYTES || (i == schema->table_count && text.len > 0)) {
            status = run_batch(sql, &text, err);
        }
    }
    bs_buf_fini(&text);
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "holding off DDL on the source's tables");
}

static bool
positions_equal(const struct bs_position *a, const struct bs_position *b) {
    return strcmp(a->file, b->file) == 0 && a->pos == b->pos && strcmp(a->gtid, b->gtid) == 0;
}

static enum bs_status
check_positions(const struct bs_lock *lock, const struct bs_position *before,
                const struct bs_position *after, struct bs_error *err) {
    if (positions_equal(before, after)) {
        return BS_OK;
    }
    if (lock->kind == BS_CONSISTENCY_FTWRL) {
        return bs_error_set(err, BS_PROTOCOL,
                            "the source's binlog went on from %s:%" PRIu64 " to %s:%" PRIu64
                            " under FLUSH TABLES WITH READ LOCK",
                            before->file, before->pos, after->file, after->pos);
    }
    bs_log(BS_LOG_DEBUG,
           "other tables were written while the views opened: %s:%" PRIu64 " to %s:%" PRIu64
           "; the earlier position is the snapshot's",
           before->file, before->pos, after->file, after->pos);
    return BS_OK;
}

/* All that happens under the lock. */
static enum bs_status
take_locked(const struct bs_point_config *config, const struct bs_lock *lock,
            const struct bs_schema *schema, struct bs_point *point, enum outcome *outcome,
            struct bs_error *err) {
    struct bs_position after = {0};
    bool same = false;
    enum bs_status status = check_names(config, schema, &same, err);
    *outcome = same ? TAKEN : SCHEMA_MOVED;
    if (status != BS_OK || !same) {
        return status;
    }
    status = bs_catalog_position(config->control, config->server, &point->position, err);
    if (status == BS_OK) {
        status = open_views(config, err);
    }
    if (status == BS_OK) {
        status = pin_tables(config->views[0], schema, NULL, err);
    }
    if (status == BS_OK) {
        status = bs_catalog_position(config->control, config->server, &after, err);
    }
    if (status == BS_OK) {
        status = check_positions(lock, &point->position, &after, err);
    }
    bs_position_fini(&after);
    return status;
}

static bool
objects_equal(const struct bs_schema *a, const struct bs_schema *b) {
    if (a->object_count != b->object_count) {
        return false;
    }
    for (size_t i = 0; i < a->object_count; i++) {
        const struct bs_object *x = &a->objects[i];
        const struct bs_object *y = &b->objects[i];
        if (x->kind != y->kind || strcmp(x->db, y->db) != 0 || strcmp(x->name, y->name) != 0 ||
            strcmp(x->create != NULL ? x->create : "", y->create != NULL ? y->create : "") != 0) {
            return false;
        }
    }
    return true;
}

/* Drops the tables that were created after the point from the newer reading. */
static bool
keep_known_tables(struct bs_schema *schema, const struct bs_schema *known) {
    struct bs_map map = {0};
    struct bs_buf key = {0};
    size_t kept = 0;
    map_tables(&map, known);
    for (size_t i = 0; i < schema->table_count; i++) {
        struct bs_table *table = schema->tables[i];
        table_key(&key, bs_str(table->db), bs_str(table->name));
        if (bs_map_get(&map, bs_buf_str(&key)) != NULL) {
            schema->tables[kept++] = table;
        } else {
            bs_table_free(table);
        }
    }
    schema->table_count = kept;
    bs_map_fini(&map);
    bs_buf_fini(&key);
    return kept == known->table_count;
}

/* Under the pins. The tables without an id get a pin that lasts. */
static enum bs_status
note_identities(const struct bs_point_config *config, struct bs_point *point,
                struct bs_error *err) {
    const struct bs_schema *schema = point->schema;
    size_t unknown = 0;
    enum bs_status status = BS_OK;
    point->table_ids = bs_zalloc((schema->table_count + 1) * sizeof *point->table_ids);
    for (size_t i = 0; i < schema->table_count && status == BS_OK; i++) {
        status = bs_catalog_table_id(config->control, config->server, bs_str(schema->tables[i]->db),
                                     bs_str(schema->tables[i]->name), &point->table_ids[i], err);
        unknown += point->table_ids[i] == 0 && !bs_lock_is_long(schema->tables[i]) ? 1 : 0;
    }
    if (status != BS_OK || unknown == 0) {
        return status;
    }
    bs_log(BS_LOG_INFO,
           "DDL on %zu of the source's tables waits until the copy is over: InnoDB's ids of "
           "them are not to be had",
           unknown);
    status = bs_sql_exec(config->control, err, "START TRANSACTION");
    return status == BS_OK ? pin_tables(config->control, schema, point->table_ids, err) : status;
}

static enum bs_status
read_again(const struct bs_point_config *config, const struct bs_schema *first,
           struct bs_point *point, enum outcome *outcome, struct bs_error *err) {
    enum bs_status status =
        bs_catalog_schema(config->control, config->server, config->selection, &point->schema, err);
    if (status == BS_OK &&
        (!keep_known_tables(point->schema, first) || !objects_equal(first, point->schema))) {
        *outcome = SCHEMA_MOVED;
    }
    if (status == BS_OK && *outcome == TAKEN) {
        status = note_identities(config, point, err);
    }
    if (status == BS_OK) {
        status = bs_sql_exec(config->views[0], err, "ROLLBACK TO SAVEPOINT " BS_VIEW_SAVEPOINT);
    }
    return status;
}

static bool
is_gone(const struct bs_error *err) {
    return err->status == BS_SERVER &&
           (err->sql_errno == NO_SUCH_TABLE || err->sql_errno == BAD_DB ||
            err->sql_errno == NOT_BASE_TABLE);
}

static void
keep_long_lock(struct bs_lock *lock, struct bs_point *point) {
    point->locked_sql = lock->long_sql;
    point->locked_since_us = lock->granted_us;
    lock->long_sql = NULL;
}

static enum bs_status
try_point(const struct bs_point_config *config, const struct bs_schema *schema,
          struct bs_point *point, enum outcome *outcome, struct bs_error *err) {
    struct bs_lock lock;
    enum bs_status status = bs_lock_take(&lock, config, schema, err);
    if (status != BS_OK && is_gone(err)) {
        *outcome = SCHEMA_MOVED;
        return BS_OK;
    }
    if (status == BS_OK) {
        status = take_locked(config, &lock, schema, point, outcome, err);
        if (status == BS_OK && *outcome == TAKEN) {
            keep_long_lock(&lock, point);
        }
        point->locked_ms = bs_lock_release(&lock);
    }
    if (status == BS_OK && *outcome == TAKEN) {
        point->consistency =
            lock.kind == BS_CONSISTENCY_FTWRL ? "flush tables with read lock" : "lock tables";
        status = read_again(config, schema, point, outcome, err);
    }
    return status;
}

static enum bs_status
check_engine(const struct bs_table *table, bool keep_engines, struct bs_error *err) {
    const char *obstacle = keep_engines ? NULL : bs_engine_obstacle(table);
    if (bs_engine_kind(table->engine) == BS_ENGINE_REFUSED) {
        bs_error_set(err, BS_PRECHECK,
                     "table %s.%s is of engine %s and cannot be moved: tables of it %s", table->db,
                     table->name, table->engine != NULL ? table->engine : "unknown",
                     bs_engine_problem(table->engine));
        return bs_error_hint(err, "turn it into InnoDB, or leave it out: --exclude-tables '%s.%s'",
                             table->db, table->name);
    }
    if (obstacle != NULL) {
        bs_error_set(err, BS_PRECHECK, "table %s.%s (%s) cannot become InnoDB: %s", table->db,
                     table->name, table->engine, obstacle);
        return bs_error_hint(err,
                             "add a key that begins with that column, or take --keep-engines, or "
                             "leave it out: --exclude-tables '%s.%s'",
                             table->db, table->name);
    }
    return BS_OK;
}

static enum bs_status
check_tables(const struct bs_schema *schema, bool keep_engines, struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (schema->table_count == 0) {
        return bs_error_set(err, BS_CONFIG, "the selection holds no table of the source");
    }
    for (size_t i = 0; i < schema->table_count && status == BS_OK; i++) {
        status = check_engine(schema->tables[i], keep_engines, err);
    }
    return status;
}

/* On MariaDB each view knows its own position; under the lock it says nothing new, but belongs into
 * a log that shall explain a difference. */
static void
log_view_positions(const struct bs_point_config *config) {
    for (size_t i = 0; i < config->view_count && config->server->flavour == BS_MARIADB; i++) {
        struct bs_sql_result *result = NULL;
        const struct bs_str *fields = NULL;
        if (bs_sql_query(config->views[i], &result, NULL,
                         "SHOW STATUS LIKE 'binlog_snapshot_%%'") != BS_OK) {
            return;
        }
        while (bs_sql_next(result, &fields, NULL) == BS_OK && fields != NULL) {
            bs_log(BS_LOG_DEBUG, "view %zu: %s = %s", i, fields[0].data, fields[1].data);
        }
        bs_sql_result_free(result);
    }
}

enum bs_status
bs_point_take(const struct bs_point_config *config, struct bs_point *point, struct bs_error *err) {
    enum outcome outcome = SCHEMA_MOVED;
    enum bs_status status = BS_OK;
    memset(point, 0, sizeof *point);
    for (int attempt = 0; status == BS_OK && outcome == SCHEMA_MOVED; attempt++) {
        struct bs_schema *schema = NULL;
        if (attempt == POINT_ATTEMPTS_MAX) {
            bs_error_set(err, BS_SCHEMA,
                         "the source's schema changed %d times in a row while the "
                         "snapshot's position was being taken",
                         attempt);
            return bs_error_hint(err, "run again when fewer CREATE, ALTER and DROP statements run");
        }
        bs_point_fini(point);
        status =
            bs_catalog_schema(config->control, config->server, config->selection, &schema, err);
        if (status == BS_OK) {
            status = check_tables(schema, config->keep_engines, err);
        }
        if (status == BS_OK) {
            status = prepare_views(config, err);
        }
        if (status == BS_OK) {
            status = try_point(config, schema, point, &outcome, err);
        }
        bs_schema_free(schema);
    }
    if (status == BS_OK) {
        log_view_positions(config);
    }
    return status;
}

void
bs_point_fini(struct bs_point *point) {
    bs_position_fini(&point->position);
    bs_schema_free(point->schema);
    bs_sql_close(point->locked_sql);
    free(point->table_ids);
    memset(point, 0, sizeof *point);
}
