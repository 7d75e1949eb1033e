#include "check/check.h"

#include "base/mem.h"
#include "catalog/catalog.h"
#include "check/check_private.h"
#include "sql/text.h"

#include <stdlib.h>

enum {
    BEFORE_FOLLOW = 1, /* others only concern a copy that is yet to be made */
    NEEDS_LOG = 2,     /* says nothing when the binary log is off */
    OF_SOURCE = 4,     /* can be made without a target: before a copy into an archive */
    OF_TARGET = 8,     /* can be made without a source: before a load */
};

/* In this order they are made and shown. */
static const struct {
    const char *name;
    bs_check_function *run;
    unsigned int when;
} CHECKS[] = {
    {"source-version", bs_check_source_version, BEFORE_FOLLOW | OF_SOURCE},
    {"target-version", bs_check_target_version, BEFORE_FOLLOW | OF_TARGET},
    {"flavour", bs_check_flavour, BEFORE_FOLLOW},
    {"same-server", bs_check_same_server, BEFORE_FOLLOW},
    {"lower-case-table-names", bs_check_lower_case, BEFORE_FOLLOW | OF_TARGET},
    {"ddl-settings", bs_check_ddl_settings, BEFORE_FOLLOW},
    {"log-bin", bs_check_log_bin, BEFORE_FOLLOW | OF_SOURCE},
    {"binlog-format", bs_check_binlog_format, BEFORE_FOLLOW | NEEDS_LOG | OF_SOURCE},
    {"binlog-row-image", bs_check_row_image, BEFORE_FOLLOW | NEEDS_LOG | OF_SOURCE},
    {"binlog-row-value-options", bs_check_row_value_options, BEFORE_FOLLOW | NEEDS_LOG | OF_SOURCE},
    {"server-id", bs_check_server_id, BEFORE_FOLLOW | NEEDS_LOG | OF_SOURCE},
    {"source-privileges", bs_check_source_privileges, BEFORE_FOLLOW | OF_SOURCE},
    {"target-privileges", bs_check_target_privileges, BEFORE_FOLLOW | OF_TARGET},
    {"process-privilege", bs_check_process, OF_SOURCE},
    {"freeze-privilege", bs_check_freeze, BEFORE_FOLLOW | OF_SOURCE},
    {"gtid", bs_check_gtid, NEEDS_LOG | OF_SOURCE},
    {"binlog-expiry", bs_check_expiry, NEEDS_LOG | OF_SOURCE},
    {"sync-binlog", bs_check_sync_binlog, NEEDS_LOG | OF_SOURCE},
    {"innodb-flush-log", bs_check_flush_log, NEEDS_LOG | OF_SOURCE},
    {"binlog-filters", bs_check_binlog_filters, BEFORE_FOLLOW | NEEDS_LOG | OF_SOURCE},
    {"replicated-source", bs_check_replicated, BEFORE_FOLLOW | NEEDS_LOG | OF_SOURCE},
    {"source-cluster", bs_check_source_cluster, BEFORE_FOLLOW | OF_SOURCE},
    {"prepared-xa", bs_check_xa, OF_SOURCE},
    {"selection", bs_check_selection, OF_SOURCE},
    {"target-empty", bs_check_target_empty, 0},
    {"engines", bs_check_engines, OF_SOURCE},
    {"tables-without-transactions", bs_check_without_transactions, OF_SOURCE},
    {"tables-without-key", bs_check_keyless, OF_SOURCE},
    {"system-versioned", bs_check_versioned, OF_SOURCE},
    {"generated-columns", bs_check_generated, BEFORE_FOLLOW | OF_SOURCE},
    {"catalogue-text", bs_check_catalogue_text, OF_SOURCE},
    {"sequences", bs_check_sequences, 0},
    {"views", bs_check_views, OF_SOURCE},
    {"foreign-keys", bs_check_foreign_keys, OF_SOURCE},
    {"cascades", bs_check_cascades, 0},
    {"translated", bs_check_translated, 0},
    {"left-out", bs_check_left_out, 0},
    {"no-equal", bs_check_no_equal, 0},
    {"definers", bs_check_definers, 0},
    {"accounts", bs_check_accounts, BEFORE_FOLLOW},
    {"function-creators", bs_check_function_creators, 0},
    {"routine-privileges", bs_check_routine_privileges, 0},
    {"max-allowed-packet", bs_check_packet, BEFORE_FOLLOW},
    {"target-read-only", bs_check_target_read_only, BEFORE_FOLLOW | OF_TARGET},
    {"target-binlog-format", bs_check_target_binlog_format, BEFORE_FOLLOW | OF_TARGET},
    {"event-scheduler", bs_check_event_scheduler, BEFORE_FOLLOW},
    {"local-infile", bs_check_local_infile, OF_TARGET},
    {"cluster-node", bs_check_cluster_node, BEFORE_FOLLOW | OF_TARGET},
    {"cluster-settings", bs_check_cluster_settings, BEFORE_FOLLOW | OF_TARGET},
    {"cluster-tables", bs_check_cluster_tables, 0},
};

