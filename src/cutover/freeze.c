#include "cutover/freeze.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/map.h"
#include "base/stop.h"
#include "catalog/catalog.h"
#include "sql/guard.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    LOCK_NAME_MAX = 48,
    LOCK_WAIT_S = 2, /* for a session that was killed to go away */
    LOCK_TRIES_MAX = 5,
    IDLE_MORE_S = 5, /* than the freeze may take, for the session with the locks */
    /* InnoDB shows its transactions as they were at its last look, and looks again only when nobody
     * has asked for a tenth of a second. */
    POLL_MS = 120,
};

#define SOURCE_LOCK "binstream.freeze"

/* Server errors. */
enum { UNKNOWN_THREAD = 1094, UNKNOWN_TABLE = 1109, ACCESS_DENIED = 1227 };

static const char *const NAMES[] = {
    [BS_FREEZE_READ_ONLY] = "read-only",
    [BS_FREEZE_LOCK_TABLES] = "lock-tables",
    [BS_FREEZE_FTWRL] = "ftwrl",
    [BS_FREEZE_NONE] = "none",
};

bool
bs_freeze_parse(const char *name, enum bs_freeze *freeze) {
    for (int i = BS_FREEZE_READ_ONLY; i <= BS_FREEZE_NONE; i++) {
        if (strcasecmp(name, NAMES[i]) == 0) {
            *freeze = (enum bs_freeze)i;
            return true;
        }
    }
    return false;
}

const char *
bs_freeze_name(enum bs_freeze freeze) {
    return NAMES[freeze];
}

static enum bs_status
read_variable(struct bs_sql *sql, const char *name, char *out, size_t cap, struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status = bs_sql_variable(sql, name, true, &value, &found, err);
    (void)snprintf(out, cap, "%s", status == BS_OK && found ? bs_buf_cstr(&value) : "");
    bs_buf_fini(&value);
    return status;
}

static enum bs_status
read_values(struct bs_frozen *frozen, struct bs_error *err) {
    struct bs_freeze_values *before = &frozen->before;
    enum bs_status status =
        read_variable(frozen->sql, "read_only", before->read_only, sizeof before->read_only, err);
    if (status == BS_OK && bs_server_has_super_read_only(&frozen->server)) {
        status = read_variable(frozen->sql, "super_read_only", before->super_read_only,
                               sizeof before->super_read_only, err);
    }
    if (status == BS_OK) {
        status = read_variable(frozen->sql, "event_scheduler", before->event_scheduler,
                               sizeof before->event_scheduler, err);
    }
    return status;
}

/* One task, on whatever target: its beginning tells two of the same name apart. */
static void
name_lock(char *out, const struct bs_state *state, const struct bs_task *task) {
    struct bs_buf key = {0};
    bs_buf_put_lenenc_str(&key, bs_str(state->schema));
    bs_buf_put_lenenc_str(&key, bs_str(state->task));
    bs_buf_put_le(&key, (uint64_t)task->started_us, sizeof task->started_us);
    (void)snprintf(out, LOCK_NAME_MAX, "bs.%016" PRIx64 ".freeze", bs_hash(key.data, key.len));
    bs_buf_fini(&key);
}

static enum bs_status
kill_holder(struct bs_frozen *frozen, const char *lock, struct bs_error *err) {
    struct bs_buf id = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_value(frozen->sql, &id, &found, err, "SELECT IS_USED_LOCK('%s')", lock);
    if (status == BS_OK && found) {
        bs_log(BS_LOG_WARNING, "ending connection %s of an earlier cutover on the source",
               bs_buf_cstr(&id));
        status = bs_sql_exec(frozen->sql, err, "KILL %s", bs_buf_cstr(&id));
        if (status == BS_SERVER && err->sql_errno == UNKNOWN_THREAD) {
            bs_error_clear(err);
            status = BS_OK;
        }
    }
    bs_buf_fini(&id);
    return status;
}

/* Two tasks may move one source to two places. The settings that one has found are put back when it
 * ends, so another must not freeze meanwhile. Servers that let a session have one lock only leave
 * that to who runs them. */
