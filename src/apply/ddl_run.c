/* Statements run on a session apart from the lane's: whatever context they need (charsets,
 * sql_mode, default database) never leaks into how rows are stored. Each statement sets all of its
 * context, so nothing leaks from one to the next either. That session holds a slot of the fence, so
 * a take-over waits for it, and it checks the epoch before each statement.
 *
 * Rejected: the lane's session with the context put back afterwards; what must be put back differs
 * by server and version, and a mistake would change rows. A session for each statement; its login
 * took three quarters of the time of a small DDL statement (measured on MySQL 9.7 with TLS). */
#include "apply/ddl_run.h"

#include "apply/ddl_models.h"
#include "apply/fingerprint.h"
#include "apply/session_context.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "schema/engine.h"
#include "schema/lexer.h"
#include "sql/text.h"
#include "state/fence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DDL_SLOT = BS_SLOT_COUNT - 1 };

enum {
    ER_BAD_DB = 1049,
    ER_DB_DROP_EXISTS = 1008,
    ER_BAD_TABLE = 1051,
    ER_UNKNOWN_SEQUENCE_OF_MARIADB = 4091,
    ER_UNKNOWN_VIEW_OF_MARIADB = 4092,
    ER_SP_DOES_NOT_EXIST = 1305
};

const char *
bs_ddl_show(const struct bs_statement *statement, char out[BS_DDL_SHOWN_MAX]) {
    struct bs_lexer lexer = bs_lexer(statement->sql, false, false);
    size_t len = 0;
    out[0] = '\0';
    for (struct bs_token t = bs_lexer_next(&lexer);
         t.kind != BS_TOKEN_END && len + 8 < BS_DDL_SHOWN_MAX; t = bs_lexer_next(&lexer)) {
        bool is_string = t.kind == BS_TOKEN_STRING;
        int n = snprintf(out + len, BS_DDL_SHOWN_MAX - len, "%s%.*s", len > 0 ? " " : "",
                         is_string ? 5 : (int)t.text.len, is_string ? "'...'" : t.text.data);
        len += n > 0 ? (size_t)n : 0;
    }
    return out;
}

enum bs_status
bs_ddl_refuse(const struct bs_statement *statement, const char *why, const char *hint,
              struct bs_error *err) {
    char text[BS_DDL_SHOWN_MAX];
    bs_error_set(err, BS_SCHEMA, "%s: %s", why, bs_ddl_show(statement, text));
    return bs_error_hint(err, "%s", hint);
}

enum bs_status
bs_ddl_open(struct bs_applier *applier, struct bs_error *err) {
    struct bs_sql_options options = {
        .program = "binstream DDL", .no_binlog = applier->no_target_binlog, .reads_late = true};
    enum bs_status status = BS_OK;
    if (applier->ddl_sql == NULL) {
        status = bs_sql_connect(&applier->ddl_sql, applier->target_endpoint, &options, err);
        if (status == BS_OK && !applier->keep_engines &&
            bs_engine_kind(applier->default_engine) == BS_ENGINE_CONVERTED) {
            status = bs_sql_exec(applier->ddl_sql, err, "SET default_storage_engine=InnoDB");
        }
        if (status == BS_OK) {
            status = bs_fence_hold_slot(applier->ddl_sql, &applier->lane.state, DDL_SLOT,
                                        applier->lane.epoch, err);
        }
    }
    if (status == BS_OK) {
        status = bs_fence_check(applier->ddl_sql, &applier->lane.state, applier->lane.epoch, err);
    }
    return status;
}

