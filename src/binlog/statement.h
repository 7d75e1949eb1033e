/* A QUERY event, opened: what a statement needs to be run again as it ran. Views into the event.
 * Field guide 3.6. */
#ifndef BS_BINLOG_STATEMENT_H
#define BS_BINLOG_STATEMENT_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Status variables by the bit of bs_statement.has that says that they were logged. */
enum bs_statement_var {
    BS_STATEMENT_FLAGS2 = 1u << 0,
    BS_STATEMENT_SQL_MODE = 1u << 1,
    BS_STATEMENT_AUTO_INCREMENT = 1u << 2,
    BS_STATEMENT_CHARSET = 1u << 3,
    BS_STATEMENT_TIME_ZONE = 1u << 4,
    BS_STATEMENT_CATALOG = 1u << 5,
    BS_STATEMENT_LC_TIME_NAMES = 1u << 6,
    BS_STATEMENT_CHARSET_DATABASE = 1u << 7,
    BS_STATEMENT_TABLE_MAP_FOR_UPDATE = 1u << 8,
    BS_STATEMENT_MASTER_DATA_WRITTEN = 1u << 9,
    BS_STATEMENT_INVOKER = 1u << 10,
    BS_STATEMENT_UPDATED_DBS = 1u << 11,
    BS_STATEMENT_MICROSECONDS = 1u << 12,
    BS_STATEMENT_EXPLICIT_DEFAULTS = 1u << 13,
    BS_STATEMENT_XID = 1u << 14,
    BS_STATEMENT_COLLATION_UTF8MB4 = 1u << 15,
    BS_STATEMENT_REQUIRE_PRIMARY_KEY = 1u << 16,
    BS_STATEMENT_TABLE_ENCRYPTION = 1u << 17,
    BS_STATEMENT_CASCADE_TRIGGERS = 1u << 18,
    BS_STATEMENT_GTID_FLAGS3 = 1u << 19,
    BS_STATEMENT_SA_SEQ_NO = 1u << 20,
    BS_STATEMENT_CHARSET_COLLATIONS = 1u << 21,
};

struct bs_statement {
    struct bs_str sql; /* bytes in charset_client */
    struct bs_str db;  /* default database; "" if none */
    bool suppress_use;
    bool thread_specific; /* uses temporary tables */
    uint32_t thread_id;
    uint32_t exec_time;  /* seconds */
    uint16_t error_code; /* != 0: it failed half way on the source */
    uint32_t timestamp;  /* seconds, with microseconds below */
    uint32_t microseconds;
    uint32_t has;      /* enum bs_statement_var; what is not there is 0, "" or -1 */
    uint32_t flags2;   /* 0x04000000 no FK checks, 0x08000000 no unique checks, ... */
    uint64_t sql_mode; /* bits of the source's flavour */
    uint16_t charset_client, collation_connection, collation_server; /* ids of the source */
    uint16_t collation_database;
    uint16_t collation_utf8mb4; /* MySQL default_collation_for_utf8mb4 */
    uint16_t auto_increment_increment, auto_increment_offset;
    int explicit_defaults_for_timestamp; /* -1: not said */
    int sql_require_primary_key;         /* -1: not said */
    uint8_t default_table_encryption, cascade_triggers;
    struct bs_str time_zone, catalog;
    uint16_t lc_time_names;
    uint64_t table_map_for_update;
    uint32_t master_data_written;
    struct bs_str invoker_user, invoker_host;
    uint64_t xid; /* of atomic DDL */
    uint8_t gtid_flags3;
    uint64_t sa_seq_no;
    bool too_many_dbs;        /* more were updated than are listed */
    uint8_t updated_db_count; /* names, each with a NUL behind, in: */
    struct bs_str updated_dbs;
    uint8_t charset_collation_count; /* pairs of u16 (charset's default, collation), in: */
    struct bs_str charset_collations;
    int unknown_var; /* the code at which reading ended; -1: all were known */
};

static inline bool
bs_statement_has(const struct bs_statement *statement, enum bs_statement_var var) {
    return (statement->has & (uint32_t)var) != 0;
}

#endif
