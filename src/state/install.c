/* The state's tables. Installing is safe at any time and from several sessions at once: every
 * statement is CREATE ... IF NOT EXISTS, and the format row, which is written last, says that all
 * of it is there.
 *
 * Limits that shape the tables: 767 bytes per index column (MySQL 5.6 with COMPACT rows), a primary
 * key on each (sql_require_primary_key), no column default that an old server lacks. A name may
 * have 64 characters of 3 bytes, hence VARBINARY(192). What is text in the state is ASCII; names
 * and everything else are bytes. */
#include "state/state.h"

#include "state/text.h"
#include "sql/text.h"

struct table {
    const char *name;
    const char *columns;
};

#define NAME_COLUMNS "db VARBINARY(192) NOT NULL, name VARBINARY(192) NOT NULL"
#define TASK_COLUMN "task VARBINARY(64) NOT NULL"
#define POSITION_COLUMNS(prefix)                                                                   \
    prefix "file VARBINARY(512) NOT NULL, " prefix "pos BIGINT UNSIGNED NOT NULL, " prefix         \
           "gtid LONGBLOB NOT NULL"

static const struct table TABLES[] = {
    {"task", TASK_COLUMN
     ", epoch BIGINT UNSIGNED NOT NULL, phase VARCHAR(16) NOT NULL, "
     "follow_until VARCHAR(16) NOT NULL, "
     "source_flavour VARCHAR(16) NOT NULL, source_version INT UNSIGNED NOT NULL, "
     "source_uuid VARCHAR(64) NOT NULL, source_server_id INT UNSIGNED NOT NULL, "
     "position_mode VARCHAR(16) NOT NULL, "
     "selection LONGBLOB NOT NULL, selection_args LONGBLOB NOT NULL, " POSITION_COLUMNS(
         "point_") ", point_file_created INT UNSIGNED NOT NULL, "
                   "tables_total BIGINT UNSIGNED NOT NULL, rows_estimate BIGINT UNSIGNED NOT NULL, "
                   "bytes_estimate BIGINT UNSIGNED NOT NULL, "
                   "definer VARBINARY(512) NOT NULL, accounts TINYINT NOT NULL, "
                   "started_us BIGINT NOT NULL, updated_us BIGINT NOT NULL, PRIMARY KEY (task)"},
    {"lane",
     TASK_COLUMN ", lane INT UNSIGNED NOT NULL, epoch BIGINT UNSIGNED NOT NULL, " POSITION_COLUMNS(
         "") ", file_created INT UNSIGNED NOT NULL, "
             "transactions BIGINT UNSIGNED NOT NULL, applied_rows BIGINT UNSIGNED NOT NULL, "
             "source_us BIGINT NOT NULL, applied_us BIGINT NOT NULL, ahead LONGBLOB NOT NULL, "
             "PRIMARY KEY (task, lane)"},
    {"made", TASK_COLUMN ", kind VARBINARY(16) NOT NULL, " NAME_COLUMNS
                         ", ordinal BIGINT UNSIGNED NOT NULL, "
                         "PRIMARY KEY (task, kind, db, name)"},
    {"account", TASK_COLUMN
     ", user VARBINARY(512) NOT NULL, host VARBINARY(255) NOT NULL, is_role TINYINT NOT NULL, "
     "seen VARBINARY(40) NOT NULL, identity VARBINARY(40) NOT NULL, rights VARBINARY(40) NOT NULL, "
     "PRIMARY KEY (task, user, host, is_role)"},
    {"chunk",
     TASK_COLUMN ", " NAME_COLUMNS ", chunk BIGINT UNSIGNED NOT NULL, "
                 "row_total BIGINT UNSIGNED NOT NULL, byte_total BIGINT UNSIGNED NOT NULL, "
                 "lower LONGBLOB NOT NULL, upper LONGBLOB NOT NULL, is_last TINYINT NOT NULL, "
                 "PRIMARY KEY (task, db, name, chunk)"},
    {"point", TASK_COLUMN ", number INT UNSIGNED NOT NULL, " POSITION_COLUMNS(
                  "") ", file_created INT UNSIGNED NOT NULL, PRIMARY KEY (task, number)"},
    {"unit", TASK_COLUMN ", " NAME_COLUMNS
                         ", first_point INT UNSIGNED NOT NULL, last_point INT UNSIGNED NOT NULL, "
                         "table_id BIGINT UNSIGNED NOT NULL, definition LONGBLOB NOT NULL, "
                         "late_keys LONGBLOB NOT NULL, late_foreign_keys LONGBLOB NOT NULL, "
                         "PRIMARY KEY (task, db, name)"},
    {"model",
     TASK_COLUMN ", " NAME_COLUMNS ", body LONGBLOB NOT NULL, PRIMARY KEY (task, db, name)"},
    {"intent",
     TASK_COLUMN ", lane INT UNSIGNED NOT NULL, " POSITION_COLUMNS(
         "") ", statement LONGBLOB NOT NULL, "
             "fingerprint LONGBLOB NOT NULL, saved_us BIGINT NOT NULL, PRIMARY KEY (task, lane)"},
    {"request",
     "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, " TASK_COLUMN ", verb VARCHAR(16) NOT NULL, "
     "state VARBINARY(16) NOT NULL, arguments LONGBLOB NOT NULL, answer LONGBLOB, "
     "exit_code INT NOT NULL, asked_us BIGINT NOT NULL, answered_us BIGINT NOT NULL, "
     "PRIMARY KEY (id), KEY task_state (task, state)"},
    {"report",
     TASK_COLUMN ", kind VARBINARY(16) NOT NULL, body LONGBLOB NOT NULL, saved_us BIGINT NOT NULL, "
                 "PRIMARY KEY (task, kind)"},
    {"claim", TASK_COLUMN ", number BIGINT UNSIGNED NOT NULL, PRIMARY KEY (task)"},
    {"format", "id TINYINT UNSIGNED NOT NULL, version INT UNSIGNED NOT NULL, PRIMARY KEY (id)"},
};

