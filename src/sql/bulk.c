#include "sql/bulk.h"

#include "base/mem.h"
#include "sql/session_private.h"

#include <stdlib.h>
#include <string.h>

enum {
    VALUE_EXTRA = 10,   /* an indicator and a length */
    PACKET_EXTRA = 256, /* header, types */
};

size_t
bs_sql_bulk_size(size_t bytes, size_t values) {
    return bytes + values * VALUE_EXTRA + PACKET_EXTRA;
}

#ifdef MARIADB_CLIENT_STMT_BULK_OPERATIONS

struct bs_sql_bulk {
    struct bs_sql *sql;
    MYSQL_STMT *stmt;
    char *statement; /* for errors */
    size_t values;
    /* By column: what the library wants of each row. */
    MYSQL_BIND *binds;
    char **pointers;
    unsigned long *lengths;
    char *indicators;
    size_t rows_cap;
};

bool
bs_sql_can_bulk(const struct bs_sql *sql) {
    unsigned long extended = 0;
    int rc =
        mariadb_get_infov(sql->mysql, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &extended);
    return rc == 0 && (extended & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
}

/* What the server says is in the session as well; what the library itself says is not. */
static enum bs_status
fail(struct bs_sql_bulk *bulk, struct bs_error *err) {
    if (mysql_errno(bulk->sql->mysql) != 0) {
        return bs_sql_fail(bulk->sql, bs_str(bulk->statement), err);
    }
    return bs_error_set(err, BS_IO, "%s: sending rows together failed: %s (%u)", bulk->sql->where,
                        mysql_stmt_error(bulk->stmt), mysql_stmt_errno(bulk->stmt));
}

enum bs_status
bs_sql_bulk_open(struct bs_sql_bulk **out, struct bs_sql *sql, struct bs_str statement,
                 size_t values, struct bs_error *err) {
    BS_ASSERT(sql->multi == BS_SQL_MULTI_NONE && values > 0);
    struct bs_sql_bulk *bulk = bs_zalloc(sizeof *bulk);
    *bulk = (struct bs_sql_bulk){.sql = sql,
                                 .stmt = mysql_stmt_init(sql->mysql),
                                 .statement = bs_strndup(statement.data, statement.len),
                                 .values = values,
                                 .binds = bs_zalloc(values * sizeof *bulk->binds)};
    BS_ASSERT(bulk->stmt != NULL);
    enum bs_status status = BS_OK;
    if (mysql_stmt_prepare(bulk->stmt, statement.data, statement.len) != 0) {
        status = fail(bulk, err);
    } else if (mysql_stmt_param_count(bulk->stmt) != values) {
        status = bs_error_set(err, BS_PROTOCOL, "%s: a statement has %lu values instead of %zu",
                              sql->where, mysql_stmt_param_count(bulk->stmt), values);
    }
    if (status != BS_OK) {
        bs_sql_bulk_close(bulk);
        bulk = NULL;
    }
    *out = bulk;
    return status;
}

void
bs_sql_bulk_close(struct bs_sql_bulk *bulk) {
    if (bulk == NULL) {
        return;
    }
    mysql_stmt_close(bulk->stmt);
    free(bulk->statement);
    free(bulk->binds);
    free(bulk->pointers);
    free(bulk->lengths);
    free(bulk->indicators);
    free(bulk);
}

static void
make_room(struct bs_sql_bulk *bulk, size_t rows) {
    if (rows <= bulk->rows_cap) {
        return;
    }
    size_t count = rows * bulk->values;
    free(bulk->pointers);
    free(bulk->lengths);
    free(bulk->indicators);
    bulk->pointers = bs_alloc(count * sizeof *bulk->pointers);
    bulk->lengths = bs_alloc(count * sizeof *bulk->lengths);
    bulk->indicators = bs_alloc(count);
    bulk->rows_cap = rows;
}

/* Rows become columns. The library only reads what the pointers point to. */
static void
lay_out(struct bs_sql_bulk *bulk, const char *bytes, const uint32_t *lengths, size_t rows) {
    char *at = (char *)(uintptr_t)bytes;
    for (size_t row = 0; row < rows; row++) {
        for (size_t column = 0; column < bulk->values; column++) {
            uint32_t length = *lengths++;
            size_t i = column * rows + row;
            bool is_null = length == BS_SQL_BULK_NULL;
            bulk->indicators[i] = is_null ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
            bulk->lengths[i] = is_null ? 0 : length;
            bulk->pointers[i] = at;
            at += bulk->lengths[i];
        }
    }
    for (size_t column = 0; column < bulk->values; column++) {
        bulk->binds[column].buffer_type = MYSQL_TYPE_STRING;
        bulk->binds[column].buffer = &bulk->pointers[column * rows];
        bulk->binds[column].length = &bulk->lengths[column * rows];
        bulk->binds[column].u.indicator = &bulk->indicators[column * rows];
    }
}

enum bs_status
bs_sql_bulk_run(struct bs_sql_bulk *bulk, const char *bytes, const uint32_t *lengths, size_t rows,
                struct bs_error *err) {
    struct bs_sql *sql = bulk->sql;
    unsigned int count = (unsigned int)rows;
    BS_ASSERT(sql->multi == BS_SQL_MULTI_NONE && rows > 0 && rows <= UINT32_MAX);
    make_room(bulk, rows);
    lay_out(bulk, bytes, lengths, rows);
    sql->affected = 0;
    sql->warning_count = 0;
    if (mysql_stmt_attr_set(bulk->stmt, STMT_ATTR_ARRAY_SIZE, &count) != 0 ||
        mysql_stmt_bind_param(bulk->stmt, bulk->binds) != 0 ||
        mysql_stmt_execute(bulk->stmt) != 0) {
        return fail(bulk, err);
    }
    sql->affected = mysql_stmt_affected_rows(bulk->stmt);
    sql->warning_count = mysql_warning_count(sql->mysql);
    return BS_OK;
}

#else /* Oracle's library */

bool
bs_sql_can_bulk(const struct bs_sql *sql) {
    (void)sql;
    return false;
}

enum bs_status
bs_sql_bulk_open(struct bs_sql_bulk **out, struct bs_sql *sql, struct bs_str statement,
                 size_t values, struct bs_error *err) {
    (void)statement;
    (void)values;
    *out = NULL;
    return bs_error_set(err, BS_PROTOCOL, "%s: the client library cannot send rows together",
                        sql->where);
}

void
bs_sql_bulk_close(struct bs_sql_bulk *bulk) {
    (void)bulk;
}

enum bs_status
bs_sql_bulk_run(struct bs_sql_bulk *bulk, const char *bytes, const uint32_t *lengths, size_t rows,
                struct bs_error *err) {
    (void)bulk;
    (void)bytes;
    (void)lengths;
    (void)rows;
    return bs_error_set(err, BS_PROTOCOL, "the client library cannot send rows together");
}

#endif
