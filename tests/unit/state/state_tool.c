/* One binstream's view of the state, driven line by line from the test script: each line is a
 * command, each answer one line, "ok ..." or "error CLASS MESSAGE". */
#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "schema/selection_args.h"
#include "state/fence.h"
#include "state/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LANE = 0 };

struct tool {
    struct bs_sql *sql;
    struct bs_state state;
    uint64_t epoch;
};

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            return bs_error_set(err, BS_CONFLICT, "line %d: not so: %s", __LINE__, #cond);         \
        }                                                                                          \
    } while (0)
#define MUST(call)                                                                                 \
    do {                                                                                           \
        enum bs_status must_status = (call);                                                       \
        if (must_status != BS_OK) {                                                                \
            return bs_error_context(err, "line %d", __LINE__);                                     \
        }                                                                                          \
    } while (0)

static struct bs_task
sample_task(void) {
    struct bs_task task = {.epoch = 7,
                           .phase = BS_PHASE_COPYING,
                           .source_flavour = BS_MARIADB,
                           .source_version = 101119,
                           .source_uuid = "d1b7-uuid",
                           .source_server_id = 4000000000U,
                           .mode = BS_POSITION_GTID_MARIADB,
                           .point_file_created = 123456789,
                           .tables_total = 3,
                           .rows_estimate = 1000000,
                           .bytes_estimate = UINT64_C(1) << 40,
                           .until = "",
                           .started_us = 42};
    task.selection = bs_strdup("--tables 'shop''s.%', \\ \"and\" \xc3\xa4");
    task.selection_args = bs_strdup("{}");
    task.definer = bs_strdup("o'ne@%");
    task.accounts = true;
    task.no_target_binlog = true;
    bs_position_set(&task.point, "mariadb-bin.000001", UINT64_C(5000000000), "0-1-2,1-2-3");
    return task;
}

static enum bs_status
insert_task(struct tool *tool, struct bs_error *err) {
    struct bs_task task = sample_task();
    enum bs_status status = bs_state_insert_task(tool->sql, &tool->state, &task, err);
    if (status == BS_OK) {
        status =
            bs_state_create_lane(tool->sql, &tool->state, LANE, task.epoch, &task.point, 0, err);
    }
    bs_task_fini(&task);
    return status;
}

static enum bs_status
check_task(struct tool *tool, struct bs_error *err) {
    struct bs_task want = sample_task();
    struct bs_task got;
    bool found = false;
    MUST(bs_state_load_task(tool->sql, &tool->state, &got, &found, err));
    CHECK(found);
    CHECK(got.epoch == want.epoch && got.phase == want.phase && got.mode == want.mode);
    CHECK(got.source_flavour == want.source_flavour && got.source_version == want.source_version);
    CHECK(strcmp(got.source_uuid, want.source_uuid) == 0);
    CHECK(got.source_server_id == want.source_server_id);
    CHECK(strcmp(got.selection, want.selection) == 0);
    CHECK(strcmp(got.selection_args, want.selection_args) == 0);
    CHECK(strcmp(got.definer, want.definer) == 0 && got.accounts);
    CHECK(got.knows_options && !got.keep_engines && got.no_target_binlog);
    CHECK(strcmp(got.point.file, want.point.file) == 0 && got.point.pos == want.point.pos);
    CHECK(strcmp(got.point.gtid, want.point.gtid) == 0);
    CHECK(got.point_file_created == want.point_file_created);
    CHECK(got.tables_total == want.tables_total && got.rows_estimate == want.rows_estimate);
    CHECK(got.bytes_estimate == want.bytes_estimate && got.started_us == want.started_us);
    CHECK(got.updated_us > want.started_us);
    got.phase = BS_PHASE_COPIED;
    MUST(bs_state_save_task(tool->sql, &tool->state, &got, err));
    MUST(bs_state_set_until(tool->sql, &tool->state, got.epoch, "cutover", err));
    MUST(bs_state_set_phase(tool->sql, &tool->state, got.epoch, BS_PHASE_FOLLOWING, err));
    CHECK(bs_state_set_phase(tool->sql, &tool->state, got.epoch, BS_PHASE_COPIED, err) ==
          BS_CONFIG);
    CHECK(bs_state_set_phase(tool->sql, &tool->state, 6, BS_PHASE_FINISHING, err) == BS_FENCED);
    got.epoch = 6;
    CHECK(bs_state_save_task(tool->sql, &tool->state, &got, err) == BS_FENCED);
    bs_task_fini(&got);
    MUST(bs_state_load_task(tool->sql, &tool->state, &got, &found, err));
    CHECK(got.phase == BS_PHASE_FOLLOWING && strcmp(got.until, "cutover") == 0);
    bs_task_fini(&got);
    bs_task_fini(&want);
    return BS_OK;
}

