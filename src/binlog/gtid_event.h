/* The events that name a transaction: GTID, ANONYMOUS_GTID, GTID_TAGGED, MariaDB's GTID. Internal
 * to src/binlog. Field guide 3.8 to 3.10. */
#ifndef BS_BINLOG_GTID_EVENT_H
#define BS_BINLOG_GTID_EVENT_H

#include "base/cursor.h"
#include "base/error.h"
#include "binlog/event.h"
#include "binlog/gtid.h"

enum bs_mariadb_gtid_flag {
    BS_MARIADB_STANDALONE = 0x01, /* one event, no COMMIT after it */
    BS_MARIADB_GROUP_COMMIT_ID = 0x02,
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

struct bs_gtid_event {
    struct bs_gtid gtid;
    uint64_t commit_us; /* 0: not said */
    uint8_t flags;      /* MariaDB: flags2 */
    uint8_t extra;      /* MariaDB: flags_extra */
};

enum bs_status bs_gtid_event_parse(struct bs_gtid_event *out, const struct bs_event *event,
                                   struct bs_error *err) BS_MUST_CHECK;

/* MySQL's serialization library: an integer of 1 to 9 bytes whose first byte's trailing one-bits
 * say how many bytes follow. */
uint64_t bs_cursor_read_svli(struct bs_cursor *c);
int64_t bs_cursor_read_svli_signed(struct bs_cursor *c);

#endif
