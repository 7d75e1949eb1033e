/* Errors of the client library and of the server as struct bs_error. */
#include "base/tls_trouble.h"
#include "sql/client_options.h"
#include "sql/session_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN_STATEMENT_MAX = 200, SECRET_SCAN_MAX = 65536 };

/* Server errors that end the session. */
enum {
    ER_SERVER_SHUTDOWN_NO = 1053,
    ER_ABORTING_CONNECTION_NO = 1152,
    ER_NET_FIRST_NO = 1158, /* ER_NET_READ_ERROR to ER_NET_WRITE_INTERRUPTED */
    ER_NET_LAST_NO = 1161,
    ER_CONNECTION_KILLED_MARIADB_NO = 1927,
    ER_SESSION_WAS_KILLED_NO = 3169,
    ER_CLIENT_INTERACTION_TIMEOUT_NO = 4031,
};
enum { ER_PARSE_ERROR_NO = 1064 };

/* Of clusters. */
enum {
    ER_NOT_READY_NO = 1047, /* Galera: the node has lost its cluster or is not in it yet; the number
                               of an unknown command elsewhere */
    ER_UNKNOWN_ERROR_NO = 1105,  /* Galera: larger than wsrep_max_ws_size */
    ER_REQUIREMENTS_NO = 3098,   /* Group Replication: no primary key, another engine ... */
    ER_RUN_HOOK_ERROR_NO = 3100, /* Group Replication: too large, or no majority */
};

/* Client errors, the same numbers in both libraries. */
enum {
    CR_FIRST = 2000,
    CR_LAST = 2999,
    CR_SOCKET = 2002,
    CR_HOST = 2003,
    CR_UNKNOWN_HOST_NO = 2005,
    CR_GONE = 2006,
    CR_NO_MEMORY = 2008,
    CR_LOST = 2013,
    CR_TLS = 2026,
    CR_MALFORMED = 2027,
    CR_LOST_EXTENDED = 2055,
    CR_PLUGIN = 2059,
    CR_LOCAL_INFILE = 2068,
    CR_NOT_ALLOWED = 5010, /* Connector/C: a plugin that is not among those allowed */
};

static enum bs_status
class_of(unsigned int number) {
    switch (number) {
    case ER_SERVER_SHUTDOWN_NO:
    case ER_ABORTING_CONNECTION_NO:
    case ER_CONNECTION_KILLED_MARIADB_NO:
    case ER_SESSION_WAS_KILLED_NO:
    case ER_CLIENT_INTERACTION_TIMEOUT_NO:
    case CR_SOCKET:
    case CR_HOST:
    case CR_UNKNOWN_HOST_NO:
    case CR_GONE:
    case CR_LOST:
    case CR_LOST_EXTENDED:
    case CR_TLS:
        return BS_IO;
    case CR_NO_MEMORY:
        return BS_NOMEM;
    case CR_PLUGIN:
    case CR_LOCAL_INFILE:
        return BS_SERVER;
    default:
        break;
    }
    if (number >= ER_NET_FIRST_NO && number <= ER_NET_LAST_NO) {
        return BS_IO;
    }
    return number >= CR_FIRST && number <= CR_LAST ? BS_PROTOCOL : BS_SERVER;
}

static enum bs_status
class_of_failure(unsigned int number, const char *text) {
    bool not_ready = number == ER_NOT_READY_NO && strstr(text, "WSREP") != NULL;
    return not_ready ? BS_IO : class_of(number);
}

static void
add_cluster_hint(unsigned int number, const char *text, struct bs_error *err) {
    if (number == ER_NOT_READY_NO && strstr(text, "WSREP") != NULL) {
        bs_error_hint(err, "the node is not in the primary component of its Galera cluster: SHOW "
                           "STATUS LIKE 'wsrep_cluster_status' tells; wait for it or give another "
                           "node as --target");
    } else if (number == ER_UNKNOWN_ERROR_NO && strstr(text, "writeset size") != NULL) {
        bs_error_hint(err, "on every node of the target's cluster: SET GLOBAL "
                           "wsrep_max_ws_size=2147483647; a transaction of the source that is "
                           "larger cannot be applied to a Galera cluster");
    } else if (number == ER_REQUIREMENTS_NO) {
        bs_error_hint(err,
                      "Group Replication takes InnoDB tables with a primary key only, and with "
                      "more than one primary no foreign keys that cascade: change the table "
                      "on the source, or leave it out and take a new snapshot");
    } else if (number == ER_RUN_HOOK_ERROR_NO) {
        bs_error_hint(err, "the group has no majority, or the transaction is larger than "
                           "group_replication_transaction_size_limit: raise that on all members of "
                           "the target's group, or see why members are away, and run the same "
                           "command again");
    }
}

