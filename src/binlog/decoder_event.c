/* One function per kind of event, and the table that finds it by type. What has no entry stops the
 * stream, by name, unless the source itself marked it as ignorable: promise P2. */
#include "binlog/decoder_state.h"

#include "binlog/control_event.h"
#include "binlog/frame.h"

#include <stdio.h>

typedef enum bs_status event_handler(struct bs_decoder *d, const struct bs_event *event,
                                     struct bs_error *err);

static enum bs_status
on_nothing(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    (void)d;
    (void)event;
    (void)err;
    return BS_OK;
}

static enum bs_status
on_stop(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    (void)event;
    (void)err;
    d->is_file_ended = true;
    return BS_OK;
}

static enum bs_status
on_ignorable(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    (void)event;
    (void)err;
    d->ignored_events++;
    return BS_OK;
}

static enum bs_status
on_format(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    if (d->phase != BS_GROUP_BETWEEN) {
        bs_error_set(err, BS_PROTOCOL, "binlog file ends inside a transaction");
        return bs_error_hint(err, "the source crashed while it wrote its binlog, and what is "
                                  "missing may be in its tables: make a new snapshot");
    }
    struct bs_format format;
    enum bs_status status = bs_format_parse(&format, event, d->raw, err);
    if (status != BS_OK) {
        return status;
    }
    d->format = format;
    d->has_format = true;
    bs_maps_forget(&d->maps);
    if (event->timestamp != 0) {
        d->file_created = event->timestamp;
    }
    return BS_OK;
}

/* Real ones end a file; artificial ones open each file of a stream. Both say where it goes on. */
static enum bs_status
on_rotate(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    struct bs_place next;
    enum bs_status status = bs_rotate_parse(&next, event, err);
    bool artificial = (event->flags & BS_EVENT_FLAG_ARTIFICIAL) != 0 || event->log_pos == 0;
    return status == BS_OK ? bs_decoder_enter_file(d, next.file, next.pos, artificial, err)
                           : status;
}

/* By GTID MySQL says so how far it has read when it leaves out transactions: what it has to send of
 * the log before that has come. Not a place to start from, as it may be inside one of those. */
static enum bs_status
on_heartbeat(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    struct bs_place place;
    if (d->mode != BS_POSITION_GTID_MYSQL) {
        return BS_OK;
    }
    enum bs_status status = bs_heartbeat_parse(&place, event, err);
    if (status == BS_OK && d->phase == BS_GROUP_BETWEEN && bs_str_is(place.file, d->file) &&
        place.pos > d->pos) {
        d->pos = place.pos;
        d->event_pos = place.pos;
    }
    return status;
}

static enum bs_status
on_incident(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    (void)d;
    struct bs_incident incident;
    enum bs_status status = bs_incident_parse(&incident, event, err);
    if (status != BS_OK) {
        return status;
    }
    bs_error_set(err, BS_PROTOCOL,
                 "the source logged an INCIDENT (%u): its binlog lacks events: %.*s", incident.code,
                 (int)incident.message.len, incident.message.data);
    return bs_error_hint(err, "what is missing cannot be followed: make a new snapshot");
}

static enum bs_status
on_xid(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    if (d->phase != BS_GROUP_INSIDE) {
        return bs_error_set(err, BS_PROTOCOL, "binlog event XID outside a transaction");
    }
    return bs_decoder_group_close(d, event, BS_ITEM_GROUP_END, err);
}

static enum bs_status
on_payload(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    if (d->payload.open) {
        return bs_error_set(err, BS_PROTOCOL, "TRANSACTION_PAYLOAD inside TRANSACTION_PAYLOAD");
    }
    if (d->phase != BS_GROUP_NAMED) {
        return bs_error_set(err, BS_PROTOCOL,
                            "binlog event TRANSACTION_PAYLOAD without a GTID event before it");
    }
    d->payload_done = false;
    return bs_payload_open(&d->payload, event->body, err);
}

/* Events of statement-based logging: the statement that they prepare cannot be followed. */
static enum bs_status
on_statement_context(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    (void)d;
    bs_error_set(err, BS_PROTOCOL,
                 "the source logged a change as a statement (binlog event %s), which cannot be "
                 "followed by this version",
                 bs_event_type_name(event->type));
    return bs_error_hint(err,
                         "set binlog_format=ROW on the source, let its sessions reconnect, and "
                         "make a new snapshot");
}

static enum bs_status
on_xa_prepare(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    (void)d;
    (void)event;
    bs_error_set(err, BS_PROTOCOL,
                 "the source logged an XA transaction (binlog event XA_PREPARE), "
                 "which cannot be followed by this version");
    return bs_error_hint(err, "keep XA off the source's tables until the move is over");
}

