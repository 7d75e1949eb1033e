#include "events/group.h"

#include "binlog/query.h"
#include "binlog/rows.h"

bool
bs_events_is_gtid(uint8_t type) {
    return type == BS_EVENT_GTID || type == BS_EVENT_ANONYMOUS_GTID ||
           type == BS_EVENT_GTID_TAGGED || type == BS_EVENT_MARIADB_GTID;
}

bool
bs_events_is_of_log(uint8_t type) {
    return type == BS_EVENT_FORMAT_DESCRIPTION || type == BS_EVENT_ROTATE ||
           type == BS_EVENT_STOP || type == BS_EVENT_PREVIOUS_GTIDS ||
           type == BS_EVENT_MARIADB_GTID_LIST || type == BS_EVENT_MARIADB_BINLOG_CHECKPOINT ||
           type == BS_EVENT_MARIADB_START_ENCRYPTION || type == BS_EVENT_INCIDENT ||
           type == BS_EVENT_HEARTBEAT || type == BS_EVENT_HEARTBEAT_V2;
}

static void
open_by_name(struct bs_events_group *group, const struct bs_walked *walked) {
    struct bs_gtid_event event;
    *group = (struct bs_events_group){.open = true};
    if (walked->event.type == BS_EVENT_MARIADB_GTID &&
        bs_gtid_event_parse(&event, &walked->event, NULL) == BS_OK) {
        group->standalone = (event.flags & BS_MARIADB_STANDALONE) != 0;
        group->begun = !group->standalone; /* the event is its BEGIN */
    }
}

/* Of the statements of XA, these are a group of their own; START and END are inside of one. */
static bool
ends_xa(struct bs_str sql) {
    return bs_str_starts_nocase(sql, "XA COMMIT") || bs_str_starts_nocase(sql, "XA ROLLBACK");
}

static bool
statement_ends(struct bs_events_group *group, const struct bs_walked *walked) {
    struct bs_statement statement;
    struct bs_buf inflated = {0};
    enum bs_query_kind kind = BS_QUERY_OTHER;
    bool xa_is_over = false;
    if (walked->event.type != BS_EVENT_EXECUTE_LOAD_QUERY &&
        bs_statement_parse(&statement, &walked->event, &inflated, NULL) == BS_OK) {
        kind = bs_query_kind(statement.sql);
        xa_is_over = ends_xa(statement.sql);
    }
    bs_buf_fini(&inflated);
    group->begun = group->begun || kind == BS_QUERY_BEGIN || (kind == BS_QUERY_XA && !xa_is_over);
    return group->standalone || kind == BS_QUERY_COMMIT || kind == BS_QUERY_ROLLBACK ||
           xa_is_over || (!group->begun && kind == BS_QUERY_OTHER);
}

/* Does the event end the group that it is in? By the rules of field guide 3.11. */
static bool
ends(struct bs_events_group *group, const struct bs_walked *walked) {
    struct bs_rows_head head;
    switch (walked->event.type) {
    case BS_EVENT_XID:
    case BS_EVENT_XA_PREPARE:
    case BS_EVENT_TRANSACTION_PAYLOAD:
        return true;
    case BS_EVENT_VIEW_CHANGE:
        return !group->begun;
    case BS_EVENT_QUERY:
    case BS_EVENT_EXECUTE_LOAD_QUERY:
    case BS_EVENT_MARIADB_QUERY_COMPRESSED:
        return statement_ends(group, walked);
    default:
        return group->standalone && bs_rows_head_parse(&head, &walked->event, NULL) == BS_OK &&
               (head.flags & BS_ROWS_STMT_END) != 0;
    }
}

/* A replica that begins another file of its relay log, or takes up its source's again, may do so in
 * the middle of a group. */
static bool
is_between_relay_logs(const struct bs_event *event) {
    return bs_events_is_of_log(event->type) &&
           (event->flags & (BS_EVENT_FLAG_RELAY_LOG | BS_EVENT_FLAG_ARTIFICIAL)) != 0;
}

void
bs_events_group_follow(struct bs_events_group *group, const struct bs_walked *walked) {
    if (is_between_relay_logs(&walked->event)) {
        return;
    }
    if (bs_events_is_gtid(walked->event.type)) {
        open_by_name(group, walked);
    } else if (bs_events_is_of_log(walked->event.type)) {
        *group = (struct bs_events_group){0};
    } else {
        group->open = !ends(group, walked);
        if (!group->open) {
            *group = (struct bs_events_group){0};
        }
    }
}