static enum bs_status
take_source_lock(struct bs_frozen *frozen, struct bs_error *err) {
    struct bs_buf got = {0};
    bool found = false;
    if (!bs_server_has_many_locks(&frozen->server)) {
        return BS_OK;
    }
    enum bs_status status = bs_sql_value(frozen->sql, &got, &found, err,
                                         "SELECT GET_LOCK('" SOURCE_LOCK "', %d)", LOCK_WAIT_S);
    if (status == BS_OK && !(found && strcmp(bs_buf_cstr(&got), "1") == 0)) {
        status = bs_error_set(err, BS_LIMIT, "another task's cutover is at work on this source");
        (void)bs_error_hint(err, "ask again when that is over; SELECT IS_USED_LOCK('" SOURCE_LOCK
                                 "') on the source tells its connection");
    }
    bs_buf_fini(&got);
    return status;
}

static enum bs_status
take_lock(struct bs_frozen *frozen, const struct bs_state *state, const struct bs_task *task,
          struct bs_error *err) {
    char lock[LOCK_NAME_MAX];
    name_lock(lock, state, task);
    for (int tries = 0; tries < LOCK_TRIES_MAX; tries++) {
        struct bs_buf got = {0};
        bool found = false;
        enum bs_status status = kill_holder(frozen, lock, err);
        if (status == BS_OK) {
            status = bs_sql_value(frozen->sql, &got, &found, err, "SELECT GET_LOCK('%s', %d)", lock,
                                  LOCK_WAIT_S);
        }
        bool is_ours = status == BS_OK && found && strcmp(bs_buf_cstr(&got), "1") == 0;
        bs_buf_fini(&got);
        if (status != BS_OK || is_ours) {
            return status;
        }
    }
    bs_error_set(err, BS_LIMIT, "a connection of an earlier cutover does not end on the source");
    return bs_error_hint(err, "SELECT IS_USED_LOCK('%s') on the source tells which: end it", lock);
}

enum bs_status
bs_freeze_open(struct bs_frozen *frozen, const struct bs_endpoint *source,
               const struct bs_state *state, const struct bs_task *task, enum bs_freeze mode,
               struct bs_error *err) {
    struct bs_sql_options options = {.program = "binstream cutover"};
    memset(frozen, 0, sizeof *frozen);
    frozen->mode = mode;
    enum bs_status status = bs_sql_connect(&frozen->sql, source, &options, err);
    if (status == BS_OK) {
        status = bs_sql_connect(&frozen->reader, source, &options, err);
    }
    if (status == BS_OK) {
        status = bs_catalog_server(frozen->sql, &frozen->server, err);
    }
    if (status == BS_OK) {
        status = bs_task_check_source(task, &frozen->server, err);
    }
    if (status == BS_OK) {
        status = take_lock(frozen, state, task, err);
    }
    if (status == BS_OK) {
        status = take_source_lock(frozen, err);
    }
    if (status == BS_OK) {
        status = read_values(frozen, err);
    }
    if (status != BS_OK) {
        bs_freeze_close(frozen);
        return bs_error_context(err, "opening the source for the cutover");
    }
    return BS_OK;
}

void
bs_freeze_close(struct bs_frozen *frozen) {
    bs_keep_end(&frozen->keep);
    bs_sql_close(frozen->sql);
    bs_sql_close(frozen->reader);
    frozen->sql = NULL;
    frozen->reader = NULL;
}

static enum bs_status
set_global(struct bs_sql *sql, const char *name, const char *value, struct bs_error *err) {
    return value[0] == '\0' ? BS_OK : bs_sql_exec(sql, err, "SET GLOBAL %s=%s", name, value);
}

static enum bs_status
stop_events(struct bs_frozen *frozen, struct bs_error *err) {
    if (!bs_freeze_values_have_events(&frozen->before)) {
        return BS_OK;
    }
    enum bs_status status = set_global(frozen->sql, "event_scheduler", "OFF", err);
    bool may_go_on = frozen->mode != BS_FREEZE_READ_ONLY;
    if (status == BS_SERVER && err->sql_errno == ACCESS_DENIED && may_go_on) {
        bs_log(BS_LOG_WARNING,
               "the event scheduler of the source stays on, the account may not stop "
               "it: its events wait for the locks, and write when they go");
        bs_error_clear(err);
        status = BS_OK;
    }
    return status;
}

