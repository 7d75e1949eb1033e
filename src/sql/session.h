/* A session with a server in plain SQL: the only room that includes mysql.h. Used by everything
 * that asks a server something or writes to the target; the binlog stream has its own client
 * (src/net).
 *
 * A session belongs to one thread at a time. Every session is set up the same way: names binary (so
 * strings travel byte for byte and no charset is ever converted), time_zone '+00:00', a sql_mode
 * that stores every value a source can hold and refuses every value that would be changed
 * (BS_SQL_MODE), CLIENT_FOUND_ROWS (an UPDATE counts matched rows), CLIENT_MULTI_STATEMENTS,
 * foreign_key_checks=1, unique_checks=1, autocommit=1, READ COMMITTED, and on MySQL >= 8.0.13
 * sql_require_primary_key=0, >= 8.0.30 sql_generate_invisible_primary_key=0 and
 * show_gipk_in_create_table_and_information_schema=1 (each only where the variable exists and may
 * be set). lock_wait_timeout, wait_timeout and net_*_timeout are long.
 *
 * Server errors become struct bs_error of class BS_SERVER with sql_errno and sql_state; a lost
 * connection becomes BS_IO (with sql_errno 2006, 2013 and the like). Statement text never appears
 * in errors beyond its first 200 bytes, and never for statements that may hold a password. */
#ifndef BS_SQL_SESSION_H
#define BS_SQL_SESSION_H

#include "base/buf.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Strict, so nothing is clipped; without NO_ZERO_DATE, NO_ZERO_IN_DATE and with
 * ALLOW_INVALID_DATES, so what was stored once can be stored again; 0 stays 0 in AUTO_INCREMENT
 * columns. */
#define BS_SQL_MODE                                                                                \
    "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"

/* For rows with values that strict modes do not take, such as an ENUM of index 0: who uses it
 * counts the warnings. */
#define BS_SQL_MODE_LENIENT "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION"

struct bs_sql; /* a session */
struct bs_sql_result;

struct bs_sql_options {
    const char *program; /* shown as program_name, e.g. "binstream loader 2"; may be NULL */
    bool local_infile;   /* allow LOAD DATA LOCAL, fed by bs_sql_load only */
    bool no_binlog;      /* SET sql_log_bin=0, an error where it is not allowed */
    bool reads_late;     /* reads need not see what other nodes of a Galera cluster have committed
                            until now: for sessions that write, on the node that took the task over */
    bool stores_rows;    /* rows are stored as the source has them, also where they break a CHECK,
                            as a source's may; MySQL has no such choice */
    unsigned int answer_timeout_s; /* how long an answer may take, 0: for ever. The library may
                                      wait several times */
};

enum bs_status bs_sql_connect(struct bs_sql **sql, const struct bs_endpoint *endpoint,
                              const struct bs_sql_options *options,
                              struct bs_error *err) BS_MUST_CHECK;
void bs_sql_close(struct bs_sql *sql); /* NULL is fine; never waits for the server */

/* From another thread than the session's: what waits for the server there fails at once, and the
 * session is of no more use. The session must not be closed meanwhile. */
void bs_sql_cut(const struct bs_sql *sql);

/* Around the life of a thread that uses sessions which another one has opened. */
void bs_sql_thread_begin(void);
void bs_sql_thread_end(void);

uint64_t bs_sql_connection_id(const struct bs_sql *sql);
const char *bs_sql_server_version(const struct bs_sql *sql); /* as in the greeting */

/* The charset of all of Unicode that the server has: "utf8mb4", or "utf8" before MySQL 5.5.3.
 * Static text. */
const char *bs_sql_utf8(const struct bs_sql *sql);

/* How long the session's statements wait for row locks; 0: as long as the server's configuration
 * says. MySQL 5.1 without the plugin's InnoDB has no such choice: there its own value stays. */
enum bs_status bs_sql_limit_row_waits(struct bs_sql *sql, int64_t seconds,
                                      struct bs_error *err) BS_MUST_CHECK;
/* For metadata locks, which MySQL has from 5.5.3 on; 0: for a year, as from the start. */
enum bs_status bs_sql_limit_table_waits(struct bs_sql *sql, int64_t seconds,
                                        struct bs_error *err) BS_MUST_CHECK;
/* For both. */
enum bs_status bs_sql_limit_waits(struct bs_sql *sql, int64_t seconds,
                                  struct bs_error *err) BS_MUST_CHECK;

/* How long the server keeps the session while nothing is said to it; 0: for a year. See keep.h. */
enum bs_status bs_sql_limit_idle(struct bs_sql *sql, int64_t seconds,
                                 struct bs_error *err) BS_MUST_CHECK;

