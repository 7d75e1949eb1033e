#include "binlog/event.h"

/* Names as the servers' own tools print them, for messages. */
static const char *const names[256] = {
    [BS_EVENT_UNKNOWN] = "UNKNOWN",
    [BS_EVENT_START_V3] = "START_V3",
    [BS_EVENT_QUERY] = "QUERY",
    [BS_EVENT_STOP] = "STOP",
    [BS_EVENT_ROTATE] = "ROTATE",
    [BS_EVENT_INTVAR] = "INTVAR",
    [6] = "LOAD",
    [7] = "SLAVE",
    [8] = "CREATE_FILE",
    [BS_EVENT_APPEND_BLOCK] = "APPEND_BLOCK",
    [10] = "EXEC_LOAD",
    [BS_EVENT_DELETE_FILE] = "DELETE_FILE",
    [12] = "NEW_LOAD",
    [BS_EVENT_RAND] = "RAND",
    [BS_EVENT_USER_VAR] = "USER_VAR",
    [BS_EVENT_FORMAT_DESCRIPTION] = "FORMAT_DESCRIPTION",
    [BS_EVENT_XID] = "XID",
    [BS_EVENT_BEGIN_LOAD_QUERY] = "BEGIN_LOAD_QUERY",
    [BS_EVENT_EXECUTE_LOAD_QUERY] = "EXECUTE_LOAD_QUERY",
    [BS_EVENT_TABLE_MAP] = "TABLE_MAP",
    [20] = "PRE_GA_WRITE_ROWS",
    [21] = "PRE_GA_UPDATE_ROWS",
    [22] = "PRE_GA_DELETE_ROWS",
    [BS_EVENT_WRITE_ROWS_V1] = "WRITE_ROWS_V1",
    [BS_EVENT_UPDATE_ROWS_V1] = "UPDATE_ROWS_V1",
    [BS_EVENT_DELETE_ROWS_V1] = "DELETE_ROWS_V1",
    [BS_EVENT_INCIDENT] = "INCIDENT",
    [BS_EVENT_HEARTBEAT] = "HEARTBEAT",
    [BS_EVENT_IGNORABLE] = "IGNORABLE",
    [BS_EVENT_ROWS_QUERY] = "ROWS_QUERY",
    [BS_EVENT_WRITE_ROWS_V2] = "WRITE_ROWS",
    [BS_EVENT_UPDATE_ROWS_V2] = "UPDATE_ROWS",
    [BS_EVENT_DELETE_ROWS_V2] = "DELETE_ROWS",
    [BS_EVENT_GTID] = "GTID",
    [BS_EVENT_ANONYMOUS_GTID] = "ANONYMOUS_GTID",
    [BS_EVENT_PREVIOUS_GTIDS] = "PREVIOUS_GTIDS",
    [BS_EVENT_TRANSACTION_CONTEXT] = "TRANSACTION_CONTEXT",
    [BS_EVENT_VIEW_CHANGE] = "VIEW_CHANGE",
    [BS_EVENT_XA_PREPARE] = "XA_PREPARE",
    [BS_EVENT_PARTIAL_UPDATE_ROWS] = "PARTIAL_UPDATE_ROWS",
    [BS_EVENT_TRANSACTION_PAYLOAD] = "TRANSACTION_PAYLOAD",
    [BS_EVENT_HEARTBEAT_V2] = "HEARTBEAT_V2",
    [BS_EVENT_GTID_TAGGED] = "GTID_TAGGED",
    [BS_EVENT_LARGE_TRANSACTION_HEADER] = "LARGE_TRANSACTION_HEADER",
    [BS_EVENT_MARIADB_ANNOTATE_ROWS] = "ANNOTATE_ROWS",
    [BS_EVENT_MARIADB_BINLOG_CHECKPOINT] = "BINLOG_CHECKPOINT",
    [BS_EVENT_MARIADB_GTID] = "GTID",
    [BS_EVENT_MARIADB_GTID_LIST] = "GTID_LIST",
    [BS_EVENT_MARIADB_START_ENCRYPTION] = "START_ENCRYPTION",
    [BS_EVENT_MARIADB_QUERY_COMPRESSED] = "QUERY_COMPRESSED",
    [BS_EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1] = "WRITE_ROWS_COMPRESSED_V1",
    [BS_EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1] = "UPDATE_ROWS_COMPRESSED_V1",
    [BS_EVENT_MARIADB_DELETE_ROWS_COMPRESSED_V1] = "DELETE_ROWS_COMPRESSED_V1",
    [BS_EVENT_MARIADB_WRITE_ROWS_COMPRESSED] = "WRITE_ROWS_COMPRESSED",
    [BS_EVENT_MARIADB_UPDATE_ROWS_COMPRESSED] = "UPDATE_ROWS_COMPRESSED",
    [BS_EVENT_MARIADB_DELETE_ROWS_COMPRESSED] = "DELETE_ROWS_COMPRESSED",
    [BS_EVENT_MARIADB_PARTIAL_ROW_DATA] = "PARTIAL_ROW_DATA",
};

