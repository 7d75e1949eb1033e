#include "schema/server.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* One number of a version and what separates it from the next; -1 if there is none. */
static int
read_part(const char **at) {
    int value = 0;
    const char *start = *at;
    for (; **at >= '0' && **at <= '9' && value < 100; (*at)++) {
        value = value * 10 + (**at - '0');
    }
    return *at == start || value > 99 ? -1 : value;
}

static bool
read_version(const char *at, uint32_t *version) {
    int parts[3] = {0, 0, 0};
    for (size_t i = 0; i < 3; i++) {
        parts[i] = read_part(&at);
        if (parts[i] < 0) {
            return false;
        }
        if (i == 1 && *at != '.') {
            break; /* "10.11" */
        }
        if (i < 2 && *at++ != '.') {
            return false;
        }
    }
    *version = (uint32_t)(parts[0] * 10000 + parts[1] * 100 + parts[2]);
    return true;
}

/* MariaDB 10 and newer put "5.5.5-" in front of their version in the greeting, for old clients that
 * read only one digit of it. */
bool
bs_server_parse_version(const char *text, enum bs_flavour *flavour, uint32_t *version) {
    static const char prefix[] = "5.5.5-";
    *flavour = strcasestr(text, "mariadb") != NULL ? BS_MARIADB : BS_MYSQL;
    const char *rest = text + strlen(prefix);
    if (*flavour == BS_MARIADB && strncmp(text, prefix, strlen(prefix)) == 0 && *rest >= '0' &&
        *rest <= '9') {
        text = rest;
    }
    return read_version(text, version);
}

static bool
is_from(const struct bs_server *server, uint32_t mysql, uint32_t mariadb) {
    return server->version >= (server->flavour == BS_MARIADB ? mariadb : mysql);
}

/* MySQL 8.0 manual, "Atomic Data Definition Statement Support"; MariaDB knowledge base, "Atomic
 * DDL". */
bool
bs_server_has_atomic_ddl(const struct bs_server *server) {
    return is_from(server, 80000, 100601);
}

/* MySQL 8.2.0 release notes; SHOW MASTER STATUS is a syntax error from 8.4 on. MariaDB has a
 * statement of nearly this name (SHOW BINLOG STATUS), but keeps the old one. */
bool
bs_server_has_binlog_status_statement(const struct bs_server *s) {
    return is_from(s, 80200, UINT32_MAX);
}

/* MySQL 5.7.8 release notes. */
bool
bs_server_has_super_read_only(const struct bs_server *server) {
    return is_from(server, 50708, UINT32_MAX);
}

/* MySQL 8.0 manual, "Server System Variables"; MariaDB 10.8.4 release notes. */
bool
bs_server_has_explicit_defaults(const struct bs_server *server) {
    return is_from(server, 80000, 100804);
}

/* MariaDB 10.6.1 release notes; MySQL says that it will, some day. */
bool
bs_server_has_utf8_choice(const struct bs_server *server) {
    return is_from(server, UINT32_MAX, 100601);
}

/* MariaDB 11.2.1 release notes. */
bool
bs_server_has_charset_collations(const struct bs_server *server) {
    return is_from(server, UINT32_MAX, 110201);
}

/* MySQL 5.7.6 release notes; MariaDB 5.2. */
bool
bs_server_has_many_locks(const struct bs_server *server) {
    return is_from(server, 50705, 100002);
}

/* MariaDB: binlog_snapshot_position. MySQL: gtid_executed before a view is opened, to which 5.6
 * adds a transaction before views show it. */
const char *
bs_server_hides_views(const struct bs_server *server, bool with_gtid) {
    if (server->flavour == BS_MYSQL && !with_gtid) {
        return "without GTIDs MySQL does not tell what a view shows";
    }
    if (server->flavour == BS_MYSQL && server->version < 50700) {
        return "MySQL before 5.7 names transactions in gtid_executed before a view shows them";
    }
    return NULL;
}

bool
bs_server_has_generated_columns(const struct bs_server *server) {
    return is_from(server, 50706, 50200);
}

/* MySQL 8.0.16 release notes; MariaDB knowledge base, "CONSTRAINT". */
bool
bs_server_keeps_checks(const struct bs_server *server) {
    return is_from(server, 80016, 100201);
}

/* MySQL 9.0.0 release notes; MariaDB 10.5 knowledge base, "Foreign Keys". */
bool
bs_server_keeps_column_references(const struct bs_server *server) {
    return is_from(server, 90000, 100500);
}

const char *
bs_flavour_name(enum bs_flavour flavour) {
    switch (flavour) {
    case BS_MYSQL:
        return "MySQL";
    case BS_MARIADB:
        return "MariaDB";
    }
    return "unknown";
}
