/* What the files of this room share about a session. */
#ifndef BS_SQL_SESSION_PRIVATE_H
#define BS_SQL_SESSION_PRIVATE_H

#include "sql/session.h"

#include <mysql.h>

enum { BS_SQL_WHERE_MAX = 320 };

/* multi_send -> SENT, first multi_next -> READING, the last one -> NONE. */
enum bs_sql_multi_state { BS_SQL_MULTI_NONE, BS_SQL_MULTI_SENT, BS_SQL_MULTI_READING };

struct bs_sql_load_source;
struct bs_sql_variables;

struct bs_sql {
    MYSQL *mysql;
    char where[BS_SQL_WHERE_MAX]; /* user@host:port, for errors */
    enum bs_sql_multi_state multi;
    struct bs_sql_load_source *load; /* set only while bs_sql_load runs */
    uint64_t affected;
    unsigned int warning_count;
    struct bs_sql_variables *variables; /* that are remembered; NULL: none are */
};

/* failure.c: the library's last error as struct bs_error. */
enum bs_status bs_sql_fail(struct bs_sql *sql, struct bs_str statement, struct bs_error *err);
enum bs_status bs_sql_fail_connect(struct bs_sql *sql, const struct bs_endpoint *endpoint,
                                   struct bs_error *err);

/* load.c: refuses every file that bs_sql_load did not offer, whatever the server asks for. */
void bs_sql_guard_local_infile(struct bs_sql *sql);

/* session.c: of the connection, still the session's; negative when it is lost. */
int bs_sql_socket(const struct bs_sql *sql);

/* session.c: reads and drops all results of the statement that was just sent. */
enum bs_status bs_sql_drain(struct bs_sql *sql, struct bs_str statement, struct bs_error *err);

#endif
