/*
 * One session with one of the two servers, set up so that what is read is what is stored: no
 * charset conversion of results, UTC, empty sql_mode, hidden primary keys shown.
 *
 * Called by catalog, objects, across, rows and tables. A session belongs to one thread at a time.
 * Nothing is ever written.
 */
#ifndef JUDGE_SERVER_H
#define JUDGE_SERVER_H

#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>

#include "text.h"

#define JUDGE_CHECK __attribute__((warn_unused_result))

struct judge_error {
    char text[2048];
};

/* Sets the error and returns false, so that a caller can `return judge_fail(...)`. */
bool judge_fail(struct judge_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* user[:password]@host:port or user[:password]@/path/to/socket. Owns its strings. */
struct judge_endpoint {
    char side; /* 'A' or 'B' */
    char *user;
    char *password;
    char *host;
    char *socket;
    unsigned port;
};

bool judge_endpoint_parse(struct judge_endpoint *to, char side, const char *text) JUDGE_CHECK;
void judge_endpoint_fini(struct judge_endpoint *endpoint);

struct judge_server {
    const struct judge_endpoint *endpoint;
    MYSQL *mysql;
    bool is_mariadb;
    unsigned version; /* 100 * (100 * major + minor) + patch: 50624, 101106 */
    char version_text[64];
    bool keeps_minus_zero; /* newer MariaDB stores -0.0 as 0.0 */
};

bool judge_server_open(struct judge_server *server, const struct judge_endpoint *endpoint,
                       struct judge_error *err) JUDGE_CHECK;
void judge_server_close(struct judge_server *server);
/* The same flavour and the same version to the patch level: texts can be compared as they are. */
bool judge_server_is_same_version(const struct judge_server *a, const struct judge_server *b);

/* A stored text result, walked forward. cell() is valid until the next call of next(). */
struct judge_result {
    MYSQL_RES *res;
    MYSQL_ROW row;
    unsigned long *lengths;
    unsigned column_count;
};

struct judge_cell {
    const char *data; /* NULL: SQL NULL; NUL-terminated */
    size_t len;
};

bool judge_query(struct judge_server *server, const char *sql, struct judge_result *result,
                 struct judge_error *err) JUDGE_CHECK;
bool judge_result_next(struct judge_result *result);
struct judge_cell judge_result_cell(const struct judge_result *result, unsigned column);
/* The name of a column of the result. */
const char *judge_result_name(const struct judge_result *result, unsigned column);
void judge_result_close(struct judge_result *result);
/* Runs a query for its outcome only: 0, or the server's error number. */
unsigned judge_query_errno(struct judge_server *server, const char *sql);
/* True when the cell is exactly that string. */
bool judge_cell_is(struct judge_cell cell, const char *str);
char *judge_cell_copy(struct judge_cell cell);

#endif
