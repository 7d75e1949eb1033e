/*
 * Reads a table's rows through the binary protocol, streaming, and lays each out as bytes that are
 * equal exactly when the stored values are: floats by their bits, strings by their stored bytes.
 *
 * Called by tables.c. A reader holds its session until it is closed; one row at a time is in
 * memory.
 *
 * A row's bytes: for each field of the plan in turn
 *   'N'                              NULL
 *   'I' int64 | 'U' uint64           integers; U only above the largest int64
 *   'F' 4 bytes | 'D' 8 bytes        FLOAT, DOUBLE
 *   'T' 7 x uint32, uint64           year, month, day, hour, minute, second, negative; microseconds
 *   'S' uint64 length, bytes         everything else; a JSON document that is a text on the other
 *                                    server in the form of json.h
 * in the machine's own byte order.
 */
#ifndef JUDGE_ROWS_H
#define JUDGE_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "server.h"
#include "shape.h"

struct judge_reader {
    struct judge_server *server;
    const struct judge_plan *plan;
    MYSQL_STMT *stmt;
    MYSQL_BIND *binds;
    struct judge_slot *slots;
    struct judge_text row;
    struct judge_text document; /* where JSON is rewritten */
    size_t *offsets;            /* plan->count + 1: where each field starts in row */
};

bool judge_reader_open(struct judge_reader *reader, struct judge_server *server,
                       const struct judge_plan *plan, struct judge_error *err) JUDGE_CHECK;
/* The next row into reader->row; *is_end instead of a row at the end. */
bool judge_reader_next(struct judge_reader *reader, bool *is_end,
                       struct judge_error *err) JUDGE_CHECK;
void judge_reader_close(struct judge_reader *reader);

/* Writes a laid-out value for people. at: the byte of a string's content around which to show it.
 */
void judge_value_print(struct judge_text *out, const struct judge_field *field, const char *value,
                       size_t len, size_t at);
/* The first byte of two strings' content that differs; 0 for anything else. */
size_t judge_value_difference(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