static event_handler *const handlers[256] = {
    [BS_EVENT_QUERY] = bs_decoder_group_query,
    [BS_EVENT_STOP] = on_stop,
    [BS_EVENT_ROTATE] = on_rotate,
    [BS_EVENT_INTVAR] = on_statement_context,
    [BS_EVENT_APPEND_BLOCK] = on_statement_context,
    [BS_EVENT_DELETE_FILE] = on_statement_context,
    [BS_EVENT_RAND] = on_statement_context,
    [BS_EVENT_USER_VAR] = on_statement_context,
    [BS_EVENT_FORMAT_DESCRIPTION] = on_format,
    [BS_EVENT_XID] = on_xid,
    [BS_EVENT_BEGIN_LOAD_QUERY] = on_statement_context,
    [BS_EVENT_EXECUTE_LOAD_QUERY] = on_statement_context,
    [BS_EVENT_TABLE_MAP] = bs_decoder_table_map,
    [BS_EVENT_WRITE_ROWS_V1] = bs_decoder_rows,
    [BS_EVENT_UPDATE_ROWS_V1] = bs_decoder_rows,
    [BS_EVENT_DELETE_ROWS_V1] = bs_decoder_rows,
    [BS_EVENT_INCIDENT] = on_incident,
    [BS_EVENT_HEARTBEAT] = on_heartbeat,
    [BS_EVENT_IGNORABLE] = on_ignorable,
    [BS_EVENT_ROWS_QUERY] = on_nothing,
    [BS_EVENT_WRITE_ROWS_V2] = bs_decoder_rows,
    [BS_EVENT_UPDATE_ROWS_V2] = bs_decoder_rows,
    [BS_EVENT_DELETE_ROWS_V2] = bs_decoder_rows,
    [BS_EVENT_GTID] = bs_decoder_group_name,
    [BS_EVENT_ANONYMOUS_GTID] = bs_decoder_group_name,
    [BS_EVENT_PREVIOUS_GTIDS] = on_nothing,
    [BS_EVENT_TRANSACTION_CONTEXT] = on_nothing,
    [BS_EVENT_VIEW_CHANGE] = bs_decoder_group_view_change,
    [BS_EVENT_XA_PREPARE] = on_xa_prepare,
    [BS_EVENT_PARTIAL_UPDATE_ROWS] = bs_decoder_rows,
    [BS_EVENT_TRANSACTION_PAYLOAD] = on_payload,
    [BS_EVENT_HEARTBEAT_V2] = on_heartbeat,
    [BS_EVENT_GTID_TAGGED] = bs_decoder_group_name,
    [BS_EVENT_MARIADB_ANNOTATE_ROWS] = on_nothing,
    [BS_EVENT_MARIADB_BINLOG_CHECKPOINT] = on_nothing,
    [BS_EVENT_MARIADB_GTID] = bs_decoder_group_name,
    [BS_EVENT_MARIADB_GTID_LIST] = on_nothing,
    [BS_EVENT_MARIADB_START_ENCRYPTION] = on_nothing,
    [BS_EVENT_MARIADB_QUERY_COMPRESSED] = bs_decoder_group_query,
    [BS_EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1] = bs_decoder_rows,
    [BS_EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1] = bs_decoder_rows,
    [BS_EVENT_MARIADB_DELETE_ROWS_COMPRESSED_V1] = bs_decoder_rows,
};

static bool
is_of_statement(uint8_t type) {
    return type == BS_EVENT_TABLE_MAP || type == BS_EVENT_ROWS_QUERY ||
           handlers[type] == bs_decoder_rows;
}

enum bs_status
bs_decoder_handle(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    if (!d->has_format && event->type != BS_EVENT_FORMAT_DESCRIPTION &&
        event->type != BS_EVENT_ROTATE && event->type != BS_EVENT_HEARTBEAT &&
        event->type != BS_EVENT_HEARTBEAT_V2) {
        return bs_format_refuse_old(event, err);
    }
    if (d->phase == BS_GROUP_EMPTIED && !is_of_statement(event->type) &&
        event->type != BS_EVENT_QUERY) {
        enum bs_status status = bs_decoder_group_close_emptied(d, event, err);
        if (status != BS_OK) {
            return status;
        }
    }
    event_handler *handler = handlers[event->type];
    if (handler != NULL) {
        return handler(d, event, err);
    }
    if ((event->flags & BS_EVENT_FLAG_IGNORABLE) != 0) {
        return on_ignorable(d, event, err);
    }
    bs_error_set(err, BS_PROTOCOL, "binlog event %s is not known", bs_event_type_name(event->type));
    return bs_error_hint(err, "it cannot be skipped safely: a newer binstream may know it");
}
