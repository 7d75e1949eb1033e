/* `reset`: removes what the task has made, then the task. Never the data of a target that has taken
 * over: after a cutover only --state-only is allowed. */
#include "cli/cli.h"

#include "accounts/accounts.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "cli/report.h"
#include "cutover/cutover.h"
#include "sql/text.h"
#include "state/fence.h"

#include <inttypes.h>
#include <stdlib.h>

enum { TAKE_OVER_MS = 60000 };

static const struct bs_option OPTIONS[] = {
    BS_OPTION_TARGET,
    {.name = "state-only",
     .kind = BS_OPTION_FLAG,
     .offset = BS_FIELD(state_only),
     .help = "keep all that was copied, and remove binstream's own records only"},
    BS_OPTIONS_COMMON,
};

/* In which pass a kind goes: what stands on others first. */
static int
pass_of(enum bs_object_kind kind) {
    switch (kind) {
    case BS_OBJECT_EVENT:
    case BS_OBJECT_TRIGGER:
        return 0;
    case BS_OBJECT_VIEW:
    case BS_OBJECT_PROCEDURE:
    case BS_OBJECT_FUNCTION:
    case BS_OBJECT_PACKAGE:
    case BS_OBJECT_PACKAGE_BODY:
        return 1;
    case BS_OBJECT_TABLE:
    case BS_OBJECT_SEQUENCE:
        return 2;
    case BS_OBJECT_DATABASE:
        return 3;
    }
    return 0;
}

enum { PASS_COUNT = 4 };

/* What is not a table or a view: routines and events go with their database, and would be lost. */
static enum bs_status
is_empty(struct bs_sql *sql, const char *db, bool *empty, struct bs_error *err) {
    static const char *const COUNTS[] = {
        "TABLES WHERE TABLE_SCHEMA", "ROUTINES WHERE ROUTINE_SCHEMA", "EVENTS WHERE EVENT_SCHEMA"};
    struct bs_buf text = {0}, value = {0};
    bool found = false;
    bs_buf_puts(&text, "SELECT 0");
    for (size_t i = 0; i < sizeof COUNTS / sizeof COUNTS[0]; i++) {
        bs_buf_printf(&text, " + (SELECT COUNT(*) FROM information_schema.%s=", COUNTS[i]);
        bs_sql_put_string(&text, bs_str(db));
        bs_buf_puts(&text, ")");
    }
    enum bs_status status = bs_sql_value(sql, &value, &found, err, "%s", bs_buf_cstr(&text));
    *empty = status == BS_OK && found && bs_str_is(bs_buf_str(&value), "0");
    bs_buf_fini(&text);
    bs_buf_fini(&value);
    return status;
}

static enum bs_status
drop(struct bs_sql *sql, const struct bs_object *object, uint64_t *dropped, struct bs_error *err) {
    bool is_database = object->kind == BS_OBJECT_DATABASE;
    bool empty = true;
    enum bs_status status = is_database ? is_empty(sql, object->db, &empty, err) : BS_OK;
    if (status == BS_OK && !empty) {
        bs_log(BS_LOG_WARNING, "database %s stays: there is more in it than this task has made",
               object->db);
        return BS_OK;
    }
    if (status == BS_OK) {
        status = bs_catalog_drop(sql, object, err);
    }
    *dropped += status == BS_OK;
    return status;
}

static enum bs_status
drop_all(struct bs_sql *sql, const struct bs_object *objects, size_t count, uint64_t *dropped,
         struct bs_error *err) {
    enum bs_status status = bs_sql_exec(sql, err, "SET foreign_key_checks=0");
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        for (size_t i = count; i-- > 0 && status == BS_OK;) {
            if (pass_of(objects[i].kind) == pass) {
                status = drop(sql, &objects[i], dropped, err);
            }
        }
    }
    return status;
}

static enum bs_status
drop_made(struct bs_sql *sql, const struct bs_state *state, uint64_t *dropped,
          struct bs_error *err) {
    struct bs_object *objects = NULL;
    size_t count = 0;
    enum bs_status status = bs_state_list_made(sql, state, &objects, &count, err);
    if (status == BS_OK) {
        status = drop_all(sql, objects, count, dropped, err);
    }
    bs_objects_free(objects, count);
    return status;
}

/* Behind the objects: a server does not drop an account that still owns some. */
static enum bs_status
drop_everything(struct bs_sql *sql, const struct bs_state *state, uint64_t *dropped,
                uint64_t *accounts, struct bs_error *err) {
    enum bs_status status = drop_made(sql, state, dropped, err);
    return status == BS_OK ? bs_accounts_drop(sql, state, accounts, err) : status;
}

