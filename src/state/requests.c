/* What `cutover` and `abort` ask of a running follow, its answers, and the last reports. */
#include "state/state.h"

#include "base/clock.h"
#include "state/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const VERB_NAMES[] = {
    [BS_REQUEST_CUTOVER] = "cutover", [BS_REQUEST_ABORT] = "abort"};
static const char *const STATE_NAMES[] = {[BS_REQUEST_ASKED] = "asked",
                                          [BS_REQUEST_RUNNING] = "running",
                                          [BS_REQUEST_ANSWERED] = "answered"};

/* Who asks says every second that he still waits: see bs_state_keep_asking. By the target's clock
 * alone, as the two commands may run on two machines. */
enum { STALE_US = 5 * 1000000 };
#define NOW_US "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)"

enum bs_status
bs_state_ask(struct bs_sql *sql, const struct bs_state *state, enum bs_request_verb verb,
             const char *arguments, uint64_t *id, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    bs_buf_puts(&text, "INSERT INTO ");
    bs_state_put_name(&text, state, "request");
    bs_buf_puts(&text, " SET task=");
    bs_state_put_text(&text, state->task);
    bs_buf_printf(&text, ", verb='%s', state='asked', arguments=", VERB_NAMES[verb]);
    bs_state_put_text(&text, arguments);
    bs_buf_puts(&text, ", exit_code=0, answered_us=0, asked_us=" NOW_US);
    enum bs_status status = bs_state_run(sql, &text, err);
    if (status == BS_OK) {
        bs_buf_puts(&text, "SELECT LAST_INSERT_ID()");
        status = bs_state_row(sql, &text, &result, &fields, err);
    }
    *id = status == BS_OK && fields != NULL ? bs_state_field_u64(fields[0]) : 0;
    bs_sql_result_free(result);
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "filing a request for task '%s'", state->task);
}

static enum bs_status
read_request(struct bs_request *request, const struct bs_str *f, struct bs_error *err) {
    memset(request, 0, sizeof *request);
    request->id = bs_state_field_u64(f[0]);
    request->verb = bs_str_is(f[1], "abort") ? BS_REQUEST_ABORT : BS_REQUEST_CUTOVER;
    request->state = bs_str_is(f[2], "asked")     ? BS_REQUEST_ASKED
                     : bs_str_is(f[2], "running") ? BS_REQUEST_RUNNING
                                                  : BS_REQUEST_ANSWERED;
    if (!bs_str_is(f[1], VERB_NAMES[request->verb]) ||
        !bs_str_is(f[2], STATE_NAMES[request->state])) {
        return bs_error_set(err, BS_SCHEMA, "request %" PRIu64 " has verb '%s' and state '%s'",
                            request->id, f[1].data, f[2].data);
    }
    request->arguments = bs_state_field_dup(f[3]);
    request->answer = bs_state_field_dup(f[4]);
    request->exit_code = (int)bs_state_field_i64(f[5]);
    request->is_stale = request->state == BS_REQUEST_ASKED && bs_str_is(f[6], "1");
    return BS_OK;
}

/* The first request that the condition lets through. */
static enum bs_status
find_request(struct bs_sql *sql, const struct bs_state *state, const char *condition,
             struct bs_request *request, bool *found, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    memset(request, 0, sizeof *request);
    bs_buf_printf(&text,
                  "SELECT id, verb, state, arguments, answer, exit_code, asked_us < " NOW_US
                  " - %d FROM ",
                  STALE_US);
    bs_state_put_name(&text, state, "request");
    bs_state_put_where(&text, state);
    bs_buf_printf(&text, " AND %s ORDER BY id LIMIT 1", condition);
    enum bs_status status = bs_state_row(sql, &text, &result, &fields, err);
    *found = status == BS_OK && fields != NULL;
    if (*found) {
        status = read_request(request, fields, err);
    }
    bs_sql_result_free(result);
    return status == BS_OK
               ? BS_OK
               : bs_error_context(err, "reading the requests to task '%s'", state->task);
}

enum bs_status
bs_state_load_request(struct bs_sql *sql, const struct bs_state *state, uint64_t id,
                      struct bs_request *request, bool *found, struct bs_error *err) {
    char condition[64];
    (void)snprintf(condition, sizeof condition, "id=%" PRIu64, id);
    return find_request(sql, state, condition, request, found, err);
}

enum bs_status
bs_state_next_request(struct bs_sql *sql, const struct bs_state *state, struct bs_request *request,
                      bool *found, struct bs_error *err) {
    return find_request(sql, state, "state IN ('asked', 'running')", request, found, err);
}

