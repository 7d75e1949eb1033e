/* How the point is taken:
 *
 *   read the schema ──> lock ──> position A ──> open the views ──> pin the tables ──> position B
 *   ──> are these still all tables? ──> unlock ──> read the schema again, compare
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
 * start. A table that appeared before position B also does (its rows would be lost: it was not
 * locked, and its CREATE may be before position A); one that appeared later comes with the stream
 * and is dropped from the schema.
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
 * DDL that comes between the lock and the pins would make the pin of its table wait behind it, and
 * it waits for the lock: so a pin waits for a second at most, and then the whole goes back to its
 * start (seen on MariaDB 10.11 and MySQL 9.7).
 *
 * Rejected: reading the schema under the lock; it takes a second per thousand tables, in which
 * nobody could write. */
#include "snapshot/point.h"

#include "base/clock.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/stop.h"
#include "catalog/catalog.h"
#include "schema/engine.h"
#include "snapshot/free_point.h"
#include "snapshot/pair.h"
#include "snapshot/views.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    POINT_ATTEMPTS_MAX = 10,
    POINT_PAUSE_MS = 100, /* after the first attempt; twice that after the next: a minute in all */
    PAUSE_STEP_MS = 100,
    NO_SUCH_TABLE = 1146,
    BAD_DB = 1049,
    NOT_BASE_TABLE = 1347,
};

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
take_locked(const struct bs_point_config *config, struct bs_lock *lock,
            const struct bs_schema *schema, struct bs_point *point, enum bs_point_outcome *outcome,
            struct bs_error *err) {
    struct bs_position after = {0};
    bool same = false;
    enum bs_status status =
        bs_catalog_position(config->control, config->server, &point->position, err);
    if (status == BS_OK) {
        status = bs_views_open(config, 0, config->view_count, err);
    }
    if (status == BS_OK) {
        status = bs_views_pin(config->views[0], schema, NULL, err);
    }
    if (status == BS_OK) {
        status = bs_catalog_position(config->control, config->server, &after, err);
    }
    if (status == BS_OK) {
        status = check_positions(lock, &point->position, &after, err);
    }
    if (status == BS_OK) {
        status = bs_views_check_names(config, schema, &same, err);
        *outcome = same ? BS_POINT_TAKEN : BS_POINT_MOVED;
    }
    if (status == BS_OK && !bs_lock_is_held(lock)) {
        *outcome = BS_POINT_MOVED;
    }
    bs_position_fini(&after);
    if (status != BS_OK && bs_views_is_kept_out(err)) {
        bs_log(BS_LOG_INFO, "DDL came to a table while its position was taken: trying again");
        bs_error_clear(err);
        *outcome = BS_POINT_MOVED;
        status = BS_OK;
    }
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
    bs_views_map_tables(&map, known);
    for (size_t i = 0; i < schema->table_count; i++) {
        struct bs_table *table = schema->tables[i];
        bs_views_table_key(&key, bs_str(table->db), bs_str(table->name));
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

/* A view that keeps what it opens, or tables of which nobody can tell whether it is them that are
 * read: DDL on them waits, and each view has to hold them from the start. The control session does
 * while the first view lets go of all its pins. */
static enum bs_status
hold_for_good(const struct bs_point_config *config, const struct bs_point *point,
              struct bs_error *err) {
    const uint64_t *ids = point->keeps_tables ? NULL : point->table_ids;
    enum bs_status status = bs_sql_exec(config->control, err, "START TRANSACTION");
    if (status == BS_OK) {
        status = bs_views_pin(config->control, point->schema, ids, err);
    }
    if (status == BS_OK) {
        status = bs_views_hold(config, point->schema, ids, err);
    }
    return status == BS_OK ? bs_sql_exec(config->control, err, "ROLLBACK") : status;
}

/* Under the pins. The tables without an id are held until the copy is over. */
static enum bs_status
note_identities(const struct bs_point_config *config, struct bs_point *point,
                struct bs_error *err) {
    const struct bs_schema *schema = point->schema;
    size_t unknown = 0;
    enum bs_status status = BS_OK;
    struct bs_table_name *names = bs_zalloc((schema->table_count + 1) * sizeof *names);
    point->table_ids = bs_zalloc((schema->table_count + 1) * sizeof *point->table_ids);
    for (size_t i = 0; i < schema->table_count; i++) {
        names[i] =
            (struct bs_table_name){bs_str(schema->tables[i]->db), bs_str(schema->tables[i]->name)};
    }
    status = bs_catalog_table_ids(config->control, config->server, names, schema->table_count,
                                  point->table_ids, err);
    free(names);
    for (size_t i = 0; i < schema->table_count; i++) {
        unknown += point->table_ids[i] == 0 && !bs_lock_is_long(schema->tables[i]) ? 1 : 0;
    }
    if (status == BS_OK && unknown > 0) {
        bs_log(BS_LOG_WARNING,
               "DDL on %zu of the source's tables waits until the copy is over, and who writes to "
               "the table then waits behind it: InnoDB's ids of them are not to be had; to avoid "
               "it: GRANT PROCESS ON *.* TO the account",
               unknown);
    }
    bool holds = unknown > 0 || point->keeps_tables;
    return status == BS_OK && holds ? hold_for_good(config, point, err) : status;
}

static enum bs_status
read_again(const struct bs_point_config *config, const struct bs_schema *first,
           struct bs_point *point, enum bs_point_outcome *outcome, struct bs_error *err) {
    enum bs_status status =
        bs_catalog_schema(config->control, config->server, config->selection, &point->schema, err);
    if (status == BS_OK &&
        (!keep_known_tables(point->schema, first) || !objects_equal(first, point->schema))) {
        *outcome = BS_POINT_MOVED;
    }
    if (status == BS_OK && *outcome == BS_POINT_TAKEN) {
        status = note_identities(config, point, err);
    }
    if (status != BS_OK && bs_views_is_kept_out(err)) {
        bs_log(BS_LOG_INFO, "DDL waits for a table whose position was taken: trying again");
        bs_error_clear(err);
        *outcome = BS_POINT_MOVED;
        status = BS_OK;
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

static bool
may_be_free(const struct bs_point_config *config, const struct bs_schema *schema,
            const struct bs_error *err) {
    bool is_denied = err->status == BS_PRECHECK && config->consistency == BS_CONSISTENCY_AUTO;
    return is_denied && bs_free_point_obstacle(config, schema) == NULL;
}

static enum bs_status
try_free_point(const struct bs_point_config *config, const struct bs_schema *schema,
               struct bs_point *point, enum bs_point_outcome *outcome, struct bs_error *err) {
    const char *obstacle = bs_free_point_obstacle(config, schema);
    if (obstacle != NULL) {
        bs_error_set(err, BS_PRECHECK, "--consistency=lock-free cannot be: %s", obstacle);
        return bs_error_hint(err, "take --consistency=lock-tables, which locks the tables for an "
                                  "instant");
    }
    enum bs_status status = bs_free_point_take(config, schema, point, outcome, err);
    if (status == BS_OK && *outcome == BS_POINT_TAKEN) {
        status = read_again(config, schema, point, outcome, err);
    }
    return status == BS_OK ? bs_views_limit_pins(config, false, err) : status;
}

/* Of the lock that auto was granted. */
static void
tell_reason(struct bs_point *point, const struct bs_lock *lock) {
    if (lock->kind == BS_CONSISTENCY_FTWRL) {
        (void)snprintf(point->reason, sizeof point->reason, "LOCK TABLES is not allowed: %s",
                       lock->denied);
    } else {
        (void)snprintf(point->reason, sizeof point->reason,
                       "LOCK TABLES is allowed, and holds up those only who write to these tables");
    }
}

static enum bs_status
try_point(const struct bs_point_config *config, const struct bs_schema *schema,
          struct bs_point *point, enum bs_point_outcome *outcome, struct bs_error *err) {
    struct bs_lock lock;
    if (config->consistency == BS_CONSISTENCY_LOCK_FREE) {
        return try_free_point(config, schema, point, outcome, err);
    }
    enum bs_status status = bs_lock_take(&lock, config, schema, err);
    if (status != BS_OK && is_gone(err)) {
        *outcome = BS_POINT_MOVED;
        return BS_OK;
    }
    if (status != BS_OK && may_be_free(config, schema, err)) {
        bs_log(BS_LOG_INFO, "%s: each dumper takes a position of its own instead (lock-free)",
               err->message);
        (void)snprintf(point->reason, sizeof point->reason, "no lock is allowed: %.300s",
                       err->message);
        bs_error_clear(err);
        return try_free_point(config, schema, point, outcome, err);
    }
    if (status == BS_OK) {
        status = take_locked(config, &lock, schema, point, outcome, err);
        if (status == BS_OK && *outcome == BS_POINT_TAKEN) {
            keep_long_lock(&lock, point);
        }
        point->locked_ms = bs_lock_release(&lock);
    }
    if (status == BS_OK && *outcome == BS_POINT_TAKEN) {
        point->consistency =
            lock.kind == BS_CONSISTENCY_FTWRL ? "flush tables with read lock" : "lock tables";
        if (config->consistency == BS_CONSISTENCY_AUTO) {
            tell_reason(point, &lock);
        }
        point->is_exact = true;
        bs_position_copy(&point->newest, &point->position);
        status = read_again(config, schema, point, outcome, err);
    }
    return status == BS_OK ? bs_views_limit_pins(config, false, err) : status;
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

/* DDL seldom comes alone, and may wait for somebody. */
static enum bs_status
pause_before(int attempt, struct bs_error *err) {
    int64_t until_ms = bs_clock_mono_ms() + ((int64_t)POINT_PAUSE_MS << (attempt - 1));
    enum bs_status status = bs_stop_check(err);
    while (status == BS_OK && bs_clock_mono_ms() < until_ms) {
        bs_clock_pause_ms(PAUSE_STEP_MS);
        status = bs_stop_check(err);
    }
    return status;
}

enum bs_status
bs_point_take(const struct bs_point_config *config, struct bs_point *point, struct bs_error *err) {
    enum bs_point_outcome outcome = BS_POINT_MOVED;
    enum bs_status status = BS_OK;
    memset(point, 0, sizeof *point);
    for (int attempt = 0; status == BS_OK && outcome == BS_POINT_MOVED; attempt++) {
        struct bs_schema *schema = NULL;
        if (attempt == POINT_ATTEMPTS_MAX) {
            bs_error_set(err, BS_SCHEMA,
                         "the source's schema changed, or was held by DDL, %d times in a row "
                         "while the snapshot's position was being taken",
                         attempt);
            return bs_error_hint(err, "run again when fewer CREATE, ALTER and DROP statements run "
                                      "or wait (SHOW PROCESSLIST)");
        }
        bs_point_fini(point);
        if (attempt > 0) {
            status = pause_before(attempt, err);
        }
        if (status == BS_OK) {
            status =
                bs_catalog_schema(config->control, config->server, config->selection, &schema, err);
        }
        if (status == BS_OK) {
            status = check_tables(schema, config->keep_engines, err);
        }
        if (status == BS_OK) {
            status = bs_views_prepare(config, &point->keeps_tables, err);
        }
        if (status == BS_OK) {
            status = try_point(config, schema, point, &outcome, err);
        }
        if (status == BS_OK && outcome == BS_POINT_MOVED) { /* before the schema is read again */
            status = bs_views_end(config, err);
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
    bs_position_fini(&point->newest);
    bs_schema_free(point->schema);
    bs_sql_close(point->locked_sql);
    free(point->table_ids);
    memset(point, 0, sizeof *point);
}
