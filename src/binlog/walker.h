/* Walks a binlog event by event, as it was written: for whoever wants to see what is in it, and not
 * what to do about it (that is the decoder's). Pure; one per file or stream, one thread.
 *
 *   bs_walker_push(raw event) ──> bs_walker_next ──> the event itself
 *                                 bs_walker_next ──> those inside of a TRANSACTION_PAYLOAD, the one
 *                                                    that PARTIAL_ROW_DATA fragments make
 *                                 ...               false: push the next
 *
 * It verifies framing and checksums, opens what is compressed, and says which table a rows event
 * belongs to. It asks for no order among events beyond that, so that files whose head is missing,
 * or that were put together, can be read; but what it does not know, and the source did not mark as
 * ignorable, stops it by name: BS_PROTOCOL, with the place. */
#ifndef BS_BINLOG_WALKER_H
#define BS_BINLOG_WALKER_H

#include "base/error.h"
#include "base/str.h"
#include "binlog/event.h"
#include "binlog/format.h"
#include "binlog/table_map.h"

#include <stdbool.h>
#include <stdint.h>

struct bs_walked {
    /* Compressed rows come as plain, with their plain type. Views into the pushed bytes or the
     * walker's own, valid until the next call of bs_walker_next. */
    struct bs_event event;
    uint8_t logged_type; /* as in the log: event.type, but for compressed rows */
    const char *file;    /* where it is; of those inside of another: where that is */
    uint64_t pos, end;
    uint64_t inner;  /* 1, 2, ... inside of a TRANSACTION_PAYLOAD; 0: it stands in the log itself */
    bool is_whole;   /* made of the PARTIAL_ROW_DATA events in front of it */
    bool is_made_up; /* by the server that streams: it is not in its log */
    bool is_mariadb; /* the server that wrote it; false before the first FORMAT_DESCRIPTION */
    bool sums;       /* events of the file have checksums */
    const struct bs_table_map *map; /* TABLE_MAP and rows; NULL: rows that only end a statement */
};

struct bs_walker;

/* checksums_only: events are framed and summed, but not opened nor held against what is known. */
struct bs_walker *bs_walker_new(bool checksums_only);
void bs_walker_free(struct bs_walker *walker);

/* A file begins, or a stream somewhere in one. Its own FORMAT_DESCRIPTION must come first. */
void bs_walker_enter(struct bs_walker *walker, const char *file, uint64_t pos);

/* The file ended: BS_PROTOCOL where it may not. */
enum bs_status bs_walker_leave(struct bs_walker *walker, struct bs_error *err) BS_MUST_CHECK;

/* From a server: events that it made up take no place in the file, and move on to the next. sums:
 * whether events that come before a FORMAT_DESCRIPTION have a checksum. */
void bs_walker_is_stream(struct bs_walker *walker, bool sums);

/* One whole raw event, whose bytes must stay valid until bs_walker_next has said that no more is in
 * it. */
enum bs_status bs_walker_push(struct bs_walker *walker, struct bs_str raw,
                              struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_walker_next(struct bs_walker *walker, struct bs_walked *walked, bool *more,
                              struct bs_error *err) BS_MUST_CHECK;

/* The format that holds here; NULL before the first FORMAT_DESCRIPTION. */
const struct bs_format *bs_walker_format(const struct bs_walker *walker);

/* The last failure was a rows event whose TABLE_MAP lies before the place where reading began. */
bool bs_walker_lacks_map(const struct bs_walker *walker);

/* Where the next event is. */
const char *bs_walker_file(const struct bs_walker *walker);
uint64_t bs_walker_pos(const struct bs_walker *walker);

#endif
