/* `events`: what is in a binlog, as lines of JSON, as counts, or just verified. */
#include "cli/cli.h"

#include "base/log.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "cli/connect.h"
#include "cli/events_input.h"
#include "cli/events_output.h"
#include "cli/report.h"

#include <stdlib.h>

static const struct bs_option OPTIONS[] = {
    {.name = "source",
     .kind = BS_OPTION_TEXT,
     .offset = BS_FIELD(source),
     .value = "URI",
     .help = "read the log of this server instead of files, as a replica would, up to where it "
             "ends now; needs REPLICATION SLAVE"},
    {.name = "start",
     .kind = BS_OPTION_TEXT,
     .offset = BS_FIELD(start),
     .value = "WHERE",
     .help =
         "begin at FILE:POSITION, at the transaction with this GTID, or at the first event that "
         "is not older than this time in UTC (2026-11-28 15:21:00)"},
    {.name = "stop",
     .kind = BS_OPTION_TEXT,
     .offset = BS_FIELD(stop),
     .value = "WHERE",
     .help = "end in front of FILE:POSITION, behind the transaction with this GTID, or in front of "
             "the first event that is not older than this time"},
    {.name = "follow",
     .kind = BS_OPTION_FLAG,
     .offset = BS_FIELD(follow),
     .help = "with --source: go on with what the server writes, until stopped"},
    {.name = "databases",
     .kind = BS_OPTION_LIST,
     .offset = BS_FIELD(databases),
     .value = "LIST",
     .help = "rows and table maps of these databases only, the system's too: names separated by "
             "commas, % and _ as in LIKE; statements, and all other events, stay"},
    {.name = "tables",
     .kind = BS_OPTION_LIST,
     .offset = BS_FIELD(tables),
     .value = "LIST",
     .help = "rows and table maps of these tables only, each as database.table, with the same "
             "patterns; beside --databases, of these as well"},
    {.name = "exclude-databases",
     .kind = BS_OPTION_LIST,
     .offset = BS_FIELD(exclude_databases),
     .value = "LIST",
     .help = "no rows and table maps of these databases, whatever --databases and --tables say"},
    {.name = "exclude-tables",
     .kind = BS_OPTION_LIST,
     .offset = BS_FIELD(exclude_tables),
     .value = "LIST",
     .help = "the same of these tables, each as database.table"},
    {.name = "schema",
     .kind = BS_OPTION_TEXT,
     .offset = BS_FIELD(schema),
     .value = "URI",
     .help = "take what the log does not tell (column names, signs, character sets, labels of ENUM "
             "and SET, primary keys) from the tables as they are on this server now; a table whose "
             "columns are not those of the log is told, and nothing taken from it"},
    {.name = "stats",
     .kind = BS_OPTION_FLAG,
     .offset = BS_FIELD(stats),
     .help = "instead of the events, print where the log's bytes come from: events, rows and bytes "
             "by table, tables that are not selected in one line, and by type of event; every row "
             "is decoded"},
    {.name = "verify",
     .kind = BS_OPTION_FLAG,
     .offset = BS_FIELD(verify),
     .help = "only verify that files are whole: the frame and the checksum of every event; all "
             "files are gone through, a line for each says what is wrong with it, and where"},
    {.name = "defaults-file",
     .kind = BS_OPTION_TEXT,
     .offset = BS_FIELD(defaults_file),
     .value = "FILE",
     .help = "take what the source's URI does not say from [client] and [binstream-source] of this "
             "option file"},
    {.name = "json",
     .kind = BS_OPTION_FLAG,
     .offset = BS_FIELD(json),
     .help = "--stats and --verify as JSON, and errors as JSON; events always are"},
    {.name = "log-level",
     .kind = BS_OPTION_CHOICE,
     .offset = BS_FIELD(log_level),
     .value = "LEVEL",
     .fallback = "info",
     .choices = BS_LOG_LEVEL_CHOICES,
     .help = "the least important log lines to write to standard error"},
};

