/* The lock under which the point is taken: LOCK TABLES ... READ on the selected tables, or FLUSH
 * TABLES WITH READ LOCK.
 *
 * Under autocommit=0, always: then InnoDB takes its own table locks too, which wait for open write
 * transactions; MySQL 5.6 and older otherwise grant the lock beside such a one. A transaction that
 * wrote to a selected table has left the binlog's group commit before its locks go, so the position
 * read under the lock includes it.
 *
 * Tables of engines without transactions are locked by a session apart, which keeps its lock until
 * they are copied: so they share the position of all others. That session must also be the one
 * that reads them: on MySQL 5.6 and older a writer that waits for the lock lets no new reader in.
 *
 * Should our machine lose its power meanwhile, the server ends the first session soon and
 * the lock goes; as long as we live it is pinged. The session apart is not limited so: while it is
 * read, what it waits for is us.
 *
 * The danger is the waiting: behind a long SELECT the lock request itself stops every later writer
 * of that table. So none is sent while a statement runs that is older than the lock timeout, and a
 * request that is not granted in that time is given up and made again later. */
#include "snapshot/point.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "schema/engine.h"
#include "sql/guard.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IDLE_MORE_S = 30, /* than a lock may take, for the session that has one, should we be gone */
    POLL_MS = 200,
    ATTEMPTS_MAX = 5,
    BACK_OFF_MS = 500,
    LONG_WAIT_FACTOR = 10, /* how many lock timeouts to wait for long statements */
    LOCK_DEADLOCK = 1213,
    DB_ACCESS_DENIED = 1044,
    TABLE_ACCESS_DENIED = 1142,
    SPECIFIC_ACCESS_DENIED = 1227,
};

/* SHOW FULL PROCESSLIST: Id, User, Host, db, Command, Time, State, Info: the same columns
 * everywhere. A thread of replication that has nothing to apply is shown as a Query without a text
 * (MySQL 8.0 and newer). */
static bool
is_long_statement(const struct bs_str *fields, uint64_t own, uint32_t timeout_ms) {
    enum { ID = 0, USER = 1, COMMAND = 4, TIME = 5, INFO = 7 };
    if (fields[INFO].data == NULL && bs_str_is(fields[USER], "system user")) {
        return false;
    }
    if (fields[COMMAND].data == NULL || fields[TIME].data == NULL ||
        !(bs_str_is(fields[COMMAND], "Query") || bs_str_is(fields[COMMAND], "Execute"))) {
        return false;
    }
    uint64_t seconds = strtoull(fields[TIME].data, NULL, 10);
    return strtoull(fields[ID].data, NULL, 10) != own && seconds * 1000 > timeout_ms;
}

static enum bs_status
find_long_statement(struct bs_sql *sql, uint32_t timeout_ms, uint64_t *id, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    *id = 0;
    enum bs_status status = bs_sql_query(sql, &result, err, "SHOW FULL PROCESSLIST");
    while (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
        if (status != BS_OK || fields == NULL) {
            break;
        }
        if (is_long_statement(fields, bs_sql_connection_id(sql), timeout_ms)) {
            *id = strtoull(fields[0].data, NULL, 10);
            break;
        }
    }
    bs_sql_result_free(result);
    return status;
}

/* Without PROCESS only one's own statements are listed; the lock timeout then bounds the cost. */
static enum bs_status
wait_for_long_statements(const struct bs_point_config *config, struct bs_error *err) {
    int64_t deadline = bs_clock_mono_ms() + (int64_t)config->lock_timeout_ms * LONG_WAIT_FACTOR;
    bool is_told = false;
    for (;;) {
        uint64_t id = 0;
        enum bs_status status = bs_stop_check(err);
        if (status == BS_OK) {
            status = find_long_statement(config->control, config->lock_timeout_ms, &id, err);
        }
        if (status != BS_OK || id == 0) {
            return status;
        }
        if (!is_told) {
            bs_log(BS_LOG_INFO,
                   "connection %" PRIu64 " on the source runs a statement for more than %" PRIu32
                   " ms: waiting for it, since a lock request behind it would stop all writers",
                   id, config->lock_timeout_ms);
            is_told = true;
        }
        if (bs_clock_mono_ms() > deadline) {
            bs_error_set(err, BS_LIMIT,
                         "no lock was asked for: connection %" PRIu64
                         " on the source still runs a statement that started more than %" PRIu32
                         " ms ago",
                         id, config->lock_timeout_ms);
            return bs_error_hint(err,
                                 "run again when it is over, or raise --lock-timeout above its "
                                 "duration: writers then wait as long as it takes");
        }
        bs_clock_pause_ms(POLL_MS);
    }
}