static enum bs_status
check_selection(struct tool *tool, struct bs_error *err) {
    struct bs_selection given = {0};
    struct bs_selection got;
    MUST(bs_selection_parse_list(&given.databases, "a,`b,\n`", false, err));
    MUST(bs_selection_parse_list(&given.exclude_tables, "a.t%,`a`.`x``y`", true, err));
    struct bs_task task = {.selection_args = bs_selection_encode(&given)};
    MUST(bs_state_read_selection(&task, &tool->state, &got, err));
    CHECK(strcmp(got.databases[1], "`b,\n`") == 0 && got.databases[2] == NULL);
    CHECK(strcmp(got.exclude_tables[1], "`a`.`x``y`") == 0 && got.exclude_tables[2] == NULL);
    CHECK(got.tables == NULL && got.exclude_databases == NULL);
    CHECK(strcmp(got.state_schema, "binstream") == 0);
    bs_selection_fini(&got);
    bs_selection_fini(&given);
    bs_task_fini(&task);
    return BS_OK;
}

static enum bs_status
check_requests(struct tool *tool, struct bs_error *err) {
    struct bs_request request;
    uint64_t first = 0, second = 0;
    bool found = true;
    MUST(bs_state_next_request(tool->sql, &tool->state, &request, &found, err));
    CHECK(!found);
    MUST(bs_state_ask(tool->sql, &tool->state, BS_REQUEST_CUTOVER, "{\"a\":1}", &first, err));
    MUST(bs_state_ask(tool->sql, &tool->state, BS_REQUEST_ABORT, "{}", &second, err));
    CHECK(first != 0 && second > first);
    MUST(bs_state_next_request(tool->sql, &tool->state, &request, &found, err));
    CHECK(found && request.id == first && request.verb == BS_REQUEST_CUTOVER);
    CHECK(request.state == BS_REQUEST_ASKED && request.answer == NULL);
    CHECK(strcmp(request.arguments, "{\"a\":1}") == 0);
    bs_request_fini(&request);
    bool taken = false;
    MUST(bs_state_take_up(tool->sql, &tool->state, first, &taken, err));
    CHECK(taken);
    MUST(bs_state_take_up(tool->sql, &tool->state, first, &taken, err));
    CHECK(taken); /* by the same follow, which had lost its target meanwhile */
    MUST(bs_state_load_request(tool->sql, &tool->state, first, &request, &found, err));
    CHECK(found && request.state == BS_REQUEST_RUNNING && request.answer == NULL);
    bs_request_fini(&request);
    MUST(bs_state_answer(tool->sql, &tool->state, first, "done", 6, err));
    MUST(bs_state_load_request(tool->sql, &tool->state, first, &request, &found, err));
    CHECK(found && request.exit_code == 6 && strcmp(request.answer, "done") == 0);
    bs_request_fini(&request);
    MUST(bs_state_take_up(tool->sql, &tool->state, first, &taken, err));
    CHECK(!taken);
    MUST(bs_state_next_request(tool->sql, &tool->state, &request, &found, err));
    CHECK(found && request.id == second && request.verb == BS_REQUEST_ABORT);
    bs_request_fini(&request);
    MUST(bs_state_withdraw(tool->sql, &tool->state, second, false, err));
    MUST(bs_state_take_up(tool->sql, &tool->state, second, &taken, err));
    CHECK(!taken);
    return BS_OK;
}

