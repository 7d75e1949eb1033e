/* What all lines have, the events about the log itself, and the table that finds the rest. */
#include "events/event_private.h"

#include "binlog/control_event.h"
#include "binlog/payload.h"

static enum bs_status
format(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(line->walked->event.body.data, line->walked->event.body.len);
    enum { VERSION_LEN = 50, HEADER_LEN_LEN = 1, SUM_LEN = 4 };
    (void)err;
    bs_events_member_u64(line->out, "binlog_version", bs_cursor_read_u16(&c));
    struct bs_str version = bs_cursor_read_str(&c, VERSION_LEN);
    version.len = strnlen(version.data, version.len);
    bs_events_member_text(line->out, "server_version", version);
    bs_events_member_u64(line->out, "created", bs_cursor_read_u32(&c));
    bs_events_member_text(line->out, "checksum", bs_str(line->walked->sums ? "CRC32" : "NONE"));
    return BS_OK;
}

static enum bs_status
put_place(const struct bs_events_line *line, enum bs_status status, const struct bs_place *place) {
    if (status == BS_OK) {
        bs_events_member_text(line->out, "next_file", place->file);
        bs_events_member_u64(line->out, "next_pos", place->pos);
    }
    return status;
}

static enum bs_status
rotate(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_place next;
    return put_place(line, bs_rotate_parse(&next, &line->walked->event, err), &next);
}

static enum bs_status
heartbeat(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_place next;
    return put_place(line, bs_heartbeat_parse(&next, &line->walked->event, err), &next);
}

static enum bs_status
incident(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_incident i;
    enum bs_status status = bs_incident_parse(&i, &line->walked->event, err);
    if (status == BS_OK) {
        bs_events_member_u64(line->out, "incident", i.code);
        bs_events_member_text(line->out, "message", i.message);
    }
    return status;
}

static enum bs_status
checkpoint(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_str file;
    enum bs_status status = bs_checkpoint_parse(&file, &line->walked->event, err);
    if (status == BS_OK) {
        bs_events_member_text(line->out, "checkpoint_file", file);
    }
    return status;
}

static enum bs_status
start_encryption(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_start_encryption start;
    enum bs_status status = bs_start_encryption_parse(&start, &line->walked->event, err);
    if (status == BS_OK) {
        bs_events_member_u64(line->out, "scheme", start.scheme);
        bs_events_member_u64(line->out, "key_version", start.key_version);
    }
    return status;
}

static enum bs_status
payload(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_payload_header header;
    enum bs_status status = bs_payload_header_parse(&header, line->walked->event.body, err);
    if (status == BS_OK) {
        bs_events_member_text(line->out, "compression", bs_str(header.is_plain ? "NONE" : "ZSTD"));
        if (header.has_uncompressed_size) {
            bs_events_member_u64(line->out, "uncompressed_size", header.uncompressed_size);
        }
        bs_events_member_u64(line->out, "compressed_size", header.data.len);
    }
    return status;
}

static enum bs_status
fragment(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_fragment f;
    enum bs_status status = bs_fragment_parse(&f, &line->walked->event, err);
    if (status == BS_OK) {
        bs_events_member_u64(line->out, "fragment", f.number);
        bs_events_member_u64(line->out, "fragments", f.count);
    }
    return status;
}

/* Events of group replication and the like: shown, not read. */
static enum bs_status
body(const struct bs_events_line *line, struct bs_error *err) {
    enum { VIEW_ID_LEN = 40 };
    struct bs_str bytes = line->walked->event.body;
    (void)err;
    if (line->walked->event.type == BS_EVENT_VIEW_CHANGE && bytes.len >= VIEW_ID_LEN) {
        bs_events_member_text(line->out, "view_id",
                              (struct bs_str){bytes.data, strnlen(bytes.data, VIEW_ID_LEN)});
    }
    bs_events_member_hex(line->out, "body", bytes);
    return BS_OK;
}

