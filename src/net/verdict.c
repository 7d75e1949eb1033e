#include "net/verdict.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { ER_BINLOG_DUMP = 1236 };

#define HINT_AGAIN                                                                                 \
    "the changes since the last position are gone from the source, its binlogs were purged: copy " \
    "it anew (binstream reset, then start over), and keep its binlogs for longer than a copy "     \
    "takes"
#define HINT_AHEAD                                                                                 \
    "the source has lost changes that were already read from it (restored, or a crash without "    \
    "sync_binlog=1): the target may be ahead of it; copy it anew"

#define HINT_TWICE                                                                                 \
    "another client, maybe another binstream for the same task, reads this source under the same " \
    "identity: stop one of them"

#define HINT_LOGIN                                                                                 \
    "check user and password, that the account may log in from this host, and what it requires: "  \
    "SSL needs ssl-mode=REQUIRED, X509 also ssl-cert and ssl-key"

/* Servers say 1236 for nearly everything; the text tells them apart. First match wins. MariaDB's
 * texts were seen on 10.5 to 11.8, MySQL's on 5.6 and 9.7. */
static const struct {
    const char *text;
    enum bs_verdict verdict;
    enum bs_status status;
    const char *hint;
} DUMP_ERRORS[] = {
    {"could not find first log file name", BS_VERDICT_FAIL, BS_PURGED, HINT_AGAIN},
    {"purged", BS_VERDICT_FAIL, BS_PURGED, HINT_AGAIN},
    {"which is not in the master's binlog", BS_VERDICT_FAIL, BS_PURGED, HINT_AHEAD},
    {"is missing the gtid", BS_VERDICT_FAIL, BS_PURGED, HINT_AGAIN},
    {"has more gtids than", BS_VERDICT_FAIL, BS_PURGED, HINT_AHEAD},
    {"position > file size", BS_VERDICT_FAIL, BS_PURGED, HINT_AHEAD},
    {"impossible position", BS_VERDICT_FAIL, BS_PURGED, HINT_AHEAD},
    {"binary log is not open", BS_VERDICT_FAIL, BS_PRECHECK,
     "switch the source's binary log on: log_bin, and a restart"},
    {"same server_uuid", BS_VERDICT_FAIL, BS_SERVER, HINT_TWICE},
    {"checksum that master is configured", BS_VERDICT_FAIL, BS_PROTOCOL, NULL},
    {"checksum that source is configured", BS_VERDICT_FAIL, BS_PROTOCOL, NULL},
    {"anonymous transaction", BS_VERDICT_FAIL, BS_SERVER,
     "gtid_mode of the source is being changed: finish that first"},
    {"did not pass crc", BS_VERDICT_FAIL, BS_SERVER,
     "the source's binlog file is damaged on its disk: check that machine, then copy it anew"},
    {"bogus data in log event", BS_VERDICT_FAIL, BS_SERVER,
     "the position is not the start of an event, or the source's binlog file is damaged"},
    {"exceeded max_allowed_packet", BS_VERDICT_FAIL, BS_SERVER,
     "raise max_allowed_packet of the source (and max_binlog_... limits) to 1G, or the position is "
     "not the start of an event"},
    {"position < 4", BS_VERDICT_FAIL, BS_SERVER, NULL},
    {"misconfigured master", BS_VERDICT_FAIL, BS_SERVER, "set server_id on the source"},
    {"misconfigured source", BS_VERDICT_FAIL, BS_SERVER, "set server_id on the source"},
};

