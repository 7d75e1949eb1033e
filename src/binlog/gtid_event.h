/* The events that name a transaction: GTID, ANONYMOUS_GTID, GTID_TAGGED, MariaDB's GTID. Internal
 * to src/binlog. Field guide 3.8 to 3.10. */
#ifndef BS_BINLOG_GTID_EVENT_H
#define BS_BINLOG_GTID_EVENT_H

#include "base/cursor.h"
#include "base/error.h"
#include "binlog/control_event.h"
#include "binlog/event.h"
#include "binlog/gtid.h"

enum bs_mariadb_gtid_flag {
    BS_MARIADB_STANDALONE = 0x01, /* one event, no COMMIT after it */
    BS_MARIADB_GROUP_COMMIT_ID = 0x02,
    BS_MARIADB_TRANSACTIONAL = 0x04,
    BS_MARIADB_ALLOW_PARALLEL = 0x08,
    BS_MARIADB_WAITED = 0x10,
    BS_MARIADB_DDL = 0x20,
    BS_MARIADB_PREPARED_XA = 0x40,
    BS_MARIADB_COMPLETED_XA = 0x80,
};

enum bs_mariadb_gtid_extra {
    BS_MARIADB_MULTI_ENGINE = 0x01,
    BS_MARIADB_START_ALTER = 0x02,
    BS_MARIADB_COMMIT_ALTER = 0x04,
    BS_MARIADB_ROLLBACK_ALTER = 0x08,
    BS_MARIADB_THREAD_ID = 0x10,
};

/* What a GTID event of MySQL says beyond the name, by the bit of `has` that says that it does. */
enum bs_gtid_field {
    BS_GTID_LOGICAL_CLOCK = 1u << 0, /* last_committed, sequence_number */
    BS_GTID_COMMIT = 1u << 1,        /* commit_us */
    BS_GTID_ORIGINAL_COMMIT = 1u << 2,
    BS_GTID_LENGTH = 1u << 3,
    BS_GTID_VERSION = 1u << 4,
    BS_GTID_ORIGINAL_VERSION = 1u << 5,
    BS_GTID_TICKET = 1u << 6,
};

struct bs_gtid_event {
    struct bs_gtid gtid;
    uint8_t flags; /* MySQL: 1: may hold statements; MariaDB: flags2 */

    /* MySQL */
    uint32_t has; /* enum bs_gtid_field; what is not there is 0 */
    int64_t last_committed, sequence_number;
    uint64_t commit_us, original_commit_us; /* since 1970 */
    uint64_t length;                        /* of the group in the log, this event included */
    uint32_t version, original_version;     /* 80040 */
    uint64_t ticket;

    /* MariaDB */
    uint8_t extra; /* flags_extra */
    uint64_t commit_id;
    struct bs_xa_name xa; /* with PREPARED_XA, COMPLETED_XA */
    uint8_t extra_engines;
    uint64_t sa_seq_no; /* with COMMIT_ALTER, ROLLBACK_ALTER */
    uint32_t thread_id;
};

enum bs_status bs_gtid_event_parse(struct bs_gtid_event *out, const struct bs_event *event,
                                   struct bs_error *err) BS_MUST_CHECK;

/* MySQL's serialization library: an integer of 1 to 9 bytes whose first byte's trailing one-bits
 * say how many bytes follow. */
uint64_t bs_cursor_read_svli(struct bs_cursor *c);
int64_t bs_cursor_read_svli_signed(struct bs_cursor *c);

#endif
