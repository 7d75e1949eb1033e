/* Statements with a result set, and the questions that are built on them. */
#include "sql/session_private.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { NET_BUFFER_KEPT = 1 << 20 }; /* of what a session reads into */

struct bs_sql_result {
    struct bs_sql *sql;
    MYSQL_RES *res;
    struct bs_str *fields; /* of the current row */
    unsigned int column_count;
    bool is_stream;
};

static enum bs_status
open_result(struct bs_sql *sql, struct bs_str text, bool is_stream, struct bs_sql_result **out,
            struct bs_error *err) {
    BS_ASSERT(sql->multi == BS_SQL_MULTI_NONE);
    *out = NULL;
    if (mysql_real_query(sql->mysql, text.data, text.len) != 0) {
        return bs_sql_fail(sql, text, err);
    }
    if (mysql_field_count(sql->mysql) == 0) {
        enum bs_status status = bs_sql_drain(sql, text, err);
        return status != BS_OK
                   ? status
                   : bs_error_set(err, BS_PROTOCOL,
                                  "%s: a question was answered without a result set", sql->where);
    }
    MYSQL_RES *res = is_stream ? mysql_use_result(sql->mysql) : mysql_store_result(sql->mysql);
    if (res == NULL) {
        return bs_sql_fail(sql, text, err);
    }
    struct bs_sql_result *result = bs_zalloc(sizeof *result);
    result->sql = sql;
    result->res = res;
    result->is_stream = is_stream;
    result->column_count = mysql_num_fields(res);
    result->fields = bs_zalloc(result->column_count * sizeof *result->fields);
    *out = result;
    return BS_OK;
}

/* A procedure's CALL, or a list of statements, answers with more than one result: the rest is
 * dropped, but its errors are not. */
static enum bs_status
drop_rest(struct bs_sql *sql, struct bs_str text, struct bs_error *err) {
    int next = mysql_next_result(sql->mysql);
    if (next > 0) {
        return bs_sql_fail(sql, text, err);
    }
    return next == 0 ? bs_sql_drain(sql, text, err) : BS_OK;
}

static enum bs_status
query_text(struct bs_sql *sql, struct bs_str text, struct bs_sql_result **result,
           struct bs_error *err) {
    enum bs_status status = open_result(sql, text, false, result, err);
    if (status == BS_OK) {
        sql->warning_count = mysql_warning_count(sql->mysql);
        status = drop_rest(sql, text, err);
        if (status != BS_OK) {
            bs_sql_result_free(*result);
            *result = NULL;
        }
    }
    return status;
}

static enum bs_status query_format(struct bs_sql *sql, struct bs_sql_result **result,
                                   struct bs_error *err, const char *fmt, va_list args)
    BS_PRINTF(4, 0);

static enum bs_status
query_format(struct bs_sql *sql, struct bs_sql_result **result, struct bs_error *err,
             const char *fmt, va_list args) {
    char *text = NULL;
    int len = vasprintf(&text, fmt, args);
    BS_ASSERT(len >= 0);
    enum bs_status status = query_text(sql, (struct bs_str){text, (size_t)len}, result, err);
    free(text);
    return status;
}

enum bs_status
bs_sql_query(struct bs_sql *sql, struct bs_sql_result **result, struct bs_error *err,
             const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    enum bs_status status = query_format(sql, result, err, fmt, args);
    va_end(args);
    return status;
}

enum bs_status
bs_sql_stream(struct bs_sql *sql, struct bs_str text, struct bs_sql_result **result,
              struct bs_error *err) {
    return open_result(sql, text, true, result, err);
}

enum bs_status
bs_sql_next(struct bs_sql_result *result, const struct bs_str **fields, struct bs_error *err) {
    *fields = NULL;
    MYSQL_ROW row = mysql_fetch_row(result->res);
    if (row == NULL) {
        bool failed = result->is_stream && mysql_errno(result->sql->mysql) != 0;
        return failed ? bs_sql_fail(result->sql, (struct bs_str){"", 0}, err) : BS_OK;
    }
    const unsigned long *lens = mysql_fetch_lengths(result->res);
    for (unsigned int i = 0; i < result->column_count; i++) {
        result->fields[i] = (struct bs_str){row[i], row[i] != NULL ? lens[i] : 0};
    }
    *fields = result->fields;
    return BS_OK;
}

unsigned int
bs_sql_column_count(const struct bs_sql_result *result) {
    return result->column_count;
}

const char *
bs_sql_column_name(const struct bs_sql_result *result, unsigned int index) {
    BS_ASSERT(index < result->column_count);
    return mysql_fetch_field_direct(result->res, index)->name;
}

uint64_t
bs_sql_row_count(const struct bs_sql_result *result) {
    BS_ASSERT(!result->is_stream);
    return mysql_num_rows(result->res);
}

/* The library reads into a buffer as large as the largest row that the session has ever met, and
 * keeps it. Between two statements nothing is in it, so the pages behind its beginning go back to
 * the system, and come again, empty, when they are needed. */
static void
give_buffer_back(const struct bs_sql *sql) {
    const NET *net = &sql->mysql->net;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    if (net->buff == NULL || net->max_packet <= 2 * (unsigned long)NET_BUFFER_KEPT) {
        return;
    }
    uintptr_t from = (uintptr_t)net->buff + NET_BUFFER_KEPT;
    uintptr_t to = (uintptr_t)net->buff + net->max_packet;
    from = (from + page - 1) / page * page;
    to = to / page * page;
    if (from < to) {
        (void)madvise((void *)from, to - from, MADV_DONTNEED);
    }
}

void
bs_sql_result_free(struct bs_sql_result *result) {
    if (result == NULL) {
        return;
    }
    mysql_free_result(result->res); /* reads a stream to its end */
    if (result->is_stream) {
        (void)drop_rest(result->sql, (struct bs_str){"", 0}, NULL);
        give_buffer_back(result->sql);
    }
    free(result->fields);
    free(result);
}

/* The first column of the first row, if there is one. */
static enum bs_status
take_value(struct bs_sql_result *result, struct bs_buf *value, bool *found, struct bs_error *err) {
    const struct bs_str *row = NULL;
    enum bs_status status = bs_sql_next(result, &row, err);
    if (status == BS_OK && row != NULL && row[0].data != NULL) {
        bs_buf_put_str(value, row[0]);
        *found = true;
    }
    return status;
}

enum bs_status
bs_sql_value(struct bs_sql *sql, struct bs_buf *value, bool *found, struct bs_error *err,
             const char *fmt, ...) {
    *found = false;
    bs_buf_clear(value);
    struct bs_sql_result *result = NULL;
    va_list args;
    va_start(args, fmt);
    enum bs_status status = query_format(sql, &result, err, fmt, args);
    va_end(args);
    if (status == BS_OK) {
        status = take_value(result, value, found, err);
    }
    bs_sql_result_free(result);
    return status;
}

enum bs_status
bs_sql_warnings(struct bs_sql *sql, unsigned int max, struct bs_buf *out, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status = bs_sql_query(sql, &result, err, "SHOW WARNINGS LIMIT %u", max);
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        bs_buf_put_str(out, row[1]);
        bs_buf_put_u8(out, ' ');
        bs_buf_put_str(out, row[2]);
        bs_buf_put_u8(out, '\n');
    }
    bs_sql_result_free(result);
    return status;
}