static enum bs_status
check_accounts(struct tool *tool, struct bs_error *err) {
    struct bs_account_note *notes = NULL;
    size_t count = 9;
    char user[] = "o'b`r\\\xc3\xbc", host[] = "10.0.0.0/255.0.0.0", none[] = "";
    struct bs_account_note account = {.user = user, .host = host, .seen = "12ab"};
    struct bs_account_note role = {.user = user, .host = none, .is_role = true};
    MUST(bs_state_list_accounts(tool->sql, &tool->state, &notes, &count, err));
    CHECK(count == 0);
    bs_account_notes_free(notes, count);
    MUST(bs_state_save_account(tool->sql, &tool->state, &account, err));
    MUST(bs_state_save_account(tool->sql, &tool->state, &role, err));
    memcpy(account.rights, "34cd", 5);
    MUST(bs_state_save_account(tool->sql, &tool->state, &account, err));
    MUST(bs_state_forget_account(tool->sql, &tool->state, &role, err));
    MUST(bs_state_list_accounts(tool->sql, &tool->state, &notes, &count, err));
    CHECK(count == 1 && strcmp(notes[0].user, user) == 0 && strcmp(notes[0].host, host) == 0);
    CHECK(!notes[0].is_role && strcmp(notes[0].seen, "12ab") == 0);
    CHECK(notes[0].identity[0] == '\0' && strcmp(notes[0].rights, "34cd") == 0);
    bs_account_notes_free(notes, count);
    return bs_state_forget_account(tool->sql, &tool->state, &account, err);
}

static enum bs_status
check_ledger(struct tool *tool, struct bs_error *err) {
    struct bs_object *objects = NULL;
    size_t count = 0;
    uint64_t chunks = 9, rows = 9, bytes = 9;
    MUST(bs_state_note_made(tool->sql, &tool->state, BS_OBJECT_DATABASE, "shop`s", "", err));
    MUST(bs_state_note_made(tool->sql, &tool->state, BS_OBJECT_TABLE, "shop`s", "\xc3\xa4 b", err));
    MUST(bs_state_note_made(tool->sql, &tool->state, BS_OBJECT_TABLE, "shop`s", "\xc3\xa4 b", err));
    MUST(bs_state_list_made(tool->sql, &tool->state, &objects, &count, err));
    CHECK(count == 2 && objects[0].kind == BS_OBJECT_DATABASE &&
          objects[1].kind == BS_OBJECT_TABLE);
    CHECK(strcmp(objects[1].db, "shop`s") == 0 && strcmp(objects[1].name, "\xc3\xa4 b") == 0);
    for (size_t i = 0; i < count; i++) {
        bs_object_fini(&objects[i]);
    }
    free(objects);
    MUST(bs_state_chunk_totals(tool->sql, &tool->state, &chunks, &rows, &bytes, err));
    CHECK(chunks == 0 && rows == 0 && bytes == 0);
    struct bs_chunk_note one = {.number = 1, .rows = 5, .bytes = 50, .is_last = true};
    struct bs_chunk_note zero = {.rows = 10, .bytes = 100, .upper = {"a\0'b", 4}};
    struct bs_chunk_note *notes = NULL;
    size_t noted = 0;
    one.lower = zero.upper;
    one.upper = zero.lower = bs_str("");
    MUST(bs_state_note_chunk(tool->sql, &tool->state, "d", "t", &one, err));
    MUST(bs_state_note_chunk(tool->sql, &tool->state, "d", "t", &zero, err));
    CHECK(bs_state_note_chunk(tool->sql, &tool->state, "d", "t", &one, err) == BS_SERVER);
    MUST(bs_state_list_chunks(tool->sql, &tool->state, "d", "t", &notes, &noted, err));
    CHECK(noted == 2 && notes[0].number == 0 && notes[0].rows == 10 && !notes[0].is_last);
    CHECK(notes[0].upper.len == 4 && memcmp(notes[0].upper.data, "a\0'b", 4) == 0);
    CHECK(notes[1].lower.len == 4 && notes[1].is_last && notes[1].bytes == 50);
    bs_chunk_notes_free(notes, noted);
    MUST(bs_state_chunk_totals(tool->sql, &tool->state, &chunks, &rows, &bytes, err));
    CHECK(chunks == 2 && rows == 15 && bytes == 150);
    MUST(bs_state_forget_table(tool->sql, &tool->state, "d", "t", err));
    MUST(bs_state_chunk_totals(tool->sql, &tool->state, &chunks, &rows, &bytes, err));
    CHECK(chunks == 0);
    MUST(bs_state_forget_made(tool->sql, &tool->state, BS_OBJECT_DATABASE, "shop`s", "", err));
    MUST(bs_state_forget_made(tool->sql, &tool->state, BS_OBJECT_TABLE, "shop`s", "\xc3\xa4 b",
                              err));
    MUST(bs_state_list_made(tool->sql, &tool->state, &objects, &count, err));
    CHECK(count == 0);
    free(objects);
    return check_accounts(tool, err);
}