enum bs_status
bs_state_take_up(struct bs_sql *sql, const struct bs_state *state, uint64_t id, bool *taken,
                 struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "UPDATE ");
    bs_state_put_name(&text, state, "request");
    bs_buf_printf(&text, " SET state='running', answered_us=%" PRId64, bs_clock_wall_us());
    bs_state_put_where(&text, state);
    bs_buf_printf(&text,
                  " AND id=%" PRIu64
                  " AND (state='running' OR (state='asked' AND asked_us >= " NOW_US " - %d))",
                  id, STALE_US);
    enum bs_status status = bs_state_run(sql, &text, err);
    *taken = status == BS_OK && bs_sql_affected(sql) == 1;
    return status == BS_OK ? BS_OK : bs_error_context(err, "taking up request %" PRIu64, id);
}

enum bs_status
bs_state_answer(struct bs_sql *sql, const struct bs_state *state, uint64_t id, const char *answer,
                int exit_code, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "UPDATE ");
    bs_state_put_name(&text, state, "request");
    bs_buf_printf(&text, " SET state='answered', exit_code=%d, answered_us=%" PRId64 ", answer=",
                  exit_code, bs_clock_wall_us());
    bs_state_put_text(&text, answer);
    bs_state_put_where(&text, state);
    bs_buf_printf(&text, " AND id=%" PRIu64, id);
    enum bs_status status = bs_state_run(sql, &text, err);
    return status == BS_OK ? BS_OK : bs_error_context(err, "answering request %" PRIu64, id);
}

enum bs_status
bs_state_keep_asking(struct bs_sql *sql, const struct bs_state *state, uint64_t id,
                     struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "UPDATE ");
    bs_state_put_name(&text, state, "request");
    bs_buf_puts(&text, " SET asked_us=" NOW_US);
    bs_state_put_where(&text, state);
    bs_buf_printf(&text, " AND id=%" PRIu64 " AND state='asked'", id);
    return bs_state_run(sql, &text, err);
}

enum bs_status
bs_state_answer_cutovers(struct bs_sql *sql, const struct bs_state *state, bool running_only,
                         const char *answer, int exit_code, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "UPDATE ");
    bs_state_put_name(&text, state, "request");
    bs_buf_printf(&text, " SET state='answered', exit_code=%d, answered_us=%" PRId64 ", answer=",
                  exit_code, bs_clock_wall_us());
    bs_state_put_text(&text, answer);
    bs_state_put_where(&text, state);
    bs_buf_puts(&text, " AND verb='cutover' AND state IN ('asked', 'running')");
    if (running_only) {
        bs_buf_printf(&text, " AND (state='running' OR asked_us < " NOW_US " - %d)", STALE_US);
    }
    enum bs_status status = bs_state_run(sql, &text, err);
    return status == BS_OK ? BS_OK : bs_error_context(err, "answering the cutover requests");
}

enum bs_status
bs_state_withdraw(struct bs_sql *sql, const struct bs_state *state, uint64_t id, bool even_running,
                  struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "UPDATE ");
    bs_state_put_name(&text, state, "request");
    bs_buf_printf(&text,
                  " SET state='answered', answer='withdrawn', exit_code=6, answered_us=%" PRId64,
                  bs_clock_wall_us());
    bs_state_put_where(&text, state);
    bs_buf_printf(&text, " AND id=%" PRIu64 " AND state IN ('asked'%s)", id,
                  even_running ? ", 'running'" : "");
    return bs_state_run(sql, &text, err);
}

void
bs_request_fini(struct bs_request *request) {
    free(request->arguments);
    free(request->answer);
    memset(request, 0, sizeof *request);
}

enum bs_status
bs_state_save_report(struct bs_sql *sql, const struct bs_state *state, const char *kind,
                     const char *json, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "REPLACE INTO ");
    bs_state_put_name(&text, state, "report");
    bs_buf_puts(&text, " SET task=");
    bs_state_put_text(&text, state->task);
    bs_buf_puts(&text, ", kind=");
    bs_state_put_text(&text, kind);
    bs_buf_puts(&text, ", body=");
    bs_state_put_text(&text, json);
    bs_buf_printf(&text, ", saved_us=%" PRId64, bs_clock_wall_us());
    enum bs_status status = bs_state_run(sql, &text, err);
    return status == BS_OK ? BS_OK : bs_error_context(err, "saving the %s report", kind);
}

enum bs_status
bs_state_load_report(struct bs_sql *sql, const struct bs_state *state, const char *kind,
                     char **json, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    *json = NULL;
    bs_buf_puts(&text, "SELECT body FROM ");
    bs_state_put_name(&text, state, "report");
    bs_state_put_where(&text, state);
    bs_buf_puts(&text, " AND kind=");
    bs_state_put_text(&text, kind);
    enum bs_status status = bs_state_row(sql, &text, &result, &fields, err);
    if (status == BS_OK && fields != NULL) {
        *json = bs_state_field_dup(fields[0]);
    }
    bs_sql_result_free(result);
    return status;
}
