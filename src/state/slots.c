#include "state/slots.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "state/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LOCK_NAME_MAX = 48,
    TELL_MS = 10000, /* between two lines of the log that say who is waited for */
    UNKNOWN_THREAD = 1094,
    KILL_DENIED = 1095,
    ACCESS_DENIED = 1227,
};

static void
name_slot(char *out, const struct bs_state *state, unsigned int slot) {
    struct bs_buf key = {0};
    bs_buf_put_lenenc_str(&key, bs_str(state->schema));
    bs_buf_put_lenenc_str(&key, bs_str(state->task));
    uint64_t hash = bs_hash(key.data, key.len);
    bs_buf_fini(&key);
    if (slot == BS_SLOT_MAIN) {
        (void)snprintf(out, LOCK_NAME_MAX, "bs.%016" PRIx64 ".main", hash);
    } else {
        (void)snprintf(out, LOCK_NAME_MAX, "bs.%016" PRIx64 ".%u", hash, slot);
    }
}

/* One statement for all: a look must not be torn by who comes and goes between two. */
enum bs_status
bs_slots_look(struct bs_sql *sql, const struct bs_state *state, struct bs_slots *holders,
              struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    for (unsigned int slot = 0; slot < BS_SLOTS_ALL; slot++) {
        char name[LOCK_NAME_MAX];
        name_slot(name, state, slot);
        bs_buf_printf(&text, "%sIS_USED_LOCK('%s')", slot == 0 ? "SELECT " : ", ", name);
    }
    enum bs_status status = bs_state_row(sql, &text, &result, &fields, err);
    for (unsigned int slot = 0; slot < BS_SLOTS_ALL; slot++) {
        holders->id[slot] =
            status == BS_OK && fields != NULL ? bs_state_field_u64(fields[slot]) : 0;
    }
    bs_sql_result_free(result);
    return status;
}

enum bs_status
bs_slots_lock(struct bs_sql *sql, const struct bs_state *state, unsigned int slot, int wait_s,
              bool *got, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    char name[LOCK_NAME_MAX];
    name_slot(name, state, slot);
    bs_buf_printf(&text, "SELECT GET_LOCK('%s', %d)", name, wait_s);
    enum bs_status status = bs_state_row(sql, &text, &result, &fields, err);
    *got = status == BS_OK && fields != NULL && bs_state_field_u64(fields[0]) == 1;
    bs_sql_result_free(result);
    return status;
}

enum bs_status
bs_slots_try(struct bs_sql *sql, const struct bs_state *state, unsigned int slot, int wait_s,
             bool *got, struct bs_error *err) {
    char name[LOCK_NAME_MAX];
    struct bs_buf value = {0};
    name_slot(name, state, slot);
    enum bs_status status = bs_sql_value(
        sql, &value, got, err, "SELECT CASE GET_LOCK('%s', %d) WHEN 1 THEN RELEASE_LOCK('%s') END",
        name, wait_s, name);
    bs_buf_fini(&value);
    return status;
}

/* The account of a connection, as far as we may see it. */
static void
describe_connection(struct bs_sql *sql, uint64_t id, char *out, size_t cap) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    (void)snprintf(out, cap, "another user");
    enum bs_status status =
        bs_sql_query(sql, &result, NULL,
                     "SELECT USER, HOST FROM information_schema.PROCESSLIST WHERE ID=%" PRIu64, id);
    if (status == BS_OK && bs_sql_next(result, &fields, NULL) == BS_OK && fields != NULL) {
        (void)snprintf(out, cap, "user '%s' from '%s'", fields[0].data, fields[1].data);
    }
    bs_sql_result_free(result);
}

static enum bs_status
explain_denied(struct bs_sql *sql, uint64_t id, struct bs_error *err) {
    char who[320];
    struct bs_buf me = {0};
    bool found = false;
    struct bs_error cause = *err;
    describe_connection(sql, id, who, sizeof who);
    if (bs_sql_value(sql, &me, &found, NULL, "SELECT CURRENT_USER()") != BS_OK || !found) {
        bs_buf_puts(&me, "this account");
    }
    bs_error_set(err, BS_SERVER,
                 "connection %" PRIu64
                 " of %s holds the task on the target, and may not be killed: "
                 "%s",
                 id, who, cause.message);
    err->sql_errno = cause.sql_errno;
    memcpy(err->sql_state, cause.sql_state, sizeof err->sql_state);
    bs_error_hint(
        err,
        "run binstream with that user, or end that connection, or allow it on the target: "
        "GRANT CONNECTION_ADMIN ON *.* TO %s (GRANT SUPER where the server is MySQL 5.x)",
        bs_buf_cstr(&me));
    bs_buf_fini(&me);
    return BS_SERVER;
}

