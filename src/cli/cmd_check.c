/* `check`: every precheck, with the fix; and the same in front of snapshot and follow. */
#include "cli/cli.h"

#include "base/log.h"
#include "check/check.h"
#include "cli/report.h"

#include <stdio.h>

static const struct bs_option OPTIONS[] = {
    BS_OPTION_SOURCE,  BS_OPTION_TARGET,   BS_OPTIONS_SELECTION, BS_OPTION_KEEP_ENGINES,
    BS_OPTION_DEFINER, BS_OPTION_ACCOUNTS, BS_OPTIONS_COMMON,
};

static const char *
verdict_name(enum bs_check_verdict verdict, bool as_json) {
    switch (verdict) {
    case BS_CHECK_PASS:
        return as_json ? "pass" : "PASS";
    case BS_CHECK_WARNING:
        return as_json ? "warning" : "WARNING";
    case BS_CHECK_FAIL:
        return as_json ? "fail" : "FAIL";
    }
    return "";
}

static void
put_result(struct bs_buf *out, const struct bs_check_result *result) {
    bs_buf_printf(out, "%-7s %s: %s\n", verdict_name(result->verdict, false), result->name,
                  result->found);
    if (result->fix != NULL) {
        bs_buf_printf(out, "        fix: %s\n", result->fix);
    }
}

static void
put_json(struct bs_buf *out, const struct bs_check_report *report) {
    struct bs_buf list = {0};
    bs_buf_puts(&list, "[");
    for (size_t i = 0; i < report->count; i++) {
        const struct bs_check_result *result = &report->results[i];
        bs_buf_puts(&list, i > 0 ? "," : "");
        bs_buf_puts(&list, "{");
        bs_json_put_text(&list, "name", result->name);
        bs_json_put_text(&list, "verdict", verdict_name(result->verdict, true));
        bs_json_put_text(&list, "found", result->found);
        bs_json_put_text(&list, "fix", result->fix);
        bs_buf_puts(&list, "}");
    }
    bs_buf_puts(&list, "]");
    bs_json_open(out);
    bs_json_put_text(out, "command", "check");
    bs_json_put_text(out, "result", report->failures > 0 ? "failed" : "passed");
    bs_json_put_u64(out, "checks", report->count);
    bs_json_put_u64(out, "warnings", report->warnings);
    bs_json_put_u64(out, "failures", report->failures);
    bs_json_put_raw(out, "results", bs_buf_cstr(&list));
    bs_json_close(out);
    bs_buf_fini(&list);
}

static struct bs_check_config
config_of(const struct bs_run *run, enum bs_check_for purpose) {
    return (struct bs_check_config){.selection = &run->selection,
                                    .state = run->state,
                                    .purpose = purpose,
                                    .keep_engines = run->keep_engines,
                                    .no_target_binlog = run->no_target_binlog,
                                    .definer = run->definer,
                                    .accounts = run->accounts};
}

static enum bs_status
run_checks(const struct bs_run *run, struct bs_check_config *config, struct bs_check_report *report,
           struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (config->purpose != BS_CHECK_FOR_LOAD) {
        status = bs_cli_connect(&run->source, &config->source, err);
    }
    if (status == BS_OK && config->purpose != BS_CHECK_FOR_ARCHIVE) {
        status = bs_cli_connect(&run->target, &config->target, err);
    }
    if (status == BS_OK) {
        status = bs_check_run(config, report, err);
    }
    bs_sql_close(config->source);
    bs_sql_close(config->target);
    return status;
}

static enum bs_status
fail(const struct bs_check_report *report, struct bs_error *err) {
    bs_error_set(err, BS_PRECHECK, "%zu of %zu prechecks failed; nothing was changed",
                 report->failures, report->count);
    return bs_error_hint(err, "do what each fix above says, then run the same command again");
}

/* The failures of a text run go to stderr in the form of `check`; with --json each is a log line.
 */
static void
show_failures(const struct bs_run *run, const struct bs_check_report *report) {
    struct bs_buf text = {0};
    for (size_t i = 0; i < report->count; i++) {
        const struct bs_check_result *result = &report->results[i];
        bool is_fail = result->verdict == BS_CHECK_FAIL;
        if (is_fail && !run->values->json) {
            put_result(&text, result);
        } else if (result->verdict != BS_CHECK_PASS) {
            bs_log(is_fail ? BS_LOG_ERROR : BS_LOG_WARNING, "check %s: %s; fix: %s", result->name,
                   result->found, result->fix != NULL ? result->fix : "none");
        }
    }
    if (text.len > 0) {
        (void)fputs(bs_buf_cstr(&text), stderr);
    }
    bs_buf_fini(&text);
}

/* As a step of another command: only what is not fit is shown. */
static enum bs_status
check_first(const struct bs_run *run, struct bs_check_config *config, struct bs_error *err) {
    struct bs_check_report report = {0};
    enum bs_status status = run_checks(run, config, &report, err);
    if (status == BS_OK) {
        show_failures(run, &report);
        status = report.failures > 0 ? fail(&report, err) : BS_OK;
    }
    bs_check_report_fini(&report);
    return status;
}

enum bs_status
bs_cli_check(struct bs_run *run, enum bs_check_for purpose, struct bs_error *err) {
    struct bs_check_config config = config_of(run, purpose);
    return check_first(run, &config, err);
}

enum bs_status
bs_cli_check_for_load(struct bs_run *run, const struct bs_server *was_source, bool has_history,
                      struct bs_error *err) {
    struct bs_check_config config = config_of(run, BS_CHECK_FOR_LOAD);
    config.was_source = was_source;
    config.has_history = has_history;
    return check_first(run, &config, err);
}

static enum bs_status
check(struct bs_run *run, struct bs_error *err) {
    struct bs_check_report report = {0};
    struct bs_check_config config = config_of(run, BS_CHECK_FOR_SNAPSHOT);
    struct bs_buf text = {0};
    enum bs_status status = run_checks(run, &config, &report, err);
    if (status == BS_OK && run->values->json) {
        put_json(&text, &report);
        bs_buf_puts(&text, "\n");
    } else if (status == BS_OK) {
        for (size_t i = 0; i < report.count; i++) {
            put_result(&text, &report.results[i]);
        }
        bs_buf_printf(&text, "%zu checks: %zu failed, %zu warnings\n", report.count,
                      report.failures, report.warnings);
    }
    if (status == BS_OK) {
        run->exit_code = report.failures > 0 ? bs_exit_code(BS_PRECHECK) : 0;
        status = bs_report_print(&text, err);
    }
    bs_buf_fini(&text);
    bs_check_report_fini(&report);
    return status;
}

const struct bs_command bs_command_check = {
    .name = "check",
    .synopsis = "--source URI --target URI [selection]",
    .summary = "look at both servers and say what is missing, with the fix",
    .about =
        "Makes every precheck that snapshot and follow make: can both servers be reached, is the\n"
        "binary log on and in the right format, has each account the privileges it needs, is the\n"
        "target empty, can every selected table be moved. Each check says PASS, WARNING or FAIL,\n"
        "and what to do. Nothing is changed on either server.",
    .table = BS_OPTION_TABLE(OPTIONS),
    .needs_source = true,
    .has_selection = true,
    .run = check,
};