enum { CHECK_COUNT = sizeof CHECKS / sizeof CHECKS[0], NAMES_SHOWN = 20 };

void
bs_check_add(struct bs_checking *c, enum bs_check_verdict verdict, char *found, char *fix) {
    struct bs_check_report *report = c->report;
    report->results[report->count++] = (struct bs_check_result){c->name, verdict, found, fix};
    report->warnings += verdict == BS_CHECK_WARNING;
    report->failures += verdict == BS_CHECK_FAIL;
}

void
bs_check_names_add(struct bs_check_names *names, const char *db, const char *name) {
    if (names->count++ >= NAMES_SHOWN) {
        return;
    }
    bs_buf_puts(&names->text, names->count > 1 ? ", " : "");
    if (name == NULL) {
        bs_sql_put_ident(&names->text, bs_str(db));
    } else {
        bs_sql_put_table(&names->text, bs_str(db), bs_str(name));
    }
}

void
bs_check_names_add_column(struct bs_check_names *names, const char *db, const char *table,
                          const char *column) {
    bs_check_names_add(names, db, table);
    if (names->count <= NAMES_SHOWN) {
        bs_buf_puts(&names->text, ".");
        bs_sql_put_ident(&names->text, bs_str(column));
    }
}

const char *
bs_check_names_text(struct bs_check_names *names) {
    if (names->count > NAMES_SHOWN) {
        bs_buf_printf(&names->text, " and %zu more", names->count - NAMES_SHOWN);
        names->count = NAMES_SHOWN; /* said once */
    }
    return bs_buf_cstr(&names->text);
}

void
bs_check_names_fini(struct bs_check_names *names) {
    bs_buf_fini(&names->text);
}

enum bs_status
bs_check_variable(struct bs_sql *sql, const char *name, char **value, struct bs_error *err) {
    struct bs_buf text = {0};
    bool found = false;
    enum bs_status status = bs_sql_variable(sql, name, true, &text, &found, err);
    if (!found) {
        bs_buf_clear(&text);
    }
    *value = bs_buf_take_cstr(&text);
    return status;
}

static bool
is_wanted(enum bs_check_for purpose, unsigned int when) {
    switch (purpose) {
    case BS_CHECK_FOR_SNAPSHOT:
        return true;
    case BS_CHECK_FOR_FOLLOW:
        return (when & BEFORE_FOLLOW) != 0;
    case BS_CHECK_FOR_ARCHIVE:
        return (when & OF_SOURCE) != 0;
    case BS_CHECK_FOR_LOAD:
        return (when & OF_TARGET) != 0;
    }
    return true;
}