/* ---- --schema ------------------------------------------------------------------------------ */

struct schema {
    struct bs_endpoint endpoint;
    struct bs_sql *sql;
    struct bs_server server;
    struct bs_map tables; /* "db\0table" -> struct known */
    enum bs_status status;
    struct bs_error err; /* the first failure: told at the end */
};

struct known {
    struct bs_table *table; /* NULL: there is none */
    bool is_told;           /* that it is not the log's */
};

static enum bs_status
schema_open(struct schema *schema, const char *uri, struct bs_error *err) {
    enum bs_status status = bs_connect_resolve(&schema->endpoint, "schema", uri, NULL, err);
    if (status == BS_OK) {
        status = bs_cli_connect(&schema->endpoint, &schema->sql, err);
    }
    return status == BS_OK ? bs_catalog_server(schema->sql, &schema->server, err) : status;
}

static void
schema_close(struct schema *schema) {
    size_t at = 0;
    struct bs_str key;
    void *value = NULL;
    while (bs_map_next(&schema->tables, &at, &key, &value)) {
        struct known *known = value;
        bs_table_free(known->table);
        free(known);
    }
    bs_map_fini(&schema->tables);
    bs_sql_close(schema->sql);
    bs_endpoint_fini(&schema->endpoint);
}

static struct known *
schema_known(struct schema *schema, struct bs_str db, struct bs_str table) {
    struct bs_buf key = {0};
    bs_buf_put(&key, db.data, db.len + 1);
    bs_buf_put_str(&key, table);
    struct known *known = bs_map_get(&schema->tables, bs_buf_str(&key));
    if (known == NULL && schema->status == BS_OK) {
        known = bs_zalloc(sizeof *known);
        schema->status =
            bs_catalog_table(schema->sql, &schema->server, db, table, &known->table, &schema->err);
        (void)bs_map_put(&schema->tables, bs_buf_str(&key), known);
    }
    bs_buf_fini(&key);
    return known;
}

static const struct bs_table *
schema_find(void *arg, struct bs_str db, struct bs_str table) {
    const struct known *known = schema_known(arg, db, table);
    return known != NULL ? known->table : NULL;
}

/* Once a table: what differs from a map of many differs from the next ones, too. */
static void
schema_misfit(void *arg, struct bs_str db, struct bs_str table, const struct bs_error *why) {
    struct known *known = schema_known(arg, db, table);
    if (known != NULL && !known->is_told) {
        known->is_told = true;
        bs_log_error(BS_LOG_WARNING, why);
    }
}

/* ---- the command --------------------------------------------------------------------------- */

static enum bs_status
check_usage(const struct bs_values *v, struct bs_error *err) {
    bool bounded = v->start != NULL || v->stop != NULL;
    if (v->source == NULL && v->file_count == 0) {
        bs_error_set(err, BS_CONFIG, "nothing to read: neither a file nor --source is given");
        return bs_error_hint(err, "name binlog files, - for standard input, or --source "
                                  "mysql://user@host/");
    }
    if (v->source != NULL && v->file_count > 0) {
        return bs_error_set(err, BS_CONFIG, "files and --source exclude each other");
    }
    if (v->follow && v->source == NULL) {
        return bs_error_set(err, BS_CONFIG, "option --follow needs --source");
    }
    if (v->verify && (v->stats || bounded || v->source != NULL || v->schema != NULL)) {
        return bs_error_set(err, BS_CONFIG,
                            "option --verify is about whole files: it goes with none of --source, "
                            "--start, --stop, --schema and --stats");
    }
    return BS_OK;
}

/* What came before the failure. If that cannot be written, no hint to go on behind it is true. */
static enum bs_status
put_rest(struct bs_events *events, bool json, enum bs_status status, struct bs_error *err) {
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status written = bs_events_put_rest(events, json, &failure);
    if (written == BS_OK || written == BS_CANCELLED) {
        return status;
    }
    *err = failure;
    return written;
}