static enum bs_status
check_models(struct tool *tool, struct bs_error *err) {
    char name[] = "c\xc3\xa4", type[] = "int(11)", db[] = "d`", table_name[] = "t'";
    char engine[] = "InnoDB", create[] = "CREATE x";
    struct bs_column column = {.name = name, .type = BS_TYPE_INT, .type_text = type};
    struct bs_table table = {.db = db,
                             .name = table_name,
                             .engine = engine,
                             .create = create,
                             .columns = &column,
                             .column_count = 1};
    struct bs_table **tables = NULL;
    size_t count = 0;
    struct bs_buf text = {0};
    MUST(bs_state_save_model(tool->sql, &tool->state, &table, err));
    MUST(bs_state_save_model(tool->sql, &tool->state, &table, err));
    MUST(bs_state_load_models(tool->sql, &tool->state, &tables, &count, err));
    CHECK(count == 1 && strcmp(tables[0]->name, "t'") == 0 && tables[0]->column_count == 1);
    CHECK(strcmp(tables[0]->columns[0].name, column.name) == 0);
    bs_table_free(tables[0]);
    free(tables);
    bs_state_put_model_drop(&text, &tool->state, bs_str("d`"), bs_str("t'"));
    MUST(bs_sql_run(tool->sql, bs_buf_str(&text), err));
    CHECK(bs_sql_affected(tool->sql) == 1);
    bs_buf_fini(&text);
    return BS_OK;
}

static enum bs_status
check_intent(struct tool *tool, struct bs_error *err) {
    char statement[] = "ALTER TABLE `t` ADD c INT", fingerprint[] = "{\"x\":1}";
    struct bs_intent intent = {.statement = statement, .fingerprint = fingerprint};
    struct bs_intent got;
    struct bs_buf text = {0};
    char *json = NULL;
    bool found = true;
    MUST(bs_state_load_intent(tool->sql, &tool->state, LANE, &got, &found, err));
    CHECK(!found);
    bs_position_set(&intent.position, "f.1", 9, "g");
    MUST(bs_state_save_intent(tool->sql, &tool->state, LANE, &intent, err));
    bs_position_fini(&intent.position);
    MUST(bs_state_load_intent(tool->sql, &tool->state, LANE, &got, &found, err));
    CHECK(found && got.position.pos == 9 && strcmp(got.statement, intent.statement) == 0);
    CHECK(strcmp(got.fingerprint, intent.fingerprint) == 0);
    bs_intent_fini(&got);
    bs_state_put_intent_clear(&text, &tool->state, LANE);
    MUST(bs_sql_run(tool->sql, bs_buf_str(&text), err));
    bs_buf_fini(&text);
    MUST(bs_state_load_intent(tool->sql, &tool->state, LANE, &got, &found, err));
    CHECK(!found);
    MUST(bs_state_save_report(tool->sql, &tool->state, "snapshot", "{1}", err));
    MUST(bs_state_save_report(tool->sql, &tool->state, "snapshot", "{2}", err));
    MUST(bs_state_load_report(tool->sql, &tool->state, "snapshot", &json, err));
    CHECK(json != NULL && strcmp(json, "{2}") == 0);
    free(json);
    return BS_OK;
}

/* The shape of every transaction of a lane: touch, the rows, checkpoint, and once they are
 * answered, COMMIT. rash: COMMIT travels with them, so that it runs when the client is dead. */
