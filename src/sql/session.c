/* Connect, set up, run. The set-up asks which of the variables exist and what they are, and sets
 * only what differs, so that one code works from MySQL 5.1 to the newest and without rights that
 * the server's own values make unnecessary. */
#include "sql/session_private.h"
#include "sql/text.h"

#include "base/mem.h"
#include "sql/client_options.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Variables of a session that a server's configuration may have set against us. "may" ones need
 * rights on some servers: without them the server's value stays, and what then fails says so. */
static const struct {
    const char *name;
    const char *value; /* as SHOW VARIABLES prints it */
    bool must;
} settings[] = {
    {"wsrep_sync_wait", "1", true}, /* MariaDB, of use in a Galera cluster: see reads_late */
    {"check_constraint_checks", "ON", true},  /* MariaDB: see stores_rows, */
    {"check_constraint_checks", "OFF", true}, /* which is meant by this one */
    {"autocommit", "ON", true},
    {"completion_type", "NO_CHAIN", true},
    {"foreign_key_checks", "ON", true},
    {"unique_checks", "ON", true},
    {"sql_big_selects", "ON", true},
    {"sql_safe_updates", "OFF", true},
    {"sql_quote_show_create", "ON", true},
    {"sql_auto_is_null", "OFF", true},
    {"sql_notes", "ON", true},
    {"low_priority_updates", "OFF", true},
    {"innodb_table_locks", "ON", true}, /* else MySQL 5.6 grants LOCK TABLES beside open writes */
    {"max_execution_time", "0", true},  /* MySQL 5.7.8 */
    {"max_statement_time", "0.000000", true}, /* MariaDB */
    {"idle_transaction_timeout", "0", true},  /* MariaDB */
    {"idle_write_transaction_timeout", "0", true},
    {"idle_readonly_transaction_timeout", "0", true},
    {"wait_timeout", "31536000", true},
    {"net_read_timeout", "28800", true},
    {"net_write_timeout", "28800", true},
    {"lock_wait_timeout", "31536000", true},            /* metadata locks */
    {"system_versioning_insert_history", "OFF", false}, /* MariaDB 10.11 */
    {"system_versioning_alter_history", "KEEP", false}, /* MariaDB: what alters, means to */
    {"information_schema_stats_expiry", "0", false},    /* MySQL 8.0: AUTO_INCREMENT as it is now */
    {"sql_require_primary_key", "OFF", false},          /* MySQL 8.0.13 */
    {"restrict_fk_on_non_standard_key", "OFF", false},  /* MySQL 8.4 */
    {"sql_generate_invisible_primary_key", "OFF", false}, /* MySQL 8.0.30 */
    {"show_gipk_in_create_table_and_information_schema", "ON", false},
    {"binlog_annotate_row_events", "OFF", false},   /* MariaDB: else each statement's text is */
    {"binlog_rows_query_log_events", "OFF", false}, /* MySQL: logged besides its rows */
    {"print_identified_with_as_hex", "ON", false},
};
enum { SYNC_WAIT, CHECKS_ON, CHECKS_OFF, SETTING_COUNT = sizeof settings / sizeof *settings };

static enum bs_status
run_query(struct bs_sql *sql, struct bs_str text, struct bs_error *err) {
    BS_ASSERT(sql->multi == BS_SQL_MULTI_NONE);
    sql->affected = 0;
    sql->warning_count = 0;
    if (mysql_real_query(sql->mysql, text.data, text.len) != 0) {
        return bs_sql_fail(sql, text, err);
    }
    return BS_OK;
}

/* Drops the current result set, if the statement has one, and notes the counts. */
static enum bs_status
finish_one(struct bs_sql *sql, struct bs_str statement, struct bs_error *err) {
    if (mysql_field_count(sql->mysql) > 0) {
        MYSQL_RES *res = mysql_use_result(sql->mysql);
        if (res == NULL) {
            return bs_sql_fail(sql, statement, err);
        }
        while (mysql_fetch_row(res) != NULL) {
        }
        bool failed = mysql_errno(sql->mysql) != 0;
        enum bs_status status = failed ? bs_sql_fail(sql, statement, err) : BS_OK;
        mysql_free_result(res);
        sql->warning_count = mysql_warning_count(sql->mysql);
        return status;
    }
    sql->affected = mysql_affected_rows(sql->mysql);
    sql->warning_count = mysql_warning_count(sql->mysql);
    return BS_OK;
}

