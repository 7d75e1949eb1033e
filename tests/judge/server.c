#include "server.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tried in this order; the ones that an older or other server does not know are passed over. Only
 * the first is needed everywhere, and utf8mb4 falls back to utf8 on servers before 5.5.3. */
static const char *const SESSION_SETUP[] = {
    "SET NAMES utf8",
    "SET NAMES utf8mb4",
    "SET SESSION character_set_results = NULL",
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION sql_mode = ''",
    "SET SESSION sql_quote_show_create = 1",
    "SET SESSION net_write_timeout = 3600",
    "SET SESSION net_read_timeout = 3600",
    "SET SESSION wait_timeout = 28800",
    "SET SESSION max_execution_time = 0",
    "SET SESSION max_statement_time = 0",
    "SET SESSION sql_select_limit = DEFAULT",
    "SET SESSION big_tables = 0",
    "SET SESSION information_schema_stats_expiry = 0",
    "SET SESSION show_gipk_in_create_table_and_information_schema = ON",
    "SET SESSION show_create_table_skip_secondary_engine = OFF",
};
static const size_t SESSION_MUST =
    4; /* of these, the number before it and including it but the utf8mb4 one must work */

static const unsigned long MAX_PACKET = 1024UL * 1024 * 1024;

bool
judge_fail(struct judge_error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return false;
}

static bool
parse_port(const char *text, unsigned *port) {
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    *port = (unsigned)value;
    return *text >= '0' && *text <= '9' && *end == '\0' && value > 0 && value < 65536;
}

bool
judge_endpoint_parse(struct judge_endpoint *to, char side, const char *text) {
    memset(to, 0, sizeof *to);
    to->side = side;
    const char *at = strrchr(text, '@');
    if (at == NULL || at == text || at[1] == '\0') {
        return false;
    }
    const char *colon = memchr(text, ':', (size_t)(at - text));
    const char *user_end = colon != NULL ? colon : at;
    to->user = judge_copy(text, (size_t)(user_end - text));
    to->password =
        colon != NULL ? judge_copy(colon + 1, (size_t)(at - colon - 1)) : judge_copy("", 0);
    if (at[1] == '/') {
        to->socket = judge_copy(at + 1, strlen(at + 1));
        return true;
    }
    const char *port = strrchr(at, ':');
    if (port == NULL || port == at + 1 || !parse_port(port + 1, &to->port)) {
        return false;
    }
    bool bracketed = at[1] == '[' && port[-1] == ']';
    const char *host = at + 1 + (bracketed ? 1 : 0);
    to->host = judge_copy(host, (size_t)(port - host) - (bracketed ? 1 : 0));
    return true;
}

void
judge_endpoint_fini(struct judge_endpoint *endpoint) {
    free(endpoint->user);
    free(endpoint->password);
    free(endpoint->host);
    free(endpoint->socket);
}

/* The options by which the two client libraries differ: MariaDB's from 3.4 on verifies certificates
 * unless told not to, MySQL's asks for a server's RSA key only when told to. */
static void
set_options(MYSQL *mysql, const struct judge_endpoint *endpoint) {
    unsigned protocol = endpoint->socket != NULL ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    unsigned timeout = 30;
    mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
    mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &MAX_PACKET);
#ifdef MARIADB_PACKAGE_VERSION
    my_bool verify = 0;
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
#else
    bool get_key = true;
    mysql_options(mysql, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &get_key);
#endif
}

static bool
set_up_session(struct judge_server *server, struct judge_error *err) {
    for (size_t i = 0; i < sizeof SESSION_SETUP / sizeof *SESSION_SETUP; i++) {
        bool is_optional = i == 1 || i > SESSION_MUST;
        if (mysql_query(server->mysql, SESSION_SETUP[i]) != 0 && !is_optional) {
            return judge_fail(err, "server %c: %s: %s", server->endpoint->side, SESSION_SETUP[i],
                              mysql_error(server->mysql));
        }
    }
    return true;
}

