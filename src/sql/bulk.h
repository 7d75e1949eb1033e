/* One INSERT and the values of many rows, sent together in binary: MariaDB's bulk execution, which
 * spares the server the parsing of a text. Values go as strings of bytes, which the server turns
 * into the columns' types as it does with those of any INSERT. Where the server or the client
 * library does not know it, bs_sql_can_bulk says so. Used by the session's thread. */
#ifndef BS_SQL_BULK_H
#define BS_SQL_BULK_H

#include "sql/session.h"

#include <stddef.h>
#include <stdint.h>

struct bs_sql_bulk;

bool bs_sql_can_bulk(const struct bs_sql *sql);

/* statement: an INSERT of one row, with a question mark for each of so many values, at least one.
 */
enum bs_status bs_sql_bulk_open(struct bs_sql_bulk **bulk, struct bs_sql *sql,
                                struct bs_str statement, size_t values,
                                struct bs_error *err) BS_MUST_CHECK;
void bs_sql_bulk_close(struct bs_sql_bulk *bulk); /* NULL is fine */

#define BS_SQL_BULK_NULL UINT32_MAX

/* The rows' values, one row after the other: lengths (BS_SQL_BULK_NULL for NULL), and the bytes
 * without anything in between. One statement: all rows are stored, or none. bs_sql_affected and
 * bs_sql_warning_count tell of it. What is sent must fit into the server's max_allowed_packet:
 * bs_sql_bulk_size says how much it is at most. */
enum bs_status bs_sql_bulk_run(struct bs_sql_bulk *bulk, const char *bytes, const uint32_t *lengths,
                               size_t rows, struct bs_error *err) BS_MUST_CHECK;
size_t bs_sql_bulk_size(size_t bytes, size_t values);

#endif
