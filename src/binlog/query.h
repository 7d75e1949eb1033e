/* QUERY events: opened, and sorted by what their text does to a group. Internal to src/binlog.
 * Field guide 3.6. */
#ifndef BS_BINLOG_QUERY_H
#define BS_BINLOG_QUERY_H

#include "base/buf.h"
#include "base/cursor.h"
#include "base/error.h"
#include "binlog/event.h"
#include "binlog/statement.h"

/* QUERY and QUERY_COMPRESSED; the latter's text is inflated into *inflated. */
enum bs_status bs_statement_parse(struct bs_statement *statement, const struct bs_event *event,
                                  struct bs_buf *inflated, struct bs_error *err) BS_MUST_CHECK;

/* The same where head is QUERY's post-header of 13 bytes and rest what stands behind it and, in
 * EXECUTE_LOAD_QUERY, behind that event's own. */
enum bs_status bs_statement_read(struct bs_statement *statement, const struct bs_event *event,
                                 struct bs_cursor *head, struct bs_cursor *rest,
                                 struct bs_error *err) BS_MUST_CHECK;

enum bs_query_kind {
    BS_QUERY_BEGIN,
    BS_QUERY_COMMIT,
    BS_QUERY_ROLLBACK,
    BS_QUERY_SAVEPOINT,   /* SAVEPOINT x, RELEASE SAVEPOINT x */
    BS_QUERY_ROLLBACK_TO, /* ROLLBACK [WORK] TO [SAVEPOINT] x */
    BS_QUERY_XA,
    BS_QUERY_OTHER,
};

enum bs_query_kind bs_query_kind(struct bs_str sql);

#endif