static enum bs_status
run_batch(struct tool *tool, const char *rows, bool rash, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_checkpoint checkpoint = {.transactions = 1, .rows = 1};
    bool more = true;
    uint64_t affected = 0;
    unsigned int warnings = 0;
    unsigned int index = 0;
    bs_position_set(&checkpoint.position, "moved", 99, "");
    bs_buf_puts(&text, "START TRANSACTION; ");
    bs_state_put_touch(&text, &tool->state, LANE, tool->epoch);
    bs_buf_printf(&text, "; %s; ", rows);
    struct bs_checkpoint_text parts;
    bs_state_put_checkpoint(&text, &tool->state, LANE, tool->epoch, &checkpoint, &parts);
    bs_buf_puts(&text, rash ? "; COMMIT" : "");
    bs_checkpoint_fini(&checkpoint);
    enum bs_status status = bs_sql_multi_send(tool->sql, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    while (status == BS_OK && more) {
        status = bs_sql_multi_next(tool->sql, &more, &affected, &warnings, err);
        if (status == BS_OK && (index == 1 || index == 3) && affected != 1) {
            return bs_error_set(err, BS_FENCED, "statement %u matched no row", index);
        }
        index++;
    }
    return status == BS_OK && !rash ? bs_sql_exec(tool->sql, err, "COMMIT") : status;
}

static enum bs_status
obey(struct tool *tool, const char *verb, const char *rest, char *answer, size_t cap,
     struct bs_error *err) {
    bool flag = false;
    answer[0] = '\0';
    if (strcmp(verb, "install") == 0) {
        return bs_state_install(tool->sql, &tool->state, err);
    } else if (strcmp(verb, "task") == 0) {
        return insert_task(tool, err);
    } else if (strcmp(verb, "check-task") == 0) {
        return check_task(tool, err);
    } else if (strcmp(verb, "check-requests") == 0) {
        return check_requests(tool, err);
    } else if (strcmp(verb, "check-selection") == 0) {
        return check_selection(tool, err);
    } else if (strcmp(verb, "check-ledger") == 0) {
        return check_ledger(tool, err);
    } else if (strcmp(verb, "check-models") == 0) {
        return check_models(tool, err);
    } else if (strcmp(verb, "check-intent") == 0) {
        return check_intent(tool, err);
    } else if (strcmp(verb, "take") == 0) {
        MUST(bs_fence_take_over(tool->sql, &tool->state, atoi(rest), &tool->epoch, err));
        (void)snprintf(answer, cap, "%" PRIu64, tool->epoch);
    } else if (strcmp(verb, "retake") == 0) {
        tool->epoch = strtoull(rest, NULL, 10);
        MUST(bs_fence_retake(tool->sql, &tool->state, 5000, &tool->epoch, err));
        (void)snprintf(answer, cap, "%" PRIu64, tool->epoch);
    } else if (strcmp(verb, "slot") == 0) {
        return bs_fence_hold_slot(tool->sql, &tool->state, (unsigned int)atoi(rest), tool->epoch,
                                  err);
    } else if (strcmp(verb, "epoch") == 0) {
        tool->epoch = strtoull(rest, NULL, 10);
        return bs_fence_check(tool->sql, &tool->state, tool->epoch, err);
    } else if (strcmp(verb, "held") == 0) {
        MUST(bs_fence_is_held(tool->sql, &tool->state, &flag, err));
        (void)snprintf(answer, cap, "%d", flag);
    } else if (strcmp(verb, "batch") == 0) {
        return run_batch(tool, rest, false, err);
    } else if (strcmp(verb, "rash-batch") == 0) {
        return run_batch(tool, rest, true, err);
    } else if (strcmp(verb, "sql") == 0) {
        return bs_sql_exec(tool->sql, err, "%s", rest);
    } else if (strcmp(verb, "id") == 0) {
        (void)snprintf(answer, cap, "%" PRIu64, bs_sql_connection_id(tool->sql));
    } else if (strcmp(verb, "delete") == 0) {
        return bs_state_delete_task(tool->sql, &tool->state, true, err);
    } else {
        return bs_error_set(err, BS_CONFIG, "unknown command '%s'", verb);
    }
    return BS_OK;
}

static void
serve(struct tool *tool) {
    char line[4096];
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct bs_error err = {0};
        char answer[256];
        line[strcspn(line, "\n")] = '\0';
        char *rest = strchr(line, ' ');
        if (rest != NULL) {
            *rest++ = '\0';
        }
        enum bs_status status =
            obey(tool, line, rest != NULL ? rest : "", answer, sizeof answer, &err);
        if (status == BS_OK) {
            printf("ok %s\n", answer);
        } else {
            printf("error %s %s | %s | %s\n", bs_status_name(status), err.message, err.context,
                   err.hint);
        }
        fflush(stdout);
    }
}

int
main(int argc, char **argv) {
    struct bs_endpoint endpoint;
    struct bs_error err = {0};
    struct tool tool = {.state = {"binstream", argc > 2 ? argv[2] : "default"}};
    if (argc < 2 || bs_endpoint_parse(&endpoint, argv[1], &err) != BS_OK ||
        bs_sql_connect(&tool.sql, &endpoint, &(struct bs_sql_options){.program = "state_tool"},
                       &err) != BS_OK) {
        printf("error %s %s\n", bs_status_name(err.status), err.message);
        return 1;
    }
    printf("ok\n");
    fflush(stdout);
    serve(&tool);
    bs_sql_close(tool.sql);
    bs_endpoint_fini(&endpoint);
    return 0;
}