static enum bs_status
refuse_running(const struct bs_run *run, const struct bs_task *task, struct bs_error *err) {
    bs_error_set(err, BS_IO, "a binstream is at work on task '%s' (phase %s)", run->state.task,
                 bs_phase_name(task->phase));
    return bs_error_hint(err,
                         "stop it with Ctrl-C or 'binstream abort', then reset. If its machine "
                         "is gone, the target still holds its sessions: run its command again, "
                         "which ends them, and stop that");
}

static enum bs_status
check_task(struct bs_sql *sql, const struct bs_run *run, const struct bs_task *task,
           struct bs_error *err) {
    bool held = false;
    enum bs_status status = bs_fence_is_held_settled(sql, &run->state, &held, err);
    if (status == BS_OK && held) {
        return refuse_running(run, task, err);
    }
    bool left = false;
    struct bs_buf by_hand = {0};
    if (status == BS_OK) {
        status = bs_cutover_is_left(sql, &run->state, &left, &by_hand, err);
    }
    if (status == BS_OK && left && run->values->state_only) {
        bs_log(BS_LOG_WARNING,
               "a cutover of task '%s' was cut short, and this forgets how the source was set: it "
               "may be frozen. To free it, on the source: %s",
               run->state.task, by_hand.len > 0 ? bs_buf_cstr(&by_hand) : "nothing is to be done");
        left = false;
    }
    bs_buf_fini(&by_hand);
    if (status == BS_OK && left) {
        bs_error_set(err, BS_CONFIG,
                     "a cutover of task '%s' was cut short: the source may be frozen, and the "
                     "traffic may go to the target",
                     run->state.task);
        return bs_error_hint(err, "run 'binstream follow --until-cutover', which puts the source "
                                  "back or completes the cutover; then reset");
    }
    if (status == BS_OK && task->phase == BS_PHASE_DONE && !run->values->state_only) {
        bs_error_set(
            err, BS_CONFIG,
            "task '%s' is done: the target has taken over, and its data will not be dropped",
            run->state.task);
        return bs_error_hint(err, "'binstream reset --state-only' removes binstream's own records");
    }
    return status;
}

static enum bs_status
print_result(const struct bs_run *run, uint64_t dropped, uint64_t accounts, struct bs_error *err) {
    struct bs_buf text = {0};
    if (run->values->json) {
        bs_json_open(&text);
        bs_json_put_text(&text, "command", "reset");
        bs_json_put_text(&text, "result", "done");
        bs_json_put_u64(&text, "dropped", dropped);
        bs_json_put_u64(&text, "accounts_dropped", accounts);
        bs_json_close(&text);
    } else if (run->values->state_only) {
        bs_buf_printf(&text, "Task '%s' is forgotten; the data stays, and so do accounts.",
                      run->state.task);
    } else {
        bs_buf_printf(&text, "Task '%s' is forgotten; %" PRIu64 " objects were dropped.",
                      run->state.task, dropped);
        if (accounts > 0) {
            bs_buf_printf(&text, " %" PRIu64 " accounts were, too.", accounts);
        }
    }
    bs_buf_puts(&text, "\n");
    enum bs_status status = bs_report_print(&text, err);
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
reset_on(struct bs_sql *sql, struct bs_run *run, struct bs_error *err) {
    struct bs_task task = {0};
    uint64_t epoch = 0;
    uint64_t dropped = 0;
    uint64_t accounts = 0;
    enum bs_status status = bs_cli_load_task(sql, run, &task, err);
    if (status == BS_OK) {
        status = check_task(sql, run, &task, err);
    }
    bs_task_fini(&task);
    if (status == BS_OK) {
        status = bs_fence_take_over(sql, &run->state, TAKE_OVER_MS, &epoch, err);
    }
    if (status == BS_OK && !run->values->state_only) {
        status = drop_everything(sql, &run->state, &dropped, &accounts, err);
    }
    if (status == BS_OK) {
        status = bs_state_delete_task(sql, &run->state, true, err);
    }
    return status == BS_OK ? print_result(run, dropped, accounts, err) : status;
}

static enum bs_status
reset(struct bs_run *run, struct bs_error *err) {
    struct bs_sql *sql = NULL;
    enum bs_status status = bs_cli_connect(&run->target, &sql, err);
    if (status == BS_OK) {
        status = reset_on(sql, run, err);
    }
    bs_sql_close(sql);
    return status;
}

const struct bs_command bs_command_reset = {
    .name = "reset",
    .synopsis = "--target URI [--state-only] [options]",
    .summary = "remove what the task has made on the target, and the task",
    .about = "Drops the tables, views, routines, triggers and events that this task made on the "
             "target,\n"
             "its databases if nothing else is in them, the accounts that it made (--accounts), "
             "and\n"
             "binstream's records. Nothing that was there before is touched. After a cutover the "
             "data is never dropped: use --state-only.",
    .table = BS_OPTION_TABLE(OPTIONS),
    .run = reset,
};