static enum bs_status
kill_connection(struct bs_sql *sql, uint64_t id, struct bs_error *err) {
    enum bs_status status = bs_sql_exec(sql, err, "KILL %" PRIu64, id);
    if (status != BS_SERVER || err->sql_errno == UNKNOWN_THREAD) {
        return status == BS_SERVER ? BS_OK : status;
    }
    if (err->sql_errno == KILL_DENIED || err->sql_errno == ACCESS_DENIED) {
        return explain_denied(sql, id, err);
    }
    return bs_error_context(err, "killing connection %" PRIu64, id);
}

enum bs_status
bs_slots_kill(struct bs_sql *sql, const struct bs_slots *now, const struct bs_slots *before,
              struct bs_error *err) {
    enum bs_status status = BS_OK;
    uint64_t own = bs_sql_connection_id(sql);
    for (unsigned int slot = 0; slot < BS_SLOTS_ALL && status == BS_OK; slot++) {
        uint64_t id = now->id[slot];
        if (id != 0 && id != own && (before == NULL || before->id[slot] != id)) {
            status = kill_connection(sql, id, err);
        }
    }
    return status;
}

bool
bs_slots_are_own(const struct bs_slots *holders, uint64_t own) {
    for (unsigned int slot = 0; slot < BS_SLOTS_ALL; slot++) {
        if (holders->id[slot] != 0 && holders->id[slot] != own) {
            return false;
        }
    }
    return true;
}

/* "12 (user 'mover' from 'app:4711'), 13 (...)": all but ourselves. */
static void
list_holders(struct bs_sql *sql, const struct bs_slots *holders, struct bs_buf *list) {
    char who[320];
    uint64_t own = bs_sql_connection_id(sql);
    uint64_t last = 0;
    for (unsigned int slot = 0; slot < BS_SLOTS_ALL; slot++) {
        uint64_t id = holders->id[slot];
        if (id == 0 || id == own || id == last) {
            continue;
        }
        describe_connection(sql, id, who, sizeof who);
        bs_buf_printf(list, "%s%" PRIu64 " (%s)", list->len == 0 ? "" : ", ", id, who);
        last = id;
    }
}

enum bs_status
bs_slots_fail_late(struct bs_sql *sql, const struct bs_state *state, const struct bs_slots *holders,
                   int timeout_ms, struct bs_error *err) {
    struct bs_buf list = {0};
    list_holders(sql, holders, &list);
    bs_error_set(
        err, BS_LIMIT,
        "connections of an earlier run still hold task '%s' on the target, %d s after they "
        "were killed: %s",
        state->task, timeout_ms / 1000, bs_buf_cstr(&list));
    bs_buf_fini(&list);
    return bs_error_hint(err,
                         "SHOW PROCESSLIST on the target tells what they do (to see that one rolls "
                         "back, and wait for it, binstream needs the PROCESS privilege there); run "
                         "this command again when they are gone");
}

/* Does a holder that was killed go back, row by row? That takes about as long as its rows took, and
 * trying again would not hurry it. Without PROCESS it is not seen. */
static bool
is_rolling_back(struct bs_sql *sql, const struct bs_slots *holders) {
    struct bs_buf count = {0};
    struct bs_buf text = {0};
    uint64_t own = bs_sql_connection_id(sql);
    bool found = false;
    for (unsigned int slot = 0; slot < BS_SLOTS_ALL; slot++) {
        if (holders->id[slot] != 0 && holders->id[slot] != own) {
            bs_buf_printf(&text, "%s%" PRIu64, text.len > 0 ? ", " : "", holders->id[slot]);
        }
    }
    if (text.len == 0) {
        return false;
    }
    enum bs_status status = bs_sql_value(sql, &count, &found, NULL,
                                         "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE "
                                         "trx_state='ROLLING BACK' AND trx_mysql_thread_id IN (%s)",
                                         bs_buf_cstr(&text));
    bool rolls = status == BS_OK && found && strcmp(bs_buf_cstr(&count), "0") != 0;
    bs_buf_fini(&count);
    bs_buf_fini(&text);
    return rolls;
}

struct bs_patience
bs_patience(int timeout_ms) {
    int64_t now = bs_clock_mono_ms();
    return (struct bs_patience){
        .timeout_ms = timeout_ms, .deadline = now + timeout_ms, .tell_ms = now + TELL_MS};
}

bool
bs_patience_has_ended(struct bs_patience *patience, struct bs_sql *sql,
                      const struct bs_state *state, const struct bs_slots *holders) {
    int64_t now = bs_clock_mono_ms();
    bool is_late = now > patience->deadline;
    if (!is_late && now < patience->tell_ms) {
        return false;
    }
    bool rolls = is_rolling_back(sql, holders);
    if (now >= patience->tell_ms) {
        struct bs_buf list = {0};
        list_holders(sql, holders, &list);
        bs_log(BS_LOG_INFO,
               "task '%s' waits for connections of an earlier run to end on the target%s: %s",
               state->task, rolls ? ", where a transaction is rolled back" : "",
               bs_buf_cstr(&list));
        bs_buf_fini(&list);
        patience->tell_ms = now + TELL_MS;
    }
    if (is_late && rolls) {
        patience->deadline = now + patience->timeout_ms;
    }
    return is_late && !rolls;
}