enum bs_status
bs_sql_drain(struct bs_sql *sql, struct bs_str statement, struct bs_error *err) {
    for (;;) {
        enum bs_status status = finish_one(sql, statement, err);
        if (status != BS_OK) {
            return status;
        }
        int next = mysql_next_result(sql->mysql);
        if (next > 0) {
            return bs_sql_fail(sql, statement, err);
        }
        if (next < 0) {
            return BS_OK;
        }
    }
}

enum bs_status
bs_sql_run(struct bs_sql *sql, struct bs_str text, struct bs_error *err) {
    enum bs_status status = run_query(sql, text, err);
    return status == BS_OK ? bs_sql_drain(sql, text, err) : status;
}

enum bs_status
bs_sql_use(struct bs_sql *sql, const char *db, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "USE ");
    bs_sql_put_ident(&text, bs_str(db));
    enum bs_status status = bs_sql_run(sql, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    return status;
}

enum bs_status
bs_sql_exec(struct bs_sql *sql, struct bs_error *err, const char *fmt, ...) {
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    BS_ASSERT(len >= 0);
    enum bs_status status = bs_sql_run(sql, (struct bs_str){text, (size_t)len}, err);
    free(text);
    return status;
}

const char *
bs_sql_utf8(const struct bs_sql *sql) {
    enum { FIRST_UTF8MB4 = 50503 };
    return mysql_get_server_version(sql->mysql) >= FIRST_UTF8MB4 ? "utf8mb4" : "utf8";
}

/* For variables that old servers do not have, or not for sessions. */
static enum bs_status
set_if_it_can_be(struct bs_sql *sql, const char *name, int64_t seconds, struct bs_error *err) {
    enum { ER_UNKNOWN_SYSTEM_VARIABLE_NO = 1193, ER_INCORRECT_GLOBAL_LOCAL_VAR_NO = 1238 };
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status status = seconds > 0
                                ? bs_sql_exec(sql, &failure, "SET %s=%" PRId64, name, seconds)
                                : bs_sql_exec(sql, &failure, "SET %s=DEFAULT", name);
    if (status == BS_SERVER && (failure.sql_errno == ER_UNKNOWN_SYSTEM_VARIABLE_NO ||
                                failure.sql_errno == ER_INCORRECT_GLOBAL_LOCAL_VAR_NO)) {
        return BS_OK;
    }
    if (status != BS_OK && err != NULL) {
        *err = failure;
    }
    return status;
}

enum bs_status
bs_sql_limit_row_waits(struct bs_sql *sql, int64_t seconds, struct bs_error *err) {
    return set_if_it_can_be(sql, "innodb_lock_wait_timeout", seconds, err);
}

enum { YEAR_S = 31536000 };

enum bs_status
bs_sql_limit_table_waits(struct bs_sql *sql, int64_t seconds, struct bs_error *err) {
    return set_if_it_can_be(sql, "lock_wait_timeout", seconds > 0 ? seconds : YEAR_S, err);
}

enum bs_status
bs_sql_limit_waits(struct bs_sql *sql, int64_t seconds, struct bs_error *err) {
    enum bs_status status = bs_sql_limit_table_waits(sql, seconds, err);
    return status == BS_OK ? bs_sql_limit_row_waits(sql, seconds, err) : status;
}

enum bs_status
bs_sql_limit_idle(struct bs_sql *sql, int64_t seconds, struct bs_error *err) {
    return bs_sql_exec(sql, err, "SET wait_timeout=%" PRId64, seconds > 0 ? seconds : YEAR_S);
}

enum bs_status
bs_sql_ping(struct bs_sql *sql, struct bs_error *err) {
    BS_ASSERT(sql->multi == BS_SQL_MULTI_NONE);
    return mysql_ping(sql->mysql) == 0 ? BS_OK : bs_sql_fail(sql, (struct bs_str){"", 0}, err);
}

/* Connecting. */

static bool
value_differs(const struct bs_str *row, size_t index) {
    return !bs_str_is_nocase(row[1], settings[index].value);
}

static void
put_setting(struct bs_buf *out, size_t index) {
    const char *value = settings[index].value;
    bool is_number = *value >= '0' && *value <= '9';
    const char *quote = is_number ? "" : "'";
    bs_buf_printf(out, "%s=%s%s%s", settings[index].name, quote, value, quote);
}

