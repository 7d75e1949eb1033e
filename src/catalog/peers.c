/* A server as a node of a cluster: Galera, or Group Replication. */
#include "catalog/catalog.h"

#include <stdlib.h>
#include <string.h>

enum { HAS_ROLES = 80000 }; /* MySQL: replication_group_members.MEMBER_ROLE */
enum { TABLE_DENIED = 1142 };

static enum bs_status
find_kind(struct bs_sql *sql, struct bs_peers *peers, struct bs_error *err) {
    struct bs_buf wsrep = {0}, group = {0};
    bool found = false;
    enum bs_status status = bs_sql_variable(sql, "wsrep_on", true, &wsrep, &found, err);
    peers->is_galera = status == BS_OK && found && strcmp(bs_buf_cstr(&wsrep), "ON") == 0;
    if (status == BS_OK) {
        status = bs_sql_variable(sql, "group_replication_group_name", true, &group, &found, err);
        peers->is_group = status == BS_OK && found && group.len > 0;
    }
    bs_buf_fini(&wsrep);
    bs_buf_fini(&group);
    return status;
}

/* All nodes of Galera take writes. */
static enum bs_status
count_nodes(struct bs_sql *sql, uint64_t *writers, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status =
        bs_sql_query(sql, &result, err, "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_size'");
    if (status == BS_OK) {
        status = bs_sql_next(result, &row, err);
    }
    uint64_t size = status == BS_OK && row != NULL ? strtoull(row[1].data, NULL, 10) : 0;
    *writers = size > 0 ? size - 1 : 0;
    bs_sql_result_free(result);
    return status;
}

/* Of a group the primaries take writes; with several, those that are about to be one as well. */
static enum bs_status
count_members(struct bs_sql *sql, const struct bs_server *server, uint64_t *writers,
              struct bs_error *err) {
    struct bs_buf count = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_value(sql, &count, &found, err,
                     "SELECT COUNT(*) FROM performance_schema.replication_group_members WHERE "
                     "MEMBER_ID<>@@server_uuid AND MEMBER_STATE<>'OFFLINE' AND "
                     "(@@group_replication_single_primary_mode=0%s)",
                     server->version >= HAS_ROLES ? " OR MEMBER_ROLE='PRIMARY'" : "");
    *writers = status == BS_OK && found ? strtoull(bs_buf_cstr(&count), NULL, 10) : 0;
    bs_buf_fini(&count);
    return status;
}

enum bs_status
bs_catalog_peers(struct bs_sql *sql, const struct bs_server *server, struct bs_peers *peers,
                 struct bs_error *err) {
    *peers = (struct bs_peers){.is_known = true};
    enum bs_status status = find_kind(sql, peers, err);
    if (status == BS_OK && peers->is_galera) {
        status = count_nodes(sql, &peers->writers, err);
    } else if (status == BS_OK && peers->is_group) {
        status = count_members(sql, server, &peers->writers, err);
    }
    if (status == BS_SERVER && err->sql_errno == TABLE_DENIED) {
        bs_error_clear(err);
        peers->is_known = false;
        status = BS_OK;
    }
    return status;
}

/* By a read that is not answered before. In Galera all reads of our sessions are such. */
enum bs_status
bs_catalog_await_peers(struct bs_sql *sql, const struct bs_peers *peers, struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status = BS_OK;
    if (peers->is_group) {
        status = bs_sql_exec(sql, err, "SET SESSION group_replication_consistency='BEFORE'");
    }
    if (status == BS_OK) {
        status = bs_sql_value(sql, &value, &found, err,
                              "SELECT COUNT(*) FROM information_schema.SCHEMATA");
    }
    if (status == BS_OK && peers->is_group) {
        status = bs_sql_exec(sql, err, "SET SESSION group_replication_consistency=DEFAULT");
    }
    bs_buf_fini(&value);
    return status == BS_OK
               ? BS_OK
               : bs_error_context(err, "waiting for what other nodes of its cluster have written");
}
