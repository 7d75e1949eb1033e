/* The event decoder: raw events in, units of work out. Pure; one per stream, one thread.
 *
 * It verifies framing and checksums, keeps what later events depend on (format description, table
 * maps, current file and position, GTID state), and turns both flavours' ways of grouping events
 * into one:
 *
 *   GROUP_BEGIN  (ROWS | STATEMENT)*  GROUP_END            one source transaction
 *
 *                 begin              rows, statements             XID, COMMIT
 *   [between] ──────────────> [inside] ─────────────────> [inside] ──────────> [between]
 *       │                                                                          ▲
 *       └── lone statement (DDL): BEGIN, STATEMENT(alone), END in three steps ──────┘
 *
 * Positions: `end` of the decoder is the place after the last GROUP_END, from which a dump can
 * start again; it never moves inside a group. Events that carry no change (heartbeats, rotates,
 * checkpoint events) yield BS_ITEM_NONE. What it does not know stops it: BS_PROTOCOL with the
 * event's name, file and position, unless the source marked the event as ignorable: then it is
 * counted in ignored_events. Source: field guide 3. */
#ifndef BS_BINLOG_DECODER_H
#define BS_BINLOG_DECODER_H

#include "base/error.h"
#include "base/position.h"
#include "base/str.h"
#include "binlog/event.h"
#include "binlog/gtid.h"
#include "binlog/rows.h"
#include "binlog/statement.h"
#include "schema/server.h"

#include <stdbool.h>
#include <stdint.h>

enum bs_item_kind {
    BS_ITEM_NONE,
    BS_ITEM_GROUP_BEGIN,
    BS_ITEM_ROWS,           /* event + map: open with bs_rows_open */
    BS_ITEM_STATEMENT,      /* DDL, or anything else that was logged as text */
    BS_ITEM_SAVEPOINT,      /* inside a group: SAVEPOINT x, ROLLBACK TO x, RELEASE SAVEPOINT x */
    BS_ITEM_GROUP_END,      /* commit */
    BS_ITEM_GROUP_ROLLBACK, /* the source rolled the group back after non-transactional changes */
};

struct bs_item {
    enum bs_item_kind kind;
    /* ROWS and STATEMENT: the event; views into the caller's bytes, or, where the source
     * compresses, into the decoder's, which stay until the next bs_decoder_next. Compressed rows
     * come as plain. */
    struct bs_event event;
    const struct bs_table_map *map; /* ROWS; to keep it longer than the event: bs_table_map_share */
    struct bs_statement statement;  /* STATEMENT, SAVEPOINT */
    bool alone;                     /* STATEMENT: the whole group is this one statement */
    struct bs_gtid gtid;            /* GROUP_BEGIN, GROUP_END */
    uint64_t pos;                   /* the event's end in the file; with ended_before its start */
    bool ended_before;              /* GROUP_END: it ended in front of this event */
    bool is_ddl_group;              /* GROUP_BEGIN: MariaDB says so (CREATE ... SELECT included) */
    uint32_t timestamp;             /* seconds: of the event */
    uint64_t commit_us; /* GROUP_BEGIN: microseconds since 1970 where logged (MySQL 8+), else 0 */
};

struct bs_decoder;

/* start: where the stream begins; its gtid text is the state that groups are added to. */
enum bs_status bs_decoder_new(struct bs_decoder **decoder, enum bs_flavour flavour,
                              const struct bs_position *start, enum bs_position_mode mode,
                              bool stream_checksums, struct bs_error *err) BS_MUST_CHECK;
void bs_decoder_free(struct bs_decoder *decoder);

/* The stream starts again at start (after a lost connection): forgets table maps and any open
 * group. */
enum bs_status bs_decoder_restart(struct bs_decoder *decoder, const struct bs_position *start,
                                  bool stream_checksums, struct bs_error *err) BS_MUST_CHECK;

/* Gives one whole raw event (header and checksum included); its bytes must stay valid until
 * bs_decoder_next has said BS_ITEM_NONE. */
enum bs_status bs_decoder_push(struct bs_decoder *decoder, struct bs_str raw,
                               struct bs_error *err) BS_MUST_CHECK;

/* The next item of the pushed event; BS_ITEM_NONE when there is none left. */
enum bs_status bs_decoder_next(struct bs_decoder *decoder, struct bs_item *item,
                               struct bs_error *err) BS_MUST_CHECK;

bool bs_decoder_in_group(const struct bs_decoder *decoder);

/* The place after the last whole group: file and pos are exact, gtid includes the group. */
enum bs_status bs_decoder_position(const struct bs_decoder *decoder, struct bs_position *position,
                                   struct bs_error *err) BS_MUST_CHECK;

/* Where the current event is, for messages: "binlog.000012:4711 (GTID 0-1-77)". */
void bs_decoder_where(const struct bs_decoder *decoder, char *out, size_t cap);

/* The file and end position of the last event seen, inside a group or not (progress, lag). */
const char *bs_decoder_file(const struct bs_decoder *decoder);
uint64_t bs_decoder_pos(const struct bs_decoder *decoder);

/* From the last real FORMAT_DESCRIPTION of the current file, 0 before one was seen: identifies the
 * file across reconnects. */
uint32_t bs_decoder_file_created(const struct bs_decoder *decoder);

/* Once for each file that the stream left though it had neither ROTATE nor STOP at its end, for the
 * next one: where it was left, and when it was begun. false: there is none. */
bool bs_decoder_take_left_open(struct bs_decoder *decoder, struct bs_log_place *place,
                               uint32_t *created);

uint64_t bs_decoder_ignored_events(const struct bs_decoder *decoder);

#endif