static bs_events_members *const MEMBERS[256] = {
    [BS_EVENT_QUERY] = bs_events_query,
    [BS_EVENT_MARIADB_QUERY_COMPRESSED] = bs_events_query,
    [BS_EVENT_ROTATE] = rotate,
    [BS_EVENT_INTVAR] = bs_events_intvar,
    [BS_EVENT_APPEND_BLOCK] = bs_events_load_block,
    [BS_EVENT_DELETE_FILE] = bs_events_delete_file,
    [BS_EVENT_RAND] = bs_events_rand,
    [BS_EVENT_USER_VAR] = bs_events_user_var,
    [BS_EVENT_FORMAT_DESCRIPTION] = format,
    [BS_EVENT_XID] = bs_events_xid,
    [BS_EVENT_BEGIN_LOAD_QUERY] = bs_events_load_block,
    [BS_EVENT_EXECUTE_LOAD_QUERY] = bs_events_load_query,
    [BS_EVENT_TABLE_MAP] = bs_events_table_map,
    [BS_EVENT_WRITE_ROWS_V1] = bs_events_rows,
    [BS_EVENT_UPDATE_ROWS_V1] = bs_events_rows,
    [BS_EVENT_DELETE_ROWS_V1] = bs_events_rows,
    [BS_EVENT_INCIDENT] = incident,
    [BS_EVENT_HEARTBEAT] = heartbeat,
    [BS_EVENT_ROWS_QUERY] = bs_events_annotation,
    [BS_EVENT_WRITE_ROWS_V2] = bs_events_rows,
    [BS_EVENT_UPDATE_ROWS_V2] = bs_events_rows,
    [BS_EVENT_DELETE_ROWS_V2] = bs_events_rows,
    [BS_EVENT_GTID] = bs_events_gtid,
    [BS_EVENT_ANONYMOUS_GTID] = bs_events_gtid,
    [BS_EVENT_PREVIOUS_GTIDS] = bs_events_previous_gtids,
    [BS_EVENT_TRANSACTION_CONTEXT] = body,
    [BS_EVENT_VIEW_CHANGE] = body,
    [BS_EVENT_XA_PREPARE] = bs_events_xa_prepare,
    [BS_EVENT_PARTIAL_UPDATE_ROWS] = bs_events_rows,
    [BS_EVENT_TRANSACTION_PAYLOAD] = payload,
    [BS_EVENT_HEARTBEAT_V2] = heartbeat,
    [BS_EVENT_GTID_TAGGED] = bs_events_gtid,
    [BS_EVENT_LARGE_TRANSACTION_HEADER] = body,
    [BS_EVENT_MARIADB_ANNOTATE_ROWS] = bs_events_annotation,
    [BS_EVENT_MARIADB_BINLOG_CHECKPOINT] = checkpoint,
    [BS_EVENT_MARIADB_GTID] = bs_events_gtid,
    [BS_EVENT_MARIADB_GTID_LIST] = bs_events_gtid_list,
    [BS_EVENT_MARIADB_START_ENCRYPTION] = start_encryption,
    [BS_EVENT_MARIADB_PARTIAL_ROW_DATA] = fragment,
};

static void
put_common(struct bs_buf *out, const struct bs_walked *walked) {
    static const struct bs_events_flag flags[] = {
        {BS_EVENT_FLAG_IN_USE, "IN_USE"},
        {BS_EVENT_FLAG_THREAD_SPECIFIC, "THREAD_SPECIFIC"},
        {BS_EVENT_FLAG_SUPPRESS_USE, "SUPPRESS_USE"},
        {BS_EVENT_FLAG_ARTIFICIAL, "ARTIFICIAL"},
        {BS_EVENT_FLAG_RELAY_LOG, "RELAY_LOG"},
        {BS_EVENT_FLAG_IGNORABLE, "IGNORABLE"},
        {BS_EVENT_FLAG_NO_FILTER, "NO_FILTER"},
        {BS_EVENT_FLAG_MTS_ISOLATE, "MTS_ISOLATE"},
        {BS_EVENT_FLAG_SKIP_REPLICATION, "SKIP_REPLICATION"},
    };
    const struct bs_event *event = &walked->event;
    BS_EVENTS_PUT(out, "{\"event\":\"");
    bs_buf_puts(out, bs_event_type_name(walked->logged_type));
    BS_EVENTS_PUT(out, "\"");
    bs_events_member_text(out, "file", bs_str(walked->file));
    bs_events_member_u64(out, "pos", walked->pos);
    bs_events_member_u64(out, "end", walked->end);
    if (walked->inner > 0) {
        bs_events_member_u64(out, "inner", walked->inner);
    }
    bs_events_member_u64(out, "size", event->event_size);
    bs_events_member_u64(out, "time", event->timestamp);
    bs_events_member_u64(out, "server_id", event->server_id);
    bs_events_member_flags_if_any(out, "flags", event->flags, flags, sizeof flags / sizeof *flags);
}

enum bs_status
bs_events_put_event(struct bs_buf *out, const struct bs_walked *walked,
                    const struct bs_events_table *table, struct bs_buf *inflated,
                    struct bs_error *err) {
    struct bs_events_line line = {out, walked, table, inflated};
    size_t start = out->len;
    put_common(out, walked);
    bs_events_members *members = MEMBERS[walked->event.type];
    enum bs_status status = members != NULL ? members(&line, err) : BS_OK;
    if (status != BS_OK) {
        out->len = start;
        return status;
    }
    BS_EVENTS_PUT(out, "}\n");
    return BS_OK;
}