/* Who can still write in spite of read_only, in the server's own words: events that run, and open
 * transactions that have written. Those of accounts without SUPER cannot commit any more, but which
 * they are cannot be told for sure, and they end as soon as they try. MySQL 5.1 does not tell of
 * its transactions: what is committed late is seen in its binlog. */
static const char EVENTS_THAT_RUN[] =
    "SELECT p.ID, p.USER, p.COMMAND, p.TIME FROM information_schema.PROCESSLIST p WHERE "
    "(p.COMMAND='Connect' AND p.DB IS NOT NULL AND p.USER NOT IN ('system user', "
    "'event_scheduler', 'unauthenticated user'))";
static const char OPEN_WRITERS[] =
    " OR p.ID IN (SELECT t.trx_mysql_thread_id FROM information_schema.INNODB_TRX t WHERE "
    "t.trx_rows_modified > 0)";

static enum bs_status
find_straggler(struct bs_frozen *frozen, bool *found, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    *found = false;
    enum { HAS_INNODB_TRX = 50500 };
    bool tells = frozen->server.version >= HAS_INNODB_TRX;
    enum bs_status status = bs_sql_query(frozen->reader, &result, err, "%s%s", EVENTS_THAT_RUN,
                                         tells ? OPEN_WRITERS : "");
    if (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
    }
    if (status == BS_OK && fields != NULL) {
        *found = true;
        bool is_event = bs_str_is(fields[2], "Connect");
        bs_error_set(err, BS_CANCELLED,
                     "the source could not be frozen in time: connection %s of user '%s', %s, is "
                     "not surely held back by read_only",
                     fields[0].data, fields[1].data,
                     is_event ? "which runs an event" : "which has written in an open transaction");
        bs_error_hint(err, "let it end, or end it, then ask for the cutover again; allow more with "
                           "--max-freeze; or use --freeze=ftwrl");
    }
    bs_sql_result_free(result);
    return status;
}

/* Needs PROCESS. Without it what comes late is only seen in the binlog. */
static enum bs_status
await_stragglers(struct bs_frozen *frozen, struct bs_error *err) {
    for (;;) {
        bool found = false;
        enum bs_status status = find_straggler(frozen, &found, err);
        /* MySQL 5.1 has the table only with InnoDB's plugin. */
        if (status == BS_SERVER &&
            (err->sql_errno == ACCESS_DENIED || err->sql_errno == UNKNOWN_TABLE)) {
            bs_log(BS_LOG_WARNING, "without PROCESS on the source it cannot be told whether events "
                                   "and transactions of accounts with SUPER go on there");
            bs_error_clear(err);
            return BS_OK;
        }
        if (status != BS_OK || !found) {
            return status;
        }
        if (bs_clock_mono_ms() >= frozen->deadline_ms) {
            return BS_CANCELLED;
        }
        bs_error_clear(err);
        bs_clock_pause_ms(POLL_MS);
        status = bs_stop_check(err);
        if (status != BS_OK) {
            return status;
        }
    }
}

static enum bs_status
freeze_read_only(struct bs_frozen *frozen, struct bs_error *err) {
    bool super = frozen->before.super_read_only[0] != '\0';
    enum bs_status status = stop_events(frozen, err);
    bs_fault_point("cutover-events-stopped");
    return status == BS_OK
               ? set_global(frozen->sql, super ? "super_read_only" : "read_only", "ON", err)
               : status;
}

static enum bs_status
list_tables(struct bs_frozen *frozen, const struct bs_selection *selection, struct bs_buf *list,
            struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    enum bs_status status =
        bs_sql_query(frozen->sql, &result, err,
                     "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE "
                     "TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')");
    while (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
        if (status != BS_OK || fields == NULL) {
            break;
        }
        if (bs_selection_has_table(selection, fields[0], fields[1])) {
            bs_buf_puts(list, list->len > 0 ? ", " : "LOCK TABLES ");
            bs_sql_put_table(list, fields[0], fields[1]);
            bs_buf_puts(list, " READ");
        }
    }
    bs_sql_result_free(result);
    return status;
}