/* One SET of all those that differ and are of the kind. */
static enum bs_status
apply_together(struct bs_sql *sql, const bool *differs, bool must, struct bs_error *err) {
    struct bs_buf text = {0};
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (differs[i] && settings[i].must == must) {
            bs_buf_puts(&text, text.len == 0 ? "SET " : ", ");
            put_setting(&text, i);
        }
    }
    enum bs_status status = text.len == 0 ? BS_OK : bs_sql_run(sql, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    return status;
}

/* What is refused is left as it is. */
static enum bs_status
apply_one_by_one(struct bs_sql *sql, const bool *differs, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < SETTING_COUNT && status == BS_OK; i++) {
        bool alone[SETTING_COUNT] = {false};
        struct bs_error refused = {0};
        alone[i] = differs[i];
        status = apply_together(sql, alone, false, &refused);
        if (status == BS_SERVER) {
            status = BS_OK;
        } else if (status != BS_OK && err != NULL) {
            *err = refused;
        }
    }
    return status;
}

/* What may be goes together as well: a server that refuses one of them sets none, and then each is
 * set by itself. */
static enum bs_status
apply_settings(struct bs_sql *sql, const bool *differs, struct bs_error *err) {
    struct bs_error refused = {0};
    enum bs_status status = apply_together(sql, differs, true, err);
    if (status != BS_OK) {
        return status;
    }
    status = apply_together(sql, differs, false, &refused);
    if (status == BS_SERVER) {
        return apply_one_by_one(sql, differs, err);
    }
    if (status != BS_OK && err != NULL) {
        *err = refused;
    }
    return status;
}

static enum bs_status
read_settings(struct bs_sql *sql, bool *differs, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "SHOW VARIABLES WHERE Variable_name IN (");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        bs_buf_printf(&text, "%s'%s'", i == 0 ? "" : ",", settings[i].name);
    }
    bs_buf_puts(&text, ")");
    struct bs_sql_result *result = NULL;
    enum bs_status status = bs_sql_query(sql, &result, err, "%s", bs_buf_cstr(&text));
    bs_buf_fini(&text);
    const struct bs_str *row = NULL;
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        for (size_t i = 0; i < SETTING_COUNT; i++) {
            if (bs_str_is(row[0], settings[i].name)) {
                differs[i] = value_differs(row, i);
            }
        }
    }
    bs_sql_result_free(result);
    return status;
}

static enum bs_status
switch_binlog_off(struct bs_sql *sql, struct bs_error *err) {
    enum bs_status status = bs_sql_exec(sql, err, "SET sql_log_bin=0");
    if (status == BS_SERVER) {
        bs_error_hint(err,
                      "writing past the target's binlog needs a right to: GRANT BINLOG ADMIN on "
                      "MariaDB, SYSTEM_VARIABLES_ADMIN on MySQL 8.0 and newer, SUPER before");
    }
    return status;
}

static enum bs_status
set_up(struct bs_sql *sql, const struct bs_sql_options *options, struct bs_error *err) {
    bool differs[SETTING_COUNT] = {false};
    /* The limit goes first: it cuts what SHOW VARIABLES prints as well. */
    enum bs_status status =
        bs_sql_exec(sql, err,
                    "SET NAMES binary, sql_mode='" BS_SQL_MODE
                    "', time_zone='+00:00', sql_select_limit=18446744073709551615");
    if (status == BS_OK) {
        status = bs_sql_exec(sql, err, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    }
    if (status == BS_OK) {
        status = read_settings(sql, differs, err);
        differs[SYNC_WAIT] = differs[SYNC_WAIT] && !options->reads_late;
        differs[CHECKS_ON] = differs[CHECKS_ON] && !options->stores_rows;
        differs[CHECKS_OFF] = differs[CHECKS_OFF] && options->stores_rows;
    }
    if (status == BS_OK) {
        status = apply_settings(sql, differs, err);
    }
    if (status == BS_OK && options->no_binlog) {
        status = switch_binlog_off(sql, err);
    }
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "setting up a session with %s", sql->where);
}

static enum bs_status
log_in(struct bs_sql *sql, const struct bs_endpoint *endpoint, struct bs_error *err) {
    const unsigned long flags = CLIENT_FOUND_ROWS | CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS;
    const char *host = endpoint->socket != NULL ? NULL : endpoint->host;
    /* With NULL for "no password" both libraries look into the environment. */
    const char *password = endpoint->password != NULL ? endpoint->password : "";
    if (mysql_real_connect(sql->mysql, host, endpoint->user, password, NULL, endpoint->port,
                           endpoint->socket, flags) == NULL) {
        return bs_sql_fail_connect(sql, endpoint, err);
    }
    return bs_client_check_connection(sql->mysql, endpoint, err);
}

