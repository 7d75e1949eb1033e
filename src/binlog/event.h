/* Binlog event framing: common header, types, flags, checksums. Pure: bytes in, facts out. */
#ifndef BS_BINLOG_EVENT_H
#define BS_BINLOG_EVENT_H

#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BS_EVENT_HEADER_LEN = 19, BS_EVENT_CHECKSUM_LEN = 4 };

/* Largest event that is accepted: the servers' own ceiling. */
#define BS_EVENT_LEN_MAX ((uint32_t)1 << 30)

/* The numbers are the protocol's; field guide 3.4 and 3.5. */
enum bs_event_type {
    BS_EVENT_UNKNOWN = 0,
    BS_EVENT_START_V3 = 1,
    BS_EVENT_QUERY = 2,
    BS_EVENT_STOP = 3,
    BS_EVENT_ROTATE = 4,
    BS_EVENT_INTVAR = 5,
    BS_EVENT_APPEND_BLOCK = 9,
    BS_EVENT_DELETE_FILE = 11,
    BS_EVENT_RAND = 13,
    BS_EVENT_USER_VAR = 14,
    BS_EVENT_FORMAT_DESCRIPTION = 15,
    BS_EVENT_XID = 16,
    BS_EVENT_BEGIN_LOAD_QUERY = 17,
    BS_EVENT_EXECUTE_LOAD_QUERY = 18,
    BS_EVENT_TABLE_MAP = 19,
    BS_EVENT_WRITE_ROWS_V1 = 23,
    BS_EVENT_UPDATE_ROWS_V1 = 24,
    BS_EVENT_DELETE_ROWS_V1 = 25,
    BS_EVENT_INCIDENT = 26,
    BS_EVENT_HEARTBEAT = 27,
    BS_EVENT_IGNORABLE = 28,
    BS_EVENT_ROWS_QUERY = 29,
    BS_EVENT_WRITE_ROWS_V2 = 30,
    BS_EVENT_UPDATE_ROWS_V2 = 31,
    BS_EVENT_DELETE_ROWS_V2 = 32,
    BS_EVENT_GTID = 33,
    BS_EVENT_ANONYMOUS_GTID = 34,
    BS_EVENT_PREVIOUS_GTIDS = 35,
    BS_EVENT_TRANSACTION_CONTEXT = 36,
    BS_EVENT_VIEW_CHANGE = 37,
    BS_EVENT_XA_PREPARE = 38,
    BS_EVENT_PARTIAL_UPDATE_ROWS = 39,
    BS_EVENT_TRANSACTION_PAYLOAD = 40,
    BS_EVENT_HEARTBEAT_V2 = 41,
    BS_EVENT_GTID_TAGGED = 42,
    BS_EVENT_LARGE_TRANSACTION_HEADER = 43, /* in no release yet */
    BS_EVENT_MARIADB_ANNOTATE_ROWS = 160,
    BS_EVENT_MARIADB_BINLOG_CHECKPOINT = 161,
    BS_EVENT_MARIADB_GTID = 162,
    BS_EVENT_MARIADB_GTID_LIST = 163,
    BS_EVENT_MARIADB_START_ENCRYPTION = 164,
    BS_EVENT_MARIADB_QUERY_COMPRESSED = 165,
    BS_EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1 = 166,
    BS_EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1 = 167,
    BS_EVENT_MARIADB_DELETE_ROWS_COMPRESSED_V1 = 168,
    BS_EVENT_MARIADB_WRITE_ROWS_COMPRESSED = 169, /* these three: numbers only, never written */
    BS_EVENT_MARIADB_UPDATE_ROWS_COMPRESSED = 170,
    BS_EVENT_MARIADB_DELETE_ROWS_COMPRESSED = 171,
    BS_EVENT_MARIADB_PARTIAL_ROW_DATA = 172, /* 12.3 */
};

enum bs_event_flag {
    BS_EVENT_FLAG_IN_USE = 0x0001,
    BS_EVENT_FLAG_THREAD_SPECIFIC = 0x0004,
    BS_EVENT_FLAG_SUPPRESS_USE = 0x0008,
    BS_EVENT_FLAG_ARTIFICIAL = 0x0020,
    BS_EVENT_FLAG_RELAY_LOG = 0x0040,
    BS_EVENT_FLAG_IGNORABLE = 0x0080,
    BS_EVENT_FLAG_NO_FILTER = 0x0100,        /* MySQL */
    BS_EVENT_FLAG_MTS_ISOLATE = 0x0200,      /* MySQL */
    BS_EVENT_FLAG_SKIP_REPLICATION = 0x8000, /* MariaDB */
};

enum bs_checksum { BS_CHECKSUM_OFF = 0, BS_CHECKSUM_CRC32 = 1 };

struct bs_event {
    uint32_t timestamp; /* seconds since 1970, 0 for artificial events */
    uint8_t type;       /* enum bs_event_type, or a number that it lacks */
    uint32_t server_id;
    uint32_t event_size;
    uint32_t log_pos; /* end position modulo 2^32; 0 = do not use */
    uint16_t flags;
    struct bs_str body; /* after the header, without the checksum */
};

/* The next whole event of a block of them, back to back; BS_PROTOCOL if it is cut short. */
enum bs_status bs_event_split(struct bs_cursor *block, struct bs_str *raw,
                              struct bs_error *err) BS_MUST_CHECK;

/* Rows of any version, compressed ones too. */
bool bs_event_is_rows(uint8_t type);

/* True if the event, in a stream, takes no place in the file: the server made it up. */
bool bs_event_is_artificial(const struct bs_event *event);

/* Known and readable: not those of servers before 5.1, nor of its development versions. */
bool bs_event_is_known(uint8_t type);

const char *bs_event_type_name(uint8_t type); /* "WRITE_ROWS_V1", "type 99" for an unknown number */

#endif