static const struct {
    unsigned int code;
    enum bs_verdict verdict;
    const char *hint;
} SERVER_ERRORS[] = {
    {1040, BS_VERDICT_RETRY, "the server has no connection free: raise max_connections"},
    {1053, BS_VERDICT_RETRY, NULL}, /* shutdown in progress */
    {1077, BS_VERDICT_RETRY, NULL}, /* normal shutdown */
    {1079, BS_VERDICT_RETRY, NULL}, /* shutdown complete */
    {1152, BS_VERDICT_RETRY, NULL}, /* aborted connection */
    {1158, BS_VERDICT_RETRY, NULL}, /* the server could not read */
    {1159, BS_VERDICT_RETRY, NULL}, /* ... in time */
    {1160, BS_VERDICT_RETRY, NULL}, /* ... or write */
    {1161, BS_VERDICT_RETRY, NULL},
    {1184, BS_VERDICT_RETRY, NULL}, /* new aborting connection */
    {1203, BS_VERDICT_RETRY, "the account has no connection free: raise max_user_connections"},
    {1226, BS_VERDICT_RETRY, "a limit of the account is reached"},
    {1317, BS_VERDICT_RETRY, NULL}, /* query interrupted: KILL */
    {1927, BS_VERDICT_RETRY, NULL}, /* MariaDB: connection killed */
    {3032, BS_VERDICT_RETRY, "the server is in offline mode"},
    {3168, BS_VERDICT_RETRY, NULL},      /* server is not ready */
    {3169, BS_VERDICT_RETRY, NULL},      /* session killed */
    {4031, BS_VERDICT_RETRY, NULL},      /* disconnected for inactivity */
    {4052, BS_VERDICT_FAIL, HINT_TWICE}, /* MariaDB's own number for that */
    {1945, BS_VERDICT_FAIL, HINT_AHEAD},
    {1955, BS_VERDICT_FAIL, HINT_AGAIN},
    {1045, BS_VERDICT_FAIL, HINT_LOGIN},
    {1698, BS_VERDICT_FAIL, HINT_LOGIN},
    {1130, BS_VERDICT_FAIL,
     "make an account that may log in from this host: CREATE USER 'name'@'host'"},
    {1129, BS_VERDICT_FAIL,
     "the server blocks this host after too many failed connections: run FLUSH HOSTS there"},
    {1227, BS_VERDICT_FAIL,
     "the account needs the right to read the binlog: GRANT REPLICATION SLAVE, REPLICATION CLIENT "
     "ON *.* "
     "TO the account"},
    {1820, BS_VERDICT_FAIL, "the account's password has expired: set a new one"},
    {1862, BS_VERDICT_FAIL, "the account's password has expired: set a new one"},
    {3118, BS_VERDICT_FAIL, "the account is locked: ALTER USER ... ACCOUNT UNLOCK"},
    {3159, BS_VERDICT_FAIL, "the server takes encrypted connections only: use ssl-mode=REQUIRED"},
};

static enum bs_verdict
take_dump_error(struct bs_error *err) {
    for (size_t i = 0; i < sizeof DUMP_ERRORS / sizeof DUMP_ERRORS[0]; i++) {
        if (strcasestr(err->message, DUMP_ERRORS[i].text) != NULL) {
            err->status = DUMP_ERRORS[i].status;
            if (DUMP_ERRORS[i].hint != NULL) {
                bs_error_hint(err, "%s", DUMP_ERRORS[i].hint);
            }
            return DUMP_ERRORS[i].verdict;
        }
    }
    /* "could not find next log", "binlog truncated in the middle of event" and what is not known.
     */
    return BS_VERDICT_RETRY;
}

static enum bs_verdict
take_server_error(struct bs_error *err) {
    for (size_t i = 0; i < sizeof SERVER_ERRORS / sizeof SERVER_ERRORS[0]; i++) {
        if (SERVER_ERRORS[i].code == err->sql_errno) {
            if (SERVER_ERRORS[i].hint != NULL) {
                bs_error_hint(err, "%s", SERVER_ERRORS[i].hint);
            }
            if (err->sql_errno == 1945 || err->sql_errno == 1955) {
                err->status = BS_PURGED;
            }
            return SERVER_ERRORS[i].verdict;
        }
    }
    return BS_VERDICT_FAIL;
}

enum bs_verdict
bs_verdict_of(struct bs_error *err) {
    switch (err->status) {
    case BS_IO:
        return BS_VERDICT_RETRY;
    case BS_PROTOCOL:
        return BS_VERDICT_SUSPECT;
    case BS_SERVER:
        return err->sql_errno == ER_BINLOG_DUMP ? take_dump_error(err) : take_server_error(err);
    case BS_OK:
    case BS_SCHEMA:
    case BS_CONFLICT:
    case BS_LIMIT:
    case BS_CONFIG:
    case BS_PRECHECK:
    case BS_DIFFERENT:
    case BS_PURGED:
    case BS_CANCELLED:
    case BS_FENCED:
    case BS_NOMEM:
        break;
    }
    return BS_VERDICT_FAIL;
}