enum { TABLE_COUNT = sizeof TABLES / sizeof TABLES[0] };

enum bs_status
bs_state_read_format(struct bs_sql *sql, const struct bs_state *state, unsigned int *format,
                     struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    bs_buf_puts(&text, "SELECT version FROM ");
    bs_state_put_name(&text, state, "format");
    bs_buf_puts(&text, " WHERE id=1");
    *format = 0;
    enum bs_status status = bs_state_row(sql, &text, &result, &fields, err);
    if (status != BS_OK && bs_state_is_absent(err)) {
        status = BS_OK;
    } else if (status == BS_OK && fields != NULL) {
        *format = (unsigned int)bs_state_field_u64(fields[0]);
    }
    bs_sql_result_free(result);
    if (status == BS_OK && *format > BS_STATE_FORMAT) {
        bs_error_set(err, BS_SCHEMA,
                     "the state in schema '%s' has format %u; this version of binstream knows "
                     "formats up to %d",
                     state->schema, *format, BS_STATE_FORMAT);
        return bs_error_hint(err, "use the version of binstream that made it, or a newer one");
    }
    if (status == BS_OK && *format > 0 && *format < BS_STATE_FORMAT) {
        bs_error_set(err, BS_SCHEMA,
                     "the state in schema '%s' has format %u, of an older version of binstream",
                     state->schema, *format);
        return bs_error_hint(err,
                             "finish with the version that made it; or, to begin anew, drop schema "
                             "'%s' and what was copied on the target",
                             state->schema);
    }
    return status;
}

/* An account that may only write inside the schema may not say CREATE DATABASE, so it is said only
 * when needed. */
static enum bs_status
create_schema(struct bs_sql *sql, const struct bs_state *state, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    bs_buf_puts(&text, "SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME=");
    bs_state_put_text(&text, state->schema);
    enum bs_status status = bs_state_row(sql, &text, &result, &fields, err);
    bool there = fields != NULL;
    bs_sql_result_free(result);
    if (status != BS_OK || there) {
        return status;
    }
    bs_buf_puts(&text, "CREATE DATABASE IF NOT EXISTS ");
    bs_sql_put_ident(&text, bs_str(state->schema));
    return bs_state_run(sql, &text, err);
}

static enum bs_status
create_table(struct bs_sql *sql, const struct bs_state *state, const struct table *table,
             struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "CREATE TABLE IF NOT EXISTS ");
    bs_state_put_name(&text, state, table->name);
    bs_buf_printf(&text,
                  " (%s) ENGINE=InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin "
                  "COMMENT='binstream: not to be changed by hand'",
                  table->columns);
    return bs_state_run(sql, &text, err);
}

static enum bs_status
write_format(struct bs_sql *sql, const struct bs_state *state, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "INSERT IGNORE INTO ");
    bs_state_put_name(&text, state, "format");
    bs_buf_printf(&text, " (id, version) VALUES (1, %d)", BS_STATE_FORMAT);
    return bs_state_run(sql, &text, err);
}

enum bs_status
bs_state_install(struct bs_sql *sql, const struct bs_state *state, struct bs_error *err) {
    unsigned int format = 0;
    enum bs_status status = bs_state_read_format(sql, state, &format, err);
    if (status != BS_OK || format != 0) {
        return status;
    }
    status = create_schema(sql, state, err);
    for (size_t i = 0; i < TABLE_COUNT && status == BS_OK; i++) {
        status = create_table(sql, state, &TABLES[i], err);
    }
    if (status == BS_OK) {
        status = write_format(sql, state, err);
    }
    if (status != BS_OK) {
        bs_error_context(err, "creating the state schema '%s' on the target", state->schema);
    }
    return status;
}

static enum bs_status
drop_if_empty(struct bs_sql *sql, const struct bs_state *state, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    bs_buf_puts(&text, "SELECT COUNT(*) FROM ");
    bs_state_put_name(&text, state, "task");
    enum bs_status status = bs_state_row(sql, &text, &result, &fields, err);
    bool empty = fields != NULL && bs_state_field_u64(fields[0]) == 0;
    bs_sql_result_free(result);
    if (status != BS_OK || !empty) {
        return status;
    }
    bs_buf_puts(&text, "DROP DATABASE IF EXISTS ");
    bs_sql_put_ident(&text, bs_str(state->schema));
    return bs_state_run(sql, &text, err);
}

enum bs_status
bs_state_delete_task(struct bs_sql *sql, const struct bs_state *state, bool drop_schema,
                     struct bs_error *err) {
    unsigned int format = 0;
    enum bs_status status = bs_state_read_format(sql, state, &format, err);
    if (status != BS_OK || format == 0) {
        return status;
    }
    status = bs_sql_exec(sql, err, "START TRANSACTION");
    for (size_t i = 0; i + 1 < TABLE_COUNT && status == BS_OK; i++) {
        struct bs_buf text = {0};
        bs_buf_puts(&text, "DELETE FROM ");
        bs_state_put_name(&text, state, TABLES[i].name);
        bs_state_put_where(&text, state);
        status = bs_state_run(sql, &text, err);
    }
    if (status == BS_OK) {
        status = bs_sql_exec(sql, err, "COMMIT");
    } else if (bs_sql_exec(sql, NULL, "ROLLBACK") != BS_OK) {
        return status;
    }
    return status == BS_OK && drop_schema ? drop_if_empty(sql, state, err) : status;
}
