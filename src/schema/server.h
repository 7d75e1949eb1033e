/* What a server is: flavour, version, and the facts that follow from them. Pure. */
#ifndef BS_SCHEMA_SERVER_H
#define BS_SCHEMA_SERVER_H

#include <stdbool.h>
#include <stdint.h>

enum bs_flavour { BS_MYSQL, BS_MARIADB };

/* Versions as one number: 5.6.24 is 50624, 10.11.19 is 101119, 9.7.4 is 90704. Compare within one
 * flavour only. */
struct bs_server {
    enum bs_flavour flavour;
    uint32_t version;
    char version_text[128]; /* @@version */
    char server_uuid[64];   /* "" where there is none (MariaDB, MySQL before 5.6) */
    uint32_t server_id;
    int lower_case_table_names;
    uint64_t max_allowed_packet;
    bool has_gtid; /* MariaDB: always; MySQL: gtid_mode=ON */
    /* The server's own value; false where there is no such variable (MySQL before 5.6.6). */
    bool explicit_defaults_for_timestamp;
    /* What SYSTEM means as a time zone: filled by bs_catalog_system_zone alone. */
    char system_zone_name[64]; /* @@system_time_zone, which may stand for several */
    char system_zone[64];      /* what it does from 1970 to 2037, as a checksum; "": not known */
    char system_offset[16];    /* "+05:30", where it has been the same all the time; else "" */
    /* What utf8 means where a statement says it: MariaDB 10.6 and newer without this in old_mode.
     */
    bool utf8_is_utf8mb4;
};

#define BS_OLD_MODE_UTF8 "UTF8_IS_UTF8MB3"
/* A session's old_mode with and without it, as expressions. */
#define BS_OLD_MODE_WITH_UTF8 "CONCAT_WS(',', NULLIF(@@old_mode, ''), '" BS_OLD_MODE_UTF8 "')"
#define BS_OLD_MODE_WITHOUT_UTF8                                                                   \
    "TRIM(BOTH ',' FROM REPLACE(CONCAT(',', @@old_mode, ','), '," BS_OLD_MODE_UTF8 ",', ','))"

/* Reads flavour and version from a greeting's or @@version's text ("5.5.5-10.11.19-MariaDB-log");
 * false if no version can be read from it. */
bool bs_server_parse_version(const char *text, enum bs_flavour *flavour, uint32_t *version);

/* Facts. Each names where it is from in server.c. */
bool bs_server_has_atomic_ddl(const struct bs_server *server); /* MySQL 8.0, MariaDB 10.6 */
bool bs_server_has_binlog_status_statement(
    const struct bs_server *s); /* SHOW BINARY LOG STATUS: MySQL 8.2 */
bool bs_server_has_super_read_only(const struct bs_server *server); /* MySQL 5.7.8 */
/* Can a session choose explicit_defaults_for_timestamp? MySQL 8.0, MariaDB 10.8.4 */
bool bs_server_has_explicit_defaults(const struct bs_server *server);
/* Can utf8 mean utf8mb4? MariaDB 10.6.1 */
bool bs_server_has_utf8_choice(const struct bs_server *server);
/* Can a session say which collation a charset alone has? MariaDB 11.2.1 */
bool bs_server_has_charset_collations(const struct bs_server *server);
/* Can a session have more than one GET_LOCK? MySQL 5.7.5, MariaDB 10.0.2 */
bool bs_server_has_many_locks(const struct bs_server *server);
bool bs_server_has_generated_columns(const struct bs_server *server);
/* Why nobody can tell which transactions a view shows, so that a snapshot needs a lock; NULL: the
 * server tells. with_gtid: as what transactions are named by. */
const char *bs_server_hides_views(const struct bs_server *server, bool with_gtid);
/* Older ones read them and forget them. */
bool bs_server_keeps_checks(const struct bs_server *server); /* MySQL 8.0.16, MariaDB 10.2.1 */
/* REFERENCES in a column's definition: MySQL 9.0, MariaDB 10.5 */
bool bs_server_keeps_column_references(const struct bs_server *server);
const char *bs_flavour_name(enum bs_flavour flavour); /* "MySQL", "MariaDB" */

#endif