static enum bs_status
use_database(struct bs_sql *sql, const struct bs_statement *statement, struct bs_error *err) {
    /* One with nothing that a statement could mean. */
    static const char NO_DATABASE[] = "USE information_schema";
    if (statement->db.len == 0) {
        return bs_sql_exec(sql, err, NO_DATABASE);
    }
    struct bs_buf text = {0};
    bs_buf_puts(&text, "USE ");
    bs_sql_put_ident(&text, statement->db);
    enum bs_status status = bs_sql_run(sql, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    /* A default database outside the selection need not be there. The one of the statement before
     * must not stay: names that are not qualified would be found in it. */
    if (status != BS_OK && err != NULL && err->sql_errno == ER_BAD_DB) {
        bs_error_clear(err);
        status = bs_sql_exec(sql, err, NO_DATABASE);
    }
    return status;
}

static enum bs_status
set_context(struct bs_applier *applier, const struct bs_statement *statement,
            struct bs_error *err) {
    struct bs_sql *sql = applier->ddl_sql;
    struct bs_buf text = {0};
    enum bs_status status = use_database(sql, statement, err);
    if (status == BS_OK) {
        status = bs_session_context_put(&text, statement, applier->translation, err);
    }
    if (status == BS_OK) {
        status = bs_sql_run(sql, bs_buf_str(&text), err);
    }
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
send_statement(struct bs_sql *sql, struct bs_str text, struct bs_error *err) {
    bool more = false;
    uint64_t affected = 0;
    unsigned int warnings = 0;
    enum bs_status status = bs_sql_multi_send(sql, text, err);
    if (status != BS_OK) {
        return status;
    }
    bs_fault_point("ddl-sent");
    status = bs_sql_multi_next(sql, &more, &affected, &warnings, err);
    bs_fault_point("ddl-answered");
    return status == BS_OK ? bs_sql_multi_next(sql, &more, &affected, &warnings, err) : status;
}

/* A DROP that is run again after a crash may find a part of its objects gone. */
static bool
is_gone_already(const struct bs_ddl *ddl, const struct bs_error *err) {
    return ddl->verb == BS_DDL_DROP &&
           (err->sql_errno == ER_BAD_TABLE || err->sql_errno == ER_DB_DROP_EXISTS ||
            err->sql_errno == ER_SP_DOES_NOT_EXIST);
}

/* A statement that failed half way on the source must fail in the same way on the target. */
static enum bs_status
compare_outcome(const struct bs_statement *statement, const struct bs_ddl *ddl,
                enum bs_status status, bool again, struct bs_error *failure) {
    if (status == BS_SERVER && statement->error_code != 0 &&
        failure->sql_errno == statement->error_code) {
        return BS_OK;
    }
    if (status == BS_SERVER && again && is_gone_already(ddl, failure)) {
        return BS_OK;
    }
    if (status == BS_OK && statement->error_code != 0 && !again) {
        return bs_error_set(failure, BS_CONFLICT,
                            "a statement that failed half way on the source, with error %u, worked "
                            "on the target",
                            statement->error_code);
    }
    return status;
}

/* A DROP of several of which one was not there has dropped the others: the log has all names, and
 * the error, but that MariaDB leaves it out. One that is run again after a crash, or because it
 * failed before, may find a part of them gone. MySQL 8.0 and newer would then drop none. */
static bool
may_be_absent(const struct bs_applier *applier, const struct bs_statement *statement,
              const struct bs_ddl *ddl, bool again) {
    bool is_told = statement->error_code == ER_BAD_TABLE ||
                   statement->error_code == ER_UNKNOWN_VIEW_OF_MARIADB ||
                   statement->error_code == ER_UNKNOWN_SEQUENCE_OF_MARIADB;
    bool is_untold =
        statement->error_code == 0 && (again || applier->translation->source.flavour == BS_MARIADB);
    bool is_of_kind = ddl->kind == BS_OBJECT_TABLE || ddl->kind == BS_OBJECT_VIEW ||
                      ddl->kind == BS_OBJECT_SEQUENCE;
    return ddl->verb == BS_DDL_DROP && (is_told || is_untold) && is_of_kind;
}

/* DROP TABLE IF EXISTS, and the like. */
static void
put_if_exists(struct bs_buf *out, struct bs_str sql) {
    struct bs_lexer lexer = bs_lexer(sql, false, false);
    for (struct bs_token t = bs_lexer_next(&lexer); t.kind != BS_TOKEN_END;
         t = bs_lexer_next(&lexer)) {
        if (bs_token_is(t, "TABLE") || bs_token_is(t, "TABLES") || bs_token_is(t, "VIEW") ||
            bs_token_is(t, "SEQUENCE")) {
            size_t behind = (size_t)(t.text.data - sql.data) + t.text.len;
            if (bs_token_is(bs_lexer_peek(&lexer), "IF")) {
                break;
            }
            bs_buf_put(out, sql.data, behind);
            bs_buf_puts(out, " IF EXISTS");
            bs_buf_put(out, sql.data + behind, sql.len - behind);
            return;
        }
    }
    bs_buf_put_str(out, sql);
}

static enum bs_status
run_statement(struct bs_applier *applier, const struct bs_statement *statement,
              const struct bs_ddl *ddl, const struct bs_translated *translated, bool again,
              struct bs_error *err) {
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status status = bs_ddl_open(applier, &failure);
    if (status == BS_OK) {
        status = set_context(applier, statement, &failure);
    }
    if (status == BS_OK && translated->before.len > 0) {
        status = bs_sql_run(applier->ddl_sql, bs_buf_str(&translated->before), &failure);
    }
    if (status == BS_OK && may_be_absent(applier, statement, ddl, again)) {
        struct bs_buf text = {0};
        put_if_exists(&text, bs_buf_str(&translated->sql));
        status = send_statement(applier->ddl_sql, bs_buf_str(&text), &failure);
        bs_buf_fini(&text);
    } else if (status == BS_OK) {
        status = send_statement(applier->ddl_sql, bs_buf_str(&translated->sql), &failure);
        status = compare_outcome(statement, ddl, status, again, &failure);
    }
    if (status != BS_OK && err != NULL) {
        *err = failure;
        char shown[BS_DDL_SHOWN_MAX];
        bs_error_context(err, "running on the target: %s", bs_ddl_show(statement, shown));
        bs_error_hint(err, "mend what the message names on the target, then run the same command "
                           "again: it goes on with this statement");
    }
    return status;
}

/* What the stream creates belongs to the task as what the snapshot created does: `reset` must find
 * it. */
static enum bs_status
note_made(struct bs_applier *applier, const struct bs_ddl *ddl, struct bs_error *err) {
    enum bs_status status = BS_OK;
    bool creates = ddl->verb != BS_DDL_DROP && ddl->verb != BS_DDL_TRUNCATE;
    for (size_t i = 0; status == BS_OK && creates && i < ddl->count; i++) {
        status = bs_state_note_made(applier->lane.sql, &applier->lane.state, ddl->objects[i].kind,
                                    ddl->objects[i].db, ddl->objects[i].name, err);
    }
    return status;
}

/* Two tasks whose patterns meet in a name that comes up later would both bring its rows. */
static enum bs_status
check_other_tasks(struct bs_applier *applier, const struct bs_statement *statement,
                  const struct bs_ddl *ddl, struct bs_error *err) {
    enum bs_status status = BS_OK;
    bool creates = ddl->verb == BS_DDL_CREATE || ddl->verb == BS_DDL_RENAME;
    for (size_t i = 0; status == BS_OK && creates && i < ddl->count; i++) {
        const struct bs_ddl_object *object = &ddl->objects[i];
        struct bs_buf task = {0};
        if (object->kind == BS_OBJECT_TABLE) {
            status = bs_state_made_by_other(applier->lane.sql, &applier->lane.state, object->db,
                                            object->name, &task, err);
        }
        if (status == BS_OK && task.len > 0) {
            char shown[BS_DDL_SHOWN_MAX];
            bs_error_set(err, BS_SCHEMA, "task '%s' has made the table %s.%s on this target: %s",
                         bs_buf_cstr(&task), object->db, object->name,
                         bs_ddl_show(statement, shown));
            status =
                bs_error_hint(err, "the selections of two tasks meet in this name, and its rows "
                                   "would come twice: leave it to one of them, with "
                                   "--exclude-tables and a new snapshot of the other");
        }
        bs_buf_fini(&task);
    }
    return status;
}

static enum bs_status
save_intent(struct bs_applier *applier, const struct bs_statement *statement,
            const struct bs_ddl *ddl, struct bs_error *err) {
    struct bs_lane *lane = &applier->lane;
    struct bs_buf fingerprint = {0};
    enum bs_status status =
        bs_fingerprint_take(lane->sql, &applier->translation->target, ddl, &fingerprint, err);
    if (status == BS_OK) {
        struct bs_intent intent = {.position = lane->checkpoint.position,
                                   .statement = bs_strndup(statement->sql.data, statement->sql.len),
                                   .fingerprint = bs_buf_take_cstr(&fingerprint)};
        bs_lane_begin(lane);
        status = bs_lane_flush(lane, err);
        if (status == BS_OK) {
            status = bs_state_save_intent(lane->sql, &lane->state, lane->number, &intent, err);
        }
        if (status == BS_OK) {
            status = note_made(applier, ddl, err);
        }
        if (status == BS_OK) {
            status = check_other_tasks(applier, statement, ddl, err);
        }
        if (status == BS_OK) {
            status = bs_lane_commit_aside(lane, err);
        }
        free(intent.statement);
        free(intent.fingerprint);
    }
    bs_buf_fini(&fingerprint);
    if (status == BS_OK) {
        bs_fault_point("ddl-intent-committed");
    }
    return status;
}

static bool
is_the_intended(const struct bs_applier *applier, const struct bs_statement *statement) {
    const struct bs_position *at = &applier->lane.checkpoint.position;
    const struct bs_intent *intent = &applier->intent;
    return applier->has_intent && strcmp(intent->position.file, at->file) == 0 &&
           intent->position.pos == at->pos && strcmp(intent->position.gtid, at->gtid) == 0 &&
           strlen(intent->statement) == strnlen(statement->sql.data, statement->sql.len) &&
           strncmp(intent->statement, statement->sql.data, strlen(intent->statement)) == 0;
}

/* A crash fell into this statement: did it run? */
static enum bs_status
decide(struct bs_applier *applier, const struct bs_statement *statement, const struct bs_ddl *ddl,
       bool *run, struct bs_error *err) {
    struct bs_buf now = {0};
    enum bs_status status =
        bs_fingerprint_take(applier->lane.sql, &applier->translation->target, ddl, &now, err);
    if (status == BS_OK) {
        switch (bs_fingerprint_decide(ddl, bs_str(applier->intent.fingerprint), bs_buf_str(&now))) {
        case BS_DDL_NOT_RUN:
            bs_log(BS_LOG_INFO, "the statement had not run before the crash: running it now");
            *run = true;
            break;
        case BS_DDL_RUN:
            bs_log(BS_LOG_INFO, "the statement had run before the crash: not running it again");
            *run = false;
            break;
        case BS_DDL_UNCLEAR:
            status = bs_ddl_refuse(
                statement,
                "a crash fell into this statement, and whether the target "
                "ran it cannot be told",
                "compare the tables it names on source and target: put the target back "
                "to before the statement, or finish it by hand so that all its objects "
                "are as on the source; then run the same command again. Granting PROCESS "
                "to binstream's account on the target lets it tell more cases by itself",
                err);
            break;
        }
    }
    bs_buf_fini(&now);
    bs_intent_fini(&applier->intent);
    applier->has_intent = false;
    return status;
}

static enum bs_status
finish(struct bs_applier *applier, const struct bs_statement *statement, const struct bs_ddl *ddl,
       const struct bs_engine_notes *notes, struct bs_error *err) {
    /* The catalogue is read before the transaction's first statement reaches the target. */
    enum bs_status status = bs_ddl_refresh_models(applier, statement, ddl, notes, err);
    if (status == BS_OK) {
        bs_lane_begin(&applier->lane);
        (void)bs_batch_open(&applier->lane.batch, BS_EXPECT_ANY);
        bs_state_put_intent_clear(&applier->lane.batch.sql, &applier->lane.state,
                                  applier->lane.number);
        bs_batch_close(&applier->lane.batch);
        applier->group_has_ddl = true;
        applier->group_counts = true;
        applier->stats.ddl_statements++;
    }
    return status;
}

enum bs_status
bs_ddl_run_once(struct bs_applier *applier, const struct bs_statement *statement,
                const struct bs_ddl *ddl, const struct bs_engine_notes *notes,
                const struct bs_translated *translated, struct bs_error *err) {
    bool run = true;
    bool again = false;
    /* The intent is known again by the mark, so a run that starts after a crash must start there:
     * it is written even if nothing came since but other files. */
    bs_lane_begin(&applier->lane);
    enum bs_status status = bs_applier_commit(applier, err);
    if (status == BS_OK && is_the_intended(applier, statement)) {
        again = true;
        status = decide(applier, statement, ddl, &run, err);
    } else if (status == BS_OK) {
        status = save_intent(applier, statement, ddl, err);
    }
    if (status == BS_OK && run) {
        status = run_statement(applier, statement, ddl, translated, again, err);
    }
    return status == BS_OK ? finish(applier, statement, ddl, notes, err) : status;
}