static bool
learn_version(struct judge_server *server, struct judge_error *err) {
    struct judge_result result;
    if (!judge_query(server, "SELECT VERSION()", &result, err)) {
        return false;
    }
    judge_result_next(&result);
    snprintf(server->version_text, sizeof server->version_text, "%s",
             judge_result_cell(&result, 0).data);
    judge_result_close(&result);
    unsigned major = 0;
    unsigned minor = 0;
    unsigned patch = 0;
    if (sscanf(server->version_text, "%u.%u.%u", &major, &minor, &patch) != 3) {
        return judge_fail(err, "server %c: cannot read version %s", server->endpoint->side,
                          server->version_text);
    }
    server->version = major * 10000 + minor * 100 + patch;
    server->is_mariadb = strstr(server->version_text, "MariaDB") != NULL;
    return true;
}

static bool
learn_minus_zero(struct judge_server *server, struct judge_error *err) {
    struct judge_result result;
    if (!judge_query(server, "SELECT CONCAT(-0e0)", &result, err)) {
        return false;
    }
    server->keeps_minus_zero =
        judge_result_next(&result) && judge_cell_is(judge_result_cell(&result, 0), "-0");
    judge_result_close(&result);
    return true;
}

bool
judge_server_open(struct judge_server *server, const struct judge_endpoint *endpoint,
                  struct judge_error *err) {
    memset(server, 0, sizeof *server);
    server->endpoint = endpoint;
    server->mysql = mysql_init(NULL);
    if (server->mysql == NULL) {
        return judge_fail(err, "server %c: no memory for a session", endpoint->side);
    }
    set_options(server->mysql, endpoint);
    if (mysql_real_connect(server->mysql, endpoint->host, endpoint->user, endpoint->password, NULL,
                           endpoint->port, endpoint->socket, 0) == NULL) {
        judge_fail(err, "server %c: %s", endpoint->side, mysql_error(server->mysql));
        judge_server_close(server);
        return false;
    }
    if (!set_up_session(server, err) || !learn_version(server, err) ||
        !learn_minus_zero(server, err)) {
        judge_server_close(server);
        return false;
    }
    return true;
}

void
judge_server_close(struct judge_server *server) {
    if (server->mysql != NULL) {
        mysql_close(server->mysql);
        server->mysql = NULL;
    }
}

bool
judge_server_is_same_version(const struct judge_server *a, const struct judge_server *b) {
    return a->is_mariadb == b->is_mariadb && a->version == b->version;
}

bool
judge_query(struct judge_server *server, const char *sql, struct judge_result *result,
            struct judge_error *err) {
    memset(result, 0, sizeof *result);
    if (mysql_query(server->mysql, sql) == 0) {
        result->res = mysql_store_result(server->mysql);
    }
    if (result->res == NULL) {
        return judge_fail(err, "server %c: error %u: %s, in: %s", server->endpoint->side,
                          mysql_errno(server->mysql), mysql_error(server->mysql), sql);
    }
    result->column_count = mysql_num_fields(result->res);
    return true;
}

bool
judge_result_next(struct judge_result *result) {
    result->row = mysql_fetch_row(result->res);
    result->lengths = result->row != NULL ? mysql_fetch_lengths(result->res) : NULL;
    return result->row != NULL;
}

struct judge_cell
judge_result_cell(const struct judge_result *result, unsigned column) {
    struct judge_cell cell = {.data = NULL, .len = 0};
    if (result->row != NULL && column < result->column_count && result->row[column] != NULL) {
        cell.data = result->row[column];
        cell.len = result->lengths[column];
    }
    return cell;
}

const char *
judge_result_name(const struct judge_result *result, unsigned column) {
    return mysql_fetch_field_direct(result->res, column)->name;
}

void
judge_result_close(struct judge_result *result) {
    if (result->res != NULL) {
        mysql_free_result(result->res);
        result->res = NULL;
    }
}

unsigned
judge_query_errno(struct judge_server *server, const char *sql) {
    if (mysql_query(server->mysql, sql) != 0) {
        return mysql_errno(server->mysql);
    }
    MYSQL_RES *res = mysql_store_result(server->mysql);
    unsigned number = mysql_errno(server->mysql);
    if (res != NULL) {
        mysql_free_result(res);
    }
    return number;
}

bool
judge_cell_is(struct judge_cell cell, const char *str) {
    return cell.data != NULL && cell.len == strlen(str) && memcmp(cell.data, str, cell.len) == 0;
}

char *
judge_cell_copy(struct judge_cell cell) {
    return judge_copy(cell.data, cell.len);
}
