#include "cutover/freeze.h"

#include "base/buf.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

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

enum bs_status
bs_freeze_open(struct bs_frozen *frozen, const struct bs_endpoint *source,
               const struct bs_task *task, enum bs_freeze mode, struct bs_error *err) {
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
    bs_sql_close(frozen->sql);
    bs_sql_close(frozen->reader);
    frozen->sql = NULL;
    frozen->reader = NULL;
}

void
bs_freeze_values_put(struct bs_buf *out, const struct bs_frozen *frozen) {
    const struct bs_freeze_values *b = &frozen->before;
    bs_buf_printf(out, "%s,%s,%s,%s", NAMES[frozen->mode],
                  b->read_only[0] != '\0' ? b->read_only : "-",
                  b->super_read_only[0] != '\0' ? b->super_read_only : "-",
                  b->event_scheduler[0] != '\0' ? b->event_scheduler : "-");
}

static void
clear_dash(char *value) {
    if (strcmp(value, "-") == 0) {
        value[0] = '\0';
    }
}

bool
bs_freeze_values_parse(const char *text, enum bs_freeze *mode, struct bs_freeze_values *values) {
    char name[16];
    memset(values, 0, sizeof *values);
    if (sscanf(text, "%15[^,],%15[^,],%15[^,],%15[^,]", name, values->read_only,
               values->super_read_only, values->event_scheduler) != 4 ||
        !bs_freeze_parse(name, mode)) {
        return false;
    }
    clear_dash(values->read_only);
    clear_dash(values->super_read_only);
    clear_dash(values->event_scheduler);
    return true;
}

/* Only a scheduler that is on needs to be stopped; one that is DISABLED could not be set anyway. */
static bool
has_scheduler(const struct bs_freeze_values *values) {
    return strcasecmp(values->event_scheduler, "ON") == 0;
}

static enum bs_status
set_global(struct bs_sql *sql, const char *name, const char *value, struct bs_error *err) {
    return value[0] == '\0' ? BS_OK : bs_sql_exec(sql, err, "SET GLOBAL %s=%s", name, value);
}

static enum bs_status
freeze_read_only(struct bs_frozen *frozen, struct bs_error *err) {
    bool super = frozen->before.super_read_only[0] != '\0';
    enum bs_status status = BS_OK;
    if (has_scheduler(&frozen->before)) {
        status = set_global(frozen->sql, "event_scheduler", "OFF", err);
    }
    if (status == BS_OK) {
        status = set_global(frozen->sql, super ? "super_read_only" : "read_only", "ON", err);
    }
    return status;
}

static enum bs_status
list_tables(struct bs_frozen *frozen, const struct bs_selection *selection, struct bs_buf *list,
            struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    enum bs_status status =
        bs_sql_query(frozen->reader, &result, err,
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
        status = bs_sql_exec(frozen->sql, err, "SET autocommit=0");
    }
    if (status == BS_OK && text.len > 0) {
        status = bs_sql_run(frozen->sql, bs_buf_str(&text), err);
    }
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
explain_wait(const struct bs_frozen *frozen, enum bs_status status, struct bs_error *err) {
    enum { ER_LOCK_WAIT_TIMEOUT = 1205 };
    if (status != BS_SERVER || err == NULL || err->sql_errno != ER_LOCK_WAIT_TIMEOUT) {
        return status == BS_OK ? BS_OK
                               : bs_error_context(err, "freezing the source (--freeze=%s)",
                                                  NAMES[frozen->mode]);
    }
    bs_error_set(err, BS_CANCELLED,
                 "the source could not be frozen in time: a transaction or "
                 "statement there did not end");
    return bs_error_hint(err,
                         "look for long transactions in SHOW PROCESSLIST on the source, then ask "
                         "for the cutover again, or allow more with --max-freeze");
}

enum bs_status
bs_freeze_apply(struct bs_frozen *frozen, const struct bs_selection *selection, int64_t wait_ms,
                struct bs_error *err) {
    int64_t seconds = wait_ms < 1000 ? 1 : wait_ms / 1000;
    enum bs_status status = bs_sql_exec(
        frozen->sql, err, "SET lock_wait_timeout=%" PRId64 ", innodb_lock_wait_timeout=%" PRId64,
        seconds, seconds);
    frozen->applied = true;
    if (status == BS_OK) {
        switch (frozen->mode) {
        case BS_FREEZE_READ_ONLY:
            status = freeze_read_only(frozen, err);
            break;
        case BS_FREEZE_LOCK_TABLES:
            status = freeze_lock_tables(frozen, selection, err);
            break;
        case BS_FREEZE_FTWRL:
            status = bs_sql_exec(frozen->sql, err, "FLUSH TABLES WITH READ LOCK");
            break;
        case BS_FREEZE_NONE:
            break;
        }
    }
    return explain_wait(frozen, status, err);
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

enum bs_status
bs_freeze_undo(struct bs_frozen *frozen, struct bs_error *err) {
    enum bs_status status = BS_OK;
    switch (frozen->mode) {
    case BS_FREEZE_READ_ONLY:
        status = undo_read_only(frozen, err);
        break;
    case BS_FREEZE_LOCK_TABLES:
    case BS_FREEZE_FTWRL:
        status = bs_sql_exec(frozen->sql, err, "UNLOCK TABLES");
        break;
    case BS_FREEZE_NONE:
        break;
    }
    frozen->applied = frozen->applied && status != BS_OK;
    if (status != BS_OK) {
        bs_error_context(err, "undoing the freeze of the source");
        bs_error_hint(err, "on the source, by hand: SET GLOBAL read_only = %s",
                      frozen->before.read_only[0] != '\0' ? frozen->before.read_only : "OFF");
    }
    return status;
}