static enum bs_status
prepare_session(struct bs_sql **sql, const struct bs_point_config *config, struct bs_error *err) {
    uint32_t seconds = (config->lock_timeout_ms + 999) / 1000;
    struct bs_sql_options options = {.program = "binstream locker"};
    seconds = seconds == 0 ? 1 : seconds;
    enum bs_status status = bs_sql_connect(sql, config->endpoint, &options, err);
    if (status == BS_OK) {
        status = bs_sql_exec(*sql, err, "SET SESSION autocommit=0");
    }
    if (status == BS_OK) {
        status = bs_sql_limit_waits(*sql, seconds, err);
    }
    return status;
}

bool
bs_lock_is_long(const struct bs_table *table) {
    return bs_engine_kind(table->engine) != BS_ENGINE_INNODB;
}

static bool
has_long(const struct bs_schema *schema) {
    bool has = false;
    for (size_t i = 0; i < schema->table_count; i++) {
        has = has || bs_lock_is_long(schema->tables[i]);
    }
    return has;
}

/* Nothing if there are no such tables. */
static void
put_lock_tables(struct bs_buf *out, const struct bs_schema *schema, bool is_long) {
    for (size_t i = 0; i < schema->table_count; i++) {
        if (bs_lock_is_long(schema->tables[i]) == is_long) {
            bs_buf_puts(out, out->len > 0 ? ", " : "LOCK TABLES ");
            bs_sql_put_table(out, bs_str(schema->tables[i]->db), bs_str(schema->tables[i]->name));
            bs_buf_puts(out, " READ");
        }
    }
}

