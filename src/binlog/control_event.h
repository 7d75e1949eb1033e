/* Events about the log itself and about where transactions stand: what is in each of them. Pure;
 * texts are views into the event. Field guide 3.4, 3.5, 2.5. */
#ifndef BS_BINLOG_CONTROL_EVENT_H
#define BS_BINLOG_CONTROL_EVENT_H

#include "base/cursor.h"
#include "base/error.h"
#include "binlog/event.h"

/* ROTATE, HEARTBEAT and HEARTBEAT_V2: a place in a file. */
struct bs_place {
    struct bs_str file;
    uint64_t pos;
};
enum bs_status bs_rotate_parse(struct bs_place *place, const struct bs_event *event,
                               struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_heartbeat_parse(struct bs_place *place, const struct bs_event *event,
                                  struct bs_error *err) BS_MUST_CHECK;

struct bs_incident {
    uint16_t code; /* 1: events were lost */
    struct bs_str message;
};
enum bs_status bs_incident_parse(struct bs_incident *incident, const struct bs_event *event,
                                 struct bs_error *err) BS_MUST_CHECK;

/* The name of an XA transaction. */
struct bs_xa_name {
    uint32_t format_id;
    struct bs_str gtrid; /* bytes */
    struct bs_str bqual; /* bytes */
};
struct bs_xa_prepare {
    bool one_phase; /* XA COMMIT ... ONE PHASE: it is committed here */
    struct bs_xa_name name;
};
enum bs_status bs_xa_prepare_parse(struct bs_xa_prepare *xa, const struct bs_event *event,
                                   struct bs_error *err) BS_MUST_CHECK;

enum bs_status bs_xid_parse(uint64_t *xid, const struct bs_event *event,
                            struct bs_error *err) BS_MUST_CHECK;

/* MariaDB's GTID_LIST, entry by entry in the log's order: the last one of a domain is the newest.
 */
struct bs_gtid_list {
    uint8_t flags; /* 1: until reached, 2: ignore */
    uint32_t count;
    struct bs_cursor entries;
};
enum bs_status bs_gtid_list_parse(struct bs_gtid_list *list, const struct bs_event *event,
                                  struct bs_error *err) BS_MUST_CHECK;
void bs_gtid_list_next(struct bs_gtid_list *list, uint32_t *domain, uint32_t *server_id,
                       uint64_t *number);

/* BINLOG_CHECKPOINT: the oldest file that crash recovery needs. */
enum bs_status bs_checkpoint_parse(struct bs_str *file, const struct bs_event *event,
                                   struct bs_error *err) BS_MUST_CHECK;

struct bs_start_encryption {
    uint8_t scheme;
    uint32_t key_version;
};
enum bs_status bs_start_encryption_parse(struct bs_start_encryption *start,
                                         const struct bs_event *event,
                                         struct bs_error *err) BS_MUST_CHECK;

/* ROWS_QUERY (whose length byte says nothing) and ANNOTATE_ROWS: the statement behind the rows. */
enum bs_status bs_annotation_parse(struct bs_str *sql, const struct bs_event *event,
                                   struct bs_error *err) BS_MUST_CHECK;

/* MariaDB 12.3: a piece of a rows event that was too large for one. */
struct bs_fragment {
    uint32_t count, number; /* number from 1 */
    bool has_size;
    uint64_t size; /* of the whole event */
    struct bs_str chunk;
};
enum bs_status bs_fragment_parse(struct bs_fragment *fragment, const struct bs_event *event,
                                 struct bs_error *err) BS_MUST_CHECK;

#endif