/* Says something that asks for nothing. */
enum bs_status bs_sql_ping(struct bs_sql *sql, struct bs_error *err) BS_MUST_CHECK;

/* A statement without a result set. exec takes a format; run takes bytes. */
enum bs_status bs_sql_exec(struct bs_sql *sql, struct bs_error *err, const char *fmt,
                           ...) BS_MUST_CHECK BS_PRINTF(3, 4);
enum bs_status bs_sql_run(struct bs_sql *sql, struct bs_str text,
                          struct bs_error *err) BS_MUST_CHECK;

/* The session's default database from now on. */
enum bs_status bs_sql_use(struct bs_sql *sql, const char *db, struct bs_error *err) BS_MUST_CHECK;

/* Of the last statement: rows matched, inserted or deleted; warnings. */
uint64_t bs_sql_affected(const struct bs_sql *sql);
unsigned int bs_sql_warning_count(const struct bs_sql *sql);

/* Puts SHOW WARNINGS (at most max of them, "code message" a line) into out. */
enum bs_status bs_sql_warnings(struct bs_sql *sql, unsigned int max, struct bs_buf *out,
                               struct bs_error *err) BS_MUST_CHECK;

/* A statement with a result set, held in memory (query) or read row by row from the network
 * (stream; no other statement may run on the session until it is freed). */
enum bs_status bs_sql_query(struct bs_sql *sql, struct bs_sql_result **result, struct bs_error *err,
                            const char *fmt, ...) BS_MUST_CHECK BS_PRINTF(4, 5);
enum bs_status bs_sql_stream(struct bs_sql *sql, struct bs_str text, struct bs_sql_result **result,
                             struct bs_error *err) BS_MUST_CHECK;

/* The next row: *fields points to one view per column, data == NULL for SQL NULL, valid until the
 * next call; *fields == NULL after the last row. Views are NUL-terminated. */
enum bs_status bs_sql_next(struct bs_sql_result *result, const struct bs_str **fields,
                           struct bs_error *err) BS_MUST_CHECK;
unsigned int bs_sql_column_count(const struct bs_sql_result *result);
const char *bs_sql_column_name(const struct bs_sql_result *result, unsigned int index);
uint64_t bs_sql_row_count(const struct bs_sql_result *result); /* of bs_sql_query only */
void bs_sql_result_free(struct bs_sql_result *result);         /* reads a stream to its end */

/* One value of the first column of the first row, copied into value; *found false when there is no
 * row or it is NULL. */
enum bs_status bs_sql_value(struct bs_sql *sql, struct bs_buf *value, bool *found,
                            struct bs_error *err, const char *fmt, ...) BS_MUST_CHECK
    BS_PRINTF(5, 6);

/* A server variable's value by SHOW [GLOBAL] VARIABLES LIKE, which never fails on unknown names. */
enum bs_status bs_sql_variable(struct bs_sql *sql, const char *name, bool global,
                               struct bs_buf *value, bool *found,
                               struct bs_error *err) BS_MUST_CHECK;
/* Reads all global ones in one statement: until they are forgotten, what is asked of global ones is
 * as of now, and costs nothing. */
enum bs_status bs_sql_remember_variables(struct bs_sql *sql, struct bs_error *err) BS_MUST_CHECK;
void bs_sql_forget_variables(struct bs_sql *sql);

/* Several statements in one packet, separated by ";". After bs_sql_multi_send the answers are read
 * one by one: *more true with each answer, and false, once, when there is none left. They must all
 * be read before the session is used again. A failing statement ends the list: those behind it were
 * not run. send and next are apart so that a test can die between them. Statements with result sets
 * are allowed; their rows are dropped. */
enum bs_status bs_sql_multi_send(struct bs_sql *sql, struct bs_str text,
                                 struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_sql_multi_next(struct bs_sql *sql, bool *more, uint64_t *affected,
                                 unsigned int *warnings, struct bs_error *err) BS_MUST_CHECK;

/* LOAD DATA LOCAL INFILE fed from memory. read copies up to cap bytes into out and returns how
 * many, 0 at the end, -1 to give up (err is then the caller's business). statement names the file
 * 'binstream'. Counts come from the server's own report. */
struct bs_sql_load_report {
    uint64_t records;
    uint64_t deleted;
    uint64_t skipped;
    uint64_t warnings;
};
enum bs_status bs_sql_load(struct bs_sql *sql, struct bs_str statement,
                           int (*read)(void *arg, char *out, unsigned int cap), void *arg,
                           struct bs_sql_load_report *report, struct bs_error *err) BS_MUST_CHECK;

#endif