static enum bs_status
lock_tables(struct bs_sql *sql, const struct bs_schema *schema, bool is_long,
            struct bs_error *err) {
    struct bs_buf text = {0};
    put_lock_tables(&text, schema, is_long);
    enum bs_status status = text.len > 0 ? bs_sql_run(sql, bs_buf_str(&text), err) : BS_OK;
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
ask_both(struct bs_lock *lock, const struct bs_schema *schema, enum bs_consistency kind,
         struct bs_error *err) {
    enum bs_status status = kind == BS_CONSISTENCY_FTWRL
                                ? bs_sql_exec(lock->sql, err, "FLUSH TABLES WITH READ LOCK")
                                : lock_tables(lock->sql, schema, false, err);
    return status == BS_OK && lock->long_sql != NULL
               ? lock_tables(lock->long_sql, schema, true, err)
               : status;
}

/* Two sessions, since only one of the locks goes at once. They may meet a transaction that holds
 * what the one waits for and waits for what the other holds; no server sees that circle. So each
 * asks once, and what one got is given up when the other has waited for too long. Servers count
 * for each table anew, with the writers of the first one waiting all the while: so it is us who
 * count. */
static enum bs_status
ask(struct bs_lock *lock, const struct bs_point_config *config, const struct bs_schema *schema,
    enum bs_consistency kind, struct bs_error *err) {
    struct bs_guard guard;
    enum bs_status status =
        bs_guard_begin(&guard, config->control, lock->sql, lock->long_sql,
                       bs_clock_mono_ms() + (int64_t)config->lock_timeout_ms, err);
    if (status != BS_OK) {
        return status;
    }
    status = ask_both(lock, schema, kind, err);
    (void)bs_guard_end(&guard);
    if (status ==
        BS_SERVER) { /* also what InnoDB has locked for a statement that failed half way */
        (void)!bs_sql_exec(lock->sql, NULL, "UNLOCK TABLES");
        (void)!bs_sql_exec(lock->sql, NULL, "ROLLBACK");
        (void)!bs_sql_limit_idle(lock->sql, 0, NULL); /* until it asks again */
    }
    lock->granted_us = bs_clock_mono_us();
    lock->kind = kind;
    return status;
}

/* The first session may have its lock, and the other wait for its own. */
static int64_t
idle_limit_s(const struct bs_point_config *config) {
    return config->lock_timeout_ms / 1000 + IDLE_MORE_S;
}

static bool
is_denied(const struct bs_error *err) {
    return err->status == BS_SERVER &&
           (err->sql_errno == DB_ACCESS_DENIED || err->sql_errno == TABLE_ACCESS_DENIED ||
            err->sql_errno == SPECIFIC_ACCESS_DENIED);
}

static enum bs_status
explain_timeout(const struct bs_point_config *config, struct bs_error *err) {
    bs_error_set(
        err, BS_LIMIT,
        "the source did not grant the lock within %" PRIu32
        " ms, tried %d times: a transaction that wrote to a selected table stays open, or a "
        "statement runs on one",
        config->lock_timeout_ms, ATTEMPTS_MAX);
    return bs_error_hint(err, "end that transaction (SHOW PROCESSLIST, SHOW ENGINE INNODB STATUS; "
                              "XA RECOVER tells of prepared ones), or raise --lock-timeout");
}

static enum bs_status
explain_denied(struct bs_error *err) {
    struct bs_error cause = *err;
    bs_error_set(err, BS_PRECHECK, "the account may take neither kind of lock on the source: %s",
                 cause.message);
    return bs_error_hint(err,
                         "GRANT SELECT, LOCK TABLES ON *.* TO that account (or on each selected "
                         "database); or GRANT RELOAD ON *.* for --consistency=ftwrl");
}

/* One kind, a few times: *denied tells that asking again would not help. */
static enum bs_status
ask_patiently(struct bs_lock *lock, const struct bs_point_config *config,
              const struct bs_schema *schema, enum bs_consistency kind, struct bs_error *err) {
    for (int attempt = 1;; attempt++) {
        enum bs_status status = wait_for_long_statements(config, err);
        if (status == BS_OK) {
            status = bs_sql_limit_idle(lock->sql, idle_limit_s(config), err);
        }
        if (status == BS_OK) {
            status = ask(lock, config, schema, kind, err);
        }
        bool is_again =
            status == BS_SERVER && (err->sql_errno == LOCK_DEADLOCK || bs_sql_is_interrupted(err));
        if (!is_again) {
            return status;
        }
        if (bs_stop_requested()) {
            return bs_stop_check(err);
        }
        if (attempt == ATTEMPTS_MAX) {
            return explain_timeout(config, err);
        }
        bs_log(BS_LOG_INFO, "the source did not grant the lock (%s): again in %d ms", err->message,
               BACK_OFF_MS * attempt);
        bs_clock_pause_ms(BACK_OFF_MS * attempt);
    }
}

enum bs_status
bs_lock_take(struct bs_lock *lock, const struct bs_point_config *config,
             const struct bs_schema *schema, struct bs_error *err) {
    memset(lock, 0, sizeof *lock);
    bool first_ftwrl = config->consistency == BS_CONSISTENCY_FTWRL;
    enum bs_status status = prepare_session(&lock->sql, config, err);
    if (status == BS_OK && has_long(schema)) {
        status = prepare_session(&lock->long_sql, config, err);
    }
    if (status == BS_OK) {
        status =
            ask_patiently(lock, config, schema,
                          first_ftwrl ? BS_CONSISTENCY_FTWRL : BS_CONSISTENCY_LOCK_TABLES, err);
    }
    if (status != BS_OK && is_denied(err) && config->consistency == BS_CONSISTENCY_AUTO) {
        bs_log(BS_LOG_INFO, "LOCK TABLES is not allowed (%s): trying FLUSH TABLES WITH READ LOCK",
               err->message);
        (void)snprintf(lock->denied, sizeof lock->denied, "%.300s", err->message);
        status = ask_patiently(lock, config, schema, BS_CONSISTENCY_FTWRL, err);
    }
    if (status == BS_OK) {
        status = bs_keep_begin(&lock->keep, lock->sql, idle_limit_s(config), err);
    }
    if (status != BS_OK) {
        status = is_denied(err) ? explain_denied(err) : status;
        (void)bs_lock_release(lock);
        return bs_error_context(err, "locking the source for its position");
    }
    return BS_OK;
}

bool
bs_lock_is_held(struct bs_lock *lock) {
    struct bs_error lost;
    if (bs_keep_ping(&lock->keep, &lost) == BS_OK) {
        return true;
    }
    bs_log(BS_LOG_WARNING,
           "the session that held the source's lock was ended there before its position was "
           "taken, so writers may have come between: trying again (%s)",
           lost.message);
    return false;
}

int64_t
bs_lock_release(struct bs_lock *lock) {
    bs_keep_end(&lock->keep);
    bs_sql_close(lock->long_sql);
    lock->long_sql = NULL;
    if (lock->sql == NULL) {
        return 0;
    }
    /* Should the statement fail, closing the session does it. */
    (void)!bs_sql_exec(lock->sql, NULL, "UNLOCK TABLES");
    bs_sql_close(lock->sql);
    lock->sql = NULL;
    return (bs_clock_mono_us() - lock->granted_us + 999) / 1000;
}