static enum bs_status
run_one(struct bs_checking *c, size_t index, bool log_is_on, struct bs_error *err) {
    unsigned int when = CHECKS[index].when;
    if (!is_wanted(c->config->purpose, when) || ((when & NEEDS_LOG) != 0 && !log_is_on)) {
        return BS_OK;
    }
    c->name = CHECKS[index].name;
    enum bs_status status = CHECKS[index].run(c, err);
    return status == BS_OK ? BS_OK : bs_error_context(err, "making the check %s", c->name);
}

static enum bs_status
find_log(const struct bs_checking *c, bool *is_on, struct bs_error *err) {
    char *log_bin = NULL;
    enum bs_status status = bs_check_variable(c->config->source, "log_bin", &log_bin, err);
    *is_on = status == BS_OK && strcmp(log_bin, "ON") == 0;
    free(log_bin);
    return status;
}

static enum bs_status
run_all(struct bs_checking *c, struct bs_error *err) {
    bool log_is_on = false;
    bool has_source = c->config->purpose != BS_CHECK_FOR_LOAD;
    enum bs_status status = has_source ? find_log(c, &log_is_on, err) : BS_OK;
    for (size_t i = 0; i < CHECK_COUNT && status == BS_OK; i++) {
        status = run_one(c, i, log_is_on, err);
    }
    return status;
}

/* Whether another server is fit does not matter. */
static enum bs_status
check_identity(const struct bs_checking *c, struct bs_error *err) {
    struct bs_task task = {0};
    bool found = false;
    enum bs_status status =
        bs_state_load_task(c->config->target, &c->config->state, &task, &found, err);
    if (status == BS_OK && found) {
        status = bs_task_check_source(&task, &c->source, err);
    }
    bs_task_fini(&task);
    return status;
}

/* What the servers are, and what is selected. */
static enum bs_status
learn(struct bs_checking *c, struct bs_error *err) {
    const struct bs_check_config *config = c->config;
    enum bs_status status = BS_OK;
    if (config->purpose == BS_CHECK_FOR_LOAD) {
        c->source = *config->was_source;
    } else {
        status = bs_catalog_server(config->source, &c->source, err);
    }
    if (status == BS_OK && config->purpose == BS_CHECK_FOR_FOLLOW) {
        status = check_identity(c, err);
    }
    if (status == BS_OK && config->purpose != BS_CHECK_FOR_ARCHIVE) {
        status = bs_catalog_server(config->target, &c->target, err);
    }
    return status == BS_OK && config->purpose != BS_CHECK_FOR_LOAD ? bs_check_load_inventory(c, err)
                                                                   : status;
}

/* The checks ask for some fifty variables, each of which takes a round trip by itself. */
static enum bs_status
remember_variables(const struct bs_check_config *config, struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (config->purpose != BS_CHECK_FOR_LOAD) {
        status = bs_sql_remember_variables(config->source, err);
    }
    if (status == BS_OK && config->purpose != BS_CHECK_FOR_ARCHIVE) {
        status = bs_sql_remember_variables(config->target, err);
    }
    return status;
}

static void
forget_variables(const struct bs_check_config *config) {
    if (config->source != NULL) {
        bs_sql_forget_variables(config->source);
    }
    if (config->target != NULL) {
        bs_sql_forget_variables(config->target);
    }
}

enum bs_status
bs_check_run(const struct bs_check_config *config, struct bs_check_report *report,
             struct bs_error *err) {
    struct bs_checking c = {.config = config, .report = report};
    *report = (struct bs_check_report){.results =
                                           bs_zalloc(CHECK_COUNT * sizeof(struct bs_check_result))};
    enum bs_status status = remember_variables(config, err);
    if (status == BS_OK) {
        status = learn(&c, err);
    }
    if (status == BS_OK) {
        status = run_all(&c, err);
    }
    forget_variables(config);
    bs_check_free_inventory(&c);
    bs_check_notes_fini(&c);
    return status;
}

void
bs_check_report_fini(struct bs_check_report *report) {
    for (size_t i = 0; i < report->count; i++) {
        free(report->results[i].found);
        free(report->results[i].fix);
    }
    free(report->results);
    *report = (struct bs_check_report){0};
}