/* Numbers that no server of ours sends, still to be named in a message without a shared buffer:
 * "type 0\0type 1\0..." laid out once by the preprocessor. */
#define T1(n) "type " #n
#define T10(d)                                                                                     \
    T1(d##0), T1(d##1), T1(d##2), T1(d##3), T1(d##4), T1(d##5), T1(d##6), T1(d##7), T1(d##8),      \
        T1(d##9)
static const char *const numbers[] = {
    T1(0),   T1(1),   T1(2),   T1(3),   T1(4),   T1(5),   T1(6),   T1(7),   T1(8),   T1(9),
    T10(1),  T10(2),  T10(3),  T10(4),  T10(5),  T10(6),  T10(7),  T10(8),  T10(9),  T10(10),
    T10(11), T10(12), T10(13), T10(14), T10(15), T10(16), T10(17), T10(18), T10(19), T10(20),
    T10(21), T10(22), T10(23), T10(24), T1(250), T1(251), T1(252), T1(253), T1(254), T1(255),
};

enum bs_status
bs_event_split(struct bs_cursor *block, struct bs_str *raw, struct bs_error *err) {
    enum { SIZE_OFFSET = 9 };
    struct bs_cursor head = *block;
    bs_cursor_skip(&head, SIZE_OFFSET);
    uint32_t len = bs_cursor_read_u32(&head);
    *raw = bs_cursor_read_str(block, len);
    if (head.failed || block->failed || len < BS_EVENT_HEADER_LEN) {
        return bs_error_set(err, BS_PROTOCOL, "the source sent a binlog event that is cut short");
    }
    return BS_OK;
}

bool
bs_event_is_rows(uint8_t type) {
    return (type >= BS_EVENT_WRITE_ROWS_V1 && type <= BS_EVENT_DELETE_ROWS_V1) ||
           (type >= BS_EVENT_WRITE_ROWS_V2 && type <= BS_EVENT_DELETE_ROWS_V2) ||
           type == BS_EVENT_PARTIAL_UPDATE_ROWS ||
           (type >= BS_EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1 &&
            type <= BS_EVENT_MARIADB_DELETE_ROWS_COMPRESSED);
}

bool
bs_event_is_artificial(const struct bs_event *event) {
    if ((event->flags & BS_EVENT_FLAG_ARTIFICIAL) != 0 || event->type == BS_EVENT_HEARTBEAT ||
        event->type == BS_EVENT_HEARTBEAT_V2) {
        return true;
    }
    if (event->log_pos != 0) {
        return false;
    }
    /* Sent again to a stream that starts inside a file. Inside a transaction, log_pos 0 means
     * nothing. */
    return event->type == BS_EVENT_FORMAT_DESCRIPTION || event->type == BS_EVENT_ROTATE ||
           event->type == BS_EVENT_MARIADB_START_ENCRYPTION ||
           event->type == BS_EVENT_PREVIOUS_GTIDS || event->type == BS_EVENT_MARIADB_GTID_LIST;
}

bool
bs_event_is_known(uint8_t type) {
    switch (type) {
    case BS_EVENT_UNKNOWN:
    case BS_EVENT_START_V3:
    case 6: /* LOAD to CREATE_FILE, EXEC_LOAD, NEW_LOAD: before 5.0.3 */
    case 7:
    case 8:
    case 10:
    case 12:
    case 20: /* rows of 5.1.0 to 5.1.15 */
    case 21:
    case 22:
        return false;
    default:
        return names[type] != NULL;
    }
}

const char *
bs_event_type_name(uint8_t type) {
    return names[type] != NULL ? names[type] : numbers[type];
}
