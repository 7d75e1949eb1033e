/* Names of transactions, and what ends them. */
#include "events/event_private.h"

#include "binlog/gtid_event.h"

static void
put_xa_name(struct bs_buf *out, const struct bs_xa_name *name) {
    bs_events_member_hex(out, "gtrid", name->gtrid);
    bs_events_member_hex(out, "bqual", name->bqual);
}

static void
put_mysql(struct bs_buf *out, const struct bs_gtid_event *g) {
    bs_events_member_u64(out, "gtid_flags", g->flags);
    if ((g->has & BS_GTID_LOGICAL_CLOCK) != 0) {
        bs_events_member_i64(out, "last_committed", g->last_committed);
        bs_events_member_i64(out, "sequence_number", g->sequence_number);
    }
    const struct {
        enum bs_gtid_field field;
        const char *key;
        uint64_t value;
    } fields[] = {
        {BS_GTID_COMMIT, "immediate_commit_us", g->commit_us},
        {BS_GTID_ORIGINAL_COMMIT, "original_commit_us", g->original_commit_us},
        {BS_GTID_LENGTH, "transaction_length", g->length},
        {BS_GTID_VERSION, "immediate_server_version", g->version},
        {BS_GTID_ORIGINAL_VERSION, "original_server_version", g->original_version},
        {BS_GTID_TICKET, "commit_group_ticket", g->ticket},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if ((g->has & (uint32_t)fields[i].field) != 0) {
            bs_events_member_u64(out, fields[i].key, fields[i].value);
        }
    }
}

static void
put_mariadb(struct bs_buf *out, const struct bs_gtid_event *g) {
    static const struct bs_events_flag flags[] = {
        {BS_MARIADB_STANDALONE, "STANDALONE"},
        {BS_MARIADB_GROUP_COMMIT_ID, "GROUP_COMMIT_ID"},
        {BS_MARIADB_TRANSACTIONAL, "TRANSACTIONAL"},
        {BS_MARIADB_ALLOW_PARALLEL, "ALLOW_PARALLEL"},
        {BS_MARIADB_WAITED, "WAITED"},
        {BS_MARIADB_DDL, "DDL"},
        {BS_MARIADB_PREPARED_XA, "PREPARED_XA"},
        {BS_MARIADB_COMPLETED_XA, "COMPLETED_XA"},
    };
    static const struct bs_events_flag extra[] = {
        {BS_MARIADB_MULTI_ENGINE, "MULTI_ENGINE"}, {BS_MARIADB_START_ALTER, "START_ALTER"},
        {BS_MARIADB_COMMIT_ALTER, "COMMIT_ALTER"}, {BS_MARIADB_ROLLBACK_ALTER, "ROLLBACK_ALTER"},
        {BS_MARIADB_THREAD_ID, "THREAD_ID"},
    };
    bs_events_member_flags(out, "gtid_flags", g->flags, flags, sizeof flags / sizeof *flags);
    if ((g->flags & BS_MARIADB_GROUP_COMMIT_ID) != 0) {
        bs_events_member_u64(out, "commit_id", g->commit_id);
    }
    if ((g->flags & (BS_MARIADB_PREPARED_XA | BS_MARIADB_COMPLETED_XA)) != 0) {
        bs_events_member(out, "xid");
        bs_buf_printf(out, "{\"format_id\":%u", g->xa.format_id);
        put_xa_name(out, &g->xa);
        BS_EVENTS_PUT(out, "}");
    }
    bs_events_member_flags_if_any(out, "extra_flags", g->extra, extra,
                                  sizeof extra / sizeof *extra);
    if ((g->extra & BS_MARIADB_MULTI_ENGINE) != 0) {
        bs_events_member_u64(out, "extra_engines", g->extra_engines);
    }
    if ((g->extra & (BS_MARIADB_COMMIT_ALTER | BS_MARIADB_ROLLBACK_ALTER)) != 0) {
        bs_events_member_u64(out, "sa_seq_no", g->sa_seq_no);
    }
    if ((g->extra & BS_MARIADB_THREAD_ID) != 0) {
        bs_events_member_u64(out, "thread_id", g->thread_id);
    }
}

enum bs_status
bs_events_gtid(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_gtid_event g;
    enum bs_status status = bs_gtid_event_parse(&g, &line->walked->event, err);
    if (status != BS_OK) {
        return status;
    }
    if (g.gtid.known) {
        char text[BS_GTID_TEXT_MAX];
        bs_gtid_text(&g.gtid, text);
        bs_events_member_text(line->out, "gtid", bs_str(text));
    }
    if (g.gtid.flavour == BS_MARIADB) {
        put_mariadb(line->out, &g);
    } else {
        put_mysql(line->out, &g);
    }
    return BS_OK;
}

enum bs_status
bs_events_previous_gtids(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_gtid_set *set = bs_gtid_set_new(BS_MYSQL);
    enum bs_status status = bs_gtid_set_decode(set, line->walked->event.body, err);
    if (status == BS_OK) {
        struct bs_buf text = {0};
        bs_gtid_set_text(set, &text);
        bs_events_member_text(line->out, "gtids", bs_buf_str(&text));
        bs_buf_fini(&text);
    }
    bs_gtid_set_free(set);
    return status;
}

enum bs_status
bs_events_gtid_list(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_gtid_list list;
    enum bs_status status = bs_gtid_list_parse(&list, &line->walked->event, err);
    if (status != BS_OK) {
        return status;
    }
    bs_events_member(line->out, "gtids");
    BS_EVENTS_PUT(line->out, "\"");
    for (uint32_t i = 0; i < list.count; i++) {
        uint32_t domain = 0;
        uint32_t server_id = 0;
        uint64_t number = 0;
        bs_gtid_list_next(&list, &domain, &server_id, &number);
        bs_buf_printf(line->out, "%s%u-%u-", i > 0 ? "," : "", domain, server_id);
        bs_events_put_u64(line->out, number);
    }
    BS_EVENTS_PUT(line->out, "\"");
    if (list.flags != 0) {
        bs_events_member_u64(line->out, "list_flags", list.flags);
    }
    return BS_OK;
}

enum bs_status
bs_events_xid(const struct bs_events_line *line, struct bs_error *err) {
    uint64_t xid = 0;
    enum bs_status status = bs_xid_parse(&xid, &line->walked->event, err);
    if (status == BS_OK) {
        bs_events_member_u64(line->out, "xid", xid);
    }
    return status;
}

enum bs_status
bs_events_xa_prepare(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_xa_prepare xa;
    enum bs_status status = bs_xa_prepare_parse(&xa, &line->walked->event, err);
    if (status == BS_OK) {
        bs_events_member_bool(line->out, "one_phase", xa.one_phase);
        bs_events_member_u64(line->out, "format_id", xa.name.format_id);
        put_xa_name(line->out, &xa.name);
    }
    return status;
}