static enum bs_status
freeze_lock_tables(struct bs_frozen *frozen, const struct bs_selection *selection,
                   struct bs_error *err) {
    struct bs_buf text = {0};
    enum bs_status status = list_tables(frozen, selection, &text, err);
    if (status == BS_OK) {
        status = stop_events(frozen, err);
    }
    if (status == BS_OK) {
        status = bs_sql_exec(frozen->sql, err, "SET autocommit=0");
    }
    if (status == BS_OK && text.len > 0) {
        status = bs_sql_run(frozen->sql, bs_buf_str(&text), err);
    }
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
freeze_ftwrl(struct bs_frozen *frozen, struct bs_error *err) {
    enum bs_status status = stop_events(frozen, err);
    return status == BS_OK ? bs_sql_exec(frozen->sql, err, "FLUSH TABLES WITH READ LOCK") : status;
}

static enum bs_status
explain_wait(const struct bs_frozen *frozen, enum bs_status status, struct bs_error *err) {
    if (status == BS_OK || status == BS_CANCELLED) {
        return status;
    }
    if (!bs_sql_is_interrupted(err)) {
        return bs_error_context(err, "freezing the source (--freeze=%s)",
                                bs_freeze_name(frozen->mode));
    }
    if (bs_stop_requested()) {
        return bs_stop_check(err);
    }
    bs_error_set(err, BS_CANCELLED,
                 "the source could not be frozen in time: a transaction or "
                 "statement there did not end");
    return bs_error_hint(err,
                         "look for long transactions in SHOW PROCESSLIST on the source, then ask "
                         "for the cutover again, or allow more with --max-freeze");
}

static enum bs_status
freeze_as_asked(struct bs_frozen *frozen, const struct bs_selection *selection,
                struct bs_error *err) {
    switch (frozen->mode) {
    case BS_FREEZE_READ_ONLY:
        return freeze_read_only(frozen, err);
    case BS_FREEZE_LOCK_TABLES:
        return freeze_lock_tables(frozen, selection, err);
    case BS_FREEZE_FTWRL:
        return freeze_ftwrl(frozen, err);
    case BS_FREEZE_NONE:
        break;
    }
    return BS_OK;
}

static bool
has_locks(const struct bs_frozen *frozen) {
    return frozen->mode == BS_FREEZE_LOCK_TABLES || frozen->mode == BS_FREEZE_FTWRL;
}

/* For the session with the locks. */
static int64_t
idle_limit_s(const struct bs_frozen *frozen) {
    int64_t left_ms = frozen->deadline_ms - bs_clock_mono_ms();
    return (left_ms > 0 ? left_ms / 1000 + 1 : 1) + IDLE_MORE_S;
}

/* The server's timeouts are a second net: they count in seconds, and the guard is exact. */
static enum bs_status
set_timeouts(struct bs_frozen *frozen, struct bs_error *err) {
    int64_t left = frozen->deadline_ms - bs_clock_mono_ms();
    int64_t seconds = left < 1000 ? 2 : left / 1000 + 2;
    return bs_sql_limit_waits(frozen->sql, seconds, err);
}

/* Of the locks nothing stays when our connections go. */
void
bs_freeze_set_applied(struct bs_frozen *frozen) {
    static const char READ_ONLY[] =
        "binstream: the source may still be frozen: run the same command again, which puts it back "
        "or completes\nthe cutover; by hand, on the source: SET GLOBAL read_only=0 (and "
        "super_read_only=0), and event_scheduler=ON if it was\n";
    static const char LOCKS[] =
        "binstream: the source's event scheduler may still be off: run the same command again, "
        "which puts it back or\ncompletes the cutover; by hand, on the source: SET GLOBAL "
        "event_scheduler=ON\n";
    frozen->applied = true;
    if (frozen->mode == BS_FREEZE_READ_ONLY) {
        bs_stop_leaves(READ_ONLY);
    } else if (frozen->mode != BS_FREEZE_NONE && bs_freeze_values_have_events(&frozen->before)) {
        bs_stop_leaves(LOCKS);
    }
}

enum bs_status
bs_freeze_apply(struct bs_frozen *frozen, const struct bs_selection *selection, int64_t deadline_ms,
                struct bs_error *err) {
    struct bs_guard guard;
    frozen->deadline_ms = deadline_ms;
    bs_freeze_set_applied(frozen);
    int64_t idle_s = idle_limit_s(frozen);
    enum bs_status status = set_timeouts(frozen, err);
    if (status == BS_OK && has_locks(frozen)) { /* before it asks: what the dead get must go too */
        status = bs_sql_limit_idle(frozen->sql, idle_s, err);
    }
    if (status == BS_OK) {
        status = bs_guard_begin(&guard, frozen->reader, frozen->sql, NULL, deadline_ms, err);
    }
    if (status == BS_OK) {
        status = freeze_as_asked(frozen, selection, err);
        (void)bs_guard_end(&guard);
    }
    if (status == BS_OK && has_locks(frozen)) {
        status = bs_keep_begin(&frozen->keep, frozen->sql, idle_s, err);
    }
    bool super_writes =
        frozen->mode == BS_FREEZE_READ_ONLY && frozen->before.super_read_only[0] == '\0';
    if (status == BS_OK && super_writes) {
        status = await_stragglers(frozen, err);
    }
    return explain_wait(frozen, status, err);
}

static enum bs_status
check_variable(struct bs_frozen *frozen, const char *name, struct bs_error *err) {
    char now[16];
    enum bs_status status = read_variable(frozen->sql, name, now, sizeof now, err);
    if (status == BS_OK && strcasecmp(now, "ON") != 0) {
        return bs_error_set(err, BS_CANCELLED,
                            "somebody has set %s=%s on the source, which was "
                            "frozen",
                            name, now);
    }
    return status;
}

enum bs_status
bs_freeze_check(struct bs_frozen *frozen, struct bs_error *err) {
    enum bs_status status = BS_OK;
    switch (frozen->mode) {
    case BS_FREEZE_READ_ONLY:
        return check_variable(
            frozen, frozen->before.super_read_only[0] != '\0' ? "super_read_only" : "read_only",
            err);
    case BS_FREEZE_LOCK_TABLES:
    case BS_FREEZE_FTWRL:
        status = bs_keep_ping(&frozen->keep, err);
        return status == BS_OK
                   ? BS_OK
                   : bs_error_set(err, BS_CANCELLED,
                                  "the connection that holds the source's locks is lost");
    case BS_FREEZE_NONE:
        break;
    }
    return status;
}

/* Sets what is not as it was: a freeze that got only half way is undone only that far. */
static enum bs_status
set_back(struct bs_frozen *frozen, const char *name, const char *before, struct bs_error *err) {
    char now[16];
    if (before[0] == '\0') {
        return BS_OK;
    }
    enum bs_status status = read_variable(frozen->sql, name, now, sizeof now, err);
    if (status != BS_OK || strcasecmp(now, before) == 0) {
        return status;
    }
    return set_global(frozen->sql, name, before, err);
}

static enum bs_status
undo_read_only(struct bs_frozen *frozen, struct bs_error *err) {
    const struct bs_freeze_values *before = &frozen->before;
    /* super_read_only first: it implies read_only. */
    enum bs_status status = set_back(frozen, "super_read_only", before->super_read_only, err);
    if (status == BS_OK) {
        status = set_back(frozen, "read_only", before->read_only, err);
    }
    return status == BS_OK ? set_back(frozen, "event_scheduler", before->event_scheduler, err)
                           : status;
}

static enum bs_status
undo_as_done(struct bs_frozen *frozen, struct bs_error *err) {
    enum bs_status status = BS_OK;
    switch (frozen->mode) {
    case BS_FREEZE_READ_ONLY:
        return undo_read_only(frozen, err);
    case BS_FREEZE_LOCK_TABLES:
    case BS_FREEZE_FTWRL:
        status = bs_sql_exec(frozen->sql, err, "UNLOCK TABLES");
        return status == BS_OK
                   ? set_back(frozen, "event_scheduler", frozen->before.event_scheduler, err)
                   : status;
    case BS_FREEZE_NONE:
        break;
    }
    return BS_OK;
}

enum bs_status
bs_freeze_undo(struct bs_frozen *frozen, struct bs_error *err) {
    bs_keep_end(&frozen->keep);
    enum bs_status status = undo_as_done(frozen, err);
    frozen->applied = frozen->applied && status != BS_OK;
    if (status == BS_OK) {
        bs_stop_leaves(NULL);
    } else {
        bs_error_context(err, "undoing the freeze of the source");
        bs_error_hint(err, "on the source, by hand: SET GLOBAL read_only = %s",
                      frozen->before.read_only[0] != '\0' ? frozen->before.read_only : "OFF");
    }
    return status;
}
