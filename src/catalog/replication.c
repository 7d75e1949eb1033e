/* Does the server get changes of its own from other servers? */
#include "catalog/catalog_private.h"

#include "sql/session.h"

#include <string.h>

enum { HAS_REPLICA_WORDS = 80022 }; /* MySQL: SHOW REPLICA STATUS */
enum { ER_SPECIFIC_ACCESS_DENIED = 1227 };

static bool
says_replica(const struct bs_server *server) {
    return server->flavour == BS_MYSQL && server->version >= HAS_REPLICA_WORDS;
}

static enum bs_status
read_channels(struct bs_sql *sql, const struct bs_server *server, struct bs_replication *found,
              struct bs_error *err) {
    struct bs_answer answer;
    struct bs_buf text = {0};
    const char *column = says_replica(server) ? "Replica_SQL_Running" : "Slave_SQL_Running";
    bs_buf_puts(&text, server->flavour == BS_MARIADB ? "SHOW ALL SLAVES STATUS"
                       : says_replica(server)        ? "SHOW REPLICA STATUS"
                                                     : "SHOW SLAVE STATUS");
    enum bs_status status = bs_answer_ask(&answer, sql, &text, err);
    bs_buf_fini(&text);
    if (status != BS_OK) {
        return status;
    }
    while ((status = bs_answer_next(&answer, err)) == BS_OK && answer.row != NULL) {
        struct bs_str running = bs_answer_text(&answer, column);
        found->is_replica = true;
        found->is_applying =
            found->is_applying || (running.data != NULL && bs_str_is(running, "Yes"));
    }
    bs_answer_fini(&answer);
    return status;
}

/* Not there: the server logs everything. */
static enum bs_status
is_off(struct bs_sql *sql, const char *name, bool *off, struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status = bs_sql_variable(sql, name, true, &value, &found, err);
    const char *text = found ? bs_buf_cstr(&value) : "";
    *off = strcmp(text, "0") == 0 || strcmp(text, "OFF") == 0;
    bs_buf_fini(&value);
    return status;
}

enum bs_status
bs_catalog_replication(struct bs_sql *sql, const struct bs_server *server,
                       struct bs_replication *found, struct bs_error *err) {
    bool old_off = false;
    bool new_off = false;
    *found = (struct bs_replication){.is_known = true};
    enum bs_status status = is_off(sql, "log_slave_updates", &old_off, err);
    if (status == BS_OK) {
        status = is_off(sql, "log_replica_updates", &new_off, err);
    }
    found->is_logged = !old_off && !new_off;
    if (status == BS_OK) {
        status = read_channels(sql, server, found, err);
    }
    if (status == BS_SERVER && err->sql_errno == ER_SPECIFIC_ACCESS_DENIED) {
        bs_error_clear(err);
        found->is_known = false;
        status = BS_OK;
    }
    return status;
}