static enum bs_status
read_input(struct bs_run *run, struct bs_events *events, const struct bs_events_config *config,
           struct bs_error *err) {
    const struct bs_values *v = run->values;
    struct bs_buf report = {0};
    enum bs_status status = BS_OK;
    if (v->source != NULL) {
        status = bs_connect_resolve(&run->source, "source", v->source, v->defaults_file, err);
        if (status == BS_OK) {
            status = bs_events_read_source(events, &run->source, v, &config->start, err);
        }
    } else {
        status = bs_events_read_files(events, v, &report, err);
    }
    if (status == BS_OK) {
        status = bs_events_finish(events, v->json, err);
    } else if (bs_events_seen(events) > 0) {
        status = put_rest(events, v->json, status, err);
    }
    struct bs_error failure = {0};
    if (report.len > 0 && bs_report_print(&report, &failure) != BS_OK && status == BS_OK) {
        *err = failure;
        status = failure.status;
    }
    bs_buf_fini(&report);
    return status;
}

static enum bs_status
run_events(struct bs_run *run, struct bs_error *err) {
    const struct bs_values *v = run->values;
    struct schema schema = {.status = BS_OK};
    struct bs_events_output output = {.closed = false};
    struct bs_events_config config = {.mode = v->verify  ? BS_EVENTS_VERIFY
                                              : v->stats ? BS_EVENTS_COUNT
                                                         : BS_EVENTS_PRINT,
                                      .selection = run->selection_given ? &run->selection : NULL,
                                      .sink = bs_events_write,
                                      .sink_arg = &output};
    run->selection.with_system = true;
    enum bs_status status = check_usage(v, err);
    if (status == BS_OK) {
        status = bs_events_bound_parse(&config.start, "start", v->start, err);
    }
    if (status == BS_OK) {
        status = bs_events_bound_parse(&config.stop, "stop", v->stop, err);
    }
    if (status == BS_OK && v->schema != NULL) {
        config.find_model = schema_find;
        config.tell_misfit = schema_misfit;
        config.find_model_arg = &schema;
        status = schema_open(&schema, v->schema, err);
    }
    if (status == BS_OK) {
        struct bs_events *events = bs_events_new(&config);
        status = read_input(run, events, &config, err);
        bs_events_free(events);
    }
    if (status == BS_PROTOCOL) {
        (void)bs_error_hint(err, "what came before is right; take the file again from its server, "
                                 "or read it from there: --source URI");
    }
    if (status == BS_OK && schema.status != BS_OK) {
        *err = schema.err;
        status = bs_error_context(err, "reading the definitions of --schema");
    }
    if (output.stalled && status == BS_IO) {
        err->status = status = BS_CANCELLED;
    }
    schema_close(&schema);
    bs_events_bound_fini(&config.start);
    bs_events_bound_fini(&config.stop);
    return output.closed && status == BS_CANCELLED ? BS_OK : status;
}

const struct bs_command bs_command_events = {
    .name = "events",
    .synopsis = "FILE... | --source URI [--start WHERE] [--stop WHERE] [options]",
    .summary = "print what is in binary logs, as JSON, one event or row a line",
    .about =
        "Reads binary or relay logs of MySQL 5.1 to 9.7 and MariaDB 10.5 to 11.8: files, which\n"
        "may be .gz or .zst, standard input (-), or a server's. Every event and every row is a\n"
        "JSON object in a line of its own; docs/reference/events-format.md tells their keys.\n"
        "A file that is cut short or damaged gives everything before the damage; then the kind\n"
        "of damage and its place are told, and the exit code is 1. With a selection, rows and\n"
        "table maps of other tables are left out; all other events stay. A run that is stopped,\n"
        "or loses its server, says with which --start to go on.",
    .table = {OPTIONS, sizeof OPTIONS / sizeof OPTIONS[0], true},
    .needs_no_task = true,
    .run = run_events,
};