enum bs_status
bs_sql_connect(struct bs_sql **out, const struct bs_endpoint *endpoint,
               const struct bs_sql_options *options, struct bs_error *err) {
    static const struct bs_sql_options none;
    options = options != NULL ? options : &none;
    *out = NULL;
    bs_client_library_init();
    struct bs_sql *sql = bs_zalloc(sizeof *sql);
    bs_endpoint_describe(endpoint, sql->where, sizeof sql->where);
    sql->mysql = mysql_init(NULL);
    if (sql->mysql == NULL) {
        free(sql);
        return bs_error_set(err, BS_NOMEM, "no memory for a session");
    }
    enum bs_status status =
        bs_client_set_options(sql->mysql, endpoint, options->program, options->local_infile, err);
    if (status == BS_OK && options->answer_timeout_s > 0) {
        (void)mysql_options(sql->mysql, MYSQL_OPT_READ_TIMEOUT, &options->answer_timeout_s);
    }
    if (status == BS_OK) {
        bs_sql_guard_local_infile(sql);
        status = log_in(sql, endpoint, err);
    }
    if (status == BS_OK) {
        status = set_up(sql, options, err);
    }
    if (status != BS_OK) {
        bs_sql_close(sql);
        return status;
    }
    *out = sql;
    return BS_OK;
}

void
bs_sql_close(struct bs_sql *sql) {
    if (sql != NULL) {
        bs_sql_forget_variables(sql);
        mysql_close(sql->mysql);
        free(sql);
    }
}

int
bs_sql_socket(const struct bs_sql *sql) {
#ifdef LIBMARIADB
    return (int)mysql_get_socket(sql->mysql);
#else
    return sql->mysql->net.vio != NULL ? (int)sql->mysql->net.fd : -1;
#endif
}

void
bs_sql_cut(const struct bs_sql *sql) {
    (void)shutdown(bs_sql_socket(sql), SHUT_RDWR);
}

void
bs_sql_thread_begin(void) {
    (void)mysql_thread_init();
}

void
bs_sql_thread_end(void) {
    mysql_thread_end();
}

uint64_t
bs_sql_connection_id(const struct bs_sql *sql) {
    return mysql_thread_id(sql->mysql);
}

const char *
bs_sql_server_version(const struct bs_sql *sql) {
    return mysql_get_server_info(sql->mysql);
}

uint64_t
bs_sql_affected(const struct bs_sql *sql) {
    return sql->affected;
}

unsigned int
bs_sql_warning_count(const struct bs_sql *sql) {
    return sql->warning_count;
}

/* Several statements in one packet. */

enum bs_status
bs_sql_multi_send(struct bs_sql *sql, struct bs_str text, struct bs_error *err) {
    BS_ASSERT(sql->multi == BS_SQL_MULTI_NONE);
    sql->affected = 0;
    sql->warning_count = 0;
    if (mysql_send_query(sql->mysql, text.data, text.len) != 0) {
        return bs_sql_fail(sql, (struct bs_str){"", 0}, err);
    }
    sql->multi = BS_SQL_MULTI_SENT;
    return BS_OK;
}

enum bs_status
bs_sql_multi_next(struct bs_sql *sql, bool *more, uint64_t *affected, unsigned int *warnings,
                  struct bs_error *err) {
    const struct bs_str unknown = {"", 0}; /* which of the statements, only the caller knows */
    BS_ASSERT(sql->multi != BS_SQL_MULTI_NONE);
    *more = false;
    int next = sql->multi == BS_SQL_MULTI_SENT ? (int)mysql_read_query_result(sql->mysql)
                                               : mysql_next_result(sql->mysql);
    bool is_first = sql->multi == BS_SQL_MULTI_SENT;
    sql->multi = BS_SQL_MULTI_NONE;
    if (next < 0 && !is_first) {
        return BS_OK;
    }
    if (next != 0) {
        return bs_sql_fail(sql, unknown, err);
    }
    enum bs_status status = finish_one(sql, unknown, err);
    if (status == BS_OK) {
        sql->multi = BS_SQL_MULTI_READING;
        *more = true;
        *affected = sql->affected;
        *warnings = sql->warning_count;
    }
    return status;
}