static bool
holds_word(struct bs_str text, const char *word) {
    size_t len = strlen(word);
    size_t end = text.len < SECRET_SCAN_MAX ? text.len : SECRET_SCAN_MAX;
    for (size_t i = 0; i + len <= end; i++) {
        if (strncasecmp(text.data + i, word, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool
may_hold_secret(struct bs_str text) {
    return holds_word(text, "password") || holds_word(text, "identified");
}

/* The start of a statement in printable bytes. */
static void
add_statement(struct bs_str statement, struct bs_error *err) {
    char shown[SHOWN_STATEMENT_MAX + 1];
    size_t len = statement.len < SHOWN_STATEMENT_MAX ? statement.len : SHOWN_STATEMENT_MAX;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)statement.data[i];
        shown[i] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
    shown[len] = '\0';
    bs_error_context(err, "running \"%s%s\"", shown, statement.len > len ? "..." : "");
}

static void
add_numbers(MYSQL *mysql, struct bs_error *err) {
    if (err != NULL) {
        err->sql_errno = mysql_errno(mysql);
        strncpy(err->sql_state, mysql_sqlstate(mysql), sizeof err->sql_state - 1);
    }
}

enum bs_status
bs_sql_fail(struct bs_sql *sql, struct bs_str statement, struct bs_error *err) {
    unsigned int number = mysql_errno(sql->mysql);
    const char *text = mysql_error(sql->mysql);
    enum bs_status status = class_of_failure(number, text);
    bool secret = may_hold_secret(statement);
    if (status == BS_IO) {
        bs_error_set(err, status, "connection to %s lost: %s (%u)", sql->where, text, number);
    } else if (secret && number == ER_PARSE_ERROR_NO) {
        /* The server quotes the statement there. */
        bs_error_set(err, status, "%s: syntax error (%u) in a statement that may hold a password",
                     sql->where, number);
    } else {
        bs_error_set(err, status, "%s: %s (%u)", sql->where, text, number);
    }
    add_numbers(sql->mysql, err);
    add_cluster_hint(number, text, err);
    if (statement.len > 0 && !secret) {
        add_statement(statement, err);
    }
    return status;
}

/* The library's text ends in the system's error number: "... on '127.0.0.1' (111)". */
static enum bs_status
fail_unreachable(struct bs_sql *sql, const struct bs_endpoint *endpoint, struct bs_error *err) {
    const char *text = mysql_error(sql->mysql);
    const char *open = strrchr(text, '(');
    long number = open != NULL ? strtol(open + 1, NULL, 10) : 0;
    bool has_reason = number > 0 && number < 4096 && number != EINPROGRESS;
    const char *where = strchr(sql->where, '@');
    where = where != NULL ? where + 1 : sql->where;
    if (has_reason) {
        bs_error_sys(err, (int)number, "cannot reach %s", where);
    } else if (number == EINPROGRESS) {
        /* Connector/C connects without blocking and does not ask how that ended. */
        bs_error_set(err, BS_IO, "cannot reach %s: connection refused or no route to it", where);
    } else if (mysql_errno(sql->mysql) == CR_UNKNOWN_HOST_NO) {
        bs_error_set(err, BS_IO, "cannot reach %s: no such host name", where);
    } else {
        bs_error_set(err, BS_IO, "cannot reach %s: %s", where, text);
    }
    add_numbers(sql->mysql, err);
    return bs_error_hint(
        err, "check that the server runs, listens at %s and that no firewall is between",
        endpoint->socket != NULL ? "this socket" : "this address and port");
}

static enum bs_status
fail_tls(struct bs_sql *sql, const struct bs_endpoint *endpoint, struct bs_error *err) {
    const char *text = mysql_error(sql->mysql);
    bool known = bs_tls_trouble_explain(endpoint, text, err);
    if (!known) {
        bs_error_set(err, BS_IO, "the TLS handshake failed: %s", text);
        bs_error_hint(err, "check ssl-mode, ssl-ca, ssl-cert, ssl-key and tls-version of the URI");
    }
    add_numbers(sql->mysql, err);
    bs_error_context(err, "opening TLS with %s", sql->where);
    return known ? BS_SERVER : BS_IO;
}

/* Plugins are told apart by the library's text, which names them. */
static enum bs_status
hint_plugin(const char *text, struct bs_error *err) {
    static const struct {
        const char *name;
        const char *hint;
    } HINTS[] = {
        {"client_ed25519",
         "the MySQL client library lacks this plugin: install the package that holds "
         "client_ed25519.so (Debian: libmariadb3)"},
        {"parsec", "the MySQL client library has this plugin from MariaDB Connector/C 3.4 on "
                   "(parsec.so); with an older one use an account with ed25519"},
        {"mysql_native_password",
         "libmysqlclient 9 has it as a plugin: install the package that holds "
         "mysql_native_password.so (Debian: mysql-client-core), name its folder in "
         "LIBMYSQL_PLUGIN_DIR, or use caching_sha2_password"},
        {"mysql_clear_password", "binstream does not hand the password itself to a server on "
                                 "demand: use an account with another plugin"},
        {"dialog", "use an account that logs in with a password alone"},
        {"mysql_old_password", "the account still has a password hash from before MySQL 4.1: on "
                               "the server, SET old_passwords=0 and set its password again"},
    };
    for (size_t i = 0; i < sizeof HINTS / sizeof HINTS[0]; i++) {
        if (strstr(text, HINTS[i].name) != NULL) {
            return bs_error_hint(err, "%s", HINTS[i].hint);
        }
    }
    return bs_error_hint(err, "%s", bs_client_plugin_hint());
}

/* Connector/C says it with a number that servers use for something else. */
static bool
lacks_plugin(MYSQL *mysql) {
    enum { CONNECTOR_C_NO = 1156, ER_NOT_SUPPORTED_AUTH_MODE_NO = 1251 };
    unsigned int number = mysql_errno(mysql);
    return number == CR_PLUGIN || number == ER_NOT_SUPPORTED_AUTH_MODE_NO ||
           (number == CONNECTOR_C_NO &&
            holds_word(bs_str(mysql_error(mysql)), "could not be loaded"));
}

static void
add_login_hint(unsigned int number, struct bs_error *err) {
    switch (number) {
    case 1044: /* ER_DBACCESS_DENIED_ERROR */
    case 1045: /* ER_ACCESS_DENIED_ERROR */
    case 1698: /* ER_ACCESS_DENIED_NO_PASSWORD_ERROR */
        bs_error_hint(err, "check user and password, that the account is allowed from this host, "
                           "and what it requires: SSL needs ssl-mode=REQUIRED, X509 also ssl-cert "
                           "and ssl-key");
        return;
    case 1040: /* ER_CON_COUNT_ERROR */
    case 1203: /* ER_TOO_MANY_USER_CONNECTIONS */
    case 1226: /* ER_USER_LIMIT_REACHED */
        bs_error_hint(err, "raise the limit on the server or give fewer --threads");
        return;
    case 1129: /* ER_HOST_IS_BLOCKED */
        bs_error_hint(err, "run FLUSH HOSTS on the server");
        return;
    case 1130: /* ER_HOST_NOT_PRIVILEGED */
        bs_error_hint(err, "create an account that may log in from this host");
        return;
    default:
        return;
    }
}

/* Connector/C 3.3 quotes here what no longer is the plugin's name, but other bytes of the login. */
static enum bs_status
fail_plugin_not_allowed(struct bs_sql *sql, struct bs_error *err) {
    bs_error_set(err, BS_SERVER,
                 "cannot log in to %s: the server asks for a login plugin that binstream does not "
                 "use, such as mysql_clear_password or dialog",
                 sql->where);
    if (err != NULL) {
        err->sql_errno = CR_NOT_ALLOWED;
    }
    return bs_error_hint(err, "use an account with caching_sha2_password, mysql_native_password or "
                              "ed25519: the password itself is not handed to a server on demand");
}

enum bs_status
bs_sql_fail_connect(struct bs_sql *sql, const struct bs_endpoint *endpoint, struct bs_error *err) {
    unsigned int number = mysql_errno(sql->mysql);
    if (number == CR_SOCKET || number == CR_HOST || number == CR_UNKNOWN_HOST_NO) {
        return fail_unreachable(sql, endpoint, err);
    }
    if (number == CR_TLS) {
        return fail_tls(sql, endpoint, err);
    }
    if (number == CR_NOT_ALLOWED) {
        return fail_plugin_not_allowed(sql, err);
    }
    enum bs_status status = class_of(number);
    bs_error_set(err, status, "cannot log in to %s: %s (%u)", sql->where, mysql_error(sql->mysql),
                 number);
    add_numbers(sql->mysql, err);
    if (lacks_plugin(sql->mysql)) {
        hint_plugin(mysql_error(sql->mysql), err);
    } else if (number == CR_LOST || number == CR_GONE) {
        bs_tls_trouble_hint_login(endpoint, err);
    } else {
        add_login_hint(number, err);
    }
    return status;
}
