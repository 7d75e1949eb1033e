/* The inside of the event decoder. Internal to src/binlog.
 *
 *   decoder.c        the stream: framing, files, positions, what is handed out
 *   decoder_group.c  groups: which event opens, continues and closes one
 *   decoder_event.c  one function per event type, and the table that dispatches to them
 */
#ifndef BS_BINLOG_DECODER_STATE_H
#define BS_BINLOG_DECODER_STATE_H

#include "base/buf.h"
#include "binlog/decoder.h"
#include "binlog/format.h"
#include "binlog/gtid_event.h"
#include "binlog/maps.h"
#include "binlog/payload.h"

/* Where in a group the stream is.
 *
 *             GTID                    BEGIN
 *   BETWEEN ────────> NAMED ─────────────────> INSIDE ──XID, COMMIT, ROLLBACK──> BETWEEN
 *      │  │             └──── lone statement ──────────────────────────────────────^ ^
 *      │  └── MariaDB's GTID ─────────────────> INSIDE                               │
 *      │  └── MariaDB's GTID, standalone ─────> STANDALONE ── its one statement ─────┘
 *      └── BEGIN, or a lone statement, where there are no GTID events: the same without NAMED
 *
 * MySQL 5 empties a MEMORY table that is opened for the first time since a restart with a lone
 * DELETE FROM. If it is opened by a statement that changes it, the rows of that follow without
 * BEGIN and end with the statement, in the same group (seen on 5.6.24; newer servers end the group
 * first): EMPTIED until it is known whether there are such rows, by the event behind, or the
 * heartbeat that says that there is none. */
enum bs_group_phase {
    BS_GROUP_BETWEEN,
    BS_GROUP_NAMED,
    BS_GROUP_STANDALONE,
    BS_GROUP_INSIDE,
    BS_GROUP_EMPTIED,
};

enum { BS_DECODER_ITEMS_MAX = 4, BS_DECODER_MAPS_MAX = 4096 };

struct bs_decoder {
    enum bs_flavour flavour;
    enum bs_position_mode mode;
    bool stream_checksums;

    /* The file, and what is known of it. */
    bool has_format;
    struct bs_format format;
    uint32_t file_created;
    char *file;
    uint64_t pos;       /* end of the current event, or of the last one */
    uint64_t event_pos; /* start of the current event */
    bool file_is_ours;  /* the file's head was reached in this stream: its positions can be ends */
    bool is_file_ended; /* by STOP */
    bool has_left_open; /* what bs_decoder_take_left_open gives */
    struct bs_log_place left_open;
    uint32_t left_open_created;

    /* The group. */
    enum bs_group_phase phase;
    struct bs_gtid_event group;
    uint32_t emptied_timestamp; /* EMPTIED: of the DELETE FROM */
    bool begin_given;           /* GROUP_BEGIN was queued */
    bool payload_done; /* the group was closed inside a payload: nothing may follow in it */
    struct bs_position end;
    struct bs_gtid_set *executed;

    /* Table maps. */
    struct bs_maps maps;

    /* The pushed event, and what is still to be given out of it. */
    struct bs_event event;
    struct bs_str raw;
    struct bs_payload payload;
    struct bs_buf inflated;
    struct bs_item items[BS_DECODER_ITEMS_MAX];
    size_t item_count;
    size_t item_at;
    uint64_t ignored_events;
};

/* decoder_event.c: handles one event, from the stream or from a payload. */
enum bs_status bs_decoder_handle(struct bs_decoder *d, const struct bs_event *event,
                                 struct bs_error *err) BS_MUST_CHECK;

/* decoder_group.c */
struct bs_item *bs_decoder_queue(struct bs_decoder *d, enum bs_item_kind kind,
                                 const struct bs_event *event);
enum bs_status bs_decoder_group_name(struct bs_decoder *d, const struct bs_event *event,
                                     struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_decoder_group_open(struct bs_decoder *d, const struct bs_event *event,
                                     struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_decoder_group_close(struct bs_decoder *d, const struct bs_event *event,
                                      enum bs_item_kind kind, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_decoder_group_close_emptied(struct bs_decoder *d, const struct bs_event *event,
                                              struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_decoder_group_query(struct bs_decoder *d, const struct bs_event *event,
                                      struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_decoder_group_view_change(struct bs_decoder *d, const struct bs_event *event,
                                            struct bs_error *err) BS_MUST_CHECK;

/* decoder_rows.c */
enum bs_status bs_decoder_table_map(struct bs_decoder *d, const struct bs_event *event,
                                    struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_decoder_rows(struct bs_decoder *d, const struct bs_event *event,
                               struct bs_error *err) BS_MUST_CHECK;

/* decoder.c: the stream goes on in another file, at pos. */
enum bs_status bs_decoder_enter_file(struct bs_decoder *d, struct bs_str file, uint64_t pos,
                                     bool artificial, struct bs_error *err) BS_MUST_CHECK;

#endif
